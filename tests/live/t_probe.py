# SPDX-License-Identifier: MIT
"""/healthz and /readyz, which balancers ask."""

import os
import signal

import fcgiclient as fcgi
import fronts
import harness
import provider_case
import t_cache
from harness import Gateway, has, http_request, same
from services import otx
from upstream import Upstream

close = fronts.close
WAYS = (('nginx', ''), ('nginx', '/below'), ('proxy_fcgi', ''),
        ('proxy_fcgi/below', '/below'), ('fcgid', ''), ('cgi', ''),
        ('cgi/below', '/below'))
NAMES = ('healthz', 'readyz')


def ask(gateway, name, address='127.0.0.1', prefix='', method='GET'):
    """(status, body) of the pool's answer to who has that address."""
    status, _, body = fcgi.call(gateway.socket, {
        'REQUEST_METHOD': method, 'PATH_INFO': prefix + '/' + name,
        'REMOTE_ADDR': address})
    return status, body.decode()


def test_each_way_has_both():
    """Through nginx and Apache, at the root and below a path, and as CGI."""
    for way, mount in WAYS:
        for name in NAMES:
            answer = http_request(fronts.port('main', way), 'GET',
                                  '%s/%s' % (mount, name))
            same((answer.status, answer.text()), (200, 'ok'), (way, name))
            same(answer.headers['content-type'], 'text/plain; charset=utf-8',
                 way)


def serve(name, **sections):
    return Gateway(name, sections=sections).serve()


def test_only_listed_addresses_may_ask():
    """To others it is a path as any that is not there."""
    gateway = serve('probes', server={
        'probes': '10.0.0.0/8, 2001:db8::/32', 'default_relay': 'local'})
    for name in NAMES:
        for address in ('10.1.2.3', '2001:db8::1', '::ffff:10.1.2.3'):
            same(ask(gateway, name, address), (200, 'ok'), address)
        other = ask(gateway, 'nothing', '127.0.0.1')
        for address in ('127.0.0.1', '::1', '11.0.0.1', '10.1.2', 'unix:', ''):
            for method in ('GET', 'POST'):
                same(ask(gateway, name, address, method=method),
                     (404, other[1].replace('nothing', name)), address)
        # Anybody may choose the half of his IPv6 address that these have.
        for address in ('2001:470::5efe:a01:203', '2002:a01:203::1',
                        '64:ff9b::a01:203', '::10.1.2.3'):
            same(ask(gateway, name, address)[0], 404, address)
        same(ask(gateway, name, '10.1.2.3', '/local')[0], 404, 'of a relay')
        same(ask(gateway, name, '10.1.2.3', method='POST')[0], 405, 'POST')
    same(gateway.stop(), 0, 'stop')
    gateway = serve('loopback')
    for address, status in (('127.0.0.1', 200), ('127.9.9.9', 200),
                            ('::1', 200), ('10.1.2.3', 404)):
        same(ask(gateway, 'readyz', address)[0], status, address)
    same(gateway.stop(), 0, 'stop')
    gateway = serve('nobody', server={'probes': ''})
    same(ask(gateway, 'healthz')[0], 404, 'none')
    same(gateway.stop(), 0, 'stop')


def test_not_ready_without_its_store():
    """503 with the reason while a store is gone; healthz is still well."""
    gateway = Gateway('gone', relays='[relay template]\n[relay mine]\n'
                      'provider = local\nstore = @/store/intel.db\n').serve()
    same(ask(gateway, 'readyz'), (200, 'ok'), 'before')
    for name in os.listdir(gateway.store_folder):
        os.unlink(os.path.join(gateway.store_folder, name))
    said = harness.wait_for(
        lambda: ask(gateway, 'readyz')[0] == 503 and ask(gateway, 'readyz'),
        'not ready')
    same(said, (503, 'The store of the relay mine does not open; the log says '
         'why'), 'reason')
    same(ask(gateway, 'healthz'), (200, 'ok'), 'healthz')
    has(gateway.store, harness.read(gateway.log), 'log')
    gateway.load('198.51.100.7\n', 'feed')
    for path in os.listdir(gateway.store_folder):
        harness.give(os.path.join(gateway.store_folder, path), 0o660)
    harness.wait_for(lambda: ask(gateway, 'readyz') == (200, 'ok'), 'ready')
    same(gateway.stop(), 0, 'stop')


def test_not_ready_without_its_cache():
    gateway = Gateway('nocache')
    gateway.sections['cache']['url'] = 'sqlite:%s/log/cache.db' % gateway.folder
    gateway.write()
    os.mkdir(gateway.logs + '/cache.db')
    gateway.serve()
    same(ask(gateway, 'readyz'), (503, 'The cache does not open; the log says '
         'why'), 'reason')
    same(ask(gateway, 'healthz'), (200, 'ok'), 'healthz')
    same(gateway.stop(), 0, 'stop')


def test_ready_while_a_thread_leaves_the_cache_alone():
    """What it met in a file that is no longer there is its own business."""
    with Upstream(otx(t_cache.ASKED)) as upstream:
        relay = t_cache.cached(upstream.url, 'rests', server={
            'workers': '1', 'threads': '1'}).serve()
        t_cache.settled(relay, upstream, t_cache.OBSERVE, t_cache.ASKED)
        for name in os.listdir(relay.cache_folder):
            with open(os.path.join(relay.cache_folder, name), 'r+b') as f:
                f.write(b'garbage ' * (os.fstat(f.fileno()).st_size // 8))
        harness.wait_for(lambda: provider_case.ask(
            relay, t_cache.OBSERVE, t_cache.ASKED) and
            'cache: ' in harness.read(relay.log), 'the rest')
        for name in os.listdir(relay.cache_folder):
            os.unlink(os.path.join(relay.cache_folder, name))
        same(ask(relay, 'readyz'), (200, 'ok'), 'readyz')
        same(relay.stop(), 0, 'stop')


def test_not_ready_while_it_stops():
    """A probe that was under way when the stop began is told so."""
    gateway = serve('stops')
    whole = fcgi.records({'REQUEST_METHOD': 'GET', 'PATH_INFO': '/readyz',
                          'REMOTE_ADDR': '127.0.0.1'})
    control = gateway.sections['server']['control']
    with fcgi.connect(gateway.socket) as sock:
        sock.sendall(whole[:-8])
        # A worker has it when its answer to a later one is there.
        for _ in range(20):
            ask(gateway, 'healthz')
        gateway.process.send_signal(signal.SIGTERM)
        harness.wait_for(lambda: not os.path.exists(control), 'the stop')
        sock.sendall(whole[-8:])
        status, _, body = fcgi.http(fcgi.parse(fcgi.drain(sock))[0])
    same((status, body), (503, b'The gateway stops'), 'answer')
    same(gateway.process.wait(20), 0, 'stop')


def test_no_relay_has_one_of_these_names():
    for name in NAMES:
        gateway = Gateway('named', relays='[relay %s]\nprovider = local\n'
                          % name)
        status, _, err = gateway.cli('check', ok=False)
        same(status, 78, err)
        has('"%s" is no name for a relay: it is the first part of a route'
            % name, err, 'check')

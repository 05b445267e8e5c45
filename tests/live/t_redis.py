# SPDX-License-Identifier: MIT
"""What several gateways share through a Redis server: answers, circuits,
sign-ins, turns; and a server that does not work, or that somebody else fills."""

import contextlib
import json
import os
import shutil
import socket
import threading
import time

import harness
import postgres
import services
import t_probe
import t_respond
import t_rs256
import testca
from harness import Skipped, has, holds, same, wait_for
from provider_case import (CLAIMS, ask, ended, gateway, rate_kept,
                           no_secret)
from services import observables, otx
from upstream import Upstream

OBSERVE = '/otx/observe/observables'
ASKED = observables('domain', 'a.example', 'b.example')
TRIES = 4
# `make soak` asks more.
REQUESTS = int(os.environ.get('CTIM_REQUESTS', '200'))
# Far above what a request takes, far below what one that hung would.
SOON = 5


@contextlib.contextmanager
def redis(*options, port=None):
    """A real server: its port."""
    if shutil.which('redis-server') is None:
        raise Skipped('redis-server is not installed')
    port = port or harness.free_port()
    server = harness.start(
        ['redis-server', '--port', str(port), '--bind', '127.0.0.1', '--save',
         '', '--dir', harness.folder('redis'), *options],
        stdout=harness.subprocess.DEVNULL)
    wait_for(lambda: harness.port_open(port), 'Redis listens')
    yield port
    harness.stop(server)


def tell(port, *words):
    """What the server answers to a command."""
    status, out, err = harness.run(
        ['redis-cli', '-p', str(port), *words])
    same((status, err), (0, ''), out)
    return out


def two(port, url, **sections):
    """Two gateways that share a server."""
    cache = {'url': 'redis://127.0.0.1:%d/0' % port}
    cache.update(sections.pop('cache', {}))
    return [gateway('two-%d' % n, url, cache=cache, **sections).serve()
            for n in range(2)]


def at_once(works):
    """Runs them in threads of their own; their results."""
    results = [None] * len(works)

    def work(n):
        results[n] = works[n]()
    threads = [threading.Thread(target=work, args=(n,))
               for n in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def in_a_quiet_moment(attempt, pause=2):
    """A request waits 100 ms for the server at most: on a machine that is busy
    just then more is asked of the service, as it should.  attempt(n) shows what is
    to be shown, at one of a few times."""
    for n in range(TRIES):
        try:
            attempt(n)
            return
        except harness.Failed:
            if n == TRIES - 1:
                raise
            time.sleep(pause)


def close():
    postgres.close()


def each_once(upstream):
    lines = upstream.lines()
    holds(len(lines) == len(set(lines)), '%d calls, %d of them different' % (
        len(lines), len(set(lines))))


def test_one_call_for_a_question():
    """Whichever gateway is asked, and however many at once."""
    names = [['%s%d.example' % (c, n) for c in 'ab'] for n in range(TRIES)]
    with redis() as port, Upstream(otx(observables(
            'domain', *sum(names, [])))) as upstream:
        pair = two(port, upstream.url)

        def attempt(n):
            upstream.forget()
            replies = at_once([lambda g=g: ask(
                g, OBSERVE, observables('domain', *names[n]))
                for g in pair * 4])
            for reply in replies:
                same((reply.values(), reply.errors), (names[n], []),
                     'the answer')
            each_once(upstream)
        in_a_quiet_moment(attempt)
        for g in pair:
            ended(g)


def test_one_fetch_of_a_key_set():
    """Two pools, their workers and threads, and tokens that all are new to
    them."""
    with redis() as port:
        def attempt(n):
            with Upstream([t_rs256.jwks(('1', 'one'))], tls='good') as up:
                pair = [t_rs256.gateway(up.host, 'keys-%d-%d' % (n, i), cache={
                    'url': 'redis://127.0.0.1:%d/0' % port}).serve()
                        for i in range(2)]
                text = t_rs256.token(up.host)
                results = at_once([lambda g=g: t_rs256.outcome(g, text)
                                   for g in pair * 8])
                same(results, ['ok'] * 16, 'the answers')
                for g in pair:
                    ended(g)
                same(up.count(), 1, 'fetches')
        in_a_quiet_moment(attempt)


def test_many_requests_over_both():
    """One call for each distinct question, and no more than the rate."""
    names = [['n%d-%d.example' % (n, i) for i in range(8)]
             for n in range(TRIES)]
    with redis() as port, Upstream(otx(observables(
            'domain', *sum(names, [])), entries=1)) as up:
        pair = two(port, up.url, relay={'rate': '4'},
                   http={'deadline': '20'})

        def work(mine, n):
            for i in range(REQUESTS // 8):
                # What is asked for the first time nobody else asks for then.
                name = mine[(n + i) % 8]
                reply = ask(pair[i % 2], OBSERVE, observables('domain', name))
                same((reply.values(), reply.errors), ([name], []), 'answer')
            return True

        def attempt(n):
            up.forget()
            since = time.monotonic()
            same(at_once([lambda k=k: work(names[n], k) for k in range(8)]),
                 [True] * 8, 'clients')
            rate_kept(up, 4, since)
            each_once(up)
            same(len(up.lines()), 16, 'calls')
        in_a_quiet_moment(attempt)
        for g in pair:
            ended(g)


def secure(kind):
    """A server that takes TLS alone: its port."""
    pem, key = testca.certificate(kind)
    port = harness.free_port()
    return port, redis('--port', '0', '--tls-port', str(port), '--tls-cert-file',
                       pem, '--tls-key-file', key, '--tls-auth-clients', 'no',
                       port=port)


def test_over_tls():
    """By host's name and by address; the authority is the one that is named."""
    port, server = secure('good')
    with server, Upstream(otx(ASKED)) as upstream:
        for host in 'localhost', '127.0.0.1':
            pair = two(port, upstream.url, cache={
                'url': 'rediss://%s:%d/1' % (host, port),
                'ca_file': testca.ca_file()}, server={
                    'workers': '1', 'threads': '1'})

            def attempt(_, pair=pair):
                # What the first has kept the second finds, over and over.
                for g in pair:
                    same(ask(g, OBSERVE, ASKED).errors, [], 'errors')
                upstream.forget()
                for g in pair * 4:
                    same(ask(g, OBSERVE, ASKED).values(),
                         ['a.example', 'b.example'], 'the answer')
                same(upstream.lines(), [], 'calls')
            # For ten seconds a server that took too long is left alone.
            in_a_quiet_moment(attempt, 11)
            status, out, err = pair[0].cli('check')
            same(status, 0, out + err)
            for g in pair:
                ended(g)


def test_no_tls_with_a_stranger():
    """Answers come, nothing is cached, and check says why."""
    for kind, ca, why in (
            ('good', testca.certificate('self_signed')[0],
             'TLS: unable to get local issuer certificate'),
            ('wrong_host', testca.ca_file(), 'mismatch'),
            ('expired', testca.ca_file(), 'TLS: certificate has expired')):
        port, server = secure(kind)
        with server, Upstream(otx(ASKED)) as upstream:
            g = gateway('stranger', upstream.url, cache={
                'url': 'rediss://localhost:%d/0' % port, 'ca_file': ca})
            _, out, err = g.cli('check', ok=False)
            has('rediss://localhost:%d/0: TLS: ' % port, out + err, kind)
            has(why, out + err, kind)
            g.serve()
            same(ask(g, OBSERVE, ASKED).errors, [], 'errors')
            ended(g)


def roles(ports):
    return {port: tell(port, 'ROLE').split('\n')[0] for port in ports}


def test_sentinels_name_the_master():
    """Before a failover and after it; one that is away is passed over."""
    one, two_, watch, nobody = (harness.free_port() for _ in range(4))
    conf = os.path.join(harness.folder('sentinel'), 'sentinel.conf')
    harness.write(conf, 'sentinel monitor mine 127.0.0.1 %d 1\n'
                  'sentinel down-after-milliseconds mine 60000\n' % one)
    with contextlib.ExitStack() as stack:
        stack.enter_context(redis(port=one))
        stack.enter_context(redis('--replicaof', '127.0.0.1', str(one),
                                  port=two_))
        up = stack.enter_context(Upstream(otx(ASKED)))
        sentinel = harness.start(
            ['redis-server', conf, '--sentinel', '--port', str(watch),
             '--bind', '127.0.0.1'], stdout=harness.subprocess.DEVNULL)
        stack.callback(harness.stop, sentinel)
        wait_for(lambda: harness.port_open(watch), 'the Sentinel listens')
        wait_for(lambda: 'slaves=1' in tell(watch, 'INFO', 'sentinel'),
                 'it knows the replica', 40)
        url = 'redis+sentinel://127.0.0.1:%d,127.0.0.1:%d/%%s' % (nobody, watch)
        g = gateway('sentinel', up.url, cache={'url': url % 'mine/2'}, server={
            'workers': '1', 'threads': '1'})
        status, out, err = g.cli('check')
        same(status, 0, out + err)
        g.serve()

        def kept(port):
            ask(g, OBSERVE, ASKED)
            return 'db2:' in tell(port, 'INFO', 'keyspace')
        wait_for(lambda: kept(one), 'answers at the master', 40)
        same(tell(watch, 'SENTINEL', 'FAILOVER', 'mine').strip(), 'OK',
             'the failover')
        wait_for(lambda: roles([two_]) == {two_: 'master'}, 'a new master', 40)
        wait_for(lambda: roles([one]) == {one: 'slave'}, 'the old one', 40)
        tell(two_, 'FLUSHALL')
        wait_for(lambda: kept(two_), 'answers at the new master', 60)
        ended(g)
        other = gateway('unknown', up.url, cache={'url': url % 'other'})
        _, out, err = other.cli('check', ok=False)
        has('it knows no master of that name', out + err, 'check')


def loaded(g, library):
    """Whether a process of a pool has a library."""
    return any(library in harness.read('/proc/%d/maps' % pid)
               for pid in [g.process.pid] + g.workers())


def test_library_is_loaded_where_there_is_a_server():
    with redis() as port, Upstream(otx(ASKED)) as upstream:
        for cache, expected in (('off', False), (None, False),
                                ('redis://127.0.0.1:%d/0' % port, True)):
            g = gateway('library', upstream.url, cache=dict(
                {'url': cache} if cache else {})).serve()
            same(ask(g, OBSERVE, ASKED).errors, [], 'errors')
            same(loaded(g, 'hiredis'), expected, 'hiredis with %s' % cache)
            same(loaded(g, 'libpq.'), False, 'libpq')
            holds(loaded(g, harness.NETWORK), 'maps can be read')
            ended(g)


def test_a_circuit_is_open_for_all():
    """A second after one gateway has opened it, another makes no call."""
    with redis() as port, Upstream([{'request': '*', 'status': 500}]) as up:
        first, second = two(port, up.url, http={'breaker': '2'})
        for _ in range(3):
            ask(first, OBSERVE, ASKED)
        holds('left alone' in str(ask(first, OBSERVE, ASKED).errors),
              'the circuit is open')
        time.sleep(1)
        up.forget()
        holds('left alone' in str(ask(second, OBSERVE, ASKED).errors),
              'it is open for the other')
        same(up.lines(), [], 'calls of the other')
        ended(first)
        ended(second)


def test_a_sign_in_is_used_by_all():
    """What one gateway got for credentials another uses; nobody who can read
    the server has it."""
    md5 = 'd8414d743778cae103c15461200ec64d'
    path, asked = '/qualys/observe/observables', observables('md5', md5)
    with redis() as port, Upstream(services.qualys([md5])) as upstream:
        pair = two(port, upstream.url)
        for g in pair:
            same(ask(g, path, asked).values(), [md5], 'of Qualys')
        same(upstream.count('/auth'), 1, 'times signed in')
        secrets = [services.QUALYS_TOKEN, CLAIMS['qualys']['pass'], md5]
        for name in tell(port, 'KEYS', '*').split():
            value = tell(port, 'DUMP', name)
            for secret in secrets:
                holds(secret not in name + value, 'a secret in ' + name)
        for g in pair:
            no_secret(g, secrets[:2])
            ended(g)


def test_turns_are_shared():
    with redis() as port, Upstream([{'request': '*', 'status': 400}]) as up:
        pair = two(port, up.url, relay={'rate': '2'})
        since = time.monotonic()
        at_once([lambda g=g, n=n: ask(
            g, '/spycloud/observe/observables',
            observables('email', 'u%d@a.example' % n))
                 for n, g in enumerate(pair * 3)])
        same(up.count(), 6, 'calls')
        rate_kept(up, 2, since)
        for g in pair:
            ended(g)


class Front:
    """One nginx, two pools, each with its own configuration, one Redis server, one
    PostgreSQL server, one host of keys and one service: as in docs/several.md."""

    def __init__(self, name, port, keys, service):
        server = postgres.shared()
        url = server.url(server.database(), network=True)
        self.service = service
        self.pools = [self.pool('%s-%d' % (name, i), port, keys, url)
                      for i in range(2)]
        self.nginx = harness.Nginx(*self.pools)
        relays = ('otx', 'spycloud', 'local')
        self.token = t_rs256.token(keys.host, key='one', **{'aud': [
            '%s/%s' % (t_rs256.BASE, relay) for relay in relays]})

    def pool(self, name, port, keys, url):
        made = gateway(name, self.service.url, ('otx', 'spycloud'),
                       {'rate': '2', 'claim.key': 'of-both'},
                       server={'base_url': t_rs256.BASE},
                       auth={'jwks_hosts': keys.host},
                       cache={'url': 'redis://127.0.0.1:%d/0' % port})
        made.relays += '[relay local]\nstore = URL\n'
        made.url = url
        made.write()
        return made.serve()

    def ask(self, path, body):
        answer = harness.http_request(
            self.nginx.port, 'POST', path, json.dumps(body).encode(),
            harness.bearer(self.token))
        same(answer.status, 200, path)
        return json.loads(answer.body)

    def verdict(self, value):
        answer = self.ask('/local/deliberate/observables',
                          observables('ip', value))
        return [d['disposition_name'] for d in answer['data'].get(
            'verdicts', {}).get('docs', [])]

    def end(self):
        # Each had its share, or nothing has been shown.
        for pool in self.pools:
            holds('/observables' in harness.read(pool.log), 'nginx asked one')
        self.nginx.stop()
        for pool in self.pools:
            ended(pool)


def asked_in_turn(front, keys, name):
    """Each question is one call, whoever gets it; the keys are fetched once."""
    front.service.forget()
    for _ in range(4):
        answer = front.ask(OBSERVE, observables('domain', name))
        same(answer.get('errors'), None, 'errors')
        same(len(answer['data']['sightings']['docs']) > 0, True, 'found')
    same(keys.count(), 1, 'fetches of the key set')
    each_once(front.service)


def acted_in_turn(front):
    """What one pool did the next request sees, at whichever pool."""
    for n in range(4):
        value = '203.0.113.%d' % n
        same(front.ask(t_respond.TRIGGER, t_respond.body(
            t_respond.BLOCK, 'ip', value)), t_respond.SUCCESS, 'the action')
        for _ in range(2):
            same(front.verdict(value), ['Malicious'], value)


def paced_together(front):
    """Both take their turns from one rate."""
    front.service.forget()
    since = time.monotonic()
    at_once([lambda n=n: front.ask(
        '/spycloud/observe/observables', observables(
            'email', 'u%d@a.example' % n)) for n in range(6)])
    same(front.service.count(), 6, 'calls')
    rate_kept(front.service, 2, since)


def test_two_pools_behind_one_nginx():
    names = ['d%d.example' % n for n in range(TRIES)]
    rules = otx(observables('domain', *names)) + [
        {'request': '*', 'status': 400}]

    def attempt(n):
        with redis() as port, Upstream(rules) as service, \
                Upstream([t_rs256.jwks(('1', 'one'))], tls='good') as keys:
            front = Front('front-%d' % n, port, keys, service)
            asked_in_turn(front, keys, names[n])
            acted_in_turn(front)
            paced_together(front)
            front.end()
    in_a_quiet_moment(attempt)


def test_planted_values():
    """What somebody else puts there is nothing."""
    with redis() as port, Upstream(otx(ASKED)) as upstream:
        pair = two(port, upstream.url)
        ask(pair[0], OBSERVE, ASKED)
        names = tell(port, 'KEYS', 'ctim-relay:entry:*').split()
        holds(names, 'nothing is kept')
        for name in names:
            tell(port, 'SET', name, '{"planted": true}')
        reply = ask(pair[1], OBSERVE, ASKED)
        same((reply.values(), reply.errors), (['a.example', 'b.example'], []),
             'the answer')
        for g in pair:
            ended(g)


def soon(relay):
    """A request is answered as without a cache, and does not wait."""
    began = time.monotonic()
    reply = ask(relay, OBSERVE, ASKED)
    took = time.monotonic() - began
    same((reply.values(), reply.errors), (['a.example', 'b.example'], []),
         'the answer')
    holds(took < SOON, 'it took %.1f s' % took)


def failing(url):
    with Upstream(otx(ASKED)) as upstream:
        relay = gateway('failing', upstream.url, cache={'url': url}).serve()
        for _ in range(4):
            soon(relay)
        ended(relay)


def test_absent():
    failing('redis://127.0.0.1:%d/0' % harness.free_port())


def test_ready_without_it():
    """A server that is away is away for all gateways: were they not ready, a
    balancer would have none left, and no request fails."""
    with Upstream(otx(ASKED)) as upstream, redis() as port:
        there = gateway('ready', upstream.url, cache={
            'url': 'redis://127.0.0.1:%d/0' % port}).serve()
        same(t_probe.ask(there, 'readyz'), (200, 'ok'), 'with it')
        ended(there)
        alone = gateway('ready-alone', upstream.url, cache={
            'url': 'redis://127.0.0.1:%d/0' % harness.free_port()}).serve()
        for _ in range(3):
            same(t_probe.ask(alone, 'readyz'), (
                200, 'ok\nThe cache does not answer, and requests go on without '
                'it; the log says why'), 'without it')
            soon(alone)
        ended(alone)


def test_silent():
    """It takes connections, and answers nothing."""
    with socket.create_server(('127.0.0.1', 0)) as listener:
        failing('redis://127.0.0.1:%d/0' % listener.getsockname()[1])


def test_wrong_password():
    with redis('--requirepass', 'right') as port:
        failing('redis://:wrong@127.0.0.1:%d/0' % port)


def test_full():
    with redis('--maxmemory', '1', '--maxmemory-policy', 'noeviction') as port:
        failing('redis://127.0.0.1:%d/0' % port)


def test_replica():
    with redis() as master, redis('--replicaof', '127.0.0.1',
                                  str(master)) as port:
        failing('redis://127.0.0.1:%d/0' % port)


def test_killed_in_the_middle():
    with Upstream(otx(ASKED)) as upstream:
        with redis() as port:
            relay = gateway('killed', upstream.url, cache={
                'url': 'redis://127.0.0.1:%d/0' % port}).serve()
            soon(relay)
        for _ in range(4):
            soon(relay)
        ended(relay)

# SPDX-License-Identifier: MIT
"""What the pool counts, exactly and over the death of its workers."""

import os
import re
import signal

import fcgiclient as fcgi
import harness
from harness import has, holds, same, wait_for
from provider_case import ask, gateway as service_gateway
from services import observables, otx
from t_process import Asking, slow
from t_status import (end, relay_of, send, settled, start, status, talk,
                      traffic)
from upstream import Upstream


def counted(gateway, expected, times=1):
    told = status(gateway)
    for name, counts in expected.items():
        relay = relay_of(told, name)
        for key, value in counts.items():
            same(relay[key], value * times, '%s of %s' % (key, name))
        same(sum(b['requests'] for b in relay['latency']), relay['requests'],
             'requests in the histogram of ' + name)
    same(told['total']['requests'], 34 * times, 'all requests')


def test_counts_are_exact():
    """Every request is counted once, whichever worker served it."""
    gateway = start('status-counts', sections={'server': {'workers': '3'}})
    gateway.load('198.51.100.99\n', 'one')
    expected = traffic(gateway)
    counted(gateway, expected)
    holds(relay_of(status(gateway), 'local')['entities'] > 20, 'entities')
    end(gateway)


def test_counts_survive_a_killed_worker_and_a_reload():
    gateway = start('status-survive')
    expected = traffic(gateway)
    for pid in gateway.workers():
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: status(gateway)['workers']['deaths'] == 2, 'the deaths')
    settled(gateway)
    counted(gateway, expected)
    old = gateway.workers()
    gateway.process.send_signal(signal.SIGHUP)
    wait_for(lambda: status(gateway)['reloads'] == 1, 'the reload')
    wait_for(lambda: not set(old) & set(gateway.workers()), 'new workers')
    settled(gateway)
    same(traffic(gateway), expected, 'the same answers')
    counted(gateway, expected, 2)
    same(status(gateway)['workers']['deaths'], 2, 'deaths')
    end(gateway)


def test_refused_reload_is_told():
    gateway = start('status-refused')
    gateway.write('[server]\nnonsense = 1\n')
    gateway.process.send_signal(signal.SIGHUP)
    wait_for(lambda: status(gateway)['reloads_refused'] == 1, 'the refusal')
    same(status(gateway)['reloads'], 0, 'reloads')
    end(gateway)


def test_a_relay_that_goes_keeps_its_counts():
    """A counter never goes back while the pool runs."""
    gateway = start('status-gone')
    send(gateway, '/template/health', b'')
    gateway.relays = '[relay local]\nstore = @/store/intel.db\n[relay new]\n' \
        'provider = template\n'
    gateway.write()
    gateway.process.send_signal(signal.SIGHUP)
    wait_for(lambda: status(gateway)['reloads'] == 1, 'the reload')
    wait_for(lambda: send(gateway, '/new/health', b'')[0] == 200, 'the relay')
    told = status(gateway)
    same(relay_of(told, 'template')['requests'], 1, 'the one that is gone')
    holds(relay_of(told, 'new')['requests'] >= 1, 'the new one')
    end(gateway)


def test_calls_cache_and_circuits():
    """What a relay for a service needed: calls, cached ones, repeats, and the
    circuit of a host that fails."""
    good = observables('domain', 'good.example')
    bad = [observables('domain', 'bad%d.example' % n) for n in range(3)]
    rules = otx(good)
    for asked in bad:
        rules += otx(asked, general={asked[0]['value']: {'status': 503}})
    with Upstream(rules) as upstream:
        relay = service_gateway('status-calls', upstream.url, http={
            'retries': '1', 'breaker': '2'})
        relay.sections['cache'] = {'url': 'sqlite:%s/store/cache.db' %
                                   relay.folder}
        relay.write()
        relay.serve()
        for _ in range(3):
            same(ask(relay, '/otx/observe/observables', good).errors, [],
                 'errors')
        told = relay_of(status(relay), 'otx')
        same((told['calls'], told['cached'], told['retries']), (6, 4, 0),
             'calls, cached, retries')
        for asked in bad:
            ask(relay, '/otx/observe/observables', asked)
        told = status(relay)
        counts = relay_of(told, 'otx')
        # The third is not made: the circuit is open by then.
        same((counts['retries'], counts['errors'], counts['requests']),
             (2, 3, 6), 'retries, errors, requests')
        same(len(told['breakers']), 1, 'circuits')
        breaker = told['breakers'][0]
        same((breaker['host'], breaker['state'], breaker['opened']),
             (upstream.url, 'open', 1), 'the circuit')
        holds(0 < breaker['left'] <= 30, 'left: %r' % breaker)
        _, out, _ = relay.cli('status')
        has(upstream.url, out, 'the circuit in the table')
        holds(re.search(r'\sopen\s+\d+\s', out), out)
        has('ctim_relay_breaker_open{host="%s"} 1\n' % upstream.url,
            talk(relay, b'metrics\n'), 'metrics')
        end(relay)


def test_requests_refused_are_counted():
    """Beyond threads and queue: 503, counted as such; a request that is not
    yet whole takes neither."""
    with Upstream() as service:
        relay = service_gateway('status-busy', service.url, ['otx'], server={
            'workers': '1', 'threads': '1', 'queue': '0'})
        relay.relays += '[relay template]\n'
        relay.write()
        relay.serve()
        slow(service)
        half = fcgi.connect(relay.socket)
        half.sendall(fcgi.begin())
        wait_for(lambda: status(relay)['connections']['requests'] == 1,
                 'half a request')
        asking = Asking(relay.socket, 1)
        wait_for(lambda: status(relay)['threads']['busy'] == 1, 'a busy thread')
        same(status(relay)['threads']['all'], 1, 'threads')
        same(send(relay, '/template/health', b'')[0], 503, 'the answer')
        same(status(relay)['queue']['refused'], 1, 'refused')
        service.release()
        asking.whole()
        wait_for(lambda: status(relay)['threads']['busy'] == 0, 'it is free')
        half.close()
        end(relay)

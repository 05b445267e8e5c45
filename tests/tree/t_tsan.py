# SPDX-License-Identifier: MIT
"""The thread sanitizer: what runs in threads runs under it, and it finds no
race."""

import functools
import glob
import json
import os
import signal
import threading
import time

import fcgiclient as fcgi
import harness
import provider_case
import t_build
import t_connections
from harness import Gateway, Skipped, fail, same
from services import observables, otx
from upstream import Upstream

# Those with threads, or with what threads share.
UNITS = ('breaker', 'cache', 'cache_faults', 'cache_shared', 'counters',
         'fanout', 'http', 'http_engine', 'jwks', 'signins', 'pace', 'record',
         'balance', 'connection', 'robustlock')
_built = []


def program(name):
    """The path of a unit program below the folder of a build."""
    source, = glob.glob(os.path.join(harness.TESTS, 'unit', '*', name + '.c'))
    return os.path.relpath(source[:-2], harness.SRC)


def tsan_build():
    """The folder of a build with -fsanitize=thread, one for all tests."""
    with harness.alone('tsan'):
        if not _built:
            folder = os.path.join(harness.BUILD, 'tsan')
            os.makedirs(folder, exist_ok=True)
            shim = os.path.join(folder, 'tsan.o')
            flags = ['-O1', '-g', '-fsanitize=thread']
            status, out, err = harness.run(
                ['gcc', '-Wall', '-fPIC', *flags, '-c', '-o', shim,
                 os.path.join(harness.TOOLS, 'tsan.c')], env=t_build.PLAIN)
            if status != 0:
                raise Skipped('gcc has no thread sanitizer: ' +
                              (out + err).strip().split('\n')[0])
            if not os.path.exists(os.path.join(folder, 'config.status')):
                t_build.configure(folder, 'CC=gcc',
                                  'CFLAGS=' + ' '.join(flags), 'LIBS=' + shim)
            t_build.make(folder, '-j2', 'ctim-relay.fcgi', 'ctim-relay',
                         harness.NETWORK, *map(program, UNITS))
            _built.append(folder)
    return _built[0]


# OpenSSL 3.5 reads without a lock what it writes with one, by atomics that are
# not seen in a library that was not built for this.
SUPPRESSIONS = 'race:libcrypto.so\n'


def sanitized(report):
    """A command before which it can run: without a random layout of the
    memory, which newer kernels spread wider than it can follow."""
    path = harness.write(os.path.join(os.path.dirname(report), 'suppressions'),
                         SUPPRESSIONS)
    return ['setarch', '-R', 'env', 'TSAN_OPTIONS=log_path=%s exitcode=66 '
            'suppressions=%s' % (report, path)]


def can_run():
    status, out, err = harness.run(['setarch', '-R', 'true'])
    if status != 0:
        raise Skipped('setarch -R: ' + (out + err).strip())


def clean(folder):
    for name in os.listdir(folder):
        if name.startswith('report'):
            fail(harness.read(os.path.join(folder, name))[:6000])


def unit(name):
    can_run()
    path = os.path.join(tsan_build(), program(name))
    folder = harness.folder('tsan')
    env = dict(harness.environment(), CK_DEFAULT_TIMEOUT='220')
    status, out, err = harness.run(
        sanitized(os.path.join(folder, 'report')) + [path],
        env=env, timeout=240)
    clean(folder)
    same(status, 0, (out + err)[-3000:])


def ask_much(relay, failures):
    for n in range(50):
        path = '/%s/observe/observables' % ('local', 'template')[n % 2]
        env = fcgi.request('POST', path, t_build.OBSERVABLES, harness.jwt())
        try:
            status, _, _ = fcgi.call(relay.socket, env, t_build.OBSERVABLES,
                                     timeout=60)
        except (OSError, ValueError) as error:
            status = repr(error)
        if status != 200:
            failures.append(status)


def served(relay):
    """It runs with the sanitizer; the folder of its reports."""
    can_run()
    relay.build = tsan_build()
    folder = harness.folder('tsan')
    os.chmod(folder, 0o1777)
    relay.serve(wrapper=sanitized(os.path.join(folder, 'report')), timeout=60)
    return folder


def ended(relay, folder):
    same(relay.stop(timeout=60), 0, 'exit status')
    clean(folder)


def at_work(threads, relay):
    """Under way while the configuration is read again."""
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    os.kill(relay.process.pid, signal.SIGHUP)
    for thread in threads:
        thread.join()


def test_engine():
    """Calls of several threads to a service: answers, clients that leave, places
    that are waited for."""
    asked = observables('domain', *('d%d.example' % n for n in range(12)))
    rules = [dict(rule, delay=0.02) for rule in otx(asked, pulses=3)]
    with Upstream(rules, tls='good') as service:
        relay = provider_case.gateway(
            'tsan-engine', service.url, ['otx'], cache={'url': None},
            server={'workers': '1', 'threads': '4', 'queue': '64'},
            http={'host_parallel': '6', 'deadline': '25', 'timeout': '20'})
        folder = served(relay)
        body = json.dumps(asked).encode()
        env = fcgi.request('POST', '/otx/observe/observables', body,
                           harness.jwt(provider_case.CLAIMS['otx']))
        failures = []

        def client(number):
            for n in range(8):
                with fcgi.connect(relay.socket, 60) as sock:
                    sock.sendall(fcgi.records(env, body))
                    if (n + number) % 2:
                        time.sleep(0.05 * number)
                        continue
                    out, _, _ = fcgi.parse(fcgi.drain(sock))
                    if fcgi.http(out)[0] != 200:
                        failures.append(out[:200])
        at_work([threading.Thread(target=client, args=(n,)) for n in range(8)],
                relay)
        ended(relay, folder)
        same(failures, [], 'what was not answered')


test_engine.limit = 900


def test_pool():
    """All of a worker's threads, with a reload under way."""
    relay = Gateway('tsan', sections={
        'server': {'workers': '1', 'threads': '4', 'queue': '64'},
        'cache': {'url': None}})
    folder = served(relay)
    failures = []
    at_work([threading.Thread(target=ask_much, args=(relay, failures))
             for _ in range(8)], relay)
    ended(relay, folder)
    same(failures, [], 'what was not answered')


test_pool.limit = 900


def test_parked():
    """What waits without a thread: requests that come in pieces, answers that
    are not read, kept connections, more requests than threads, large ones that
    wait for memory; under a reload
    and a stop."""
    relay = t_connections.large_pool('tsan-parked', server={
        'workers': '2', 'queue': '4', 'connections': '60', 'read_timeout': '3',
        'write_timeout': '2', 'write_memory': '1M',
        'memory': '32M'}, cache={'url': None})
    folder = served(relay)

    def client(number):
        """One of those that wait for something; what it gets is not looked
        at."""
        for n in range(6):
            with fcgi.connect(relay.socket, 30) as sock:
                try:
                    whole = t_connections.large_request(number) \
                        if n % 2 else t_connections.health_request(
                            flags=fcgi.KEEP_CONN)
                    for at in range(0, len(whole), len(whole) // 3 + 1):
                        sock.sendall(whole[at:at + len(whole) // 3 + 1])
                        time.sleep(0.02)
                    sock.recv(1000)
                    time.sleep(number % 4)
                except OSError:
                    pass
    with t_connections.Quiet(relay, 80, 'sh'):
        at_work([threading.Thread(target=client, args=(n,))
                 for n in range(12)], relay)
        ended(relay, folder)


test_parked.limit = 900


def tests():
    for name in UNITS:
        test = functools.partial(unit, name)
        test.limit = 900
        test.background = True
        yield 'unit/' + name, test

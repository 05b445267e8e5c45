# SPDX-License-Identifier: MIT
"""ctim-relay reload and stop, who may give them, and what a service manager is
told meanwhile (sd_notify(3))."""
import contextlib
import os
import signal
import socket
import subprocess
import threading
import time

import fcgiclient
import harness
import manual
from harness import Gateway, Skipped, has, holds, same


# A configuration of which nothing is warned.
QUIET = {'server': {'base_url': 'https://relay.example.org'},
         'auth': {'require': 'org=1'}}


def order(gateway, *args, **kwargs):
    return gateway.cli(*args, ok=False, **kwargs)


def health(gateway, relay='template'):
    return fcgiclient.call(gateway.socket, fcgiclient.request(
        'POST', '/%s/health' % relay, token=harness.jwt()))[0]


def test_reload_says_that_the_new_configuration_serves():
    gateway = Gateway('orders-reload', sections=QUIET).serve()
    gateway.relays += '\n[relay other]\nprovider = template\n'
    gateway.write()
    code, out, err = order(gateway, 'reload')
    same((code, err), (0, ''), 'the reload')
    has('2 workers serve', out, 'what it says')
    # It has waited: nothing is asked of an old worker any more.
    same(health(gateway, 'other'), 200, 'the new relay')
    same(order(gateway, 'reload', '-q'), (0, '', ''), 'a quiet one')
    gateway.stop()


def test_refused_configuration_is_told_with_file_and_line():
    gateway = Gateway('orders-refused').serve()
    workers = gateway.workers()
    good = harness.read(gateway.conf)
    gateway.write(good + '\n[relay more]\nprovider = template\nnonsense = 1\n')
    line = harness.read(gateway.conf).splitlines().index('nonsense = 1') + 1
    code, out, err = order(gateway, 'reload')
    same((code, out), (1, ''), err)
    has('the configuration from before stays in force', err, 'what is said')
    has('%s:%d: ' % (gateway.conf, line), err, 'the reason')
    same(gateway.workers(), workers, 'the workers')
    same(health(gateway), 200, 'the old configuration')
    same(health(gateway, 'more'), 404, 'the refused one')
    gateway.write(good)
    same(order(gateway, 'reload')[0], 0, 'a good one')
    gateway.stop()


def test_warnings_of_a_configuration_are_told():
    gateway = Gateway('orders-warned', sections=QUIET).serve()
    del gateway.sections['server']['base_url']
    gateway.write()
    code, _, err = order(gateway, 'reload')
    same(code, 0, err)
    has('warning: ', err, 'what is said')
    has('base_url', err, 'the warning')
    gateway.stop()


def test_many_reloads_at_once_are_all_answered():
    """Each is answered by a reload that began after it was asked for."""
    gateway = Gateway('orders-many').serve()
    done = []

    def ask():
        done.append(order(gateway, 'reload'))
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    same([code for code, _, _ in done], [0] * 8, str(done))
    gateway.stop()


@contextlib.contextmanager
def struck(gateway, sig, spared=()):
    """Workers that are not spared get a signal as soon as they are there."""
    over = threading.Event()

    def strike():
        while not over.is_set():
            for pid in set(gateway.workers()) - set(spared):
                try:
                    os.kill(pid, sig)
                except ProcessLookupError:
                    pass
    striker = threading.Thread(target=strike)
    striker.start()
    try:
        yield
    finally:
        over.set()
        striker.join()


def dying(gateway):
    """New workers are killed meanwhile."""
    return struck(gateway, signal.SIGKILL, gateway.workers())


def test_workers_that_die_as_they_start_fail_the_reload():
    """The old ones serve on."""
    gateway = Gateway('orders-dying').serve()
    with dying(gateway):
        code, _, err = order(gateway, 'reload')
    same(code, 1, err)
    has('die as they start', err, 'the reason')
    same(health(gateway), 200, 'the old workers')
    gateway.stop()


def test_stop_waits_until_what_was_accepted_is_answered():
    gateway = Gateway('orders-stop').serve()
    process = gateway.process
    code, out, err = order(gateway, 'stop')
    same((code, out, err), (0, 'stopped\n', ''), 'the stop')
    same(process.wait(2), 0, 'the exit status of the pool')
    holds(not os.path.exists(gateway.socket), 'the socket is gone')
    for command in ('reload', 'stop'):
        code, out, err = order(gateway, command)
        same((code, out), (1, ''), command)
        has('no gateway runs', err, command)
    gateway.process = None


def test_stop_ends_a_reload():
    """Who waits for a reload that never comes to its end is told."""
    gateway = Gateway('orders-both').serve()
    told = []
    # New workers that are stopped at once never serve.
    with struck(gateway, signal.SIGSTOP):
        asker = threading.Thread(
            target=lambda: told.append(order(gateway, 'reload', '-t', '20')))
        asker.start()
        harness.wait_for(lambda: len(gateway.workers()) >= 4 or told,
                         'the new workers')
    if not told:
        os.kill(gateway.process.pid, signal.SIGTERM)
        for pid in gateway.workers():
            os.kill(pid, signal.SIGCONT)
    asker.join()
    same(told[0][0], 1, str(told))
    has('stops', told[0][2], 'what is said')
    gateway.process.wait(20)
    gateway.process = None


def test_time_for_an_order():
    """A pool that does not answer is told of, and the reload goes on."""
    gateway = Gateway('orders-slow').serve()
    os.kill(gateway.process.pid, signal.SIGSTOP)
    try:
        code, _, err = order(gateway, 'reload', '-t', '1')
    finally:
        os.kill(gateway.process.pid, signal.SIGCONT)
    same(code, 1, err)
    has('no answer in time', err, 'the reason')
    gateway.stop()


def test_wrong_use_of_orders():
    gateway = Gateway('orders-wrong')
    for args in (('reload', 'now'), ('stop', '--timeout', '0'),
                 ('reload', '--timeout', '3601'), ('stop', '--nonsense')):
        same(order(gateway, *args)[0], 64, str(args))
    for command in ('reload', 'stop'):
        has('--timeout', gateway.cli(command, '--help')[1], command)


def as_user(gateway, user, group, groups, *args):
    return subprocess.run(
        [harness.program('ctim-relay')] + list(args) +
        ['--socket', gateway.sections['server']['control']], user=user,
        group=group, extra_groups=groups, capture_output=True, text=True,
        timeout=30, env=gateway.env())


def test_only_root_and_the_serving_user_may_order():
    """The group of the socket may ask, and nothing more."""
    user = harness.web_user()
    if user is None:
        raise Skipped('not root')
    gateway = Gateway('orders-who').serve()
    member = ('nobody', user[2], [])
    for command in ('reload', 'stop'):
        done = as_user(gateway, *member, command)
        same((done.returncode, done.stdout), (1, ''), command)
        has('only root and the user that serves', done.stderr, command)
        done = as_user(gateway, 'nobody', 'nogroup', [], command)
        same(done.returncode, 1, command)
        has('may not', done.stderr, command)
    for command in ('status', 'ping'):
        same(as_user(gateway, *member, command).returncode, 0, command)
    has('may not order stop', harness.read(gateway.log), 'the log')
    done = as_user(gateway, user[0], user[2], [], 'reload')
    same(done.returncode, 0, done.stderr)
    done = as_user(gateway, user[0], user[2], [], 'stop')
    same((done.returncode, done.stdout), (0, 'stopped\n'), done.stderr)
    gateway.process.wait(10)
    gateway.process = None


class Manager:
    """The socket of a service manager."""

    def __init__(self, name):
        self.name = name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind('\0' + name[1:] if name[0] == '@' else name)
        if name[0] != '@':
            os.chmod(name, 0o666)
        self.socket.settimeout(0.1)
        self.told = []

    def read(self):
        try:
            while True:
                self.told.append(self.socket.recv(65536).decode())
        except TimeoutError:
            return self.told

    def wait(self, *parts, since=0):
        harness.wait_for(
            lambda: any(all(p in state.split('\n') or p in state
                            for p in parts) for state in self.read()[since:]),
            'the manager is told ' + ' '.join(parts))
        return len(self.told)


def test_service_manager_is_told():
    """READY when the workers serve, RELOADING and what came of it, STOPPING."""
    gateway = Gateway('orders-notify')
    for name in (os.path.join(gateway.run, 'notify'), '@ctim-%d' % os.getpid()):
        manager = Manager(name)
        gateway.serve(NOTIFY_SOCKET=name)
        seen = manager.wait('READY=1', 'STATUS=ok: 2 workers serve')
        same(order(gateway, 'reload')[0], 0, 'reload')
        seen = manager.wait('READY=1', 'STATUS=ok:', since=seen)
        reloading = [s for s in manager.told if 'RELOADING=1' in s]
        holds(reloading and 'MONOTONIC_USEC=' in reloading[0], manager.told)
        told = int(reloading[0].split('MONOTONIC_USEC=')[1].split('\n')[0])
        holds(abs(time.monotonic() - told / 1e6) < 60, 'it is that clock')
        good = harness.read(gateway.conf)
        gateway.write(good + '\n[relay x]\nnonsense = 1\n')
        os.kill(gateway.process.pid, signal.SIGHUP)
        seen = manager.wait('READY=1', 'STATUS=failed: ', since=seen)
        gateway.write(good)
        gateway.stop()
        manager.wait('STOPPING=1', since=seen)
        holds(not any('WATCHDOG' in s for s in manager.told), manager.told)
        manager.socket.close()


def test_watchdog_hears_of_a_pool_that_serves():
    """And of one without a worker no more."""
    gateway = Gateway('orders-watchdog')
    manager = Manager(os.path.join(gateway.run, 'notify'))
    gateway.serve(NOTIFY_SOCKET=manager.name, WATCHDOG_USEC='400000')
    seen = manager.wait('WATCHDOG=1')
    seen = manager.wait('WATCHDOG=1', since=seen)
    os.kill(gateway.process.pid, signal.SIGSTOP)
    time.sleep(0.3)
    seen = len(manager.read())
    time.sleep(1)
    same(manager.read()[seen:], [], 'what a stopped master tells')
    os.kill(gateway.process.pid, signal.SIGCONT)
    manager.wait('WATCHDOG=1', since=seen)
    gateway.stop()
    gateway.serve(NOTIFY_SOCKET=manager.name, WATCHDOG_USEC='400000',
                  WATCHDOG_PID='1')
    manager.read()
    seen = len(manager.told)
    time.sleep(1)
    same([s for s in manager.read()[seen:] if 'WATCHDOG' in s], [],
         'the watchdog of another process')
    gateway.stop()


def test_watchdog_looks_at_the_workers():
    """Those that serve count, also while new ones die as they start; where none
    gives a sign of life there is none for the watchdog."""
    gateway = Gateway('orders-progress')
    manager = Manager(os.path.join(gateway.run, 'notify'))
    gateway.serve(NOTIFY_SOCKET=manager.name, WATCHDOG_USEC='400000')
    seen = manager.wait('READY=1')
    workers = gateway.workers()
    os.kill(workers[0], signal.SIGSTOP)
    time.sleep(2)           # longer than what counts as a sign of life
    seen = manager.wait('WATCHDOG=1', since=len(manager.read()))
    os.kill(workers[1], signal.SIGSTOP)
    time.sleep(2)
    seen = len(manager.read())
    time.sleep(1)
    same([s for s in manager.read()[seen:] if 'WATCHDOG' in s], [],
         'what is told of stopped workers')
    for pid in workers:
        os.kill(pid, signal.SIGCONT)
    manager.wait('WATCHDOG=1', since=seen)
    with dying(gateway):
        same(order(gateway, 'reload')[0], 1, 'the reload')
        manager.wait('WATCHDOG=1', since=len(manager.read()))
    gateway.stop()


def test_manager_that_cannot_be_told():
    """A wrong name, or one that nobody has, disturbs nothing."""
    gateway = Gateway('orders-nobody')
    for name in ('nonsense', '/nonexistent/socket', '@', '/' + 'x' * 200):
        gateway.serve(NOTIFY_SOCKET=name, WATCHDOG_USEC='x')
        same(health(gateway), 200, name)
        same(order(gateway, 'reload')[0], 0, name)
        gateway.stop()


def test_examples_of_the_manual():
    gateway = Gateway('orders-manual').serve()
    found = manual.examples('reload|stop')
    holds(len(found) == 2, found)
    env = gateway.env(PATH=os.path.dirname(harness.program('ctim-relay')) +
                      ':' + os.environ['PATH'])
    for example in found:
        done = harness.run(['/bin/sh', '-ec', example], env=env)
        same(done[0], 0, example)
    gateway.process.wait(10)
    gateway.process = None

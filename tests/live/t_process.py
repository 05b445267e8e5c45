# SPDX-License-Identifier: MIT
"""What becomes of a pool's processes: a master that was killed, descriptors
that do not suffice, a listener whose name has several addresses."""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import fcgiclient as fcgi
import harness
from harness import Gateway, Skipped, has, holds, same
from provider_case import CLAIMS, gateway
from services import observables, otx
from upstream import Upstream

HEALTH = '{"data":{"status":"ok"}}'
ASKED = observables('domain', 'a.example', 'b.example')
DEADLINE = 20       # seconds; a pool starts meanwhile, on a busy machine
THREADS = 4         # of the two workers that otx_gateway() has
OBSERVE = '/otx/observe/observables'


def health(address):
    request = fcgi.request('POST', '/template/health', b'', harness.jwt())
    status, _, text = fcgi.call(address, request)
    same((status, text.decode()), (200, HEALTH), 'health')


def lives(pid):
    """Whether there is such a process, and no zombie: one whose first thread is
    dead lives on until the others are, which may have accepted something."""
    try:
        state = harness.read('/proc/%d/stat' % pid).rpartition(')')[2].split()[0]
        return state not in 'ZX' or len(os.listdir('/proc/%d/task' % pid)) > 1
    except (FileNotFoundError, ProcessLookupError):
        return False


def refuses(address):
    """Whether nobody listens at an address."""
    try:
        fcgi.connect(address, 1).close()
    except OSError:
        return True
    return False


class Asking:
    """Requests to the relay otx that run at the same time."""

    def __init__(self, address, count, asked=ASKED):
        self.answers = []
        self.asked = asked
        self.threads = [threading.Thread(target=self.ask, args=(address,))
                        for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def ask(self, address):
        body = json.dumps(self.asked).encode()
        request = fcgi.request('POST', OBSERVE, body,
                               harness.jwt(CLAIMS['otx']))
        try:
            status, _, text = fcgi.call(address, request, body, 30)
            answer = json.loads(text)
            self.answers.append((status, len(
                answer['data']['sightings']['docs']), 'errors' in answer))
        except (OSError, ValueError, LookupError) as error:
            self.answers.append(repr(error))

    def held(self, service):
        """Waits until as many as there are threads are in hand, with all of
        their calls: a worker with none would end at once, as it may."""
        calls = min(len(self.threads), THREADS) * len(self.asked)
        harness.wait_for(lambda: service.waiting >= calls, 'requests in hand')

    def whole(self):
        """All were answered, and whole."""
        for thread in self.threads:
            thread.join()
        same(self.answers, [(200, len(self.asked), False)] * len(self.threads), 'answers')


def slow(service):
    """Lets the service wait until release()."""
    service.rules([dict(rule, hold=True) for rule in otx(ASKED, entries=1)])


def otx_gateway(name, service, **server):
    relay = gateway(name, service.url, ['otx'], server=dict(
        {'workers': '2', 'threads': '2', 'queue': '8'}, **server),
        http={'timeout': str(DEADLINE), 'deadline': str(DEADLINE)})
    relay.relays += '[relay template]\n'
    relay.write()
    return relay


def kill_master(relay):
    """kill -9 of the master; returns the workers that it had."""
    workers = relay.workers()
    relay.process.send_signal(signal.SIGKILL)
    relay.process.wait()
    return workers


def none_is_left(workers, began):
    """The orphans end, not later than the deadline and two seconds."""
    harness.wait_for(lambda: not any(map(lives, workers)),
                     'the workers are gone',
                     began + DEADLINE + 2 + 1 - time.monotonic())


def taken_over(relay, service, address, waiting, start):
    """Kills the master while requests are in hand, more than there are threads;
    start() makes the next pool, which has to serve before these are answered.
    """
    slow(service)
    asking = Asking(address, waiting)
    asking.held(service)
    harness.wait_for(lambda: queue_length(relay) == max(waiting - THREADS, 0),
                     'the others are in the queue')
    began = time.monotonic()
    workers = kill_master(relay)
    old, relay.process = relay.process, None
    try:
        harness.wait_for(lambda: refuses(address), 'nobody listens', 1)
        start()
        health(address)
        took = time.monotonic() - began
        holds(all(map(lives, workers)), 'the old workers have not waited')
        service.release()
        asking.whole()
        none_is_left(workers, began)
        health(address)
        holds('accept: ' not in harness.read(relay.log), 'accept failed')
        return took
    finally:
        service.release()
        harness.stop(old)


def test_killed_master_is_succeeded_while_its_workers_finish():
    with Upstream() as service:
        relay = otx_gateway('succeeded', service).serve()
        took = taken_over(relay, service, relay.socket, 8, relay.serve)
        # The workers start with sanitizers, on a machine that others use.
        holds(took < 5, 'the next pool served after %.1f s' % took)
        holds(os.path.exists(relay.socket), 'its socket is gone')
        same(relay.cli('ping')[0], 0, 'ping')
        same(relay.stop(), 0, 'exit status')


def test_killed_master_frees_its_port():
    with Upstream() as service:
        address = ('127.0.0.1', harness.free_port())
        relay = otx_gateway('port', service, listen='%s:%d' % address)

        def start():
            relay.serve(wait=False)
            harness.wait_for(lambda: not refuses(address), 'it listens')
        start()
        harness.wait_for(lambda: len(relay.workers()) == 2, 'workers')
        taken_over(relay, service, address, 4, start)
        same(relay.stop(), 0, 'exit status')


def test_start_right_after_the_master_was_killed():
    """Before its workers can have noticed."""
    relay = Gateway('at-once').serve()
    for _ in range(3):
        workers = kill_master(relay)
        old = relay.process
        relay.serve()
        health(relay.socket)
        none_is_left(workers, time.monotonic())
        harness.stop(old)
    same(relay.stop(), 0, 'exit status')


def test_killed_master_ends_workers_that_are_stopped():
    """SIGSTOP: whoever holds the socket and does not run keeps no successor
    out, and does not stay."""
    relay = Gateway('stopped-orphan', sections={
        'http': {'deadline': '1'}}).serve()
    workers = relay.workers()
    # One that is stopped as it is born has not said what shall wake it.
    harness.wait_for(lambda: all(len(os.listdir('/proc/%d/task' % pid)) > 1
                                 for pid in workers), 'workers with threads')
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    kill_master(relay)
    old = relay.process
    relay.serve()
    health(relay.socket)
    none_is_left(workers, began)
    harness.stop(old)
    same(relay.stop(), 0, 'exit status')


def test_master_killed_while_it_stops():
    """Workers that were told to end already let go of the port, too."""
    with Upstream() as service:
        address = ('127.0.0.1', harness.free_port())
        relay = otx_gateway('stopping', service, listen='%s:%d' % address)
        relay.serve(wait=False)
        harness.wait_for(lambda: not refuses(address) and
                         len(relay.workers()) == 2, 'it serves')
        slow(service)
        asking = Asking(address, 4)
        asking.held(service)
        workers = relay.workers()
        relay.process.send_signal(signal.SIGTERM)
        harness.wait_for(lambda: 'stop: ' in harness.read(relay.log), 'stop')
        began = time.monotonic()
        kill_master(relay)
        harness.wait_for(lambda: refuses(address), 'the port is free', 1)
        holds(all(map(lives, workers)), 'the workers have not waited')
        service.release()
        asking.whole()
        none_is_left(workers, began)
        harness.stop(relay.process)


def test_killed_master_that_was_handed_its_socket():
    """The spawner's socket stays the spawner's; where it has let go of it, the
    workers do so, too, and the next spawner gets the name."""
    if not harness.shutil.which('spawn-fcgi'):
        raise Skipped('spawn-fcgi is not installed')
    with Upstream() as service:
        relay = otx_gateway('spawned', service)
        path = os.path.join(relay.folder, 'spawned.sock')

        def start():
            relay.process = harness.start(
                ['spawn-fcgi', '-n', '-s', path, '-M', '0666', '--',
                 harness.program('ctim-relay.fcgi')], env=relay.env(),
                stderr=subprocess.DEVNULL)
            harness.wait_for(lambda: not refuses(path) and
                             len(relay.workers()) == 2, 'it serves')
        start()
        taken_over(relay, service, path, 4, start)
        same(relay.stop(), 0, 'exit status')


def test_killed_master_leaves_systemds_socket_alone():
    """Who made the socket still has it: what comes meanwhile waits there for
    the next pool, and is not refused."""
    with Upstream() as service, socket.socket(socket.AF_UNIX) as listener:
        relay = otx_gateway('activated', service)
        path = os.path.join(relay.folder, 'activated.sock')
        listener.bind(path)
        os.chmod(path, 0o666)
        listener.listen(16)

        def start():
            relay.process = harness.start(
                [harness.program('ctim-relay.fcgi')], env=relay.env(),
                stdin=listener.fileno(), stderr=subprocess.DEVNULL)
            harness.wait_for(lambda: len(relay.workers()) == 2, 'workers')
        start()
        health(path)
        slow(service)
        asking = Asking(path, 4)
        asking.held(service)
        began = time.monotonic()
        workers = kill_master(relay)
        old = relay.process
        time.sleep(0.5)         # longer than a worker looks away
        late = []
        thread = threading.Thread(target=lambda: late.append(health(path)))
        thread.start()
        start()
        thread.join(10)
        same(late, [None], 'a request between the two')
        holds(all(map(lives, workers)), 'the old workers have not waited')
        service.release()
        asking.whole()
        none_is_left(workers, began)
        harness.stop(old)
        same(relay.stop(), 0, 'exit status')


def test_killed_process_without_a_master():
    """--workers 0: nothing is left of it but the file."""
    relay = Gateway('alone-killed').serve('--workers', '0')
    kill_master(relay)
    old = relay.process
    relay.serve('--workers', '0')
    health(relay.socket)
    harness.stop(old)
    same(relay.stop(), 0, 'exit status')


# --- a name with several addresses -------------------------------------------

NAME = 'several.test'


def named(name, *addresses):
    """A gateway that listens on a name with these addresses, in a mount
    namespace where the hosts file says so; and how it is started."""
    address = '%s:%d' % (NAME, harness.free_port())
    relay = Gateway(name, sections={'server': {'listen': address}})
    hosts = harness.write(os.path.join(relay.folder, 'hosts'), ''.join(
        '%s %s\n' % (a, NAME) for a in addresses))
    wrapper = ['unshare', '--mount', '/bin/sh', '-c', 'mount --bind %s '
               '/etc/hosts && exec "$0" "$@"' % hosts]
    if not harness.ROOT or subprocess.run(
            wrapper + ['true'], stderr=subprocess.DEVNULL,
            check=False).returncode != 0:
        raise Skipped('no hosts file of our own without a mount namespace')
    return relay, address, int(address.rpartition(':')[2]), wrapper


def within(relay, wrapper, *args):
    """A command line where the hosts file is the test's."""
    return harness.run(wrapper + [harness.program('ctim-relay'), *args],
                       env=relay.env())


def serve_named(relay, wrapper, *addresses):
    relay.serve(wrapper=wrapper, wait=False)

    def ready():
        holds(relay.process.poll() is None, harness.read(relay.stderr))
        return not any(map(refuses, addresses))
    harness.wait_for(ready, 'all addresses are listened on')
    harness.wait_for(lambda: len(relay.workers()) == 2, 'workers')


def without_ipv6():
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(('::1', 0))
        except OSError as error:
            raise Skipped('no IPv6 here: %s' % error) from error


def test_every_address_of_the_name_is_served():
    """Under load, from all of them, and after a reload; each worker waits on
    both."""
    without_ipv6()
    relay, _, port, wrapper = named('several', '127.0.0.1', '::1', '127.0.0.1')
    both = [('127.0.0.1', port), ('::1', port)]
    serve_named(relay, wrapper, *both)
    done, lock = [], threading.Lock()

    def client(address):
        for _ in range(20):
            health(address)
            with lock:
                done.append(address)
    try:
        for again in range(2):
            threads = [threading.Thread(target=client, args=(both[i % 2],))
                       for i in range(16)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            same(len(done), 320 * (again + 1), 'answers')
            relay.process.send_signal(signal.SIGHUP)
        log = harness.read(relay.log)
        holds('accept: ' not in log and 'addresses' not in log, log)
        workers = kill_master(relay)
        harness.wait_for(lambda: all(map(refuses, both)), 'nobody listens', 1)
        none_is_left(workers, time.monotonic())
    finally:
        relay.stop()


def test_queue_of_a_listener_with_two_addresses():
    """More requests than threads, on both: they wait, none is refused."""
    without_ipv6()
    with Upstream() as service:
        relay, address, port, wrapper = named('several-queue', '::1',
                                              '127.0.0.1')
        other = otx_gateway('several-queue', service, listen=address)
        both = [('127.0.0.1', port), ('::1', port)]
        serve_named(other, wrapper, *both)
        slow(service)
        asking = [Asking(a, 8) for a in both]
        harness.wait_for(lambda: queue_length(other) == 16 - THREADS,
                         'the others are in the queue')
        service.release()
        for some in asking:
            some.whole()
        same(other.stop(), 0, 'exit status')


def test_address_that_the_machine_has_not_is_told():
    relay, address, port, wrapper = named('absent', '192.0.2.1', '127.0.0.1')
    serve_named(relay, wrapper, ('127.0.0.1', port))
    try:
        health(('127.0.0.1', port))
        has(address + ': not on all of its addresses: 192.0.2.1: Cannot assign',
            harness.read(relay.log), 'the log')
        same(within(relay, wrapper, 'ping', '--url', address)[0], 0, 'ping')
    finally:
        same(relay.stop(), 0, 'exit status')


def test_name_with_no_address_of_this_machine():
    relay, address, _, wrapper = named('elsewhere', '198.51.100.1', '198.51.100.2')
    status, _, err = harness.run(
        wrapper + [harness.program('ctim-relay.fcgi')], env=relay.env())
    same(status, 1, 'exit status')
    has(address + ': Cannot assign requested address', err, 'what it says')


def test_address_of_the_name_that_is_taken():
    """Half a listener would be another server's for whom asks there."""
    without_ipv6()
    for first, second in (('127.0.0.1', '::1'), ('::1', '127.0.0.1')):
        relay, address, port, wrapper = named('taken', first, second)
        with socket.socket(socket.AF_INET6 if ':' in second
                           else socket.AF_INET) as taken:
            taken.bind((second, port))
            taken.listen()
            status, _, err = harness.run(
                wrapper + [harness.program('ctim-relay.fcgi')],
                env=relay.env())
        same(status, 1, 'exit status')
        has(address + ': ', err, 'what it says')
        has('Address already in use', err, 'what it says')
        holds(refuses((first, port)), 'it listens on half of it')


def test_command_line_tries_every_address():
    """ping and doctor find a gateway behind the second address of a name, and
    doctor says which is not answered at."""
    without_ipv6()
    relay, address, port, wrapper = named('second', '::1', '127.0.0.1')
    relay.serve('--listen', '127.0.0.1:%d' % port, wait=False)
    try:
        harness.wait_for(lambda: not refuses(('127.0.0.1', port)), 'it serves')
        status, out, err = within(relay, wrapper, 'ping', '--url', address)
        same(status, 0, 'ping: ' + out + err)
        out = within(relay, wrapper, 'doctor')[1]
        has('nobody answers at ::1', out, 'doctor')
    finally:
        same(relay.stop(), 0, 'exit status')
    status, _, err = within(relay, wrapper, 'ping', '--url', address)
    same(status, 1, 'ping of nobody')
    has('Connection refused', err, 'ping of nobody')


# --- descriptors -------------------------------------------------------------

def limited(limit, *args):
    """A command under a hard limit of descriptors."""
    return ['prlimit', '--nofile=%d:%d' % (limit, limit), *args]


def needed(relay):
    """How many descriptors a start wants that has too few."""
    status, out, err = harness.run(
        limited(40, harness.program('ctim-relay.fcgi')), env=relay.env())
    same((status, out), (78, ''), 'exit status and output\n' + err)
    return int(re.search(r'may need (\d+) descriptors, and the limit is 40',
                         err).group(1)), err


def queue_length(relay):
    return json.loads(relay.cli('status', '--json')[1])['queue']['waiting']


def open_descriptors(pid):
    return len(os.listdir('/proc/%d/fd' % pid))


def test_too_few_descriptors_refuse_the_start():
    """With the number that is needed, the file and the keys; one more than too
    few is enough, and no socket is left of what was refused."""
    with Upstream() as service:
        relay = otx_gateway('few', service, threads='3', queue='4')
        relay.sections['http']['parallel'] = '5'
        relay.write()
        number, err = needed(relay)
        for word in (relay.conf + ': ', '[server] threads = 3', 'queue = 4',
                     '[http] parallel = 5', 'LimitNOFILE=%d' % number):
            has(word, err, 'what it says')
        status, _, err = harness.run(
            limited(number - 1, harness.program('ctim-relay.fcgi')),
            env=relay.env())
        same(status, 78, 'exit status')
        has('the limit is %d;' % (number - 1), err, 'what it says')
        holds(not os.path.exists(relay.socket), 'a socket is left')
        status, _, err = harness.run(
            limited(number - 1, harness.program('ctim-relay.fcgi'),
                    '--workers', '0'), env=relay.env())
        same(status, 78, 'exit status of --workers 0')
        status, out, err = harness.run(
            limited(number - 1, harness.program('ctim-relay'), 'check'),
            env=relay.env())
        same(status, 0, 'check: ' + out + err)
        has('warning: %s: [server] threads = 3' % relay.conf, err, 'check')
        relay.relays += '[relay more]\nprovider = otx\nparallel = 9\n'
        relay.write()
        more, err = needed(relay)
        has('[relay more] parallel = 9', err, 'what it says')
        holds(more > number, '%d for more calls, not over %d' % (more, number))


def test_descriptors_that_just_suffice():
    """At the number that a refused start names all threads serve with all their
    calls under way, the queue is full, and nothing fails."""
    domains = ['d%d.example' % i for i in range(8)]
    asked = observables('domain', *domains)
    with Upstream() as service:
        relay = otx_gateway('enough', service, workers='1', threads='4',
                            queue='6')
        relay.sections['http']['parallel'] = '8'
        relay.sections['cache'] = {
            'url': 'sqlite:%s/cache.db' % relay.store_folder}
        relay.write()
        number, _ = needed(relay)
        relay.serve(wrapper=limited(number))
        try:
            workers = relay.workers()
            service.rules([dict(rule, hold=True)
                           for rule in otx(asked, entries=1)])
            asking = Asking(relay.socket, 4, asked)
            harness.wait_for(lambda: service.waiting >= 32, 'calls under way')
            # Only now: who finds a thread that is about to be idle waits for it.
            more = Asking(relay.socket, 6, asked)
            harness.wait_for(lambda: queue_length(relay) == 6,
                             'the queue is full')
            used = [open_descriptors(p) for p in workers + [relay.process.pid]]
            holds(max(used) <= number, '%r of %d' % (used, number))
            service.release()
            asking.whole()
            more.whole()
            same(relay.workers(), workers, 'workers')
            log = harness.read(relay.log)
            holds('Too many' not in log and 'accept: ' not in log, log)
        finally:
            service.release()
            same(relay.stop(), 0, 'exit status')


def test_reload_that_needs_more_descriptors_is_refused():
    relay = Gateway('more', sections={'server': {'threads': '2'}})
    number, _ = needed(relay)
    relay.serve(wrapper=limited(number))
    try:
        workers = relay.workers()
        relay.sections['server']['threads'] = '3'
        relay.write()
        relay.process.send_signal(signal.SIGHUP)
        harness.wait_for(lambda: 'reload refused' in harness.read(relay.log),
                         'the refusal')
        has('the limit is %d;' % number, harness.read(relay.log), 'the log')
        health(relay.socket)
        same(relay.workers(), workers, 'workers')
    finally:
        same(relay.stop(), 0, 'exit status')

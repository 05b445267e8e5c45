"""What becomes of a pool's processes: a master that was killed, descriptors
that do not suffice, a listener whose name has several addresses."""

import os
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
DEADLINE = 6        # seconds
OBSERVE = '/otx/observe/observables'


def health(address):
    request = fcgi.request('POST', '/template/health', b'', harness.jwt())
    status, _, text = fcgi.call(address, request)
    same((status, text.decode()), (200, HEALTH), 'health')


def lives(pid):
    """Whether there is such a process, and no zombie."""
    try:
        return harness.read('/proc/%d/stat' % pid).rpartition(')')[2].split()[
            0] not in 'ZX'
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

    def __init__(self, address, count):
        self.answers = []
        self.threads = [threading.Thread(target=self.ask, args=(address,))
                        for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def ask(self, address):
        body = harness.json.dumps(ASKED).encode()
        request = fcgi.request('POST', OBSERVE, body,
                               harness.jwt(CLAIMS['otx']))
        try:
            status, _, text = fcgi.call(address, request, body, 30)
            answer = harness.json.loads(text)
            self.answers.append((status, len(
                answer['data']['sightings']['docs']), 'errors' in answer))
        except (OSError, ValueError, LookupError) as error:
            self.answers.append(repr(error))

    def whole(self):
        """All were answered, and whole."""
        for thread in self.threads:
            thread.join()
        same(self.answers, [(200, 2, False)] * len(self.threads), 'answers')


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
    harness.wait_for(lambda: service.waiting >= 4, 'requests are in hand')
    time.sleep(0.3)         # the others are in the queue
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
        harness.wait_for(lambda: service.waiting >= 4, 'requests in hand')
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
        harness.wait_for(lambda: service.waiting >= 4, 'requests in hand')
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

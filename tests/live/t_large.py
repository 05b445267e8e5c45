# SPDX-License-Identifier: MIT
"""Large requests and the memory of a pool: what is being answered holds no more
than its share of [server] memory, what is beyond waits or gets 503, and the
small ones know nothing of it; and what a load took is given back."""

import json
import os
import re
import signal
import threading
import time

import fcgiclient as fcgi
import harness
import t_connections
from harness import has, holds, same
from provider_case import CLAIMS
from services import observables
from t_build import release_build
from t_connections import ended, health, wait_status
from t_process import ASKED, DEADLINE, OBSERVE, otx_gateway, slow
from upstream import Upstream

ALONE = '16M'           # of a worker: one large request at a time
PADDING = b' ' * 20000  # makes a request a large one
KNOWN = ['11.1.%d.%d' % (i // 250, i % 250) for i in range(5000)]
UNBOUND = 4 << 20       # bytes that are nobody's request: stacks, tables


class Large:
    """One to the relay otx, from a thread of its own."""

    def __init__(self, relay):
        self.answer = None
        self.thread = threading.Thread(target=self.ask, args=(relay.socket,))
        self.thread.start()

    def ask(self, address):
        body = json.dumps(ASKED).encode() + PADDING
        env = fcgi.request('POST', OBSERVE, body, harness.jwt(CLAIMS['otx']))
        try:
            self.answer = fcgi.call(address, env, body, 60)
        except (OSError, ValueError) as error:
            self.answer = repr(error), {}, b''

    def end(self):
        self.thread.join()
        return self.answer

    def whole(self):
        code, _, text = self.end()
        same(code, 200, 'status')
        answer = json.loads(text)
        same((len(answer['data']['sightings']['docs']), 'errors' in answer),
             (len(ASKED), False), 'the answer')


def slow_pool(name, service, **server):
    relay = otx_gateway(name, service, **dict(
        {'workers': '1', 'threads': '4', 'memory': ALONE}, **server))
    relay.serve()
    slow(service)
    return relay


def wait_large(relay, n):
    wait_status(relay, 'memory', 'waiting', n)


def begun(relay):
    """A large request that is being answered, and two that wait."""
    first = Large(relay)
    wait_status(relay, 'threads', 'busy', 1)
    more = [Large(relay) for _ in range(2)]
    wait_large(relay, 2)
    return [first] + more


def test_large_requests_wait_for_memory_without_a_thread():
    """One is answered at a time; small ones pass them."""
    with Upstream() as service:
        relay = slow_pool('large-wait', service)
        asking = begun(relay)
        for _ in range(5):
            health(relay)
        same(t_connections.status(relay, 'threads', 'busy'), 1,
             'threads at work')
        service.release()
        for each in asking:
            each.whole()
        wait_large(relay, 0)
        ended(relay)


def test_503_when_more_of_them_wait_than_the_queue_takes():
    with Upstream() as service:
        relay = slow_pool('large-full', service, queue='2')
        asking = begun(relay)
        code, headers, text = Large(relay).end()
        same(code, 503, 'status')
        holds(int(headers['retry-after']) > 0, 'Retry-After')
        has('memory', json.loads(text)['message'], 'message')
        same(t_connections.status(relay, 'queue', 'refused'), 1, 'refused')
        health(relay)
        service.release()
        for each in asking:
            each.whole()
        ended(relay)


def test_those_that_wait_are_answered_when_their_time_is_over():
    """None is cut, and none stays where it is."""
    with Upstream() as service:
        relay = slow_pool('large-late', service)
        relay.sections['http'].update(deadline='2', timeout='2')
        relay.write()
        relay.stop()
        relay.serve()
        asking = begun(relay)
        for each in asking:
            code, _, text = each.end()
            told = json.loads(text)
            holds((code == 503 and 'memory' in told['message']) or
                  (code == 200 and 'errors' in told), '%r: %r' % (code, told))
        wait_large(relay, 0)
        health(relay)
        service.release()
        ended(relay)


def test_reload_loses_none_that_waits_for_memory():
    with Upstream() as service:
        relay = slow_pool('large-reload', service)
        asking = begun(relay)
        old = relay.workers()
        os.kill(relay.process.pid, signal.SIGHUP)
        harness.wait_for(lambda: set(relay.workers()) - set(old),
                         'a new worker', 20)
        health(relay)
        service.release()
        for each in asking:
            each.whole()
        harness.wait_for(lambda: not set(relay.workers()) & set(old),
                         'the old worker has ended', 20)
        ended(relay)


def test_stop_loses_none_that_waits_for_memory():
    with Upstream() as service:
        relay = slow_pool('large-stop', service)
        asking = begun(relay)
        relay.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        service.release()
        for each in asking:
            each.whole()
        same(relay.process.wait(DEADLINE + 5), 0, 'exit status')
        relay.process = None


# --- as it is installed ---------------------------------------------------------

def held(pid):
    """Bytes of the process that no other has."""
    text = harness.read('/proc/%d/smaps_rollup' % pid)
    return sum(int(n) * 1024 for n in re.findall(
        r'^(?:Private_Dirty|Private_Clean): +(\d+)', text, re.M))


def files(pid, seen):
    """Bytes of its memory files that are not in seen."""
    total, folder = 0, '/proc/%d/fd' % pid
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        try:
            if '/memfd:' not in os.readlink(path):
                continue
            found = os.stat(path)
        except FileNotFoundError:
            continue
        if found.st_ino not in seen:
            seen.add(found.st_ino)
            total += found.st_blocks * 512
    return total


def memory(relay):
    """Of all processes of a pool."""
    total, seen = 0, set()
    for pid in [relay.process.pid] + relay.workers():
        try:
            total += held(pid) + files(pid, seen)
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total


class Watch:
    """The most memory that a pool has meanwhile, and health."""

    def __init__(self, relay):
        self.relay, self.most, self.healthy, self.error = relay, 0, 0, None
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.done.wait(0.02):
            try:
                self.most = max(self.most, memory(self.relay))
                health(self.relay)
                self.healthy += 1
            except Exception as error:
                self.error = error
                return

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()


def burst(relay, count, each):
    """So many clients, each one request after the other: the statuses and what
    came with them."""
    body = json.dumps(observables('ip', *KNOWN)).encode()
    data = fcgi.records(fcgi.request('POST', '/local/observe/observables',
                                     body, harness.jwt()), body)
    answers = []

    def client():
        for _ in range(each):
            out, _, end = fcgi.parse(fcgi.raw(relay.socket, data, 60))
            code, headers, text = fcgi.http(out)
            whole = end == (0, fcgi.REQUEST_COMPLETE) and (
                code != 200 or text.count(b'"type":"judgement"') == len(KNOWN))
            answers.append((code if whole else 'cut', headers))
    threads = [threading.Thread(target=client) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads, answers


def small_pool(name, queue, memory='32M'):
    relay = t_connections.large_pool(
        name, build=release_build(), server={
            'workers': '2', 'threads': '16', 'queue': queue, 'memory': memory})
    relay.load('\n'.join(KNOWN) + '\n', 'feed')
    return relay.serve()


def test_a_small_pool_answers_a_burst_of_large_requests_within_its_memory():
    """200 or 503 with Retry-After; what it holds beside what it has at rest is
    bounded, and health answers."""
    relay = small_pool('large-burst', '4')
    health(relay)
    rest = memory(relay)
    with Watch(relay) as watch:
        threads, answers = burst(relay, 40, 1)
        for thread in threads:
            thread.join()
    holds(watch.most < rest + (32 << 20) + UNBOUND,
          '%.1f MB at rest, %.1f at most' % (rest / 1e6, watch.most / 1e6))
    holds(watch.error is None, 'health: %r' % watch.error)
    codes = [code for code, _ in answers]
    same((len(codes), set(codes) - {200, 503}), (40, set()), 'statuses')
    holds(codes.count(200) > 0, 'none was served')
    holds(codes.count(503) > 0, 'none was refused')
    holds(all('retry-after' in h for code, h in answers if code == 503),
          'Retry-After')
    holds(watch.healthy > 0, 'health was never asked')
    ended(relay)


def test_a_reload_amid_large_requests_loses_none():
    """Where there are places and memory for all that wait, all are answered with
    200.  A worker alone may get all 8, and one more that comes before a thread
    has given up what its answer took: an eighth of half of 48M is 3M, which
    eleven of these bodies fit."""
    relay = small_pool('large-reloads', '100', '48M')
    threads, answers = burst(relay, 8, 5)
    for _ in range(3):
        time.sleep(0.3)
        os.kill(relay.process.pid, signal.SIGHUP)
    for thread in threads:
        thread.join()
    same((len(answers), {code for code, _ in answers}), (8 * 5, {200}),
         'statuses')
    ended(relay)


test_a_small_pool_answers_a_burst_of_large_requests_within_its_memory.limit = 240
test_a_reload_amid_large_requests_loses_none.limit = 240


def test_a_pool_gives_back_what_a_load_took():
    """Buffers, and the pages of a large store that each thread has seen."""
    relay = t_connections.large_pool('large-rest', build=release_build(),
                                     server={'workers': '2', 'threads': '16'})
    relay.load('\n'.join('11.%d.%d.%d' % (1 + i // 65536, i // 256 % 256, i % 256)
                         for i in range(200000)) + '\n', 'more')
    relay.serve()
    bodies = [json.dumps(observables('ip', *(
        '11.%d.%d.%d' % (1 + i // 65536, i // 256 % 256, i % 256)
        for i in range(n * 997 % 199, 200000, 200)))).encode()
        for n in range(100)]

    def client():
        while bodies:
            try:
                body = bodies.pop()
            except IndexError:
                return
            env = fcgi.request('POST', '/local/observe/observables', body,
                               harness.jwt())
            same(fcgi.call(relay.socket, env, body, 60)[0], 200, 'status')
    for _ in range(2):
        threads = [threading.Thread(target=client) for _ in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    harness.wait_for(lambda: memory(relay) < 30 << 20,
                     'less than 30 MB, not %.1f' % (memory(relay) / 1e6), 60)
    ended(relay)


test_a_pool_gives_back_what_a_load_took.limit = 240


def test_64_clients_that_do_not_read_hold_nobody_up():
    """All their requests end, others are answered, and what they were to get
    is there when they read."""
    # Time for all in the queue, also where the machine has other work.
    gateway = t_connections.large_pool(
        'unread', build=release_build(), http={'deadline': '200'}, server={
            'queue': '100', 'write_memory': '8M', 'write_timeout': '200'}).serve()
    with t_connections.Unread(gateway, 64) as clients:
        # In its turn: 64 large answers are made before.
        health(gateway, 120)
        t_connections.answered(gateway, 64)
        same(t_connections.parked(gateway, 'readers'), 64, 'answers that wait')
        for _ in range(10):
            health(gateway)
        clients.read()
    t_connections.wait_parked(gateway, 0, 'readers')
    ended(gateway)


test_64_clients_that_do_not_read_hold_nobody_up.limit = 240

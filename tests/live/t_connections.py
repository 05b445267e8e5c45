# SPDX-License-Identifier: MIT
"""Waits hold nothing: connections whose request does not come, or whose answer
is not read, and everybody else meanwhile.  Straight at the socket, with many
more of them than there are threads."""

import json
import os
import resource
import signal
import socket
import threading
import time

import fcgiclient as fcgi
import harness
from harness import Gateway, fail, has, holds, same
from provider_case import CLAIMS, gateway as otx_relay
from services import observables, otx
from t_process import Asking, lives, slow
from upstream import Upstream

HEALTH = '{"data":{"status":"ok"}}'
LARGE = 1500            # observables of a large answer
KNOWN = ['11.0.%d.%d' % (i // 250, i % 250) for i in range(LARGE)]


def health_request(**more):
    return fcgi.records(fcgi.request('POST', '/template/health', b'',
                                     harness.jwt()), **more)


def health(gateway, timeout=10):
    env = fcgi.request('POST', '/template/health', b'', harness.jwt())
    code, _, text = fcgi.call(gateway.socket, env, timeout=timeout)
    same((code, text.decode()), (200, HEALTH), 'health')


def started(name, **server):
    """A pool of one worker of two threads, unless said otherwise."""
    return Gateway(name, sections={'server': dict(
        {'workers': '1', 'threads': '2'}, **server)}).serve()


def ended(gateway):
    """It ends well, and at once, as nothing is in hand."""
    same(gateway.stop(), 0, 'exit status')


def many_files():
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def closed(sock, timeout=10):
    """Whether the peer has closed it, within timeout seconds."""
    sock.settimeout(timeout)
    try:
        return sock.recv(1) == b''
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


def is_open(sock):
    timeout = sock.gettimeout()
    sock.setblocking(False)
    try:
        return sock.recv(1, socket.MSG_PEEK) != b''
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        sock.settimeout(timeout)


def status(gateway, group, what):
    return json.loads(gateway.cli('status', '--json')[1])[group][what]


def parked(gateway, what='requests'):
    return status(gateway, 'connections', what)


def wait_status(gateway, group, what, n):
    harness.wait_for(lambda: status(gateway, group, what) == n,
                     '%s %s: %d' % (group, what, n), 20)


def wait_parked(gateway, n, what='requests'):
    wait_status(gateway, 'connections', what, n)


def said(gateway, text):
    harness.wait_for(lambda: text in harness.read(gateway.log),
                     '"%s" in the log' % text)


class Quiet:
    """Connections that say nothing, half a request, or a byte now and then."""

    def __init__(self, gateway, count, kinds='shd'):
        self.whole = health_request()
        self.sockets, self.drips = [], []
        for i in range(count):
            sock = fcgi.connect(gateway.socket)
            self.sockets.append(sock)
            if kinds[i % len(kinds)] == 'h':
                sock.sendall(self.whole[:len(self.whole) // 2])
            elif kinds[i % len(kinds)] == 'd':
                self.drips.append(sock)
        self.at = 0

    def drip(self):
        for sock in self.drips:
            sock.sendall(self.whole[self.at:self.at + 1])
        self.at += 1

    def all_open(self):
        left = sum(map(is_open, self.sockets))
        same(left, len(self.sockets), 'connections that are still open')

    def close(self):
        for sock in self.sockets:
            sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


# --- requests that do not come -------------------------------------------------

def quiet(count):
    many_files()
    gateway = Gateway('quiet', sections={
        'server': {'workers': '2', 'threads': '2', 'queue': '2'}}).serve()
    with Quiet(gateway, count) as others:
        for _ in range(10):
            others.drip()
            health(gateway)
        others.all_open()
        wait_parked(gateway, count)
        # And each is a request like any other once it is whole.
        others.drips[0].sendall(others.whole[others.at:])
        _, _, end = fcgi.parse(fcgi.drain(others.drips[0]))
        same(end, (0, fcgi.REQUEST_COMPLETE), 'END_REQUEST')
    wait_parked(gateway, 0)
    ended(gateway)


def test_160_quiet_connections_hold_nobody_up():
    quiet(160)


def test_1000_quiet_connections_hold_nobody_up():
    quiet(1000)


def test_whole_requests_are_answered_while_quiet_ones_fill_the_set():
    """With connections = 50, 200 quiet ones come and go; no request fails."""
    gateway = started('full', connections='50')
    with Quiet(gateway, 200, 'sh'):
        for _ in range(20):
            health(gateway)
        said(gateway, 'the slowest, as more than `connections` wait')
        holds(parked(gateway) <= 50, 'more than 50 wait')
    ended(gateway)


def test_the_slowest_old_connection_goes_first():
    """The one with the fewest bytes a second over its life; those younger than
    two seconds last."""
    gateway = started('slowest', connections='10')
    whole = health_request()
    socks = [fcgi.connect(gateway.socket) for _ in range(10)]
    for i, sock in enumerate(socks):
        sock.sendall(whole[:1 if i == 6 else 40 + i])
    time.sleep(2.2)
    new = fcgi.connect(gateway.socket)      # slower than all: says nothing
    holds(closed(socks[6]), 'the slowest is open')
    del socks[6]
    wait_parked(gateway, 10)
    same(sum(map(is_open, socks + [new])), 10, 'the others')
    said(gateway, '1 connection dropped: the slowest')
    newer = fcgi.connect(gateway.socket)
    holds(closed(socks[0]), 'the slowest of the old ones is open')
    holds(is_open(new) and is_open(newer), 'a young one went first')
    health(gateway)
    for sock in socks + [new, newer]:
        sock.close()
    ended(gateway)


def test_what_was_answered_counts_for_a_connection():
    """Who took 600 KB of answers is faster than who sent 200 KB."""
    gateway = large_pool('counts', server={'connections': '2'}).serve()
    body = json.dumps(observables('ip', *KNOWN[:40])).encode()
    env = fcgi.request('POST', '/local/deliberate/observables', body,
                       harness.jwt())
    sender = fcgi.connect(gateway.socket)
    sender.sendall(fcgi.begin() + fcgi.stream(fcgi.PARAMS, fcgi.pairs(
        fcgi.request('POST', '/local/observe/observables', b'',
                     harness.jwt()))) +
        4 * fcgi.record(fcgi.STDIN, b' ' * 50000))
    kept = Kept(gateway)
    for _ in range(30):
        kept.send(fcgi.records(env, body, flags=fcgi.KEEP_CONN))
        holds(len(kept.answer()[2]) > 20000, 'a small answer')
    wait_parked(gateway, 2)
    time.sleep(2.2)
    new = fcgi.connect(gateway.socket)
    holds(closed(sender), 'the sender is open')
    holds(is_open(kept.sock), 'who took the answer went first')
    for sock in (sender, kept.sock, new):
        sock.close()
    ended(gateway)


def test_dropped_connections_do_not_fill_the_log():
    """Whoever can connect can have connections dropped: that is one line a
    second, and counts them all."""
    gateway = started('flood', connections='10')
    began = time.monotonic()
    socks = []
    for _ in range(200):
        socks.append(fcgi.connect(gateway.socket))
        time.sleep(.005)
    wait_parked(gateway, 10)
    wait_status(gateway, 'connections', 'dropped', 190)
    for sock in socks:
        sock.close()
    ended(gateway)
    lines = [line for line in harness.read(gateway.log).split('\n')
             if 'the slowest, as more than' in line]
    holds(len(lines) <= time.monotonic() - began + 2,
          '%d lines in the log' % len(lines))
    same(sum(int(json.loads(line)['message'].split()[0]) for line in lines),
         190, 'dropped, as the log says')


def test_a_visitor_is_not_put_out_by_those_who_came_before():
    """All are younger than two seconds, and the visitor alone has had no time
    to send anything."""
    gateway = started('visitor', connections='20')
    whole = health_request()
    with Quiet(gateway, 40, 'h'), fcgi.connect(gateway.socket) as sock:
        time.sleep(.3)
        sock.sendall(whole[:10])
        time.sleep(.1)
        sock.sendall(whole[10:])
        same(fcgi.parse(fcgi.drain(sock))[2], (0, 0), 'END_REQUEST')
    ended(gateway)


def test_read_timeout_ends_a_drip():
    """All of a request has so long, from its first byte; what is dripped does
    not make it longer."""
    gateway = started('drip', read_timeout='2')
    whole = health_request()
    began = time.monotonic()
    with fcgi.connect(gateway.socket) as sock, \
            fcgi.connect(gateway.socket) as silent:
        for i in range(100):
            try:
                sock.sendall(whole[i:i + 1])
            except OSError:
                break
            time.sleep(0.1)
        took = time.monotonic() - began
        holds(1.5 < took < 6, 'over after %.1f s instead of 2' % took)
        holds(closed(sock, 1), 'it is open')
        holds(closed(silent, 1), 'the silent one is open')
    said(gateway, 'the request did not come within read_timeout')
    health(gateway)
    ended(gateway)


def test_deadline_begins_when_the_request_is_whole():
    gateway = Gateway('late', sections={
        'http': {'deadline': '1', 'timeout': '1'},
        'server': {'workers': '1', 'threads': '1'}}).serve()
    whole = health_request()
    with fcgi.connect(gateway.socket) as sock:
        for part in (whole[:10], whole[10:60], whole[60:]):
            sock.sendall(part)
            time.sleep(1)
        out, _, _ = fcgi.parse(fcgi.drain(sock))
        same(fcgi.http(out)[2].decode(), HEALTH, 'the answer')
    ended(gateway)


def test_parked_memory_is_bounded():
    """Of unfinished requests that hold more than parked_memory the slowest
    goes."""
    gateway = started('memory', parked_memory='100K')
    env = fcgi.request('POST', '/local/observe/observables', b'', harness.jwt())
    start = fcgi.begin() + fcgi.stream(fcgi.PARAMS, fcgi.pairs(env))
    socks = []
    for i in range(4):
        socks.append(fcgi.connect(gateway.socket))
        socks[-1].sendall(start + fcgi.record(fcgi.STDIN, b' ' * 40000))
    said(gateway, 'unfinished requests take more than parked_memory')
    same(sum(map(is_open, socks)) < 4, True, 'one is dropped')
    health(gateway)
    for sock in socks:
        sock.close()
    wait_parked(gateway, 0)
    ended(gateway)


def test_answered_requests_do_not_count_as_parked_memory():
    """Who does not read an answer holds the answer, not the request."""
    gateway = large_pool('memory-readers',
                         server={'parked_memory': '100K'}).serve()
    # One by one: two that are not complete at a time are more than may be.
    with Unread(gateway, 6, one_by_one=True) as clients:
        same(parked(gateway, 'readers'), 6, 'answers that wait')
        time.sleep(.5)
        clients.read()
    ended(gateway)


def test_no_file_for_a_request_is_answered_with_500():
    """The memory file in which libfcgi sees the request may grow no more."""
    gateway = Gateway('small-files', sections={'server': {'workers': '1'}})
    gateway.serve(wrapper=('prlimit', '--fsize=100000'))
    body = b'[' + b' ' * 200000 + b']'
    env = fcgi.request('POST', '/local/observe/observables', body,
                       harness.jwt())
    same(fcgi.call(gateway.socket, env, body)[0], 500, 'status')
    health(gateway)
    ended(gateway)


def test_2000_half_requests_take_little_memory():
    """With sanitizers it is the growth that can be told; `make bench` has the
    whole."""
    many_files()
    gateway = started('half')

    def held():
        total = 0
        for pid in [gateway.process.pid] + gateway.workers():
            for line in harness.read('/proc/%d/smaps_rollup' % pid).split('\n'):
                total += int(line.split()[1]) if line[:4] == 'Pss:' else 0
        return total / 1024
    health(gateway)
    before = held()
    with Quiet(gateway, 2000, 'h') as others:
        wait_parked(gateway, 2000)
        grown = held() - before
        holds(grown < 40, '%.0f MB more for 2,000 half requests' % grown)
        others.all_open()
        health(gateway)
    ended(gateway)


def test_reload_keeps_what_is_not_complete():
    """Half a request stays with its old worker and is answered there."""
    gateway = started('reload')
    workers = gateway.workers()
    whole = health_request()
    with fcgi.connect(gateway.socket) as sock:
        sock.sendall(whole[:50])
        wait_parked(gateway, 1)
        gateway.process.send_signal(signal.SIGHUP)
        harness.wait_for(lambda: len(gateway.workers()) == 2, 'another worker')
        time.sleep(3)           # more than a stop would give it
        health(gateway)
        same(workers[0] in gateway.workers(), True, 'the old one is there')
        sock.sendall(whole[50:])
        out, _, _ = fcgi.parse(fcgi.drain(sock))
        same(fcgi.http(out)[2].decode(), HEALTH, 'the answer')
    harness.wait_for(lambda: workers[0] not in gateway.workers(),
                     'the old worker is gone')
    ended(gateway)


def test_reload_gives_up_what_does_not_come():
    """The old worker ends, at read_timeout, and is not killed before."""
    gateway = Gateway('reload-drip', sections={
        'http': {'deadline': '1'},
        'server': {'workers': '1', 'threads': '2', 'read_timeout': '8'}})
    gateway.serve()
    workers = gateway.workers()
    with fcgi.connect(gateway.socket) as sock, \
            fcgi.connect(gateway.socket) as silent:
        sock.sendall(health_request()[:50])
        wait_parked(gateway, 2)
        gateway.process.send_signal(signal.SIGHUP)
        holds(closed(sock, 15), 'it is open')
        holds(closed(silent, 15), 'the silent one is open')
    harness.wait_for(lambda: workers[0] not in gateway.workers(),
                     'the old worker is gone')
    holds('no sign of life' not in harness.read(gateway.log), 'it was killed')
    health(gateway)
    ended(gateway)


def test_stop_closes_what_is_not_complete():
    """After two seconds; it was not accepted work."""
    gateway = Gateway('stop-half', sections={
        'server': {'workers': '2', 'threads': '2'}}).serve()
    with Quiet(gateway, 100, 'sh') as others:
        wait_parked(gateway, 100)
        began = time.monotonic()
        gateway.process.send_signal(signal.SIGTERM)
        for sock in others.sockets:
            holds(closed(sock), 'it is open')
        took = time.monotonic() - began
        holds(1.5 < took < 6, 'closed after %.1f s' % took)
    ended(gateway)


def test_killed_worker_takes_only_its_own():
    """kill -9: the quiet ones of another worker, and all new ones, go on."""
    gateway = Gateway('killed', sections={
        'server': {'workers': '2', 'threads': '2'}}).serve()
    with Quiet(gateway, 60, 'h') as others:
        wait_parked(gateway, 60)
        victim = gateway.workers()[0]
        os.kill(victim, signal.SIGKILL)
        harness.wait_for(lambda: not lives(victim), 'it is dead')
        for _ in range(10):
            health(gateway)
        harness.wait_for(lambda: len(gateway.workers()) == 2, 'a new worker')
        left = [s for s in others.sockets if is_open(s)]
        for sock in left:
            sock.sendall(others.whole[len(others.whole) // 2:])
            same(fcgi.parse(fcgi.drain(sock))[2], (0, 0), 'END_REQUEST')
    ended(gateway)


def test_what_a_killed_worker_had_is_not_counted():
    gateway = started('killed-count')
    with Quiet(gateway, 20):
        wait_parked(gateway, 20)
        first = gateway.workers()
        os.kill(first[0], signal.SIGKILL)
        harness.wait_for(lambda: gateway.workers() not in ([], first),
                         'a new worker')
        health(gateway)
        wait_parked(gateway, 0)
    ended(gateway)


def test_orphans_end_with_quiet_connections():
    gateway = Gateway('orphan', sections={
        'http': {'deadline': '3'},
        'server': {'workers': '2', 'threads': '2'}}).serve()
    with Quiet(gateway, 40, 'sh'):
        wait_parked(gateway, 40)
        workers = gateway.workers()
        gateway.process.kill()
        gateway.process.wait()
        harness.wait_for(lambda: not any(map(lives, workers)),
                         'the workers are gone', 10)


# --- more requests than threads ------------------------------------------------

def test_1000_clients_at_once_are_all_answered():
    """200, or 503 with Retry-After: none is cut, and what is refused is
    counted."""
    many_files()
    gateway = Gateway('crowd', sections={
        'server': {'workers': '2', 'threads': '2', 'queue': '8'}}).serve()
    body = json.dumps(observables('ip', *KNOWN[:100])).encode()
    data = fcgi.records(fcgi.request(
        'POST', '/local/deliberate/observables', body, harness.jwt()), body)
    answers = [a for a, _ in fcgi.at_once(gateway.socket, data, 1000)]
    same(len([a for a in answers if not a]), 0, 'clients without an answer')
    statuses = [0, 0]
    for answer in answers:
        out, _, end = fcgi.parse(answer)
        same(end, (0, fcgi.REQUEST_COMPLETE), 'END_REQUEST')
        code, headers, _ = fcgi.http(out)
        holds(code == 200 or (code == 503 and 'retry-after' in headers),
              'status %d' % code)
        statuses[code == 503] += 1
    holds(statuses[0] > 0, 'none was served')
    same(status(gateway, 'queue', 'refused'), statuses[1], 'refused')
    ended(gateway)


def test_503_when_threads_and_queue_are_full():
    """At once, and with Retry-After; half a request counts for neither."""
    with Upstream() as service:
        relay = otx_relay('busy', service.url, ['otx'], server={
            'workers': '1', 'threads': '2', 'queue': '2'})
        relay.relays += '[relay template]\n'
        relay.write()
        relay.serve()
        slow(service)
        with Quiet(relay, 20):
            asking = Asking(relay.socket, 2)
            wait_status(relay, 'threads', 'busy', 2)
            more = Asking(relay.socket, 2)
            wait_status(relay, 'queue', 'waiting', 2)
            for _ in range(5):
                env = fcgi.request('POST', '/template/health', b'',
                                   harness.jwt())
                code, headers, text = fcgi.call(relay.socket, env)
                same(code, 503, 'status')
                holds(int(headers['retry-after']) > 0, 'Retry-After')
                has('"reason":"Service Unavailable"', text.decode(), 'answer')
            service.release()
            asking.whole()
            more.whole()
            health(relay)
        ended(relay)


def test_queue_survives_a_killed_worker():
    """What waits in the queue was read by a worker that is killed; another
    answers it."""
    with Upstream() as service:
        relay = otx_relay('queue-kill', service.url, ['otx'], server={
            'workers': '2', 'threads': '1', 'queue': '20'})
        relay.relays += '[relay template]\n'
        relay.write()
        relay.serve()
        slow(service)
        asking = Asking(relay.socket, 2)
        wait_status(relay, 'threads', 'busy', 2)
        waiting = [fcgi.connect(relay.socket, 30) for _ in range(12)]
        for sock in waiting:
            sock.sendall(health_request())
        wait_status(relay, 'queue', 'waiting', 12)
        os.kill(relay.workers()[0], signal.SIGKILL)
        for sock in waiting:
            same(fcgi.parse(fcgi.drain(sock))[2], (0, 0), 'END_REQUEST')
            sock.close()
        service.release()
        for thread in asking.threads:
            thread.join()
        ended(relay)


# --- answers that are not read -------------------------------------------------

def large_pool(name, **more):
    """A pool whose /local/observe of KNOWN has an answer of more than a
    megabyte."""
    sections = {'server': dict({'workers': '1', 'threads': '2',
                                'max_observables': '5000'},
                               **more.pop('server', {}))}
    gateway = Gateway(name, build=more.pop('build', None),
                      sections=dict(sections, **more))
    gateway.load('\n'.join(KNOWN) + '\n', 'feed')
    return gateway


def large_request(number=0, **more):
    body = json.dumps(observables('ip', *KNOWN)).encode()
    return fcgi.records(fcgi.request(
        'POST', '/local/observe/observables', body, harness.jwt(),
        HTTP_X_REQUEST_ID='large-%d' % number), body, **more)


class Unread:
    """Clients that ask for a large answer and do not read it."""

    def __init__(self, gateway, count, one_by_one=False):
        self.sockets = []
        for i in range(count):
            sock = fcgi.connect(gateway.socket, 30)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.sendall(large_request(i))
            self.sockets.append(sock)
            if one_by_one:
                answered(gateway, i + 1)

    def read(self):
        """All answers, now; they are whole."""
        for sock in self.sockets:
            out, _, end = fcgi.parse(fcgi.drain(sock, 30))
            same(end, (0, fcgi.REQUEST_COMPLETE), 'END_REQUEST')
            code, _, text = fcgi.http(out)
            data = json.loads(text)['data']
            same((code, data['judgements']['count']), (200, LARGE), 'answer')
            holds(len(text) > 1 << 20, 'only %d bytes' % len(text))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for sock in self.sockets:
            sock.close()


def answered(gateway, count):
    """So many of the large requests have ended, as the log says."""
    def done():
        return len({r['id'] for r in gateway.records()
                    if r.get('id', '').startswith('large-')}) == count
    harness.wait_for(done, '%d requests have ended' % count, 60)


def end_of(sock):
    """The END_REQUEST of an answer, 'cut' without one: in a record or between
    two."""
    try:
        return fcgi.parse(fcgi.drain(sock, 30))[2] or 'cut'
    except ValueError:
        return 'cut'


def test_write_timeout_drops_a_reader():
    """Nothing taken for so long, and a line in the log; one that takes a little
    now and then has its whole answer."""
    gateway = large_pool('write-timeout', server={'write_timeout': '5'}).serve()
    with Unread(gateway, 2) as clients:
        answered(gateway, 2)
        slow_one = clients.sockets[0]
        got = b''
        for _ in range(20):
            slow_one.settimeout(10)
            got += slow_one.recv(100000)
            time.sleep(0.4)
        got += fcgi.drain(slow_one, 30)
        same(fcgi.parse(got)[2], (0, fcgi.REQUEST_COMPLETE), 'END_REQUEST')
        said(gateway, '1 connection dropped: nothing of the answer was taken '
             'for write_timeout')
        same(end_of(clients.sockets[1]), 'cut', 'the answer of the other one')
    ended(gateway)


def spilled(gateway):
    """The bytes of files without a name that its worker has."""
    total = 0
    for pid in gateway.workers():
        folder = '/proc/%d/fd' % pid
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            try:
                if '/later/' in os.readlink(path):
                    total += os.stat(path).st_size
            except FileNotFoundError:
                pass
    return total


def spill_folder(gateway):
    path = os.path.join(gateway.folder, 'later')
    os.mkdir(path)
    harness.give(path, 0o2770)
    return path


def test_answers_wait_in_memory_and_then_on_disk():
    """Nothing is on disk while write_memory suffices; then what is more is; and
    when all is read nothing is left of it."""
    gateway = large_pool('spill', server={'write_memory': '2M'})
    gateway.serve(TMPDIR=spill_folder(gateway))
    with Unread(gateway, 1) as first:
        answered(gateway, 1)
        same(spilled(gateway), 0, 'bytes on disk')
        with Unread(gateway, 6) as clients:
            answered(gateway, 6)
            holds(spilled(gateway) > 1 << 20, 'nothing is on disk')
            clients.read()
        first.read()
    wait_parked(gateway, 0, 'readers')
    same(spilled(gateway), 0, 'bytes on disk at the end')
    ended(gateway)


def test_no_room_for_answers_drops_them():
    """With a line in the log; others are served."""
    gateway = large_pool('no-room', server={'write_memory': '1M',
                                            'spill': '1M'}).serve()
    with Unread(gateway, 8) as clients:
        said(gateway, 'write_memory and spill are used up')
        answered(gateway, 8)
        health(gateway)
        ends = [end_of(sock) for sock in clients.sockets]
        holds('cut' in ends and ends.count('cut') < 8, 'answers: %r' % ends)
    with Unread(gateway, 1) as again:
        again.read()
    ended(gateway)


def test_full_disk_drops_the_answer():
    gateway = large_pool('full-disk', server={'write_memory': '0'})
    gateway.serve(TMPDIR=os.path.join(gateway.folder, 'nonexistent'))
    with Unread(gateway, 2):
        said(gateway, 'its answer is not read, and No such file')
        health(gateway)
    ended(gateway)


def test_stop_waits_for_readers():
    """An answer that waits at a stop is whole when it is read in time, and
    does not keep the pool for longer than the deadline and two seconds."""
    gateway = large_pool('stop-unread', http={'deadline': '10'}).serve()
    with Unread(gateway, 2) as clients:
        answered(gateway, 2)
        began = time.monotonic()
        gateway.process.send_signal(signal.SIGTERM)
        time.sleep(1)
        never = clients.sockets.pop()
        clients.read()
        same(gateway.process.wait(40), 0, 'exit status')
        took = time.monotonic() - began
        holds(took < 10 + 2 + 10, 'gone after %.1f s' % took)
        never.close()
    has('its answer was not taken until the worker\'s end',
        harness.read(gateway.log), 'the log')
    gateway.stop()


def test_first_byte_is_not_held_back():
    """What is streamed reaches a client that reads, while its request goes
    on."""
    with Upstream() as service:
        names = ['a%d.example' % i for i in range(2)]
        relay = otx_relay('first', service.url, ['otx'], server={
            'workers': '1', 'threads': '2'}).serve()
        rules = otx(observables('domain', *names), entries=1)
        service.rules([dict(rule, hold=True) if 'a1.example' in json.dumps(rule)
                       else rule for rule in rules])
        body = json.dumps(observables('domain', *names)).encode()
        with fcgi.connect(relay.socket, 30) as sock:
            sock.sendall(fcgi.records(fcgi.request(
                'POST', '/otx/observe/observables', body,
                harness.jwt(CLAIMS['otx'])), body))
            first = sock.recv(65536)
            has(b'Status: 200', first, 'the first bytes')
            holds(service.waiting >= 1, 'nothing is on its way any more')
            service.release()
            _, _, end = fcgi.parse(first + fcgi.drain(sock))
            same(end, (0, fcgi.REQUEST_COMPLETE), 'END_REQUEST')
        ended(relay)


# --- connections that are kept -------------------------------------------------

class Kept:
    """A connection with FCGI_KEEP_CONN."""

    def __init__(self, gateway):
        self.sock = fcgi.connect(gateway.socket, 30)

    def send(self, data=None):
        self.sock.sendall(data or health_request(flags=fcgi.KEEP_CONN))

    def answer(self):
        """One answer, to its END_REQUEST."""
        got = b''
        while True:
            some = self.sock.recv(65536)
            if not some:
                fail('closed after %r' % got[-100:])
            got += some
            try:
                out, _, end = fcgi.parse(got)
            except ValueError:
                continue
            if end is not None:
                same(end, (0, fcgi.REQUEST_COMPLETE), 'END_REQUEST')
                return fcgi.http(out)

    def ask(self):
        self.send()
        same(self.answer()[2].decode(), HEALTH, 'the answer')

    def close(self):
        self.sock.close()


def test_connection_is_kept_when_the_web_server_says_so():
    gateway = started('kept')
    kept = [Kept(gateway) for _ in range(20)]   # more than threads
    for _ in range(3):
        for one in kept:
            one.ask()
    wait_parked(gateway, 20)
    health(gateway)
    # Its last request without the flag ends it.
    kept[0].send(health_request())
    kept[0].answer()
    holds(closed(kept[0].sock), 'it is open')
    # A large body, a body that is too large, in one connection.
    body = b'[' + b' ' * (2 << 20) + b']'
    env = fcgi.request('POST', '/local/observe/observables', body,
                       harness.jwt())
    kept[1].send(fcgi.records(env, body, flags=fcgi.KEEP_CONN))
    same(kept[1].answer()[0], 413, 'status')
    kept[1].ask()
    for one in kept:
        one.close()
    wait_parked(gateway, 0)
    ended(gateway)


def test_kept_connection_after_an_answer_that_waited():
    gateway = large_pool('kept-large').serve()
    one = Kept(gateway)
    for i in range(3):
        one.send(large_request(i, flags=fcgi.KEEP_CONN))
        answered(gateway, i + 1)
        same(one.answer()[0], 200, 'status')
        one.ask()
    one.close()
    ended(gateway)


def test_bytes_after_a_request_end_its_connection():
    """Who sends on before the answer is there gets that answer, and no other
    request is lost in silence."""
    gateway = started('pipelined')
    one = Kept(gateway)
    one.send(health_request(flags=fcgi.KEEP_CONN) * 2)
    one.answer()
    holds(closed(one.sock), 'it is open')
    ended(gateway)


def test_bytes_after_a_request_do_not_cost_its_answer():
    """Over TCP, where a close with bytes unread is a reset that takes what the
    client has not read with it."""
    address = ('127.0.0.1', harness.free_port())
    gateway = large_pool('surplus-tcp', server={'listen': '%s:%d' % address})
    gateway.serve(wait=False)
    harness.wait_for(lambda: gateway.cli('status', ok=False)[0] == 0,
                     'the pool serves')
    with socket.socket() as sock:
        sock.settimeout(30)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(address)
        sock.sendall(large_request(flags=fcgi.KEEP_CONN) + b'more' * 100000)
        out, _, end = fcgi.parse(fcgi.drain(sock))
        same((end, len(fcgi.http(out)[2]) > 1 << 20), ((0, 0), True),
             'END_REQUEST, and a large answer')
    ended(gateway)


def test_request_on_a_kept_connection_waits_in_the_queue_of_all():
    """Its worker has no idle thread: another one's takes it, or it waits; it is
    not refused."""
    with Upstream() as service:
        relay = otx_relay('kept-queue', service.url, ['otx'], server={
            'workers': '2', 'threads': '1', 'queue': '20'})
        relay.relays += '[relay template]\n'
        relay.write()
        relay.serve()
        kept = [Kept(relay) for _ in range(16)]     # of both workers
        for one in kept:
            one.ask()
        slow(service)
        asking = Asking(relay.socket, 1)
        wait_status(relay, 'threads', 'busy', 1)
        for one in kept:
            one.ask()
        more = Asking(relay.socket, 1)
        wait_status(relay, 'threads', 'busy', 2)
        for one in kept:
            one.send()
        wait_status(relay, 'queue', 'waiting', 16)
        service.release()
        for one in kept:
            same(one.answer()[0], 200, 'status')
            one.ask()
            one.close()
        asking.whole()
        more.whole()
        ended(relay)


def test_kept_connections_outlive_their_worker():
    """A reload: the new worker gets them, none is closed, and the old one
    ends at once."""
    gateway = started('kept-reload')
    workers = gateway.workers()
    kept = [Kept(gateway) for _ in range(100)]
    for one in kept:
        one.ask()
    gateway.process.send_signal(signal.SIGHUP)
    harness.wait_for(lambda: gateway.workers() and
                     workers[0] not in gateway.workers(), 'the old one is gone')
    wait_parked(gateway, 100)
    for one in kept:
        one.ask()
        one.close()
    ended(gateway)


def test_stop_ends_kept_connections():
    """After two seconds at most, and each request that comes until then is
    answered."""
    gateway = started('kept-stop')
    kept = [Kept(gateway) for _ in range(6)]
    for one in kept:
        one.ask()
    gateway.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    for one in kept[:3]:
        one.ask()
    for one in kept:
        holds(closed(one.sock), 'it is open')
    same(gateway.process.wait(10), 0, 'exit status')
    gateway.stop()


def test_kept_connections_under_reload_lose_nothing():
    """No request finds its connection closed."""
    gateway = Gateway('kept-load', sections={
        'server': {'workers': '2', 'threads': '2', 'queue': '100'}}).serve()
    stop, failures, count = threading.Event(), [], [0]

    def load():
        one = None
        while not stop.is_set():
            try:
                one = one or Kept(gateway)
                one.ask()
                count[0] += 1
            except Exception as error:     # noqa: BLE001
                failures.append(repr(error))
                one = None
    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        time.sleep(0.7)
        gateway.process.send_signal(signal.SIGHUP)
    time.sleep(0.7)
    stop.set()
    for thread in threads:
        thread.join()
    ended(gateway)
    holds(count[0] > 100, 'only %d requests' % count[0])
    same(failures, [], 'failures of %d requests' % count[0])


# --- through a web server --------------------------------------------------------

def test_slow_posts_through_apache():
    """32 bodies that come byte by byte through mod_proxy_fcgi, and others
    meanwhile."""
    gateway = Gateway('apache-slow', sections={
        'server': {'workers': '2', 'threads': '2', 'queue': '32'}}).serve()
    web = harness.Apache(gateway, ways=('proxy_fcgi',))
    port = web.ports['proxy_fcgi']
    body = b'[{"type":"ip","value":"192.0.2.1"}]'
    head = ('POST /local/observe/observables HTTP/1.1\r\nHost: localhost\r\n'
            'Authorization: Bearer %s\r\nContent-Type: application/json\r\n'
            'Content-Length: %d\r\nConnection: close\r\n\r\n' % (
                harness.jwt(), len(body))).encode()
    socks = [socket.create_connection(('127.0.0.1', port), 30)
             for _ in range(32)]
    try:
        for sock in socks:
            sock.sendall(head + body[:1])
        wait_parked(gateway, 32)
        for at in range(1, 11):
            for sock in socks:
                sock.sendall(body[at:at + 1])
            answer = harness.http_request(
                port, 'POST', '/template/health', headers=harness.bearer())
            same((answer.status, answer.text()), (200, HEALTH), 'health')
        same(parked(gateway), 32, 'bodies that still come')
        for sock in socks:
            sock.sendall(body[11:])
        for sock in socks:
            has(b'{"data":{}}', fcgi.drain(sock, 30), 'the answer')
    finally:
        for sock in socks:
            sock.close()
        web.stop()
        ended(gateway)

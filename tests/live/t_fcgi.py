# SPDX-License-Identifier: MIT
"""The server program itself: FastCGI straight to its socket, the pool and its
signals, the ways in which it is started."""

import glob
import os
import random
import signal
import socket
import struct
import subprocess
import threading
import time

import fcgiclient as fcgi
import harness
from harness import Gateway, Skipped, fail, has, holds, same

HEALTH = '{"data":{"status":"ok"}}'
WAIT = 15       # seconds for an answer, or the end of a connection
_pool = None


def pool():
    """A pool that tests share who leave it as they found it."""
    global _pool
    if _pool is None:
        _pool = Gateway('fcgi').serve()
        harness.wait_for(lambda: len(_pool.workers()) == 2, 'both workers')
    return _pool


def close():
    global _pool
    if _pool is not None:
        gone, _pool = _pool, None
        same(gone.stop(), 0, 'exit status of the pool')


def call(gateway, path='/template/health', body=b'', token=True, method='POST',
         timeout=30, **env):
    """One request straight to the socket: (status, headers, body text)."""
    request = fcgi.request(method, path, body,
                           harness.jwt() if token else None, **env)
    status, headers, text = fcgi.call(gateway.socket, request, body, timeout)
    return status, headers, text.decode()


def serves(gateway):
    status, _, text = call(gateway)
    same((status, text), (200, HEALTH), 'health')


def dropped(data, answer=b''):
    """Sends bytes, expects the connection to be closed with answer, and the
    pool to serve on with the same workers."""
    before = pool().workers()
    got = fcgi.raw(pool().socket, data, WAIT)
    same(got, answer, 'what came for %r…' % data[:40])
    serves(pool())
    same(pool().workers(), before, 'the workers')


def params(env=None, **more):
    return fcgi.pairs(dict(env or fcgi.request(
        'POST', '/template/health', b'', harness.jwt()), **more))


# --- bytes that are no request ------------------------------------------------

GET_VALUES = fcgi.pairs([('FCGI_MPXS_CONNS', '')] * 4)
BEGIN = fcgi.begin()
HOSTILE = {
    'get values before the request':
        fcgi.record(fcgi.GET_VALUES, GET_VALUES, 0),
    'get values flood before the request':
        fcgi.record(fcgi.GET_VALUES, GET_VALUES * 500, 0) * 50,
    'get values flood inside the request':
        BEGIN + fcgi.record(fcgi.GET_VALUES, GET_VALUES * 500, 0) * 50,
    'get values with a request id':
        BEGIN + fcgi.record(fcgi.GET_VALUES, GET_VALUES, 1),
    'an unknown management record': fcgi.record(77, b'x' * 100, 0),
    'version 2': fcgi.record(fcgi.BEGIN_REQUEST, b'\0\1\0\0\0\0\0\0',
                             version=2),
    'version 0': b'\0' * 64,
    'HTTP': b'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    'TLS': bytes.fromhex('16030100') + b'\0' * 200,
    'PARAMS first': fcgi.stream(fcgi.PARAMS, b''),
    'STDIN first': fcgi.stream(fcgi.STDIN, b'x'),
    'END_REQUEST from a client': fcgi.record(fcgi.END_REQUEST, b'\0' * 8),
    'BEGIN_REQUEST twice': BEGIN + BEGIN,
    'BEGIN_REQUEST too short': fcgi.record(fcgi.BEGIN_REQUEST, b'\0\1'),
    'BEGIN_REQUEST too long': fcgi.record(fcgi.BEGIN_REQUEST, b'\0\1' * 50),
    'request id 0': fcgi.begin(request_id=0),
    'names that go beyond the record':
        BEGIN + fcgi.record(fcgi.PARAMS, b'\x7f\x7fab') +
        fcgi.record(fcgi.PARAMS),
    'a name of two gigabytes':
        BEGIN + fcgi.record(fcgi.PARAMS, b'\xff\xff\xff\xff\1a') +
        fcgi.record(fcgi.PARAMS),
    'a length without its bytes':
        BEGIN + fcgi.record(fcgi.PARAMS, b'\x80') + fcgi.record(fcgi.PARAMS),
    '300 variables':
        BEGIN + fcgi.stream(fcgi.PARAMS, fcgi.pairs(
            [('NAME%d' % i, 'x') for i in range(300)])) +
        fcgi.record(fcgi.STDIN),
    'variables of 200 KB':
        BEGIN + fcgi.stream(fcgi.PARAMS, fcgi.pairs({'X': 'x' * 200000})) +
        fcgi.record(fcgi.STDIN),
    'variables without end':
        BEGIN + fcgi.record(fcgi.PARAMS, b'\1\1ab' * 10000) * 200,
}


def tests():
    for name, data in HOSTILE.items():
        def test(data=data):
            before = pool().workers()
            fcgi.raw(pool().socket, data, WAIT, shutdown_write=True)
            serves(pool())
            same(pool().workers(), before, 'the workers')
        yield 'hostile bytes:' + name, test


def test_get_values_is_not_answered():
    """libfcgi's stack overflow (four times a known name) is out of reach, and
    nothing is answered to whoever asks before a request."""
    dropped(fcgi.record(fcgi.GET_VALUES, GET_VALUES, 0))


def test_other_role_is_refused():
    """FastCGI 5.5: an unknown role gets END_REQUEST with UNKNOWN_ROLE."""
    for role in (fcgi.AUTHORIZER, fcgi.FILTER, 99):
        data = fcgi.begin(role) + fcgi.stream(fcgi.PARAMS, params()) + \
            fcgi.record(fcgi.STDIN)
        _, _, end = fcgi.parse(fcgi.raw(pool().socket, data))
        same(end, (0, fcgi.UNKNOWN_ROLE), 'END_REQUEST for role %d' % role)
    serves(pool())


def test_every_cut_of_a_request():
    """A connection that ends after any byte of a request leaves no trace."""
    before = pool().workers()
    whole = fcgi.records(fcgi.request('POST', '/template/health', b'{}',
                                      'x.y.z'), b'{}')
    for n in list(range(0, 80)) + list(range(80, len(whole), 7)):
        with fcgi.connect(pool().socket) as sock:
            sock.sendall(whole[:n])
    serves(pool())
    same(pool().workers(), before, 'the workers')


def test_damaged_requests():
    """A request with bytes changed at random is answered or dropped."""
    before = pool().workers()
    chance = random.Random(1)
    whole = fcgi.records(fcgi.request(
        'POST', '/local/observe/observables', b'[]', harness.jwt()), b'[]')
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        fcgi.raw(pool().socket, bytes(data), 40,
                 shutdown_write=True)
    serves(pool())
    same(pool().workers(), before, 'the workers')


def test_random_bytes():
    chance = random.Random(2)
    before = pool().workers()
    for _ in range(300):
        fcgi.raw(pool().socket, chance.randbytes(chance.randint(1, 3000)),
                 WAIT, shutdown_write=True)
    serves(pool())
    same(pool().workers(), before, 'the workers')


# --- requests in unusual but right forms --------------------------------------

def answered(data, expected=HEALTH, status=200):
    out, _, end = fcgi.parse(fcgi.raw(pool().socket, data))
    same(end, (0, fcgi.REQUEST_COMPLETE), 'END_REQUEST')
    got = fcgi.http(out)
    same((got[0], got[2].decode()), (status, expected), 'the answer')


def test_request_in_single_bytes():
    data = fcgi.records(fcgi.request('POST', '/template/health', b'',
                                     harness.jwt()))
    with fcgi.connect(pool().socket) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        for i in range(len(data)):
            sock.sendall(data[i:i + 1])
        out, _, _ = fcgi.parse(fcgi.drain(sock))
    same(fcgi.http(out)[2].decode(), HEALTH, 'the answer')


def test_records_of_one_byte_with_padding():
    data = b''.join(fcgi.record(fcgi.PARAMS, bytes([b]), padding=255)
                    for b in params())
    answered(BEGIN + data + fcgi.record(fcgi.PARAMS) +
             fcgi.record(fcgi.STDIN, padding=7))


def test_any_request_id():
    env = fcgi.request('POST', '/template/health', b'', harness.jwt())
    answered(fcgi.records(env, request_id=65535))


def test_long_names_and_values():
    answered(fcgi.records(fcgi.request(
        'POST', '/template/health', b'', harness.jwt(),
        **{'HTTP_X_' + 'N' * 300: 'v' * 300, 'HTTP_X_EMPTY': ''})))


def test_watchdog_has_a_limit():
    """What no answer holds is refused, not cut."""
    for count, status, end in ((30000, 200, b'x"}'),
                               (33000, 400, b'"reason":"Bad Request"}')):
        request = fcgi.request('GET', '/local/watchdog',
                               HTTP_HEALTH_CHECK='x' * count)
        answer = fcgi.call(pool().socket, request)
        same((answer[0], answer[2][-len(end):]), (status, end),
             '%d bytes' % count)


def test_authorization_after_a_redirect():
    """Apache's REDIRECT_HTTP_AUTHORIZATION counts where nothing else is."""
    env = fcgi.request('POST', '/template/health')
    env['REDIRECT_HTTP_AUTHORIZATION'] = 'Bearer ' + harness.jwt()
    answered(fcgi.records(env))
    env['HTTP_AUTHORIZATION'] = ''
    answered(fcgi.records(env))


def test_path_info_comes_before_script_name():
    env = fcgi.request('POST', '/somewhere', b'', harness.jwt())
    env['PATH_INFO'] = '/template/health'
    answered(fcgi.records(env))


def test_stock_nginx_parameters():
    """nginx's own fastcgi_params: the path in SCRIPT_NAME, PATH_INFO empty."""
    env = fcgi.request('POST', '/template/health', b'', harness.jwt())
    env.update(PATH_INFO='', SCRIPT_FILENAME='/nonexistent/template/health',
               DOCUMENT_ROOT='/usr/share/nginx/html', REDIRECT_STATUS='200')
    answered(fcgi.records(env))


def test_script_at_the_top():
    """A SCRIPT_FILENAME that exists and names the whole URL: that is "/"."""
    env = fcgi.request('GET', '/cgi-bin/relay')
    env.update(SCRIPT_NAME='/cgi-bin/relay', PATH_INFO='',
               REQUEST_URI='/cgi-bin/relay?x',
               SCRIPT_FILENAME=harness.program('ctim-relay.fcgi'))
    status, _, body = fcgi.call(pool().socket, env)
    same(status, 200, 'status')
    has('"name":"ctim-relay"', body.decode(), 'the index')


def test_token_with_a_nul_after_it():
    """No web server lets a NUL through; libjwt would stop at it."""
    for value in (harness.jwt() + '\0', harness.jwt() + '\0x.y.z'):
        got = fcgi.raw(pool().socket, fcgi.records(fcgi.request(
            'POST', '/template/health', b'', value)))
        holds(b'"status":"ok"' not in got, 'taken: %r' % got)
    serves(pool())


# --- bodies -------------------------------------------------------------------

def body_request(said, sent):
    env = fcgi.request('POST', '/local/observe/observables', b'',
                       harness.jwt())
    env['CONTENT_LENGTH'] = said
    return fcgi.call(pool().socket, env, sent)


def test_body_shorter_than_announced():
    """libfcgi takes it for whole; it is 400."""
    status, _, body = body_request('100', b'[]')
    same(status, 400, 'status')
    has('"reason":"Bad Request"', body.decode(), 'the answer')


def test_body_longer_than_announced():
    """RFC 3875, 4.2: nothing beyond CONTENT_LENGTH is read."""
    _, _, body = body_request('1', b'[]')
    has('"code":"invalid argument"', body.decode(), 'the answer')
    _, _, body = body_request('2', b'[]x')
    same(body, b'{"data":{}}', 'the answer')


def test_no_length_reads_to_the_end():
    """mod_proxy_fcgi hands a chunked body over without CONTENT_LENGTH."""
    status, _, body = body_request('', b'[]')
    same((status, body), (200, b'{"data":{}}'), 'the answer')


def test_length_that_is_no_number():
    for said in ('-1', 'x', '2x', '99999999999999999999999'):
        status, _, _ = body_request(said, b'[]')
        holds(status in (400, 413), 'CONTENT_LENGTH %s: %d' % (said, status))
    serves(pool())


def test_large_body_is_drained():
    """The peer reads a 413, not a broken pipe, after 20 MB that are too much."""
    status, headers, _ = body_request(str(20 << 20), b' ' * (20 << 20))
    same(status, 413, 'status')


# --- many ---------------------------------------------------------------------

def test_many_at_once():
    """Twice as many requests as threads and queue take are all answered."""
    gateway = Gateway('many', sections={
        'server': {'workers': '2', 'threads': '4', 'queue': '64'}}).serve()
    results = []
    lock = threading.Lock()

    def client():
        for _ in range(20):
            status, _, text = call(gateway)
            with lock:
                results.append((status, text))
    threads = [threading.Thread(target=client) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        same(len(results), 640, 'answers')
        same(set(results), {(200, HEALTH)}, 'answers')
    finally:
        same(gateway.stop(), 0, 'exit status')


# --- the pool -------------------------------------------------------------------

def test_killed_worker_is_replaced():
    gateway = Gateway('replace').serve()
    try:
        workers = gateway.workers()
        same(len(workers), 2, 'workers')
        os.kill(workers[0], signal.SIGKILL)
        began = time.monotonic()
        harness.wait_for(lambda: len(set(gateway.workers()) - set(workers)),
                         'a new worker', 5)
        took = time.monotonic() - began
        holds(took < 2, 'a new worker after %.2f s' % took)
        serves(gateway)
        os.kill(gateway.workers()[0], signal.SIGTERM)
        harness.wait_for(lambda: len(gateway.workers()) == 2 and
                         workers[1] not in gateway.workers() or
                         len(gateway.workers()) == 2, 'two workers', 5)
        serves(gateway)
    finally:
        same(gateway.stop(), 0, 'exit status')


def test_stopped_worker_is_replaced():
    """A worker that gives no sign of life for the deadline and five seconds is
    killed; the others serve meanwhile."""
    gateway = Gateway('stopped', sections={'http': {'deadline': '1'}}).serve()
    try:
        workers = gateway.workers()
        os.kill(workers[0], signal.SIGSTOP)
        # What one of its threads accepts until then is in flight.
        harness.wait_for(lambda: all(
            harness.read(path).rpartition(')')[2].split()[0] == 'T'
            for path in glob.glob('/proc/%d/task/*/stat' % workers[0])),
            'all its threads have stopped')

        def replaced():
            serves(gateway)
            now = gateway.workers()
            return workers[0] not in now and len(now) == 2
        harness.wait_for(replaced, 'a new worker', 20)
        holds(workers[1] in gateway.workers(), 'the other one was replaced')
        serves(gateway)
    finally:
        same(gateway.stop(), 0, 'exit status')


def test_workers_live_on_after_all_was_stopped():
    """As a machine, or a container, that is paused and goes on."""
    gateway = Gateway('paused', sections={'http': {'deadline': '1'}}).serve()
    try:
        workers = gateway.workers()
        everybody = [gateway.process.pid] + workers
        for pid in everybody:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(8)
        # The master first: it sees workers that were silent for long.
        for pid in everybody:
            os.kill(pid, signal.SIGCONT)
            time.sleep(0.5)
        serves(gateway)
        time.sleep(2)
        same(gateway.workers(), workers, 'workers')
    finally:
        same(gateway.stop(), 0, 'exit status')


def test_worker_is_replaced_after_max_requests():
    gateway = Gateway('worn', sections={
        'server': {'workers': '1', 'max_requests': '5'}}).serve()
    try:
        first = gateway.workers()
        for _ in range(30):
            serves(gateway)
        harness.wait_for(lambda: first[0] not in gateway.workers() and
                         gateway.workers(), 'another worker')
        serves(gateway)
    finally:
        same(gateway.stop(), 0, 'exit status')


def test_one_process_ends_after_max_requests():
    """There are no others that could go on: it ends as at a stop, whoever holds
    a connection open in silence."""
    gateway = Gateway('worn-alone', sections={'server': {
        'max_requests': '5', 'read_timeout': '600'}}).serve('--workers', '0')
    with fcgi.connect(gateway.socket, 30) as quiet:
        quiet.sendall(fcgi.records(fcgi.request(
            'POST', '/template/health', b'', harness.jwt()))[:20])
        for _ in range(5):
            serves(gateway)
        same(gateway.process.wait(60), 0, 'exit status')
    gateway.stop()


def test_reload():
    """SIGHUP: what is new serves, nothing that runs fails."""
    gateway = Gateway('reload').serve()
    stop, failures, count = threading.Event(), [], [0]

    def load():
        while not stop.is_set():
            try:
                status, _, text = call(gateway)
                if (status, text) != (200, HEALTH):
                    failures.append((status, text))
            except (OSError, ValueError) as error:
                failures.append(repr(error))
            count[0] += 1
    thread = threading.Thread(target=load)
    thread.start()
    try:
        for i in range(5):
            gateway.relays = ('[relay template]\n[relay local]\n'
                              'store = @/store/intel.db\n'
                              '[relay new%d]\nprovider = template\n' % i)
            gateway.write()
            gateway.process.send_signal(signal.SIGHUP)
            harness.wait_for(
                lambda i=i: call(gateway, '/new%d/health' % i)[0] == 200,
                'relay new%d serves' % i)
    finally:
        stop.set()
        thread.join()
        status = gateway.stop()
    same(failures, [], 'failures of %d requests' % count[0])
    same(status, 0, 'exit status')


def test_reload_of_a_bad_configuration():
    """SIGHUP with an error leaves the old configuration in force, and says
    where the error is."""
    gateway = Gateway('reload-bad').serve()
    try:
        good = harness.read(gateway.conf)
        gateway.write(good + '[server]\nworkers = many\n')
        gateway.process.send_signal(signal.SIGHUP)
        line = len(good.splitlines()) + 1

        def said():
            text = harness.read(gateway.log) + harness.read(gateway.stderr)
            return '%s:%d' % (gateway.conf, line) in text
        harness.wait_for(said, 'file:line of the error in the log')
        serves(gateway)
        same(len(gateway.workers()), 2, 'workers')
    finally:
        same(gateway.stop(), 0, 'exit status')


def test_reload_does_not_wait_at_a_pipe():
    """A named pipe in the place of a file of the configuration, or of one that
    a value names, is no file: a reload that waited for its writer would hold
    the master, and with it every stop."""
    for pipe, key in (('pipe', 'file:@/pipe'), ('conf.d/x.conf', harness.KEY)):
        gateway = Gateway('reload-pipe').serve()
        path = os.path.join(gateway.folder, pipe)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.mkfifo(path)
        harness.give(path, 0o640)
        try:
            gateway.write(harness.read(gateway.conf).replace(
                harness.KEY, key.replace('@', gateway.folder)))
            status, _, err = gateway.cli('check', ok=False, timeout=10)
            same(status, 78, err)
            has('cannot be read: it is a named pipe, not a file', err, pipe)
            gateway.process.send_signal(signal.SIGHUP)
            harness.wait_for(
                lambda: 'it is a named pipe' in harness.read(gateway.log),
                'the refusal in the log')
            serves(gateway)
        finally:
            same(gateway.stop(), 0, 'exit status')


def test_stop_finishes_what_is_in_flight():
    """SIGTERM: a request whose body is still coming is answered."""
    gateway = Gateway('stop').serve()
    body = b'[{"type":"ip","value":"192.0.2.1"}]'
    env = fcgi.request('POST', '/local/observe/observables', body,
                       harness.jwt())
    with fcgi.connect(gateway.socket) as sock:
        sock.sendall(BEGIN + fcgi.stream(fcgi.PARAMS, fcgi.pairs(env)))
        time.sleep(0.3)
        gateway.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        sock.sendall(fcgi.stream(fcgi.STDIN, body))
        out, _, end = fcgi.parse(fcgi.drain(sock))
        same(end, (0, fcgi.REQUEST_COMPLETE), 'END_REQUEST')
        same(fcgi.http(out)[2], b'{"data":{}}', 'the answer')
    began = time.monotonic()
    same(gateway.stop(), 0, 'exit status')
    holds(time.monotonic() - began < 5, 'the pool took too long to end')
    holds(not os.path.exists(gateway.socket), 'the socket file is left')


def test_stop_of_the_whole_group():
    """Every process of the group gets SIGTERM, as from a terminal or systemd:
    what is in flight is answered all the same."""
    gateway = Gateway('group').serve()
    body = b'[]'
    env = fcgi.request('POST', '/local/observe/observables', body,
                       harness.jwt())
    with fcgi.connect(gateway.socket) as sock:
        sock.sendall(BEGIN + fcgi.stream(fcgi.PARAMS, fcgi.pairs(env)))
        time.sleep(0.3)
        os.killpg(gateway.process.pid, signal.SIGTERM)
        time.sleep(0.5)
        sock.sendall(fcgi.stream(fcgi.STDIN, body))
        out, _, _ = fcgi.parse(fcgi.drain(sock))
        same(fcgi.http(out)[2], b'{"data":{}}', 'the answer')
    same(gateway.process.wait(10), 0, 'exit status')
    gateway.stop()


def test_log_that_root_opened_is_the_users():
    """Started as root, the log file is made before root is given up; it must
    be the service's, which opens it again after a reload."""
    if not harness.web_user():
        raise Skipped('only root can give a file away')
    gateway = Gateway('rootlog')
    os.unlink(gateway.log)
    gateway.serve()
    try:
        same(os.stat(gateway.log).st_uid, harness.web_user()[1], 'its owner')
        gateway.process.send_signal(signal.SIGHUP)
        harness.wait_for(lambda: 'reload: ' in harness.read(gateway.log),
                         'the reload')
        holds('denied' not in harness.read(gateway.log), 'denied')
    finally:
        same(gateway.stop(), 0, 'exit status')


def test_log_rotation():
    """SIGUSR1: records go to the new file of the old name."""
    gateway = Gateway('rotate').serve()
    try:
        call(gateway, HTTP_X_REQUEST_ID='before')
        gateway.record('before')
        old = gateway.log + '.1'
        os.rename(gateway.log, old)
        gateway.process.send_signal(signal.SIGUSR1)
        harness.wait_for(lambda: os.path.exists(gateway.log), 'a new file')
        numbers = iter(range(1000))

        def all_new():
            """Every worker has turned to the new file."""
            ids = ['after-%d' % next(numbers) for _ in range(20)]
            for request in ids:
                call(gateway, HTTP_X_REQUEST_ID=request)
            written = {r.get('id') for r in gateway.records()}
            return set(ids) <= written
        harness.wait_for(all_new, 'records in the new file')
        has('"id":"before"', harness.read(old), 'the old file')
    finally:
        same(gateway.stop(), 0, 'exit status')


def test_log_that_cannot_be_opened_again():
    """Its worker says what to do instead, as the start does."""
    gateway = Gateway('again').serve('--workers', '0')
    try:
        call(gateway, HTTP_X_REQUEST_ID='before')
        os.rename(gateway.log, gateway.log + '.1')
        os.symlink(gateway.log + '.1', gateway.log)
        gateway.process.send_signal(signal.SIGUSR1)
        harness.wait_for(lambda: [r for r in gateway.records() if 'those are '
                                  'not followed' in r.get('message', '')],
                         'the reason')
    finally:
        same(gateway.stop(), 0, 'exit status')


def test_dies_with_its_master():
    """Workers do not outlive a master that was killed."""
    gateway = Gateway('orphans').serve()
    workers = gateway.workers()
    gateway.process.send_signal(signal.SIGKILL)
    gateway.process.wait()
    harness.wait_for(
        lambda: not any(os.path.exists('/proc/%d' % pid) and
                        'Z' not in harness.read('/proc/%d/stat' % pid)
                        .rsplit(')', 1)[1].split()[0] for pid in workers),
        'the workers are gone', 10)
    gateway.stop()
    # The file of the socket is left; the next start replaces it.
    gateway.serve()
    serves(gateway)
    same(gateway.stop(), 0, 'exit status')


# --- the ways to start ------------------------------------------------------------

def test_listen_option_with_tcp():
    gateway = Gateway('tcp')
    port = harness.free_port()
    gateway.serve('--listen', '127.0.0.1:%d' % port, wait=False)
    try:
        harness.wait_for(lambda: harness.port_open(port), 'it listens')
        env = fcgi.request('POST', '/template/health', b'', harness.jwt())
        status, _, body = fcgi.call(('127.0.0.1', port), env)
        same((status, body.decode()), (200, HEALTH), 'the answer')
    finally:
        same(gateway.stop(), 0, 'exit status')


def test_socket_mode():
    gateway = Gateway('mode', sections={'server': {'socket_mode': '0620'}})
    gateway.serve()
    try:
        same(oct(os.stat(gateway.socket).st_mode & 0o777), '0o620', 'the mode')
    finally:
        gateway.stop()


def test_second_server_on_the_same_socket():
    """A live server is not pushed aside."""
    gateway = Gateway('twice').serve()
    try:
        status, _, err = harness.run([harness.program('ctim-relay.fcgi')],
                                     env=gateway.env())
        holds(status != 0, 'the second one started')
        text = err + harness.read(gateway.log)
        has(gateway.socket, text, 'what it says')
        serves(gateway)
    finally:
        gateway.stop()


def test_spawn_fcgi():
    """A listening socket on descriptor 0."""
    if not harness.shutil.which('spawn-fcgi'):
        raise Skipped('spawn-fcgi is not installed')
    gateway = Gateway('spawn')
    path = os.path.join(gateway.folder, 'spawned.sock')
    process = harness.start(
        ['spawn-fcgi', '-n', '-s', path, '-M', '0666', '--',
         harness.program('ctim-relay.fcgi')], env=gateway.env(),
        stderr=subprocess.DEVNULL)
    gateway.process, gateway.socket = process, path
    try:
        harness.wait_for(lambda: harness.socket_open(path), 'it listens')
        harness.wait_for(lambda: len(gateway.workers()) == 2, 'workers')
        serves(gateway)
    finally:
        same(harness.stop(process, timeout=30), 0, 'exit status')


def test_systemd_socket():
    """LISTEN_FDS: descriptor 3 is the socket."""
    gateway = harness.Activated('systemd').serve()
    gateway.listener.close()
    try:
        serves(gateway)
    finally:
        same(gateway.stop(), 0, 'exit status')


def test_one_process():
    """--workers 0 serves in the one process, as mod_fcgid wants it."""
    gateway = Gateway('single').serve('--workers', '0')
    try:
        serves(gateway)
        same(gateway.workers(), [], 'children')
    finally:
        same(gateway.stop(), 0, 'exit status')


def cgi(gateway, method='POST', path='/template/health', body=b'', arguments=(),
        **env):
    """One request as a CGI program: (exit status, head, body, stderr)."""
    variables = fcgi.request(method, path, body, harness.jwt())
    variables.update(PATH_INFO=path, SCRIPT_NAME='', **env)
    process = subprocess.Popen(
        [harness.program('ctim-relay.fcgi'), *arguments],
        env=dict(gateway.env(), **variables), stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.communicate(body, 60)
    head, _, text = out.partition(b'\r\n\r\n')
    return process.returncode, head.decode(), text.decode(), err.decode()


def test_cgi():
    status, head, body, err = cgi(Gateway('cgi'))
    same((status, body, err), (0, HEALTH, ''), 'the answer')
    has('Status: 200 OK\r\n', head, 'the header')
    has('Content-Type: application/json', head, 'the header')


def test_cgi_with_a_query_as_argument():
    """RFC 3875, 4.4: a query without "=" becomes arguments; they are data."""
    gateway = Gateway('cgi-arguments')
    for argument in ('--help', '--listen', '-h', '--version', '--workers'):
        status, _, body, _ = cgi(gateway, arguments=[argument])
        same((status, body), (0, HEALTH), 'with ' + argument)


def test_cgi_without_a_configuration():
    gateway = Gateway('cgi-conf')
    os.unlink(gateway.conf)
    status, head, body, err = cgi(gateway)
    same(status, 78, 'exit status')
    has('Status: 500', head, 'the header')
    has('"code":500', body, 'the answer')
    has(gateway.conf, err, 'what it says')


def not_started(name, what, **server):
    """The server says what is wrong and ends, without a trace."""
    gateway = Gateway('start-' + name, sections={'server': server})
    status, _, err = harness.run([harness.program('ctim-relay.fcgi')],
                                 env=gateway.env())
    holds(status in (1, 78), 'exit status %d\n%s' % (status, err))
    for word in what:
        has(word.replace('@', gateway.folder), err, 'what it says')


def test_folder_of_the_socket_is_missing():
    not_started('folder', ['/nonexistent/relay.sock'],
                listen='unix:/nonexistent/relay.sock')


def test_something_else_in_the_place_of_the_socket():
    """A file that is no socket is not removed."""
    gateway = Gateway('file')
    harness.write(gateway.socket, 'precious')
    status, _, err = harness.run([harness.program('ctim-relay.fcgi')],
                                 env=gateway.env())
    holds(status != 0, 'it started')
    has(gateway.socket, err, 'what it says')
    same(harness.read(gateway.socket), 'precious', 'the file')


def test_port_is_taken():
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        address = '127.0.0.1:%d' % taken.getsockname()[1]
        not_started('port', [address], listen=address)


def test_address_of_another_machine():
    not_started('address', ['192.0.2.1:9000'], listen='192.0.2.1:9000')


def test_path_of_the_socket_is_too_long():
    path = '/tmp/' + 'x' * 140
    not_started('long', ['unix:/'], listen='unix:' + path)


def test_unknown_group_of_the_socket():
    not_started('group', ['no-such-group'], socket_group='no-such-group')


def test_unknown_user():
    if not harness.ROOT:
        raise Skipped('only root can become somebody else')
    not_started('user', ['no-such-user'], user='no-such-user')
    not_started('its-group', ['no-such-group'], group='no-such-group')


def test_listen_on_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(('::1', 0))
            port = probe.getsockname()[1]
    except OSError as error:
        raise Skipped('no IPv6 here: %s' % error) from error
    gateway = Gateway('ipv6', sections={
        'server': {'listen': '[::1]:%d' % port}}).serve(wait=False)
    try:
        def there():
            with socket.socket(socket.AF_INET6) as s:
                return s.connect_ex(('::1', port)) == 0
        harness.wait_for(there, 'it listens')
        env = fcgi.request('POST', '/template/health', b'', harness.jwt())
        same(fcgi.call(('::1', port), env)[2].decode(), HEALTH, 'the answer')
    finally:
        same(gateway.stop(), 0, 'exit status')


def test_workers_that_die_at_once():
    """A pool whose workers cannot live starts them with a growing pause, and
    still ends when told."""
    gateway = Gateway('crash', sections={'server': {'workers': '1'}}).serve()
    try:
        killed = set()
        end = time.monotonic() + 3
        while time.monotonic() < end:
            for pid in gateway.workers():
                try:
                    os.kill(pid, signal.SIGKILL)
                    killed.add(pid)
                except ProcessLookupError:
                    pass
            time.sleep(0.01)
        holds(2 <= len(killed) < 60, '%d workers in 3 s' % len(killed))
        harness.wait_for(lambda: gateway.workers(), 'a worker again', 15)
        harness.wait_for(lambda: call(gateway)[0] == 200, 'it serves', 15)
    finally:
        same(gateway.stop(), 0, 'exit status')


# --- configuration ----------------------------------------------------------------

def refused(name, text, line, *words):
    """The server ends with 78 and says file:line and why."""
    gateway = Gateway('conf-' + name)
    gateway.write(text)
    began = time.monotonic()
    status, _, err = harness.run([harness.program('ctim-relay.fcgi')],
                                 env=gateway.env())
    holds(time.monotonic() - began < 3, 'it took too long')
    same(status, 78, 'exit status\n' + err)
    has('%s:%d: ' % (gateway.conf, line), err, 'what it says')
    for word in words:
        has(word, err, 'what it says')


def test_unknown_key():
    refused('key', '[server]\nworkers = 2\nwrokers = 3\n', 3, 'wrokers')


def test_unknown_section():
    refused('section', '[sever]\nworkers = 2\n', 1, 'sever')


def test_bad_value():
    refused('value', '[relay template]\n[server]\nthreads = some\n', 3,
            'threads')


def test_duplicate_section():
    refused('twice', '[relay template]\n[server]\n[relay template]\n', 3)


def test_unknown_provider():
    refused('provider', '[relay x]\nprovider = nobody\n', 1, 'nobody')


def test_short_secret():
    refused('short', '[relay template]\n[auth]\nsecret_key = short\n', 3,
            'secret_key')


def test_secret_that_others_may_read():
    """A file that holds a secret has to be kept from others."""
    gateway = Gateway('readable')
    os.chmod(gateway.conf, 0o644)
    status, _, err = harness.run([harness.program('ctim-relay.fcgi')],
                                 env=gateway.env())
    same(status, 78, 'exit status\n' + err)
    has(gateway.conf, err, 'what it says')
    has('chmod', err, 'the mend')


def test_no_configuration():
    gateway = Gateway('none')
    os.unlink(gateway.conf)
    status, _, err = harness.run([harness.program('ctim-relay.fcgi')],
                                 env=gateway.env())
    same(status, 78, 'exit status\n' + err)
    has(gateway.conf, err, 'what it says')


def test_conf_d():
    """conf.d beside the file is read after it, in the order of names."""
    gateway = Gateway('conf.d')
    os.mkdir(os.path.join(gateway.folder, 'conf.d'))
    for name, relay in (('20-b.conf', 'b'), ('10-a.conf', 'a'),
                        ('ignored.txt', 'c')):
        harness.write(os.path.join(gateway.folder, 'conf.d', name),
                      '[relay %s]\nprovider = template\n' % relay)
    gateway.serve()
    try:
        same(call(gateway, '/a/health')[0], 200, 'a')
        same(call(gateway, '/b/health')[0], 200, 'b')
        same(call(gateway, '/c/health')[0], 404, 'c')
    finally:
        gateway.stop()


def test_drops_to_the_user():
    """Started by root, the workers serve as [server] user."""
    if not harness.ROOT:
        raise Skipped('only root can become somebody else')
    gateway = Gateway('user').serve()
    try:
        uid = harness.web_user()[1]
        for pid in gateway.workers():
            same(os.stat('/proc/%d' % pid).st_uid in (uid, 0), True, 'owner')
            ids = [line for line in harness.read('/proc/%d/status' % pid)
                   .splitlines() if line.startswith('Uid:')][0].split()[1:]
            same(set(ids), {str(uid)}, 'uids of a worker')
    finally:
        gateway.stop()


def test_help_and_version():
    program = harness.program('ctim-relay.fcgi')
    for option, text in (('--help', '--listen'), ('--version', 'ctim-relay')):
        status, out, _ = harness.run([program, option])
        same(status, 0, option)
        has(text, out, option)
    status, _, err = harness.run([program, '--nonsense'])
    same(status, 64, 'exit status')
    has('--nonsense', err, 'what it says')

# SPDX-License-Identifier: MIT
"""The listener of [server] metrics: what it answers, its life beside the pool's,
and that nobody can hang the pool there."""

import contextlib
import os
import re
import signal
import socket
import threading
import time

import fcgiclient as fcgi
import harness
from harness import Gateway, has, holds, same, wait_for
from t_binary import own, replace, upgraded
from t_metrics import parsed, promtool
from t_orders import health, order
from t_process import Asking, slow
from t_status import status
from provider_case import gateway as service_gateway
from upstream import Upstream

TYPE = 'text/plain; version=0.0.4; charset=utf-8'
GET = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'
QUIET = {'base_url': 'https://relay.example.org'}


def made(name, address=None, **server):
    """A gateway with a listener, and its port."""
    port = harness.free_port()
    gateway = Gateway(name, sections={'server': dict(
        QUIET, metrics=address or '127.0.0.1:%d' % port, **server)})
    return gateway, port


def serve(name, **server):
    gateway, port = made(name, **server)
    gateway.serve()
    wait_for(lambda: harness.port_open(port), 'the listener')
    return gateway, port


def connect(port, host='127.0.0.1'):
    sock = socket.create_connection((host, port), 10)
    sock.settimeout(20)
    return sock


def raw(port, text, host='127.0.0.1'):
    """All that is answered to bytes, until the other side closes."""
    with connect(port, host) as sock:
        sock.sendall(text if isinstance(text, bytes) else text.encode())
        return fcgi.drain(sock)


def answer(port, text=GET, host='127.0.0.1'):
    """(status, fields, body)"""
    head, _, body = raw(port, text, host).partition(b'\r\n\r\n')
    first, *lines = head.decode().split('\r\n')
    match = re.fullmatch(r'HTTP/1\.1 (\d{3}) [A-Za-z ]+', first)
    holds(match, 'status line %r' % first)
    fields = dict(line.split(': ', 1) for line in lines)
    same(fields.pop('Connection'), 'close', 'connection')
    holds(re.fullmatch(r'\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT',
                       fields.pop('Date')), 'date')
    return int(match[1]), fields, body


def scrape(port, host='127.0.0.1'):
    code, _, body = answer(port, host=host)
    same(code, 200, 'a scrape')
    return parsed(body.decode())


def listens(port):
    """The socket that listens on a port of 127.0.0.1, as descriptors name it."""
    for line in harness.read('/proc/net/tcp').splitlines()[1:]:
        words = line.split()
        if words[1] == '0100007F:%04X' % port and words[3] == '0A':
            return 'socket:[%s]' % words[9]
    return None


def links(pid):
    """What the descriptors of a process are, but for the standard ones."""
    found = []
    with contextlib.suppress(OSError):
        for fd in os.listdir('/proc/%d/fd' % pid):
            if int(fd) > 2:
                found.append(os.readlink('/proc/%d/fd/%s' % (pid, fd)))
    return found


def server_of(gateway, port):
    """The process that answers there, once it has nothing of the master's; or
    None."""
    for pid in gateway.workers():
        found = links(pid)
        if listens(port) in found and not any('balance' in f for f in found):
            return pid
    return None


def ended(gateway):
    same(gateway.stop(), 0, 'exit status\n' +
         harness.read(gateway.stderr)[-2000:])


# --- what it answers -----------------------------------------------------------

def test_metrics_as_the_command_has_them():
    gateway, port = serve('mhttp-get')
    for _ in range(3):
        same(health(gateway), 200, 'a request')
    wait_for(lambda: scrape(port)[('ctim_relay_workers', 'state="serving"')]
             == 2, 'what the master knows')
    code, fields, body = answer(port)
    same((code, fields.pop('Content-Length')), (200, str(len(body))), 'length')
    same(fields, {'Content-Type': TYPE, 'Cache-Control': 'no-store',
                  'X-Content-Type-Options': 'nosniff'}, 'fields')
    same(parsed(body.decode()),
         parsed(gateway.cli('status', '--metrics')[1]), 'metrics')
    same(promtool('check', 'metrics', input=body.decode()), '', 'promtool')
    code, fields, body = answer(port, GET.replace('GET', 'HEAD'))
    same((code, body), (200, b''), 'HEAD')
    holds(int(fields['Content-Length']) > 1000, 'length for HEAD')
    gateway.process.send_signal(signal.SIGHUP)
    wait_for(lambda: scrape(port)[('ctim_relay_reloads_total', '')] == 1,
             'the reload')
    ended(gateway)


# A request, and the status for it.
REQUESTS = [
    ('GET /metrics HTTP/1.0\r\n\r\n', 200),
    ('GET /metrics?x=y HTTP/1.1\r\nhOST:\r\n\r\n', 200),
    ('GET http://x:1/metrics HTTP/1.1\r\nHost: x:1\r\n\r\n', 200),
    ('\r\n\r\nGET /metrics HTTP/1.1\nHost: x\n\n', 200),
    ('GET /metrics HTTP/1.9\r\nHost: x\r\nX: ' + 'y' * 7000 + '\r\n\r\n', 200),
    (GET + GET, 200),
    ('GET / HTTP/1.1\r\nHost: x\r\n\r\n', 404),
    ('GET /metrics/ HTTP/1.1\r\nHost: x\r\n\r\n', 404),
    ('GET /metricsx HTTP/1.1\r\nHost: x\r\n\r\n', 404),
    ('GET http://x HTTP/1.1\r\nHost: x\r\n\r\n', 404),
    ('POST / HTTP/1.1\r\nHost: x\r\n\r\n', 404),
    ('OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n', 404),
    ('POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc', 405),
    ('get /metrics HTTP/1.1\r\nHost: x\r\n\r\n', 405),
    ('GET /metrics HTTP/2.0\r\nHost: x\r\n\r\n', 505),
    ('GET /metrics HTTP/1.1\r\n\r\n', 400),
    ('GET /metrics HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n', 400),
    ('GET /metrics HTTP/1.1\r\nHost : x\r\n\r\n', 400),
    ('GET /metrics HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n', 400),
    ('GET /metrics HTTP/1.1\r\nHost: x\r\nX: a\x01b\r\n\r\n', 400),
    ('GET /metrics HTTP/1.1\r\nHost: x\r\nnothing\r\n\r\n', 400),
    ('GET  /metrics HTTP/1.1\r\nHost: x\r\n\r\n', 400),
    ('GET /metrics HTTP/1.1 \r\nHost: x\r\n\r\n', 400),
    ('GET /metrics\r\n\r\n', 400),
    ('\x16\x03\x01\x02\r\n\r\n', 400),
    ('GET /metrics HTTP/1.1\r\nX: ' + 'y' * 9000, 431),
    ('GET /' + 'y' * 9000, 431),
]


def test_every_request_has_its_status():
    gateway, port = serve('mhttp-status')
    for text, expected in REQUESTS:
        code, fields, body = answer(port, text)
        same(code, expected, 'to %r' % text[:80])
        same(fields.get('Allow'), 'GET, HEAD' if code == 405 else None,
             'Allow')
        if code != 200:
            same(fields['Content-Type'], 'text/plain; charset=utf-8', 'type')
            same(str(len(body)), fields['Content-Length'], 'length')
    # In two parts, and byte by byte.
    for size in (20, 1):
        with connect(port) as sock:
            for i in range(0, len(GET), size):
                sock.sendall(GET[i:i + size].encode())
                time.sleep(0.001)
            has('HTTP/1.1 200 OK', fcgi.drain(sock).decode(), 'in parts')
    ended(gateway)


def test_of_ipv6():
    if not socket.has_ipv6 or not os.path.exists('/proc/net/if_inet6'):
        raise harness.Skipped('no IPv6 here')
    port = harness.free_port()
    gateway, _ = made('mhttp-six', '[::1]:%d' % port)
    gateway.serve()
    holds(scrape(port, '::1'), 'metrics')
    holds(not harness.port_open(port), 'it is on 127.0.0.1, too')
    ended(gateway)


# --- its life ------------------------------------------------------------------

def test_none_unless_set():
    gateway = Gateway('mhttp-none').serve()
    same(len(gateway.workers()), 2, 'processes')
    ended(gateway)


def test_a_port_that_is_taken_ends_the_start():
    with socket.socket() as other:
        other.bind(('127.0.0.1', 0))
        other.listen()
        port = other.getsockname()[1]
        gateway, _ = made('mhttp-taken', '127.0.0.1:%d' % port)
        gateway.serve(wait=False)
        same(gateway.process.wait(20), 1, 'exit status')
        has('[server] metrics: 127.0.0.1:%d: Address already in use' % port,
            harness.read(gateway.stderr), 'what is said')
        holds(not os.path.exists(gateway.socket), 'the socket is left')


def reload(gateway, metrics, good=True):
    gateway.sections['server']['metrics'] = metrics
    gateway.write()
    code, out, err = order(gateway, 'reload')
    same(code, 0 if good else 1, out + err)
    return out + err


def test_reload_moves_it():
    gateway, port = serve('mhttp-move')
    next_port = harness.free_port()
    reload(gateway, '127.0.0.1:%d' % next_port)
    holds(scrape(next_port), 'at its new place')
    holds(not harness.port_open(port), 'the old one is open')
    # To an address that the old one is in the way of, and back.
    for address in ('0.0.0.0', '127.0.0.1', '127.0.0.2'):
        reload(gateway, '%s:%d' % (address, next_port))
        holds(scrape(next_port, '127.0.0.2' if address[-1] == '2' else
                     '127.0.0.1'), address)
    reload(gateway, None)
    holds(not harness.port_open(next_port), 'it is still there')
    wait_for(lambda: len(gateway.workers()) == 2, 'its process is gone')
    reload(gateway, '127.0.0.1:%d' % port)
    holds(scrape(port), 'it is there again')
    ended(gateway)


def test_reload_to_a_port_that_is_taken_is_refused():
    gateway, port = serve('mhttp-refused')
    with socket.socket() as other:
        other.bind(('127.0.0.1', 0))
        other.listen()
        taken = '127.0.0.1:%d' % other.getsockname()[1]
        text = reload(gateway, taken, good=False)
        has('[server] metrics: %s: Address already in use' % taken, text,
            'what is said')
        has('the configuration from before stays in force', text, 'what is')
    same(scrape(port)[('ctim_relay_reloads_refused_total', '')], 1,
         'the old one')
    ended(gateway)


def test_upgrade_loses_no_scrape():
    """The socket goes from one binary to the next, and its process is new."""
    gateway, port = made('mhttp-upgrade')
    own(gateway).serve()
    wait_for(lambda: harness.port_open(port), 'the listener')
    failed, done, stop = [], [0], threading.Event()

    def ask():
        while not stop.is_set():
            try:
                scrape(port)
                done[0] += 1
            except Exception as error:  # told below
                failed.append(repr(error))
                return

    thread = threading.Thread(target=ask)
    thread.start()
    for times in range(2):
        workers = gateway.workers()
        replace(gateway)
        same(order(gateway, 'reload')[0], 0, 'the upgrade')
        wait_for(lambda w=workers: not set(w) & set(gateway.workers()),
                 'all old processes are gone')
    wait_for(lambda: done[0] > 20 or failed, 'scrapes')
    stop.set()
    thread.join()
    same(failed, [], 'scrapes that failed')
    # To another address with the upgrade.
    moved = harness.free_port()
    gateway.process.send_signal(signal.SIGUSR2)
    reload(gateway, '127.0.0.1:%d' % moved)
    wait_for(lambda: harness.port_open(moved), 'at its new place')
    holds(not harness.port_open(port), 'the old one is open')
    ended(gateway)


def test_stop_frees_the_port_at_once():
    """A successor can have it while the old pool still answers what it has."""
    with Upstream() as service:
        slow(service)
        gateway = service_gateway('mhttp-stop', service.url, ['otx'])
        port = harness.free_port()
        gateway.sections['server'].update(metrics='127.0.0.1:%d' % port)
        gateway.write()
        gateway.serve()
        asking = Asking(gateway.socket, 1)
        wait_for(lambda: status(gateway)['threads']['busy'] == 1, 'a request')
        gateway.process.send_signal(signal.SIGTERM)
        wait_for(lambda: not harness.port_open(port), 'the port is free')
        same(gateway.process.poll(), None, 'the pool still answers')
        after, _ = made('mhttp-after', '127.0.0.1:%d' % port)
        after.serve()
        holds(scrape(port), 'the successor')
        service.release()
        asking.whole()
        same(gateway.process.wait(30), 0, 'exit status')
        gateway.process = None
        ended(after)


def test_a_dead_master_leaves_no_process():
    gateway, port = serve('mhttp-dead')
    wait_for(lambda: server_of(gateway, port), 'its process')
    process = server_of(gateway, port)
    gateway.process.kill()
    gateway.process.wait()
    wait_for(lambda: not os.path.exists('/proc/%d' % process), 'its end', 20)
    gateway.process = None
    gateway.serve()
    holds(scrape(port), 'the next one')
    ended(gateway)


def test_its_process_is_made_again():
    gateway, port = serve('mhttp-killed')
    for _ in range(2):
        wait_for(lambda: server_of(gateway, port), 'its process')
        os.kill(server_of(gateway, port), signal.SIGKILL)
        holds(scrape(port), 'another one answers')
    wait_for(lambda: harness.read(gateway.log).count(
        'the process that answers with metrics was killed by signal 9') == 2,
        'the log')
    same(status(gateway)['workers']['deaths'], 0, 'no worker died')
    ended(gateway)


def test_handed_sockets_and_one_process():
    """Beside the socket of a service manager; with --workers 0 there is none,
    and CGI takes no notice."""
    gateway, port = made('mhttp-activated')
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(gateway.socket)
        os.chmod(gateway.socket, 0o666)
        listener.listen(16)
        with open(gateway.stderr, 'w') as errors:
            gateway.process = harness.start(
                [harness.program('ctim-relay.fcgi')], stderr=errors,
                env=gateway.env(**harness.coverage_env()),
                stdin=listener.fileno())
        wait_for(lambda: harness.port_open(port), 'the listener')
        same(health(gateway), 200, 'a request')
        holds(scrape(port), 'metrics')
        ended(gateway)
    os.unlink(gateway.socket)
    gateway.serve('--workers', '0')
    holds(not harness.port_open(port), 'without a master')
    has('[server] metrics: with --workers 0 there is no process that could '
        'answer there', harness.read(gateway.log), 'the log')
    ended(gateway)
    code, out, err = harness.run(
        [harness.program('ctim-relay.fcgi')], input='', env=gateway.env(
            GATEWAY_INTERFACE='CGI/1.1', REQUEST_METHOD='POST',
            PATH_INFO='/version', SCRIPT_NAME='', CONTENT_LENGTH='0'))
    same((code, err), (0, ''), 'as CGI')
    has('"version"', out, 'as CGI')
    holds(not harness.port_open(port), 'as CGI')


def test_it_is_who_serves_and_has_nothing_else():
    """Not root, and no descriptor but its own; the workers have none of it."""
    gateway, port = serve('mhttp-who')
    wait_for(lambda: server_of(gateway, port), 'its process')
    process = server_of(gateway, port)
    worker = next(p for p in gateway.workers() if p != process)
    same(os.stat('/proc/%d' % process).st_uid,
         os.stat('/proc/%d' % worker).st_uid, 'user')

    mine = links(process)
    same(sorted(mine), sorted([listens(port), 'anon_inode:[signalfd]']),
         'descriptors')
    wait_for(lambda: listens(port) not in links(worker),
             'the worker has none of it')
    ended(gateway)


# --- hostile and slow clients ----------------------------------------------------

def test_slow_clients_hold_up_nobody():
    """Silent ones, ones that send a byte now and then, ones that do not read:
    others get their metrics, the pool serves, and the master does what it is told."""
    gateway, port = serve('mhttp-slow')
    socks = []
    for i in range(100):
        sock = connect(port)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        with contextlib.suppress(OSError):
            sock.sendall([b'', b'GET /me', GET.encode()][i % 3])
        socks.append(sock)
        if i % 10 == 0:
            holds(scrape(port), 'after %d' % i)
    same(health(gateway), 200, 'a request')
    same(order(gateway, 'reload')[0], 0, 'a reload')
    holds(scrape(port), 'after the reload')
    process = wait_for(lambda: server_of(gateway, port), 'its process')
    holds(len(os.listdir('/proc/%d/fd' % process)) <= 3 + 2 + 16,
          'conversations')
    # They are dropped without anybody else's asking.
    for sock in socks:
        sock.settimeout(20)
        with contextlib.suppress(ConnectionError):
            fcgi.drain(sock)
        sock.close()
    ended(gateway)


def test_a_process_that_hangs_hangs_nobody():
    """Stopped altogether: the pool serves, reloads and stops in time."""
    gateway, port = serve('mhttp-hung')
    process = wait_for(lambda: server_of(gateway, port), 'its process')
    os.kill(process, signal.SIGSTOP)
    socks = [connect(port) for _ in range(5)]
    for sock in socks:
        sock.sendall(GET.encode())
    same(health(gateway), 200, 'a request')
    same(order(gateway, 'reload')[0], 0, 'a reload')
    moved = harness.free_port()
    reload(gateway, '127.0.0.1:%d' % moved)
    holds(scrape(moved), 'at another place')
    ended(gateway)
    wait_for(lambda: not os.path.exists('/proc/%d' % process), 'its end')
    for sock in socks:
        sock.close()


def test_junk_ends_nothing():
    gateway, port = serve('mhttp-junk')
    process = wait_for(lambda: server_of(gateway, port), 'its process')
    seed = 1
    for i in range(300):
        data = bytearray()
        for _ in range(i * 30 % 9000):
            seed = (seed * 1103515245 + 12345) % (1 << 31)
            data.append(seed >> 16 & 0xff)
        with connect(port) as sock, contextlib.suppress(OSError):
            sock.sendall(data + (b'\r\n\r\n' if i % 2 else b''))
            if i % 3 == 0:
                sock.shutdown(socket.SHUT_WR)
                fcgi.drain(sock)
    holds(scrape(port), 'metrics')
    same(server_of(gateway, port), process, 'the process')
    ended(gateway)


# --- the configuration -----------------------------------------------------------

def test_check_says_what_is_wrong():
    for value, said in (
            ('9188', 'must be ADDRESS:PORT'), ('localhost:9188', 'must be'),
            ('127.0.0.1', 'must be'), ('127.0.0.1:0', 'must be'),
            ('127.0.0.1:65536', 'must be'), ('::1:9188', 'must be'),
            ('[::1]', 'must be'), ('[127.0.0.1]:9188', 'must be'),
            ('unix:/run/x.sock', 'must be')):
        gateway, _ = made('mhttp-check')
        gateway.sections['server']['metrics'] = value
        gateway.write()
        code, _, err = gateway.cli('check', ok=False)
        same(code, 78, '%r: %s' % (value, err))
        has('metrics: ' + said, err, value)
    for value, warned in (('127.0.0.1:9188', False), ('127.9.9.9:1', False),
                          ('[::1]:65535', False), ('0.0.0.0:9188', True),
                          ('[::]:9188', True), ('10.1.2.3:9188', True),
                          ('[::ffff:127.0.0.1]:9188', False)):
        gateway.sections['server']['metrics'] = value
        gateway.write()
        code, out, err = gateway.cli('check', ok=False)
        same(code, 0, err)
        same('[server] metrics: %s is reached from other machines' % value
             in out + err, warned, value + out + err)

# SPDX-License-Identifier: MIT
"""Every case through the real nginx, and what nginx alone can do."""

import os
import signal
import socket
import threading
import time

import fcgiclient as fcgi
import fronts
import harness
from harness import Activated, Gateway, Nginx, Skipped, fail, same
from t_connections import parked

close = fronts.close


def tests():
    return fronts.front_tests('nginx')


def test_include_files_are_good():
    """The two files as they are installed pass nginx's own check."""
    folder = harness.folder('nginx-check')
    conf = harness.write(os.path.join(folder, 'nginx.conf'), '''
        pid %(f)s/pid; error_log %(f)s/error.log; events {}
        http { access_log off; include %(src)s/nginx/ctim-relay.conf;
               server { listen 127.0.0.1:%(port)d; location / {
                   include %(src)s/nginx/ctim-relay-location.conf; } } }
        ''' % {'f': folder, 'src': harness.SRC, 'port': harness.free_port()})
    status, _, err = harness.run(
        ['nginx', '-t', '-p', folder, '-c', conf, '-e', folder + '/error.log'],
        env=dict(harness.environment(), PATH=harness.sbin_path()))
    same(status, 0, 'nginx -t\n' + err)
    harness.has('test is successful', err, 'nginx -t')


def test_below_a_path():
    """fastcgi_split_path_info mounts the gateway anywhere."""
    case = {'request': 'POST /template/health',
            'answer': '{"data":{"status":"ok"}}'}
    fronts.send('main', 'nginx', case, prefix='/below')


def test_proxy_header_does_not_reach_the_environment():
    """httpoxy: a Proxy header changes nothing."""
    case = {'request': 'POST /template/health',
            'headers': {'Proxy': 'http://127.0.0.1:9/'},
            'answer': '{"data":{"status":"ok"}}'}
    fronts.send('main', 'nginx', case)


def test_body_above_both_limits_is_413():
    """Above nginx's own limit nginx refuses, and nobody hangs."""
    answer = harness.http_request(
        fronts.port('main', 'nginx'), 'POST', '/local/observe/observables',
        b' ' * (3 << 20), harness.bearer())
    same(answer.status, 413, 'status')


class Dying:
    """A FastCGI server whose first connection ends without an answer, as when
    a worker is killed; the second is answered."""

    def __init__(self):
        self.socket = os.path.join(harness.folder('dying'), 'socket')
        self.calls = 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.socket)
        os.chmod(self.socket, 0o666)
        self.listener.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.calls += 1
            with connection:
                end = fcgi.record(fcgi.STDIN)
                got = b''
                while not got.endswith(end):
                    got += connection.recv(65536)
                if self.calls > 1:
                    connection.sendall(
                        fcgi.stream(fcgi.STDOUT, b'Status: 200 OK\r\n\r\nok') +
                        fcgi.record(fcgi.END_REQUEST, b'\0' * 8))


def repeated(path):
    """(status, how often the gateway was asked)."""
    server = Dying()
    nginx = Nginx(server)
    try:
        answer = harness.http_request(nginx.port, 'POST', path, b'[]')
        return answer.status, server.calls
    finally:
        nginx.stop()
        server.listener.close()


def test_question_survives_a_killed_worker():
    """What only asks is asked again when a worker was killed over it."""
    for route in ('health', 'observe/observables', 'deliberate/observables',
                  'refer/observables', 'refer/observables/'):
        same(repeated('/local/' + route), (200, 2), route)


def test_trigger_is_never_repeated():
    """What does something is not done twice: 502 for the one request."""
    for route in ('respond/trigger', 'respond/observables', 'tiles'):
        same(repeated('/local/' + route), (502, 1), route)


class Load:
    """Four clients that ask through nginx, one request after another, what it
    does not repeat."""

    def __init__(self, gateway, keep=False):
        self.nginx = Nginx(gateway, keep=keep)
        self.over = threading.Event()
        self.asked, self.lost = 0, []
        self.threads = [threading.Thread(target=self.ask) for _ in range(4)]
        for thread in self.threads:
            thread.start()
        if keep:
            harness.wait_for(lambda: parked(gateway) > 0, 'kept connections')

    def ask(self):
        while not self.over.is_set():
            answer = harness.http_request(self.nginx.port, 'POST',
                                          '/template/version',
                                          headers=harness.bearer())
            self.asked += 1
            if answer.status != 200:
                self.lost.append(answer.status)

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join()
        self.nginx.stop()
        same(self.lost, [], 'lost of %d requests' % self.asked)


def reloads_under_load(name, keep):
    gateway = Gateway(name, sections={'server': {
        'workers': '2', 'threads': '2', 'queue': '100'}}).serve()
    load = Load(gateway, keep)
    for _ in range(4):
        workers = gateway.workers()
        gateway.process.send_signal(signal.SIGHUP)
        harness.wait_for(lambda: not set(workers) & set(gateway.workers()),
                         'the old workers are gone')
    load.end()
    same(gateway.stop(), 0, 'exit status')


def test_reloads_under_load_lose_nothing():
    reloads_under_load('nginx-reload', False)


def test_reloads_under_load_where_connections_are_kept():
    """The old workers pass those on to the new ones."""
    reloads_under_load('nginx-kept', True)


def test_restarts_under_load_lose_nothing():
    """With a socket of systemd's, whose queue holds what comes meanwhile."""
    gateway = Activated('nginx-restart').serve()
    load = Load(gateway)
    for _ in range(4):
        same(gateway.stop(), 0, 'exit status')
        gateway.serve()
        time.sleep(0.3)
    load.end()
    same(gateway.stop(), 0, 'exit status')
    gateway.listener.close()


def test_answers_are_ctim():
    """The cases compare answers with the schema, where it is there."""
    if harness.schema_reason():
        raise Skipped(harness.schema_reason())
    harness.validate_ctim({'data': {}})
    try:
        harness.validate_ctim({'data': {'verdicts': {'count': 1, 'docs': [
            {'type': 'verdict'}]}}})
    except harness.Failed:
        return
    fail('a verdict without anything passed')

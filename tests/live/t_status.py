# SPDX-License-Identifier: MIT
"""What the running pool tells of itself: the control socket, `status`, `ping`;
and `tail`, which reads the log."""

import json
import os
import re
import select
import signal
import socket
import stat
import subprocess
import time

import fcgiclient as fcgi
import harness
import manual
import t_cli
from harness import Gateway, Nginx, Skipped, fail, has, holds, same, wait_for
from upstream import Upstream

OBSERVE = '/local/observe/observables'
BODY = b'[{"type":"ip","value":"198.51.100.99"},{"type":"domain","value":' \
       b'"asked.example"}]'


def control(gateway):
    return gateway.sections['server']['control']


def talk(gateway, question, timeout=10):
    """What the pool answers to bytes."""
    return fcgi.raw(control(gateway), question, timeout).decode()


def status(gateway):
    return json.loads(talk(gateway, b'status\n'))


def relay_of(told, name):
    found = [r for r in told['relays'] if r['name'] == name]
    same(len(found), 1, 'relays %s in the status' % name)
    return found[0]


def send(gateway, path=OBSERVE, body=BODY, method='POST'):
    request = fcgi.request(method, path, body, harness.jwt())
    return fcgi.call(gateway.socket, request, body)


def settled(gateway, workers=2):
    """Waits until so many workers serve and nothing else is there."""
    def look():
        w = status(gateway)['workers']
        return w['serving'] == workers and \
            w['starting'] + w['ending'] + w['silent'] == 0
    wait_for(look, '%d workers serve' % workers)


def start(name, **kwargs):
    gateway = Gateway(name, **kwargs).serve()
    settled(gateway, int(gateway.sections['server']['workers']))
    return gateway


def end(gateway):
    same(gateway.stop(), 0, 'exit status')
    holds(not os.path.exists(control(gateway)), 'the control socket is left')


def traffic(gateway):
    """A known mix of requests: what each relay's counts must grow by."""
    sizes = {'local': 0, 'template': 0, '-': 0}
    for _ in range(20):
        sizes['local'] += len(send(gateway)[2])
    for _ in range(6):
        sizes['template'] += len(send(gateway, '/template/health', b'')[2])
    for _ in range(4):
        sizes['-'] += len(send(gateway, '/nobody/health', b'')[2])
    sizes['-'] += len(send(gateway, '/', b'', 'GET')[2])
    for _ in range(3):
        sizes['local'] += len(send(gateway, body=b'no JSON')[2])
    return {
        'local': {'requests': 23, '2xx': 23, '4xx': 0, '5xx': 0, 'errors': 3,
                  'observables': 40, 'bytes': sizes['local']},
        'template': {'requests': 6, '2xx': 6, 'bytes': sizes['template']},
        '-': {'requests': 5, '2xx': 1, '4xx': 4, 'bytes': sizes['-']},
    }


# --- the control socket ------------------------------------------------------

def test_socket_is_the_services():
    """Mode 0660, of the service's user and group, gone when it stops."""
    gateway = start('status-mode')
    st = os.stat(control(gateway))
    same(stat.S_IMODE(st.st_mode), 0o660, 'mode')
    if harness.web_user():
        same((st.st_uid, st.st_gid), harness.web_user()[1:], 'owner')
    end(gateway)


def test_directory_is_made():
    gateway = Gateway('status-folder')
    place = os.path.join(gateway.folder, 'run')
    gateway.sections['server']['control'] = os.path.join(place, 'c.sock')
    gateway.write()
    gateway.serve()
    st = os.stat(place)
    same(stat.S_IMODE(st.st_mode), 0o755, 'mode')
    if harness.web_user():
        same((st.st_uid, st.st_gid), harness.web_user()[1:], 'owner')
    end(gateway)


def test_stale_socket_is_replaced():
    gateway = start('status-stale')
    for pid in gateway.workers() + [gateway.process.pid]:
        os.kill(pid, signal.SIGKILL)
    gateway.process.wait()
    holds(os.path.exists(control(gateway)), 'nothing was left')
    status_, _, err = gateway.cli('ping', ok=False)
    same(status_, 1, 'ping')
    has('the gateway is gone', err, 'ping')
    os.unlink(gateway.socket)
    gateway.serve()
    settled(gateway)
    end(gateway)


def test_path_that_is_taken_is_a_warning():
    """A file, and a second pool: it serves, and says that none can ask it."""
    gateway = Gateway('status-taken')
    harness.write(control(gateway), 'precious')
    gateway.serve()
    same(send(gateway, '/template/health', b'')[0], 200, 'it serves')
    same(gateway.stop(), 0, 'exit status')
    same(harness.read(control(gateway)), 'precious', 'the file')
    has('[server] control', harness.read(gateway.log), 'the log')
    first = start('status-first')
    second = Gateway('status-second')
    second.sections['server']['control'] = control(first)
    second.write()
    second.serve()
    same(send(second, '/template/health', b'')[0], 200, 'it serves')
    same(second.stop(), 0, 'exit status')
    same(status(first)['pid'], first.process.pid, 'who answers')
    end(first)


def test_one_process_has_none():
    """--workers 0: there is no pool to ask, and the command says so."""
    gateway = Gateway('status-alone').serve('--workers', '0')
    holds(not os.path.exists(control(gateway)), 'there is a control socket')
    for command in ('status', 'ping'):
        code, _, err = gateway.cli(command, ok=False)
        same(code, 1, command)
        has('--workers 0', err, command)
    same(gateway.stop(), 0, 'exit status')


QUESTIONS = {
    'nothing': b'', 'an empty line': b'\n', 'a word': b'hello\n',
    'a long line': b'status' * 1000, 'binary': bytes(range(256)) * 8,
    'HTTP': b'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n',
    'FastCGI': fcgi.begin(), 'no end': b'status', 'more': b'status\n' * 500,
}


def test_garbage_on_the_socket():
    """Whatever is sent, the next is answered, by the same process."""
    gateway = start('status-garbage')
    before = gateway.workers()
    for name, data in QUESTIONS.items():
        fcgi.raw(control(gateway), data, 5, shutdown_write=True)
        same(talk(gateway, b'ping\n'), 'ok\n', 'after ' + name)
    same(talk(gateway, b'ping\r\n'), 'ok\n', 'a line as of telnet')
    has('error: ', talk(gateway, b'hello\n'), 'a question that is none')
    same(gateway.workers(), before, 'the workers')
    end(gateway)


def test_silence_is_dropped():
    """Who says nothing, or half a word, is let go after a second or so."""
    gateway = start('status-silent')
    for data in (b'', b'stat'):
        with fcgi.connect(control(gateway)) as sock:
            sock.sendall(data)
            same(fcgi.drain(sock, 10), b'', 'what came')
    end(gateway)


def flood(gateway, count, data=b''):
    """So many connections, of which none is closed from here."""
    out = []
    for _ in range(count):
        sock = socket.socket(socket.AF_UNIX)    # it blocks, no time-out
        out.append(sock)
        sock.connect(control(gateway))
        try:
            sock.send(data)
        except (BrokenPipeError, ConnectionResetError):
            pass            # another took its place already
    return out


def test_a_thousand_clients_disturb_nobody():
    """Silent and half-spoken connections without number: requests, reload and
    stop go on, and who asks properly is answered."""
    gateway = start('status-flood')
    socks = flood(gateway, 1000) + flood(gateway, 1000, b'sta')
    same(send(gateway)[0], 200, 'a request')
    same(talk(gateway, b'ping\n'), 'ok\n', 'ping')
    old = gateway.workers()
    gateway.process.send_signal(signal.SIGHUP)
    while set(old) & set(gateway.workers()):
        socks += flood(gateway, 20)
        same(send(gateway)[0], 200, 'a request')
    holds(status(gateway)['reloads'] == 1, 'the reload')
    # Askers who do not take their answer.
    socks += flood(gateway, 200, b'metrics\n')
    end(gateway)
    for sock in socks:
        sock.close()


def test_stopped_workers_are_seen():
    """A pool none of whose workers lives is no good one."""
    gateway = start('status-frozen')
    pids = gateway.workers()
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        wait_for(lambda: gateway.cli('ping', ok=False)[0] == 1, 'it is seen')
        has('no worker serves', gateway.cli('ping', ok=False)[2], 'why')
        same(status(gateway)['workers']['silent'], 2, 'silent')
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    wait_for(lambda: gateway.cli('ping', ok=False)[0] == 0, 'it works again')
    end(gateway)


# --- status ------------------------------------------------------------------

def test_status_for_people():
    gateway = start('status-people')
    traffic(gateway)
    _, out, err = gateway.cli('status')
    same(err, '', 'errors')
    for part in ('workers  2 of 2 serve', 'threads  0 of 8 busy',
                 'queue    0 of 128 places, 0 refused', gateway.conf,
                 'process %d, serving' % gateway.process.pid):
        has(part, out, 'status')
    holds(re.search(r'^local +23 +0 +0 +3 +40 ', out, re.M), out)
    holds(re.search(r'^all +34 +4 +0 ', out, re.M), out)
    holds('\x1b' not in out, 'colours in a pipe')
    code, shown = t_cli.on_terminal(gateway, 'status')
    same(code, 0, shown)
    has('\x1b[', shown, 'on a terminal')
    holds('\x1b[' not in t_cli.on_terminal(gateway, 'status', NO_COLOR='1')[1],
          'NO_COLOR')
    end(gateway)


def test_status_for_programs():
    gateway = start('status-json')
    told = json.loads(gateway.cli('status', '--json')[1])
    same(told['state'], 'serving', 'state')
    _, out, _ = gateway.cli('status', '--json', '--socket', control(gateway))
    same(json.loads(out)['pid'], gateway.process.pid, 'by --socket')
    end(gateway)


def test_status_again_and_again():
    """--watch goes on until it is told not to, and takes its seconds."""
    gateway = start('status-watch')
    watch = harness.start(
        [harness.program('ctim-relay'), 'status', '--json', '--watch', '1'],
        stdout=subprocess.PIPE, env=gateway.env())
    first = json.loads(watch.stdout.readline())
    send(gateway)
    second = json.loads(watch.stdout.readline())
    same(second['total']['requests'], first['total']['requests'] + 1,
         'requests')
    harness.stop(watch)
    for text in ('0', 'x', '-1'):
        code, _, err = gateway.cli('status', '--watch=' + text, ok=False)
        same(code, 64, err)
    end(gateway)


def test_who_may_not_ask():
    """Another user's command is told who may."""
    if not harness.ROOT:
        raise Skipped('not root')
    gateway = start('status-stranger')
    for command in ('status', 'ping'):
        done = subprocess.run(
            [harness.program('ctim-relay'), command, '--socket',
             control(gateway)], user='nobody', group='nogroup',
            extra_groups=[], capture_output=True, text=True, timeout=30,
            env=gateway.env())
        same(done.returncode, 1, command)
        has('may not ask', done.stderr, command)
        has('member of its group', done.stderr, command)
    end(gateway)


def test_nobody_listens():
    gateway = Gateway('status-nobody')
    for command in ('status', 'ping'):
        code, out, err = gateway.cli(command, ok=False)
        same((code, out), (1, ''), command)
        has(control(gateway), err, command)
        has('no gateway runs', err, command)
    # A file that was named and is not there is no broken configuration.
    for command, expected in (('status', 78), ('ping', 1), ('tail', 78)):
        code, _, err = gateway.cli(command, '-c', '/nonexistent', ok=False)
        same(code, expected, command)
        has('/nonexistent', err, command)
    code, _, err = gateway.cli('status', '--socket', '/' + 'x' * 200, ok=False)
    same(code, 1, err)
    has('too long', err, 'a long path')


BROKEN = {
    'an unknown key': lambda text: text + '\nnonsense = 1\n',
    'an unknown section': lambda text: text + '\n[nobody]\nx = 1\n',
    'a line that is none': lambda text: 'rubbish\n' + text,
    'a relay of nobody': lambda text: text + '\n[relay x]\n',
    'a value that is none': lambda text: text.replace('threads = 4',
                                                      'threads = four'),
    'twice': lambda text: text + '\n[server]\ncontrol = /nonexistent\n',
    'everybody may read it': None,
}


def test_a_broken_configuration_on_disk_hinders_nobody_who_looks():
    """status, ping and tail go on with what can be read of it, and say so;
    check still refuses it."""
    gateway = start('status-broken')
    send(gateway, '/template/health', b'')
    good = harness.read(gateway.conf)
    for name, change in BROKEN.items():
        if change is None:
            gateway.write(good)
            os.chmod(gateway.conf, 0o644)
        else:
            gateway.write(change(good))
        same(gateway.cli('check', ok=False)[0], 78, name)
        for command, key, value in (
                (('status',), '[server] control', control(gateway)),
                (('status', '--json'), '[server] control', control(gateway)),
                (('ping', '--quiet'), '[server] control', control(gateway)),
                (('tail', '--no-follow', '--http'), '[log] target',
                 gateway.log)):
            code, out, err = gateway.cli(*command, ok=False)
            same(code, 0, '%s: %s\n%s' % (name, command, err))
            has('%s is taken to be %s' % (key, value), err, name)
            has(gateway.conf + ':', err, name)
            if command[-1] == '--json':
                same(json.loads(out)['pid'], gateway.process.pid, name)
            if command[0] == 'tail':
                has('template', out, name)
    gateway.write(good)
    end(gateway)


def test_a_default_is_taken_where_the_broken_configuration_says_nothing():
    """Also where the key itself is what is wrong."""
    gateway = Gateway('status-default')
    for text in ('[server\ncontrol = %s\n', 'rubbish\n# %s\n',
                 '[server]\ncontrol = here\n# %s\n',
                 '[server]\ncontrol = %s ; mine\n',
                 '[server]\ncontrol = file:%s.none\n'):
        gateway.write(text % control(gateway))
        for command, expected in (('status', 1), ('ping', 1)):
            code, out, err = gateway.cli(command, ok=False)
            same((code, out), (expected, ''), '%r\n%s' % (text, err))
            holds(re.search(r'\[server\] control is taken to be '
                            r'(/\S+/ctim-relay/control\.sock), the default',
                            err), err)
            has('no gateway runs', err, command)
    gateway.write('[log]\ntarget = here\n')
    code, out, err = gateway.cli('tail', ok=False)
    same((code, out), (1, ''), err)
    has('[log] target is taken to be stderr, the default', err, 'tail')
    has('journalctl', err, 'tail')
    if not harness.ROOT:
        return
    # Its owner alone may read it.
    os.chown(gateway.conf, 0, 0)
    done = subprocess.run(
        [harness.program('ctim-relay'), 'status'], user='nobody',
        group='nogroup', extra_groups=[], capture_output=True, text=True,
        timeout=30, env=gateway.env())
    same(done.returncode, 1, done.stderr)
    has('the default', done.stderr, 'a stranger')
    has('Permission denied', done.stderr, 'a stranger')


def test_what_answers_is_no_gateway():
    """Something else on the socket: an error, no output of its making."""
    gateway = Gateway('status-other')
    for said in (b'hello\n', b'{"workers": 3}', b'{"workers": {}}' * 3, b'',
                 b'\x1b[2J{"workers": [1]}'):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(control(gateway))
            listener.listen()
            listener.settimeout(10)
            asked = harness.start(
                [harness.program('ctim-relay'), 'status'],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env=gateway.env())
            peer, _ = listener.accept()
            peer.recv(64)
            peer.sendall(said)
            peer.close()
            out, _ = asked.communicate(timeout=10)
            holds(b'\x1b' not in out, 'an escape sequence')
            holds(asked.returncode in (0, 1), 'exit %r' % asked.returncode)
        os.unlink(control(gateway))


# --- ping --------------------------------------------------------------------

def test_ping():
    gateway = start('ping')
    code, out, err = gateway.cli('ping')
    same(err, '', 'errors')
    holds(re.fullmatch(r'works, \d+ ms\n', out), out)
    same(gateway.cli('ping', '-q'), (0, '', ''), 'quiet')
    end(gateway)
    same(gateway.cli('ping', '-q', ok=False), (1, '', ''), 'quiet and gone')
    gateway.write('[server]\nnonsense = 1\n')
    same(gateway.cli('ping', ok=False)[0], 1, 'a bad configuration')


def test_ping_by_fastcgi():
    """--url unix:PATH and HOST:PORT: a request through the pool."""
    gateway = start('ping-fastcgi')
    same(gateway.cli('ping', '--url', 'unix:' + gateway.socket)[0], 0, 'unix')
    same(relay_of(status(gateway), '-')['requests'], 1, 'requests')
    end(gateway)
    same(gateway.cli('ping', '-q', '--url', 'unix:' + gateway.socket,
                     ok=False), (1, '', ''), 'gone')
    port = harness.free_port()
    gateway = Gateway('ping-tcp', sections={
        'server': {'listen': '127.0.0.1:%d' % port}})
    gateway.serve(wait=False)
    wait_for(lambda: gateway.cli('ping', '--url', '127.0.0.1:%d' % port,
                                 ok=False)[0] == 0, 'it works')
    end(gateway)


def test_ping_by_http():
    """--url http://...: the watchdog behind the web server."""
    if not harness.shutil.which('nginx', path=harness.sbin_path()):
        raise Skipped('nginx is not installed')
    gateway = start('ping-http')
    nginx = Nginx(gateway)
    url = 'http://127.0.0.1:%d' % nginx.port
    for good in (url, url + '/', url + '/below'):
        same(gateway.cli('ping', '--url', good)[0], 0, good)
    end(gateway)
    code, _, err = gateway.cli('ping', '--url', url, ok=False)
    same(code, 1, 'gone')
    has('status 502', err, 'why')
    nginx.stop()
    code, _, err = gateway.cli('ping', '--url', url, ok=False)
    same(code, 1, 'nobody listens')
    has(url, err, 'why')


def test_ping_of_what_is_no_gateway():
    gateway = Gateway('ping-other')
    rules = [{'request': '*', 'json': {'data': 'always the same'}}]
    with Upstream(rules) as upstream:
        code, _, err = gateway.cli('ping', '--url', upstream.url, ok=False)
        same(code, 1, err)
        has('no ctim-relay', err, 'HTTP')
        upstream.rules([{'request': '*', 'fault': 'hang'}])
        for url in (upstream.url, '127.0.0.1:%d' % upstream.port):
            began = time.monotonic()
            code, _, err = gateway.cli('ping', '-t', '1', '--url', url,
                                       ok=False)
            same(code, 1, err)
            holds(time.monotonic() - began < 10, 'it took too long')


def test_ping_of_what_speaks_no_fastcgi():
    gateway = Gateway('ping-strange')
    ends = [fcgi.record(fcgi.END_REQUEST, b'\0' * 8)]
    for said in ([b''], [b'HTTP/1.1 400 Bad Request\r\n\r\n'], ends,
                 [fcgi.record(fcgi.STDOUT, b'x' * 60000)] * 3,
                 [fcgi.record(fcgi.STDOUT, b'no header')] + ends,
                 [fcgi.record(fcgi.STDOUT, b'Status: 200\r\n\r\n{}')] + ends,
                 [fcgi.record(fcgi.STDOUT, b'Status: 200\r\n\r\n{}')[:-2]]):
        with socket.socket() as listener:
            listener.bind(('127.0.0.1', 0))
            listener.listen()
            listener.settimeout(10)
            asked = harness.start(
                [harness.program('ctim-relay'), 'ping', '--url',
                 '127.0.0.1:%d' % listener.getsockname()[1]],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env=gateway.env())
            peer, _ = listener.accept()
            peer.recv(65536)
            try:
                peer.sendall(b''.join(said))
            except OSError:
                pass
            peer.close()
            out, err = asked.communicate(timeout=10)
            same((asked.returncode, out), (1, b''), 'after %r' % said[0][:30])
            has(b'ctim-relay ping: ', err, 'why')


def test_wrong_use():
    gateway = Gateway('status-use')
    for args, word in ((['ping', '--url', 'ftp://x'], 'ftp://x'),
                       (['ping', '--url', 'http://x', '--socket', '/x'],
                        'two ways'), (['ping', '-t', '0'], '--timeout'),
                       (['ping', 'x'], '"x"'), (['status', 'x'], '"x"'),
                       (['status', '--json', '--metrics'], 'two forms'),
                       (['tail', '-n', 'x'], '-n'),
                       (['tail', 'a', 'b'], 'one FILE'),
                       (['tail', '--nope'], '--nope')):
        code, _, err = gateway.cli(*args, ok=False)
        same(code, 64, '%s\n%s' % (args, err))
        has(word, err, args)


def test_examples_of_the_manual():
    """What their pages show of these commands, in a shell."""
    gateway = start('status-examples')
    shown = manual.examples('status|ping|tail')
    holds(len(shown) >= 3, 'examples: %s' % shown)
    place = os.path.dirname(harness.program('ctim-relay'))
    for line in shown:
        if 'tail' in line and '--no-follow' not in line:
            line += ' --no-follow'
        code, _, err = harness.run(
            ['/bin/sh', '-c', line],
            env=gateway.env(PATH=place + ':' + os.environ['PATH']))
        same((code, err), (0, ''), line)
    end(gateway)


# --- tail --------------------------------------------------------------------

class Tail:
    """A tail that follows."""

    def __init__(self, gateway, *args):
        self.process = harness.start(
            [harness.program('ctim-relay'), 'tail', *args],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
            env=gateway.env(TZ='UTC'))

    def line(self, timeout=10):
        ready, _, _ = select.select([self.process.stdout], [], [], timeout)
        if not ready:
            fail('no line came')
        return self.process.stdout.readline().decode()

    def until(self, part, most=50):
        """The first line that has this."""
        for _ in range(most):
            line = self.line()
            if part in line:
                return line
        fail('no line with ' + part)

    def stop(self):
        harness.stop(self.process)
        self.process.stdout.close()
        self.process.stderr.close()


def send_as(gateway, request_id, path=OBSERVE, body=BODY):
    request = fcgi.request('POST', path, body, harness.jwt(),
                           HTTP_X_REQUEST_ID=request_id)
    return fcgi.call(gateway.socket, request, body)


def test_tail_shows_requests_as_they_come():
    """In both formats, one readable line each."""
    for form in ('text', 'json'):
        gateway = start('tail-' + form, sections={'log': {'format': form}})
        gateway.load('198.51.100.99\n', 'one')
        tail = Tail(gateway)
        has('start:', tail.until('start:'), 'what was there')
        send_as(gateway, 'as-it-comes')
        line = tail.until('as-it-comes')
        holds(re.fullmatch(
            r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}  local '
            r'observe/observables  200  \d+ ms, 2 observables, \d+ entities'
            r'  as-it-comes\n', line), line)
        send_as(gateway, 'with-errors', body=b'no JSON')
        has(', 1 error ', tail.until('with-errors'), 'errors')
        tail.stop()
        end(gateway)


def rotated(gateway):
    """As logrotate does: move, then tell."""
    os.rename(gateway.log, gateway.log + '.1')
    send_as(gateway, 'between')
    gateway.process.send_signal(signal.SIGUSR1)
    wait_for(lambda: os.path.exists(gateway.log), 'the new file')


def test_tail_over_rotation():
    """Nothing is lost and nothing comes twice: what is written to the old file
    after its move, and to the new one."""
    gateway = start('tail-rotate')
    tail = Tail(gateway, '--http')
    for n in range(3):
        send_as(gateway, 'before-%d' % n)
        tail.until('before-%d' % n)
        rotated(gateway)
        same(tail.until('between').count('between'), 1, 'the old file')
        # The workers may still have the old one: then it is there.
        send_as(gateway, 'after-%d' % n)
        has('after-%d' % n, tail.line(), 'the next line')
        wait_for(lambda n=n: 'after-%d' % n in harness.read(gateway.log) or
                 'after-%d' % n in harness.read(gateway.log + '.1'), 'it')
    tail.stop()
    end(gateway)


def test_tail_of_a_log_that_is_cut():
    """copytruncate: the file is emptied in place."""
    gateway = start('tail-cut')
    tail = Tail(gateway, '--http')
    for n in range(3):
        send_as(gateway, 'whole-%d' % n)
        tail.until('whole-%d' % n)
        os.truncate(gateway.log, 0)
        send_as(gateway, 'cut-%d' % n)
        tail.until('cut-%d' % n)
    tail.stop()
    end(gateway)


LOG = '''2026-01-01T10:00:00.123Z 7 info start: x, workers 2
2026-01-01T10:00:01.000Z 7 info relay=local route=health status=200 \
observables=0 entities=0 errors=0 calls=0 cached=0 bytes=2 ms=1 id=r1 token=-
2026-01-01T10:00:02.000Z 7 warning relay otx: https://x:443: status 503
{"time":"2026-01-01T10:00:03.004Z","level":"info","pid":7,"relay":"otx",\
"route":"observe/observables","status":200,"observables":1,"entities":0,\
"errors":1,"calls":3,"cached":1,"bytes":9,"ms":231,"id":"r2","token":"-"}
2026-01-01T10:00:04.000Z 7 info relay=- route=- status=404 observables=0 \
entities=0 errors=0 calls=0 cached=0 bytes=2 ms=1 id=r3 token=-
2026-01-01T10:00:05.000Z 7 error relay local: the store is gone
what is no record \x1b[2J at all
2026-01-01T10:00:06.000Z 7 info relay=forged route=
'''
SHOWN = [
    ('2026-01-01 10:00:00.123  info  start: x, workers 2', ''),
    ('2026-01-01 10:00:01.000  local health  200  1 ms, 0 observables, '
     '0 entities  r1', 'h'),
    ('2026-01-01 10:00:02.000  warning  relay otx: https://x:443: status 503',
     'eo'),
    ('2026-01-01 10:00:03.004  otx observe/observables  200  231 ms, '
     '1 observable, 0 entities, 3 calls (1 cached), 1 error  r2', 'heo'),
    ('2026-01-01 10:00:04.000  - -  404  1 ms, 0 observables, 0 entities  r3',
     'he'),
    ('2026-01-01 10:00:05.000  error  relay local: the store is gone', 'e'),
    (r'what is no record \x1b[2J at all', ''),
    ('2026-01-01 10:00:06.000  info  relay=forged route=', ''),
]


def test_tail_filters():
    gateway = Gateway('tail-filter')
    path = harness.write(os.path.join(gateway.folder, 'some.log'), LOG)
    for args, letters in (((), ''), (('--http',), 'h'), (('--errors',), 'e'),
                          (('--relay', 'otx'), 'o'),
                          (('--relay', 'otx', '--http'), 'oh'),
                          (('--errors', '--http'), 'eh'),
                          (('--relay', 'nobody'), '!')):
        code, out, err = harness.run(
            [harness.program('ctim-relay'), 'tail', '--no-follow', *args,
             path], env=gateway.env(TZ='UTC'))
        same((code, err), (0, ''), args)
        same(out.splitlines(), [line for line, marks in SHOWN
                                if set(letters) <= set(marks)], args)


def test_tail_begins_with_the_last_lines():
    """-n counts what is shown, however far back that is."""
    gateway = Gateway('tail-last')
    path = os.path.join(gateway.folder, 'some.log')
    lines = ['2026-01-01T10:00:00.000Z 7 info number %d %s' % (
        n, 'x' * (n % 900)) for n in range(3000)]
    lines[5] = lines[5].replace('info', 'error')
    harness.write(path, '\n'.join(lines) + '\n')
    for n in (0, 1, 10, 2999, 3000, 5000):
        _, out, _ = gateway.cli('tail', '--no-follow', '-n', str(n), path)
        same(re.findall(r'number (\d+)', out),
             [str(i) for i in range(max(0, 3000 - n), 3000)], '-n %d' % n)
    _, out, _ = gateway.cli('tail', '--no-follow', '-n', '1', '--errors', path)
    same(re.findall(r'number (\d+)', out), ['5'], 'the last error')


def test_tail_of_standard_input():
    """journalctl -o cat, docker logs: what comes there, to its end, without
    times too."""
    gateway = Gateway('tail-stdin')
    _, out, _ = gateway.cli('tail', '-', input='info relay=local '
                            'route=health status=200 observables=0 entities=0 '
                            'errors=0 calls=0 cached=0 bytes=2 ms=1 id=r1 '
                            'token=-\nerror no newline at the end')
    same(out, 'local health  200  1 ms, 0 observables, 0 entities  r1\n'
         'error  no newline at the end\n', 'what is shown')


def test_tail_without_a_file():
    """[log] target that is no file: where the log is instead."""
    for target, word in (('stderr', 'journalctl -f -o cat -u ctim-relay'),
                         ('syslog', 'journalctl -f -o cat -t ctim-relay')):
        gateway = Gateway('tail-none', sections={'log': {'target': target}})
        code, _, err = gateway.cli('tail', ok=False)
        same(code, 1, err)
        has(word, err, target)
    gateway = Gateway('tail-missing')
    os.unlink(gateway.log)
    code, _, err = gateway.cli('tail', ok=False)
    same(code, 1, err)
    has(gateway.log, err, 'a file that is not there')


def test_tail_does_not_wait_at_a_named_pipe():
    """The gateway logs to no pipe, so none that [log] target names is read."""
    gateway = Gateway('tail-pipe')
    os.unlink(gateway.log)
    os.mkfifo(gateway.log)
    code, _, err = gateway.cli('tail', ok=False, timeout=10)
    same(code, 1, err)
    has('[log] target %s: ' % gateway.log, err, 'a named pipe')


def test_tail_colours():
    gateway = Gateway('tail-colour')
    path = harness.write(os.path.join(gateway.folder, 'some.log'), LOG)
    args = ['tail', '--no-follow', path]
    has('\x1b[', t_cli.on_terminal(gateway, *args)[1], 'on a terminal')
    holds('\x1b' not in t_cli.on_terminal(gateway, *args, NO_COLOR='1')[1],
          'NO_COLOR')
    holds('\x1b' not in gateway.cli(*args)[1], 'in a pipe')

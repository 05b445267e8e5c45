# SPDX-License-Identifier: MIT
"""Maps of described providers in the real server: who runs them, what becomes of
one that fails, and that no process is left.  The server is a build with a provider
of the tests, its ctim-relay-map that of the plain build."""

import array
import glob
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess

import fcgiclient as fcgi
import harness
import t_package_confined
from harness import Gateway, Skipped, has, holds, same
from t_metrics import parsed, promtool
from t_status import relay_of, status, talk

SECRET = 'xanthic-secret-key-of-the-gateway-0123456789'
CANARY = 'canary-in-the-environment'
PROGRAMS = ('ctim-relay.fcgi', 'ctim-relay-map', 'ctim-relay',
            harness.NETWORK)


def build(name):
    """A folder with the server, its map program and its network half: one for each
    gateway, so that it tells whose a process is."""
    plain = os.path.join(harness.BUILD, 'tests', 'plain')
    if not os.path.exists(os.path.join(plain, 'ctim-relay-map')):
        raise Skipped('this build has no ctim-relay-map')
    folder = harness.folder('map-build-' + name)
    for name, source in zip(PROGRAMS, ('tests/plain/described.fcgi',
                                       'tests/plain/ctim-relay-map',
                                       'ctim-relay', harness.NETWORK)):
        shutil.copy2(os.path.join(harness.BUILD, source),
                     os.path.join(folder, name))
    return folder


def gateway(name, relays='[relay good]\n', **server):
    return Gateway('map-' + name, relays, {
        'server': dict({'workers': '1'}, **server),
        'auth': {'secret_key': SECRET}}, build(name))


def ask(g, *names, relay='good', route='observe'):
    """The answer about domains of these names."""
    body = json.dumps([{'type': 'domain', 'value': n + '.example'}
                       for n in names]).encode()
    request = fcgi.request('POST', '/%s/%s/observables' % (relay, route), body,
                           harness.jwt(key=SECRET))
    status, _, text = fcgi.call(g.socket, request, body, 30)
    same(status, 200, text)
    return json.loads(text)


def titles(answer):
    return sorted(d['title'] for d in
                  answer.get('data', {}).get('indicators', {}).get('docs', []))


def errors(answer):
    return [(e['type'], e['code'], e['message'])
            for e in answer.get('errors', [])]


def processes(g):
    """The pids of all ctim-relay-map that g's program started."""
    found = []
    path = harness.program('ctim-relay.fcgi', g.build)
    path = os.path.join(os.path.dirname(path), 'ctim-relay-map')
    for exe in glob.glob('/proc/[0-9]*/exe'):
        try:
            if os.readlink(exe) == path:
                found.append(int(exe.split('/')[2]))
        except OSError:
            pass
    return sorted(found)


def children(pid):
    try:
        return [int(n) for n in harness.read(
            '/proc/%d/task/%d/children' % (pid, pid)).split()]
    except OSError:
        return []


def master_of(g):
    """The map master, a child of the server's."""
    found = [p for p in children(g.process.pid) if p in processes(g)]
    same(len(found), 1, 'map masters of the server: %r' % found)
    return found[0]


def none_left(g):
    harness.wait_for(lambda: not processes(g), 'the end of all map processes')


def test_a_map_says_what_the_answer_is():
    g = gateway('says').serve()
    since = g.log_size()
    answer = ask(g, 'good', 'nothing')
    same((titles(answer), errors(answer)), (['a map'], []), 'the answer')
    harness.wait_for(lambda: any('map_ms' in r for r in g.records()),
                     'map_ms in the record of the request')
    holds(g.log_size() > since, 'the log')
    same(g.stop(), 0, 'exit status')
    none_left(g)


def test_a_request_that_needs_no_map_has_no_worker():
    g = gateway('unasked').serve()
    same(ask(g, 'unasked'), {'data': {}}, 'the answer')
    same(children(master_of(g)), [], 'map workers')
    same([r for r in g.records() if 'map_ms' in r], [], 'records with map_ms')
    g.stop()
    none_left(g)


def test_each_failure_is_told_and_the_others_are_answered():
    g = gateway('fails', threads='1').serve()
    answer = ask(g, 'broken', 'good')
    same(titles(answer), ['a map', 'before'], 'what came before stays')
    same(errors(answer), [
        ('warning', 'unknown', 'Good has answered something that map.jq does '
         'not understand: bad day (domain broken.example)')], 'error')
    for name, words in (('crash', "Good's map crashed"),
                        ('late', "Good's map took too long"),
                        ('large', "Good's map needs too much memory")):
        # An answer after it ends the row of failures.
        answer = ask(g, name, 'good')
        same(titles(answer), ['a map'], name)
        same(errors(answer), [('warning', 'unknown', '%s (domain %s.example)' % (
            words, name))], name)
        has(words + ' (described/map.jq, ', harness.read(g.log), 'the log')
    same(errors(ask(g, 'env')), [
        ('warning', 'unknown', 'Good has answered something that map.jq does '
         'not understand: env is not there (domain env.example)')], 'env')
    g.stop()
    none_left(g)


REASONS = ('error', 'late', 'crash', 'memory', 'off', 'unavailable')


def test_what_maps_do_is_counted():
    """By relay and reason, and how many processes there are; a relay whose map
    was never asked is not there."""
    g = gateway('counted', '[relay good]\n\n[relay good2]\nprovider = good\n',
                threads='1').serve()
    before = parsed(talk(g, b'metrics\n'))
    same(before[('ctim_relay_map_workers', '')], 0, 'map workers at first')
    ask(g, 'good', 'broken', 'crash', 'large', 'late', 'unasked')
    ask(g, 'good')
    metrics = parsed(talk(g, b'metrics\n'))
    expected = dict.fromkeys(REASONS, 0) | dict.fromkeys(
        ('error', 'crash', 'memory', 'late'), 1)
    same({r: metrics[('ctim_relay_map_failures_total',
                      'relay="good",reason="%s"' % r)] for r in REASONS},
         expected, 'failures')
    same(metrics[('ctim_relay_map_seconds_count', 'relay="good"')], 6, 'asked')
    holds(metrics[('ctim_relay_map_seconds_sum', 'relay="good"')] >= 1,
          'the late one took its time')
    same(metrics[('ctim_relay_map_workers', '')], 1, 'map workers')
    same([k for k in metrics if 'map_' in k[0] and 'good2' in k[1] and
          'left_out' not in k[0]], [], 'what no relay asked')
    told = status(g)
    same(told['map_workers'], 1, 'map workers in the status')
    relay = relay_of(told, 'good')['map']
    same((relay['asked'], relay['failures']), (6, expected), 'status')
    holds('map' not in relay_of(told, 'good2'), 'status of one not asked')
    shown = g.cli('status')[1]
    holds(re.search(r'^good +6 +\d+ +1 +1 +1 +1 +0 +0 +0$', shown, re.M), shown)
    has('maps     1 processes', shown, 'shown')
    same(promtool('check', 'metrics', input=g.cli('status', '--metrics')[1]),
         '', 'promtool')
    g.stop()
    none_left(g)


def test_five_failures_in_a_row_turn_a_map_off():
    g = gateway('off').serve()
    answer = ask(g, *('crash%s' % c if c else 'crash' for c in
                      ('', '.b', '.c', '.d', '.e')))
    same(len(errors(answer)), 5, 'errors')
    same(errors(ask(g, 'good')), [
        ('fatal', 'unknown', "Good's map has failed five times in a row and is "
         'not asked for a minute (domain good.example)')], 'while it is off')
    metrics = parsed(talk(g, b'metrics\n'))
    same(metrics[('ctim_relay_map_failures_total',
                  'relay="good",reason="off"')], 1, 'counted')
    same(metrics[('ctim_relay_map_seconds_count', 'relay="good"')], 5, 'timed')
    g.stop()
    none_left(g)


def memory_has(pid, text):
    """Whether a process has the text anywhere in its memory."""
    with open('/proc/%d/maps' % pid) as maps, \
            open('/proc/%d/mem' % pid, 'rb', 0) as mem:
        for line in maps:
            if line.split()[1][0] != 'r' or '[v' in line:
                continue
            first, last = (int(n, 16) for n in line.split()[0].split('-'))
            if last - first > 1 << 30:
                continue
            mem.seek(first)
            try:
                if text.encode() in mem.read(last - first):
                    return True
            except OSError:
                pass
    return False


def test_nothing_of_the_gateway_is_in_a_map_process():
    if os.geteuid() != 0:
        raise Skipped('only root reads a process that is not dumpable')
    g = gateway('secret').serve(CANARY=CANARY)
    ask(g, 'good')
    master = master_of(g)
    pids = [master, *children(master)]
    same(len(pids), 2, 'map master and worker')
    holds(memory_has(g.process.pid, SECRET), 'the look finds what is there')
    holds(memory_has(g.process.pid, CANARY), 'the look finds what is there')
    for pid in pids:
        holds(not memory_has(pid, SECRET), 'the secret key is in %d' % pid)
        holds(not memory_has(pid, CANARY), 'the environment is in %d' % pid)
        same(harness.read('/proc/%d/environ' % pid), 'TZ=UTC\0', 'environment')
        same(os.listdir('/proc/%d/fd' % pid), ['0'], 'descriptors')
    has('Seccomp:\t2', harness.read('/proc/%d/status' % pids[1]), 'status')
    g.stop()
    none_left(g)


def test_a_reload_starts_another_master():
    g = gateway('reload').serve()
    ask(g, 'good')
    before = master_of(g)
    g.cli('reload')
    # Its workers end when they have answered what they had.
    harness.wait_for(lambda: before not in children(g.process.pid),
                     'the end of the old map master')
    holds(master_of(g) != before, 'it is the one from before')
    same(titles(ask(g, 'good')), ['a map'], 'after the reload')
    g.stop()
    none_left(g)


BROKEN = [('fatal', 'internal error',
           'The description of Bad has an error, see the log')]


def test_a_map_that_is_wrong_is_named():
    """A reload is refused; a start serves the other relays, and of this one no
    route but version."""
    g = gateway('wrong').serve()
    g.relays = '[relay good]\n\n[relay bad]\n\n[relay same]\nprovider = bad\n'
    g.write()
    status, out, err = g.cli('reload', ok=False)
    holds(status != 0, out + err)
    for name in ('refer', 'third'):
        same((out + err).count('described/%s.jq:' % name), 1,
             out + err)
    same(titles(ask(g, 'good')), ['a map'], 'the old configuration')
    g.stop()
    none_left(g)
    g.serve()
    same(titles(ask(g, 'good')), ['a map'], 'the other relay')
    for relay in ('bad', 'same'):
        for route in ('observe', 'refer'):
            same(errors(ask(g, 'good', relay=relay, route=route)), BROKEN,
                 (relay, route))
    log = harness.read(g.log)
    for name in ('refer', 'third'):
        has('described/%s.jq:' % name, log, 'the log')
    g.stop()
    none_left(g)


def test_an_upgrade_leaves_no_map_master():
    g = gateway('upgrade').serve()
    ask(g, 'good')
    before = master_of(g)
    os.kill(g.process.pid, signal.SIGUSR2)
    harness.wait_for(lambda: before not in processes(g),
                     'the end of the old map master', 30)
    same(titles(ask(g, 'good')), ['a map'], 'after the upgrade')
    master_of(g)
    g.stop()
    none_left(g)


def test_a_map_master_that_dies_is_replaced():
    g = gateway('dies').serve()
    ask(g, 'good')
    before = master_of(g)
    os.kill(before, signal.SIGKILL)

    def again():
        return [p for p in processes(g) if p != before and
                p in children(g.process.pid)]
    harness.wait_for(again, 'another map master')
    harness.wait_for(lambda: titles(ask(g, 'good')) == ['a map'], 'an answer')
    g.stop()
    none_left(g)


def test_a_killed_gateway_leaves_no_map_process():
    g = gateway('killed').serve()
    ask(g, 'good')
    g.process.kill()
    g.process.wait()
    none_left(g)
    g.process = None


def test_one_process_makes_its_own():
    """And compiles a program when it is first asked."""
    g = gateway('alone', '[relay good]\n\n[relay bad]\n').serve('--workers', '0')
    # Its socket is there a moment before its threads are.
    harness.wait_for(lambda: fcgi.call(g.socket, fcgi.request(
        'POST', '/good/version', b''), b'', 30)[0] == 200, 'a thread')
    same(processes(g), [], 'map processes before a question')
    same(titles(ask(g, 'good')), ['a map'], 'the answer')
    same(len(processes(g)), 2, 'map master and worker')
    same(titles(ask(g, 'good', relay='bad')), ['a map'], 'a program is good')
    for _ in range(2):
        same(errors(ask(g, 'good', 'other', relay='bad', route='refer')),
             BROKEN, 'one is not')
    same(titles(ask(g, 'good', relay='bad')), ['a map'], 'it costs no other')
    same(harness.read(g.log).count('refer.jq:2: syntax error'), 1, 'the log')
    same(g.stop(), 0, 'exit status')
    none_left(g)


def test_cgi():
    """One request makes one, and only where it is needed."""
    g = gateway('cgi', '[relay good]\n\n[relay bad]\n')
    for name, relay, route, expected in (
            ('good', 'good', 'observe', (['a map'], [])),
            ('good', 'bad', 'observe', (['a map'], [])),
            ('unasked', 'good', 'observe', ([], [])),
            ('good', 'bad', 'refer', ([], BROKEN))):
        body = json.dumps([{'type': 'domain',
                            'value': name + '.example'}]).encode()
        path = '/%s/%s/observables' % (relay, route)
        env = g.env(**fcgi.request('POST', path, body,
                                   harness.jwt(key=SECRET)))
        env.update(PATH_INFO=path, SCRIPT_NAME='',
                   GATEWAY_INTERFACE='CGI/1.1')
        status, out, err = harness.run(
            [harness.program('ctim-relay.fcgi', g.build)],
            input=body.decode(), env=env)
        same(status, 0, err)
        answer = json.loads(out.split('\r\n\r\n', 1)[1])
        same((titles(answer) if route == 'observe' else [], errors(answer)),
             expected, out)
        none_left(g)


def test_the_unit_lets_a_worker_lock_itself():
    """Under the list of system calls of systemd's unit, a worker answers."""
    words = re.findall(r'^\tMAPFRAME_(\w+),?', harness.read(os.path.join(
        harness.SRC, 'src', 'net', 'mapframe.h')), re.M)
    number = {word: i for i, word in enumerate(words)}
    same(words[0], 'PROGRAM', 'the first kind of packet')
    path = os.path.join(build('confined'), 'ctim-relay-map')
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ends = socket.socketpair()
    for s in ours, ends[0]:
        s.settimeout(30)
    with subprocess.Popen(
            [*t_package_confined.launcher(), path], stdin=theirs,
            env=dict(harness.environment(), PATH=harness.sbin_path())) as p:
        theirs.close()
        try:
            ours.send(struct.pack('III', number['PROGRAM'], 0, 2) + b'.a')
            ours.send(struct.pack('III', number['START'], 0, 0))
            same(struct.unpack('III', ours.recv(100)[:12])[0], number['READY'],
                 'the map master')
            ours.sendmsg([struct.pack('III', number['WORKER'], 0, 0)], [(
                socket.SOL_SOCKET, socket.SCM_RIGHTS,
                array.array('i', [ends[1].fileno()]))])
            ends[1].close()
            question = b'{"answers":{"a":7}}'
            ends[0].sendall(struct.pack('III', number['ASK'], 0,
                                        len(question)) +
                            question)
            expected = struct.pack('III', number['HELLO'], 1, 0) + struct.pack(
                'III', number['DONE'], 0, 2) + b'7\n'
            got = b''
            while len(got) < len(expected):
                part = ends[0].recv(100)
                holds(part, 'the worker ended after %r' % got)
                got += part
            same(got, expected, 'the answer')
        finally:
            ours.close()
            ends[0].close()
        same(p.wait(30), 0, 'exit status')

# SPDX-License-Identifier: MIT
"""Another binary takes over from the one that runs: the same process, the same
sockets, and no request is lost."""

import json
import os
import random
import shutil
import signal
import socket
import threading
import time

import fcgiclient as fcgi
import harness
from harness import Gateway, has, holds, same
from provider_case import gateway as relay_of, rate_kept
from services import otx
from t_connections import Kept, closed
from t_network import PROGRAMS, spoil
from t_orders import Manager, dying, health, order
from t_process import (ASKED, Asking, lives, none_is_left, queue_length,
                       refuses)
from t_respond import BAD, BLOCK, SUCCESS, TRIGGER, body as act, trigger
from t_respond_hook import EVERY, Hook, without_counts
from t_tiles import taken
from upstream import Upstream

SERVER = PROGRAMS[1]
QUIET = {'server': {'base_url': 'https://relay.example.org'},
         'auth': {'require': 'org=1'}}


def own(gateway):
    """Gives a gateway programs of its own, that a test can replace."""
    gateway.build = harness.folder('programs')
    for name in PROGRAMS:
        shutil.copy2(os.path.join(harness.BUILD, name), gateway.build)
    return gateway


def pool(name, **server):
    return own(Gateway(name, sections={'server': dict(
        QUIET['server'], **server)})).serve()


def file_of(gateway, name=SERVER):
    return os.path.join(os.path.dirname(harness.program(SERVER, gateway.build)),
                        name)


def put(path, data):
    """A new file in the place of another, as packages do it."""
    with open(path + '.new', 'wb') as file:
        file.write(data)
    os.chmod(path + '.new', 0o755)
    os.rename(path + '.new', path)


def replace(gateway, name=SERVER, change=lambda data: data):
    path = file_of(gateway, name)
    with open(path, 'rb') as file:
        data = file.read()
    put(path, change(data))


def script(gateway, text):
    """A program in the place of the server; $REAL is the real one."""
    real = file_of(gateway, 'real')
    if not os.path.exists(real):
        shutil.copy2(file_of(gateway), real)
    put(file_of(gateway), ('#!/bin/sh\nREAL=%s\n%s\n' % (real, text)).encode())


def runs(gateway):
    """The file that the master runs."""
    return os.readlink('/proc/%d/exe' % gateway.process.pid)


def upgraded(gateway, workers, times=1):
    """Another binary serves, in the same process, with other workers."""
    log = harness.read(gateway.log)
    same(log.count('"message":"upgrade: unix:'), times, log[-2000:])
    same(runs(gateway), file_of(gateway), 'what runs')
    same(health(gateway), 200, 'a request')
    harness.wait_for(lambda: not set(workers) & set(gateway.workers()),
                     'the old workers are gone')
    harness.wait_for(lambda: len(gateway.workers()) == 2, 'workers')


def ended(gateway):
    same(gateway.stop(), 0, 'exit status')
    holds(not os.path.exists(gateway.socket), 'the socket is there')


def ok(result):
    same(result[0], 0, str(result))
    return result[1]


def refused(gateway, *reasons):
    """A reload comes to nothing, and is told why; the old binary serves on."""
    workers = sorted(gateway.workers())
    code, out, err = order(gateway, 'reload')
    same((code, out), (1, ''), err)
    for reason in ('the new binary is refused, the old one serves on',
                   *reasons):
        has(reason, err, 'what is said')
        has(reason.replace('"', '\\"'), harness.read(gateway.log), 'the log')
    same(sorted(gateway.workers()), workers, 'the workers')
    same(health(gateway), 200, 'a request')


# --- when, and what is told ------------------------------------------------------

def test_reload_executes_a_binary_that_was_replaced():
    gateway = pool('binary-new')
    pid, workers = gateway.process.pid, gateway.workers()
    ok(order(gateway, 'reload'))
    same(runs(gateway), file_of(gateway), 'nothing has changed')
    holds('upgrade' not in harness.read(gateway.log), 'an upgrade for nothing')
    workers = gateway.workers()
    replace(gateway)
    has(' (deleted)', runs(gateway), 'what runs')
    has('2 workers serve with the configuration as it is, and of the new binary',
        ok(order(gateway, 'reload')), 'what is said')
    upgraded(gateway, workers)
    same(gateway.process.pid, pid, 'the process')
    # What it had open it has once.
    count = len(os.listdir('/proc/%d/fd' % pid))
    for i in range(3):
        workers = gateway.workers()
        replace(gateway)
        ok(order(gateway, 'reload'))
        upgraded(gateway, workers, i + 2)
    same(len(os.listdir('/proc/%d/fd' % pid)), count, 'descriptors')
    ended(gateway)


def test_reload_looks_at_the_libraries_too():
    gateway = pool('binary-library')
    workers = gateway.workers()
    replace(gateway, harness.NETWORK)
    ok(order(gateway, 'reload'))
    upgraded(gateway, workers)
    ended(gateway)


def test_signals_upgrade():
    """SIGHUP where the file is another one, SIGUSR2 always."""
    gateway = pool('binary-signals')
    for times, (sig, change) in enumerate((
            (signal.SIGUSR2, False), (signal.SIGHUP, True))):
        workers = gateway.workers()
        if change:
            replace(gateway)
        gateway.process.send_signal(sig)
        harness.wait_for(lambda t=times: harness.read(gateway.log).count(
            '"message":"upgrade: unix:') == t + 1, 'an upgrade', 20)
        harness.wait_for(lambda w=workers: len(gateway.workers()) == 2 and
                         not set(w) & set(gateway.workers()), 'new workers', 20)
        upgraded(gateway, workers, times + 1)
    ended(gateway)


def test_path_is_that_of_the_start():
    """With its links: an upgrade may lead them elsewhere."""
    gateway = own(Gateway('binary-link', sections=QUIET))
    harness.program(SERVER, gateway.build)
    place = os.path.dirname(file_of(gateway))
    os.rename(place, place + '-1')
    shutil.copytree(place + '-1', place + '-2')
    os.symlink(place + '-1', place)
    gateway.serve()
    same(runs(gateway), os.path.join(place + '-1', SERVER), 'the old one')
    os.unlink(place)
    os.symlink(place + '-2', place)
    ok(order(gateway, 'reload'))
    same(runs(gateway), os.path.join(place + '-2', SERVER), 'the new one')
    same(health(gateway), 200, 'a request')
    ended(gateway)


def test_check_of_the_binary():
    gateway = own(Gateway('binary-check', sections=QUIET))
    run = [harness.program(SERVER, gateway.build), '--check']
    code, out, err = harness.run(run, env=gateway.env())
    same((code, err), (0, ''), out)
    has('the configuration is good', out, 'what it says')
    gateway.write(harness.read(gateway.conf) + 'nonsense = 1\n')
    code, out, err = harness.run(run, env=gateway.env())
    same((code, out), (78, ''), err)
    has('%s:' % gateway.conf, err, 'the reason')
    gateway.write()
    spoil(os.path.dirname(file_of(gateway)))
    code, out, err = harness.run(run, env=gateway.env())
    same((code, out), (1, ''), err)
    has('is of another build', err, 'the reason')


def test_service_manager_is_told_of_an_upgrade():
    """By the same process, so that it needs no other number."""
    gateway = own(Gateway('binary-notify', sections=QUIET))
    manager = Manager(os.path.join(gateway.run, 'notify'))
    gateway.serve(NOTIFY_SOCKET=manager.name, WATCHDOG_USEC='400000',
                  WATCHDOG_PID='')
    seen = manager.wait('READY=1')
    replace(gateway)
    ok(order(gateway, 'reload'))
    after = manager.wait('READY=1', 'and of the new binary', since=seen)
    holds(any('RELOADING=1' in s for s in manager.told[seen:]), manager.told)
    manager.wait('WATCHDOG=1', since=after)
    script(gateway, 'echo it lacks something >&2; exit 3')
    same(order(gateway, 'reload')[0], 1, 'one that is refused')
    manager.wait('READY=1', 'its check ended with status 3', since=after)
    ended(gateway)


# --- what is refused -------------------------------------------------------------

def test_binary_that_is_refused():
    gateway = pool('binary-refused')
    good = open(file_of(gateway), 'rb').read()
    script(gateway, 'echo it lacks "a library" >&2; exit 3')
    refused(gateway, 'its check ended with status 3', 'it lacks a library')
    script(gateway, 'exit 0')
    refused(gateway, 'does not say that it can take over')
    script(gateway, 'kill -9 $$')
    refused(gateway, 'its check was ended by signal 9')
    path = file_of(gateway)
    os.unlink(path)
    refused(gateway, 'its check ended with status 127',
            path + ': No such file')
    put(path, b'\x7fELF, no more')
    refused(gateway, 'Exec format error')
    replace(gateway, harness.NETWORK)
    put(file_of(gateway), good)
    spoil(os.path.dirname(file_of(gateway)))
    refused(gateway, 'is of another build than this program')
    same(harness.read(gateway.log).count('"upgrade: unix:'), 0, 'upgrades')
    shutil.copy2(os.path.join(harness.BUILD, harness.NETWORK),
                 os.path.dirname(file_of(gateway)))
    workers = gateway.workers()
    ok(order(gateway, 'reload'))
    upgraded(gateway, workers)
    ended(gateway)


def test_check_that_does_not_end():
    """It is killed in the end; the pool serves, answers and stops meanwhile."""
    gateway = pool('binary-hangs')
    # Which says more than anybody listens to.
    script(gateway, 'echo $$ >%s/pid; exec yes' % gateway.logs)
    results = []
    thread = threading.Thread(target=lambda: results.append(
        order(gateway, 'reload')))
    thread.start()
    pid = int(harness.wait_for(lambda: os.path.exists(
        gateway.logs + '/pid') and harness.read(gateway.logs + '/pid'),
        'the check'))
    same(health(gateway), 200, 'a request meanwhile')
    ok(order(gateway, 'ping'))
    thread.join()
    same(results[0][0], 1, str(results))
    has('its check did not end within 10 s', results[0][2], 'the reason')
    has('the check said more than that', results[0][2], 'what it said')
    harness.wait_for(lambda: not lives(pid), 'the check is gone')
    os.unlink(gateway.logs + '/pid')
    script(gateway, 'echo $$ >%s/pid; exec sleep 100' % gateway.logs)
    gateway.process.send_signal(signal.SIGHUP)
    pid = int(harness.wait_for(lambda: os.path.exists(
        gateway.logs + '/pid') and harness.read(gateway.logs + '/pid'),
        'the check'))
    ended(gateway)
    harness.wait_for(lambda: not lives(pid), 'the check is gone')


def test_configuration_that_the_new_binary_refuses():
    gateway = pool('binary-conf')
    good = harness.read(gateway.conf)
    replace(gateway)
    gateway.write(good + 'nonsense = 1\n')
    line = len(good.splitlines()) + 1
    refused(gateway, 'its check ended with status 78',
            '%s:%d: ' % (gateway.conf, line))
    workers = gateway.workers()
    gateway.write(good)
    ok(order(gateway, 'reload'))
    upgraded(gateway, workers)
    ended(gateway)


def test_configuration_that_breaks_after_the_check():
    """The old workers serve on until it is good again."""
    gateway = pool('binary-late')
    workers = gateway.workers()
    good = harness.read(gateway.conf)
    if harness.web_user():
        os.chown(gateway.conf, harness.web_user()[1], -1)
    script(gateway, 'case " $* " in *" --check "*) "$REAL" "$@" || exit; '
           'echo nonsense = 1 >>%s;; *) exec "$REAL" "$@";; esac'
           % gateway.conf)
    results = []
    thread = threading.Thread(target=lambda: results.append(
        order(gateway, 'reload')))
    thread.start()
    harness.wait_for(lambda: 'nonsense' in harness.read(gateway.stderr),
                     'it is refused', 20)
    same(health(gateway), 200, 'a request meanwhile')
    with open(gateway.conf, 'w') as file:
        file.write(good)
    thread.join()
    ok(results[0])
    harness.wait_for(lambda: not set(workers) & set(gateway.workers()),
                     'new workers')
    same(health(gateway), 200, 'a request')
    ended(gateway)


def test_check_with_much_to_say():
    """Of a configuration with many warnings."""
    gateway = pool('binary-warns')
    # As many as are kept of them.
    script(gateway, 'case " $* " in *" --check "*) '
           'yes a warning | head -c 65536 >&2;; esac; exec "$REAL" "$@"')
    has('of the new binary', ok(order(gateway, 'reload')), 'what is said')
    same(health(gateway), 200, 'a request')
    ended(gateway)


def test_askers_that_never_cease_do_not_hold_an_upgrade():
    """Somebody always has a place on the control socket; who comes meanwhile is
    answered by the new binary."""
    gateway = pool('binary-asked')
    path = gateway.sections['server']['control']
    done, silent = threading.Event(), []

    def ask():
        while not done.wait(0.2):
            silent.append(socket.socket(socket.AF_UNIX))
            silent[-1].connect(path)
    thread = threading.Thread(target=ask)
    thread.start()
    try:
        harness.wait_for(lambda: len(silent) >= 3, 'some who ask nothing')
        replace(gateway)
        has('of the new binary', ok(order(gateway, 'reload', '-t', '20')),
            'what is said')
        ok(order(gateway, 'ping'))
    finally:
        done.set()
        thread.join()
        for sock in silent:
            sock.close()
    ended(gateway)


def test_binary_that_is_replaced_during_its_check():
    """What was not checked is not executed."""
    gateway = pool('binary-twice')
    script(gateway, 'printf "#!/bin/sh\\nexit 3\\n" >%s; chmod 755 %s; '
           'mv %s "$0"; exec "$REAL" "$@"' % ((gateway.logs + '/bad',) * 3))
    if harness.web_user():
        os.chown(os.path.dirname(file_of(gateway)), harness.web_user()[1], -1)
    refused(gateway, 'its check ended with status 3')
    same(harness.read(gateway.log).count('is another file now'), 2, 'checks')
    put(file_of(gateway), open(file_of(gateway, 'real'), 'rb').read())
    workers = gateway.workers()
    ok(order(gateway, 'reload'))
    upgraded(gateway, workers)
    ended(gateway)


def test_upgrade_out_of_workers_that_die():
    """Those of the old binary, during the check, do not fail it."""
    gateway = pool('binary-mends')
    go = gateway.logs + '/go'
    script(gateway, 'case " $* " in *" --check "*) '
           'while [ ! -e %s ]; do sleep 0.05; done;; esac; '
           'exec "$REAL" "$@"' % go)
    results = []
    workers = gateway.workers()
    thread = threading.Thread(target=lambda: results.append(
        order(gateway, 'reload')))
    thread.start()
    harness.wait_for(lambda: 'is another file now' in
                     harness.read(gateway.log) and
                     set(gateway.workers()) - set(workers), 'the check')
    with dying(gateway):
        os.kill(workers[0], signal.SIGKILL)
        harness.wait_for(lambda: 'died within a second' in
                         harness.read(gateway.log), 'an early death')
    harness.write(go, '')
    thread.join()
    has('of the new binary', ok(results[0]), 'what is said')
    same(health(gateway), 200, 'a request')
    ended(gateway)


def test_binary_that_dies_after_its_check():
    """Then nobody is there any more: what was accepted is answered, and the next
    start has the socket."""
    with Upstream() as service:
        gateway = own(relay_of('binary-dies', service.url, ['otx'], server={
            'workers': '2', 'threads': '2'}, http={
                'timeout': '20', 'deadline': '20'}))
        gateway.relays += '[relay template]\n'
        gateway.write()
        gateway.serve()
        service.rules([dict(rule, hold=True)
                       for rule in otx(ASKED, entries=1)])
        asking = Asking(gateway.socket, 4)
        asking.held(service)
        workers = gateway.workers()
        script(gateway, 'case " $* " in *" --check "*) exec "$REAL" "$@";; '
               'esac; exit 3')
        code, _, err = order(gateway, 'reload')
        same(code, 1, err)
        same(gateway.process.wait(20), 3, 'exit status')
        began = time.monotonic()
        service.release()
        asking.whole()
        harness.wait_for(lambda: refuses(gateway.socket), 'nobody listens')
        shutil.copy2(file_of(gateway, 'real'), file_of(gateway))
        gateway.serve()
        same(health(gateway), 200, 'a request')
        none_is_left(workers, began)
        ended(gateway)


# --- what goes on ----------------------------------------------------------------

def held(name, service, **server):
    gateway = own(relay_of(name, service.url, ['otx'], server=dict({
        'workers': '2', 'threads': '2', 'queue': '8'}, **server),
        http={'timeout': '60', 'deadline': '60'}))
    gateway.relays += '[relay template]\n'
    gateway.write()
    return gateway


def test_requests_in_hand_are_answered():
    """By the old workers, over several upgrades."""
    with Upstream() as service:
        gateway = held('binary-hand', service).serve()
        service.rules([dict(rule, hold=True)
                       for rule in otx(ASKED, entries=1)])
        first = gateway.workers()
        asking = Asking(gateway.socket, 4)
        asking.held(service)
        for times in range(3):
            replace(gateway)
            has('of the new binary', ok(order(gateway, 'reload')), 'an order')
            same(health(gateway), 200, 'a request')
            same(sum(lives(pid) for pid in first), 2, 'the old workers')
        service.release()
        asking.whole()
        harness.wait_for(lambda: not any(map(lives, first)),
                         'the old workers are gone')
        harness.wait_for(lambda: len(gateway.workers()) == 2, 'workers')
        holds('no sign of life' not in harness.read(gateway.log), 'killed')
        ended(gateway)


def test_old_workers_end_by_their_deadline():
    """Also where they are stopped, over an upgrade; a stop ends all of them."""
    gateway = own(Gateway('binary-stopped', sections={
        'server': dict(QUIET['server'], read_timeout='1', write_timeout='1'),
        'http': {'deadline': '1'}})).serve()
    old = gateway.workers()
    for pid in old:
        os.kill(pid, signal.SIGSTOP)
    replace(gateway)
    ok(order(gateway, 'reload'))
    harness.wait_for(lambda: not any(map(lives, old)), 'they are killed', 20)
    same(health(gateway), 200, 'a request')
    ended(gateway)


def test_stop_right_after_an_upgrade():
    with Upstream() as service:
        gateway = held('binary-stop', service).serve()
        service.rules([dict(rule, hold=True)
                       for rule in otx(ASKED, entries=1)])
        asking = Asking(gateway.socket, 4)
        asking.held(service)
        old = gateway.workers()
        replace(gateway)
        ok(order(gateway, 'reload'))
        process, thread = gateway.process, threading.Thread(
            target=order, args=(gateway, 'stop'))
        thread.start()
        harness.wait_for(lambda: 'stop: ' in harness.read(gateway.log), 'stop')
        service.release()
        asking.whole()
        thread.join()
        same(process.wait(20), 0, 'exit status')
        same([pid for pid in old if lives(pid)], [], 'old workers')


def other_layout(data):
    """A binary whose pools have another memory."""
    same(data.count(b'balance 1 %zu'), 1, 'names of the layout')
    return data.replace(b'balance 1 %zu', b'balance 9 %zu')


def kept_through(gateway, change):
    """Connections that the web server keeps: half a request, and an idle one."""
    whole = fcgi.records(fcgi.request('POST', '/template/health', b'',
                                      harness.jwt()), flags=fcgi.KEEP_CONN)
    idle, half = Kept(gateway), Kept(gateway)
    idle.ask()
    half.send(whole[:50])
    time.sleep(0.2)
    workers = gateway.workers()
    change()
    ok(order(gateway, 'reload'))
    half.send(whole[50:])
    same(half.answer()[0], 200, 'the half request')
    half.close()
    return idle, workers


def test_kept_connections_go_to_the_new_workers():
    gateway = pool('binary-kept')
    idle, workers = kept_through(gateway, lambda: replace(gateway))
    for _ in range(3):
        idle.ask()
    upgraded(gateway, workers)
    idle.ask()
    idle.close()
    ended(gateway)


def test_binary_with_another_memory():
    """What waits is answered by the old workers; they end as ever."""
    gateway = own(Gateway('binary-layout', sections={'server': dict(
        QUIET['server'], read_timeout='15')})).serve()
    for times in range(2):
        idle, workers = kept_through(gateway, lambda: replace(
            gateway, change=other_layout if times == 0 else
            lambda data: data.replace(b'balance 9', b'balance 1')))
        holds(closed(idle.sock, 60), 'an idle connection is open')
        upgraded(gateway, workers, times + 1)
    with Upstream() as service:
        more = held('binary-layout', service).serve()
        service.rules([dict(rule, hold=True)
                       for rule in otx(ASKED, entries=1)])
        asking = Asking(more.socket, 8)
        asking.held(service)
        harness.wait_for(lambda: queue_length(more) == 4,
                         'the others are in the queue')
        replace(more, change=other_layout)
        ok(order(more, 'reload'))
        service.release()
        asking.whole()
        ended(more)
    ended(gateway)


def test_old_memory_over_two_upgrades():
    """No binary that follows sees the signs of life of its workers, which have
    all of their time."""
    gateway = own(Gateway('binary-blind', sections={
        'server': dict(QUIET['server'], read_timeout='60'),
        'http': {'deadline': '1'}})).serve()
    whole = fcgi.records(fcgi.request('POST', '/template/health', b'',
                                      harness.jwt()), flags=fcgi.KEEP_CONN)
    half = Kept(gateway)
    half.send(whole[:50])
    time.sleep(0.2)
    for change in other_layout, lambda data: data:
        replace(gateway, change=change)
        ok(order(gateway, 'reload'))
    time.sleep(8)       # others would be taken for dead
    half.send(whole[50:])
    same(half.answer()[0], 200, 'the half request')
    half.close()
    ended(gateway)


def test_memory_that_cannot_be_handed_over():
    """Where the size of files is limited; else the same."""
    gateway = own(Gateway('binary-small', sections={'server': dict(
        QUIET['server'], read_timeout='15')}))
    gateway.serve(wrapper=('prlimit', '--fsize=100000'))
    for times in range(2):
        idle, workers = kept_through(gateway, lambda: replace(gateway))
        holds(closed(idle.sock, 60), 'an idle connection is open')
        upgraded(gateway, workers, times + 1)
    ended(gateway)


def test_socket_of_a_service_manager():
    """LISTEN_FDS, and a socket at descriptor 0: the queue of who made it."""
    for at_zero in (False, True):
        with socket.socket(socket.AF_UNIX) as listener:
            gateway = own(Gateway('binary-activated%d' % at_zero,
                                  sections=QUIET))
            listener.bind(gateway.socket)
            os.chmod(gateway.socket, 0o666)
            listener.listen(16)
            program = harness.program(SERVER, gateway.build)
            env = gateway.env(**harness.coverage_env())
            with open(gateway.stderr, 'w') as errors:
                if at_zero:
                    gateway.process = harness.start(
                        [program], env=env, stderr=errors,
                        stdin=listener.fileno())
                else:
                    gateway.process = harness.start(
                        ['/bin/sh', '-c', 'exec 3<&%d; LISTEN_FDS=1 '
                         'LISTEN_PID=$$ exec "$0"' % listener.fileno(),
                         program], env=env, stderr=errors,
                        pass_fds=[listener.fileno()])
            harness.wait_for(lambda: len(gateway.workers()) == 2, 'workers')
            for times in range(2):
                workers = gateway.workers()
                replace(gateway)
                ok(order(gateway, 'reload'))
                same(health(gateway), 200, 'a request')
                harness.wait_for(lambda w=workers: not set(w) & set(
                    gateway.workers()), 'the old workers are gone')
            same(gateway.stop(), 0, 'exit status')
            holds(os.path.exists(gateway.socket), "the manager's socket")


def test_log_on_standard_error_goes_on():
    gateway = own(Gateway('binary-stderr', sections=dict(
        QUIET, log={'target': 'stderr', 'format': 'json'})))
    gateway.log = gateway.stderr
    gateway.serve()
    for times in range(3):
        workers = gateway.workers()
        replace(gateway)
        ok(order(gateway, 'reload'))
        upgraded(gateway, workers, times + 1)
    ended(gateway)
    has('"message":"stopped"', harness.read(gateway.log), 'the log')


def test_log_that_only_root_could_open():
    """Files in a folder that the service's user cannot even enter."""
    if not harness.web_user():
        raise harness.Skipped('no other user to become')
    gateway = own(Gateway('binary-log', sections=QUIET))
    os.chown(gateway.logs, 0, 0)
    os.chmod(gateway.logs, 0o700)
    gateway.serve()
    for times in range(2):
        workers = gateway.workers()
        replace(gateway)
        ok(order(gateway, 'reload'))
        upgraded(gateway, workers, times + 1)
    gateway.process.send_signal(signal.SIGUSR1)     # cannot, and says so
    harness.wait_for(lambda: 'log: Permission denied' in
                     harness.read(gateway.log), 'a rotation')
    ended(gateway)
    has('"message":"stopped"', harness.read(gateway.log), 'the log')


def half_sent(gateway, path, content):
    """Half of a request, and what sends the rest and takes the answer."""
    text = json.dumps(content).encode()
    whole = fcgi.records(fcgi.request('POST', path, text, harness.jwt()), text)
    sock = fcgi.connect(gateway.socket, 20)
    sock.sendall(whole[:50])

    def rest():
        with sock:
            sock.sendall(whole[50:])
            return json.loads(fcgi.http(fcgi.parse(fcgi.drain(sock))[0])[2])
    return rest


def test_what_old_workers_count_is_not_lost():
    """Changes of a store, matches: of requests that end when the new binary has
    counts of its own."""
    without_counts()
    gateway = own(Hook(name='binary-counts', server={'workers': '1'}))
    gateway.load('198.51.100.7\n', 'bad', '--disposition', 'Malicious')
    gateway.wait(1, 'the run of the import')
    gateway.serve()
    time.sleep(EVERY)       # that run is over, for all that wait for it
    looks_up = half_sent(gateway, '/local/deliberate/observables',
                         [{'type': 'ip', 'value': '198.51.100.7'}])
    changes = half_sent(gateway, TRIGGER,
                        act(BLOCK, 'ip', '203.0.113.77'))
    time.sleep(0.3)
    old = gateway.workers()
    replace(gateway)
    ok(order(gateway, 'reload'))
    same([pid for pid in old if lives(pid)], old, 'the old worker')
    same(len(gateway.runs()), 1, 'runs before')
    same(changes(), SUCCESS, 'trigger')
    same(len(looks_up()['data']['verdicts']['docs']), 1, 'verdicts')
    gateway.wait(2, 'the second run')
    harness.wait_for(lambda: not any(map(lives, old)), 'the old worker ends')
    same(sum(taken(gateway).values()), 1, 'matches in the store')
    same(trigger(gateway, BLOCK, 'ip', '203.0.113.78'), SUCCESS, 'trigger')
    gateway.wait(3, 'the third run')
    ended(gateway)
    same(len(gateway.runs()), 3, 'runs')


def test_calls_to_a_service_are_no_more_often():
    """Turns that requests in the old workers wait for, and those of new ones."""
    with Upstream() as service:
        gateway = own(relay_of('binary-rate', service.url, ['otx'], server={
            'workers': '2', 'threads': '8'}, http={
                'timeout': '10', 'deadline': '10'}))
        gateway.relays = gateway.relays.replace(
            '[relay otx]\n', '[relay otx]\nrate = 4\n')
        gateway.relays += '[relay template]\n'
        has('rate = 4', gateway.relays, 'the configuration')
        gateway.write()
        gateway.serve()
        service.rules(otx(ASKED, entries=1))
        since = time.monotonic()
        first = Asking(gateway.socket, 3)
        harness.wait_for(lambda: len(service.requests) >= 2, 'some calls')
        replace(gateway)
        ok(order(gateway, 'reload'))
        again = time.monotonic()
        second = Asking(gateway.socket, 3)
        first.whole()
        second.whole()
        holds(len(service.requests) >= 24, '%d calls' % len(service.requests))
        rate_kept(service, 4, since)
        rate_kept(service, 4, again)
        ended(gateway)


# --- under load ------------------------------------------------------------------

class Load:
    """Clients that ask without a pause: half of them over connections that they
    keep, half over new ones."""

    def __init__(self, gateway, clients=4):
        self.gateway, self.failures, self.count = gateway, [], [0] * clients
        self.end = threading.Event()
        self.token = harness.jwt()
        self.threads = [threading.Thread(target=self.run, args=(i,))
                        for i in range(clients)]
        for thread in self.threads:
            thread.start()

    def one(self, kept):
        if kept:
            kept.ask()
        else:
            same(health(self.gateway), 200, 'status')

    def run(self, number):
        kept = Kept(self.gateway) if number % 2 else None
        while not self.end.is_set():
            try:
                self.one(kept)
            except Exception as error:      # whatever it is, it is a lost one
                self.failures.append(repr(error))
                return
            self.count[number] += 1
        if kept:
            kept.close()

    def stop(self):
        self.end.set()
        for thread in self.threads:
            thread.join()
        same(self.failures, [], 'lost, of %d requests' % sum(self.count))
        return sum(self.count)


def test_no_request_is_lost_under_load():
    """Over reloads and upgrades in turn; `make soak` has 100,000 requests over
    50 of each."""
    soak = 'CTIM_KILLS' in os.environ
    gateway = pool('binary-load')
    load = Load(gateway)
    try:
        for _ in range(50 if soak else 4):
            ok(order(gateway, 'reload'))
            replace(gateway)
            ok(order(gateway, 'reload'))
        while soak and sum(load.count) < 100000 and not load.failures:
            time.sleep(0.1)
    finally:
        count = load.stop()
    holds(all(load.count), 'requests: %s' % load.count)
    has('"requests"', gateway.cli('status', '--json')[1], 'the status')
    if soak:
        print('%d requests over 50 reloads and 50 upgrades' % count)
    ended(gateway)


def test_master_killed_at_a_random_moment_of_an_upgrade():
    """The next start serves, and nothing of the old pool stays."""
    gateway = own(Gateway('binary-killed', sections={
        'server': dict(QUIET['server'], read_timeout='1'),
        'http': {'deadline': '1'}}))
    for _ in range(int(os.environ.get('CTIM_KILLS', '8'))):
        gateway.serve()
        group = gateway.process.pid
        replace(gateway)
        gateway.process.send_signal(signal.SIGHUP)
        time.sleep(random.uniform(0, 0.4))
        os.kill(group, signal.SIGKILL)
        gateway.process.wait()
        old = gateway.process
        gateway.serve()
        same(health(gateway), 200, 'a request')
        same(gateway.stop(), 0, 'exit status')
        harness.wait_for(lambda: not in_group(group), 'nothing is left', 20)
        harness.stop(old)


def in_group(group):
    """Whether a process of a process group lives."""
    for name in os.listdir('/proc'):
        try:
            if name.isdigit() and os.getpgid(int(name)) == group and \
                    lives(int(name)):
                return True
        except ProcessLookupError:
            pass
    return False

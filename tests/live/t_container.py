# SPDX-License-Identifier: MIT
"""The container's first process, without a container: the real program with
the real pool and nginx, as the user who serves."""

import hashlib
import hmac
import os
import re
import shutil
import signal
import socket
import stat
import subprocess


import harness
from harness import SRC, has, holds, http_request, read, same, wait_for

CLEAN = re.compile(r'^ctim-relay-container: (.*)$', re.M)
FIRST = 'ctim-relay-container: '


class Container:
    """Folders as the image has them, and the program with them."""

    def __init__(self, name):
        self.folder = harness.folder(name)
        self.run, self.state, self.etc, self.share = (
            os.path.join(self.folder, part)
            for part in ('run', 'state', 'etc', 'share'))
        for path in (self.run, self.state, self.etc):
            os.mkdir(path)
            harness.give(path, 0o700 if path != self.etc else 0o755)
        os.rmdir(self.run)          # it is made
        harness.give(self.folder, 0o755)
        for top, file in (('nginx', 'nginx/ctim-relay-location.conf'),
                          ('container', 'packaging/container/nginx.conf')):
            os.makedirs(os.path.join(self.share, top))
            shutil.copy(os.path.join(SRC, file), os.path.join(self.share, top))
        self.port = harness.free_port()
        self.conf = os.path.join(self.run, 'ctim-relay.conf')
        self.stderr = os.path.join(self.folder, 'stderr')
        self.stdout = os.path.join(self.folder, 'stdout')
        for path in (self.stdout, self.stderr):
            harness.give(harness.write(path, ''), 0o600)
        self.process = None
        self.variables = {
            'CTIM_RELAY_SERVER_WORKERS': '1', 'CTIM_RELAY_CACHE_URL': 'off',
            'CTIM_RELAY_CONF': self.conf}

    def args(self, *more):
        return [harness.program('ctim-relay-container'),
                '--port', str(self.port), '--etc', self.etc, '--run', self.run,
                '--state', self.state, '--share', self.share,
                '--pool', harness.program('ctim-relay.fcgi'), *more]

    def options(self, variables):
        env = dict(harness.environment(), PATH=harness.sbin_path(),
                   **harness.coverage_env(), **self.variables)
        env.update(variables)
        return dict(user(), env={k: v for k, v in env.items()
                                 if v is not None}, cwd='/')

    def start(self, wait=True, **variables):
        with open(self.stderr, 'a') as err, open(self.stdout, 'a') as out:
            self.process = harness.start(self.args(), stdout=out, stderr=err,
                                         **self.options(variables))
        if wait:
            wait_for(lambda: self.process.poll() is not None or
                     harness.port_open(self.port), 'port 9090 answers', 20)
            same(self.process.poll(), None, self.said())
        return self

    def once(self, *args, **variables):
        """Runs the program with a command or to its refusal."""
        done = subprocess.run(
            self.args(*args), stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=60, **self.options(variables))
        return done.returncode, done.stdout, done.stderr

    def said(self):
        return read(self.stderr)

    def child(self, word):
        """The process of the container whose program has that name."""
        for pid in children(self.process.pid):
            if word in command(pid):
                return pid
        return harness.fail('no %s among the children' % word)

    def wait(self, timeout=40):
        return self.process.wait(timeout)

    def stop(self):
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()


def user():
    who = harness.web_user()
    return {'user': who[1], 'group': who[2], 'extra_groups': []} if who else {}


def children(pid):
    path = '/proc/%d/task/%d/children' % (pid, pid)
    return [int(p) for p in read(path).split()]


def command(pid):
    with open('/proc/%d/cmdline' % pid, 'rb') as f:
        return f.read().split(b'\0')[0].decode()


def alive(pid):
    try:
        return read('/proc/%d/stat' % pid).rsplit(')', 1)[1].split()[0] != 'Z'
    except (FileNotFoundError, ProcessLookupError):
        return False


def pending(pid):
    """Whether a signal waits for the process."""
    return int(re.search(r'^ShdPnd:\s*(\w+)', read('/proc/%d/status' % pid),
                         re.M)[1], 16) != 0


def test_nothing_is_set():
    """The page, a key that is kept, and what to do next; at the second start
    the same key.  Everything ends with the container."""
    box = Container('unset')
    box.start()
    answer = http_request(box.port, 'GET', '/')
    same(answer.status, 200, answer.text())
    has('local', answer.text(), 'the page')
    said = box.said()
    for word in ('CTIM_RELAY_RELAY_OTX__PROVIDER=otx',
                 'CTIM_RELAY_AUTH_SECRET_KEY_FILE', box.state,
                 'ctim-relay jwt --relay local',
                 'http://localhost:%d/' % box.port):
        has(word, said, 'the first words')
    path = os.path.join(box.state, 'secret.key')
    key = read(path)
    same((len(key), stat.S_IMODE(os.stat(path).st_mode)), (65, 0o600), 'key')
    same(stat.S_IMODE(os.stat(box.conf).st_mode), 0o600, 'the configuration')
    holds(key.strip() not in said, 'the key is told')
    pool, nginx = box.child('ctim-relay.fcgi'), box.child('nginx')
    everyone = [pool, nginx] + children(pool) + children(nginx)
    same(len(everyone), 5, 'processes')
    same(box.stop(), 0, box.said())
    same([pid for pid in everyone if alive(pid)], [], 'left behind')
    holds('refused' not in box.said() and 'killed' not in box.said(),
          box.said())
    status, out, err = box.once(
        os.path.join(os.path.dirname(harness.program('ctim-relay')),
                     'ctim-relay'), 'check', '--dump')
    same((status, read(path)), (0, key), err)
    has('local', out, 'check --dump')


def test_a_key_that_cannot_be_made_is_told():
    """The page is there all the same."""
    box = Container('keyless')
    box.state = '/proc/state'
    box.start()
    has('warning: no secret key is set, and none can be made in /proc/state',
        box.said(), 'what is said')
    same(http_request(box.port, 'GET', '/').status, 200, 'the page')
    same(box.stop(), 0, box.said())


def test_a_token_of_the_key_is_good_through_nginx():
    box = Container('token')
    store = os.path.join(box.state, 'intel.db')
    box.start(CTIM_RELAY_AUTH_SECRET_KEY=harness.KEY,
              CTIM_RELAY_RELAY_LOCAL__STORE=store)
    answer = http_request(box.port, 'POST', '/local/health', b'',
                          harness.bearer())
    same(answer.status, 200, answer.text())
    same(answer.json(), {'data': {'status': 'ok'}}, 'health')
    long_token = harness.jwt({'sub': 'x' * 5000})
    answer = http_request(box.port, 'POST', '/local/health', b'',
                          harness.bearer(long_token))
    same(answer.json(), {'data': {'status': 'ok'}}, 'a long token')
    has('[relay local] an empty store is made: ' + store, box.said(), 'store')
    same(box.stop(), 0, box.said())
    has('POST /local/health', read(box.stdout), "nginx's words")
    for text in (box.said(), read(box.stdout)):
        holds(harness.KEY not in text, 'the key is told')


def test_settings_come_from_variables_and_files():
    """What variables say is in force for commands too; a secret in a file that
    all may read is taken, and no value is told."""
    box = Container('set')
    secret = os.path.join(box.folder, 'secret')
    harness.write(secret, 'the-secret-of-a-file-' + 'x' * 40 + '\n', 0o644)
    proxy = 'http://me:pass;word@proxy.example:3128'
    variables = {
        'CTIM_RELAY_AUTH_SECRET_KEY_FILE': secret,
        'CTIM_RELAY_HTTP_CA_FILE': '/etc/ssl/certs/ca-certificates.crt',
        'CTIM_RELAY_HTTP_DEADLINE': '50',
        'CTIM_RELAY_EGRESS_DOMAINS': ', '.join('h%d.corp.example' % i
                                              for i in range(30)),
        'CTIM_RELAY_HTTP_PROXY': proxy,
        'CTIM_RELAY_RELAY_OTX__RATE': '3',
        'CTIM_RELAY_RELAY_LISTS__PROVIDER': 'local',
        'CTIM_RELAY_RELAY_LISTS__STORE': os.path.join(box.state, 'a ;b.db'),
        'CTIM_RELAY_PORT': 'tcp://10.0.0.1:9090',
        'CTIM_RELAY_SERVICE_HOST': '10.0.0.1'}
    program = harness.program('ctim-relay')
    status, out, err = box.once(program, 'check', '--dump', **variables)
    same(status, 0, err)
    lines = [line.strip() for line in out.splitlines()]
    for line in ('deadline = 50', 'rate = 3', 'provider = local',
                 'ca_file = /etc/ssl/certs/ca-certificates.crt',
                 'store = env:CTIM_RELAY_RELAY_LISTS__STORE'):
        holds(line in lines, '%s\n%s' % (line, out))
    holds('[relay local]' not in out, 'a relay that is not asked for')
    same(CLEAN.findall(err), [
        'warning: CTIM_RELAY_PORT, CTIM_RELAY_SERVICE_HOST: not used, as no '
        'key is called so; `ctim-relay check --keys` lists them '
        '(CTIM_RELAY_SECTION_KEY; CTIM_RELAY_RELAY_NAME__KEY, with '
        "__PROVIDER where the relay's name is not its provider's)"],
        'what is said')
    # A key that is set stays, and the file's is what a token is made with.
    holds(not os.path.exists(os.path.join(box.state, 'secret.key')), 'a key')
    if harness.ROOT:
        os.chmod(secret, 0o600)
        status, out, err = box.once('true', **variables)
        same((status, out), (78, ''), err)
        has('CTIM_RELAY_AUTH_SECRET_KEY_FILE: %s: Permission denied (for user '
            '%d, who serves here)' % (secret, harness.web_user()[1]), err,
            'what is said')
        os.chmod(secret, 0o644)
    status, out, err = box.once(program, 'jwt', '--relay', 'lists', '--quiet',
                                **variables)
    same(status, 0, err)
    signed, mac = out.strip().rsplit('.', 1)
    same(mac, harness.b64(hmac.new(
        b'the-secret-of-a-file-' + b'x' * 40, signed.encode(),
        hashlib.sha256).digest()), 'what the token is signed with')
    for word in ('the-secret', 'pass;word'):
        holds(word not in err, err)


def test_the_key_of_a_published_relay_is_taken():
    """SECRET_KEY, which the server reads itself: no other key is made."""
    box = Container('published')
    box.start(SECRET_KEY=harness.KEY,
              CTIM_RELAY_RELAY_LOCAL__PROVIDER='template')
    answer = http_request(box.port, 'POST', '/local/health', b'',
                          harness.bearer())
    same(answer.json(), {'data': {'status': 'ok'}}, answer.text())
    holds('secret_key' not in read(box.conf), 'the configuration')
    same(os.listdir(box.state), [], 'what is kept')
    same(box.stop(), 0, box.said())


REFUSED = [
    ({'CTIM_RELAY_SERVER_WORKERS': 'many'},
     'CTIM_RELAY_SERVER_WORKERS: [server] workers: must be a number from 1 to '
     '1024'),
    ({'CTIM_RELAY_AUTH_SECRET_KEY': 'short'},
     'CTIM_RELAY_AUTH_SECRET_KEY: [auth] secret_key: must have at least 32 '
     'characters; `ctim-relay jwt` makes a good one'),
    ({'CTIM_RELAY_AUTH_SECRET_KEY': 'a' * 40 + '\nworkers = 9'},
     'CTIM_RELAY_AUTH_SECRET_KEY: holds more than one line'),
    ({'CTIM_RELAY_AUTH_SECRET_KEY_FILE': '/nowhere/key'},
     'CTIM_RELAY_AUTH_SECRET_KEY_FILE: /nowhere/key: No such file or directory '
     '(for user %d, who serves here)'),
    ({'CTIM_RELAY_RELAY_X__PROVIDER': 'acme'},
     'CTIM_RELAY_RELAY_X__PROVIDER: [relay x] there is no provider "acme"; add '
     'a line `provider = NAME` with one of: template, local, otx, spycloud, '
     'qualys, all, or one of the directories in [server] providers'),
    ({'CTIM_RELAY_RELAY_HEALTH__PROVIDER': 'otx'},
     'CTIM_RELAY_RELAY_HEALTH__PROVIDER: "health" is no name for a relay: it '
     'is the first part of a route of the gateway'),
    ({'CTIM_RELAY_SERVER_THREADS': '1', 'CTIM_RELAY_SERVER_THREADS_FILE': '/x'},
     'CTIM_RELAY_SERVER_THREADS and CTIM_RELAY_SERVER_THREADS_FILE are both '
     'set; leave one of them out'),
    ({'CTIM_RELAY_CONF': '/nowhere/ctim-relay.conf'},
     '/nowhere/ctim-relay.conf: cannot be read: No such file or directory'),
    ({'CTIM_RELAY_CONF': 'ctim-relay.conf'},
     'ctim-relay.conf: the path of the configuration must begin with a '
     'slash'),
    ({'CTIM_RELAY_CONF': 'etc/ctim-relay.conf'},
     'etc/ctim-relay.conf: the path of the configuration must begin with a '
     'slash'),
]


def test_a_wrong_setting_is_named_by_its_variable():
    box = Container('refused')
    who = harness.web_user()[1] if harness.web_user() else os.geteuid()
    for variables, why in REFUSED:
        status, out, err = box.once(**variables)
        same((status, out), (78, ''), err)
        lines = [line for line in CLEAN.findall(err) if not line.startswith(
            ('no secret key', 'no relay', 'a first answer',
             '[relay local] an empty', 'warning: CTIM_RELAY_CACHE_URL, '))]
        same(lines, [why % who if '%d' in why else why], repr(variables))
        holds(not os.path.exists(box.conf), 'a refused one is in force')


def test_a_mounted_configuration_comes_before_variables():
    box = Container('mounted')
    conf = os.path.join(box.etc, 'ctim-relay.conf')
    os.mkdir(os.path.join(box.etc, 'conf.d'))
    part = harness.write(os.path.join(box.etc, 'conf.d', 'one.conf'),
                         '[relay lists]\nprovider = template\n')
    status, _, err = box.once(harness.program('ctim-relay'), 'check')
    same((status, CLEAN.findall(err)),
         (0, ['warning: %s is not read, as there is no ctim-relay.conf beside '
              'it' % os.path.dirname(part)]), err)
    harness.give(harness.write(
        conf, '[server]\nworkers = 1\n[auth]\nsecret_key = %s\n[cache]\n'
        'url = off\n[relay mine]\nprovider = template\n' % harness.KEY), 0o400)
    box.start(CTIM_RELAY_RELAY_OTX__PROVIDER='otx')
    for name, status in (('mine', 200), ('lists', 200), ('otx', 404)):
        answer = http_request(box.port, 'POST', '/%s/health' % name, b'',
                              harness.bearer())
        same((name, answer.status), (name, status), answer.text())
    said = CLEAN.findall(box.said())
    has('warning: CTIM_RELAY_CACHE_URL, CTIM_RELAY_RELAY_OTX__PROVIDER, '
        'CTIM_RELAY_SERVER_WORKERS: not used, as the configuration is that in '
        + conf, '\n'.join(said), 'what is said')
    has('warning: [server] listen is not used here', '\n'.join(said), 'listen')
    status, out, err = subprocess_in(box, 'ctim-relay', 'check', '--dump')
    same(status, 0, err)
    has('[relay lists]', out, 'a command in the container')
    same(box.stop(), 0, box.said())


def subprocess_in(box, name, *args):
    """As docker exec: a command beside the first process."""
    options = box.options({})
    done = subprocess.run([harness.program(name), *args], capture_output=True,
                          text=True, timeout=60, stdin=subprocess.DEVNULL,
                          **options)
    return done.returncode, done.stdout, done.stderr


def test_variables_that_are_shown_are_keys():
    """Those in the compose files, the Dockerfile, the guide and the help."""
    names = set()
    for file in ('packaging/container/compose.yaml', 'share/compose.yaml',
                 'docs/container.md', 'packaging/container/Dockerfile'):
        names.update(re.findall(r'\bCTIM_RELAY_[A-Z_]+[A-Z]',
                                read(os.path.join(SRC, file))))
    holds(len(names) > 6, 'only %s' % sorted(names))
    box = Container('shown')
    empty = {name: '' for name in names}
    # Empty they set nothing, but are told if they are no keys.
    status, _, err = box.once('true', **dict(empty, CTIM_RELAY_CONF=box.conf))
    same((status, CLEAN.findall(err)), (0, []), err)


# --- the end ---------------------------------------------------------------

def half_sent(box):
    """A connection with half a request on it, which nginx waits for."""
    body = b'[{"type":"ip","value":"192.0.2.1"}]'
    s = socket.create_connection(('127.0.0.1', box.port), timeout=30)
    s.sendall(b'POST /local/observe/observables HTTP/1.1\r\nHost: localhost\r\n'
              b'Connection: close\r\nContent-Length: %d\r\nAuthorization: '
              b'Bearer %s\r\n\r\n' % (len(body), harness.jwt().encode()) +
              body[:9])
    # A request that came after it has been answered: this one is being read.
    same(http_request(box.port, 'GET', '/').status, 200, 'the page')
    return s, body[9:]


def serving(name, **variables):
    box = Container(name)
    return box.start(CTIM_RELAY_AUTH_SECRET_KEY=harness.KEY,
                     CTIM_RELAY_RELAY_LOCAL__PROVIDER='template',
                     **variables)


def test_nginx_ends_first_and_what_came_is_answered():
    box = serving('order')
    s, rest = half_sent(box)
    box.process.send_signal(signal.SIGTERM)
    wait_for(lambda: not harness.port_open(box.port), 'nobody new comes')
    same((box.process.poll(), 'stop:' in box.said()), (None, False),
         'the pool is told before nginx has ended')
    s.sendall(rest)
    answer = b''.join(iter(lambda: s.recv(4096), b''))
    same(answer.split(b'\r\n')[0], b'HTTP/1.1 200 OK', answer.decode())
    s.close()
    same(box.wait(), 0, box.said())
    said = box.said()
    holds(said.index('nginx ends, then the pool') < said.index('stop:') <
          said.index('stopped'), said)


def test_a_second_signal_cuts_requests_short():
    # Until then nginx would have more time than this test.
    box = serving('twice', CTIM_RELAY_HTTP_DEADLINE='600')
    s, _ = half_sent(box)
    box.process.send_signal(signal.SIGTERM)
    wait_for(lambda: not harness.port_open(box.port), 'nobody new comes')
    same(box.process.poll(), None, 'it waits for the request')
    box.process.send_signal(signal.SIGINT)
    same(box.wait(), 0, box.said())
    has('Interrupt again: nginx ends at once', box.said(), 'what is said')
    same(s.recv(10), b'', 'the connection')


def test_it_ends_when_one_of_them_does():
    for word, name in (('nginx', 'nginx'), ('ctim-relay.fcgi', 'the pool')):
        box = serving('one')
        pids = {w: box.child(w) for w in ('nginx', 'ctim-relay.fcgi')}
        everyone = [p for pid in pids.values() for p in [pid] + children(pid)]
        os.kill(pids[word], signal.SIGKILL)
        same(box.wait(), 137, box.said())
        has(FIRST + name + ' was killed by signal 9 (Killed)', box.said(),
            'what is said')
        same([pid for pid in everyone if alive(pid)], [], 'left behind')
        holds('in time' not in box.said(), box.said())
    # With its status: here nobody can listen where somebody does.
    box = Container('taken')
    with socket.socket() as s:
        s.bind(('0.0.0.0', box.port))
        s.listen()
        box.start(wait=False)
        same(box.wait(), 1, box.said())
    has('nginx ended with status 1', box.said(), 'what is said')
    has('Address already in use', box.said(), 'what nginx says')
    # The pool: the same, before there is an nginx.
    box = Container('no-log')
    box.start(wait=False, CTIM_RELAY_LOG_TARGET='/nowhere/log')
    same(box.wait(), 1, box.said())
    has('the pool ended with status 1', box.said(), 'what is said')
    holds('serving on' not in box.said(), box.said())


def test_orphans_are_buried():
    """What a process leaves behind when it ends is a child of ours, and is
    buried when it ends, too."""
    box = Container('orphans')
    left, go = (os.path.join(box.folder, name) for name in ('left', 'go'))
    harness.give(harness.write(left, ''), 0o600)
    pool = harness.write(os.path.join(box.folder, 'pool'), '''#!/bin/sh
( sh -c 'echo $$ >%s; until [ -e %s ]; do sleep 0.02; done' & )
exec %s "$@"
''' % (left, go, harness.program('ctim-relay.fcgi')), 0o755)
    args = box.args
    box.args = lambda *more: args('--pool', pool, *more)
    box.start()
    orphan = int(wait_for(lambda: read(left), 'the orphan'))
    same(len(children(box.process.pid)), 3, 'children')
    holds(orphan in children(box.process.pid), 'it is not our child')
    harness.write(go, '')
    wait_for(lambda: len(children(box.process.pid)) == 2,
             'only pool and nginx are left')
    same(box.stop(), 0, box.said())


def test_a_signal_that_comes_early_ends_nothing():
    """SIGUSR1 before the pool, SIGHUP before nginx has come to take it."""
    box = Container('early')
    begun, go = (os.path.join(box.folder, name) for name in ('begun', 'go'))
    slow = '''#!/bin/sh
echo $0 >>%s
until [ -e %s$(basename $0) ]; do sleep 0.02; done
exec %%s "$@"
''' % (begun, go)
    harness.give(harness.write(begun, ''), 0o600)
    pool, nginx = (
        harness.write(os.path.join(box.folder, name), slow % program, 0o755)
        for name, program in (
            ('pool', harness.program('ctim-relay.fcgi')),
            ('nginx', shutil.which('nginx', path=harness.sbin_path()))))
    args = box.args
    box.args = lambda *more: args('--pool', pool, *more)
    box.start(wait=False, PATH=box.folder + ':' + harness.sbin_path())
    for path, sig in ((pool, signal.SIGUSR1), (nginx, signal.SIGHUP)):
        wait_for(lambda: path in read(begun), path + ' begins')
        box.process.send_signal(sig)
        # It is taken when no longer pending.
        wait_for(lambda: not pending(box.process.pid), 'the signal is taken')
        if path == nginx:       # who is told after the pool
            wait_for(lambda: 'reload: ' in box.said(), 'the reload')
        harness.write(go + os.path.basename(path), '')
    wait_for(lambda: box.process.poll() is not None or
             harness.port_open(box.port), 'port 9090 answers', 20)
    same(box.process.poll(), None, box.said())
    same(box.stop(), 0, box.said())


# --- reload, secrets, options ----------------------------------------------

def test_reload_takes_what_files_say_now():
    """SIGHUP, for a secret that was changed; what is wrong is refused, and what
    was before stays."""
    box = Container('reload')
    other = harness.KEY[::-1]
    secret = harness.write(os.path.join(box.folder, 'key'), harness.KEY, 0o644)
    box.start(CTIM_RELAY_AUTH_SECRET_KEY_FILE=secret,
              CTIM_RELAY_RELAY_ONE__PROVIDER='template')

    def good(key):
        return http_request(
            box.port, 'POST', '/one/health', b'',
            harness.bearer(harness.jwt(key=key))).json().get('data') is not None
    same((good(harness.KEY), good(other)), (True, False), 'before')
    harness.write(secret, other)
    box.process.send_signal(signal.SIGHUP)
    wait_for(lambda: good(other), 'the new key is good')
    wait_for(lambda: not good(harness.KEY), 'the old one is not')
    harness.write(secret, 'short')
    box.process.send_signal(signal.SIGHUP)
    wait_for(lambda: 'reload refused' in box.said(), 'it is refused')
    same(good(other), True, 'what was before')
    same(box.stop(), 0, box.said())


def test_secrets_are_in_no_list_of_processes():
    box = serving('secrets')
    nginx, pool = box.child('nginx'), box.child('ctim-relay.fcgi')
    everyone = [box.process.pid, nginx, pool] + children(nginx) + children(pool)
    for pid in everyone:
        with open('/proc/%d/cmdline' % pid, 'rb') as f:
            holds(harness.KEY.encode() not in f.read(), 'arguments')
    for pid in [nginx] + children(nginx):
        with open('/proc/%d/environ' % pid, 'rb') as f:
            holds(harness.KEY.encode() not in f.read(), 'environment')
    if harness.ROOT:
        done = subprocess.run(['cat', '/proc/%d/environ' % box.process.pid],
                              capture_output=True, text=True, **user())
        same(done.returncode, 1, 'the environment of the first process')
    same(box.stop(), 0, box.said())


def test_bodies_are_bounded_by_the_pool():
    """A max_body above nginx's usual one is the one in force."""
    box = serving('bodies', CTIM_RELAY_SERVER_MAX_BODY='4M',
                  CTIM_RELAY_HTTP_DEADLINE='50')
    has('fastcgi_read_timeout 55s;', read(os.path.join(box.run, 'nginx.conf')),
        'nginx.conf')
    for size in (3 << 20, 5 << 20):
        answer = http_request(box.port, 'POST', '/local/observe/observables',
                              b' ' * size, harness.bearer())
        same((answer.status, answer.headers['content-type']),
             (200 if size < 4 << 20 else 413, 'application/json'),
             answer.text())
    same(box.stop(), 0, box.said())


def test_options():
    box = Container('options')
    status, out, err = box.once('--help')
    same((status, err), (0, ''), 'help')
    for word in ('CTIM_RELAY_SERVER_WORKERS', '_FILE', '__PROVIDER', '--port'):
        has(word, out, 'the help')
    for args, said in ((['--port', '0'], '--port takes'), (['--what'], 'what'),
                       (['--port', '9x'], '--port takes')):
        status, out, err = box.once(*args)
        same((status, out), (64, ''), err)
        has(said, err, 'what is said')
    status, out, err = box.once('/nowhere/command')
    same((status, out), (127, ''), err)
    has('/nowhere/command: No such file', err, 'what is said')
    if harness.ROOT:
        status, out, err = harness.run(box.args())
        same((status, out), (78, ''), err)
        has('does not serve as root', err, 'what is said')
    os.rmdir(box.run) if os.path.exists(box.run) and not os.listdir(
        box.run) else None
    box.run = '/proc/run'
    status, out, err = box.once()
    same((status, out), (78, ''), err)
    has('--tmpfs /run:mode=1777', err, 'what is said')

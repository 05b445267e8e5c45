# SPDX-License-Identifier: MIT
"""The packages in the course of their life: upgraded while requests are in
flight, taken back, removed, purged, and with another web server or none."""

import os
import re
import threading

import harness
from chroot import Tree
from harness import has, holds, http_request, same
from t_package import (OBSERVABLE, README, VERDICT, System, debs, system,
                       version)

NEWER = '0.2.9'
PROGRAMS = ('ctim-relay', 'ctim-relay.fcgi', harness.NETWORK)
ASKED = '/local/deliberate/observables'
CONF = '/etc/ctim-relay/ctim-relay.conf'


def replace(path, old, new):
    with open(path, 'rb') as f:
        data = f.read()
    holds(old.encode() in data, path + ' says no version')
    with open(path, 'wb') as f:
        f.write(data.replace(old.encode(), new.encode()))


def installed():
    """The packages that README.Debian has a person install: {name: path}."""
    return {name: debs()[name] for name in ('ctim-relay', 'ctim-relay-net')}


def newer():
    """The packages as the next version will be: other programs, which say that
    version, and a configuration that says more."""
    made = []
    same(len(version()), len(NEWER), 'length of the version')
    for name, path in installed().items():
        root = os.path.join(harness.folder('newer'), name)
        same(harness.run(['dpkg-deb', '-R', path, root])[0], 0, path)
        for top, _, files in os.walk(root):
            for file in files:
                if (file in PROGRAMS and '/usr/' in top and
                        '/share/' not in top) or file == 'control':
                    replace(os.path.join(top, file), version(), NEWER)
        if name == 'ctim-relay':
            with open(root + CONF, 'a') as f:
                f.write('# What the next version has to say.\n')
        made.append('%s_%s.deb' % (root, NEWER))
        status, out, err = harness.run(['dpkg-deb', '-Zgzip', '-z1', '-b',
                                        root, made[-1]])
        same(status, 0, out + err)
    return made


class Asking:
    """Clients that ask all the time, and keep what they got."""

    def __init__(self, made, clients=4):
        self.port = made.port
        self.token = made.token()
        self.answers, self.bad = 0, []
        self.ended = False
        self.threads = [threading.Thread(target=self.ask, daemon=True)
                        for _ in range(clients)]
        for thread in self.threads:
            thread.start()
        self.more()

    def ask(self):
        while not self.ended:
            try:
                answer = http_request(self.port, 'POST', ASKED, OBSERVABLE, {
                    'Authorization': 'Bearer ' + self.token,
                    'Content-Type': 'application/json'})
                good = answer.status == 200 and VERDICT in answer.text()
                said = '%d %s' % (answer.status, answer.text()[:200])
            except OSError as error:
                good, said = False, repr(error)
            self.answers += 1
            if not good:
                self.bad.append(said)

    def more(self, n=100):
        """Waits for n answers more."""
        end = self.answers + n
        harness.wait_for(lambda: self.answers >= end, 'answers', 60)

    def end(self):
        self.ended = True
        for thread in self.threads:
            thread.join()
        same(self.bad, [], 'of %d answers' % self.answers)


def serving(made, expected):
    """Waits for a version to answer through the web server: a worker from
    before may take one request more while it ends."""
    harness.wait_for(lambda: http_request(
        made.port, 'POST', '/version').json()['version'] == expected,
        'version %s serves' % expected)


def install(made, paths, *options):
    """Installs packages as a person does who keeps her files: what was said."""
    return made.tree.install(
        '-o', 'Dpkg::Options::=--force-confold', *options, *made.put(*paths))


def test_upgrade_and_back():
    """A newer version is installed, and the older one again, while clients
    ask: each serves after its installation, no answer is lost or wrong, and
    what the administrator changed stays."""
    made = system().copy('upgrade')
    kept = {CONF: '# ours\n', '/etc/ctim-relay/conf.d/ours.conf':
            '[cache]\nttl = 60\n', '/etc/nginx/snippets/ctim-relay.conf':
            '# ours\n'}
    for path, text in kept.items():
        with open(made.tree.file(path), 'a') as f:
            f.write(text)
        kept[path] = harness.read(made.tree.file(path))
    key = '/etc/ctim-relay/secret.key'
    kept[key] = harness.read(made.tree.file(key))
    modes = {path: made.mode(path) for path in
             (CONF, key, '/etc/ctim-relay', '/etc/ctim-relay/conf.d')}
    made.serve()
    try:
        asking = Asking(made)
        for paths, options, expected in (
                (newer(), [], NEWER),
                (installed().values(), ['--allow-downgrades'], version())):
            install(made, paths, *options)
            serving(made, expected)
            asking.more()
            for path, text in kept.items():
                same(harness.read(made.tree.file(path)), text, path)
            same({path: made.mode(path) for path in modes}, modes, 'modes')
        holds(asking.answers > 200, 'answers: %d' % asking.answers)
        asking.end()
    finally:
        made.stop()


def test_upgrade_with_a_configuration_that_is_refused():
    """The upgrade goes through and says why the older version serves on; when
    that is mended, a reload brings the newer one."""
    made = system().copy('refused')
    made.serve()
    try:
        made.tree.good('ctim-relay', 'ping')
        wrong = made.tree.file('/etc/ctim-relay/conf.d/wrong.conf')
        harness.write(wrong, '[cache]\ntttl = 3\n')
        status, out, err = made.tree.run(
            'dpkg', '--force-confold', '-i', *made.put(*newer()))
        same(status, 0, err)
        has('the old version serves on', err, 'the reason')
        has('wrong.conf:2', err, 'the reason')
        serving(made, version())
        os.unlink(wrong)
        made.tree.good('ctim-relay', 'reload')
        serving(made, NEWER)
    finally:
        made.stop()


def left(made):
    """The paths that a package, or what ran, has left behind."""
    out = made.tree.good('find', '/', '-xdev', '-path', '/proc', '-prune',
                         '-o', '-path', '/dev', '-prune', '-o', '-path',
                         '/root', '-prune', '-o', '-path', '/var/cache/apt',
                         '-prune', '-o', '-name', '*ctim-relay*', '-print')
    return sorted(out.split())


def test_remove_and_purge():
    """Removing leaves what is the administrator's, purging her own files and
    the user; nginx starts after both."""
    made = system().copy('purge')
    made.serve()
    same(made.tree.good('ctim-relay', 'ping', '-q'), '', 'ping')
    made.stop()
    ours = made.tree.file('/etc/ctim-relay/conf.d/ours.conf')
    harness.write(ours, '[cache]\nttl = 60\n')
    made.tree.good('dpkg', '-r', 'ctim-relay-net', 'ctim-relay')
    for path in (CONF, '/etc/ctim-relay/secret.key',
                 '/var/lib/ctim-relay/intel.db',
                 '/etc/nginx/snippets/ctim-relay.conf'):
        holds(os.path.exists(made.tree.file(path)), path + ' is gone')
    holds(not os.path.exists(made.tree.file('/usr/bin/ctim-relay')),
          'the program is there')
    made.tree.good('nginx', '-t')
    made.tree.good('dpkg', '-P', 'ctim-relay-net', 'ctim-relay')
    same(left(made), ['/etc/ctim-relay'], 'what is left')
    same(os.listdir(made.tree.file('/etc/ctim-relay/conf.d')), ['ours.conf'],
         'what is left there')
    made.tree.good('nginx', '-t')
    # Once more, and nothing of the first time is in the way.
    install(made, installed().values())
    same(made.mode('/etc/ctim-relay/secret.key'), '640 root:ctim-relay', 'key')
    os.unlink(ours)
    # Removing takes the empty folder along, and it comes back as it was.
    made.tree.good('dpkg', '-r', 'ctim-relay-net', 'ctim-relay')
    holds(not os.path.exists(os.path.dirname(ours)), 'conf.d is there')
    install(made, installed().values())
    same(made.mode('/etc/ctim-relay/conf.d'), '750 root:ctim-relay', 'conf.d')
    made.tree.good('dpkg', '-P', 'ctim-relay-net', 'ctim-relay')
    same(left(made), [], 'what is left')


def test_apache():
    """The commands for Apache in README.Debian put the gateway below a path of
    its hosts."""
    made = system().copy('apache')
    made.tree.install('apache2')
    harness.write(made.tree.file('/etc/apache2/ports.conf'),
                  'Listen 127.0.0.1:%d\nServerName localhost\n' % made.port)
    typed = re.findall(r'^    # (a2.*)$', harness.read(README), re.M)
    same(len(typed), 2, 'commands')
    for command in typed:
        made.tree.good('sh', '-c', command)
    made.serve(['apachectl', '-D', 'FOREGROUND'])
    try:
        answer = http_request(
            made.port, 'POST', '/ctim-relay' + ASKED, OBSERVABLE,
            {'Authorization': 'Bearer ' + made.token()})
        same(answer.status, 200, answer.text())
        has(VERDICT, answer.text(), 'the answer')
    finally:
        made.stop()


def test_without_network():
    """The package alone answers as CGI from its store, without libcurl."""
    tree = Tree.copy('cgi')
    made = System(tree, 0)
    tree.install(*made.put(debs()['ctim-relay']))
    out = tree.good('dpkg-query', '-W', '-f', '${Package}\n')
    same(re.findall(r'^.*(?:curl|nghttp).*$', out, re.M), [], 'packages')
    tree.good('ctim-relay', 'intel', 'add', '203.0.113.7')
    out = tree.good(
        '/usr/libexec/ctim-relay.fcgi', input=OBSERVABLE,
        GATEWAY_INTERFACE='CGI/1.1', REQUEST_METHOD='POST', PATH_INFO=ASKED,
        SCRIPT_NAME='', SERVER_PROTOCOL='HTTP/1.1', SERVER_NAME='localhost',
        SERVER_PORT='80', CONTENT_LENGTH=str(len(OBSERVABLE)),
        CONTENT_TYPE='application/json',
        HTTP_AUTHORIZATION='Bearer ' + made.token())
    has('Status: 200', out, 'the answer')
    has(VERDICT, out, 'the answer')


for function in (test_upgrade_and_back, test_remove_and_purge, test_apache,
                 test_upgrade_with_a_configuration_that_is_refused,
                 test_without_network):
    function.limit = 600

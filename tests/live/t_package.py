# SPDX-License-Identifier: MIT
"""The Debian packages, in small systems of their own (tools/chroot.py): built
from the release archive, installed, upgraded while requests are in flight,
taken back, removed, purged.  No systemd runs there: what it would start is
started by hand, the pool under systemd-socket-activate."""

import glob
import os
import re
import shutil

import harness
from chroot import Tree
from harness import SRC, Skipped, has, holds, same

README = os.path.join(SRC, 'packaging', 'debian', 'README.Debian')
SOCKET = '/run/ctim-relay/ctim-relay.sock'
UNITS = ('ctim-relay.service', 'ctim-relay.socket',
         'ctim-relay-update.service', 'ctim-relay-update.timer')
VERDICT = '"disposition_name":"Malicious"'
OBSERVABLE = b'[{"type":"ip","value":"203.0.113.7"}]'
# Of the tags of lintian: who maintains the packages is the builder's to say,
# with --with-bug-report.
SUPPRESSED = 'bogus-mail-host,bogus-mail-host-in-debian-changelog,' \
             'root-in-contact'

_debs = []
_system = []


def version():
    """What configure.ac says."""
    return re.search(r'AC_INIT\(\[ctim-relay\], \[([^]]+)\]', harness.read(
        os.path.join(SRC, 'configure.ac'))).group(1)


def compiling():
    """The environment of who builds packages."""
    env = {k: v for k, v in os.environ.items()
           if k in ('PATH', 'HOME', 'TMPDIR')}
    env.update(harness.compiling())
    env['DEB_CFLAGS_APPEND'] = '-O1 -g0'    # over -O2 -g
    env['DEB_BUILD_OPTIONS'] = 'nocheck noautodbgsym parallel=%d' % (
        os.cpu_count() or 1)
    return env


def debs():
    """The packages: {name: path}.  In the build folder, so that a compiler's
    cache knows its paths."""
    if not _debs:
        for name in ('dpkg-buildpackage', 'dh'):
            if not shutil.which(name):
                raise Skipped(name + ' is not installed')
        status, out, err = harness.run(['make', '-s', 'deb'], timeout=900,
                                       cwd=harness.BUILD, env=compiling())
        same(status, 0, 'make deb\n' + (out + err)[-3000:])
        _debs.extend(sorted(glob.glob(os.path.join(harness.BUILD, 'deb',
                                                   '*.deb'))))
    return {os.path.basename(path).split('_')[0]: path for path in _debs}


def commands():
    """What README.Debian has a person type, from nothing to the answer."""
    text = harness.read(README).split('Where what is')[0]
    return re.findall(r'^    # (.*)$', text, re.M)


class System:
    """A tree with the packages in it, and what a started system would run."""

    def __init__(self, tree, port):
        self.tree = tree
        self.port = port
        self.processes = []

    def copy(self, name):
        """The same system once more, to be changed by a test."""
        port = harness.free_port()
        system = System(Tree.copy(name, self.tree.path), port)
        system.ports(self.port)
        return system

    def ports(self, old=9090):
        """Gives the web server ports that are free on this machine."""
        for name, port in (('sites-available/ctim-relay', old),
                           ('sites-available/default', 80)):
            path = self.tree.file('/etc/nginx/' + name)
            text = harness.read(path)
            harness.write(path, re.sub(
                r'listen (127\.0\.0\.1:|\[::\]:|)%d\b' % port,
                lambda m: 'listen %s%d' % (m.group(1), self.port), text))
        default = self.tree.file('/etc/nginx/sites-enabled/default')
        if os.path.lexists(default):
            os.unlink(default)

    def serve(self, front=('nginx', '-g', 'daemon off;')):
        """Starts the pool with the socket that ctim-relay.socket describes,
        and a web server."""
        path = self.tree.file(SOCKET)
        if os.path.exists(path):
            os.unlink(path)
        self.pool = self.tree.start(
            'setpriv', '--reuid=ctim-relay', '--regid=ctim-relay',
            '--init-groups', 'systemd-socket-activate', '-l', SOCKET,
            '/usr/libexec/ctim-relay.fcgi', stderr=self.errors())
        harness.wait_for(lambda: os.path.exists(path), SOCKET)
        self.tree.good('chgrp', 'www-data', SOCKET)
        self.tree.good('chmod', '0660', SOCKET)
        self.processes = [self.tree.start(*front, stderr=self.errors()),
                          self.pool]
        harness.wait_for(lambda: harness.port_open(self.port), front[0])
        # The first to connect starts the pool.
        harness.socket_open(path)
        harness.wait_for(lambda: self.tree.run(
            'ctim-relay', 'ping', '-q')[0] == 0, 'a worker serves', 30)

    def errors(self):
        return open(self.tree.path + '.stderr', 'a')

    def stop(self):
        for process in self.processes:
            harness.stop(process)
        self.processes = []

    def token(self):
        return self.tree.good('ctim-relay', 'jwt', '-q', '--relay',
                              'local').strip()

    def put(self, *paths):
        """Copies packages into the tree: their paths there."""
        for path in paths:
            shutil.copy(path, self.tree.file('/root'))
        return ['/root/' + os.path.basename(path) for path in paths]

    def mode(self, path):
        return self.tree.good('stat', '-c', '%a %U:%G', path).strip()


def system():
    """The system after the commands of README.Debian, made once: its last
    answer is in `answer`.  Tests work on copies of it."""
    if _system:
        return _system[0]
    found = System(Tree.copy('package'), harness.free_port())
    # The folder of the packages.
    found.put(*debs().values())
    typed = commands()
    holds(2 <= len(typed) <= 5, 'commands: %r' % typed)
    for command in typed[:-1]:
        found.tree.good('eatmydata', 'sh', '-c', 'cd /root && ' + command,
                        timeout=300)
        if command.startswith('apt-get'):
            found.ports()
    found.serve()
    try:
        found.answer = found.tree.good('sh', '-c', typed[-1].replace(
            ':9090/', ':%d/' % found.port))
    finally:
        found.stop()
    _system.append(found)
    return found


def test_a_tree_leaves_nothing_behind():
    """A command in a tree has what a system has, sees the tree alone, and its
    mounts are nobody else's; what is done in a copy stays in it."""
    tree = Tree.copy('tree')
    out = tree.good('sh', '-c', 'echo $(id -u); cat /proc/1/comm; '
                    'head -c 3 /dev/zero | wc -c; touch /made; ls -d '
                    '/var/cache/apt/archives/partial')
    same([out.split()[0], out.split()[2]], ['0', '3'], out)
    same(os.listdir(tree.file('proc')), [], 'what is mounted on /proc')
    with open('/proc/mounts') as f:
        holds(tree.path not in f.read(), 'a mount is left')
    holds(os.path.exists(tree.file('made')), '/made is not in the tree')
    holds(not os.path.exists(Tree.copy('other').file('made')),
          'the base was changed')
    status, _, err = tree.run('sh', '-c', 'echo why >&2; exit 3')
    same((status, err), (3, 'why\n'), 'a command that fails')


def test_build():
    """make deb makes five packages, of the version that configure.ac says, and
    lintian has nothing to say that is not explained."""
    same(sorted(debs()), ['ctim-relay', 'ctim-relay-map', 'ctim-relay-net',
                          'ctim-relay-pgsql', 'ctim-relay-providers'], 'packages')
    for name, path in debs().items():
        _, out, err = harness.run(['dpkg-deb', '-f', path, 'Version'])
        same(out.strip(), version(), name + err)
    _, out, _ = harness.run(['dpkg-deb', '-f', debs()['ctim-relay'],
                             'Depends'])
    for library in ('curl', 'libpq', 'hiredis'):
        holds(library not in out, 'needed by: ' + out)
    if not shutil.which('lintian'):
        raise Skipped('lintian is not installed')
    status, out, err = harness.run(
        ['lintian', '--fail-on', 'error,warning', '--suppress-tags',
         SUPPRESSED, *debs().values()])
    same((status, out), (0, ''), 'lintian ' + err)


def test_rpm():
    """rpmbuild makes four packages of the same archive, rpmlint has nothing to
    say of the spec file that is not explained, and it has the version."""
    for name in ('rpmbuild', 'rpmlint'):
        if not shutil.which(name):
            raise Skipped(name + ' is not installed')
    debs()      # which has made the archive
    folder = os.path.join(SRC, 'packaging', 'rpm')
    spec = os.path.join(folder, 'ctim-relay.spec')
    status, out, err = harness.run(
        ['rpmlint', '-r', os.path.join(folder, 'ctim-relay.rpmlintrc'), spec])
    has(' 0 errors, 0 warnings', out, 'rpmlint ' + err)
    top = os.path.join(harness.BUILD, 'rpm')
    shutil.rmtree(top, ignore_errors=True)
    status, out, err = harness.run(
        ['rpmbuild', '--nodeps', '-bb', '-D', 'optflags -O0', '-D',
         '_topdir ' + top, '-D', '_sourcedir ' + harness.BUILD, spec],
        timeout=500, env=compiling())
    same(status, 0, (out + err)[-3000:])
    made = sorted(glob.glob(os.path.join(top, 'RPMS', '*', '*.rpm')),
                  key=os.path.basename)
    same([os.path.basename(path).split('-' + version())[0] for path in made],
         ['ctim-relay', 'ctim-relay-map', 'ctim-relay-net',
          'ctim-relay-pgsql', 'ctim-relay-providers'], 'packages')
    files = [harness.run(['rpm', '-qlp', path])[1] for path in made]
    has('/usr/lib/systemd/system/ctim-relay.socket\n', files[0], 'files')
    has('/ctim-relay-map\n', files[1], 'files')
    has('/ctim-relay/%s\n' % harness.NETWORK, files[2], 'files')
    has('/ctim-relay/%s\n' % harness.REDIS, files[2], 'files')
    has('/ctim-relay/ctim-relay-pgsql.so\n', files[3], 'files')
    has('/ctim-relay/providers/misp/map.jq\n', files[4], 'files')
    holds('/providers/' not in files[0], 'providers in ctim-relay')
    holds('curl' not in harness.run(['rpm', '-qRp', made[0]])[1],
          'libcurl is needed')


def test_first_answer():
    """The commands of README.Debian end in an answer through nginx."""
    has(VERDICT, system().answer, 'the answer')


def test_files_and_owners():
    """Who may read what, and the key, which is nowhere else."""
    made = system()
    for path, expected in (
            ('/etc/ctim-relay', '750 root:ctim-relay'),
            ('/etc/ctim-relay/conf.d', '750 root:ctim-relay'),
            ('/etc/ctim-relay/ctim-relay.conf', '640 root:ctim-relay'),
            ('/etc/ctim-relay/secret.key', '640 root:ctim-relay'),
            ('/var/lib/ctim-relay', '2770 ctim-relay:ctim-relay'),
            ('/var/lib/ctim-relay/intel.db', '660 ctim-relay:ctim-relay'),
            ('/var/cache/ctim-relay', '2770 ctim-relay:ctim-relay'),
            ('/var/log/ctim-relay', '750 ctim-relay:adm'),
            ('/run/ctim-relay', '755 ctim-relay:ctim-relay')):
        same(made.mode(path), expected, path)
    key = harness.read(made.tree.file('/etc/ctim-relay/secret.key'))
    holds(len(key) == 64, 'length of the key: %d' % len(key))
    status, out, _ = harness.run(
        ['grep', '-rlF', '-e', key, '--exclude-dir=dev', made.tree.path])
    same(out.split(), [made.tree.file('/etc/ctim-relay/secret.key')],
         'files with the key')
    out = made.tree.good('ctim-relay', 'check')
    has('/etc/ctim-relay/ctim-relay.conf is in order', out, 'check')
    for name in ('man1/ctim-relay.1.gz', 'man8/ctim-relay.fcgi.8.gz'):
        holds(os.path.exists(made.tree.file('/usr/share/man/' + name)), name)
    holds(os.path.exists(made.tree.file(
        '/usr/share/bash-completion/completions/ctim-relay')), 'completion')


def test_units():
    """systemd finds nothing wrong in the unit files, and each of the two
    services is shut in."""
    made = system()
    paths = ['/lib/systemd/system/' + name for name in UNITS]
    status, out, err = made.tree.run('systemd-analyze', 'verify', '--man=no',
                                     *paths)
    said = [line for line in (out + err).splitlines() if 'ctim-relay' in line]
    same((status, said), (0, []), 'systemd-analyze verify ' + err[-2000:])
    for path in paths[::2]:
        out = made.tree.good('systemd-analyze', 'security', '--offline=true',
                             '--threshold=15', path)
        holds(re.search(r'exposure level .*: [01]\.\d', out), out[-500:])
    for name in ('ctim-relay.socket', 'ctim-relay.service'):
        status, out, err = made.tree.run('systemctl', 'is-enabled', name)
        same(out.strip(), 'enabled', name + err)


for function in (test_a_tree_leaves_nothing_behind, test_build, test_rpm,
                 test_first_answer, test_files_and_owners, test_units):
    function.limit = 1000   # the first makes the base tree, and the packages

# SPDX-License-Identifier: MIT
"""The container's image: built by buildah from the Dockerfile, on a base image
that is a minbase tree, and run by it.  Where buildah cannot give what an engine
does (a root that cannot be written, another user), the image's tree is entered
in the same way."""

import json
import os
import re
import shutil
import signal
import tempfile

import chroot
import guides
import harness
from harness import SRC, Skipped, has, holds, http_request, read, same, wait_for

BUILD_TIME = 900    # seconds; it takes one minute on two idle cores
OFFLINE = re.compile(r'Could not resolve|Unable to fetch|Temporary failure|'
                     r'Could not connect')
# A command of the guide that is run beside the first process.
EXEC = re.compile(r'^docker exec (?:-i )?ctim-relay (ctim-relay [^#<\n]*)', re.M)
BODY = b'[{"type":"ip","value":"192.0.2.1"}]'
# As an engine with --read-only, --tmpfs /tmp, --tmpfs /run, a volume and --user;
# $0 is the tree, $1 the volume, $2 the user, the rest is the command.
ENTER = '''
tree=$0 volume=$1 user=$2; shift 2
mount --bind "$tree" "$tree"
mount -t proc proc "$tree/proc"; mount --rbind /dev "$tree/dev"
mount -t tmpfs -o mode=1777 tmpfs "$tree/tmp"
mount -t tmpfs -o mode=1777 tmpfs "$tree/run"
mount --bind "$volume" "$tree/var/lib/ctim-relay"
mount -o remount,bind,ro "$tree"
exec chroot --userspec="$user" --groups= "$tree" env -i "$@"
'''


class Images:
    """Images and containers in a folder of their own."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix='container-', dir=harness.BUILD)
        os.chmod(self.folder, 0o755)

    def args(self, *args):
        return ['buildah', '--root', self.folder + '/root', '--runroot',
                self.folder + '/run', '--storage-driver', 'vfs', *args]

    def env(self):
        env = {k: v for k, v in os.environ.items() if k in ('PATH', 'HOME') or
               k.lower() in ('http_proxy', 'https_proxy', 'no_proxy')}
        return dict(env, TMPDIR=self.folder, LC_ALL='C.UTF-8')

    def run(self, *args, timeout=120, input=None):
        return harness.run(self.args(*args), timeout=timeout, input=input,
                           env=self.env())

    def good(self, *args, timeout=120, input=None):
        """The output of a command that must succeed."""
        status, out, err = self.run(*args, timeout=timeout, input=input)
        same(status, 0, 'buildah %s\n%s' % (args[0], (out + err)[-4000:]))
        return out.strip()

    def base(self, tree):
        """An image that is a tree."""
        container = self.good('from', 'scratch')
        self.good('copy', '-q', container, tree, '/')
        self.good('commit', '-q', container, 'localhost/ctim-relay-base')
        self.good('rm', container)

    def build(self):
        archives = os.path.join(harness.BUILD, 'debian', 'container')
        os.makedirs(os.path.join(archives, 'partial'), exist_ok=True)
        status, out, err = self.run(
            'build', '--isolation', 'chroot', '--format', 'docker',
            '--build-arg', 'BASE=localhost/ctim-relay-base',
            '--build-arg', 'CFLAGS=-O0', '--volume',
            archives + ':/var/cache/apt/archives', '-t', 'localhost/ctim-relay',
            '-f', os.path.join(SRC, 'packaging', 'container', 'Dockerfile'),
            SRC, timeout=BUILD_TIME)
        if status != 0 and OFFLINE.search(out + err):
            raise Skipped('packages of Debian cannot be fetched')
        same(status, 0, (out + err)[-4000:])

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def first_process(pid):
    """The container's first process, somewhere below a process of ours."""
    def look(pid):
        try:
            with open('/proc/%d/cmdline' % pid, 'rb') as f:
                name = f.read().split(b'\0')[0]
            if name.endswith(b'ctim-relay-container'):
                return pid
            below = read('/proc/%d/task/%d/children' % (pid, pid)).split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        # buildah starts them from threads of its own.
        for task in os.listdir('/proc/%d/task' % pid):
            path = '/proc/%d/task/%s/children' % (pid, task)
            below += read(path).split() if os.path.exists(path) else []
        return next(filter(None, (look(int(p)) for p in below)), None)
    return wait_for(lambda: look(pid), 'the first process', 30)


def ended(process, first, what):
    """SIGTERM to the first process ends all of it, with 0."""
    os.kill(first, signal.SIGTERM)
    return same(process.wait(40), 0, what())


def serves(process, port, log):
    wait_for(lambda: process.poll() is not None or harness.port_open(port),
             'nginx listens', 30)
    same(process.poll(), None, read(log))
    answer = http_request(port, 'GET', '/', headers={'Accept': 'text/html'})
    same((answer.status, answer.headers['content-type'].split(';')[0]),
         (200, 'text/html'), answer.text())
    has('local', answer.text(), 'the page')
    same(http_request(port, 'GET', '/').json()['name'], 'ctim-relay', 'curl')


def config_is_right(images):
    config = json.loads(images.good(
        'inspect', '--type', 'image', 'localhost/ctim-relay'))['Docker'][
            'config']
    same(config['User'], '10001', 'the user')
    same(list(config['ExposedPorts']), ['9090/tcp'], 'ports')
    same(list(config['Volumes']), ['/var/lib/ctim-relay'], 'volumes')
    same(config['Entrypoint'], ['ctim-relay-container'], 'the first process')
    same(config['Healthcheck']['Test'], ['CMD', 'ctim-relay', 'ping'], 'health')


def answers_as_the_image_says(images):
    """Its user, nothing set: a key, a token of it, an answer through nginx."""
    container = images.good('from', 'localhost/ctim-relay')
    port = harness.free_port() if harness.port_open(9090) else 9090
    log = os.path.join(images.folder, 'log')

    def inside(*args, input=None):
        return images.good('run', '--isolation', 'chroot', container, '--',
                           *args, input=input)
    with open(log, 'w') as f:
        process = harness.start(
            images.args('run', '--isolation', 'chroot', container, '--',
                        'ctim-relay-container', *(
                            [] if port == 9090 else ['--port', str(port)])),
            stdout=f, stderr=f, env=images.env())
    try:
        serves(process, port, log)
        first = first_process(process.pid)
        has('\nUid:\t10001\t10001\t10001\t10001\n',
            read('/proc/%d/status' % first), 'who serves')
        inside('ctim-relay', 'ping')
        token = inside('ctim-relay', 'jwt', '--relay', 'local', '--quiet')
        answer = http_request(port, 'POST', '/local/observe/observables', BODY,
                              harness.bearer(token))
        same((answer.status, answer.json()), (200, {'data': {}}),
             answer.text())
        shown = EXEC.findall(guides.text_of('docs/container.md'))
        holds(len(shown) > 3, 'the guide shows only %s' % shown)
        said = [inside(*command.split(), input='192.0.2.1\n')
                for command in shown]
        has('192.0.2.1', '\n'.join(said), 'what the guide shows')
        holds(token not in read(log), 'the token is told')
        ended(process, first, lambda: read(log))
    finally:
        harness.stop(process)
    status, _, err = images.run('run', '--isolation', 'chroot', container, '--',
                                'ctim-relay', 'ping')
    same(status, 1, 'health once it is stopped: ' + err)
    images.good('rm', container)


def serves_without_writing_its_root(images):
    """As another user, of group 0."""
    container = images.good('from', 'localhost/ctim-relay')
    tree = images.good('mount', container)
    volume = shutil.copytree(os.path.join(tree, 'var/lib/ctim-relay'),
                             os.path.join(images.folder, 'volume'))
    made = os.stat(os.path.join(tree, 'var/lib/ctim-relay'))
    os.chown(volume, made.st_uid, made.st_gid)
    os.chmod(volume, made.st_mode & 0o7777)
    port = harness.free_port()
    log = os.path.join(images.folder, 'log')

    def entered(*args):
        return ['unshare', '--mount', 'sh', '-ec', ENTER, tree, volume,
                '20001:0', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
                'CTIM_RELAY_CONF=/run/ctim-relay/ctim-relay.conf', *args]
    for place in ('/x', '/etc/ctim-relay/x', '/usr/bin/x'):
        status, _, err = harness.run(entered('touch', place))
        holds(status != 0 and 'ead-only file system' in err, err)
    with open(log, 'w') as f:
        process = harness.start(entered('ctim-relay-container', '--port',
                                        str(port)), stdout=f, stderr=f)
    try:
        serves(process, port, log)
        ended(process, process.pid, lambda: read(log))
    finally:
        harness.stop(process)
    same(sorted(name for name in os.listdir(volume)
                if not name.endswith(('-shm', '-wal'))),
         ['intel.db', 'secret.key'], 'what is kept')
    holds('warning' not in re.sub(r'.*(base_url|auth\] require|/dev/stdout).*',
                                  '', read(log)), read(log))


def test_image():
    """The Dockerfile builds; what it builds answers through nginx."""
    if not shutil.which('buildah'):
        raise Skipped('buildah is not installed')
    base = chroot.base()
    images = Images()
    try:
        images.base(base)
        images.build()
        config_is_right(images)
        answers_as_the_image_says(images)
        serves_without_writing_its_root(images)
    finally:
        images.remove()


test_image.background = True

# SPDX-License-Identifier: MIT
"""Small Debian systems to install in: a minbase tree of the release that this
machine runs, made once with debootstrap from the sources that its apt has, and
copies of it in which commands run.

Mounts are made in a mount namespace of the command's own, which ends with its
last process: nothing is left to unmount, however a run ends, and a tree never
has /proc in it for whoever copies or removes it."""

import os
import shutil
import time

import harness
from harness import Skipped

WEEK = 7 * 86400
# What a command in a tree needs of the machine; $0 is the tree, $1 where apt's
# downloads are kept, the rest is the command.
_ENTER = '''
tree=$0; mount -t proc proc "$tree/proc"; mount --bind /dev "$tree/dev"
[ -z "$1" ] || mount --bind "$1" "$tree/var/cache/apt/archives"
shift; exec chroot "$tree" "$@"
'''
# No package starts what it installs.
_POLICY = '#!/bin/sh\nexit 101\n'


def _cache(*names):
    """A path in what is kept from run to run."""
    return os.path.join(harness.BUILD, 'debian', *names)


def _environment(**more):
    """apt's ways out, where the environment says them, and no sanitizer."""
    env = {k: v for k, v in os.environ.items()
           if k.lower() in ('http_proxy', 'https_proxy', 'no_proxy')}
    env.update(PATH='/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL='C.UTF-8',
               HOME='/root', DEBIAN_FRONTEND='noninteractive',
               SYSTEMD_OFFLINE='1')
    env.update(more)
    return env


def release():
    """The code name of the Debian release that runs here."""
    try:
        with open('/etc/os-release') as f:
            said = dict(line.rstrip('\n').replace('"', '').split('=', 1)
                        for line in f if '=' in line)
    except FileNotFoundError:
        said = {}
    if said.get('ID') != 'debian' or 'VERSION_CODENAME' not in said:
        raise Skipped('this is no released Debian')
    return said['VERSION_CODENAME']


def sources():
    """What apt takes packages of Debian itself from: (URI, release) each."""
    status, out, err = harness.run(
        ['apt-get', 'indextargets', '--format',
         '$(ORIGIN)|$(COMPONENT)|$(REPO_URI)|$(RELEASE)',
         'Identifier: Packages'])
    harness.same(status, 0, err)
    found = []
    for line in out.splitlines():
        origin, component, uri, name = line.split('|')
        if (origin, component) == ('Debian', 'main') and \
                (uri, name) not in found:
            found.append((uri, name))
    return found


def _apt_settings():
    """How this machine's apt goes out, for apt in a tree."""
    status, out, err = harness.run(['apt-config', 'dump'])
    harness.same(status, 0, err)
    return ''.join(
        line + '\n' for line in out.splitlines() if line.startswith(
            ('Acquire::http::', 'Acquire::https::', 'Acquire::Check-'))) + \
        'APT::Keep-Downloaded-Packages "true";\n' \
        'APT::Install-Recommends "false";\nAcquire::Languages "none";\n'


def _missing():
    if not harness.ROOT:
        return 'only root can make another system in a folder'
    for name in ('debootstrap', 'apt-get', 'unshare'):
        if not shutil.which(name):
            return name + ' is not installed'
    return None


def _make(path):
    """Makes the minbase tree, with the lists of packages."""
    name = release()
    found = sources()
    mirror = [uri for uri, of in found if of == name]
    if not mirror:
        raise Skipped('apt has no source of Debian %s' % name)
    more = 'eatmydata'
    if any(uri.startswith('https:') for uri, _ in found):
        more += ',ca-certificates'
    new = path + '.new'
    shutil.rmtree(new, ignore_errors=True)
    status, out, err = harness.run(
        ['debootstrap', '--variant=minbase', '--include=' + more, name, new,
         mirror[0]], timeout=400, env=_environment())
    if status != 0:
        raise Skipped('debootstrap: ' + (out + err).strip()[-300:])
    harness.write(os.path.join(new, 'etc', 'apt', 'sources.list'), ''.join(
        'deb %s %s main\n' % source for source in found))
    harness.write(os.path.join(new, 'etc', 'apt', 'apt.conf.d', '00tests'),
                  _apt_settings())
    harness.write(os.path.join(new, 'usr', 'sbin', 'policy-rc.d'), _POLICY,
                  0o755)
    status, out, err = Tree(new).run('apt-get', '-q', 'update', timeout=120)
    if status != 0:
        raise Skipped('apt-get update: ' + (out + err).strip()[-300:])
    shutil.rmtree(path, ignore_errors=True)
    os.rename(new, path)


def base():
    """The path of the minbase tree, which nobody changes: packages apt,
    eatmydata and what is essential, lists of packages, a policy-rc.d.  Made
    when there is none, or one older than a week, which takes a minute or two
    and the network; else Skipped says what was missing."""
    missing = _missing()
    if missing:
        raise Skipped(missing)
    path = _cache(release())
    with harness.alone('debian'):
        os.makedirs(_cache('archives', 'partial'), exist_ok=True)
        if not os.path.isdir(path) or \
                os.stat(path).st_mtime < time.time() - WEEK:
            _make(path)
    return path


class Tree:
    """A system in a folder.  copy() makes one to change."""

    def __init__(self, path):
        self.path = path

    @classmethod
    def copy(cls, name, source=None):
        """A copy of the base, or of another tree, that ends with the run."""
        path = os.path.join(harness.folder(name), 'root')
        status, _, err = harness.run(
            ['cp', '-a', '--reflink=auto', source or base(), path],
            timeout=120)
        harness.same(status, 0, 'cp: ' + err)
        return cls(path)

    def file(self, name):
        """Where NAME of the tree is for this machine."""
        return os.path.join(self.path, name.lstrip('/'))

    def _enter(self, args):
        archives = _cache('archives')
        return ['unshare', '--mount', 'sh', '-ec', _ENTER, self.path,
                archives if os.path.isdir(archives) else '', *args]

    def run(self, *args, timeout=60, input=None, **env):
        """Runs a command to its end: (status, stdout, stderr) as text."""
        return harness.run(self._enter(args), timeout=timeout, input=input,
                           env=_environment(**env))

    def good(self, *args, **kwargs):
        """The output of a command that must succeed."""
        status, out, err = self.run(*args, **kwargs)
        harness.same(status, 0, '%s\n%s' % (
            ' '.join(args), (out + err)[-3000:]))
        return out

    def start(self, *args, env=None, **kwargs):
        """A process in the tree that ends with the run, for harness.stop()."""
        return harness.start(self._enter(args),
                             env=_environment(**(env or {})), **kwargs)

    def install(self, *packages, timeout=300):
        """apt-get install of names or of files of the tree; without the
        waiting for disks."""
        return self.good('eatmydata', 'apt-get', '-q', '-y', 'install',
                         *packages, timeout=timeout)

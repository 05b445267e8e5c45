# SPDX-License-Identifier: MIT
"""Builds as others do them: clang, the release archive, and valgrind's view of
one request of each route.  They take minutes and run beside the other tests."""

import glob
import os
import re
import shutil
import threading

import fcgiclient as fcgi
import harness
from harness import Gateway, Skipped, fail, holds, same

PLAIN = {k: v for k, v in os.environ.items()
         if k in ('PATH', 'HOME', 'TMPDIR')}
_lock = threading.Lock()
_clang = []


def make(folder, *args, timeout=900):
    status, out, err = harness.run(['make', '-s', *args], cwd=folder,
                                   env=PLAIN, timeout=timeout)
    if status != 0:
        fail('make %s: exit %d\n%s' % (' '.join(args), status,
                                       (out + err)[-6000:]))


def configure(folder, *args):
    status, out, err = harness.run(
        [os.path.join(harness.SRC, 'configure'), '-q', *args], cwd=folder,
        env=PLAIN, timeout=300)
    if status != 0:
        fail('configure: exit %d\n%s' % (status, (out + err)[-3000:]))


def clang_build():
    """The folder of a build with clang, warnings being errors."""
    if not shutil.which('clang'):
        raise Skipped('clang is not installed')
    with _lock:
        if not _clang:
            folder = harness.folder('clang')
            # valgrind 3.19 cannot read the DWARF 5 of clang 14.
            configure(folder, 'CC=clang', 'CFLAGS=-O1 -gdwarf-4',
                      '--enable-werror', '--enable-compat-links')
            make(folder)
            _clang.append(folder)
    return _clang[0]


def test_clang_has_no_warnings():
    folder = clang_build()
    make(folder, 'check', 'TESTS=')


def test_distcheck():
    """The release archive builds, tests itself, installs and cleans up."""
    folder = harness.folder('distcheck')
    configure(folder)
    make(folder, 'distcheck', timeout=1500)
    archives = glob.glob(os.path.join(folder, 'ctim-relay-*.tar.gz'))
    same(len(archives), 1, 'archives')
    status, out, _ = harness.run(['tar', 'tzf', archives[0]])
    names = {name.split('/', 1)[1] for name in out.split() if '/' in name}
    for name in ('quickstart', 'test', 'build-aux/packages.sh',
                 'build-aux/tree.sh',
                 'share/bash-completion/completions/ctim-relay',
                 'share/ipsum-sample.txt', 'nginx/ctim-relay-location.conf',
                 'apache/ctim-relay-cgi.conf', 'tests/run.py',
                 'packaging/debian/rules', 'README.md', 'docs/messages.md'):
        holds(name in names, name + ' is not in the archive')


def test_install():
    """What make install puts where."""
    folder = clang_build()
    root = harness.folder('root')
    make(folder, 'install', 'DESTDIR=' + root)
    top = os.path.join(root, 'usr', 'local')
    for name in ('bin/ctim-relay', 'libexec/ctim-relay.fcgi',
                 'lib/ctim-relay/ctim-relay-net.so',
                 'share/ctim-relay/nginx/ctim-relay.conf',
                 'share/ctim-relay/nginx/ctim-relay-location.conf',
                 'share/ctim-relay/apache/ctim-relay-proxy_fcgi.conf',
                 'share/ctim-relay/apache/ctim-relay-fcgid.conf',
                 'share/ctim-relay/apache/ctim-relay-cgi.conf',
                 'share/bash-completion/completions/ctim-relay',
                 'share/man/man5/ctim-relay.conf.5'):
        holds(os.path.exists(os.path.join(top, name)), name)
    # --enable-compat-links: once more over what is there, and gone again.
    make(folder, 'install', 'DESTDIR=' + root)
    for name in ('jwt', 'relay'):
        for place in ('bin', 'share/bash-completion/completions'):
            path = os.path.join(top, place, name)
            same(os.readlink(path), 'ctim-relay', path)
    status, out, _ = harness.run([os.path.join(top, 'bin', 'jwt'), '--help'])
    same((status, out.split('\n')[0][:27]), (0, 'usage: ctim-relay jwt [STAG'),
         'jwt --help')
    make(folder, 'uninstall', 'DESTDIR=' + root)
    for place in ('bin', 'lib/ctim-relay', 'share/bash-completion/completions'):
        same(os.listdir(os.path.join(top, place)), [], place)


def test_no_links_unless_asked_for():
    status, out, err = harness.run(
        ['make', '-n', 'install-exec', 'install-data', 'DESTDIR=/nonexistent'],
        cwd=harness.BUILD, env=PLAIN)
    same(status, 0, err)
    holds('ctim-relay' in out and 'jwt relay' not in out, out[-2000:])


def test_hardening():
    """What ./configure asks of the toolchain unless told otherwise: position
    independent, read-only relocations, no executable stack, stack protector,
    FORTIFY_SOURCE (which needs an optimised build: the folder's is -O1).  A
    shared object has all but what makes a program."""
    folder = clang_build()
    program = 'DYN (Position-Independent Executable file)'
    for name, kind in (('ctim-relay', program), ('ctim-relay.fcgi', program),
                       (harness.NETWORK, 'DYN (Shared object file)')):
        status, out, err = harness.run(
            ['readelf', '-hlsdW', os.path.join(folder, name)])
        same(status, 0, err)
        for sign in (kind, 'GNU_RELRO', 'BIND_NOW', '__stack_chk_fail',
                     '_chk@'):
            holds(sign in out, '%s: no %s' % (name, sign))
        stack = [line for line in out.splitlines() if 'GNU_STACK' in line]
        holds(stack and 'RWE' not in stack[0], '%s: %s' % (name, stack))


def test_private_members_of_hiredis_are_not_read():
    """What uses hiredis compiles where what its structures hold is unknown: they
    differ from version to version."""
    folder = harness.folder('opaque')
    os.mkdir(os.path.join(folder, 'hiredis'))
    for path in glob.glob('/usr/include/hiredis/*.h'):
        text, n = re.subn(r'typedef struct (redisReader|redisContext) \{.*?\n\}'
                          r' \1;', r'typedef struct \1 \1;',
                          harness.read(path), flags=re.S)
        name = os.path.basename(path)
        same(n, {'read.h': 1, 'hiredis.h': 1}.get(name, 0), name)
        harness.write(os.path.join(folder, 'hiredis', name), text)
    sources = [path for path in glob.glob(os.path.join(harness.SRC, 'src', '*',
                                                       '*.c'))
               if '<hiredis/' in harness.read(path)]
    same([os.path.basename(path) for path in sources], ['rediscon.c'],
         'files that know hiredis')
    status, out, err = harness.run(
        ['gcc', '-fsyntax-only', '-D_GNU_SOURCE', '-I', folder,
         '-I', os.path.join(harness.SRC, 'src'), *sources])
    same((status, out, err), (0, '', ''), 'as seen from outside')


for function in (test_clang_has_no_warnings, test_distcheck, test_install,
                 test_hardening):
    function.background = True


# --- valgrind -------------------------------------------------------------------

OBSERVABLES = b'[{"type":"ip","value":"203.0.113.7"},{"type":"domain",' \
              b'"value":"a.evil.example"}]'
TRIGGER = b'{"action-id":"x","observable_type":"ip","observable_value":"x"}'
REQUESTS = [
    ('GET', '/', b''), ('POST', '/version', b''), ('POST', '/%s/health', b''),
    ('GET', '/%s/watchdog', b''),
    ('POST', '/%s/deliberate/observables', OBSERVABLES),
    ('POST', '/%s/observe/observables', OBSERVABLES),
    ('POST', '/%s/refer/observables', OBSERVABLES),
    ('POST', '/%s/respond/observables', OBSERVABLES),
    ('POST', '/%s/respond/trigger', TRIGGER), ('POST', '/%s/tiles', b''),
    ('POST', '/%s/tiles/tile', b'{"tile_id":"x"}'),
    ('POST', '/%s/tiles/tile-data', b'{"tile_id":"x","period":"y"}'),
    ('POST', '/nobody', b''), ('POST', '/%s/observe/observables', b'[{'),
]


def requests():
    for method, path, body in REQUESTS:
        for relay in ('template', 'local') if '%s' in path else ('',):
            yield method, path.replace('%s', relay), body


def valgrind(log):
    if not shutil.which('valgrind'):
        raise Skipped('valgrind is not installed')
    return ['valgrind', '-q', '--vgdb=no', '--error-exitcode=99', '--leak-check=full',
            '--errors-for-leak-kinds=definite', '--trace-children=yes',
            '--child-silent-after-fork=no', '--log-file=%s.%%p' % log]


def gateway():
    build = clang_build()
    result = Gateway('valgrind', build=build, sections={
        'server': {'workers': '1', 'threads': '2'}})
    result.load(harness.read(os.path.join(harness.TESTS, 'cases',
                                          'blocklist.jsonl')),
                'blocklist', '--subdomains')
    return result


def clean(log):
    for path in glob.glob(log + '.*'):
        text = harness.read(path)
        holds(not text.strip(), 'valgrind:\n' + text[:6000])


def test_valgrind_fastcgi():
    """One request of each route through a pool: no error, no leak."""
    pool = gateway()
    # The workers, who are not root, write there, too.
    log = os.path.join(pool.run, 'valgrind')
    pool.serve(wrapper=valgrind(log), timeout=60)
    try:
        for method, path, body in requests():
            env = fcgi.request(method, path, body, harness.jwt())
            status, _, _ = fcgi.call(pool.socket, env, body, timeout=60)
            holds(status in (200, 404), '%s: %d' % (path, status))
    finally:
        same(pool.stop(timeout=60), 0, 'exit status')
    clean(log)


def test_valgrind_cgi():
    """The same, a process each."""
    relay = gateway()
    log = os.path.join(relay.folder, 'valgrind')
    command = valgrind(log) + [harness.program('ctim-relay.fcgi',
                                               relay.build)]
    for method, path, body in requests():
        env = relay.env(**fcgi.request(method, path, body, harness.jwt()))
        env.update(PATH_INFO=path, SCRIPT_NAME='')
        status, out, err = harness.run(command, env=env, input=body)
        same(status, 0, '%s\n%s\n%s' % (path, out, err))
    clean(log)


def test_valgrind_command_line():
    relay = gateway()
    log = os.path.join(relay.folder, 'valgrind')
    for args in (['check'], ['check', '--dump'], ['check', '--keys'], ['jwt'],
                 ['intel', 'list'], ['intel', 'show', '203.0.113.7'],
                 ['intel', 'sources'], ['intel', 'stats'],
                 ['intel', 'export'], ['query', 'local', '192.0.2.1'],
                 ['--help'], ['--version']):
        status, out, err = harness.run(
            valgrind(log) + [harness.program('ctim-relay', relay.build)] +
            args, env=relay.env())
        same(status, 0, '%s\n%s\n%s' % (args, out, err))
    clean(log)


for function in (test_valgrind_fastcgi, test_valgrind_cgi,
                 test_valgrind_command_line):
    function.limit = 600

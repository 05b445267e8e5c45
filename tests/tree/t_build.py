# SPDX-License-Identifier: MIT
"""Builds as others do them: the release archive with clang, and valgrind's view
of one request of each route.  They take minutes and run beside the other
tests."""

import glob
import os
import re
import shutil
import signal
import time

import fcgiclient as fcgi
import harness
from harness import Gateway, Skipped, fail, holds, same

PLAIN = {k: v for k, v in os.environ.items()
         if k in ('PATH', 'HOME', 'TMPDIR')}
# What of the repository is in no archive.
LEFT_OUT = {'.gitignore', '.ci/run'}
RELEASE = os.path.join(harness.BUILD, 'release')
MADE = os.path.join(RELEASE, 'made')     # tells the run that made it
RUN = '%d-%d' % (os.getpid(), time.time())   # one for all lanes
_built = []


def make(folder, *args, timeout=900):
    status, out, err = harness.run(['make', '-s', *args], cwd=folder,
                                   env=PLAIN, timeout=timeout)
    if status != 0:
        fail('make %s: exit %d\n%s' % (' '.join(args), status,
                                       (out + err)[-6000:]))


def configure(folder, *args, source=harness.SRC):
    status, out, err = harness.run(
        [os.path.join(source, 'configure'), '-q', *args], cwd=folder,
        env=PLAIN, timeout=300)
    if status != 0:
        fail('configure: exit %d\n%s' % (status, (out + err)[-3000:]))


def files(top):
    """The paths below a folder."""
    return {os.path.relpath(os.path.join(path, name), top)
            for path, _, names in os.walk(top) for name in names}


def archive():
    """The folder that a release archive holds, made once a run; no build
    changes it."""
    source = os.path.join(RELEASE, 'ctim-relay')
    with harness.alone('archive'):
        os.makedirs(RELEASE, exist_ok=True)
        if not os.path.exists(MADE) or harness.read(MADE) != RUN:
            make(harness.BUILD, 'distdir', 'distdir=release/ctim-relay')
            same(harness.run(['chmod', '-R', 'a-w', source])[0], 0, 'chmod')
            harness.write(MADE, RUN)
    return source


def release_build():
    """The folder of a build as it is installed, of the release archive, with
    clang where there is one, warnings being errors.  What the build takes is
    not of the time of the test that comes first."""
    folder = os.path.join(RELEASE, 'build')
    if _built:
        return folder
    left = signal.alarm(0)
    try:
        source = archive()
        with harness.alone('release'):
            os.makedirs(folder, exist_ok=True)
            # valgrind 3.19 cannot read the DWARF 5 of clang 14.
            if not os.path.exists(os.path.join(folder, 'config.status')):
                configure(folder, 'CC=%s' % ('clang' if shutil.which('clang')
                                             else 'gcc'),
                          'CFLAGS=-O1 -gdwarf-4', '--enable-werror',
                          '--enable-compat-links', source=source)
            make(folder, '-j2')
            _built.append(folder)
    finally:
        signal.alarm(left)
    return folder


def test_clang_has_no_warnings():
    """Neither have the tests, whose machine code nobody needs."""
    if not shutil.which('clang'):
        raise Skipped('clang is not installed')
    make(release_build(), 'check', 'TESTS=', 'CFLAGS=-O0')


def test_release_archive():
    """All of the repository is in it; it builds without a change to what was
    unpacked, and `make distclean` leaves nothing of the build."""
    source = archive()
    if os.path.exists(os.path.join(harness.SRC, '.git')):
        status, out, err = harness.run(['git', 'ls-files'], cwd=harness.SRC)
        same(status, 0, err)
        same(sorted(set(out.split('\n')[:-1]) - files(source) - LEFT_OUT), [],
             'not in the archive')
    copy = os.path.join(RELEASE, 'clean')
    shutil.rmtree(copy, ignore_errors=True)
    same(harness.run(['cp', '-al', release_build(), copy])[0], 0, 'cp -al')
    make(copy, 'distcleancheck')
    made = os.stat(MADE).st_mtime_ns
    same([path for path in files(source) if os.lstat(
        os.path.join(source, path)).st_mtime_ns > made], [],
         'changed by the build')


def test_install():
    """What make install puts where."""
    folder = release_build()
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
    same(sorted(files(root)), [], 'left by make uninstall')


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
    folder = release_build()
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


for function in (test_clang_has_no_warnings, test_release_archive,
                 test_install, test_hardening):
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
    build = release_build()
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

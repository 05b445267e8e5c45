# SPDX-License-Identifier: MIT
"""./quickstart as a new user runs it, in a copy of the tree."""

import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import harness
from harness import Skipped, fail, has, holds, same

_copy = []


def clone():
    """A copy of the tree, as a clone has it: without what was built in it."""
    top = os.path.join(harness.folder('clone'), 'ctim-relay')
    shutil.copytree(harness.SRC, top, symlinks=True,
                    ignore=shutil.ignore_patterns(
                        '.git', 'build', 'build-test', 'autom4te.cache',
                        '__pycache__', '*.o', '*.a', 'config.status',
                        'Makefile', '.deps'))
    return top


def copy():
    if not _copy:
        _copy.append(clone())
    return _copy[0]


def leftovers():
    """Processes whose command line names the copy or its socket folder."""
    found = []
    for path in glob.glob('/proc/[0-9]*/cmdline'):
        try:
            text = harness.read(path).replace('\0', ' ')
        except OSError:
            continue
        if copy() in text and 'quickstart' not in text:
            found.append(text)
    return found


def environment():
    env = {k: v for k, v in os.environ.items() if k in ('PATH', 'HOME')}
    env['TMPDIR'] = harness.folder('quickstart-tmp')
    os.chmod(env['TMPDIR'], 0o1777)
    return dict(env, CFLAGS='-O0', **harness.compiling())


def test_serves_until_interrupted():
    """It builds, asks, shows the answer and a curl line that works; after
    Ctrl-C nothing of it is left."""
    if not shutil.which('dpkg-query'):
        raise Skipped('this is no Debian')
    port = harness.free_port()
    env = environment()
    out = os.path.join(copy(), 'out')
    with open(out, 'w') as f:
        process = harness.start(['./quickstart', '--port', str(port)],
                                cwd=copy(), env=env, stdout=f, stderr=f)

    def serving():
        if process.poll() is not None:
            fail('it ended with %d\n%s' % (process.returncode,
                                           harness.read(out)[-3000:]))
        return 'until Ctrl-C' in harness.read(out)
    harness.wait_for(serving, 'it serves', 600)
    text = harness.read(out)
    for word in ('Suspicious', 'nothing known', 'on 10 block lists'):
        has(word, text, 'what it shows')
    line = re.search(r"^curl -s .*?observe/observables$", text, re.M | re.S)
    holds(line, 'no curl line in\n' + text)
    status, answer, err = harness.run(['/bin/sh', '-c', line.group()], env=env)
    same(status, 0, err)
    has('"verdicts"', answer, 'the answer of the curl line')
    page = harness.http_request(port, 'GET', '/', None,
                                {'Accept': 'text/html'})
    has('<h1><a href="./">ctim-relay</a>', page.text(), 'the page')
    os.kill(process.pid, signal.SIGINT)
    try:
        status = process.wait(20)
    except subprocess.TimeoutExpired:
        fail('it does not end after Ctrl-C')
    same(status, 130, harness.read(out))
    harness.wait_for(lambda: not leftovers(), 'no process is left: %s' %
                     leftovers(), 5)
    same(os.listdir(env['TMPDIR']), [], 'files left')
    again_once(port, env)
    status, _, err = harness.run([copy() + '/build/installed/bin/ctim-relay',
                                  'check'], cwd=copy(), env=env)
    same(status, 0, 'who may replace what quickstart made: ' + err)


def again_once(port, env):
    """The second time is short, and --once ends after the answer."""
    began = time.monotonic()
    status, out, err = harness.run(
        ['./quickstart', '--once', '--port', str(port)], cwd=copy(), env=env,
        timeout=120)
    same(status, 0, out + err)
    has('Suspicious', out, 'what it shows')
    holds(time.monotonic() - began < 60, 'the second time took too long')
    same(leftovers(), [], 'processes left')
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        number = str(taken.getsockname()[1])
        status, out, err = harness.run(
            ['./quickstart', '--once', '--port', number], cwd=copy(), env=env)
    same(status, 1, out + err)
    has('port %s of 127.0.0.1 is taken' % number, err, 'what it says')
    has('--port', err, 'the mend')


def test_a_tree_that_is_configured_in_place():
    """Both commands work, with none of what was built in place, and leave it
    as it was."""
    if not shutil.which('dpkg-query'):
        raise Skipped('this is no Debian')
    top = clone()
    env = environment()
    status, out, err = harness.run(['./configure', '-q'], cwd=top, env=env,
                                   timeout=300)
    same(status, 0, out + err)
    # An object that make would take, were it seen.
    harness.write(os.path.join(top, 'src', 'buf.o'), 'no object')
    made = {name: harness.read(os.path.join(top, name)) for name in
            ('config.status', 'Makefile', 'src/buf.o')}
    status, out, err = harness.run(
        ['./quickstart', '--once', '--port', str(harness.free_port())],
        cwd=top, env=env, timeout=900)
    same(status, 0, (out + err)[-3000:])
    has('build/source', out, 'what it says')
    has('Suspicious', out, 'the answer')
    # The other builds the same way; that is not done twice.
    place = harness.folder('make')
    harness.write(os.path.join(place, 'make'), '#!/bin/sh\ncase "$*" in\n'
                  '*distclean) exec /usr/bin/make "$@" ;;\nesac\n', 0o755)
    env['PATH'] = place + ':' + env['PATH']
    status, out, err = harness.run(['./test', '--list', 'quickstart:wrong'],
                                   cwd=top, env=env, timeout=300)
    same(status, 0, out + err)
    has('build-test/source', out, 'what it says')
    has('quickstart:wrong_use', out, 'the list')
    holds(os.path.exists(os.path.join(top, 'build-test', 'source',
                                      'build-test', 'config.status')),
          'it is not configured')
    for name, text in made.items():
        same(harness.read(os.path.join(top, name)), text, name)


def test_wrong_use():
    for args in (['--nope'], ['--port'], ['--port', 'x']):
        status, _, err = harness.run(['./quickstart', *args], cwd=harness.SRC)
        same(status, 64, '%s\n%s' % (args, err))
    status, out, _ = harness.run(['./quickstart', '--help'], cwd=harness.SRC)
    same(status, 0, '--help')
    has('--once', out, '--help')


test_serves_until_interrupted.background = True
test_a_tree_that_is_configured_in_place.background = True

# SPDX-License-Identifier: MIT
"""Every input of tests/fuzz/seeds, shown to its fuzz target again: those that
it began with, and those that once broke it."""

import glob
import os

import harness
from harness import fail, holds, same

FOLDER = os.path.join(harness.TESTS, 'fuzz')


def names(pattern, *parts):
    return {os.path.splitext(os.path.basename(path))[0] for path in
            glob.glob(os.path.join(FOLDER, *parts, pattern))}


def replay(name):
    folder = os.path.join(FOLDER, 'seeds', name)
    program = os.path.join(harness.BUILD, 'tests', 'fuzz', name)
    holds(os.path.exists(program), '%s is not built' % program)
    status, out, err = harness.run([program, folder], timeout=100,
                                   env=harness.environment())
    if status != 0:
        fail('exit %d\n%s%s' % (status, out, err[-3000:]))
    same(out, '%d inputs\n' % len(os.listdir(folder)), 'what was shown')


def test_every_target_has_inputs():
    same(names('*.c') - {'play', 'replay'}, names('*', 'seeds'), 'targets')


def tests():
    for name in sorted(names('*', 'seeds')):
        yield name, lambda name=name: replay(name)

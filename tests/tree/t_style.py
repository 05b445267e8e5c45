# SPDX-License-Identifier: MIT
"""The layout of the C code is what .clang-format says."""

import os
import re
import shutil

import harness
from harness import SRC, Skipped, run, same


def clang_format():
    """The program, of the version whose layout it is: others fold otherwise."""
    for name in ('clang-format-14', 'clang-format'):
        if shutil.which(name):
            _, out, _ = run([name, '--version'])
            if re.search(r'version 14\.', out):
                return name
    raise Skipped('there is no clang-format 14')


def test_layout():
    program = clang_format()
    files = [os.path.join(folder, name)
             for top in ('src', 'providers', 'fcgi', 'cli', 'map', 'packaging',
                         'tests/unit', 'tests/fuzz', 'tests/bench')
             for folder, _, names in os.walk(os.path.join(SRC, top))
             for name in names if name.endswith(('.c', '.h'))]
    harness.holds(len(files) > 300, 'files: %d' % len(files))
    # One process for all: each start of it costs more than a file.
    status, out, err = run([program, '--style=file', '--dry-run', '-Werror',
                            *sorted(files)])
    same((status, out, err), (0, '', ''), '`clang-format -i` changes these')

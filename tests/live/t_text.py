# SPDX-License-Identifier: MIT
"""ctim-relay query --text, on the texts of ../shared: what a report speaks of."""

import os

import harness
from harness import Gateway, holds, same

FOLDER = os.path.join(harness.SRC, '..', 'shared', 'data', 'text')
_gateway = None


def shared(name):
    path = os.path.join(FOLDER, name)
    if not os.path.exists(path):
        raise harness.Skipped('there is no shared/data/text/%s beside the '
                              'tree' % name)
    with open(path, encoding='utf-8') as f:
        return f.read().splitlines()


def found(text):
    """The TYPE:VALUEs that are asked about."""
    global _gateway
    if _gateway is None:
        _gateway = Gateway('text')
    status, out, err = _gateway.cli('query', 'local', '--csv', '--text', '-',
                                    input=text, ok=False)
    if status == 64:
        return set()
    holds(status in (0, 3), err)
    return {'%s:%s' % tuple(line.split(',')[:2])
            for line in out.splitlines()[1:]}


def mended(line):
    """What a line of the report, which is one value, means."""
    line = line.replace('[.]', '.').replace('hXXp', 'http')
    if '://' in line:
        return 'url:' + line
    if line.replace('.', '').isdigit():
        return 'ip:' + line
    hashes = {32: 'md5', 40: 'sha1', 64: 'sha256'}
    if '.' not in line:
        return '%s:%s' % (hashes[len(line)], line.lower())
    return 'domain:' + line.lower()


def test_cases():
    for line in shared('finder-cases.tsv'):
        text, _, expected = line.partition('\t')
        if text and not text.startswith('#'):
            same(found(text), set(expected.split()), text)


def test_a_report():
    """All values of a long report, and none else."""
    lines = [line for line in shared('sample_text_defanged.txt') if line]
    same(len(lines), 1017, 'values')
    same(found('\n'.join(lines)), {mended(line) for line in lines}, 'found')

# SPDX-License-Identifier: MIT
"""Every feed of ctim-relay-feeds(7): the line of the manual, run on a sample in
the shape of that feed, gives what the page says.  The samples are our own."""

import json
import os
import re
import shlex

import harness
from harness import Gateway, holds, same

FOLDER = os.path.join(harness.TESTS, 'cases', 'feeds')
ROW = re.compile(r'^\.It (.*)\n\.Cm (\w+) :\n(?:.*\n)*?\.Dl \$ (.*)$', re.M)


def rows():
    """(title, format, command) of the page."""
    return ROW.findall(harness.read(os.path.join(
        harness.SRC, 'man', 'ctim-relay-feeds.7')))


def expected():
    return json.loads(harness.read(os.path.join(FOLDER, 'manual.json')))


def run_row(form, command):
    words = shlex.split(command)
    same(words[:3], ['ctim-relay', 'intel', 'import'], 'the command')
    want = expected()[words[3]]
    path = os.path.join(FOLDER, 'manual', words[3])
    for more in ([], ['--format', form]):
        relay = Gateway('feeds')
        _, out, _ = relay.cli('intel', 'import', path, *words[4:], '--json',
                              *more)
        summary = json.loads(out)
        same(summary['skipped'], want['skipped'], out)
        listed = json.loads(relay.cli('intel', 'list', '--json')[1])
        same(sorted([r['type'], r['value']] for r in listed),
             sorted(want['values']), out)


def test_every_sample_is_in_the_manual():
    found = sorted(shlex.split(command)[3] for _, _, command in rows())
    holds(len(found) > 15, 'only %d feeds' % len(found))
    same(found, sorted(expected()), 'feeds that are expected')
    same(found, sorted(os.listdir(os.path.join(FOLDER, 'manual'))), 'samples')


def tests():
    for title, form, command in rows():
        yield (re.sub(r'\W+', '_', title).lower(),
               lambda form=form, command=command: run_row(form, command))

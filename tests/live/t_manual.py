# SPDX-License-Identifier: MIT
"""The commands that the pages of ctim-relay intel show, in a shell and in their
order.  Those of other commands are run where these are tested."""

import json
import os
import uuid

import harness
import manual
from harness import Gateway, has, holds, same

EVENT = str(uuid.uuid4())

FILES = {
    'ipsum.txt': '# a list\n192.0.2.1\t7\n192.0.2.2\t6\n',
    'bundle.json': json.dumps({
        'type': 'bundle', 'id': 'bundle--' + EVENT, 'objects': [{
            'type': 'indicator', 'spec_version': '2.1',
            'id': 'indicator--' + EVENT, 'pattern_type': 'stix',
            'pattern': "[domain-name:value = 'partner.example']",
            'created': '2026-01-01T00:00:00Z',
            'modified': '2026-01-01T00:00:00Z',
            'valid_from': '2026-01-01T00:00:00Z'}]}),
    'misp-feed/manifest.json': json.dumps({EVENT: {'info': 'an event'}}),
    'misp-feed/%s.json' % EVENT: json.dumps({'Event': {
        'uuid': EVENT, 'info': 'an event', 'threat_level_id': '1',
        'Attribute': [{'type': 'domain', 'value': 'circl.example',
                       'to_ids': True, 'deleted': False}]}}),
    'list.json': json.dumps({
        'name': 'known', 'type': 'hostname', 'list': ['microsoft.example'],
        'version': 1, 'description': 'd', 'matching_attributes': ['domain']}),
}


def test_examples_of_intel():
    relay = Gateway('manual-intel')
    folder = harness.folder('manual-intel-files')
    os.mkdir(os.path.join(folder, 'misp-feed'))
    for name, content in FILES.items():
        harness.write(os.path.join(folder, name), content)
    found = manual.examples('intel')
    holds(len(found) >= 8, found)
    env = relay.env(PATH=os.path.dirname(harness.program('ctim-relay')) + ':' +
                    os.environ['PATH'])
    for example in found:
        status, _, err = harness.run(['/bin/sh', '-ec', example], cwd=folder,
                                     env=env)
        same((status, err), (0, ''), example)
    values = {row['value']: row['source'] for row in json.loads(
        relay.cli('intel', 'list', '--json')[1])}
    for value, source in (('198.51.100.7', 'Block list'),
                          ('192.0.2.1', 'ipsum'),
                          ('partner.example', 'partner'),
                          ('circl.example', 'circl'),
                          ('microsoft.example', 'microsoft')):
        same(values.get(value), source, values)
    has('phishing, case 17', relay.cli('intel', 'show', '198.51.100.7')[1],
        'the reason')


def test_every_example_is_run():
    """Each line with a prompt is of a command whose examples a test runs, and
    belongs to the examples of its page."""
    run = manual.examples('jwt|module-type|query|relay|status|reload|stop|'
                          'ping|tail|doctor|intel|provider')
    for name, text in manual.command_pages().items():
        text = text.replace('\\e\n', ' ').replace('|\n', '| ')
        for line in text.splitlines():
            shown = line.removeprefix('.Dl ')
            if shown.startswith(('$ ', '# ctim-relay')) and \
                    'ctim-relay ' in shown:
                holds(shown[2:] in run, '%s: %s' % (name, line))

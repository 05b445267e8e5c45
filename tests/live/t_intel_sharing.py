# SPDX-License-Identifier: MIT
"""ctim-relay intel import of what platforms for sharing write: STIX and MISP."""

import collections
import json
import os
import sqlite3

import harness
from harness import Gateway, Skipped, has, same

CONTEXT = ' objects that are no indicators are context, and were passed over'
OTHER = 'its pattern compares what is no value here'


def load(relay, name, *options, status=0):
    """Imports a file or folder, and returns the summary."""
    found, out, err = relay.cli('intel', 'import', name, '--source', 'feed',
                                '--json', *options, ok=False)
    same(found, status, out + err)
    return json.loads(out)


def listed(relay):
    return json.loads(relay.cli('intel', 'list', '--json')[1])


def write(relay, name, text):
    path = os.path.join(relay.folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as f:
        f.write(text if isinstance(text, str) else json.dumps(text))
    return path


def sample(*parts):
    path = os.path.join(harness.SHARED, 'data', *parts)
    if not os.path.exists(path):
        raise Skipped('../shared/data/%s is not there' % '/'.join(parts))
    return path


def counts(summary):
    return (summary['read'], summary['skipped'],
            {r['reason']: r['count'] for r in summary['skipped_by_reason']})


def kinds(relay):
    return dict(collections.Counter(r['type'] for r in listed(relay)))


# --- samples ----------------------------------------------------------------

def test_apt1():
    """Of 12 indicators 10 have a value; two are about certificates."""
    relay = Gateway('apt1')
    summary = load(relay, sample('stix', 'apt1.json'))
    same(counts(summary), (12, 2, {OTHER: 2}), summary)
    same(summary['notes'], ['64' + CONTEXT], summary)
    same(kinds(relay), {'ip': 4, 'domain': 3, 'md5': 3}, 'the store')
    same({r['disposition'] for r in listed(relay)}, {'Malicious'},
         'by indicator_types')


def test_poison_ivy():
    """Of 25 indicators 23 have values; two are names of files.  One of 65 values
    is none: "domain autuo.xicp.net" for a name."""
    relay = Gateway('poisonivy')
    path = sample('stix', 'poisonivy.json')
    with open(path) as f:
        objects = json.load(f)['objects']
    summary = load(relay, path)
    same(counts(summary), (67, 3, {OTHER: 2, 'it is no indicator of its type':
                                   1}), summary)
    same(summary['notes'], ['130' + CONTEXT], summary)
    found = {r['value'] for r in listed(relay)}
    wanted = {word.lower() for o in objects if o['type'] == 'indicator'
              and 'file:name' not in o['pattern']
              for word in o['pattern'].split("'")[1::2] if ' ' not in word}
    same(found, wanted, 'the values of 23 indicators')
    same(len(found), 42, 'different values')


def test_two_small_bundles():
    for name, kind in (('indicator-for-malicious-url', 'url'),
                       ('malware-indicator-for-file-hash', 'sha256')):
        relay = Gateway(name)
        summary = load(relay, sample('stix', name + '.json'))
        same(counts(summary), (1, 0, {}), summary)
        same(kinds(relay), {kind: 1}, 'the store')


def test_misp_event():
    relay = Gateway('xorist')
    summary = load(relay, sample('misp', 'misp-event-xorist.json'), status=3)
    same(counts(summary),
         (9, 6, {'to_ids is not set': 4,
                 'its type is none of an observable': 2}), summary)
    same(kinds(relay), {'md5': 1, 'sha1': 1, 'sha256': 1}, 'the store')
    same({(r['severity'], r['tlp'], r['reason']) for r in listed(relay)},
         {('Low', 'white', 'Imported via the Freetext Import Tool')},
         'what the event says behind its attributes')


def test_misp_attributes():
    relay = Gateway('attributes')
    summary = load(relay, sample('misp', 'misp-attributes-collection.json'))
    same(counts(summary), (2, 1, {'to_ids is not set': 1}), summary)
    same([(r['value'], r['reason']) for r in listed(relay)],
         [('circl.lu', 'Domain test attribute')], 'the store')


def test_warning_lists():
    """Every entry that is a value, as an allow list."""
    for name, values, read, skipped in (
            ('dax30', {'domain': 13}, 13, {}),
            ('google', {'domain': 558}, 669, {}),
            ('microsoft', {'domain': 171}, 191, {'it is no indicator': 2}),
            ('rfc5735', {'ip': 13}, 15,
             {'the unspecified address': 1, 'a loopback address': 1}),
            ('empty-hashes', {'md5': 1, 'sha1': 1, 'sha256': 1}, 6,
             {'it is no indicator': 2,
              'the list is for values of other types': 1})):
        relay = Gateway('list-' + name)
        summary = load(relay, sample('misp', 'warninglist-%s.json' % name),
                       '--any-network')
        same(counts(summary), (read, sum(skipped.values()), skipped), summary)
        same(kinds(relay), values, name)
        same({r['disposition'] for r in listed(relay)}, {'Clean'}, name)


def test_warning_list_of_expressions():
    relay = Gateway('expressions')
    path = sample('misp', 'warninglist-common-contact-emails.json')
    status, _, err = relay.cli('intel', 'import', path, '--source', 'x',
                               ok=False)
    same(status, 1, err)
    has('it is a regular expression', err, 'why')


# --- own --------------------------------------------------------------------

def indicator(number, modified, value, **more):
    return dict({'type': 'indicator', 'spec_version': '2.1',
                 'id': 'indicator--%08d-1111-4111-8111-111111111111' % number,
                 'modified': modified, 'pattern_type': 'stix',
                 'pattern': "[ipv4-addr:value = '%s']" % value}, **more)


def rows(relay, columns):
    """Columns of the store's records, of which `list` does not show all."""
    with sqlite3.connect(relay.store) as database:
        found = set(database.execute('SELECT %s FROM indicator' % columns))
    database.close()
    return found


def test_names_below():
    """".example.com" of a warning list is the name and all below it."""
    relay = Gateway('below')
    load(relay, write(relay, 'list.json', {
        'description': 'd', 'list': ['.mail.example', 'one.example'],
        'matching_attributes': ['domain'], 'name': 'Known',
        'type': 'string'}))
    same(rows(relay, 'value, below'),
         {('mail.example', 1), ('one.example', 0)}, 'the store')


def test_disposition_of_a_warning_list():
    """What the user says goes before that it is an allow list."""
    relay = Gateway('judged')
    path = write(relay, 'list.json',
                 {'type': 'string', 'list': ['a.example']})
    load(relay, path, '--disposition', 'Common')
    same([r['disposition'] for r in listed(relay)], ['Common'], 'said')
    load(relay, path)
    same([r['disposition'] for r in listed(relay)], ['Clean'], 'not said')


def test_newer_version_in_another_file():
    """Of several versions in the files of a folder the newest counts, whichever
    file is first."""
    relay = Gateway('versions')
    new, old = '2020-01-01T00:00:00.002Z', '2020-01-01T00:00:00.001Z'
    for name, objects in (
            ('a', [indicator(1, new, '192.0.2.1'),
                   indicator(2, old, '192.0.2.2')]),
            ('b', [indicator(1, old, '198.51.100.1'),
                   indicator(2, new, '198.51.100.2'),
                   indicator(3, old, '198.51.100.3')]),
            ('c', [indicator(3, new, '198.51.100.3', revoked=True)])):
        write(relay, 'pages/%s.json' % name, {'objects': objects})
    summary = load(relay, os.path.join(relay.folder, 'pages'), status=3)
    same({r['value'] for r in listed(relay)}, {'192.0.2.1', '198.51.100.2'},
         'the store')
    same(counts(summary)[2], {'it has a newer version': 3, 'it is revoked': 1},
         summary)


def test_what_stix_says():
    relay = Gateway('says')
    path = write(relay, 'bundle.json', {'type': 'bundle', 'objects': [
        indicator(1, '2020-01-01T00:00:00Z', '203.0.113.1', name='C2',
                  description='of a botnet', confidence=90,
                  valid_from='2020-01-01T00:00:00Z',
                  valid_until='2090-01-01T00:00:00Z',
                  indicator_types=['malicious-activity'],
                  object_marking_refs=['marking-definition--'
                                       'bab4a63c-aed9-4cf5-a766-dfca5abac2bb'],
                  external_references=[{'source_name': 'r',
                                        'url': 'https://r.example/1'}])]})
    load(relay, path)
    found, = listed(relay)
    same({key: found[key] for key in ('value', 'reason', 'confidence',
                                      'disposition', 'tlp', 'first_seen',
                                      'expires')},
         {'value': '203.0.113.1', 'reason': 'C2: of a botnet',
          'confidence': 'High', 'disposition': 'Malicious', 'tlp': 'green',
          'first_seen': '2020-01-01T00:00:00Z',
          'expires': '2090-01-01T00:00:00Z'}, 'the record')
    same(rows(relay, 'url'), {('https://r.example/1',)}, 'the reference')


def event(*attributes, **more):
    return {'Event': dict({'info': 'i', 'Attribute': [
        dict({'type': kind, 'value': value, 'to_ids': True})
        for kind, value in attributes]}, **more)}


ONE = '5a3b1c2d-1111-4222-8333-444455556666'
TWO = '5a3b1c2d-1111-4222-8333-444455557777'


def test_folder_of_a_misp_feed():
    """The events that its manifest lists; never the MD5 sums of their values."""
    relay = Gateway('mispfeed')
    write(relay, 'feed/manifest.json', {ONE: {'info': 'i'}, TWO: {'info': 'j'},
                                        ONE[:-1] + '0': {'info': 'gone'}})
    write(relay, 'feed/hashes.csv',
          'd41d8cd98f00b204e9800998ecf8427e,%s\n' % ONE)
    write(relay, 'feed/%s.json' % ONE, event(
        ('ip-dst|port', '203.0.113.1|443'), ('domain', 'a.example'),
        threat_level_id='1'))
    write(relay, 'feed/%s.json' % TWO, event(('filename', 'a.exe'),
                                             ('url', 'http://b.example/')))
    summary = load(relay, os.path.join(relay.folder, 'feed'))
    same({(r['value'], r['severity']) for r in listed(relay)},
         {('203.0.113.1', 'High'), ('a.example', 'High'),
          ('http://b.example/', 'Medium')}, 'the store')
    same(counts(summary)[2], {'the file of an event is missing': 1,
                              'its type is none of an observable': 1}, summary)
    has('hashes.csv was passed over', json.dumps(summary['notes']), 'notes')
    same(sorted((r.get('file'), r['line']) for r in summary['reasons']),
         [(TWO + '.json', 1), ('manifest.json', 1)], 'where')


def test_index_files_of_a_misp_feed():
    relay = Gateway('index')
    for name, text, word in (
            ('manifest.json', {ONE: {'info': 'i'}}, 'lists its events'),
            ('hashes.csv', 'd41d8cd98f00b204e9800998ecf8427e,%s\n' % ONE,
             'MD5 sums of values')):
        path = write(relay, name, text)
        status, _, err = relay.cli('intel', 'import', path, '--source', 'x',
                                   ok=False)
        same(status, 1, err)
        has(word, err, name)


def test_event_that_is_cut_short():
    """Nothing of it is taken, also of the events before."""
    relay = Gateway('cut')
    text = json.dumps([event(('domain', 'a.example')),
                       event(('domain', 'b.example'))])
    path = write(relay, 'cut.json', text[:-3])
    status, _, err = relay.cli('intel', 'import', path, '--source', 'x',
                               ok=False)
    same(status, 1, err)
    has('the file was cut short', err, 'why')
    same(relay.cli('intel', 'list', ok=False)[1].strip(), '', 'the store')


def test_folders_skip_what_files_skip():
    """Addresses of this machine and of private networks are skipped in a folder
    as in a file, and private ones are taken as Clean there, too."""
    relay = Gateway('scopes')
    stix = [{'type': 'indicator', 'id': 'indicator--%d' % i,
             'modified': '2026-01-01T00:00:00Z',
             'pattern': "[ipv4-addr:value = '%s']" % a}
            for i, a in enumerate(['127.0.0.1', '192.0.2.1', '10.0.0.1'])]
    write(relay, 'stix/a.json', {'type': 'bundle', 'objects': stix})
    summary = load(relay, os.path.join(relay.folder, 'stix'), status=3)
    same(counts(summary), (3, 2, {'a loopback address': 1,
                                  'a private address': 1}), summary)
    uuid = '7b1a4f3e-0000-4000-8000-000000000001'
    write(relay, 'misp/manifest.json', {uuid: {'info': 'x'}})
    write(relay, 'misp/%s.json' % uuid, {'Event': {'Attribute': [
        {'type': 'ip-dst', 'value': '10.0.0.2', 'to_ids': True}]}})
    summary = load(relay, os.path.join(relay.folder, 'misp'),
                   '--disposition', 'Clean')
    same(counts(summary), (1, 0, {}), summary)

# SPDX-License-Identifier: MIT
"""ctim-relay intel import, from outside: what it says of a feed, what it leaves
as it was, and which files it takes."""

import gzip
import json
import os

import harness
from harness import Gateway, has, holds, same


def gateway(name='import', **kwargs):
    return Gateway(name, **kwargs)


def take(relay, feed, *options, status=0):
    """Imports bytes or text; the summary, with what was said otherwise."""
    path = os.path.join(relay.folder, 'feed.in')
    with open(path, 'wb') as f:
        f.write(feed if isinstance(feed, bytes) else feed.encode())
    return take_path(relay, path, *options, status=status)


def take_path(relay, path, *options, status=0):
    got, out, err = relay.cli('intel', 'import', path, '--source', 'feed',
                              '--json', *options, ok=False)
    same(got, status, 'exit status\n%s%s' % (out, err))
    summary = json.loads(out) if out.startswith('{') else {}
    summary['said'] = err
    return summary


def figures(summary):
    return tuple(summary[k] for k in ('read', 'added', 'updated', 'unchanged',
                                      'removed', 'skipped'))


def values(relay):
    if relay.url is None and not os.path.exists(relay.store):
        return []
    return [r['value'] for r in
            json.loads(relay.cli('intel', 'list', '--json')[1])]


def folder(relay, **files):
    path = os.path.join(relay.folder, 'folder')
    os.makedirs(path, exist_ok=True)
    for name, text in files.items():
        with open(os.path.join(path, name.replace('_', '.')), 'w') as f:
            f.write(text)
    return path


# --- what it says -------------------------------------------------------------

def test_skipped_by_reason():
    relay = gateway()
    lines = ['192.0.2.%d' % i for i in range(20)] + ['nonsense'] * 12 + [
        '0.0.0.0 localhost']
    summary = take(relay, '# a comment\n\n' + '\n'.join(lines) + '\n')
    same(figures(summary), (33, 20, 0, 0, 0, 13), 'the figures')
    same(summary['skipped_by_reason'], [
        {'reason': 'it is no indicator', 'count': 12},
        {'reason': 'a name of the machine itself', 'count': 1}], 'reasons')
    same([r['line'] for r in summary['reasons']], list(range(23, 33)),
         'the first ten lines')
    same(summary['dry_run'], False, 'dry_run')
    out = relay.cli('intel', 'import', os.path.join(relay.folder, 'feed.in'),
                    '--source', 'feed')[1]
    has('feed: read 33, added 0, updated 0, unchanged 20, skipped 13\n'
        '  12 skipped: it is no indicator\n'
        '  1 skipped: a name of the machine itself\n'
        '  line 23: "nonsense" is no indicator\n', out, 'as text')
    has('line 32: "nonsense" is no indicator\n  and 3 more\n', out, 'the end')


def test_exit_status():
    relay = gateway()
    take(relay, '192.0.2.1\nnonsense\n', status=0)
    summary = take(relay, '192.0.2.2\nnonsense\nnonsense\n', status=3)
    same(figures(summary), (3, 1, 0, 0, 0, 2), 'mostly skipped')
    same(values(relay), ['192.0.2.1', '192.0.2.2'], 'both are there')
    summary = take(relay, 'nonsense\n', status=1)
    same(summary['skipped'], 1, 'nothing taken')
    has('nothing in it to import', summary['said'], 'what it says')
    take(relay, '# nothing\n', status=1)
    take(relay, '192.0.2.3\nnonsense\n', '--dry-run', status=0)
    take(relay, '192.0.2.3\nnonsense\nnonsense\n', '--dry-run', status=3)
    take(relay, 'nonsense\n', '--dry-run', status=1)


# --- --dry-run ----------------------------------------------------------------

def test_dry_run():
    """It says what an import would do, to the figure, and changes nothing."""
    relay = gateway()
    first = 'ip,reason\n192.0.2.1,a\n192.0.2.2,b\n192.0.2.3,c\n'
    second = 'ip,reason\n192.0.2.1,a\n192.0.2.2,other\n192.0.2.4,d\nx,y\n'
    same(figures(take(relay, first, '--dry-run')), (3, 3, 0, 0, 0, 0), 'first')
    same(values(relay), [], 'after a dry run')
    take(relay, first)
    relay.cli('intel', 'import', '-', '--source', 'other', input='192.0.2.9\n')
    before = relay.cli('intel', 'export', '--format', 'json')[1]
    for options in ([], ['--replace']):
        dry = take(relay, second, '--dry-run', *options)
        same(relay.cli('intel', 'export', '--format', 'json')[1], before,
             'the store after a dry run')
        same(figures(dry), (4, 1, 1, 1, 1 if options else 0, 1), options)
        same(dry['dry_run'], True, 'dry_run')
    wet = take(relay, second, '--replace')
    same(figures(wet), figures(dry), 'the import itself')
    has('feed (dry run: nothing is changed): read 4', relay.cli(
        'intel', 'import', os.path.join(relay.folder, 'feed.in'), '--source',
        'feed', '--dry-run')[1], 'as text')


def test_dry_run_needs_no_store():
    relay = gateway()
    missing = os.path.join(relay.folder, 'no', 'such', 'intel.db')
    same(figures(take(relay, '192.0.2.1\n', '--dry-run', '--store', missing)),
         (1, 1, 0, 0, 0, 0), 'without a store')
    holds(not os.path.exists(os.path.dirname(missing)), 'it made a store')
    left = os.path.join(relay.folder, 'left')
    os.mkdir(left)
    status, out, err = harness.run(
        [harness.program('ctim-relay', relay.build), 'intel', 'import', '-',
         '--source', 'x', '--dry-run', '--store', missing],
        input='192.0.2.1\n', env=dict(relay.env(), TMPDIR=left))
    same((status, err), (0, ''), out)
    same(os.listdir(left), [], 'what it left behind')


# --- columns ------------------------------------------------------------------

def test_two_columns_of_values():
    relay = gateway()
    same(figures(take(relay, 'from,to,n\n192.0.2.1,192.0.2.2,3\n',
                      '--column', 'value=from,to')), (2, 2, 0, 0, 0, 0), 'both')
    same(values(relay), ['192.0.2.1', '192.0.2.2'], 'the store')


# --- folders ------------------------------------------------------------------

def test_folder():
    """Its files are read in the order of their names, each as what it is, in one
    transaction with one summary."""
    relay = gateway()
    path = folder(relay, b_csv='ip,reason\n192.0.2.2,b\nnonsense,x\n',
                  a_txt='192.0.2.1\nnonsense\n',
                  c_json='[{"value":"192.0.2.1","reason":"the last"}]')
    with open(os.path.join(path, '.hidden'), 'w') as f:
        f.write('192.0.2.3\n')
    os.mkdir(os.path.join(path, 'd'))
    summary = take_path(relay, path)
    same(figures(summary)[-1], 3, 'skipped')
    same([(r['file'], r['line']) for r in summary['reasons']],
         [('a.txt', 2), ('b.csv', 3), ('d', 0)], 'the places')
    same(values(relay), ['192.0.2.1', '192.0.2.2'], 'the store')
    record = json.loads(relay.cli('intel', 'show', '192.0.2.1', '--json')[1])
    has('the last', json.dumps(record), 'the later file counts')
    has('  a.txt, line 2: "nonsense"', relay.cli(
        'intel', 'import', path, '--source', 'feed')[1], 'as text')


def test_folder_with_a_file_that_is_refused():
    """Then nothing of the folder is taken, and the file is named."""
    relay = gateway()
    path = folder(relay, a_txt='192.0.2.1\n', b_pdf='%PDF-1.7\n')
    summary = take_path(relay, path, status=1)
    has('folder/b.pdf: it is a PDF document; nothing was changed',
        summary['said'], 'what it says')
    same(values(relay), [], 'the store')
    same(take_path(relay, folder(relay, b_pdf=''))['added'], 1, 'without it')


def test_empty_folder():
    relay = gateway()
    path = os.path.join(relay.folder, 'empty')
    os.mkdir(path)
    has('nothing in it to import', take_path(relay, path, status=1)['said'],
        'what it says')


# --- what is skipped ------------------------------------------------------------

SCOPES = """0.0.0.0/0
10.0.0.0/8
192.168.1.1
127.0.0.1
127.0.0.0/8
0.0.0.0
::
::1
2001:db8::/18
11.0.0.0/7
fd00::1
169.254.0.0/16
192.0.2.0/24
11.0.0.0/8
"""


def test_scopes():
    """What a list has by mistake is skipped with the reason, in every format."""
    relay = gateway()
    summary = take(relay, SCOPES, status=3)
    same(values(relay), ['11.0.0.0/8', '192.0.2.0/24'], 'what is left')
    same({r['reason']: r['count'] for r in summary['skipped_by_reason']}, {
        'a network that is too large (--any-network takes it)': 3,
        'a private address': 4, 'a loopback address': 3,
        'the unspecified address': 2}, 'reasons')
    relay = gateway()
    take(relay, SCOPES, '--disposition', 'Clean', status=3)
    same(len(values(relay)), 6, 'an allow list may have private addresses')
    relay = gateway()
    take(relay, SCOPES, '--any-network', status=3)
    same(len(values(relay)), 5, 'with --any-network')
    relay = gateway()
    same(figures(take(relay, 'ip,disposition\n10.0.0.1,Clean\n10.0.0.2,\n')),
         (2, 1, 0, 0, 0, 1), 'what the feed says of one counts for it')
    same(figures(take(relay, '[{"ip":"10.0.0.3"},{"ip":"192.0.2.1"}]'))[-1], 1,
         'JSON')


# --- how a feed is packed ---------------------------------------------------------

def test_packed():
    """gzip, UTF-16 and old line ends are read as what they are of."""
    text = 'ip,reason\n192.0.2.1,\u00fcber\n192.0.2.2,x\n'
    for packed in (gzip.compress(text.encode()),
                   gzip.compress(text[:20].encode()) +
                   gzip.compress(text[20:].encode()),
                   text.encode('utf-16'), b'\xfe\xff' + text.encode('utf-16-be'),
                   gzip.compress(text.encode('utf-16')),
                   text.replace('\n', '\r').encode(),
                   text.replace('\n', '\r\n').encode(),
                   b'\xef\xbb\xbf' + text.encode()):
        relay = gateway()
        same(figures(take(relay, packed))[:2], (2, 2), packed[:40])
        record = relay.cli('intel', 'show', '192.0.2.1', '--json')[1]
        has('\u00fcber', json.dumps(json.loads(record), ensure_ascii=False),
            'the reason')


def test_packed_and_broken():
    packed = gzip.compress(b'192.0.2.1\n' * 1000)
    for broken, word in ((packed[:-9], 'it is compressed, and was cut short'),
                         (packed[:20] + b'x' + packed[21:], 'and damaged'),
                         (packed + b'x', 'something else behind the end'),
                         (gzip.compress(b'0' * (70 << 20)),
                          'more than 200 times as large unpacked'),
                         (gzip.compress(packed), 'compressed twice')):
        relay = gateway()
        said = take(relay, broken, status=1)['said']
        has(word, said, 'what it says')
        has('nothing was changed', said, 'what it says')
        same(values(relay), [], 'the store')


def test_no_feeds():
    """What is no list is named once and refused."""
    for content, word in ((b'<!DOCTYPE html><html>192.0.2.1</html>', 'HTML'),
                          (b'<?xml version="1.0"?><a>192.0.2.1</a>', 'XML'),
                          (b'%PDF-1.4\n192.0.2.1\n', 'PDF'),
                          (b'PK\x03\x04\n192.0.2.1\n', 'zip'),
                          (b'\xfd7zXZ\x00\n192.0.2.1\n', 'unxz'),
                          (b'\x28\xb5\x2f\xfd\n192.0.2.1\n', 'unzstd'),
                          (b'7z\xbc\xaf\x27\x1c\n192.0.2.1\n', '7z')):
        summary = take(gateway(), content, status=1)
        has(word, summary['said'], 'what it says')
        same(figures(summary)[0], 0, 'read')


def test_programs():
    """Lists for programs, under their own names and by what is in them."""
    relay = gateway()
    summary = take(relay, '! x\n||evil.example^\n@@||good.example^\n')
    same((values(relay), summary['skipped']), (['evil.example'], 1), 'a filter')
    status, out, _ = relay.cli('intel', 'show', 'www.evil.example', ok=False)
    same(status, 0, 'what is below')
    summary = take(gateway(), 'deny 192.0.2.1;\nallow 192.0.2.2;\n')
    same(summary['notes'], ['it was read as a configuration of nginx'], 'notes')
    has('Cisco', take(gateway(), 'access-list 1 deny 192.0.2.0 0.0.0.255\n',
                      status=1)['said'], 'what it says')
    has('auto, text, csv, json, adblock, rpz, snort, config', take(
        gateway(), '', '--format', 'xml', status=64)['said'], 'the formats')

# SPDX-License-Identifier: MIT
"""ctim-relay intel, from outside: what goes into the store and what comes out
of it, by the command line and by the relay."""

import csv
import io
import json
import os
import socket
import sqlite3
import threading

import fcgiclient as fcgi
import harness
from harness import Gateway, Skipped, has, holds, same


def gateway(name='intel', **kwargs):
    return Gateway(name, **kwargs)


def load(relay, text, source='feed', *options, ok=True):
    """Imports and returns the summary."""
    status, out, err = relay.cli('intel', 'import', '-', '--source', source,
                                 '--json', *options, input=text, ok=ok)
    return json.loads(out) if ok else (status, err)


def listed(relay, *options):
    """The records of `intel list`, as dicts."""
    return json.loads(relay.cli('intel', 'list', '--json', *options)[1])


def values(relay, *options):
    return [(r['type'], r['value']) for r in listed(relay, *options)]


# --- formats ----------------------------------------------------------------

def test_text():
    relay = gateway()
    summary = load(relay, '''# a feed
203.0.113.1
203.0.113.2 # seen in the wild
203.0.113.3\t7
198.51.100.0/24 ; SBL1
2001:db8::1
evil[.]example
hxxps://Evil.example:443/A?b#c
someone@Evil.example
d41d8cd98f00b204e9800998ecf8427e
0.0.0.0 blocked.example
not an indicator
''')
    same((summary['read'], summary['added'], summary['skipped']), (11, 10, 1),
         'the summary')
    same(summary['reasons'][0]['line'], 12, 'line of what was skipped')
    found = dict(reversed(v) for v in values(relay))
    same(found, {
        '203.0.113.1': 'ip', '203.0.113.2': 'ip', '203.0.113.3': 'ip',
        '198.51.100.0/24': 'ip', '2001:db8::1': 'ipv6',
        'evil.example': 'domain', 'https://evil.example/A?b#c': 'url',
        'someone@evil.example': 'email',
        'd41d8cd98f00b204e9800998ecf8427e': 'md5',
        'blocked.example': 'domain'}, 'the store')
    reason = [r['reason'] for r in listed(relay)
              if r['value'] == '203.0.113.2']
    same(reason, ['seen in the wild'], 'the comment')


def test_csv():
    relay = gateway()
    summary = load(relay, 'ip_address,disposition,severity,first seen,notes\r\n'
                   '203.0.113.1,Malicious,High,2026-01-02 03:04:05,x\r\n'
                   '"203.0.113.2",clean,low,2026-01-02,"a ""b"", c"\r\n',
                   'feed', '--column', 'reason=notes')
    same(summary['added'], 2, 'added')
    first, second = listed(relay)
    same((first['disposition'], first['severity'], first['first_seen']),
         ('Malicious', 'High', '2026-01-02T03:04:05Z'), 'the first row')
    same((second['disposition'], second['reason']), ('Clean', 'a "b", c'),
         'the second row')


def test_csv_of_abuse_ch():
    """A header in a comment, blanks after commas, a port behind the address."""
    relay = gateway()
    summary = load(relay, '''################
# ThreatFox IOCs: recent
################
# "first_seen_utc","ioc_id","ioc_value","ioc_type","threat_type","confidence_level"
"2026-08-20 10:00:00", "1", "203.0.113.9:443", "ip:port", "botnet_cc", "100"
"2026-08-20 10:00:01", "2", "bad.example", "domain", "payload_delivery", "50"
# Number of entries: 2
''')
    same((summary['added'], summary['skipped']), (2, 0), 'the summary')
    same(values(relay), [('ip', '203.0.113.9'), ('domain', 'bad.example')],
         'the store')
    same([r['confidence'] for r in listed(relay)], ['High', 'Medium'],
         'confidence')


def test_text_in_quotes_is_no_row():
    relay = gateway()
    summary = load(relay, 'ip,comment\n192.0.2.4\0x,"hello\n'
                   '198.51.100.6,evil"\n192.0.2.9,ok\n')
    same((summary['added'], summary['skipped'],
          [r['line'] for r in summary['reasons']]), (1, 1, [2]), summary)
    same(values(relay), [('ip', '192.0.2.9')], 'what is there')


def test_numbers_of_table_software():
    """A column with a gap in it has 1.0 for 1."""
    relay = gateway()
    summary = load(relay, json.dumps([
        {'value': '192.0.2.1', 'disposition': 1.0, 'priority': 10.0},
        {'value': '192.0.2.2', 'expires': 1700000000.0},
        {'value': '192.0.2.3', 'disposition': 1.5},
        {'value': '192.0.2.4', 'expires': True}]))
    same((summary['added'], summary['skipped']), (2, 2), summary)
    has('disposition', summary['reasons'][0]['reason'], 'the first')
    has('expires', summary['reasons'][1]['reason'], 'the second')
    found = {r['value']: r for r in listed(relay)}
    same((found['192.0.2.1']['disposition'], found['192.0.2.1']['priority'],
          found['192.0.2.2']['expires']),
         ('Clean', 10, '2023-11-14T22:13:20Z'), found)


def test_json_lines_and_array():
    record = {'type': 'domain', 'value': 'Evil.Example', 'severity': 'Critical',
              'count': 3, 'expires': '2030-01-01T00:00:00Z'}
    for text in (json.dumps(record) + '\n', json.dumps([record])):
        relay = gateway()
        same(load(relay, text)['added'], 1, 'added')
        found = listed(relay)[0]
        same((found['value'], found['severity'], found['count'],
              found['expires']), ('evil.example', 'Critical', 3,
                                  '2030-01-01T00:00:00Z'), 'the record')


def test_defaults():
    relay = gateway()
    load(relay, '203.0.113.1\n')
    found = listed(relay)[0]
    same({k: found[k] for k in ('disposition', 'severity', 'confidence', 'tlp',
                                'priority', 'title')},
         {'disposition': 'Suspicious', 'severity': 'Medium',
          'confidence': 'Medium', 'tlp': 'amber', 'priority': 90,
          'title': 'feed'}, 'the record')
    holds('expires' not in found, 'it expires')


def test_options():
    relay = gateway()
    load(relay, '203.0.113.1\n', 'feed', '--disposition', 'malicious',
         '--severity', 'High', '--confidence', 'Low', '--tlp', 'red',
         '--priority', '42', '--title', 'A title', '--expires', '30d')
    found = listed(relay)[0]
    same({k: found[k] for k in ('disposition', 'severity', 'confidence', 'tlp',
                                'priority', 'title')},
         {'disposition': 'Malicious', 'severity': 'High', 'confidence': 'Low',
          'tlp': 'red', 'priority': 42, 'title': 'A title'}, 'the record')
    holds('expires' in found, 'it does not expire')


def test_bad_options():
    relay = gateway()
    for options in (['--disposition', 'Bad'], ['--severity', '7'],
                    ['--confidence', 'Critical'], ['--tlp', 'blue'],
                    ['--priority', '101'], ['--expires', 'soon'],
                    ['--format', 'xml'], ['--column', 'nothing=x'],
                    ['--nonsense']):
        status, err = load(relay, '203.0.113.1\n', 'feed', *options, ok=False)
        same(status, 64, '%s\n%s' % (options, err))
        has(options[-1].split('=')[0], err, 'what it says')
    status, _, err = relay.cli('intel', 'import', '-', ok=False, input='')
    same(status, 64, err)
    has('--source', err, 'what it says')
    same(values(relay), [], 'the store')


# --- changes ----------------------------------------------------------------

def test_again_and_replace():
    relay = gateway()
    load(relay, '203.0.113.1\n203.0.113.2\n')
    again = load(relay, '203.0.113.2\n203.0.113.3\n')
    same((again['added'], again['read']), (1, 2), 'the second time')
    same(len(values(relay)), 3, 'indicators')
    replaced = load(relay, '203.0.113.3\n', 'feed', '--replace')
    same(replaced['removed'], 2, 'removed')
    same(values(relay), [('ip', '203.0.113.3')], 'the store')


def test_sources_do_not_mix():
    relay = gateway()
    load(relay, '203.0.113.1\n', 'one')
    load(relay, '203.0.113.1\n203.0.113.2\n', 'two')
    load(relay, '203.0.113.9\n', 'two', '--replace')
    same(values(relay, '--source', 'one'), [('ip', '203.0.113.1')], 'one')
    same(values(relay, '--source', 'two'), [('ip', '203.0.113.9')], 'two')


def test_all_or_nothing():
    """An import that fails changes nothing."""
    relay = gateway()
    load(relay, '203.0.113.1\n')
    before = values(relay)
    for text in ('[{"type":"ip","value":"203.0.113.2"},', '', '# only\n',
                 'nothing of it\nis an indicator\n'):
        load(relay, text, 'feed', '--replace', ok=False)
        same(values(relay), before, 'the store after %r' % text)


def test_nothing_there():
    relay = gateway()
    status, _, err = relay.cli('intel', 'import', '/nonexistent/feed',
                               '--source', 'x', ok=False)
    same(status, 1, err)
    has('/nonexistent/feed', err, 'what it says')


def test_remove():
    relay = gateway()
    load(relay, '203.0.113.1\n203.0.113.2\nEvil.example\n', 'one')
    load(relay, '203.0.113.1\n', 'two')
    relay.cli('intel', 'remove', '203.0.113.1', '--source', 'one')
    same(len(values(relay)), 3, 'indicators')
    relay.cli('intel', 'remove', 'EVIL[.]example', '203.0.113.2')
    same(values(relay), [('ip', '203.0.113.1')], 'the store')
    status, _, err = relay.cli('intel', 'remove', '192.0.2.1', ok=False)
    same(status, 1, err)
    relay.cli('intel', 'remove', '--source', 'two', '--all')
    same(values(relay), [], 'the store')


def test_show():
    relay = gateway()
    load(relay, '198.51.100.0/24\n', 'nets')
    load(relay, 'evil.example\n', 'names', '--subdomains')
    for asked, word in (('198.51.100.77', '198.51.100.0/24'),
                        ('www.evil.example', 'evil.example'),
                        ('hxxp://a[.]evil[.]example/x', 'evil.example')):
        has(word, relay.cli('intel', 'show', asked)[1], 'show ' + asked)
    status, _, err = relay.cli('intel', 'show', '192.0.2.1', ok=False)
    same(status, 1, err)


def test_sources_and_stats():
    relay = gateway()
    load(relay, '203.0.113.1\nevil.example\n', 'one', '--title', 'Title One')
    load(relay, '203.0.113.1\n', 'two', '--expires', '2020-01-01', ok=False)
    has('Title One', relay.cli('intel', 'sources')[1], 'sources')
    found = json.loads(relay.cli('intel', 'sources', '--json')[1])
    same([(s['name'], s['records']) for s in found][0], ('one', 2), 'sources')
    stats = json.loads(relay.cli('intel', 'stats', '--json')[1])
    same((stats['types']['ip'], stats['types']['domain']), (1, 1), 'stats')


def test_export_and_back():
    """What is exported as CSV or JSON and imported again is the same."""
    first = gateway()
    load(first, harness.read(os.path.join(harness.TESTS, 'cases',
                                          'blocklist.jsonl')), 'feed')
    wanted = [{k: v for k, v in r.items() if k != 'imported'}
              for r in listed(first)]
    for form in ('csv', 'json'):
        out = first.cli('intel', 'export', '--format', form)[1]
        second = gateway()
        load(second, out, 'feed', '--format', form)
        same([{k: v for k, v in r.items() if k != 'imported'}
              for r in listed(second)], wanted, form)


def test_export_plain():
    """For firewalls: values alone, each once, without what has expired."""
    relay = gateway()
    load(relay, '203.0.113.1\n203.0.113.2\nevil.example\n', 'one')
    load(relay, '203.0.113.1\n', 'two')
    load(relay, '[{"type":"ip","value":"203.0.113.8","expires":"2020-01-01"}]',
         'old')
    out = relay.cli('intel', 'export', '--format', 'plain', '--type', 'ip')[1]
    same(out, '203.0.113.1\n203.0.113.2\n', 'the list')
    out = relay.cli('intel', 'export', '--source', 'one')[1]
    same(len(list(csv.DictReader(io.StringIO(out)))), 3, 'rows')


# --- from both sides ----------------------------------------------------------

def ask(relay, value, kind='ip'):
    body = json.dumps([{'type': kind, 'value': value}]).encode()
    request = fcgi.request('POST', '/local/deliberate/observables', body,
                           harness.jwt())
    return fcgi.call(relay.socket, request, body)[2].decode()


def test_running_pool_sees_an_import():
    relay = gateway().serve()
    try:
        same(ask(relay, '203.0.113.1'), '{"data":{}}', 'before')
        load(relay, '203.0.113.1\n')
        has('"Suspicious"', ask(relay, '203.0.113.1'), 'after')
        relay.cli('intel', 'remove', '203.0.113.1')
        same(ask(relay, '203.0.113.1'), '{"data":{}}', 'after removal')
    finally:
        relay.stop()


def test_running_pool_sees_a_new_store():
    """Where the file was removed and made anew, a thread that had the old one
    open answers from the new one."""
    relay = gateway('anew', sections={'server': {'workers': '1',
                                                 'threads': '1'}})
    load(relay, '203.0.113.1\n')
    relay.serve()
    try:
        has('"Suspicious"', ask(relay, '203.0.113.1'), 'before')
        for path in os.listdir(relay.store_folder):
            os.unlink(os.path.join(relay.store_folder, path))
        load(relay, '203.0.113.2\n')
        harness.wait_for(lambda: 'Suspicious' in ask(relay, '203.0.113.2'),
                         'an answer from the new store', 10)
        same(ask(relay, '203.0.113.1'), '{"data":{}}', 'what it had')
    finally:
        relay.stop()


def test_readers_do_not_wait_for_an_import():
    """100,000 lines go in while the pool answers; an answer shows all or
    nothing of them."""
    relay = gateway(sections={'server': {'workers': '1'}}).serve()
    lines = ''.join('11.%d.%d.%d\n' % (i >> 16, i >> 8 & 255, i & 255)
                    for i in range(100000))
    done = threading.Event()

    def writer():
        load(relay, lines)
        done.set()
    thread = threading.Thread(target=writer)
    thread.start()
    body = b'[{"type":"ip","value":"11.0.0.0"},' \
           b'{"type":"ip","value":"11.1.134.159"}]'
    seen = set()
    try:
        while True:
            last = done.is_set()
            request = fcgi.request('POST', '/local/deliberate/observables',
                                   body, harness.jwt())
            status, _, text = fcgi.call(relay.socket, request, body, 10)
            same(status, 200, 'status')
            data = json.loads(text)
            holds('errors' not in data, 'errors: %s' % data)
            seen.add(data['data'].get('verdicts', {}).get('count', 0))
            if last:
                break
        thread.join()
        holds(seen <= {0, 1, 2} and 2 in seen, 'counts: %s' % seen)
        same(len(listed(relay, '--limit', '200000')), 100000, 'indicators')
    finally:
        thread.join()
        relay.stop()


test_readers_do_not_wait_for_an_import.limit = 240


def test_modes():
    """A store made by root belongs to the folder's owner, and others cannot
    read it."""
    relay = gateway('modes')
    os.unlink(relay.store)
    load(relay, '203.0.113.1\n')
    found = os.stat(relay.store)
    same(oct(found.st_mode & 0o777), '0o660', 'mode')
    same((found.st_uid, found.st_gid),
         (os.stat(relay.store_folder).st_uid,
          os.stat(relay.store_folder).st_gid), 'owner')


def test_damaged_store():
    """A file that is no store is refused with what mends it, and the pool
    answers with an error, not with "nothing known"."""
    relay = gateway('damaged')
    for path in os.listdir(relay.store_folder):
        os.unlink(os.path.join(relay.store_folder, path))
    harness.give(harness.write(relay.store, 'no database' * 1000), 0o660)
    status, _, err = relay.cli('intel', 'list', ok=False)
    same(status, 1, err)
    has(relay.store, err, 'what it says')
    relay.serve()
    try:
        has('"code":"internal error"', ask(relay, '203.0.113.1'), 'the answer')
        status, _, body = fcgi.call(relay.socket, fcgi.request(
            'POST', '/local/health', b'', harness.jwt()))
        has('"code":"internal error"', body.decode(), 'health')
    finally:
        relay.stop()


def put_there(path, kind):
    """What is no file, in the place of one."""
    if os.path.isdir(path):
        os.rmdir(path)
    elif os.path.lexists(path):
        os.unlink(path)
    if kind == 'a named pipe':
        os.mkfifo(path)
    elif kind == 'a directory':
        os.mkdir(path)
    elif kind == 'a socket':
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(path)
    else:
        os.symlink('/dev/zero', path)


KINDS = ('a named pipe', 'a directory', 'a socket', 'a device')


def test_store_that_is_no_file():
    """Nothing waits for a pipe, as the store or beside it: what it is is said,
    and the pool answers with an error."""
    relay = gateway('nofile')
    load(relay, '203.0.113.1\n')
    for kind in KINDS:
        other = os.path.join(relay.folder, 'other.db')
        put_there(other, kind)
        for command in (['list'], ['stats'], ['export'], ['sources'],
                        ['remove', '203.0.113.1'],
                        ['import', '-', '--source', 'x']):
            status, _, err = relay.cli('intel', *command, '--store', other,
                                       input='203.0.113.1\n', ok=False)
            same(status, 1, err)
            has('%s: it is %s, not a file; ' % (other, kind), err, command)
    for end in ('-wal', '-shm', '-journal'):
        for kind in KINDS:
            put_there(relay.store + end, kind)
            for command in (['list'], ['import', '-', '--source', 'x']):
                status, _, err = relay.cli('intel', *command,
                                           input='203.0.113.1\n', ok=False)
                same(status, 1, err)
                has('%s%s: it is %s, not a file; ' % (relay.store, end, kind),
                    err, command)
        os.unlink(relay.store + end)
    put_there(relay.store, 'a named pipe')
    relay.serve()
    try:
        has('"code":"internal error"', ask(relay, '203.0.113.1'), 'the answer')
    finally:
        relay.stop()


# What no import writes, and the commands that need what is wrong.
DAMAGE = (
    ("UPDATE indicator SET disposition = 9", 'list show export'),
    ("UPDATE indicator SET source = 77", 'list show export'),
    ("UPDATE indicator SET severity = 99", 'list show export'),
    ("UPDATE indicator SET tlp = -1", 'list show export'),
    ("UPDATE meta SET value = random() WHERE name = 'networks';"
     "UPDATE indicator SET value = 'nonsense' WHERE bits IS NOT NULL",
     'list stats show export import'),
    ("UPDATE meta SET value = random() WHERE name = 'networks';"
     "UPDATE indicator SET type = 99 WHERE bits IS NOT NULL",
     'list stats show export import'),
    ("DROP TABLE indicator", 'list stats show export import'),
)


def test_damaged_records():
    """A record that cannot be is told as damage by whoever reads it, and is
    neither shown nor passed for "nothing known".  A pool that serves meanwhile
    goes on with the store once that is mended."""
    relay = gateway('records')
    load(relay, '203.0.113.1\n198.51.100.0/24\n')
    relay.serve()
    workers = relay.workers()
    has('"judgements"', ask(relay, '203.0.113.1'), 'before')
    database = sqlite3.connect(relay.store, isolation_level=None, timeout=30)
    made = [text for text, in database.execute(
        "SELECT sql FROM sqlite_master WHERE tbl_name = 'indicator' AND sql "
        "IS NOT NULL")]
    whole = list(database.execute('SELECT * FROM indicator'))
    for damage, commands in DAMAGE:
        database.executescript(damage)
        for command in commands.split():
            args = {'show': ['203.0.113.1'], 'import':
                    ['-', '--source', 'another']}.get(command, [])
            status, out, err = relay.cli('intel', command, *args, ok=False,
                                         input='203.0.113.9\n')
            same((status, '203.0.113' in out), (1, False),
                 '%s after %s' % (command, damage))
            has('tables' if 'DROP' in damage else 'the store is damaged', err,
                '%s after %s' % (command, damage))
        answer = ask(relay, '203.0.113.1')
        has('"code":"internal error"', answer, damage)
        holds('"judgements"' not in answer, damage)
        database.execute('BEGIN IMMEDIATE')
        if 'DROP' in damage:
            for text in made:
                database.execute(text)
        database.execute('DELETE FROM indicator')
        database.executemany('INSERT INTO indicator VALUES(%s)' % ','.join(
            '?' * len(whole[0])), whole)
        database.execute("UPDATE meta SET value = random() WHERE name = "
                         "'networks'")
        database.execute('COMMIT')
        has('"judgements"', ask(relay, '203.0.113.1'), 'mended ' + damage)
    database.close()
    same(relay.workers(), workers, 'workers')
    holds(any('is damaged' in r.get('message', '') for r in relay.records()),
          'the log does not say it')
    same(relay.stop(), 0, 'exit status')


def test_damaged_counts():
    """Counts that cannot be are told as damage, and not shown; the records are
    there all the same."""
    relay = gateway('counts')
    load(relay, '203.0.113.1\n')
    for damage in ('disposition = 9', 'source = 77', 'type = 99', 'n = -1'):
        database = sqlite3.connect(relay.store, isolation_level=None)
        database.execute('UPDATE tally SET ' + damage)
        database.close()
        for command in ('stats', 'sources'):
            status, out, err = relay.cli('intel', command, ok=False)
            same((status, out), (1, ''), '%s after %s' % (command, damage))
            has('the store is damaged', err, damage)
        same(values(relay), [('ip', '203.0.113.1')], 'the records')
        relay.cli('intel', 'remove', '--source', 'feed', '--all')
        database = sqlite3.connect(relay.store, isolation_level=None)
        database.execute('DELETE FROM tally')
        database.close()
        load(relay, '203.0.113.1\n')


def test_full_disk():
    """An import for which there is no room changes nothing, says what mends
    that, and goes through then; a pool that serves notices none of it."""
    disk = harness.small_disk(1024)
    harness.give(disk, 0o2770)
    store = os.path.join(disk, 'intel.db')
    relay = gateway('full', relays='[relay local]\nstore = %s\n' % store)
    lines = ''.join('11.0.%d.%d\n' % (i >> 8, i & 255) for i in range(50000))
    try:
        load(relay, '203.0.113.1\n')
        relay.serve()
        for replace in ([], ['--replace']):
            status, err = load(relay, lines, 'feed', *replace, ok=False)
            same(status, 1, err)
            has(store + ': no space is left on its disk', err, 'what it says')
            same(values(relay), [('ip', '203.0.113.1')], 'what is there')
            has('"Suspicious"', ask(relay, '203.0.113.1'), 'what was there')
            same(ask(relay, '11.0.0.1'), '{"data":{}}', 'a part of it')
        same(harness.run(['mount', '-o', 'remount,size=64m', disk])[0], 0,
             'more room')
        same(load(relay, lines)['added'], 50000, 'added')
        has('"Suspicious"', ask(relay, '11.0.0.1'), 'what is new')
        same(relay.stop(), 0, 'exit status')
    finally:
        if relay.process:
            relay.stop()
        harness.run(['umount', disk])


def test_newer_store():
    """A store of another version is not touched."""
    relay = gateway('newer')
    with sqlite3.connect(relay.store) as database:
        database.execute('PRAGMA user_version = 9999')
    database.close()
    for path in os.listdir(relay.store_folder):
        harness.give(os.path.join(relay.store_folder, path), 0o660)
    status, _, err = relay.cli('intel', 'list', ok=False)
    same(status, 1, err)


def test_replace_with_most_of_it_skipped():
    """A feed that is mostly no feed does not replace one."""
    relay = gateway()
    load(relay, '203.0.113.1\n203.0.113.2\n')
    before = values(relay)
    status, err = load(relay, '203.0.113.3\nnothing\nof it\n', 'feed',
                       '--replace', ok=False)
    same(status, 1, err)
    has('more lines were skipped than taken', err, 'what it says')
    same(values(relay), before, 'the store')
    same(load(relay, '203.0.113.3\nnothing\nof it\n', ok=False)[0], 3, 'without')
    same(len(values(relay)), 3, 'the store then')
    same(load(relay, '203.0.113.3\nnothing\n', 'feed', '--replace')['removed'],
         2, 'removed')


def test_ipsum():
    """A real feed of 120,000 lines goes in whole."""
    path = os.path.join(harness.SHARED, 'data', 'ipsum.txt')
    if not os.path.exists(path):
        raise Skipped('../shared/data/ipsum.txt is not there')
    relay = gateway('ipsum')
    text = harness.read(path)
    rows = [line for line in text.splitlines()
            if line and not line.startswith('#')]
    summary = load(relay, text, 'ipsum')
    same((summary['read'], summary['added'], summary['skipped']),
         (len(rows), len(rows), 0), 'the summary')


test_ipsum.limit = 240


def test_sample_of_quickstart():
    relay = gateway('sample')
    text = harness.read(os.path.join(harness.SRC, 'share',
                                     'ipsum-sample.txt'))
    summary = load(relay, text, 'ipsum')
    same((summary['read'], summary['added'], summary['skipped']),
         (4000, 4000, 0), 'the summary')

# SPDX-License-Identifier: MIT
"""ctim-relay intel backup, restore, export and sources set: what is kept of a
store outside of it, and comes back."""

import csv
import glob
import io
import json
import os
import re
import sqlite3
import stat
import subprocess
import threading

import fcgiclient as fcgi
import harness
from harness import Gateway, has, holds, same
from t_intel import ask, listed, load, values

FEED = ('value,type,disposition,severity,confidence,tlp,priority,reason,'
        'first_seen,last_seen,count,expires\n'
        '203.0.113.7,ip,Malicious,High,High,red,95,"a ""b"", c",'
        '2026-01-02T03:04:05Z,2026-02-01T00:00:00Z,3,2099-01-01T00:00:00Z\n'
        '198.51.100.0/24,ip,Clean,None,Low,white,100,,,,,\n'
        '2001:db8::/32,ipv6,Suspicious,Low,Medium,green,80,,,,,\n'
        "http://x.example/it's,url,Common,Info,Unknown,amber,90,,,,,\n"
        'evil.example,domain,Unknown,Medium,None,amber,90,,,,,'
        '2020-01-01T00:00:00Z\n'
        'joe@evil.example,email,Malicious,Critical,High,amber,90,,,,,\n'
        'd41d8cd98f00b204e9800998ecf8427e,md5,Common,Info,Low,white,90,,,,,\n'
        'da39a3ee5e6b4b0d3255bfef95601890afd80709,sha1,Common,Info,Low,white,'
        '90,,,,,\n')


def filled(name):
    relay = Gateway(name)
    load(relay, FEED, 'feed', '--title', 'A feed', '--url',
         'https://x.example/{type}/{value}', '--subdomains')
    load(relay, '192.0.2.1\n', 'other')
    return relay


def source_said(relay, name='feed'):
    """What an export says of a source."""
    database = sqlite3.connect(relay.store)
    title, url, subdomains = database.execute(
        'SELECT title, url, subdomains FROM source WHERE name = ?',
        (name,)).fetchone()
    database.close()
    return title, url, bool(subdomains)


def everything(relay, *where):
    """All that the commands tell of a store."""
    return [relay.cli('intel', *command, *where)[1] for command in (
        ['list', '--json'], ['sources', '--json'], ['stats', '--json'])]


# --- backup and restore -----------------------------------------------------

def test_backup_and_restore():
    """A backup is one file that its owner alone may read, never in the place
    of another; restored, it is all that was there, also for a pool that serves,
    without what came after it."""
    relay = filled('backup')
    before = everything(relay)
    file = os.path.join(relay.folder, 'intel.backup')
    _, out, _ = relay.cli('intel', 'backup', file)
    has('9 records of 2 sources', out, 'what it says')
    same(stat.S_IMODE(os.stat(file).st_mode), 0o600, 'its mode')
    same(glob.glob(file + '?*'), [], 'beside it')
    same(everything(relay, '--store', file), before, 'what is in it')
    status, _, err = relay.cli('intel', 'backup', file, ok=False)
    same(status, 1, err)
    has('is there already; --force', err, 'what it says')
    relay.cli('intel', 'backup', file, '--force')
    load(relay, '192.0.2.9\n', 'later')
    relay.cli('intel', 'remove', '--source', 'other', '--all')
    relay.serve()
    try:
        has('"Suspicious"', ask(relay, '192.0.2.9'), 'before')
        _, out, _ = relay.cli('intel', 'restore', file)
        has('9 records of 2 sources', out, 'what it says')
        same(ask(relay, '192.0.2.9'), '{"data":{}}', 'what came later')
        has('"Suspicious"', ask(relay, '192.0.2.1'), 'what was removed')
        same(everything(relay), before, 'what is there')
    finally:
        relay.stop()


def test_backup_over_a_store_in_use():
    """No backup takes the place of the store, or of one that is in use: the
    service could not read it, and a -wal file of another would change it."""
    relay = filled('backup-over')
    before, file = everything(relay), relay.store
    link = os.path.join(relay.folder, 'link.db')
    os.symlink(file, link)
    other = os.path.join(relay.folder, 'other.db')
    load(relay, '192.0.2.77\n', 'far', '--store', other)
    for name in (file, link, other):
        was = os.stat(name)
        status, _, err = relay.cli('intel', 'backup', name, '--force',
                                   ok=False)
        same(status, 1, err)
        has('is a store that is in use', err, name)
        same((os.stat(name).st_ino, os.stat(name).st_mode),
             (was.st_ino, was.st_mode), name)
    status, _, err = relay.cli('intel', 'restore', link, ok=False)
    same(status, 1, err)
    has('is the store itself', err, 'restore')
    same(everything(relay), before, 'the store')


def test_backup_that_was_copied_into_place():
    """A backup put there by hand, and not by restore, becomes a store whose
    readers do not wait for a writer, once somebody writes."""
    relay = filled('backup-copied')
    file = os.path.join(relay.folder, 'intel.backup')
    relay.cli('intel', 'backup', file)
    relay.cli('intel', 'list', '--store', file)
    same(journal(file), 'delete', 'a backup needs no file beside it')
    relay.cli('intel', 'add', '192.0.2.5', '--store', file)
    same(journal(file), 'wal', 'a store')


def journal(file):
    db = sqlite3.connect(file)
    mode = db.execute('PRAGMA journal_mode').fetchone()[0]
    db.close()
    return mode


def test_backup_beside_an_import():
    """What a backup holds while imports replace the list is one of the lists,
    whole."""
    relay = Gateway('beside')
    lists = [''.join('11.%d.%d.%d\n' % (n, i >> 8, i & 255)
                     for i in range(20000)) for n in range(2)]
    load(relay, lists[0], 'feed')
    stop = threading.Event()

    def imports():
        n = 1
        while not stop.is_set():
            load(relay, lists[n % 2], 'feed', '--replace')
            n += 1
    thread = threading.Thread(target=imports)
    thread.start()
    try:
        for n in range(6):
            file = os.path.join(relay.folder, 'backup%d' % n)
            relay.cli('intel', 'backup', file)
            found = {v.split('.')[1] for _, v in
                     values(relay, '--store', file)}
            same(len(found), 1, 'lists in backup %d' % n)
            same(len(values(relay, '--store', file)), 20000, 'its records')
    finally:
        stop.set()
        thread.join()


def test_restore_what_is_no_store():
    """What is no store, a damaged one, or a newer one is refused, and the store
    stays as it is."""
    relay = filled('norestore')
    before = everything(relay)
    good = os.path.join(relay.folder, 'good')
    relay.cli('intel', 'backup', good)

    def made(name, change):
        path = os.path.join(relay.folder, name)
        with open(good, 'rb') as f:
            data = f.read()
        with open(path, 'wb') as f:
            f.write(change(data))
        return path

    newer = made('newer', lambda data: data)
    database = sqlite3.connect(newer, isolation_level=None)
    database.execute('PRAGMA user_version = 99')
    database.close()
    wrong = made('wrong', lambda data: data)
    database = sqlite3.connect(wrong, isolation_level=None)
    database.execute('UPDATE indicator SET disposition = 9')
    database.close()
    other = os.path.join(relay.folder, 'other.db')
    database = sqlite3.connect(other, isolation_level=None)
    database.execute('CREATE TABLE t(a)')
    database.close()
    for path, why in (
            (relay.folder + '/none', 'No such file'),
            (relay.folder, 'it is a directory'),
            (harness.write(relay.folder + '/text', 'no store ' * 999),
             'no store'),
            (made('short', lambda data: data[:-5000]), 'the store is damaged'),
            (made('holes', lambda data: data[:4096] + b'\xff' * 20000 +
                  data[24096:]), 'the store is damaged'),
            (newer, 'format 99'), (wrong, 'the store is damaged'),
            (other, 'another program')):
        status, out, err = relay.cli('intel', 'restore', path, ok=False)
        same((status, out), (1, ''), err)
        has(why, err, path)
        same(everything(relay), before, 'the store after ' + path)


def test_restore_where_nothing_or_a_damaged_store_is():
    """A store that is gone is made anew, one that is damaged is kept aside."""
    relay = filled('anew')
    before = everything(relay)
    file = os.path.join(relay.folder, 'intel.backup')
    relay.cli('intel', 'backup', file)
    mode = stat.S_IMODE(os.stat(relay.store).st_mode)
    owner = os.stat(relay.store).st_uid
    for damage in ('gone', 'no store', 'cut'):
        if damage == 'gone':
            os.unlink(relay.store)      # but not its -wal and -shm files
        elif damage == 'cut':
            os.truncate(relay.store, 70)
        else:
            with open(relay.store, 'wb') as f:
                f.write(b'no store ' * 9999)
        _, out, err = relay.cli('intel', 'restore', file)
        has('9 records of 2 sources', out, damage)
        if damage != 'gone':
            has('it is kept as %s.damaged' % relay.store, err, damage)
        same(everything(relay), before, damage)
        found = os.stat(relay.store)
        same((stat.S_IMODE(found.st_mode), found.st_uid), (mode, owner),
             'mode and owner')
        same([p for p in glob.glob(relay.store + '*')
              if 'restore' in p], [], 'what is left')


def test_restore_is_whole_or_nothing_to_readers():
    """While a large list and a larger one are restored in turn, a pool answers
    from either; a restore that is killed leaves the one that was there."""
    relay = Gateway('swap', sections={'server': {'workers': '1'}})
    files = []
    for n, size in ((1, 20000), (2, 60000)):
        load(relay, ''.join('11.%d.%d.%d\n' % (n, i >> 8, i & 255)
                            for i in range(size)), 'feed', '--replace')
        files.append(os.path.join(relay.folder, 'backup%d' % n))
        relay.cli('intel', 'backup', files[-1])
    relay.serve()
    quiet = relay.env()
    quiet['ASAN_OPTIONS'] = quiet.get('ASAN_OPTIONS', '') + ':detect_leaks=0'

    def restores():
        for n in range(6):
            relay.cli('intel', 'restore', files[n % 2])
        for n in range(6):
            killed = subprocess.Popen(
                [harness.program('ctim-relay'), 'intel', 'restore',
                 files[n % 2]], env=quiet, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
            try:
                killed.wait(0.1 * n)
            except subprocess.TimeoutExpired:
                killed.kill()
                killed.wait()
    try:
        same(answers_during(relay, restores, '11.1.0.0', '11.1.78.31',
                            '11.2.0.0', '11.2.200.1'),
             ['11.1.0.0,11.1.78.31', '11.2.0.0,11.2.200.1'],
             'what was answered')
    finally:
        relay.stop()
    database = sqlite3.connect(relay.store)
    same(database.execute('PRAGMA integrity_check').fetchall(), [('ok',)],
         'the store')
    database.close()


def test_a_list_is_replaced_at_once():
    """While a list, networks in it, is replaced by another and back, a pool
    answers from the one or the other."""
    relay = Gateway('replaced', sections={'server': {'workers': '1'}})
    lists = [''.join('11.%d.%d.%d\n' % (n, i >> 8, i & 255)
                     for i in range(40000)) + '192.0.2.%d/25\n' % (128 * n)
             for n in range(2)]
    load(relay, lists[0], 'feed')
    relay.serve()

    def imports():
        for n in range(6):
            load(relay, lists[1 - n % 2], 'feed', '--replace')
    try:
        same(answers_during(relay, imports, '11.0.0.0', '11.0.156.63',
                            '11.1.0.0', '11.1.156.63', '192.0.2.1',
                            '192.0.2.129'),
             ['11.0.0.0,11.0.156.63,192.0.2.1',
              '11.1.0.0,11.1.156.63,192.0.2.129'], 'what was answered')
    finally:
        relay.stop()


def answers_during(relay, action, *addresses):
    """Asks about all of the addresses again and again while action runs: the
    kinds of answers, as the addresses that were judged."""
    body = json.dumps([{'type': 'ip', 'value': v} for v in addresses])
    stop = threading.Event()
    seen = set()

    def asks():
        while not stop.is_set():
            answer = json.loads(ask_all(relay, body))
            seen.add(str(answer['errors']) if 'errors' in answer else
                     ','.join(sorted(
                         j['observable']['value'] for j in
                         answer['data']['judgements']['docs'])))
    thread = threading.Thread(target=asks)
    thread.start()
    try:
        action()
    finally:
        stop.set()
        thread.join()
    return sorted(seen)


def ask_all(relay, body):
    body = body.encode()
    request = fcgi.request('POST', '/local/deliberate/observables', body,
                           harness.jwt())
    return fcgi.call(relay.socket, request, body)[2].decode()


# --- sources set ------------------------------------------------------------

def sources(relay):
    return {s['name']: s for s in
            json.loads(relay.cli('intel', 'sources', '--json')[1])}


def test_sources_set():
    relay = filled('set')
    relay.cli('intel', 'sources', 'set', 'other', '--title', 'Tüt', '--url',
              'https://y.example/{value}', '--subdomains', '--feed',
              'https://user:pw@y.example/dl/0123456789abcdef0123/list.csv'
              '?key=secret&n=1', '--feed-header', 'Auth-Key: file:/etc/key')
    got = sources(relay)['other']
    same({k: got[k] for k in ('title', 'url', 'subdomains', 'feed',
                              'feed_header')},
         {'title': 'Tüt', 'url': 'https://y.example/{value}',
          'subdomains': True,
          'feed': 'https://…@y.example/dl/…/list.csv?key=…&n=…',
          'feed_header': 'Auth-Key: file:/etc/key'}, 'what was set')
    _, out, _ = relay.cli('intel', 'sources')
    holds('secret' not in out and 'pw@' not in out and '0123456' not in out,
          'the key is shown')
    relay.cli('intel', 'sources', 'set', 'other', '--url', '', '--feed', '',
              '--no-subdomains')
    got = sources(relay)['other']
    same((got.get('url'), got.get('feed'), got['subdomains'], got['title']),
         (None, None, False, 'Tüt'), 'what was taken away')
    same(len(values(relay)), 9, 'the records')
    # A feed makes a source, for update to fill; nothing else does.
    relay.cli('intel', 'sources', 'set', 'new', '--feed',
              'https://z.example/feed.txt')
    same((sources(relay)['new']['records'], sources(relay)['new']['feed']),
         (0, 'https://z.example/feed.txt'), 'a source that is new')
    status, _, err = relay.cli('intel', 'sources', 'set', 'none', '--title',
                               'x', ok=False)
    same(status, 1, err)
    has('there is no source "none"', err, 'why')


def test_sources_set_wrongly():
    relay = filled('setwrong')
    before = sources(relay)
    for args, why in (
            (['set'], 'name one source'), (['set', 'feed'], 'set what?'),
            (['set', 'feed', 'x', '--title', 'y'], 'name one source'),
            (['--title', 'x'], 'which source?'), (['x'], 'what is "x"'),
            (['set', 'feed', '--title', ''], '--title is'),
            (['set', 'feed', '--url', 'ftp://x'], '--url is'),
            (['set', 'feed', '--feed', 'file:///etc/passwd'], '--feed is'),
            (['set', 'feed', '--feed-header', 'Auth-Key: 0123456789'],
             '--feed-header is'),
            (['set', 'feed', '--feed-header', 'A: file:/x\r\nB: c'],
             '--feed-header is')):
        status, _, err = relay.cli('intel', 'sources', *args, ok=False)
        same(status, 64, err)
        has(why, err, args)
    same(sources(relay), before, 'the sources')


# --- export -----------------------------------------------------------------

def test_export_has_what_import_takes():
    relay = filled('export')
    database = sqlite3.connect(relay.store, isolation_level=None)
    database.execute("UPDATE indicator SET below = 1, url = "
                     "'https://r.example/1' WHERE value = 'evil.example'")
    database.close()
    rows = list(csv.DictReader(io.StringIO(
        relay.cli('intel', 'export', '--source', 'feed')[1])))
    found = json.loads(relay.cli('intel', 'export', '--format', 'json',
                                 '--source', 'feed')[1])
    for records, yes in ((rows, 'true'), (found, True)):
        same({(r['source_title'], r['source_lookup'], r['source_subdomains'])
              for r in records},
             {('A feed', 'https://x.example/{type}/{value}', yes)},
             'what is said of the source')
        same([r['reference'] for r in records
              if r['value'] == '*.evil.example'], ['https://r.example/1'],
             'a name with all below it, and its reference')
    plain = relay.cli('intel', 'export', '--format', 'plain')[1].split()
    same('evil.example' in plain, False, 'what has expired')
    database = sqlite3.connect(relay.store, isolation_level=None)
    database.execute('UPDATE indicator SET expires = 0')
    database.close()
    plain = relay.cli('intel', 'export', '--format', 'plain')[1].split()
    same([v for v in plain if 'evil.example' in v and '@' not in v],
         ['evil.example', '*.evil.example'], 'the name, and all below it')


def test_round_trip():
    """What is exported as csv or json and imported into an empty store is
    there as it was, and so is its source."""
    relay = filled('there')
    load(relay, 'value,reference\n*.wide.example,\nsaid.example,'
         'https://r.example/1\n10.0.0.0/8,\n', 'feed', '--disposition',
         'Clean')
    before = listed(relay, '--source', 'feed')
    same([(r.get('below'), r.get('reference')) for r in before
          if r['value'] in ('wide.example', 'said.example')],
         [(None, 'https://r.example/1'), (True, None)], 'what list says')
    has('reference     https://r.example/1', relay.cli(
        'intel', 'show', 'said.example')[1], 'what show says')
    for r in before:
        del r['imported']
    for form in ('csv', 'json'):
        text = relay.cli('intel', 'export', '--source', 'feed', '--format',
                         form)[1]
        back = Gateway('back' + form)
        summary = load(back, text, 'feed', '--replace')
        same((summary['added'], summary['skipped']), (11, 0), form)
        same(source_said(back), source_said(relay), form + ': the source')
        after = listed(back)
        for r in after:
            del r['imported']
        same(after, before, form)
        load(back, text, 'feed', '--title', 'Mine', '--no-subdomains')
        same(source_said(back), ('Mine', 'https://x.example/{type}/{value}',
                                 False), form + ': options go before')


def test_import_takes_what_list_says():
    """JSON of list, whose names with all below them are plain; and rows of
    several sources say nothing of the one that they come to."""
    relay = filled('lists')
    load(relay, '*.wide.example\n', 'other')
    back = Gateway('backlist')
    load(back, relay.cli('intel', 'list', '--json')[1], 'all')
    same([r.get('below') for r in listed(back)
          if r['value'] == 'wide.example'], [True], 'below')
    summary = load(back, relay.cli('intel', 'export')[1], 'both')
    has('several sources', json.dumps(summary['notes']), 'it is said')
    same(source_said(back, 'both'), ('both', None, False), 'the source')


UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'
TIME = r'[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z'
INDICATOR = {
    'type': 'indicator', 'spec_version': r'2\.1', 'id': 'indicator--' + UUID,
    'created': TIME, 'modified': TIME, 'name': '.+', 'description': '.+',
    'pattern': r"\[[a-z0-9-]+:[a-zA-Z.'0-9-]+ = '(?:[^'\\]|\\.)*'\]",
    'pattern_type': 'stix', 'valid_from': TIME, 'valid_until': TIME,
}
NEEDED = ('type', 'spec_version', 'id', 'created', 'modified', 'pattern',
          'pattern_type', 'valid_from')


def check_bundle(bundle):
    """What STIX 2.1 wants of a bundle and its indicators."""
    same(bundle['type'], 'bundle', 'type')
    holds(re.fullmatch('bundle--' + UUID, bundle['id']), bundle['id'])
    objects = bundle['objects']
    same(len({o['id'] for o in objects}), len(objects), 'ids')
    for o in objects:
        holds(all(key in o for key in NEEDED), o)
        for key, value in o.items():
            if key in INDICATOR:
                holds(re.fullmatch(INDICATOR[key], value), (key, value))
            elif key == 'confidence':
                holds(0 <= value <= 100, o)
            elif key == 'external_references':
                holds(value and 'source_name' in value[0], o)
            else:
                holds(key in ('indicator_types', 'labels',
                              'object_marking_refs') and value, (key, value))
        holds(o.get('valid_until', '9') > o['valid_from'], o)


def test_export_stix():
    relay = filled('stix')
    bundle = json.loads(relay.cli('intel', 'export', '--format', 'stix')[1])
    check_bundle(bundle)
    same(sorted(o['pattern'] for o in bundle['objects']), [
        "[domain-name:value = 'evil.example']",
        "[email-addr:value = 'joe@evil.example']",
        "[file:hashes.'SHA-1' = 'da39a3ee5e6b4b0d3255bfef95601890afd80709']",
        "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']",
        "[ipv4-addr:value = '192.0.2.1']",
        "[ipv4-addr:value = '198.51.100.0/24']",
        "[ipv4-addr:value = '203.0.113.7']",
        "[ipv6-addr:value = '2001:db8::/32']",
        "[url:value = 'http://x.example/it\\'s']"], 'the patterns')
    again = json.loads(relay.cli('intel', 'export', '--format', 'stix')[1])
    same(again['objects'], bundle['objects'], 'the same again')
    empty = json.loads(Gateway('nostix').cli('intel', 'export', '--format',
                                             'stix')[1])
    same(sorted(empty), ['id', 'type'], 'a bundle of nothing')


def test_export_edl():
    """A list for a firewall is there whole or as it was, with the mode that it
    had, without what is Clean or has expired."""
    relay = filled('edl')
    path = os.path.join(relay.folder, 'edl.txt')
    relay.cli('intel', 'export', '--edl', path, '--type', 'ip')
    same(harness.read(path), '192.0.2.1\n203.0.113.7\n', 'the list')
    same(stat.S_IMODE(os.stat(path).st_mode), 0o644, 'its mode')
    os.chmod(path, 0o640)
    with open(path) as before:
        relay.cli('intel', 'export', '--edl', path, '--disposition', 'Clean')
        same(before.read(), '192.0.2.1\n203.0.113.7\n', 'who reads the old one')
    same(harness.read(path), '198.51.100.0/24\n', 'the new one')
    same(stat.S_IMODE(os.stat(path).st_mode), 0o640, 'the mode that it had')
    same(glob.glob(path + '?*'), [], 'beside it')
    status, _, err = relay.cli('intel', 'export', '--edl', path, '--source',
                               'none', ok=False)
    same(status, 1, err)
    same(harness.read(path), '198.51.100.0/24\n', 'after an error')
    for where in (relay.folder, '/dev/null', relay.folder + '/no/such'):
        status, _, err = relay.cli('intel', 'export', '--edl', where, ok=False)
        same(status, 1, err)
        has(where + ': ', err, where)
    same(stat.S_ISCHR(os.stat('/dev/null').st_mode), True, '/dev/null')
    status, _, err = relay.cli('intel', 'export', '--edl', path, '--format',
                               'csv', ok=False)
    same(status, 64, err)
    same(glob.glob(path + '?*'), [], 'what is left beside it')

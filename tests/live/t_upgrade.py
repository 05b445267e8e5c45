# SPDX-License-Identifier: MIT
"""A store of ctim-relay 0.1 (tests/stores/0.1.db, made by that version) under
this one: what is read of it before and after it is upgraded is what 0.1 read
(tests/stores/0.1.json, the answers of that version)."""

import glob
import json
import os
import re
import shutil
import sqlite3
import stat
import time

import fcgiclient as fcgi
import harness
from harness import Gateway, has, holds, same

STORES = os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), 'stores')
OLD = os.path.join(STORES, '0.1.db')
ROUTES = ('deliberate', 'observe', 'refer')
ASKED = (
    ('ip', '203.0.113.7'), ('ip', '203.0.113.8'), ('ip', '203.0.113.9'),
    ('ip', '198.51.100.9'), ('ip', '198.51.100.200'), ('ip', '198.19.1.1'),
    ('ip', '198.20.0.1'), ('ipv6', '2001:DB8:0::1'),
    ('ipv6', '2001:db8:bad::9'), ('ipv6', '2001:db8:bac::9'),
    ('domain', 'evil.example'), ('domain', 'a.b.Evil.example'),
    ('domain', 'mail.evil.example'), ('domain', 'old.example'),
    ('domain', 'a.old.example'), ('domain', 'narrow.example'),
    ('domain', 'a.narrow.example'), ('domain', 'never.example'),
    ('url', 'http://evil.example/x?y=z'), ('url', 'https://w.evil.example/'),
    ('url', 'https://narrow.example/'), ('email', 'joe@evil.example'),
    ('md5', 'd41d8cd98f00b204e9800998ecf8427e'),
    ('sha1', 'DA39A3EE5E6B4B0D3255BFEF95601890AFD80709'),
    ('sha256',
     'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'))


def old_store(name='old'):
    """A gateway whose store is the old one."""
    relay = Gateway(name, sections={'server': {'workers': '1',
                                               'threads': '1'}})
    for path in glob.glob(relay.store + '*'):
        os.unlink(path)
    harness.give(shutil.copy(OLD, relay.store), 0o640)
    return relay


def ask(relay, route, kind, value):
    body = json.dumps([{'type': kind, 'value': value}]).encode()
    request = fcgi.request('POST', '/local/%s/observables' % route, body,
                           harness.jwt())
    return fcgi.call(relay.socket, request, body)[2].decode()


def steady(text):
    """An answer without what differs each time: ids made at random, and the
    end of what never expires, which is 30 days from now."""
    text = re.sub(r'(transient:[a-z]+)-[0-9a-f]{8}-[0-9a-f]{4}-4'
                  r'[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}', r'\1-*', text)
    for day in (29, 30, 31):
        text = re.sub(time.strftime('%Y-%m-%dT[0-9:]*Z', time.gmtime(
            time.time() + day * 86400)), '*', text)
    return text


def answers(relay):
    """All answers of the pool, one a question."""
    return {'%s %s %s' % (route, kind, value):
            steady(ask(relay, route, kind, value))
            for route in ROUTES for kind, value in ASKED}


def expected():
    with open(os.path.join(STORES, '0.1.json')) as f:
        return json.load(f)


def version(path):
    with sqlite3.connect(path) as database:
        n = database.execute('PRAGMA user_version').fetchone()[0]
    database.close()
    return n


def compare(got, what):
    for question, answer in expected().items():
        same(got[question], answer, '%s: %s' % (what, question))


def test_an_old_store_answers_and_is_upgraded():
    """A pool of this version answers from the old store, byte for byte as 0.1
    did, and goes on when an import upgrades the store under it; a copy of the
    old one stays."""
    relay = old_store().serve()
    try:
        compare(answers(relay), 'before')
        same(version(relay.store), 1, 'a reader changes nothing')
        _, out, err = relay.cli('intel', 'import', '-', '--source', 'new',
                                input='192.0.2.77\n')
        has('the old store is kept as %s.v1' % relay.store, err, 'it is said')
        same(version(relay.store), 2, 'after the import')
        compare(answers(relay), 'after')
        has('"Suspicious"', ask(relay, 'deliberate', 'ip', '192.0.2.77'),
            'what is new')
        had, has_now = os.stat(OLD), os.stat(relay.store + '.v1')
        now = os.stat(relay.store)
        same((has_now.st_uid, has_now.st_gid, stat.S_IMODE(has_now.st_mode)),
             (now.st_uid, now.st_gid, 0o640), 'owner and mode of the copy')
        same(had.st_size, has_now.st_size, 'the copy')
        relay.cli('intel', 'list', '--store', relay.store + '.v1')
        same(version(relay.store + '.v1'), 1, 'the copy is what it was')
        same(glob.glob(relay.store + '.v1-[0-9]*'), [], 'one copy')
    finally:
        relay.stop()


def test_what_the_commands_say_of_an_old_store():
    """list, show, sources, stats and export say the same before and after."""
    relay = old_store('oldcli')
    commands = (['list', '--json'], ['list'], ['show', 'a.evil.example'],
                ['sources', '--json'], ['stats', '--json'], ['export'],
                ['export', '--format', 'plain'])
    before = [relay.cli('intel', *command)[1] for command in commands]
    same(version(relay.store), 1, 'readers change nothing')
    relay.cli('intel', 'remove', '192.0.2.200', ok=False)
    same(version(relay.store), 2, 'a writer upgrades')
    for command, text in zip(commands, before):
        same(relay.cli('intel', *command)[1], text, ' '.join(command))


# URLs as 0.1 wrote them: value, source, priority, last seen; and as they are
# looked up now.  The last one has none.
OLD_URLS = (
    ('http://evil.example/%7ejoe/%c3%bc', 1, 90, 0),
    ('http://evil.example/a/./b/../c', 1, 90, 0),
    ('http://@evil.example/user', 1, 90, 0),
    ('http://evil.example/\u00fc', 1, 90, 0),
    ('http://evil.example/#a#b', 1, 90, 0),
    # These become one in source 1; source 2 has its own.
    ('http://evil.example/one', 1, 80, 9),
    ('http://evil.example/%6fne', 1, 90, 1),
    ('http://evil.example/./one', 1, 90, 2),
    ('http://evil.example/x/../one', 2, 70, 0),
    ('http://evil.example/' + 500 * '\u00fc', 1, 90, 0))
NEW_URLS = (
    ('http://evil.example/#a%23b', 1, 90, 0),
    ('http://evil.example/%C3%BC', 1, 90, 0),
    ('http://evil.example/a/c', 1, 90, 0),
    ('http://evil.example/one', 1, 90, 2),
    ('http://evil.example/one', 2, 70, 0),
    ('http://evil.example/user', 1, 90, 0),
    OLD_URLS[-1],
    ('http://evil.example/~joe/%C3%BC', 1, 90, 0))


def test_urls_of_an_old_store_are_spelt_as_they_are_looked_up():
    """An upgrade writes URLs in the normal form of today; of those that become
    one the better judged, then the last seen stays."""
    relay = old_store('oldurls')
    database = sqlite3.connect(relay.store)
    kept = database.execute('SELECT count(*) FROM indicator').fetchone()[0]
    kind = database.execute("SELECT type FROM indicator WHERE value LIKE "
                            "'http%'").fetchone()[0]
    database.executemany(
        'INSERT INTO indicator VALUES(?1, %d, ?2, 3, 3, 3, 2, ?3, NULL, 0, ?4,'
        ' 0, 0, 1, 1, NULL)' % kind, OLD_URLS)
    database.commit()
    database.close()
    _, _, err = relay.cli('intel', 'import', '-', '--source', 'new',
                          input='192.0.2.77\n')
    has('URLs: 7 spelt anew, 2 taken away as the same ones, 1 without', err,
        'it is said')
    database = sqlite3.connect(relay.store)
    found = database.execute(
        "SELECT value, source, priority, last_seen FROM indicator WHERE "
        "imported = 1 ORDER BY value, source").fetchall()
    n = database.execute('SELECT count(*) FROM indicator').fetchone()[0]
    counted = database.execute('SELECT sum(n) FROM tally').fetchone()[0]
    database.close()
    same(sorted(found), sorted(NEW_URLS), 'the URLs')
    same((n, counted), (kept + len(NEW_URLS) + 1,) * 2, 'all records')
    _, out, _ = relay.cli('intel', 'show', 'http://evil.example/a/./c')
    has('http://evil.example/a/c', out, 'it is found')


# What ctim-relay 0.1 asks a store that it has open: first the sources, after
# every change, then the networks; then it matches.  And how its import begins.
SQL_OF_0_1 = (
    'SELECT id, name, title, url, subdomains, imported, run FROM source '
    'ORDER BY id',
    'SELECT type, value FROM indicator WHERE bits IS NOT NULL',
    'SELECT value, type, source, disposition, severity, confidence, tlp, '
    'priority, reason, first_seen, last_seen, count, expires, imported FROM '
    "indicator WHERE value = 'evil.example' AND type = 0")


def test_programs_of_0_1_fail_at_an_upgraded_store():
    """One that has the store open fails at its first statement when the store
    was upgraded, as its snapshot ends, and does not answer what it half
    knows."""
    relay = old_store('old01')
    reader = sqlite3.connect(relay.store, isolation_level=None)
    reader.execute('PRAGMA query_only = 1')
    reader.execute('BEGIN')
    for text in SQL_OF_0_1:
        reader.execute(text).fetchall()
    relay.cli('intel', 'remove', '192.0.2.200', ok=False)
    # What it holds is as it was.
    same(len(reader.execute(SQL_OF_0_1[0]).fetchall()), 3, 'sources, held')
    reader.execute('COMMIT')
    for again in range(2):
        try:
            reader.execute('BEGIN')
            reader.execute('PRAGMA data_version').fetchall()
            harness.fail('it read %r' % reader.execute(
                SQL_OF_0_1[0]).fetchall())
        except sqlite3.OperationalError as e:
            has('no such column', str(e), 'why not')
        reader.execute('ROLLBACK')
    reader.close()


def test_no_room_for_a_copy():
    """Where a copy does not fit, the upgrade is made without, which is said."""
    disk = harness.small_disk(700)
    harness.give(disk, 0o2770)
    store = os.path.join(disk, 'intel.db')
    harness.give(shutil.copy(OLD, store), 0o660)
    relay = Gateway('oldfull', relays='[relay local]\nstore = %s\n' % store)
    try:
        _, _, err = relay.cli('intel', 'import', '-', '--source', 'new',
                              input='192.0.2.77\n')
        has('no copy of the old store was kept: there is not enough room on '
            'the disk', err, 'it is said')
        same(version(store), 2, 'the store')
        same(glob.glob(store + '.*'), [], 'a part of a copy')
    finally:
        harness.run(['umount', disk])


def trigger(relay):
    body = json.dumps({'action-id': 'add-to-block-list', 'observable_type':
                       'ip', 'observable_value': '203.0.113.99'}).encode()
    request = fcgi.request('POST', '/local/respond/trigger', body,
                           harness.jwt())
    return fcgi.call(relay.socket, request, body)[2].decode()


def test_a_trigger_upgrades_a_small_store():
    """A request has no time for a large one, which is read on and left to the
    command line."""
    relay = old_store('oldserved')
    database = sqlite3.connect(relay.store)
    database.execute("INSERT INTO indicator SELECT 'x' || value || '.example',"
                     ' type, source, disposition, severity, confidence, tlp, '
                     "priority, printf('%.*c', 70000000, 'x'), first_seen, "
                     'last_seen, count, expires, imported, run, bits FROM '
                     "indicator WHERE value = 'never.example'")
    same(database.total_changes, 1, 'a record to make it large')
    database.commit()
    database.close()
    relay.serve()
    try:
        before = answers(relay)
        answer = trigger(relay)
        has('"failure"', answer, 'the trigger')
        has('is of an older version, and too large', answer, 'its reason')
        same(version(relay.store), 1, 'the large store')
        same(answers(relay), before, 'readers')
        for path in glob.glob(relay.store + '*'):
            os.unlink(path)
        harness.give(shutil.copy(OLD, relay.store), 0o640)
        has('"success"', trigger(relay), 'the trigger')
        same(version(relay.store), 2, 'the small store')
        holds(any('the old store is kept as' in r.get('message', '')
                  for r in relay.records()), 'the log does not say it')
    finally:
        relay.stop()


def test_a_newer_store_names_who_wrote_it():
    relay = Gateway('newer2')
    with sqlite3.connect(relay.store) as database:
        database.execute('PRAGMA user_version = 3')
        database.execute("UPDATE meta SET value = '7.8.9' WHERE name = "
                         "'writer'")
    database.close()
    for command in (['list'], ['import', '-', '--source', 'x']):
        status, _, err = relay.cli('intel', *command, input='192.0.2.1\n',
                                   ok=False)
        same(status, 1, err)
        has('made by ctim-relay 7.8.9 (format 3; this is ', err, 'who')
    same(version(relay.store), 3, 'the store')


def test_a_pool_whose_store_becomes_newer():
    """A running pool whose store a newer program upgrades gives errors, never
    an answer that may be wrong."""
    relay = Gateway('becomes', sections={'server': {'workers': '1',
                                                    'threads': '1'}})
    relay.load('192.0.2.1\n', 'feed')
    relay.serve()
    try:
        has('"Suspicious"', ask(relay, 'deliberate', 'ip', '192.0.2.1'),
            'before')
        with sqlite3.connect(relay.store, timeout=30) as database:
            database.execute('PRAGMA user_version = 3')
        database.close()
        for value in ('192.0.2.1', '192.0.2.2'):
            answer = ask(relay, 'deliberate', 'ip', value)
            has('"code":"internal error"', answer, 'after')
            holds('judgements' not in answer, answer)
        holds(any('a newer ctim-relay' in r.get('message', '')
                  for r in relay.records()), 'the log does not say it')
    finally:
        relay.stop()

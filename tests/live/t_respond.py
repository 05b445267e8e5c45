# SPDX-License-Identifier: MIT
"""The actions of the local relay: what is offered, what a trigger does, the
audit, what is refused, and what goes wrong meanwhile."""

import json
import os
import signal
import sqlite3
import threading
import time

import fcgiclient as fcgi
import harness
from harness import Apache, Gateway, Nginx, Skipped, has, holds, same

OFFER, TRIGGER = '/local/respond/observables', '/local/respond/trigger'
BLOCK, UNBLOCK = 'add-to-block-list', 'remove-from-block-list'
ALLOW, UNALLOW = 'add-to-allow-list', 'remove-from-allow-list'
SUCCESS = {'data': {'status': 'success'}}
BAD, OTHER = '203.0.113.7', '203.0.113.8'


def gateway(more='', name='respond', **sections):
    return Gateway(name, '[relay local]\nstore = @/store/intel.db\n' + more,
                   sections)


def ask(relay, path, body, token=None, timeout=20):
    """One request to the pool: its answer as JSON."""
    body = json.dumps(body).encode()
    status, _, text = fcgi.call(
        relay.socket, fcgi.request('POST', path, body,
                                   token or harness.jwt()), body, timeout)
    same(status, 200, text)
    return json.loads(text)


def offered(relay, kind, value):
    """The ids of the actions for an observable."""
    answer = ask(relay, OFFER, [{'type': kind, 'value': value}])
    same(answer.get('errors'), None, 'errors')
    return [a['id'] for a in answer['data']]


def body(action, kind, value, **more):
    return dict({'action-id': action, 'observable_type': kind,
                 'observable_value': value}, **more)


def trigger(relay, action, kind, value, token=None, **more):
    return ask(relay, TRIGGER, body(action, kind, value, **more), token)


def fails(answer, reason, code='permission denied'):
    """A failure, with one fatal error that says the reason."""
    same(answer['data'], {'status': 'failure'}, answer)
    same([(e['type'], e['code']) for e in answer['errors']],
         [('fatal', code)], answer)
    has(reason, answer['errors'][0]['message'], 'the reason')


def listed(relay, source):
    """What a source lists: {value: record}."""
    return {r['value']: r for r in json.loads(
        relay.cli('intel', 'list', '--json')[1]) if r['source'] == source}


def audit(relay):
    """The rows of the audit, the newest first."""
    return json.loads(relay.cli('intel', 'audit', '--json')[1])


def short(rows):
    return [(r['action'], r['type'], r['value'], r['status']) for r in rows]


def verdict(relay, kind, value):
    answer = ask(relay, '/local/deliberate/observables',
                 [{'type': kind, 'value': value}])
    docs = answer['data'].get('verdicts', {'docs': []})['docs']
    return docs[0]['disposition_name'] if docs else None


# --- what is offered and done -------------------------------------------------

def test_actions():
    """What is offered changes something, and the trigger does it."""
    relay = gateway().serve()
    answer = ask(relay, OFFER, [{'type': 'ip', 'value': BAD}])
    same(answer, {'data': [
        {'id': BLOCK, 'title': 'Add to block list',
         'description': 'Judge this ip Malicious from now on',
         'categories': ['Block list'], 'query-params': {'expires': '30d'}},
        {'id': ALLOW, 'title': 'Add to allow list',
         'description': 'Judge this ip Clean from now on, whatever other '
                        'lists say',
         'categories': ['Allow list'], 'query-params': {'expires': '30d'}}]},
        'the offer')
    before = int(time.time())
    same(trigger(relay, BLOCK, 'ip', BAD, expires='30d'), SUCCESS, 'block')
    same(verdict(relay, 'ip', BAD), 'Malicious', 'verdict')
    record = listed(relay, 'Block list')[BAD]
    same({k: record[k] for k in ('disposition', 'severity', 'confidence',
                                 'priority', 'type')},
         {'disposition': 'Malicious', 'severity': 'High',
          'confidence': 'High', 'priority': 100, 'type': 'ip'}, record)
    expires = time.mktime(time.strptime(
        record['expires'], '%Y-%m-%dT%H:%M:%SZ')) - time.timezone
    holds(before + 30 * 86400 <= expires <= time.time() + 30 * 86400,
          record['expires'])
    same(offered(relay, 'ip', BAD), [UNBLOCK, ALLOW], 'then')
    same(trigger(relay, ALLOW, 'ip', BAD), SUCCESS, 'allow')
    same(verdict(relay, 'ip', BAD), 'Clean', 'Clean goes before Malicious')
    same(offered(relay, 'ip', BAD), [UNBLOCK, UNALLOW], 'on both')
    same(trigger(relay, UNBLOCK, 'ip', BAD), SUCCESS, 'unblock')
    same(offered(relay, 'ip', BAD), [UNALLOW], 'blocking is refused now')
    same(trigger(relay, UNALLOW, 'ip', BAD), SUCCESS, 'unallow')
    same(offered(relay, 'ip', BAD), [BLOCK, ALLOW], 'as at first')
    same(verdict(relay, 'ip', BAD), None, 'verdict')
    same(short(audit(relay)), [
        (a, 'ip', BAD, 'success') for a in (UNALLOW, UNBLOCK, ALLOW, BLOCK)],
         'the audit')


def test_all_types():
    """Each type in its normal form, whatever it is spelt like."""
    relay = gateway().serve()
    for kind, value, normal in (
            ('domain', 'Evil[.]Example.', 'evil.example'),
            ('email', 'Someone@EVIL.example', 'Someone@evil.example'),
            ('ipv6', '2001:DB8:0::1', '2001:db8::1'),
            ('md5', 'D41D8CD98F00B204E9800998ECF8427E',
             'd41d8cd98f00b204e9800998ecf8427e'),
            ('sha1', 'DA39A3EE5E6B4B0D3255BFEF95601890AFD80709',
             'da39a3ee5e6b4b0d3255bfef95601890afd80709'),
            ('sha256', 'E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA49599'
             '1B7852B855', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca4'
             '95991b7852b855'),
            ('url', 'hxxp://Evil.example:80/A', 'http://evil.example/A')):
        same(offered(relay, kind, value), [BLOCK, ALLOW], kind)
        same(trigger(relay, BLOCK, kind, value), SUCCESS, kind)
        same(offered(relay, kind, normal), [UNBLOCK, ALLOW], kind)
        same(audit(relay)[0]['value'], normal, kind)
        # A parent domain on the block list says nothing of what is below it.
    same(offered(relay, 'domain', 'www.evil.example'), [BLOCK, ALLOW], 'below')


def test_who_is_in_the_audit():
    relay = gateway().serve()
    before = int(time.time())
    trigger(relay, BLOCK, 'ip', BAD, harness.jwt({'sub': 'ann\n@x'}))
    trigger(relay, BLOCK, 'ip', OTHER, harness.jwt({'iss': 'x'}))
    rows = audit(relay)
    same([(r['who'], r['relay'], r['value']) for r in rows],
         [('-', 'local', OTHER), ('ann\n@x', 'local', BAD)], 'the audit')
    for row in rows:
        at = time.mktime(time.strptime(
            row['at'], '%Y-%m-%dT%H:%M:%SZ')) - time.timezone
        holds(before <= at <= time.time(), row)
        holds('reason' not in row, row)
    table = relay.cli('intel', 'audit')[1]
    has('ann\\x0a@x', table, 'the table')
    same(len(table.splitlines()), 3, table)
    lines = relay.cli('intel', 'audit', '--csv')[1].split('\r\n')
    same(lines[0], 'at,relay,who,action,type,value,status,reason', 'csv')
    has(',local,-,%s,ip,%s,success,' % (BLOCK, OTHER), lines[1], 'csv')
    same(len(audit_limited(relay, 1)), 1, '--limit')
    found = [r['message'] for r in relay.records() if 'message' in r and
             BLOCK in r['message']]
    has('of ip %s by -: success' % OTHER, found[-1], 'the log')


def test_audit_of_hostile_text_as_csv():
    """No cell is a formula for a spreadsheet, or moves the cursor of a
    terminal."""
    relay = gateway().serve()
    for who in ('=1+1', '@x', '-', '+\x1b[2J', 'a=b'):
        same(trigger(relay, BLOCK, 'ip', BAD, harness.jwt({'sub': who})),
             SUCCESS, who)
        same(trigger(relay, UNBLOCK, 'ip', BAD, harness.jwt({'sub': who})),
             SUCCESS, who)
    lines = relay.cli('intel', 'audit', '--csv')[1].split('\r\n')
    same([line.split(',')[2] for line in lines[1:-1:2]],
         ['a=b', "'+\\x1b[2J", '-', "'@x", "'=1+1"], 'who')


def audit_limited(relay, n):
    return json.loads(relay.cli('intel', 'audit', '--json', '--limit',
                                str(n))[1])


def test_expiry():
    relay = gateway('respond_expires = 2h\n').serve()
    same(ask(relay, OFFER, [{'type': 'ip', 'value': BAD}])['data'][0][
        'query-params'], {'expires': '2h'}, 'the offer')

    def expires(value):
        record = listed(relay, 'Block list')[value]
        if 'expires' not in record:
            return None
        return time.mktime(time.strptime(
            record['expires'], '%Y-%m-%dT%H:%M:%SZ')) - time.timezone

    def after(seconds, value, **more):
        begin = int(time.time())
        same(trigger(relay, BLOCK, 'ip', value, **more), SUCCESS, value)
        holds(begin + seconds <= expires(value) <= time.time() + seconds,
              value)
    after(7200, '203.0.113.1')
    after(60, '203.0.113.2', expires='1m')
    same(trigger(relay, BLOCK, 'ip', '203.0.113.3', expires='never'), SUCCESS,
         'never')
    same(expires('203.0.113.3'), None, 'never')
    same(trigger(relay, BLOCK, 'ip', '203.0.113.4',
                 expires='2040-01-01T00:00:00Z'), SUCCESS, 'a time')
    same(listed(relay, 'Block list')['203.0.113.4']['expires'],
         '2040-01-01T00:00:00Z', 'a time')
    for wrong in ('soon', '', '0s', '2001-01-01T00:00:00Z', 5, ['1d']):
        fails(trigger(relay, BLOCK, 'ip', OTHER, expires=wrong), 'expiry',
              'invalid argument')
    holds(OTHER not in listed(relay, 'Block list'), 'nothing was done')
    # What expires is not there any longer, and may be added again.
    same(trigger(relay, BLOCK, 'ip', OTHER, expires='1s'), SUCCESS, '1s')
    harness.wait_for(lambda: offered(relay, 'ip', OTHER) == [BLOCK, ALLOW],
                     'it expires')
    same(trigger(relay, BLOCK, 'ip', OTHER), SUCCESS, 'again')
    same(offered(relay, 'ip', OTHER), [UNBLOCK, ALLOW], 'it is there')


def test_what_is_none():
    relay = gateway().serve()
    wrong = 'invalid argument'
    fails(trigger(relay, 'no-such', 'ip', BAD), 'no action "no-such"', wrong)
    fails(trigger(relay, BLOCK, 'file_name', 'x'), 'file_name', wrong)
    fails(trigger(relay, BLOCK, 'bogus', 'x'), 'bogus', wrong)
    fails(trigger(relay, BLOCK, 'ip', 'x'), 'no ip', wrong)
    same(audit(relay), [], 'the audit')
    same(ask(relay, OFFER, [{'type': 'ip', 'value': 'x'}]), {'data': []},
         'no ip')
    # As many as a request may have, in one answer.
    answer = ask(relay, OFFER, [{'type': 'ip', 'value': '198.51.100.%d' % i}
                                for i in range(200)])
    same(len(answer['data']), 400, 'actions')


def test_repetition():
    """The same within ten minutes is answered the same and not done again."""
    relay = gateway().serve()
    relay.load('198.51.100.0/24\n', 'own', '--disposition', 'Clean')
    for _ in range(3):
        same(trigger(relay, BLOCK, 'ip', BAD), SUCCESS, 'block')
        fails(trigger(relay, BLOCK, 'ip', '198.51.100.9'), 'allow list')
        same(trigger(relay, UNALLOW, 'ip', OTHER), SUCCESS, 'nothing to do')
    same(short(audit(relay)), [(UNALLOW, 'ip', OTHER, 'success'),
                               (BLOCK, 'ip', '198.51.100.9', 'failure'),
                               (BLOCK, 'ip', BAD, 'success')], 'the audit')
    # Another action on the value lies between: no repetition.
    same(trigger(relay, UNBLOCK, 'ip', BAD), SUCCESS, 'unblock')
    same(trigger(relay, BLOCK, 'ip', BAD), SUCCESS, 'block again')
    holds(BAD in listed(relay, 'Block list'), 'it is there')
    # Nor is it one when the store is no longer as it was said to be.
    relay.cli('intel', 'remove', BAD)
    same(trigger(relay, BLOCK, 'ip', BAD), SUCCESS, 'block once more')
    holds(BAD in listed(relay, 'Block list'), 'it is there')
    relay.cli('intel', 'remove', '--source', 'own', '--all')
    same(trigger(relay, BLOCK, 'ip', '198.51.100.9'), SUCCESS, 'allowed now')
    holds('198.51.100.9' in listed(relay, 'Block list'), 'it is there')
    # After ten minutes it is an action of its own.
    rows = len(audit(relay))
    age(relay, 500)
    same(trigger(relay, BLOCK, 'ip', BAD), SUCCESS, 'after 500 s')
    same(len(audit(relay)), rows, 'rows')
    age(relay, 110)
    same(trigger(relay, BLOCK, 'ip', BAD), SUCCESS, 'later')
    same(len(audit(relay)), rows + 1, 'rows')


def age(relay, seconds):
    """Makes all rows of the audit, and what they did, so much older."""
    with sqlite3.connect(relay.store) as store:
        store.execute('UPDATE action SET at = at - ?', (seconds,))
        store.execute('UPDATE indicator SET expires = expires - ?',
                      (seconds,))
    store.close()


def test_repetition_of_several_at_once():
    relay = gateway().serve()
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(
        trigger(relay, BLOCK, 'ip', BAD))) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    same(answers, [SUCCESS] * 8, 'answers')
    same(short(audit(relay)), [(BLOCK, 'ip', BAD, 'success')], 'the audit')


# --- what is refused ----------------------------------------------------------

ALLOWED = '''198.51.100.0/24
2001:db8:5::/48
good.example
203.0.113.99
http://pages.example/fine
'''


def test_allow_list_is_not_blocked():
    """Networks, parent domains and hosts of URLs, of any source that says
    Clean, of domains with all below them."""
    relay = gateway().serve()
    relay.load(ALLOWED, 'own', '--disposition', 'Clean', '--subdomains')
    for kind, value in (
            ('ip', '198.51.100.200'), ('ipv6', '2001:db8:5:1::9'),
            ('ip', '203.0.113.99'), ('domain', 'good.example'),
            ('domain', 'a.b.good.example'), ('url', 'http://good.example/x'),
            ('url', 'https://w.good.example:8443/'),
            ('url', 'http://198.51.100.4/x'),
            ('url', 'http://[2001:db8:5::1]/x'),
            ('url', 'http://pages.example/fine')):
        holds(BLOCK not in offered(relay, kind, value), value)
        fails(trigger(relay, BLOCK, kind, value), 'is on an allow list (own)')
    for kind, value in (
            ('ip', '198.51.101.1'), ('ipv6', '2001:db8:6::1'),
            ('domain', 'notgood.example'), ('domain', 'example.org'),
            ('url', 'http://pages.example/other'),
            ('url', 'http://198.51.101.1/')):
        holds(BLOCK in offered(relay, kind, value), value)
        same(trigger(relay, BLOCK, kind, value), SUCCESS, value)
    rows = audit(relay)
    same([r['status'] for r in rows], ['success'] * 6 + ['failure'] * 10,
         'the audit')
    has('198.51.100.0/24 is on an allow list (own)', rows[-1]['reason'],
        'the reason')


def test_allow_list_of_names_covers_nothing_below():
    """A list of frequent names has those under which anybody may have one."""
    relay = gateway().serve()
    relay.load('pages.example\n*.own.example\n198.51.100.0/24\n', 'top',
               '--disposition', 'Clean')
    for kind, value in (
            ('domain', 'pages.example'), ('domain', 'a.own.example'),
            ('url', 'https://a.own.example/x'),
            ('url', 'http://198.51.100.4/x')):
        holds(BLOCK not in offered(relay, kind, value), value)
        fails(trigger(relay, BLOCK, kind, value), 'is on an allow list (top)')
    for kind, value in (
            ('domain', 'evil.pages.example'),
            ('url', 'https://pages.example/evil'),
            ('url', 'https://evil.pages.example/')):
        holds(BLOCK in offered(relay, kind, value), value)
        same(trigger(relay, BLOCK, kind, value), SUCCESS, value)
    # What people allow is allowed with all below it.
    relay.cli('intel', 'add', 'partner.example', '--disposition', 'Clean')
    for kind, value in (('domain', 'www.partner.example'),
                        ('url', 'https://partner.example/x')):
        fails(trigger(relay, BLOCK, kind, value), 'is on an allow list')


def test_private_networks_are_not_blocked():
    relay = gateway().serve()
    for kind, value in (
            ('ip', '10.1.2.3'), ('ip', '172.31.255.255'),
            ('ip', '192.168.0.1'), ('ip', '127.0.0.1'), ('ip', '0.0.0.0'),
            ('ip', '169.254.1.1'), ('ip', '100.64.0.1'), 
            ('domain', 'x.localhost'), ('ipv6', '::1'), ('ipv6', '::'),
            ('ipv6', 'fe80::1'), ('ipv6', 'fd00::1'),
            ('ipv6', '::ffff:10.0.0.1'), ('url', 'http://10.1.2.3/x'),
            ('url', 'https://[fd00::1]/x'), ('url', 'http://127.1.1.1:80/')):
        same(offered(relay, kind, value), [ALLOW], value)
        fails(trigger(relay, BLOCK, kind, value), 'is private')
    for value in ('172.32.0.1', '11.0.0.0', '192.0.2.1', '198.18.0.1'):
        same(offered(relay, 'ip', value), [BLOCK, ALLOW], value)


def test_networks_are_not_added():
    """0.0.0.0/0 on either list would decide about everybody."""
    relay = gateway().serve()
    for kind, value in (('ip', '0.0.0.0/0'), ('ip', '203.0.113.0/24'),
                        ('ipv6', '::/0')):
        same(offered(relay, kind, value), [], value)
        for action in (BLOCK, ALLOW):
            fails(trigger(relay, action, kind, value), 'a network')
    relay.load('203.0.113.0/24\n', 'Block list', '--disposition', 'Malicious')
    same(offered(relay, 'ip', '203.0.113.0/24'), [UNBLOCK], 'one that is there')
    same(trigger(relay, UNBLOCK, 'ip', '203.0.113.0/24'), SUCCESS, 'off it')


def test_protect():
    relay = gateway('protect = Corp.example, *.own.example .lan, inner '
                    '203.0.113.0/28 2001:db8:7::/48 198.51.100.9\n').serve()
    for kind, value in (
            ('domain', 'corp.example'), ('domain', 'a.b.corp.example'),
            ('domain', 'own.example'), ('domain', 'host.lan'),
            ('domain', 'host.inner'), ('email', 'me@mail.corp.example'),
            ('email', 'me@own.example'), ('url', 'https://x.corp.example/'),
            ('ip', '203.0.113.15'), ('ip', '198.51.100.9'),
            ('ipv6', '2001:db8:7::1'), ('url', 'http://203.0.113.1:8080/x')):
        same(offered(relay, kind, value), [ALLOW], value)
        fails(trigger(relay, BLOCK, kind, value), 'belongs to the site')
    for kind, value in (
            ('domain', 'notcorp.example'), ('ip', '203.0.113.16'),
            ('ip', '198.51.100.90'), ('ipv6', '2001:db8:8::1'),
            ('email', 'corp.example@bad.example'),
            ('url', 'http://bad.example/corp.example')):
        same(offered(relay, kind, value), [BLOCK, ALLOW], value)


def test_protect_covers_its_parents():
    """Whoever blocks a domain above one of the site's blocks that, too."""
    relay = gateway('protect = corp.provider.example\n').serve()
    fails(trigger(relay, BLOCK, 'domain', 'provider.example'),
          'belongs to the site')


def test_protect_of_a_file():
    relay = gateway('protect = file:@/own.txt\n')
    path = os.path.join(relay.folder, 'own.txt')
    harness.write(path, 'corp.example\n203.0.113.0/28\n')
    relay.serve()
    same(offered(relay, 'domain', 'x.corp.example'), [ALLOW], 'a name')
    same(offered(relay, 'ip', '203.0.113.3'), [ALLOW], 'an address')
    harness.write(path, 'corp.example\nnot/one\n')
    status, _, err = relay.cli('check', ok=False)
    same(status, 78, err)
    has('"not/one" is no domain, address or network', err, 'check')


def test_keys_say_what_is_wrong():
    for line, why in (('respond_expires = soon', 'must be 30d, 12h'),
                      ('respond_expires = 0d', 'must be 30d, 12h'),
                      ('on_change = program', 'must be an absolute path'),
                      ('protect = http://x.example/', 'is no domain')):
        relay = gateway(line + '\n')
        status, _, err = relay.cli('check', ok=False)
        same(status, 78, err)
        has(why, err, line)
    relay = gateway('respond_expires = never\n').serve()
    same(trigger(relay, BLOCK, 'ip', BAD), SUCCESS, 'never')
    holds('expires' not in listed(relay, 'Block list')[BAD], 'it expires')


# --- what goes wrong ----------------------------------------------------------

def test_locked_store():
    """Another writer holds the store: a failure, and nothing of it later."""
    relay = gateway(server={'threads': '4'}).serve()
    same(offered(relay, 'ip', BAD), [BLOCK, ALLOW], 'before')
    store = sqlite3.connect(relay.store, isolation_level=None)
    store.execute('BEGIN IMMEDIATE')
    fails(trigger(relay, BLOCK, 'ip', BAD),
          'another process is writing to the store', 'internal error')
    holds(relay.store not in json.dumps(
        trigger(relay, BLOCK, 'ip', BAD)), 'the path is said')
    same(offered(relay, 'ip', BAD), [BLOCK, ALLOW], 'readers go on')
    store.execute('ROLLBACK')
    store.close()
    same(audit(relay), [], 'the audit')
    same(trigger(relay, BLOCK, 'ip', BAD), SUCCESS, 'then')


def test_deadline_bounds_the_wait():
    relay = gateway(http={'deadline': '1', 'timeout': '1'}).serve()
    store = sqlite3.connect(relay.store, isolation_level=None)
    store.execute('BEGIN IMMEDIATE')
    begin = time.monotonic()
    fails(trigger(relay, BLOCK, 'ip', BAD), 'another process is writing',
          'internal error')
    holds(time.monotonic() - begin < 4, 'it waited longer than it may')
    store.close()


def test_full_disk():
    """Never a success without the row."""
    disk = harness.small_disk(2000)
    try:
        relay = gateway()
        relay.relays = '[relay local]\nstore = %s/store/intel.db\n' % disk
        relay.write()
        folder = os.path.join(disk, 'store')
        os.mkdir(folder)
        harness.give(folder, 0o2770)
        relay.store = os.path.join(folder, 'intel.db')
        relay.load('192.0.2.1\n', 'feed')
        for name in os.listdir(folder):
            harness.give(os.path.join(folder, name), 0o660)
        relay.serve()
        filler = os.path.join(disk, 'filler')
        done = []
        with open(filler, 'wb', buffering=0) as f:
            try:
                while True:
                    f.write(b'x' * 4096)
            except OSError:
                pass
        failed = 0
        for i in range(100):
            value = '203.0.113.%d' % i
            answer = trigger(relay, BLOCK, 'ip', value)
            if answer == SUCCESS:
                done.append(value)
            else:
                failed += 1
                fails(answer, 'no space', 'internal error')
        holds(failed > 0, 'the disk was not full')
        os.unlink(filler)
        same(sorted(r['value'] for r in audit(relay)), sorted(done),
             'the audit')
        same(sorted(listed(relay, 'Block list')), sorted(done), 'the list')
        same(trigger(relay, BLOCK, 'ip', BAD), SUCCESS, 'with room')
        relay.stop()
    finally:
        harness.stop_all()
        harness.run(['umount', '-l', disk])


def test_store_that_may_not_be_written():
    if not harness.ROOT:
        raise Skipped('needs root')
    relay = gateway()
    # The files beside it are there, and the service may use these.
    relay.load('192.0.2.1\n', 'feed')
    os.chown(relay.store, 0, 0)
    os.chmod(relay.store, 0o644)
    relay.serve()
    same(offered(relay, 'ip', BAD), [BLOCK, ALLOW], 'it is read')
    fails(trigger(relay, BLOCK, 'ip', BAD), 'cannot be written',
          'internal error')
    same(audit(relay), [], 'the audit')


def test_store_that_is_not_there():
    relay = gateway()
    for name in os.listdir(relay.store_folder):
        os.unlink(os.path.join(relay.store_folder, name))
    relay.serve()
    fails(trigger(relay, BLOCK, 'ip', BAD), 'No such file', 'internal error')
    same(os.listdir(relay.store_folder), [], 'nothing was made')
    relay.load('192.0.2.1\n', 'feed')
    same(trigger(relay, BLOCK, 'ip', BAD), SUCCESS, 'then')


def oldest(relay):
    """A worker that has lived for more than a second: the master waits before
    it replaces one that has not."""
    for pid in relay.workers():
        try:
            made = os.stat('/proc/%d' % pid).st_mtime
        except FileNotFoundError:
            continue
        if time.time() - made > 1.1:
            return pid
    return None


def test_killed_at_any_moment():
    """Twenty workers killed over triggers: what was acknowledged is there."""
    relay = gateway(server={'workers': '4'}).serve()
    said, stop = [], threading.Event()

    def act(n):
        for i in range(100000):
            if stop.is_set():
                return
            value = '198.18.%d.%d' % (n * 64 + i // 250, i % 250)
            try:
                answer = trigger(relay, BLOCK, 'ip', value)
            except (OSError, ValueError):
                continue
            if answer == SUCCESS:
                said.append(value)
    threads = [threading.Thread(target=act, args=(n,)) for n in range(3)]
    for t in threads:
        t.start()
    try:
        for n in range(20):
            seen = len(said)
            harness.wait_for(lambda: len(said) > seen + n % 5, 'triggers', 60)
            time.sleep(0.001 * (n * 7 % 20))
            os.kill(harness.wait_for(lambda: oldest(relay), 'a worker'),
                    signal.SIGKILL)
    finally:
        stop.set()
        for t in threads:
            t.join()
    with sqlite3.connect(relay.store) as store:
        same(store.execute('PRAGMA integrity_check').fetchall(), [('ok',)],
             'the store')
        rows = {v for (v,) in store.execute('SELECT value FROM action')}
    store.close()
    there = set(listed(relay, 'Block list'))
    same(rows, there, 'rows and records')
    holds(set(said) <= there, 'lost: %s' % sorted(set(said) - there)[:5])
    holds(len(said) >= 20, 'only %d were acknowledged' % len(said))


test_killed_at_any_moment.limit = 240


# --- the command line ---------------------------------------------------------

def test_add():
    """People's own indicators: on the block list, unless said otherwise."""
    relay = gateway().serve()
    relay.load(BAD + '\n', 'feed', '--disposition', 'Suspicious')
    out = json.loads(relay.cli(
        'intel', 'add', BAD, 'hxxps://Evil[.]example/x', '*.low.example',
        '198.51.100.0/24', '--reason', 'case 17', '--expires',
        '2040-01-01T00:00:00Z', '--json')[1])
    same(out, {'source': 'Block list', 'changed': 4, 'unchanged': 0}, 'out')
    there = listed(relay, 'Block list')
    same(sorted(there), ['198.51.100.0/24', BAD, 'https://evil.example/x',
                         'low.example'], 'the list')
    same({k: there[BAD].get(k) for k in (
        'disposition', 'severity', 'confidence', 'tlp', 'priority', 'reason',
        'expires')}, {'disposition': 'Malicious', 'severity': 'High',
                      'confidence': 'High', 'tlp': 'amber', 'priority': 100,
                      'reason': 'case 17', 'expires': '2040-01-01T00:00:00Z'},
         'the record')
    same(verdict(relay, 'ip', BAD), 'Malicious', 'before the feed')
    same(verdict(relay, 'domain', 'a.b.low.example'), 'Malicious', 'below')
    same(verdict(relay, 'url', 'http://evil.example/'), None, 'not below')
    has('Allow list: 1 added or changed, 0 unchanged', relay.cli(
        'intel', 'add', 'domain:good.example', '--disposition', 'clean')[1],
        'Clean')
    same(verdict(relay, 'domain', 'good.example'), 'Clean', 'Clean')
    fails(trigger(relay, BLOCK, 'url', 'http://good.example/'), 'allow list')
    has('0 added or changed, 1 unchanged', relay.cli(
        'intel', 'add', 'good.example', '--disposition', 'clean')[1], 'again')
    relay.cli('intel', 'remove', 'good.example')
    rows = audit(relay)
    same({(r['relay'], r['who']) for r in rows if r['action'] != BLOCK},
         {('-', os.environ.get('SUDO_USER') or 'root'
           if harness.ROOT else rows[0]['who'])}, 'who')
    same([r['action'] for r in rows],
         ['intel remove', 'intel add', BLOCK] + ['intel add'] * 5,
         'the audit')
    same(rows[-1]['reason'], 'case 17', 'the reason')


def test_add_is_whole_or_refused():
    relay = gateway()
    for words, status, why in (
            ([BAD, 'nothing of it'], 1, '"nothing of it" is no indicator'),
            ([BAD, '*.203.0.113.1'], 1, 'is no indicator'),
            ([BAD, '10.0.0.0/7'], 1, '10.0.0.0/7 is too large a network'),
            ([BAD, '2001::/18'], 1, 'is too large a network'),
            ([], 64, 'name the values'),
            ([BAD, '--disposition', 'Suspicious'], 64, 'say --source'),
            ([BAD, '--disposition', 'Bad'], 64, 'Bad'),
            ([BAD, '--reason', 'x' * 2000], 64, 'at most 1024'),
            ([BAD, '--expires', '2001-01-01'], 64, '--expires')):
        got, _, err = relay.cli('intel', 'add', *words, ok=False)
        same(got, status, err)
        has(why, err, str(words))
    same(audit(relay), [], 'the audit')
    same(relay.cli('intel', 'list', '--json')[1], '[\n]\n', 'the store')
    relay.cli('intel', 'add', BAD, '--disposition', 'Suspicious', '--source',
              'own')
    same(list(listed(relay, 'own')), [BAD], 'with a source')


def test_audit_of_an_older_store():
    """A store of 0.1 has no audit: it is empty."""
    relay = gateway()
    for name in os.listdir(relay.store_folder):
        os.unlink(os.path.join(relay.store_folder, name))
    old = os.path.join(harness.TESTS, 'stores', '0.1.db')
    with open(old, 'rb') as f, open(relay.store, 'wb') as g:
        g.write(f.read())
    same(audit(relay), [], 'the audit')


# --- ways ---------------------------------------------------------------------

def through(port):
    """Block, offer, audit through a web server."""
    headers = dict(harness.bearer(), **{'Content-Type': 'application/json'})

    def post(path, what):
        answer = harness.http_request(port, 'POST', path, json.dumps(what),
                                      headers)
        same(answer.status, 200, answer.text())
        return answer.json()
    same(post(TRIGGER, body(BLOCK, 'ip', BAD)), SUCCESS, 'block')
    same([a['id'] for a in post(OFFER, [{'type': 'ip', 'value': BAD}])[
        'data']], [UNBLOCK, ALLOW], 'then')


def test_nginx():
    relay = gateway().serve()
    nginx = Nginx(relay)
    through(nginx.port)
    same(short(audit(relay)), [(BLOCK, 'ip', BAD, 'success')], 'the audit')
    nginx.stop()


def test_cgi():
    relay = gateway()
    apache = Apache(relay, ways=('cgi',))
    through(apache.ports['cgi'])
    same(short(audit(relay)), [(BLOCK, 'ip', BAD, 'success')], 'the audit')
    apache.stop()

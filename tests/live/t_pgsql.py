# SPDX-License-Identifier: MIT
"""A store in PostgreSQL: all cases of the local relay, and what other files test
of a store in a file, with the same bytes out."""

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import threading
import time

import fronts
import harness
import postgres
import t_import
import t_intel
import t_respond
import t_tiles
import t_update
import testca
from harness import Gateway, has, holds, same, wait_for
from postgres import PASSWORD, Postgres
from t_respond import SUCCESS, ask, trigger, verdict
from upstream import Upstream

# make soak: more.
KILLS = min(50, int(os.environ.get('CTIM_KILLS', '4')))
limit = 120 + 10 * KILLS

# What looks into the file of a store, or is about one, is not among these.
BOTH = [
    (t_respond, 'actions all_types who_is_in_the_audit '
     'audit_of_hostile_text_as_csv expiry what_is_none '
     'repetition_of_several_at_once allow_list_is_not_blocked '
     'allow_list_of_names_covers_nothing_below '
     'private_networks_are_not_blocked networks_are_not_added protect '
     'protect_covers_its_parents protect_of_a_file add add_is_whole_or_refused '
     'nginx cgi'),
    (t_tiles, 'an_empty_store_gives_zeros '
     'numbers_are_those_of_imports_and_actions '
     'only_the_ten_largest_sources_have_a_name '
     'actions_are_the_last_ten_of_the_period '
     'markdown_of_values_and_names_is_text tiles_without_values '
     'matches_are_counted_until_the_end a_pool_of_one_process_counts_too '
     'many_at_once_are_counted_one_by_one'),
    (t_intel, 'text csv csv_of_abuse_ch text_in_quotes_is_no_row '
     'numbers_of_table_software json_lines_and_array defaults options '
     'bad_options again_and_replace sources_do_not_mix all_or_nothing '
     'remove show sources_and_stats export_and_back export_plain '
     'running_pool_sees_an_import replace_with_most_of_it_skipped'),
    (t_import, 'skipped_by_reason exit_status two_columns_of_values folder '
     'folder_with_a_file_that_is_refused scopes packed packed_and_broken'),
]


def close():
    fronts.close()
    postgres.close()


def both(function):
    def test():
        with postgres.instead():
            function()
    return test


def tests():
    for name, suite, case in fronts.cases():
        if name == 'local' and suite == 'main':
            def test(case=case):
                fronts.send('pgsql', 'nginx', case)
            yield 'case:' + case['name'], test
    for module, names in BOTH:
        for name in names.split():
            yield '%s:%s' % (module.__name__[2:], name), both(
                getattr(module, 'test_' + name))


# --- what a store in a file does not have -------------------------------------

def gateway(url, name='pgsql-own', more='', **sections):
    Gateway.elsewhere = lambda: url
    try:
        return Gateway(name, '[relay local]\nstore = @/store/intel.db\n' +
                       more, sections)
    finally:
        Gateway.elsewhere = None


def libraries(pid):
    return {os.path.basename(line.split()[-1])
            for line in harness.read('/proc/%d/maps' % pid).splitlines()
            if '.so' in line}


def loaded(relay, name):
    """Whether a worker has a library."""
    wait_for(lambda: workers(relay), 'workers')
    return any(lib.startswith(name) for pid in workers(relay)
               for lib in libraries(pid))


def workers(relay):
    return [int(p) for p in subprocess.run(
        ['ps', '-o', 'pid=', '--ppid', str(relay.process.pid)],
        stdout=subprocess.PIPE, text=True).stdout.split()]


def test_two_gateways_have_one_list():
    """What one did the other knows in the next request."""
    server = postgres.shared()
    url = server.url(server.database(), network=True)
    pair = [gateway(url, 'pair-%d' % n).serve() for n in range(2)]
    for value, one, other in (('203.0.113.1', *pair),
                              ('203.0.113.2', *reversed(pair))):
        same(verdict(other, 'ip', value), None, 'before')
        same(trigger(one, t_respond.BLOCK, 'ip', value), SUCCESS, 'blocked')
        same(verdict(other, 'ip', value), 'Malicious', 'by the other')
    one, other = pair
    one.load('198.51.100.0/24\n', 'nets')
    same(verdict(other, 'ip', '198.51.100.7'), 'Suspicious', 'a network')
    same(len(t_respond.audit(other)), 2, 'rows of the audit')


def test_libpq_is_loaded_there_alone():
    server = postgres.shared()
    url = server.url(server.database())
    there, file = gateway(url).serve(), Gateway('file').serve()
    same((verdict(there, 'ip', '192.0.2.1'), verdict(file, 'ip', '192.0.2.1')),
         (None, None), 'both answer')
    same((loaded(there, 'libpq'), loaded(file, 'libpq')), (True, False),
         'who has libpq')
    late = gateway(url, 'late').serve()
    same(loaded(late, 'libpq'), False, 'before the first question')


def test_one_query_for_a_request():
    """However many observables it has; of a store that did not change."""
    server = Postgres('-c', 'log_statement=all')
    relay = gateway(server.url(server.database()),
                    server={'workers': '1', 'threads': '1'}).serve()
    relay.load('20.0.0.0/24\nevil.example\nhttp://bad.example/x\n', 'feed',
               '--subdomains')
    body = [{'type': 'ip', 'value': '20.0.0.%d' % n} for n in range(97)] + [
        {'type': 'domain', 'value': 'a.b.evil.example'},
        {'type': 'url', 'value': 'http://bad.example/x'},
        {'type': 'url', 'value': 'https://www.evil.example/y'}]
    log = os.path.join(server.folder, 'log')
    for path in ('deliberate', 'deliberate', 'observe'):
        before = len(harness.read(log))
        answer = ask(relay, '/local/%s/observables' % path, body)
        same(answer['data']['verdicts']['count'], 100, 'verdicts')
        queries = harness.read(log)[before:].count(' LOG: ')
    same(queries, 1, 'queries of the last request')
    server.stop()


def test_counts_are_written_at_once():
    """However many there are: matches, and what sources hold."""
    server = Postgres('-c', 'log_statement=all')
    relay = gateway(server.url(server.database()))
    log = os.path.join(server.folder, 'log')

    def written(table):
        return len(re.findall('INSERT INTO ctim_relay.%s ' % table,
                              harness.read(log)))
    before = written('tally')
    values = ['20.0.0.1', 'evil.example', 'a@evil.example', '2001:db8::1',
              'a' * 32, 'http://evil.example/a,b']
    relay.cli('intel', 'add', *values, '--source', 'mine')
    same(written('tally') - before, 1, 'for six types')
    relay.cli('intel', 'remove', *values[1:], '--source', 'mine')
    same(server.sql('SELECT type, n FROM ctim_relay.tally WHERE n = 0',
                    'store_1'), [], 'what is nothing any longer')
    same(len(server.sql('SELECT 1 FROM ctim_relay.tally', 'store_1')), 1,
         'what is left')
    relay.cli('intel', 'add', *values[1:], '--source', 'mine')
    relay.serve()
    for _ in range(2):
        ask(relay, '/local/deliberate/observables',
            [{'type': 'ip', 'value': values[0]},
             {'type': 'domain', 'value': values[1]},
             {'type': 'url', 'value': values[-1]}])
    relay.stop()
    same((written('matched'), written('matched_value')), (1, 1), 'matches')
    same(server.sql('SELECT value, n FROM ctim_relay.matched_value ORDER BY 1',
                    'store_1'),
         ['20.0.0.1|2', 'evil.example|2', values[-1] + '|2'], 'values')
    server.stop()


def test_the_password_is_nowhere():
    """Not in what a command, the log, metrics or an error say, nor in the list of
    processes; not when the database is away, either."""
    server = postgres.shared()
    name = server.database()
    dead = server.url(name, network=True, port=harness.free_port())
    wrong = server.url(name, network=True).replace(PASSWORD, PASSWORD + 'x')
    for url in (server.url(name, network=True), dead, wrong):
        relay = gateway(url).serve()
        said = [json.dumps(ask(relay, path, body)) for path, body in (
            ('/local/deliberate/observables',
             [{'type': 'ip', 'value': '192.0.2.1'}]),
            ('/local/health', {}), ('/local/tiles/tile-data', {
                'tile_id': 'actions', 'period': 'last_hour'}),
            (t_respond.TRIGGER, t_respond.body(
                t_respond.BLOCK, 'ip', '203.0.113.7')))]
        for args in (['check'], ['check', '--dump'], ['intel', 'list'],
                     ['intel', 'stats'], ['intel', 'add', '192.0.2.9',
                                          '--source', 's'],
                     ['intel', 'backup', 'x'], ['intel', 'restore', relay.conf],
                     ['doctor'], ['status'], ['status', '--metrics']):
            _, out, err = relay.cli(*args, ok=False)
            said += [out, err]
        said += [harness.read(relay.log), harness.read(relay.stderr),
                 subprocess.run(['ps', '-e', '-o', 'args='], text=True,
                                stdout=subprocess.PIPE).stdout]
        for text in said:
            holds(PASSWORD not in text, text)
        if url == dead:
            has('127.0.0.1', harness.read(relay.log), 'where it is')
            holds('127.0.0.1' not in ''.join(said[:4]),
                  'the platform is told where it is')
        same(relay.stop(), 0, 'the pool ended')


def test_refused():
    """What check says of URLs and keys that are none."""
    server = postgres.shared()
    url = server.url(server.database(), network=True)
    for value, more, reason in (
            ('postgresql://a:%zz@h/db', '', 'libpq does not take this URL'),
            ('postgresql://u:x@Canary-pw-1@h/db', '', 'in a password @ is'),
            ('postgresql://h/db?password=Canary-pw-1', '',
             'stands before its @'),
            ('postgresql://h/db?service=x', '', 'service names a file'),
            (url, 'on_change = /bin/true\n', 'on_change needs a store in a '
             'file')):
        relay = gateway(value, more=more)
        status, out, err = relay.cli('check', ok=False)
        same(status, 78, out + err)
        has(reason, out + err, 'the reason')
        holds(PASSWORD not in out + err, 'the password')
    for store, code, reason in ((url, 64, 'password'),
                                ('postgresql:///db?service=x', 1, 'service')):
        status, out, err = harness.run(
            [harness.program('ctim-relay'), 'intel', 'list', '--store', store])
        same(status, code, out + err)
        has(reason, err, 'the reason')
        holds(PASSWORD not in out + err, 'the password')
    relay = gateway(url)
    for args in (['backup', os.path.join(relay.folder, 'x')],
                 ['restore', relay.conf]):
        status, out, err = relay.cli('intel', *args, ok=False)
        same(status, 1, out + err)
        has('pg_dump', err, 'the reason')


def test_a_database_without_a_store():
    server = postgres.shared()
    server.sql('CREATE DATABASE bare OWNER ' + postgres.USER)
    relay = gateway(server.url('bare')).serve()
    unavailable(relay)
    has('`ctim-relay intel import` makes it', harness.read(relay.log), 'log')
    relay.load('203.0.113.1\n', 'first')
    same(verdict(relay, 'ip', '203.0.113.1'), 'Suspicious', 'then')
    server.sql("UPDATE ctim_relay.meta SET value = '3' WHERE name = 'format'",
               'bare')
    server.sql("UPDATE ctim_relay.meta SET value = '7' WHERE name = 'version'",
               'bare')
    unavailable(relay)
    has('of another version of ctim-relay', harness.read(relay.log), 'log')


def unavailable(relay):
    """Reads and actions say so, in time, and once in the log."""
    began, before = time.monotonic(), len(harness.read(relay.log))
    answer = ask(relay, '/local/deliberate/observables', [
        {'type': 'ip', 'value': '192.0.2.%d' % n} for n in range(20)])
    same({e['code'] for e in answer['errors']}, {'service unavailable'},
         answer)
    said = [line for line in harness.read(relay.log)[before:].splitlines()
            if 'relay local: ' in line and 'matches' not in line]
    same(len(said), 1, said)
    answer = trigger(relay, t_respond.BLOCK, 'ip', '203.0.113.7')
    same(answer['data'], {'status': 'failure'}, answer)
    same([e['code'] for e in answer['errors']], ['service unavailable'],
         answer)
    # Three seconds each, of a machine that is not busy.
    holds(time.monotonic() - began < 15, 'the time of both')


def test_absent_hung_and_back():
    """A server that does not answer, is stopped or killed; and then is there
    again, without a restart of the gateway."""
    server = Postgres()
    relay = gateway(server.url(server.database(), network=True)).serve()
    relay.load('203.0.113.1\n', 'first')
    same(verdict(relay, 'ip', '203.0.113.1'), 'Suspicious', 'at first')

    def answers():
        try:
            return verdict(relay, 'ip', '203.0.113.1') == 'Suspicious'
        except KeyError:
            # Half a second after it was late, nobody asks it.
            return False

    def back():
        wait_for(answers, 'it answers again')
    server.each(signal.SIGSTOP)
    unavailable(relay)
    server.each(signal.SIGCONT)
    back()
    for end in (server.stop, server.kill):
        end()
        unavailable(relay)
        server.start()
        back()
    # A restart in between is not noticed by who asks.
    server.stop()
    server.start()
    same(verdict(relay, 'ip', '203.0.113.1'), 'Suspicious', 'at once')
    same(trigger(relay, t_respond.BLOCK, 'ip', '203.0.113.9'), SUCCESS, 'act')
    same(relay.stop(), 0, 'the pool ended')
    server.stop()


def test_a_busy_server_is_waited_for():
    """One that takes a second and a half for an answer, also for that to a
    thread that was not connected."""
    server = Postgres()
    relay = gateway(server.url(server.database(), network=True)).serve()
    relay.load('203.0.113.1\n', 'first')

    def answers():
        server.each(signal.SIGSTOP)
        timer = threading.Timer(1.5, server.each, [signal.SIGCONT])
        timer.start()
        try:
            return verdict(relay, 'ip', '203.0.113.1') == 'Suspicious'
        except KeyError:
            return False
        finally:
            timer.join()
    # The timer may be late, too.
    wait_for(answers, 'the first connection', 40)
    wait_for(answers, 'a question', 40)
    server.stop()


def test_killed_at_any_moment():
    """No action says success that is not recorded, whenever the server dies; none
    that says nothing was changed is recorded."""
    server = Postgres('-c', 'fsync=on')
    relay = gateway(server.url(server.database(), network=True)).serve()
    rng, told, stop = random.Random(1), {}, threading.Event()

    def act(n):
        i = 0
        while not stop.is_set():
            i += 1
            value = '203.%d.%d.%d' % (n, i >> 8, i & 255)
            told[value] = trigger(relay, t_respond.BLOCK, 'ip', value)
    threads = [threading.Thread(target=act, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(KILLS):
        time.sleep(0.2 + rng.random() * 0.5)
        server.kill()
        server.start()
    time.sleep(0.5)
    stop.set()
    for thread in threads:
        thread.join()
    rows = [r['value'] for r in t_respond.audit(relay)]
    there = {r['value'] for r in json.loads(
        relay.cli('intel', 'list', '--json')[1])}
    same(sorted(set(rows)), sorted(there), 'records and audit')
    for value, answer in told.items():
        said = answer['data']['status']
        reason = answer.get('errors', [{'message': ''}])[0]['message']
        if said == 'success':
            holds(value in there, 'success without a record: ' + value)
        elif 'not known' not in reason:
            holds(value not in there, '%s: %s' % (value, reason))
    holds([a for a in told.values() if a == SUCCESS], 'some succeed')
    same(len(rows), len(set(rows)), 'each once')
    server.stop()


def test_import_is_whole_or_nothing():
    """A server that dies while records come or are put in their place."""
    server = Postgres('-c', 'fsync=on')
    relay = gateway(server.url(server.database()))
    relay.load('192.0.2.1\n', 'feed')
    text = ''.join('11.%d.%d.%d\n' % (i >> 16, i >> 8 & 255, i & 255)
                   for i in range(60000))
    rng = random.Random(2)
    for _ in range(min(KILLS, 5)):
        p = subprocess.Popen(
            [harness.program('ctim-relay'), 'intel', 'import', '-', '--source',
             'feed', '--replace'], env=relay.env(), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        p.stdin.write(text)
        p.stdin.close()
        time.sleep(rng.random() * 2)
        server.kill()
        p.wait()
        said = p.stdout.read() + p.stderr.read()
        p.stdout.close()
        p.stderr.close()
        server.start()
        n = len(json.loads(relay.cli('intel', 'list', '--json')[1]))
        holds(n in (1, 60000), '%d records' % n)
        if p.returncode == 0:
            same(n, 60000, said)
        if n == 60000:
            relay.cli('intel', 'remove', '--source', 'feed', '--all')
            relay.load('192.0.2.1\n', 'feed')
    server.stop()


def test_counts_of_an_import():
    """What a feed says twice is counted as in a file, and the counts of the tiles
    are those of the records."""
    text = ('value,reason,confidence\n192.0.2.1,one,High\n192.0.2.1,one,High\n'
            '192.0.2.2,two,High\n192.0.2.2,,Low\n192.0.2.3,x,High\n'
            '192.0.2.3,y,High\n192.0.2.3,x,High\n192.0.2.4,z,Low\n')
    said = []
    for where in (contextlib.nullcontext(), postgres.instead()):
        with where:
            relay = Gateway('counts')
            told = [relay.load(text, 'feed', '--replace', '--json')[1]]
            told.append(relay.load(text, 'feed', '--replace', '--json')[1])
            told.append(relay.load(text.replace('192.0.2.4', '192.0.2.0/28'),
                                   'feed', '--replace', '--json',
                                   '--expires', '3d')[1])
            records = json.loads(relay.cli('intel', 'list', '--json')[1])
            for r in records:
                for key in ('imported', 'expires'):
                    r.pop(key, None)
            told.append(records)
            told.append(relay.cli('intel', 'stats')[1])
        said.append(told)
    if relay.url is not None:
        same(postgres.rows(relay.url, 'SELECT type, disposition, n FROM tally'),
             postgres.rows(relay.url, 'SELECT type, disposition, count(*) FROM '
                           'indicator GROUP BY 1, 2'), 'the counts')
    same(said[1], said[0], 'PostgreSQL, and SQLite')


def test_import_larger_than_the_temporary_folder():
    """A value of the list waits in the folder, and comes once more when that is
    full."""
    server = postgres.shared()
    relay = gateway(server.url(server.database(), network=True), 'large')
    feed = os.path.join(relay.folder, 'feed.csv')
    rows = ['11.0.%d.%d,%s\n' % (n >> 8, n & 255, '\U0001d11e' * 1000)
            for n in range(7000)]
    harness.write(feed, ''.join(['value,reason\n', *rows, '11.0.0.0,again\n']))
    disk = harness.small_disk(26000)
    try:
        status, out, err = harness.run(
            [harness.program('ctim-relay'), 'intel', 'import', feed,
             '--source', 'feed'],
            env=dict(relay.env(), TMPDIR=disk))
    finally:
        harness.run(['umount', disk])
    same(status, 0, err)
    has('added 7000, updated 1,', out, 'the summary')
    same(postgres.rows(relay.url, 'SELECT count(*), min(reason) FROM indicator'),
         [(7000, 'again')], 'records')


def test_one_update_of_a_source_at_a_time():
    """Whichever gateway begins it."""
    server = postgres.shared()
    url = server.url(server.database(), network=True)
    one, other = (gateway(url, 'updates-%d' % n, http={
        'allow_private': 'yes', 'ca_file': testca.ca_file()})
        for n in range(2))
    with Upstream([t_update.feed(t_update.lines(1))], tls='good') as host:
        t_update.first(one, host)
        host.rules([t_update.feed(t_update.lines(1, 2), hold=True)])
        running = t_update.start(one, 'update')
        wait_for(lambda: host.waiting == 1, 'the first one')
        same(t_update.update(other, status=1),
             'feed: failed: another update of feed is running\n', 'the second')
        host.release()
        has(b'feed: updated', running.communicate()[0], 'the first')
        has('unchanged', t_update.update(other), 'later')

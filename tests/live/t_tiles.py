# SPDX-License-Identifier: MIT
"""The tiles of the local relay: exact numbers for each tile and period, out of
imports and actions; what is refused; what a tile costs."""

import calendar
import json
import os
import re
import signal
import sqlite3
import threading
import time

import fcgiclient as fcgi
import harness
import postgres
from harness import Apache, Gateway, Skipped, has, holds, same

HOUR, DAY = 3600, 86400
PERIODS = {'last_hour': HOUR, 'last_24_hours': DAY, 'last_7_days': 7 * DAY,
           'last_30_days': 30 * DAY, 'last_60_days': 60 * DAY,
           'last_90_days': 90 * DAY}
ALL = list(PERIODS)
KEPT = ALL[:4]
# tile: (type, periods)
TILES = {'indicators': ('metric_group', ALL),
         'dispositions': ('donut_graph', ALL),
         'sources': ('horizontal_bar_chart', ALL),
         'matches': ('vertical_bar_chart', KEPT),
         'top_matches': ('markdown', KEPT[1:]),
         'actions': ('markdown', ALL)}
DISPOSITIONS = ['Malicious', 'Suspicious', 'Unknown', 'Common', 'Clean']


def gateway(more='', name='tiles', **sections):
    return Gateway(name, '[relay local]\nstore = @/store/intel.db\n' + more,
                   sections)


def ask(relay, path, body=None, status=200):
    """One request to the pool: its answer as JSON."""
    body = b'' if body is None else json.dumps(body).encode()
    got, _, text = fcgi.call(
        relay.socket, fcgi.request('POST', '/local/' + path, body,
                                   harness.jwt()), body)
    same(got, status, text)
    return json.loads(text)


def when(text):
    """A time with milliseconds as seconds since 1970."""
    holds(re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z', text),
          'no time with milliseconds: %r' % text)
    return calendar.timegm(time.strptime(text[:19], '%Y-%m-%dT%H:%M:%S'))


def data(relay, tile, period='last_7_days'):
    """The data of a tile, once the members that all tiles have are checked."""
    # The gateway's clock may be a moment behind.
    before = int(time.time()) - 1
    answer = ask(relay, 'tiles/tile-data', {'tile_id': tile, 'period': period})
    same(list(answer), ['data'], json.dumps(answer))
    got = answer['data']
    same((got['tile_id'], got['period'], got['cache_scope']),
         (tile, period, 'org'), 'tile')
    start, end = (when(got['observed_time'][k])
                  for k in ('start_time', 'end_time'))
    same(end - start, PERIODS[period], 'the period')
    holds(before <= end <= time.time(), 'it ends now')
    valid = [when(got['valid_time'][k]) for k in ('start_time', 'end_time')]
    holds(valid[0] == end and valid[1] - end >= 300, valid)
    return got


def metrics(relay, period='last_7_days'):
    rows = data(relay, 'indicators', period)['data']
    for row in rows:
        same(sorted(row), ['icon', 'label', 'value', 'value_unit'], 'members')
        same(row['value_unit'], 'integer', row)
    return {row['label']: row['value'] for row in rows}


def donut(relay):
    """{disposition: (value, {source: value})}"""
    got = data(relay, 'dispositions')
    same(got['label_headers'], ['Disposition', 'Source'], 'headers')
    outer, inner = got['labels']
    return {outer[d['key']]: (d['value'], {inner[s['key']]: s['value']
                                           for s in d['segments']})
            for d in got['data']}


def bars(got):
    """[(key, label, {part: value})], without parts that are 0."""
    same([k['key'] for k in got['keys']], DISPOSITIONS, 'keys')
    for bar in got['data']:
        same(bar['value'], sum(v['value'] for v in bar['values']), bar)
        same([v['key'] for v in bar['values']], DISPOSITIONS, bar)
    return [(b['key'], b['label'],
             {v['key']: v['value'] for v in b['values'] if v['value']})
            for b in got['data']]


def sources(relay):
    got = data(relay, 'sources')
    same(got['key_type'], 'string', 'key type')
    return bars(got)


def table(relay, tile, period='last_7_days'):
    """The rows of a Markdown table, without its head."""
    lines = data(relay, tile, period)['data']
    has('| --- |', lines[1], 'head')
    return [[cell.strip() for cell in re.split(r'(?<!\\)\|', line)[1:-1]]
            for line in lines[2:]]


def matches(relay, period='last_7_days'):
    """The bars of a period; each hour or day that it has a part of."""
    got = data(relay, 'matches', period)
    same(got['key_type'], 'timestamp', 'key type')
    end = when(got['observed_time']['end_time'])
    size = HOUR if PERIODS[period] <= DAY else DAY
    same([b['key'] for b in got['data']],
         list(range((end - PERIODS[period]) // size * size, end + 1, size)),
         'the times of the bars')
    return bars(got)


def summed(relay, period='last_7_days'):
    """All matches of a period by disposition."""
    total = {}
    for _, _, parts in matches(relay, period):
        for part, n in parts.items():
            total[part] = total.get(part, 0) + n
    return total


def look_up(relay, *values, kind='ip', route='deliberate'):
    ask(relay, route + '/observables',
        [{'type': kind, 'value': v} for v in values])


def act(relay, action, value, kind='ip'):
    return ask(relay, 'respond/trigger',
               {'action-id': action, 'observable_type': kind,
                'observable_value': value})['data']['status']


def sql(relay, text, *values):
    if relay.url is not None:
        return postgres.rows(relay.url, text, *values)
    db = sqlite3.connect(relay.store, timeout=10)
    with db:
        rows = db.execute(text, values).fetchall()
    db.close()
    return rows


# --- what there is -----------------------------------------------------------

def check_descriptor(tile):
    kind, periods = TILES[tile['id']]
    same(sorted(tile), ['default_period', 'description', 'id', 'periods',
                        'short_description', 'tags', 'title', 'type'], tile)
    same((tile['type'], tile['periods']), (kind, periods), tile['id'])
    holds(re.fullmatch(r'[A-Za-z0-9_]+', tile['id']), tile['id'])
    holds(tile['default_period'] in tile['periods'], tile)
    holds(tile['tags'] and all(isinstance(t, str) for t in tile['tags']), tile)
    holds(all(tile[k] for k in ('title', 'description',
                                'short_description')), tile)


def test_tiles_are_described():
    relay = gateway().serve()
    tiles = ask(relay, 'tiles')['data']
    same([t['id'] for t in tiles], list(TILES), 'tiles')
    for tile in tiles:
        check_descriptor(tile)
        same(ask(relay, 'tiles/tile', {'tile_id': tile['id']}),
             {'data': tile}, tile['id'])


def refused(answer, message):
    same(answer, {'errors': [{'type': 'fatal', 'code': 'invalid argument',
                              'message': message}]}, 'refusal')


def test_what_is_no_tile_or_no_period_of_it_is_refused():
    relay = gateway().serve()
    for path in ('tiles/tile', 'tiles/tile-data'):
        refused(ask(relay, path, {'tile_id': 'x"y', 'period': 'last_hour'}),
                'There is no tile "x"y"')
        has('{"tile_id": ["Missing data for required field."]',
            ask(relay, path, {'period': 'last_hour'})['errors'][0]['message'],
            path)
    has('{"period": ["Missing data for required field."]}',
        ask(relay, 'tiles/tile-data', {'tile_id': 'sources'})
        ['errors'][0]['message'], 'no period')
    refused(ask(relay, 'tiles/tile-data',
                {'tile_id': 'sources', 'period': 'last_year'}),
            'The tile "sources" has no period "last_year"')
    refused(ask(relay, 'tiles/tile', {'tile_id': 'é' * 70}),
            'There is no tile "%s"' % ('é' * 64))


# --- what they count ---------------------------------------------------------

ZEROS = {'Domains': 0, 'IPv4 addresses': 0, 'IPv6 addresses': 0, 'URLs': 0,
         'E-mail addresses': 0, 'SHA-256 hashes': 0, 'SHA-1 hashes': 0,
         'MD5 hashes': 0, 'Sources': 0, 'Expired in the period': 0,
         'Actions taken': 0}


def test_an_empty_store_gives_zeros():
    relay = gateway().serve()
    for period in ALL:
        same(metrics(relay, period), ZEROS, period)
        same(table(relay, 'actions', period), [], period)
    same(donut(relay), {d: (0, {}) for d in DISPOSITIONS}, 'donut')
    same(sources(relay), [], 'sources')
    for period in KEPT:
        same({tuple(b[2]) for b in matches(relay, period)}, {()}, period)
    for period in KEPT[1:]:
        same(table(relay, 'top_matches', period), [], period)


def test_numbers_are_those_of_imports_and_actions():
    relay = gateway().serve()
    relay.load('198.51.100.1\n198.51.100.2\n2001:db8::1\nbad.example\n'
               'http://bad.example/x\nd41d8cd98f00b204e9800998ecf8427e\n',
               'bad', '--title', 'Bad list', '--disposition', 'Malicious')
    relay.load('198.51.100.1\n198.51.100.9\n', 'odd', '--disposition',
               'Suspicious')
    same(act(relay, 'add-to-block-list', '203.0.113.7'), 'success', 'block')
    same(act(relay, 'add-to-allow-list', '203.0.113.8'), 'success', 'allow')
    same(act(relay, 'add-to-block-list', '203.0.113.8'), 'failure', 'refused')
    same(metrics(relay, 'last_hour'), dict(
        ZEROS, **{'IPv4 addresses': 6, 'IPv6 addresses': 1, 'Domains': 1,
                  'URLs': 1, 'MD5 hashes': 1, 'Sources': 4,
                  'Actions taken': 2}), 'metrics')
    same(donut(relay),
         {'Malicious': (7, {'Bad list': 6, 'Block list': 1}),
          'Suspicious': (2, {'odd': 2}), 'Unknown': (0, {}),
          'Common': (0, {}), 'Clean': (1, {'Allow list': 1})}, 'donut')
    same(sources(relay),
         [('bad', 'Bad list', {'Malicious': 6}),
          ('odd', 'odd', {'Suspicious': 2}),
          ('Allow list', 'Allow list', {'Clean': 1}),
          ('Block list', 'Block list', {'Malicious': 1})], 'sources')
    # What goes is no longer counted.
    relay.cli('intel', 'remove', '--source', 'bad', '--all')
    same(metrics(relay)['IPv4 addresses'], 4, 'after a removal')
    same([b[0] for b in sources(relay)],
         ['odd', 'Allow list', 'Block list'], 'after a removal')


def test_only_the_ten_largest_sources_have_a_name():
    relay = gateway().serve()
    for i in range(12):
        relay.load(''.join('198.51.%d.%d\n' % (100 + i, k)
                           for k in range(1, i + 2)), 's%02d' % i)
    same([b[0] for b in sources(relay)],
         ['s%02d' % i for i in range(11, 1, -1)], 'sources')
    everything = donut(relay)
    inner = {k: n for _, ring in everything.values() for k, n in ring.items()}
    same(sum(n for n, _ in everything.values()), 78, 'all')
    same(inner['Other sources'], 1 + 2, 'of the two smallest')
    same(sum(inner.values()), 78, 'all of the inner ring')


def test_what_expires_is_counted_in_the_period_in_which_it_did():
    relay = gateway().serve()
    now = int(time.time())
    ago = [2 * HOUR, 3 * DAY, 20 * DAY, 50 * DAY, 80 * DAY, 100 * DAY]
    relay.load('value,expires\n' + ''.join(
        '198.51.100.%d,%s\n' % (i + 1, time.strftime(
            '%Y-%m-%dT%H:%M:%SZ', time.gmtime(now - s)))
        for i, s in enumerate(ago)) + '198.51.100.99,2400-01-01T00:00:00Z\n',
               'old', '--format', 'csv')
    same([metrics(relay, p)['Expired in the period'] for p in ALL],
         [0, 1, 2, 3, 4, 5], 'expired')


def test_actions_are_the_last_ten_of_the_period():
    relay = gateway().serve()
    for i in range(12):
        same(act(relay, 'add-to-block-list', '203.0.113.%d' % i), 'success', i)
    rows = table(relay, 'actions')
    same([r[3] for r in rows],
         ['`203.0.113.%d`' % i for i in range(11, 1, -1)], 'values')
    same(rows[0][1:3] + rows[0][5:], ['add-to-block-list', 'ip', 'success'],
         'a row')
    same(metrics(relay)['Actions taken'], 12, 'taken')
    # Of the last hour are those alone that were done in it.
    sql(relay, 'UPDATE action SET at = at - 7200 WHERE id <= 9')
    same([r[3] for r in table(relay, 'actions', 'last_hour')],
         ['`203.0.113.%d`' % i for i in (11, 10, 9)], 'of an hour')
    same(metrics(relay, 'last_hour')['Actions taken'], 3, 'of an hour')


def test_markdown_of_values_and_names_is_text():
    relay = gateway().serve()
    now = int(time.time())
    sql(relay, "INSERT INTO action(at, relay, who, action, type, value,"
        " status, reason) VALUES(?, 'local', '<b>a|b](x)', 'act', 7,"
        " 'http://x/``|y', 'failure', 'on *all*')", now)
    same(data(relay, 'actions')['data'][2].split(' | ', 1)[1],
         r'act | url | ``` http://x/``\|y ``` | \<b\>a\|b\](x) | '
         r'failure: on \*all\* |', 'row')


def test_tiles_without_values():
    relay = gateway('tiles_show_values = no\n').serve()
    same(act(relay, 'add-to-allow-list', '203.0.113.8'), 'success', 'allow')
    same(act(relay, 'add-to-block-list', '203.0.113.8'), 'failure', 'refused')
    same([t['id'] for t in ask(relay, 'tiles')['data']],
         [t for t in TILES if t != 'top_matches'], 'tiles')
    refused(ask(relay, 'tiles/tile', {'tile_id': 'top_matches'}),
            'There is no tile "top_matches"')
    refused(ask(relay, 'tiles/tile-data', {'tile_id': 'top_matches',
                                           'period': 'last_7_days'}),
            'There is no tile "top_matches"')
    text = json.dumps(data(relay, 'actions'))
    holds('203.0.113.8' not in text, text)
    same([(r[1], r[-1]) for r in table(relay, 'actions')],
         [('add-to-block-list', 'failure'), ('add-to-allow-list', 'success')],
         'rows')


def test_a_store_that_cannot_be_read_is_an_error_of_tile_data_alone():
    relay = Gateway('tiles',
                    '[relay local]\nstore = @/store/none.db\n').serve()
    same(len(ask(relay, 'tiles')['data']), len(TILES), 'descriptors')
    answer = ask(relay, 'tiles/tile-data',
                 {'tile_id': 'sources', 'period': 'last_hour'})
    same([e['code'] for e in answer['errors']], ['internal error'], answer)


# --- matches -----------------------------------------------------------------

def listed_gateway(more='', **sections):
    relay = gateway(more, **sections)
    relay.load('198.51.100.7\n203.0.113.0/24\nbad.example\n', 'bad',
               '--disposition', 'Malicious')
    relay.load('198.51.100.7\n', 'odd', '--disposition', 'Suspicious')
    return relay


def taken(relay):
    """What the store has of matches: {(source, disposition): n}."""
    return {row[:2]: row[2] for row in sql(
        relay, 'SELECT source, disposition, sum(n) FROM matched GROUP BY 1, 2')}


def not_counted(relay):
    return [r['message'] for r in relay.records()
            if 'matches are not counted' in r.get('message', '')]


def ask_many(relay):
    for _ in range(20):
        look_up(relay, '198.51.100.7', '192.0.2.1')
    for i in range(5):
        look_up(relay, '203.0.113.%d' % i, route='observe')
    # Twice in a request is once.
    look_up(relay, '203.0.113.1', '203.0.113.1')
    # Links are no matches, nor what people may do.
    look_up(relay, '198.51.100.7', route='refer')
    look_up(relay, '198.51.100.7', route='respond')


MANY = {('bad', 2): 26, ('odd', 3): 20}


def test_matches_are_counted_until_the_end():
    relay = listed_gateway().serve()
    ask_many(relay)
    # The command line's own questions are none of the service's.
    relay.cli('query', 'local', '198.51.100.7', ok=False)
    same(taken(relay), {}, 'before a minute is over')
    same(relay.stop(), 0, 'stop')
    same(taken(relay), MANY, 'at the end')
    relay.serve()
    for period in KEPT:
        same(summed(relay, period), {'Malicious': 26, 'Suspicious': 20},
             period)
    for period in KEPT[1:]:
        rows = table(relay, 'top_matches', period)
        same(rows[:2], [['`198.51.100.7`', 'ip', 'bad, odd', '40'],
                        ['`203.0.113.1`', 'ip', 'bad', '2']], period)
        same([r[0] for r in rows[2:]],
             ['`203.0.113.%d`' % i for i in (0, 2, 3, 4)], period)
    # More is added to what there is.
    ask_many(relay)
    relay.stop()
    same(taken(relay), {k: 2 * n for k, n in MANY.items()}, 'twice')


def test_a_reload_takes_matches_to_the_store_beside_the_master():
    relay = listed_gateway().serve()
    ask_many(relay)
    relay.process.send_signal(signal.SIGHUP)
    harness.wait_for(lambda: taken(relay) == MANY, 'matches in the store')
    # Each once, and while another has the store none is lost.
    db = sqlite3.connect(relay.store, timeout=10)
    db.execute('BEGIN IMMEDIATE')
    look_up(relay, 'bad.example', kind='domain')
    relay.process.send_signal(signal.SIGHUP)
    began = time.time()
    same(donut(relay)['Suspicious'][0], 1, 'a tile meanwhile')
    holds(time.time() - began < 4, 'nobody waits for that')
    db.rollback()
    db.close()
    relay.stop()
    same(taken(relay), {('bad', 2): 27, ('odd', 3): 20}, 'at the end')


def test_a_pool_of_one_process_counts_too():
    relay = listed_gateway().serve('--workers', '0')
    ask_many(relay)
    same(relay.stop(), 0, 'stop')
    same(taken(relay), MANY, 'at the end')


def test_a_killed_worker_takes_no_matches_with_it():
    relay = listed_gateway().serve()
    ask_many(relay)
    old = relay.workers()
    for pid in old:
        os.kill(pid, signal.SIGKILL)
    harness.wait_for(lambda: len(set(relay.workers()) - set(old)) == 2 and
                     not set(relay.workers()) & set(old), 'new workers')
    look_up(relay, 'bad.example', kind='domain')
    relay.stop()
    same(taken(relay), {('bad', 2): 27, ('odd', 3): 20}, 'at the end')


def test_cgi_adds_its_own():
    relay = listed_gateway()
    apache = Apache(relay, ways=('cgi',))

    def post(path, body):
        got = harness.http_request(apache.ports['cgi'], 'POST',
                                   '/local/' + path, json.dumps(body),
                                   harness.bearer())
        same(got.status, 200, got.text)
        return got.json()

    for n in (1, 2):
        post('deliberate/observables',
             [{'type': 'ip', 'value': '198.51.100.7'}])
        # The process goes on when the answer is out.
        harness.wait_for(lambda: taken(relay) == {('bad', 2): n,
                                                  ('odd', 3): n},
                         'matches in the store')
    same(post('tiles/tile-data', {'tile_id': 'top_matches',
                                  'period': 'last_7_days'})['data']['data'][2:],
         ['| `198.51.100.7` | ip | bad, odd | 4 |'], 'tile')
    # Another writes the store: the match is lost, and the log says so.
    db = sqlite3.connect(relay.store, timeout=10)
    db.execute('BEGIN IMMEDIATE')
    post('deliberate/observables', [{'type': 'ip', 'value': '198.51.100.7'}])
    harness.wait_for(lambda: not_counted(relay), 'a line in the log')
    db.rollback()
    db.close()
    has('another process is writing', not_counted(relay)[0], 'the line')
    same(taken(relay), {('bad', 2): 2, ('odd', 3): 2}, 'matches')
    apache.stop()


def test_a_store_that_takes_nothing_loses_matches_with_one_line():
    relay = listed_gateway()
    if not harness.ROOT:
        raise Skipped('needs another user, who serves')
    for path in (relay.store, relay.store + '-wal', relay.store + '-shm'):
        os.chown(path, 0, 0)
        os.chmod(path, 0o644)
    relay.serve()
    for _ in range(3):
        ask_many(relay)
        relay.process.send_signal(signal.SIGHUP)
        harness.wait_for(lambda: not_counted(relay), 'a line in the log')
    relay.stop()
    same([line.split(': ', 2)[1] for line in not_counted(relay)],
         ['matches are not counted'], 'lines')
    same(taken(relay), {}, 'matches')


def test_what_is_too_much_is_counted_as_others():
    relay = gateway(server={'workers': '1', 'threads': '1'})
    relay.load(''.join('198.51.%d.%d\n' % (i // 250, i % 250 + 1)
                       for i in range(2000)), 'bad', '--disposition',
               'Malicious')
    relay.serve()
    values = ['198.51.%d.%d' % (i // 250, i % 250 + 1) for i in range(2000)]
    for i in range(0, 2000, 500):
        look_up(relay, *values[i:i + 500])
    look_up(relay, values[0])
    relay.stop()
    same(taken(relay), {('bad', 2): 2001}, 'all by source')
    kept = sql(relay, "SELECT count(*), sum(n) FROM matched_value"
               " WHERE value <> ''")[0]
    others = sql(relay, "SELECT sum(n) FROM matched_value"
                 " WHERE value = ''")[0][0] or 0
    same(kept[1] + others, 2001, 'all')
    holds(600 <= kept[0] <= 2000 and others > 0, (kept, others))
    relay.serve()
    rows = table(relay, 'top_matches')
    same(rows[-1], ['others, whose values are not kept', '', '', str(others)],
         'the last row')
    same(len(rows), 11, 'rows')
    same(rows[0][3], '2', 'the most')


def test_many_at_once_are_counted_one_by_one():
    relay = listed_gateway().serve()
    failed = []

    def client():
        try:
            for i in range(25):
                look_up(relay, '198.51.100.7', '203.0.113.%d' % i)
                if i % 5 == 0:
                    summed(relay)
        except Exception as error:
            failed.append(error)
            raise

    clients = [threading.Thread(target=client) for _ in range(8)]
    for thread in clients:
        thread.start()
    # Taken while they go on.
    for _ in range(3):
        relay.process.send_signal(signal.SIGHUP)
        time.sleep(0.2)
    for thread in clients:
        thread.join()
    same(failed, [], 'clients')
    same(relay.stop(), 0, 'stop')
    same(taken(relay), {('bad', 2): 400, ('odd', 3): 200}, 'at the end')
    same(sql(relay, "SELECT sum(n) FROM matched_value")[0][0], 600, 'values')

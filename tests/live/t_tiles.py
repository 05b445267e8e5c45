"""The tiles of the local relay: exact numbers for each tile and period, out of
imports and actions; what is refused; what a tile costs."""

import calendar
import json
import re
import sqlite3
import time

import fcgiclient as fcgi
import harness
from harness import Gateway, has, holds, same

HOUR, DAY = 3600, 86400
PERIODS = {'last_hour': HOUR, 'last_24_hours': DAY, 'last_7_days': 7 * DAY,
           'last_30_days': 30 * DAY, 'last_60_days': 60 * DAY,
           'last_90_days': 90 * DAY}
ALL = list(PERIODS)
# tile: (type, periods)
TILES = {'indicators': ('metric_group', ALL),
         'dispositions': ('donut_graph', ALL),
         'sources': ('horizontal_bar_chart', ALL),
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
    before = int(time.time())
    answer = ask(relay, 'tiles/tile-data', {'tile_id': tile, 'period': period})
    same(list(answer), ['data'], 'members')
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


def act(relay, action, value, kind='ip'):
    return ask(relay, 'respond/trigger',
               {'action-id': action, 'observable_type': kind,
                'observable_value': value})['data']['status']


def sql(relay, text, *values):
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

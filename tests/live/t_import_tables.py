# SPDX-License-Identifier: MIT
"""ctim-relay intel import of tables and JSON, from outside: which column is the
indicator, what the others say, and what the summary tells of it.  Published
feeds are cases of unit:feed_table."""

import json

from harness import Gateway, has, same


def load(text, *options, ok=True):
    """Imports; returns the gateway and the summary."""
    relay = Gateway('tables')
    status, out, err = relay.cli('intel', 'import', '-', '--source', 'feed',
                                 *options, input=text, ok=ok)
    return relay, out + err


def listed(relay):
    return [(r['value'], r['disposition']) for r in json.loads(
        relay.cli('intel', 'list', '--json')[1])]


def test_an_address_beside_a_link():
    relay, said = load('IP,Port,URL,Description\n'
                       '192.0.2.1,443,https://vendor.example/r/1,bad\n'
                       '192.0.2.2,80,https://vendor.example/r/2,worse\n')
    same(listed(relay), [('192.0.2.1', 'Suspicious'),
                         ('192.0.2.2', 'Suspicious')], 'the addresses')
    has('"URL" is taken for the reference', said, 'the note')
    has('--column value=URL', said, 'how to choose')


def test_a_list_with_semicolons_keeps_its_judgement():
    relay, _ = load('ip;disposition\n192.0.2.1;Clean\n192.0.2.2;Clean\n')
    same(listed(relay), [('192.0.2.1', 'Clean'), ('192.0.2.2', 'Clean')],
         'an allow list of a spreadsheet')


def test_both_columns_when_asked():
    relay, _ = load('url,host\nhttp://a.example/x,a.example\n',
                    '--column', 'value=url,host')
    same([v for v, _ in listed(relay)], ['a.example', 'http://a.example/x'],
         'both')


def test_networks_of_two_columns():
    relay, _ = load('start,end\n203.0.113.0,203.0.113.255\n'
                    '198.51.100.4,198.51.100.7\n')
    same([v for v, _ in listed(relay)],
         ['198.51.100.4/30', '203.0.113.0/24'], 'the networks')


def test_a_lost_cell_is_told():
    relay, said = load('ip,severity\n192.0.2.1,bogus\n192.0.2.2,High\n')
    same(len(listed(relay)), 2, 'rows')
    has('severity: 1 cell was not understood', said, 'the note')


def test_a_column_that_is_not_there():
    _, said = load('ip,reason\n192.0.2.1,x\n', '--column', 'reason=reasom',
                   ok=False)
    has('there is no column "reasom"', said, 'the error')


def test_rows_wherever_a_document_has_them():
    relay, said = load('{"response": {"data": [{"ip": "192.0.2.1"}]},'
                       ' "errors": [{"code": 1}]}')
    same([v for v, _ in listed(relay)], ['192.0.2.1'], 'an array in an object')
    has('1 element of other arrays was passed over', said, 'the note')
    relay, _ = load('{"192.0.2.1": {"tags": ["a"]}, "evil.example": {}}')
    same([v for v, _ in listed(relay)], ['192.0.2.1', 'evil.example'],
         'names of members')


def test_cells_without_a_heading_are_told():
    relay, said = load('ip,comment\n192.0.2.1,brute force, telnet\n'
                       '192.0.2.2,scan,\n')
    same(len(listed(relay)), 2, 'rows')
    has('1 row has more cells than there are headings', said, 'the note')


def test_comments_in_windows_1252():
    relay, said = load(b'ip,comment\n192.0.2.1,caf\xe9\n')
    same(json.loads(relay.cli('intel', 'list', '--json')[1])[0]['reason'],
         'caf\u00e9', 'the comment')
    has('read as Windows-1252', said, 'the note')

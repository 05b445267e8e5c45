# SPDX-License-Identifier: MIT
"""What people may write into a description, its map or a case that is odd and
right, or wrong in one place: what is right works, the rest is told."""

import os

from harness import has, holds, same
from t_describe_cases import Described

HEAD = '''[provider]
title = Odd
description = Odd.
types = ip domain url
routes = observe
url = https://odd.example

'''
CALL = '[call a]\nget = /a/{value}\n'
TITLE = '{type: "sighting", confidence: "Low", observed_time: $now, ' \
    'title: (. | tojson)}'
IPS = [{'type': 'ip', 'value': '192.0.2.%d' % i} for i in range(1, 5)]
A = 'GET https://odd.example/a/192.0.2.1'


def row(request, json=1, **more):
    return {'request': request, 'json': json, **more}


def answer(name, ini, program, upstream, claims=None, body=None):
    """What comes of one case, every call of which was asked."""
    d = Described(name, HEAD + ini, program)
    d.case('one', {}, upstream, claims=claims or {}, body=body or IPS[:1])
    status, lines, err = d.test('--accept')
    same((status, lines[-1:]), (0, ['1 passed, 0 failed']), (lines, err))
    return d.answer('one')


def titles(answer):
    return [s['title'] for s in answer.get('data', {}).get(
        'sightings', {}).get('docs', [])]


def messages(answer):
    return [e['message'] for e in answer.get('errors', [])]


def test_a_name_with_blanks_in_the_paths_of_pages_until_and_fail():
    paged = answer(
        'pages', '[call a]\nget = /a/{value}?{page}\n'
        'pages = "page count".n  other\n', TITLE,
        [row(A + '?1', {'page count': {'n': 2}}), row(A + '?2', 5)])
    same(titles(paged), ['{"a":[{"page count":{"n":2}},5]}'], 'pages')
    ini = CALL + 'until = "job state" done over\nfail = "job state" bad\n'
    done = answer('until', ini, TITLE, [row(A, {'job state': 'over'})])
    same(titles(done), ['{"a":{"job state":"over"}}'], 'until')
    bad = answer('fail', ini, TITLE, [row(A, {'job state': 'bad'})])
    same((titles(bad), len(messages(bad))), ([], 1), 'fail')


def test_an_element_whose_members_come_in_another_order_is_the_same():
    ini = CALL + '[call b]\neach = a.l\nget = /b/{item.i}\n'
    same(titles(answer('same', ini, '.b[] | .item | ' + TITLE, [
        row(A, {'l': [{'i': 1, 't': {'x': 2, 'y': 3}},
                      {'t': {'y': 3, 'x': 2}, 'i': 1}, {'i': 2}]}),
        row('GET https://odd.example/b/1'),
        row('GET https://odd.example/b/2')])),
        ['{"i":1,"t":{"x":2,"y":3}}', '{"i":2}'], 'what is asked')


def test_an_entity_that_is_nested_too_deep_is_left_out_alone():
    deep = TITLE + ' + {data: (reduce range(40) as $i (1; [.]))}'
    made = answer('deep', CALL, '("first" | %s), (("x", "y") | %s), '
                  '("last" | %s)' % (TITLE, deep, TITLE), [row(A)])
    same(titles(made), ['"first"', '"last"'], 'what stays')
    same(messages(made), ['Odd: 2 entities were left out (entity: nested too '
                          'deep) (ip 192.0.2.1)'], 'what is told')


def test_a_number_with_zeros_in_front():
    ini = '[claim N]\nlabel = N\nkind = number\ndefault = 007\n\n' \
        '[call a]\npost = /a\njson = {"n": {N}, "t": "{N}"}\n'
    for i, (claims, n, text) in enumerate((
            ({}, 7, '007'), ({'N': '05'}, 5, '05'), ({'N': '000'}, 0, '000'),
            ({'N': '10'}, 10, '10'))):
        same(titles(answer('zeros-%d' % i, ini, '.a | ' + TITLE, [row(
            'POST https://odd.example/a', body={'n': n, 't': text})],
            claims)), ['1'], claims)


def test_a_day_too_long_ago_is_an_error():
    said = 'Odd has answered something that map.jq does not understand: no ' \
        'time: '
    for i, days in enumerate(('1e300', '-1e300', 'nan', 'infinite')):
        has(said, messages(answer(
            'ago-%d' % i, CALL, 'ago(%s) | %s' % (days, TITLE),
            [row(A)]))[0], days)
    same(titles(answer('ago', CALL, '(ago(1), ago(36500)) | ' + TITLE,
                       [row(A)])),
         ['"2026-11-20T12:00:00Z"', '"1926-12-16T12:00:00Z"'], 'days')


def test_a_quota_begins_again_at_a_time_of_the_case():
    ini = '[quota]\nlimit = M\nleft = L\nreset = R\n\n' + CALL + \
        '[call b]\nafter = a\nget = /b\n'
    b = [row('GET https://odd.example/b', 2)]
    for name, reset, left in (('later', '1795266000', 3600),
                              ('past', '1795258800', 0),
                              ('seconds', '60', 60)):
        made = answer('quota-' + name, ini, TITLE, [
            row(A, reply_headers={'L': '0', 'R': reset})] +
            (b if left == 0 else []))
        same(messages(made), [] if left == 0 else [
            'The quota of this credential at Odd is used up for %d s more '
            '(ip 192.0.2.1)' % left], name)


def test_a_failed_batch_is_told_of_each():
    ini = '[call a]\nbatch = 3\npost = /b\nform = q={entries}\n' \
        'entry = {type}:{value}\n'
    post = 'POST https://odd.example/b'
    made = answer('batch', ini, '.a[] | select(. == $value) | ' + TITLE, [
        {'request': post, 'status': 500,
         'body': 'q=ip:192.0.2.1,ip:192.0.2.2,ip:192.0.2.3'},
        row(post, ['192.0.2.4'], body='q=ip:192.0.2.4')], body=IPS)
    same(titles(made), ['"192.0.2.4"'], 'what is found')
    same(messages(made), ['Unexpected response from Odd: 500 Internal Server '
                          'Error (ip 192.0.2.%d)' % i for i in (1, 2, 3)],
         'what failed')
    other = [{'type': 'domain', 'value': 'a.example'},
             {'type': 'ip', 'value': 'bad ip'}]
    made = answer('places', ini, '.a[] | select(. == $value) | ' + TITLE, [
        row(post, ['192.0.2.2'], body='q=ip:192.0.2.1,domain:a.example,'
            'ip:192.0.2.2'),
        row(post, [], body='q=ip:192.0.2.3')],
        body=IPS[:1] + other + IPS[1:3])
    same((titles(made), messages(made)), (['"192.0.2.2"'], []), 'places')


def test_slips_in_a_case_are_told_with_the_file():
    d = Described('slips', HEAD + CALL, TITLE)
    for change, text in (
            ({'foo': 1}, 'request.json: has a member foo; there are route, '
             'now, claims, body'),
            ({'route': 'tiles'}, 'request.json: has no "route": observe, '
             'deliberate, refer or health'),
            ({'upstream': [row(A, text='x')]},
             'upstream.json: [0] has both json and text'),
            ({'upstream': [{'request': A, 'text': 5}]},
             'upstream.json: [0].text is no text'),
            ({'upstream': [row(A, reply_headers=['a'])]},
             'upstream.json: [0].reply_headers is no object'),
            ({'upstream': [row(A, reply_headers={'a': 1})]},
             'upstream.json: [0].reply_headers.a is no text'),
            ({'upstream': [row(A, headers='a')]},
             'upstream.json: [0].headers is no object')):
        d.case('one', {}, **{'upstream': [row(A)], 'claims': {},
                             'body': IPS[:1], **change})
        status, lines, err = d.test()
        same((status, lines[-1]), (1, '0 passed, 1 failed'), (lines, err))
        same([line.split('/cases/one/')[-1] for line in lines[:-1]], [text],
             change)


def test_a_file_beside_the_cases_is_none():
    d = Described('readme', HEAD + CALL, TITLE)
    d.write('cases/README', 'What the cases are about.\n')
    status, lines, err = d.test()
    same((status, lines), (0, ['0 passed, 0 failed']), err)
    has('warning: there are no cases', err, 'no cases')
    d.case('one', {}, [row(A)], claims={}, body=IPS[:1])
    status, lines, err = d.test('--accept')
    same((status, lines[-1], err), (0, '1 passed, 0 failed', ''), lines)
    holds(os.path.isfile(d.path + '/cases/README'), 'the file')

# SPDX-License-Identifier: MIT
"""What observables and answers hold that a described provider must not stumble
over: odd values, further pages told in odd ways, numbers, lengths."""

import json
import os

import harness
from harness import has, holds, same
from t_described import EACH, ask, directory, errors, gateway, head, lines, \
    titles
from upstream import Upstream


def test_only_the_values_of_seven_types_are_looked_at():
    ini = head(types='ip domain email hostname file_name') + '''
[call c]
get = /{type}?v={value}
'''
    asked = {'hostname': ['WIN PC$', 'a.example'], 'file_name': ['a b/c'],
             'email': ['a/b{c}@a.example'], 'domain': ['a.example'],
             'ip': ['192.0.2.1']}
    never = {'ip': ['192.0.2.0/24', '192[.]0.2.1', '192.0.2.256', '2001:db8::1'],
             'domain': ['a[.]example', ' a.example', 'a b', 'a{.}example'],
             'email': ['a', 'a[at]a.example', '@a.example']}
    with Upstream([{'match': 'GET /.*', 'json': [1]}]) as s:
        g = gateway('values', s, ini).serve()
        for type in never:
            answer = ask(g, *never[type], type=type)
            same((errors(answer), titles(answer), s.count()), ([], [], 0), type)
        for type in asked:
            answer = ask(g, *asked[type], type=type)
            same((errors(answer), len(titles(answer))), ([], len(asked[type])),
                 type)
        same(g.stop(), 0, 'exit status')


def test_the_next_page_in_other_words():
    ini = head(types='domain') + '''
[call c]
get = /first
next = next
header = X-Value: {value}
'''

    def page(path, next):
        return {'request': 'GET ' + path, 'json': {'next': next, 'at': path}}

    with Upstream([]) as s:
        g = gateway('next', s, ini).serve()
        port = s.url.rsplit(':', 1)[1]
        more = [('warning', 'unknown',
                 'Test has more about %s.example than was read')]
        rows = (('path', '/second?a=b', 2, False),
                ('case', 'HTTP://127.0.0.1:%s/second?a=b' % port, 1, True),
                ('secure', 'https://127.0.0.1:%s/second?a=b#x' % port, 2, False),
                ('user', 'http://x@127.0.0.1:%s/second?a=b' % port, 2, False),
                ('port', 'http://127.0.0.1/second?a=b', 1, True),
                ('elsewhere', 'https://127.0.0.1:%s.evil.example/' % port, 1,
                 True),
                ('evil', 'https://evil.example/second?a=b', 1, True),
                ('word', 'second', 1, True), ('none', None, 1, False),
                ('itself', '/first', 1, True))
        for name, next, pages, cut in rows:
            s.rules([page('/first', next), page('/second?a=b', None)])
            answer = ask(g, name + '.example')
            same(errors(answer), [(t, c, m % name) for t, c, m in more]
                 if cut else [], name)
            same(len(titles(answer)), pages, (name, lines(s)))
        same(s.unexpected, [], 'what nobody plays')
        s.rules([page('/first', '/second'), page('/second', '/first')])
        before = len(lines(s))
        answer = ask(g, 'circle.example')
        same((errors(answer), len(titles(answer)), len(lines(s)) - before),
             ([(t, c, m % 'circle') for t, c, m in more], 2, 2), 'a circle')
        same(g.stop(), 0, 'exit status')


def test_the_next_page_told_in_a_header():
    ini = head(types='domain') + '\n[call c]\nget = /c\nnext = next\n' \
        'header = X-After: .{next}\n'

    def page(after, next):
        return {'request': 'GET /c', 'with': {'x-after': '.' + after},
                'json': {'next': next, 'after': after}}

    with Upstream([page('', 'b'), page('b', 'c'), page('c', None)]) as s:
        g = gateway('next-header', s, ini).serve()
        answer = ask(g, 'a.example')
        same((errors(answer), len(titles(answer)), len(lines(s))), ([], 3, 3),
             answer)
        s.rules([page('', 'b'), page('b', 'b')])
        same((errors(ask(g, 'b.example')), len(lines(s))), ([(
            'warning', 'unknown',
            'Test has more about b.example than was read')], 2), 'a circle')
        same(g.stop(), 0, 'exit status')


def test_batches_that_have_too_many_bytes():
    """Of 100 observables as many are in one call as its URL or body can have."""
    ini = head(types='domain url') + '\n[call c]\nbatch = 1000\n'
    with Upstream([{'match': '(GET|POST) /.*', 'json': [1]}]) as s:
        g = gateway('bytes', s, ini +
                    'get = /c?all={entries}\nentry = {value}\n').serve()
        domains = ['%s.d%d.example' % ('.'.join(['a' * 60] * 3), n)
                   for n in range(100)]
        answer = ask(g, *domains)
        same((errors(answer), len(titles(answer))), ([], 100), 'domains')
        asked = [line.split('=')[1].split(',') for line in lines(s)]
        same(sorted(sum(asked, [])), sorted(domains), 'each once')
        holds(4 <= len(asked) <= 6, [len(x) for x in asked])
        directory(g, ini.replace('{URL}', s.url) + 'post = /c\n'
                  'json = [{entries}]\nentry = "{value}"\n',
                  **{'map.jq': EACH})
        g.cli('reload')
        urls = ['https://u.example/%d/%s' % (n, 'x' * 7000)
                for n in range(100)]
        answer = ask(g, *urls, type='url')
        same((errors(answer), len(titles(answer))), ([], 100), 'urls')
        asked = [json.loads(r.body) for r in s.requests
                 if r.line.startswith('POST')]
        same(sorted(sum(asked, [])), sorted(urls), 'each once')
        same(len(asked), 2, 'calls')
        same(g.stop(), 0, 'exit status')


def test_batches_in_a_string():
    """What an entry is escaped for follows from where the entries stand."""
    ini = head(types='file_name') + '\n[call c]\nbatch = 5\npost = /c\n' \
        'json = {"q": "name:({entries})", "n": 1}\n'
    with Upstream([{'request': 'POST /c', 'json': [1]}]) as s:
        g = gateway('string', s, ini + 'entry = \\"{value|lucene}\\"\n').serve()
        asked = ['a', 'b"c', 'd\\', 'é\n']
        answer = ask(g, *asked, type='file_name')
        same((errors(answer), len(titles(answer))), ([], 4), answer)
        same(json.loads(s.requests[-1].body), {
            'q': 'name:("a","b\\"c","d\\\\","é\n")', 'n': 1}, 'quoted')
        directory(g, ini.replace('{URL}', s.url) + 'entry = {value}\n',
                  **{'map.jq': EACH})
        g.cli('reload')
        answer = ask(g, *asked, type='file_name')
        same((errors(answer), len(titles(answer))), ([], 4), answer)
        same(json.loads(s.requests[-1].body), {
            'q': 'name:(a,b"c,d\\,é\n)', 'n': 1}, 'as they are')
        same(g.stop(), 0, 'exit status')


def test_no_value_leads_out_of_the_path():
    ini = head(types='file_name url') + '''
[call c]
get = /files/{value}/info
get.url = /urls?u={value}
'''
    with Upstream([{'match': 'GET /.*', 'json': [1]}]) as s:
        g = gateway('dots', s, ini).serve()
        for value in ('..', '.'):
            same(errors(ask(g, value, type='file_name')), [(
                'fatal', 'invalid argument', 'The path of the URL for Test '
                'would have a . or .. of its own (file_name %s)' % value)],
                 value)
        same(lines(s), [], 'what was asked')
        ask(g, '...', '../..', '%2e%2e', type='file_name')
        ask(g, '..', type='url')
        same(lines(s), ['GET /files/%252e%252e/info', 'GET /files/..%2F../info',
                        'GET /files/.../info', 'GET /urls?u=..'],
             'what was asked')
        same(g.stop(), 0, 'exit status')


def test_long_urls():
    """Up to 8 KB they are asked for; beyond it, that is said."""
    ini = head(types='url') + '\n[call c]\nget = /u?u={value}\n'
    with Upstream([{'match': 'GET /.*', 'json': [1]}]) as s:
        g = gateway('long', s, ini).serve()
        good = 'http://a.example/' + 'a' * 7000
        answer = ask(g, good, type='url')
        same((errors(answer), len(titles(answer))), ([], 1), 'good')
        long = 'http://a.example/' + 'a' * 9000
        answer = ask(g, long, 'http://a.example/', type='url')
        same([(t, c, m[:33]) for t, c, m in errors(answer)],
             [('warning', 'invalid argument',
               'The question is too long for Test')], 'long')
        same(len(titles(answer)), 1, 'the other one')
        same(s.count(), 2, lines(s))
        same(g.stop(), 0, 'exit status')


def test_what_cannot_be_sent_is_named():
    ini = head(types='domain url') + '''
[claim WORD]
label = Word
needed = no

[call a]
types = domain
get = /a

[call b]
types = domain
get = /b?x={a.object}

[call c]
types = url
get = /c
header = X-Word: {value} {WORD}
'''
    with Upstream([{'request': 'GET /a', 'json': {'object': {'a': 1}}}]) as s:
        g = gateway('sent', s, ini).serve()
        for name, type, value, claims in (
                ('a', 'domain', 'a.example', {}),
                ('value', 'url', 'http://a.example/\r\nX: y', {}),
                ('WORD', 'url', 'http://a.example/', {'WORD': 'a\nb'})):
            got = errors(ask(g, value, type=type, claims=claims))
            same(len(got), 1, got)
            same(got[0][:2], ('fatal', 'invalid argument'), got)
            has('What {%s} stands for cannot be sent to Test' % name, got[0][2],
                name)
        same(g.stop(), 0, 'exit status')


def test_numbers_that_jq_cannot_hold():
    """They come as texts, in answers and constants alike."""
    ini = head(types='domain') + '\n[call c]\nget = /c\n'
    body = '{"a": 9007199254740993, "b": -9007199254740993, ' \
        '"c": 9007199254740992, "d": [18446744073709551615, ' \
        '99999999999999999999999, -99999999999999999999]}'
    with Upstream([{'request': 'GET /c', 'text': body}]) as s:
        g = gateway('numbers', s, ini, **{
            'data.json': '[9007199254740993, 1.5]', 'map.jq': '''
{type: "sighting", confidence: "High", observed_time: $now,
 title: "\\(.c.a | type) \\(.c.b) \\(.c.c | type) \\(.c.d | tojson) \\($data | tojson)",
 data: ({n: null, t: true, s: "x"} | table)}
'''}).serve()
        answer = ask(g, 'a.example')
        same(titles(answer), [
            'string -9007199254740993 number ["18446744073709551615",'
            '"99999999999999999999999","-99999999999999999999"] '
            '["9007199254740993",1.5]'], answer)
        same(answer['data']['sightings']['docs'][0]['data']['rows'],
             [['None', 'true', 'x']], 'table')
        same(g.stop(), 0, 'exit status')


def test_each_url_and_query_may_be_a_file():
    ini = head(types='domain', url='@url.txt', more='''
[claim key]
label = Key
kind = api_key

[auth]
query = @query.txt
''') + '\n[call c]\nget = @get.txt\n'
    with Upstream([{'request': 'GET /v1/c/a.example?all=yes&key=sesame',
                    'json': [1]}]) as s:
        g = gateway('files', s, ini, **{
            'url.txt': s.url + '\n/v1\n', 'get.txt': '/c/\n{value}\n?all=yes\n',
            'query.txt': 'key=\n{key}\n'}).serve()
        answer = ask(g, 'a.example', claims={'key': 'sesame'})
        same((errors(answer), len(titles(answer))), ([], 1), lines(s))
        same(g.stop(), 0, 'exit status')


def test_an_answer_of_lines_is_one_answer():
    """Each line may hold what an answer may; not all of them together."""
    ini = head(types='domain') + '\n[call c]\nget = /{value}\nanswer = lines\n'
    line = json.dumps([0] * 120000) + '\n'
    one = '{type: "sighting", confidence: "High", observed_time: $now, ' \
        'title: "\\(.c | length)"}'
    with Upstream([{'request': 'GET /one.example', 'text': line + '1\n'},
                   {'request': 'GET /two.example', 'text': line * 2}]) as s:
        g = gateway('lines', s, ini, **{'map.jq': one}).serve()
        answer = ask(g, 'one.example')
        same((errors(answer), titles(answer)), ([], ['2']), answer)
        same(errors(ask(g, 'two.example')), [(
            'fatal', 'unknown', 'The answer of the service is not the JSON '
            'that it should be: too many values (domain two.example)')], 'two')
        same(g.stop(), 0, 'exit status')


def test_all_answers_of_a_lookup_are_bounded():
    """What is too much is dropped, and nothing more is asked."""
    ini = head(types='domain', routes='refer') + '''
[call list]
get = /list
routes = refer

[call each]
each = list[]
get = /each/{item}
routes = refer

[call last]
get = /last
after = each
routes = refer

[refer page]
title = Page
url = https://a.example/{value}
'''
    with Upstream([{'request': 'GET /list', 'json': list(range(6))},
                   {'match': 'GET /each/.*', 'json': [0] * 190000},
                   {'request': 'GET /last', 'json': [1]}]) as s:
        g = gateway('bounded', s, ini).serve()
        answer = ask(g, 'a.example', route='refer')
        told = ('warning', 'unknown', 'All answers together hold more than '
                '1000000 values or 64 MB (domain a.example)')
        same(errors(answer), [told], 'the sixth')
        same(len(answer['data']), 1, answer)
        same(s.count('GET /last'), 0, lines(s))
        same(g.stop(), 0, 'exit status')


def test_what_a_last_call_ends_is_not_kept():
    """A job that was deleted is not asked about by the next request; what has
    nothing to do with it is kept."""
    ini = head(types='domain') + '''
[call info]
get = /info

[call job]
post = /jobs
form = q={value}

[call rows]
get = /jobs/{job.sid}/rows

[call end]
delete = /jobs/{job.sid}
finally = yes
'''
    with Upstream([{'request': 'GET /info', 'json': ['info']}] + [
            rule for sid in ('s1', 's2') for rule in (
                {'request': 'POST /jobs', 'times': 1, 'json': {'sid': sid}},
                {'request': 'GET /jobs/%s/rows' % sid, 'json': [sid]},
                {'request': 'DELETE /jobs/' + sid, 'json': {}})]) as s:
        g = gateway('ended', s, ini)
        g.sections['cache']['url'] = 'sqlite:' + os.path.join(
            g.store_folder, 'cache.db')
        g.write()
        g.serve()
        for sid in ('s1', 's2'):
            has('rows "%s"' % sid, titles(ask(g, 'a.example')), sid)
        same(lines(s), ['DELETE /jobs/s1', 'DELETE /jobs/s2', 'GET /info',
                        'GET /jobs/s1/rows', 'GET /jobs/s2/rows',
                        'POST /jobs', 'POST /jobs'], 'what was asked')
        same(g.stop(), 0, 'exit status')


def test_the_host_of_a_reference():
    """One that a claim says stands there with its port, and only if it is one."""
    ini = head(types='domain', routes='refer').replace('url = {URL}\n', '''
[claim HOST]
label = Host
kind = host

[refer page]
title = Page
url = https://{HOST}/a?q={value}

[refer root]
title = Root
url = https://www.{HOST}

[refer value]
title = Value
url = https://{value}.a.example/{HOST}
''')
    with Upstream([]) as s:
        g = gateway('hosts', s, ini).serve()
        answer = ask(g, 'b.example', route='refer',
                     claims={'HOST': 'a.example:8443'})
        same(sorted(r['url'] for r in answer['data']),
             ['https://a.example:8443/a?q=b.example',
              'https://b.example.a.example/a.example%3A8443',
              'https://www.a.example:8443'], answer)
        answer = ask(g, 'b.example', route='refer',
                     claims={'HOST': 'a.example/x?y='})
        same([r['url'] for r in answer['data']],
             ['https://b.example.a.example/a.example%2Fx%3Fy%3D'], answer)
        same(g.stop(), 0, 'exit status')


def test_what_is_as_written():
    """A title of 100 characters in more bytes; braces in a name of a path; one
    Accept; batches whose JSON has no entries."""
    title = 'é' * 80
    ini = head(types='domain').replace('title = Test', 'title = ' + title) + '''
[call a]
get = /a
header = Accept: application/x-a

[call b]
post = /b
json = {"v": "{a."x}y"}", "w": 1}

[call c]
batch = 2
post = /c?v={entries}
json = {}
entry = {value}
'''
    with Upstream([{'request': 'GET /a', 'json': {'x}y': 'z'}},
                   {'match': 'POST /.*', 'json': [1]}]) as s:
        g = gateway('written', s, ini).serve()
        answer = ask(g, 'a.example', 'b.example')
        same(errors(answer), [], answer)
        same({r.headers['accept'] for r in s.requests if '/a' in r.line},
             {'application/x-a'}, 'Accept')
        same({r.body for r in s.requests if '/b' in r.line},
             {b'{"v": "z", "w": 1}'}, 'names with braces')
        has('POST /c?v=a.example,b.example', lines(s), 'entries')
        same(answer['data']['sightings']['docs'][0]['source'], title, 'title')
        same(g.stop(), 0, 'exit status')


def test_a_key_to_sign_with_that_is_not_there():
    ini = head(types='domain', more='''
[claim key]
label = Key
kind = api_key
needed = no

[auth]
sign = hmac-sha256 X-Sign: {value}
sign_key = {key}
''') + '\n[call c]\nget = /c\n'
    with Upstream([{'request': 'GET /c', 'json': [1]}]) as s:
        g = gateway('unsigned', s, ini).serve()
        same(errors(ask(g, 'a.example', claims={})), [(
            'fatal', 'authorization error',
            'Authorization failed: there is no key to sign with')], 'no key')
        same(lines(s), [], 'what was asked')
        same(errors(ask(g, 'a.example', claims={'key': 'sesame'})), [], 'key')
        same(g.stop(), 0, 'exit status')


def test_an_each_of_nothing_is_nothing():
    """The map is not run: it would write something."""
    ini = head(types='domain') + '''
[call list]
get = /{value}
nothing = 410

[call each]
each = list.list[]
get = /each/{item}
'''
    made = '{type: "sighting", confidence: "High", observed_time: $now, ' \
        'title: "\\(.each | length)"}'
    with Upstream([{'request': 'GET /gone.example', 'status': 410},
                   {'request': 'GET /some.example', 'json': {'list': [1, 2]}},
                   {'match': 'GET /each/.*', 'status': 404}]) as s:
        g = gateway('nothing', s, ini, **{'map.jq': made}).serve()
        answer = ask(g, 'gone.example')
        same((errors(answer), titles(answer)), ([], []), answer)
        same(titles(ask(g, 'some.example')), ['2'], 'some')
        same(g.stop(), 0, 'exit status')


def test_each_with_what_another_each_found():
    """All answers of one, with pages and without, in the order of elements."""
    ini = head(types='domain') + '''
[call list]
get = /list

[call one]
each = list[]
get = /one/{item}

[call two]
each = list[]
get = /two/{item}?p={page}
pages = pages
max_pages = 3

[call all]
each = list[]
get = /all/{item}?one={one[].answer.v}
'''
    rules = [{'request': 'GET /list', 'json': ['a', 'b', 'c']}]
    for n, item in enumerate('abc'):
        rules.append({'request': 'GET /one/' + item, 'status': 200,
                      'json': {'v': n}} if item != 'b' else
                     {'request': 'GET /one/b', 'status': 404})
        rules += [{'request': 'GET /two/%s?p=%d' % (item, p),
                   'json': {'pages': 2 if item != 'c' else 1,
                            'at': '%s%d' % (item, p)}} for p in (1, 2)]
        rules.append({'request': 'GET /all/%s?one=0,2' % item, 'json': item})
    with Upstream(rules) as s:
        g = gateway('all', s, ini, **{'map.jq': '''
{type: "sighting", confidence: "High", observed_time: $now,
 title: ([.one[] | [.item, .answer.v]], [.two[] | [.answer[].at]], [.all[].answer]
         | tojson)}
'''}).serve()
        answer = ask(g, 'a.example')
        same((errors(answer), titles(answer)), ([], sorted([
            '[["a",0],["b",null],["c",2]]', '[["a1","a2"],["b1","b2"],["c1"]]',
            '["a","b","c"]'])), answer)
        same(s.unexpected, [], 'what nobody plays')
        same(g.stop(), 0, 'exit status')

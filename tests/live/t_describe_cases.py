# SPDX-License-Identifier: MIT
"""ctim-relay provider test: the cases of described providers, through the real
gateway and the real mapping worker, without the network."""

import copy
import glob
import json
import os

import harness
from harness import SRC, Gateway, Skipped, has, holds, run, same

PROGRAM = 'ctim-relay'
INI = '''[provider]
title       = Cased
description = What a case knows.
types       = ip domain
routes      = deliberate observe refer
url         = https://api.cased.example/v1

[claim key]
label       = Key
kind        = api_key

[auth]
header      = X-Key: {key}

[call find]
get         = /find?q={value}

[call more]
post        = /more?page={page}
json        = {"id": "{find.id}", "n": {limit}}
pages       = pages
optional    = yes

[errors]
message     = error

[refer search]
title       = Search this {type_name}
url         = https://cased.example/?q={value}
'''
MAP = '''.find.hits[] | {
  type: "sighting",
  title: .title,
  confidence: "High",
  observed_time: .at,
  relations: [relation($observable; "Resolved_To"; domain(.name))]
} as $s
| link($s; "member-of"; {type: "indicator", title: "All", confidence: "Low"})
'''
FIND = {'request': 'GET https://api.cased.example/v1/find?q=192.0.2.7',
        'headers': {'X-Key': 'made-up'},
        'json': {'id': 'a"b', 'hits': [
            {'title': 'One', 'at': '2026-11-01T00:00:00Z', 'name': 'a.example'},
            {'title': 'Two', 'at': '2026-11-02 10:00', 'name': 'b.example'}]}}
PAGES = [{'request': 'POST https://api.cased.example/v1/more?page=%d' % n,
          'headers': {'X-Key': 'made-up'},
          'body': {'n': 100, 'id': 'a"b'}, 'json': {'pages': 2}}
         for n in (1, 2)]
REQUEST = {'route': 'observe', 'now': '2026-11-21T12:00:00Z',
           'claims': {'key': 'made-up'},
           'body': [{'type': 'ip', 'value': '192.0.2.7'}]}


class Described:
    """A directory in the folder of the run."""

    def __init__(self, name, ini=INI, program=MAP):
        self.path = os.path.join(harness.folder('cased-' + name), name)
        self.write('provider.ini', ini)
        if program is not None:
            self.write('map.jq', program)

    def write(self, name, text):
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text if isinstance(text, str) else json.dumps(text))
        os.chmod(path, 0o644)

    def case(self, name, answer=None, upstream=None, **request):
        folder = 'cases/%s/' % name
        self.write(folder + 'request.json', dict(REQUEST, **request))
        self.write(folder + 'upstream.json',
                   [FIND] + PAGES if upstream is None else upstream)
        if answer is not None:
            self.write(folder + 'answer.json', answer)

    def answer(self, name):
        return json.loads(harness.read(os.path.join(
            self.path, 'cases', name, 'answer.json')))

    def test(self, *args):
        """Status, lines of output, errors."""
        status, out, err = run([harness.program(PROGRAM), 'provider', 'test',
                                *args, self.path])
        return status, out.splitlines(), err


def accepted(name):
    """A directory with a case "two", whose answer is what came."""
    d = Described(name)
    d.case('two')
    status, lines, err = d.test('--accept')
    same((status, err), (0, ''), lines)
    same(lines[0].removeprefix(d.path), '/cases/two/answer.json: is new',
         'what it says')
    same(lines[-1], '1 passed, 0 failed', 'the last line')
    return d


def test_the_answer_is_that_of_the_gateway():
    """All of it is there: calls, their claims, pages, the map, what completes
    it, at the time of the case."""
    d = accepted('whole')
    data = d.answer('two')['data']
    same(sorted(data), ['indicators', 'relationships', 'sightings'], 'kinds')
    same([(s['title'], s['observed_time']['start_time'], s['source'],
           s['relations'][0]['related']['value'])
          for s in data['sightings']['docs']],
         [('One', '2026-11-01T00:00:00Z', 'Cased', 'a.example'),
          ('Two', '2026-11-02T10:00:00Z', 'Cased', 'b.example')], 'sightings')
    same(data['relationships']['count'], 2, 'relationships')
    same(d.test(), (0, ['1 passed, 0 failed'], ''), 'once more')


def test_ids_are_compared_up_to_a_renaming():
    d = accepted('ids')
    good = d.answer('two')
    text = json.dumps(good)
    ids = sorted({s['id'] for s in good['data']['sightings']['docs']} |
                 {good['data']['indicators']['docs'][0]['id']})
    renamed = text
    for i, name in enumerate(ids):
        renamed = renamed.replace(name, name[:-36] +
                                  '00000000-0000-0000-0000-%012d' % i)
    d.case('two', renamed)
    same(d.test()[:2], (0, ['1 passed, 0 failed']), 'other ids')
    # The same id where there must be two, and two where there must be one.
    first, second = [s['id'] for s in good['data']['sightings']['docs']]
    one = copy.deepcopy(good)
    one['data']['sightings']['docs'][1]['id'] = first
    other = copy.deepcopy(good)
    other['data']['relationships']['docs'][0]['source_ref'] = second
    kind = copy.deepcopy(good)
    kind['data']['indicators']['docs'][0]['id'] = \
        'transient:judgement-00000000-0000-0000-0000-000000000000'
    for wrong in (one, other, kind):
        d.case('two', wrong)
        status, lines, _ = d.test()
        same((status, lines[-1]), (1, '0 passed, 1 failed'), lines)
        has('cases/two/answer.json: another answer came', lines[0], lines)
        has('transient:', lines[1], lines)


def test_the_first_difference_is_shown():
    d = accepted('differ')
    good = d.answer('two')
    d.case('two', json.dumps(good, sort_keys=True, indent=3))
    same(d.test()[:2], (0, ['1 passed, 0 failed']), 'order of members')

    def changed(change):
        answer = copy.deepcopy(good)
        change(answer['data'])
        d.case('two', answer)
        status, lines, _ = d.test()
        same((status, len(lines), lines[-1]), (1, 3, '0 passed, 1 failed'),
             lines)
        return lines[1].strip()

    docs = 'data.sightings.docs'
    same(changed(lambda x: x['sightings']['docs'][1].update(title='Other')),
         docs + '[1].title: expected "Other", got "Two"', 'a text')
    same(changed(lambda x: x['sightings']['docs'][0].update(count='1')),
         docs + '[0].count: expected "1", got 1', 'a type')
    same(changed(lambda x: x['sightings']['docs'][0].pop('count')),
         docs + '[0].count: not expected, got 1', 'a member too many')
    same(changed(lambda x: x['sightings']['docs'][0].update(tlp='red')),
         docs + '[0].tlp: missing, expected "red"', 'a member too few')
    has(docs + ': expected 1 elements, got 2; too many {"', changed(
        lambda x: x['sightings']['docs'].pop()), 'an element too many')
    has(docs + ': expected 3 elements, got 2; missing {"', changed(
        lambda x: x['sightings']['docs'].append({'title': 'x' * 999})),
        'an element too few')
    # What is written anew is shown too, and then passes.
    status, lines, _ = d.test('--accept')
    same((status, lines[-1]), (0, '1 passed, 0 failed'), lines)
    has('another answer came', lines[0], lines)
    same(d.answer('two'), good, 'the file')


def test_every_call_is_one_of_the_case():
    """One that is not there, other headers, another body, one too many: the
    case fails and says which, and --accept takes none of it."""
    d = accepted('calls')
    good = d.answer('two')

    def played(change):
        upstream = copy.deepcopy([FIND] + PAGES)
        change(upstream)
        d.case('two', good, upstream)
        before = d.answer('two')
        for args in ((), ('--accept',)):
            status, lines, _ = d.test(*args)
            same((status, lines[-1]), (1, '0 passed, 1 failed'), lines)
        has('cases/two/answer.json: is not written: what comes without these '
            'calls is no answer to keep; mend upstream.json first', lines[-2],
            lines)
        same(d.answer('two'), before, 'answer.json')
        return '\n'.join(lines)

    url = 'https://api.cased.example/v1/'
    has('upstream.json: GET %sfind?q=192.0.2.7 was asked, which is not there'
        % url, played(lambda u: u.pop(0)), 'one too few')
    has('upstream.json: GET %sfind?q=192.0.2.7 was asked with other headers: '
        'X-Key: made-up;' % url,
        played(lambda u: u[0].update(headers={'X-Key': 'other'})), 'headers')
    has('with other headers:',
        played(lambda u: u[0]['headers'].update(X='y')), 'one header more')
    has('with other headers:', played(lambda u: u[0].update(headers={})),
        'one header less')
    has('upstream.json: POST %smore?page=1 was asked with another body: '
        '{"id": "a\\"b", "n": 100}' % url,
        played(lambda u: u[1].update(body={'n': 7, 'id': 'a"b'})), 'body')
    has('upstream.json: GET %sother was never asked' % url,
        played(lambda u: u.append({'request': 'GET %sother' % url})),
        'one too many')
    has('upstream.json: GET %sfind?q=192.0.2.7 was never asked' % url,
        played(lambda u: u.append(u[0])), 'the same twice')
    has('upstream.json: [0] has no "request": "GET URL"',
        played(lambda u: u[0].pop('request')), 'no request')
    has('upstream.json: [1] has a member stauts; there are request, headers',
        played(lambda u: u[1].update(stauts=404)), 'a slip of the pen')
    has('upstream.json: [1].status is none of HTTP',
        played(lambda u: u[1].update(status=99)), 'no status')


def test_statuses_and_texts_are_answers_too():
    d = Described('statuses')
    d.case('none', {'data': {}}, [dict(FIND, status=404, json={})])
    limit = [dict(FIND, status=429, json={'error': 'Slow down'},
                  reply_headers={'Retry-After': '1'})]
    said = {'errors': [{'type': 'fatal', 'code': 'too many requests',
                        'message': 'Slow down'}]}
    d.case('limit', said, limit)
    # Beside errors an empty `data` is none.
    d.case('limit_data', dict(said, data={}), limit)
    garbled = {k: v for k, v in FIND.items() if k != 'json'}
    d.case('garbled', {}, [dict(garbled, text='<html>')])
    d.case('refer', {}, [], route='refer')
    d.case('refused', {}, [], claims={})
    status, lines, err = d.test('--accept')
    same((status, lines[-1]), (0, '6 passed, 0 failed'), lines)
    holds(not any('/limit' in line or '/none/' in line for line in lines),
          lines)
    same(d.answer('garbled')['errors'][0]['code'], 'unknown', 'garbled')
    same(d.answer('refer')['data'][0]['url'],
         'https://cased.example/?q=192.0.2.7', 'refer')
    same(d.answer('refused')['errors'][0]['code'], 'authorization error',
         'refused')


def test_nothing_waits_and_nothing_is_repeated():
    """A service of one call a minute that fails: the case has each call once,
    and no circuit opens."""
    d = Described('pace', INI.replace('url         = https://api',
                                      'rate        = 1/minute\n'
                                      'url         = https://api'))
    failing = [dict(FIND, status=503, json={})]
    for i in range(8):
        d.case('failing-%d' % i, {}, failing)
    status, lines, err = d.test('--accept')
    same((status, lines[-1]), (0, '8 passed, 0 failed'), lines)
    same(d.test()[:2], (0, ['8 passed, 0 failed']), 'once more')
    answers = [d.answer('failing-%d' % i) for i in range(8)]
    holds(all(a == answers[0] for a in answers), answers)


def test_errors_of_the_directory():
    """Each is told with its file and line, and counts once."""
    good = accepted('good')
    for name, ini, program, text in (
            ('ini', INI.replace('{value}', '{vlaue}', 1), MAP,
             'ini/provider.ini:16: {vlaue} is not known; did you mean '
             'value?'),
            ('jq', INI, MAP.replace('.hits[]', '.hits['), 'jq/map.jq:'),
            ('nomap', INI, None, 'nomap/map.jq')):
        d = Described(name, ini, program)
        d.case('two', {'data': {}})
        d.case('three', {'data': {}})
        status, lines, err = d.test()
        same((status, lines), (1, ['0 passed, 1 failed']), err)
        has(text, err, name)
        # The others are tested all the same.
        status, out, _ = run([harness.program(PROGRAM), 'provider', 'test',
                              d.path, good.path])
        same((status, out), (1, '1 passed, 1 failed\n'), name)
    for path, text in (('/nowhere/at/all', 'No such file or directory'),
                       ('/', 'its name is none of a provider')):
        status, out, err = run([harness.program(PROGRAM), 'provider', 'test',
                                path])
        same((status, out), (1, '0 passed, 1 failed\n'), err)
        has(text, err, path)
    builtin = Described('otx')
    status, lines, err = builtin.test()
    same((status, lines), (1, ['0 passed, 1 failed']), err)
    has('its name is one of a provider of the gateway itself', err, 'otx')
    others = Described('others')
    others.case('two', {'data': {}})
    os.chmod(os.path.join(others.path, 'map.jq'), 0o666)
    status, lines, err = others.test()
    same((status, lines), (1, ['0 passed, 1 failed']), err)
    has('map.jq', err, 'a file that others may write')


def test_errors_of_a_case():
    d = accepted('files')
    for name, text, told in (
            ('request.json', '{"route": "observe"', 'is no JSON: '),
            ('request.json', dict(REQUEST, route=1), 'has no "route"'),
            ('request.json', dict(REQUEST, now='soon'), 'has no "now" as in'),
            ('request.json', dict(REQUEST, claims=[]),
             'no answer came: '),
            ('upstream.json', {}, 'is no list of at most 1000 calls'),
            ('answer.json', 'null', 'is no JSON: null')):
        d.case('two', d.answer('two'))
        before = harness.read(d.path + '/cases/two/' + name)
        d.write('cases/two/' + name, text)
        status, lines, _ = d.test()
        same((status, lines[-1]), (1, '0 passed, 1 failed'), lines)
        has('cases/two/%s: %s' % (name, told), lines[0], lines)
        d.write('cases/two/' + name, before)
    os.unlink(d.path + '/cases/two/answer.json')
    status, lines, _ = d.test()
    same((status, lines[-1]), (1, '0 passed, 1 failed'), lines)
    has('answer.json: No such file or directory', lines[0], lines)
    empty = Described('empty')
    status, lines, err = empty.test()
    same((status, lines), (0, ['0 passed, 0 failed']), err)
    has('warning: there are no cases', err, 'no cases')


def test_a_key_that_looks_real_is_told():
    d = accepted('secrets')
    key = '9f8b1c0d7e6a5f4e3d2c1b0a99887766'
    up = [dict(row, headers={'X-Key': key}) for row in [FIND] + PAGES]
    d.case('two', d.answer('two'), up, claims={'key': key})
    status, lines, err = d.test()
    same((status, lines), (0, ['1 passed, 0 failed']), err)
    has('cases/two/request.json: warning: key looks like a real key', err,
        'warning')
    holds(key not in err, 'the key is shown')
    # And by what is run before a directory is put to use.
    g = Gateway('secrets', '[relay secrets]\n')
    g.sections['server']['providers'] = os.path.dirname(d.path)
    g.write()
    told = ('warning: %s/cases/two/request.json: key looks like a real key; '
            'a case has one that is made up' % d.path)
    status, _, err = g.cli('check', ok=False)
    same((status, err.count(told)), (0, 1), err)
    holds(key not in err, 'the key is shown')
    d.case('two', d.answer('two'))
    g.relays += '[relay again]\nprovider = secrets\n'
    g.write()
    status, _, err = g.cli('check', ok=False)
    same((status, 'looks like' in err), (0, False), err)


def test_what_is_outside_is_harmless_on_a_terminal():
    d = accepted('safe')
    answer = d.answer('two')
    answer['data']['sightings']['docs'][0]['title'] = '\x1b[31mred\u202e'
    d.case('two', answer, [dict(FIND, request='GET \x1b]0;x\x07')] + PAGES)
    status, lines, err = d.test()
    same((status, lines[-1]), (1, '0 passed, 1 failed'), lines)
    for char in '\x1b\x07\u202e':
        holds(char not in '\n'.join(lines) + err, lines)


def test_of_nothing():
    status, out, err = run([harness.program(PROGRAM), 'provider', 'test'])
    same((status, out), (64, ''), err)
    has('no directory named', err, 'what it says')


def test_shipped_providers():
    """All of the catalogue passes, in one command."""
    found = sorted(os.path.dirname(path) for path in glob.glob(
        os.path.join(SRC, 'share', 'providers', '*', 'provider.ini')))
    if not found:
        raise Skipped('no described providers are shipped')
    status, out, err = run([harness.program(PROGRAM), 'provider', 'test',
                            *found])
    last = out.splitlines()[-1]
    same((status, last.split(', ')[1]), (0, '0 failed'), out + err)
    holds(int(last.split()[0]) >= 3 * len(found), last)


def test_polling_and_what_is_made_finally():
    """A job that is begun, asked for until it is done, and taken away: each of
    the calls is one of the case, in whatever order."""
    d = Described('jobs', '''[provider]
title       = Jobs
description = What takes a while.
types       = ip
routes      = observe
url         = https://jobs.example

[call begin]
post        = /jobs
json        = {"ip": "{value}"}

[call job]
get         = /jobs/{begin.id}
until       = state done
every       = 1

[call away]
delete      = /jobs/{begin.id}
finally     = yes
''', '''.job | {type: "sighting", title: .title, confidence: "Low",
        observed_time: $now}''')
    job = 'https://jobs.example/jobs/7'
    upstream = [{'request': 'DELETE ' + job, 'status': 204},
                {'request': 'GET ' + job, 'json': {'state': 'runs'}},
                {'request': 'GET ' + job,
                 'json': {'state': 'done', 'title': 'Done'}},
                {'request': 'POST https://jobs.example/jobs',
                 'body': {'ip': '192.0.2.7'}, 'json': {'id': 7}}]
    d.case('done', None, upstream, claims={})
    status, lines, err = d.test('--accept')
    same((status, lines[-1], err), (0, '1 passed, 0 failed', ''), lines)
    same(d.answer('done')['data']['sightings']['docs'][0]['title'], 'Done',
         'answer')
    d.case('done', d.answer('done'), upstream[1:], claims={})
    status, lines, err = d.test()
    same((status, lines[-1]), (1, '0 passed, 1 failed'), err)
    has('upstream.json: DELETE %s was asked, which is not there' % job,
        lines[0], lines)

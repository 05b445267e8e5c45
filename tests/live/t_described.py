# SPDX-License-Identifier: MIT
"""Providers that are directories of text files, in the real gateway: which calls
are made, what their answers come to, and what an error of one costs."""

import base64
import hashlib
import hmac
import json
import os

import fcgiclient as fcgi
import harness
import t_described_wrong
from harness import Gateway, Skipped, has, holds, same
from provider_case import no_secret
from t_metrics import parsed
from t_status import relay_of, status, talk
from upstream import Upstream

directory = t_described_wrong.directory
KEY = 'canary-of-the-described-provider'
CLAIMS = '''
[claim key]
label = Key
kind = api_key
needed = no
'''
# A sighting for each thing that a map is shown.
EACH = '''
. as $all | $all | to_entries[] | .key as $call | .value | list | .[]
| {type: "sighting", confidence: "High", observed_time: $now,
   title: "\\($call) \\(tojson)"}
'''


def head(url='{URL}', types='ip domain', routes='observe', more=''):
    return '''[provider]
title = Test
description = A service of the tests.
types = %s
routes = %s
url = %s
%s''' % (types, routes, url, more)


def gateway(name, service, ini, relay='', **more):
    """A gateway with one described relay, test, of a played service."""
    if not os.path.exists(os.path.join(harness.BUILD, 'ctim-relay-map')):
        raise Skipped('this build has no ctim-relay-map')
    g = Gateway('described-' + name,
                relays='[relay test]\nallow_private = yes\n' + relay,
                sections={'http': {'retries': '0', 'breaker': '0'},
                          **more.pop('sections', {})})
    g.sections['server']['providers'] = os.path.join(g.folder, 'providers')
    g.write()
    files = {'map.jq': EACH}
    files.update(more)
    directory(g, ini.replace('{URL}', service.url), **files)
    return g


def ask(g, *values, type='domain', route='observe', claims=None, relay='test',
        **env):
    body = json.dumps([{'type': type, 'value': v} for v in values]).encode()
    path = '/%s/%s' % (relay, route) + (
        '/observables' if route not in ('health', 'version') else '')
    request = fcgi.request('POST', path, body, harness.jwt(
        {'key': KEY} if claims is None else claims), **env)
    status, _, text = fcgi.call(g.socket, request, body, 30)
    same(status, 200, text)
    answer = json.loads(text)
    if route in ('observe', 'deliberate'):
        harness.validate_ctim(answer)
    return answer


def titles(answer):
    """What the map was shown."""
    return sorted(d['title'] for d in answer.get('data', {}).get(
        'sightings', {}).get('docs', []))


def errors(answer):
    return [(e['type'], e['code'], e['message'])
            for e in answer.get('errors', [])]


def lines(service):
    return sorted(service.lines())


# --- calls -------------------------------------------------------------------

def test_calls_after_one_another_and_for_each():
    ini = head() + CLAIMS + '''
[auth]
header = Key: {key}

[call first]
get = /first/{value}

[call second]
get = /second/{first.id}
after = first

[call never]
get = /never/{first.none}

[call each]
each = first.list[]
newest = time
max = 3
get = /each/{item.name}
optional = yes
'''
    with Upstream([
            {'request': 'GET /first/a%20b.example', 'json': {}},
            {'request': 'GET /first/evil.example', 'with': {'key': KEY},
             'json': {'id': 'x/y', 'list': [
                 {'name': 'old', 'time': 1}, {'name': 'new', 'time': 3},
                 {'name': 'new', 'time': 3}, {'time': 4},
                 {'name': 'mid', 'time': 2}]}},
            {'request': 'GET /second/x%2Fy', 'json': [1]},
            {'request': 'GET /each/new', 'json': 'N'},
            {'request': 'GET /each/mid', 'status': 500, 'json': {}}]) as s:
        g = gateway('each', s, ini).serve()
        answer = ask(g, 'evil.example', 'not a domain')
        same(lines(s), ['GET /each/mid', 'GET /each/new',
                        'GET /first/evil.example', 'GET /second/x%2Fy'],
             'what was asked')
        same([t for t in titles(answer) if t.startswith('each')],
             ['each {"item":{"name":"mid","time":2},"answer":null}',
              'each {"item":{"name":"new","time":3},"answer":"N"}',
              'each {"item":{"time":4},"answer":null}'], answer)
        same(titles(answer)[-1], 'second 1', answer)
        same(errors(answer), [(
            'warning', 'internal error', 'Unexpected response from Test: '
            '500 Internal Server Error (domain evil.example)')], answer)
        same(g.stop(), 0, 'exit status')
        no_secret(g, [KEY])


def test_pages_and_next():
    ini = head(types='domain ip') + CLAIMS.replace('key]', 'PAGES]').replace(
        'api_key', 'number').replace('needed = no', 'default = 2') + '''
[call pages]
types = domain
get = /pages/{value}?page={page}
pages = none count
max_pages = {PAGES}

[call further]
types = ip
get = /next?from={next}&q={value}
next = next
'''
    with Upstream(
            [{'request': 'GET /pages/a.example?page=%d' % i,
              'json': {'count': 3, 'n': i}} for i in range(1, 4)] +
            [{'request': 'GET /next?from=&q=192.0.2.1',
              'json': {'next': 'b c', 'n': 1}},
             {'request': 'GET /next?from=b%20c&q=192.0.2.1',
              'json': {'next': '{UPSTREAM}/whole?x=1', 'n': 2}},
             {'request': 'GET /whole?x=1',
              'json': {'next': 'https://elsewhere.example/', 'n': 3}}] +
            [{'request': 'GET /next?from=%s&q=192.0.2.2' % f,
              'json': {'next': 'x%d' % (i + 1)}}
             for i, f in enumerate([''] + ['x%d' % n
                                           for n in range(1, 10)])]) as s:
        g = gateway('pages', s, ini).serve()
        same(titles(ask(g, 'a.example')),
             ['pages {"count":3,"n":1}', 'pages {"count":3,"n":2}'], 'two')
        same(len(titles(ask(g, 'a.example', claims={'PAGES': '0'}))), 3, 'all')
        answer = ask(g, '192.0.2.1', type='ip')
        same(len(titles(answer)), 3, answer)
        answer = ask(g, '192.0.2.2', type='ip')
        same(len(titles(answer)), 10, answer)
        same(errors(answer), [(
            'warning', 'unknown',
            'Test has more about 192.0.2.2 than was read')], answer)
        same(s.unexpected, [], 'what nobody plays')
        same(g.stop(), 0, 'exit status')


def test_batches():
    ini = head(types='domain url') + '''
[call find]
batch = 2
post = /find
json = {"entries": [{entries}]}
entry = {"v": "{value}"}
'''
    with Upstream([{'request': 'POST /find', 'json': {'found': True}}]) as s:
        g = gateway('batch', s, ini).serve()
        values = ['a.example', 'b.example', 'c".example', 'd.example',
                  'e.example', 'b.example']
        answer = ask(g, *values)
        same(sorted([e['v'] for e in json.loads(r.body)['entries']]
                    for r in s.requests),
             [['a.example', 'b.example'], ['d.example', 'e.example']],
             'bodies')
        same(len(titles(answer)), 4, answer)
        same({r.headers['content-type'] for r in s.requests},
             {'application/json'}, 'type')
        same(g.stop(), 0, 'exit status')


def test_signing_in_and_what_goes_with_each_call():
    ini = head() + CLAIMS + '''
[auth]
basic = user:{key}
query = tag={key}
body = apikey={key}
sign = hmac-sha256 X-Sign: {value}
sign_key = {key}

[sign-in]
post = /token
form = grant_type=client_credentials
message = why

[call one]
post = /one
json = {"value": "{value}"}

[call two]
post = /two
form = value={value}
'''
    with Upstream([
            {'request': 'POST /token', 'times': 1, 'json': {
                'access_token': 'first'}},
            {'request': 'POST /token', 'json': {'access_token': 'second'}},
            {'match': 'POST /one.*', 'with': {'authorization':
                                              'Bearer first'},
             'times': 1, 'status': 401, 'json': {}},
            {'match': 'POST /(one|two).*', 'json': [1]}]) as s:
        g = gateway('sign', s, ini).serve()
        answer = ask(g, 'evil.example')
        same(errors(answer), [], answer)
        same(len(titles(answer)), 2, answer)
        tokens = [r for r in s.requests if r.line == 'POST /token']
        same(len(tokens), 2, lines(s))
        same(tokens[0].body, b'grant_type=client_credentials', 'form')
        same(tokens[0].headers['authorization'], 'Basic ' + base64.b64encode(
            b'user:' + KEY.encode()).decode(), 'basic')
        for r in s.requests:
            if r.line == 'POST /token':
                continue
            has('?tag=' + KEY, r.line, 'query')
            has(r.headers['authorization'], 'Bearer first Bearer second',
                'bearer')
            same(r.headers['x-sign'], hmac.new(
                KEY.encode(), b'evil.example', hashlib.sha256).hexdigest(),
                'signature')
            if '/one' in r.line:
                same(json.loads(r.body), {'value': 'evil.example',
                                          'apikey': KEY}, 'body')
            else:
                same(r.body, b'value=evil.example&apikey=' + KEY.encode(),
                     'form')
        s.rules([{'request': 'POST /token', 'status': 400,
                  'json': {'why': 'no such client'}}])
        answer = ask(g, 'other.example', claims={'key': KEY + '2'})
        same(errors(answer), [('fatal', 'authorization error',
                               'Authorization failed: no such client')],
             answer)
        same(g.stop(), 0, 'exit status')
        no_secret(g, [KEY])


def test_polling():
    ini = head() + '''
[call job]
post = /jobs
form = q={value}

[call state]
get = /jobs/{job.sid}
until = entry[0].state DONE
fail = entry[0].state FAILED
every = 1
within = 20

[call rows]
get = /jobs/{job.sid}/rows
after = state

[call end]
delete = /jobs/{job.sid}
finally = yes
'''

    def state(sid, word, times=None):
        rule = {'request': 'GET /jobs/' + sid,
                'json': {'entry': [{'state': word}], 'message': 'no way'}}
        return rule if times is None else dict(rule, times=times)

    with Upstream([
            {'request': 'POST /jobs', 'times': 1, 'json': {'sid': 's1'}},
            {'request': 'POST /jobs', 'times': 1, 'json': {'sid': 's2'}},
            {'request': 'POST /jobs', 'json': {'sid': 's3'}},
            state('s1', 'RUNNING', 2), state('s1', 'DONE'),
            {'request': 'GET /jobs/s1/rows', 'json': ['row']},
            state('s2', 'FAILED'), state('s3', 'RUNNING'),
            {'request': 'DELETE /jobs/s1', 'json': {}},
            {'request': 'DELETE /jobs/s2', 'status': 500, 'json': {}},
            {'request': 'DELETE /jobs/s3', 'status': 204}]) as s:
        g = gateway('poll', s, ini + '\n[errors]\nmessage = message\n').serve()
        answer = ask(g, 'evil.example')
        same(errors(answer), [], answer)
        same(s.count('GET /jobs/s1'), 4, lines(s))
        has('rows "row"', titles(answer), answer)
        same(lines(s)[0], 'DELETE /jobs/s1', lines(s))
        same(errors(ask(g, 'b.example')), [('warning', 'unknown', 'no way')],
             'a job that failed')
        same(s.count('DELETE /jobs/s2'), 1, lines(s))
        has('the call at the end of a lookup failed: Internal Server Error',
            harness.read(g.log), 'log')
        directory(g, ini.replace('within = 20', 'within = 2').replace(
            '{URL}', s.url), **{'map.jq': EACH})
        g.cli('reload')
        same(errors(ask(g, 'c.example')), [(
            'warning', 'connection error',
            'Test has not finished within 2 s (domain c.example)')], 'late')
        same(s.count('DELETE /jobs/s3'), 1, lines(s))
        same(g.stop(), 0, 'exit status')


def test_what_ctim_does_not_have_is_counted():
    """Entities and members, by relay; the rest is answered."""
    ini = head() + '\n[call info]\nget = /{value}\n'
    odd = """{type: "sighting", confidence: "High", observed_time: $now,
        colour: "red"}, {type: "judgement"}, {type: "song"}"""
    with Upstream([{'match': 'GET /.*', 'json': [1]}]) as s:
        g = gateway('left-out', s, ini, **{'map.jq': odd}).serve()
        same(len(errors(ask(g, 'a.example'))), 2, 'warnings')
        ask(g, 'b.example')
        same(parsed(talk(g, b'metrics\n'))[
            ('ctim_relay_map_left_out_total', 'relay="test"')], 6, 'counted')
        same(relay_of(status(g), 'test')['left_out'], 6, 'status')
        same(g.stop(), 0, 'exit status')


def test_cgi():
    """One request reads the description, and makes its own map master."""
    ini = head(types='domain') + '\n[call info]\nget = /{value}\n'
    with Upstream([{'request': 'GET /a.example', 'json': [1]}]) as s:
        g = gateway('cgi', s, ini)
        body = json.dumps([{'type': 'domain', 'value': 'a.example'}])
        path = '/test/observe/observables'
        env = g.env(**fcgi.request('POST', path, body.encode(), harness.jwt()))
        env.update(PATH_INFO=path, SCRIPT_NAME='', GATEWAY_INTERFACE='CGI/1.1')
        status, out, err = harness.run([harness.program('ctim-relay.fcgi')],
                                       input=body, env=env)
        same(status, 0, err)
        same(titles(json.loads(out.split('\r\n\r\n', 1)[1])), ['info 1'], out)


# --- what answers mean -------------------------------------------------------

def test_statuses_and_words():
    ini = head(types='domain') + '''
[call info]
get = /{value}
nothing = 410

[errors]
message = error.text
418 = nothing
409 = too many requests
says = query_status
says.1 = no_results: nothing
says.2 = illegal: invalid argument
says.10 = *: unknown
'''
    rows = (
        ('a', 404, {}, None), ('b', 410, {}, None), ('c', 418, {}, None),
        ('d', 409, {'error': {'text': 'slow down'}},
         ('fatal', 'too many requests', 'slow down')),
        ('e', 200, {'query_status': 'NO_results'}, None),
        ('f', 200, {'query_status': 'illegal'},
         ('fatal', 'invalid argument',
          'Unexpected response from Test: 200 OK (domain f.example)')),
        ('g', 200, {'query_status': 'odd', 'error': {'text': 'x' * 1001}},
         ('fatal', 'unknown', 'x' * 1000)),
        ('h', 503, {}, ('fatal', 'service unavailable',
                        'Unexpected response from Test: 503 Service '
                        'Unavailable (domain h.example)')),
        ('i', 401, {'error': {'text': 'no'}},
         ('fatal', 'authorization error', 'Authorization failed: no')))
    with Upstream([{'request': 'GET /%s.example' % n, 'status': status,
                    'json': body} for n, status, body, _ in rows]) as s:
        g = gateway('status', s, ini).serve()
        for name, _, _, error in rows:
            answer = ask(g, name + '.example')
            same([(t, c, m) for t, c, m in errors(answer)],
                 [error] if error else [], name)
            same(titles(answer), [], name)
        same(g.stop(), 0, 'exit status')


def test_kinds_of_answers():
    ini = head(types='domain', routes='observe') + '''
[call lines]
get = /lines
answer = lines

[call text]
get = /text
answer = text

[call any]
get = /any
answer = any
'''
    with Upstream([
            {'request': 'GET /lines', 'text': '{"a":1}\r\n\n[2]\n'},
            {'request': 'GET /text', 'text': 'just words'},
            {'request': 'GET /any', 'text': 'no JSON'}]) as s:
        g = gateway('kinds', s, ini).serve()
        answer = ask(g, 'evil.example')
        same(titles(answer), ['any "no JSON"', 'lines [2]', 'lines {"a":1}',
                              'text "just words"'], answer)
        same(g.stop(), 0, 'exit status')


def test_references():
    ini = head(types='domain ip', routes='observe refer') + '''
[call info]
get = /{value}
routes = observe

[refer search]
title = Search this {type_name}
url = https://www.example/?q="{value}"
url.ip = https://www.example/ip/{value}

[refer page]
types = domain
category = Pages
title = The page
description = About {value}
url = {info.url}
'''
    with Upstream([
            {'request': 'GET /evil.example',
             'json': {'url': 'https://www.example/evil'}},
            {'request': 'GET /bad.example',
             'json': {'url': 'javascript:alert(1)'}}]) as s:
        g = gateway('refer', s, ini, **{'refer.jq': (
            '{id: "ref-jq", title: "of refer.jq", url: "https://www.example/jq"}')}).serve()
        answer = ask(g, 'evil.example', route='refer')
        same(errors(answer), [], answer)
        same(len(answer["data"]), 3, answer)
        search, page, own = answer['data']
        same(search, {
            'id': 'ref-test-search-domain-evil.example',
            'title': 'Search this domain', 'description': 'Search this domain',
            'url': 'https://www.example/?q=%22evil.example%22',
            'categories': ['Search', 'Test']}, 'search')
        same((page['url'], page['categories'], page['description']),
             ('https://www.example/evil', ['Pages', 'Test'],
              'About evil.example'), 'page')
        same((own['title'], own['url']),
             ('of refer.jq', 'https://www.example/jq'), 'refer.jq')
        same(len(ask(g, 'bad.example', route='refer')['data']), 2, 'no web')
        before = s.count()
        same(ask(g, '192.0.2.1', type='ip', route='refer')['data'][0]['url'],
             'https://www.example/ip/192.0.2.1', 'by type')
        same(s.count(), before, 'no call is needed for it')
        same(g.stop(), 0, 'exit status')


def test_claims_and_hosts():
    ini = head(url='http://{HOST}', types='domain') + '''
[claim HOST]
label = Host
kind = host

[claim ON]
label = On
kind = yesno
default = no

[call on]
when = ON
get = /on?x={ON}

[call off]
when = not ON
get = /off?x={ON}
'''
    with Upstream([{'request': 'GET /on?x=true', 'json': [1]},
                   {'request': 'GET /off?x=false', 'json': [2]}]) as s:
        g = gateway('hosts', s, ini, relay='hosts = 127.0.0.1:%d\n' % s.port,
                    sections={'http': {'allow_private': 'yes', 'retries': '0',
                                       'breaker': '0'}}).serve()
        host = {'HOST': s.host}
        same(titles(ask(g, 'a.example', claims=host)), ['off 2'], 'default')
        for yes in ('yes', 'true', True):
            same(titles(ask(g, 'a.example', claims=dict(host, ON=yes))),
                 ['on 1'], yes)
        for wrong in ('127.0.0.1:1', 'evil.example', '127.0.0.1:%d/x' % s.port,
                      'user@' + s.host):
            before = s.count()
            answer = ask(g, 'b.example', claims={'HOST': wrong})
            same(errors(answer)[0][:2], ('fatal', 'authorization error'),
                 answer)
            same(s.count(), before, wrong)
        same(g.stop(), 0, 'exit status')


def test_a_number_is_no_host():
    """Whatever type a claim has, it leads no credential elsewhere."""
    ini = head(url='http://{HOST}', types='domain') + CLAIMS + '''
[claim HOST]
label = Host
kind = host
default = %s

[auth]
header = Key: {key}

[call info]
get = /{value}
'''
    with Upstream([{'match': 'GET /.*', 'json': [1]}]) as s:
        g = gateway('number', s, ini % s.host,
                    relay='claim.key = %s\n' % KEY,
                    sections={'http': {'allow_private': 'yes', 'retries': '0',
                                       'breaker': '0'}}).serve()
        # 2130706433 is 127.0.0.1, where nobody is asked.
        for n, host in enumerate((2130706433, True, '127.0.0.2', s.host)):
            answer = ask(g, 'n%d.example' % n, claims={'HOST': host})
            same(titles(answer), ['info 1'], answer)
        same({r.headers['key'] for r in s.requests}, {KEY}, 'key')
        same(len(s.requests), 4, 'all went to the described host')
        same(g.stop(), 0, 'exit status')


def test_a_host_beside_a_key_of_the_gateway():
    """A token may not name it: check says that it is missing, the log why a token
    that names one was refused."""
    ini = head(url='http://{HOST}', types='domain') + CLAIMS + '''
[claim HOST]
label = Host
kind = host

[auth]
header = Key: {key}

[call info]
get = /{value}
'''
    with Upstream([{'match': 'GET /.*', 'json': [1]}]) as s:
        g = gateway('placed', s, ini, relay='claim.key = %s\n' % KEY,
                    sections={'http': {'allow_private': 'yes', 'retries': '0',
                                       'breaker': '0'}})
        warned = 'claim.HOST is not set, and no token may name it'
        status, out, err = g.cli('check', ok=False)
        same(status, 0, out + err)
        has(warned, out + err, 'check')
        g.serve()
        same(errors(ask(g, 'a.example', claims={'HOST': s.host}))[0][1],
             'authorization error', 'answer')
        has('its HOST does not count: a credential is the gateway\'s, which has '
            'no claim.HOST', harness.read(g.log), 'log')
        # With a key of its own a token may say where that goes.
        same(titles(ask(g, 'a.example', claims={'HOST': s.host, 'key': 'own'})),
             ['info 1'], 'answer')
        same({r.headers['key'] for r in s.requests}, {'own'}, 'key')
        g.relays += 'claim.HOST = %s\n' % s.host
        g.write()
        holds(warned not in ''.join(g.cli('check', ok=False)[1:]), 'check')
        g.cli('reload')
        same(titles(ask(g, 'a.example', claims={})), ['info 1'], 'answer')
        same(g.stop(), 0, 'exit status')


def test_what_tells_calls_apart_names_their_results():
    """Claims that are no strings, and a header of the call, are in the name of
    what is kept."""
    ini = head(types='domain') + '''
[claim DAYS]
label = Days
kind = number
default = 1

[auth]
header = X-Days: {DAYS}

[call info]
get = /info
header = X-Value: {value}
'''
    rules = [{'request': 'GET /info',
              'with': {'x-days': d, 'x-value': v + '.example'},
              'json': [d + v]} for d in '156' for v in 'ab']
    with Upstream(rules) as s:
        g = gateway('apart', s, ini)
        g.sections['cache']['url'] = 'sqlite:' + os.path.join(
            g.store_folder, 'cache.db')
        g.write()
        g.serve()
        for _ in range(2):
            for days in (None, 5, 6, '5'):
                for v in 'ab':
                    same(titles(ask(g, v + '.example', claims={}
                                    if days is None else {'DAYS': days})),
                         ['info "%s%s"' % (days or 1, v)], (days, v))
        same(len(s.requests), 6, 'each is asked once')
        same(g.stop(), 0, 'exit status')


# --- errors of a description -------------------------------------------------

GOOD = head(types='domain', routes='observe deliberate refer') + '''
[call info]
get = /{value}

[health]
get = /health

[refer r]
title = R
url = https://www.example/
'''
WRONG = {
    'provider.ini': (GOOD.replace('[call info]', '[cal info]'),
                     '8: cal is no section'),
    'map.jq': ('.\n| {a: // 1}', '2: syntax error'),
    'refer.jq': ('.\n| {b: // 1}', '2: syntax error'),
}


def tests():
    for names in (['provider.ini'], ['map.jq'], ['refer.jq'],
                  ['map.jq', 'refer.jq']):
        def test(names=names):
            costs_its_own_relay_alone(names, {n: WRONG[n][0] for n in names})
        yield 'an_error_costs_its_own_relay_alone/' + '+'.join(names), test


def costs_its_own_relay_alone(names, files):
    """No call is made, whatever is asked."""
    with Upstream([{'request': 'GET /a.example', 'json': [1]}]) as s:
        files = dict({'provider.ini': GOOD}, **files)
        files['provider.ini'] = files['provider.ini'].replace('{URL}', s.url)
        g = gateway('error', s, GOOD, **files)
        g.relays += '\n[relay template]\n\n[relay all]\nrelays = test\n'
        g.write()
        g.serve()
        broken = [('fatal', 'internal error',
                   'The description of Test has an error, see the log')]
        for route in ('observe', 'deliberate', 'refer', 'health'):
            same(errors(ask(g, 'a.example', route=route)), broken, route)
            has('test: The description of Test has an error',
                json.dumps(ask(g, 'a.example', route=route, relay='all')),
                'all ' + route)
        for route in ('respond/observables', 'tiles', 'respond/trigger'):
            body = b'[]' if 'obs' in route else b'{}'
            _, _, text = fcgi.call(g.socket, fcgi.request(
                'POST', '/test/' + route, body, harness.jwt()), body, 30)
            same(errors(json.loads(text)), broken, route)
        _, _, text = fcgi.call(g.socket, fcgi.request(
            'POST', '/test/version', b'', harness.jwt()), b'', 30)
        same(errors(json.loads(text)), [], 'version')
        same(errors(ask(g, 'a.example', relay='template')), [], 'others')
        same(lines(s), [], 'calls')
        for name in names:
            has('%s/test/%s:%s' % (os.path.join(g.folder, 'providers'), name,
                                   WRONG[name][1]),
                harness.read(g.stderr) + harness.read(g.log), 'log')
        path = directory(g, GOOD.replace('{URL}', s.url), **{'map.jq': EACH})
        if 'refer.jq' in names:
            os.unlink(os.path.join(path, 'refer.jq'))
        g.cli('reload')
        same(titles(ask(g, 'a.example')), ['info 1'], 'mended')
        # A reload with an error is refused, and the old one serves on.
        directory(g, **files)
        status, out, err = g.cli('reload', ok=False)
        holds(status != 0, out + err)
        for name in names:
            has('/test/%s:%s' % (name, WRONG[name][1]), out + err, path)
        same(titles(ask(g, 'a.example')), ['info 1'], 'old one')
        same(g.stop(), 0, 'exit status')

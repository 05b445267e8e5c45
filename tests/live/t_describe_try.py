# SPDX-License-Identifier: MIT
"""ctim-relay provider try: one question to a service, shown and recorded."""

import base64
import hashlib
import json
import os
import pty
import select
from urllib.parse import quote

import harness
from harness import has, holds, run, same
from upstream import Upstream

PROGRAM = 'ctim-relay'
SECRET = 'sk-7f3 "1/+x'
INI = '''[provider]
title       = Tried
description = What a service says.
types       = ip domain
routes      = deliberate observe refer
url         = %s/v1

[claim key]
label       = Key
kind        = api_key

[claim id]
label       = Account
default     = me

[sign-in]
post        = /token
json        = {"id": "{id}", "key": "{key}"}

[auth]
query       = k={key}
header      = X-Key: {id}

[call find]
get         = /find?q={value}

[call more]
post        = /more
form        = of={find.id}&n={limit}
optional    = yes

[errors]
message     = error

[health]
get         = /me

[refer search]
title       = Search this {type_name}
url         = https://tried.example/?q={value}
'''
MAP = '''.find.hits[] | {type: "sighting", title: .title, confidence: "High",
                observed_time: .at}, {type: "judgement"}
'''
RULES = [
    {'match': 'POST /v1/token', 'json': {'access_token': 'live-token-1',
                                         'expires_in': 600}},
    {'match': r'GET /v1/find\?q=192.0.2.7&k=.*', 'json': {
        'id': 'a&b', 'echo': 'you sent ' + SECRET, 'hits': [
            {'title': 'One', 'at': '2026-11-01T00:00:00Z'}]}},
    {'match': r'POST /v1/more\?k=.*', 'status': 503, 'text': 'later',
     'headers': {'Retry-After': '7'}},
    {'match': r'GET /v1/me\?k=.*', 'json': {'name': 'me'}},
]


def described(name, url):
    path = os.path.join(harness.folder('tried-' + name), name)
    os.makedirs(path, mode=0o755)
    for file, text in (('provider.ini', INI % url), ('map.jq', MAP)):
        with open(os.path.join(path, file), 'w', encoding='utf-8') as f:
            f.write(text)
        os.chmod(os.path.join(path, file), 0o644)
    return path


def credentials(**claims):
    path = os.path.join(harness.folder('tried-claims'), 'claims')
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(claims, file)
    os.chmod(path, 0o600)
    return path


def attempt(path, *args, claims=None):
    return run([harness.program(PROGRAM), 'provider', 'try', path,
                '--credentials', claims or credentials(key=SECRET),
                '--allow-private', *args])


def answer_of(out):
    """The JSON behind the table of calls."""
    return json.loads(out[out.index(' ms:\n') + 5:])


def test_calls_and_answer_are_shown():
    with Upstream(RULES) as service:
        path = described('shown', service.url)
        status, out, err = attempt(path, '192.0.2.7')
        same((status, err), (0, ''), out)
        rows = [line.split() for line in out.split('\n\n')[0].splitlines()]
        same([(r[0], r[1].replace(service.url, ''), r[2]) for r in rows[1:]],
             [('POST', '/v1/token', '200'),
              ('GET', '/v1/find?q=192.0.2.7&k=%7Bkey%7D', '200'),
              ('POST', '/v1/more?k=%7Bkey%7D', '503')], 'calls')
        answer = answer_of(out)
        same(answer['data']['sightings']['docs'][0]['title'], 'One', 'answer')
        errors = [e['message'] for e in answer['errors']]
        holds(any('left out (judgement: ' in e for e in errors), errors)
        holds(SECRET not in out and 'sk-7f3' not in out and
              'live-token' not in out, out)
        # The others: with what was asked, and what there is not.
        status, out, err = attempt(path, '--route', 'health')
        same((status, answer_of(out)), (0, {'data': {'status': 'ok'}}), err)
        status, out, err = attempt(path, '-r', 'refer', 'domain:a.example')
        same(answer_of(out)['data'][0]['url'], 'https://tried.example/?q='
             'a.example', err)
        same(service.unexpected, [], 'calls that nobody expected')
        service.rules([dict(RULES[0], status=401, json={'error': 'No'})])
        status, out, err = attempt(path, '192.0.2.7')
        same((status, answer_of(out)['errors'][0]['message']),
             (1, 'Authorization failed: No'), err)


def test_what_is_recorded_passes_without_secrets():
    with Upstream(RULES) as service:
        path = described('recorded', service.url)
        status, out, err = attempt(path, '192.0.2.7', '--record', 'one')
        same((status, err), (0, ''), out)
        status, out, err = attempt(path, '-r', 'health', '--record', 'health')
        same(status, 0, err)
        asked = len(service.lines())
        for name, text in (('one', 'there is something already'),
                           ('../two', 'is no name of a case'),
                           ('', 'is no name of a case')):
            status, out, err = attempt(path, '192.0.2.7', '--record', name)
            same(status, 1, err)
            has(text, err, name)
        holds(asked > 0, 'nothing was asked')
    case = os.path.join(path, 'cases', 'one')
    files = {name: harness.read(os.path.join(case, name))
             for name in ('request.json', 'upstream.json', 'answer.json')}
    for text in files.values():
        for secret in ('sk-7f3', 'live-token', SECRET):
            holds(secret not in text, text)
    same(json.loads(files['request.json'])['claims'], {'key': '{key}'},
         'claims')
    upstream = json.loads(files['upstream.json'])
    same([row['request'].replace(service.url, '') for row in upstream],
         ['POST /v1/token', 'GET /v1/find?q=192.0.2.7&k=%7Bkey%7D',
          'POST /v1/more?k=%7Bkey%7D'], 'requests')
    same(upstream[0]['body'], {'id': 'me', 'key': '{key}'}, 'body of JSON')
    same(upstream[2]['body'], 'of=a%26b&n=100', 'body of a form')
    same(upstream[1]['headers'],
         {'X-Key': 'me', 'Authorization': 'Bearer token-of-the-case'},
         'headers')
    same(upstream[1]['json']['echo'], 'you sent {key}', 'an echo')
    same((upstream[2]['status'], upstream[2]['text'],
          upstream[2]['reply_headers']), (503, 'later', {'Retry-After': '7'}),
         'an error')
    for name in files:
        same(os.stat(os.path.join(case, name)).st_mode & 0o777, 0o644, name)
    # The service is gone; the cases pass all the same.
    same(run([harness.program(PROGRAM), 'provider', 'test', path]),
         (0, '2 passed, 0 failed\n', ''), 'the cases')


def test_nothing_of_a_credential_is_recorded():
    """Whatever signing in gives besides the token, whether a call follows or not,
    and however the service writes what it repeats."""
    secret, refresh = 'sk+/7f3-of-mine', 'refresh-me-for-ever-and-ever'
    answer = {'access_token': 'live-1', 'refresh_token': refresh,
              'nested': [{'id_token': 'eyJ.live.2'}], 'expires_in': 600}
    echo = '{"id": "a", "hits": [], "echo": "sk\\u002b\\/7f3-of-mine", ' \
        '"sk\\u002b\\/7f3-of-mine": "%s", "n": 7}' % refresh
    with Upstream([
            {'match': 'POST /v1/token', 'times': 1, 'json': answer},
            {'match': r'GET /v1/find.*', 'text': echo},
            {'match': r'POST /v1/more.*', 'json': []},
            {'match': 'POST /v1/token', 'json': answer}]) as service:
        path = described('nothing', service.url)
        key = credentials(key=secret)
        status, out, err = attempt(path, '192.0.2.7', '--record', 'one',
                                   claims=key)
        same((status, err), (0, ''), out)
        with open(os.path.join(path, 'provider.ini'), encoding='utf-8') as f:
            ini = f.read()
        harness.write(os.path.join(path, 'provider.ini'), ini.replace(
            '[health]\nget         = /me\n', ''))
        status, out, err = attempt(path, '-r', 'health', '--record', 'two',
                                   claims=key)
        same((status, err), (0, ''), out)
    made = 'token-of-the-case'
    for name in ('one', 'two'):
        rows = json.loads(harness.read(os.path.join(
            path, 'cases', name, 'upstream.json')))
        same(rows[0]['json'], {
            'access_token': made, 'refresh_token': made,
            'nested': [{'id_token': made}], 'expires_in': 600}, name)
        if name == 'one':
            same(rows[1]['json'], {'id': 'a', 'hits': [], 'echo': '{key}',
                                   '{key}': made, 'n': 7}, 'what is repeated')


def test_what_cannot_be_recorded():
    """Without an answer there is no case, and nothing of it stays."""
    with Upstream(RULES) as service:
        url = service.url
    path = described('gone', url)
    status, out, err = attempt(path, '192.0.2.7', '--record', 'one')
    same(status, 1, out)
    has('a call has no answer; nothing was recorded', err, 'what it says')
    holds(not os.path.exists(os.path.join(path, 'cases')), 'a case was made')
    same(answer_of(out)['errors'][0]['code'], 'connection error', 'answer')


def test_private_addresses_are_asked_for():
    with Upstream(RULES) as service:
        path = described('private', service.url)
        status, out, err = run([
            harness.program(PROGRAM), 'provider', 'try', path, '192.0.2.7',
            '--credentials', credentials(key=SECRET)])
        same((status, service.lines()), (1, []), out + err)


def test_credentials_are_asked_for_at_the_terminal():
    with Upstream(RULES) as service:
        path = described('asked', service.url)
        pid, terminal = harness.with_terminal(pty.fork)
        if pid == 0:
            os.execve(harness.program(PROGRAM), [
                PROGRAM, 'provider', 'try', path, '192.0.2.7',
                '--allow-private'], dict(os.environ, TERM='xterm'))
        seen, told = b'', False
        while select.select([terminal], [], [], 60)[0]:
            try:
                data = os.read(terminal, 65536)
            except OSError:
                break
            seen += data
            if not told and seen.rstrip().endswith(b':'):
                told = True
                os.write(terminal, SECRET.encode() + b'\n')
        os.close(terminal)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        same((status, told), (0, True), seen)
        holds(b'sk-7f3' not in seen, seen)
        holds(len(service.lines()) == 3, service.lines())


def test_wrong_commands():
    path = described('wrong', 'https://tried.example')
    for args, status, text in (
            ([], 64, 'nothing to ask about'),
            (['192.0.2.7', '-r', 'nonsense'], 64,
             'there is no route "nonsense"'),
            (['192.0.2.7', '-r', 'health'], 64,
             'the route health takes no observables'),
            (['what?'], 1, 'what?')):
        got, out, err = attempt(path, *args)
        same((got, out), (status, ''), err)
        has(text, err, args)
    got, out, err = attempt(path, '192.0.2.7',
                            claims=credentials(other='x'))
    same((got, out), (1, ''), err)
    has('lacks "key"', err, 'claims')
    got, out, err = run([harness.program(PROGRAM), 'provider', 'try'])
    same((got, out), (64, ''), err)
    has('no directory named', err, 'no directory')


def piped(name, url):
    """A provider whose key goes out in many spellings."""
    path = described(name, url)
    file = os.path.join(path, 'provider.ini')
    start = INI[:INI.index('[sign-in]')].replace(
        'deliberate observe refer', 'observe') % url
    harness.write(file, start + '''[auth]
basic       = {id}:{key}
query       = b={key|base64}&l={key|lower}&u={key|upper}&h={key|sha256}
header      = X-Key: {key|base64url}

[errors]
message     = error

[call find]
get         = /find?q={value}
''')
    return path


def spellings(secret):
    """What must not be seen of it."""
    raw = secret.encode()
    made = [raw, raw.lower(), raw.upper()]
    made += [base64.b64encode(b'me:' + raw), base64.b64encode(raw),
             base64.b64encode(raw.lower()),
             hashlib.sha256(raw).hexdigest().encode()]
    made += [base64.urlsafe_b64encode(m) for m in (raw, b'me:' + raw)]
    made = [m.decode() for m in made]
    return made + [quote(m, safe='') for m in made]


def test_what_pipes_make_of_a_secret_is_not_shown():
    """In URLs, and where the service repeats what it was sent."""
    secret = 'Sk+/7f3?>Of~mine'
    sent = spellings(secret)
    with Upstream([{'match': '.*', 'status': 400, 'json': {
            'error': 'no: ' + ' '.join(sent)}}]) as service:
        path = piped('piped', service.url)
        key = credentials(key=secret)
        status, out, err = attempt(path, '192.0.2.7', claims=key)
        same((status, err), (1, ''), out)
        for text in sent:
            holds(text not in out, (text, out))
        has('b={key}&l=%7Bkey%7D&u=%7Bkey%7D&h={key}', out, 'the URL')
        # It says no more of it where it cannot be recorded.
        status, out, err = attempt(path, '192.0.2.7', '--record', 'one',
                                   claims=key)
        same(status, 1, out)
        has('with other claims other calls are made', err, 'why')
        for text in sent:
            holds(text not in out + err, (text, out + err))


def test_base64_that_is_repeated_is_not_recorded():
    """As a service does that says what it was sent."""
    secret = 'Sk+/7f3?>Of~mine'
    sent = spellings(secret)
    with Upstream([{'match': '.*', 'headers': {'X-Echo': sent[3]}, 'json': {
            'hits': [{'title': ' '.join(sent), 'at': '2026-11-01T00:00:00Z'}],
            'of': {sent[3]: sent}}}]) as service:
        path = piped('repeated', service.url)
        file = os.path.join(path, 'provider.ini')
        ini = harness.read(file)
        harness.write(file, ''.join(
            line for line in ini.splitlines(True) if 'query' not in line))
        status, out, err = attempt(path, '192.0.2.7', '--record', 'one',
                                   claims=credentials(key=secret))
        same((status, err), (0, ''), out)
    for name in ('request.json', 'upstream.json', 'answer.json'):
        text = harness.read(os.path.join(path, 'cases', 'one', name))
        for secret in sent:
            holds(secret not in text + out, (secret, text + out))
    same(run([harness.program(PROGRAM), 'provider', 'test', path]),
         (0, '1 passed, 0 failed\n', ''), 'the case')


def test_what_no_case_can_have():
    """An integer beyond 64 bits is recorded as the text that came; bytes that are
    not UTF-8 are not."""
    whole = '{"hits": [], "n": 12345678901234567890}'
    rules = [{'match': 'POST /v1/token', 'json': {'access_token': 'live-1'}},
             {'match': r'GET /v1/find.*', 'text': whole},
             {'match': r'POST /v1/more.*', 'json': []}]
    with Upstream(rules) as service:
        path = described('whole', service.url)
        status, out, err = attempt(path, '192.0.2.7', '--record', 'one')
        same((status, err), (0, ''), out)
        rows = json.loads(harness.read(os.path.join(
            path, 'cases', 'one', 'upstream.json')))
        same(rows[1]['text'], whole, 'the answer')
        same(run([harness.program(PROGRAM), 'provider', 'test', path]),
             (0, '1 passed, 0 failed\n', ''), 'the case')
        for text in (b'{"hits": [], "n": "\xff\xfe"}',
                     # As a text it would keep the secret.
                     b'{"hits": [], "n": 12345678901234567890, "k": '
                     b'"sk-7f3 \\"1\\u002f+x"}'):
            service.rules([rules[0], {'match': r'GET /v1/find.*',
                                      'body': text}, rules[2]])
            status, out, err = attempt(path, '192.0.2.7', '--record', 'two')
            same(status, 1, out)
            has('nothing was recorded, as no case can have what came: ', err,
                'why')
            holds(not os.path.exists(os.path.join(path, 'cases', 'two')),
                  'a case was made')

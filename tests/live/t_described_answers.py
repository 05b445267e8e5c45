# SPDX-License-Identifier: MIT
"""What a described provider makes of statuses, words and tokens: of its calls and
of the one that signs in."""

import base64
import hashlib
from urllib.parse import quote

from harness import has, holds, read, same
from t_described import CLAIMS, ask, errors, gateway, head, titles
from upstream import REASONS, Upstream

CALL = '\n[call info]\nget = /{value}\n'


def test_signing_in_that_fails():
    """As calls fail, but that 400, 401 and 403 are of the credential whatever the
    table says, and that a token is never nothing."""
    ini = head(types='domain') + CLAIMS + '''
[sign-in]
post = /token
form = key={key}
message = why
''' + CALL + '''
[errors]
message = other
400 = unknown
404 = nothing
409 = nothing
422 = authorization error
429 = permission denied
says = error
says.1 = bad_client: authorization error
says.2 = fine: nothing
says.3 = *: unknown
'''
    odd = 'Unexpected response from Test: %s (domain a.example)'
    none = 'Test gave no token when signing in (domain a.example)'
    rows = (
        (422, {'why': 'no such client'}, 'authorization error',
         'Authorization failed: no such client'),
        (200, {'error': 'BAD_client', 'why': 'no such client'},
         'authorization error', 'Authorization failed: no such client'),
        (200, {'error': 'odd', 'access_token': 't'}, 'unknown', odd % '200 OK'),
        (200, {'error': 'fine'}, 'unknown', none),
        (200, {}, 'unknown', none),
        (400, {'error': 'odd', 'why': 'no'}, 'authorization error',
         'Authorization failed: no'),
        (401, {}, 'authorization error', odd % '401 Unauthorized'),
        (403, {'error': 'fine'}, 'authorization error', odd % '403 Forbidden'),
        (404, {}, 'unknown', odd % '404 Not Found'),
        (409, {'why': 'never'}, 'unknown', 'never'),
        (422, {'error': 'odd'}, 'unknown',
         odd % '422 Unprocessable Entity'),
        (429, {}, 'permission denied', odd % '429 Too Many Requests'),
        (503, {}, 'service unavailable', odd % '503 Service Unavailable'))
    with Upstream([{'match': 'GET /.*', 'json': [1]}]) as s:
        g = gateway('signing', s, ini).serve()
        for n, (status, body, code, message) in enumerate(rows):
            s.rules([{'request': 'POST /token', 'status': status, 'json': body,
                      'reason': REASONS.get(status, 'Unprocessable Entity')},
                     {'match': 'GET /.*', 'json': [1]}])
            answer = ask(g, 'a.example', claims={'key': 'k%d' % n})
            same(errors(answer), [('fatal', code, message)], (status, body))
            same(titles(answer), [], (status, body))
        s.rules([{'request': 'POST /token', 'json': {
            'access_token': 't', 'error': None}},
                 {'match': 'GET /.*', 'json': [1]}])
        same(titles(ask(g, 'a.example')), ['info 1'], 'signed in')
        same(g.stop(), 0, 'exit status')


def test_a_token_that_is_a_text():
    """What ends its line is not of it; the words of one that fails are the first
    line of the answer."""
    ini = head(types='domain') + CLAIMS + '''
[sign-in]
get = /token?key={key}
answer = text
message = .
''' + CALL
    with Upstream([
            {'request': 'GET /token?key=good', 'text': ' abc.def \r\n'},
            {'request': 'GET /token?key=none', 'text': '\n'},
            {'request': 'GET /token?key=two', 'text': 'a\nb\n'},
            {'request': 'GET /token?key=bad', 'status': 403,
             'text': '\nNot you.\nNor me.\n'},
            {'request': 'GET /a.example',
             'with': {'authorization': 'Bearer abc.def'}, 'json': [1]}]) as s:
        g = gateway('text-token', s, ini).serve()
        answer = ask(g, 'a.example', claims={'key': 'good'})
        same((errors(answer), titles(answer)), ([], ['info 1']), answer)
        for key in ('none', 'two'):
            same(errors(ask(g, 'a.example', claims={'key': key})), [(
                'fatal', 'unknown', 'Test gave no token when signing in '
                '(domain a.example)')], key)
        same(errors(ask(g, 'a.example', claims={'key': 'bad'})), [(
            'fatal', 'authorization error', 'Authorization failed: Not you.')],
             'bad')
        same(g.stop(), 0, 'exit status')


def test_a_token_elsewhere_in_the_answer():
    ini = head(types='domain') + '''
[sign-in]
get = /token
token = data[0]."the token"
''' + CALL
    with Upstream([
            {'request': 'GET /token', 'json': {
                'data': [{'the token': 'abc'}], 'access_token': 'other'}},
            {'request': 'GET /a.example',
             'with': {'authorization': 'Bearer abc'}, 'json': [1]}]) as s:
        g = gateway('path-token', s, ini).serve()
        same(titles(ask(g, 'a.example')), ['info 1'], 'answer')
        same(g.stop(), 0, 'exit status')


def test_what_counts_as_a_word():
    """A text that is not empty, a number, true; of a list each element.  What says
    that there is no error is no word, unless a row has it."""
    ini = head(types='domain') + CALL + '''
[errors]
says = %s
says.1 = no_key: authorization error
says.2 = 1009: permission denied
says.3 = *: unknown
'''
    good = (None, '', False, 0, [], {}, [None, ''])
    bad = (('no_key', 'authorization error'), (['NO_KEY'],
                                               'authorization error'),
           (['odd', 'no_key'], 'authorization error'),
           (1009, 'permission denied'), ('1009', 'permission denied'),
           (1010, 'unknown'), ('odd', 'unknown'), (True, 'unknown'),
           (['odd'], 'unknown'))
    with Upstream([]) as s:
        g = gateway('words', s, ini % 'error').serve()
        for value in good:
            s.rules([{'match': 'GET /.*', 'json': {'error': value}}])
            answer = ask(g, 'a.example')
            same((errors(answer), len(titles(answer))), ([], 1), value)
        for value, code in bad:
            s.rules([{'match': 'GET /.*', 'json': {'error': value}}])
            answer = ask(g, 'a.example')
            same([(c, titles(answer)) for _, c, _ in errors(answer)],
                 [(code, [])], value)
        same(g.stop(), 0, 'exit status')
        g = gateway('words-list', s, ini.replace('says.3', 'says.4').replace(
            '[errors]', '[errors]\nsays.3 = false: nothing') %
            'errors[].code').serve()
        for value, code in (([], []), ([{'code': 'no_key'}],
                                       ['authorization error']),
                            ([{'code': 'x'}, {'code': 1009}],
                             ['permission denied']),
                            ([{'code': 'x'}], ['unknown'])):
            s.rules([{'match': 'GET /.*', 'json': {'errors': value}}])
            answer = ask(g, 'a.example')
            same([c for _, c, _ in errors(answer)], code, value)
        s.rules([{'match': 'GET /.*', 'json': {'errors': [{'code': False}]}}])
        answer = ask(g, 'a.example')
        same((errors(answer), titles(answer)), ([], []), 'a row has it')
        same(g.stop(), 0, 'exit status')


def test_refused_without_words():
    """The status, and what was asked about."""
    ini = head(types='domain') + CALL + '\n[errors]\nmessage = error.text\n'
    with Upstream([{'request': 'GET /a.example', 'status': 401, 'json': {}},
                   {'request': 'GET /b.example', 'status': 403,
                    'text': 'no JSON'}]) as s:
        g = gateway('wordless', s, ini).serve()
        for name, status in (('a', '401 Unauthorized'), ('b', '403 Forbidden')):
            same(errors(ask(g, name + '.example')), [(
                'fatal', 'authorization error', 'Unexpected response from Test: '
                '%s (domain %s.example)' % (status, name))], name)
        same(g.stop(), 0, 'exit status')


def test_what_came_until_the_deadline_is_mapped():
    """The map has a moment after it, as long as it does not need it all."""
    ini = head(types='domain') + CALL + """
[call slow]
get = /slow
optional = yes
"""
    with Upstream([{'request': 'GET /a.example', 'json': [1]},
                   {'request': 'GET /slow', 'delay': 20, 'json': 1}]) as s:
        g = gateway('late', s, ini, sections={'http': {
            'retries': '0', 'breaker': '0', 'timeout': '8', 'deadline': '2'}})
        g.serve()
        answer = ask(g, 'a.example')
        same(([e[:2] for e in errors(answer)], len(titles(answer))),
             ([('warning', 'connection error')], 1), answer)
        same(g.stop(), 0, 'exit status')


def test_a_reference_needs_no_call():
    """One that names none is there when all that are made fail."""
    ini = head(types='domain', routes='observe refer') + CALL + """\
routes = observe refer
optional = %s

[refer page]
title = The page
url = {info.url}

[refer search]
title = Search
url = https://www.example/?q={value}
"""
    jq = '{id: "jq", title: "Of refer.jq", url: "https://www.example/jq"}'
    with Upstream([{'match': 'GET /.*', 'status': 500, 'json': {}}]) as s:
        for optional in ('no', 'yes'):
            g = gateway('refer-' + optional, s, ini % optional,
                        **{'refer.jq': jq}).serve()
            answer = ask(g, 'a.example', route='refer')
            same([r['title'] for r in answer['data']], ['Search', 'Of refer.jq'],
                 answer)
            same([e[:2] for e in errors(answer)],
                 [('warning', 'internal error')], answer)
            same(g.stop(), 0, 'exit status')


def test_query_tells_what_there_is_without_a_verdict():
    with Upstream([{'request': 'GET /a.example', 'json': [1]},
                   {'request': 'GET /b.example', 'json': []}]) as s:
        g = gateway('query', s, head(types='domain') + CALL).serve()
        _, out, _ = g.cli('query', 'test', 'domain:a.example')
        has('1 sighting', out, 'table')
        holds('Nothing is known' not in out, out)
        _, out, _ = g.cli('query', 'test', 'domain:b.example')
        has('nothing known', out, 'table')
        same(g.stop(), 0, 'exit status')


def test_a_service_that_repeats_the_credential():
    """A credential is never shown in an error, be it the gateway's own: as it is, in
    a URL, in base64 alone and with a name, nor the token that signing in got."""
    key, token = 'Sk+/7f3?>Of~"mine', 'tok+en/of=the-service'
    raw = key.encode()
    sent = [key, key.upper(), hashlib.sha256(raw).hexdigest()]
    for made in (raw, b'me:' + raw, b'you:' + raw + b':x', raw.lower()):
        sent += [base64.b64encode(made).decode(),
                 base64.urlsafe_b64encode(made).decode().rstrip('=')]
    sent += [token, base64.b64encode(token.encode()).decode()]
    sent += [quote(text, safe='') for text in sent]
    ini = head(types='domain') + CLAIMS + '''
[sign-in]
post = /token
form = key={key}

[auth]
header = X-Key: {key}

[errors]
message = error
''' + CALL
    said = 'no: ' + ' '.join(sent)
    # The last word is cut where a message ends.
    cut = 'x' * 990 + ' ' + key
    with Upstream([]) as s:
        g = gateway('repeats', s, ini, 'claim.key = %s\n' % key).serve()
        for words in (said, cut, key, 'no'):
            s.rules([{'request': 'POST /token',
                      'json': {'access_token': token}},
                     {'match': 'GET /.*', 'status': 400,
                      'reason': 'Bad ' + key, 'json': {'error': words}}])
            message = errors(ask(g, 'a.example', claims={}))[0][2]
            holds('no' in message or '{key}' in message, message)
            for text in sent + ['Sk+/7']:
                holds(text not in message, (text, message))
        # The token is known still: what refuses it is the service.
        s.rules([{'request': 'POST /token', 'status': 401,
                  'json': {'error': said}},
                 {'match': 'GET /.*', 'status': 401, 'json': {}}])
        message = errors(ask(g, 'a.example', claims={}))[0][2]
        for text in sent[:-2]:
            holds(text not in message, (text, message))
        same(g.stop(), 0, 'exit status')
        log = read(g.log)
        for text in sent:
            holds(text not in log, (text, log))

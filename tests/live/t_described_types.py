# SPDX-License-Identifier: MIT
"""What a described call needs and sends follows from the type that it is made for,
and where it signs in from [sign-in]."""

import t_described
import t_described_wrong
from harness import has, holds, same
from t_described import CLAIMS, ask, errors, gateway, head, lines, titles
from t_status import status
from upstream import Upstream


def test_a_call_needs_what_its_own_type_names():
    """The templates of other types, of a reference too, name calls that are not
    made for this one."""
    ini = head(routes='observe refer') + '''
[call resolve]
get.domain = /resolve/{value}

[call host]
get.ip = /host/{value}
get.domain = /host/{resolve.ip}

[call sent]
post = /sent
json.ip = {"ip": "{value}"}
json.domain = {"ip": "{resolve.ip}"}

[call id]
get = /id/{value}

[refer page]
title = Page
url.ip = https://www.example/{value}
url.domain = https://www.example/{id.number}
'''
    with Upstream([
            {'request': 'GET /resolve/a.example', 'json': {'ip': '192.0.2.1'}},
            {'request': 'GET /host/192.0.2.1', 'json': 'host'},
            {'request': 'POST /sent', 'json': 'sent'},
            {'match': 'GET /id/.*', 'json': {'number': 7}}]) as s:
        g = gateway('types', s, ini).serve()
        for type, value in (('ip', '192.0.2.1'), ('domain', 'a.example')):
            answer = ask(g, value, type=type)
            has('host "host"', str(titles(answer)), type)
            has('sent "sent"', str(titles(answer)), type)
        same([r.body for r in s.requests if r.line == 'POST /sent'],
             [b'{"ip": "192.0.2.1"}'] * 2, 'bodies')
        for type, value, url, asked in (
                ('ip', '192.0.2.1', '192.0.2.1', []),
                ('domain', 'a.example', '7', ['GET /id/a.example'])):
            s.forget()
            answer = ask(g, value, type=type, route='refer')
            same([r['url'] for r in answer['data']],
                 ['https://www.example/' + url], type)
            same(lines(s), asked, type)
        same(g.stop(), 0, 'exit status')


def test_a_body_is_for_the_types_that_have_one():
    ini = head() + '''
[call find]
get.ip = /ip/{value}
post.domain = /search
json = {"q": "{value}"}
'''
    with Upstream([{'request': 'GET /ip/192.0.2.1', 'json': 1},
                   {'request': 'POST /search', 'json': 2}]) as s:
        g = gateway('body', s, ini).serve()
        same(titles(ask(g, '192.0.2.1', type='ip')), ['find 1'], 'ip')
        same(titles(ask(g, 'a.example')), ['find 2'], 'domain')
        same([r.body for r in s.requests], [b'', b'{"q": "a.example"}'],
             'bodies')
        same(g.stop(), 0, 'exit status')


def test_next_is_a_path_where_the_type_has_no_place_for_it():
    ini = head() + '''
[call pages]
get.ip = /ip?from={next}
get.domain = /domain/{value}
next = next
'''
    with Upstream([
            {'request': 'GET /ip?from=', 'json': {'next': '2'}},
            {'request': 'GET /ip?from=2', 'json': {'n': 2}},
            {'request': 'GET /domain/a.example', 'json': {'next': '/second'}},
            {'request': 'GET /second', 'json': {'n': 2}}]) as s:
        g = gateway('next', s, ini).serve()
        for type, value in (('ip', '192.0.2.1'), ('domain', 'a.example')):
            answer = ask(g, value, type=type)
            same((titles(answer)[0], len(titles(answer)), errors(answer)),
                 ('pages {"n":2}', 2, []), answer)
        same(g.stop(), 0, 'exit status')


SIGN_IN = '''
[claim LOGIN]
label = Host to sign in at
kind = host
needed = no

[sign-in]
post = %s
form = key={key}

[call first]
get = /first/{value}

[call second]
get = /second/{first.id}
'''


def signed(token):
    return {'authorization': 'Bearer ' + token}


def test_a_service_may_sign_in_at_another_host():
    """Its token is for the host that is called, which a 401 has signed in to once
    more; the host of the description is one that the configuration names."""
    rules = [{'request': 'GET /first/a.example', 'with': signed('old'),
              'status': 401},
             {'request': 'GET /first/a.example', 'with': signed('new'),
              'json': {'id': 7}},
             {'request': 'GET /second/7', 'with': signed('new'), 'json': 'x'}]
    tokens = [{'request': 'POST /token', 'times': 1,
               'json': {'access_token': 'old'}},
              {'request': 'POST /token', 'json': {'access_token': 'new'}}]
    with Upstream(rules) as s, Upstream(tokens) as login, \
            Upstream(rules[1:]) as other:
        g = gateway('elsewhere', s,
                    head() + CLAIMS + SIGN_IN % (login.url + '/token'))
        g.serve()
        for _ in range(2):
            answer = ask(g, 'a.example')
            same((titles(answer), errors(answer)),
                 (['first {"id":7}', 'second "x"'], []), answer)
        same(lines(login), ['POST /token'] * 2, 'signing in')
        holds(all(t_described.KEY.encode() in r.body for r in login.requests), 'key')
        same(errors(ask(g, 'a.example', route='health')), [], 'health')
        # Where the service is, the relay may say; where it signs in stays.
        g.relays = g.relays.replace('[relay test]\n',
                                    '[relay test]\nurl = %s\n' % other.url)
        g.write()
        g.cli('reload')
        same(titles(ask(g, 'a.example')), ['first {"id":7}', 'second "x"'],
             'elsewhere')
        same(len(lines(other)), 2, 'calls')
        same(g.stop(), 0, 'exit status')


def test_signing_in_at_another_host_is_no_call_of_the_service():
    """Its answers tell nothing of the service's quota, and it takes no turn: also
    where a health check does nothing else."""
    ini = head().replace('url = ', 'rate = 1/day\nurl = ') + CLAIMS + \
        SIGN_IN.split('[call second]')[0] + '[quota]\nleft = X-Left\n'
    tokens = [{'request': 'POST /token', 'json': {'access_token': 'new'},
               'headers': {'X-Left': '0'}}]
    with Upstream([{'request': 'GET /first/a.example', 'json': 1}]) as s, \
            Upstream(tokens) as login:
        g = gateway('elsewhere-rate', s, ini % (login.url + '/token')).serve()
        for _ in range(2):
            same(errors(ask(g, 'a.example', route='health')), [], 'health')
        same(status(g)['quotas'], [], 'quotas')
        answer = ask(g, 'a.example')
        same((titles(answer), errors(answer)), (['first 1'], []), answer)
        same(lines(login), ['POST /token'] * 3, 'signing in')
        same(g.stop(), 0, 'exit status')


def test_a_token_is_of_the_host_that_gave_it():
    """A description that signs in elsewhere from now on, with the same credential,
    does not use what is kept."""
    rules = [{'match': 'GET /first/.*', 'with': signed(t), 'json': t}
             for t in ('old', 'new')]
    with Upstream(rules) as s, \
            Upstream([{'request': 'POST /token',
                       'json': {'access_token': 'old'}}]) as old, \
            Upstream([{'request': 'POST /token',
                       'json': {'access_token': 'new'}}]) as new:
        ini = head() + CLAIMS + SIGN_IN.split('[call second]')[0]
        g = gateway('given', s, ini % (old.url + '/token')).serve()
        for login, token in ((old, 'old'), (new, 'new'), (old, 'old')):
            t_described.directory(
                g, (ini % (login.url + '/token')).replace('{URL}', s.url),
                **{'map.jq': t_described.EACH})
            g.cli('reload')
            answer = ask(g, 'a.example')
            same(titles(answer), ['first "%s"' % token], answer)
        same((lines(old), lines(new)), (['POST /token'], ['POST /token']),
             'signing in')
        same(g.stop(), 0, 'exit status')


def test_a_host_that_is_written_otherwise_is_the_same():
    """For which the relay's own url stands, too."""
    ini = head('https://api.example') + CLAIMS + \
        SIGN_IN.split('[call second]')[0] % 'https://API.example.:443/token'
    ini = ini.replace('get = /first', 'get = https://Api.Example:443/first')
    with Upstream([{'request': 'GET /first/a.example', 'with': signed('t'),
                    'json': 1},
                   {'request': 'POST /token',
                    'json': {'access_token': 't'}}]) as s:
        g = gateway('written', s, ini, relay='url = %s\n' % s.url).serve()
        answer = ask(g, 'a.example')
        same((titles(answer), errors(answer)), (['first 1'], []), answer)
        same(g.stop(), 0, 'exit status')


def test_who_signs_in_is_not_told_the_trace():
    """With trace = yes the service is, and no other host."""
    rules = [{'match': 'GET /.*', 'json': {'id': 7}}]
    with Upstream(rules) as s, Upstream(
            [{'request': 'POST /token', 'json': {'access_token': 't'}}]) as login:
        g = gateway('sign-in-trace', s, head() + CLAIMS + SIGN_IN %
                    (login.url + '/token'), relay='trace = yes\n').serve()
        same(errors(ask(
            g, 'a.example', HTTP_TRACESTATE='congo=t61', HTTP_TRACEPARENT=
            '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')), [],
             'errors')
        for service, told, calls in ((s, True, 2), (login, False, 1)):
            same([('traceparent' in r.headers, 'tracestate' in r.headers)
                  for r in service.requests], [(told, told)] * calls,
                 lines(service))
        same(g.stop(), 0, 'exit status')


def test_a_token_names_no_private_host_to_sign_in_at():
    with Upstream([]) as s, Upstream([]) as login:
        g = gateway('named', s, head() + CLAIMS + SIGN_IN %
                    'http://{LOGIN}/token')
        g.serve()
        claims = {'key': t_described.KEY,
                  'LOGIN': login.url.split('://')[1]}
        answer = ask(g, 'a.example', claims=claims)
        has('no URL that may be called', str(errors(answer)), answer)
        same(lines(login) + lines(s), [], 'calls')
        same(g.stop(), 0, 'exit status')


def test_signing_in_wants_tls_as_well():
    g = t_described_wrong.gateway('sign-in-http')
    t_described_wrong.directory(
        g, head('https://api.example') + CLAIMS +
        SIGN_IN % 'http://login.example/token')
    status, text = t_described_wrong.errors(g)
    same(status, 78, text)
    has('allow_private = yes', text, 'check')

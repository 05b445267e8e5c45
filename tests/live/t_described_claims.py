# SPDX-License-Identifier: MIT
"""Claims of a described provider: what may be in them, and which are the
credential."""

import harness
from harness import has, holds, same
from t_described import CLAIMS, ask, errors, gateway, head, lines, titles
from upstream import Upstream

OPTIONS = '''
[claim DAYS]
label = Days
kind = number
needed = no

[claim ON]
label = On
kind = yesno
default = no
'''
CALL = '\n[call info]\nget = /info?days={DAYS}&on={ON}\n'
SHOWN = '''{type: "sighting", confidence: "High", observed_time: $now,
title: ($claim | tojson)}'''


def test_what_is_no_number_and_neither_yes_nor_no():
    """Refused, whatever is asked, and nothing leaves."""
    ini = head(types='domain', routes='observe refer') + OPTIONS + CALL + '''
[health]
get = /health

[refer page]
title = Page
url = https://a.example/?days={DAYS}&on={ON}
'''
    wrong = [({'DAYS': v}, 'DAYS is no number of at most 9 digits')
             for v in ('ten', '-5', -5, '5 ', '1234567890', 1234567890, 2.5,
                       True, [1], {})] + [
        ({'ON': v}, 'ON is neither yes nor no')
        for v in ('maybe', 'on', 2, 0.5, [True])]
    good = [({'DAYS': v, 'ON': w}, shown) for v, w, shown in (
        ('7', 'yes', '{"DAYS":7,"ON":true}'), (7, True, '{"DAYS":7,"ON":true}'),
        ('0', 'NO', '{"DAYS":0,"ON":false}'), (0, 0, '{"DAYS":0,"ON":false}'),
        ('999999999', '1', '{"DAYS":999999999,"ON":true}'),
        ('', '', '{"ON":false}'), (None, None, '{"ON":false}'),
        ('1', 'False', '{"DAYS":1,"ON":false}'), ('1', 1,
                                                  '{"DAYS":1,"ON":true}'))]
    with Upstream([{'match': 'GET /.*', 'json': [1]}]) as s:
        g = gateway('kinds-of', s, ini, **{'map.jq': SHOWN}).serve()
        for claims, reason in wrong:
            for route in ('observe', 'refer', 'health'):
                answer = ask(g, 'a.example', claims=claims, route=route)
                same((errors(answer), 'data' in answer), ([(
                    'fatal', 'authorization error', 'Authorization failed: the '
                    'claim ' + reason)], False), (claims, route))
        same(lines(s), [], 'what was asked')
        for claims, shown in good:
            answer = ask(g, 'a.example', claims=claims)
            same((errors(answer), titles(answer)), ([], [shown]), claims)
        same(g.stop(), 0, 'exit status')


def test_a_wrong_value_in_the_configuration_is_told_with_its_line():
    """By check, reload and doctor, and without the value, which may be a secret in
    the wrong place."""
    ini = head(types='domain') + OPTIONS + CALL + \
        '\n[claim HOST]\nlabel = Host\nkind = host\nneeded = no\n'
    rows = (('DAYS', 'ten', 'is no number of at most 9 digits'),
            ('ON', 'maybe', 'is neither yes nor no'),
            ('HOST', 'a/b', 'is no host'))
    with Upstream([{'match': 'GET /.*', 'json': [1]}]) as s:
        g = gateway('claim-lines', s, ini, **{'map.jq': SHOWN}).serve()
        relays = g.relays
        g.relays += ''.join('claim.%s = %s\n' % row[:2] for row in rows)
        g.write()
        conf = harness.read(g.conf).split('\n')
        for command in ('check', 'reload', 'doctor'):
            status, out, err = g.cli(command, ok=False)
            holds(status != 0, command)
            for name, value, why in rows:
                line = conf.index('claim.%s = %s' % (name, value)) + 1
                has('%s:%d: [relay test] claim.%s %s' % (
                    g.conf, line, name, why), out + err, command)
                holds('"%s"' % value not in out + err, out + err)
        g.relays = relays + 'claim.DAYS = 7\nclaim.ON = No\n'
        g.write()
        g.cli('reload')
        same(titles(ask(g, 'a.example', claims={})), ['{"DAYS":7,"ON":false}'],
             'good values')
        # What is not used can be anything.
        g.relays = relays + 'claim.DAYS = ten\ncredentials = token\n'
        g.write()
        g.cli('reload')
        same(g.stop(), 0, 'exit status')


def test_pages_of_a_claim_that_is_not_there():
    """As many as without max_pages, and that there are more is told."""
    ini = head(types='domain') + OPTIONS + '''
[call c]
get = /c?page={page}
pages = pages
max_pages = {DAYS}
'''
    with Upstream([{'match': 'GET /.*', 'json': {'pages': 12}}]) as s:
        g = gateway('no-claim', s, ini).serve()
        for claims, pages, more in (({}, 10, True), ({'DAYS': 11}, 11, False),
                                    ({'DAYS': '0'}, 12, False)):
            s.forget()
            answer = ask(g, 'a.example', claims=claims)
            same(errors(answer), [(
                'warning', 'unknown', 'Test has more about a.example than was '
                'read')] if more else [], claims)
            same(len(lines(s)), pages, claims)
        same(g.stop(), 0, 'exit status')


def test_options_are_no_credential():
    """Neither of the quota, nor of the rate, nor of the token, nor of what is
    cached; what is in [auth] is, whatever its kind."""
    ini = head(types='domain') + OPTIONS + CLAIMS + '''
[claim TENANT]
label = Tenant
kind = number
default = 1

[claim INDEX]
label = Index
needed = no

[auth]
header = Tenant: {TENANT}

[sign-in]
post = /token
form = key={key}

[call info]
get = /{value}?{DAYS}{INDEX}
header = On: {ON}
'''
    quota = '\n[quota]\nleft = X-Left\nreset = X-Reset\n'
    claims = {'key': 'k'}
    others = [dict(claims, **more) for more in (
        {'ON': 'yes'}, {'ON': 'no'}, {'DAYS': 7}, {'INDEX': 'main'})]
    strangers = [{'key': 'l'}, dict(claims, TENANT=2)]

    def rules(**headers):
        return [{'request': 'POST /token', 'json': {'access_token': 't'}},
                {'match': 'GET /.*', 'json': [1], 'headers': headers}]

    with Upstream(rules(**{'X-Left': '0', 'X-Reset': '600'})) as s:
        g = gateway('options', s, ini + quota).serve()
        same(errors(ask(g, 'a.example', claims=claims)), [], 'the first')
        for other in others:
            (_, code, text), = errors(ask(g, 'a.example', claims=other))
            same((code, text[:52]), ('too many requests', 'The quota of this '
                 'credential at Test is used up for '), other)
        same(len(lines(s)), 2, 'what was asked')
        for other in strangers:
            same(errors(ask(g, 'a.example', claims=other)), [], other)
        same(lines(s).count('POST /token'), 3, 'tokens')
        same(g.stop(), 0, 'exit status')
        s.rules(rules())
        g = gateway('options-rate', s, ini.replace(
            'url = ', 'rate = 4/hour\nurl = ')).serve()
        for other in others:
            same(errors(ask(g, 'a.example', claims=other))[:1], [] if
                 other is not others[-1] else [(
                     'fatal', 'too many requests', 'Test takes 4 calls a hour, '
                     'and the turn of this one would come after the deadline '
                     '(domain a.example)')], other)
        same(lines(s).count('POST /token'), 1, 'tokens')
        same(errors(ask(g, 'a.example', claims=strangers[0])), [], 'another')
        same(g.stop(), 0, 'exit status')

# SPDX-License-Identifier: MIT
"""Credentials of services on the gateway; and tokens that are good for one
site, or for one relay, alone."""

import glob
import json
import os

import fcgiclient as fcgi
import harness
import t_rs256
from harness import Gateway, fail, has, holds, same
from provider_case import URLS, gateway
from services import observables, otx
from upstream import Upstream

CANARY = 'canary-5f3a9be07c41'
OWN = 'key-of-the-token'
WRONG = 'Authorization failed: Wrong JWT payload structure'
BAD = 'bad.example'
ASKED = observables('domain', BAD)


def keyed(url, more='', relay='otx', keys=('key',), **sections):
    """A gateway whose relay has a credential of its own, in files."""
    made = gateway('credentials', url, providers=(relay,), **sections)
    for name in keys:
        path = harness.write(os.path.join(made.folder, name + '.key'),
                             '%s-%s\n' % (CANARY, name), 0o640)
        if harness.web_user():
            os.chown(path, 0, harness.web_user()[2])
        more = 'claim.%s = file:%s\n%s' % (name, path, more)
    made.relays = made.relays.rstrip('\n') + '\n' + more
    made.write()
    return made


def ask(relay, claims, path='/otx/observe/observables', body=ASKED):
    body = json.dumps(body).encode()
    status, _, text = fcgi.call(relay.socket, fcgi.request(
        'POST', path, body, harness.jwt(claims)), body, timeout=30)
    same(status, 200, text)
    return json.loads(text)


def sent(service, header='x-otx-api-key'):
    return {r.headers.get(header) for r in service.requests}


def refused(answer, message=WRONG):
    same([(e['type'], e['code'], e['message'])
          for e in answer.get('errors', [])],
         [('fatal', 'authorization error', message)], answer)


def test_whose_credential_counts():
    """either, gateway, token: with a key in the token and without."""
    here = CANARY + '-key'
    for how, with_own, without in (('', OWN, here),
                                   ('credentials = either\n', OWN, here),
                                   ('credentials = gateway\n', here, here),
                                   ('credentials = token\n', OWN, None)):
        with Upstream(otx(ASKED)) as service:
            relay = keyed(service.url, how).serve()
            for claims, used in (({'key': OWN}, with_own), ({}, without),
                                 ({'key': ''}, without),
                                 ({'key': 5}, without),
                                 ({'key': None}, without),
                                 ({'key': [OWN]}, without)):
                service.forget()
                answer = ask(relay, claims)
                if used is None:
                    refused(answer)
                    same(sent(service), set(), how)
                else:
                    same(answer.get('errors'), None, how)
                    same(sent(service), {used}, '%s %s' % (how, claims))
            same(relay.stop(), 0, 'exit status')


def test_answers_are_kept_apart():
    """What was asked with the gateway's key is not served to another one's
    token, and what a token's key got not to those without."""
    with Upstream(otx(ASKED)) as service:
        made = keyed(service.url, cache={'url': None})
        made.sections['cache']['url'] = 'sqlite:' + os.path.join(
            made.store_folder, 'cache.db')
        made.write()
        relay = made.serve()
        ask(relay, {})
        first = len(service.requests)
        ask(relay, {'sub': 'another'})
        same(len(service.requests), first, 'asked again with the same key')
        ask(relay, {'key': OWN})
        same(len(service.requests), 2 * first, 'asked with another key')
        same(relay.stop(), 0, 'exit status')


def test_a_token_leads_no_key_elsewhere():
    """API_URL of a token is where its own password goes, and no other."""
    with Upstream([{'request': '*', 'status': 401, 'json': {}}]) as service, \
            Upstream([{'request': '*', 'status': 401, 'json': {}}]) as evil:
        for how in ('', 'credentials = gateway\n'):
            relay = keyed(service.url, how, 'qualys', ('user', 'pass')).serve()
            for claims in ({'API_URL': evil.url},
                           {'API_URL': evil.url, 'user': 'x'},
                           {'API_URL': evil.url, 'pass': 'x'}):
                ask(relay, claims, '/qualys/observe/observables')
                same(evil.lines(), [], '%s %s' % (how, claims))
            holds(service.lines(), 'the service was not asked')
            both = {'API_URL': evil.url, 'user': 'x', 'pass': 'y'}
            ask(relay, both, '/qualys/observe/observables')
            same(bool(evil.lines()), how == '', 'a whole credential of its own')
            for made in evil.requests:
                holds(CANARY.encode() not in made.body, made)
            evil.forget()
            same(relay.stop(), 0, 'exit status')


def test_a_place_that_nobody_names():
    """check warns of it, and a request is told that its own does not count."""
    section = '[relay qualys]\nclaim.user = x\nclaim.pass = y\n'
    warned = 'claim.API_URL is not set, and no token may name it'
    for how in ('', 'credentials = gateway\n'):
        check(section + how, warned)
        for place in ('api_url = https://q.example\n',
                      'claim.API_URL = https://q.example\n'):
            holds(warned not in check(section + how + place), place)
    for relays in ('[relay qualys]\n', '[relay qualys]\nclaim.API_URL = '
                   'https://q.example\n', section + 'credentials = token\n'):
        holds(warned not in check(relays), relays)
    relay = Gateway('placed', section + 'credentials = gateway\n').serve()
    refused(ask(relay, {'API_URL': 'https://q.example'},
                '/qualys/observe/observables'),
            'Authorization failed: API_URL of the token does not count beside a '
            'credential of the gateway')
    refused(ask(relay, {}, '/qualys/observe/observables'))
    same(relay.stop(), 0, 'exit status')


def test_a_key_is_read_again():
    with Upstream(otx(ASKED)) as service:
        relay = keyed(service.url, cache={'url': 'off'}).serve()
        ask(relay, {})
        harness.write(os.path.join(relay.folder, 'key.key'), 'another', 0o640)
        if harness.web_user():
            os.chown(os.path.join(relay.folder, 'key.key'), 0,
                     harness.web_user()[2])
        relay.cli('reload')
        service.forget()
        ask(relay, {})
        same(sent(service), {'another'}, 'key after a reload')
        same(relay.stop(), 0, 'exit status')


def test_cgi():
    with Upstream(otx(ASKED)) as service:
        relay = keyed(service.url)
        body = json.dumps(ASKED).encode()
        env = relay.env(**fcgi.request('POST', '/otx/observe/observables',
                                       body, harness.jwt({})))
        env.update(PATH_INFO='/otx/observe/observables', SCRIPT_NAME='')
        status, out, err = harness.run(
            [harness.program('ctim-relay.fcgi', relay.build)], env=env,
            input=body)
        same(status, 0, err)
        same(sent(service), {CANARY + '-key'}, out)


def everything(relay):
    """All that the gateway has written, and what its processes show."""
    for path in glob.glob(os.path.join(relay.folder, '**'), recursive=True):
        if os.path.isfile(path) and not path.endswith('.key'):
            with open(path, 'rb') as f:
                yield path, f.read()
    for pid in [relay.process.pid] + relay.workers():
        for name in ('cmdline', 'environ'):
            with open('/proc/%d/%s' % (pid, name), 'rb') as f:
                yield '/proc/%d/%s' % (pid, name), f.read()


def test_canary():
    """No log, cache, metric, error, status, page or process shows a key."""
    cases = (('otx', ('key',), '/otx/observe/observables', ASKED),
             ('spycloud', ('key',), '/spycloud/observe/observables',
              observables('email', 'somebody@bad.example')),
             ('qualys', ('user', 'pass'), '/qualys/observe/observables',
              ASKED))
    for name, keys, path, asked in cases:
        for rule in ({'request': '*', 'status': 401, 'json': {}},
                     {'request': '*', 'status': 500, 'text': 'no'},
                     {'request': '*', 'json': {}}, {'request': '*',
                                                    'fault': 'reset'}):
            with Upstream([rule]) as service:
                made = keyed(service.url, relay=name, keys=keys,
                             log={'level': 'debug'})
                made.sections['cache'] = {'url': 'sqlite:' + os.path.join(
                    made.store_folder, 'cache.db')}
                made.write()
                relay = made.serve()
                shown = [json.dumps(ask(relay, {}, path, asked)),
                         json.dumps(ask(relay, {}, '/%s/health' % name, {}))]
                holds(any(CANARY.encode() in
                          (str(r.headers) + r.line).encode() + r.body
                          for r in service.requests),
                      'the key was sent: %s' % name)
                shown.append(fcgi.call(relay.socket, fcgi.request(
                    'GET', '/', b'', None), b'')[2].decode())
                for args in (['check', '--dump'], ['check'], ['status'],
                             ['status', '--json'], ['metrics'], ['doctor'],
                             ['jwt', '--relay', name, '--quiet']):
                    _, out, err = relay.cli(*args, ok=False)
                    shown.append(out + err)
                for text in shown:
                    holds(CANARY not in text, text)
                for where, text in everything(relay):
                    if CANARY.encode() in text:
                        fail('%s has the key' % where)
                same(relay.stop(), 0, 'exit status')


def test_bound_to_relays():
    relay = Gateway('bound', '[relay template]\n[relay other]\n'
                    'provider = template\n',
                    {'auth': {'bind_relays': 'yes'}}).serve()

    def answer(claims, name='template'):
        return ask(relay, claims, '/%s/observe/observables' % name)
    for claims in ({'relay': 'template'}, {'relay': ['other', 'template']}):
        same(answer(claims).get('errors'), None, claims)
    for claims in ({}, {'relay': 'other'}, {'relay': []}, {'relay': ''},
                   {'relay': {'template': True}}, {'relay': None},
                   {'relay': [['template']]}, {'relay': 'template,other'}):
        refused(answer(claims))
    has('bind_relays is on', harness.read(relay.log), 'the cause')
    # What the command line makes is good for the relay that it names.
    for args, good in ((('--relay', 'other'), ('other',)),
                       ((), ('other', 'template'))):
        token = relay.cli('jwt', '--quiet', *args)[1].strip()
        for name in ('other', 'template'):
            body = json.dumps(ASKED).encode()
            _, _, text = fcgi.call(relay.socket, fcgi.request(
                'POST', '/%s/observe/observables' % name, body, token), body)
            same('errors' not in json.loads(text), name in good,
                 '%s: %s' % (name, text))
    relay.cli('query', 'template', BAD)
    same(relay.stop(), 0, 'exit status')


def taken(relay, service, claims, good):
    """Whether a token of the service's own key, with these claims, is."""
    _, _, text = fcgi.call(relay.socket, fcgi.request(
        'POST', '/template/health', b'',
        t_rs256.token(service.host, **claims)), b'')
    answer = json.loads(text)
    if good:
        same(answer, {'data': {'status': 'ok'}}, claims)
    else:
        refused(answer)


def test_required_claims():
    """Of several values of a claim one, of several claims all; HS256 tokens are
    the site's own."""
    with Upstream([t_rs256.jwks(('1', 'one'))], tls='good') as service:
        relay = t_rs256.gateway(service.host, auth={
            'require': 'org=a, org=b, env=live'}).serve()
        for claims, good in (
                ({'org': 'a', 'env': 'live'}, True),
                ({'org': ['x', 'b'], 'env': ['live']}, True),
                ({'org': 'a'}, False), ({'env': 'live'}, False),
                ({'org': 'c', 'env': 'live'}, False),
                ({'org': {'a': 'a'}, 'env': 'live'}, False),
                ({'org': 'a', 'env': 'live '}, False), ({}, False)):
            taken(relay, service, claims, good)
        has('[auth] require: its claim', harness.read(relay.log), 'the cause')
        same(ask(relay, {}, '/template/health', {}),
             {'data': {'status': 'ok'}}, 'HS256')
        same(relay.stop(), 0, 'exit status')


def test_required_claims_are_named_by_uris():
    """As the platform names its own; a value is all behind the first =."""
    org = 'https://schemas.cisco.com/iroh/identity/claims/org/id'
    role = 'urn:x-site:role#!$&\'()*+;:@/?[]{}|~%20"<>^`-._'
    value = '63489cf9-561c-4958-a13d-6d84b7ef09d4'
    odd = 'a=b/c:d?e#f&g;h"i\'j~'
    with Upstream([t_rs256.jwks(('1', 'one'))], tls='good') as service:
        relay = t_rs256.gateway(service.host, auth={
            'require': '%s=%s %s=%s' % (org, value, role, odd)}).serve()
        for claims, good in (({org: value, role: odd}, True),
                             ({org: [value], role: ['x', odd]}, True),
                             ({org: value, role: 'a'}, False),
                             ({org: 'other', role: odd}, False),
                             ({'id': value, role: odd}, False),
                             ({org + '=' + value: '', role: odd}, False)):
            taken(relay, service, claims, good)
        has('[auth] require: its claim %s has none of the values' % org,
            harness.read(relay.log), 'the cause')
        same(relay.stop(), 0, 'exit status')
    for wrong in ('=1', 'org=', 'ö=1', org):
        check('[relay template]\n', 'is no CLAIM=VALUE', status=78,
              auth={'require': wrong})


def check(relays, *words, status=0, **sections):
    relay = Gateway('check', relays, sections)
    got, out, err = relay.cli('check', ok=False)
    same(got, status, out + err)
    for word in words:
        has(word, out + err, relays)
    return out + err


def test_what_check_says():
    otx_relay = '[relay otx]\nurl = %s\n' % URLS['otx']['url'].replace(
        '{UPSTREAM}', 'https://otx.example')
    warned = 'RS256 tokens of every customer of the platform'
    for relays in ('[relay local]\nstore = @/store/intel.db\n',
                   otx_relay + 'claim.key = x\n'):
        check(relays, warned)
        for auth in ({'require': 'org=1'}, {'jwks_hosts': ''}):
            holds(warned not in check(relays, auth=auth), auth)
    holds(warned not in check(otx_relay), 'no credential, nothing of the site')
    for line, said in (
            ('claim.exp = 1', 'exp is no credential'),
            ('claim.relay = x', 'relay is no credential'),
            ('claim.1 = x', '"1" is no name of a claim'),
            ('claim. = x', '"" is no name of a claim'),
            ('claim.a-b = x', '"a-b" is no name of a claim'),
            ('claim.key = a\nclaim.key = b', 'claim.key a second time'),
            ('claim.key = file:/nonexistent', 'cannot be read'),
            ('claim.key =', 'has no value'),
            ('credentials = gateway', 'claim.key is not set'),
            ('credentials = mine', 'credentials')):
        check(otx_relay + line + '\n', said, status=78)
    check(otx_relay + 'claim.key = x\ncredentials = token\n',
          'claim.key is not used')
    check('[relay template]\n', 'is no CLAIM=VALUE', status=78,
          auth={'require': 'org'})
    shown = check(otx_relay + 'claim.key = %s\n' % CANARY)
    holds(CANARY not in shown, shown)
    relay = Gateway('open', otx_relay + 'claim.key = x\n')
    os.chmod(relay.conf, 0o644)
    status, out, err = relay.cli('check', ok=False)
    same(status, 78, out + err)
    has('is a secret and everybody may read this file', err + out, 'check')


def test_module_type_asks_for_what_is_missing():
    relay = '[relay otx]\nurl = https://otx.example\n'
    for more, asked in (('', True), ('claim.key = x\n', False),
                        ('claim.key = x\ncredentials = gateway\n', None)):
        made = Gateway('module', relay + more,
                       {'server': {'base_url': 'https://gateway.example'}})
        spec = json.loads(made.cli('module-type', 'otx')[1])
        found = {f['key']: f['required'] for f in spec['configuration_spec']}
        same(found.get('custom_key'), asked, more)

# SPDX-License-Identifier: MIT
"""RS256 tokens: the keys that a host hands out, and who gets in with them."""

import json
import os
import threading
import time

import harness
import testca
from harness import Gateway, has, holds, same
from provider_case import ask, ended
from t_cache import cgi
from upstream import Upstream

JWKS = '/.well-known/jwks'
BASE = 'https://relay.example/ctim'
AUDIENCE = BASE + '/template'
FAILED = 'Authorization failed: '
WRONG_HOST = FAILED + 'Wrong jwks_host in JWT payload. Make sure domain ' \
    'follows the visibility.<region>.cisco.com structure'
NO_HOST = FAILED + 'jwks_host is missing in JWT payload. Make sure ' \
    'custom_jwks_host field is present in module_type'
NO_KID = FAILED + 'kid from JWT header not found in API response'
WRONG_KEY = FAILED + 'Failed to decode JWT with provided key. Make sure ' \
    'domain in custom_jwks_host corresponds to your SecureX instance region.'
WRONG_AUD = FAILED + 'Wrong configuration-token-audience'
STRUCTURE = FAILED + 'Wrong JWT structure'
PAYLOAD = FAILED + 'Wrong JWT payload structure'
_keys = {}


def rsa(name, bits=2048):
    if name not in _keys:
        _keys[name] = testca.Rsa(name, bits)
    return _keys[name]


def jwks(*keys, **more):
    """A rule for the key set; keys: (kid, name) or whole entries."""
    return dict({'request': 'GET ' + JWKS, 'json': {'keys': [
        key if isinstance(key, dict) else rsa(key[1]).jwk(key[0])
        for key in keys]}}, **more)


def gateway(host, name='rs256', **sections):
    """A gateway that takes keys from a host."""
    made = {'server': {'base_url': BASE},
            'auth': {'jwks_hosts': host},
            'http': {'allow_private': 'yes', 'ca_file': testca.ca_file(),
                     'deadline': '10'}}
    for section, keys in sections.items():
        made.setdefault(section, {}).update(keys)
    return Gateway(name, relays='[relay template]\n\n[relay other]\n'
                   'provider = template\n', sections=made)


def payload(host, **more):
    """Members of a payload; a value None leaves one out."""
    made = dict({'jwks_host': host, 'aud': AUDIENCE, 'sub': 'tests',
                 'exp': int(time.time()) + 600}, **more)
    return {k: v for k, v in made.items() if v is not None}


def token(host, key='one', kid='1', header=None, **more):
    return rsa(key).jwt(payload(host, **more), kid, header)


def outcome(relay, text, path='/template/health', **env):
    """"ok", or the message of the only error."""
    reply = ask(relay, path, token=text, **env)
    if reply.json == {'data': {'status': 'ok'}}:
        return 'ok'
    same(reply.data, None, 'data of %s' % reply.json)
    same(reply.codes(), [('fatal', 'authorization error')], 'errors')
    return reply.errors[0]['message']


_shared = {}


def host():
    """A host with two keys and a pool that takes them, for the tests that
    leave both as they were."""
    if not _shared:
        upstream = Upstream([jwks(('1', 'one'), ('2', 'two'))], tls='good')
        _shared['upstream'] = upstream
        _shared['relay'] = gateway(upstream.host).serve()
    return _shared['upstream'], _shared['relay']


def close():
    if _shared:
        _shared['upstream'].stop()
        relay = _shared['relay']
        _shared.clear()
        ended(relay)


# --- one token each ----------------------------------------------------------

# name: (members of the payload, what comes)
PAYLOADS = {
    'good': ({}, 'ok'),
    'no_exp': ({'exp': None}, 'ok'),
    'no_jwks_host': ({'jwks_host': None}, NO_HOST),
    'jwks_host_of_nobody': ({'jwks_host': 'evil.example'}, WRONG_HOST),
    'jwks_host_default': ({'jwks_host': 'visibility.amp.cisco.com'},
                          WRONG_HOST),
    'jwks_host_empty': ({'jwks_host': ''}, WRONG_HOST),
    'jwks_host_number': ({'jwks_host': 7}, WRONG_HOST),
    'jwks_host_list': ({'jwks_host': []}, WRONG_HOST),
    'no_aud': ({'aud': None}, WRONG_AUD),
    'aud_other_relay': ({'aud': BASE + '/other'}, WRONG_AUD),
    'aud_base': ({'aud': BASE}, WRONG_AUD),
    'aud_other_host': ({'aud': 'https://other.example/ctim/template'},
                       WRONG_AUD),
    'aud_http': ({'aud': AUDIENCE.replace('https', 'http')}, WRONG_AUD),
    'aud_number': ({'aud': 5}, WRONG_AUD),
    'aud_empty_list': ({'aud': []}, WRONG_AUD),
    'aud_list': ({'aud': ['https://x.example', AUDIENCE]}, 'ok'),
    'aud_list_of_others': ({'aud': ['https://x.example', 7, None, {}]},
                           WRONG_AUD),
    'aud_object': ({'aud': {'a': AUDIENCE}}, WRONG_AUD),
    'exp_passed': ({'exp': 1600000000}, FAILED + 'JWT has expired'),
    'nbf_not_reached': ({'nbf': 4000000000}, FAILED +
                        'JWT is not valid yet'),
    'exp_text': ({'exp': '4000000000'}, PAYLOAD),
    'exp_real': ({'exp': 4000000000.5}, PAYLOAD),
    'exp_and_aud': ({'exp': 1600000000, 'aud': None},
                    FAILED + 'JWT has expired'),
}
# name: (header, key that signs, what comes)
HEADERS = {
    'second_key': ({'alg': 'RS256', 'kid': '2'}, 'two', 'ok'),
    'no_typ': ({'alg': 'RS256', 'kid': '1'}, 'one', 'ok'),
    'kid_unknown': ({'alg': 'RS256', 'kid': 'unknown'}, 'one', NO_KID),
    'kid_missing': ({'alg': 'RS256'}, 'one', NO_KID),
    'other_key': ({'alg': 'RS256', 'kid': '2'}, 'one', WRONG_KEY),
    'key_of_nobody': ({'alg': 'RS256', 'kid': '1'}, 'nobody', WRONG_KEY),
    'rs512': ({'alg': 'RS512', 'kid': '1'}, 'one', STRUCTURE),
    'rs256_small': ({'alg': 'rs256', 'kid': '1'}, 'one', STRUCTURE),
    'none': ({'alg': 'none', 'kid': '1'}, 'one', STRUCTURE),
    'crit': ({'alg': 'RS256', 'kid': '1', 'crit': ['exp']}, 'one',
             STRUCTURE),
}


def tests():
    for name, (members, expected) in PAYLOADS.items():
        def of_payload(members=members, expected=expected):
            upstream, relay = host()
            same(outcome(relay, token(**dict({'host': upstream.host},
                                             **members))), expected,
                 'the token')
        yield 'payload/' + name, of_payload
    for name, (header, key, expected) in HEADERS.items():
        def of_header(header=header, key=key, expected=expected):
            upstream, relay = host()
            same(outcome(relay, token(upstream.host, key, header=header)),
                 expected, 'the token')
        yield 'header/' + name, of_header
    for name, rule in BAD_SETS.items():
        def of_set(rule=rule):
            bad_set(rule)
        yield 'set/' + name, of_set
    for name in ('expired', 'wrong_host', 'self_signed'):
        def of_tls(name=name):
            bad_certificate(name)
        yield 'tls/' + name, of_tls


def test_public_key_as_secret():
    """HS256 signed with the public key is refused."""
    upstream, relay = host()
    text = harness.jwt(payload(upstream.host), rsa('one').public,
                       {'kid': '1'})
    same(outcome(relay, text),
         FAILED + 'Failed to decode JWT with provided key', 'the token')


def test_changed_payload():
    upstream, relay = host()
    parts = token(upstream.host).split('.')
    parts[1] = harness.b64(json.dumps(payload(upstream.host, sub='root')))
    same(outcome(relay, '.'.join(parts)), WRONG_KEY, 'the token')


def test_signature_cut():
    upstream, relay = host()
    for text in (token(upstream.host)[:-8],
                 token(upstream.host).rpartition('.')[0] + '.'):
        holds(outcome(relay, text) in (WRONG_KEY, STRUCTURE), 'it got in')


def test_hs256_ignores_host_and_audience():
    _, relay = host()
    same(outcome(relay, harness.jwt({'jwks_host': 5, 'aud': 'x'})), 'ok',
         'the token')


def test_off():
    """Without hosts nobody gets in with RS256."""
    relay = gateway('').serve()
    same(outcome(relay, token('visibility.amp.cisco.com')), WRONG_HOST,
         'the token')
    same(outcome(relay, harness.jwt()), 'ok', 'HS256')
    ended(relay)


def test_audience_of_the_request():
    """Without base_url: scheme, Host and mount of the request."""
    upstream, _ = host()
    relay = gateway(upstream.host, server={'base_url': None}).serve()
    for audience, env, expected in (
            ('http://localhost/template', {}, 'ok'),
            ('http://localhost:80/template', {}, 'ok'),
            ('http://LOCALHOST/template', {}, 'ok'),
            ('https://localhost/template', {}, WRONG_AUD),
            ('http://localhost/other', {}, WRONG_AUD),
            ('http://other.example/template',
             {'HTTP_HOST': 'other.example'}, 'ok'),
            ('http://localhost:8080/template', {'SERVER_PORT': '8080'}, 'ok'),
            ('http://localhost/template', {'SERVER_PORT': '8080'}, 'ok'),
            ('http://a.example:8443/template',
             {'HTTP_HOST': 'a.example:8443', 'SERVER_PORT': '1'}, 'ok'),
            ('https://localhost/template',
             {'REQUEST_SCHEME': '', 'HTTPS': 'on', 'SERVER_PORT': '443'},
             'ok')):
        same(outcome(relay, token(upstream.host, aud=audience), **env),
             expected, '%s %s' % (audience, env))
    ended(relay)


def test_default_relay_is_named_either_way():
    upstream, _ = host()
    relay = gateway(upstream.host,
                    server={'default_relay': 'template'}).serve()
    for path in ('/health', '/template/health'):
        for audience in (BASE, AUDIENCE):
            same(outcome(relay, token(upstream.host, aud=audience), path),
                 'ok', '%s for %s' % (audience, path))
    same(outcome(relay, token(upstream.host, aud=BASE), '/other/health'),
         WRONG_AUD, 'of another relay')
    ended(relay)


# --- the key set -------------------------------------------------------------

def b64_of(number):
    return testca.b64_number(number)


BAD_SETS = {
    'html': {'text': '<html>'},
    'empty': {'text': ''},
    'array': {'json': []},
    'no_keys': {'json': {}},
    'keys_object': {'json': {'keys': {}}},
    'status_404': {'status': 404, 'json': {'keys': []}},
    'status_500': {'status': 500},
    'too_large': {'text': '{"keys": [' + ' ' * 70000 + ']}'},
    'cut': {'fault': 'cut', 'text': '{"keys": []}'},
    'closes': {'fault': 'close'},
    'bomb': {'fault': 'bomb'},
    'deep': {'text': '[' * 3000},
}


def bad_set(rule):
    """Neither a key nor a hanging request comes of it."""
    with Upstream([dict({'request': 'GET ' + JWKS}, **rule)],
                  tls='good') as upstream:
        relay = gateway(upstream.host).serve()
        same(outcome(relay, token(upstream.host)), WRONG_HOST, 'the token')
        same(outcome(relay, harness.jwt()), 'ok', 'HS256')
        ended(relay)


def bad_certificate(kind):
    with Upstream([jwks(('1', 'one'))], tls=kind) as upstream:
        relay = gateway(upstream.host).serve()
        same(outcome(relay, token(upstream.host)), WRONG_HOST, 'the token')
        same(upstream.lines(), [], 'what the host was asked')
        ended(relay)


def test_host_down():
    port = harness.free_port()
    name = '127.0.0.1:%d' % port
    relay = gateway(name).serve()
    same(outcome(relay, token(name)), WRONG_HOST, 'the token')
    has('ctim_relay_jwks_failures_total{host="%s"} 1\n' % name,
        relay.cli('status', '--metrics')[1], 'metrics')
    ended(relay)


def test_host_without_tls():
    """Keys come by https alone, whatever allow_private says."""
    with Upstream([jwks(('1', 'one'))]) as upstream:
        relay = gateway(upstream.host).serve()
        same(outcome(relay, token(upstream.host)), WRONG_HOST, 'the token')
        same(upstream.lines(), [], 'what the host was asked')
        ended(relay)


def test_private_host():
    """Without allow_private a host on the list that is this machine is not
    asked."""
    with Upstream([jwks(('1', 'one'))], tls='good', name='localhost'
                  ) as upstream:
        relay = gateway(upstream.host, http={'allow_private': None}).serve()
        same(outcome(relay, token(upstream.host)), WRONG_HOST, 'the token')
        same(upstream.connections, 0, 'connections')
        ended(relay)


def test_host_hangs():
    """A request waits three seconds for a key set, not for its deadline; the
    others wait with it."""
    with Upstream([{'request': '*', 'fault': 'hang'}], tls='good'
                  ) as upstream:
        relay = gateway(upstream.host, http={'deadline': '60'}).serve()
        text, results = token(upstream.host), []

        def work():
            results.append(outcome(relay, text))
        began = time.monotonic()
        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        same(outcome(relay, harness.jwt()), 'ok', 'HS256 beside it')
        for thread in threads:
            thread.join()
        holds(time.monotonic() - began < 40, 'it took too long')
        same(set(results), {WRONG_HOST}, 'the tokens')
        ended(relay)


def test_redirect():
    """It is not followed."""
    with Upstream([jwks(('1', 'one'))], tls='good') as other, \
            Upstream([{'request': '*', 'status': 302, 'headers': {
                'Location': other.url + JWKS}}], tls='good') as upstream:
        relay = gateway(upstream.host).serve()
        same(outcome(relay, token(upstream.host)), WRONG_HOST, 'the token')
        same(other.connections, 0, 'connections to the other host')
        ended(relay)


def test_keys_that_are_none():
    """Entries that are no RSA key of 2048 to 8192 bits are as if absent; the
    good one beside them is found."""
    good = rsa('one').jwk('1')
    even = rsa('two').modulus - 1
    entries = [
        dict(good, kid='oct', kty='oct', k='AAAA'),
        dict(good, kid='ec', kty='EC'),
        dict(good, kid='small', n=b64_of(rsa('small', 1024).modulus)),
        dict(good, kid='no_n', n=''), dict(good, kid='n_number', n=5),
        dict(good, kid='n_junk', n='!!!'), dict(good, kid='e_1', e='AQ'),
        dict(good, kid='e_even', e='Ag'), dict(good, kid='n_even',
                                               n=b64_of(even)),
        dict(good, kid='no_e', e=None), dict(good, kid='enc', use='enc'),
        dict(good, kid=7), 5, None, [], 'text', good]
    with Upstream([{'request': 'GET ' + JWKS, 'json': {'keys': entries}}],
                  tls='good') as upstream:
        relay = gateway(upstream.host).serve()
        same(outcome(relay, token(upstream.host)), 'ok', 'the good key')
        for entry in entries:
            kid = entry.get('kid') if isinstance(entry, dict) else None
            if not isinstance(kid, str) or kid == '1':
                continue
            key = 'small' if kid == 'small' else 'one'
            holds(outcome(relay, token(upstream.host, key, kid))
                  in (NO_KID, WRONG_KEY), 'the key %s got in' % kid)
        ended(relay)


# --- how often it is asked for -----------------------------------------------

def test_one_fetch_for_many():
    """500 requests to two workers, from the first on at once: one fetch."""
    with Upstream([jwks(('1', 'one'), delay=0.3)], tls='good') as upstream:
        relay = gateway(upstream.host).serve()
        text, results = token(upstream.host), []

        def work():
            for _ in range(50):
                results.append(outcome(relay, text))
        threads = [threading.Thread(target=work) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        same((len(results), set(results)), (500, {'ok'}), 'the tokens')
        same(upstream.lines(), ['GET ' + JWKS], 'fetches')
        ended(relay)


def test_rotation():
    """A key that is new is found by asking again; the old one is gone then."""
    with Upstream([jwks(('1', 'one'), times=1),
                   jwks(('2', 'two'))], tls='good') as upstream:
        relay = gateway(upstream.host).serve()
        old, new = token(upstream.host), token(upstream.host, 'two', '2')
        same(outcome(relay, old), 'ok', 'the old key')
        same(outcome(relay, new), 'ok', 'the new key')
        same(upstream.count(), 2, 'fetches')
        for _ in range(8):
            same(outcome(relay, new), 'ok', 'the new key')
            same(outcome(relay, old), NO_KID, 'the old key')
        same(upstream.count(), 2, 'fetches')
        ended(relay)


def test_same_kid_other_key():
    """Until the set is an hour old what was fetched is the key."""
    with Upstream([jwks(('1', 'one'), times=1), jwks(('1', 'two'))],
                  tls='good') as upstream:
        relay = gateway(upstream.host).serve()
        same(outcome(relay, token(upstream.host)), 'ok', 'the old key')
        same(outcome(relay, token(upstream.host, 'two')), WRONG_KEY,
             'the new key')
        same(upstream.count(), 1, 'fetches')
        ended(relay)


def test_flood_of_kids():
    """Unknown kids cost one more fetch a minute, not one each."""
    with Upstream([jwks(('1', 'one'))], tls='good') as upstream:
        relay = gateway(upstream.host).serve()
        same(outcome(relay, token(upstream.host)), 'ok', 'the token')
        good = token(upstream.host)
        for n in range(100):
            text = harness.jwt(payload(upstream.host), header={
                'alg': 'RS256', 'kid': 'kid-%d' % n})
            same(outcome(relay, text), NO_KID, 'kid %d' % n)
        same(outcome(relay, good), 'ok', 'the token')
        holds(upstream.count() <= 2, '%d fetches' % upstream.count())
        ended(relay)


def test_stale_set():
    """While the host is down what was fetched serves on, though asking for an
    unknown kid failed."""
    with Upstream([jwks(('1', 'one'), times=1),
                   {'request': '*', 'status': 503}], tls='good') as upstream:
        relay = gateway(upstream.host).serve()
        good = token(upstream.host)
        same(outcome(relay, good), 'ok', 'the token')
        same(outcome(relay, token(upstream.host, kid='new')), NO_KID,
             'an unknown kid')
        upstream.stop()
        for _ in range(6):
            same(outcome(relay, good), 'ok', 'the token, the host being down')
        ended(relay)


def test_host_of_its_own():
    """The key of one host is not that of another."""
    with Upstream([jwks(('1', 'one'))], tls='good') as first, \
            Upstream([jwks(('1', 'two'))], tls='good') as second:
        relay = gateway('%s, %s' % (first.host, second.host)).serve()
        same(outcome(relay, token(first.host)), 'ok', 'of the first')
        same(outcome(relay, token(second.host, 'two')), 'ok', 'of the second')
        same(outcome(relay, token(second.host)), WRONG_KEY, 'mixed')
        same(outcome(relay, token(first.host, 'two')), WRONG_KEY, 'mixed')
        ended(relay)


def test_cgi():
    """A second CGI request makes no fetch: the cache keeps the set."""
    with Upstream([jwks(('1', 'one'))], tls='good') as upstream:
        relay = gateway(upstream.host)
        folder = os.path.join(relay.folder, 'cache')
        os.mkdir(folder)
        harness.give(folder, 0o2770)
        relay.sections['cache'] = {'url': 'sqlite:%s/cache.db' % folder}
        relay.write()
        text = token(upstream.host)
        for n in range(3):
            same(cgi(relay, '/template/health', [], text), {'status': 'ok'},
                 'request %d' % n)
        same(upstream.count(), 1, 'fetches')


def test_claims_and_body_come_after():
    """A good token with a bad body is the body's error, a bad token with a bad
    body the token's."""
    upstream, relay = host()
    path = '/template/observe/observables'
    reply = ask(relay, path, b'{', token=token(upstream.host))
    same(reply.codes(), [('fatal', 'invalid argument')], 'a good token')
    reply = ask(relay, path, b'{', token=token(upstream.host, aud=None))
    same(reply.codes(), [('fatal', 'authorization error')], 'a bad token')


def test_log_has_the_cause():
    """The true cause is in the log, the token is not."""
    upstream, _ = host()
    relay = gateway('127.0.0.1:%d' % harness.free_port(),
                    log={'level': 'debug'}).serve()
    text = token(upstream.host)
    outcome(relay, text)
    ended(relay)
    log = harness.read(relay.log)
    harness.has('jwks', log.lower(), 'the log')
    holds(text.split('.')[2][:40] not in log, 'a signature in the log')


test_one_fetch_for_many.limit = 240

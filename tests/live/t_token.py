# SPDX-License-Identifier: MIT
"""Refused tokens leave their cause in the log, and never themselves; and
tokens and keys that are written in other ways than most."""

import json

import fcgiclient as fcgi
import harness
from harness import Gateway, has, holds, same
from provider_case import ended
from t_rs256 import (AUDIENCE, BASE, NO_KID, WRONG_AUD, WRONG_KEY, jwks,
                     outcome, rsa, token)
from t_rs256 import gateway as rs256_gateway
from upstream import Upstream

RELAYS = '[relay template]\n[relay otx]\n[relay spycloud]\n[relay qualys]\n'
_shared = {}


def relay():
    if not _shared:
        _shared['relay'] = Gateway('token', relays=RELAYS).serve()
    return _shared['relay']


def close():
    if _shared:
        ended(_shared.pop('relay'))


def refused(where, path, authorization):
    """What the log says of a request that is refused: the warnings."""
    env = fcgi.request('POST', path)
    if authorization is not None:
        env['HTTP_AUTHORIZATION'] = authorization
    before = len(where.records())
    _, _, body = fcgi.call(where.socket, env)
    holds(b'authorization error' in body, body)

    def written():
        new = where.records()[before:]
        return any('route' in r for r in new) and new
    new = harness.wait_for(written, 'the record of the request')
    return ' / '.join(r['message'] for r in new if r['level'] == 'warning')


def part(text):
    return harness.b64(text)


HEAD = part('{"alg":"HS256"}')
MINE = {'key': 'claim-secret'}
QUALYS = {'user': 'claim-secret', 'pass': 'claim-secret'}
FAR = 4000000000
# name: (Authorization, or the payload of a token, words of the log)
CAUSES = {
    'no_header': (None, ['no Authorization']),
    'one_word': ('abc', ['Authorization']),
    'basic': ('Basic claim-secret', ['Authorization']),
    'two_parts': ('Bearer a.b', ['three parts']),
    'long': ('Bearer ' + HEAD + '.' + 'A' * 9000 + '.c2ln', ['8192']),
    'header': ('Bearer ' + part('[]') + '.e30.c2ln', ['header']),
    'alg': ('Bearer ' + part('{"alg":"none"}') + '.e30.c2ln', ['alg']),
    'crit': ('Bearer ' + part('{"alg":"HS256","crit":["b64"]}') +
             '.e30.c2ln', ['crit']),
    'payload': ('Bearer ' + HEAD + '.' + part('[]') + '.c2ln', ['payload']),
    'signature': ('Bearer ' + HEAD + '.e30.!', ['signature']),
    'other_key': ('Bearer ' + harness.jwt(QUALYS, 'k' * 40),
                  ['secret_key', 'qualys']),
    'claim_missing': ({'sub': 'x'}, ['the claim key is missing', 'template']),
    'claim_empty': ({'key': ''}, ['the claim key is empty']),
    'claim_number': ({'key': 5}, ['the claim key is no string']),
    'of_another_relay': (QUALYS, ['the claim key is missing', 'qualys']),
    'expired': (dict(MINE, exp=1600000000), ['exp', '1600000000', 'otx']),
    'not_yet': (dict(MINE, nbf=FAR), ['nbf', str(FAR), 'otx']),
    'exp_text': (dict(MINE, exp='1'), ['exp is no integer', 'otx']),
    'nbf_text': (dict(MINE, nbf=None), ['nbf is no integer', 'otx']),
}


def cause_of(authorization, words):
    """Each time, also when the thread remembers the token."""
    if isinstance(authorization, dict):
        authorization = 'Bearer ' + harness.jwt(authorization)
    for _ in range(2):
        said = refused(relay(), '/otx/health', authorization)
        has('relay otx: token ', said, 'the log')
        for word in words:
            has(word, said, 'the log')
        holds('claim-secret' not in said, said)
        for text in (authorization or '').replace(' ', '.').split('.'):
            holds(len(text) < 8 or text not in said, said)


def tests():
    for name, (authorization, words) in CAUSES.items():
        def of(authorization=authorization, words=words):
            cause_of(authorization, words)
        yield 'cause/' + name, of


def test_a_gateway_without_a_secret_key_says_so():
    alone = Gateway('token-nokey', relays=RELAYS, sections={
        'auth': {'secret_key': None}}).serve()
    has('secret_key', refused(alone, '/otx/health', 'Bearer ' +
                              harness.jwt(QUALYS)), 'the log')
    ended(alone)


def test_causes_of_rs256():
    with Upstream([jwks(('1', 'one'))], tls='good') as upstream:
        where = rs256_gateway(upstream.host, 'token-rs256').serve()
        for more, words in (
                (dict(jwks_host=None), ['jwks_host']),
                (dict(kid=None), ['kid is missing']),
                (dict(kid='2'), ['kid "2"', upstream.host]),
                (dict(key='two'), ['signature', upstream.host]),
                (dict(exp=1600000000), ['exp', '1600000000']),
                (dict(aud=None), ['aud', AUDIENCE, 'missing']),
                (dict(aud=5), ['aud', AUDIENCE]),
                (dict(aud=BASE + '/other'), ['aud', AUDIENCE,
                                             'relay other'])):
            said = refused(where, '/template/health', 'Bearer ' +
                           token(upstream.host, **more))
            for word in words:
                has(word, said, '%s' % more)
        ended(where)


# --- tokens and keys as others write them --------------------------------------

def test_typ_is_no_reason_to_refuse_a_token():
    """RFC 9068's at+jwt, and whatever else, as for RS256."""
    for typ in ('at+jwt', 'application/at+jwt', 'jwt', 'JOSE', '', 5, None):
        text = harness.jwt(header={'typ': typ})
        same(outcome(relay(), text), 'ok', 'typ %r' % typ)
        with_wrong_key = harness.jwt(key='k' * 40, header={'typ': typ})
        holds(outcome(relay(), with_wrong_key) != 'ok', 'another key')


def test_each_key_of_a_kid_is_tried():
    """A set that has a kid twice: while a key is changed, or by mistake."""
    with Upstream([jwks(('1', 'one'), ('1', 'two'),
                        {'kty': 'EC', 'kid': '2', 'crv': 'P-256'},
                        ('2', 'two'))], tls='good') as upstream:
        where = rs256_gateway(upstream.host, 'token-twice').serve()
        for key, kid, comes in (('one', '1', 'ok'), ('two', '1', 'ok'),
                                ('two', '2', 'ok'), ('one', '2', WRONG_KEY),
                                ('three', '1', WRONG_KEY),
                                ('one', '3', NO_KID)):
            same(outcome(where, token(upstream.host, key, kid)), comes,
                 'signed with %s as %s' % (key, kid))
        ended(where)


def spelt(pad, zeros):
    """The key "one" with padding and zero bytes in front."""
    def number(value):
        raw = b'\0' * zeros + value.to_bytes((value.bit_length() + 7) // 8,
                                             'big')
        text = harness.b64(raw)
        return text + '=' * (-len(text) % 4 if pad else 0)
    return dict(rsa('one').jwk('1'), n=number(rsa('one').modulus),
                e=number(65537))


def test_keys_with_padding_or_leading_zeros():
    for pad in (False, True):
        for zeros in (0, 1, 2, 3):
            with Upstream([jwks(spelt(pad, zeros))], tls='good') as upstream:
                where = rs256_gateway(upstream.host, 'token-spelt').serve()
                same(outcome(where, token(upstream.host)), 'ok',
                     'padding %s, %d zeros' % (pad, zeros))
                ended(where)


def test_audience_with_a_query_or_fragment_is_another():
    with Upstream([jwks(('1', 'one'))], tls='good') as upstream:
        where = rs256_gateway(upstream.host, 'token-aud').serve()
        for more in ('?', '#', '?x', '#x', '/?', '/#', '/?x=1', '?/', '#/'):
            for audience in (AUDIENCE + more, [AUDIENCE + more]):
                same(outcome(where, token(upstream.host, aud=audience)),
                     WRONG_AUD, '%r' % audience)
        same(outcome(where, token(upstream.host, aud=AUDIENCE + '/')), 'ok',
             'a slash')
        ended(where)


# --- the path --------------------------------------------------------------------

def post(where, path=None, **env):
    request = fcgi.request('POST', path or '/', b'', harness.jwt())
    if path is None:
        del request['SCRIPT_NAME']
    request.update(env)
    status, _, body = fcgi.call(where.socket, request)
    return status, json.loads(body)


def test_slashes_in_front_of_the_path_do_not_matter():
    for path in ('//template/health', '///template/health',
                 '//template/health/'):
        for env in ({}, {'PATH_INFO': path, 'SCRIPT_NAME': '/x'}):
            same(post(relay(), path, **env)[0], 200, '%s %s' % (path, env))
    below = Gateway('token-below', sections={
        'server': {'base_url': 'https://h.example/p',
                   'default_relay': 'template'}}).serve()
    for path in ('//p/template/health', '/p//template/health', '//p//health',
                 '//health'):
        same(post(below, path)[0], 200, path)
    ended(below)


def test_a_prefix_that_nobody_knows_is_told_with_its_mend():
    for path in ('/ctim/template/health', '/a/b/otx/observe/observables',
                 '/ctim/template'):
        status, said = post(relay(), path)
        prefix = path[:path.index('/otx' if 'otx' in path else '/template')]
        same(status, 404, path)
        for word in ('There is no relay or route %s; GET / lists the relays' %
                     path, prefix + ',', 'base_url', 'PATH_INFO'):
            has(word, said['message'], path)
    # These have no prefix, so nothing of it is said.
    for path in ('/nobody/health', '/template/nothing', '/health',
                 '/template/otx/health', '/nobody'):
        same(post(relay(), path)[1]['message'], 'There is no relay or route '
             '%s; GET / lists the relays' % path, 'the message')
    top = Gateway('token-top', sections={
        'server': {'default_relay': 'template'}}).serve()
    has('base_url', post(top, '/ctim/health')[1]['message'], 'the message')
    ended(top)


def test_a_request_without_a_path_says_what_to_hand_over():
    for method in ('POST', 'GET'):
        for env in ({}, {'PATH_INFO': '', 'SCRIPT_NAME': ''}):
            status, said = post(relay(), REQUEST_METHOD=method, **env)
            same(status, 404, method)
            for word in ('PATH_INFO', 'SCRIPT_NAME', 'REQUEST_METHOD',
                         'CONTENT_LENGTH', 'HTTP_AUTHORIZATION'):
                has(word, said['message'], method)
    has('PATH_INFO', harness.read(relay().log), 'the log')
    status, said = post(relay(), '/template/health', REQUEST_METHOD='')
    same(status, 405, 'no method')
    has('REQUEST_METHOD', said['message'], 'no method')

# SPDX-License-Identifier: MIT
"""Described providers whose calls libcurl signs by AWS Signature Version 4: a played
service verifies each of them from what it received."""

import ctypes
import json
import os

import harness
import sigv4
import testca
from connectproxy import ConnectProxy
from harness import has, holds, run, same
from provider_case import no_secret
from sigv4 import Signed
from t_described import ask, errors, gateway, head, lines, titles
from upstream import Upstream

KEY = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
ID = 'AKIDEXAMPLE'
CLAIMS = '''
[claim ID]
label = Access key
needed = no

[claim SECRET]
label = Secret
kind = password
needed = no

[claim TOKEN]
label = Session token
kind = password
needed = no

[claim REGION]
label = Region
default = us-east-1
'''
AUTH = '''
[auth]
sign = aws-sigv4 {REGION} guardduty
sign_id = {ID}
sign_key = {SECRET}
header = X-Amz-Security-Token: {TOKEN}
header.2 = X-Note:  two  blanks   {REGION}
'''
GIVEN = {'ID': ID, 'SECRET': KEY}


def libcurl():
    """The version that is there: (8, 14)."""
    curl = ctypes.CDLL('libcurl.so.4')
    curl.curl_version.restype = ctypes.c_char_p
    return tuple(int(n) for n in curl.curl_version().decode().split()[0].split(
        '/')[1].split('.')[:2])


def good(service):
    """What the service said of the signatures, all of which are good."""
    same([why for why, _ in service.said], [None] * len(service.said),
         'signatures of %s' % lines(service))
    return [said for _, said in service.said]


def test_the_verifier_knows_published_signatures():
    """Those of the two documents that it is written from."""
    names = ['content-type', 'host', 'x-amz-date']
    same(sigv4.signature(
        'GET', '/?Action=ListUsers&Version=2010-05-08', {
            'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
            'host': 'iam.amazonaws.com', 'x-amz-date': '20150830T123600Z'},
        b'', names, '20150830T123600Z', 'us-east-1', 'iam', KEY),
         '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
         'of the User Guide')
    empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    names = ['host', 'range', 'x-amz-content-sha256', 'x-amz-date']
    same(sigv4.signature(
        'GET', '/test.txt', {
            'host': 'examplebucket.s3.amazonaws.com', 'range': 'bytes=0-9',
            'x-amz-content-sha256': empty, 'x-amz-date': '20130524T000000Z'},
        b'', names, '20130524T000000Z', 'us-east-1', 's3',
        KEY.replace('G+b', 'G/b')),
         'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
         'of the reference of S3')


def test_calls_are_signed():
    """Whatever is in path, query and body: what is sent has the form that is signed."""
    ini = head(types='domain url') + CLAIMS + AUTH + '''
[call get]
get = /v1/x:y/{value}?z=1&empty&b-c=%7e{value}&b=2&B=x+y&b=10&%c3%a4=%41

[call post]
post = /v1/find?z=%2f&a=
json = {"value": "{value}"}

[call form]
post = /form
form = v={value}&w=2
header = X-Region: {REGION}

[call end]
delete = /v1/{post.id}
finally = yes
'''
    with Signed([{'match': 'POST /v1/find.*', 'json': {'id': 'a b/c'}},
                 {'match': '.*', 'json': [1]}], KEY) as s:
        g = gateway('sigv4', s, ini).serve()
        value = 'http://b\u00fccher.example/a b?c=d&e=f/*~\'(!)'
        answer = ask(g, value, type='url', claims=GIVEN)
        same(errors(answer), [], answer)
        same({(a, b, c) for a, b, c, _ in good(s)},
             {(ID, 'us-east-1', 'guardduty')}, 'what is signed for')
        escaped = sigv4.escape(json.loads(json.dumps(value)).encode())
        get = [r for r in s.requests if r.line.startswith('GET')]
        same([r.line for r in get], [
            'GET /v1/x%3Ay/' + escaped + '?%C3%A4=A&B=x%20y&b=10&b=2&b-c=~' +
            escaped + '&empty=&z=1'], 'in its form')
        same(get[0].headers['x-note'], 'two  blanks   us-east-1', 'as it is')
        holds('x-amz-security-token' not in get[0].headers, 'without a token')
        post = next(r for r in s.requests if '/find' in r.line)
        same((post.line, post.headers['content-type'], json.loads(post.body)),
             ('POST /v1/find?a=&z=%2F', 'application/json', {'value': value}),
             'a body')
        has('DELETE /v1/a%20b%2Fc', lines(s), 'the call at the end')
        names = good(s)[0][3]
        for name in ('accept', 'host', 'x-amz-content-sha256', 'x-amz-date',
                     'x-note'):
            has(name, names, 'what is signed')
        holds('expect' not in names, names)
        # With a token, for another region; and the token is signed.
        s.forget()
        s.said.clear()
        answer = ask(g, 'a.example', claims=dict(
            GIVEN, TOKEN='FwoG/+==', REGION='eu-west-3'))
        same(errors(answer), [], answer)
        for _, region, _, names in good(s):
            same(region, 'eu-west-3', 'region')
            has('x-amz-security-token', names, 'fields')
        same({r.headers['x-amz-security-token'] for r in s.requests},
             {'FwoG/+=='}, 'token')
        same(g.stop(), 0, 'exit status')
        no_secret(g, [KEY, 'FwoG/+=='])


def test_a_plus_in_the_query():
    """libcurl 8.14 would sign it as a blank: such a call is not made with it."""
    ini = head(types='domain') + CLAIMS + AUTH + '''
[call get]
get = /v1?q=a%2Bb
'''
    with Signed([{'match': '.*', 'json': [1]}], KEY) as s:
        g = gateway('sigv4-plus', s, ini).serve()
        answer = ask(g, 'a.example', claims=GIVEN)
        if (8, 14) <= libcurl() < (8, 19):
            same(errors(answer), [(
                'fatal', 'internal error', 'The call to Test could not be made: '
                'this libcurl signs no query with a plus (domain a.example)')],
                 answer)
            same(lines(s), [], 'what was asked')
        else:
            same(errors(answer), [], answer)
            good(s)
            same(lines(s), ['GET /v1?q=a%2Bb'], 'what was asked')
        same(g.stop(), 0, 'exit status')


def test_s3_signs_a_path_once():
    ini = head(types='url') + CLAIMS + AUTH.replace('guardduty', 's3') + '''
[call get]
get = /bucket/{value}?list-type=2
'''
    with Signed([{'match': '.*', 'json': [1]}], KEY) as s:
        g = gateway('sigv4-s3', s, ini).serve()
        same(errors(ask(g, 'http://a.example/x=y z', type='url', claims=GIVEN)),
             [], 'errors')
        same({said[2] for said in good(s)}, {'s3'}, 'service')
        same(g.stop(), 0, 'exit status')


def test_a_field_of_its_own():
    """A type of the body, and that the body is not signed."""
    ini = head(types='domain') + CLAIMS + AUTH.replace(
        'X-Note:  two  blanks   {REGION}',
        'X-Amz-Content-Sha256: UNSIGNED-PAYLOAD') + '''
[call post]
post = /
header = Content-Type: application/x-amz-json-1.1
json = {"v": "{value}"}
'''
    with Signed([{'match': '.*', 'json': [1]}], KEY) as s:
        g = gateway('sigv4-own', s, ini).serve()
        same(errors(ask(g, 'a.example', claims=GIVEN)), [], 'errors')
        good(s)
        same([(r.headers['content-type'], r.headers['x-amz-content-sha256'])
              for r in s.requests],
             [('application/x-amz-json-1.1', 'UNSIGNED-PAYLOAD')], 'fields')
        same(g.stop(), 0, 'exit status')


def test_what_cannot_be_signed():
    ini = head(types='domain') + CLAIMS + AUTH + '''
[call get]
get = /v1/{ID}/x?q={value}
'''
    no = [('fatal', 'authorization error', 'Authorization failed: no call can be '
           'signed with what the token holds')]
    with Signed([{'match': '.*', 'json': [1]}], KEY) as s:
        g = gateway('sigv4-not', s, ini).serve()
        for claims, wanted in (
                (dict(GIVEN, SECRET=''), [(
                    'fatal', 'authorization error',
                    'Authorization failed: there is no SECRET to sign with')]),
                ({'SECRET': KEY}, None),
                (dict(GIVEN, REGION='us east'), no),
                (dict(GIVEN, REGION='us:east'), no),
                (dict(GIVEN, REGION='x' * 65), no),
                (dict(GIVEN, ID='A/B'), no),
                (dict(GIVEN, ID='A, B'), no),
                (dict(GIVEN, ID='A\r\nX: y'), no)):
            answer = ask(g, 'a.example', claims=claims)
            if wanted is None:
                same(titles(answer), [], answer)
            else:
                same(errors(answer), wanted, claims)
        same(lines(s), [], 'what was asked')
        # The service says no, in its own words.
        answer = ask(g, 'a.example', claims=dict(GIVEN, SECRET='another'))
        same(errors(answer)[0][:2], ('fatal', 'authorization error'), answer)
        same([why for why, _ in s.said], ['SignatureDoesNotMatch'], answer)
        same(g.stop(), 0, 'exit status')
        no_secret(g, [KEY])


def test_a_path_that_is_read_in_two_ways():
    ini = head(types='domain') + CLAIMS + AUTH + '''
[call get]
get = /v1/{REGION}/x
'''
    with Signed([{'match': '.*', 'json': [1]}], KEY) as s:
        g = gateway('sigv4-path', s, ini.replace(
            'aws-sigv4 {REGION}', 'aws-sigv4 us-east-1')).serve()
        same(errors(ask(g, 'a.example', claims=dict(GIVEN, REGION='/'))), [],
             'an escaped slash')
        good(s)
        directory = os.path.join(g.folder, 'providers', 'test', 'provider.ini')
        harness.write(directory, harness.read(directory).replace(
            '/v1/{REGION}/x', '/v1/%2e%2E/x'))
        g.cli('reload')
        answer = ask(g, 'a.example', claims=GIVEN)
        same(errors(answer), [(
            'fatal', 'invalid argument', 'The URL for Test cannot be signed: its '
            'path has a segment that is empty, . or .. (domain a.example)')],
             answer)
        same(g.stop(), 0, 'exit status')


def test_nobody_else_gets_it():
    """Neither the next user of a handle, nor where a redirect leads."""
    ini = head(types='domain') + CLAIMS + AUTH + '\n[call get]\nget = /{value}\n'
    with Upstream([{'match': '.*', 'json': [1]}]) as other, \
            Signed([{'match': 'GET /moved.*', 'status': 302,
                     'headers': {'Location': other.url + '/moved'}},
                    {'match': '.*', 'json': [1]}], KEY) as s:
        g = gateway('sigv4-else', s, ini, sections={
            'http': {'retries': '0', 'breaker': '0'},
            'server': {'workers': '1', 'threads': '2'}})
        g.relays += '\n[relay other]\nallow_private = yes\n'
        plain = os.path.join(g.folder, 'providers', 'other')
        os.makedirs(plain)
        harness.write(os.path.join(plain, 'provider.ini'), head(
            other.url, types='domain') + '\n[call get]\nget = /%7e/{value}\n')
        harness.write(os.path.join(plain, 'map.jq'), 'empty')
        g.write()
        g.serve()
        for i in range(4):
            same(errors(ask(g, '%d.example' % i, claims=GIVEN)), [], 'signed')
            same(errors(ask(g, '%d.example' % i, claims=GIVEN, relay='other')),
                 [], 'plain')
        ask(g, 'moved.example', claims=GIVEN)
        good(s)
        same(len(s.requests), 5, lines(s))
        same(lines(other), ['GET /%%7e/%d.example' % i for i in range(4)],
             'as it was written, and no redirect')
        for r in other.requests:
            same([n for n in r.headers if n.startswith('x-amz-') or
                  n == 'authorization'], [], 'fields')
        same(g.stop(), 0, 'exit status')


def test_each_try_is_signed():
    ini = head(types='domain') + CLAIMS + AUTH + \
        '\n[call get]\nget = /{value}\n\n[health]\nget = /me?b=1&a\n'
    with Signed([{'request': 'GET /a.example', 'times': 1, 'status': 503},
                 {'match': '.*', 'json': [1]}], KEY) as s:
        g = gateway('sigv4-again', s, ini, sections={
            'http': {'retries': '1', 'breaker': '0'}}).serve()
        same(errors(ask(g, 'a.example', claims=GIVEN)), [], 'errors')
        same(len(good(s)), 2, 'tries')
        same(errors(ask(g, route='health', claims=GIVEN)), [], 'health')
        same((len(good(s)), lines(s)[-1]), (3, 'GET /me?a=&b=1'), 'health')
        same(g.stop(), 0, 'exit status')


def test_the_cache_knows_who_asked():
    ini = head(types='domain') + CLAIMS + AUTH + '\n[call get]\nget = /{value}\n'
    with Signed([{'match': '.*', 'json': [1]}], KEY) as s:
        g = gateway('sigv4-cache', s, ini)
        g.sections['cache']['url'] = 'sqlite:' + os.path.join(
            g.store_folder, 'cache.db')
        g.write()
        g.serve()
        for claims in (GIVEN, GIVEN, dict(GIVEN, ID='AKIDOTHER'),
                       dict(GIVEN, REGION='eu-west-1'), GIVEN):
            same(errors(ask(g, 'a.example', claims=claims)), [], claims)
        same([said[:2] for said in good(s)],
             [(ID, 'us-east-1'), ('AKIDOTHER', 'us-east-1'), (ID, 'eu-west-1')],
             'who asked')
        same(g.stop(), 0, 'exit status')


def test_behind_a_proxy():
    """Which gets its own password alone."""
    ini = head(types='domain') + CLAIMS + AUTH + \
        '\n[call get]\nget = /x:y/{value}?b=1&a=2\n'
    line = '/x%3Ay/a.example?a=2&b=1'
    with Signed([{'match': '.*', 'json': [1]}], KEY) as s:
        g = gateway('sigv4-proxy', s, ini.replace(
            '{URL}', 'http://service.example:8080'))
        g.sections['http']['proxy'] = s.url.replace('://', '://user:hush@')
        g.write()
        g.serve()
        same(errors(ask(g, 'a.example', claims=GIVEN)), [], 'errors')
        good(s)
        same(lines(s), ['GET http://service.example:8080' + line], 'a proxy')
        same([r.headers['proxy-authorization'] for r in s.requests],
             ['Basic dXNlcjpodXNo'], 'for the proxy')
        same(g.stop(), 0, 'exit status')
    with Signed([{'match': '.*', 'json': [1]}], KEY, tls='feeds') as s, \
            ConnectProxy({'feed.example': s.port}) as proxy:
        g = gateway('sigv4-connect', s, ini.replace(
            '{URL}', 'https://feed.example'))
        g.sections['http'].update(
            proxy=proxy.url.replace('://', '://user:hush@'),
            ca_file=testca.ca_file())
        g.write()
        g.serve()
        same(errors(ask(g, 'a.example', claims=GIVEN)), [], 'errors')
        good(s)
        same(lines(s), ['GET ' + line], 'through the proxy')
        same(len(proxy.heads), 1, 'tunnels')
        has(b'Proxy-Authorization: Basic dXNlcjpodXNo', proxy.heads[0], 'proxy')
        for word in (ID, 'AWS4', KEY):
            holds(word.encode() not in proxy.heads[0], proxy.heads[0])
        same(g.stop(), 0, 'exit status')


def test_a_case_has_no_signature():
    """Nor a time: it passes on any day."""
    ini = head(types='domain') + CLAIMS + AUTH.replace('[auth]', '''[auth]
body = k={SECRET}''') + '''
[call post]
post = /find?b={value}&a=1
json = {"v": "{value}"}
'''
    with Signed([{'match': '.*', 'json': [1]}], KEY) as s:
        g = gateway('sigv4-case', s, ini)
        path = os.path.join(g.folder, 'providers', 'test')
        claims = os.path.join(g.folder, 'claims.json')
        harness.write(claims, json.dumps(GIVEN), 0o600)
        status, out, err = run([
            harness.program('ctim-relay'), 'provider', 'try', path,
            '--credentials', claims, '--allow-private', 'a.example', '--record',
            'one'])
        holds(KEY not in out, out)
        same((status, err), (0, ''), out)
        good(s)
    case = os.path.join(path, 'cases', 'one')
    text = ''.join(harness.read(os.path.join(case, name))
                   for name in os.listdir(case))
    for word in (KEY, 'AWS4', 'Signature', 'X-Amz-Date', 'Sha256'):
        holds(word not in text, text)
    has('/find?a=1&b=a.example', text, 'in the form that is sent')
    same(run([harness.program('ctim-relay'), 'provider', 'test', path]),
         (0, '1 passed, 0 failed\n', ''), 'the case')

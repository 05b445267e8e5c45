# SPDX-License-Identifier: MIT
"""The log: one line a request, text or JSON, and never a secret."""

import json
import os
import re

import fcgiclient as fcgi
import harness
from harness import Gateway, holds, same

BODY = b'[{"type":"ip","value":"198.51.100.99"},{"type":"domain","value":' \
       b'"asked.example"}]'
FIELDS = ('relay', 'route', 'status', 'observables', 'entities', 'errors',
          'calls', 'cached', 'bytes', 'ms', 'id', 'token')


def ask(gateway, path='/local/observe/observables', token=None, body=BODY,
        **env):
    request = fcgi.request('POST', path, body, token or harness.jwt(), **env)
    return fcgi.call(gateway.socket, request, body)


def end(gateway):
    same(gateway.stop(), 0, 'exit status')


def test_one_line_a_request_as_text():
    gateway = Gateway('log-text', sections={'log': {'format': 'text'}}).serve()
    gateway.load('198.51.100.99\n', 'one')
    token = harness.jwt()
    _, _, body = ask(gateway, token=token, HTTP_X_REQUEST_ID='text-1')
    end(gateway)
    lines = [line for line in harness.read(gateway.log).splitlines()
             if 'id=text-1' in line]
    same(len(lines), 1, 'lines of the request')
    match = re.fullmatch(
        r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \d+ info relay=local '
        r'route=observe/observables status=200 observables=2 entities=(\d+) '
        r'errors=0 calls=0 cached=0 bytes=(\d+) ms=\d+ id=text-1 '
        r'token=([0-9a-f]{8})', lines[0])
    holds(match, 'the line is ' + lines[0])
    same(int(match.group(2)), len(body), 'bytes')
    same(match.group(3), harness.token_id(token), 'token')
    holds(int(match.group(1)) > 0, 'entities')


def test_one_line_a_request_as_json():
    gateway = Gateway('log-json').serve()
    ask(gateway, HTTP_X_REQUEST_ID='json-1')
    ask(gateway, '/nobody/health', HTTP_X_REQUEST_ID='json-2')
    ask(gateway, '/local/health', 'a.b.c', HTTP_X_REQUEST_ID='json-3')
    end(gateway)
    record = gateway.record('json-1')
    same(sorted(record), sorted(FIELDS + ('time', 'level', 'pid')), 'members')
    same((record['relay'], record['route'], record['observables']),
         ('local', 'observe/observables', 2), 'the record')
    record = gateway.record('json-2')
    same((record['status'], record['relay'], record['token']), (404, '-', '-'),
         'the record')
    record = gateway.record('json-3')
    same((record['status'], record['errors'], record['token']),
         (200, 1, harness.token_id('a.b.c')), 'the record')


def test_level():
    """level = warning leaves the requests out."""
    gateway = Gateway('log-level', sections={
        'server': {'base_url': 'https://relay.example'},
        'auth': {'require': 'org=1'},
        'log': {'level': 'warning'}}).serve()
    ask(gateway)
    end(gateway)
    same(harness.read(gateway.log), '', 'the log')


def test_standard_error():
    gateway = Gateway('log-stderr',
                      sections={'log': {'target': 'stderr'}}).serve()
    ask(gateway, HTTP_X_REQUEST_ID='stderr-1')
    end(gateway)
    same(harness.read(gateway.stderr).count('"id":"stderr-1"'), 1, 'lines')


def test_nobody_can_forge_a_line():
    """Bytes from outside make no second line and no escape sequence."""
    for form in ('text', 'json'):
        gateway = Gateway('log-forge', sections={
            'log': {'format': form, 'level': 'debug'}}).serve()
        before = len(harness.read(gateway.log).splitlines())
        evil = 'x\n2026-01-01T00:00:00.000Z 1 info forged \x1b[2J\r\x7f"'
        ask(gateway, '/' + evil, HTTP_X_REQUEST_ID='forge')
        ask(gateway, '/local/' + evil)
        ask(gateway, HTTP_X_REQUEST_ID=evil)
        ask(gateway, token=harness.jwt(
            {'jwks_host': evil}, alg='RS256'), body=evil.encode())
        ask(gateway, REQUEST_METHOD='PO\nST', HTTP_X_REQUEST_ID='forge')
        end(gateway)
        text = harness.read(gateway.log)
        for line in text.splitlines()[before:]:
            holds(not line.startswith('2026-01-01'), 'forged: ' + line)
            if form == 'json':
                json.loads(line)
        holds(not re.search('[\x00-\x09\x0b-\x1f\x7f]', text),
              'control characters in the log: %r' % text)


def test_no_secret_anywhere():
    """Neither key, token, claims nor bodies are in a log, an answer or the
    list of processes, whatever goes wrong, at the most talkative level."""
    gateway = Gateway('log-secret', sections={
        'log': {'level': 'debug'},
        'auth': {'secret_key_previous': 'previous-' + 'p' * 32}}).serve()
    claims = {'key': 'claim-secret-1', 'user': 'claim-secret-2',
              'pass': 'claim-secret-3', 'sub': 'somebody'}
    tokens = [harness.jwt(claims), harness.jwt(claims, key='wrong' * 13),
              harness.jwt(claims, alg='none'), harness.jwt(claims, alg='RS256'),
              harness.jwt(dict(claims, jwks_host='evil.example'), alg='RS256'),
              harness.jwt(dict(claims, exp=1)),
              harness.jwt(dict(claims, exp='soon'))]
    bodies = [BODY, b'[{"type":"ip","value":"body-secret"', b'\xff',
              b'{"body-secret":"x"}']
    answers = b''
    for token in tokens:
        for body in bodies:
            for path in ('/local/observe/observables', '/nobody/x'):
                answers += ask(gateway, path, token, body)[2]
    processes = ''
    for pid in [gateway.process.pid] + gateway.workers():
        processes += harness.read('/proc/%d/cmdline' % pid)
    end(gateway)
    secrets = [harness.KEY, 'previous-pppp', 'claim-secret', 'wrongwrong',
               'body-secret', 'Bearer']
    for token in tokens:
        secrets += token.split('.')[1:]
    for place, text in (('log', harness.read(gateway.log)),
                        ('stderr', harness.read(gateway.stderr)),
                        ('processes', processes),
                        ('answers', answers.decode('utf-8', 'replace'))):
        for secret in secrets:
            holds(secret not in text, '%r is in the %s' % (secret, place))


def test_a_log_that_cannot_be_opened():
    """Says so at the start, and ends."""
    gateway = Gateway('log-dir', sections={
        'log': {'target': '/nonexistent/folder/x.log'}})
    status, _, err = harness.run([harness.program('ctim-relay.fcgi')],
                                 env=gateway.env())
    holds(status != 0, 'it started')
    harness.has('/nonexistent/folder/x.log', err, 'what it says')


def test_mode_of_the_file():
    gateway = Gateway('log-mode').serve()
    end(gateway)
    same(oct(os.stat(gateway.log).st_mode & 0o777), '0o640', 'mode')

# SPDX-License-Identifier: MIT
"""The cases of tests/cases/*.json and the four ways in which they are sent:
through nginx, and through Apache with mod_proxy_fcgi, with mod_fcgid and as
classic CGI.  The expectation is the same for all.

A file of cases:
    suite      which gateway (SUITES below)
    cases      a list of cases, each with
      name
      request  "METHOD /path"
      token    left out: a good one; false: no Authorization header; a string:
               that token; an object: jwt()'s arguments, where {now+N} and
               {now-N} in a payload text stand for times
      headers  of the request
      body     text, JSON value ("json"), bytes ("hex"), or a list of such parts
               with "times"; see body()
      chunked  true: without Content-Length
      ways     in which it is sent: left out, through nginx and mod_fcgid,
               which see every case; "all", for what can differ from one way to
               another (tests/README.md has the list); or a list of ways
      status   default 200
      answer   the exact body, with the placeholders of harness.pattern()
      error    [code, message], for an answer that is one fatal error only
      http     message, for {"code", "message", "reason"}
      gets     headers of the answer, names in lower case
      log      members of the log record, "{{token}}" being the id of the token;
               status and bytes are always compared

Answers of observe and deliberate are compared with the CTIM schema, too.
"""

import copy
import glob
import http.client
import itertools
import json
import os
import re
import time

import harness
import postgres
from harness import Apache, Gateway, Nginx, fail, holds, same

CTIM = re.compile('/(observe|deliberate)/observables/?$')
CASES = os.path.join(harness.TESTS, 'cases')


def feed(name):
    return harness.read(os.path.join(CASES, name))


def main_gateway(name='main'):
    """Template and local relay, no base_url, no default relay."""
    gateway = Gateway(name)
    gateway.load(feed('blocklist.jsonl'), 'blocklist', '--format', 'json',
                 '--title', 'Block list', '--url',
                 'https://feed.example/{type}?q={value}', '--subdomains')
    gateway.load(feed('allowlist.txt'), 'allowlist', '--disposition', 'Clean',
                 '--priority', '100', '--severity', 'None')
    # More entities of one observable than a token allows unless it says so.
    for i in range(3):
        gateway.load('198.51.100.7\n', 'feed %d' % i, '--priority', str(i))
    return gateway


def root_gateway():
    """A default relay, a base_url with a path, keys in rotation."""
    gateway = Gateway('root', sections={
        'server': {'default_relay': 'local',
                   'base_url': 'http://127.0.0.1/site/ctim',
                   'max_body': '2K', 'max_observables': '3'},
        'auth': {'secret_key': 'n' * 32, 'secret_key_previous': harness.KEY,
                 'leeway': '0'},
        'log': {'level': 'debug'}})
    gateway.load('203.0.113.9\n', 'blocklist')
    return gateway


def nokey_gateway():
    """No secret key and no JWKS hosts: nobody gets in."""
    return Gateway('nokey', sections={
        'auth': {'secret_key': None, 'jwks_hosts': ''}})


def pgsql_gateway():
    """The same as main, with its store in PostgreSQL."""
    with postgres.instead():
        return main_gateway('pgsql')


SUITES = {'main': main_gateway, 'pgsql': pgsql_gateway, 'root': root_gateway, 'nokey': nokey_gateway}
WHOLE = ('nginx', 'fcgid')
WAYS = WHOLE + ('proxy_fcgi', 'cgi')
_gateways, _nginx, _apache = {}, {}, {}
_number = itertools.count(1)


def gateway(suite):
    """The pool of a suite; where it does not start, once is enough to try."""
    if suite not in _gateways:
        try:
            _gateways[suite] = SUITES[suite]().serve()
        except harness.Failed as reason:
            _gateways[suite] = reason
    if isinstance(_gateways[suite], harness.Failed):
        raise _gateways[suite]
    return _gateways[suite]


def port(suite, front):
    """Where a front listens: 'nginx', 'proxy_fcgi', 'fcgid' or 'cgi'."""
    if front == 'nginx':
        if suite not in _nginx:
            _nginx[suite] = Nginx(gateway(suite))
        return _nginx[suite].port
    if suite not in _apache:
        _apache[suite] = Apache(gateway(suite))
    return _apache[suite].ports[front]


def close():
    """Stops everything; a pool must end well."""
    for servers in (_nginx, _apache):
        for server in servers.values():
            server.stop()
        servers.clear()
    for suite, pool in list(_gateways.items()):
        del _gateways[suite]
        if isinstance(pool, harness.Failed):
            continue
        status = pool.stop()
        if status != 0:
            fail('the pool %s ended with %d\n%s' % (
                suite, status, harness.read(pool.stderr)[-2000:]))


def body(case):
    """The bytes of the request's body, None for none."""
    def part(p):
        if isinstance(p, str):
            return p.encode()
        if 'hex' in p:
            data = bytes.fromhex(p['hex'])
        elif 'json' in p:
            data = json.dumps(p['json']).encode()
        else:
            data = p['text'].encode()
        return data * p.get('times', 1)
    given = case.get('body')
    if given is None:
        return None
    return b''.join(map(part, given if isinstance(given, list) else [given]))


def times(text):
    return re.sub(r'\{now([+-]\d+)\}',
                  lambda m: str(int(time.time()) + int(m.group(1))), text)


def token(case):
    """The Authorization value, None for none, and the token for the log."""
    spec = case.get('token', True)
    if spec is False:
        return None, None
    if spec is True:
        text = harness.jwt()
    elif isinstance(spec, str):
        text = spec
    else:
        spec = copy.deepcopy(spec)
        cut = spec.pop('cut', 0)
        length = spec.pop('length', None)
        if isinstance(spec.get('payload'), str):
            spec['payload'] = times(spec['payload'])
        if length:
            # Payloads of every length, until the token has the one wanted.
            for n in range(length):
                text = harness.jwt(payload={'p': 'x' * n})
                if len(text) >= length:
                    break
        else:
            text = harness.jwt(**spec)
        if cut:
            text = text[:-cut]
    return 'Bearer ' + text, text


def expected_text(case):
    """The body that must come, with placeholders; None for any."""
    if 'error' in case:
        code, message = case['error']
        return json.dumps({'errors': [{'type': 'fatal', 'code': code,
                                       'message': message}]},
                          separators=(',', ':'), ensure_ascii=False)
    if 'http' in case:
        return json.dumps({'code': case['status'], 'message': case['http'],
                           'reason': reason(case['status'])},
                          separators=(',', ':'), ensure_ascii=False)
    return case.get('answer')


def reason(status):
    return {413: 'Content Too Large'}.get(status,
                                          http.client.responses[status])


def check(case, answer, record, sent):
    """Compares what came with what the case says."""
    status = case.get('status', 200)
    if answer.status != status:
        fail('status %d instead of %d\n%s' % (answer.status, status,
                                              answer.text()[:2000]))
    text, head = answer.text(), case['request'].startswith('HEAD')
    expected = expected_text(case)
    if expected is not None:
        if head:
            same(text, '', 'the body of HEAD')
        elif '{{' in expected:
            holds(harness.pattern(expected).fullmatch(text),
                  'the answer\n  %s\nis not\n  %s' % (text, expected))
        else:
            same(text, expected, 'the answer')
    gets = dict({'content-type': 'application/json',
                 'x-content-type-options': 'nosniff',
                 'cache-control': 'no-store'}, **case.get('gets', {}))
    for name, value in gets.items():
        same(answer.headers.get(name), value, 'header ' + name)
    if status == 200 and 'POST' in case['request'] and CTIM.search(
            case['request']):
        harness.validate_ctim(answer.json())
    log = dict({'status': status}, **case.get('log', {}))
    if not head:
        log['bytes'] = len(answer.body)
    for name, value in log.items():
        if value == '{{token}}':
            value = harness.token_id(sent)
        same(record.get(name), value, 'log: ' + name)
    holds(0 <= record['ms'] < 30000, 'log: ms %r' % record['ms'])


def send(suite, front, case, prefix=''):
    """Sends a case through a front and checks what comes."""
    number = 'case-%d' % next(_number)
    headers = {'X-Request-Id': number}
    authorization, text = token(case)
    if authorization is not None:
        headers['Authorization'] = authorization
    headers.update(case.get('headers', {}))
    method, path = case['request'].split(' ', 1)
    where = port(suite, front)
    since = gateway(suite).log_size()
    answer = harness.http_request(where, method, prefix + path,
                                  body(case), headers,
                                  case.get('chunked', False))
    given = answer.headers.get('x-request-id')
    if headers['X-Request-Id'] == number:
        same(given, number, 'header x-request-id')
    holds(given, 'no header x-request-id: %d %s' % (answer.status,
                                                    answer.text()[:500]))
    record = gateway(suite).record(given, since)
    check(case, answer, record, text)
    return answer


def cases():
    """(file, suite, case) of every case."""
    for path in sorted(glob.glob(os.path.join(CASES, '*.json'))):
        with open(path) as f:
            content = json.load(f)
        name = os.path.basename(path)[:-5]
        for case in content['cases']:
            yield name, content['suite'], case


def ways(case):
    """The ways in which a case is sent."""
    said = case.get('ways', WHOLE)
    return WAYS if said == 'all' else said


def front_tests(front):
    """(name, function) of every case that is sent through a front."""
    for name, suite, case in cases():
        if front not in ways(case):
            continue

        def test(suite=suite, case=case):
            send(suite, front, case)
        yield '%s:%s' % (name, case['name']), test

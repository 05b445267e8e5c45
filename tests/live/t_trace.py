# SPDX-License-Identifier: MIT
"""W3C traceparent: taken, logged, and passed to services that are the site's own."""

import re

import fcgiclient as fcgi
import fronts
import harness
from harness import has, holds, http_request, same
from provider_case import ask, ended, pool
from services import QUALYS_TOKEN, observables, otx, otx_general
from upstream import Upstream

close = fronts.close
TRACE, PARENT = '0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'
GOOD = '00-%s-%s-01' % (TRACE, PARENT)
VALUE = re.compile(r'00-([0-9a-f]{32})-([0-9a-f]{16})-(0[01])')
ASKED = observables('domain', 'a.example')


def asked_with(relay, upstream, **env):
    """The trace fields of all calls of a request, and its record."""
    upstream.forget()
    before = relay.log_size()
    same(ask(relay, '/otx/observe/observables', ASKED,
             HTTP_X_REQUEST_ID='trace-test', **env).errors, [], 'errors')
    return [(r.headers.get('traceparent'), r.headers.get('tracestate'))
            for r in upstream.requests], relay.record('trace-test', before)


def test_passed_with_a_parent_of_its_own():
    """The same trace and flag, a new parent for each call, the state as it is."""
    with Upstream(otx(ASKED)) as upstream:
        relay = pool(upstream.url, 'trace-yes', relay={'trace': 'yes'})
        calls, record = asked_with(
            relay, upstream, HTTP_TRACEPARENT=GOOD,
            HTTP_TRACESTATE='congo=t61rcWkgMzE, rojo=00f067aa0ba902b7')
        same(len(calls), 2, 'calls')
        parents = set()
        for trace, state in calls:
            match = VALUE.fullmatch(trace)
            same((match[1], match[3]), (TRACE, '01'), trace)
            parents.add(match[2])
            same(state, 'congo=t61rcWkgMzE, rojo=00f067aa0ba902b7', 'state')
        same(len(parents - {PARENT}), 2, 'parents')
        same(record['trace'], TRACE, 'the log')
        # A later version is answered with ours, flags without meaning are 0.
        calls, _ = asked_with(relay, upstream,
                              HTTP_TRACEPARENT='cc-%s-%s-fe-x' % (TRACE, PARENT))
        for trace, state in calls:
            match = VALUE.fullmatch(trace)
            same((match[1], match[3], state), (TRACE, '00', None), trace)
        ended(relay)


def test_what_is_none_begins_a_new_one():
    """A wrong value is as none, and its state goes with it."""
    with Upstream(otx(ASKED)) as upstream:
        relay = pool(upstream.url, 'trace-new', relay={'trace': 'yes'})
        seen = set()
        for value in (None, '', GOOD.upper(), 'ff' + GOOD[2:], GOOD + '-x',
                      '00-%s-%s-01' % ('0' * 32, PARENT), GOOD + ', ' + GOOD,
                      '00-%s-%s-01' % (TRACE, '0' * 16), 'x' * 5000):
            env = {} if value is None else {'HTTP_TRACEPARENT': value}
            calls, record = asked_with(relay, upstream, HTTP_TRACESTATE='a=b',
                                       **env)
            traces = {VALUE.fullmatch(trace)[1] for trace, _ in calls}
            same(traces, {record['trace']}, 'one trace, which is logged')
            same({state for _, state in calls}, {None}, 'state')
            holds(TRACE not in traces, value)
            seen |= traces
        same(len(seen), 9, 'traces')
        # The state is cut at a member, or left out where it is none.
        long = ','.join('k%d=%s' % (i, 'v' * 100) for i in range(9))
        for state, passed in ((long, ','.join(long.split(',')[:4])),
                              ('x', None), ('a=\x01', None)):
            calls, _ = asked_with(relay, upstream, HTTP_TRACEPARENT=GOOD,
                                  HTTP_TRACESTATE=state)
            same({s for _, s in calls}, {passed}, state[:50])
        ended(relay)


def test_told_to_nobody_else():
    """Unless the relay says so, its service learns nothing; the log has it."""
    with Upstream(otx(ASKED)) as upstream:
        relay = pool(upstream.url, 'trace-no')
        calls, record = asked_with(relay, upstream, HTTP_TRACEPARENT=GOOD,
                                   HTTP_TRACESTATE='a=b')
        same(set(calls), {(None, None)}, 'calls')
        same(record['trace'], TRACE, 'the log')
        _, record = asked_with(relay, upstream)
        holds('trace' not in record, 'a trace of nobody')
        ended(relay)


def test_a_host_that_a_token_names_is_not_told():
    """What the operator trusts is what he has named."""
    rules = [{'request': 'POST /auth', 'status': 201, 'text': QUALYS_TOKEN},
             {'request': 'GET /ioc/events?pageSize=1&state=true', 'json': []}]
    with Upstream(rules) as named, Upstream(rules) as other:
        relay = pool(named.url, 'trace-host', providers=('qualys',), relay={
            'trace': 'yes', 'api_hosts': other.host})
        for claims, service, told in (({}, named, True),
                                      ({'API_URL': other.url}, other, False)):
            same(ask(relay, '/qualys/health', claims=claims,
                     HTTP_TRACEPARENT=GOOD).errors, [], 'errors')
            same([('traceparent' in r.headers) for r in service.requests],
                 [told] * 2, service.url)
        ended(relay)


def test_each_way_hands_it_over():
    """Through nginx and Apache, with FastCGI and as CGI."""
    for way, mount in (('nginx', ''), ('nginx', '/below'), ('proxy_fcgi', ''),
                       ('fcgid', ''), ('cgi', '')):
        gateway = fronts.gateway('main')
        ident = 'trace-' + way.replace('/', '-') + mount.replace('/', '-')
        before = gateway.log_size()
        http_request(fronts.port('main', way), 'POST', mount + '/version',
                     b'', {'traceparent': GOOD, 'X-Request-Id': ident})
        same(gateway.record(ident, before)['trace'], TRACE, way)


def test_text_of_the_log():
    gateway = harness.Gateway('trace-text', sections={
        'log': {'format': 'text'}}).serve()
    request = fcgi.request('POST', '/version', b'', harness.jwt(),
                           HTTP_TRACEPARENT=GOOD)
    same(fcgi.call(gateway.socket, request, b'')[0], 200, 'status')
    harness.wait_for(lambda: ' trace=%s\n' % TRACE in harness.read(gateway.log),
                     'the record')
    has('version', gateway.cli('tail', '--no-follow')[1], 'tail reads it')
    same(gateway.stop(), 0, 'stop')

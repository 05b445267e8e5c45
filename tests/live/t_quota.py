# SPDX-License-Identifier: MIT
"""What services tell of quotas: in health, in status and metrics."""

import time

import harness
from harness import has, holds, same
from provider_case import ask, ended, gateway, pool
from services import QUALYS_TOKEN, observables, otx
from t_status import status, talk
from upstream import Upstream

ME = 'GET /api/v1/user/me'
OK = {'data': {'status': 'ok'}}
DAY = 86400
UNITS = {60: 'minute', 3600: 'hour', DAY: 'day', 7 * DAY: 'week',
         30 * DAY: 'month'}


def health(headers, status=200):
    return [{'request': ME, 'json': {'username': 'somebody'},
             'status': status, 'headers': headers}]


def iso(seconds):
    return time.strftime('%Y-%m-%dT%H:%M:%S.000Z', time.gmtime(seconds))


def values(answer, relay='otx'):
    """The values of the one quota of a health answer."""
    same(list(answer['data']), ['status', 'quotas'], 'members')
    same(answer['data']['status'], 'ok', 'status')
    same(list(answer['data']['quotas']), [relay], 'names')
    quota = answer['data']['quotas'][relay]
    same(list(quota), ['description', 'values'], 'members of the quota')
    same(quota['description'],
         'Calls that AlienVault OTX takes from this credential', 'description')
    return quota['values']


def test_not_told_unless_asked_for():
    """Without `quotas = yes` health is what the published relays answer."""
    told = {'X-RateLimit-Limit': '100', 'X-RateLimit-Remaining': '40'}
    with Upstream(health(told)) as upstream:
        relay = pool(upstream.url, 'quota-no')
        same(ask(relay, '/otx/health').body, b'{"data":{"status":"ok"}}',
             'answer')
        ended(relay)


def test_health_tells_what_the_service_told():
    """In the platform's form, and no member that the service did not tell."""
    now = int(time.time())
    reset = now + 1800
    # Fields of the answer, and what health makes of them.
    tellings = [
        ({'X-RateLimit-Limit': '5000', 'X-RateLimit-Remaining': '4900',
          'X-RateLimit-Reset': str(reset)},
         {'bucket_limit': 5000, 'current_bucket_consumption': 100,
          'current_bucket_end_time': iso(reset),
          'current_bucket_limit_reached': False}),
        ({'RateLimit-Policy': '"default";q=100;w=3600',
          'RateLimit': '"default";r=0;t=1800'},
         {'bucket_unit': 'hour', 'bucket_limit': 100,
          'current_bucket_consumption': 100,
          'current_bucket_start_time': reset - 3600,
          'current_bucket_end_time': reset,
          'current_bucket_limit_reached': True,
          'current_bucket_limit_reached_at': now}),
        ({'X-RateLimit-Limit': '10'}, {'bucket_limit': 10}),
        ({'X-RateLimit-Remaining': '3'},
         {'current_bucket_limit_reached': False}),
    ] + [
        ({'RateLimit': '"a";r=1', 'RateLimit-Policy': '"a";q=2;w=%d' % window},
         {'bucket_unit': unit, 'bucket_limit': 2,
          'current_bucket_consumption': 1,
          'current_bucket_limit_reached': False})
        for window, unit in UNITS.items()]
    with Upstream() as upstream:
        relay = pool(upstream.url, 'quota-yes', relay={'quotas': 'yes'})
        for n, (fields, expected) in enumerate(tellings):
            upstream.rules(health(fields))
            got = values(ask(relay, '/otx/health',
                             claims={'key': 'key-%d' % n}).json)
            # Times that were told from now on may be some seconds later.
            for key, value in expected.items():
                if isinstance(value, int) and key.endswith(('_time', '_at')):
                    holds(got[key] in [iso(value + i) for i in range(60)],
                          '%s of %s: %s' % (key, fields, got[key]))
                    expected[key] = got[key]
            same(got, expected, fields)
            same(list(got), list(expected), 'order')
        ended(relay)


def test_only_while_the_last_answer_told_it():
    told = {'X-RateLimit-Limit': '100', 'X-RateLimit-Remaining': '40'}
    over = dict(told, **{'X-RateLimit-Reset': str(int(time.time()) - 10)})
    with Upstream(health(told)) as upstream:
        relay = pool(upstream.url, 'quota-last', relay={'quotas': 'yes'})
        same(values(ask(relay, '/otx/health').json)['bucket_limit'], 100,
             'told')
        # The same for another credential, which is told nothing.
        for fields in ({}, over, {'X-RateLimit-Limit': 'many'}):
            upstream.rules(health(fields))
            same(ask(relay, '/otx/health').json, OK, fields)
        upstream.rules(health(told, 500))
        holds('data' not in ask(relay, '/otx/health').json, 'failed health')
        # A credential sees no quota but its own.
        upstream.rules(health(told))
        ask(relay, '/otx/health', claims={'key': 'one'})
        upstream.rules(health({}))
        same(ask(relay, '/otx/health', claims={'key': 'two'}).json, OK,
             'another credential')
        ended(relay)


def test_signing_in_tells_nothing():
    """It is another service that counts sign-ins."""
    rules = [{'request': 'POST /auth', 'status': 201, 'text': QUALYS_TOKEN,
              'headers': {'X-RateLimit-Limit': '3'}},
             {'request': 'GET /ioc/events?pageSize=1&state=true', 'json': []}]
    with Upstream(rules) as upstream:
        relay = pool(upstream.url, 'quota-sign', relay={'quotas': 'yes'})
        same(ask(relay, '/qualys/health').json, OK, 'answer')
        ended(relay)


def test_as_cgi():
    """The one process that asks also tells."""
    told = {'X-RateLimit-Limit': '100', 'X-RateLimit-Remaining': '40'}
    with Upstream(health(told)) as upstream:
        relay = gateway('quota-cgi', upstream.url, relay={'quotas': 'yes'})
        status, out, err = harness.run(
            [harness.program('ctim-relay.fcgi')], input='', env=relay.env(
                GATEWAY_INTERFACE='CGI/1.1', REQUEST_METHOD='POST',
                PATH_INFO='/otx/health', SCRIPT_NAME='', CONTENT_LENGTH='0',
                HTTP_AUTHORIZATION='Bearer ' +
                harness.jwt({'key': 'k'})))
        same(status, 0, err)
        has('"bucket_limit":100,"current_bucket_consumption":60', out,
            'answer')


def test_status_and_metrics_know_each_relay():
    """By relay, and nothing of the credential."""
    reset = int(time.time()) + 3000
    told = {'X-RateLimit-Limit': '100', 'X-RateLimit-Remaining': '40',
            'X-RateLimit-Reset': str(reset)}
    asked = observables('domain', 'a.example')
    with Upstream([dict(r, headers=told) for r in otx(asked)]) as upstream:
        relay = pool(upstream.url, 'quota-status')
        same(status(relay)['quotas'], [], 'before')
        same(ask(relay, '/otx/observe/observables', asked,
                 claims={'key': 'canary-of-a-key'}).errors, [], 'answer')
        same(status(relay)['quotas'], [
            {'relay': 'otx', 'limit': 100, 'left': 40,
             'reset': iso(reset).replace('.000', '')}], 'status')
        metrics = talk(relay, b'metrics\n')
        for line in ('ctim_relay_quota_limit{relay="otx"} 100',
                     'ctim_relay_quota_left{relay="otx"} 40'):
            has('\n%s\n' % line, metrics, 'metrics')
        shown = relay.cli('status')[1]
        has('QUOTA OF', shown, 'shown')
        for text in (metrics, shown, talk(relay, b'status\n')):
            holds('canary' not in text, text)
        ended(relay)

# SPDX-License-Identifier: MIT
"""Metrics: their form, their numbers, and what is said of them."""

import os
import re
import shutil

import fcgiclient as fcgi
import harness
import services
from harness import Skipped, has, holds, same
from provider_case import TIMEOUT, ask, ended, pool
from services import observables, otx
from t_status import end, relay_of, start, status, talk, traffic
from upstream import Upstream

REQUEST = 'ctim_relay_request_duration_seconds'
UPSTREAM = 'ctim_relay_upstream_duration_seconds'
OUTCOMES = ['ok', 'errors', '4xx', '5xx']
ENDS = ['ok', '4xx', 'limited', '5xx', 'timeout', 'broken']
BOUNDS = ['0.001', '0.002', '0.005', '0.010', '0.025', '0.050', '0.100',
          '0.250', '0.500', '1.000', '2.500', '5.000', '10.000', '25.000',
          '+Inf']


def promtool(*args, input=''):
    """Runs Prometheus's own tool, which must find nothing to say."""
    if shutil.which('promtool') is None:
        raise Skipped('promtool is not installed (package prometheus)')
    code, out, err = harness.run(['promtool'] + list(args), input=input)
    same((code, err), (0, ''), 'promtool %s\n%s' % (' '.join(args), out))
    return out


SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*)\})? '
                    r'(-?[0-9.]+)')


def parsed(text):
    """{(name, labels): value}, once the form is right."""
    types, out, current = {}, {}, None
    holds(text.endswith('\n'), 'the end of the metrics')
    for line in text.splitlines():
        if line.startswith('# HELP '):
            current = line.split()[2]
            holds(current not in types, current + ' is there twice')
            continue
        if line.startswith('# TYPE '):
            _, _, name, kind = line.split()
            same(name, current, 'TYPE after HELP')
            types[name] = kind
            continue
        match = SAMPLE.fullmatch(line)
        holds(match, 'no sample: ' + line)
        name, labels, value = match.groups()
        base = name
        if types.get(current) == 'histogram':
            base = re.sub('_(bucket|sum|count)$', '', name)
        same(base, current, 'the metric of ' + line)
        holds(types[base] != 'counter' or name.endswith('_total'), line)
        key = (name, labels or '')
        holds(key not in out, 'twice: ' + line)
        out[key] = float(value)
    return out


def histograms(metrics, name, relay):
    """{outcome: {'buckets': [as they come], 'sum', 'count'}} of a relay, once
    each counts up and has the bounds that all have."""
    found = {}
    for (metric, labels), value in metrics.items():
        match = re.fullmatch('relay="([^"]*)",outcome="([^"]*)"'
                             '(?:,le="([^"]*)")?', labels)
        if not match or not metric.startswith(name) or match[1] != relay:
            continue
        one = found.setdefault(match[2], {'buckets': [], 'bounds': []})
        if match[3]:
            one['bounds'].append(match[3])
            one['buckets'].append(value)
        else:
            one[metric[len(name) + 1:]] = value
    for outcome, one in found.items():
        same(one.pop('bounds'), BOUNDS, 'bounds of ' + outcome)
        same(one['buckets'], sorted(one['buckets']), 'buckets count up')
        same(one['buckets'][-1], one['count'], '+Inf')
    return found


def test_metrics():
    """Prometheus's form, with the numbers of the status."""
    gateway = start('status-metrics')
    traffic(gateway)
    got = parsed(gateway.cli('status', '--metrics')[1])
    told = status(gateway)
    for name in ('local', 'template', '-'):
        relay = relay_of(told, name)
        label = 'relay="%s"' % name
        for code in ('2xx', '4xx', '5xx'):
            same(got[('ctim_relay_requests_total',
                      '%s,code="%s"' % (label, code))], relay[code], code)
        for metric, key in (('errors', 'errors'), ('entities', 'entities'),
                            ('observables', 'observables'),
                            ('provider_calls', 'calls'),
                            ('cache_hits', 'cached'),
                            ('provider_retries', 'retries'),
                            ('answer_bytes', 'bytes'),
                            ('map_left_out', 'left_out')):
            same(got[('ctim_relay_%s_total' % metric, label)], relay[key],
                 metric)
        found = histograms(got, REQUEST, name)
        same(list(found), OUTCOMES, 'outcomes')
        same(sum(h['count'] for h in found.values()), relay['requests'],
             'count')
        same(round(sum(h['sum'] for h in found.values()) * 1000),
             relay['ms'], 'sum')
        same(histograms(got, UPSTREAM, name), {}, 'calls of ' + name)
    same(got[('ctim_relay_workers', 'state="serving"')], 2, 'workers')
    # What the manual says there is, and what there is.
    page = harness.read(os.path.join(harness.SRC, 'man', 'ctim-relay.fcgi.8'))
    said = set(re.findall(r'^\.It Li (ctim_relay_\w+)', page, re.M))
    names = set(re.findall(r'^# TYPE (\w+) ', talk(gateway, b'metrics\n'),
                           re.M))
    same(sorted(names), sorted(said), 'metrics of the manual')
    end(gateway)


def test_prometheus_finds_nothing_to_say():
    """promtool check metrics, with something in every metric."""
    told = {'X-RateLimit-Limit': '100', 'X-RateLimit-Remaining': '40'}
    bad = observables('domain', 'bad.example')
    rules = [dict(r, headers=told) for r in otx(observables('domain', 'a'))]
    with Upstream(rules) as upstream:
        relay = pool(upstream.url, 'metrics-promtool', http={'breaker': '1'})
        ask(relay, '/otx/observe/observables', observables('domain', 'a'))
        ask(relay, '/otx/observe/observables', bad)
        text = relay.cli('status', '--metrics')[1]
        for name in ('quota_left{', UPSTREAM[11:] + '_bucket{'):
            has('ctim_relay_' + name, text, 'metrics')
        same(promtool('check', 'metrics', input=text), '', 'promtool')
        ended(relay)


def test_requests_are_timed_by_their_outcome():
    """An answer with errors, a request that is refused, one that is well."""
    gateway = start('metrics-request')
    sent = {'ok': 3, 'errors': 2, '4xx': 4}
    for _ in range(sent['ok']):
        same(ask(gateway, '/template/health').json, {'data': {'status': 'ok'}},
             'health')
    for _ in range(sent['errors']):
        holds(ask(gateway, '/template/health', token='x').errors, 'no token')
    for _ in range(sent['4xx']):
        same(status_of_get(gateway, '/template/health'), 405, 'GET')
    found = histograms(parsed(talk(gateway, b'metrics\n')), REQUEST,
                       'template')
    same({k: v['count'] for k, v in found.items()}, dict(sent, **{'5xx': 0}),
         'requests')
    end(gateway)


def status_of_get(gateway, path):
    """The status of a GET."""
    return fcgi.call(gateway.socket, fcgi.request('GET', path, b'',
                                                  harness.jwt()))[0]


def test_calls_are_timed_by_their_end():
    """Each try is in one bucket, by how it ended and what it took."""
    ends = {'ok': {'json': {'username': 'x'}}, '4xx': {'status': 403},
            'limited': {'status': 429}, '5xx': {'status': 500},
            'timeout': {'fault': 'hang'}, 'broken': {'fault': 'close'}}
    with Upstream() as upstream:
        relay = pool(upstream.url, 'metrics-upstream')
        for name, rule in ends.items():
            upstream.rules([dict(rule, request='GET /api/v1/user/me')])
            ask(relay, '/otx/health')
        upstream.rules([{'request': 'GET /api/v1/user/me', 'delay': 0.06,
                         'json': {'username': 'x'}}])
        ask(relay, '/otx/health')
        metrics = parsed(talk(relay, b'metrics\n'))
        found = histograms(metrics, UPSTREAM, 'otx')
        same({k: v['count'] for k, v in found.items()},
             dict.fromkeys(ENDS, 1) | {'ok': 2}, 'tries')
        same(list(found), ENDS, 'order')
        # The slow ones took that long, whatever else the machine does.
        under = dict(zip(BOUNDS, found['ok']['buckets']))
        holds(under['0.050'] <= 1, 'under 50 ms: %r' % under)
        under = dict(zip(BOUNDS, found['timeout']['buckets']))
        same(under['1.000'], 0, 'time-outs within a second')
        holds(found['timeout']['sum'] >= TIMEOUT, 'sum of time-outs')
        same(histograms(metrics, UPSTREAM, '-'), {}, 'the gateway')
        ended(relay)


def test_retries_and_signing_in_are_timed_too():
    md5 = 'd8414d743778cae103c15461200ec64d'
    rules = services.qualys([md5])
    events = next(r for r in rules if 'state=true' in r.get('match', ''))
    with Upstream([dict(match=events['match'], status=503, times=1)] +
                  rules) as upstream:
        relay = pool(upstream.url, 'metrics-retries',
                     http={'retries': '1', 'deadline': '20'})
        ask(relay, '/qualys/observe/observables', observables('md5', md5))
        found = histograms(parsed(talk(relay, b'metrics\n')), UPSTREAM,
                           'qualys')
        same({k: v['count'] for k, v in found.items() if v['count']},
             {'5xx': 1, 'ok': len(upstream.requests) - 1}, 'tries')
        holds(upstream.count('POST /auth') == 1, 'signed in once')
        ended(relay)

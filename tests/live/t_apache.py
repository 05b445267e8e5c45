# SPDX-License-Identifier: MIT
"""The cases through the real Apache in its three ways, all of them through
mod_fcgid, and what Apache alone can do."""

import fronts
import harness
from harness import Apache, Gateway, holds, same

close = fronts.close
WAYS = ('proxy_fcgi', 'fcgid', 'cgi')


def tests():
    for way in WAYS:
        for name, function in fronts.front_tests(way):
            yield way + ':' + name, function
    for way in WAYS:
        def below(way=way):
            answer = harness.http_request(
                fronts_below(way), 'POST', '/below/template/health', None,
                harness.bearer())
            same((answer.status, answer.text()),
                 (200, '{"data":{"status":"ok"}}'), 'the answer')
        yield way + ':below a path', below


def fronts_below(way):
    fronts.port('main', way)
    return fronts._apache['main'].ports[way + '/below']


def test_ways_of_the_cases():
    """A case names ways that there are, and each way has cases of its own."""
    sent = dict.fromkeys(fronts.WAYS, 0)
    for name, _, case in fronts.cases():
        for way in fronts.ways(case):
            holds(way in sent, '%s:%s: no way %r' % (name, case['name'], way))
            sent[way] += 1
    for way, count in sent.items():
        holds(count > 80, '%d cases through %s' % (count, way))


def test_prefork_with_mod_cgi():
    """mod_cgi hands over a pipe where mod_cgid hands over a socket."""
    gateway = Gateway('mod_cgi')
    apache = Apache(gateway, mpm='prefork', cgi='cgi', ways=('cgi',))
    try:
        answer = harness.http_request(
            apache.ports['cgi'], 'POST', '/local/observe/observables',
            b'[{"type":"ip","value":"192.0.2.1"}]', harness.bearer())
        same((answer.status, answer.text()), (200, '{"data":{}}'),
             'the answer')
    finally:
        apache.stop()


def test_large_body_through_mod_fcgid():
    """More than mod_fcgid's own 128 KB arrives whole."""
    body = b'[{"type":"ip","value":"192.0.2.77"}' + b' ' * 500000 + b']'
    answer = harness.http_request(
        fronts.port('main', 'fcgid'), 'POST', '/local/observe/observables',
        body, harness.bearer())
    same((answer.status, answer.text()), (200, '{"data":{}}'), 'the answer')


def test_body_above_apaches_limit():
    """A classic CGI program never sees a body that Apache refuses."""
    answer = harness.http_request(
        fronts.port('main', 'cgi'), 'POST', '/local/observe/observables',
        b' ' * (3 << 20), harness.bearer())
    same(answer.status, 413, 'status')

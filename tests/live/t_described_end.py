# SPDX-License-Identifier: MIT
"""Calls at the end of a lookup of described providers: they take their turn, and a
value does not leave with them unseen."""

import json
import os

import harness
from harness import has, same
from t_described import ask, errors, gateway, head, lines
from upstream import Upstream

JOB = '''
[call job]
post = /jobs
json = {"what": "all"}

[call end]
delete = /jobs/{job.sid}/{value}
finally = yes
'''
RULES = [{'request': 'POST /jobs', 'json': {'sid': 's1'}},
         {'request': 'DELETE /jobs/s1/a.example', 'status': 204}]
FAILED = 'the call at the end of a lookup failed: '
JOB_LINES = ['DELETE /jobs/s1/a.example', 'POST /jobs']


def test_takes_its_turn():
    with Upstream(RULES) as s:
        g = gateway('end-turn', s, head(types='domain',
                                        more='rate = 1/minute\n') + JOB)
        g.serve()
        same(errors(ask(g, 'a.example')), [], 'answer')
        has(FAILED + 'its turn would come too late', harness.read(g.log), 'log')
        same(lines(s), ['POST /jobs'], 'calls')
        g.relays += 'rate = 3/minute\n'
        g.write()
        g.cli('reload')
        same(errors(ask(g, 'a.example')), [], 'answer')
        same(lines(s), sorted(JOB_LINES + ['POST /jobs']), 'calls')
        same(g.stop(), 0, 'exit status')


def test_is_of_the_trace():
    """Of the request's trace as the calls before it, where the relay says so."""
    trace = '0af7651916cd43dd8448eb211c80319c'
    with Upstream(RULES) as s:
        g = gateway('end-trace', s, head(types='domain') + JOB,
                    relay='trace = yes\n').serve()
        ask(g, 'a.example', HTTP_TRACESTATE='congo=t61',
            HTTP_TRACEPARENT='00-%s-b7ad6b7169203331-01' % trace)
        same(lines(s), JOB_LINES, 'calls')
        parents = [r.headers['traceparent'] for r in s.requests]
        same([p[3:35] for p in parents], [trace] * 2, 'the trace')
        same(len(set(parents)), 2, 'parents of their own')
        same({r.headers['tracestate'] for r in s.requests}, {'congo=t61'},
             'state')
        g.relays = g.relays.replace('trace = yes\n', '')
        g.write()
        g.cli('reload')
        s.forget()
        ask(g, 'a.example')
        same([r.headers.get('traceparent') for r in s.requests], [None] * 2,
             'told to nobody')
        same(g.stop(), 0, 'exit status')


def test_is_in_the_egress_log():
    """Also where it is the only one that the value leaves with."""
    with Upstream(RULES) as s:
        g = gateway('end-egress', s, head(types='domain') + JOB)
        log = os.path.join(g.logs, 'egress.log')
        g.sections['egress'] = {'log': log, 'log_required': 'yes'}
        g.write()
        g.serve()
        same(errors(ask(g, 'a.example')), [], 'answer')
        same([(x['relay'], x['type'], x['value']) for x in map(
            json.loads, harness.read(log).splitlines())],
             [('test', 'domain', 'a.example')], 'what left')
        same(lines(s), JOB_LINES, 'calls')
        same(g.stop(), 0, 'exit status')
        os.unlink(log)
        os.mkdir(log)
        g.serve()
        ask(g, 'a.example')
        same(lines(s), sorted(JOB_LINES + ['POST /jobs']), 'calls')
        has(FAILED + 'Not sent to Test: the egress log of this gateway cannot '
            'be written', harness.read(g.log), 'log')
        same(g.stop(), 0, 'exit status')

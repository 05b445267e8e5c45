# SPDX-License-Identifier: MIT
"""A relay that asks several others, some of which are described: their verdicts
count as those of relays without priorities do."""

import os

import harness
from harness import Gateway, Skipped, same
from t_all import ask, docs, messages
from t_described_wrong import directory
from upstream import Upstream

BAD = 'bad.example'
INI = '''[provider]
title = %s
description = A service of the tests.
types = domain
routes = deliberate observe
url = %s

[call info]
get = /%s/{value}
'''
# What the service says is the verdict; with a priority, of a judgement.
MAP = '''.info
| {type: "verdict", disposition: .disposition, valid_time: {start_time: .time}}
+ if .priority == null then {} else {judgement_id: {type: "judgement",
    disposition: .disposition, priority: .priority, severity: "High",
    confidence: "High", valid_time: {start_time: .time}}} end
'''


def gateway(name, service, members, priorities=()):
    """A relay `all` of a list for each priority (Malicious for 10, else Clean) and
    of described members."""
    if not os.path.exists(os.path.join(harness.BUILD, 'ctim-relay-map')):
        raise Skipped('this build has no ctim-relay-map')
    lists = ['list%d' % n for n in priorities]
    g = Gateway('all-described-' + name, relays='[relay all]\nrelays = %s\n' %
                ' '.join(members + lists) + ''.join(
                    '[relay %s]\nprovider = local\nstore = @/store/%s.db\n' %
                    (n, n) for n in lists) + ''.join(
                        '[relay %s]\nallow_private = yes\n' % m
                        for m in members),
                sections={'http': {'retries': '0', 'breaker': '0'}})
    g.sections['server']['providers'] = os.path.join(g.folder, 'providers')
    g.write()
    for member in members:
        directory(g, INI % (member, service.url, member), member,
                  **{'map.jq': MAP})
    for n in priorities:
        g.cli('intel', 'import', '-', '--source', 'list%d' % n, '--store',
              g.store.replace('intel', 'list%d' % n), '--priority', str(n),
              '--disposition', 'Malicious' if n == 10 else 'Clean',
              input=BAD + '\n')
    for name in os.listdir(g.store_folder):
        harness.give(os.path.join(g.store_folder, name), 0o660)
    return g.serve()


def answered(g, route, name='all'):
    """The one verdict, and the judgements by their source."""
    answer = ask(g, '/%s/%s/observables' % (name, route),
                 [{'type': 'domain', 'value': BAD}], {})
    harness.validate_ctim(answer)
    same(messages(answer), [], answer)
    verdict, = docs(answer, 'verdicts')
    return verdict, {j['source']: j for j in docs(answer, 'judgements')}


def says(disposition, time='2026-01-01', **more):
    return dict(more, disposition=disposition, time=time)


def test_a_verdict_weighs_50_against_priorities():
    """And no judgement is made up for it."""
    with Upstream([{'request': 'GET /described/' + BAD,
                    'json': says('Suspicious')}]) as s:
        for priorities, disposition in (((10,), 'Suspicious'),
                                        ((10, 49), 'Suspicious'),
                                        ((10, 51), 'Clean')):
            g = gateway('weight-%d' % priorities[-1], s, ['described'],
                        priorities)
            verdict, judged = answered(g, 'deliberate')
            same(verdict['disposition_name'], disposition, priorities)
            same('judgement_id' in verdict, disposition == 'Clean', verdict)
            same(sorted(judged), ['list%d' % n for n in priorities],
                 'judgements')
            same(g.stop(), 0, 'exit status')


def test_a_judgement_weighs_what_it_says():
    """At observe; at deliberate only its verdict is there."""
    with Upstream([{'request': 'GET /described/' + BAD,
                    'json': says('Suspicious', priority=95)}]) as s:
        g = gateway('judged', s, ['described'], (90,))
        verdict, judged = answered(g, 'observe')
        same(verdict['disposition_name'], 'Suspicious', verdict)
        same(verdict['judgement_id'], judged['described']['id'], judged)
        same(sorted(judged), ['described', 'list90'], 'judgements')
        verdict, judged = answered(g, 'deliberate')
        same(verdict['disposition_name'], 'Clean', verdict)
        same(sorted(judged), ['list90'], 'judgements')
        same(g.stop(), 0, 'exit status')


def test_the_later_of_two_that_weigh_the_same():
    """Times are compared, not their texts."""
    with Upstream([]) as s:
        g = gateway('later', s, ['first', 'second'])
        for first, second, counts in (
                ('2026-01-01T00:00:00Z', '2026-01-01T00:00:00.5Z', 'second'),
                ('2026-01-01T00:00:00.25Z', '2026-01-01T00:00:00.1Z', 'first'),
                ('2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000Z', 'first'),
                ('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', 'second')):
            s.rules([{'request': 'GET /%s/%s' % (name, BAD),
                      'json': says('Malicious', time)}
                     for name, time in (('first', first), ('second', second))])
            verdict, _ = answered(g, 'deliberate')
            same(verdict['valid_time']['start_time'], (
                first if counts == 'first' else second), (first, second))
        same(g.stop(), 0, 'exit status')

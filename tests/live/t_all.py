# SPDX-License-Identifier: MIT
"""A relay that asks several others: who is asked, what comes of what they say,
and of what fails meanwhile."""

import json
import os

import fcgiclient as fcgi
import harness
from harness import has, holds, same
from provider_case import gateway
from services import observables, otx, otx_general
from upstream import Upstream

BAD, QUIET = 'bad.example', 'quiet.example'
RELAYS = '''
[relay all]
relays = first second otx

[relay first]
provider = local
store = @/store/intel.db

[relay second]
provider = local
store = @/store/second.db
'''
TOKEN = {'key': 'otx-key'}


def pool(url, more='', relays=RELAYS):
    """Two stores that do not think the same of BAD, and a service."""
    relay = gateway('all', url, providers=('otx',))
    relay.relays = relays + more + relay.relays
    relay.write()
    for name, store, how in (
            ('blocks', relay.store, ('--disposition', 'Malicious')),
            ('allows', relay.store.replace('intel', 'second'),
             ('--disposition', 'Clean', '--priority', '100'))):
        relay.cli('intel', 'import', '-', '--source', name, '--store', store,
                  '--url', 'https://lists.example/{value}', *how,
                  input=BAD + '\n')
    for name in os.listdir(relay.store_folder):
        harness.give(os.path.join(relay.store_folder, name), 0o660)
    return relay.serve()


def ask(relay, path, body, claims=TOKEN):
    body = json.dumps(body).encode() if body is not None else b''
    status, _, text = fcgi.call(relay.socket, fcgi.request(
        'POST', path, body, harness.jwt(claims)), body, timeout=30)
    same(status, 200, text)
    return json.loads(text)


def docs(answer, kind):
    return answer.get('data', {}).get(kind, {}).get('docs', [])


def messages(answer):
    return [(e['type'], e['code'], e['message'])
            for e in answer.get('errors', [])]


def test_each_is_asked_and_one_verdict_counts():
    asked = observables('domain', BAD, QUIET)
    with Upstream(otx(observables('domain', BAD)) + [
            {'request': otx_general('domain', QUIET), 'json': {}}]) as service:
        relay = pool(service.url)
        answer = ask(relay, '/all/observe/observables', asked)
        harness.validate_ctim(answer)
        same(messages(answer), [], 'errors')
        judged = {j['source']: j for j in docs(answer, 'judgements')}
        same({k: j['disposition_name'] for k, j in judged.items()},
             {'blocks': 'Malicious', 'allows': 'Clean'}, 'judgements')
        verdict, = docs(answer, 'verdicts')
        same((verdict['disposition_name'], verdict['judgement_id']),
             ('Clean', judged['allows']['id']), 'verdict')
        sources = {s['source'] for s in docs(answer, 'sightings')}
        holds('AlienVault OTX' in sources, sources)
        # What they have no route for is not asked of them.
        service.forget()
        answer = ask(relay, '/all/deliberate/observables', asked)
        harness.validate_ctim(answer)
        same(len(docs(answer, 'judgements')), 2, answer)
        same([v['disposition_name'] for v in docs(answer, 'verdicts')],
             ['Clean'], answer)
        same(service.lines(), [], 'asked at deliberate')
        same(relay.stop(), 0, 'exit status')


def test_all_at_once():
    """Nobody waits for another: the service answers one question only when the
    other is there, too."""
    asked = observables('domain', BAD)
    rules = otx(asked)
    rules[0]['together'] = 2
    with Upstream(rules) as service:
        relay = pool(service.url, '[relay other]\nprovider = otx\nurl = %s\n' %
                     service.url, RELAYS.replace('second otx',
                                                 'second otx other'))
        answer = ask(relay, '/all/observe/observables', asked)
        same(messages(answer), [], 'errors')
        # The same entity of two relays is in the answer once.
        same(len(docs(answer, 'verdicts')), 1, answer)
        same(relay.stop(), 0, 'exit status')


def test_what_one_fails_with_is_a_warning():
    asked = observables('domain', BAD)
    with Upstream([{'request': otx_general('domain', BAD), 'status': 403,
                    'json': {'detail': 'Invalid API key'}}]) as service:
        relay = pool(service.url)
        answer = ask(relay, '/all/observe/observables', asked)
        (kind, code, text), = messages(answer)
        same((kind, code), ('warning', 'authorization error'), text)
        holds(text.startswith('otx: '), text)
        same(len(docs(answer, 'judgements')), 2, answer)
        # No credential for one of them.
        service.forget()
        answer = ask(relay, '/all/observe/observables', asked, {})
        same(messages(answer), [
            ('warning', 'authorization error',
             'otx: The token does not have the claim key')], 'errors')
        same(len(docs(answer, 'judgements')), 2, answer)
        same(service.lines(), [], 'asked without a key')
        same(relay.stop(), 0, 'exit status')


def test_health():
    """It is well when one is, and says what is wrong with the others."""
    with Upstream([{'request': '*', 'status': 403, 'json': {}}]) as service:
        relay = pool(service.url, '[relay ill]\nprovider = all\nrelays = otx\n')
        answer = ask(relay, '/all/health', None)
        same(answer['data'], {'status': 'ok'}, answer)
        (kind, _, text), = messages(answer)
        same(kind, 'warning', text)
        holds(text.startswith('otx: '), text)
        answer = ask(relay, '/ill/health', None)
        same('data' in answer, False, answer)
        same([m[0] for m in messages(answer)], ['fatal'], answer)
        same(relay.stop(), 0, 'exit status')


def test_actions_go_to_whose_they_are():
    with Upstream([]) as service:
        relay = pool(service.url)
        offered = [a['id'] for a in ask(relay, '/all/respond/observables',
                                        observables('domain', BAD))['data']]
        same(offered, ['first/add-to-block-list', 'first/add-to-allow-list',
                       'second/add-to-allow-list'],
             'offered, in the order of the relays')

        def trigger(action):
            return ask(relay, '/all/respond/trigger', {
                'action-id': action, 'observable_type': 'domain',
                'observable_value': QUIET})
        same(trigger('second/add-to-block-list'),
             {'data': {'status': 'success'}}, 'trigger')
        for name, listed in (('first', 0), ('second', 1)):
            answer = ask(relay, '/%s/deliberate/observables' % name,
                         observables('domain', QUIET))
            same(len(docs(answer, 'judgements')), listed, name)
        for action in ('add-to-block-list', 'third/add-to-block-list',
                       'firs/add-to-block-list', 'first'):
            answer = trigger(action)
            same(answer['data'], {'status': 'failure'}, answer)
            has('There is no action', messages(answer)[0][2], action)
        same(relay.stop(), 0, 'exit status')


def test_lists_in_order():
    with Upstream([]) as service:
        relay = pool(service.url, '[relay turned]\nprovider = all\n'
                     'relays = otx first\n')
        both = [ask(relay, '/%s/refer/observables' % name,
                    observables('domain', BAD))['data']
                for name in ('all', 'turned', 'otx', 'first', 'second')]
        same(both[0], both[3] + both[4] + both[2], 'refer')
        same(both[1], both[2] + both[3], 'refer, in another order')
        tiles = ask(relay, '/all/tiles', None)['data']
        same(tiles, ask(relay, '/first/tiles', None)['data'], 'tiles')
        asked = {'tile_id': tiles[0]['id'], 'period': 'last_7_days'}
        same(ask(relay, '/all/tiles/tile', asked)['data'], tiles[0], 'tile')
        same(ask(relay, '/all/tiles/tile-data', asked)['data']['data'],
             ask(relay, '/first/tiles/tile-data', asked)['data']['data'],
             'its data')
        same(relay.stop(), 0, 'exit status')


def test_where_it_is_told_of():
    with Upstream([]) as service:
        relay = pool(service.url)
        page = json.loads(fcgi.call(relay.socket, fcgi.request(
            'GET', '/', b'', None), b'')[2])
        told = {r['name']: r for r in page['relays']}
        for what in ('routes', 'observables'):
            same(sorted(told['all'][what]),
                 sorted({x for name in ('first', 'second', 'otx')
                         for x in told[name][what]}), what)
        relay.cli('check')
        _, out, err = relay.cli('query', 'all', BAD, '--json', ok=False)
        has('"disposition_name":"Clean"', out, 'query all')
        has('otx: The token does not have the claim key', err, 'query all')
        same(relay.stop(), 0, 'exit status')


def refused(relays, reason):
    relay = harness.Gateway('all-wrong', relays)
    status, out, err = relay.cli('check', ok=False)
    same(status, 78, out + err)
    has(reason, out + err, relays)


def test_wrong_members():
    for named, reason in (
            ('relays = local nobody', 'relays: nobody: there is no such relay'),
            ('relays = all', 'relays: all: it asks several relays itself'),
            ('relays = local more', 'more: it asks several relays itself'),
            ('relays = local, local', 'local: it is named twice'),
            ('', 'relays: it names none; write which relays it asks'),
            ('relays =', 'relays: it names none')):
        refused('[relay all]\n%s\n[relay more]\nprovider = all\n'
                'relays = local\n[relay local]\nstore = @/store/intel.db\n' %
                named, reason)
    refused('[relay all]\nrelays = %s\n' % ' '.join(
        't%d' % n for n in range(33)) + ''.join(
            '[relay t%d]\nprovider = template\n' % n for n in range(33)),
        't32: there are too many of them')

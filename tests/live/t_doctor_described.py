# SPDX-License-Identifier: MIT
"""ctim-relay doctor about described providers: their cases, the lock of the
processes that run their maps, what is left of a quota."""

import json
import os
import shutil

import harness
from harness import Skipped, has, holds, same
from t_doctor import Findings, credentials, doctor, gateway, private
from upstream import Upstream

PLAIN = 'tests/plain/ctim-relay-map'
INI = '''[provider]
title       = Lesson
description = What Lesson knows.
types       = ip
routes      = observe
url         = %s/v1

[claim key]
label       = Key
kind        = api_key

[auth]
header      = X-Key: {key}

[call find]
get         = /ip/{value}

[health]
get         = /me

[quota]
limit       = X-Limit
left        = X-Left
reset       = X-Reset
'''


def needs_maps():
    if not os.path.exists(os.path.join(harness.BUILD, PLAIN)):
        raise Skipped('this build has no ctim-relay-map')


def lesson(cases=(), url='https://lesson.invalid'):
    """A gateway with a relay of a described provider, and its directory."""
    needs_maps()
    folder = harness.folder('doctor-lesson')
    path = os.path.join(folder, 'lesson')
    os.mkdir(path)
    harness.write(os.path.join(path, 'provider.ini'), INI % url)
    harness.write(os.path.join(path, 'map.jq'), 'empty\n')
    for name, answer in cases:
        case = os.path.join(path, 'cases', name)
        os.makedirs(case)
        for file, value in (
                ('request', {'route': 'observe', 'claims': {'key': 'made-up'},
                             'now': '2026-11-21T12:00:00Z',
                             'body': [{'type': 'ip', 'value': '192.0.2.7'}]}),
                ('upstream', [{'request': 'GET %s/v1/ip/192.0.2.7' % url,
                               'headers': {'X-Key': 'made-up'}, 'json': {}}]),
                ('answer', answer)):
            harness.write(os.path.join(case, file + '.json'),
                          json.dumps(value))
    return gateway('[relay lesson]\n[relay twin]\nprovider = lesson\n',
                   name='doctor-lesson', http=private(),
                   server={'providers': folder}), path


def plain(relay):
    """What the doctor finds whose ctim-relay-map is the one without sanitizers,
    which these would not let be locked."""
    folder = harness.folder('doctor-plain')
    for name in (PLAIN, 'ctim-relay', harness.NETWORK):
        shutil.copy2(os.path.join(harness.BUILD, name), folder)
    _, out, err = harness.run(
        [os.path.join(folder, 'ctim-relay'), 'doctor', '--json'],
        env=relay.env(), timeout=90)
    same(err, '', 'standard error')
    return Findings(json.loads(out)['checks'])


def test_cases_and_lock():
    relay, path = lesson([('one', {'data': {}}), ('two', {'data': {}})])
    found = plain(relay)
    same([(f['result'], f['text']) for f in found.of('described')],
         [('ok', 'relay lesson: all 2 cases in %s pass' % path),
          ('ok', 'ctim-relay-map is locked where it runs maps')],
         'each provider once')


def test_cases_that_fail():
    relay, path = lesson([('one', {'data': {}}), ('two', {'data': {'a': 1}})])
    mend = plain(relay).bad('described',
                            'relay lesson: 1 of 2 cases in %s fail' % path,
                            ' provider test ' + path)
    status, out, _ = harness.run(['/bin/sh', '-c', mend])
    same(status, 1, out)
    has('cases/two/answer.json: another answer came', out, 'the mend')


def test_no_cases():
    relay, path = lesson()
    found = plain(relay).of('described')
    same((found[0]['result'], found[0]['text']),
         ('not checked', 'relay lesson: there are no cases in ' + path),
         found)


def test_maps_without_a_lock():
    """The build with sanitizers has none, and no map program is no lock."""
    relay, _ = lesson()
    if os.path.getsize(os.path.join(harness.BUILD, PLAIN)) != os.path.getsize(
            os.path.join(harness.BUILD, harness.MAP)):
        doctor(relay).bad('described', 'ctim-relay-map runs maps without its '
                          'lock (Seccomp: 0)', 'make install')


def test_no_described_relay():
    holds(not [f for f in doctor(gateway()) if f['check'] == 'described'],
          'nothing is said')


def test_quota():
    def left(n):
        with Upstream([{'request': 'GET /v1/me', 'json': {}, 'headers': {
                'X-Limit': '1000', 'X-Left': n, 'X-Reset': '3600'}}],
                tls='good') as host:
            relay, _ = lesson(url=host.url)
            relay.relays = '[relay lesson]\n'
            relay.write()
            file = credentials(relay, {'lesson': {'key': 'made-up'}})
            return doctor(relay, '-f', file)

    left('950').good('provider',
                     'relay lesson: 950 of 1000 calls are left of the quota')
    left('0').bad('provider', 'relay lesson: Lesson takes no more calls of '
                  'this credential until its quota begins anew',
                  'query --route health', 'warn')

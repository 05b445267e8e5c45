# SPDX-License-Identifier: MIT
"""What goes with the calls of a described provider, which of them are one, what is
kept of them, and what the service tells of its quota."""

import glob
import os
import time

import harness
from harness import has, holds, same, wait_for
from t_described import CLAIMS, ask, errors, gateway, head, lines, titles
from t_status import status, talk
from upstream import Upstream

HIDDEN = 'canary-of-a-password-in-an-answer'


def test_quota_of_its_own_header_fields():
    """Nothing is asked while nothing is left, whoever asks meanwhile; health,
    status and metrics tell of it by relay."""
    ini = head(types='domain') + CLAIMS + '''
[auth]
header = Key: {key}

[call info]
get = /{value}

[health]
get = /health

[quota]
limit = X-Calls-Most
left = X-Calls-Left
reset = X-Calls-Anew
'''
    odd = {'X-RateLimit-Limit': '7', 'X-RateLimit-Remaining': '0',
           'X-RateLimit-Reset': '600'}

    def told(left, reset):
        s.rules([{'match': 'GET /.*', 'json': [1], 'headers': dict(
            odd, **{'X-Calls-Most': '100', 'X-Calls-Left': str(left),
                    'X-Calls-Anew': str(reset)})}])

    with Upstream([]) as s:
        g = gateway('quota', s, ini, relay='quotas = yes\n').serve()
        told(40, int(time.time()) + 3000)
        quota = ask(g, 'a.example', route='health')['data']['quotas']['test']
        same(quota['description'],
             'Calls that Test takes from this credential', quota)
        values = quota['values']
        same([values[k] for k in ('bucket_limit', 'current_bucket_consumption',
                                  'current_bucket_limit_reached')],
             [100, 60, False], values)
        told(0, 3)
        same(titles(ask(g, 'a.example')), ['info 1'], 'the last one')
        answer = ask(g, 'b.example')
        (kind, code, text), = errors(answer)
        same((kind, code), ('fatal', 'too many requests'), answer)
        has('The quota of this credential at Test is used up for ', text, text)
        has('(domain b.example)', text, text)
        same(lines(s), ['GET /a.example'], 'what was asked')
        same(titles(ask(g, 'b.example', claims={'key': 'other'})), ['info 1'],
             'another credential')
        same([(q['relay'], q['limit'], q['left']) for q in
              status(g)['quotas']], [('test', 100, 0)], 'status')
        metrics = talk(g, b'metrics\n')
        for line in ('ctim_relay_quota_limit{relay="test"} 100',
                     'ctim_relay_quota_left{relay="test"} 0'):
            has('\n%s\n' % line, metrics, 'metrics')
        told(99, 600)
        wait_for(lambda: titles(ask(g, 'b.example')) == ['info 1'],
                 'the time of its reset')
        same(lines(s), ['GET /b.example'], 'what was asked')
        same(g.stop(), 0, 'exit status')


def test_observables_share_a_call():
    ini = head(types='domain') + '''
[call one]
post = /one
form = all=yes
shared = yes

[call two]
get = /two
shared = yes
header = X-Value: {value|lower}

[call three]
get = /three
'''
    with Upstream([{'match': '(GET|POST) /.*', 'json': [1]}]) as s:
        g = gateway('shared', s, ini).serve()
        answer = ask(g, 'a.example', 'A.example', 'b.example')
        same(errors(answer), [], answer)
        same(titles(answer), sorted(['one 1', 'two 1', 'three 1'] * 3), answer)
        same(lines(s), ['GET /three'] * 3 + ['GET /two'] * 2 + ['POST /one'],
             'what was asked')
        same(g.stop(), 0, 'exit status')


def cached(g):
    """All bytes of the cache's files."""
    return b''.join(open(f, 'rb').read() for f in glob.glob(os.path.join(
        g.store_folder, 'cache.db*')))


def test_how_long_an_answer_is_kept():
    ini = head(types='domain') + '''
[call default]
get = /default

[call short]
get = /short
cache = 1

[call never]
get = /never
cache = no
'''
    with Upstream([{'request': 'GET /default', 'json': ['kept']},
                   {'request': 'GET /short', 'json': ['kept a while']},
                   {'request': 'GET /never', 'json': [HIDDEN]}]) as s:
        g = gateway('kept', s, ini)
        g.sections['cache'].update(
            url='sqlite:' + os.path.join(g.store_folder, 'cache.db'))
        g.write()
        g.serve()
        shown = sorted(['default "kept"', 'short "kept a while"',
                        'never "%s"' % HIDDEN])
        for _ in range(2):
            same(titles(ask(g, 'a.example')), shown, 'answer')
        same((s.count('GET /default'), s.count('GET /never')), (1, 2), lines(s))
        before = s.count('GET /short')
        holds(before <= 2, lines(s))
        wait_for(lambda: titles(ask(g, 'a.example')) == shown and
                 s.count('GET /short') > before, 'its second')
        same(s.count('GET /default'), 1, lines(s))
        same(g.stop(), 0, 'exit status')
        holds(b'kept a while' in cached(g), 'the cache is not sealed')
        holds(HIDDEN.encode() not in cached(g), 'it is in the cache')
        holds(HIDDEN not in harness.read(g.log), 'it is in the log')


def test_four_header_fields():
    """In the order of their numbers or not; one without its claim is left out."""
    ini = head(types='domain') + CLAIMS + '''
[claim user]
label = User
needed = no

[auth]
header.3 = X-Three: {user} three
header = X-One: {key}
header.4 = X-Four: {key|base64}
header.2 = X-Two: two

[call info]
get = /info
header = X-Five: {value}
'''
    with Upstream([{'request': 'GET /info', 'json': [1]}]) as s:
        g = gateway('headers', s, ini).serve()
        same(errors(ask(g, 'a.example', claims={'key': 'k', 'user': 'u'})), [],
             'all')
        same(errors(ask(g, 'b.example', claims={'key': 'k'})), [], 'without')
        names = ['x-one', 'x-two', 'x-three', 'x-four', 'x-five']
        same([[r.headers.get(n) for n in names] for r in s.requests],
             [['k', 'two', 'u three', 'aw==', 'a.example'],
              ['k', 'two', None, 'aw==', 'b.example']], 'header fields')
        same(g.stop(), 0, 'exit status')

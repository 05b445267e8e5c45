# SPDX-License-Identifier: MIT
"""ctim-relay query of a relay elsewhere, and how a long list goes on after an
interruption."""

import csv
import io
import json
import os
import re
import signal
import subprocess

import harness
import testca
from harness import Nginx, has, holds, same
from playedrelay import Played, verdicts
from t_query import PLAIN, file, known, on_terminal, query, rows


def without_clock(answer):
    """Until when an answer is good depends on the second of its request."""
    status, out, err = answer
    return status, re.sub(r'T\d\d:\d\d:\d\dZ', 'TIME', out), err


def test_elsewhere():
    """Through the real nginx, the answer is the same as in process."""
    relay = known().serve()
    front = Nginx(relay)
    url = 'http://127.0.0.1:%d' % front.port
    token = file('token', harness.jwt() + '\n', 0o600)
    try:
        words = ['203.0.113.1', '203.0.113.2', PLAIN]
        for form in (['--csv'], []):
            here = query('local', *form, *words)
            there = query('--url', url + '/local/', '--token-file', token,
                          *form, *words)
            same(without_clock(there), without_clock(here), 'the answer')
        same(query('--url', url + '/local', '-t', 'file:' + token, '--route',
                   'health')[1], 'status: ok\n', 'health')
        status, _, err = query('--url', url + '/local', '-f',
                               file('c', '{}', 0o600), PLAIN)
        same(status, 0, err)
        for path, text, word in (('/nope', harness.jwt(), '404'),
                                 ('/local', harness.jwt(key='x' * 40),
                                  'Failed to decode JWT'),
                                 ('/local', 'x\ty', 'token')):
            file('token', text, 0o600)
            status, out, err = query('--url', url + path, '--token-file',
                                     token, *words, '--batch', '1')
            same((status, err.count(word) > 0), (1, True), err)
            holds(err.count('JWT') <= 1, 'once: ' + err)
            holds(harness.jwt() not in err, 'the token is in a message')
        status, text, _, echo = on_terminal(
            ['--url', url + '/local', '203.0.113.1'],
            [('not shown', harness.jwt())])
        same((status, echo), (2, False), text)
        holds(harness.jwt() not in text, 'the token is shown')
    finally:
        front.stop()
        relay.stop()


def names(n):
    return ['n%d.example' % i for i in range(n)]


def test_tls_elsewhere():
    """The certificate is looked at; a CA of one's own is named."""
    with Played(lambda asked: verdicts(asked), tls='good') as relay:
        status, _, err = query('--url', relay.url, '-t', 'x.y.z', PLAIN)
        same((status, relay.asked), (1, []), err)
        has('--ca-file', err, 'what it says')
        status, _, err = query('--url', relay.url, '-t', 'x.y.z', '--ca-file',
                               testca.ca_file(), PLAIN)
        same((status, relay.tokens), (2, ['Bearer x.y.z']), err)


def test_answers_that_are_none():
    for said, word in (((200, {}, '<html>'), 'JSON'),
                       ((200, {}, '{}'), 'no answer of a relay'),
                       ((200, {}, '[]'), 'JSON object'),
                       ((500, {}, 'oops'), '500'),
                       ((403, {}, '{"message":"go \\u001b away"}'), 'go '),
                       ((302, {'Location': 'http://127.0.0.1:1/'}, ''),
                        '302')):
        with Played(lambda asked: said) as relay:
            status, out, err = query('--url', relay.url, '-t', 'x', PLAIN)
            same((status, len(relay.asked)), (1, 1), err)
            has(word, err, said)
            holds('\x1b' not in err, 'an escape')


def test_busy_is_tried_again():
    said = [(503, {'Retry-After': '0'}, '{}')] * 2
    with Played(lambda asked: said.pop() if said else verdicts(asked)) as r:
        status, _, err = query('--url', r.url, '-t', 'x', PLAIN)
        same((status, len(r.asked)), (2, 3), err)


def test_errors_are_told_once():
    """A list of batches with the same error, and with one each."""
    def answer(asked):
        return verdicts(asked, 1, errors=[
            {'type': 'warning', 'code': 'c', 'message': 'the same'},
            {'type': 'warning', 'code': 'c', 'message': 'of ' + asked[0]}])
    with Played(answer) as relay:
        status, out, err = query('--url', relay.url, '-t', 'x', '--batch', '1',
                                 *names(40))
        same((status, err.count('the same')), (1, 1), err)
        holds(len(err.splitlines()) < 25, err)
        has('more errors', err, 'the rest is counted')
        _, out, _ = query('--url', relay.url, '-t', 'x', '--batch', '1',
                          '--json', *names(40))
        same(len(json.loads(out)['errors']), 41, 'errors in JSON')


# --- interruption, and how it goes on ---------------------------------------------

def interrupted(relay, sig, *args):
    """Starts a query that will wait, and sends the signal then."""
    n = len(relay.asked)
    process = subprocess.Popen(
        [harness.program('ctim-relay'), 'query', '--url', relay.url, '-t',
         'x', '--batch', '2', *args], env=known().env(), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, start_new_session=True)
    harness.wait_for(lambda: len(relay.asked) - n >= 3, 'third batch')
    process.send_signal(sig)
    out, err = process.communicate(timeout=20)
    return process.returncode, out, err


def test_interruption_and_resume():
    """What was answered is shown, kept, and not asked again."""
    waits = ['n4.example']
    state = os.path.join(known().folder, 'state')

    def answer(asked):
        return None if set(asked) & set(waits) else verdicts(asked)
    with Played(answer) as relay:
        status, out, err = interrupted(relay, signal.SIGINT, '--csv',
                                       '--state', state, *names(9))
        same((status, list(rows(out))), (2, names(4)), err)
        has('4 of 9', err, 'how far it came')
        has('same command', err, 'how to go on')
        same(oct(os.stat(state).st_mode & 0o777), '0o600', 'mode')
        holds('Bearer' not in harness.read(state), 'the token is kept')
        relay.asked.clear()
        waits.clear()
        args = ['--url', relay.url, '-t', 'x', '--batch', '3', '--state',
                state]
        status, out, err = query(*args, '--csv', *names(9))
        same((status, list(rows(out))), (2, names(9)), err)
        same(relay.asked, [names(9)[4:7], names(9)[7:]], 'the rest')
        # Done: shown again, as one likes, with nobody asked nor a token.
        relay.asked.clear()
        status, out, err = query('--url', relay.url, '--state', state,
                                 '--json', *names(9))
        same((status, json.loads(out)['data']['verdicts']['count'],
              relay.asked), (2, 9, []), err)
        for change in (names(8), names(9) + ['--route', 'deliberate'],
                       list(reversed(names(9)))):
            status, out, err = query(*args, *change)
            same((status, out, relay.asked), (1, '', []), err)
            has('another query', err, change)


def test_interruption_without_a_state():
    with Played(lambda asked: None if 'n4.example' in asked
                else verdicts(asked, 1)) as relay:
        for sig in (signal.SIGINT, signal.SIGTERM):
            status, out, err = interrupted(relay, sig, *names(9))
            same(status, 1, err)
            has('n3.example', out, 'what is there')
            has('--state FILE', err, 'how to go on')


def test_what_failed_is_asked_again():
    """A batch with an error, and one that was refused."""
    state = os.path.join(known().folder, 'failed')
    error = [{'type': 'fatal', 'code': 'service unavailable',
              'message': 'no luck'}]

    failing = ['n2.example', 'n5.example']

    def answer(asked):
        failed = [v for v in asked if v in failing]
        if 'n5.example' in failed:
            return {'errors': error}
        if failed:
            return verdicts(asked[1:], 1, errors=error)
        return verdicts(asked, 1)
    args = ['-t', 'x', '--batch', '2', '--state', state, '--csv', *names(8)]
    with Played(answer) as relay:
        status, out, err = query('--url', relay.url, *args)
        same((status, relay.asked), (1, [names(8)[i:i + 2]
                                         for i in (0, 2, 4)]), err)
        same({v: row['disposition'] for v, row in rows(out).items()},
             dict(zip(names(4), ('Clean', 'Clean', 'incomplete', 'Clean'))),
             out)
        same(err.count('no luck'), 1, err)
        has('4 of 8', err, 'how far it came')
        relay.asked.clear()
        failing.clear()
        status, out, err = query('--url', relay.url, *args)
        same((status, relay.asked), (0, [names(8)[i:i + 2]
                                         for i in (2, 4, 6)]), err)
        same(sorted(rows(out)), names(8), out)


def test_damaged_states():
    """A line that was cut short is asked again; other files are refused."""
    state = os.path.join(known().folder, 'damaged')
    args = ['local', '--state', state, '--batch', '1', '--csv', '203.0.113.1',
            PLAIN, 'b.example']
    whole = query(*args)
    same(whole[0], 2, whole[2])
    lines = harness.read(state).splitlines(True)
    same(len(lines), 4, 'lines')
    for text in (''.join(lines)[:-1], ''.join(lines[:2]) + lines[2][:20],
                 lines[0]):
        harness.write(state, text, 0o600)
        status, out, err = query(*args)
        same((status, sorted(rows(out))), (2, sorted(rows(whole[1]))), err)
        same(len(harness.read(state).splitlines()), 4, 'mended')
    for text in ('', 'x', '{}\n', '[1]\n', ''.join(lines[:2]) + 'x\n',
                 lines[0] + lines[1].replace('"to":1', '"to":9')):
        harness.write(state, text, 0o600)
        status, out, err = query(*args)
        same((status, harness.read(state)), (1, text), err)
        holds('b.example' not in out, out)
        has(state, err, text)
    os.remove(state)
    os.mkdir(state)
    same(query(*args)[0], 1, 'a folder')


def refer_with_a_failure(*args):
    """What a query for references prints, in batches of one; about what is bad
    there is nothing but an error."""
    references = [{'id': 'r%d' % i, 'title': 'Ask %d' % i,
                   'description': 'about it', 'categories': [],
                   'url': 'https://x.example/%d' % i} for i in range(3)]
    error = {'code': 'unknown', 'message': 'no more', 'type': 'fatal'}
    with Played(lambda asked: {'errors': [error]} if 'bad.example' in asked
                else {'data': references}) as relay:
        status, out, err = query('--url', relay.url, '-t', 'x', '--route',
                                 'refer', '--batch', '1', *args)
    same(status, 1, err)
    has('no more', err, 'the error')
    return out


def test_a_batch_that_fails_leaves_references_a_list():
    for words in (('a.example', 'bad.example'),
                  ('a.example', 'b.example', 'bad.example')):
        answer = json.loads(refer_with_a_failure('--json', *words))
        same([one['id'] for one in answer['data']], ['r0', 'r1', 'r2'],
             answer)
        same(len(answer['errors']), 1, answer)
    answer = json.loads(refer_with_a_failure('--json', 'bad.example'))
    same(list(answer), ['errors'], answer)


def test_the_heading_of_references_is_theirs_whatever_fails():
    heading = 'id,title,description,url'
    out = refer_with_a_failure('--csv', 'bad.example', 'a.example')
    same(out.splitlines(), [heading], out)
    out = refer_with_a_failure('--csv', 'a.example', 'bad.example')
    same([len(row) for row in csv.reader(io.StringIO(out))], [4] * 4, out)
    same(out.splitlines()[0], heading, out)


def test_one_state_for_one_query():
    with Played(lambda asked: None) as relay:
        state = os.path.join(known().folder, 'busy')
        args = ['--url', relay.url, '-t', 'x', '--state', state, PLAIN]
        process = harness.start([harness.program('ctim-relay'), 'query',
                                 *args], env=known().env(),
                                stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)
        harness.wait_for(lambda: relay.asked, 'it asks')
        status, _, err = query(*args)
        same(status, 1, err)
        has('running', err, 'what it says')
        relay.gate.set()
        harness.stop(process)

# SPDX-License-Identifier: MIT
"""What must not leave for a service ([egress]), by every way in which a value
does, and the log of what left."""

import json
import os
import signal
import threading

import harness
import t_network
from harness import has, holds, same, wait_for
from provider_case import CLAIMS, ask, ended, gateway
from services import observables, otx, otx_general, qualys, spycloud
from t_cache import cached, settled
from upstream import Upstream

OBSERVE, REFER = '/otx/observe/observables', '/otx/refer/observables'
HELD = "Not sent to %s: it is on this gateway's egress list (%s %s)"
INSIDE = observables('domain', 'srv.corp.example') + \
    observables('ip', '10.1.2.3')
OUTSIDE = observables('domain', 'a.example') + observables('ip', '192.0.2.1')
LISTS = {'domains': 'corp.example', 'private': 'yes'}
QUESTION = 'Not sent to AlienVault OTX: the egress log of this gateway ' \
    'cannot be written (%s %s)'


def held(title, asked):
    """The warnings for what is held back."""
    return [{'type': 'warning', 'code': 'permission denied',
             'message': HELD % (title, item['type'], item['value'])}
            for item in asked]


def egress(url, keys=LISTS, name='egress', make=gateway, **more):
    return make(name, url, egress=keys, **more)


def logged(relay, keys=(), **more):
    """A gateway with an egress log, not served yet."""
    relay.egress = os.path.join(relay.logs, 'egress.log')
    relay.sections['egress'] = dict(keys, log=relay.egress, **more)
    relay.write()
    return relay


def lines(relay):
    if not os.path.exists(relay.egress):
        return []
    return [json.loads(line) for line in
            harness.read(relay.egress).splitlines()]


def left(relay):
    return sorted((line['relay'], line['type'], line['value'])
                  for line in lines(relay))


# --- what is held back -------------------------------------------------------

def test_held_back_is_not_asked():
    """One warning each, the rest is asked and answered."""
    with Upstream(otx(OUTSIDE)) as upstream:
        relay = egress(upstream.url).serve()
        reply = ask(relay, OBSERVE, INSIDE + OUTSIDE + INSIDE)
        same(reply.errors, held('AlienVault OTX', INSIDE), 'errors')
        same(reply.values(), ['192.0.2.1', 'a.example'], 'what was found')
        same(upstream.unexpected, [], 'asked besides')
        reply = ask(relay, OBSERVE, INSIDE)
        same((reply.data, reply.errors), ({}, held('AlienVault OTX', INSIDE)),
             'only what is held back')
        status = json.loads(relay.cli('status', '--json')[1])
        has('"held": 4', json.dumps(status), 'the counter')
        ended(relay)


def test_held_back_is_not_referred():
    """A reference holds the value, and leads to a third party."""
    with Upstream([]) as upstream:
        relay = egress(upstream.url).serve()
        for path, title in ((REFER, 'AlienVault OTX'),
                            ('/qualys/refer/observables', 'Qualys IOC')):
            reply = ask(relay, path, INSIDE + OUTSIDE)
            same(reply.errors, held(title, INSIDE), path)
            for item in INSIDE:
                holds(item['value'] not in json.dumps(reply.data), path)
            same(len(reply.data), 2, path)
        ended(relay)


def test_every_provider():
    """SpyCloud and Qualys as well: neither signs in for what is held back."""
    mail = observables('email', 'bob@corp.example', 'BOB+x@mail.Corp.Example')
    with Upstream(spycloud(['eve@example.org']) + qualys([])) as upstream:
        relay = egress(upstream.url).serve()
        reply = ask(relay, '/spycloud/observe/observables',
                    mail + observables('email', 'eve@example.org'))
        same(reply.errors, held('Spycloud', mail), 'SpyCloud')
        same(reply.values(), ['eve@example.org'], 'SpyCloud')
        for request in upstream.requests:
            holds('corp' not in request.line.lower(), request.line)
        before = upstream.count()
        reply = ask(relay, '/qualys/observe/observables', INSIDE)
        same(reply.errors, held('Qualys IOC', INSIDE), 'Qualys')
        same(upstream.count(), before, 'calls to Qualys')
        ended(relay)


def test_relay_without_guard_and_local():
    """`egress = no` lifts it from one relay; local never has it."""
    with Upstream(otx(INSIDE)) as upstream:
        relay = gateway('egress-no', upstream.url, ['otx', 'spycloud'],
                        relay={'egress': 'no'}, egress=LISTS)
        relay.relays += '[relay local]\nstore = @/store/intel.db\n'
        relay.write()
        relay.load('10.1.2.3\n', 'x', '--disposition', 'Clean')
        logged(relay, LISTS).serve()
        reply = ask(relay, OBSERVE, INSIDE)
        same((reply.errors, reply.values()),
             ([], ['10.1.2.3', 'srv.corp.example']), 'otx')
        same(left(relay), [('otx', 'domain', 'srv.corp.example'),
                           ('otx', 'ip', '10.1.2.3')], 'what left')
        reply = ask(relay, '/local/observe/observables', INSIDE)
        same((reply.errors, len(reply.docs('judgements'))), ([], 1), 'local')
        same(len(lines(relay)), 2, 'local sends nothing')
        ended(relay)


def test_cached_answer_is_held_back():
    """The list decides before the cache."""
    with Upstream(otx(INSIDE)) as upstream:
        relay = cached(upstream.url, 'egress-cache').serve()
        settled(relay, upstream, OBSERVE, INSIDE)
        relay.sections['egress'] = LISTS
        relay.write()
        relay.process.send_signal(signal.SIGHUP)
        wait_for(lambda: ask(relay, OBSERVE, INSIDE).errors ==
                 held('AlienVault OTX', INSIDE), 'the new lists are in force')
        ended(relay)


def test_cgi_and_command_line():
    with Upstream(otx(OUTSIDE)) as upstream:
        relay = logged(egress(upstream.url, {}), LISTS)
        status, answer = t_network.cgi(
            relay, OBSERVE, json.dumps(INSIDE + OUTSIDE).encode(),
            CLAIMS['otx'])
        same((status, answer['errors']), (200, held('AlienVault OTX', INSIDE)),
             'CGI')
        same(left(relay), sorted(('otx', i['type'], i['value'])
                                 for i in OUTSIDE), 'what left by CGI')
        os.unlink(relay.egress)
        key = harness.write(os.path.join(relay.folder, 'key'),
                            '{"key": "x"}', 0o600)
        _, out, err = relay.cli('query', 'otx', '-f', key, '--json',
                                '10.1.2.3', '192.0.2.1', ok=False)
        has(HELD % ('AlienVault OTX', 'ip', '10.1.2.3'), out + err, 'query')
        same(left(relay), [('otx', 'ip', '192.0.2.1')], 'what left by query')
        same(upstream.unexpected, [], 'asked besides')


def test_without_lists_nothing_changes():
    """No key, empty lists and a log: the same answer to the byte."""
    asked = INSIDE + OUTSIDE
    with Upstream([{'match': '.*', 'status': 404}]) as upstream:
        answers = []
        for keys in (None, {'domains': '', 'networks': '', 'patterns': ''},
                     {'private': 'no', 'log_required': 'no'}):
            relay = egress(upstream.url, keys or {}).serve()
            answers.append([ask(relay, path, asked).body
                            for path in (OBSERVE, REFER)])
            ended(relay)
        same(answers[1:], answers[:1] * 2, 'answers')


# --- lists -------------------------------------------------------------------

def test_lists_in_files():
    """One a line, with comments; a fault is told with its line."""
    with Upstream(otx(OUTSIDE)) as upstream:
        relay = egress(upstream.url, {})
        path = os.path.join(relay.folder, 'list')
        for key, text in (
                ('domains', '# ours\r\n\r\n*.corp.example\r\n'),
                ('domains', '\ufeff.corp.example. \n; more\nlan'),
                ('networks', '10.0.0.0/8\n  fd00::/8'),
                ('patterns', '.*[.]corp[.]example\n10[.][0-9]+, x\n'
                 '10(\\.[0-9]{1,3}){3}\n')):
            harness.write(path, text, 0o644)
            relay.sections['egress'] = {key: 'file:' + path}
            relay.write()
            same(relay.cli('check')[0], 0, 'check')
            relay.serve()
            reply = ask(relay, OBSERVE, INSIDE[:1] + INSIDE[1:])
            wanted = [i for i in INSIDE if key == 'patterns' or
                      (i['type'] == 'ip') == (key == 'networks')]
            same([e for e in reply.errors if e['code'] == 'permission denied'],
                 held('AlienVault OTX', wanted), text)
            ended(relay)


def test_bad_lists():
    relay = egress('http://127.0.0.1:1', {})
    path = os.path.join(relay.folder, 'list')
    for key, text, word in (
            ('patterns', 'a\n# b\nx(y\n', '%s:3: "x(y": Unmatched ( or' % path),
            ('patterns', 'a\n(b)\\1\n', '%s:2: ' % path),
            ('patterns', '((a{100}){100})', '%s:1: ' % path),
            ('networks', '10.0.0.0/8\n10.0.0.0/33\n', '%s:2: "10.0.0.0/33"'
             % path),
            ('domains', 'corp.example\nbob@corp.example\n', '%s:2: ' % path)):
        harness.write(path, text, 0o644)
        for value in ('file:' + path, None):
            relay.sections['egress'] = {
                key: value or text.replace('\n', ' ').replace('# b', '')}
            relay.write()
            status, _, err = relay.cli('check', ok=False)
            same(status, 78, err)
            has('ctim-relay.conf:', err, 'the line')
            has('[egress] %s: ' % key, err, 'the key')
            if value:
                has(word, err, 'the line of the file')
    relay.sections['egress'] = {'domains': 'file:%s/none' % relay.folder}
    relay.write()
    has('cannot be read', relay.cli('check', ok=False)[2], 'no file')
    relay.sections['egress'] = {'log_required': 'yes'}
    relay.write()
    has('there is no [egress] log', relay.cli('check', ok=False)[2], 'no log')


# --- the log -----------------------------------------------------------------

def test_one_line_for_each_value_that_left():
    """With relay, host, time and request id; pages and retries add none."""
    asked = OUTSIDE + observables('url', 'http://a.example/"\n\x1b[1m')
    with Upstream(otx(OUTSIDE, pulses=2) + [
            {'match': '.*', 'status': 503}]) as upstream:
        relay = logged(egress(upstream.url, {}, http={'retries': '2'}),
                       LISTS).serve()
        ask(relay, OBSERVE, INSIDE + asked + asked, HTTP_X_REQUEST_ID='mine')
        same(left(relay), sorted(('otx', i['type'], i['value'])
                                 for i in asked), 'what left')
        for line in lines(relay):
            same(sorted(line), ['host', 'id', 'relay', 'time', 'type',
                                'value'], 'members')
            same((line['host'], line['id']), ('127.0.0.1', 'mine'), 'line')
            holds(line['time'].endswith('Z'), line['time'])
        same(oct(os.stat(relay.egress).st_mode & 0o777), '0o640', 'mode')
        ask(relay, '/otx/health')
        ask(relay, REFER, OUTSIDE)
        same(len(lines(relay)), len(asked), 'health and refer send no value')
        ended(relay)


def test_line_stands_before_the_value_leaves():
    """While the service has not answered, the line is there."""
    rules = [dict(rule, hold=True) for rule in otx(OUTSIDE[:1], pulses=0)]
    with Upstream(rules) as upstream:
        relay = logged(egress(upstream.url, {})).serve()
        thread = threading.Thread(target=ask,
                                  args=(relay, OBSERVE, OUTSIDE[:1]))
        thread.start()
        wait_for(lambda: upstream.count() == 1, 'the call')
        same(left(relay), [('otx', 'domain', 'a.example')], 'what left')
        upstream.release()
        thread.join()
        ended(relay)


def test_cached_answer_leaves_nothing():
    with Upstream(otx(OUTSIDE)) as upstream:
        relay = logged(cached(upstream.url, 'egress-kept')).serve()
        settled(relay, upstream, OBSERVE, OUTSIDE)
        before = left(relay)
        ask(relay, OBSERVE, OUTSIDE)
        same(left(relay), before, 'what left')
        ended(relay)


def test_later_pages_and_signing_in():
    """Who sends the value on a later page, or behind a token, has one line."""
    with Upstream(spycloud(['eve@example.org']) +
                  qualys(['d41d8cd98f00b204e9800998ecf8427e'])) as upstream:
        relay = logged(egress(upstream.url, {})).serve()
        ask(relay, '/spycloud/observe/observables',
            observables('email', 'eve@example.org'))
        ask(relay, '/qualys/observe/observables',
            observables('md5', 'd41d8cd98f00b204e9800998ecf8427e'))
        same(left(relay),
             [('qualys', 'md5', 'd41d8cd98f00b204e9800998ecf8427e'),
              ('spycloud', 'email', 'eve@example.org')], 'what left')
        ended(relay)


def test_log_is_opened_again():
    """SIGUSR1 for a rotation, SIGHUP for another path."""
    with Upstream(otx(OUTSIDE)) as upstream:
        relay = logged(egress(upstream.url, {})).serve()
        ask(relay, OBSERVE, OUTSIDE)
        os.rename(relay.egress, relay.egress + '.1')
        relay.process.send_signal(signal.SIGUSR1)
        wait_for(lambda: os.path.exists(relay.egress), 'a new file')

        def asked():
            ask(relay, OBSERVE, OUTSIDE)
            return lines(relay)
        wait_for(asked, 'a line in the new file')
        old = relay.egress
        relay.egress = old + '.other'
        relay.sections['egress'] = {'log': relay.egress}
        relay.write()
        relay.process.send_signal(signal.SIGHUP)
        wait_for(asked, 'a line in the other file')
        ended(relay)


def broken(relay):
    """Puts a folder where the log should be."""
    os.mkdir(relay.egress)
    return relay


def test_log_that_cannot_be_written():
    """It is said once; the calls go on, or with log_required do not."""
    with Upstream(otx(OUTSIDE)) as upstream:
        relay = broken(logged(egress(upstream.url, {}))).serve()
        for _ in range(3):
            same(ask(relay, OBSERVE, OUTSIDE).errors, [], 'not required')
        said = [r for r in relay.records() if r.get('level') == 'error' and
                '[egress] log %s' % relay.egress in r.get('message', '')]
        same(len(said), 1, 'complaints')
        ended(relay)
        before = upstream.count()
        relay.sections['egress']['log_required'] = 'yes'
        relay.write()
        relay.serve()
        reply = ask(relay, OBSERVE, OUTSIDE)
        same(reply.errors, [
            {'type': 'fatal', 'code': 'internal error',
             'message': QUESTION % (i['type'], i['value'])}
            for i in OUTSIDE], 'required')
        same(upstream.count(), before, 'calls')
        same(len(ask(relay, REFER, OUTSIDE).data), 2, 'refer sends nothing')
        os.rmdir(relay.egress)
        same(ask(relay, OBSERVE, OUTSIDE).errors, [], 'once it is mended')
        same(len(lines(relay)), 2, 'lines')
        ended(relay)


def test_full_disk():
    """A line that is not whole is none: the value stays."""
    if not os.path.exists('/dev/full') or os.geteuid() != 0:
        raise harness.Skipped('needs root and a small file system')
    with Upstream(otx(OUTSIDE)) as upstream:
        relay = logged(egress(upstream.url, {}), log_required='yes')
        small = os.path.join(relay.folder, 'small')
        os.mkdir(small)
        if harness.run(['mount', '-t', 'tmpfs', '-o', 'size=4k', 'none',
                        small])[0] != 0:
            raise harness.Skipped('no file system can be mounted')
        try:
            relay.egress = os.path.join(small, 'egress.log')
            relay.sections['egress']['log'] = relay.egress
            relay.write()
            harness.write(relay.egress, 'x' * 4095 + '\n')
            harness.give(relay.egress, 0o640)
            relay.serve()
            before = upstream.count()
            same([e['code'] for e in ask(relay, OBSERVE, OUTSIDE).errors],
                 ['internal error'] * 2, 'errors')
            same(upstream.count(), before, 'calls')
            ended(relay)
        finally:
            harness.run(['umount', small])


# --- what check and doctor say -----------------------------------------------

def test_check_and_doctor():
    relay = egress('http://127.0.0.1:1', {})
    _, out, _ = relay.cli('check')
    holds('held back' not in out and 'egress log' not in out, out)
    logged(relay, {'domains': 'corp.example lan', 'networks': '10.0.0.0/8',
                   'patterns': 'a{1,2}, [b,c]', 'private': 'yes'},
           log_required='yes')
    _, out, _ = relay.cli('check')
    has('held back   1 network, 2 domains, 2 patterns, private addresses\n',
        out, 'check')
    has('egress log  %s (required)\n' % relay.egress, out, 'check')
    _, out, _ = relay.cli('check', '--json')
    same(json.loads(out)['egress'], {
        'networks': 1, 'domains': 2, 'patterns': 2, 'private': True,
        'log': relay.egress, 'log_required': True}, 'check --json')
    same([line for line in relay.cli('doctor', ok=False)[1].splitlines()
          if relay.egress in line and 'can be written' in line] != [], True,
         'doctor')
    os.symlink('/tmp/elsewhere', relay.egress)
    status, _, err = relay.cli('check', ok=False)
    has('[egress] log %s: is a link' % relay.egress, err, 'check')
    has(relay.egress, relay.cli('doctor', ok=False)[1], 'doctor')


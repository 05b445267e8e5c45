# SPDX-License-Identifier: MIT
"""on_change: the program that runs after a change of the store, by the pool, by
CGI and by the command line."""

import json
import os

import harness
import t_respond
from harness import Apache, Gateway, Skipped, has, holds, same
from t_respond import BAD, BLOCK, OTHER, SUCCESS, TRIGGER, body, trigger

EVERY = 5       # seconds between two starts


class Hook(Gateway):
    """A relay whose program appends a line of JSON to a file, whenever it
    runs, and then does what script says."""

    def __init__(self, script='', name='hook', **sections):
        super().__init__(name, '[relay local]\nstore = @/store/intel.db\n'
                         'on_change = @/program\n', sections)
        self.ran = os.path.join(self.folder, 'ran')
        harness.give(harness.write(self.ran, ''), 0o666)
        self.program = harness.write(os.path.join(self.folder, 'program'), (
            '#!/bin/sh\n'
            'echo "{\\"at\\": $(date +%%s.%%N), \\"uid\\": $(id -u),'
            ' \\"reason\\": \\"$CTIM_RELAY_REASON\\",'
            ' \\"listed\\": $(%s intel export --format plain --store'
            ' "$CTIM_RELAY_STORE" | wc -l),'
            ' \\"env\\": \\"$(env | cut -d= -f1 | sort | tr \'\\n\' \' \')\\",'
            ' \\"pwd\\": \\"$(pwd)\\", \\"args\\": $#}" >>%s\n%s\n') % (
                harness.program('ctim-relay'), self.ran, script), 0o755)

    def runs(self):
        return [json.loads(line) for line in
                harness.read(self.ran).splitlines()]

    def wait(self, n, what):
        """The runs, once there are n."""
        return harness.wait_for(lambda: self.runs()[n - 1:] and self.runs(),
                                what, 30)

    def messages(self):
        return [r['message'] for r in self.records()
                if 'on_change' in r.get('message', '')]


def user():
    return harness.web_user()[1] if harness.ROOT else os.geteuid()


def without_counts():
    """Where lines are counted, a process that dropped root complains of that on
    the descriptors of the program that it becomes."""
    if os.path.exists(os.path.join(harness.BUILD, 'cli', 'main.gcno')):
        raise harness.Skipped('lines are counted in this build')


def test_pool():
    """The master's program: as the serving user, with nothing of the pool's."""
    without_counts()
    relay = Hook('ls -x /proc/$$/fd; echo err >&2',
                 server={'workers': '2'}).serve()
    same(trigger(relay, BLOCK, 'ip', BAD), SUCCESS, 'trigger')
    run = relay.wait(1, 'the program runs')[0]
    same({k: run[k] for k in ('uid', 'reason', 'listed', 'pwd', 'args')},
         {'uid': user(), 'reason': 'trigger', 'listed': 1, 'pwd': '/',
          'args': 0}, 'the run')
    same([n for n in run['env'].split() if n not in ('PWD', 'SHLVL', '_')],
         ['CTIM_RELAY_REASON', 'CTIM_RELAY_STORE', 'PATH'], 'environment')
    harness.wait_for(lambda: len(relay.messages()) >= 3, 'the log')
    # A shell may have its script open, on 10 or 255.
    same([n for n in relay.messages()[0].split()[3:]
          if n not in ('10', '255')], ['0', '1', '2'], 'descriptors')
    same(relay.messages()[1:], [
        'relay local: on_change: err',
        'relay local: on_change %s ran (trigger)' % relay.program], 'the log')
    same(relay.stop(), 0, 'the end')


def test_changes_meanwhile():
    """Once at once, and once more for all that came meanwhile, 5 s later."""
    relay = Hook().serve()
    for i in range(20):
        same(trigger(relay, BLOCK, 'ip', '203.0.113.%d' % i), SUCCESS, i)
        if i == 0:
            relay.wait(1, 'the first run')
    runs = relay.wait(2, 'the second run')
    same(runs[-1]['listed'], 20, 'what the last one sees')
    holds(runs[1]['at'] - runs[0]['at'] > EVERY - 0.5, runs)
    # What changes nothing runs nothing, nor does a refusal.
    t_respond.fails(trigger(relay, BLOCK, 'ip', '127.0.0.1'), 'private')
    same(trigger(relay, BLOCK, 'ip', '203.0.113.1'), SUCCESS, 'again')
    same(trigger(relay, BLOCK, 'ip', OTHER + '9'), SUCCESS, 'another')
    runs = relay.wait(3, 'the third run')
    same((len(runs), runs[-1]['listed']), (3, 21), 'runs')
    holds(runs[2]['at'] - runs[1]['at'] > EVERY - 0.5, runs)


def test_failure_is_a_line_in_the_log():
    without_counts()
    relay = Hook("printf 'a\\033[31mb\\n'; exit 3").serve()
    same(trigger(relay, BLOCK, 'ip', BAD), SUCCESS, 'trigger')
    harness.wait_for(lambda: len(relay.messages()) >= 2, 'the log')
    same(relay.messages(), [
        'relay local: on_change: a\x1b[31mb',
        'relay local: on_change %s ended with status 3' % relay.program],
         'the log')
    holds('\x1b' not in harness.read(relay.log), 'it is escaped')


def test_program_that_cannot_run():
    relay = Hook()
    os.unlink(relay.program)
    relay.serve()
    same(trigger(relay, BLOCK, 'ip', BAD), SUCCESS, 'trigger')
    harness.wait_for(relay.messages, 'the log')
    same(relay.messages(), ['relay local: on_change %s cannot be run: No such '
                            'file or directory' % relay.program], 'the log')


def test_one_process():
    """Without a master the one process runs it."""
    relay = Hook(server={'user': None, 'group': None}
                 if harness.ROOT else {}).serve('--workers', '0')
    same(trigger(relay, BLOCK, 'ip', BAD), SUCCESS, 'trigger')
    same(relay.wait(1, 'the program runs')[0]['reason'], 'trigger', 'reason')


def test_cgi():
    """A child runs it when the answer is out: here it waits for the answer."""
    without_counts()
    relay = Hook()
    answered = os.path.join(relay.folder, 'answered')
    with open(relay.program, 'a') as f:
        f.write('while [ ! -e %s ]; do sleep 0.1; done; echo seen\n' %
                answered)
    apache = Apache(relay, ways=('cgi',))
    answer = harness.http_request(
        apache.ports['cgi'], 'POST', TRIGGER, json.dumps(
            body(BLOCK, 'ip', BAD)), harness.bearer())
    same(answer.json(), SUCCESS, 'trigger')
    harness.write(answered, '')
    run = relay.wait(1, 'the program runs')[0]
    same((run['reason'], run['listed'], run['uid']),
         ('trigger', 1, user()), 'the run')
    harness.wait_for(lambda: len(relay.messages()) >= 2, 'the log')
    same(relay.messages()[0], 'relay local: on_change: seen', 'the log')
    apache.stop()


def test_command_line():
    """import, add and remove run it, each before it ends, where no other run
    was a moment ago; root's as the serving user."""
    relay = Hook()
    for command, reason in ((['import', '-', '--source', 'feed'], 'import'),
                            (['add', OTHER], 'add'),
                            (['remove', OTHER], 'remove')):
        n = len(relay.runs())
        relay.cli('intel', *command, input=BAD + '\n')
        if n == 0:
            same(len(relay.runs()), 1, 'it has run')
        run = relay.wait(n + 1, reason)[-1]
        same((run['reason'], run['uid']), (reason, user()), reason)
        holds(n == 0 or run['at'] - relay.runs()[-2]['at'] > EVERY - 0.5,
              relay.runs())
    has('relay local: on_change %s ran (import)' % relay.program,
        '\n'.join(relay.messages()), 'the log')
    # Nothing was changed, so nothing runs; a store of no relay has none.
    relay.cli('intel', 'import', '-', '--source', 'feed', input=BAD + '\n')
    relay.cli('intel', 'remove', OTHER, ok=False)
    relay.cli('intel', 'add', OTHER, '--store',
              os.path.join(relay.folder, 'other.db'))
    same(len(relay.runs()), 3, 'runs')


def test_many_commands_do_not_wait():
    """Of many changes in a row each command ends at once; the last run sees
    all of them."""
    relay = Hook()
    for i in range(8):
        relay.cli('intel', 'add', '203.0.113.%d' % i)
    holds(len(relay.runs()) <= 3, 'runs: %d' % len(relay.runs()))
    harness.wait_for(lambda: relay.runs()[-1]['listed'] == 8,
                     'a run that sees all', 30)


def test_named_store_of_the_relay():
    """--store may name the relay's store by another path."""
    relay = Hook()
    link = os.path.join(relay.folder, 'link')
    os.symlink(relay.store_folder, link)
    relay.cli('intel', 'add', BAD, '--store', os.path.join(link, 'intel.db'))
    same([r['reason'] for r in relay.runs()], ['add'], 'runs')


def test_check():
    relay = Hook()

    def check():
        status, out, err = relay.cli('check', ok=False)
        return status, out + err
    same(check()[0], 0, check()[1])
    for mode, why in ((0o644, 'is not executable (mode 0644)'),
                      (0o757, 'everybody may change it (mode 0757)')):
        os.chmod(relay.program, mode)
        status, said = check()
        holds(status != 0, said)
        has(why, said, oct(mode))
    if harness.ROOT:
        os.chown(relay.program, 0, harness.web_user()[2])
        os.chmod(relay.program, 0o775)
        status, said = check()
        holds(status != 0, said)
        has('its group may change it (mode 0775)', said, 'the group')
    os.unlink(relay.program)
    status, said = check()
    holds(status != 0, said)
    has('on_change: %s: No such file' % relay.program, said, 'missing')
    os.mkdir(relay.program)
    has('it is a folder', check()[1].replace('directory', 'folder'), 'a folder')


def test_program_of_others_ends_the_start():
    """What root starts does not run what everybody may write."""
    if not harness.ROOT:
        raise Skipped('needs root')
    relay = Hook()
    os.chmod(relay.program, 0o757)
    status, _, err = harness.run([harness.program('ctim-relay.fcgi')],
                                 env=relay.env())
    same(status, 78, err)
    has('everybody may change it', err, 'the start')

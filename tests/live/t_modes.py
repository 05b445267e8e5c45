# SPDX-License-Identifier: MIT
"""Who may change what the gateway is told: the folders above configuration,
keys, store, cache and log; and the log that root opens."""

import grp
import os
import re
import stat

import guides
import harness
import t_doctor
from harness import Gateway, Skipped, has, holds, same
from t_doctor import STRONG, doctor, obey

NAMED = ('chown -h', 'chmod ')      # one of them is in every line that mends


def root_only():
    t_doctor.root_only()
    if harness.web_user()[0] != 'www-data':
        raise Skipped('no user www-data')


class Relay(Gateway):
    """Its configuration and its key are in folders of their own, as install.md
    makes them: etc and etc/keys."""

    def __init__(self, relays='[relay template]\n', place='etc', **sections):
        super().__init__('modes', relays, dict(
            {'auth': {'secret_key': STRONG, 'jwks_hosts': ''},
             'server': {'socket_mode': '0660'}}, **sections))
        os.unlink(self.conf)
        self.etc = os.path.join(self.folder, place)
        os.makedirs(self.etc)
        self.keys = os.path.join(self.etc, 'keys')
        os.mkdir(self.keys)
        group = harness.web_user()[2]
        for path in (self.etc, self.keys):
            os.chown(path, 0, group)
            os.chmod(path, 0o750)
        self.key = harness.write(os.path.join(self.keys, 'secret.key'),
                                 STRONG + '\n', 0o640)
        os.chown(self.key, 0, group)
        self.sections['auth']['secret_key'] = 'file:' + self.key
        self.conf = os.path.join(self.etc, 'ctim-relay.conf')
        self.write()

    def check(self):
        """What check says: (exit status, standard error)."""
        status, out, err = self.cli('check', ok=False)
        holds(('is in order' in out) == (status == 0), out + err)
        return status, err

    def refused(self, text):
        """The start says it, ends with 78, and leaves no socket."""
        status, _, err = harness.run([harness.program('ctim-relay.fcgi')],
                                     env=self.env())
        same(status, 78, err)
        has(text, err, 'what it says')
        holds(not os.path.exists(self.socket), 'it made a socket')
        return err

    def starts(self):
        """The warnings of a start."""
        self.serve()
        same(self.stop(), 0, 'exit status')
        text = harness.read(self.log) + harness.read(self.stderr)
        for path in (self.log, self.stderr):
            open(path, 'w').close()
        return '\n'.join(line for line in text.splitlines()
                         if 'warning' in line)

    def wrong(self, path, starts=False, text='www-data'):
        """check and doctor fail and name path, and the start refuses, or only
        warns; each tells the same line, which mends it."""
        status, err = self.check()
        same(status, 78, err)
        has(path + ': ', err, 'check')
        mend = doctor(self).bad('paths', path + ': ', '')
        holds(any(word in mend for word in NAMED), mend)
        has(text, err, 'check')
        said = self.starts() if starts else self.refused(path + ': ')
        for place, words in (('check', err), ('the start', said)):
            has(mend.replace('\\', '\\\\') if starts and words is said else mend,
                words, place)
        obey(mend)
        self.right()

    def right(self):
        same(self.check()[0], 0, self.check()[1])
        found = doctor(self)
        found.good('paths')
        found.good('modes')
        same(self.starts(), '', 'warnings of the start')


def test_guide_is_good():
    """The folders as the lines of docs/install.md make them."""
    root_only()
    lines = guides.text_of('docs/install.md').splitlines()
    made = {}
    for line in lines:
        match = re.match(r'sudo install -d -m (\d+) -g www-data (.*)', line)
        for path in match.group(2).split() if match else ():
            made[path] = match.group(1)
    same(made, {'/etc/ctim-relay': '0750', '/etc/ctim-relay/conf.d': '0750',
                '/var/lib/ctim-relay': '2770',
                '/var/cache/ctim-relay': '2770', '/run/ctim-relay': '2770'},
         'the folders of the page')
    Relay().right()


def test_folder_that_the_service_may_write():
    """2770, as the README of 0.1 made it: the start only warns."""
    root_only()
    relay = Relay()
    os.chmod(relay.etc, 0o2770)
    relay.wrong(relay.etc, starts=True)
    os.chmod(relay.keys, 0o2770)
    relay.wrong(relay.keys, starts=True)


def test_folder_of_the_service():
    root_only()
    relay = Relay()
    os.chown(relay.etc, *harness.web_user()[1:])
    os.chmod(relay.etc, 0o500)
    relay.wrong(relay.etc)
    os.chown(relay.keys, *harness.web_user()[1:])
    relay.wrong(relay.keys)


def test_folder_of_the_world():
    root_only()
    relay = Relay()
    os.chmod(relay.etc, 0o777)
    relay.wrong(relay.etc, text='everybody')
    os.chmod(relay.etc, 0o1777)
    relay.right()


def test_folder_further_above():
    root_only()
    relay = Relay(place='a/b/etc')
    for name, mode, starts in (('a', 0o777, False), ('a/b', 0o770, True)):
        path = os.path.join(relay.folder, name)
        os.chown(path, 0, harness.web_user()[2])
        os.chmod(path, mode)
        relay.wrong(path, starts, text='who serves' if starts else 'everybody')


def test_files_that_the_service_may_write():
    root_only()
    relay = Relay()
    folder = os.path.join(relay.etc, 'conf.d')
    os.mkdir(folder)
    more = harness.write(os.path.join(folder, 'more.conf'),
                         '[http]\nretries = 1\n', 0o640)
    os.chown(more, 0, harness.web_user()[2])
    for path in (relay.conf, relay.key, more):
        os.chmod(path, 0o660)
        relay.wrong(path)
        os.chown(path, *harness.web_user()[1:])
        relay.wrong(path)
    os.chown(folder, 0, harness.web_user()[2])
    os.chmod(folder, 0o2775)
    relay.wrong(folder, starts=True)


def test_lists_and_groups():
    """A list's file is looked at as a key is; any group of the user's
    counts."""
    root_only()
    other = [g for g in grp.getgrall() if 'www-data' in g.gr_mem]
    relay = Relay()
    path = harness.write(os.path.join(relay.etc, 'hosts'), 'a.example\n')
    relay.sections['auth']['jwks_hosts'] = 'file:' + path
    relay.sections['server']['base_url'] = 'https://relay.example'
    relay.write()
    os.chown(path, harness.web_user()[1], 0)
    same(relay.check()[0], 78, 'check')
    relay.refused(path + ': ')
    os.chown(path, 0, 0)
    same(relay.check()[0], 0, 'check')
    if other:
        os.chown(path, 0, other[0].gr_gid)
        os.chmod(path, 0o664)
        same(relay.check()[0], 78, 'check')


def test_links_on_the_way():
    """What a link leads to is looked at, and named by its own path."""
    root_only()
    relay = Relay(place='real/etc')
    link = os.path.join(relay.folder, 'link')
    os.symlink('real/etc', link)
    relay.conf = os.path.join(link, '..', 'etc', 'ctim-relay.conf')
    real = os.path.join(relay.folder, 'real')
    os.chmod(real, 0o777)
    relay.wrong(real, text='everybody')
    os.lchown(link, *harness.web_user()[1:])
    relay.wrong(link)
    os.unlink(link)
    os.symlink('link', link)
    same(relay.check()[0], 78, 'a link to itself')


def test_no_mend_follows_a_link():
    """A link that took the place of a folder meanwhile leads nowhere."""
    root_only()
    relay = Relay()
    victim = os.path.join(relay.folder, 'victim')
    os.mkdir(victim)
    for uid, mode in ((0, 0o777), (harness.web_user()[1], 0o700)):
        os.chown(relay.etc, uid, 0)
        os.chmod(relay.etc, mode)
        os.chmod(victim, 0o707)
        os.chown(victim, 12345, 12345)
        mend = doctor(relay).bad('paths', relay.etc + ': ', relay.etc)
        os.rename(relay.etc, relay.etc + '.away')
        os.symlink('victim', relay.etc)
        harness.run(['/bin/sh', '-c', mend])
        st = os.stat(victim)
        same((stat.S_IMODE(st.st_mode), st.st_uid, st.st_gid),
             (0o707, 12345, 12345), mend)
        os.unlink(relay.etc)
        os.rename(relay.etc + '.away', relay.etc)
        obey(mend)
        same(relay.check()[0], 0, mend)


def test_a_name_for_the_shell():
    root_only()
    relay = Relay(place="it's; $(touch x) here")
    os.chmod(relay.etc, 0o2770)
    relay.wrong(relay.etc, starts=True)


def test_a_name_for_the_terminal():
    """Nothing that a terminal obeys, or that looks like another line, gets out
    of the names on a way."""
    root_only()
    relay = Relay()
    for name in ('\033]0;x\007', 'x\n2026 error', '\x9b0m'):
        odd = os.path.join(relay.folder, 'odd' + name)
        os.mkdir(odd)
        os.chmod(odd, 0o777)
        os.rename(relay.etc, odd + '/etc')
        os.symlink(odd + '/etc', relay.etc)
        found = [f for f in doctor(relay).of('paths')
                 if 'everybody' in f['text']]
        holds(found, 'doctor')
        for said in (relay.check()[1], relay.refused('everybody'),
                     *(f['text'] + f['mend'] for f in found)):
            has('/odd', said, 'the folder')
            holds(not any(c in said for c in ('\033', '\007', '\n2026',
                                              '\x9b')), repr(said))
        os.unlink(relay.etc)
        os.rename(odd + '/etc', relay.etc)


def test_who_owns_and_runs_everything():
    """Quickstart, shared hosting: all of it is one user's, who runs it."""
    root_only()
    relay = Relay()
    relay.sections['server'].update(user=None, group=None)
    relay.write()
    for path in (relay.folder, relay.etc, relay.keys, relay.conf, relay.key,
                 relay.run):
        os.chown(path, *harness.web_user()[1:])
    _, uid, gid = harness.web_user()
    become = ['setpriv', '--reuid', str(uid), '--regid', str(gid),
              '--clear-groups']
    env = relay.env(**harness.coverage_env())
    for command in (become, []):
        status, out, err = harness.run(
            command + [harness.program('ctim-relay'), 'check'], env=env)
        same(status, 0, out + err)
        _, out, err = harness.run(
            command + [harness.program('ctim-relay'), 'doctor'], env=env)
        has('ok    paths', out, 'doctor')
    relay.serve(wrapper=become)
    same(relay.check()[0], 0, 'as root, of a gateway that this user runs')
    same(relay.stop(), 0, 'exit status')
    os.chmod(relay.etc, 0o777)
    status, out, err = harness.run(
        become + [harness.program('ctim-relay'), 'check'], env=env)
    same(status, 78, out + err)
    has('everybody', err, 'what it says')


def test_who_serves_is_in_no_configuration():
    """install.md's way starts the gateway as www-data: the group that may read the
    configuration must not be able to replace it."""
    root_only()
    relay = Relay()
    relay.sections['server'].update(user=None, group=None)
    relay.write()
    os.chmod(relay.etc, 0o2770)
    status, err = relay.check()
    same(status, 78, err)
    has(relay.etc + ': ', err, 'check')
    obey(doctor(relay).bad('paths', relay.etc + ': ', relay.etc))
    same(relay.check()[0], 0, 'check')


def test_folders_of_store_cache_and_log():
    """The folder itself is the service's; those above are looked at."""
    root_only()
    for name in ('store', 'cache', 'log'):
        relay = Relay('[relay local]\nstore = @/above/store/x.db\n'
                      if name == 'store' else '[relay template]\n')
        above = os.path.join(relay.folder, 'above')
        folder = os.path.join(above, name)
        os.makedirs(folder)
        harness.give(folder, 0o2770)
        if name == 'cache':
            relay.sections['cache']['url'] = 'sqlite:%s/x.db' % folder
        elif name == 'log':
            relay.log = os.path.join(folder, 'relay.log')
            relay.sections['log']['target'] = relay.log
        else:
            relay.load_empty = relay.cli(
                'intel', 'import', '-', '--source', 'x', input='192.0.2.1\n')
        relay.write()
        doctor(relay).good('paths')
        same(relay.check()[0], 0, name)
        os.chmod(above, 0o777)
        status, err = relay.check()
        same(status, 78, err)
        has(above + ': everybody', err, name)
        mend = doctor(relay).bad('paths', above + ': ', above)
        if name == 'log':
            relay.refused(above + ': ')
        else:
            has(above, relay.starts(), 'the start')
        obey(mend)
        doctor(relay).good('paths')
        harness.give(above, 0o755)
        same(relay.check()[0], 78, name)
        obey(doctor(relay).bad('paths', above + ': ', above))
        same(relay.check()[0], 0, name)


# --- the log -------------------------------------------------------------------

def test_log_that_is_a_link_or_a_device():
    """Refused with its path, and what to write instead."""
    root_only()
    relay = Relay()
    victim = harness.write(os.path.join(relay.folder, 'victim'), 'x', 0o600)
    link = os.path.join(relay.logs, 'link')
    os.symlink(victim, link)
    fifo = os.path.join(relay.logs, 'fifo')
    os.mkfifo(fifo)
    second = os.path.join(relay.folder, 'second')
    os.link(victim, second)
    for target, what in ((link, 'a link'), ('/dev/null', 'no regular file'),
                         (fifo, 'no regular file'), ('/dev/stderr', 'a link'),
                         (relay.logs, 'no regular file'),
                         (second, 'more than one name')):
        relay.sections['log']['target'] = target
        relay.write()
        status, _, err = harness.run([harness.program('ctim-relay.fcgi')],
                                     env=relay.env())
        same(status, 1, err)
        code, said = relay.check()
        same(code, 78, target)
        has(what, said, 'check')
        doctor(relay).bad('paths', what, 'target = stderr')
        has(target + ': ', err, 'what it says')
        has(what, err, target)
        if what != 'more than one name':
            has('target = stderr', err, 'what to write instead')
    same((harness.read(victim), os.stat(victim).st_uid), ('x', 0), 'victim')
    same(stat.S_IMODE(os.stat('/dev/null').st_mode), 0o666, '/dev/null')


def test_log_that_was_there_is_not_given_away():
    root_only()
    relay = Relay()
    os.chown(relay.log, 0, 0)
    os.chmod(relay.log, 0o600)
    relay.serve()
    same(os.stat(relay.log).st_uid, 0, 'its owner')
    has('start: ', harness.read(relay.log), 'the log')
    has('will not be opened again', harness.read(relay.log), 'the warning')
    same(relay.stop(), 0, 'exit status')
    os.unlink(relay.log)
    relay.serve()
    same(os.stat(relay.log).st_uid, harness.web_user()[1], 'one that was made')
    same(relay.stop(), 0, 'exit status')


def test_links_to_the_folder_of_the_log():
    """Root's and the service's are followed, a stranger's is not."""
    root_only()
    for uid, good in ((0, True), (harness.web_user()[1], True),
                      (12345, False)):
        relay = Relay()
        link = os.path.join(relay.folder, 'logs')
        os.symlink('log', link)
        os.lchown(link, uid, uid)
        os.unlink(relay.log)
        relay.sections['log']['target'] = os.path.join(link, 'relay.log')
        relay.write()
        if good:
            relay.serve()
            same(os.stat(relay.log).st_uid, harness.web_user()[1], 'owner')
            same(relay.stop(), 0, 'exit status')
        else:
            relay.refused(link + ': ')
            holds(not os.path.exists(relay.log), 'it was made')


def test_a_configuration_that_was_replaced_gets_no_file_of_roots():
    """Where the service may replace the configuration, what that names is
    opened with the service's rights."""
    root_only()
    relay = Relay()
    victim = harness.write(os.path.join(relay.folder, 'profile'), 'x\n', 0o600)
    relay.sections['log']['target'] = victim
    relay.write()
    os.chmod(relay.etc, 0o2770)
    status, _, err = harness.run([harness.program('ctim-relay.fcgi')],
                                 env=relay.env())
    same(status, 1, err)
    has(victim + ': Permission denied', err, 'what it says')
    same((harness.read(victim), os.stat(victim).st_uid), ('x\n', 0), victim)
    new = os.path.join(relay.folder, 'new')
    relay.sections['log']['target'] = new
    relay.write()
    status, _, err = harness.run([harness.program('ctim-relay.fcgi')],
                                 env=relay.env())
    same(status, 1, err)
    holds(not os.path.exists(new), 'it was made')


def test_reload_keeps_away_from_links():
    """A reload opens the log as the start does."""
    relay = Gateway('modes-reload', '[relay template]\n').serve()
    link = os.path.join(relay.logs, 'link')
    os.symlink('other', link)
    relay.sections['log']['target'] = link
    relay.write()
    relay.process.send_signal(harness.signal.SIGHUP)
    harness.wait_for(lambda: 'is a link' in harness.read(relay.log),
                     'the warning')
    has('target = stderr', harness.read(relay.log), 'what to write instead')
    holds(not os.path.exists(os.path.join(relay.logs, 'other')), 'made')
    same(relay.stop(), 0, 'exit status')

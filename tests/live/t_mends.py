# SPDX-License-Identifier: MIT
"""The lines that mend, pasted as they stand: each runs, and nothing that was
there is overwritten, removed or replaced by another key."""

import hashlib
import json
import os
import pwd
import re
import shlex
import socket
import stat
import tempfile

import harness
from harness import Skipped, has, holds, same
from t_doctor import STRONG, gateway

# sudo as far as the lines use it: it notes who is to run what, and has it run.
SUDO = '''#!/bin/sh
user=root
[ "$1" != -u ] || { user=$2; shift 2; }
echo "$user $*" >>"$SUDO_LOG"
[ "$user" != root ] || exec "$@"
exec setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups "$@"
'''
EDITOR = '#!/bin/sh\nexit 0\n'


def root_only():
    if not harness.ROOT or harness.web_user()[0] != 'www-data':
        raise Skipped('needs root and a user www-data')


def tools():
    """A folder to be first in PATH."""
    folder = harness.folder('tools')
    harness.write(os.path.join(folder, 'sudo'), SUDO, 0o755)
    harness.write(os.path.join(folder, 'editor'), EDITOR, 0o755)
    return folder


def doctor(relay, *args, **env):
    _, out, err = harness.run(
        [harness.program('ctim-relay'), 'doctor', '--json', *args],
        env=relay.env(**env), timeout=90)
    same(err, '', 'standard error')
    return json.loads(out)['checks']


def finding(found, check, text):
    for one in found:
        if one['check'] == check and text in one['text'] and 'mend' in one:
            return one
    harness.fail('no finding of %s with %r in %s' % (
        check, text, json.dumps(found, indent=1)))


def contents(top, old=()):
    """What is there: content by path; of a link where it leads, and of every
    file mode and owner, too.  But for the folders of other tests, `old`: a run
    leaves whole file systems there."""
    seen, rights = {}, {}
    for folder, folders, files in os.walk(top):
        if folder == top:
            folders[:] = [name for name in folders if name not in old]
        for name in folders + files:
            path = os.path.join(folder, name)
            st = os.lstat(path)
            rights[path] = (st.st_mode, st.st_uid, st.st_gid)
            if stat.S_ISLNK(st.st_mode):
                seen[path] = 'to ' + os.readlink(path)
            elif not stat.S_ISREG(st.st_mode) or 'sudo.log' in name:
                seen[path] = stat.S_IFMT(st.st_mode)
            else:
                with open(path, 'rb') as f:
                    seen[path] = hashlib.sha256(f.read()).hexdigest()
    return seen, rights


def paste(line, folder, env=None, serves=None):
    """Types a line into a shell and waits for its end.  What it starts in the
    background ends with the test; a gateway is waited for until it listens on
    the socket `serves`."""
    log = os.path.join(folder, 'sudo.log')
    process = harness.start(
        ['/bin/sh', '-c', line + '\nwait'], cwd='/', env=dict(
            env or harness.environment(), SUDO_LOG=log, EDITOR='editor',
            PATH=tools() + ':' + harness.sbin_path()))
    if line.endswith('&') and serves:
        harness.wait_for(lambda: process.poll() is not None or
                         harness.socket_open(serves), 'the gateway: ' + line)
    else:
        try:
            process.wait(5)
        except harness.subprocess.TimeoutExpired:
            holds(line.endswith('&'), 'it does not end: ' + line)
    return process, os.path.exists(log) and harness.read(log) or ''


def victim(relay):
    """A file that a link leads to, and that is nobody's business."""
    folder = harness.folder('elsewhere')
    return harness.write(os.path.join(folder, 'victim'), 'precious\n', 0o600)


# --- what is broken ------------------------------------------------------------

def key_file(relay, key=STRONG, mode=0o640):
    path = harness.write(os.path.join(relay.folder, 'secret.key'), key + '\n',
                         mode)
    os.chown(path, 0, harness.web_user()[2])
    relay.sections['auth']['secret_key'] = 'file:' + path
    relay.write()
    return path


def conf_missing(relay):
    os.rename(relay.conf, relay.conf + '.kept')


def conf_folder_missing(relay):
    relay.conf = os.path.join(relay.folder, 'new folder', 'x.conf')


def conf_wrong(relay):
    relay.write('[server]\nworkers = many\n')


def conf_for_everybody(relay):
    os.chmod(relay.conf, 0o644)


def conf_writable(relay):
    key_file(relay)
    os.chmod(relay.conf, 0o646)


def conf_of_a_stranger(relay):
    os.chown(relay.conf, 12345, harness.web_user()[2])


def conf_not_for_the_server(relay):
    os.chown(relay.conf, 0, 0)


def no_key(relay):
    relay.sections['auth']['secret_key'] = None
    relay.write()


def no_key_but_its_file(relay):
    key_file(relay)
    no_key(relay)


def no_user(relay):
    relay.sections['server'].update(user=None, group=None)
    relay.write()


def no_base_url(relay):
    relay.sections['auth']['jwks_hosts'] = '127.0.0.1:1'
    relay.write()


def no_relay(relay):
    relay.relays = ''
    relay.write()


def key_for_everybody(relay):
    key_file(relay, mode=0o644)


def weak_key(relay):
    key_file(relay, 'a' * 64)


def weak_key_in_the_configuration(relay):
    relay.sections['auth']['secret_key'] = 'ab' * 32
    relay.write()


def weak_previous_key(relay):
    relay.sections['auth']['secret_key_previous'] = 'x' * 40
    relay.write()


def log_folder_missing(relay):
    relay.sections['log']['target'] = relay.folder + '/none/relay.log'
    relay.write()


def log_in_a_folder_of_others(relay):
    folder = os.path.join(relay.folder, 'var log')
    os.mkdir(folder)
    harness.write(os.path.join(folder, 'messages'), 'theirs')
    relay.sections['log']['target'] = folder + '/relay.log'
    relay.write()


def log_of_root(relay):
    os.chown(relay.log, 0, 0)
    os.chmod(relay.log, 0o600)


def log_for_everybody(relay):
    os.chmod(relay.log, 0o666)


def log_is_a_link(relay):
    os.unlink(relay.log)
    os.symlink(victim(relay), relay.log)


def key_is_a_link(relay):
    path = victim(relay)
    harness.write(path, STRONG + '\n', 0o644)
    link = os.path.join(relay.folder, 'secret.key')
    os.symlink(path, link)
    relay.sections['auth']['secret_key'] = 'file:' + link
    relay.write()


def local(relay):
    relay.relays = '[relay local]\nstore = @/store/intel.db\n'
    relay.write()
    for path in harness.glob.glob(harness.empty_store() + '*'):
        target = relay.store + path[len(harness.empty_store()):]
        harness.give(harness.shutil.copy(path, target), 0o660)


def store_missing(relay):
    local(relay)
    for name in os.listdir(relay.store_folder):
        os.unlink(os.path.join(relay.store_folder, name))


def store_of_root(relay):
    local(relay)
    for name in os.listdir(relay.store_folder) + ['intel.db.saved']:
        path = os.path.join(relay.store_folder, name)
        if name == 'intel.db.saved':
            harness.write(path, 'another one')
        os.chown(path, 0, 0)
        os.chmod(path, 0o600)
    os.chown(relay.store_folder, 0, 0)
    os.chmod(relay.store_folder, 0o755)


def store_with_a_link(relay):
    store_of_root(relay)
    for name in os.listdir(relay.store_folder):
        if name.endswith('-wal'):
            os.unlink(os.path.join(relay.store_folder, name))
    os.symlink(victim(relay), relay.store + '-wal')


def cache_folder_of_root(relay):
    folder = os.path.join(relay.folder, 'cache')
    os.mkdir(folder, 0o700)
    relay.sections['cache'] = {'url': 'sqlite:%s/cache.db' % folder}
    relay.write()


def cache_folder_is_a_link(relay):
    os.symlink(os.path.dirname(victim(relay)),
               os.path.join(relay.folder, 'cache'))
    relay.sections['cache'] = {'url': 'sqlite:%s/cache/cache.db' %
                               relay.folder}
    relay.write()


def cache_without_redis(relay):
    relay.sections['cache'] = {'url': 'redis://127.0.0.1:%d/0' %
                               harness.free_port()}
    relay.write()


def socket_missing(relay):
    pass


def socket_missing_without_user(relay):
    no_user(relay)


def socket_of_a_dead_one(relay):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(relay.socket)
    harness.give(relay.socket, 0o660)


def socket_is_a_file(relay):
    harness.write(relay.socket, 'a file')
    harness.write(relay.socket + '.old', 'an older one')


def control_is_a_file(relay):
    harness.write(relay.run + '/control.sock', 'a file')


def control_of_root(relay):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(relay.run + '/control.sock')


def folder_closed(relay):
    socket_of_a_dead_one(relay)
    os.chmod(relay.folder, 0o700)
    os.chown(relay.folder, 0, 0)


def ca_not_for_the_server(relay):
    path = harness.write(relay.folder + '/ca.pem',
                         harness.read(harness.TOOLS + '/testca.py'), 0o600)
    relay.sections['http'] = {'ca_file': path}
    relay.write()


def ca_missing(relay):
    relay.sections['http'] = {'ca_file': relay.folder + '/none.pem'}
    relay.write()


def ca_is_a_link(relay):
    os.symlink(victim(relay), relay.folder + '/ca.pem')
    relay.sections['http'] = {'ca_file': relay.folder + '/ca.pem'}
    relay.write()


# The breakage, the check and its text; "conf": the line is one of the
# configuration; "gone": the text is not said again.
TABLE = [
    (conf_missing, 'config', 'cannot be read', 'gone'),
    (conf_folder_missing, 'config', 'cannot be read', 'gone'),
    (conf_wrong, 'config', 'workers', ''),
    (conf_for_everybody, 'config', 'everybody may read', 'gone'),
    (conf_writable, 'modes', 'everybody may change', 'gone'),
    (conf_of_a_stranger, 'modes', 'user 12345', 'gone'),
    (conf_not_for_the_server, 'modes', 'cannot be read by', 'gone'),
    (no_key, 'config', 'no [auth] secret_key', ''),
    (no_key_but_its_file, 'config', 'no [auth] secret_key', 'conf gone'),
    (no_user, 'config', 'no [server] user', 'conf gone'),
    (no_base_url, 'config', 'base_url', 'conf gone'),
    (no_relay, 'config', 'nothing is served', ''),
    (key_for_everybody, 'config', 'everybody may read', 'gone'),
    (key_is_a_link, 'config', 'everybody may read', ''),
    (weak_key, 'key', 'can be guessed', ''),
    (weak_key_in_the_configuration, 'key', 'can be guessed', ''),
    (weak_previous_key, 'key', 'can be guessed', ''),
    (log_folder_missing, 'log', 'cannot be written', 'gone'),
    (log_in_a_folder_of_others, 'log', 'cannot be written', 'conf'),
    (log_of_root, 'log', 'cannot be written', 'gone'),
    (log_for_everybody, 'log', 'everybody', 'gone'),
    (log_is_a_link, 'log', 'cannot be written', ''),
    (store_missing, 'store', 'relay local', ''),
    (store_of_root, 'store', 'relay local', 'gone'),
    (store_with_a_link, 'store', 'relay local', ''),
    (cache_folder_of_root, 'cache', 'nothing is cached', 'gone'),
    (cache_folder_is_a_link, 'cache', 'nothing is cached', ''),
    (cache_without_redis, 'cache', 'nothing is cached', 'conf'),
    (socket_missing, 'socket', 'is not there', 'gone'),
    (socket_missing_without_user, 'socket', 'is not there', 'gone'),
    (socket_of_a_dead_one, 'socket', 'nobody listens', 'gone'),
    (socket_is_a_file, 'socket', 'is no socket', 'gone'),
    (control_is_a_file, 'control', 'is no socket', 'gone'),
    (control_of_root, 'control', 'belongs to root', 'gone'),
    (folder_closed, 'users', 'keeps www-data out', 'gone'),
    (ca_not_for_the_server, 'ca', 'cannot be used', ''),
    (ca_missing, 'ca', 'cannot be used', 'conf'),
    (ca_is_a_link, 'ca', 'cannot be used', ''),
]


def put_into(relay, line, note):
    """Writes a line where the note says that it goes."""
    section, path = re.match(r'in \[(.*?)\] of (.*?)(?:;|$)', note).groups()
    same(path, relay.conf, 'the file')
    key, value = re.match(r'(\w+) =(.*)', line).groups()
    relay.sections.setdefault(section, {})[key] = value.strip()
    relay.write()
    _, out, err = relay.cli('check')
    holds('no key "' not in err, err)


def obeyed(breakage, check, text, how, sudo):
    """One row: as root (who needs no sudo), or in a shell of who used it."""
    root_only()
    env = {'SUDO_UID': '1000'} if sudo else {}
    harness.program('ctim-relay.fcgi')      # beside the other
    old = os.listdir(harness.tmp())
    relay = gateway(auth={'secret_key': STRONG})
    breakage(relay)
    one = finding(doctor(relay, **env), check, text)
    line, note = one['mend'], one.get('note', '')
    before, rights = contents(harness.tmp(), old)
    if note.startswith('in [') or 'conf' in how:
        holds('conf' in how, 'a line of the configuration? ' + line)
        put_into(relay, line, note)
    elif line.startswith('[relay'):
        relay.relays = line + '\n'
        relay.write()
    else:
        aside = ' mv -nT ' in ' ' + line
        process, log = paste(line, relay.folder, serves=relay.socket)
        holds(process.returncode in (0, 1, None), '%s: %s' % (
            line, process.returncode))
        holds(sudo or log == '', 'root used sudo: ' + log)
        for word in re.findall(r'(?<![\w/.-])ctim-relay(?:\.fcgi)? ', line):
            harness.fail('not from the root on: %s in %s' % (word, line))
        after, rights_after = contents(harness.tmp(), old)
        for path, was in before.items():
            if harness.tmp() + '/tools' in path or '/san/' in path:
                continue
            folder = os.path.dirname(path)
            holds(after.get(path) == was or '/coverage' in path or
                  path.endswith('relay.log') or (aside and was in [
                      after[p] for p in after if p.startswith(folder)]),
                  '%s\n  is not what it was after: %s' % (path, line))
            if path.endswith('/victim'):
                same(rights_after[path], rights[path], line)
        if line.endswith('&'):
            harness.wait_for(lambda: harness.socket_open(relay.socket),
                             'the gateway: ' + line)
            same(os.stat(relay.socket).st_uid, harness.web_user()[1],
                 'who serves after: ' + line)
    if 'gone' in how:
        for again in doctor(relay, **env):
            holds(again['check'] != check or text not in again['text'] or
                  'mend' not in again, '%s\n  did not mend: %s' % (
                      line, again))
    harness.stop_all()


def tests():
    for breakage, check, text, how in TABLE:
        for sudo in (False, True):
            def row(breakage=breakage, check=check, text=text, how=how,
                    sudo=sudo):
                obeyed(breakage, check, text, how, sudo)
            yield '%s/%s' % (breakage.__name__, 'sudo' if sudo else 'root'), \
                row


# --- what is not the gateway's ----------------------------------------------------

def theirs(relay):
    """A folder that others use, with a file of theirs."""
    folder = os.path.join(relay.folder, 'of others')
    os.mkdir(folder, 0o755)
    harness.write(os.path.join(folder, 'precious'), 'theirs', 0o644)
    return folder


def log_is_a_folder(relay):
    relay.sections['log']['target'] = theirs(relay)


def log_of_another_group(relay):
    path = harness.write(theirs(relay) + '/messages', 'theirs', 0o640)
    os.chown(path, 0, 12345)
    relay.sections['log']['target'] = path


def cache_is_a_folder(relay):
    relay.sections['cache'] = {'url': 'sqlite:' + theirs(relay)}


def store_among_others(relay):
    path = theirs(relay) + '/intel.db'
    harness.shutil.copy(harness.empty_store(), path)
    os.chmod(path, 0o600)
    relay.relays = '[relay local]\nstore = %s\n' % path


def control_is_a_folder(relay):
    relay.sections['server']['control'] = theirs(relay)


def socket_is_a_folder(relay):
    relay.sections['server']['listen'] = 'unix:' + theirs(relay)


def control_of_another_program(relay):
    path = theirs(relay) + '/program.sock'
    relay.listens = socket.socket(socket.AF_UNIX)
    relay.listens.bind(path)
    relay.listens.listen(8)
    relay.sections['server']['control'] = path


def empty_folder_that_all_write(relay):
    folder = os.path.join(relay.folder, 'tmp')
    os.mkdir(folder)
    os.chmod(folder, 0o1773)
    os.chown(folder, 12345, harness.web_user()[2])
    os.chmod(folder, 0o1757)
    relay.sections['log']['target'] = folder + '/relay.log'


def test_no_mend_takes_what_others_use():
    root_only()
    for breakage, check in (
            (log_is_a_folder, 'log'), (log_of_another_group, 'log'),
            (cache_is_a_folder, 'cache'), (store_among_others, 'store'),
            (control_is_a_folder, 'control'), (socket_is_a_folder, 'socket'),
            (control_of_another_program, 'control'),
            (empty_folder_that_all_write, 'log')):
        relay = gateway(auth={'secret_key': STRONG})
        breakage(relay)
        relay.write()
        one = finding(doctor(relay), check, '')
        before = contents(relay.folder)
        if not one.get('note', '').startswith('in ['):
            paste(one['mend'], harness.folder('log'))
        same(contents(relay.folder), before, '%s: %s' % (
            breakage.__name__, one))


def test_what_is_not_passed_is_opened():
    """Nothing is gained by a mend of the file when its folder is closed."""
    root_only()
    relay = gateway()
    folder = os.path.join(relay.folder, 'closed')
    os.mkdir(folder, 0o700)
    path = harness.write(folder + '/secret.key', STRONG + '\n', 0o640)
    harness.give(path, 0o640)
    relay.sections['auth']['secret_key'] = 'file:' + path
    relay.sections['log']['target'] = folder + '/none/relay.log'
    os.mkdir(folder + '/none')
    harness.give(folder + '/none', 0o750)
    relay.write()
    for check in 'modes', 'log':
        found = doctor(relay)
        if check == 'modes':
            paste(finding(found, check, 'cannot be read')['mend'],
                  relay.folder)
        holds(not [f for f in doctor(relay) if f['check'] == check and
                   'mend' in f], check)
    same(stat.S_IMODE(os.stat(folder).st_mode), 0o710, 'the folder')


def closed_home():
    """A folder in root's home, which is closed; and what takes it away."""
    home = pwd.getpwuid(0).pw_dir
    if home == '/' or os.stat(home).st_mode & 0o011:
        raise Skipped('root has no closed home')
    return tempfile.TemporaryDirectory(prefix='ctim-relay-test-', dir=home)


def test_no_home_is_opened():
    """What who serves must read of a home is copied; what they must write goes
    elsewhere."""
    root_only()
    with closed_home() as home:
        relay = gateway()
        ca = harness.write(home + '/ca.pem', harness.read(
            harness.TOOLS + '/testca.py'), 0o644)
        key = harness.write(home + '/secret.key', STRONG + '\n', 0o600)
        relay.sections['auth']['secret_key'] = 'file:' + key
        relay.sections['http'] = {'ca_file': ca}
        relay.sections['log']['target'] = home + '/relay.log'
        relay.sections['cache'] = {'url': 'sqlite:%s/cache.db' % home}
        relay.sections['server']['listen'] = 'unix:%s/x.sock' % home
        relay.write()
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(home + '/x.sock')
        top = os.path.dirname(home)
        before = {p: os.lstat(p) for p in (top, home, key, ca)}
        found = doctor(relay)
        for check, text, path in (('modes', 'cannot be read', key),
                                  ('ca', 'cannot be used', ca)):
            one = finding(found, check, text)
            holds(top not in shlex.split(one['mend']), one)
            paste(one['mend'], relay.folder)
            copy = os.path.join(relay.folder, os.path.basename(path))
            has(copy, one['note'], 'which is to be named')
            same(harness.read(copy), harness.read(path), one['mend'])
            st = os.stat(copy)
            same((stat.S_IMODE(st.st_mode) & 0o067, st.st_gid),
                 (0o040, harness.web_user()[2]), one['mend'])
        for check, text, line in (
                ('log', 'cannot be written', 'target = /'),
                ('cache', 'nothing is cached', 'url = sqlite:/'),
                ('users', 'keeps www-data out', 'listen = unix:/')):
            one = finding(found, check, text)
            holds(one['mend'].startswith(line) and top not in one['mend'],
                  one)
        for path, st in before.items():
            now = os.lstat(path)
            same((now.st_mode, now.st_uid, now.st_gid),
                 (st.st_mode, st.st_uid, st.st_gid), path)


def test_reading_is_no_writing():
    """Who serves is let read a file, and not let change it; a group that uses
    the file keeps it."""
    root_only()
    relay = gateway()
    os.chown(relay.conf, 0, 0)
    os.chmod(relay.conf, 0o660)
    paste(finding(doctor(relay), 'modes', 'cannot be read')['mend'],
          relay.folder)
    st = os.stat(relay.conf)
    same((st.st_gid, stat.S_IMODE(st.st_mode)),
         (harness.web_user()[2], 0o640), 'the configuration')
    os.chown(relay.conf, 0, 12345)
    os.chmod(relay.conf, 0o660)
    one = finding(doctor(relay), 'modes', 'cannot be read')
    if harness.shutil.which('setfacl'):
        has('setfacl -m u:www-data:r -- ', one['mend'], 'a used group')
    else:
        has('ls -l -- ', one['mend'], 'what is not installed is not called')
        has('12345', one['note'], 'whose group it is')


def test_an_open_configuration_opens_no_key():
    """The new key of a key in the environment is not for everybody, though the
    configuration without a secret is."""
    root_only()
    relay = gateway(auth={'secret_key': 'env:RELAY_KEY'})
    os.chmod(relay.conf, 0o644)
    one = finding(doctor(relay, RELAY_KEY='a' * 64), 'key', 'can be guessed')
    process, _ = paste(one['mend'], relay.folder)
    same(process.returncode, 0, one['mend'])
    st = os.stat(relay.folder + '/secret.key')
    same(stat.S_IMODE(st.st_mode), 0o640, one['mend'])
    holds('--reference=%s' % relay.conf not in one['mend'].split('chmod')[1],
          one['mend'])


def test_a_log_for_everybody_is_still_written():
    root_only()
    relay = gateway()
    os.chown(relay.log, 0, 0)
    os.chmod(relay.log, 0o666)
    paste(finding(doctor(relay), 'log', 'everybody')['mend'], relay.folder)
    holds(not [f for f in doctor(relay) if f['check'] == 'log' and
               'mend' in f], 'it is written, and not by everybody')


def test_no_mend_is_cut_off():
    """A line without its end would be about another file."""
    relay = gateway()
    folder = relay.folder
    while len(folder) < 1700:
        folder += "/it's a folder $(with) a long name" * 3
        os.makedirs(folder, exist_ok=True)
    relay.sections['server']['listen'] = '127.0.0.1:%d' % harness.free_port()
    relay.sections['auth']['secret_key'] = 'abab' * 16
    relay.write()
    conf = harness.write(folder + '/x.conf', harness.read(relay.conf), 0o644)
    for mode, check in (0o644, 'config'), (0o640, 'key'):
        os.chmod(conf, mode)
        line = finding(doctor(relay, '-c', conf), check, '')['mend']
        last = shlex.split(line)[-1]
        holds(last == conf or last == folder + '/secret.key', line)


def test_a_configuration_that_is_no_file():
    """Nothing is made where a link leads; a colon and a blank end no name."""
    relay = gateway()
    for name in 'x.conf', 'of: us.conf':
        link = os.path.join(relay.folder, 'link ' + name)
        os.symlink('nowhere', link)
        has('readlink -f', finding(doctor(relay, '-c', link), 'config',
                                   'cannot be read')['mend'], name)
    has('ls -ld', finding(doctor(relay, '-c', relay.folder), 'config',
                          'not a file')['mend'], 'a folder')


def test_the_key_of_jwt_is_put_beside_the_others():
    """What jwt prints to store a new key writes over none."""
    root_only()
    relay = gateway(auth={'secret_key': None})
    _, _, err = relay.cli('jwt', '-c', relay.conf)
    key, = re.findall(r'^[A-Za-z0-9_-]{64}$', err, re.M)
    line, = re.findall(r'^    (sudo sh -C .*)$', err, re.M)
    there = harness.write(os.path.join(relay.folder, 'there'), 'old key\n')
    new = os.path.join(relay.folder, 'new')
    place = re.search(r"' sh (\S+)", line).group(1)
    env = dict(harness.environment(), SUDO_LOG=relay.folder + '/sudo.log',
               PATH=tools() + ':' + harness.sbin_path())
    for path in (there, new):
        harness.run(['/bin/sh', '-c', line.replace(place, path)], env=env,
                    input=key + '\n')
    same(harness.read(there), 'old key\n', 'the key that was there')
    same(harness.read(new), key + '\n', 'the new key')
    st = os.stat(new)
    same((stat.S_IMODE(st.st_mode), st.st_gid),
         (0o640, harness.web_user()[2]), 'for the gateway to read')
    has('secret_key_previous', err, 'what happens to the old one')
    # At a prompt what is pasted after a line that fails would be a command.
    _, _, said = harness.run(['bash'], env=env, input='%s\n%s\n' % (
        line.replace(place, there), key))
    has('there', said, 'why it failed')
    holds(key not in said, said)
    same(harness.read(there), 'old key\n', 'the key that was there')


def test_the_key_of_jwt_is_for_the_group_of_who_serves():
    """A user's group may have another name than the user."""
    root_only()
    relay = gateway(auth={'secret_key': None})
    relay.sections['server'].update(user='sync', group=None)
    relay.write()
    _, _, err = relay.cli('jwt', '-c', relay.conf)
    line, = re.findall(r'^    (sudo sh -C .*)$', err, re.M)
    same(line.split()[-1], 'nogroup', line)


def test_certificates_are_opened_to_who_serves_alone():
    """A file of certificates may hold a key as well."""
    root_only()
    relay = gateway()
    ca_not_for_the_server(relay)
    path = relay.sections['http']['ca_file']
    paste(finding(doctor(relay), 'ca', 'cannot be used')['mend'],
          relay.folder)
    same((os.stat(path).st_gid, os.stat(path).st_mode & 0o047),
         (harness.web_user()[2], 0o040), path)


def test_root_as_the_user_is_named():
    """`user = root` is there, and what is to be changed."""
    root_only()
    relay = gateway()
    relay.sections['server'].update(user='root', group=None)
    relay.write()
    one = finding(doctor(relay), 'config', 'as root')
    holds('no [server] user' not in one['text'], one['text'])
    has('instead of', one['note'], 'where')


def test_no_advice_removes_a_key():
    """A key that cannot be used is not to be removed for a new one."""
    folder = harness.folder('keys')
    short = harness.write(os.path.join(folder, 'short.key'), 'abc\n', 0o600)
    jwks = harness.write(os.path.join(folder, 'jwks'), '[]')
    program = harness.program('ctim-relay')
    _, _, err = harness.run([program, 'jwt', '--key-file', short])
    has('another', err, 'what to do')
    holds('remove' not in err, err)
    _, _, err = harness.run([program, 'jwt', '--key', folder + '/rsa.pem',
                             '--make-key', '--jwks', jwks, '--jwks-host', 'h',
                             '--aud', 'https://x/', '-f', '-'], input='{}')
    has('another', err, 'what to do')
    holds('remove' not in err, err)

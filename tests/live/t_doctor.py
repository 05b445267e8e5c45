# SPDX-License-Identifier: MIT
"""ctim-relay doctor: every check made to fail on purpose, and to pass."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import stat
import threading
import time
from email.utils import formatdate

import harness
import manual
import testca
from harness import Apache, Gateway, Nginx, Skipped, has, holds, same
from upstream import Upstream

STRONG = 'pT7vQx2LmZ9sKd4RwYb8NcFh3JgUe6XaVt5MqBn1WzEk0HyCrSoPiAuGlDfOjI7x'
JWKS = {'request': 'GET /.well-known/jwks', 'json': {'keys': [
    {'kty': 'RSA', 'kid': '1', 'n': 'AQAB', 'e': 'AQAB'}]}}
ANY = {'request': '*', 'json': {}}


def gateway(relays='[relay template]\n', name='doctor', **sections):
    made = {'server': {'socket_mode': '0660'},
            'auth': {'secret_key': STRONG, 'jwks_hosts': ''}}
    for section, keys in sections.items():
        made.setdefault(section, {}).update(keys)
    return Gateway(name, relays, made)


def private(**more):
    return dict({'allow_private': 'yes', 'ca_file': testca.ca_file()}, **more)


testca.KINDS['soon'] = (testca.LOOPBACK, 3)


class Findings(list):
    """What --json printed: {"check", "result", "text"[, "mend"]}, …"""

    def of(self, check):
        found = [f for f in self if f['check'] == check]
        holds(found, 'no finding of %s in %s' % (check, self))
        return found

    def good(self, check, text=''):
        for finding in self.of(check):
            same(finding['result'], 'ok', finding)
        has(text, '\n'.join(f['text'] for f in self.of(check)), check)

    def bad(self, check, text, mend, result='fail'):
        """There is such a finding, with what mends it."""
        for finding in self.of(check):
            if finding['result'] == result and text in finding['text']:
                has(mend, finding['mend'], check)
                return finding['mend']
        harness.fail('%s: no %s with %r in %s' % (
            check, result, text, json.dumps(self.of(check), indent=1)))

    def skipped(self, check, text):
        same([f['result'] for f in self.of(check)], ['not checked'], check)
        has(text, self.of(check)[0]['text'], check)


def doctor(relay, *args, **env):
    status, out, err = harness.run(
        [harness.program('ctim-relay'), 'doctor', '--json', *args],
        env=relay.env(**env), timeout=90)
    same(err, '', 'standard error')
    answer = json.loads(out)
    found = Findings(answer['checks'])
    for finding in found:
        same('mend' in finding, finding['result'] in ('fail', 'warn'),
             finding)
        holds(STRONG not in json.dumps(finding), 'the key is shown')
    results = [f['result'] for f in found]
    same((answer['failed'], answer['warnings']),
         (results.count('fail'), results.count('warn')), 'the counts')
    same(status, 1 if 'fail' in results else 0, 'exit status')
    said = [(f['check'], f['result'], f['text']) for f in found]
    same(len(set(said)), len(said), 'rows once each: %s' % said)
    return found


def obey(mend):
    """Types the line that mends it."""
    status, _, err = harness.run(['/bin/sh', '-c', mend])
    same(status, 0, mend + '\n' + err)


def root_only():
    if not harness.ROOT:
        raise Skipped('needs root')


# --- the command ---------------------------------------------------------------

def test_all_good():
    """Nothing is wrong with a gateway behind the real nginx."""
    relay = gateway().serve()
    nginx = Nginx(relay)
    found = doctor(relay, '--url', 'http://127.0.0.1:%d/' % nginx.port,
                   '--web', os.path.join(nginx.folder, 'nginx.conf'))
    same({f['result'] for f in found} - {'ok', 'not checked'}, set(), found)
    same([f['check'] for f in found if f['result'] == 'not checked'],
         ['clock'], 'what was not checked')
    nginx.stop()
    relay.stop()


def test_lines_for_people():
    """A line for each finding, and below what is bad the line that mends it."""
    relay = gateway()
    status, out, err = relay.cli('doctor', ok=False)
    same((status, err), (1, ''), out)
    lines = out.splitlines()
    holds(re.match(r'ok    config         /.* can be used', lines[0]), out)
    at = [i for i, line in enumerate(lines) if line.startswith('FAIL')]
    same(len(at), 1, out)
    has('socket', lines[at[0]], 'what failed')
    holds(re.match(r' +-> .*/ctim-relay.fcgi -c ', lines[at[0] + 1]), out)
    has('1 failed, 0 warnings', lines[-1], 'the end')
    has('\n-     clock          not checked: ', out, 'what is not checked')


def test_wrong_use():
    relay = gateway()
    for args, word in ((['http://x/'], '--url'), (['--relay', 'x'], '-f'),
                       (['--url', 'ftp://x'], '--url'),
                       (['--url', 'http://u:p@x/'], '--url')):
        status, _, err = relay.cli('doctor', *args, ok=False)
        same(status, 64, err)
        has(word, err, args)


def test_as_somebody_else():
    """Who is not root and not the gateway hears that it is so."""
    root_only()
    relay = gateway()
    _, uid, gid = harness.web_user()
    env = relay.env(**harness.coverage_env())
    command = ['setpriv', '--reuid', str(uid), '--regid', str(gid),
               '--clear-groups', harness.program('ctim-relay'), 'doctor']
    _, out, err = harness.run(command, env=env)
    holds('holds for' not in out and err == '', out + err)
    relay.sections['server']['user'] = 'daemon'
    relay.write()
    _, out, _ = harness.run(command, env=env)
    has('serves as daemon', out, 'the warning')
    has('-> sudo %s doctor -c %s' % (harness.program('ctim-relay'),
                                     relay.conf), out, 'what mends it')


def stranger(relay, *args, user='daemon', **env):
    """A command of an ordinary user."""
    entry = harness.pwd.getpwnam(user)
    counts = harness.folder('counts')
    os.chmod(counts, 0o1777)
    return harness.run(
        ['setpriv', '--reuid', str(entry.pw_uid), '--regid',
         str(entry.pw_gid), '--clear-groups', harness.program('ctim-relay'),
         *args], env=relay.env(GCOV_PREFIX=counts, **env), timeout=90)


def test_configuration_not_for_this_user():
    """An ordinary user hears who may read it, not that it is not there."""
    root_only()
    for folder_mode, file_mode in ((0o750, 0o640), (0o755, 0o640)):
        relay = gateway()
        os.chmod(relay.folder, folder_mode)
        os.chown(relay.folder, 0, harness.web_user()[2])
        os.chmod(relay.conf, file_mode)
        before = harness.read(relay.conf)
        group = relay.sections['server']['group']
        status, out, err = stranger(relay, 'doctor', '--json')
        same((status, err), (1, ''), out)
        bad = [f for f in json.loads(out)['checks'] if 'mend' in f]
        same(len(bad), 1, bad)
        same(bad[0]['mend'], 'sudo %s doctor -c %s' % (
            harness.program('ctim-relay'), relay.conf), 'the mend')
        has('as a member of ' + group, bad[0]['note'], 'who may')
        # status goes on with what it can know, the default control socket.
        for args, wanted in ((['check'], 78), (['jwt'], 78), (['status'], 1)):
            status, out, err = stranger(relay, *args)
            same(status, wanted, err)
            has('Permission denied', err, args)
            has('run it with sudo, or as a member of ' + group, err, args)
            holds('first one' not in err, err)
        same(harness.read(relay.conf), before, 'the configuration')


def test_files_not_for_this_user():
    """Who may read the configuration alone is told what was not checked."""
    root_only()
    relay = gateway(None)
    relay.sections['server'].update(user=None, group=None)
    relay.write()
    os.chmod(relay.conf, 0o640)
    os.chown(relay.conf, 0, harness.pwd.getpwnam('daemon').pw_gid)
    os.chmod(relay.logs, 0o750)
    os.chmod(relay.store_folder, 0o750)
    status, out, err = stranger(relay, 'doctor', '--json', '--web', front_of(
        relay, 'user www-data;'))
    found = Findings(json.loads(out)['checks'])
    found.bad('config', 'serves as www-data', 'sudo ', 'warn')
    for check in ('log', 'store'):
        found.skipped(check, 'only root can try it as www-data')


def front_of(relay, text):
    """A web server's file that leads to the gateway."""
    return harness.write(
        os.path.join(relay.folder, 'nginx.conf'),
        '%s\nhttp { server { location / { fastcgi_pass %s;\n'
        'fastcgi_buffering off; fastcgi_read_timeout 60;\n'
        'client_max_body_size 9m; } } }\n' % (
            text, relay.sections['server']['listen']))


def test_serving_as_root():
    """check and doctor warn, not only the log."""
    root_only()
    relay = gateway()
    _, out, err = relay.cli('check')
    holds('root' not in out + err, out + err)
    for user, why in ((None, 'no [server] user'),
                      ('root', '[server] user is root')):
        relay.sections['server'].update(user=user, group=None)
        relay.write()
        _, out, err = relay.cli('check')
        has('warning: %s: %s: a gateway that root starts serves as root' % (
            relay.conf, why), err, 'check')
        _, out, _ = relay.cli('check', '--json')
        has('serves as root', str(json.loads(out)['warnings']), 'check')
        same(doctor(relay).bad('config', 'serves as root', 'user = ', 'warn'),
             'user = ' + harness.web_user()[0], 'the mend')
    relay.serve()
    doctor(relay).bad('control', 'serves as root', 'user = ', 'warn')
    relay.stop()
    relay.serve(wrapper=as_web_user())
    found = doctor(relay)
    found.good('config')
    found.good('control', 'answers at')
    relay.stop()


def as_web_user():
    _, uid, gid = harness.web_user()
    return ['setpriv', '--reuid', str(uid), '--regid', str(gid),
            '--clear-groups']


def test_tries_as_who_will_serve():
    """Nothing runs and no user is set: the web server's files say it, else the
    group of the socket."""
    root_only()
    entry = harness.pwd.getpwnam('daemon')

    def made(**server):
        relay = gateway(server=dict({'user': None, 'group': None}, **server))
        os.chown(relay.conf, 0, entry.pw_gid)
        os.chown(relay.log, entry.pw_uid, entry.pw_gid)
        os.chmod(relay.log, 0o600)
        os.chown(relay.logs, entry.pw_uid, entry.pw_gid)
        return relay

    relay = made()
    found = doctor(relay, '--web', front_of(relay, 'user daemon;'))
    found.good('log', 'as daemon')
    found.good('modes', 'as daemon')
    has('runuser -u daemon -- ', found.bad(
        'socket', 'is not there', 'ctim-relay.fcgi'), 'who starts it')
    relay = made()
    harness.write(relay.folder + '/envvars', '# x\nunset HOME\n'
                  'export APACHE_RUN_USER=daemon\n'
                  'export APACHE_LOG_DIR=/var/log/apache2$SUFFIX\n')
    for user in ('${APACHE_RUN_USER}', 'daemon', '#%d' % entry.pw_uid):
        conf = harness.write(relay.folder + '/apache2.conf', 'User %s\n'
                             'Group daemon\nProxyPass / unix:%s|fcgi://x/\n' %
                             (user, relay.socket))
        doctor(relay, '--web', conf).good('log', 'as daemon')
    stale(relay.socket)
    os.chown(relay.socket, 0, entry.pw_gid)
    doctor(relay, '--web', conf).good('users', 'daemon may use')
    if not os.path.exists('/etc/nginx/nginx.conf') and \
            not os.path.exists('/etc/apache2/apache2.conf'):
        relay = made(socket_group='daemon')
        doctor(relay).good('log', 'as daemon')
    relay = made(socket_group='daemon')
    doctor(relay, '--web', harness.write(
        relay.folder + '/nginx.conf', 'events {}')).good('log', 'as daemon')


def test_key_for_everybody_is_one_finding():
    """No second one says that there is no key, and has another made."""
    relay = gateway(auth={'jwks_hosts': ''})
    key = harness.write(os.path.join(relay.folder, 'secret.key'), STRONG,
                        0o644)
    relay.sections['auth']['secret_key'] = 'file:' + key
    relay.write()
    found = doctor(relay)
    found.bad('config', 'everybody may read', 'chmod o= ' + key)
    same(len(found.of('config')), 1, found.of('config'))
    status, _, err = relay.cli('check', ok=False)
    same(status, 78, err)
    holds('no [auth]' not in err and 'makes one' not in err, err)
    same(relay.cli('jwt', ok=False)[0], 78, 'jwt')
    for text, word in (('[server]\nbase_url = x\n[relay local]\n',
                        'no [server] base_url'),
                       ('[relay No]\n', 'no [relay NAME]')):
        relay.write('[auth]\nsecret_key = %s\n%s' % (STRONG, text))
        _, _, err = relay.cli('check', ok=False)
        holds(word not in err, err)


def test_examples():
    """The commands of the manual, with this machine's names in them."""
    relay = gateway('[relay otx]\n\n[relay template]\n').serve()
    examples = manual.examples('doctor')
    same(len(examples), 3, 'examples: %s' % examples)
    with Front(relay, OURS) as web, Upstream([ANY], tls='good') as host:
        relay.relays = '[relay otx]\nurl = %s\n' % host.url
        relay.sections['http'] = private()
        relay.write()
        relay.process.send_signal(signal.SIGHUP)
        harness.wait_for(lambda: b'otx' in harness.http_request(
            web.port, 'GET', '/').body and b'template' not in
            harness.http_request(web.port, 'GET', '/').body, 'the reload')
        credentials(relay, {'otx': {'key': 'x'}})
        for example in examples:
            example = example.replace(
                'ctim-relay', harness.program('ctim-relay'), 1).replace(
                    'https://relay.example.org', web.url).replace(
                        'credentials.json', relay.folder + '/credentials')
            status, out, err = harness.run(['/bin/sh', '-c', example],
                                           env=relay.env())
            same((status, err), (0, ''), example + '\n' + out)
            has('ok', out, example)
    relay.stop()


# --- configuration, files ------------------------------------------------------

def test_config():
    relay = gateway()
    doctor(relay).good('config', 'can be used, with 1 relay')
    relay.write('[server]\nworkers = many\n')
    found = doctor(relay)
    found.bad('config', 'workers', '+2 ' + relay.conf)
    found.skipped('socket', 'the configuration cannot be used')
    os.unlink(relay.conf)
    mend = doctor(relay).bad('config', 'cannot be read', relay.conf)
    obey(mend)
    same(harness.read(relay.conf), '[relay local]\n', 'the first one')


def test_config_warnings():
    relay = gateway('', auth={'secret_key': None, 'jwks_hosts': None})
    relay.sections['auth']['jwks_hosts'] = 'localhost:1'
    relay.write()
    found = doctor(relay)
    mend = found.bad('config', 'no [auth] secret_key', 'ctim-relay jwt',
                     'warn')
    obey(mend)
    key = os.path.join(relay.folder, 'secret.key')
    same(len(harness.read(key)), 65, 'the key')
    same(doctor(relay).bad('config', 'no [auth] secret_key', key, 'warn'),
         'secret_key = file:' + key, 'the mend, once the key is there')
    found.bad('config', 'base_url', 'base_url = https://', 'warn')
    found.bad('config', 'nothing is served', '[relay local]', 'warn')
    found.skipped('key', 'no secret_key')
    found.skipped('provider', 'no relay')


def test_config_secret_for_everybody():
    relay = gateway()
    os.chmod(relay.conf, 0o644)
    mend = doctor(relay).bad('config', 'everybody may read', 'chmod o= ')
    obey(mend)
    doctor(relay).good('config')


def test_modes():
    relay = gateway()
    key = harness.write(os.path.join(relay.folder, 'a secret.key'),
                        STRONG + '\n', 0o640)
    harness.give(key, 0o640)
    relay.sections['auth']['secret_key'] = 'file:' + key
    folder = os.path.join(relay.folder, 'conf.d')
    os.mkdir(folder)
    harness.write(os.path.join(folder, 'x.conf'), '[http]\nretries = 1\n')
    relay.write()
    doctor(relay).good('modes', '4 files')
    path = os.path.join(folder, 'x.conf')
    os.chmod(path, 0o646)
    mend = doctor(relay).bad('modes', 'everybody may change it', 'chmod o-w ')
    obey(mend)
    same(stat.S_IMODE(os.stat(path).st_mode), 0o644, 'mended')


def test_modes_for_the_server():
    """What root reads and [server] user cannot; the line mends it."""
    root_only()
    relay = gateway()
    key = harness.write(os.path.join(relay.folder, "it's.key"), STRONG, 0o600)
    relay.sections['auth']['secret_key'] = 'file:' + key
    relay.write()
    mend = doctor(relay).bad('modes', 'cannot be read by', 'chgrp ')
    obey(mend)
    doctor(relay).good('modes')


def test_modes_of_a_stranger():
    root_only()
    relay = gateway()
    os.chown(relay.conf, 12345, harness.web_user()[2])
    mend = doctor(relay).bad('modes', 'user 12345', 'chown -h root',
                                'warn')
    obey(mend)
    doctor(relay).good('modes')


WEAK = {
    'constant': ('a' * 64, 'again and again'),
    'repeated': ('Xk29vQ' * 8, 'again and again'),
    'few': ('1100101011010010110100101101001011010010', 'few different'),
    'alphabet': (harness.KEY, 'words'),
    'back': ('zyxwvutsrqponmlkjihgfedcba9876543210', 'words'),
    'keyboard': ('qwertyuiopasdfghjklzxcvbnm1234567890', 'words'),
    'words': ('my-very-secret-password-change-me-please!', 'words'),
    'defaults': ('ChangeMe_SecretKey_For_The_Relay_Server', 'words'),
}


def tests():
    for name, (key, text) in WEAK.items():
        def weak(key=key, text=text):
            relay = gateway(auth={'secret_key': key})
            doctor(relay).bad('key', text, 'jwt --key-file')
        yield 'key/' + name, weak
    for name in ('expired', 'wrong_host', 'self_signed'):
        def certificate(name=name):
            with Upstream([JWKS], tls=name) as host:
                relay = gateway(auth={'jwks_hosts': host.host},
                                http=private())
                doctor(relay).bad(
                    'jwks', host.host + ' gives no keys', 'openssl s_client'
                    if name == 'expired' else 'ca_file = ')
        yield 'jwks/' + name, certificate
    for name, (rule, text, mend) in HEALTH.items():
        def provider(rule=rule, text=text, mend=mend):
            with Upstream([rule]) as host:
                relay = otx(host)
                doctor(relay, '-f', credentials(
                    relay, {'otx': {'key': 'k'}})).bad('provider', text, mend)
        yield 'provider/' + name, provider


def test_key():
    relay = gateway()
    doctor(relay).good('key', '64 characters')
    for key in ('9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f0'
                '0a08', 'Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1ub3Bx'
                'cnN0dX'):
        relay.sections['auth']['secret_key'] = key
        relay.write()
        for finding in doctor(relay).of('key'):
            holds(finding['result'] != 'fail', finding)
    relay.sections['auth'].update(secret_key=STRONG[:40],
                                  secret_key_previous='x' * 40)
    relay.write()
    found = doctor(relay)
    found.bad('key', 'secret_key has 40', 'jwt --key-file', 'warn')
    mend = found.bad('key', 'secret_key_previous is', 'grep -n')
    _, out, _ = harness.run(['/bin/sh', '-c', mend])
    has(relay.conf + ':', out, 'where the line is')


def test_key_of_a_file():
    """The line makes a new one beside it; the old one, and its tokens, stay."""
    relay = gateway()
    key = harness.write(os.path.join(relay.folder, 'secret.key'), 'a' * 64,
                        0o640)
    harness.give(key, 0o640)
    taken = harness.write(os.path.join(relay.folder, 'secret-2.key'), 'mine')
    relay.sections['auth']['secret_key'] = 'file:' + key
    relay.write()
    new = os.path.join(relay.folder, 'secret-3.key')
    obey(doctor(relay).bad('key', 'again and again', '--key-file ' + new))
    same((harness.read(key), harness.read(taken)), ('a' * 64, 'mine'),
         'what was there')
    relay.sections['auth'].update(secret_key='file:' + new,
                                  secret_key_previous='file:' + key)
    relay.write()
    found = doctor(relay)
    found.good('modes')
    same([f['result'] for f in found.of('key')], ['ok', 'fail'], 'the keys')


def test_log():
    relay = gateway()
    doctor(relay).good('log', 'can be written')
    relay.sections['log']['target'] = 'stderr'
    relay.write()
    doctor(relay).good('log', 'stderr')
    relay.sections['log']['target'] = relay.folder + '/none/relay.log'
    relay.write()
    mend = doctor(relay).bad('log', 'cannot be written', 'install -d')
    obey(mend)
    doctor(relay).good('log')
    relay.sections['log']['target'] = relay.log
    relay.write()
    os.chmod(relay.log, 0o666)
    doctor(relay).bad('log', 'everybody', 'chmod o=', 'warn')


def test_log_of_root():
    root_only()
    relay = gateway()
    os.chown(relay.log, 0, 0)
    os.chmod(relay.log, 0o600)
    mend = doctor(relay).bad('log', 'cannot be written as', 'chown ')
    obey(mend)
    doctor(relay).good('log')


def test_log_to_syslog():
    if os.path.exists('/dev/log'):
        raise Skipped('somebody listens at /dev/log')
    relay = gateway(log={'target': 'syslog'})
    doctor(relay).bad('log', '/dev/log', 'target = stderr', 'warn')


def test_store():
    relay = gateway(None)
    doctor(relay).good('store', 'opens')
    os.unlink(relay.store)
    mend = doctor(relay).bad('store', relay.store, 'intel import')
    holds(not os.path.exists(relay.store), 'the doctor made it')
    feed = harness.write(os.path.join(relay.folder, 'feed'), '192.0.2.1\n')
    obey(mend.replace('FEED', feed).replace('NAME', 'feed'))
    doctor(relay).good('store', 'opens')


def test_store_of_root():
    root_only()
    relay = gateway(None)
    for name in os.listdir(relay.store_folder):
        path = os.path.join(relay.store_folder, name)
        os.chown(path, 0, 0)
        os.chmod(path, 0o644)
    os.chown(relay.store_folder, 0, 0)
    mend = doctor(relay).bad('store', 'relay local as ', 'chown ')
    obey(mend)
    doctor(relay).good('store')


def test_cache():
    relay = gateway()
    doctor(relay).good('cache', 'is off')
    folder = os.path.join(relay.folder, 'cache')
    os.mkdir(folder)
    harness.give(folder, 0o2770)
    path = os.path.join(folder, 'cache.db')
    relay.sections['cache'] = {'url': 'sqlite:' + path}
    relay.write()
    doctor(relay).good('cache', path)
    holds(not os.path.exists(path), 'the doctor made it')
    relay.sections['cache'] = {'url': 'redis://127.0.0.1:%d/0' %
                               harness.free_port()}
    relay.write()
    doctor(relay).bad('cache', 'nothing is cached', 'url = sqlite:')


def test_cache_with_a_wrong_password():
    if not shutil.which('redis-server'):
        raise Skipped('redis-server is not installed')
    port = harness.free_port()
    server = harness.start(['redis-server', '--port', str(port), '--bind',
                            '127.0.0.1', '--requirepass', 'sesame', '--save',
                            ''], stdout=harness.subprocess.DEVNULL)
    harness.wait_for(lambda: harness.port_open(port), 'redis listens')
    relay = gateway()
    for who, text in ((':wrong@', 'the password, or the user, is not'),
                      ('me:wrong@', 'the password, or the user, is not'),
                      ('', 'wants a password')):
        relay.sections['cache'] = {'url': 'redis://%s127.0.0.1:%d/3' % (
            who, port)}
        relay.write()
        found = doctor(relay)
        same(found.bad('cache', text, 'url = redis://'),
             'url = redis://%s:PASSWORD@127.0.0.1:%d/3' % (
                 'me' if 'me' in who else '', port), 'the mend')
        holds('wrong' not in json.dumps(found.of('cache')), 'it is shown')
        relay.relays = '[relay otx]\n'
        relay.write()
        has(text, relay.cli('check')[2], 'check')
        relay.relays = '[relay template]\n'
    harness.stop(server)


def test_cache_of_root():
    root_only()
    relay = gateway()
    folder = os.path.join(relay.folder, 'cache')
    os.mkdir(folder)
    os.chmod(folder, 0o700)
    relay.sections['cache'] = {'url': 'sqlite:%s/cache.db' % folder}
    relay.write()
    mend = doctor(relay).bad('cache', 'nothing is cached as', 'install -d')
    obey(mend)
    doctor(relay).good('cache')
    path = os.path.join(folder, 'cache.db')
    harness.write(path, '', 0o644)
    mend = doctor(relay).bad('cache', 'nothing is cached as', 'chown ')
    obey(mend)
    doctor(relay).good('cache')


# --- socket --------------------------------------------------------------------

def stale(path):
    """What a gateway that was killed leaves."""
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path)
    harness.give(path, 0o660)


def test_socket():
    relay = gateway()
    found = doctor(relay)
    found.bad('socket', 'is not there', 'ctim-relay.fcgi -c ' + relay.conf)
    found.skipped('users', 'no socket')
    stale(relay.socket)
    doctor(relay).bad('socket', 'nobody listens', 'ctim-relay.fcgi -c ')
    os.unlink(relay.socket)
    relay.serve()
    doctor(relay).good('socket', 'listens, mode 0660')
    os.chmod(relay.socket, 0o600)
    mend = doctor(relay).bad('socket', 'mode 0600', 'chmod 0660', 'warn')
    obey(mend)
    os.chmod(relay.socket, 0o666)
    doctor(relay).bad('socket', 'everybody', 'socket_mode = 0660', 'warn')
    relay.stop()
    harness.write(relay.socket, '')
    mend = doctor(relay).bad('socket', 'is no socket', 'mv ')
    obey(mend)
    doctor(relay).bad('socket', 'is not there', 'ctim-relay.fcgi')


def test_socket_of_tcp():
    relay = gateway()
    port = harness.free_port()
    relay.sections['server']['listen'] = '127.0.0.1:%d' % port
    relay.write()
    doctor(relay).bad('socket', 'nobody answers', 'ctim-relay.fcgi')
    relay.serve(wait=False)
    harness.wait_for(lambda: harness.port_open(port), 'the pool listens')
    found = doctor(relay)
    found.good('socket', 'a gateway answers')
    found.good('users')
    relay.stop()
    relay.sections['server']['listen'] = '0.0.0.0:%d' % port
    relay.write()
    relay.serve(wait=False)
    harness.wait_for(lambda: harness.port_open(port), 'the pool listens')
    doctor(relay).bad('socket', 'without the web server', 'listen = unix:',
                      'warn')
    relay.stop()


class Other:
    """Something that listens and is no gateway."""

    def __init__(self, family, address, answer):
        self.answer = answer
        self.socket = socket.socket(family)
        self.socket.bind(address)
        self.socket.listen()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                s = self.socket.accept()[0]
            except OSError:
                return
            with s, contextlib.suppress(OSError):
                s.recv(65536)
                s.sendall(self.answer)

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(5)


def fcgi_answer(body):
    text = b'Status: 200\r\nContent-Type: text/html\r\n\r\n' + body
    return b'\1\6\0\1' + len(text).to_bytes(2, 'big') + b'\0\0' + text + \
        b'\1\3\0\1\0\x08\0\0' + bytes(8)


def test_something_else_at_listen():
    """What answers there and is no gateway is no good finding."""
    for answer in (b'HTTP/1.1 400 Bad Request\r\n\r\n', b'',
                   fcgi_answer(b'File not found.')):
        relay = gateway()
        other = Other(socket.AF_UNIX, relay.socket, answer)
        harness.give(relay.socket, 0o660)
        doctor(relay).bad('socket', 'something else than a gateway answers',
                          relay.socket)
        other.stop()
        port = harness.free_port()
        relay.sections['server']['listen'] = '127.0.0.1:%d' % port
        relay.write()
        other = Other(socket.AF_INET, ('127.0.0.1', port), answer)
        doctor(relay).bad('socket', 'something else than a gateway answers',
                          "ss -ltnp 'sport = :%d'" % port)
        other.stop()


def test_control_of_another():
    root_only()
    relay = gateway()
    path = relay.sections['server']['control']
    doctor(relay).skipped('control', 'no pool runs')
    stale(path)
    os.chown(path, 12345, 12345)
    mend = doctor(relay).bad('control', 'belongs to user 12345', 'chown -h ',
                             'warn')
    obey(mend)
    doctor(relay).skipped('control', 'nobody listens')
    relay.serve()
    doctor(relay).good('control', 'answers')
    os.chown(path, 12345, 12345)
    doctor(relay).bad('control', 'belongs to user 12345', 'control = ', 'warn')
    relay.stop()


def test_control_that_answers_otherwise():
    relay = gateway()
    path = relay.sections['server']['control']
    other = Other(socket.AF_UNIX, path, b'hello\n')
    harness.give(path, 0o660)
    doctor(relay).skipped('control', 'another answer than a gateway')
    other.stop()


def test_metrics():
    relay = gateway()
    doctor(relay).good('metrics', 'are off')
    port = harness.free_port()
    at = '127.0.0.1:%d' % port
    relay.sections['server']['metrics'] = at
    relay.write()
    doctor(relay).skipped('metrics', 'no pool runs')
    relay.serve()
    harness.wait_for(lambda: harness.port_open(port), 'the listener')
    doctor(relay).good('metrics', 'at http://%s/metrics' % at)
    # The pool has not read that yet.
    other = harness.free_port()
    relay.sections['server']['metrics'] = '127.0.0.1:%d' % other
    relay.write()
    mend = doctor(relay).bad('metrics', 'nothing is to be had at http://127.0',
                             ' reload -c ', 'warn')
    obey(mend)
    harness.wait_for(lambda: harness.port_open(other), 'the new listener')
    doctor(relay).good('metrics', 'at http://')
    third = harness.free_port()
    stranger = Other(socket.AF_INET, ('127.0.0.1', third), b'220 hello\r\n')
    relay.sections['server']['metrics'] = '127.0.0.1:%d' % third
    relay.write()
    doctor(relay).bad('metrics', 'something else than the gateway',
                      "ss -ltnp 'sport = :%d'" % third, 'warn')
    stranger.stop()
    relay.stop()


def test_users():
    """Who serves HTTP here may use the socket, or who keeps them out."""
    root_only()
    if harness.web_user()[0] != 'www-data':
        raise Skipped('no user www-data')
    relay = gateway()
    stale(relay.socket)
    doctor(relay).good('users', 'www-data may use')
    os.chown(relay.socket, 0, 0)
    doctor(relay).bad('users', relay.socket + ' keeps www-data out',
                      'socket_group = www-data')
    harness.give(relay.socket, 0o660)
    os.chmod(relay.folder, 0o700)
    os.chown(relay.folder, 0, 0)
    mend = doctor(relay).bad('users', relay.folder + ' keeps', 'chgrp')
    obey(mend)
    doctor(relay).good('users')


# --- the network ---------------------------------------------------------------

def test_ca():
    relay = gateway()
    doctor(relay).good('ca', "system's")
    relay.sections['http'] = private()
    relay.write()
    doctor(relay).good('ca', testca.ca_file())
    path = harness.write(os.path.join(relay.folder, 'ca.pem'), 'none\n')
    relay.sections['http'] = private(ca_file=path)
    relay.write()
    doctor(relay).bad('ca', 'no certificates', 'ca_file = ')
    os.unlink(path)
    doctor(relay).bad('ca', 'No such file', 'ca_file = ')
    if harness.ROOT:
        harness.write(path, harness.read(testca.ca_file()), 0o600)
        mend = doctor(relay).bad('ca', 'cannot be used as', 'chmod g-w+r')
        obey(mend)
        doctor(relay).good('ca')


def test_proxy():
    relay = gateway()
    doctor(relay).good('proxy', 'none')
    with Upstream([ANY]) as host:
        relay.sections['http'] = {'proxy': 'http://user:hush@' + host.host}
        relay.write()
        found = doctor(relay)
        found.good('proxy', host.host)
        holds('hush' not in json.dumps(found), 'the password is shown')
    doctor(relay).bad('proxy', 'cannot be reached', 'proxy = http://')
    relay.sections['http'] = {'proxy': 'http://a b:x'}
    relay.write()
    doctor(relay).bad('proxy', 'no URL', 'proxy = http://')


def test_jwks():
    with Upstream([JWKS], tls='good') as host:
        relay = gateway(auth={'jwks_hosts': host.host}, http=private())
        doctor(relay).good('jwks', 'gives 1 key; its certificate is good')
        host.rules([{'request': '*', 'json': {'keys': []}}])
        doctor(relay).bad('jwks', 'no key set', 'jwks_hosts = ')
        host.rules([{'request': '*', 'status': 503}])
        doctor(relay).bad('jwks', 'status 503', 'jwks_hosts = ')
    doctor(relay).bad('jwks', 'gives no keys', 'curl -sv https://' + host.host)
    relay.sections['auth']['jwks_hosts'] = ''
    relay.write()
    doctor(relay).good('jwks', 'off')


def test_jwks_private():
    with Upstream([JWKS], tls='good') as host:
        relay = gateway(auth={'jwks_hosts': host.host})
        doctor(relay).bad('jwks', 'no public address', 'allow_private = yes')


def test_jwks_without_internet():
    """Where no host can be found, HS256 alone is the mend, said once."""
    relay = gateway(auth={'jwks_hosts': 'a.invalid b.invalid c.invalid'})
    found = doctor(relay)
    same(found.bad('jwks', 'none of the 3 jwks_hosts', 'jwks_hosts ='),
         'jwks_hosts =', 'the mend')
    same(len(found.of('jwks')), 1, found.of('jwks'))
    relay.sections['auth']['jwks_hosts'] = ''
    relay.write()
    doctor(relay).good('jwks', 'off')
    if not harness.ROOT or harness.run(['unshare', '-n', 'true'])[0] != 0:
        return
    relay.sections['auth']['jwks_hosts'] = None
    relay.write()
    _, out, _ = harness.run(['unshare', '-n', harness.program('ctim-relay'),
                             'doctor', '--json'], env=relay.env(), timeout=90)
    Findings(json.loads(out)['checks']).bad(
        'jwks', 'none of the 3 jwks_hosts', 'jwks_hosts =')


def test_jwks_certificate_ends_soon():
    with Upstream([JWKS], tls='soon') as host:
        relay = gateway(auth={'jwks_hosts': host.host}, http=private())
        doctor(relay).bad('jwks', 'which is soon', 'openssl s_client -connect '
                          + host.host, 'warn')


def test_jwks_hosts_that_hang():
    """All are asked at once, and none holds the doctor up."""
    hosts = [Upstream([{'request': '*', 'fault': 'hang'}], tls='good')
             for _ in range(4)]
    relay = gateway(auth={'jwks_hosts': ' '.join(h.host for h in hosts)},
                    http=private())
    began = time.monotonic()
    found = doctor(relay)
    holds(time.monotonic() - began < 15, 'it took too long')
    for host in hosts:
        found.bad('jwks', host.host + ' gives no keys: timed out', 'curl')
        host.stop()


def date_rule(offset):
    return dict(JWKS, headers={'Date': formatdate(time.time() + offset,
                                                  usegmt=True)})


def test_clock():
    with Upstream([date_rule(0)], tls='good') as host:
        relay = gateway(auth={'jwks_hosts': host.host}, http=private())
        doctor(relay).good('clock', host.host)
        for offset, word in ((300, 'behind'), (-3600, 'ahead of'),
                             (40 * 86400, 'behind')):
            host.rules([date_rule(offset)])
            doctor(relay).bad('clock', word, 'timedatectl', 'warn')
        host.rules([dict(JWKS, headers={'Date': 'yesterday'})])
        doctor(relay).skipped('clock', 'told the time')


# --- services ------------------------------------------------------------------

def otx(host, url=None):
    return gateway('[relay otx]\nurl = %s\n' % (url or host.url),
                   http=private(timeout='3'))


def credentials(relay, value, mode=0o600):
    return harness.write(os.path.join(relay.folder, 'credentials'),
                         json.dumps(value), mode)


HEALTH = {
    'refused': ({'request': '*', 'status': 403}, 'relay otx: ',
                'ctim-relay jwt --relay otx'),
    'limit': ({'request': '*', 'status': 429}, 'relay otx: ',
              'rate = 1'),
    'down': ({'request': '*', 'status': 503}, 'relay otx: ',
             'query --route health otx'),
    'cut': ({'request': '*', 'fault': 'close'}, 'relay otx: ', 'curl -sv'),
    'strange': ({'request': '*', 'status': 418}, 'relay otx: ',
                'query --route health otx'),
}


def test_provider():
    """With credentials the service is asked as the server asks it."""
    with Upstream([{'request': '*', 'with': {'x-otx-api-key': 'sesame'},
                    'json': {'username': 'x'}},
                   {'request': '*', 'status': 403}]) as host:
        relay = otx(host)
        found = doctor(relay, '-f', credentials(
            relay, {'otx': {'key': 'sesame'}}))
        found.good('provider', 'takes the credentials')
        holds('sesame' not in json.dumps(found), 'the key is shown')
        doctor(relay, '-r', 'otx', '-f', credentials(
            relay, {'key': 'sesame'})).good('provider', 'takes')
        doctor(relay, '-f', credentials(relay, {'otx': {}})).bad(
            'provider', 'Wrong JWT payload structure', 'jwt --relay otx')
        doctor(relay, '-f', credentials(
            relay, {'other': {'key': 'x'}})).bad(
                'provider', 'relay "other"', '[relay other]')


def test_provider_without_credentials():
    """Whether it can be reached, and its certificate."""
    with Upstream([ANY], tls='good') as host:
        relay = otx(host)
        doctor(relay).good('provider', 'its certificate is good until')
        same(host.lines(), ['GET /'], 'what the service was asked')
    doctor(relay).bad('provider', 'cannot be reached', 'curl')
    with Upstream([ANY], tls='expired') as host:
        doctor(otx(host)).bad('provider', 'certificate', 'openssl')


def test_provider_with_the_gateways_credentials():
    """The configuration has them: the service is asked with these."""
    with Upstream([{'request': '*', 'with': {'x-otx-api-key': 'sesame'},
                    'json': {'username': 'x'}},
                   {'request': '*', 'status': 403}]) as host:
        relay = otx(host)
        relay.relays += 'claim.key = sesame\n'
        relay.write()
        doctor(relay).good('provider', 'takes the credentials')
        relay.relays = relay.relays.replace('sesame', 'closed')
        relay.write()
        doctor(relay).bad('provider', 'relay otx', '{EDITOR')
        relay.relays += 'credentials = token\n'
        relay.write()
        doctor(relay).good('provider', 'no credentials were given')


def test_provider_of_a_description():
    """Its url is the description's, unless the relay or a claim has another."""
    with Upstream([ANY], tls='good') as host:
        folder = harness.folder('doctor-described')
        described = os.path.join(folder, 'lesson')
        os.mkdir(described)
        harness.write(os.path.join(described, 'provider.ini'), """[provider]
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
""" % host.url)
        harness.write(os.path.join(described, 'map.jq'), 'empty\n')
        relay = gateway('[relay lesson]\n', http=private(),
                        server={'providers': folder})
        doctor(relay).good('provider', host.host)
        same(host.lines(), ['GET /'], 'what the service was asked')


def test_provider_of_the_token():
    """Qualys: the token says where it is, unless the relay does."""
    relay = gateway('[relay qualys]\n', http=private())
    doctor(relay).skipped('provider', 'a claim says where')
    with Upstream([ANY], tls='good') as host:
        relay.relays += 'api_url = %s/base\n' % host.url
        relay.write()
        doctor(relay).good('provider', host.host)
        same(host.lines(), ['GET /'], 'what the service was asked')


def test_provider_local():
    relay = gateway(None)
    doctor(relay).good('provider', 'relay local')
    os.unlink(relay.store)
    doctor(relay).bad('provider', 'relay local', 'intel stats --store ' +
                      relay.store)


def test_credentials_that_are_none():
    relay = gateway()
    for path in (credentials(relay, {'x': {}}, 0o644),
                 credentials(relay, [1]), '/nowhere'):
        status, _, err = relay.cli('doctor', '-f', path, ok=False)
        same(status, 1, err)
        has(path, err, 'the reason')


# --- the front -----------------------------------------------------------------

_pool = []


def pool():
    """A gateway that runs, for the tests that change nothing of it."""
    if not _pool:
        _pool.append(gateway(name='pool').serve())
    return _pool[0]


class Front(Nginx):
    """nginx with other lines than ours in its server."""

    def __init__(self, relay, server):
        kept = harness.NGINX_CONF
        at = kept.index('\t\tlocation / {')
        end = kept.rindex('\t}\n}')
        harness.NGINX_CONF = kept[:at].replace(
            '\t\tlarge_client_header_buffers 4 16k;\n', '') + server + \
            kept[end:]
        try:
            super().__init__(relay)
        finally:
            harness.NGINX_CONF = kept
        self.url = 'http://127.0.0.1:%d' % self.port
        self.conf = os.path.join(self.folder, 'nginx.conf')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


OURS = '\t\tlarge_client_header_buffers 4 16k;\n' \
    '\t\tlocation / { include %(src)s/nginx/ctim-relay-location.conf; }\n'


def front(server):
    return Front(pool(), server)


def test_front():
    with front(OURS) as web:
        found = doctor(pool(), '--url', web.url)
        found.good('front', 'shows a ctim-relay 0.2.0, as this is')
        for check in ('path', 'authorization', 'header', 'body'):
            found.good(check)
    found = doctor(pool(), '--url', web.url)
    found.bad('front', 'cannot be reached', 'systemctl start nginx')
    for check in ('path', 'authorization', 'header', 'body'):
        found.skipped(check, 'no gateway answers')


def test_front_is_something_else():
    with front('\t\tlocation / { return 404; }\n') as web:
        doctor(pool(), '--url', web.url).bad(
            'front', 'status 404', 'fastcgi_split_path_info')
    relay = gateway()
    with Front(relay, OURS) as web:
        doctor(relay, '--url', web.url).bad('front', 'status 502',
                                            'tail -n 3 /var/log/nginx')


def test_front_is_another():
    """Another version, other relays, another key, another limit."""
    with Upstream([{'request': 'GET /', 'json': {
            'name': 'ctim-relay', 'version': '0.0.1', 'relays': []}}]) as web:
        found = doctor(gateway(), '--url', web.url)
        found.bad('front', '0.0.1', 'ctim-relay reload', 'warn')
        found.bad('front', 'no relay "template"', 'ctim-relay reload')
        found.bad('path', 'status 404', 'location /PATH/')
        found.bad('authorization', 'status 404', 'location /PATH/')
    other = gateway('[relay template]\n', auth={'secret_key': STRONG[::-1]},
                    server={'max_body': '2M'})
    with front(changed((r'client_max_body_size\s+2m',
                        'client_max_body_size 9m'))) as web:
        found = doctor(other, '--url', web.url)
        found.bad('authorization', 'another secret_key', 'ctim-relay reload')
        found.bad('body', 'smaller max_body', 'ctim-relay reload')


def changed(*changes):
    """Our location with other lines in it."""
    text = harness.read(os.path.join(harness.SRC, 'nginx',
                                     'ctim-relay-location.conf'))
    for old, new in changes:
        before = text
        text = re.sub(old, new, text)
        holds(text != before, 'nothing to change: ' + old)
    return '\t\tlarge_client_header_buffers 4 16k;\n' \
        '\t\tlocation / {\n%s\n}\n' % text.replace('%', '%%')


def test_front_with_a_bad_certificate():
    for kind in ('expired', 'self_signed'):
        with Upstream([ANY], tls=kind) as web:
            doctor(gateway(), '--url', web.url).bad(
                'front', 'the platform will not', 'ssl_certificate ')
    with Upstream([{'request': '*', 'status': 404, 'json': {
            'code': 404, 'message': 'x', 'reason': 'Not Found'}}],
            tls='soon') as web:
        doctor(gateway(http=private()), '--url', web.url + '/ctim').bad(
            'front', 'which is soon', 'openssl s_client -connect %s <' %
            web.host, 'warn')


def test_path():
    """Below a path that nginx does not cut off."""
    with front(OURS.replace('location /', 'location /below/')) as web:
        doctor(pool(), '--url', web.url + '/below').bad(
            'path', 'status 404', 'fastcgi_split_path_info')
    with front('location /below/ { fastcgi_split_path_info ^(/below)(/.*)$; '
               'include %(src)s/nginx/ctim-relay-location.conf; }\n') as web:
        doctor(pool(), '--url', web.url + '/below/').good('path')


def test_authorization():
    with front(changed((r'(fastcgi_param HTTP_PROXY\s+"";)',
                        r'\1 fastcgi_param HTTP_AUTHORIZATION "";'))) as web:
        doctor(pool(), '--url', web.url).bad(
            'authorization', 'keeps the Authorization header',
            'fastcgi_param HTTP_AUTHORIZATION')


def test_authorization_of_the_web_server():
    with front(changed((r'(location ~ [^{]*\{)', r'\1 return 401;'))) as web:
        doctor(pool(), '--url', web.url).bad(
            'authorization', 'of its own', 'auth_basic off')
    with front('\t\tlocation / { return 403; }\n') as web:
        doctor(pool(), '--url', web.url).bad('front', 'status 403',
                                             'auth_basic off')


def test_header():
    with front(OURS.partition('\n')[2]) as web:
        doctor(pool(), '--url', web.url).bad(
            'header', 'refuses tokens of 8 KB',
            'large_client_header_buffers', 'warn')


def test_body():
    with front(changed((r'client_max_body_size\s+2m',
                        'client_max_body_size 100k'))) as web:
        doctor(pool(), '--url', web.url).bad(
            'body', 'refuses a body', 'client_max_body_size 2m;')


def apache(relay, change=lambda text: text, ways=('proxy_fcgi',)):
    """The real Apache with other lines than ours."""
    folder = harness.folder('apache-files')
    os.makedirs(os.path.join(folder, 'apache'))
    for name in os.listdir(os.path.join(harness.SRC, 'apache')):
        text = harness.read(os.path.join(harness.SRC, 'apache', name))
        harness.write(os.path.join(folder, 'apache', name), change(text))
    kept, harness.SRC = harness.SRC, folder
    try:
        return Apache(relay, ways=ways)
    finally:
        harness.SRC = kept


def test_apache():
    """All is good behind Apache, in its three ways."""
    ways = ('proxy_fcgi', 'fcgid', 'cgi')
    web = apache(pool(), ways=ways)
    for way in ways:
        for mount in ('', '/below'):
            found = doctor(
                pool(), '--url', 'http://127.0.0.1:%d%s' % (
                    web.ports[way + mount], mount), '--web',
                os.path.join(web.folder, 'httpd.conf'))
            for check in ('front', 'path', 'authorization', 'header', 'body',
                          'streaming', 'timeout', 'limit'):
                found.good(check)
    same(len(found.of('streaming')), 3, found.of('streaming'))
    web.stop()


def test_apache_that_keeps_authorization():
    web = apache(pool(), lambda text: text.replace(
        'CGIPassAuth On', 'CGIPassAuth Off').replace(
            'LimitRequestFieldSize', '#LimitRequestFieldSize'))
    found = doctor(pool(), '--url', 'http://127.0.0.1:%d' %
                   web.ports['proxy_fcgi'])
    found.bad('authorization', 'keeps', 'CGIPassAuth On')
    found.bad('header', '8 KB', 'LimitRequestFieldSize 16380', 'warn')
    web.stop()


def test_apache_that_refuses_bodies():
    web = apache(pool(), lambda text: text.replace(
        'LimitRequestBody 2097152', 'LimitRequestBody 1000').replace(
            'FcgidMaxRequestLen 2097152', ''), ('cgi', 'fcgid'))
    for way in ('cgi', 'fcgid'):
        found = doctor(pool(), '--url', 'http://127.0.0.1:%d' %
                       web.ports[way], '--web',
                       os.path.join(web.folder, 'httpd.conf'))
        found.bad('body', 'refuses a body', 'LimitRequestBody 2097152')
        found.bad('limit', 'CGI refuses', 'LimitRequestBody 2097152')
        found.bad('limit', 'mod_fcgid refuses', 'FcgidMaxRequestLen 2097152')
    web.stop()


# --- its files -----------------------------------------------------------------

def test_web_nginx():
    """What its files say, followed through includes and upstreams."""
    with front(OURS) as web:
        found = doctor(pool(), '--web', web.conf)
        found.good('streaming', 'nginx passes answers on')
        found.good('timeout', 'waits 30 s, and the deadline is 25 s')
        found.good('limit', '1048576 bytes, through')
    with front(changed((r'fastcgi_buffering\s+off;', ''),
                       (r'fastcgi_read_timeout\s+30s', 'fastcgi_read_timeout '
                        '20s'),
                       (r'client_max_body_size\s+2m', 'client_max_body_size '
                        '512k'))) as web:
        found = doctor(pool(), '--web', web.conf)
        found.bad('streaming', 'holds answers back', 'fastcgi_buffering off;',
                  'warn')
        found.bad('timeout', 'waits 20 s', 'fastcgi_read_timeout 30s;')
        same(len(found.of('timeout')), 1, 'the inner location inherits')
        found.bad('limit', 'above 524288', 'client_max_body_size 2097152;')
    for value, result in (('28', 'warn'), ('1m', 'ok'), ('500ms', 'fail')):
        with front(changed((r'fastcgi_read_timeout\s+30s',
                            'fastcgi_read_timeout ' + value))) as web:
            for finding in doctor(pool(), '--web', web.conf).of('timeout'):
                same(finding['result'], result, finding)


def test_web_apache():
    web = apache(pool(), lambda text: text.replace(
        'timeout=30', '').replace('flushpackets=on', '').replace(
            'FcgidIOTimeout      30', 'FcgidIOTimeout 5').replace(
                'FcgidOutputBufferSize 0', '').replace(
                    'CGIDScriptTimeout 30s', 'CGIDScriptTimeout 10'),
        ('proxy_fcgi', 'fcgid', 'cgi'))
    conf = os.path.join(web.folder, 'httpd.conf')
    found = doctor(pool(), '--web', conf)
    found.bad('streaming', 'mod_proxy_fcgi holds', 'flushpackets=on', 'warn')
    found.bad('streaming', 'mod_fcgid holds', 'FcgidOutputBufferSize 0',
              'warn')
    found.bad('timeout', 'mod_fcgid waits 5 s', 'FcgidIOTimeout 30')
    found.bad('timeout', 'CGI waits 10 s', 'CGIDScriptTimeout 30')
    has('mod_proxy_fcgi waits 60 s', str(found), 'what Timeout is unless set')
    harness.write(conf, 'Timeout 20\n' + harness.read(conf))
    doctor(pool(), '--web', conf).bad('timeout', 'mod_proxy_fcgi waits 20 s',
                                      'timeout=30')
    web.stop()


def test_web_that_starts_the_gateway():
    """With mod_fcgid or CGI no socket is missed."""
    relay = gateway()
    doctor(relay).bad('socket', 'is not there', 'ctim-relay.fcgi')
    for ways in (('fcgid',), ('cgi',)):
        web = apache(relay, ways=ways)
        doctor(relay, '--web', os.path.join(web.folder, 'httpd.conf')).good(
            'socket', 'Apache starts the gateway itself, ' + (
                'as CGI' if ways == ('cgi',) else 'with mod_fcgid'))
        stale(relay.socket)
        doctor(relay, '--web', os.path.join(web.folder, 'httpd.conf')).good(
            'socket', 'Apache starts')
        os.unlink(relay.socket)
        listen = relay.sections['server']['listen']
        relay.sections['server']['listen'] = '127.0.0.1:%d' % \
            harness.free_port()
        relay.write()
        doctor(relay, '--web', os.path.join(web.folder, 'httpd.conf')).good(
            'socket', 'Apache starts')
        relay.sections['server']['listen'] = listen
        relay.write()
        web.stop()
    web = apache(relay, ways=('cgi', 'proxy_fcgi'))
    doctor(relay, '--web', os.path.join(web.folder, 'httpd.conf')).bad(
        'socket', 'is not there', 'ctim-relay.fcgi')
    web.stop()


def test_web_file_that_is_none():
    relay = gateway()
    path = os.path.join(relay.folder, 'nginx.conf')
    found = doctor(relay, '--web', path)
    for check in ('streaming', 'timeout', 'limit'):
        found.bad(check, 'No such file', 'ctim-relay-location.conf')
    harness.write(path, 'include %s;\nhttp { server { location / {} } }\n' %
                  path)
    doctor(relay, '--web', path).bad('timeout', 'nothing in it leads',
                                     'ctim-relay-location.conf')
    apache_path = shutil.copy(path, os.path.join(relay.folder, 'httpd.conf'))
    doctor(relay, '--web', apache_path).bad(
        'limit', 'nothing in it leads', 'ctim-relay-proxy_fcgi.conf')
    pipe = os.path.join(relay.folder, 'pipe.conf')
    os.mkfifo(pipe)
    harness.write(path, 'include %s;\n' % pipe)
    for name, said in ((pipe, 'it is a named pipe, not a file'),
                       (path, 'nothing in it leads')):
        doctor(relay, '--web', name).bad('limit', said,
                                         'ctim-relay-location.conf')


def test_web_unknown():
    """Without such files it is said that nothing was looked at."""
    relay = gateway()
    found = doctor(relay)
    for check in ('streaming', 'timeout', 'limit'):
        found.skipped(check, '--web')


def test_end():
    """The pool that the others asked ends well."""
    for relay in _pool:
        same(relay.stop(), 0, 'its exit status')


test_apache.limit = 240

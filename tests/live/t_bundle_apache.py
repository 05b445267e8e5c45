# SPDX-License-Identifier: MIT
"""The bundle of `make cgi-bundle` at a host: Apache with user directories and
suexec, a user without any rights, no daemon.  The user, and suexec's settings, are
there in a mount namespace alone."""

import json
import os
import shutil
import subprocess

import harness
import t_doctor
from harness import Skipped, has, holds, same

USER, UID = 'ctimguest', 31998
SUEXEC = '/usr/lib/apache2/suexec-custom'
LIBRARY = 'libfcgi.so.0'

CONF = '''
ServerRoot @T
PidFile @T/httpd.pid
ServerName localhost
DefaultRuntimeDir @T
ErrorLog @T/error.log
Mutex file:@T default
ScriptSock @T/cgid.sock
TypesConfig /dev/null
%s
User www-data
Group www-data
Listen 127.0.0.1:%d
DocumentRoot @T/htdocs
UserDir public_html
<Directory />
	Require all denied
</Directory>
<Directory @T/htdocs>
	Require all granted
</Directory>
<Directory @T/home/*/public_html>
	AllowOverride All
	Options SymLinksIfOwnerMatch
	Require all granted
</Directory>
'''
MODULES = ('mpm_event', 'authz_core', 'cgid', 'mime', 'rewrite', 'setenvif',
           'suexec', 'userdir')
# What the namespace has over the system's: FILE in our folder, PATH.
OVER = (('passwd', '/etc/passwd'), ('group', '/etc/group'),
        ('suexec', '/etc/apache2/suexec/www-data'), ('log', '/var/log/apache2'))


class Host:
    """A host with one user, whose home has the folder public_html."""

    def __init__(self):
        needs()
        self.folder = harness.folder('host')
        self.log = os.path.join(self.folder, 'error.log')
        self.home = os.path.join(self.folder, 'home', USER)
        self.web = os.path.join(self.home, 'public_html', 'ctim')
        self.own = os.path.join(self.home, 'ctim-relay')
        self.conf = os.path.join(self.own, 'ctim-relay.conf')
        for name in ('htdocs', 'log', 'home'):
            os.mkdir(os.path.join(self.folder, name))
        for path in (self.home, os.path.join(self.home, 'public_html')):
            os.mkdir(path)
            os.chown(path, UID, UID)
            os.chmod(path, 0o711)
        self.system()
        self.port = harness.free_port()
        self.bundle = bundle(self.home)
        self.token = self.run_bundle('jwt', '-q', '-k', os.path.join(
            self.bundle, 'ctim-relay', 'secret.key')).strip()
        self.upload()
        self.serve()

    def system(self):
        for name, path in OVER[:2]:
            line = {'passwd': '%s:x:%d:%d::%s:/bin/sh\n' % (
                USER, UID, UID, self.home),
                    'group': '%s:x:%d:\n' % (USER, UID)}[name]
            harness.write(os.path.join(self.folder, name),
                          harness.read(path) + line)
        harness.write(os.path.join(self.folder, 'suexec'),
                      '%s\npublic_html\n' % self.folder)

    def serve(self):
        modules = ''.join('LoadModule %s_module %s/mod_%s.so\n' % (
            name, harness.APACHE_MODULES, name) for name in MODULES)
        conf = harness.write(
            os.path.join(self.folder, 'httpd.conf'),
            (CONF % (modules, self.port)).replace('@T', self.folder))
        mounts = ''.join('mount --bind %s/%s %s && ' % (self.folder, name, path)
                         for name, path in OVER)
        errors = open(os.path.join(self.folder, 'stderr'), 'w')
        self.process = harness.start(
            ['unshare', '-m', 'sh', '-c', mounts + 'exec apache2 -d %s -f %s '
             '-D FOREGROUND' % (self.folder, conf)], stdout=errors,
            stderr=errors, env=dict(harness.environment(),
                                    PATH=harness.sbin_path()))
        errors.close()

        def ready():
            if self.process.poll() is not None:
                harness.fail('apache2: ' + harness.read(
                    os.path.join(self.folder, 'stderr')) +
                    (os.path.exists(self.log) and harness.read(self.log) or ''))
            return harness.port_open(self.port)
        harness.wait_for(ready, 'Apache listens', 20)

    def stop(self):
        harness.stop(self.process)

    def upload(self):
        """What a host's file manager or `ssh HOST tar xz` does."""
        shutil.rmtree(self.web, ignore_errors=True)
        shutil.rmtree(self.own, ignore_errors=True)
        self.as_user(['tar', 'xzf', '-', '-C', self.home],
                     input=open(self.bundle + '.tar.gz', 'rb').read())

    def as_user(self, args, input=b'', ok=True):
        done = subprocess.run(
            args, input=input, user=UID, group=UID, extra_groups=[],
            capture_output=True, timeout=60, cwd='/',
            env={'PATH': '/usr/bin:/bin', 'HOME': self.home,
                 **harness.coverage_env_of(UID)})
        if ok and done.returncode != 0:
            harness.fail('%s: exit %d\n%s' % (
                ' '.join(args), done.returncode, done.stderr.decode()))
        return done.stdout.decode()

    def run_bundle(self, *args):
        """The bundle's command where it was made."""
        status, out, err = harness.run(
            [os.path.join(self.bundle, 'public_html/ctim/ctim-relay')] +
            list(args))
        same((status, err), (0, ''), ' '.join(args))
        return out

    def command(self, *args, input=b''):
        """The same at the host, as cron or a shell there runs it."""
        return self.as_user([os.path.join(self.web, 'ctim-relay')] +
                            list(args) + ['-c', self.conf], input)

    def ask(self, path='/local/observe/observables', token=None,
            below='/~%s/ctim' % USER, method='POST', value='192.0.2.1',
            more=0):
        body = json.dumps([{'type': 'ip', 'value': value}]).encode()
        body += b' ' * more
        return harness.http_request(self.port, method, below + path, body,
                                    harness.bearer(token or self.token))

    def answers(self):
        answer = self.ask()
        same((answer.status, answer.text()), (200, '{"data":{}}'),
             'the answer, with ' + harness.read(self.log))

    def refused(self, reason, what='The gateway is not configured.'):
        """A 500 without a word of the reason, which the log has."""
        since = len(harness.read(self.log))
        answer = self.ask()
        same(answer.status, 500, 'status')
        same(self.ask(more=300000).status, 500, 'with a body of some size')
        has(what, answer.text(), 'the answer')
        holds(self.home not in answer.text(), answer.text())
        harness.wait_for(lambda: reason in harness.read(self.log)[since:],
                         '%r in the log, which has %s' % (
                             reason, harness.read(self.log)[since:]))

    def chmod(self, path, mode):
        os.chmod(os.path.join(self.home, path), mode)

    def put(self, path, text, mode=0o644):
        path = os.path.join(self.home, path)
        harness.write(path, text, mode)
        os.chown(path, UID, UID)
        return path


def needs():
    if not harness.ROOT:
        raise Skipped('suexec needs an Apache that root starts')
    for path in [SUEXEC] + ['%s/mod_%s.so' % (harness.APACHE_MODULES, name)
                            for name in MODULES]:
        if not os.path.exists(path):
            raise Skipped(path + ' is not installed')
    if not os.path.exists(OVER[2][1]):
        raise Skipped(OVER[2][1] + ' is not there')
    if harness.run(['unshare', '-m', 'true'])[0] != 0:
        raise Skipped('no mount namespace can be made')


def bundle(home, *more):
    """The folder of a new bundle."""
    to = os.path.join(harness.folder('bundle'), 'ctim-relay-cgi')
    status, out, err = harness.run(
        ['make', '-s', '-C', harness.BUILD, 'cgi-bundle', 'BUNDLE=' + to,
         'HOME_THERE=' + home] + list(more), timeout=300)
    same(status, 0, 'make cgi-bundle: ' + out + err)
    return to


_host = []


def host():
    if not _host:
        _host.append(Host())
    return _host[0]


def close():
    for one in _host:
        one.stop()


def test_first_answer():
    """Uploaded, asked, with nothing but that: with and without its name, below
    the path of a user."""
    h = host()
    h.answers()
    same(h.ask(below='/~%s/ctim/ctim-relay.cgi' % USER).text(), '{"data":{}}',
         'by the name of the program')
    answer = h.ask('/local/health')
    same((answer.status, answer.text()), (200, '{"data":{"status":"ok"}}'),
         'health')
    same(h.ask('/', method='GET').status, 200, 'the page')


def test_refused_token():
    answer = host().ask(token=harness.jwt(key='k' * 64))
    has('"authorization error"', answer.text(), 'the answer')


def test_feed():
    """As cron imports it, and then a request finds it."""
    h = host()
    out = h.command('intel', 'import', '-', '--source', 'cron',
                    input=b'198.51.100.7\n198.51.100.8\n')
    has('2', out, 'what it says')
    answer = h.ask(value='198.51.100.7').json()
    same(answer['data']['verdicts']['count'], 1, 'verdicts')
    has('"cron"', json.dumps(answer), 'its source')
    same(os.stat(os.path.join(h.own, 'intel.db')).st_uid, UID, 'whose store')


def test_nothing_else_is_handed_out():
    """The gateway answers for every path below its folder."""
    h = host()
    for path in ('/.ctim-relay', '/.htaccess', '/ctim-relay',
                 '/ctim-relay-net.so', '/lib/' + LIBRARY, '/lib/'):
        answer = h.ask(path, method='GET')
        holds(answer.status in (403, 404), '%s: %d' % (path, answer.status))
        holds(h.home not in answer.text() and 'ELF' not in answer.text(), path)


def test_no_daemon():
    h = host()
    h.answers()

    def none():
        return not [pid for pid in os.listdir('/proc') if pid.isdigit() and
                    owner('/proc/' + pid) == UID]
    harness.wait_for(none, 'no process of the user is left')


def owner(path):
    try:
        return os.stat(path).st_uid
    except OSError:
        return None


def test_reasons_are_in_the_log():
    h = host()
    own = h.own[len(h.home) + 1:]
    for path, mode, good, reason in (
            ('public_html/ctim/.ctim-relay', 0o646, 0o644, 'may write it'),
            (own + '/ctim-relay.conf', 0o640, 0o600, 'may read it'),
            (own, 0o770, 0o700, 'may write it'),
            ('public_html/ctim/ctim-relay-net.so', 0o664, 0o644,
             'may write it')):
        h.chmod(path, mode)
        h.refused(os.path.join(h.home, path) + ': others than its owner ' +
                  reason)
        h.chmod(path, good)
    inside = h.put('public_html/ctim-relay.conf', harness.read(h.conf), 0o600)
    h.put('public_html/ctim/.ctim-relay', inside + '\n')
    h.refused(inside + ': is inside of ' + os.path.join(h.home, 'public_html'))
    h.put('public_html/ctim/.ctim-relay', h.conf + '\r\n')
    h.answers()
    os.rename(os.path.join(h.web, '.ctim-relay'),
              os.path.join(h.web, '.aside'))
    h.refused(os.path.join(h.web, '.ctim-relay') + ': is not there either')
    os.rename(os.path.join(h.web, '.aside'),
              os.path.join(h.web, '.ctim-relay'))
    h.answers()


def test_what_a_mistake_shows():
    """Apache's own bare 500 where the program does not start, and what hides
    Authorization: as docs/shared-hosting.md says."""
    h = host()
    good = harness.read(os.path.join(h.web, '.htaccess'))
    apache = 'Internal Server Error'
    library = os.path.join(h.web, 'lib', LIBRARY)
    saved = open(library, 'rb').read()
    h.put(library, '')
    h.refused('error while loading shared libraries', apache)
    with open(library, 'wb') as f:
        f.write(saved)
    h.chmod('public_html/ctim/ctim-relay.cgi', 0o644)
    h.refused('suexec', apache)
    h.chmod('public_html/ctim/ctim-relay.cgi', 0o775)
    h.refused('suexec', apache)
    h.chmod('public_html/ctim/ctim-relay.cgi', 0o755)
    htaccess = 'public_html/ctim/.htaccess'
    h.put(htaccess, good + 'NoSuchWord On\n')
    h.refused("Invalid command 'NoSuchWord'", apache)
    without = good.replace('\nCGIPassAuth On\n', '\n')
    holds(without != good, 'CGIPassAuth is in it')
    lost = 'Authorization header is missing'
    h.put(htaccess, without)
    has(lost, h.ask().text(), 'without CGIPassAuth')
    # After a rewrite this becomes REDIRECT_HTTP_AUTHORIZATION, which suexec
    # does not hand on.
    h.put(htaccess, without.replace(
        'RewriteEngine On\n', 'RewriteEngine On\nRewriteRule ^ - '
        '[E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]\n'))
    has(lost, h.ask().text(), 'with the rule that many pages show')
    h.put(htaccess, without.replace('#SetEnvIf', 'SetEnvIf'))
    h.answers()
    h.put(htaccess, good)
    h.answers()


def test_install_on_the_host():
    """A bundle without HOME_THERE, uploaded without modes."""
    needs()
    h = host()
    here = h.bundle
    h.bundle = bundle('', 'NETWORK=no', 'LIBS_THERE=all')
    h.upload()
    holds(not os.path.exists(os.path.join(h.web, 'ctim-relay-net.so')),
          'the half that makes calls is left out')
    holds(not os.path.exists(os.path.join(h.web, 'lib')),
          'so are the libraries')
    for folder, folders, files in os.walk(h.home):
        for name in files:
            os.chmod(os.path.join(folder, name), 0o664)
    os.chmod(h.web, 0o775)
    parts = os.path.join(h.own, 'conf.d')
    h.as_user(['mkdir', '-m', '0775', parts])
    h.as_user(['sh', os.path.join(h.own, 'install')])
    for path, mode in ((parts, 0o700),
                       (os.path.join(h.web, '.htaccess'), 0o644)):
        same(os.stat(path).st_mode & 0o777, mode, path)
    h.token = h.run_bundle('jwt', '-q', '-k', os.path.join(
        h.bundle, 'ctim-relay', 'secret.key')).strip()
    h.answers()
    h.bundle = here
    h.token = h.run_bundle('jwt', '-q', '-k', os.path.join(
        h.bundle, 'ctim-relay', 'secret.key')).strip()
    h.upload()
    h.answers()


def test_key_store_and_configuration_stay():
    """A second bundle of the same name, for an upgrade, has the programs alone."""
    needs()
    feed = harness.write(os.path.join(harness.folder('feed'), 'list.txt'),
                         '192.0.2.9\n')
    to = bundle('/home/x', 'FEED=' + feed, 'LIBS_THERE=all')
    store = os.path.join(to, 'ctim-relay', 'intel.db')
    status, out, _ = harness.run([harness.program('ctim-relay'), 'intel',
                                  'show', '192.0.2.9', '--store', store])
    has('list.txt', out, 'the feed')
    key = harness.read(os.path.join(to, 'ctim-relay', 'secret.key'))
    same(harness.read(os.path.join(to, 'public_html/ctim/.ctim-relay')),
         '/home/x/ctim-relay/ctim-relay.conf\n', 'the line')
    status, out, err = harness.run(
        ['make', '-s', '-C', harness.BUILD, 'cgi-bundle', 'BUNDLE=' + to,
         'HOME_THERE=/home/x', 'LIBS_THERE=all'], timeout=300)
    same(status, 0, out + err)
    same(harness.read(os.path.join(to, 'ctim-relay', 'secret.key')), key,
         'the key')
    _, out, _ = harness.run(['tar', 'tzf', to + '.tar.gz'])
    has('public_html/ctim/ctim-relay.cgi', out, 'the archive')
    holds('secret' not in out and 'intel.db' not in out, out)
    for wrong in ('HOME_THERE=home', 'HOME_THERE=/home/a b',
                  'WEB_THERE=../x', 'WEB_THERE=ctim-relay'):
        status, out, err = harness.run(
            ['make', '-s', '-C', harness.BUILD, 'cgi-bundle', 'BUNDLE=' + to,
             wrong], timeout=300)
        holds(status != 0 and 'cgi-bundle: ' in err, wrong + out + err)


def doctor(h, *args):
    out = h.as_user([os.path.join(h.web, 'ctim-relay'), 'doctor', '--json',
                     *args], ok=False)
    found = t_doctor.Findings(json.loads(out)['checks'])
    for finding in found:
        same('mend' in finding, finding['result'] in ('fail', 'warn'), finding)
    return found


def obey(h, mend):
    """Types the line as the user."""
    h.as_user(['/bin/sh', '-c', mend])


def test_doctor():
    """It finds the bundle that it is part of, and what it says mends."""
    h = host()
    good = doctor(h)
    good.good('cgi', 'names ' + h.conf)
    good.good('cgi', 'has all of its libraries')
    good.good('cgi', 'leads to the program')
    has(h.conf + ' can be used', '\n'.join(
        f['text'] for f in good.of('config')), 'the configuration')
    good.good('socket', 'as CGI')
    for path, mode, text in (
            (os.path.join(h.web, '.ctim-relay'), 0o666, 'may write it'),
            (h.conf, 0o644, 'may read it'),
            (h.web, 0o775, 'may write it'),
            (os.path.join(h.web, 'ctim-relay.cgi'), 0o644, 'cannot be run')):
        before = os.stat(path).st_mode & 0o7777
        os.chmod(path, mode)
        obey(h, doctor(h).bad('cgi', text, 'chmod'))
        doctor(h).good('cgi')
        os.chmod(path, before)
    h.answers()


def test_doctor_of_the_parts():
    """What it says where a part is missing; from another folder, with --cgi."""
    h = host()
    name = os.path.join(h.web, '.ctim-relay')
    saved = harness.read(name)
    os.unlink(name)
    obey(h, doctor(h, '--cgi', h.web).bad('cgi', 'is not there', 'echo '))
    same(harness.read(name), saved, 'what the line made')
    doctor(h).good('cgi')
    inside = h.put('public_html/conf', harness.read(h.conf), 0o600)
    h.put('public_html/ctim/.ctim-relay', inside + '\n')
    doctor(h).bad('cgi', 'is inside of ' + os.path.join(h.home, 'public_html'),
                  'mv -nT')
    os.unlink(inside)
    doctor(h).bad('cgi', 'No such file', 'ls -ld')
    h.put('public_html/ctim/.ctim-relay', 'x\n')
    doctor(h).bad('cgi', 'begins with a slash', 'EDITOR')
    h.put('public_html/ctim/.ctim-relay', saved)
    library = os.path.join(h.web, 'lib', LIBRARY)
    whole = open(library, 'rb').read()
    h.put(library, '')
    status, out, _ = harness.run(
        [harness.program('ctim-relay'), 'doctor', '--json', '--cgi', h.web],
        env=harness.environment(**harness.coverage_env_of('doctor')))
    t_doctor.Findings(json.loads(out)['checks']).bad(
        'cgi', LIBRARY + ': file too short: each answer is a bare 500', 'ldd ')
    with open(library, 'wb') as f:
        f.write(whole)
    path = 'public_html/ctim/.htaccess'
    good = harness.read(os.path.join(h.home, path))
    for line in ('CGIPassAuth On', 'RewriteEngine On'):
        h.put(path, good.replace('\n' + line + '\n', '\n'))
        mend = doctor(h).bad('cgi', 'has no ' + line.split()[0], line)
        h.put(path, harness.read(os.path.join(h.home, path)) + mend + '\n')
        doctor(h).good('cgi')
    rules = [l for l in good.splitlines() if l.startswith('RewriteRule')]
    h.put(path, good.replace('\n'.join(rules), ''))
    mend = doctor(h).bad('cgi', 'has no RewriteRule', 'RewriteRule')
    h.put(path, good.replace('\n'.join(rules), mend))
    doctor(h).good('cgi')
    h.answers()
    same(h.ask(below='/~%s/ctim/ctim-relay.cgi' % USER).text(), '{"data":{}}',
         'by the name of the program')
    os.unlink(os.path.join(h.home, path))
    doctor(h).bad('cgi', 'cannot be read', 'ls -la')
    h.put(path, good)
    h.answers()

# SPDX-License-Identifier: MIT
"""What the tests share: temporary folders, processes that end with the run,
gateways with a configuration, the real nginx and Apache in front of them, HTTP
requests, tokens, and the checks that every test ends with."""

import base64
import contextlib
import fcntl
import glob
import grp
import hashlib
import hmac
import http.client
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

TOOLS = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(TOOLS)
SRC = os.path.dirname(TESTS)
SHARED = os.path.join(os.path.dirname(SRC), 'shared')
BUILD = os.path.abspath(os.environ.get('CTIM_BUILD',
                                       os.path.join(SRC, 'build-test')))
KEY = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._'
DEADLINE = 25
# A busy machine takes so many times as long: what is waited for may, too.
PATIENCE = 3
ROOT = os.geteuid() == 0
APACHE_MODULES = '/usr/lib/apache2/modules'
NETWORK = 'ctim-relay-net.so'
REDIS = 'ctim-relay-redis.so'
MAP = 'ctim-relay-map'


class Failed(Exception):
    """A check did not hold; the text says what was expected and what came."""


class Skipped(Exception):
    """A test cannot run here; the text says why."""


def fail(text):
    raise Failed(text)


def with_terminal(function):
    """pty.fork or pty.openpty, where there are terminals."""
    try:
        os.close(os.open('/dev/ptmx', os.O_RDWR | os.O_NOCTTY))
    except OSError as error:
        raise Skipped('no terminal can be made here: '
                      'is /dev/pts mounted?') from error
    return function()


def same(got, expected, what):
    if got == expected:
        return
    if isinstance(got, str) and isinstance(expected, str) and \
            min(len(got), len(expected)) > 300:
        at = len(os.path.commonprefix([got, expected]))
        fail('%s differs after %d characters, …%r\n  expected %r\n'
             '  got      %r' % (what, at, got[max(0, at - 60):at],
                                expected[at:at + 200], got[at:at + 200]))
    fail('%s\n  expected %r\n  got      %r' % (what, expected, got))


def holds(condition, text):
    if not condition:
        fail(text)


def has(needle, text, what):
    if needle not in text:
        fail('%s\n  looked for %r\n  in         %r' % (what, needle, text))


# --- folders and processes -------------------------------------------------

_tmp = None
_processes = []


def tmp():
    """The folder of this run; anyone may pass through it."""
    global _tmp
    if _tmp is None:
        _tmp = tempfile.mkdtemp(prefix='ctim-relay-test-')
        os.chmod(_tmp, 0o755)
        for name, mode in (('bin', 0o755), ('san', 0o1777),
                           ('coverage', 0o1777)):
            os.mkdir(os.path.join(_tmp, name))
            os.chmod(os.path.join(_tmp, name), mode)
    return _tmp


def folder(name):
    """A new folder with a name in the folder of this run."""
    path = os.path.join(tmp(), name)
    n = 1
    while True:
        try:
            os.mkdir(path)
            os.chmod(path, 0o755)
            return path
        except FileExistsError:
            n += 1
            path = os.path.join(tmp(), '%s-%d' % (name, n))


def small_disk(size):
    """A folder with a file system of its own, so many KB large; whoever wants
    it runs umount in the end."""
    path = folder('disk')
    status, _, err = run(['mount', '-t', 'tmpfs', '-o',
                          'size=%dk,mode=1777' % size, 'ctim', path])
    if status != 0:
        raise Skipped('no file system can be mounted: ' + err.strip())
    return path


def web_user():
    """Who serves when the tests run as root: (name, uid, gid), else None."""
    if not ROOT:
        return None
    try:
        entry = pwd.getpwnam('www-data')
    except KeyError:
        entry = pwd.getpwnam('nobody')
    return entry.pw_name, entry.pw_uid, entry.pw_gid


@contextlib.contextmanager
def alone(name):
    """Keeps other processes and threads of this and other runs out of what is
    kept in the build folder under a name, while it is made."""
    with open(os.path.join(BUILD, '.making-' + name), 'w') as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def give(path, mode):
    """Hands a file or folder to the user that serves."""
    user = web_user()
    if user:
        os.chown(path, user[1], user[2])
    os.chmod(path, mode)


def program(name, build=None):
    """A program of the build, copied to where every user can run it, with the
    object that it opens and the program that it executes beside it."""
    build = build or BUILD
    source = os.path.join(build, name)
    if not os.path.exists(source):
        fail('%s is not built' % source)
    place = os.path.join(tmp(), 'bin', hashlib.sha256(
        build.encode()).hexdigest()[:8])
    if not os.path.exists(place):
        os.makedirs(place, mode=0o755)
        for part in (NETWORK, REDIS, MAP):
            if os.path.exists(os.path.join(build, part)):
                shutil.copy2(os.path.join(build, part), place)
    target = os.path.join(place, name)
    if not os.path.exists(target):
        shutil.copy2(source, target)
        os.chmod(target, 0o755)
    return target


def sanitizer_env():
    """Options that turn every finding of a sanitizer into a file."""
    log = 'log_path=%s/san/report' % tmp()
    options = {
        'ASAN_OPTIONS': log + ':detect_leaks=1:exitcode=99:'
                        'detect_stack_use_after_return=1:'
                        'strict_string_checks=1:check_initialization_order=1',
        'UBSAN_OPTIONS': log + ':print_stacktrace=1:halt_on_error=1',
        'LSAN_OPTIONS': log + ':exitcode=99',
    }
    # By way of files: mod_fcgid cuts values at 127 bytes.
    for name in options:
        path = os.path.join(tmp(), name)
        if not os.path.exists(path):
            write(path, options[name])
        options[name] = 'include=' + path
    return options


def coverage_env():
    """Where those count who serve as another user than ours, who may not
    reach the build folder."""
    return {'GCOV_PREFIX': os.path.join(tmp(), 'coverage')} if ROOT else {}


def coverage_env_of(who):
    """The same for one who is not the usual other user, and may not write
    what that one has counted; these counts are not added."""
    path = os.path.join(tmp(), 'coverage-%s' % who)
    os.makedirs(path, exist_ok=True)
    os.chmod(path, 0o777)
    return {'GCOV_PREFIX': path}


def merge_coverage():
    """Adds what they counted to the counts in the build folder."""
    counted = os.path.join(tmp(), 'coverage') + BUILD
    tool = shutil.which('gcov-tool')
    if not os.path.isdir(counted) or not tool:
        return
    out = folder('merged')
    with alone('coverage'):
        status, _, err = run([tool, 'merge', BUILD, counted, '-o', out],
                             timeout=120)
        if status != 0:
            print('gcov-tool: ' + err.strip())
            return
        for path in glob.glob(os.path.join(out, '**', '*.gcda'),
                              recursive=True):
            shutil.copy(path, os.path.join(BUILD, os.path.relpath(path, out)))


def environment(**more):
    env = {k: v for k, v in os.environ.items()
           if k in ('PATH', 'HOME', 'TMPDIR', 'USER', 'LOGNAME')}
    env['LC_ALL'] = 'C.UTF-8'
    # Who has dropped root cannot write the counts of lines, and must not say so
    # on the descriptors that it hands to a program.
    env['GCOV_ERROR_FILE'] = os.devnull
    env.update(sanitizer_env())
    env.update({k: v for k, v in more.items() if v is not None})
    return env


def compiling():
    """What who builds has in the environment, too: a compiler's cache in the
    build folder, where there is one.  Trees of the same depth share it."""
    if not os.path.isdir('/usr/lib/ccache'):
        return {}
    return {'PATH': '/usr/lib/ccache:' + os.environ.get('PATH', ''),
            'CCACHE_DIR': os.path.join(BUILD, 'ccache'), 'CCACHE_NOHASHDIR': '1'}


_seen_reports = set()


def sanitizer_reports():
    """The text of reports that came since the last call."""
    out = []
    for path in sorted(glob.glob(os.path.join(tmp(), 'san', '*'))):
        if path in _seen_reports:
            continue
        _seen_reports.add(path)
        with open(path, errors='replace') as f:
            out.append(f.read())
    return '\n'.join(out)


def start(args, stderr=None, **kwargs):
    """A process that ends with the run, in a group of its own."""
    kwargs.setdefault('env', environment())
    kwargs.setdefault('stdin', subprocess.DEVNULL)
    process = subprocess.Popen(args, stderr=stderr, start_new_session=True,
                               **kwargs)
    _processes.append(process)
    return process


def stop(process, sig=signal.SIGTERM, timeout=15):
    """Ends a process and all of its group; returns its exit status.  timeout: as
    of run()."""
    if process.poll() is None:
        try:
            process.send_signal(sig)
            process.wait(timeout * PATIENCE)
        except subprocess.TimeoutExpired:
            pass
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    status = process.wait()
    if process in _processes:
        _processes.remove(process)
    return status


def stop_all():
    for process in list(_processes):
        stop(process, timeout=5)


def clean_up():
    stop_all()
    if _tmp and not os.environ.get('CTIM_KEEP'):
        shutil.rmtree(_tmp, ignore_errors=True)
    elif _tmp:
        print('kept: ' + _tmp)


def run(args, timeout=60, input=None, env=None, cwd=None):
    """Runs a command to its end: (status, stdout, stderr) as text.  timeout: in
    seconds of a machine that is not busy."""
    timeout *= PATIENCE
    process = subprocess.Popen(
        args, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=env or environment(), cwd=cwd,
        start_new_session=True)
    _processes.append(process)
    data = input.encode() if isinstance(input, str) else input
    try:
        out, err = process.communicate(data or b'', timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        fail('%s did not end within %d s\n%s' % (
            ' '.join(args), timeout, err.decode(errors='replace')))
    finally:
        _processes.remove(process)
    return (process.returncode, out.decode(errors='replace'),
            err.decode(errors='replace'))


def wait_for(condition, what, timeout=10.0):
    """Waits until condition() is true and returns it.  timeout: as of run()."""
    timeout *= PATIENCE
    end = time.monotonic() + timeout
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            fail('not within %g s: %s' % (timeout, what))
        time.sleep(0.01)


_given = set()


def free_port():
    """A TCP port of 127.0.0.1 that nobody listens on, another every time."""
    while True:
        with socket.socket() as s:
            s.bind(('127.0.0.1', 0))
            port = s.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port


def port_open(port):
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex(('127.0.0.1', port)) == 0


def socket_open(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(1)
        try:
            s.connect(path)
        except OSError:
            return False
        return True


def read(path):
    with open(path, errors='replace') as f:
        return f.read()


def write(path, text, mode=0o644):
    with open(path, 'w') as f:
        f.write(text)
    os.chmod(path, mode)
    return path


# --- tokens ----------------------------------------------------------------

def b64(data):
    if isinstance(data, str):
        data = data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


def jwt(payload=None, key=KEY, header=None, alg='HS256'):
    """A token.  payload and header may be dicts or the very text; header adds
    to alg and typ."""
    if header is None or isinstance(header, dict):
        header = json.dumps(dict({'alg': alg, 'typ': 'JWT'}, **(header or {})))
    if payload is None or isinstance(payload, dict):
        payload = json.dumps(payload or {'sub': 'tests'})
    text = b64(header) + '.' + b64(payload)
    mac = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    return text + '.' + b64(mac)


def token_id(token):
    """What the log calls a token."""
    return hashlib.sha256(token.encode()).hexdigest()[:8]


# --- HTTP ------------------------------------------------------------------

class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers          # names in lower case
        self.body = body                # bytes

    def text(self):
        return self.body.decode('utf-8', 'replace')

    def json(self):
        return json.loads(self.body)


def http_request(port, method, path, body=None, headers=None, chunked=False,
                 timeout=60):
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection('127.0.0.1', port,
                                            timeout=timeout)
    headers = dict(headers or {})
    try:
        if chunked:
            headers['Transfer-Encoding'] = 'chunked'
            parts = (body[i:i + 1000] for i in range(0, len(body), 1000))
            connection.request(method, path, parts, headers,
                               encode_chunked=True)
        else:
            connection.request(method, path, body, headers)
        response = connection.getresponse()
        return Answer(response.status,
                      {k.lower(): v for k, v in response.getheaders()},
                      response.read())
    finally:
        connection.close()


def bearer(token=None):
    return {'Authorization': 'Bearer ' + (jwt() if token is None else token)}


# --- the gateway -----------------------------------------------------------

_empty_store = None


def empty_store():
    """A store that holds nothing, to be copied."""
    global _empty_store
    if _empty_store is None:
        path = os.path.join(folder('empty'), 'intel.db')
        for args in (['import', '-', '--source', 'x'],
                     ['remove', '--source', 'x', '--all']):
            status, out, err = run(
                [program('ctim-relay'), 'intel', *args, '--store', path],
                input='192.0.2.255\n')
            same(status, 0, out + err)
        _empty_store = path
    return _empty_store


def comm(pid):
    """The name of a process; '' for one that has gone, perhaps just now."""
    try:
        return read('/proc/%s/comm' % pid).strip()
    except (FileNotFoundError, ProcessLookupError):
        return ''


class Gateway:
    """A configuration in a folder of its own, a store, and a pool when
    serve() is called.

    relays: text of the [relay] sections ("@" is replaced by the folder).
    sections: {"server": {key: value}, …}, added to what every test needs.
    """

    # Gives the URL of an empty store instead of a file; postgres.instead().
    elsewhere = None

    def __init__(self, name, relays=None, sections=None, build=None):
        self.folder = folder(name)
        self.build = build
        self.run = os.path.join(self.folder, 'run')
        self.socket = os.path.join(self.run, 'relay.sock')
        self.conf = os.path.join(self.folder, 'ctim-relay.conf')
        self.logs = os.path.join(self.folder, 'log')
        self.log = os.path.join(self.logs, 'relay.log')
        self.store_folder = os.path.join(self.folder, 'store')
        self.store = os.path.join(self.store_folder, 'intel.db')
        self.stderr = os.path.join(self.folder, 'stderr')
        self.process = None
        for path in (self.logs, self.store_folder):
            os.mkdir(path)
            give(path, 0o2770)
        # Who serves makes and removes the sockets, and all of the four ways
        # write one log; the folder of the configuration stays root's.
        os.mkdir(self.run)
        give(self.run, 0o755)
        give(write(self.log, ''), 0o640)
        self.sections = {
            'server': {'listen': 'unix:' + self.socket, 'socket_mode': '0666',
                       'workers': '2', 'threads': '4',
                       'control': os.path.join(self.run, 'control.sock')},
            'auth': {'secret_key': KEY},
            'log': {'target': self.log, 'format': 'json'},
            'cache': {'url': 'off'},
        }
        if web_user():
            self.sections['server'].update(
                user=web_user()[0],
                group=grp.getgrgid(web_user()[2]).gr_name)
        for section, keys in (sections or {}).items():
            self.sections.setdefault(section, {}).update(keys)
        self.relays = relays if relays is not None else (
            '[relay template]\n\n[relay local]\nstore = @/store/intel.db\n')
        self.url = None
        if self.elsewhere is not None and '@/store/intel.db' in self.relays:
            self.url = type(self).elsewhere()
            self.relays = self.relays.replace('@/store/intel.db', 'URL')
        self.write()
        if self.store in self.relays.replace('@', self.folder):
            for path in glob.glob(empty_store() + '*'):
                target = self.store + path[len(empty_store()):]
                give(shutil.copy(path, target), 0o660)

    def write(self, text=None):
        """Writes the configuration; a value None leaves the key out."""
        if text is None:
            text = ''
            for section, keys in self.sections.items():
                text += '[%s]\n' % section
                for key, value in keys.items():
                    if value is not None:
                        text += '%s = %s\n' % (key, value)
            text += self.relays.replace('@', self.folder).replace(
                'store = URL', 'store = %s' % self.url)
        write(self.conf, text, 0o640)
        if web_user():
            os.chown(self.conf, 0, web_user()[2])

    def env(self, **more):
        return environment(CTIM_RELAY_CONF=self.conf, **more)

    def cli(self, *args, input=None, ok=True, timeout=60):
        """Runs ctim-relay with this configuration: (status, out, err)."""
        result = run([program('ctim-relay', self.build)] + list(args),
                     input=input, env=self.env(), timeout=timeout)
        if ok and result[0] != 0:
            fail('ctim-relay %s: exit %d\n%s%s' % (
                ' '.join(args), result[0], result[1], result[2]))
        return result

    def load(self, text, source, *options):
        """Imports a feed."""
        return self.cli('intel', 'import', '-', '--source', source, *options,
                        input=text)

    def serve(self, *args, wrapper=(), wait=True, timeout=20, pass_fds=(),
              **env):
        """Starts the pool on its own socket."""
        errors = open(self.stderr, 'a')
        self.process = start(
            list(wrapper) + [program('ctim-relay.fcgi', self.build)] +
            list(args), stderr=errors, stdout=errors, pass_fds=pass_fds,
            env=self.env(**coverage_env(), **env))
        errors.close()
        if wait:
            def ready():
                if self.process.poll() is not None:
                    fail('ctim-relay.fcgi ended with %d\n%s' % (
                        self.process.returncode, read(self.stderr)))
                return socket_open(self.socket) and (
                    '--workers' in args or len(self.workers()) >=
                    int(self.sections['server']['workers'] or 1))
            wait_for(ready, 'the pool listens on ' + self.socket, timeout)
        return self

    def stop(self, sig=signal.SIGTERM, timeout=DEADLINE + 5):
        status = stop(self.process, sig, timeout)
        self.process = None
        return status

    def workers(self):
        """The pids of the worker processes."""
        path = '/proc/%d/task/%d/children' % (self.process.pid,
                                              self.process.pid)
        return [int(pid) for pid in read(path).split() if comm(pid) != MAP]

    def records(self):
        """The records of a JSON log."""
        if not os.path.exists(self.log):
            return []
        return [json.loads(line) for line in read(self.log).splitlines()]

    def log_size(self):
        return os.path.getsize(self.log)

    def record(self, request_id, since=0, timeout=3):
        """The record of one request, which may be written after its answer.
        since: what log_size() was before it."""
        def find():
            with open(self.log, errors='replace') as f:
                f.seek(since)
                records = [json.loads(line) for line in f
                           if line.endswith('\n')]
            return [r for r in records if r.get('id') == request_id]
        found = wait_for(find, 'a log record with id ' + request_id, timeout)
        same(len(found), 1, 'records of request ' + request_id)
        return found[0]


class Activated(Gateway):
    """A pool whose socket a service manager made: descriptor 3, LISTEN_FDS."""

    def __init__(self, name, **more):
        super().__init__(name, **more)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.socket)
        os.chmod(self.socket, 0o666)
        self.listener.listen(128)

    def serve(self, *args, **more):
        fd = self.listener.fileno()
        return super().serve(
            *args, pass_fds=(fd,), wrapper=(
                '/bin/sh', '-c', 'LISTEN_PID=$$ LISTEN_FDS=1; '
                'export LISTEN_PID LISTEN_FDS; exec "$0" "$@" 3<&%d' % fd),
            **more)


# --- nginx -----------------------------------------------------------------

NGINX_CONF = '''
daemon off;
worker_processes 1;
pid @T/nginx.pid;
error_log @T/error.log;
%(user)s
events { worker_connections 512; }
http {
	access_log off;
	client_body_temp_path @T/body;
	fastcgi_temp_path @T/fastcgi;
	proxy_temp_path @T/proxy;
	scgi_temp_path @T/scgi;
	uwsgi_temp_path @T/uwsgi;
	%(upstream)s
	server {
		listen 127.0.0.1:%(port)d;
		large_client_header_buffers 4 16k;
		location / {
			include %(location)s;
		}
		location /below/ {
			fastcgi_split_path_info ^(/below)(/.*)$;
			include %(location)s;
		}
	}
}
'''


class Nginx:
    """The real nginx, with the files that people include, before one gateway
    or several, which it asks in turn.  keep: it keeps its connections, as the
    files do not."""

    def __init__(self, *gateways, keep=False):
        self.folder = folder('nginx')
        self.port = free_port()
        user = web_user()
        upstream = read(SRC + '/nginx/ctim-relay.conf')
        servers = ''.join('\tserver unix:%s max_fails=0;\n' % g.socket
                          for g in (gateways * 2)[:max(2, len(gateways))])
        upstream = re.sub(r'(\tserver unix:\S+ max_fails=0;\n)+', servers +
                          ('\tkeepalive 32;\n' if keep else ''), upstream)
        location = SRC + '/nginx/ctim-relay-location.conf'
        if keep:
            location = write(os.path.join(self.folder, 'location.conf'),
                             read(location).replace('fastcgi_keep_conn off',
                                                    'fastcgi_keep_conn on'))
        text = NGINX_CONF % {
            'user': 'user %s;' % user[0] if user else '', 'upstream': upstream,
            'location': location, 'port': self.port, 'src': SRC}
        conf = write(os.path.join(self.folder, 'nginx.conf'),
                     text.replace('@T', self.folder))
        self.error_log = os.path.join(self.folder, 'error.log')
        errors = open(os.path.join(self.folder, 'stderr'), 'w')
        self.process = start(['nginx', '-p', self.folder, '-c', conf, '-e',
                              self.error_log], stdout=errors, stderr=errors,
                             env=dict(environment(), PATH=sbin_path()))
        errors.close()

        def ready():
            if self.process.poll() is not None:
                fail('nginx: ' + read(os.path.join(self.folder, 'stderr')) +
                     read(self.error_log))
            return port_open(self.port)
        wait_for(ready, 'nginx listens')

    def stop(self):
        return stop(self.process)


def sbin_path():
    return os.environ.get('PATH', '') + ':/usr/sbin:/sbin'


# --- Apache ----------------------------------------------------------------

APACHE_CONF = '''
ServerRoot @T
PidFile @T/httpd.pid
ServerName localhost
DefaultRuntimeDir @T
ErrorLog @T/error.log
LoadModule mpm_%(mpm)s_module @M/mod_mpm_%(mpm)s.so
LoadModule authz_core_module @M/mod_authz_core.so
LoadModule alias_module @M/mod_alias.so
LoadModule env_module @M/mod_env.so
LoadModule %(cgi)s_module @M/mod_%(cgi)s.so
LoadModule proxy_module @M/mod_proxy.so
LoadModule proxy_fcgi_module @M/mod_proxy_fcgi.so
LoadModule fcgid_module @M/mod_fcgid.so
<IfModule mod_cgid.c>
	ScriptSock @T/cgid.sock
</IfModule>
FcgidIPCDir @T/fcgid
FcgidProcessTableFile @T/fcgid_shm
FcgidMaxProcesses 8
Mutex file:@T default
%(user)s
DocumentRoot @T/htdocs
<Directory />
	Require all denied
</Directory>
<Directory @T/htdocs>
	Require all granted
</Directory>
Define CTIM_RELAY_SOCKET %(socket)s
Define CTIM_RELAY_PROGRAM %(program)s
Define CTIM_RELAY_CONF %(conf)s
'''

# The environment of what Apache runs is what its configuration says.
APACHE_HOST = '''
UnDefine CTIM_RELAY_MOUNT
%(mount)s
Listen 127.0.0.1:%(port)d
<VirtualHost 127.0.0.1:%(port)d>
	ServerName localhost
	Include %(src)s/apache/ctim-relay-%(way)s.conf
%(env)s
</VirtualHost>
'''


class Apache:
    """The real Apache in its three ways: ports['proxy_fcgi'], ports['fcgid']
    and ports['cgi'], at the root of a host, and ports['WAY/below']."""

    def __init__(self, gateway, mpm='event', cgi='cgid',
                 ways=('proxy_fcgi', 'fcgid', 'cgi')):
        for module in ('mpm_' + mpm, cgi, 'fcgid', 'proxy_fcgi'):
            path = '%s/mod_%s.so' % (APACHE_MODULES, module)
            if not os.path.exists(path):
                raise Skipped(path + ' is not installed')
        self.folder = folder('apache')
        self.error_log = os.path.join(self.folder, 'error.log')
        for name in ('htdocs', 'fcgid'):
            os.mkdir(os.path.join(self.folder, name))
            give(os.path.join(self.folder, name), 0o755)
        user = web_user()
        text = APACHE_CONF % {
            'mpm': mpm, 'cgi': cgi, 'socket': gateway.socket,
            'program': program('ctim-relay.fcgi', gateway.build),
            'conf': gateway.conf,
            'user': 'User %s\nGroup #%d' % (user[0], user[2]) if user else ''}
        self.ports = {}
        for way in ways:
            for mount in ('', '/below'):
                self.ports[way + mount] = free_port()
                set_env = 'FcgidInitialEnv' if way == 'fcgid' else '\tSetEnv'
                text += APACHE_HOST % {
                    'mount': mount and 'Define CTIM_RELAY_MOUNT %s/' % mount,
                    'port': self.ports[way + mount], 'src': SRC, 'way': way,
                    'env': '\n'.join('%s %s "%s"' % (set_env, k, v)
                                     for k, v in {**sanitizer_env(),
                                                  **coverage_env()}.items())}
        text = text.replace('@T', self.folder).replace('@M', APACHE_MODULES)
        conf = write(os.path.join(self.folder, 'httpd.conf'), text)
        errors = open(os.path.join(self.folder, 'stderr'), 'w')
        self.process = start(
            ['apache2', '-d', self.folder, '-f', conf, '-D', 'FOREGROUND'],
            stdout=errors, stderr=errors,
            env=dict(environment(), PATH=sbin_path()))
        errors.close()

        def ready():
            if self.process.poll() is not None:
                fail('apache2: ' + read(os.path.join(self.folder, 'stderr')) +
                     (os.path.exists(self.error_log) and
                      read(self.error_log) or ''))
            return all(port_open(port) for port in self.ports.values())
        wait_for(ready, 'Apache listens', 20)

    def stop(self):
        return stop(self.process)


# --- CTIM ------------------------------------------------------------------

UUID = '[0-9a-f]{8}-[0-9a-f]{4}-%s[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'
PLACEHOLDER = re.compile(r'\{\{([a-z0-9]+)(?::([a-z]+))?(?:#(\w+))?\}\}')


def pattern(expected):
    """A regular expression for a text with {{uuid4:KIND}}, {{uuid5:KIND}},
    {{time}}, {{any}}; with #LABEL the same text each time."""
    out, at, seen = '', 0, set()
    for match in PLACEHOLDER.finditer(expected):
        out += re.escape(expected[at:match.start()])
        at = match.end()
        what, kind, label = match.groups()
        if label in seen:
            out += '(?P=%s)' % label
            continue
        if what in ('uuid4', 'uuid5'):
            part = 'transient:%s-%s' % (kind, UUID % what[-1])
        elif what == 'time':
            part = r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ'
        elif what == 'any':
            part = r'[^"]*'
        else:
            raise ValueError('placeholder ' + match.group(0))
        if label:
            seen.add(label)
            part = '(?P<%s>%s)' % (label, part)
        out += part
    return re.compile(out + re.escape(expected[at:]))


_validator = None


def schema_reason():
    """Why answers cannot be validated here, or None."""
    path = os.path.join(SHARED, 'ctim', 'ctim.schema.json')
    if not os.path.exists(path):
        return '../shared/ctim/ctim.schema.json is not there'
    try:
        import jsonschema  # noqa: F401
    except ImportError:
        return 'python3-jsonschema is not installed'
    return None


def validate_ctim(answer):
    """Checks an answer of observe or deliberate (a dict) against the schema
    and what a schema cannot say."""
    global _validator
    if schema_reason() is None:
        import jsonschema
        if _validator is None:
            with open(os.path.join(SHARED, 'ctim', 'ctim.schema.json')) as f:
                _validator = jsonschema.Draft202012Validator(json.load(f))
        errors = ['%s: %s' % ('/'.join(map(str, e.absolute_path)), e.message)
                  for e in _validator.iter_errors(answer)]
        holds(not errors, 'the answer is no CTIM:\n  ' + '\n  '.join(errors))
    ids, references = set(), []
    for kind, found in answer.get('data', {}).items():
        same(found['count'], len(found['docs']), kind + ': count')
        for doc in found['docs']:
            if 'id' in doc:
                ids.add(doc['id'])
            for name in ('judgement_id', 'source_ref', 'target_ref'):
                if name in doc:
                    references.append((kind, name, doc[name]))
            for name in ('valid_time', 'observed_time'):
                time_ = doc.get(name, {})
                if 'start_time' in time_ and 'end_time' in time_:
                    holds(time_['start_time'] <= time_['end_time'],
                          '%s starts after its end: %r' % (name, time_))
    for kind, name, target in references:
        holds(target in ids, '%s: %s %s is not in the answer' % (
            kind, name, target))

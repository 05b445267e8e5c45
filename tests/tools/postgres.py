# SPDX-License-Identifier: MIT
"""A real PostgreSQL in a folder of its own, on a unix socket and on loopback, and
databases in it, each with an empty store."""

import contextlib
import glob
import os
import pwd
import shutil
import signal
import subprocess
import urllib.parse

import harness
import testca
from harness import Skipped, fail, same, wait_for

USER, PASSWORD = 'relay', 'Canary-pw-1'


def programs():
    """Where initdb and postgres are."""
    for folder in sorted(glob.glob('/usr/lib/postgresql/*/bin'), reverse=True):
        if os.path.exists(os.path.join(folder, 'initdb')):
            return folder
    found = shutil.which('initdb')
    if found is None:
        raise Skipped('PostgreSQL is not installed')
    return os.path.dirname(found)


def unprivileged():
    """The user that a server started by root becomes; it refuses to be root."""
    if os.getuid() != 0:
        return []
    for name in ('postgres', 'nobody'):
        with contextlib.suppress(KeyError):
            pwd.getpwnam(name)
            return ['setpriv', '--reuid', name, '--regid',
                    str(pwd.getpwnam(name).pw_gid), '--clear-groups', '--']
    raise Skipped('no user for PostgreSQL')


class Postgres:
    """A server; socket and port stay the same when it is started again."""

    def __init__(self, *options, tls=None, of=None):
        """tls: a kind of certificate (testca.py); of: whose standby it is."""
        if not os.path.exists(harness.program('ctim-relay-pgsql.so')):
            raise Skipped('this build has no PostgreSQL')
        self.bin, self.as_user = programs(), unprivileged()
        self.options = options
        self.folder = harness.folder('postgres')
        if os.getuid() == 0:
            os.chown(self.folder, *pwd.getpwnam(self.as_user[2])[2:4])
        os.chmod(self.folder, 0o755)
        self.data = os.path.join(self.folder, 'data')
        self.port = harness.free_port()
        self.number = 0
        self.process = None
        if of is not None:
            self.tool('pg_basebackup', '-h', of.folder, '-p', str(of.port),
                      '-U', 'admin', '-D', self.data, '-R', '-c', 'fast',
                      '--no-sync', where=())
            self.start()
            return
        self.tool('initdb', '-D', self.data, '-E', 'UTF8', '--locale=C', '-U',
                  'admin', '-A', 'trust', '--no-sync', where=())
        # By the network with a password, over the socket without.
        self.file('pg_hba.conf', 'local all all trust\n'
                  'local replication all trust\n'
                  'host all all 127.0.0.1/32 scram-sha-256\n')
        if tls is not None:
            for name, path in zip(('server.crt', 'server.key'),
                                  testca.certificate(tls)):
                self.file(name, harness.read(path))
            self.options += '-c', 'ssl=on'
        self.start()
        self.sql("CREATE ROLE %s LOGIN PASSWORD '%s'" % (USER, PASSWORD))
        self.sql('CREATE DATABASE empty OWNER ' + USER)
        for args in (['import', '-', '--source', 'x'],
                     ['remove', '--source', 'x', '--all']):
            status, out, err = harness.run(
                [harness.program('ctim-relay'), 'intel', *args, '--store',
                 self.url('empty')], input='192.0.2.255\n')
            same(status, 0, out + err)

    def file(self, name, text):
        """One of the server's own."""
        path = os.path.join(self.data, name)
        harness.write(path, text, mode=0o600)
        if os.getuid() == 0:
            os.chown(path, *pwd.getpwnam(self.as_user[2])[2:4])

    def tool(self, name, *args, where=None):
        where = (('-h', self.folder, '-p', str(self.port), '-U', 'admin')
                 if where is None else where)
        result = subprocess.run(
            [*self.as_user, os.path.join(self.bin, name), *where, *args],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd='/',
            text=True, timeout=60)
        if result.returncode != 0:
            fail('%s: %s%s' % (name, result.stdout, result.stderr))
        return result.stdout

    def start(self):
        self.process = harness.start(
            [*self.as_user, os.path.join(self.bin, 'postgres'), '-D',
             self.data, '-k', self.folder, '-p', str(self.port), '-c',
             'listen_addresses=127.0.0.1', '-c', 'fsync=off', '-c',
             'max_connections=400', *self.options],
            stdout=subprocess.DEVNULL, cwd='/',
            stderr=open(os.path.join(self.folder, 'log'), 'a'))
        self.ready()

    def ready(self):
        def answers():
            return subprocess.run(
                [os.path.join(self.bin, 'pg_isready'), '-q', '-h',
                 self.folder, '-p', str(self.port)]).returncode == 0
        wait_for(answers, 'PostgreSQL answers', 30)

    def stop(self):
        """As an administrator stops it, with no regard to who is connected."""
        if self.process is not None:
            harness.stop(self.process, signal.SIGINT)
            self.process = None

    def kill(self):
        """All of it, as a machine that is gone."""
        self.each(signal.SIGKILL)
        self.process.wait()
        wait_for(lambda: not self.pids(), 'all processes are gone')
        self.process = None
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(self.data, 'postmaster.pid'))

    def each(self, sig):
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sig)

    def pids(self):
        """The server's processes, the main one first."""
        return [int(p) for p in subprocess.run(
            ['ps', '-o', 'pid=', '--pid', str(self.process.pid), '--ppid',
             str(self.process.pid)], stdout=subprocess.PIPE,
            text=True).stdout.split()]

    def sql(self, text, database='postgres'):
        """Rows, each a line with bars between."""
        return self.tool('psql', '-qAtX', '-v', 'ON_ERROR_STOP=1', '-d',
                         database, '-c', text).splitlines()

    def database(self):
        """A new one with an empty store: its name."""
        self.number += 1
        name = 'store_%d' % self.number
        self.sql('CREATE DATABASE %s TEMPLATE empty OWNER %s' % (name, USER))
        return name

    def url(self, database, network=False, port=None):
        if network:
            return 'postgresql://%s:%s@127.0.0.1:%d/%s' % (
                USER, PASSWORD, port or self.port, database)
        return 'postgresql://%s@/%s?host=%s&port=%d' % (
            USER, database, urllib.parse.quote(self.folder, safe=''),
            self.port)


def rows(url, text, *values):
    """What a statement with ? for each value answers, of a store of the shared
    server: tuples, numbers as such."""
    for value in values:
        word = ("'%s'" % value.replace("'", "''") if isinstance(value, str)
                else str(value))
        text = text.replace('?', word, 1)
    name = url.rsplit('/', 1)[1]
    return [tuple(int(cell) if cell.lstrip('-').isdigit() else cell
                  for cell in row.split('|'))
            for row in shared().sql('SET search_path = ctim_relay; ' + text,
                                    name)]


_shared = None


def shared():
    """The server of all tests of a file."""
    global _shared
    if _shared is None:
        _shared = Postgres()
    return _shared


def close():
    global _shared
    if _shared is not None:
        _shared.stop()
        _shared = None


@contextlib.contextmanager
def instead():
    """Meanwhile gateways with the usual store have it in a database of the
    server, each in one of its own."""
    server = shared()
    harness.Gateway.elsewhere = lambda: server.url(server.database(), True)
    try:
        yield server
    finally:
        harness.Gateway.elsewhere = None

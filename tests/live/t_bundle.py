# SPDX-License-Identifier: MIT
"""Shared hosting: the file .ctim-relay beside a CGI program, and what it must
be."""

import os
import shutil
import subprocess

import harness
from harness import Skipped, has, holds, same

UID = 31999     # nobody's, but for what these tests run


def user():
    """Who runs the program: a user of his own where the tests run as root."""
    return (UID, UID) if harness.ROOT else (os.getuid(), os.getgid())


class Home:
    """A home: the program in its public_html, the configuration beside that."""

    def __init__(self):
        self.folder = harness.folder('home')
        self.web = os.path.join(self.folder, 'public_html')
        self.own = os.path.join(self.folder, 'ctim-relay')
        self.program = os.path.join(self.web, 'ctim-relay.cgi')
        self.beside = os.path.join(self.web, '.ctim-relay')
        self.conf = os.path.join(self.own, 'ctim-relay.conf')
        for path in (self.web, self.own):
            os.mkdir(path)
        shutil.copy(harness.program('ctim-relay.fcgi'), self.program)
        self.write(self.conf, '[auth]\nsecret_key = %s\n[log]\ntarget = %s\n'
                   '[cache]\nurl = off\n[relay template]\n'
                   % (harness.KEY, os.path.join(self.own, 'log')),
                   0o600)
        self.write(self.beside, self.conf + '\n', 0o644)
        for path, mode in ((self.folder, 0o711), (self.web, 0o755),
                           (self.own, 0o700), (self.program, 0o755)):
            self.give(path, mode)

    @staticmethod
    def give(path, mode, owner=None):
        if harness.ROOT:
            os.chown(path, *(owner or user()), follow_symlinks=False)
        if not os.path.islink(path):
            os.chmod(path, mode)

    def write(self, path, text, mode):
        with open(path, 'wb') as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        self.give(path, mode)
        return path

    def ask(self, token=None, uid=None, **env):
        """One CGI request: (the answer, what the log gets)."""
        env = harness.environment(
            GATEWAY_INTERFACE='CGI/1.1', REQUEST_METHOD='POST',
            SCRIPT_NAME='/ctim-relay.cgi', PATH_INFO='/template/health',
            SERVER_PROTOCOL='HTTP/1.1', CONTENT_LENGTH='0',
            HTTP_AUTHORIZATION='Bearer ' + (token or harness.jwt()),
            **harness.coverage_env_of(UID if uid is None else uid), **env)
        more = {}
        if harness.ROOT:
            uid = UID if uid is None else uid
            more = {'user': uid, 'group': uid, 'extra_groups': []}
        done = subprocess.run([self.program], env=env, timeout=60, cwd='/',
                              capture_output=True, stdin=subprocess.DEVNULL,
                              **more)
        return done.stdout.decode(), done.stderr.decode()

    def answers(self, **more):
        out, err = self.ask(**more)
        has('{"data":{"status":"ok"}}', out, 'the answer, with ' + err)
        same(err, '', 'the log')

    def refused(self, *reasons, **more):
        """A 500 that says nothing, and the reason in the log."""
        out, err = self.ask(**more)
        has('Status: 500 ', out, 'the answer')
        for reason in reasons:
            has(reason, err, 'the log')
        for secret in (self.folder, 'ctim-relay.conf', 'mode', harness.KEY):
            holds(secret not in out, 'the client is told: ' + out)
        holds(harness.KEY not in err, 'the log has the key')


def test_found_beside_the_program():
    """No variable says where the configuration is."""
    home = Home()
    home.answers()
    out, _ = home.ask(token='nonsense')
    has('"authorization error"', out, 'a refused token')


def test_as_it_was_saved_or_uploaded():
    """A mark, CR LF, no line end; a link on the way to the configuration."""
    home = Home()
    link = os.path.join(home.folder, 'link')
    os.symlink(home.own, link)
    for text in (home.conf, home.conf + '\r\n',
                 '\ufeff' + home.conf + '\n', link + '/ctim-relay.conf\n'):
        home.write(home.beside, text, 0o644)
        home.answers()
    for mode in (0o400, 0o444):
        home.give(home.beside, mode)
        home.answers()
    home.give(home.conf, 0o400)
    home.answers()


def test_a_variable_comes_first():
    """As an administrator sets it; an empty one is none."""
    home = Home()
    home.write(home.beside, 'nothing\n', 0o666)
    home.answers(CTIM_RELAY_CONF=home.conf)
    home.refused('.ctim-relay', CTIM_RELAY_CONF='')


def test_without_the_file():
    """The usual place is told, and the one where the file may be."""
    home = Home()
    os.unlink(home.beside)
    home.refused('ctim-relay.conf: cannot be read', home.beside)


def test_a_line_that_is_no_path():
    home = Home()
    for text, reason in (
            ('', 'is empty'), ('\n', 'is empty'),
            ('ctim-relay.conf\n', 'begins with a slash'),
            ('~/ctim-relay/ctim-relay.conf\n', 'begins with a slash'),
            (home.conf + '\n' + home.conf + '\n', 'more than one line'),
            (home.conf + '\n\n', 'more than one line'),
            (home.conf + '\0\n', 'no line with a path'),
            (home.conf + '\x1b[2J\n', 'a control character'),
            ('/' + 'x' * 5000, 'no line with a path'),
            ('/' + 'x' * 4099, 'begins with a slash'),
            ((home.conf + '\n').encode('utf-16'), 'UTF-16'),
            (home.conf + 'x\n', 'No such file')):
        home.write(home.beside, text, 0o644)
        home.refused(reason)


def test_who_may_write():
    """The file, the program, the network half, the folder, and where the
    configuration is."""
    home = Home()
    network = home.write(os.path.join(home.web, 'ctim-relay-net.so'), 'x',
                         0o644)
    more = os.path.join(home.own, 'conf.d')
    os.mkdir(more)
    home.give(more, 0o700)
    home.answers()
    for path, mode in ((home.beside, 0o644), (home.program, 0o755),
                       (network, 0o644), (home.web, 0o755), (home.own, 0o700),
                       (more, 0o700), (home.conf, 0o600)):
        for bit in (0o020, 0o002):
            home.give(path, mode | bit)
            home.refused(path + ': others than its owner may write')
        home.give(path, mode)
        home.answers()


def test_who_may_read_the_configuration():
    home = Home()
    for bit in (0o040, 0o004):
        home.give(home.conf, 0o600 | bit)
        home.refused(home.conf + ': others than its owner may read it')
    home.give(home.conf, 0o600)
    os.mkdir(os.path.join(home.own, 'conf.d'))
    home.give(os.path.join(home.own, 'conf.d'), 0o700)
    part = home.write(os.path.join(home.own, 'conf.d', 'a.conf'), '', 0o644)
    home.refused(part + ': others than its owner may read it')


def test_whose():
    """All is the user's who runs; a folder may be root's."""
    if not harness.ROOT:
        raise Skipped('only root can give files away')
    home = Home()
    home.give(home.web, 0o755, (0, 0))
    home.answers()
    home.give(home.web, 0o755)
    for path, mode in ((home.beside, 0o644), (home.program, 0o755),
                       (home.web, 0o755)):
        home.give(path, mode, (UID + 1, UID))
        home.refused(path + ': belongs to user %d' % (UID + 1))
        home.give(path, mode)
    home.give(home.beside, 0o644, (0, 0))
    home.refused(home.beside + ': belongs to user 0')
    home.give(home.beside, 0o644)
    home.refused('belongs to user %d, but the program runs as user %d'
                 % (UID, UID + 1), uid=UID + 1)
    home.give(home.conf, 0o604, (UID + 1, UID))
    home.refused(home.conf + ': belongs to user')


def test_no_file():
    """A link, a folder, a pipe: nothing is followed, nothing waits."""
    home = Home()
    other = home.write(os.path.join(home.own, 'line'), home.conf + '\n', 0o600)
    os.unlink(home.beside)
    os.symlink(other, home.beside)
    home.refused('is a link, not a file')
    os.unlink(home.beside)
    os.mkdir(home.beside)
    home.refused('is no file')
    os.rmdir(home.beside)
    os.mkfifo(home.beside)
    home.give(home.beside, 0o600)
    home.refused('is no file')
    os.unlink(home.beside)
    home.write(home.beside, home.own + '\n', 0o644)
    home.refused(home.own + ': is no file')


def test_inside_the_document_root():
    """By either variable, and through links on either side."""
    home = Home()
    inside = home.write(os.path.join(home.web, 'ctim-relay.conf'),
                        harness.read(home.conf), 0o600)
    link = os.path.join(home.own, 'elsewhere.conf')
    os.symlink(inside, link)
    root = os.path.join(home.folder, 'root')
    os.symlink(home.web, root)
    for conf in (inside, link):
        home.write(home.beside, conf + '\n', 0o644)
        for name in ('DOCUMENT_ROOT', 'CONTEXT_DOCUMENT_ROOT'):
            for web in (home.web, home.web + '/', root):
                home.refused(inside + ': is inside of ' + web, **{name: web})
    home.write(home.beside, home.conf + '\n', 0o644)
    home.answers(DOCUMENT_ROOT=home.own[:-1], CONTEXT_DOCUMENT_ROOT=home.web)
    home.refused('is inside of /', DOCUMENT_ROOT='/')

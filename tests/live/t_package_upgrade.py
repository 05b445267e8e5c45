# SPDX-License-Identifier: MIT
"""The packages in the course of their life: removed, purged, and with another
web server or none."""

import os
import re

import harness
from chroot import Tree
from harness import has, holds, http_request, same
from t_package import OBSERVABLE, README, VERDICT, System, debs, system

ASKED = '/local/deliberate/observables'
CONF = '/etc/ctim-relay/ctim-relay.conf'


def install(made, paths, *options):
    """Installs packages as a person does who keeps her files: what was said."""
    return made.tree.install(
        '-o', 'Dpkg::Options::=--force-confold', *options, *made.put(*paths))


def left(made):
    """The paths that a package, or what ran, has left behind."""
    out = made.tree.good('find', '/', '-xdev', '-path', '/proc', '-prune',
                         '-o', '-path', '/dev', '-prune', '-o', '-path',
                         '/root', '-prune', '-o', '-path', '/var/cache/apt',
                         '-prune', '-o', '-name', '*ctim-relay*', '-print')
    return sorted(out.split())


def test_remove_and_purge():
    """Removing leaves what is the administrator's, purging her own files and
    the user; nginx starts after both."""
    made = system().copy('purge')
    made.serve()
    same(made.tree.good('ctim-relay', 'ping', '-q'), '', 'ping')
    made.stop()
    ours = made.tree.file('/etc/ctim-relay/conf.d/ours.conf')
    harness.write(ours, '[server]\nthreads = 3\n')
    made.tree.good('dpkg', '-r', 'ctim-relay-net', 'ctim-relay')
    for path in (CONF, '/etc/ctim-relay/secret.key',
                 '/var/lib/ctim-relay/intel.db',
                 '/etc/nginx/snippets/ctim-relay.conf'):
        holds(os.path.exists(made.tree.file(path)), path + ' is gone')
    holds(not os.path.exists(made.tree.file('/usr/bin/ctim-relay')),
          'the program is there')
    made.tree.good('nginx', '-t')
    made.tree.good('dpkg', '-P', 'ctim-relay-net', 'ctim-relay')
    same(left(made), ['/etc/ctim-relay'], 'what is left')
    same(os.listdir(made.tree.file('/etc/ctim-relay/conf.d')), ['ours.conf'],
         'what is left there')
    made.tree.good('nginx', '-t')
    # Once more, and nothing of the first time is in the way.
    install(made, debs().values())
    same(made.mode('/etc/ctim-relay/secret.key'), '640 root:ctim-relay', 'key')
    os.unlink(ours)
    made.tree.good('dpkg', '-P', 'ctim-relay-net', 'ctim-relay')
    same(left(made), [], 'what is left')


def test_apache():
    """The commands for Apache in README.Debian put the gateway below a path of
    its hosts."""
    made = system().copy('apache')
    made.tree.install('apache2')
    harness.write(made.tree.file('/etc/apache2/ports.conf'),
                  'Listen 127.0.0.1:%d\nServerName localhost\n' % made.port)
    typed = re.findall(r'^    # (a2.*)$', harness.read(README), re.M)
    same(len(typed), 2, 'commands')
    for command in typed:
        made.tree.good('sh', '-c', command)
    made.serve(['apachectl', '-D', 'FOREGROUND'])
    try:
        answer = http_request(
            made.port, 'POST', '/ctim-relay' + ASKED, OBSERVABLE,
            {'Authorization': 'Bearer ' + made.token()})
        same(answer.status, 200, answer.text())
        has(VERDICT, answer.text(), 'the answer')
    finally:
        made.stop()


def test_without_network():
    """The package alone answers as CGI from its store, without libcurl."""
    tree = Tree.copy('cgi')
    made = System(tree, 0)
    tree.install(*made.put(debs()['ctim-relay']))
    out = tree.good('dpkg-query', '-W', '-f', '${Package}\n')
    same(re.findall(r'^.*(?:curl|nghttp).*$', out, re.M), [], 'packages')
    tree.good('ctim-relay', 'intel', 'add', '203.0.113.7')
    out = tree.good(
        '/usr/libexec/ctim-relay.fcgi', input=OBSERVABLE,
        GATEWAY_INTERFACE='CGI/1.1', REQUEST_METHOD='POST', PATH_INFO=ASKED,
        SCRIPT_NAME='', SERVER_PROTOCOL='HTTP/1.1', SERVER_NAME='localhost',
        SERVER_PORT='80', CONTENT_LENGTH=str(len(OBSERVABLE)),
        CONTENT_TYPE='application/json',
        HTTP_AUTHORIZATION='Bearer ' + made.token())
    has('Status: 200', out, 'the answer')
    has(VERDICT, out, 'the answer')


for function in (test_remove_and_purge, test_apache, test_without_network):
    function.limit = 600

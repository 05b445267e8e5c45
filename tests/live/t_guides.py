# SPDX-License-Identifier: MIT
"""What the pages of docs/ and the README show is run, as tools/guides.py says:
commands in the order of the pages on one machine, configurations by the program
that reads them."""

import json
import os
import re

import fcgiclient as fcgi
import guides
import harness
import testca
from guides import Machine, merged
from harness import Skipped, has, holds, same
from upstream import Upstream

FEED = {'request': 'GET /list.txt', 'text': '192.0.2.7\n192.0.2.8\n',
        'headers': {'Content-Type': 'text/plain'}}


def test_every_block_says_what_becomes_of_it():
    uses = {'': {''}, 'ini': {''}, 'nginx': {''}, 'apache': {''}}
    for page in guides.all_pages():
        for block in guides.blocks(page):
            where = '%s:%d' % (page, block.line)
            if block.language != 'sh':
                holds(block.use in uses.get(block.language, {''}), where)
                continue
            holds(block.use == 'by-hand' or block.use == 'test' and
                  page in guides.PAGES or os.path.exists(os.path.join(
                      harness.TESTS, 'live', 't_%s.py' % block.use)),
                  '%s: nothing runs this: %s' % (where, block))


def check(machine, block):
    """`ctim-relay check` takes what the block says, beside the first
    configuration."""
    text = machine.here(block.text)
    for name, here in (('user = ctim-relay', 'user = www-data'),
                       ('/usr/local/sbin/push-blocklist', '/bin/true')):
        text = text.replace(name, here)
    path = os.path.join(machine.top, 'etc/ctim-relay/shown.conf')
    harness.write(path, merged(harness.read(machine.conf), text), 0o640)
    for name in re.findall(r'file:(\S+redis.url)', text):
        harness.write(name, 'redis://:PASSWORD@redis.example.org:6379/0\n',
                      0o600)
    status, out, err = harness.run(
        [harness.program('ctim-relay'), 'check', '-c', path],
        env=machine.env())
    same(status, 0, '%s:%d\n%s%s' % (block.page, block.line, out, err))


def accepted(machine, token):
    """Whether the pool takes a token."""
    env = fcgi.request('POST', '/local/health', token=token)
    body = fcgi.call(os.path.join(machine.top, 'run/ctim-relay/ctim-relay.sock'),
                     env)[2]
    return b'authorization error' not in body


class Keys:
    """While the page changes the secret key, in two blocks: a token of the old
    key is good until the second, one of the new key from the first on."""

    def __init__(self):
        self.tokens = []

    def token(self, machine):
        status, out, err = harness.run(
            [harness.program('ctim-relay'), 'jwt', '--relay', 'local',
             '--quiet'], env=machine.env())
        same(status, 0, err)
        return out.strip()

    def before(self, machine, block):
        if block.page == 'docs/secrets.md' and not self.tokens:
            self.tokens.append(self.token(machine))
            holds(accepted(machine, self.tokens[0]), 'before')

    def after(self, machine, block):
        if block.page != 'docs/secrets.md' or 'secret_key' not in block.text:
            return
        self.tokens.append(self.token(machine))
        old, new = self.tokens[0], self.tokens[-1]
        harness.wait_for(lambda: accepted(machine, new), 'the new key')
        holds(old != new, 'the key is the same')
        good = len(self.tokens) == 2
        harness.wait_for(lambda: accepted(machine, old) == good,
                         'the old token')


def look(machine):
    """What the commands have left: both lists, the feed, one key, copies."""
    machine.shell(guides.Block('who serves', 0, 'sh', 'test',
                               'sudo -u www-data ctim-relay intel add a.example'))
    env = machine.env()
    listed = json.loads(harness.run(
        [harness.program('ctim-relay'), 'intel', 'list', '--json'],
        env=env)[1])
    sources = {row['value']: row['source'] for row in listed}
    for value, source in (('192.0.2.1', 'blocklist'), ('192.0.2.7', 'list'),
                          ('198.51.100.7', 'Block list'),
                          ('partner.example', 'Allow list')):
        same(sources.get(value), source, sources)
    etc = os.listdir(os.path.dirname(machine.conf))
    holds('secret.key' in etc and 'secret.previous.key' not in etc, etc)
    has('198.51.100.7', harness.read(os.path.join(
        machine.top, 'var/lib/ctim-relay/edl.txt')), 'the list')
    has('ctim_relay_info', harness.read(os.path.join(
        machine.home, 'ctim-relay.prom')), 'the metrics')
    for path in ('ctim-relay/secret.key', 'intel.db'):
        holds(os.path.exists(os.path.join(
            machine.top, 'var/backups/ctim-relay', path)), path)


def test_commands_and_configurations():
    ran, keys = 0, Keys()
    with Upstream([FEED]) as host:
        machine = Machine(host.url + '/list.txt')
        for page in guides.PAGES:
            for block in guides.blocks(page):
                if (block.language, block.use) == ('sh', 'test'):
                    keys.before(machine, block)
                    machine.shell(block)
                    keys.after(machine, block)
                    ran += 1
                elif block.language == 'ini':
                    check(machine, block)
                    ran += 1
            if page == 'docs/install.md':
                machine.start()
        machine.stop()
    holds(ran >= 25, 'only %d blocks' % ran)
    same(len(keys.tokens), 3, 'changes of the key')
    look(machine)


# --- web servers -------------------------------------------------------------

def served(text):
    """What a server's block names, as this machine has it."""
    chain, key = testca.certificate('good')
    for at, to in (('/usr/local/share/ctim-relay', harness.SRC),
                   ('/etc/ssl/certs/relay.example.org.pem', chain),
                   ('/etc/ssl/private/relay.example.org.key', key)):
        text = text.replace(at, to)
    return text


def shown(language):
    return [b for page in guides.all_pages()
            for b in guides.blocks(page, language)]


def test_nginx_reads_what_is_shown():
    found = shown('nginx')
    holds(found, 'no block')
    for block in found:
        folder = harness.folder('shown-nginx')
        conf = harness.write(os.path.join(folder, 'nginx.conf'), '''
pid %s/pid;
error_log %s/log;
events { }
http {
	include %s/nginx/ctim-relay.conf;
	%s
}''' % (folder, folder, harness.SRC, served(block.text)))
        status, _, err = harness.run(
            ['nginx', '-t', '-p', folder, '-c', conf, '-e', folder + '/log'],
            env=dict(harness.environment(), PATH=harness.sbin_path()))
        same(status, 0, '%s:%d\n%s' % (block.page, block.line, err))


def test_apache_reads_what_is_shown():
    found = shown('apache')
    holds(len(found) >= 2, 'blocks')
    modules = ('mpm_event', 'authz_core', 'alias', 'env', 'cgid', 'proxy',
               'proxy_fcgi', 'socache_shmcb', 'ssl')
    for name in modules:
        path = '%s/mod_%s.so' % (harness.APACHE_MODULES, name)
        if not os.path.exists(path):
            raise Skipped(path + ' is not installed')
    for block in found:
        folder = harness.folder('shown-apache')
        conf = harness.write(os.path.join(folder, 'httpd.conf'), '''
ServerRoot %s
ServerName localhost
PidFile %s/pid
ErrorLog %s/log
%s
%s''' % (folder, folder, folder, '\n'.join(
            'LoadModule %s_module %s/mod_%s.so' % (
                name, harness.APACHE_MODULES, name) for name in modules),
            served(block.text)))
        status, out, err = harness.run(
            ['apache2', '-t', '-d', folder, '-f', conf],
            env=dict(harness.environment(), PATH=harness.sbin_path()))
        same(status, 0, '%s:%d\n%s%s' % (block.page, block.line, out, err))

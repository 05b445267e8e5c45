# SPDX-License-Identifier: MIT
"""share/compose.yaml without docker: the commands of its first lines make the
files that it names, and with these its gateways' settings, its SQL and its
balancer's configuration are what they are meant to be."""

import os
import re
import subprocess

import harness
from harness import SRC, has, holds, read, same
from postgres import Postgres
from t_container import CLEAN, Container

COMPOSE = os.path.join(SRC, 'share', 'compose.yaml')


def secrets_of(folder):
    """Runs the lines that make the secrets, as they stand; what they made."""
    lines = re.search(r'^#     (umask .*?)\n#\n', read(COMPOSE),
                      re.M | re.S).group(1)
    script = '\n'.join(line.lstrip('# ') for line in lines.split('\n'))
    subprocess.run(['sh', '-euc', script], cwd=folder, check=True,
                   stdin=subprocess.DEVNULL, timeout=60)
    return os.path.join(folder, 'secrets')


def named(pattern):
    found = re.findall(pattern, read(COMPOSE), re.M)
    holds(found, 'nothing is named by ' + pattern)
    return found


def test_files_that_the_example_names_are_there():
    made = secrets_of(harness.folder('compose'))
    names = named(r'file: \.\./secrets/(\S+)')
    same(sorted(names), sorted(os.listdir(made)), 'secrets')
    for path in named(r'- \./(\S+?):'):
        holds(os.path.exists(os.path.join(SRC, 'share', path)), path)
    # Each secret that is used is listed, and each that is listed is used.
    text = read(COMPOSE)
    listed = named(r'^  (\w+):\n    file: ')
    used = re.findall(r'/run/secrets/(\w+)', text + read(
        os.path.join(SRC, 'share', 'compose.sql')))
    same(sorted(set(listed)), sorted(set(used)), 'names of secrets')


def variables(made, store):
    """What both gateways are told, with the secrets that were made and the store
    in a database that is there."""
    harness.write(os.path.join(made, 'store.url'), store + '\n', 0o644)
    files = dict(named(r'^  (\w+):\n    file: \.\./secrets/(\S+)'))
    found = dict(named(r'^    (CTIM_RELAY_\w+): "?(.*?)"?$'))
    return {name: os.path.join(made, files[os.path.basename(value)])
            if value.startswith('/run/secrets/') else value
            for name, value in found.items()}


def test_its_gateways_pass_check_with_its_database():
    """The SQL makes the database, the command of `tables` the tables."""
    box = Container('compose')
    server = Postgres()
    made = secrets_of(box.folder)
    os.chmod(made, 0o755)       # as the containers see them
    sql = read(os.path.join(SRC, 'share', 'compose.sql')).replace(
        '/run/secrets/ctim_relay_store_password',
        os.path.join(made, 'store.password'))
    # The role of the tests' server has the name.
    server.sql('ALTER ROLE relay RENAME TO tests')
    server.tool('psql', '-qv', 'ON_ERROR_STOP=1', '-d', 'postgres', '-f',
                harness.write(os.path.join(server.folder, 'sql'), sql, 0o644))
    url = read(os.path.join(made, 'store.url')).strip().replace(
        '@postgres:5432', '@127.0.0.1:%d' % server.port)
    settings = dict(variables(made, url), CTIM_RELAY_CACHE_URL=None)
    status, out, err = box.once('sh', '-c', re.sub(
        r'\bctim-relay\b', harness.program('ctim-relay'), ' '.join(named(
            r'- >-\n((?: {8}ctim-relay .*\n)+)')[0].split())), **settings)
    same((status, CLEAN.findall(err)), (0, []), out + err)
    for dump in ([], ['--dump']):
        status, out, err = box.once(harness.program('ctim-relay'), 'check',
                                    *dump, **settings)
        same((status, CLEAN.findall(err)), (0, []), out + err)
    has('workers = 2', out, 'a setting')
    same(server.sql('SELECT value FROM ctim_relay.indicator', 'relay'),
         ['relay.example.org'], 'the first indicator')
    server.stop()


def test_its_balancer_has_a_configuration():
    folder = harness.folder('balancer')
    conf = harness.write(os.path.join(folder, 'nginx.conf'), read(os.path.join(
        SRC, 'share', 'compose.nginx.conf')).replace('/tmp/', folder + '/'))
    status, _, err = harness.run(
        ['nginx', '-t', '-e', 'stderr', '-c', conf],
        env=dict(os.environ, PATH=harness.sbin_path()))
    same(status, 0, err)
    # It is at the addresses of the gateways.
    at = re.findall(r'server (172\S+):9090', read(conf))
    same(at, named(r'ipv4_address: (\S+)')[:2], 'addresses')

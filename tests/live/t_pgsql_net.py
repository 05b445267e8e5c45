# SPDX-License-Identifier: MIT
"""How a database in PostgreSQL is reached: names, TLS, a second server."""

import ctypes
import socket
import threading

import harness
import testca
from harness import has, same, wait_for
from postgres import PASSWORD, USER, Postgres
from resolver import Resolver
from t_pgsql import gateway
from t_probe import ask as probe
from t_respond import BLOCK, SUCCESS, ask, trigger, verdict

_server = None


def server():
    """That of all tests here, with a certificate of localhost."""
    global _server
    if _server is None:
        _server = Postgres(tls='good')
    return _server


def close():
    if _server is not None:
        _server.stop()


def url(hosts, more='', name=None):
    return 'postgresql://%s:%s@%s/%s%s' % (
        USER, PASSWORD, hosts, name or server().database(), more)


def answers(relay):
    """Whether it says that 192.0.2.1 is listed."""
    try:
        return verdict(relay, 'ip', '192.0.2.1') == 'Suspicious'
    except KeyError:
        return False


def reaches(relay, what):
    relay.load('192.0.2.1\n', 'feed')
    wait_for(lambda: answers(relay), what)


def unavailable(relay):
    answer = ask(relay, '/local/deliberate/observables',
                 [{'type': 'ip', 'value': '192.0.2.1'}])
    same([e['code'] for e in answer['errors']], ['service unavailable'],
         answer)
    return harness.read(relay.log)


def test_a_name_that_hangs_leaves_time_for_the_other():
    port = server().port
    names = Resolver({'good.test': '127.0.0.1', 'hangs.test': None})
    for hosts, asked in (('good.test', 'good.test'),
                         ('hangs.test:%d,good.test' % port, 'hangs.test')):
        name = server().database()
        relay = gateway(url('%s:%d' % (hosts, port), name=name), 'names')
        relay.serve(wrapper=names.wrapper())
        relay.cli('intel', 'import', '-', '--source', 'feed', '--store',
                  server().url(name), input='192.0.2.1\n')
        wait_for(lambda: answers(relay), 'it is reached')
        same(asked in names.asked, True, names.asked)
        relay.stop()
    relay = gateway(url('gone.test:%d' % port), 'gone')
    relay.serve(wrapper=names.wrapper())
    has('gone.test: Name or service not known', unavailable(relay), 'the log')
    relay.stop()


def test_encrypted_by_the_authority_that_is_named():
    """And to a server of the name in the URL."""
    port, ca = server().port, testca.ca_file()
    full = '?sslmode=verify-full&sslrootcert='
    relay = gateway(url('localhost:%d' % port, full + ca), 'tls').serve()
    reaches(relay, 'over TLS')
    same(server().sql('SELECT DISTINCT ssl FROM pg_stat_ssl JOIN '
                      "pg_stat_activity USING (pid) WHERE usename = '%s'" %
                      USER), ['t'], 'whose connections are encrypted')
    relay.stop()
    for host, more, reason in (
            ('localhost', full + testca.certificate('self_signed')[0],
             'certificate verify failed'),
            ('other.example', full + ca + '&hostaddr=127.0.0.1',
             'does not match host name')):
        relay = gateway(url('%s:%d' % (host, port), more), 'refused').serve()
        has(reason, unavailable(relay), 'the log')
        relay.stop()


def test_a_server_that_asks_for_kerberos_is_refused():
    """libpq would ask a Kerberos server for it, without a deadline."""
    listener = socket.create_server(('127.0.0.1', 0))

    def play():
        while True:
            try:
                peer = listener.accept()[0]
            except OSError:
                return
            if peer.recv(8)[4:] == b'\x04\xd2\x16\x2f':     # TLS?
                peer.sendall(b'N')
                peer.recv(4096)
            peer.sendall(b'R\0\0\0\x08\0\0\0\x07')
            peer.recv(4096)
            peer.close()
    threading.Thread(target=play, daemon=True).start()
    relay = gateway(url('127.0.0.1:%d' % listener.getsockname()[1], name='x'),
                    'kerberos').serve()
    said = unavailable(relay)
    has('GSSAPI', said, 'the log')
    # Older ones cannot be told, and give up without a ticket.
    if ctypes.CDLL('libpq.so.5').PQlibVersion() >= 160000:
        has('authentication method requirement', said, 'the log')
    relay.stop()
    listener.close()


def test_readyz():
    relay = gateway(server().url(server().database(), network=True),
                    'ready').serve()
    same(probe(relay, 'readyz'), (200, 'ok'), 'before')
    server().stop()
    status, reason = probe(relay, 'readyz')
    same(status, 503, reason)
    has('The store of the relay local does not open', reason, 'the reason')
    has('the database cannot be reached', harness.read(relay.log), 'the log')
    same(probe(relay, 'healthz'), (200, 'ok'), 'it is alive')
    server().start()
    wait_for(lambda: probe(relay, 'readyz') == (200, 'ok'), 'ready again')
    relay.stop()


def test_the_second_server_takes_over():
    """The one that writes is found, wherever it stands in the URL."""
    first = Postgres()
    second = Postgres(of=first)
    hosts = '127.0.0.1:%d,127.0.0.1:%d' % (second.port, first.port)
    name = first.database()
    wait_for(lambda: name in ' '.join(second.sql(
        'SELECT datname FROM pg_database')), 'the standby has the database')
    relay = gateway(url(hosts, '?target_session_attrs=read-write', name),
                    'failover').serve()
    reaches(relay, 'the first, though it is last')
    same(trigger(relay, BLOCK, 'ip', '203.0.113.1'), SUCCESS, 'an action')
    at = first.sql('SELECT pg_current_wal_lsn()')[0]
    wait_for(lambda: second.sql("SELECT pg_last_wal_replay_lsn() >= '%s'" %
                                at) == ['t'], 'the standby has all')
    first.kill()
    second.sql('SELECT pg_promote()')
    wait_for(lambda: answers(relay), 'the second')
    same(trigger(relay, BLOCK, 'ip', '203.0.113.2'), SUCCESS, 'an action')
    same(second.sql('SELECT value FROM ctim_relay.action ORDER BY value',
                    name), ['203.0.113.1', '203.0.113.2'], 'the audit')
    relay.stop()
    second.stop()

# SPDX-License-Identifier: MIT
"""How the calls of a request go out: retries, circuit breaker, turns, clients
that leave, what is sent before all is there, connections."""

import contextlib
import ctypes
import json
import os
import signal
import socket
import ssl
import struct
import threading
import time

import fcgiclient as fcgi
import harness
import services
import testca
from harness import Nginx, has, holds, same
from provider_case import (CLAIMS, ask, ended, gateway, pool,
                           rate_kept)
from services import observables, otx, otx_general
from upstream import Upstream

OBSERVE = '/otx/observe/observables'
BAD, GOOD = 'bad.example', ['a.example', 'b.example', 'c.example']
ASKED = observables('domain', GOOD[0], BAD, *GOOD[1:])


# --- retries -----------------------------------------------------------------

def retried(instead, times, retries=2, deadline=20):
    """The reply, and the times of the calls of an observable that is answered
    after `times` failures."""
    asked = observables('domain', BAD)
    rules = [dict({'request': otx_general('domain', BAD), 'times': times,
                   'text': '{"pulse_info": {}}'}, **instead)] + otx(asked)
    with Upstream(rules) as upstream:
        relay = pool(upstream.url, http={
            'retries': str(retries), 'deadline': str(deadline)})
        began = time.monotonic()
        reply = ask(relay, OBSERVE, asked, timeout=deadline + 10)
        holds(time.monotonic() - began < deadline + 7, 'it took too long')
        ended(relay)
        return reply, [r.time for r in upstream.requests
                       if 'general' in r.line]


def test_retry():
    """429, 502, 503, 504 and cut connections are tried again."""
    for instead in ({'status': 503}, {'status': 502}, {'status': 504},
                    {'status': 429}, {'fault': 'reset'}, {'fault': 'close'},
                    {'fault': 'cut'}):
        reply, calls = retried(instead, 2)
        same((reply.values(), reply.errors, len(calls)), ([BAD], [], 3),
             'after %s twice' % instead)


def test_sign_in_is_no_retry():
    """A 401 to a token that is no longer good is answered with a new one; the
    tries that [http] retries allows are all left for the call itself."""
    md5 = 'd8414d743778cae103c15461200ec64d'
    rules = services.qualys([md5])
    events = next(r for r in rules if 'state=true' in r.get('match', ''))
    for statuses, codes in (([401, 503], []), ([401], []), ([503], []),
                            ([503, 503], ['service unavailable']),
                            ([401, 503, 503], ['service unavailable']),
                            ([401, 401], ['authorization error'])):
        failing = [dict(match=events['match'], status=status, times=1)
                   for status in statuses]
        with Upstream(failing + rules) as upstream:
            relay = pool(upstream.url, http={'retries': '1',
                                             'deadline': '20'})
            reply = ask(relay, '/qualys/observe/observables',
                        observables('md5', md5))
            ended(relay)
        same(([e['code'] for e in reply.errors], reply.values()),
             (codes, [] if codes else [md5]), 'after %s' % statuses)
        same(upstream.count('POST /auth'), 2 if 401 in statuses else 1,
             'times signed in with %s' % statuses)


def test_retry_in_vain():
    reply, calls = retried({'status': 503}, 9)
    same((reply.codes(), len(calls)), ([('fatal', 'service unavailable')], 3),
         'after 503 for ever')


def test_question_too_long():
    """What no URL can hold is left out with a warning."""
    long = [{'type': 'url', 'value': 'http://a.example/' + 'y' * 9000}]
    asked = observables('domain', GOOD[0])
    with Upstream(otx(asked)) as upstream:
        relay = pool(upstream.url)
        for body, values in ((long + asked, [GOOD[0]]), (long, [])):
            reply = ask(relay, OBSERVE, body)
            same((reply.values(), reply.codes()),
                 (values, [('warning', 'invalid argument')]), 'the answer')
            has('too long for AlienVault OTX (url http://a.example/yy',
                reply.errors[0]['message'], 'the warning')
        ended(relay)
        same(len(upstream.unexpected), 0, 'calls of the long one')


def test_no_retry():
    """Time-outs, 500 and other statuses are not."""
    for instead, code in (({'fault': 'hang'}, 'connection error'),
                          ({'status': 500}, 'internal error'),
                          ({'status': 418}, 'unknown'),
                          ({'status': 401}, 'authorization error'),
                          ({'text': '<html>'}, 'unknown')):
        reply, calls = retried(instead, 9)
        same((reply.codes(), len(calls)), ([('fatal', code)], 1),
             'after %s' % instead)


def test_retry_after():
    """A pause that the service asks for is kept."""
    for status in (429, 503):
        reply, calls = retried({'status': status,
                                'headers': {'Retry-After': '2'}}, 1)
        same((reply.values(), reply.errors, len(calls)), ([BAD], [], 2),
             'after %d' % status)
        holds(calls[1] - calls[0] >= 1.9, 'the pause was %.2f s' % (
            calls[1] - calls[0]))


def test_retry_after_the_deadline():
    """A pause beyond the deadline fails at once."""
    began = time.monotonic()
    reply, calls = retried({'status': 429, 'headers': {'Retry-After': '300'}},
                           9, deadline=60)
    same((reply.codes(), len(calls)), ([('fatal', 'too many requests')], 1),
         'the answer')
    holds(time.monotonic() - began < 40, 'it waited')


def test_log_of_a_service_that_is_down():
    """One line a request and kind of failure says so, not one a call."""
    asked = observables('domain', *('d%d.example' % n for n in range(40)))
    with Upstream([{'request': '*', 'status': 503}]) as upstream:
        relay = pool(upstream.url, http={'breaker': '0'})
        for _ in range(2):
            same(len(ask(relay, OBSERVE, asked).errors), 1, 'errors')
        ended(relay)
        lines = [r['message'] for r in relay.records()
                 if 'status 503' in r.get('message', '')]
        same((upstream.count(), len(lines)), (80, 2), 'calls and log lines')


# --- circuit breaker ---------------------------------------------------------

def test_breaker():
    """It opens after so many failures in a row, for all workers; while it is
    open nothing is asked."""
    asked = observables('domain', BAD)
    with Upstream([{'request': '*', 'status': 503}]) as upstream:
        relay = pool(upstream.url, http={'breaker': '3'})
        for n in range(3):
            same(ask(relay, OBSERVE, asked).codes(),
                 [('fatal', 'service unavailable')], 'failure %d' % n)
        same(upstream.count(), 3, 'calls')
        upstream.rules(otx(asked))
        for _ in range(12):
            same(ask(relay, OBSERVE, asked).codes(),
                 [('fatal', 'service unavailable')], 'while it is open')
        same(upstream.count(), 0, 'calls while it is open')
        ended(relay)


def test_breaker_of_one_host():
    """Another service's circuit is another."""
    md5 = 'd8414d743778cae103c15461200ec64d'
    with Upstream([{'request': '*', 'status': 503}]) as upstream, \
            Upstream(services.qualys([md5])) as other:
        relay = gateway('hosts', upstream.url, http={'breaker': '2'})
        relay.relays = relay.relays.replace('api_url = ' + upstream.url,
                                            'api_url = ' + other.url)
        relay.write()
        relay.serve()
        for _ in range(4):
            ask(relay, OBSERVE, ASKED)
        reply = ask(relay, '/qualys/observe/observables',
                    observables('md5', md5))
        same(reply.values(), [md5], 'the other service')
        ended(relay)


def test_breaker_does_not_count_4xx():
    asked = observables('domain', BAD)
    with Upstream([{'request': '*', 'status': 404}]) as upstream:
        relay = pool(upstream.url, http={'breaker': '2'})
        for _ in range(8):
            same(ask(relay, OBSERVE, asked).json, {'data': {}}, 'the answer')
        same(upstream.count(), 8, 'calls')
        ended(relay)


# --- pacing ------------------------------------------------------------------

def test_pace():
    """Four a second and key, over all workers; calls wait for their turn."""
    emails = ['user%d@example.org' % n for n in range(12)]
    with Upstream([{'request': '*', 'status': 400}]) as upstream:
        relay = pool(upstream.url, relay={'rate': '4'},
                     http={'deadline': '20'})
        replies = []
        since = time.monotonic()

        def work(email):
            replies.append(ask(relay, '/spycloud/observe/observables',
                               observables('email', email)))
        threads = [threading.Thread(target=work, args=(e,)) for e in emails]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        same([r.json for r in replies], [{'data': {}}] * 12, 'the answers')
        same(upstream.count(), 12, 'calls')
        rate_kept(upstream, 4, since)
        ended(relay)


def test_pace_beyond_the_deadline():
    """Who has no turn before the deadline is told at once."""
    emails = ['user%d@example.org' % n for n in range(40)]
    with Upstream([{'request': '*', 'status': 400}]) as upstream:
        relay = pool(upstream.url, relay={'rate': '1'},
                     http={'deadline': '3'})
        reply = ask(relay, '/spycloud/observe/observables',
                      observables('email', *emails))
        same(reply.data, {}, 'data')
        same(set(reply.codes()), {('warning', 'too many requests')}, 'errors')
        asked = upstream.count()
        holds(1 <= asked <= 4, '%d calls' % asked)
        same(len(reply.errors), 40 - asked, 'errors')
        ended(relay)


def test_pace_is_of_a_key():
    with Upstream([{'request': '*', 'status': 400}]) as upstream:
        relay = pool(upstream.url, relay={'rate': '1'},
                     http={'deadline': '2'})
        for key in ('one', 'two', 'three', 'four'):
            same(ask(relay, '/spycloud/observe/observables',
                     observables('email', 'a@example.org'),
                     {'key': key}).json, {'data': {}}, 'key ' + key)
        ended(relay)


# --- pages -------------------------------------------------------------------

EMAIL = 'someone@example.org'
RECORDS = '/enterprise-v2/breach/data/emails/' + EMAIL


def page(day, cursor, **more):
    """A rule that answers with one record and where the next page is."""
    return dict({'json': {'cursor': cursor, 'results': [
        {'document_id': 'of-%02d' % day,
         'spycloud_publish_date': '2020-04-%02dT00:00:00Z' % day}]}}, **more)


def asked_for_pages(rules, http, rate='1000', limit=100):
    """The reply, and what the service was asked."""
    with Upstream(rules) as upstream:
        relay = pool(upstream.url, relay={'rate': rate}, http=http)
        since = time.monotonic()
        reply = ask(relay, '/spycloud/observe/observables',
                    observables('email', EMAIL),
                    {'CTR_ENTITIES_LIMIT': limit})
        ended(relay)
        rate_kept(upstream, int(rate), since)
        return reply, list(upstream.requests)


def ids_of(reply):
    return [d['external_ids'] for d in reply.docs('sightings')]


def test_pages_take_turns():
    """Every page waits for its turn as any other call."""
    rules = [page(1, '1', request='GET ' + RECORDS)] + [
        page(n + 1, str(n + 1) if n < 7 else '',
             request='GET %s?cursor=%d' % (RECORDS, n)) for n in range(1, 8)]
    reply, _ = asked_for_pages(rules, {'deadline': '20'}, '4')
    same(ids_of(reply), [['of-%02d' % n] for n in range(8, 0, -1)], 'records')
    same(reply.errors, [], 'errors')


def test_pages_are_fifty_at_most():
    """A service that always has one more is told of; the newest of all pages
    are there."""
    rules = [page(1, 'more', request='GET ' + RECORDS),
             page(9, 'more', match='.*', times=1),
             page(2, 'more', match='.*')]
    reply, requests = asked_for_pages(rules, {'deadline': '20'}, limit=2)
    same(len(requests), 50, 'calls')
    same(ids_of(reply), [['of-09'], ['of-02']], 'records')
    same(reply.codes(), [('warning', 'unknown')], 'errors')
    has('more records than the 50 pages', reply.errors[0]['message'],
        'message')


def test_pages_end_at_the_deadline():
    """What was read by then is there, and what is missing is a warning."""
    rules = [page(1, 'more', request='GET ' + RECORDS),
             page(2, 'more', match='.*')]
    reply, requests = asked_for_pages(rules, {'deadline': '3'}, '1')
    holds(2 <= len(requests) <= 4, '%d calls' % len(requests))
    same(len(ids_of(reply)), len(requests), 'records')
    same(reply.codes(), [('warning', 'too many requests')], 'errors')


def test_page_that_hangs():
    rules = [page(1, 'more', request='GET ' + RECORDS),
             {'match': '.*', 'fault': 'hang'}]
    reply, _ = asked_for_pages(rules, {'deadline': '3', 'timeout': '30'})
    same(ids_of(reply), [['of-01']], 'records')
    same(reply.codes(), [('warning', 'connection error')], 'errors')


# --- clients -----------------------------------------------------------------

def test_client_leaves():
    """Its calls to the service end with it, also where it has sent more than
    its request."""
    with Upstream([{'request': '*', 'fault': 'hang'}]) as upstream:
        relay = pool(upstream.url, http={'timeout': '60', 'deadline': '60'})
        for path, body, more in ((OBSERVE, ASKED, b''),
                                 ('/otx/health', None, b'more'),
                                 ('/spycloud/health', None, b'')):
            text = json.dumps(body).encode() if body else b''
            token = harness.jwt(CLAIMS[path.split('/')[1]])
            client = fcgi.connect(relay.socket)
            client.sendall(fcgi.records(fcgi.request('POST', path, text,
                                                     token), text))
            harness.wait_for(lambda: upstream.waiting, 'a call', 20)
            client.sendall(more)
            client.close()
            # A second is promised; the rest is for a busy machine.
            harness.wait_for(lambda: not upstream.waiting,
                             'no call of a client that has left', 5)
        ended(relay)


def test_many_in_flight():
    """300 requests wait for the service at once, and all are answered."""
    count = 300
    with Upstream([{'request': '*', 'status': 404, 'together': count}]
                  ) as upstream:
        relay = pool(upstream.url, server={'threads': '200', 'queue': '300'},
                     http={'timeout': '60', 'deadline': '60',
                           'host_parallel': '300'})
        replies = []

        def work(n):
            replies.append(ask(relay, OBSERVE, observables(
                'domain', 'd%d.example' % n), timeout=90).json)
        threads = [threading.Thread(target=work, args=(n,))
                   for n in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        same(len(replies), count, 'answers')
        same([r for r in replies if r != {'data': {}}], [], 'other answers')
        same(upstream.most_waiting, count, 'calls at once')
        ended(relay)


def test_stream():
    """The first sightings reach a client through nginx while an observable is
    still being asked for."""
    fast, slow = GOOD[0], BAD
    asked = observables('domain', fast, slow)
    with Upstream(otx(asked, general={slow: {'hold': True}})) as upstream:
        relay = pool(upstream.url, http={'timeout': '30', 'deadline': '30'})
        nginx = Nginx(relay)
        body = json.dumps(asked).encode()
        with socket.create_connection(('127.0.0.1', nginx.port), 20) as client:
            client.sendall(
                b'POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n'
                b'Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s' % (
                    OBSERVE.encode(),
                    harness.jwt(CLAIMS['otx']).encode(), len(body), body))
            got = b''
            while b'"%s"' % fast.encode() not in got:
                some = client.recv(65536)
                holds(some, 'it ended with %r' % got)
                got += some
            has('"sightings"', got.decode(), 'what came first')
            harness.wait_for(lambda: upstream.waiting == 1, 'only the slow call')
            upstream.release()
            rest = fcgi.drain(client, 30)
        holds(slow.encode() not in got and slow.encode() in rest,
              'the slow one came early, or not at all')
        nginx.stop()
        ended(relay)


def test_connections_are_kept():
    """A warm pool opens no new connection."""
    rules = otx(ASKED, pulses=3)
    with Upstream([dict(r, together=12 if 'pulses' in r['request'] else 4)
                   for r in rules]) as upstream:
        relay = pool(upstream.url, server={'workers': '1', 'threads': '1'})
        # Now there are as many as a request can use at once.
        ask(relay, OBSERVE, ASKED)
        same(upstream.most_waiting, 12, 'calls at once')
        upstream.rules(rules)
        for _ in range(5):
            ask(relay, OBSERVE, ASKED)
        same(upstream.count(), 5 * 16, 'calls')
        same(upstream.connections, 0, 'new connections')
        ended(relay)


def in_a_row(http):
    """32 requests, one after the other, through a pool of 2 x 16 threads: the
    connections that were opened to the service, how many of them resumed no
    TLS session in the first request of each worker and later, and the pool."""
    with Upstream(otx(ASKED, pulses=3), tls='good') as upstream:
        relay = pool(upstream.url, server={'workers': '2', 'threads': '16'},
                     http=dict({'deadline': '20', 'timeout': '15'}, **http))
        handshakes = []
        for _ in range(32):
            reply = ask(relay, OBSERVE, ASKED)
            same((reply.values(), reply.errors),
                 (sorted([BAD] + GOOD), []), 'the answer')
            handshakes.append(upstream.handshakes)
        ended(relay)
        return upstream.connections, handshakes


def test_connections_serve_all_threads_of_a_worker():
    """What one request opened serves the next, whichever thread has it."""
    connections, handshakes = in_a_row({})
    holds(connections <= 40, '%d connections' % connections)
    first, last = handshakes[0], handshakes[-1]
    holds(last <= 2 * max(first, 16), 'full handshakes: %s' % handshakes)
    # Each of the two workers opens more while the first ones are under way.
    holds(len(set(handshakes)) <= 2 * 4,
          'requests with a full handshake: %s' % handshakes)


def test_sessions_outlive_their_connections():
    """After its idle time a connection is not used again, and the next one
    resumes its TLS session: a ticket of TLS 1.3, or TLS 1.2."""
    one = ASKED[:1]
    for version in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2):
        with Upstream(otx(one), tls='good') as upstream:
            upstream.ssl.maximum_version = version
            relay = pool(upstream.url, server={'workers': '1'},
                         http={'idle_timeout': '1'})
            same(ask(relay, OBSERVE, one).errors, [], 'the first')
            same((upstream.connections, upstream.handshakes), (1, 1), 'first')
            same(ask(relay, OBSERVE, one).errors, [], 'the second, at once')
            same(upstream.connections, 1, 'connections, at once')
            # libcurl counts whole seconds, and more than one it must be.
            time.sleep(2.1)
            same(ask(relay, OBSERVE, one).errors, [], 'the third, later')
            same((upstream.connections, upstream.handshakes), (2, 1),
                 'connections and full handshakes later, %s' % version.name)
            ended(relay)


HTTP2 = '''
daemon off;
pid @T/pid;
error_log @T/error.log;
events { }
http {
	log_format tls "$connection $ssl_session_reused";
	access_log @T/access.log tls;
	client_body_temp_path @T/body;
	proxy_temp_path @T/proxy;
	fastcgi_temp_path @T/fastcgi;
	uwsgi_temp_path @T/uwsgi;
	scgi_temp_path @T/scgi;
	server {
		listen 127.0.0.1:%(port)d ssl http2;
		ssl_protocols %(tls)s;
		ssl_certificate %(pem)s;
		ssl_certificate_key %(key)s;
		location / {
			proxy_pass %(url)s;
			proxy_set_header X-Spoken $server_protocol;
			proxy_set_header X-Connection $connection;
		}
	}
}
'''


@contextlib.contextmanager
def http2(url, tls='TLSv1.2 TLSv1.3'):
    """nginx that speaks HTTP/2 before a service: its URL, and its folder."""
    pem, key = testca.certificate('good')
    port = harness.free_port()
    base = harness.folder('http2')
    conf = HTTP2 % {'port': port, 'pem': pem, 'key': key, 'url': url,
                    'tls': tls}
    nginx = harness.start(['nginx', '-p', base, '-c', harness.write(
        base + '/nginx.conf', conf.replace('@T', base))],
        env=dict(harness.environment(), PATH=harness.sbin_path()))
    harness.wait_for(lambda: harness.port_open(port), 'nginx listens')
    try:
        yield 'https://localhost:%d' % port, base
    finally:
        harness.stop(nginx)


def test_http2_where_it_is_offered():
    """All calls of a request, and of the next, over one connection."""
    asked = observables('domain', *['d%d.example' % n for n in range(12)])
    with Upstream(otx(asked, pulses=3)) as upstream, \
            http2(upstream.url) as (url, _):
        relay = pool(url, http={'ca_file': testca.ca_file()},
                     server={'workers': '1', 'threads': '4'})
        for _ in range(3):
            reply = ask(relay, OBSERVE, asked)
            same((len(reply.values()), reply.errors), (12, []), 'the answer')
        ended(relay)
        same({r.headers.get('x-spoken') for r in upstream.requests},
             {'HTTP/2.0'}, 'protocol')
        same(len({r.headers.get('x-connection') for r in upstream.requests}),
             1, 'connections')
        same(upstream.count(), 3 * 12 * 4, 'calls')


def test_sessions_of_http2_outlive_their_connections():
    """Where the server knows them by tickets alone, of TLS 1.2 too."""
    one = ASKED[:1]
    for tls in ('TLSv1.2', 'TLSv1.3'):
        with Upstream(otx(one)) as upstream, \
                http2(upstream.url, tls) as (url, base):
            relay = pool(url, server={'workers': '1'},
                         http={'idle_timeout': '1'})
            for _ in range(3):
                same(ask(relay, OBSERVE, one).errors, [], 'the answer')
                time.sleep(2.1)
            ended(relay)
            seen = dict(line.split() for line in harness.read(
                base + '/access.log').splitlines())
            same(sorted(seen.values()), ['.', 'r', 'r'],
                 'connections, and whether they resumed, %s' % tls)


class Wire:
    """A port of this machine that leads to another, until the connections that
    are there are lost() without a word, as a firewall loses them."""

    def __init__(self, port):
        self.to, self.here = port, []
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                here = self.listener.accept()[0]
                there = socket.create_connection(('127.0.0.1', self.to))
                self.here.append(here)
                for pair in ((here, there), (there, here)):
                    threading.Thread(target=self.copy, args=pair,
                                     daemon=True).start()

    @staticmethod
    def copy(a, b):
        with contextlib.suppress(OSError):
            while data := a.recv(65536):
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)

    def lost(self):
        """No packet arrives there any more (SO_ATTACH_FILTER: "ret #0")."""
        nothing = ctypes.create_string_buffer(struct.pack('HBBI', 6, 0, 0, 0))
        for here in self.here:
            here.setsockopt(socket.SOL_SOCKET, 26, struct.pack(
                'HL', 1, ctypes.addressof(nothing)))

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for here in self.here:
            here.close()


def test_a_connection_of_http2_that_is_lost():
    """It takes no calls for ever: the next ones get another."""
    one = ASKED[:1]
    with Upstream(otx(one)) as upstream, http2(upstream.url) as (url, _), \
            contextlib.closing(Wire(int(url.rpartition(':')[2]))) as wire:
        relay = pool('https://localhost:%d' % wire.port,
                     server={'workers': '1'},
                     http={'ca_file': testca.ca_file(), 'breaker': '0',
                           'timeout': '3', 'deadline': '3'})
        same(ask(relay, OBSERVE, one).errors, [], 'the first')
        same(len(wire.here), 1, 'connections')
        wire.lost()
        same(ask(relay, OBSERVE, one).codes(), [('fatal', 'connection error')],
             'what was under way')
        harness.wait_for(lambda: not ask(relay, OBSERVE, one).errors,
                         'an answer over another connection', 25)
        same(len(wire.here), 2, 'connections in the end')
        ended(relay)


# --- whom a relay may reach ---------------------------------------------------

def test_private_addresses_of_one_relay():
    """A relay that may call them, beside others that may not."""
    with Upstream(otx(ASKED)) as upstream:
        for http, otx_key, reached in ((None, 'yes', True), ('no', 'yes', True),
                                       (None, 'inherit', False),
                                       ('yes', 'inherit', True),
                                       ('yes', 'no', False)):
            relay = gateway('private', upstream.url, ('otx', 'spycloud'),
                            http={'allow_private': http})
            relay.relays = relay.relays.replace(
                '[relay otx]', '[relay otx]\nallow_private = ' + otx_key)
            relay.write()
            relay.serve()
            reply = ask(relay, OBSERVE, ASKED)
            same((reply.values() != [], upstream.count() > 0),
                 (reached, reached), 'http %s, relay %s' % (http, otx_key))
            if not reached:
                same([code for _, code in reply.codes()],
                     ['connection error'] * 4, 'errors')
            upstream.rules([{'request': '*', 'status': 400}])
            ask(relay, '/spycloud/observe/observables',
                observables('email', 'a@example.org'))
            same(upstream.count() > 0, http == 'yes', 'the other relay')
            upstream.rules(otx(ASKED))
            ended(relay)


def test_private_addresses_are_not_for_hosts_that_a_token_names():
    md5 = 'd8414d743778cae103c15461200ec64d'
    body = observables('md5', md5)
    with Upstream(services.qualys([md5])) as upstream, \
            Upstream(services.qualys([md5])) as other:
        relay = gateway('claimed', upstream.url, ('qualys',),
                        http={'allow_private': None},
                        relay={'allow_private': 'yes'}).serve()
        path = '/qualys/observe/observables'
        same(ask(relay, path, body).values(), [md5], 'as configured')
        same(ask(relay, path, body, {'API_URL': upstream.url}).values(), [md5],
             'the same host in the token')
        reply = ask(relay, path, body, {'API_URL': other.url})
        same((reply.values(), [code for _, code in reply.codes()]),
             ([], ['connection error']), 'another host in the token')
        same((other.connections, other.requests), (0, []), 'its calls')
        ended(relay)


def test_certificates_of_one_relay():
    """What one relay trusts lets no other reach the same host, not even over
    the connection that is there."""
    with Upstream(otx(ASKED), tls='good') as upstream:
        relay = gateway('trust', upstream.url, ('otx', 'spycloud'),
                        server={'workers': '1'},
                        http={'ca_file': None})
        relay.relays = relay.relays.replace(
            '[relay otx]', '[relay otx]\nca_file = ' + testca.ca_file())
        relay.write()
        relay.serve()
        for _ in range(2):
            same(ask(relay, OBSERVE, ASKED).errors, [], 'the one that trusts')
            reply = ask(relay, '/spycloud/observe/observables',
                        observables('email', 'a@example.org'))
            same(reply.codes(), [('fatal', 'unknown')], 'the other')
            has('Unable to verify SSL certificate',
                reply.errors[0]['message'], 'the other')
        ended(relay)


# --- the engine --------------------------------------------------------------

def asking(relay, asked, replies, **more):
    """A thread that asks, and puts the reply and when it came into a list."""
    def work():
        reply = ask(relay, OBSERVE, asked, **more)
        replies.append((reply, time.monotonic()))
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_large_request_does_not_hold_up_a_small_one():
    """Requests take turns at a host: one with 1,000 calls, the service
    answering 80 a second, does not hold up another with one."""
    large = observables('domain', *('d%d.example' % n for n in range(1000)))
    with Upstream([{'request': '*', 'status': 404, 'delay': 0.1}]) as upstream:
        relay = pool(upstream.url,
                     server={'workers': '1', 'threads': '4'},
                     http={'parallel': '64', 'host_parallel': '8',
                           'deadline': '20', 'timeout': '5'})
        replies = []
        thread = asking(relay, large, replies, timeout=40)
        harness.wait_for(lambda: upstream.waiting == 8, 'all places taken')
        before = upstream.count()
        began = time.monotonic()
        same(ask(relay, OBSERVE, ASKED[:1]).json, {'data': {}}, 'the small one')
        took, between = time.monotonic() - began, upstream.count() - before
        same(replies, [], 'answers to the large one')
        holds(between < 40, '%d calls went before, in %.1f s' % (between, took))
        same(upstream.most_waiting, 8, 'calls at once')
        thread.join()
        ended(relay)


def test_a_hung_host_holds_up_no_other():
    """Its places are its own, and its calls end with their time-out."""
    md5 = 'd8414d743778cae103c15461200ec64d'
    hung = observables('domain', *('d%d.example' % n for n in range(40)))
    with Upstream([{'request': '*', 'fault': 'hang'}]) as upstream, \
            Upstream(services.qualys([md5])) as other:
        relay = gateway('hosts', upstream.url,
                        server={'workers': '1', 'threads': '4'},
                        http={'host_parallel': '4', 'timeout': '10',
                              'deadline': '10'})
        relay.relays = relay.relays.replace('api_url = ' + upstream.url,
                                            'api_url = ' + other.url)
        relay.write()
        relay.serve()
        replies = []
        thread = asking(relay, hung, replies, timeout=40)
        harness.wait_for(lambda: upstream.waiting == 4, 'all places taken')
        for _ in range(3):
            reply = ask(relay, '/qualys/observe/observables',
                        observables('md5', md5))
            same(reply.values(), [md5], 'the other service')
        same(replies, [], 'answers of the hung one')
        thread.join()
        same({code for _, code in replies[0][0].codes()},
             {'connection error'}, 'the hung one')
        ended(relay)


def test_calls_that_wait_end_at_the_deadline():
    """A call without a place has no time-out, but the request's deadline."""
    asked = observables('domain', *('d%d.example' % n for n in range(6)))
    with Upstream([{'request': '*', 'fault': 'hang'}]) as upstream:
        relay = pool(upstream.url, server={'workers': '1', 'threads': '4'},
                     http={'host_parallel': '1', 'timeout': '10',
                           'deadline': '3'})
        began = time.monotonic()
        reply = ask(relay, OBSERVE, asked)
        holds(2.5 < time.monotonic() - began < 6, 'it took %.1f s' % (
            time.monotonic() - began))
        same([code for _, code in reply.codes()], ['connection error'] * 6,
             'errors')
        same(upstream.count(), 1, 'calls')
        ended(relay)


def test_a_client_that_leaves_gives_its_places_up():
    """Those under way and those that wait, within a second; and the next
    request has them."""
    large = observables('domain', *('d%d.example' % n for n in range(200)))
    with Upstream([{'request': '*', 'fault': 'hang'}]) as upstream:
        relay = pool(upstream.url, server={'workers': '1', 'threads': '4'},
                     http={'host_parallel': '4', 'parallel': '100',
                           'timeout': '60', 'deadline': '60'})
        body = json.dumps(large).encode()
        client = fcgi.connect(relay.socket)
        client.sendall(fcgi.records(fcgi.request(
            'POST', OBSERVE, body, harness.jwt(CLAIMS['otx'])), body))
        harness.wait_for(lambda: upstream.waiting == 4, 'all places taken')
        client.close()
        harness.wait_for(lambda: not upstream.waiting,
                         'no call of a client that has left', 5)
        same((upstream.count(), upstream.connections), (4, 4),
             'calls and connections')
        upstream.rules([{'request': '*', 'status': 404}])
        same(ask(relay, OBSERVE, ASKED).json, {'data': {}}, 'the next')
        ended(relay)


def ended_with_calls_out(end):
    """Requests whose calls are out when end(relay) is called: all answered."""
    with Upstream([{'request': '*', 'status': 404, 'hold': True}]) as upstream:
        relay = pool(upstream.url, server={'workers': '1', 'threads': '4'},
                     http={'host_parallel': '4', 'timeout': '15',
                           'deadline': '15'})
        replies = []
        threads = [asking(relay, ASKED, replies, timeout=30) for _ in range(3)]
        harness.wait_for(lambda: upstream.waiting == 4, 'all places taken')
        end(relay)
        upstream.release()
        for thread in threads:
            thread.join()
        same([r.json for r, _ in replies], [{'data': {}}] * 3, 'the answers')
        return relay


def test_reload_with_calls_out():
    """The old worker's engine goes on until its last answer."""
    def reload(relay):
        old = relay.workers()
        os.kill(relay.process.pid, signal.SIGHUP)
        harness.wait_for(lambda: set(relay.workers()) - set(old), 'new worker')
    ended(ended_with_calls_out(reload))


def test_stop_with_calls_out():
    relay = ended_with_calls_out(lambda relay: relay.process.terminate())
    ended(relay)


def test_kill_with_calls_out():
    """A worker that is killed leaves no answer that passes for whole, and the
    next one's engine works."""
    with Upstream([{'request': '*', 'fault': 'hang'}]) as upstream:
        relay = pool(upstream.url, server={'workers': '1', 'threads': '4'},
                     http={'timeout': '15', 'deadline': '15'})
        body = json.dumps(ASKED).encode()
        with fcgi.connect(relay.socket) as client:
            client.sendall(fcgi.records(fcgi.request(
                'POST', OBSERVE, body, harness.jwt(CLAIMS['otx'])), body))
            harness.wait_for(lambda: upstream.waiting == 4, 'its calls')
            old, = relay.workers()
            os.kill(old, signal.SIGKILL)
            harness.wait_for(lambda: not upstream.waiting, 'no call')
            holds(b'"data"' not in fcgi.drain(client, 10), 'an answer')
        upstream.rules([{'request': '*', 'status': 404}])
        harness.wait_for(lambda: relay.workers() not in ([old], []), 'another')
        same(ask(relay, OBSERVE, ASKED).json, {'data': {}}, 'the next')
        ended(relay)


def test_parallel():
    """No more calls at once to a host than the relay says."""
    asked = observables('domain', *['d%d.example' % n for n in range(20)])
    rules = [dict(r, delay=0.05, together=3) for r in otx(asked, pulses=0)]
    with Upstream(rules) as upstream:
        relay = pool(upstream.url, relay={'parallel': '3'},
                     http={'deadline': '20'})
        same(ask(relay, OBSERVE, asked).json, {'data': {}}, 'the answer')
        same(upstream.most_waiting, 3, 'calls at once')
        ended(relay)


for _test in (test_many_in_flight, test_retry, test_no_retry):
    _test.limit = 300

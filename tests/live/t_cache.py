# SPDX-License-Identifier: MIT
"""What is kept of services' answers, for whom, and what is not."""

import json
import os
import shutil
import socket
import threading
import time

import harness
import services
from harness import holds, same, wait_for
from provider_case import (CLAIMS, ask, ended, gateway, rate_kept,
                           no_secret)
from services import observables, otx, otx_general
from upstream import Upstream

OBSERVE = '/otx/observe/observables'
ASKED = observables('domain', 'a.example', 'b.example')


def cached(url, name='cached', **sections):
    """A gateway with a cache in a folder of its own, not served yet."""
    relay = gateway(name, url, **sections)
    relay.cache_folder = os.path.join(relay.folder, 'cache')
    os.mkdir(relay.cache_folder)
    harness.give(relay.cache_folder, 0o2770)
    relay.cache = os.path.join(relay.cache_folder, 'cache.db')
    relay.sections['cache'] = {'url': 'sqlite:' + relay.cache}
    relay.write()
    return relay


def entities(reply):
    """What was found, apart from ids that are made for every answer."""
    return sorted(str((d['observables'], d['external_ids'],
                       d['observed_time'])) for d in reply.docs('sightings'))


def settled(relay, upstream, path, body, claims=None):
    """Asks until a request makes no call, which is soon: what is kept may be
    written after an answer has left.  Returns that reply."""
    def quiet():
        before = upstream.count()
        reply = ask(relay, path, body, claims)
        return upstream.count() == before and reply
    return wait_for(quiet, 'a request without a call', 10)


def test_second_request():
    """It makes no call, by whichever worker; the answer is the same."""
    with Upstream(otx(ASKED, pulses=3)) as upstream:
        relay = cached(upstream.url).serve()
        first = ask(relay, OBSERVE, ASKED)
        second = settled(relay, upstream, OBSERVE, ASKED)
        same(entities(second), entities(first), 'the answer')
        before = upstream.count()
        for _ in range(12):
            same(entities(ask(relay, OBSERVE, ASKED)), entities(first),
                 'the answer')
        same(upstream.count(), before, 'calls')
        ended(relay)


def test_new_ids():
    """Version 4 ids are made anew for every answer."""
    with Upstream(otx(ASKED)) as upstream:
        relay = cached(upstream.url).serve()
        first = ask(relay, OBSERVE, ASKED)
        second = settled(relay, upstream, OBSERVE, ASKED)
        ids = [{d['id'] for d in r.docs('sightings')} for r in (first, second)]
        same((len(ids[0]), len(ids[1]), ids[0] & ids[1]), (2, 2, set()), 'ids')
        ended(relay)


def test_after_a_restart():
    with Upstream(otx(ASKED)) as upstream:
        relay = cached(upstream.url).serve()
        settled(relay, upstream, OBSERVE, ASKED)
        ended(relay)
        relay.serve()
        before = upstream.count()
        same(len(ask(relay, OBSERVE, ASKED).docs('sightings')), 2, 'sightings')
        same(upstream.count(), before, 'calls')
        ended(relay)


def test_other_credential():
    """Nobody is served what another credential was."""
    with Upstream(otx(ASKED)) as upstream:
        relay = cached(upstream.url).serve()
        settled(relay, upstream, OBSERVE, ASKED)
        upstream.rules([{'request': '*', 'status': 404}])
        reply = ask(relay, OBSERVE, ASKED, {'key': 'another key'})
        same(reply.json, {'data': {}}, 'the answer to the other')
        same(upstream.count('general'), 2, 'calls')
        same({r.headers['x-otx-api-key'] for r in upstream.requests},
             {'another key'}, 'keys')
        ended(relay)


def test_nothing_known():
    """That is kept, too."""
    with Upstream([{'request': '*', 'status': 404}]) as upstream:
        relay = cached(upstream.url).serve()
        same(ask(relay, OBSERVE, ASKED).json, {'data': {}}, 'first')
        same(settled(relay, upstream, OBSERVE, ASKED).json, {'data': {}},
             'second')
        ended(relay)


def test_failures_are_not_kept():
    for instead in ({'status': 500}, {'status': 429}, {'status': 401},
                    {'text': '<html>'}, {'fault': 'cut'}, {'fault': 'close'}):
        asked = observables('domain', 'a.example')
        line = otx_general('domain', 'a.example')
        with Upstream([dict({'request': line, 'times': 1, 'text': '{"a": 1}'},
                            **instead)] + otx(asked)) as upstream:
            relay = cached(upstream.url).serve()
            same(len(ask(relay, OBSERVE, asked).errors), 1,
                 'errors after %s' % instead)
            same(ask(relay, OBSERVE, asked).values(), ['a.example'],
                 'then, after %s' % instead)
            ended(relay)


def test_health_is_not_kept():
    with Upstream([{'request': '*', 'json': {}}]) as upstream:
        relay = cached(upstream.url).serve()
        for n in range(3):
            ask(relay, '/otx/health')
            same(upstream.count(), n + 1, 'calls')
        ended(relay)


def test_ttl():
    """ttl = 0 keeps nothing, of one relay too."""
    for sections in ({'relay': {'ttl': '0'}}, {}):
        with Upstream(otx(ASKED)) as upstream:
            relay = cached(upstream.url, **sections)
            if not sections:
                relay.sections['cache'].update(ttl='0', negative_ttl='0')
                relay.write()
            relay.serve()
            for n in range(3):
                ask(relay, OBSERVE, ASKED)
                same(upstream.count(), 4 * (n + 1), 'calls')
            ended(relay)


def test_end_of_what_is_kept():
    """What is used again ends with its own time: being used does not lengthen
    that.  What a provider says may be kept for longer is kept for longer."""
    emails, breaches = ['a@example.org'], '/spycloud/observe/observables'
    with Upstream(services.spycloud(emails) + otx(ASKED)) as upstream:
        relay = cached(upstream.url)
        relay.sections['cache'].update(ttl='2', negative_ttl='2')
        relay.write()
        relay.serve()

        def catalog():
            before = upstream.count('/breach/catalog/')
            ask(relay, breaches, observables('email', *emails))
            return upstream.count('/breach/catalog/') - before
        wait_for(lambda: catalog() == 0, 'a catalog that is kept')
        settled(relay, upstream, OBSERVE, ASKED)
        before = upstream.count('general')

        def again():
            ask(relay, OBSERVE, ASKED)
            return upstream.count('general') > before
        wait_for(again, 'a call once the time is over', 8)
        same(catalog(), 0, 'calls for the catalog, which is older')
        ended(relay)


def test_breach_records_are_not_kept():
    """They hold passwords; the catalog does not."""
    emails = ['a@example.org']
    path = '/spycloud/observe/observables'
    with Upstream(services.spycloud(emails)) as upstream:
        relay = cached(upstream.url).serve()

        def asked():
            upstream.forget()
            reply = ask(relay, path, observables('email', *emails))
            same(len(reply.docs('sightings')), 2, 'sightings')
            same(upstream.count('/breach/data/'), 1, 'calls for records')
            return upstream.count('/breach/catalog/') == 0
        wait_for(asked, 'no call for the catalog', 10)
        no_secret(relay, [services.SECRET, CLAIMS['spycloud']['key']])
        ended(relay)
        no_secret(relay, [services.SECRET, CLAIMS['spycloud']['key']])


def test_no_secret_in_the_file():
    """Neither credentials nor what a service handed out for them."""
    md5 = 'd8414d743778cae103c15461200ec64d'
    with Upstream(otx(ASKED) + services.qualys([md5])) as upstream:
        relay = cached(upstream.url, log={'level': 'debug'}).serve()
        settled(relay, upstream, OBSERVE, ASKED)
        for _ in range(3):
            same(ask(relay, '/qualys/observe/observables',
                     observables('md5', md5)).values(), [md5], 'of Qualys')
        same(upstream.count('/auth'), 1, 'times signed in')
        ended(relay)
        holds(os.path.getsize(relay.cache) > 0, 'no cache was written')
        no_secret(relay, [CLAIMS['otx']['key'], CLAIMS['qualys']['pass'],
                          services.QUALYS_TOKEN])


def test_cgi():
    """A second CGI request makes no call."""
    with Upstream(otx(ASKED)) as upstream:
        relay = cached(upstream.url)
        same(len(cgi(relay, OBSERVE, ASKED)['sightings']['docs']), 2, 'first')
        upstream.forget()
        same(len(cgi(relay, OBSERVE, ASKED)['sightings']['docs']), 2, 'second')
        same(upstream.lines(), [], 'calls of the second')


def test_turns_of_cgi():
    """CGI requests wait for each other's turns, which the cache keeps."""
    with Upstream([{'request': '*', 'status': 400}]) as upstream:
        relay = cached(upstream.url, relay={'rate': '2'})
        answers = []
        since = time.monotonic()
        # Whoever finds no file yet, or one that another makes, has no turns.
        cgi(relay, '/spycloud/observe/observables',
            observables('email', 'first@a.example'))

        def work(n):
            answers.append(cgi(relay, '/spycloud/observe/observables',
                               observables('email', 'user%d@a.example' % n)))
        threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        same(answers, [{}] * 6, 'the answers')
        same(upstream.count(), 7, 'calls')
        rate_kept(upstream, 2, since)


def cgi(relay, path, body, token=None):
    """The data of an answer of the program as a classic CGI."""
    text = json.dumps(body)
    token = token or harness.jwt(CLAIMS[path.split('/')[1]])
    env = relay.env(
        GATEWAY_INTERFACE='CGI/1.1', REQUEST_METHOD='POST', SCRIPT_NAME='',
        PATH_INFO=path, CONTENT_LENGTH=str(len(text)), SERVER_NAME='localhost',
        SERVER_PORT='80', SERVER_PROTOCOL='HTTP/1.1', HTTP_HOST='localhost',
        REQUEST_SCHEME='http', HTTP_AUTHORIZATION='Bearer ' + token,
        **harness.coverage_env())
    status, out, err = harness.run(
        [harness.program('ctim-relay.fcgi', relay.build)], input=text, env=env)
    same(status, 0, 'exit status\n' + err)
    answer = json.loads(out.replace('\r', '').partition('\n\n')[2])
    holds('data' in answer, 'no data: %s' % answer)
    return answer['data']


# --- a cache that does not work ----------------------------------------------

def damaged(relay, how):
    """Makes the cache unusable."""
    if how == 'garbage':
        harness.give(harness.write(relay.cache, 'no database' * 1000), 0o660)
    elif how == 'a folder':
        os.mkdir(relay.cache)
    elif how == 'no folder':
        os.rmdir(relay.cache_folder)
    elif how == 'not readable':
        harness.write(relay.cache, '')
        os.chmod(relay.cache, 0)
        if harness.ROOT:
            os.chown(relay.cache, 0, 0)


def tests():
    for how in ('garbage', 'a folder', 'no folder', 'not readable'):
        def test(how=how):
            works_without(how)
        yield 'broken/' + how.replace(' ', '_'), test


def works_without(how):
    with Upstream(otx(ASKED)) as upstream:
        relay = cached(upstream.url)
        damaged(relay, how)
        relay.serve()
        for _ in range(4):
            reply = ask(relay, OBSERVE, ASKED)
            same((reply.values(), reply.errors),
                 (['a.example', 'b.example'], []), 'the answer')
        ended(relay)


def test_damaged_while_it_serves():
    with Upstream(otx(ASKED)) as upstream:
        relay = cached(upstream.url).serve()
        settled(relay, upstream, OBSERVE, ASKED)
        for name in os.listdir(relay.cache_folder):
            with open(os.path.join(relay.cache_folder, name), 'r+b') as f:
                size = os.fstat(f.fileno()).st_size
                f.write(b'garbage ' * (size // 8))
        for _ in range(6):
            same(ask(relay, OBSERVE, ASKED).values(),
                 ['a.example', 'b.example'], 'the answer')
        ended(relay)


class Delay:
    """Hands bytes on to a port, and what comes back `seconds` later."""

    def __init__(self, port, seconds):
        self.to, self.seconds = port, seconds
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near = self.listener.accept()[0]
            except OSError:
                return
            far = socket.create_connection(('127.0.0.1', self.to))
            for a, b, wait in ((near, far, 0), (far, near, self.seconds)):
                threading.Thread(target=self.carry, args=(a, b, wait),
                                 daemon=True).start()

    @staticmethod
    def carry(a, b, wait):
        try:
            while data := a.recv(65536):
                time.sleep(wait)
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def test_slow_but_not_broken():
    """A cache far away, each answer of which comes just in time, costs a
    request a part of its time and no more."""
    redis = shutil.which('redis-server')
    if redis is None:
        raise harness.Skipped('redis-server is not installed')
    port = harness.free_port()
    server = harness.start(
        [redis, '--port', str(port), '--bind', '127.0.0.1', '--save', '',
         '--dir', harness.folder('redis')], stdout=harness.subprocess.DEVNULL)
    harness.wait_for(lambda: harness.port_open(port), 'Redis listens')
    far = Delay(port, 0.02)
    asked = observables('domain', *('d%d.example' % n for n in range(400)))
    with Upstream([{'request': '*', 'status': 404}]) as upstream:
        relay = gateway('far', upstream.url, http={
            'deadline': '4', 'timeout': '2', 'parallel': '8'}, cache={
                'url': 'redis://127.0.0.1:%d/0' % far.port})
        relay.serve()
        began = time.monotonic()
        same(ask(relay, OBSERVE, asked).json, {'data': {}}, 'the answer')
        took = time.monotonic() - began
        holds(took < 4, 'the answer took %.1f s' % took)
        same(upstream.count(), 400, 'calls')
        ended(relay)
    far.listener.close()
    harness.stop(server)


def test_failed_cache_is_left_alone():
    """A server of which nothing can be had is tried again after ten seconds,
    however many requests come meanwhile, and used once it works."""
    redis = shutil.which('redis-server')
    if redis is None:
        raise harness.Skipped('redis-server is not installed')
    tried = []
    listener = socket.create_server(('127.0.0.1', 0))
    port = listener.getsockname()[1]

    def refuse():
        while True:
            try:
                one = listener.accept()[0]
            except OSError:
                return
            tried.append(time.monotonic())
            one.close()
    refusing = threading.Thread(target=refuse, daemon=True)
    refusing.start()
    with Upstream(otx(ASKED)) as upstream:
        relay = gateway('refused', upstream.url,
                        server={'workers': '1', 'threads': '1'},
                        cache={'url': 'redis://127.0.0.1:%d/0' % port}).serve()

        def asked():
            before = upstream.count()
            same(ask(relay, OBSERVE, ASKED).values(),
                 ['a.example', 'b.example'], 'the answer')
            return upstream.count() - before
        first = time.monotonic()
        while time.monotonic() < first + 4:
            same(asked(), 4, 'calls')
            time.sleep(0.1)
        same(len(tried), 1, 'tries within four seconds')
        listener.shutdown(socket.SHUT_RDWR)
        refusing.join()
        listener.close()
        server = harness.start(
            [redis, '--port', str(port), '--bind', '127.0.0.1', '--save', '',
             '--dir', harness.folder('redis')],
            stdout=harness.subprocess.DEVNULL)
        wait_for(lambda: harness.port_open(port), 'Redis listens')
        wait_for(lambda: asked() == 0, 'a request without a call', 40)
        waited = time.monotonic() - tried[0]
        holds(waited > 9.5, 'it was tried again after %.1f s' % waited)
        ended(relay)
        harness.stop(server)


# Beside the other tests: it waits most of the time.
test_failed_cache_is_left_alone.background = True


def test_off():
    """`off` keeps nothing."""
    with Upstream(otx(ASKED)) as upstream:
        relay = gateway('cache-off', upstream.url)
        relay.serve()
        for n in range(2):
            ask(relay, OBSERVE, ASKED)
            same(upstream.count(), 4 * (n + 1), 'calls')
        ended(relay)

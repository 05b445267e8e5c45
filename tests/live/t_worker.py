# SPDX-License-Identifier: MIT
"""A worker in which something fails that no test can make fail from outside; an
object that is preloaded does (tools/faults.c)."""

import json
import os
import signal
import time

import fcgiclient as fcgi
import harness
import t_build
from harness import has, holds, same
from provider_case import CLAIMS, ask, ended, gateway
from services import observables
from t_connections import said, status
from t_network import cgi
from t_process import Asking, otx_gateway, slow
from upstream import Upstream

OBSERVE = '/otx/observe/observables'
ASKED = observables('domain', 'a.example', 'b.example')
SILENT = 2  # s; a worker is not counted after 1.5 without a sign of life

_built = {}


class Faults:
    """What faults.c is told."""

    def __init__(self):
        self.folder = harness.folder('faults')
        os.chmod(self.folder, 0o755)
        if 'faults' not in _built:
            path = os.path.join(self.folder, 'faults.so')
            code, out, err = harness.run(
                ['gcc', '-Wall', '-O1', '-shared', '-fPIC', '-o', path,
                 os.path.join(harness.TOOLS, 'faults.c')], env=t_build.PLAIN)
            same(code, 0, out + err)
            _built['faults'] = path
        self.env = {
            'LD_PRELOAD': _built['faults'], 'CTIM_FAULTS': self.folder,
            'ASAN_OPTIONS': harness.environment()['ASAN_OPTIONS'] +
                            ':verify_asan_link_order=0'}

    def on(self, fault, pid=None):
        harness.write(self.path(fault, pid), '')

    def off(self, fault, pid=None):
        os.unlink(self.path(fault, pid))

    def path(self, fault, pid):
        return os.path.join(self.folder,
                            '%s-%d' % (fault, pid) if pid else fault)


def service(upstream, faults, name):
    """A pool of one worker whose calls have a minute."""
    return gateway(name, upstream.url, ['otx'],
                   server={'workers': '1', 'threads': '4'},
                   http={'timeout': '60', 'deadline': '60'}
                   ).serve(**faults.env)


def test_libcurl_that_fails_ends_its_worker():
    """What it has in hand is cut, so that none waits and none passes for whole;
    another worker serves the next."""
    faults = Faults()
    with Upstream([{'request': '*', 'fault': 'hang'}]) as upstream:
        relay = service(upstream, faults, 'curl-fails')
        old, = relay.workers()
        body = json.dumps(ASKED).encode()
        request = fcgi.records(fcgi.request(
            'POST', OBSERVE, body, harness.jwt(CLAIMS['otx'])), body)
        clients = [fcgi.connect(relay.socket) for _ in range(4)]
        for client in clients[:3]:
            client.sendall(request)
        harness.wait_for(lambda: upstream.waiting == 6, 'their calls')
        faults.on('curl', old)
        # It has the engine step, unless that has done so by itself: then the
        # next worker may have it.
        clients[3].sendall(request)
        for client in clients[:3]:
            holds(b'"data"' not in fcgi.drain(client, 20), 'an answer')
        for client in clients:
            client.close()
        said(relay, 'worker ends by force: its calls to services cannot go on: '
                    'Internal error')
        said(relay, 'worker %d ended with status 1' % old)
        upstream.rules([{'request': '*', 'status': 404}])
        harness.wait_for(lambda: relay.workers() not in ([old], []), 'another')
        same(ask(relay, OBSERVE, ASKED).json, {'data': {}}, 'the next')
        ended(relay)


def test_libcurl_that_fails_ends_the_calls_of_a_process_of_cgi():
    faults = Faults()
    faults.on('curl')
    with Upstream([{'request': '*', 'fault': 'hang'}]) as upstream:
        relay = gateway('curl-fails-cgi', upstream.url, ['otx'],
                        http={'timeout': '60', 'deadline': '60'})
        code, answer = cgi(relay, OBSERVE, json.dumps(ASKED).encode(),
                           CLAIMS['otx'], **faults.env)
        same(code, 200, answer)
        has('the call could not be made', answer['errors'][0]['message'],
            'the answer')


def queues_while_still(relay, upstream, faults, pid):
    """A worker of two threads whose main thread does not get on: what it takes
    beyond these waits in the queue, in which there are places."""
    faults.on('still', pid)
    time.sleep(SILENT)
    asking = Asking(relay.socket, 6)
    harness.wait_for(lambda: asking.answers or
                     status(relay, 'queue', 'waiting') > 0, 'some that wait')
    same(asking.answers, [], 'answered before the service was')
    faults.off('still', pid)
    upstream.release()
    asking.whole()
    ended(relay)


def late_pool(upstream, faults, name):
    relay = otx_gateway(name, upstream, workers='1')
    relay.serve(**faults.env)
    slow(upstream)
    return relay


def test_worker_that_is_late_with_its_signs_of_life():
    faults = Faults()
    with Upstream([]) as upstream:
        relay = late_pool(upstream, faults, 'late')
        queues_while_still(relay, upstream, faults, *relay.workers())


def test_reload_whose_new_worker_is_late_with_its_signs_of_life():
    """The old one has left, and its places with it."""
    faults = Faults()
    with Upstream([]) as upstream:
        relay = late_pool(upstream, faults, 'late-reload')
        old, = relay.workers()
        os.kill(relay.process.pid, signal.SIGHUP)
        harness.wait_for(lambda: old not in relay.workers(), 'only the new one')
        new, = relay.workers()
        queues_while_still(relay, upstream, faults, new)

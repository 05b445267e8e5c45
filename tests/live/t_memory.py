# SPDX-License-Identifier: MIT
"""Memory that runs out: a request ends with a good answer, with 500 or with an
"internal error", never with a word about its body or token, and never the
worker with it.  These need a build without sanitizers, which take the limits
and the allocator for themselves."""

import functools
import json
import mmap
import os
import random
import struct
import threading
import time

import fcgiclient as fcgi
import harness
import t_build
import t_fanout
import testca
from harness import Gateway, fail, holds, same
from provider_case import CLAIMS, gateway
from services import CREATED, observables, otx
from t_build import release_build
from upstream import Upstream

_built = {}


def shim():
    if 'shim' not in _built:
        path = os.path.join(harness.folder('nomem'), 'nomem.so')
        status, out, err = harness.run(
            ['gcc', '-Wall', '-O1', '-shared', '-fPIC', '-o', path,
             os.path.join(harness.TOOLS, 'nomem.c')], env=t_build.PLAIN)
        same(status, 0, out + err)
        os.chmod(os.path.dirname(path), 0o755)
        _built['shim'] = path
    return _built['shim']


class Memory:
    """What nomem.c is told and tells."""

    def __init__(self, folder):
        self.path = harness.write(os.path.join(folder, 'nomem'), '\0' * 40,
                                  0o666)
        with open(self.path, 'r+b') as f:
            self.map = mmap.mmap(f.fileno(), 40)

    def set(self, armed, at=0, stays=False):
        self.map[0:40] = struct.pack('=5Q', 0, 0, at, stays, 0)
        self.map[0:8] = struct.pack('=Q', armed)

    def failed(self):
        return struct.unpack('=5Q', self.map[0:40])[4]


ASKED = observables('domain', 'a.example', 'b.example')
# Asked for, and told of, in other spellings.
SPELT = observables('domain', 'é.example')
PUNYCODE = 'xn--9ca.example'
LOCAL = observables('ip', '203.0.113.7', '192.0.2.1') + observables(
    'domain', 'a.evil.example', 'é.example')
TRIGGER = {'action-id': 'add-to-block-list', 'observable_type': 'url',
           'observable_value': 'http://é.example:80/x', 'expires': '2w'}
REQUESTS = {
    'observe': ('/local/observe/observables', LOCAL),
    'deliberate': ('/local/deliberate/observables', LOCAL),
    'refer': ('/local/refer/observables', LOCAL),
    'trigger': ('/local/respond/trigger', TRIGGER),
    'respond': ('/local/respond/observables', LOCAL),
    'tile': ('/local/tiles/tile', {'tile_id': 'x'}),
    'tile_data': ('/local/tiles/tile-data',
                  {'tile_id': 'dispositions', 'period': 'last_hour'}),
    'health': ('/local/health', None),
    'otx': ('/otx/observe/observables', ASKED),
    'otx_spelling': ('/otx/observe/observables', SPELT),
    'otx_health': ('/otx/health', None),
    'bad_body': ('/local/observe/observables', [{'type': 'ip'}] * 30),
}
WORDS = (b'Invalid JSON payload', b'Failed to decode', b'Wrong JWT',
         b'Authorization failed', b'not the JSON that it should be',
         b'larger than this gateway')


def send(relay, path, body, token, timeout=20):
    """(status, body) of one request; None, what came, where that was no
    answer."""
    data = b'' if body is None else json.dumps(body).encode()
    request = fcgi.request('POST', path, data, token)
    try:
        status, _, text = fcgi.call(relay.socket, request, data, timeout)
        return status, text
    except (ValueError, OSError) as error:
        return None, str(error).encode()


def judge(reply, good, allowed=()):
    """What an answer is; fails unless that is one of those that may be.
    good: what the request is answered when there is memory; allowed: words
    that this holds by right."""
    status, text = reply
    for word in WORDS:
        holds(word not in text or word in allowed, 'said: %r' % text[:600])
    if status == 500:
        same(json.loads(text)['code'], 500, 'the code of %r' % text)
        return 'refused'
    same(status, 200, 'the status of %r' % text[:600])
    try:
        answer = json.loads(text)
    except ValueError:
        # What had begun to leave and could not be made whole.
        holds(text.startswith(b'{"data":') and not text.endswith(b'}}}'),
              'neither JSON nor cut: %r' % text[-300:])
        return 'cut'
    problems = [e['code'] for e in answer.get('errors', [])]
    if good is not None and count(answer) != count(good):
        same(set(problems) - {'internal error'}, set(), 'errors: %r' % text)
        holds(problems, 'less, and no word of it: %r' % text[:2000])
        return 'internal error'
    return 'good' if not problems else 'internal error'


def count(answer):
    """How much of what is in an answer; a list's length."""
    data = answer.get('data')
    if isinstance(data, dict):
        return {k: v.get('count') if isinstance(v, dict) else v
                for k, v in data.items()}
    return None if data is None else len(data)


def token_for(path, **header):
    name = path.split('/')[1]
    return harness.jwt(CLAIMS.get(name), header=header or None)


def starved_pool(url, memory, wrapper=(), wait=True, **server):
    """A pool of one worker; memory: who starves it, or None."""
    relay = Gateway('memory', build=release_build(), relays='[relay otx]\n'
                    'url = %s\n\n[relay local]\nstore = @/store/intel.db\n'
                    % url, sections={
                        'http': {'allow_private': 'yes', 'retries': '0',
                                 'breaker': '0'},
                        'server': dict({'workers': '1', 'threads': '1'},
                                       **server)})
    relay.load(harness.read(os.path.join(harness.TESTS, 'cases',
                                         'blocklist.jsonl')) +
               '\n{"domain": "é.example"}\n',
               'blocklist', '--subdomains')
    env = {} if memory is None else {'LD_PRELOAD': shim(),
                                     'CTIM_NOMEM': memory.path}
    return relay.serve(wrapper=wrapper, wait=wait, **env)


def at_every_allocation(name):
    """One request, again and again, each time with another of its allocations
    failing: that one alone, and then all that come after it."""
    path, body = REQUESTS[name]
    memory = Memory(harness.folder('memory'))
    ends = {}
    rules = otx(ASKED, pulses=2) + otx(
        observables('domain', PUNYCODE), page={PUNYCODE: {'json': {
            'results': [{'indicator': 'É.example', 'expiration': None,
                         'created': CREATED}], 'next': None}}})
    with Upstream(rules) as upstream:
        relay = starved_pool(upstream.url, memory)
        workers = relay.workers()
        allowed = WORDS[:1] if name == 'bad_body' else ()
        status, text = send(relay, path, body, token_for(path))
        same(status, 200, 'with all memory: %r' % text)
        good = json.loads(text)
        for stays in (False, True):
            at = 0
            while True:
                # Larger steps where a request has thousands.
                at += 1 if at < 400 else 7
                # Another token each time, so that it is verified.
                token = token_for(path, n=at)
                memory.set(1, at, stays)
                reply = send(relay, path, body, token)
                failed = memory.failed()
                memory.set(0)
                same(relay.workers(), workers, 'workers after allocation %d '
                     'failed\n%s' % (at, harness.read(relay.stderr)[-2000:]))
                try:
                    end = judge(reply, good, allowed)
                except harness.Failed as error:
                    fail('allocation %d%s: %s' % (
                        at, ' and all after it' if stays else '', error))
                ends[end] = ends.get(end, 0) + 1
                if failed == 0:
                    break
        holds(ends.get('refused', 0) > 0, 'ends: %s' % ends)
        # The store, the cache and the connections are as good as before.
        same(count(json.loads(send(relay, path, body, token_for(path))[1])),
             count(good), 'the answer with memory again')
        relay.stop()
    for line in harness.read(relay.log).splitlines():
        json.loads(line)


def test_calls_over_http2():
    """Memory that runs out at any time leaves no request on a connection whose
    answer another call takes for its own."""
    asked = observables('domain', *('d%d.example' % n for n in range(12)))
    path = '/otx/observe/observables'
    token, chance = harness.jwt(CLAIMS['otx']), random.Random(7)
    memory = Memory(harness.folder('memory'))
    until, problems, good = time.monotonic() + 20, [], {}

    def client():
        while time.monotonic() < until and not problems:
            status, text = send(relay, path, asked, token)
            # Any other says by itself that it is not whole.
            if status == 200 and text.endswith(b'}}}'):
                answer = json.loads(text)
                if 'errors' not in answer and count(answer) != count(good):
                    problems.append('%s of %s, and no word of it' % (
                        count(answer), count(good)))

    with Upstream(otx(asked, pulses=3)) as upstream, \
            t_fanout.http2(upstream.url) as (url, _):
        relay = gateway('http2', url, ('otx',),
                        server={'workers': '1', 'threads': '4'},
                        http={'breaker': '0', 'host_parallel': '5',
                              'ca_file': testca.ca_file()})
        relay.build = release_build()
        relay.serve(LD_PRELOAD=shim(), CTIM_NOMEM=memory.path)
        good = json.loads(send(relay, path, asked, token)[1])
        workers = relay.workers()
        threads = [threading.Thread(target=client) for _ in range(6)]
        for thread in threads:
            thread.start()
        while time.monotonic() < until and not problems:
            memory.set(1, chance.randint(1, 2500), chance.random() < 0.3)
            time.sleep(chance.random() * 0.15)
            memory.set(0)
        for thread in threads:
            thread.join()
        same(relay.workers(), workers, 'workers')
        same(problems, [], 'answers')
        same(relay.stop(), 0, 'exit status')


# --- RLIMIT_AS ---------------------------------------------------------------

MANY = observables('domain', *('host-%d.example' % n for n in range(40)))
LARGE = json.dumps([{'type': 'domain', 'value': 'x%d.example' % n}
                    for n in range(5000)]).encode()


def limited(megabytes):
    return ['prlimit', '--as=%d' % (megabytes << 20)]


def burst(relay, ends, problems):
    """What needs memory, all at a time: pages, a large body, large tokens."""
    def one(path, body, claims):
        for _ in range(4):
            token = harness.jwt(dict(claims, x='y' * 5000))
            try:
                end = judge(send(relay, path, body, token, 40), None)
            except Exception as error:  # pylint: disable=broad-except
                problems.append(repr(error)[:800])
                end = 'wrong'
            ends[end] = ends.get(end, 0) + 1
    work = [('/otx/observe/observables', MANY, CLAIMS['otx'])] * 3 + [
        ('/local/observe/observables', json.loads(LARGE), {}),
        ('/local/deliberate/observables', LOCAL, {})] * 2
    threads = [threading.Thread(target=one, args=args) for args in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def address_space(megabytes):
    """A worker whose address space is limited serves what it can."""
    ends, problems = {}, []
    with Upstream(otx(MANY, pulses=3, entries=2000)) as upstream:
        relay = starved_pool(upstream.url, None, limited(megabytes),
                             threads='8', max_observables='5000')
        # A worker may be too large for its limit from the start.
        try:
            workers = relay.workers()
            burst(relay, ends, problems)
            same(relay.workers(), workers, 'workers, after %s\n%s' % (
                ends, harness.read(relay.stderr)[-2000:]))
            same(problems, [], 'of %s' % ends)
        finally:
            relay.stop()
    for line in harness.read(relay.log).splitlines():
        json.loads(line)


def test_too_little_to_start():
    """No crash loop without a word: the log says why, and the pauses grow."""
    relay = starved_pool('http://127.0.0.1:9', None, limited(40),
                         wait=False, threads='64')

    def said():
        return [r['message'] for r in relay.records()
                if 'cannot start' in r.get('message', '')]
    harness.wait_for(lambda: len(said()) >= 2, 'two tries are in the log')
    harness.wait_for(lambda: any(
        'the next starts in 200 ms' in r.get('message', '')
        for r in relay.records()), 'the pause grows')
    same(relay.stop(), 0, 'exit status')


def test_dump_without_memory():
    """check -d shows all values, or says that it could not."""
    folder = harness.folder('dump')
    conf = harness.write(os.path.join(folder, 'c.conf'), '[relay local]\n')
    memory = Memory(folder)
    command = [os.path.join(release_build(), 'ctim-relay'), 'check', '-d',
               '-c', conf]
    env = dict(os.environ, LD_PRELOAD=shim(), CTIM_NOMEM=memory.path)
    whole = harness.run(command, env=env)[1]
    memory.set(2)
    harness.run(command, env=env)
    total = struct.unpack('=5Q', memory.map[0:40])[1]
    for at in range(max(1, total - 150), total + 1):
        memory.set(2, at)
        status, out, err = harness.run(command, env=env)
        if status == 0:
            same(out, whole, 'allocation %d of %d' % (at, total))
        # As the process ends, a library below libcurl wants memory that belongs
        # to its thread; glibc aborts without it, with 127.
        elif status not in (1, 78) and 'thread-local data' not in err:
            fail('allocation %d of %d: status %d: %s'
                 % (at, total, status, err))


# --- a full disk -------------------------------------------------------------

def answer_too_large_for(folder, cause):
    """An answer that cannot wait in that folder for the rest of itself is no
    JSON, ends with an error that says so, and one line of the log names the
    folder and the cause."""
    asked = observables('domain', *('h%d.example' % n for n in range(60)))
    rules = otx(asked, pulses=40, entries=1)
    for rule in rules:
        for pulse in rule['json'].get('pulse_info', {}).get('pulses', []):
            pulse['description'] = 'x' * 3000
    with Upstream(rules) as upstream:
        relay = gateway('disk', upstream.url, ('otx',))
        relay.serve(TMPDIR=folder)
        workers = relay.workers()
        token = harness.jwt(dict(CLAIMS['otx'], CTR_ENTITIES_LIMIT=1000))
        status, text = send(relay, '/otx/observe/observables', asked,
                            token, 60)
        same(status, 200, 'status')
        try:
            json.loads(text)
            fail('a part passes for the whole')
        except ValueError:
            pass
        tail = text[text.rindex(b',"errors":'):]
        same(json.loads(b'{' + tail[1:] + b'}')['errors'][-1], {
            'type': 'warning', 'code': 'internal error',
            'message': 'The gateway could not hold the answer'}, 'the end')
        lines = [r['message'] for r in relay.records()
                 if 'answer could' in r.get('message', '')]
        same(lines, ['relay otx: an answer could not be held and was cut: '
                     '%s: %s' % (folder, cause)], 'the log')
        same(relay.workers(), workers, 'workers')
        same(relay.stop(), 0, 'exit status')


def test_full_disk_under_the_spill_file():
    folder = harness.small_disk(256)
    try:
        answer_too_large_for(folder, 'No space left on device')
    finally:
        harness.run(['umount', folder])


def test_no_folder_for_the_spill_file():
    answer_too_large_for(harness.folder('spill') + '/gone',
                         'No such file or directory')


def tests():
    for name in REQUESTS:
        test = functools.partial(at_every_allocation, name)
        test.limit = 600
        yield 'at_every_allocation/' + name, test
    for megabytes in (60, 100, 160, 250, 400):
        test = functools.partial(address_space, megabytes)
        test.limit = 300
        yield 'address_space/%d' % megabytes, test

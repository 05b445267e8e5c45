# SPDX-License-Identifier: MIT
"""Services played on loopback: an HTTP/1.1 server, with TLS if wanted, that
answers by rules, has the faults of real services, and remembers what it was
asked.

A rule is a dict; the first that fits and is not used up answers:
    request    "GET /path?query" exactly, "*" for all, or left out with
    match      a regular expression for all of that
    with       {header in lower case: value} that the request must have
    times      how often it answers; left out: always
    status, reason, headers
    json, text, file, body   what the body is: a value, text, a file's name
               (below `folder`), bytes
    gzip       true: packed, where the client takes that
    delay      seconds before the answer
    together   the answer waits until so many with this number have come (at
               most 20 s)
    hold       true: the answer waits for release() (at most 20 s)
    fault      one of FAULTS
    size       bytes, for `huge` and `bomb`; pause: seconds, for `drip`
"{UPSTREAM}" in the texts of a rule is the URL of the server.

The 404 for what no rule fits is remembered in `unexpected`."""

import asyncio
import collections
import itertools
import json
import os
import re
import socket
import struct
import threading
import time
import zlib

import testca

REASONS = {200: 'OK', 201: 'Created', 204: 'No Content', 301: 'Moved',
           302: 'Found', 307: 'Temporary Redirect', 400: 'Bad Request',
           401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found',
           429: 'Too Many Requests', 500: 'Internal Server Error',
           502: 'Bad Gateway', 503: 'Service Unavailable',
           504: 'Gateway Timeout'}
HEAD_MAX = 1 << 20
BLOCK = 1 << 20

Request = collections.namedtuple(
    'Request', 'line headers body time connection number')


class Rule:
    """One rule; index is its place in the list."""

    def __init__(self, given, index, url, folder):
        self.index = index
        text = json.dumps({k: v for k, v in given.items() if k != 'body'})
        self.given = dict(given, **json.loads(text.replace('{UPSTREAM}', url)))
        if 'fault' in given and given['fault'] not in FAULTS:
            raise ValueError('fault ' + given['fault'])
        self.left = given.get('times')
        self.match = re.compile(self.given['match']) \
            if 'match' in given else None
        self.body = self.bytes(folder, url)
        self.packed = None

    def bytes(self, folder, url):
        given = self.given
        if 'json' in given:
            return json.dumps(given['json']).encode()
        if 'file' in given:
            with open(os.path.join(folder or '.', given['file']), 'rb') as f:
                return f.read().replace(b'{UPSTREAM}', url.encode())
        if 'body' in given:
            return given['body']
        return given.get('text', '').encode()

    def fits(self, line, headers):
        if self.left == 0:
            return False
        if self.match and not self.match.fullmatch(line):
            return False
        return all(headers.get(k) == v
                   for k, v in self.given.get('with', {}).items())

    def gzip(self):
        if self.packed is None:
            packer = zlib.compressobj(6, zlib.DEFLATED, 31)
            self.packed = packer.compress(self.body) + packer.flush()
        return self.packed


class Upstream:
    """A server that runs from now until stop().

    tls: the name of a certificate of testca.  Attributes to look at:
    requests, unexpected (lists of Request), connections (how many there were),
    handshakes (how many of these resumed no TLS session), open (numbers of those that are), waiting (requests that have no
    answer yet), most_open, most_waiting (at once)."""

    def __init__(self, rules=(), tls=None, host='127.0.0.1', name=None,
                 folder=None):
        self.folder = folder
        family = socket.AF_INET6 if ':' in host else socket.AF_INET
        self.listener = socket.socket(family)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((host, 0))
        self.listener.listen(1024)
        self.port = self.listener.getsockname()[1]
        self.host = '%s:%d' % (name or ('[%s]' % host if ':' in host
                                        else host), self.port)
        self.url = ('https://' if tls else 'http://') + self.host
        self.ssl = testca.server_context(tls) if tls else None
        self.lock = threading.Lock()
        self.numbers = itertools.count(1)
        self.open, self.waiting = set(), 0
        self.rules(rules)
        self.loop = asyncio.new_event_loop()
        # Clients that leave in the middle of a handshake are no news.
        self.loop.set_exception_handler(lambda *_: None)
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        self.ready.wait(10)

    # --- from the test's thread ---

    def rules(self, rules, folder=None):
        """Answers by these from now on, and forgets what it was asked."""
        with self.lock:
            self.folder = folder or self.folder
            made = [Rule(r, i, self.url, self.folder)
                    for i, r in enumerate(rules)]
            self.exact, self.others = {}, []
            for rule in made:
                line = rule.given.get('request')
                if line in (None, '*'):
                    self.others.append(rule)
                else:
                    self.exact.setdefault(line, []).append(rule)
            self.forget()

    def release(self):
        """Lets the answers go that `hold` holds, from now on."""
        self.loop.call_soon_threadsafe(self.released.set)

    def forget(self):
        self.requests, self.unexpected = [], []
        self.connections, self.handshakes = 0, 0
        self.most_open, self.most_waiting = 0, 0

    def lines(self):
        """What it was asked: ["GET /path", …]."""
        return [r.line for r in self.requests]

    def count(self, part=''):
        """How many requests have this in their first line."""
        return sum(part in r.line for r in list(self.requests))

    def stop(self):
        if self.loop.is_running():
            self.loop.call_soon_threadsafe(self.end.set)
        self.thread.join(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # --- in the server's thread ---

    def run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.main())
        self.loop.close()

    async def main(self):
        self.end, self.released = asyncio.Event(), asyncio.Event()
        self.gates = {}
        server = await asyncio.start_server(
            self.serve, sock=self.listener, ssl=self.ssl, limit=HEAD_MAX,
            backlog=1024)
        self.ready.set()
        await self.end.wait()
        server.close()
        tasks = [t for t in asyncio.all_tasks()
                 if t is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def serve(self, reader, writer):
        number = next(self.numbers)
        self.connections += 1
        tls = writer.get_extra_info('ssl_object')
        self.handshakes += tls is not None and not tls.session_reused
        self.open.add(number)
        self.most_open = max(self.most_open, len(self.open))
        try:
            while await self.one(reader, writer, number):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError,
                asyncio.TimeoutError, asyncio.LimitOverrunError):
            pass
        finally:
            self.open.discard(number)
            writer.close()

    async def one(self, reader, writer, number):
        """One request; whether the connection stays."""
        head = (await reader.readuntil(b'\r\n\r\n')).decode('latin-1')
        first, *fields = head[:-4].split('\r\n')
        line = first.rpartition(' ')[0]
        headers = {}
        for field in fields:
            name, _, value = field.partition(':')
            headers[name.strip().lower()] = value.strip()
        body = await reader.readexactly(int(headers.get('content-length', 0)))
        rule = self.pick(line, headers, body, number)
        self.waiting += 1
        self.most_waiting = max(self.most_waiting, self.waiting)
        try:
            if rule is None:
                await send(writer, 404, {}, b'no rule')
                return True
            return await self.answer(rule, reader, writer, headers)
        finally:
            self.waiting -= 1

    def pick(self, line, headers, body, connection):
        with self.lock:
            request = Request(line, headers, body, time.monotonic(),
                              connection, len(self.requests))
            self.requests.append(request)
            for rule in sorted(self.exact.get(line, []) + self.others,
                               key=lambda r: r.index):
                if rule.fits(line, headers):
                    if rule.left is not None:
                        rule.left -= 1
                    return rule
            self.unexpected.append(request)
            return None

    async def answer(self, rule, reader, writer, asked):
        given = rule.given
        if given.get('delay') and await gone(reader, given['delay']):
            return False
        if given.get('hold'):
            await asyncio.wait_for(self.released.wait(), 20)
        if given.get('together'):
            await self.gather(given['together'])
        if 'fault' in given:
            await FAULTS[given['fault']](rule, reader, writer)
            return False
        body, headers = rule.body, dict(given.get('headers', {}))
        if given.get('gzip') and 'gzip' in asked.get('accept-encoding', ''):
            body = rule.gzip()
            headers['Content-Encoding'] = 'gzip'
        await send(writer, given.get('status', 200), headers, body,
                   given.get('reason'))
        return True

    async def gather(self, count):
        gate = self.gates.setdefault(count, [0, asyncio.Event()])
        gate[0] += 1
        if gate[0] >= count:
            gate[1].set()
        await asyncio.wait_for(gate[1].wait(), 20)


def head(status, headers, length, reason=None):
    fields = {'Content-Type': 'application/json'}
    if length is not None:
        fields['Content-Length'] = str(length)
    fields.update(headers)
    if reason is None:
        reason = REASONS.get(status, 'Other')
    return ('HTTP/1.1 %d %s\r\n' % (status, reason) + ''.join(
        '%s: %s\r\n' % f for f in fields.items()) + '\r\n').encode('latin-1')


async def send(writer, status, headers, body, reason=None):
    writer.write(head(status, headers, len(body), reason) + body)
    await writer.drain()


async def gone(reader, seconds):
    """Waits; true as soon as the client has left."""
    waiter = asyncio.ensure_future(reader.read(1))
    try:
        done, _ = await asyncio.wait({waiter}, timeout=seconds)
        return bool(done) and (waiter.exception() is not None or
                               waiter.result() == b'')
    finally:
        waiter.cancel()


# --- faults ------------------------------------------------------------------

def linger(writer):
    """The next close of the connection is a reset."""
    writer.get_extra_info('socket').setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))


async def hang(rule, reader, writer):
    await gone(reader, None)


async def close(rule, reader, writer):
    pass


async def reset(rule, reader, writer):
    linger(writer)
    writer.transport.abort()


async def reset_in_body(rule, reader, writer):
    await send(writer, 200, {'Content-Length': str(len(rule.body))},
               rule.body[:len(rule.body) // 2])
    await asyncio.sleep(0.05)
    await reset(rule, reader, writer)


async def cut(rule, reader, writer):
    await send(writer, 200, {'Content-Length': str(len(rule.body))},
               rule.body[:len(rule.body) // 2])


async def cut_chunked(rule, reader, writer):
    half = rule.body[:len(rule.body) // 2]
    writer.write(head(200, {'Transfer-Encoding': 'chunked'}, None) +
                 b'%x\r\n%s\r\n' % (len(half), half))
    await writer.drain()


async def drip(rule, reader, writer):
    data = head(200, {}, len(rule.body)) + rule.body
    for i in range(len(data)):
        writer.write(data[i:i + 1])
        await writer.drain()
        if await gone(reader, rule.given.get('pause', 0.02)):
            return


async def stall(rule, reader, writer):
    """Half of the body, then nothing."""
    await send(writer, 200, {'Content-Length': str(len(rule.body))},
               rule.body[:len(rule.body) // 2])
    await gone(reader, None)


async def long(rule, reader, writer):
    """The header promises more than there is."""
    await send(writer, 200, {'Content-Length': str(len(rule.body) + 100)},
               rule.body)


async def short(rule, reader, writer):
    """The header promises less than there is."""
    await send(writer, 200, {'Content-Length': str(len(rule.body) // 2)},
               rule.body)


async def junk_header(rule, reader, writer):
    writer.write(b'HTTP/1.1 200 OK\r\n: nothing\r\nno colon at all\r\n'
                 b'X-\x00\x01\xff: \x7f\r\nContent-Length: twelve\r\n\r\n' +
                 rule.body)
    await writer.drain()


async def endless_header(rule, reader, writer):
    writer.write(b'HTTP/1.1 200 OK\r\n')
    for i in range(2000):
        writer.write(b'X-%d: %s\r\n' % (i, b'x' * 4000))
        await writer.drain()
    await gone(reader, 20)


async def no_http(rule, reader, writer):
    writer.write(b'SSH-2.0-OpenSSH_9.2\r\n' + b'\0' * 100)
    await writer.drain()


async def huge(rule, reader, writer):
    """A body that is well-formed as far as anybody gets."""
    left = rule.given.get('size', 300 << 20)
    writer.write(head(200, {}, left))
    block = b'{"results": [' + b'"' + b'a' * (BLOCK - 15) + b'",'
    while left > 0:
        writer.write(block[:left])
        left -= len(block)
        await writer.drain()
        block = b'"' + b'a' * (BLOCK - 3) + b'",'


async def huge_chunked(rule, reader, writer):
    left = rule.given.get('size', 300 << 20)
    writer.write(head(200, {'Transfer-Encoding': 'chunked'}, None))
    block = b'[' + b' ' * (BLOCK - 1)
    while left > 0:
        writer.write(b'%x\r\n%s\r\n' % (len(block), block))
        left -= len(block)
        await writer.drain()
        block = b' ' * BLOCK
    writer.write(b'0\r\n\r\n')
    await writer.drain()


async def bomb(rule, reader, writer):
    """A small body that unpacks to a large one.  Blocks of deflate that end
    with a full flush can be repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    begin = packer.compress(b'[') + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b' ' * BLOCK) + packer.flush(zlib.Z_FULL_FLUSH)
    body = begin + block * (rule.given.get('size', 300 << 20) // BLOCK)
    await send(writer, 200, {'Content-Encoding': 'gzip'}, body)


async def bad_gzip(rule, reader, writer):
    await send(writer, 200, {'Content-Encoding': 'gzip'}, rule.body)


FAULTS = {f.__name__: f for f in (
    hang, close, reset, reset_in_body, cut, cut_chunked, drip, stall, long,
    short, junk_header, endless_header, no_http, huge, huge_chunked, bomb,
    bad_gzip)}

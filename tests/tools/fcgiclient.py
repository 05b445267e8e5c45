# SPDX-License-Identifier: MIT
"""FastCGI client primitives for the tests: build records, send bytes, parse
what comes back.  An address is the path of a unix socket, or (host, port).

Source: FastCGI specification 1.0, section 8 (record layout and constants).
"""

import selectors
import socket
import struct
import time

VERSION = 1
(BEGIN_REQUEST, ABORT_REQUEST, END_REQUEST, PARAMS, STDIN, STDOUT, STDERR,
 DATA, GET_VALUES, GET_VALUES_RESULT, UNKNOWN_TYPE) = range(1, 12)
RESPONDER, AUTHORIZER, FILTER = 1, 2, 3
KEEP_CONN = 1
REQUEST_COMPLETE, CANT_MPX_CONN, OVERLOADED, UNKNOWN_ROLE = range(4)
RECORD_MAX = 65535


def record(kind, content=b'', request_id=1, padding=0, version=VERSION):
    """One record; content is at most 65535 bytes."""
    return (struct.pack('!BBHHBx', version, kind, request_id, len(content),
                        padding) + content + b'\0' * padding)


def begin(role=RESPONDER, flags=0, request_id=1):
    return record(BEGIN_REQUEST, struct.pack('!HB5x', role, flags),
                  request_id)


def length(n):
    """A name's or value's length: one byte, or four above 127."""
    return bytes([n]) if n < 128 else struct.pack('!I', n | 0x80000000)


def pair(name, value):
    if isinstance(name, str):
        name = name.encode()
    if isinstance(value, str):
        value = value.encode('utf-8', 'surrogateescape')
    return length(len(name)) + length(len(value)) + name + value


def pairs(env):
    """The content of PARAMS: a dict, or a list of (name, value)."""
    items = env.items() if isinstance(env, dict) else env
    return b''.join(pair(name, value) for name, value in items)


def stream(kind, data, request_id=1, size=RECORD_MAX):
    """A stream of records of at most size bytes, with its empty end."""
    out = [record(kind, data[i:i + size], request_id)
           for i in range(0, len(data), size)]
    out.append(record(kind, b'', request_id))
    return b''.join(out)


def records(env, body=b'', request_id=1, flags=0):
    """A whole request as a web server sends it.  CONTENT_LENGTH and
    REQUEST_METHOD are as env says; use request() to have them filled in."""
    return (begin(RESPONDER, flags, request_id) +
            stream(PARAMS, pairs(env), request_id) +
            stream(STDIN, body, request_id))


def request(method, path, body=b'', token=None, **more):
    """The usual meta-variables of a request, as a dict for records()."""
    env = {
        'GATEWAY_INTERFACE': 'CGI/1.1',
        'SERVER_PROTOCOL': 'HTTP/1.1',
        'SERVER_SOFTWARE': 'fcgiclient',
        'SERVER_NAME': 'localhost',
        'SERVER_PORT': '80',
        'REQUEST_SCHEME': 'http',
        'HTTP_HOST': 'localhost',
        'REMOTE_ADDR': '127.0.0.1',
        'REQUEST_METHOD': method,
        'REQUEST_URI': path,
        'SCRIPT_NAME': path,
        'QUERY_STRING': '',
        'CONTENT_LENGTH': str(len(body)) if body else '',
        'CONTENT_TYPE': 'application/json' if body else '',
    }
    if token is not None:
        env['HTTP_AUTHORIZATION'] = 'Bearer ' + token
    env.update(more)
    return env


def connect(address, timeout=10):
    if isinstance(address, str):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(timeout)
        try:
            sock.connect(address)
        except OSError:
            sock.close()
            raise
        return sock
    return socket.create_connection(address, timeout)


def drain(sock, timeout=10):
    """Everything until the peer closes or resets; TimeoutError when it does
    not within timeout seconds."""
    end = time.monotonic() + timeout
    out = bytearray()
    while True:
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError('%d bytes, and the peer does not close'
                               % len(out))
        sock.settimeout(left)
        try:
            some = sock.recv(65536)
        except ConnectionResetError:
            return bytes(out)
        if not some:
            return bytes(out)
        out += some


def raw(address, data, timeout=10, shutdown_write=False):
    """Sends bytes as they are and returns what comes until the peer closes.
    A peer that closes while we send is no error."""
    with connect(address, timeout) as sock:
        try:
            sock.sendall(data)
            if shutdown_write:
                sock.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return drain(sock, timeout)


def split(data):
    """The records in data: (type, request id, content).  ValueError for bytes
    that are no whole records."""
    out = []
    at = 0
    while at < len(data):
        if len(data) - at < 8:
            raise ValueError('%d bytes left, no whole record'
                             % (len(data) - at))
        version, kind, rid, size, padding = struct.unpack_from('!BBHHB', data,
                                                               at)
        if version != VERSION:
            raise ValueError('version %d' % version)
        at += 8
        if len(data) < at + size + padding:
            raise ValueError('record of type %d is cut' % kind)
        out.append((kind, rid, data[at:at + size]))
        at += size + padding
    return out


def parse(data):
    """(stdout, stderr, end): the two streams, and (appStatus, protocolStatus)
    of END_REQUEST, None when there was none."""
    out, err, end = bytearray(), bytearray(), None
    for kind, _, content in split(data):
        if kind == STDOUT:
            out += content
        elif kind == STDERR:
            err += content
        elif kind == END_REQUEST:
            end = struct.unpack('!IB3x', content)
    return bytes(out), bytes(err), end


def http(out):
    """A CGI answer: (status, headers with lower-case names, body)."""
    head, sep, body = out.partition(b'\r\n\r\n')
    if not sep:
        head, sep, body = out.partition(b'\n\n')
    if not sep:
        raise ValueError('no end of the header in %r' % out[:200])
    headers = {}
    for line in head.decode('latin-1').splitlines():
        name, _, value = line.partition(':')
        headers[name.strip().lower()] = value.strip()
    status = int(headers.get('status', '200').split()[0])
    return status, headers, body


def call(address, env, body=b'', timeout=10):
    """One request to its end: (status, headers, body)."""
    out, _, end = parse(raw(address, records(env, body), timeout))
    if end is None:
        raise ValueError('no END_REQUEST after %d bytes' % len(out))
    return http(out)


def at_once(address, data, count):
    """So many clients, all connected before the first byte is sent, and all have
    sent theirs before the first answer is read: what each gets, None for one
    whose connection broke, and the seconds from its last byte out to that."""
    selector = selectors.DefaultSelector()
    socks = [connect(address) for _ in range(count)]
    got, sent, answers = {sock: bytearray() for sock in socks}, {}, []
    for sock in socks:
        sock.sendall(data)
        sent[sock] = time.monotonic()
        sock.setblocking(False)
        selector.register(sock, selectors.EVENT_READ)
    end = time.monotonic() + 60
    while got and time.monotonic() < end:
        for key, _ in selector.select(1):
            sock = key.fileobj
            try:
                some = sock.recv(65536)
            except OSError:
                some = None
            if some:
                got[sock] += some
                continue
            answers.append((None if some is None else bytes(got[sock]),
                            time.monotonic() - sent[sock]))
            selector.unregister(sock)
            del got[sock]
            sock.close()
    for sock in got:
        sock.close()
    return answers + [(None, None)] * len(got)

# SPDX-License-Identifier: MIT
"""What the libraries take that the gateway may not: measured on those that are
installed, so that a new release of one that no longer does, or takes more, is
seen.  Each is met by a check of our own, whatever the library does.

json-c is called without its strict mode: since 0.18 that refuses every character
that is not ASCII."""

import ctypes
import functools
import hashlib
import hmac
import json

import harness
from harness import Skipped, same

KEY = b'0123456789abcdef0123456789abcdef'
STRICT = 1


@functools.cache
def library(package, name):
    """A library that the gateway is linked with, and its version."""
    status, out, _ = harness.run(['ldd', harness.program('ctim-relay')])
    same(status, 0, 'ldd')
    paths = [line.split()[2] for line in out.splitlines()
             if line.split()[0].startswith(name + '.so')]
    if not paths:
        raise Skipped('the gateway is not linked with %s here' % name)
    status, out, err = harness.run(['pkg-config', '--modversion', package])
    same(status, 0, err)
    return ctypes.CDLL(paths[0]), tuple(int(n) for n in out.split('.'))


def json_c(text, strict):
    """Whether it takes a text."""
    lib, _ = library('json-c', 'libjson-c')
    for name in ('json_tokener_new_ex', 'json_tokener_parse_ex'):
        getattr(lib, name).restype = ctypes.c_void_p
    tokener = ctypes.c_void_p(lib.json_tokener_new_ex(32))
    lib.json_tokener_set_flags(tokener, STRICT if strict else 0)
    value = ctypes.c_void_p(lib.json_tokener_parse_ex(tokener, text,
                                                      len(text) + 1))
    lib.json_object_put(value)
    lib.json_tokener_free(tokener)
    return value.value is not None


# Whether json-c takes it: leniently, strictly, strictly since 0.18.
JSON = {
    "{'a':1}": (True, True, True), '[NaN]': (True, True, True),
    '{"a":1,"a":2}': (True, True, True), '{"a\\u0000b":1}': (True, True, True),
    '["\\ud800"]': (True, True, True),
    '["a\nb"]': (True, True, False),
    '[99999999999999999999999]': (True, True, False),
    '["ä"]': (True, True, False), '{"ä":1}': (True, True, True),
}


def test_json_c():
    new = library('json-c', 'libjson-c')[1] >= (0, 18)
    for text, (lenient, old, since) in JSON.items():
        same([json_c(text.encode(), strict) for strict in (False, True)],
             [lenient, since if new else old], text)


def token(header, payload, key=KEY):
    text = '%s.%s' % (harness.b64(json.dumps(header)),
                      harness.b64(json.dumps(payload)))
    return text + '.' + harness.b64(hmac.new(key, text.encode(),
                                             hashlib.sha256).digest())


def libjwt(text, key=KEY):
    """Whether it takes a token."""
    lib, _ = library('libjwt', 'libjwt')
    jwt = ctypes.c_void_p()
    status = lib.jwt_decode(ctypes.byref(jwt), text.encode(), key, len(key))
    lib.jwt_free(jwt)
    return status == 0


GOOD = {'alg': 'HS256', 'typ': 'JWT'}


def test_libjwt():
    """One key alone is checked, and nothing else."""
    new = library('libjwt', 'libjwt')[1] >= (1, 17)
    for what, text, taken in (
            ('good', token(GOOD, {}), True),
            ('of another key', token(GOOD, {}, b'x'), False),
            ('expired', token(GOOD, {'exp': 1}), True),
            ('an unknown crit', token(dict(GOOD, crit=['x']), {}), True),
            ('no object', token(GOOD, [1]), True),
            ('behind a NUL', token(GOOD, {}) + '\0junk', True),
            ('hs256', token(dict(GOOD, alg='hs256'), {}), not new),
            ('another type', token(dict(GOOD, typ='x'), {}), new)):
        same(libjwt(text), taken, what)
    same(libjwt(token(GOOD, {}, b'x'), b''), True, 'without a key')

# SPDX-License-Identifier: MIT
"""Certificates and RSA keys for the tests, made with the openssl program: an
authority, and servers of 127.0.0.1, ::1 and localhost that are good, expired,
of another host, or signed by nobody; and of the feeds that are played."""

import json
import os
import ssl

import harness

EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
LOOPBACK = 'DNS:localhost,IP:127.0.0.1,IP:::1'
# name: (names it holds, days it is good for: 0 end when they begin, and openssl
# 3.5 makes none that ends before)
KINDS = {'good': (LOOPBACK, 30), 'expired': (LOOPBACK, 0),
         'wrong_host': ('DNS:other.example', 30),
         'feeds': ('DNS:feed.example,DNS:mirror.example', 30)}
_made = {}


def openssl(*args, input=None):
    status, out, err = harness.run(['openssl', *args], input=input)
    harness.same(status, 0, 'openssl %s\n%s' % (' '.join(args), err))
    return out


def folder():
    if 'folder' not in _made:
        _made['folder'] = harness.folder('certificates')
    return _made['folder']


def path(name):
    return os.path.join(folder(), name)


def ca_file():
    """The authority's certificate, which everybody may read."""
    if 'ca' not in _made:
        openssl('req', '-x509', *EC, '-days', '30', '-subj', '/CN=tests',
                '-keyout', path('ca.key'), '-out', path('ca.pem'))
        os.chmod(path('ca.pem'), 0o644)
        _made['ca'] = path('ca.pem')
    return _made['ca']


def certificate(kind):
    """The paths of certificate and key: good, expired, wrong_host, or
    self_signed."""
    if kind in _made:
        return _made[kind]
    pem, key = path(kind + '.pem'), path(kind + '.key')
    if kind == 'self_signed':
        openssl('req', '-x509', *EC, '-days', '30', '-subj', '/CN=localhost',
                '-addext', 'subjectAltName=' + LOOPBACK,
                '-keyout', key, '-out', pem)
    else:
        names, days = KINDS[kind]
        request, extensions = path(kind + '.csr'), path(kind + '.ext')
        harness.write(extensions, 'subjectAltName=%s\n' % names)
        openssl('req', '-new', *EC, '-subj', '/CN=' + kind, '-keyout', key,
                '-out', request)
        openssl('x509', '-req', '-in', request, '-CA', ca_file(), '-CAkey',
                path('ca.key'), '-CAcreateserial', '-days', str(days),
                '-extfile', extensions, '-out', pem)
    _made[kind] = pem, key
    return _made[kind]


def server_context(kind):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(kind))
    return context


# --- RSA ---------------------------------------------------------------------

def b64_number(number):
    return harness.b64(number.to_bytes((number.bit_length() + 7) // 8, 'big'))


class Rsa:
    """A key pair that signs tokens; one name is one pair."""

    def __init__(self, name, bits=2048):
        self.key = path(name + '.rsa')
        if not os.path.exists(self.key):
            openssl('genpkey', '-algorithm', 'RSA', '-pkeyopt',
                    'rsa_keygen_bits:%d' % bits, '-out', self.key)
        text = openssl('rsa', '-in', self.key, '-noout', '-modulus')
        self.modulus = int(text.strip().partition('=')[2], 16)
        self.public = openssl('rsa', '-in', self.key, '-pubout')

    def jwk(self, kid, **more):
        return dict({'kty': 'RSA', 'kid': kid, 'alg': 'RS256', 'use': 'sig',
                     'n': b64_number(self.modulus), 'e': 'AQAB'}, **more)

    def sign(self, text):
        """The RS256 signature of a text, as a token holds it."""
        source, out = path('to-sign'), path('signature')
        harness.write(source, text)
        openssl('dgst', '-sha256', '-sign', self.key, '-out', out, source)
        with open(out, 'rb') as f:
            return harness.b64(f.read())

    def jwt(self, payload, kid='1', header=None):
        """A token; header replaces what it would have, kid None leaves it
        out."""
        if header is None:
            header = {'alg': 'RS256', 'typ': 'JWT'}
            if kid is not None:
                header['kid'] = kid
        text = '%s.%s' % (harness.b64(json.dumps(header)),
                          harness.b64(json.dumps(payload)))
        return text + '.' + self.sign(text)

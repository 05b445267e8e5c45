# SPDX-License-Identifier: MIT
"""AWS Signature Version 4 as a service verifies it, from what it received alone.
Source: AWS IAM User Guide, "Create a signed AWS API request"; the S3 API reference,
"Authenticating Requests: Using the Authorization Header"."""

import calendar
import hashlib
import hmac
import re
import time
import urllib.parse

from upstream import Rule, Upstream

AUTHORIZATION = re.compile(
    r'AWS4-HMAC-SHA256 Credential=([^/,]+)/(\d{8})/([^/,]+)/([^/,]+)/'
    r'aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})')


def escape(raw, keep=''):
    """Each byte but the unreserved ones as %XX."""
    return urllib.parse.quote(raw, safe=keep + '-._~')


def canonical_query(query):
    """Names and values decoded, escaped, and in order; a plus is a blank."""
    pairs = []
    for part in filter(None, query.split('&')):
        name, _, value = part.partition('=')
        pairs.append(tuple(escape(urllib.parse.unquote_to_bytes(
            word.replace('+', ' '))) for word in (name, value)))
    return '&'.join('%s=%s' % pair for pair in sorted(pairs))


def canonical_path(path, service):
    """S3 takes a path as it is; the others have it escaped once more, and without
    segments that are empty or dots."""
    if service == 's3':
        return path
    assert not re.search(r'//|/\.{1,2}(/|$)', path), path
    return escape(path.encode('latin-1'), '/')


def signature(method, target, headers, body, names, stamp, region, service, key):
    """What the signature of a request has to be; headers: lower case."""
    path, _, query = target.partition('?')
    payload = headers.get('x-amz-content-sha256') or \
        hashlib.sha256(body).hexdigest()
    canonical = '\n'.join([
        method, canonical_path(path or '/', service), canonical_query(query)] + [
        '%s:%s' % (n, ' '.join(headers[n].split())) for n in names] + [
        '', ';'.join(names), payload])
    scope = '%s/%s/%s/aws4_request' % (stamp[:8], region, service)
    text = '\n'.join(['AWS4-HMAC-SHA256', stamp, scope, hashlib.sha256(
        canonical.encode('latin-1')).hexdigest()])
    mac = ('AWS4' + key).encode()
    for word in (stamp[:8], region, service, 'aws4_request', text):
        mac = hmac.new(mac, word.encode(), hashlib.sha256).digest()
    return mac.hex()


def verify(line, headers, body, key, now):
    """Why a request is not signed as it should be, or None; and (access key id,
    region, service, names of the signed fields)."""
    found = AUTHORIZATION.fullmatch(headers.get('authorization', ''))
    if found is None:
        return 'no signature: %r' % headers.get('authorization'), None
    ident, day, region, service, names, given = found.groups()
    names = names.split(';')
    said = (ident, region, service, names)
    stamp = headers.get('x-amz-date', '')
    if not re.fullmatch(r'\d{8}T\d{6}Z', stamp) or stamp[:8] != day:
        return 'X-Amz-Date: %r' % stamp, said
    if abs(calendar.timegm(time.strptime(stamp, '%Y%m%dT%H%M%SZ')) - now) > 300:
        return 'another time: %s' % stamp, said
    wrong = [n for n in names if n not in headers] + [
        n for n in headers if n not in names and n.startswith('x-amz-')]
    if names != sorted(set(names)) or 'host' not in names or wrong:
        return 'SignedHeaders: %s, %s' % (names, wrong), said
    if headers.get('x-amz-content-sha256') not in (
            'UNSIGNED-PAYLOAD', hashlib.sha256(body).hexdigest()):
        return 'X-Amz-Content-Sha256 is of something else', said
    method, target = line.split(' ', 1)
    if target.startswith('http://'):        # as a proxy gets it
        target = '/' + target.split('/', 3)[3]
    if signature(method, target, headers, body, names, stamp, region, service,
                 key) != given:
        return 'SignatureDoesNotMatch', said
    return None, said


class Signed(Upstream):
    """A played service that answers 403 to what is not signed with its key; said
    has what verify() found of each request."""

    def __init__(self, rules, key, **more):
        self.key, self.said = key, []
        super().__init__(rules, **more)

    def pick(self, line, headers, body, connection):
        rule = super().pick(line, headers, body, connection)
        why, said = verify(line, headers, body, self.key, time.time())
        self.said.append((why, said))
        return rule if why is None else Rule(
            {'request': '*', 'status': 403, 'json': {'message': why}}, 0,
            self.url, None)

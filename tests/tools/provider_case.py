# SPDX-License-Identifier: MIT
"""Cases of the providers, as folders tests/cases/PROVIDER/NAME/ with

    request.json   {"route": "observe/observables", "claims": {…}, "body": […]}
                   and, where it matters, "relay": {key: value} of the relay's
                   section and "http": {…} of that section
    upstream.json  the rules by which the service is played (upstream.py)
    expected_upstream.json
                   {"headers": {what every request must have},
                    "connections": how many at most (left out: any),
                    "requests": ["GET /path", {"request": "POST /path",
                    "headers": {…}, "form": {…}, "times": n}, …]},
                   all that arrived, in any order
    answer.json    the answer

In all of them "{UPSTREAM}" is the service's URL.  In the answer
    {v5:NAME}      the version 5 UUID of NAME in the X.500 namespace
    {label}        in place of a UUID: one of version 4, the same wherever the
                   same label stands, and another one for every label
    {*}            any text
Entities of a kind may come in any order, save those of one observable: these
must come in the order given (relationships in any; indicators too, unless all
is about one observable).  Errors may come in any order.  A header value
"~TEXT" is a regular expression.

Claims hold the credentials; those of every case differ, and are searched for
in the log."""

import glob
import json
import os
import re
import urllib.parse
import uuid

import fcgiclient as fcgi
import harness
import testca
from harness import Gateway, fail, holds, same
from upstream import Upstream

FOLDER = os.path.join(harness.TESTS, 'cases')
PROVIDERS = ('otx', 'spycloud', 'qualys')
# Where each relay is told of its service.
URLS = {'otx': {'url': '{UPSTREAM}'},
        'spycloud': {'url': '{UPSTREAM}/enterprise-v2',
                     'portal_url': 'https://portal.example', 'rate': '1000'},
        'qualys': {'api_url': '{UPSTREAM}',
                   'platform_url': 'https://platform.example'}}
UUID4 = re.compile(r'(transient:[a-z-]+)-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-'
                   r'[89ab][0-9a-f]{3}-[0-9a-f]{12}')
LABEL = re.compile(r'(transient:[a-z-]+)-(\{[a-z0-9_]+\})')
NAMED = re.compile(r'\{v5:([^}]*)\}')


# --- the gateway -------------------------------------------------------------

def gateway(name, url, providers=PROVIDERS, relay=None, **sections):
    """A gateway whose relays ask a service at url.  relay: keys of every
    section [relay]; sections: keys of the others, as server={…}."""
    made = {'http': {'allow_private': 'yes', 'retries': '0', 'breaker': '0',
                     'ca_file': testca.ca_file()}}
    for section, keys in sections.items():
        made.setdefault(section, {}).update(keys)
    text = ''
    for provider in providers:
        text += '[relay %s]\n' % provider
        for key, value in dict(URLS[provider], **(relay or {})).items():
            if value is not None:
                text += '%s = %s\n' % (key, value.replace('{UPSTREAM}', url))
        text += '\n'
    return Gateway(name, relays=text, sections=made)


# Short, as no test that is sound waits for these; seconds.
TIMEOUT, DEADLINE = 2, 4


def pool(url, name='fault', **sections):
    """A pool of its own."""
    sections.setdefault('http', {})
    sections['http'] = dict({'timeout': str(TIMEOUT),
                             'deadline': str(DEADLINE)}, **sections['http'])
    return gateway(name, url, **sections).serve()


def ended(relay):
    """Stops a pool, which must end well."""
    same(relay.stop(), 0, 'exit status of the pool\n' +
         harness.read(relay.stderr)[-2000:])


CLOCKS = 0.05  # s by which the clocks of gateway, Redis and test may differ

CLAIMS = {'otx': {'key': 'otx-key'}, 'spycloud': {'key': 'spycloud-key'},
          'qualys': {'user': 'somebody', 'pass': 'qualys-password'}}


class Reply:
    """What the gateway answered."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        same(status, 200, 'status of %r' % body[:500])
        try:
            self.json = json.loads(body)
        except ValueError as error:
            fail('the answer is no JSON: %s\n%r' % (error, body[-500:]))
        self.data = self.json.get('data')
        self.errors = self.json.get('errors', [])

    def docs(self, kind):
        return ((self.data or {}).get(kind) or {}).get('docs', [])

    def values(self):
        """The values of the observables that have a sighting."""
        return sorted({d['observables'][0]['value']
                       for d in self.docs('sightings')})

    def codes(self):
        return sorted((e['type'], e['code']) for e in self.errors)


def ask(relay, path, body=None, claims=None, token=None, timeout=30, **env):
    """One request over the pool's socket."""
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    if token is None:
        name = path.strip('/').split('/')[0]
        token = harness.jwt(dict(CLAIMS.get(name, {}), **(claims or {})))
    request = fcgi.request('POST', path, body or b'', token, **env)
    return Reply(*fcgi.call(relay.socket, request, body or b'', timeout))


def rate_kept(upstream, rate, since):
    """No call came before its turn, of which there were so many a second from
    the time.monotonic() `since` on.  A busy machine moves calls, but never to
    an earlier time."""
    times = sorted(r.time for r in upstream.requests if r.time >= since)
    early = ['call %d after %.3f s' % (n, t - since)
             for n, t in enumerate(times)
             if t - since < n // rate - CLOCKS]
    same(early, [], 'calls before their turn, of %d a second' % rate)


def no_secret(relay, secrets):
    """None of the secrets stands in what the gateway wrote."""
    for path in [relay.log, relay.stderr] + glob.glob(
            os.path.join(relay.folder, 'cache', '*')):
        if not os.path.exists(path):
            continue
        with open(path, 'rb') as f:
            text = f.read()
        for secret in secrets:
            holds(secret.encode() not in text,
                  '%s holds the secret %s' % (path, secret))


# --- a case ------------------------------------------------------------------

class Case:
    def __init__(self, folder):
        self.folder = folder
        self.provider = os.path.basename(os.path.dirname(folder))
        self.name = os.path.basename(folder)

    def load(self, file, url):
        text = harness.read(os.path.join(self.folder, file))
        return json.loads(text.replace('{UPSTREAM}', url))


def cases():
    for provider in PROVIDERS:
        for path in sorted(glob.glob(os.path.join(FOLDER, provider, '*', ''))):
            yield Case(path.rstrip('/'))


class Stage:
    """A service and the gateways that ask it, for the cases of a provider."""

    def __init__(self, provider):
        self.provider = provider
        self.upstream = Upstream()
        self.gateways = {}
        self.secrets = set()

    def gateway(self, request):
        key = json.dumps([request.get('relay'), request.get('http')])
        if key not in self.gateways:
            self.gateways[key] = gateway(
                'case-' + self.provider, self.upstream.url, [self.provider],
                request.get('relay'), http=request.get('http', {})).serve()
        return self.gateways[key]

    def run(self, case):
        url = self.upstream.url
        request = case.load('request.json', url)
        relay = self.gateway(request)
        self.secrets.update(v for k, v in request['claims'].items()
                            if k in ('key', 'pass'))
        self.upstream.rules(json.loads(harness.read(
            os.path.join(case.folder, 'upstream.json'))), case.folder)
        reply = ask(relay, '/%s/%s' % (self.provider, request['route']),
                    request.get('body'), token=harness.jwt(request['claims']))
        compare(reply.json, case.load('answer.json', url))
        arrived(self.upstream, case.load('expected_upstream.json', url))
        if 'observe' in request['route']:
            harness.validate_ctim(reply.json)

    def close(self):
        self.upstream.stop()
        for relay in self.gateways.values():
            same(relay.stop(), 0, 'exit status of the pool\n' +
                 harness.read(relay.stderr)[-2000:])
            no_secret(relay, self.secrets)


# --- what came to the service ------------------------------------------------

def fits(expected, value):
    if expected.startswith('~'):
        return value is not None and re.fullmatch(expected[1:], value)
    return value == expected


def arrived(upstream, expected):
    """Compares what the service was asked with what it must have been."""
    wanted = []
    for item in expected['requests']:
        item = {'request': item} if isinstance(item, str) else item
        wanted += [item] * item.get('times', 1)
    got = list(upstream.requests)
    same(sorted(r.line for r in got), sorted(w['request'] for w in wanted),
         'what the service was asked')
    for item in wanted:
        headers = dict(expected.get('headers', {}), **item.get('headers', {}))
        reasons = []
        for request in got:
            if request.line == item['request']:
                reason = differs(request, headers, item.get('form'))
                if reason is None:
                    got.remove(request)
                    break
                reasons.append(reason)
        else:
            fail('%s\n  %s' % (item['request'], '\n  '.join(reasons)))
    if 'connections' in expected:
        holds(upstream.connections <= expected['connections'],
              '%d connections' % upstream.connections)


def differs(request, headers, form):
    for name, value in headers.items():
        if not fits(value, request.headers.get(name.lower())):
            return 'header %s is %r, not %r' % (
                name, request.headers.get(name.lower()), value)
    if form is not None:
        pairs = urllib.parse.parse_qsl(request.body.decode('latin-1'), True,
                                       True, encoding='utf-8')
        if dict(pairs) != form or len(pairs) != len(form):
            return 'the form is %r' % request.body
    return None


# --- the answer --------------------------------------------------------------

def compare(got, expected):
    """Compares an answer with the expected one, labels and all."""
    expected = json.loads(NAMED.sub(lambda m: str(
        uuid.uuid5(uuid.NAMESPACE_X500, m.group(1))), json.dumps(expected)))
    same(sorted(got), sorted(expected), 'members of %s' % pretty(got))
    unordered(got.get('errors', []), expected.get('errors', []), 'errors')
    mine, theirs = expected.get('data'), got.get('data')
    if not isinstance(mine, dict) or 'status' in mine:
        same(theirs, mine, 'data')
        return
    same(sorted(theirs), sorted(mine), 'kinds in %s' % pretty(got))
    ids = {}
    alone = len({about(d) for d in mine.get('sightings', {}).get('docs', [])}
                ) <= 1
    for kind in sorted(mine, key=lambda k: k == 'relationships'):
        same(theirs[kind]['count'], len(theirs[kind]['docs']), 'count')
        same(mine[kind]['count'], len(mine[kind]['docs']), 'expected count')
        places = docs(kind, theirs[kind]['docs'], mine[kind]['docs'], ids)
        for order in places.values():
            if kind in ('sightings', 'judgements', 'verdicts') or \
                    kind == 'indicators' and alone:
                same(order, sorted(order), '%s: order' % kind)


def pretty(value):
    return json.dumps(value, indent=1, sort_keys=True)[:4000]


def masked(doc, ids):
    """The doc as text, its version 4 ids replaced: those that have a label by
    it, others by a star."""
    def one(match):
        return ids.get(match.group(0), match.group(1) + '-*')
    return UUID4.sub(one, json.dumps(doc, sort_keys=True))


def docs(kind, got, expected, ids):
    """Pairs the docs of a kind; ids: {id: "transient:TYPE-{label}"}.  Returns
    the places of those about the same observable, as expected."""
    left = list(enumerate(got))
    places = {}
    for doc in expected:
        text = json.dumps(doc, sort_keys=True)
        label = LABEL.search(json.dumps(doc.get('id', '')))
        if label:       # its own id may be any of version 4
            text = json.dumps(dict(doc, id=label.group(1) + '-*'),
                              sort_keys=True)
        for place, candidate in left:
            seen = masked(candidate, ids)
            if matches(text, seen):
                break
        else:
            fail('%s: not in the answer\n  %s\nleft in the answer\n  %s' % (
                kind, text, '\n  '.join(masked(c, ids) for _, c in left)))
        left = [item for item in left if item[0] != place]
        places.setdefault(about(doc), []).append(place)
        if label:
            holds(candidate['id'] not in ids, 'the id of\n  %s\nis another\'s'
                  % text)
            ids[candidate['id']] = '%s-%s' % label.groups()
    holds(not left, '%s: not expected\n  %s' % (
        kind, '\n  '.join(masked(c, ids) for _, c in left)))
    return places


def about(doc):
    """The observable that a sighting, a judgement or a verdict is about."""
    return json.dumps(doc.get('observables') or doc.get('observable'))


def matches(expected, text):
    if '{*}' not in expected:
        return expected == text
    return re.fullmatch('.*'.join(map(re.escape, expected.split('{*}'))), text)


def unordered(got, expected, what):
    left = [json.dumps(g, sort_keys=True) for g in got]
    for item in expected:
        text = json.dumps(item, sort_keys=True)
        for candidate in left:
            if matches(text, candidate):
                left.remove(candidate)
                break
        else:
            fail('%s: looked for\n  %s\nin\n  %s' % (what, text,
                                                   '\n  '.join(left)))
    holds(not left, '%s: not expected\n  %s' % (what, '\n  '.join(left)))

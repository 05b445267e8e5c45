# SPDX-License-Identifier: MIT
"""What the played services answer, from short descriptions: rules for
upstream.py, with the real routes.  `instead`, as {"fault": …} or
{"status": …}, takes the place of a rule's answer."""

from urllib.parse import quote

CREATED = '2020-04-16T10:20:30'
CATEGORIES = {'domain': 'domain', 'md5': 'file', 'sha1': 'file',
              'sha256': 'file', 'ip': 'IPv4', 'ipv6': 'IPv6', 'url': 'url'}


def observables(kind, *values):
    return [{'type': kind, 'value': value} for value in values]


def answers(request, content, instead):
    """A rule; instead: members that replace what it would answer."""
    return replaced({'request': request, 'json': content}, instead)


def replaced(rule, instead):
    if instead and 'text' in instead:
        rule = {k: v for k, v in rule.items() if k != 'json'}
    return dict(rule, **(instead or {}))


# --- OTX ---------------------------------------------------------------------

def otx_general(kind, value):
    return 'GET /api/v1/indicators/%s/%s/general' % (
        CATEGORIES[kind], quote(value, safe='@:'))


def otx_page(pulse, page=1):
    return 'GET /api/v1/pulses/%s/indicators?sort=-created&limit=10000' \
        '&page=%d' % (pulse, page)


def otx_pulse_id(value, number):
    return 'p%d-%s' % (number, quote(value, safe='').replace('%', ''))


def otx_pulse(value, number):
    return {'id': otx_pulse_id(value, number), 'name': 'Pulse %d' % number,
            'description': 'About ' + value, 'TLP': 'green', 'tags': ['tag'],
            'author': {'username': 'somebody'},
            'indicator_type_counts': {'x': 1}}


def otx(asked, pulses=1, entries=3, general=None, page=None):
    """Rules for observables: so many pulses each, pages of so many entries of
    which the last is the one.  general, page: {value: instead}, the latter for
    the first pulse of a value."""
    rules = []
    for item in asked:
        value = item['value']
        rules.append(answers(otx_general(item['type'], value), {
            'base_indicator': {'type': 'x', 'indicator': value},
            'pulse_info': {'pulses': [otx_pulse(value, n)
                                      for n in range(pulses)]}},
            (general or {}).get(value)))
        for n in range(pulses):
            found = [{'indicator': 'other-%d.example' % i, 'created': CREATED,
                      'expiration': None} for i in range(entries - 1)]
            found.append({'indicator': value, 'expiration': None,
                          'created': CREATED[:-2] + '%02d' % (59 - n % 60)})
            rules.append(answers(
                otx_page(otx_pulse_id(value, n)),
                {'results': found, 'next': None},
                (page or {}).get(value) if n == 0 else None))
    return rules


# --- SpyCloud ----------------------------------------------------------------

BASE = '/enterprise-v2'


def spycloud_breach(email):
    return 'GET %s/breach/data/emails/%s' % (BASE, quote(email, safe='@'))


def spycloud_catalog(source):
    return 'GET %s/breach/catalog/%s' % (BASE, source)


def spycloud(emails, records=2, sources=1, breach=None, catalog=None):
    """Rules for email addresses; breach: {email: instead}, catalog: {source:
    instead}."""
    rules = []
    for email in emails:
        rules.append(answers(spycloud_breach(email), {'results': [
            {'document_id': '%s-%d' % (email, n), 'source_id': n % sources + 1,
             'spycloud_publish_date': '2020-01-%02dT00:00:00Z' % (n % 28 + 1),
             'severity': 20, 'email': email, 'password': SECRET}
            for n in range(records)]}, (breach or {}).get(email)))
    for source in range(1, sources + 1):
        rules.append(answers(spycloud_catalog(source), {'results': [
            {'id': source, 'uuid': 'uuid-%d' % source, 'title': 'Breach',
             'description': 'What happened', 'confidence': 1, 'assets': {},
             'spycloud_publish_date': '2019-01-01T00:00:00Z'}]},
            (catalog or {}).get(source)))
    return rules


# What a breach record holds and the cache must not.
SECRET = 'a-password-of-a-breach'

# --- Qualys ------------------------------------------------------------------

QUALYS_TOKEN = 'qualys-bearer-token'


def qualys_sign_in(**instead):
    return dict({'request': 'POST /auth', 'text': QUALYS_TOKEN}, **instead)


def qualys_filter(md5):
    return quote('file.hash.md5: "%s"' % md5)


def qualys(hashes, events=1, active=None, sign_in=None):
    """Rules for MD5 hashes, so many active events each; active: {hash:
    instead}."""
    rules = [qualys_sign_in(**(sign_in or {}))]
    for md5 in hashes:
        part = r'GET /ioc/events\?pageSize=\d+&filter=' + qualys_filter(md5)
        rules.append(replaced({'match': part + '&state=true', 'json': [
            {'id': 'event-%s-%d' % (md5, n), 'score': '8', 'asset': {},
             'dateTime': '2020-03-26T15:28:09.000+0000'}
            for n in range(events)]}, (active or {}).get(md5)))
        rules.append({'match': part, 'json': []})
    return rules

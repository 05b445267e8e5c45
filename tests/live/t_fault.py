# SPDX-License-Identifier: MIT
"""Services that are slow, broken or hostile: what else was asked is answered,
the right error is there, and the pool serves on."""

import functools
import itertools
import time

import harness
import services
from harness import holds, same
from provider_case import (CLAIMS, DEADLINE, TIMEOUT, ask, ended, gateway,
                           pool)
from services import observables, otx, otx_general, otx_page, otx_pulse_id
from upstream import Upstream

# A guard against what hangs, on a machine as slow as they come; no speed test.
GUARD = DEADLINE + 1 + 6
GOOD, BAD = ['a.example', 'b.example', 'c.example'], 'bad.example'
ASKED = observables('domain', GOOD[0], BAD, *GOOD[1:])
OBSERVE = '/otx/observe/observables'


class Otx:
    """What is asked of a service, and its rules, `instead` being what the bad
    observable meets."""
    asked, bad, path = ASKED, BAD, OBSERVE

    @staticmethod
    def rules(instead=None):
        return otx(ASKED, general={BAD: instead})

    @staticmethod
    def is_bad(line):
        return line == otx_general('domain', BAD)


class Spycloud:
    emails = ['a@good.example', 'a@bad.example', 'b@good.example']
    asked, bad = observables('email', *emails), emails[1]
    path = '/spycloud/observe/observables'

    @classmethod
    def rules(cls, instead=None):
        return services.spycloud(cls.emails, breach={cls.bad: instead})

    @classmethod
    def is_bad(cls, line):
        return line == services.spycloud_breach(cls.bad)


class Qualys:
    hashes = [c * 32 for c in 'abc']
    asked, bad = observables('md5', *hashes), hashes[1]
    path = '/qualys/observe/observables'

    @classmethod
    def rules(cls, instead=None):
        return services.qualys(cls.hashes, active={cls.bad: instead or {}})

    @classmethod
    def is_bad(cls, line):
        return cls.bad in line and 'state=true' in line


SERVICES = {'otx': Otx, 'spycloud': Spycloud, 'qualys': Qualys}
LOST = ('connection error',)
ODD = ('unknown',)
EITHER = ('connection error', 'unknown')

# name: (what takes the place of an answer, the codes that fit)
FAULTS = {
    'hangs': ({'fault': 'hang'}, LOST),
    'stalls': ({'fault': 'stall'}, LOST),
    'drips': ({'fault': 'drip', 'pause': 0.1}, LOST),
    'closes': ({'fault': 'close'}, LOST),
    'resets': ({'fault': 'reset'}, LOST),
    'resets_in_the_body': ({'fault': 'reset_in_body'}, EITHER),
    'cuts': ({'fault': 'cut'}, EITHER),
    'cuts_chunks': ({'fault': 'cut_chunked'}, EITHER),
    'says_too_long': ({'fault': 'long'}, EITHER),
    'says_too_short': ({'fault': 'short'}, EITHER),
    'junk_header': ({'fault': 'junk_header'}, EITHER),
    'endless_header': ({'fault': 'endless_header'}, EITHER),
    'no_http': ({'fault': 'no_http'}, EITHER),
    'huge': ({'fault': 'huge'}, EITHER),
    'huge_chunked': ({'fault': 'huge_chunked'}, EITHER),
    'gzip_bomb': ({'fault': 'bomb'}, EITHER),
    'no_gzip': ({'fault': 'bad_gzip'}, EITHER),
    'html': ({'text': '<html><body>Down</body></html>'}, ODD),
    'empty': ({'text': ''}, ODD),
    'half_json': ({'text': '{"pulse_info": {"pulses": ['}, ODD),
    'no_json': ({'text': '{"a": nonsense}'}, ODD),
    'deep': ({'text': '[' * 5000 + ']' * 5000}, ODD),
    'many_values': ({'text': '[' + '{},' * 300000 + '0]'}, ODD),
    'status_429': ({'status': 429}, ('too many requests',)),
    'status_500': ({'status': 500}, ('internal error',)),
    'status_502': ({'status': 502}, ('service unavailable',)),
    'status_503': ({'status': 503}, ('service unavailable',)),
    'status_504': ({'status': 504}, ('service unavailable',)),
    'status_418': ({'status': 418}, ODD),
    'status_999': ({'status': 999}, ODD),
}
# What is no fault to who looks for one entry of a page.
NOT_OF_PAGES = ('says_too_short', 'says_too_long', 'many_values')

_number = itertools.count(1)
_shared = {}


def service():
    """A service and a pool that asks it, for the tests that leave both as
    they were."""
    if not _shared:
        _shared['upstream'] = Upstream()
        _shared['relay'] = gateway(
            'fault', _shared['upstream'].url, http={
                'timeout': str(TIMEOUT), 'deadline': str(DEADLINE),
                'connect_timeout': '1'}).serve()
    return _shared['upstream'], _shared['relay']


def close():
    if _shared:
        _shared['upstream'].stop()
        relay = _shared['relay']
        _shared.clear()
        ended(relay)


def timed(relay, path=OBSERVE, body=ASKED, **kwargs):
    began = time.monotonic()
    reply = ask(relay, path, body, **kwargs)
    seconds = time.monotonic() - began
    holds(seconds < GUARD, 'the answer took %.1f s' % seconds)
    return reply


def values(asked, *without):
    return sorted(o['value'] for o in asked if o['value'] not in without)


def one_warning(reply, codes):
    same(len(reply.errors), 1, 'errors: %s' % reply.errors)
    error = reply.errors[0]
    same(error['type'], 'warning', 'type: %s' % error)
    holds(error['code'] in codes, '%s, not %s' % (error, ' or '.join(codes)))
    for claims in CLAIMS.values():
        for name in ('key', 'pass'):
            holds(claims.get(name, '\0') not in error['message'],
                  'a secret: %s' % error)


def alive(relay, workers):
    """None of the processes that were there has ended."""
    same(set(workers) - set(relay.workers()), set(), 'processes that ended')


def serves_on(upstream, relay, workers, what=Otx):
    """The same processes answer the next request whole."""
    upstream.rules(what.rules())
    reply = timed(relay, what.path, what.asked)
    same((reply.values(), reply.errors), (values(what.asked), []),
         'the request after it')
    alive(relay, workers)


# --- one observable of several meets it --------------------------------------

def fault_of_a_call(what, instead, codes):
    upstream, relay = service()
    workers = relay.workers()
    upstream.rules(what.rules(instead))
    reply = timed(relay, what.path, what.asked)
    same(reply.values(), values(what.asked, what.bad), 'the others')
    one_warning(reply, codes)
    calls = sum(map(what.is_bad, upstream.lines()))
    # libcurl itself asks again where a kept connection ends without a word.
    holds(calls == 1 or calls <= 6 and instead.get('fault') in
          ('close', 'reset'), '%d calls' % calls)
    serves_on(upstream, relay, workers, what)


def fault_of_a_page(instead, codes):
    """A pulse of OTX that fails loses itself alone."""
    upstream, relay = service()
    workers = relay.workers()
    upstream.rules(otx(ASKED, pulses=2, page={BAD: instead}))
    reply = timed(relay)
    same(reply.values(), values(ASKED), 'observables')
    same(len(reply.docs('sightings')), 7, 'sightings')
    one_warning(reply, codes)
    serves_on(upstream, relay, workers)


def fault_of_a_catalog(instead, codes):
    """So does an entry of SpyCloud's catalog, with one warning for all that
    wanted it."""
    upstream, relay = service()
    workers = relay.workers()
    upstream.rules(services.spycloud(Spycloud.emails, sources=2,
                                     catalog={1: instead}))
    reply = timed(relay, Spycloud.path, Spycloud.asked)
    same(reply.values(), values(Spycloud.asked), 'observables')
    same((len(reply.docs('sightings')), len(reply.docs('indicators'))), (6, 1),
         'sightings and indicators')
    one_warning(reply, codes)
    serves_on(upstream, relay, workers, Spycloud)


def fault_of_signing_in(instead, codes):
    """Without a token nothing is asked, and the next request tries again."""
    upstream, relay = service()
    # Credentials of their own: a token may be kept.
    claims = {'user': 'user %d' % next(_number), 'pass': 'x'}
    upstream.rules(services.qualys(Qualys.hashes, sign_in=instead))
    reply = timed(relay, Qualys.path, Qualys.asked, claims=claims)
    same(reply.data, None, 'data')
    for error in reply.errors:
        same(error['type'], 'fatal', 'type: %s' % error)
        holds(error['code'] in codes, '%s, not %s' % (error, codes))
    same(upstream.count('/ioc/events'), 0, 'calls without a token')
    upstream.rules(Qualys.rules())
    same(timed(relay, Qualys.path, Qualys.asked, claims=claims).values(),
         values(Qualys.asked), 'the next request')


def tests():
    for name, (instead, codes) in FAULTS.items():
        for service_name, what in SERVICES.items():
            yield '%s/%s' % (service_name, name), functools.partial(
                fault_of_a_call, what, instead, codes)
        if name not in NOT_OF_PAGES:
            yield 'otx_page/' + name, functools.partial(
                fault_of_a_page, instead, codes)
        yield 'spycloud_catalog/' + name, functools.partial(
            fault_of_a_catalog, instead, codes)
        # Any text is a token there.
        if 'text' not in instead and name != 'says_too_short':
            yield 'qualys_sign_in/' + name, functools.partial(
                fault_of_signing_in, instead, codes)
    for status in (301, 302, 303, 307, 308):
        yield 'redirect/%d' % status, functools.partial(fault_redirect, status)
    for name in UNREACHABLE:
        yield 'unreachable/' + name, functools.partial(fault_unreachable, name)


def fault_redirect(status):
    """It is not followed, so no key reaches another host."""
    upstream, relay = service()
    with Upstream([{'request': '*', 'json': {}}]) as other:
        away = {'status': status, 'headers': {'Location': other.url + '/x'}}
        upstream.rules(otx(ASKED, general={BAD: away}))
        reply = timed(relay)
        same(reply.values(), GOOD, 'the others')
        one_warning(reply, ODD)
        upstream.rules(otx(ASKED, pulses=2, page={BAD: away}))
        one_warning(timed(relay), ODD)
        upstream.rules([dict({'request': 'POST /auth'}, **away)])
        reply = timed(relay, '/qualys/health', None,
                      claims={'user': 'user %d' % next(_number)})
        same([e['type'] for e in reply.errors], ['fatal'], 'of signing in')
        same(other.connections, 0, 'connections to the other host')


def test_next_of_another_host():
    """A page's `next` is never followed as a URL."""
    upstream, relay = service()
    with Upstream([{'request': '*', 'json': {}}]) as other:
        value = GOOD[0]
        pulse = otx_pulse_id(value, 0)
        upstream.rules(otx(observables('domain', value), page={value: {
            'json': {'results': [], 'next': other.url + '/api?page=2'}}}) +
            [{'request': otx_page(pulse, 2),
              'json': {'results': [], 'next': None}}])
        same(timed(relay, body=observables('domain', value)).json,
             {'data': {}}, 'the answer')
        same(upstream.count('page=2'), 1, 'second pages')
        same(other.connections, 0, 'connections to the other host')


def test_proxy_of_the_environment():
    """http_proxy and its like are not obeyed."""
    with Upstream(otx(ASKED)) as upstream, \
            Upstream([{'request': '*', 'json': {}}]) as other:
        relay = gateway('no-proxy', upstream.url)
        relay.serve(http_proxy=other.url, ALL_PROXY=other.url,
                    HTTP_PROXY=other.url, https_proxy=other.url)
        same(timed(relay).values(), sorted(GOOD + [BAD]), 'the answer')
        same(other.connections, 0, 'connections to the proxy')
        ended(relay)


# --- the whole service -------------------------------------------------------

VERIFY = 'Unable to verify SSL certificate: '
# name: (code, begin of the message)
UNREACHABLE = {
    'refused': ('connection error', ''),
    'no_name': ('connection error', ''),
    'plain_http': ('connection error', ''),
    'expired': ('unknown', VERIFY),
    'wrong_host': ('unknown', VERIFY),
    'self_signed': ('unknown', VERIFY),
}


def fault_unreachable(name):
    code, begin = UNREACHABLE[name]
    with Upstream([{'request': '*', 'json': {}}], tls=name if begin else None
                  ) as upstream:
        url = {'refused': 'http://127.0.0.1:%d' % harness.free_port(),
               'no_name': 'https://no-such-host.invalid',
               'plain_http': upstream.url.replace('http:', 'https:')
               }.get(name, upstream.url)
        relay = pool(url)
        workers = relay.workers()
        for path, body in ((OBSERVE, ASKED), ('/otx/health', None),
                           ('/spycloud/health', None),
                           ('/qualys/health', None)):
            reply = timed(relay, path, body)
            same(reply.data, None, 'data of ' + path)
            holds(reply.errors, 'no error of ' + path)
            for error in reply.errors:
                same(error['type'], 'fatal', '%s: %s' % (path, error))
                holds(error['code'] in (code,) if name != 'plain_http' else
                      EITHER, '%s: %s' % (path, error))
                holds(error['message'].startswith(begin), str(error))
        if code == 'connection error' and name != 'plain_http':
            same(reply.errors[0]['message'], 'Unable to connect Qualys IOC, '
                 'validate the configured API URL: ' + url, 'Qualys')
        same(upstream.lines(), [], 'what the service was asked')
        alive(relay, workers)
        ended(relay)


def test_good_certificate():
    with Upstream(otx(ASKED), tls='good', name='localhost') as upstream:
        relay = pool(upstream.url)
        same(timed(relay).values(), sorted(GOOD + [BAD]), 'the answer')
        ended(relay)


def test_private_address():
    """Without allow_private a name that leads to this machine is not called,
    nor is an address that came with the token."""
    with Upstream([{'request': '*', 'json': {}}], tls='good',
                  name='localhost') as upstream:
        relay = pool(upstream.url, http={'allow_private': None})
        for path, body, claims in (
                (OBSERVE, ASKED, {}), ('/otx/health', None, {}),
                ('/qualys/health', None,
                 {'API_URL': 'https://127.0.0.1:%d' % upstream.port}),
                ('/qualys/health', None,
                 {'API_URL': 'https://[::ffff:127.0.0.1]:%d' % upstream.port}),
                ('/qualys/health', None,
                 {'API_URL': 'http://localhost:%d' % upstream.port})):
            reply = timed(relay, path, body, claims=claims)
            same(reply.data, None, 'data of %s %s' % (path, claims))
            same({e['type'] for e in reply.errors}, {'fatal'}, 'errors')
        same(upstream.connections, 0, 'connections')
        ended(relay)


def test_deadline():
    """Time-outs above the deadline: what is there by then is answered."""
    with Upstream(otx(ASKED, general={BAD: {'fault': 'hang'}})) as upstream:
        relay = pool(upstream.url, http={'timeout': '60'})
        reply = timed(relay)
        same(reply.values(), GOOD, 'the others')
        one_warning(reply, LOST)
        ended(relay)

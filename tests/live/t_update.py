# SPDX-License-Identifier: MIT
"""ctim-relay intel update, with feeds played on loopback over TLS."""

import base64
import gzip
import json
import os
import random
import signal
import sqlite3
import subprocess
import time

import harness
import testca
from connectproxy import ConnectProxy
from harness import Gateway, has, holds, same
from t_intel import load, values
from t_intel_keep import sources
from t_intel_kill import KILLS, whole
from t_respond_hook import Hook
from upstream import Upstream

ROWS = 6000
limit = 90 + 6 * KILLS
LIST = 'GET /list'
HTML = '<!DOCTYPE html>\n<html><body><h1>Maintenance</h1></body></html>\n'


def lines(*numbers):
    return ''.join('192.0.2.%d\n' % n for n in numbers)


def gateway(name, **http):
    return Gateway(name, sections={'http': {
        'allow_private': 'yes', 'ca_file': testca.ca_file(), **http}})


def feed(text, etag=None, modified=None, **more):
    """A rule for the list."""
    headers = {'Content-Type': 'text/plain'}
    if etag:
        headers['ETag'] = etag
    if modified:
        headers['Last-Modified'] = modified
    return {'request': LIST, 'text': text, 'headers': headers, **more}


def unchanged(**given):
    """A rule that answers 304 to a request with these headers."""
    return {'request': LIST, 'status': 304, 'reason': 'Not Modified',
            'with': {k.replace('_', '-'): v for k, v in given.items()}}


def first(relay, host, *options, path='/list'):
    """Imports from the address, which is kept."""
    return json.loads(relay.cli(
        'intel', 'import', '--source', 'feed', '--feed', host.url + path,
        '--json', *options)[1])


def update(relay, *options, status=0):
    """The lines of an update."""
    got, out, err = relay.cli('intel', 'update', *options, ok=False)
    same(got, status, out + err)
    return out


def failed(relay, why, *options):
    """An update that fails for that reason and changes nothing."""
    before = values(relay), sources(relay)['feed']
    out = update(relay, *options, status=1)
    has('feed: failed: ', out, 'the line')
    has(why, out, 'the reason')
    same(out.count('\n'), 1, 'lines')
    after = values(relay), sources(relay)['feed']
    for kept in (before[1], after[1]):
        kept.pop('checked', None)
    same(after, before, 'what is there')
    return out


def found(relay):
    return [v for _, v in values(relay)]


def start(relay, *args, **env):
    # The search for leaks at the end says so when it is killed.
    env = relay.env(**env)
    env['ASAN_OPTIONS'] = env.get('ASAN_OPTIONS', '') + ':detect_leaks=0'
    return subprocess.Popen(
        [harness.program('ctim-relay'), 'intel', *args], env=env,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)


# --- what an update does -----------------------------------------------------

def test_update_imports_as_the_import_did():
    """The address and the options of the import are kept; what the feed no
    longer lists goes, and the title and what is said of the source stay."""
    relay = gateway('asbefore')
    csv = 'host,net,note\na.example,192.0.2.0/24,x\n'
    with Upstream([feed(csv)], tls='good') as host:
        first(relay, host, '--format', 'csv', '--column', 'value=host,net',
              '--column=reason=note', '--disposition', 'Clean', '--priority',
              '95', '--title', 'A list', '--subdomains')
        host.rules([feed(csv + 'b.example,198.51.100.0/24,y\n')])
        same(update(relay), 'feed: updated, read 4, added 2, updated 0, '
             'unchanged 2, removed 0, skipped 0\n', 'the line')
        host.rules([feed('host,net,note\nb.example,198.51.100.0/24,z\n')])
        same(update(relay, 'feed'), 'feed: updated, read 2, added 0, updated '
             '2, unchanged 0, removed 2, skipped 0\n', 'the line')
    same(sorted(found(relay)), ['198.51.100.0/24', 'b.example'], 'values')
    for record in json.loads(relay.cli('intel', 'list', '--json')[1]):
        same((record['disposition'], record['priority'], record['reason']),
             ('Clean', 95, 'z'), record['value'])
    source = sources(relay)['feed']
    same((source['title'], source['subdomains'], source['feed']),
         ('A list', True, host.url + '/list'), 'the source')
    same(json.loads(source['feed_options']),
         ['--format', 'csv', '--column', 'value=host,net', '--column',
          'reason=note', '--disposition', 'Clean', '--priority', '95'],
         'what is kept of the options')


def test_conditional_requests():
    """ETag, weak too, and Last-Modified go back as they came; 304 changes
    nothing but the time of the check; when they are gone, so are they from the
    requests."""
    relay = gateway('conditional')
    etag, date = 'W/"a, b"', 'Wed, 21 Oct 2015 07:28:00 GMT'
    with Upstream([feed(lines(1), etag, date)], tls='good') as host:
        first(relay, host)
        same(set(host.requests[0].headers) & {
            'if-none-match', 'if-modified-since'}, set(), 'at first')
        source = sources(relay)['feed']
        same((source['etag'], source['modified']), (etag, date), 'kept')
        database = sqlite3.connect(relay.store)
        database.execute('UPDATE source SET checked = 1')
        database.commit()
        database.close()
        host.rules([unchanged(if_none_match=etag, if_modified_since=date)])
        same(update(relay), 'feed: unchanged\n', 'the line')
        holds(sources(relay)['feed']['checked'] > '2026', 'it was checked')
        host.rules([feed(lines(1, 2), '"%s"' % ('x' * 125))])
        update(relay)
        source = sources(relay)['feed']
        same((source.get('etag'), source.get('modified')), (None, None),
             'what is lost, or longer than is kept')
        host.rules([feed(lines(1, 2), '"c"')])
        same(update(relay), 'feed: unchanged, read 2, added 0, updated 0, '
             'unchanged 2, removed 0, skipped 0\n', 'the line')
        same('if-none-match' in host.requests[0].headers, False, 'asked')
        same(sources(relay)['feed']['etag'], '"c"', 'the new one')
        host.rules([{'request': LIST, 'status': 304}])
        same(update(relay), 'feed: unchanged\n', 'the line')


def test_what_expires_comes_anew():
    """A list whose records expire some time after the import is fetched though
    it is the same, so that they do not."""
    relay = gateway('anew')
    with Upstream([feed(lines(1), '"a"')], tls='good') as host:
        first(relay, host, '--expires', '1h')
        before = json.loads(relay.cli('intel', 'list', '--json')[1])
        database = sqlite3.connect(relay.store)
        database.execute('UPDATE indicator SET expires = expires - 1000')
        database.commit()
        database.close()
        update(relay)
        same('if-none-match' in host.requests[1].headers, False, 'asked')
        after = json.loads(relay.cli('intel', 'list', '--json')[1])
        holds(after[0]['expires'] >= before[0]['expires'], 'it expires')


def test_packed():
    """A body that HTTP packed, and a file that is gzip."""
    relay = gateway('packed')
    with Upstream([feed(lines(1, 2), gzip=True)], tls='good') as host:
        same(first(relay, host)['added'], 2, 'packed by HTTP')
        host.rules([{'request': LIST, 'body': gzip.compress(
            (lines(1, 2, 3) + 'nothing\n').encode())}])
        has('added 1, updated 0, unchanged 2, removed 0, skipped 1 (1 ',
            update(relay), 'a packed file')


def test_several_sources():
    """One line a source; one that fails hinders no other."""
    relay = gateway('several')
    with Upstream([{'request': 'GET /a', 'text': lines(1)},
                   {'request': 'GET /b', 'text': lines(2)}],
                  tls='good') as host:
        for name in 'abc':
            relay.cli('intel', 'sources', 'set', name, '--feed',
                      '%s/%s' % (host.url, name))
        load(relay, lines(9), 'file')
        out = update(relay, status=1).splitlines()
        same([line.split(',')[0] for line in out],
             ['a: updated', 'b: updated',
              'c: failed: answered 404 Not Found'], 'lines')
        same(sorted(found(relay)), ['192.0.2.1', '192.0.2.2', '192.0.2.9'],
             'values')
        has('a: unchanged', update(relay, 'a'), 'one alone')
        out = update(relay, 'a', 'file', 'none', status=1).splitlines()
        for name, line in zip(('file', 'none'), out[1:]):
            has('%s: failed: it has no address of a feed' % name, line, 'line')
        got = [json.loads(line) for line in
               update(relay, '--json', status=1).splitlines()]
        same([(g['source'], g['result'], g.get('reason'), g.get('read'))
              for g in got],
             [('a', 'unchanged', None, 1), ('b', 'unchanged', None, 1),
              ('c', 'failed', 'answered 404 Not Found', None)], 'as JSON')
    relay = gateway('none')
    status, out, err = relay.cli('intel', 'update')
    same((status, out, err), (0, '', 'no source has the address of a feed\n'),
         'no feed')


def test_a_file_in_between():
    """After an import of a file the list is fetched whole, by the options of
    the feed; a source without one keeps those of its last import."""
    relay = gateway('between')
    with Upstream([feed(lines(1), '"a"')], tls='good') as host:
        first(relay, host, '--disposition', 'Clean')
        load(relay, lines(2), 'feed', '--replace')
        same(found(relay), ['192.0.2.2'], 'the file')
        update(relay)
        same(host.requests[1].headers.get('if-none-match'), None, 'asked')
        same(found(relay), ['192.0.2.1'], 'the feed')
        same(json.loads(sources(relay)['feed']['feed_options']),
             ['--disposition', 'Clean'], 'options of the feed')
        load(relay, lines(3), 'own', '--disposition', 'Common')
        relay.cli('intel', 'sources', 'set', 'own', '--feed',
                  host.url + '/list')
        update(relay, 'own')
        same([r['disposition'] for r in json.loads(relay.cli(
            'intel', 'list', '--source', 'own', '--json')[1])], ['Common'],
            'judged as the file was')


def test_options():
    """What is no address, no reference or no option is refused; options that
    this version does not know are named; --no-replace keeps what was listed."""
    relay = gateway('options')

    def refused(why, *options):
        status, _, err = relay.cli('intel', 'import', '--source', 'feed',
                                   *options, ok=False)
        same(status, 64, err)
        has(why, err, 'why')
    refused('name one file or folder')
    refused('--feed is the http or https URL', '--feed', 'ftp://x.example/a')
    refused('without --feed', '-', '--feed-header', 'X: env:Y')
    refused('not both', '-', '--replace', '--no-replace')
    for header in ('Auth-Key: 0123', 'Auth-Key', ': file:/etc/x',
                   'A B: file:/x', 'X: file:x', 'X: env:', 'X: file:/a\nb: c'):
        refused('--feed-header is a header whose value is in a file',
                '--feed', 'https://x.example/', '--feed-header', header)
    with Upstream([feed(lines(1))], tls='good') as host:
        first(relay, host, '--no-replace', '--dry-run')
        same((found(relay), sources(relay)), ([], {}), 'after a dry run')
        first(relay, host, '--no-replace')
        host.rules([feed(lines(2))])
        has('removed 0', update(relay), 'the line')
        same(found(relay), ['192.0.2.1', '192.0.2.2'], 'values')
        database = sqlite3.connect(relay.store)
        database.execute('UPDATE source SET options = ?', [
            '["--of-tomorrow","1"]'])
        database.commit()
        database.close()
        failed(relay, '--of-tomorrow')


def test_reasons_as_json():
    """An update that fails tells what was skipped, and counts no change."""
    relay = gateway('reasons')
    with Upstream([feed(lines(*range(1, 31)))], tls='good') as host:
        first(relay, host)
        host.rules([feed(lines(40, 41) + '10.0.0.1\n')])
        got = json.loads(update(relay, '--json', status=1))
        same((got['result'], got['read'], got['added'], got['removed'],
              got['skipped_by_reason']),
             ('failed', 3, 0, 0,
              [{'reason': 'a private address', 'count': 1}]), 'what it says')
        has('shrunk from 30 records to 2;', got['reason'], 'why')


# --- what it refuses ---------------------------------------------------------

def test_what_empties_nothing():
    """An answer that is no list, or not all of it, changes nothing, whatever
    its ETag is."""
    relay = gateway('empties')
    body = ''.join('11.0.%d.%d\n' % (n >> 8, n & 255) for n in range(2000))
    with Upstream([feed(body, '"a"')], tls='good') as host:
        first(relay, host)
        for why, rule in (
                ('broke before the end', feed(body, '"b"', fault='cut')),
                ('broke before the end', feed(body, fault='cut_chunked')),
                ('broke before the end', feed(body, fault='long')),
                ('closed without an answer', feed(body, fault='close')),
                ('', feed(body, fault='no_http')),
                ('does not unpack', feed(body, fault='bad_gzip')),
                ('HTML', feed(HTML, '"b"')),
                ('nothing in it', feed('', '"b"')),
                ('nothing in it', feed('# none today\n')),
                ('nothing in it to import; nothing was changed '
                 '(2 a private address)', feed('10.0.0.1\n10.0.0.2\n')),
                ('skipped than taken',
                 feed(lines(1) + 'not a\nlist at all\n', '"b"')),
                ('answered 404 Not Found', feed('', status=404)),
                ('answered 403 Forbidden', feed(body, status=403)),
                ('answered 500 Internal', feed(body, status=500)),
                ('answered 204', feed('', status=204))):
            host.rules([rule])
            failed(relay, why)
        holds(sources(relay)['feed']['checked'], 'it was checked')
        host.rules([unchanged(if_none_match='"a"')])
        same(update(relay), 'feed: unchanged\n', 'what the store has')
    failed(relay, 'refused')


def test_slow_and_growing():
    """Lists that do not end are ended, by time and by size."""
    relay = gateway('slow')
    with Upstream([feed(lines(1))], tls='good') as host:
        first(relay, host)
        for fault in ('hang', 'drip', 'stall'):
            host.rules([feed(lines(*range(250)), fault=fault, pause=0.2)])
            failed(relay, 'not whole after 1 seconds', '--max-time', '1')
        for fault in ('huge', 'huge_chunked', 'bomb'):
            host.rules([feed('', fault=fault, size=8 << 20)])
            failed(relay, 'more than 1 MiB', '--max-size', '1')


def test_shrunk():
    """A list of which less than a tenth is left is refused, unless --shrink."""
    relay = gateway('shrunk')
    with Upstream([feed(lines(*range(1, 101)))], tls='good') as host:
        first(relay, host)
        host.rules([feed(lines(*[1] * 50, *range(1, 10)), '"b"')])
        failed(relay, 'it has shrunk from 100 records to 9')
        host.rules([feed(lines(*range(1, 11)))])
        has('removed 90', update(relay), 'a tenth')
        host.rules([feed(lines(200))])
        has('added 1, updated 0, unchanged 0, removed 10',
            update(relay, '--shrink'), 'with --shrink')


def test_disk_is_full():
    """A list that finds no room on the disk is refused."""
    relay = gateway('full')
    small = harness.small_disk(1024)
    try:
        with Upstream([feed(lines(1))], tls='good') as host:
            first(relay, host)
            host.rules([feed('', fault='huge', size=8 << 20)])
            out, _ = start(relay, 'update', TMPDIR=small).communicate()
            same(out.decode(), 'feed: failed: %s: No space left on device\n' %
                 small, 'the line')
            same((found(relay), os.listdir(small)), (['192.0.2.1'], []),
                 'what is left')
    finally:
        harness.run(['umount', small])


# --- redirects and keys ------------------------------------------------------

class Played:
    """feed.example and mirror.example behind a proxy, and a gateway that may
    call public addresses alone."""

    def __init__(self, name, **http):
        self.feed, self.mirror = Upstream(tls='feeds'), Upstream(tls='feeds')
        self.proxy = ConnectProxy({'feed.example': self.feed.port,
                                   'mirror.example': self.mirror.port})
        self.relay = Gateway(name, sections={'http': {
            'ca_file': testca.ca_file(), 'proxy': self.proxy.url, **http}})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in (self.feed, self.mirror, self.proxy):
            each.stop()

    def take(self, *options, ok=True):
        return self.relay.cli(
            'intel', 'import', '--source', 'feed', '--feed',
            'https://feed.example/list', *options, ok=ok)


def to(where, status=302, request=LIST):
    return {'request': request, 'status': status, 'text': 'moved',
            'headers': {'Location': where}}


def test_redirects():
    """Five redirects are followed, to other hosts and to paths; not six, and
    neither to http nor to an address that is not public."""
    with Played('redirects') as p:
        p.feed.rules([to('https://mirror.example/m/1', 301),
                      to('https://mirror.example/m/5', 302, 'GET /4')])
        p.mirror.rules([
            to('2', 303, 'GET /m/1'), to('/m/3?a=b%20c#d', 307, 'GET /m/2'),
            to('//feed.example/4', 308, 'GET /m/3?a=b%20c'),
            {'request': 'GET /m/5', 'text': lines(1),
             'headers': {'ETag': '"m"'}}])
        p.take()
        same((found(p.relay), sources(p.relay)['feed']['etag']),
             (['192.0.2.1'], '"m"'), 'what came')
        same(set(p.proxy.asked), {'feed.example:443', 'mirror.example:443'},
             'the proxy was asked for')
        p.mirror.rules([to('/m/%d' % (n + 1), 302, 'GET /m/%d' % n)
                        for n in range(1, 9)])
        failed(p.relay, 'redirected more than 5 times')
        same(p.mirror.lines(), ['GET /m/%d' % n for n in range(1, 6)], 'asked')
        p.feed.rules([to('/list')])
        failed(p.relay, 'redirected more than 5 times')
        for where in ('http://mirror.example/m/1', 'ftp://mirror.example/1',
                      'file:///etc/passwd', 'http:/x'):
            p.feed.rules([to(where)])
            failed(p.relay, 'what is no https URL, and not followed')
        for where in ('127.0.0.1', '[::1]', '10.0.0.1', '169.254.169.254',
                      '2130706433', 'localhost', '[::ffff:192.168.0.1]'):
            p.feed.rules([to('https://%s/list' % where)])
            failed(p.relay, 'no public address')
        p.feed.rules([to('https://nowhere.example/list')])
        failed(p.relay, 'redirected to https://nowhere.example:443: ')
        p.feed.rules([{'request': LIST, 'status': 302}])
        failed(p.relay, 'answered 302 Found without a usable Location')
        p.feed.rules([to('https://mirror.example/' + 'x' * 2100)])
        failed(p.relay, 'answered 302 Found without a usable Location')
        same(p.mirror.unexpected, [], 'asked of the mirror')


def test_addresses():
    """A feed is on https and at a public address, unless allow_private says
    otherwise; from https there is no way to http even then."""
    with Upstream([{'request': LIST, 'text': lines(1)}]) as host:
        relay = Gateway('addresses')
        for url in (host.url, host.url.replace('http:', 'https:')):
            status, _, err = relay.cli(
                'intel', 'import', '--source', 'feed', '--feed',
                url + '/list', ok=False)
            same(status, 1, err)
            has('allow_private in [http]', err, 'why')
        same(host.connections, 0, 'connections')
        relay = gateway('private')
        first(relay, host)
        with Upstream([to(host.url + '/list')], tls='good') as other:
            relay.cli('intel', 'sources', 'set', 'feed', '--feed',
                      other.url + '/list')
            failed(relay, 'what is no https URL, and not followed')
    for kind in ('expired', 'self_signed', 'wrong_host'):
        with Upstream([feed(lines(2))], tls=kind) as host:
            relay.cli('intel', 'sources', 'set', 'feed', '--feed',
                      host.url + '/list')
            failed(relay, 'certificate' if kind != 'wrong_host' else 'match')


def test_header():
    """The header of a feed comes from its file or variable, and goes to the
    feed's own origin alone; what is kept is where it is."""
    with Played('header') as p:
        key = harness.write(os.path.join(p.relay.folder, 'key'), 'hush-1\n',
                            0o600)
        p.mirror.rules([to('https://feed.example/end')])
        p.feed.rules([to('https://mirror.example/list'),
                      {'request': 'GET /end', 'text': lines(1)}])
        p.take('--feed-header', 'Auth-Key: file:' + key)
        same([r.headers.get('auth-key') for r in p.feed.requests],
             ['hush-1', 'hush-1'], 'to its own host')
        same([r.headers.get('auth-key') for r in p.mirror.requests], [None],
             'to another')
        same(sources(p.relay)['feed']['feed_header'],
             'Auth-Key: file:' + key, 'what is kept')
        with open(p.relay.store, 'rb') as f:
            holds(b'hush' not in f.read(), 'the key is in the store')
        harness.write(key, 'hush-2\n', 0o600)
        p.feed.rules([feed(lines(1, 2))])
        update(p.relay)
        same(p.feed.requests[0].headers.get('auth-key'), 'hush-2', 'anew')
        os.chmod(key, 0o644)
        failed(p.relay, 'holds a secret and everybody may read it')
        os.unlink(key)
        failed(p.relay, key + ' cannot be read')
        p.relay.cli('intel', 'sources', 'set', 'feed', '--feed-header',
                    'X-Key: env:CTIM_FEED_KEY')
        failed(p.relay, 'CTIM_FEED_KEY is not in the environment')
        p.feed.forget()
        running = start(p.relay, 'update', CTIM_FEED_KEY='hush-3')
        same((running.communicate()[0][:15], running.returncode),
             (b'feed: unchanged', 0), 'the line')
        same(p.feed.requests[0].headers.get('x-key'), 'hush-3', 'sent')
        # Another address does not get the key of the one before.
        p.relay.cli('intel', 'sources', 'set', 'feed', '--feed',
                    'https://mirror.example/list')
        p.mirror.rules([feed(lines(1))])
        update(p.relay)
        same('x-key' in p.mirror.requests[0].headers, False, 'elsewhere')


def test_key_in_the_address():
    """A key in the address goes to its host, and is shown nowhere."""
    with Played('urlkey') as p:
        line = 'GET /dl/0123456789abcdef0123/list?key=hush-q'
        p.feed.rules([{'request': line, 'text': lines(1)}])
        url = 'https://us%C3%A9r:hush%3Ap@feed.example' + line[4:]
        said = [p.relay.cli('intel', 'import', '--source', 'feed', '--feed',
                            url)]
        same(p.feed.requests[0].headers.get('authorization'),
             'Basic ' + base64.b64encode('usér:hush:p'.encode()).decode(),
             'user and password')
        said += [p.relay.cli('intel', *words) for words in (
            ['sources'], ['sources', '--json'], ['update'],
            ['update', '--json'], ['list', '--json'],
            ['show', '192.0.2.1'], ['export'], ['stats'])]
        for rule in (to('https://mirror.example/?k=hush-r'),
                     to('http://mirror.example/?k=hush-r'),
                     to('https://10.0.0.1/?k=hush-r'),
                     to('https://us:hush-r@mirror.example/?k=hush-r'),
                     {'status': 403, 'text': 'hush-b', 'reason': 'No'}):
            p.feed.rules([dict(rule, request=line)])
            said.append(p.relay.cli('intel', 'update', ok=False))
            said.append(p.relay.cli('intel', 'import', '--source', 'feed',
                                    '--feed', url, ok=False))
            same([s[0] for s in said[-2:]], [1, 1], 'failed')
        for _, out, err in said:
            for word in ('hush', '0123456789abcdef'):
                holds(word not in out + err, 'it says ' + out + err)
        has('https://…@feed.example/dl/…/list?key=…', said[1][1], 'sources')
        has('https://…@feed.example/dl/…/list?key=…', said[-1][2], 'an error')
        holds('hush' not in harness.read(p.relay.log), 'the log')


# --- one at a time, and killed -----------------------------------------------

def test_two_at_once():
    """Of two updates of a source one says that the other runs; another source
    is updated meanwhile."""
    relay = gateway('two')
    with Upstream([feed(lines(1))], tls='good') as host:
        first(relay, host)
        relay.cli('intel', 'sources', 'set', 'other', '--feed',
                  host.url + '/other')
        host.rules([feed(lines(1, 2), hold=True),
                    {'request': 'GET /other', 'text': lines(7)}])
        running = start(relay, 'update', 'feed')
        harness.wait_for(lambda: host.waiting == 1, 'the first one')
        same(update(relay, 'feed', status=1),
             'feed: failed: another update of feed is running\n', 'the second')
        status, _, err = relay.cli(
            'intel', 'import', '--source', 'feed', '--feed',
            host.url + '/list', ok=False)
        same(status, 1, err)
        has('another update of feed is running', err, 'an import')
        has('other: updated', update(relay, 'other'), 'another source')
        host.release()
        out, err = running.communicate()
        has(b'feed: updated', out, 'the first')
        lock, store = os.stat(relay.store + '.update'), os.stat(relay.store)
        same((lock.st_uid, lock.st_gid, lock.st_mode, lock.st_size),
             (store.st_uid, store.st_gid, store.st_mode, 0), 'its file')
        has('unchanged', update(relay, 'feed'), 'later')


def test_another_address_meanwhile():
    """A list is not taken over when its source has another address by then."""
    relay = gateway('meanwhile')
    with Upstream([feed(lines(1))], tls='good') as host:
        first(relay, host)
        host.rules([feed(lines(2), '"b"', hold=True)])
        running = start(relay, 'update')
        harness.wait_for(lambda: host.waiting == 1, 'the fetch')
        relay.cli('intel', 'sources', 'set', 'feed', '--feed',
                  host.url + '/new')
        host.release()
        same(running.communicate()[0],
             b'feed: failed: its address was changed meanwhile\n', 'the line')
        same((found(relay), sources(relay)['feed'].get('etag')),
             (['192.0.2.1'], None), 'what is there')


def test_interrupted():
    """Ctrl-C ends a fetch, and nothing is changed."""
    relay = gateway('interrupt')
    with Upstream([feed(lines(1))], tls='good') as host:
        first(relay, host)
        relay.cli('intel', 'sources', 'set', 'other', '--feed',
                  host.url + '/other')
        host.rules([feed(lines(2), hold=True)])
        running = start(relay, 'update')
        harness.wait_for(lambda: host.waiting == 1, 'the fetch')
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate()
        same((running.returncode, out), (1, b'feed: failed: interrupted\n'),
             'how it ended')
        host.release()
        same(found(relay), ['192.0.2.1'], 'values')


def test_killed_before_the_commit():
    """What the server said of a body is there with that body or not at all."""
    relay = gateway('precommit')
    with Upstream([feed(lines(1), '"a"')], tls='good') as host:
        first(relay, host)
        host.rules([feed(lines(2), '"b"')])
        database = sqlite3.connect(relay.store, isolation_level=None)
        database.execute('BEGIN IMMEDIATE')
        running = start(relay, 'update')
        harness.wait_for(lambda: host.count() and not host.waiting,
                         'the fetch')
        running.kill()
        running.communicate()
        database.execute('ROLLBACK')
        database.close()
        same((sources(relay)['feed']['etag'], found(relay)),
             ('"a"', ['192.0.2.1']), 'after the kill')
        has('feed: updated', update(relay), 'the next')
        same((sources(relay)['feed']['etag'], found(relay)),
             ('"b"', ['192.0.2.2']), 'after it')


def test_killed_updates():
    """An update that said that it was done is there, one that was killed is
    there whole, with what the server said of it, or not at all."""
    relay = gateway('killupdate')
    rng = random.Random(3)
    took, known, done = 0.5, -1, 0
    with Upstream(tls='good') as host:
        relay.cli('intel', 'sources', 'set', 'feed', '--feed',
                  host.url + '/list')
        for n in range(KILLS):
            host.rules([feed(''.join('11.%d.%d.%d\n' % (
                n % 250, i >> 8, i & 255) for i in range(ROWS)), '"%d"' % n)])
            began = time.monotonic()
            running = start(relay, 'update')
            if n:
                time.sleep(rng.random() * took)
                running.kill()
            told, _ = running.communicate()
            if n == 0:
                took = time.monotonic() - began
            whole(relay)
            lists = {v.split('.')[1] for v in found(relay)}
            same((len(found(relay)), len(lists)), (ROWS, 1),
                 'after kill %d' % n)
            now = int(sources(relay)['feed']['etag'].strip('"'))
            same(lists, {str(now % 250)}, 'the list of the ETag')
            holds(now in (n, known), 'list %d after kill %d' % (now, n))
            if b'feed: updated' in told:
                same(now, n, 'the update that was told')
                done += 1
            known = now
    holds(done > 0, 'no update was whole')


def test_on_change():
    """The program runs once after an update that changed something, of however
    many sources, and not after others."""
    relay = Hook(name='updatehook', http={
        'allow_private': 'yes', 'ca_file': testca.ca_file()})
    with Upstream([{'request': 'GET /a', 'text': lines(1)},
                   {'request': 'GET /b', 'text': lines(2, 3)}],
                  tls='good') as host:
        for name in 'abc':
            relay.cli('intel', 'sources', 'set', name, '--feed',
                      '%s/%s' % (host.url, name))
        update(relay, status=1)
        same([(r['reason'], r['listed']) for r in relay.runs()],
             [('update', 3)], 'runs')
        has('a: unchanged', update(relay, 'a'), 'the same')
        update(relay, 'c', status=1)
        host.rules([{'request': 'GET /b', 'text': ''}])
        update(relay, 'b', status=1)
        same(len(relay.runs()), 1, 'runs after what changed nothing')

# SPDX-License-Identifier: MIT
"""ctim-relay query: what is asked about, what is shown, and long lists."""

import csv
import io
import json
import os
import pty
import re
import select
import subprocess
import termios
import time

import harness
import manual
from harness import Gateway, has, holds, same
from playedrelay import Played, verdicts

PLAIN = 'harmless.example'
_known = None


def known():
    """A gateway whose store knows three addresses and a network."""
    global _known
    if _known is None:
        _known = Gateway('query')
        _known.load('203.0.113.1\n', 'bad', '--disposition', 'Malicious',
                    '--severity', 'High')
        _known.load('203.0.113.2\n', 'odd')
        _known.load('203.0.113.3\n', 'good', '--disposition', 'Clean')
        _known.load('value,first_seen,count\n203.0.113.1,2026-01-01,3\n',
                    'seen', '--format', 'csv', '--title', 'Seen there',
                    '--priority', '10')
    return _known


def query(*args, relay=None, **kwargs):
    """(status, out, err)"""
    return (relay or known()).cli('query', *args, ok=False, **kwargs)


def rows(out):
    """The rows of --csv: {value: row}, in their order."""
    return {row['value']: row for row in csv.DictReader(io.StringIO(out))}


def asked(*args, **kwargs):
    """The TYPE:VALUEs that --csv has."""
    status, out, err = query('local', '--csv', *args, **kwargs)
    return ['%(type)s:%(value)s' % row for row in rows(out).values()], err


def file(name, content, mode=0o644):
    path = os.path.join(known().folder, name)
    with open(path, 'wb') as f:
        f.write(content if isinstance(content, bytes) else content.encode())
    os.chmod(path, mode)
    return path


# --- what is asked about --------------------------------------------------------

def test_words_and_lines():
    same(asked('203.0.113[.]1', 'domain:A.example', 'Bad.Example')[0],
         ['ip:203.0.113.1', 'domain:A.example', 'domain:bad.example'], 'words')
    same(asked(input='\ufeff203.0.113.1\r\n# no\n\n a.example \n'
               '203.0.113.1\n')[0], ['ip:203.0.113.1', 'domain:a.example'],
         'lines, each once')


TABLES = (
    ('ip\n1.2.3.4\n5.6.7.8\n', (), ['1.2.3.4', '5.6.7.8']),
    ('\ufeffid,ip\r\n1,1.2.3.4\r\n\r\n2,5.6.7.8\r\n', (),
     ['1.2.3.4', '5.6.7.8']),
    # A heading that feeds use, and no observables below it.
    ('host,ip\nweb 1,1.2.3.4\n', (), ['1.2.3.4']),
    ('name;what\n"a;b";1.2.3.4\n', ('what',), ['1.2.3.4']),
    ('a\tb\n"x\ty"\t1.2.3.4\n', ('B',), ['1.2.3.4']),
    ('a,b\n"say ""hi"",\nthere",1.2.3.4\n', ('2',), ['1.2.3.4']),
    # Without a heading: by number, or where there is no doubt.
    ('x,1.2.3.4\ny,5.6.7.8\n', ('2',), ['1.2.3.4', '5.6.7.8']),
    ('x,1.2.3.4\ny,5.6.7.8\n', (), ['1.2.3.4', '5.6.7.8']),
    ('1.2.3.4\n5.6.7.8\n', (), ['1.2.3.4', '5.6.7.8']),
    ('Wer?,Wo?\nich,1[.]2.3.4\n', (), ['1.2.3.4']),
    # The heading goes before the number.
    ('2,1\n1.1.1.1,2.2.2.2\n', ('2',), ['1.1.1.1']),
    ('ip,n\n1.2.3.4\n,7\n"",8\n', (), ['1.2.3.4']),
)


def test_tables():
    for text, column, values in TABLES:
        path = file('table.csv', text)
        got, err = asked('--csv-in', path,
                         *(['--column', *column] if column else []))
        same(got, ['ip:' + v for v in values], '%r %s\n%s' % (text, column,
                                                             err))
    got, _ = asked('--csv-in', '-', input='ip\n1.2.3.4\n')
    same(got, ['ip:1.2.3.4'], 'a table from standard input')
    got, _ = asked('--csv-in', path, '203.0.113.1')
    same(got, ['ip:203.0.113.1', 'ip:1.2.3.4'], 'a word and a table')


def test_wrong_tables():
    for text, args, status, words in (
            ('a,b\n1.1.1.1,2.2.2.2\n', (), 64, ('which column', 'a, b')),
            ('a,b\n1,2\n', ('--column', 'c'), 64, ('"c"', 'a, b')),
            ('a,b\n1,2\n', ('--column', '3'), 64, ('"3"', 'a, b')),
            ('ip\nnonsense\n', (), 64, ('line 2', 'nonsense',
                                        'nothing to ask about')),
            ('ip\n"1.2.3.4\n', (), 1, ('line 2', 'quote')),
            ('ip\n1.2.3.4\n'.encode('utf-16'), (), 1, ('UTF-16', 'iconv')),
            ('', (), 64, ('nothing to ask about',))):
        path = file('table.csv', text)
        got, out, err = query('local', '--csv-in', path, *args)
        same(got, status, '%r\n%s' % (text, err))
        for word in words:
            has(word, err, text)


def test_what_is_no_observable_is_told_once():
    status, out, err = query('local', '--json', input=''.join(
        'nonsense %d\n' % i for i in range(500)) + '1.2.3.4\n')
    same((status, json.loads(out)), (1, {'data': {}}), err)
    holds(len(err.splitlines()) < 10, err)
    has('500 left out', err, 'the count')


WRONG = ('nonsense', 'shoe:42', 'ip:', '', 'ip: ', 'url:http://\udcff/',
         'url:http://a.example/' + 'x' * 70000)


def test_one_wrong_value_costs_the_others_nothing():
    """It is told, counted and left out, wherever it comes from; the rest is
    asked about."""
    for wrong in WRONG:
        cell = 'x ' + wrong if wrong in ('', 'ip: ') else wrong
        line = cell.encode('utf-8', 'surrogateescape')
        for args, text in (
                (['203.0.113.1', wrong, 'a.example'], None),
                ([wrong, '203.0.113.1', 'a.example'], None),
                ([], b'203.0.113.1\n' + line + b'\na.example\n'),
                (['--csv-in', '-'], b'n,ip\n1,203.0.113.1\n2,' + line +
                 b'\n3,a.example\n')):
            got, err = asked(*args, input=text, relay=narrow())
            same(got, ['ip:203.0.113.1', 'domain:a.example'],
                 '%s\n%s' % (args, err[:3000]))
            has('is left out', err, args)
            has('1 left out', err, args)
            has('TYPE:VALUE', err, args)
    got, err = asked(input=b'203.0.113.1\n1.2.3.4\0.example\na.example\n')
    same(got, ['ip:203.0.113.1', 'domain:a.example'], err)
    has('line 2: ', err, 'a NUL')


def test_a_value_that_no_request_holds_is_left_out():
    """Of a text, and just before it is too long."""
    fits = 'file_name:' + 'x' * (65536 - len('[{"type":"file_name","value":""}]'))
    got, err = asked(fits, '203.0.113.1', relay=narrow())
    same(got, [fits, 'ip:203.0.113.1'], err[:3000])
    got, err = asked(fits + 'x', '203.0.113.1', relay=narrow())
    same(got, ['ip:203.0.113.1'], err[:3000])
    has('1 left out', err, 'what it says')
    tiny = Gateway('query-tiny', sections={'server': {'max_body': '1024'}})
    got, err = asked('--text', '-', relay=tiny, input='http://a.example/%s '
                     'and 203.0.113.1' % ('y' * 1500))
    same(got, ['ip:203.0.113.1'], err)
    has('1 left out', err, 'what it says')


def test_an_answer_is_shown_whatever_else_is_named():
    path = file('answer.json', '{"data": {}}')
    status, out, err = query('--answer', path, '203.0.113.1', 'nonsense')
    same(status, 1, err)
    has('203.0.113.1', out, 'the table')
    has('1 left out', err, 'what it says')


_narrow = []


def narrow():
    """A gateway that takes bodies of 64 KB."""
    if not _narrow:
        _narrow.append(Gateway('query-narrow', sections={
            'server': {'max_body': '64K'}}))
    return _narrow[0]


TEXT = """\ufeffReport: the dropper at hxxps://evil[.]example/a.php?x=1, (see
[this](http://bad.example.org/x)) contacted 45.33.1[.]2 and 1.2.3.4:8080; mail
from attacker(at)phish(dot)example <ceo@corp.example>.
src=http://a.example/?q=1,http://b.example/c MD5:d41d8cd98f00b204e9800998ecf8427e
See report.pdf, e.g. v1.2, std::string, C:\\Users\\x\\evil.exe, end.The next,
mailto:x@y.example. \u201cquoted.example\u201d 10.0.0.1,10.0.0.2;10.0.0.3
invoice.pdf[.]zip evil.example2/path at 12:30:45, 2001:db8::1 [2001:db8::2]
{bad{.}example3{dot}net} user@: @ :: ... http:// hxxp://[ 45.33.1.2
"""
FOUND = ['url:https://evil.example/a.php?x=1', 'url:http://bad.example.org/x',
         'ip:45.33.1.2', 'ip:1.2.3.4', 'email:attacker@phish.example',
         'email:ceo@corp.example', 'url:http://a.example/?q=1',
         'url:http://b.example/c', 'md5:d41d8cd98f00b204e9800998ecf8427e',
         'email:x@y.example', 'domain:quoted.example', 'ip:10.0.0.1',
         'ip:10.0.0.2', 'ip:10.0.0.3', 'domain:invoice.pdf.zip',
         'ipv6:2001:db8::1', 'ipv6:2001:db8::2', 'domain:bad.example3.net']


def test_text():
    """Observables in a text, defanged ones too, and nothing else."""
    got, err = asked('--text', file('report.txt', TEXT))
    same([v for v in got if v != 'domain:evil.example2'], FOUND, err)
    same(asked('--text', '-', input=TEXT)[0], got, 'from standard input')
    status, _, err = query('local', '--text', file('report.txt', 'nothing'))
    same(status, 64, err)
    has('nothing to ask about', err, 'what it says')


# --- wrong use ------------------------------------------------------------------

def test_wrong_use():
    """Each gets a message that says what to do."""
    table = file('t.csv', 'ip\n1.2.3.4\n')
    for args, status, word in (
            (['local', '--csv', '--json', 'a.example'], 64, 'choose one'),
            (['local', '--column', 'x', 'a.example'], 64, '--csv-in'),
            (['local', '--batch', '0', 'a.example'], 64, '--batch'),
            (['local', '--batch', '9x', 'a.example'], 64, '9x'),
            (['local', '-t', 'x', '-f', 'y', 'a.example'], 64, '-f'),
            (['local', '--csv-in', '-', '--text', '-'], 64, 'standard input'),
            (['local', '--ca-file', 'x', 'a.example'], 64, '--url'),
            (['local', '--route', 'nope', 'a.example'], 64, 'observe'),
            (['local', '--route', 'refer', '--ctim', 'a.example'], 64,
             'bundle'),
            (['local', '--route', 'health', '--csv'], 64, '--json'),
            (['local', '--route', 'health', 'a.example'], 64, 'observables'),
            (['local', '--route', 'health', '--text', table], 64,
             'observables'),
            (['local', 'shoe:42'], 64, 'TYPE:VALUE'),
            (['--url', 'foo', 'a.example'], 64, 'https://'),
            (['--url', 'https://u:p@h/x', 'a.example'], 64, 'https://'),
            (['--url', 'https://h/x?y', 'a.example'], 64, 'https://'),
            (['--answer', table, '--url', 'https://h', 'x'], 64, '--url'),
            (['--csv-in', table], 64, 'no relay named'),
            (['local', '--csv-in', '/nonexistent'], 1, '/nonexistent'),
            (['local', '--text', '/nonexistent'], 1, '/nonexistent'),
            (['local', '--state', '/nonexistent/x', 'a.example'], 1,
             '/nonexistent'),
            (['local', '-t', 'env:NOPE', 'a.example'], 1, 'NOPE'),
            (['local', '--token-file', '/nonexistent', 'a.example'], 1,
             '/nonexistent'),
            (['local', '-f', file('open', '{}', 0o666), 'a.example'], 1,
             'chmod'),
            (['--url', 'http://127.0.0.1:1/x', 'a.example'], 1,
             '--token-file')):
        got, out, err = query(*args)
        same((got, out), (status, ''), '%s\n%s' % (args, err))
        has(word, err, args)


# --- what is shown --------------------------------------------------------------

def test_table_worst_first():
    status, out, err = query('local', PLAIN, '203.0.113.3', '203.0.113.2',
                             '203.0.113.1', 'sha256:x')
    same(status, 2, err)
    order = [line.split()[0] for line in out.splitlines()[1:6]]
    same(order, ['203.0.113.1', '203.0.113.2', '203.0.113.3', PLAIN, 'x'],
         out)
    for heading, text in (('Other judgements', 'seen'),
                          ('Sightings', '2026-01-01 00:00Z'),
                          ('Indicators', 'Seen there')):
        has(heading, out, 'the tables')
        has(text, out[out.index(heading):], heading)
    has('1 Malicious, 1 Suspicious, 1 Clean, 2 with nothing known', out,
        'the sum')


def test_long_tables_are_cut():
    """What is not known is counted in a long list, unless all is wanted."""
    lines = ''.join('h%d.example\n' % i for i in range(60))
    _, out, _ = query('local', '203.0.113.1', '--text',
                      file('hosts', lines))
    holds('h7.example' not in out, out)
    has('60 with nothing known', out, 'the sum')
    _, out, _ = query('local', '--all', input=lines)
    has('h7.example', out, '--all')


def test_json_is_merged():
    """Batches make the same answer as one request, each entity once."""
    words = ['203.0.113.%d' % i for i in range(9)]
    whole = json.loads(query('local', '--json', *words)[1])
    parts = json.loads(query('local', '--json', '--batch', '2', *words)[1])
    harness.validate_ctim(whole)
    harness.validate_ctim(parts)
    for kind in whole['data']:
        same(parts['data'][kind]['count'], whole['data'][kind]['count'], kind)
    same(whole['data']['verdicts']['count'], 3, 'verdicts')


def test_ctim_bundle():
    status, out, err = query('local', '--ctim', '203.0.113.1', '203.0.113.2')
    bundle = json.loads(out)
    same((status, bundle['type'], bundle['schema_version']),
         (2, 'bundle', '1.3.28'), err)
    holds(re.fullmatch('transient:bundle-[0-9a-f-]{36}', bundle['id']),
          bundle['id'])
    has('local', bundle['source'], 'source')
    holds(bundle['valid_time']['start_time'].endswith('Z'), bundle)
    harness.validate_ctim({'data': {kind: {'count': len(bundle[kind]),
                                           'docs': bundle[kind]}
                                    for kind in ('sightings', 'indicators',
                                                 'judgements', 'verdicts',
                                                 'relationships')}})


def test_csv_out():
    _, out, _ = query('local', '--csv', '203.0.113.1', PLAIN, 'file_name:x,y')
    same(out.splitlines()[0], 'type,value,disposition,severity,confidence,'
         'source,reason,valid_until', 'heading')
    found = rows(out)
    same([(found[v]['disposition'], found[v]['severity'])
          for v in ('203.0.113.1', PLAIN, 'x,y')],
         [('Malicious', 'High'), ('', ''), ('not taken', '')], out)
    _, out, _ = query('local', '--csv', '--route', 'refer', '203.0.113.1')
    same(out.splitlines()[0], 'id,title,description,url', 'of references')


def on_terminal(args, typed=(), both=True, ends=30, relay=None, **env):
    """Runs a query at a terminal, where each answer of typed, (prompt, text), is
    given to its prompt: status, what the terminal had, standard output (in the
    same when both), and whether it echoed at the last prompt."""
    master, slave = harness.with_terminal(pty.openpty)
    out = subprocess.PIPE if not both else slave
    process = subprocess.Popen(
        [harness.program('ctim-relay'), 'query', *args], stdin=slave,
        stdout=out, stderr=slave, start_new_session=True,
        env=(relay or known()).env(TERM='xterm', **env),
        preexec_fn=lambda: __import__('fcntl').ioctl(0, termios.TIOCSCTTY, 0))
    os.close(slave)
    text, printed, echo = b'', b'', None
    typed = list(typed)
    end = time.monotonic() + ends
    files = [master] + ([process.stdout.fileno()] if not both else [])
    while files and time.monotonic() < end:
        for f in select.select(files, [], [], 0.05)[0]:
            try:
                data = os.read(f, 65536)
            except OSError:
                data = b''
            if not data:
                files.remove(f)
            elif f == master:
                text += data
            else:
                printed += data
        if typed and typed[0][0].encode() in text:
            echo = bool(termios.tcgetattr(master)[3] & termios.ECHO)
            os.write(master, typed.pop(0)[1].encode() + b'\n')
    os.close(master)
    return (process.wait(10), text.decode(errors='replace'), printed.decode(),
            echo)


def test_terminal():
    """Colours and progress with counts on a terminal; neither elsewhere."""
    path = file('many', ''.join('198.51.%d.%d\n' % (i >> 8, i & 255)
                                for i in range(400)) + '203.0.113.1\n')
    args = ['local', '--text', path, '--batch', '20']
    status, text, _, _ = on_terminal(args)
    same(status, 2, text)
    has('\x1b[', text, 'colours')
    has(' of 401', text, 'the count')
    has('\r\x1b[K', text, 'the line is taken away')
    status, text, out, _ = on_terminal(args, NO_COLOR='1')
    holds('\x1b[1' not in text and '\x1b[31' not in text, 'NO_COLOR')
    status, text, out, _ = on_terminal(args + ['--json'], both=False)
    has(' of 401', text, 'the count beside JSON')
    same(json.loads(out)['data']['verdicts']['count'], 1, 'JSON in a pipe')
    _, out, err = query(*args)
    holds('\r' not in out + err and '\x1b' not in out + err, 'in pipes')


# --- the manual -------------------------------------------------------------------

def test_examples_of_the_manual():
    """They work, with files of their names and the played relay's URL."""
    folder = harness.folder('examples')
    for name, content in (
            ('access.log', '203.0.113.1 - -\n203.0.113.2 - -\n'),
            ('report.txt', TEXT + '203.0.113[.]1\n'),
            ('hosts.csv', 'name,address\n"a, b",203.0.113.1\n')):
        harness.write(os.path.join(folder, name), content)
    harness.write(os.path.join(folder, 'token'), harness.jwt() + '\n', 0o600)
    found = [text for text in manual.examples('query')
             if text.count('curl') == 0]
    holds(len(found) >= 4, found)
    with Played(lambda asked: verdicts(asked)) as relay:
        for text in found:
            text = text.replace('https://relay.example.org/local', relay.url)
            text = text.replace('192.0.2.1', '203.0.113.1')
            status, out, err = harness.run(
                ['/bin/sh', '-c', text.replace(
                    'ctim-relay query', '"$0" query'),
                 harness.program('ctim-relay')], env=known().env(),
                cwd=folder)
            same((status, err), (2, ''), '%s\n%s' % (text, out))
    has('203.0.113.1', harness.read(os.path.join(folder, 'verdicts.csv')),
        'the table')


# --- credentials ----------------------------------------------------------------

def test_credentials_are_asked_for_without_echo():
    relay = Gateway('claims', relays='[relay otx]\nurl = http://127.0.0.1:1\n',
                    sections={'http': {'allow_private': 'yes',
                                       'retries': '0'}})
    status, text, _, echo = on_terminal(
        ['otx', PLAIN], [('not shown', 'my-secret-key')],
        relay=relay)
    same((status, echo), (1, False), text)
    holds('my-secret-key' not in text, text)
    has('connection error', text, 'the error')
    status, _, err = query('otx', PLAIN, relay=relay)
    same(status, 1, err)
    has('-f', err, 'without a terminal')
    path = os.path.join(relay.folder, 'claims')
    harness.write(path, '{"key":"k"}', 0o600)
    status, _, err = query('otx', PLAIN, '-f', path, relay=relay)
    has('connection error', err, 'with a file')
    harness.write(path, '{"kye":"k"}', 0o600)
    has('"key"', query('otx', PLAIN, '-f', path, relay=relay)[2], 'lacks it')


# --- long lists -------------------------------------------------------------------

def most_memory(count):
    """Bytes that a query of so many observables, all known, holds at most."""
    path = file('long.csv', 'when,ip\n' + ''.join(
        '"2026, May",11.%d.%d.%d\n' % (i >> 16, i >> 8 & 255, i & 255)
        for i in range(count)))
    env = known().env()
    # What was freed is used again at once, as without a sanitizer.
    env['ASAN_OPTIONS'] = env.get('ASAN_OPTIONS', '') + \
        ':quarantine_size_mb=1:detect_leaks=0'
    process = subprocess.Popen(
        [harness.program('ctim-relay'), 'query', 'local', '--csv', '--csv-in',
         path], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True)
    lines = sum(1 for line in process.stdout)
    err = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    same((process.returncode, lines), (0, count + 1), err)
    return usage.ru_maxrss * 1024


def test_ten_thousand_in_bounded_memory():
    relay = known()
    relay.load('11.0.0.0/8\n', 'net')
    try:
        few = most_memory(1000)
        many = most_memory(10000)
        holds(many - few < 20 << 20, '%d more bytes for 9000 observables' %
              (many - few))
    finally:
        relay.cli('intel', 'remove', '--source', 'net', '--all')

# SPDX-License-Identifier: MIT
"""The command line from outside: check, jwt, query, and how it fails."""

import json
import os
import pty
import re

import fcgiclient as fcgi
import harness
from harness import Gateway, has, holds, same


def gateway(name='cli', **kwargs):
    return Gateway(name, **kwargs)


def claims_of(token):
    part = token.split('.')[1]
    import base64
    return json.loads(base64.urlsafe_b64decode(part + '=' * (-len(part) % 4)))


# --- the program ----------------------------------------------------------------

def test_help_and_version():
    relay = gateway()
    for args in (['--help'], ['-h'], ['help'], ['help', 'jwt'],
                 ['check', '--help'], ['jwt', '--help'], ['query', '--help'],
                 ['relay', '--help'], ['intel', '--help'],
                 ['intel', 'import', '--help']):
        _, out, err = relay.cli(*args)
        has('usage: ctim-relay', out, args)
        same(err, '', args)
    first, libraries, faults = relay.cli('--version')[1].splitlines()
    same(first, 'ctim-relay 0.2.0', '--version')
    has('sqlite3 3.', libraries, '--version')
    same(faults, 'Report faults to: root@localhost', '--version')


def test_wrong_use_is_64():
    relay = gateway()
    for args, word in (([], 'no command'), (['chekc'], 'did you mean "check"'),
                       (['nonsense'], 'nonsense'), (['check', '--nope'],
                                                    '--nope'),
                       (['jwt', '--expires'], '--expires'),
                       (['query'], 'relay'), (['intel'], 'intel'),
                       (['intel', 'nope'], 'nope'),
                       (['intel', 'show'], 'show')):
        status, _, err = relay.cli(*args, ok=False)
        same(status, 64, '%s\n%s' % (args, err))
        has(word, err, args)


def test_output_that_cannot_be_written():
    relay = gateway()
    status, _, err = harness.run(
        ['/bin/sh', '-c', 'exec "$0" check --keys >/dev/full',
         harness.program('ctim-relay')], env=relay.env())
    same(status, 1, err)


def test_a_reader_that_has_seen_enough():
    """Silence, as with `| head`."""
    relay = gateway()
    read, write = os.pipe()
    os.close(read)
    process = harness.subprocess.run(
        [harness.program('ctim-relay'), 'check', '--keys'], stdout=write,
        stderr=harness.subprocess.PIPE, env=relay.env(), timeout=60)
    os.close(write)
    same((process.returncode, process.stderr), (1, b''), 'what it says')


def on_terminal(relay, *args, **env):
    """Runs the command with a terminal for its output and errors."""
    lines = []
    pid, terminal = harness.with_terminal(pty.fork)
    if pid == 0:
        os.execve(harness.program('ctim-relay'), ['ctim-relay', *args],
                  relay.env(TERM='xterm', **env))
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        if not data:
            break
        lines.append(data)
    os.close(terminal)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return status, b''.join(lines).decode()


def test_colour_only_on_a_terminal():
    """Colour on a terminal, not with NO_COLOR, never elsewhere."""
    relay = gateway()
    relay.load('203.0.113.1\n', 'bad', '--disposition', 'Malicious')
    query = ['query', 'local', '203.0.113.1']
    status, out = on_terminal(relay, *query)
    same(status, 2, out)
    has('\x1b[', out, 'on a terminal')
    holds('\x1b[' not in on_terminal(relay, *query, NO_COLOR='1')[1],
          'colour with NO_COLOR')
    holds('\x1b[' not in relay.cli(*query, ok=False)[1], 'colour in a pipe')


def test_progress_on_a_terminal():
    """An import shows how far it is, on a terminal only."""
    relay = gateway()
    path = harness.write(os.path.join(relay.folder, 'feed'), ''.join(
        '11.%d.%d.%d\n' % (i >> 16, i >> 8 & 255, i & 255)
        for i in range(60000)))
    args = ['intel', 'import', path, '--source', 'feed']
    status, out = on_terminal(relay, *args)
    same(status, 0, out)
    has('\r', out.replace('\r\n', ''), 'the progress')
    has('60000', out, 'the summary')
    _, _, err = relay.cli(*args)
    holds('\r' not in err, 'progress that is not on a terminal')


# --- check ----------------------------------------------------------------------

def test_check():
    relay = gateway()
    _, out, _ = relay.cli('check')
    has(relay.conf + ' is in order', out, 'check')
    _, out, _ = relay.cli('check', '--json')
    same(json.loads(out)['usable'], True, '--json')


def test_check_finds_errors():
    relay = gateway()
    relay.write('[server]\nworkers = many\nnonsense = 1\n[nothing]\n')
    status, _, err = relay.cli('check', ok=False)
    same(status, 78, err)
    for line in (2, 3, 4):
        has('%s:%d: ' % (relay.conf, line), err, 'check')
    status, out, _ = relay.cli('check', '--json', ok=False)
    same(status, 78, 'exit status')
    same((json.loads(out)['usable'], len(json.loads(out)['errors'])),
         (False, 3), '--json')


def test_dump_hides_secrets():
    relay = gateway(sections={'auth': {'secret_key_previous': 'p' * 40}})
    for args in (['check', '--dump'], ['check', '--dump', '--json']):
        _, out, err = relay.cli(*args)
        for secret in (harness.KEY, 'pppp'):
            holds(secret not in out + err, '%s shows a secret' % args)
        has('secret_key', out, args)


def test_dump_is_a_configuration():
    """What --dump prints, with the secrets put back, is in order."""
    relay = gateway()
    _, out, _ = relay.cli('check', '--dump')
    text = re.sub(r'^(secret_key = ).*$', r'\g<1>' + harness.KEY, out,
                  flags=re.M)
    relay.write(text)
    _, again, _ = relay.cli('check', '--dump')
    same(again, out, 'the dump of the dump')


def test_values_from_elsewhere():
    """env:NAME and file:PATH."""
    relay = gateway(sections={'auth': {'secret_key': 'env:THE_KEY'}})
    status, out, err = harness.run(
        [harness.program('ctim-relay'), 'check'],
        env=relay.env(THE_KEY='k' * 40))
    same(status, 0, err)
    status, _, err = relay.cli('check', ok=False)
    same(status, 78, 'without it')
    has('THE_KEY', err, 'what it says')
    path = harness.write(os.path.join(relay.folder, 'key'), 'k' * 40 + '\n',
                         0o600)
    relay.sections['auth']['secret_key'] = 'file:' + path
    relay.write()
    relay.cli('check')
    os.chmod(path, 0o644)
    status, _, err = relay.cli('check', ok=False)
    same(status, 78, 'a key that others may read')
    has(path, err, 'what it says')


# --- jwt --------------------------------------------------------------------------

def test_token_of_the_gateways_key():
    """The token is taken by the gateway of the same configuration."""
    relay = gateway()
    _, out, _ = relay.cli('jwt', '--quiet')
    token = out.strip()
    relay.serve()
    try:
        request = fcgi.request('POST', '/template/health', b'', token)
        status, _, body = fcgi.call(relay.socket, request)
        same(body.decode(), '{"data":{"status":"ok"}}', 'the answer')
    finally:
        relay.stop()


def test_token_with_claims_and_expiry():
    relay = gateway()
    _, out, _ = relay.cli('jwt', '--quiet', '--file', '-', '--expires', '2h',
                          input='{"key":"abc","sub":"me"}')
    claims = claims_of(out.strip())
    same((claims['key'], claims['sub'], claims['exp'] - claims['iat']),
         ('abc', 'me', 7200), 'claims')


def test_new_key():
    """Without a key one of 64 characters is made and shown once."""
    relay = gateway(sections={'auth': {'secret_key': None}})
    _, out, err = relay.cli('jwt')
    same(len(out.split()), 1, 'words on standard output')
    key = re.findall(r'^[A-Za-z0-9_-]{64}$', err, re.M)
    same(len(key), 1, 'keys in\n' + err)
    relay.sections['auth']['secret_key'] = key[0]
    relay.write()
    relay.serve()
    try:
        request = fcgi.request('POST', '/template/health', b'', out.strip())
        same(fcgi.call(relay.socket, request)[2].decode(),
             '{"data":{"status":"ok"}}', 'the answer')
    finally:
        relay.stop()


def test_key_file():
    relay = gateway()
    path = os.path.join(relay.folder, 'new.key')
    first = relay.cli('jwt', '-q', '--key-file', path)[1]
    same(oct(os.stat(path).st_mode & 0o777), '0o600', 'mode')
    same(len(harness.read(path).strip()), 64, 'length of the key')
    second = relay.cli('jwt', '-q', '--key-file', path)[1]
    same(len(first.split('.')), 3, 'parts')
    holds(first and second, 'tokens')


def test_files_saved_on_windows():
    """Keys, tokens, claims: a byte order mark and one line end, CRLF too, are
    no part of them; another control character is said, and not signed with."""
    relay = gateway()
    path = os.path.join(relay.folder, 'windows')
    for text in (harness.KEY + '\r\n', '\ufeff' + harness.KEY + '\r\n'):
        harness.write(path, text, 0o600)
        token = relay.cli('jwt', '-q', '--key-file', path)[1].strip()
        harness.write(path, '\ufeff' + token + '\r\n', 0o600)
        relay.cli('query', 'template', '--route', 'health', '--token',
                  'file:' + path)
        relay.cli('query', 'template', '--route', 'health', '--token-file',
                  path)
        harness.write(path, '\ufeff{\r\n\t"key": "x"\r\n}\r\n', 0o600)
        relay.cli('jwt', '-q', '-f', path)
    for text, why in ((harness.KEY + '\r', 'control character (0x0d)'),
                      (harness.KEY + '\r\n\r\n', 'more than one line'),
                      (harness.KEY + '\x1b\n', 'control character (0x1b)')):
        harness.write(path, text, 0o600)
        for args in (('jwt', '-q', '--key-file', path),
                     ('query', 'template', '--route', 'health',
                      '--token-file', path)):
            status, out, err = relay.cli(*args, ok=False)
            same((status, out), (1, ''), err)
            has(path + ' holds ', err, 'what it says')
            has(why, err, 'what it says')
            holds(harness.KEY not in err, 'the key is shown')
    with open(path, 'wb') as f:
        f.write('\ufeff{"key": "x"}'.encode('utf-16-le'))
    status, _, err = relay.cli('jwt', '-q', '-f', path, ok=False)
    same(status, 1, err)
    has('UTF-16; save it as UTF-8', err, 'what it says')


def test_what_is_no_file_is_not_waited_for():
    """No command waits for the writer of a named pipe that it is given."""
    relay = gateway('nofile')
    pipe = os.path.join(relay.folder, 'pipe')
    os.mkfifo(pipe)
    rs256 = ('--rs256', '--aud', 'https://relay.example/local',
             '--jwks-host', 'keys.example')
    wrong = (('query', 'local', '--text', pipe),
             ('query', 'local', '--csv-in', pipe),
             ('query', 'local', '-a', pipe),
             ('query', 'local', '-s', pipe, '192.0.2.1'),
             ('query', 'local', '-f', pipe, '192.0.2.1'),
             ('query', 'local', '--token-file', pipe, '192.0.2.1'),
             ('query', 'local', '-t', 'file:' + pipe, '192.0.2.1'),
             ('query', '--url', 'https://relay.example/', '--ca-file', pipe,
              '192.0.2.1'),
             ('intel', 'import', pipe, '--source', 'x'),
             ('jwt', '-k', pipe), ('jwt', '-f', pipe),
             ('jwt', *rs256, '--key', pipe),
             ('jwt', *rs256, '--make-key', '--key',
              os.path.join(relay.folder, 'rsa.pem'), '--jwks', pipe),
             ('doctor', '-f', pipe), ('doctor', '-w', pipe),
             ('query', '-c', pipe, 'local', '192.0.2.1'),
             ('check', '-c', pipe), ('doctor', '-c', pipe))
    for args in wrong:
        status, out, err = relay.cli(*args, ok=False, timeout=20)
        holds(status != 0, args)
        has('it is a named pipe, not a file', out + err, args)
    for section in ('http', 'relay otx'):
        relay.sections.setdefault(section, {})['ca_file'] = pipe
        relay.write()
        status, out, err = relay.cli('check', ok=False, timeout=20)
        del relay.sections[section]['ca_file']
        same(status, 78, section + err)
        has('it is a named pipe, not a file', out + err, section)


def test_a_pipe_that_is_open_is_read():
    """/dev/stdin and what a shell makes of <(command) are open already."""
    relay = gateway('openpipe')
    program = harness.program('ctim-relay')
    for text in ('echo 192.0.2.1 | %s intel import /dev/stdin --source a',
                 '%s intel import <(echo 192.0.2.1) --source b',
                 '%s jwt -f <(echo "{}")', '%s query local </dev/null '
                 '--text <(echo speaks of 192.0.2.1)'):
        status, out, err = harness.run(
            ['bash', '-o', 'pipefail', '-c', text % program], env=relay.env())
        same(status, 0, text + err)
    has('192.0.2.1', relay.cli('intel', 'list')[1], 'the store')


def test_bad_claims():
    relay = gateway()
    for text in ('', '[]', '{', '{"a":1,"a":2}', '"x"', "{'key':'x'}",
                 '{"key":"' + 'x' * 20000 + '"}'):
        status, out, err = relay.cli('jwt', '-q', '-f', '-', input=text,
                                     ok=False)
        same((status, out), (1, ''), '%r\n%s' % (text[:40], err))
        holds('xxxx' not in err, 'the claims are in the message')


# --- query ------------------------------------------------------------------------

def known(name='query'):
    relay = gateway(name)
    relay.load('203.0.113.1\n', 'bad', '--disposition', 'Malicious')
    relay.load('203.0.113.2\n', 'odd')
    relay.load('203.0.113.3\n', 'good', '--disposition', 'Clean')
    return relay


def test_query_exit_status():
    """0 nothing malicious, 2 something malicious, 1 failed."""
    relay = known()
    for asked, expected in ((['203.0.113.1'], 2), (['ip:203.0.113.1'], 2),
                            (['203.0.113.2'], 0), (['203.0.113.3'], 0),
                            (['192.0.2.1'], 0),
                            (['203.0.113.3', '203.0.113.1'], 2)):
        status, out, err = relay.cli('query', 'local', *asked, ok=False)
        same(status, expected, '%s\n%s%s' % (asked, out, err))
    status, _, err = relay.cli('query', 'nobody', '192.0.2.1', ok=False)
    same(status, 1, err)
    has('nobody', err, 'what it says')


def test_query_table():
    relay = known()
    _, out, _ = relay.cli('query', 'local', '203.0.113.1', 'example.org',
                          ok=False)
    line = [text for text in out.splitlines() if '203.0.113.1' in text][0]
    has('Malicious', line, 'the row')
    line = [text for text in out.splitlines() if 'example.org' in text][0]
    has('nothing known', line, 'the row')
    holds('\x1b' not in out, 'colour that is not on a terminal')


def test_query_json_is_the_relays_answer():
    relay = known()
    for route in ('observe', 'deliberate'):
        _, out, _ = relay.cli('query', 'local', '--json', '--route', route,
                              'ip:203.0.113.1', ok=False)
        answer = json.loads(out)
        same(answer['data']['verdicts']['docs'][0]['disposition'], 2, route)
        harness.validate_ctim(answer)


def test_query_other_routes():
    relay = known()
    has('ok', relay.cli('query', 'local', '--route', 'health')[1], 'health')
    relay.cli('query', 'local', '--route', 'refer', '203.0.113.1')


def test_query_from_standard_input():
    relay = known()
    status, out, err = relay.cli('query', 'local', ok=False,
                                 input='203.0.113[.]1\n\nexample.org\n')
    same(status, 2, out + err)
    has('example.org', out, 'the table')


def test_query_with_a_token():
    relay = known()
    path = harness.write(os.path.join(relay.folder, 'token'), harness.jwt(),
                         0o600)
    relay.cli('query', 'template', '--route', 'health', '--token',
              'file:' + path)
    harness.write(path, harness.jwt(key='x' * 40), 0o600)
    status, out, err = relay.cli('query', 'template', '--route', 'health',
                                 '--token', 'file:' + path, ok=False)
    same(status, 1, out + err)
    has('Failed to decode JWT with provided key', out + err, 'what it says')


def test_show_an_answer():
    """--answer shows what curl got."""
    relay = known()
    path = harness.write(os.path.join(relay.folder, 'answer'), json.dumps(
        {'data': {'verdicts': {'count': 1, 'docs': [
            {'type': 'verdict', 'disposition': 2,
             'disposition_name': 'Malicious',
             'observable': {'type': 'ip', 'value': '203.0.113.99'},
             'valid_time': {}}]}}}))
    status, out, err = relay.cli('query', '--answer', path, ok=False)
    same(status, 2, out + err)
    has('203.0.113.99', out, 'the table')
    for text in ('', 'x', '[]', '{"data":{"verdicts":{"docs":7}}}',
                 '{"data":[[]]}', '{"errors":{}}'):
        harness.write(path, text)
        status, out, err = relay.cli('query', '--answer', path, ok=False)
        holds(status in (0, 1), '%r: %d %s' % (text, status, err))


def test_answers_are_safe_on_a_terminal():
    """Escape sequences in an answer do not reach the terminal."""
    relay = known()
    path = harness.write(os.path.join(relay.folder, 'answer'), json.dumps(
        {'data': {'verdicts': {'count': 1, 'docs': [
            {'type': 'verdict', 'disposition': 2,
             'observable': {'type': 'ip', 'value': 'x\x1b[2J\x07y\u202e'}}]}},
         'errors': [{'type': 'warning', 'code': 'x\x1b[2J',
                     'message': 'm\x1b]0;t\x07'}]}))
    for options in ([], ['--json']):
        _, out, err = relay.cli('query', '--answer', path, *options, ok=False)
        holds(not re.search('[\x00-\x08\x0b-\x1f\x7f]', out + err),
              'control characters: %r' % (out + err))

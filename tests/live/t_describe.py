# SPDX-License-Identifier: MIT
"""ctim-relay provider: providers that are described by a directory of files."""

import json
import os
import pty
import select
import stat

import harness
import manual
from harness import fail, has, holds, run, same

PROGRAM = 'ctim-relay'
QUESTIONS = ['What people call', 'Types that it knows', 'URL of its API',
             'Header that carries', 'Path to ask for']


def talk(directory, answers, umask=0o22, cwd='/'):
    """Runs `provider new DIR` at a terminal, and types an answer whenever it
    asks.  Returns its status and all that stood there."""
    pid, terminal = harness.with_terminal(pty.fork)
    if pid == 0:
        os.umask(umask)
        os.chdir(cwd)
        os.execve(harness.program(PROGRAM),
                  [PROGRAM, 'provider', 'new', directory],
                  dict(os.environ, TERM='xterm'))
    seen, asked, answers = b'', 0, list(answers)
    while True:
        if not select.select([terminal], [], [], 60)[0]:
            fail('it waits: %r' % seen)
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        if not data:
            break
        seen += data
        now = sum(seen.count(q.encode()) for q in QUESTIONS)
        if now > asked and seen.endswith(b': '):
            asked = now
            holds(answers, 'a question too many: %r' % seen)
            os.write(terminal, answers.pop(0).encode() + b'\n')
    os.close(terminal)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    same(answers, [], 'answers that nobody asked for: %r' % seen)
    return status, seen.decode().replace('\r\n', '\n')


def files_of(directory):
    """path -> text of all that is in a directory."""
    found = {}
    for top, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(top, name)
            found[os.path.relpath(path, directory)] = harness.read(path)
    return found


def place(name='fresh'):
    return os.path.join(harness.folder('describe'), name)


def test_new_writes_what_was_told():
    """Each answer has its place; the case is as the templates fill it."""
    directory = place('fresh-1')
    status, seen = talk(directory + '/', [
        'Fresh "Intel"', 'ip, url ip', 'https://api.fresh.example/v1/',
        'X-API-Key', '/find?q=type:"{value|lucene}"&since={ago 0m iso}'])
    same(status, 0, seen)
    has('written: provider.ini, map.jq and cases/nothing in ' + directory,
        seen, 'what it says')
    found = files_of(directory)
    same(sorted(found), ['cases/nothing/answer.json',
                         'cases/nothing/request.json',
                         'cases/nothing/upstream.json', 'map.jq',
                         'provider.ini'], 'files')
    same(found['provider.ini'], '''[provider]
title       = Fresh "Intel"
description = What Fresh "Intel" knows of an observable.
types       = ip url
routes      = observe
url         = https://api.fresh.example/v1

[claim key]
label       = Fresh "Intel" key
kind        = api_key

[auth]
header      = X-API-Key: {key}

[call find]
get         = /find?q=type:"{value|lucene}"&since={ago 0m iso}
''', 'provider.ini')
    has('title: "Fresh \\"Intel\\"",\n', found['map.jq'], 'map.jq')
    request = json.loads(found['cases/nothing/request.json'])
    now = request.pop('now')
    same(request, {'route': 'observe/observables',
                   'claims': {'key': 'key-of-the-case'},
                   'body': [{'type': 'ip', 'value': '192.0.2.1'}]}, 'request')
    same(json.loads(found['cases/nothing/upstream.json']), [{
        'request': 'GET https://api.fresh.example/v1/find?q=type:'
                   '%22192.0.2.1%22&since=' + now.replace(':', '%3A'),
        'headers': {'X-API-Key': 'key-of-the-case'}, 'status': 404}],
         'upstream')
    same(json.loads(found['cases/nothing/answer.json']), {'data': {}},
         'answer')


def test_new_makes_what_only_its_owner_may_write():
    """Whatever the umask is: the gateway refuses what others may write."""
    for umask in (0, 0o77):
        directory = place('modes-%o' % umask)
        status, seen = talk(directory, [
            'M', 'domain', 'https://m.example', '', '/{value}'], umask=umask)
        same(status, 0, seen)
        for top, folders, names in os.walk(directory):
            for name in ['.'] + folders + names:
                path = os.path.join(top, name)
                mode = stat.S_IMODE(os.stat(path).st_mode)
                same(mode, 0o755 if os.path.isdir(path) else 0o644, path)


def test_new_without_a_key():
    directory = place('nokey')
    status, seen = talk(directory, [
        'Open', 'sha256', 'https://open.example/api', '', '/h/{value|upper}'])
    same(status, 0, seen)
    found = files_of(directory)
    holds('[claim' not in found['provider.ini'] and
          '[auth]' not in found['provider.ini'], found['provider.ini'])
    same(json.loads(found['cases/nothing/request.json'])['claims'], {},
         'claims')
    upstream = json.loads(found['cases/nothing/upstream.json'])
    same(list(upstream[0]), ['request', 'status'], 'upstream')
    has('/h/E3B0C44298FC1C14', upstream[0]['request'], 'the path')


def test_new_with_a_key_in_the_url():
    for n, (path, more) in enumerate((('/{value}', '/192.0.2.1?'),
                                      ('/?q={value}', '/?q=192.0.2.1&'))):
        directory = place('query-%d' % n)
        status, seen = talk(directory, [
            'Q', 'ip', 'https://q.example', '?api_key=', path])
        same(status, 0, seen)
        has('next: ctim-relay provider try %s VALUE' % directory, seen, 'next')
        found = files_of(directory)
        has('\nquery       = api_key={key}\n', found['provider.ini'], 'key')
        same(json.loads(found['cases/nothing/upstream.json']), [{
            'request': 'GET https://q.example%sapi_key=key-of-the-case' % more,
            'status': 404}], 'upstream')
        status, out, err = run([harness.program(PROGRAM), 'provider', 'test',
                                directory])
        same((status, out, err), (0, '1 passed, 0 failed\n', ''), 'test')


def test_new_asks_again():
    """What cannot be used is told in the words of the templates, and asked for
    once more; nothing of it stays."""
    directory = place('again')
    status, seen = talk(directory, [
        '', 'x' * 101, 'A ; b', 'Again',
        'ip nonsense', '', 'IP',
        'http://again.example', 'https://u@again.example/', 'again.example',
        'https://again.example/?q=1', 'https://{host}/', 'https://again.example',
        'A b', 'X: no key', 'X: {kye}', '?', '?a b', 'X: Token {key}',
        'search', '/ip/192.0.2.1', '/{vlaue}', '/?k={key}', '/{value|lucen}', '/{item.x}',
        '/' + 'x' * 160, 'https://again.example/{value}'])
    same(status, 0, seen)
    for text in ('a title has 1 to 100 characters\n',
                 '" ;" would begin a comment\n',
                 'nonsense is no type; the types are domain, email, ip, ipv6',
                 'a URL is https://HOST or https://HOST/PATH',
                 'a header is NAME, or NAME: TEXT with {key} in the text; '
                 '?NAME stands for a key in the URL\n',
                 'what carries the key in the URL is ?NAME\n',
                 'the text of the header lacks {key}, which stands for the '
                 'key\n',
                 'the path lacks {value}, which stands for what is asked '
                 'about\n',
                 '{kye} is not known; did you mean key?\n',
                 'a path begins with a /\n',
                 '{vlaue} is not known; did you mean value?\n',
                 '{key} is a secret: it may stand in [auth] and [sign-in] only',
                 '{value|lucen}: lucen is no pipe; there are lucene, odata',
                 '{item.x} may not stand here\n', 'at most 159 bytes\n'):
        has(text, seen, 'what it says')
    text = files_of(directory)['provider.ini']
    has('\nheader      = X: Token {key}\n', text, 'provider.ini')
    has('\nget         = /{value}\n', text, 'provider.ini')


def test_new_touches_nothing_that_is_there():
    directory = place('there')
    os.mkdir(directory)
    status, seen = talk(directory, [])
    same(status, 1, seen)
    has('there is something already', seen, 'what it says')
    same(os.listdir(directory), [], 'the directory')


def test_new_leaves_nothing_where_it_fails():
    """The folder above is not there; input that ends."""
    above = place('above')
    status, seen = talk(os.path.join(above, 'below'), [
        'T', 'ip', 'https://t.example', '', '/{value}'])
    same(status, 1, seen)
    has('below: No such file or directory', seen, 'what it says')
    holds(not os.path.exists(above), 'a directory was made')
    directory = place('ended')
    status, seen = talk(directory, ['T', '\x04'])
    holds(status != 0 and not os.path.exists(directory), seen)


def test_new_wants_a_name_and_a_terminal():
    program = harness.program(PROGRAM)
    for args, status, text in (
            ([], 64, 'no directory named'),
            (['a', 'b'], 64, 'one directory can be made at a time'),
            (['/x/Upper'], 64, '"Upper" is none'),
            (['/x/' + 'a' * 42], 64, 'is none'), (['_a'], 64, 'is none'),
            (['/'], 64, 'is none'), (['..'], 64, 'is none'),
            (['x' * 5000], 1, 'File name too long'),
            (['/x/otx'], 1, 'otx is a provider of the gateway itself')):
        got, out, err = run([program, 'provider', 'new', *args])
        same((got, out), (status, ''), err)
        has(text, err, args)
    process = harness.subprocess.run(
        [program, 'provider', 'new', place('no-terminal')],
        stdin=harness.subprocess.DEVNULL, capture_output=True, text=True,
        start_new_session=True, timeout=60)
    same(process.returncode, 1, process.stderr)
    has('there is no terminal to ask on', process.stderr, 'what it says')


def test_commands_of_provider():
    program = harness.program(PROGRAM)
    status, out, err = run([program, 'provider', '--help'])
    same((status, err), (0, ''), 'help')
    has('  new ', out, 'help')
    for args, text in (([], 'no command named'),
                       (['nwe'], 'there is no command "nwe"'),
                       (['new', '--nonsense'], 'nonsense')):
        status, _, err = run([program, 'provider', *args])
        same(status, 64, err)
        has(text, err, args)


def test_examples():
    """The examples of the manual, as they stand."""
    found = manual.examples('provider')
    same(found, ['ctim-relay provider new ./example',
                 'ctim-relay provider test ./example'], 'examples')
    above = place('examples')
    os.mkdir(above)
    status, seen = talk(found[0].split()[-1], [
        'Example', 'ip', 'https://api.example.com', 'Key', '/{value}'],
        cwd=above)
    same(status, 0, seen)
    holds(os.path.exists(above + '/example/provider.ini'), seen)
    # What was made passes.
    process = harness.subprocess.run(
        [harness.program(PROGRAM), *found[1].split()[1:]], cwd=above,
        capture_output=True, text=True, timeout=60)
    same((process.returncode, process.stdout, process.stderr),
         (0, '1 passed, 0 failed\n', ''), found[1])


CONF = '''[server]
providers = %s
[auth]
secret_key = %s
[relay one]
provider = first
'''
FIRST = '''[provider]
title       = First
description = The first one.
types       = ip domain
routes      = observe
url         = https://first.example
rate        = 30/minute

[claim key]
label       = Key
kind        = api_key

[claim NAME]
label       = A name
needed      = no

[call find]
get         = /a/{value}
get.domain  = /b

[call more]
types       = domain
get         = /c/{find.x}
'''


def folders():
    """Two folders with described providers, and a configuration."""
    top = place('folders-%d' % folders.count)
    folders.count += 1
    for name, text in (('a/first', FIRST),
                       ('b/first', FIRST.replace('First', 'Another')),
                       ('b/second', FIRST.replace('First', '\x1b[31mSecond')),
                       ('b/wrong', FIRST.replace('{value}', '{vlaue}')),
                       ('b/otx', FIRST), ('b/.hidden', FIRST),
                       ('b/Upper', FIRST), ('b/empty', None)):
        path = os.path.join(top, name)
        os.makedirs(path, mode=0o755)
        if text is not None:
            write(path + '/provider.ini', text)
            write(path + '/map.jq', 'empty')
    conf = os.path.join(top, 'conf')
    write(conf, CONF % (' '.join(top + '/' + n for n in 'anb'), 'x' * 64))
    os.chmod(conf, 0o600)
    return top, conf


folders.count = 0


def write(path, text):
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    os.chmod(path, 0o644)


def test_list_has_those_that_can_be_used():
    """The first of a name; one with errors as such; nothing that is none."""
    top, conf = folders()
    status, out, err = run([harness.program(PROGRAM), 'provider', 'list', '-c',
                            conf])
    same((status, err), (0, ''), out)
    rows = [' '.join(line.split()) for line in out.splitlines()]
    same(rows, ['name title types relays described in',
                'first First domain ip one %s/a/first' % top,
                'second \\x1b[31mSecond domain ip - %s/b/second' % top,
                'wrong has errors - - %s/b/wrong' % top], 'rows')
    write(conf, CONF.split('[relay')[0] % (top + '/n', 'x' * 64))
    os.chmod(conf, 0o600)
    same(run([harness.program(PROGRAM), 'provider', 'list', '-c', conf]),
         (0, 'no described providers in %s/n\n' % top, ''), 'none')


def test_show_says_what_one_does():
    top, conf = folders()

    def show(*args):
        return run([harness.program(PROGRAM), 'provider', 'show', *args])

    same(show('first', '-c', conf), (0, '''title         First
description   The first one.
described in  %s/a/first
relays        one
types         domain ip
routes        observe
call          find: GET for domain ip
call          more: GET for domain
claim         key: Key, an API key
claim         NAME: A name, may be missing
limit         30 calls in 60 s for each credential
''' % top, ''), 'first')
    status, out, err = show('wrong', '-c', conf)
    same((status, out), (1, ''), err)
    has('/b/wrong/provider.ini:', err, 'wrong')
    has('{vlaue} is not known', err, 'wrong')
    for args, status, text in (
            (['nothing'], 1, 'there is no described provider "nothing"'),
            (['../a/first'], 1, 'there is no described provider'),
            (['otx'], 1, 'otx is a provider of the gateway itself'),
            ([], 64, 'no provider named'),
            (['a', 'b'], 64, 'one provider can be shown at a time')):
        got, out, err = show('-c', conf, *args)
        same((got, out), (status, ''), err)
        has(text, err, args)

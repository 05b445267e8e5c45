# SPDX-License-Identifier: MIT
"""ctim-relay relay: the module at the platform, which is played on
loopback."""

import json
import os
import pty
import re

import harness
import iroh
import testca
from harness import has, holds, same
from iroh import ADD, LIST, PATH, TOKEN_LINE
from upstream import Upstream

SECRETS = (iroh.PASSWORD, iroh.BASIC.split()[1], 'token-1', 'token-2',
           'the.jwt.token')
ACTIONS = ('add', 'edit', 'remove')


def arguments(*args):
    return [harness.program('ctim-relay'), 'relay', *args]


def environment(url, **more):
    return harness.environment(**dict(
        {'TR_API_URL': url, 'TR_API_CLIENT_ID': iroh.ID,
         'TR_API_CLIENT_PASSWORD': iroh.PASSWORD}, **more))


def folder(settings=None):
    """A folder with relay_settings.json: a value, or the very text."""
    place = harness.folder('relaycli')
    if settings is None:
        settings = iroh.settings()
    if not isinstance(settings, str):
        settings = json.dumps(settings)
    harness.write(os.path.join(place, 'relay_settings.json'), settings)
    return place


def relay(url, *args, settings=None, place=None, **env):
    """(status, output, errors), in which no secret is."""
    status, out, err = harness.run(
        arguments(*args), env=environment(url, **env),
        cwd=place or folder(settings))
    for secret in SECRETS:
        holds(secret not in out + err, '%s: %s%s' % (secret, out, err))
    return status, out, err


def done(name, action):
    return 'Relay module "%s" has been successfully %s!\n' % (name, action)


def refused(name, what):
    return 'Error: Relay module "%s" %s!\n' % (name, what)


# --- what it does -----------------------------------------------------------

def test_add():
    with iroh.Platform() as platform:
        same(relay(platform.url, 'add'), (0, done('Local', 'added'), ''),
             'what it says')
        same(platform.lines(), [TOKEN_LINE, LIST, ADD], 'what was asked')
        token, asked, added = platform.requests
        same(token.body, b'grant_type=client_credentials', 'body')
        for request, credential, kind in (
                (token, iroh.BASIC, 'application/x-www-form-urlencoded'),
                (asked, 'Bearer token-1', None),
                (added, 'Bearer token-1', 'application/json')):
            same((request.headers['authorization'],
                  request.headers.get('content-type'),
                  request.headers['accept']),
                 (credential, kind, 'application/json'), request.line)
        same(added.body.decode(),
             json.dumps(iroh.settings(), separators=(',', ':')), 'the module')


def test_the_order_of_members_and_numbers_stays():
    text = ('{"settings":{"z":1.50,"url":"$$x","supported-apis":["health"],'
            '"deep":{"a":["$HOME",null,true]},"a":"\u00e4\\u0001"},'
            '"visibility":"org","module_type_id":"$HOME","name":"n"}')
    with iroh.Platform() as platform:
        status, out, err = relay(platform.url, 'add', settings=text)
        same(status, 0, out + err)
        same(platform.requests[-1].body.decode(), text.replace('$$', '$'),
             'the module')


def test_variables_are_replaced():
    """In the name and the strings of settings, not deeper and nowhere
    else."""
    given = iroh.settings(name='$NAME of ${A}b')
    given['settings'].update({'url': '${URL}/$NAME', 'x': ['$NAME'],
                              'y': {'z': '$NAME'}})
    with iroh.Platform() as platform:
        status, out, err = relay(platform.url, 'add', settings=given,
                                 NAME='One', A='a"$NAME', URL='https://h')
        same((status, out, err), (0, done('One of a"$NAMEb', 'added'), ''),
             'what it says')
        given['name'] = 'One of a"$NAMEb'
        given['settings']['url'] = 'https://h/One'
        same(platform.body(ADD), given, 'the module')


def test_edit_sends_only_what_differs():
    old = iroh.module(visibility='global')
    other = iroh.module(id='other', module_type_id='another')
    with iroh.Platform(other, old) as platform:
        same(relay(platform.url, 'edit'), (0, done('Local', 'edited'), ''),
             'what it says')
        line = 'PATCH %s/m-1' % PATH
        same(platform.lines(), [TOKEN_LINE, LIST, line], 'what was asked')
        same(platform.body(line), {'visibility': 'org'}, 'the changes')
        same(platform.requests[-1].headers['content-type'],
             'application/json', 'type')


def test_edit_sends_settings_whole():
    old = iroh.module()
    old['settings'] = dict(old['settings'], url='https://old.example.org')
    with iroh.Platform(old) as platform:
        relay(platform.url, 'edit')
        same(platform.body('PATCH %s/m-1' % PATH),
             {'settings': iroh.settings()['settings']}, 'the changes')


def test_edit_of_what_the_platform_does_not_tell():
    old = iroh.module()
    del old['visibility']
    with iroh.Platform(old) as platform:
        relay(platform.url, 'edit')
        same(platform.body('PATCH %s/m-1' % PATH), {'visibility': 'org'},
             'the changes')


def test_remove():
    with iroh.Platform(iroh.module()) as platform:
        same(relay(platform.url, 'remove'),
             (0, done('Local', 'removed'), ''), 'what it says')
        same(platform.lines(), [TOKEN_LINE, LIST, 'DELETE %s/m-1' % PATH],
             'what was asked')
        same(platform.requests[-1].body, b'', 'body')


def test_an_id_does_not_leave_its_place():
    with iroh.Platform(iroh.module(id='../x?y=1#/\u00e4')) as platform:
        relay(platform.url, 'remove')
        same(platform.lines()[-1],
             'DELETE ' + PATH + '/%2E%2E%2Fx%3Fy%3D1%23%2F%C3%A4', 'path')


def test_existing_missing_unchanged():
    """The messages that people and scripts know."""
    for action, kept, what in (
            ('add', [iroh.module()], 'already exists'),
            ('edit', [], 'does not exist'),
            ('remove', [], 'does not exist'),
            ('edit', [iroh.module(module_type_id='x')], 'does not exist'),
            ('remove', [iroh.module(name='local')], 'does not exist'),
            ('edit', [iroh.module()], 'has not been changed')):
        with iroh.Platform(*kept) as platform:
            same(relay(platform.url, action),
                 (1, '', refused('Local', what)), action)
            same(platform.lines(), [TOKEN_LINE, LIST], 'what was asked')


def test_others_modules_may_be_anything():
    odd = [None, 7, [], {}, {'name': 'Local'}, {'name': {'Local': 1}}]
    for id in (None, '', 7):
        rules = [iroh.token(), iroh.modules(*odd, iroh.module(id=id))]
        with Upstream(rules) as platform:
            same(relay(platform.url, 'remove'),
                 (1, '', refused('Local', 'has no ID at the platform')), id)
    rules = [iroh.token(), iroh.modules(*odd), iroh.change(ADD)]
    with Upstream(rules) as platform:
        same(relay(platform.url, 'add')[0], 0, 'add')


# --- the settings file ------------------------------------------------------

def nothing_asked(action, settings, *args, **env):
    """What it says; the platform hears nothing."""
    with iroh.Platform() as platform:
        status, out, err = relay(platform.url, action, *args,
                                 settings=settings, **env)
        same((status, out, platform.lines()), (1, '', []), err)
        return err


def test_a_variable_that_is_not_there():
    given = iroh.settings()
    given['settings']['authorization-header'] = 'Bearer ${JWT}'
    for action in ACTIONS:
        same(nothing_asked(action, given),
             'Error: Unable to read environment variable "JWT" for Relay '
             'settings JSON expansion. Make sure to define it first.\n',
             action)


def test_a_file_that_is_missing_or_malformed():
    err = nothing_asked('add', None, '-f', 'nowhere.json')
    has('Error: Unable to read the Relay settings file "nowhere.json": No '
        'such file or directory.', err, 'missing')
    has('it is a directory', nothing_asked('add', None, '-f', '/'), 'a folder')
    for text in ('', '{', '{"name": "x",}', "{'name': 'x'}",
                 '{"name":"a","name":"b"}', '{} {}', '\ufeff{}', '\0',
                 '[' * 100):
        err = nothing_asked('add', text)
        has('Error: Unable to load Relay settings JSON file '
            '"relay_settings.json". It may be malformed', err, repr(text))
    err = nothing_asked('add', '"' + 'x' * 70000 + '"')
    has('more than 65536 bytes', err, 'a large one')


def test_a_file_that_is_not_to_the_schema():
    """Each member that is wrong is named."""
    for path, value, words in (
            (['name'], None, '"name" is missing'),
            (['name'], '', '"name" is empty'),
            (['name'], 7, '"name" is a number and should be a string'),
            (['module_type_id'], None, '"module_type_id" is missing'),
            (['visibility'], [], '"visibility" is an array and should be'),
            (['settings'], None, '"settings" is missing'),
            (['settings'], {}, '"settings" is empty'),
            (['settings'], 'x', '"settings" is a string and should be an'),
            (['settings', 'url'], None, '"settings.url" is missing'),
            (['settings', 'url'], True, '"settings.url" is a boolean'),
            (['settings', 'supported-apis'], None,
             '"settings.supported-apis" is missing'),
            (['settings', 'supported-apis'], [], 'supported-apis" is empty'),
            (['settings', 'supported-apis'], {'a': 1}, 'is an object'),
            (['settings', 'supported-apis'], ['health', 'healthy'],
             'holds "healthy"; there are: health, observe/observables, '
             'deliberate/observables, refer/observables, '
             'respond/observables, respond/trigger'),
            (['settings', 'supported-apis'], ['health', 7],
             'element 2 of "settings.supported-apis"'),
            (['enabled'], True, '"enabled" is unknown')):
        given = iroh.settings()
        place = given
        for name in path[:-1]:
            place = place[name]
        place.pop(path[-1], None)
        if value is not None:
            place[path[-1]] = value
        err = nothing_asked('add', given)
        has('Error: Invalid Relay settings JSON schema in '
            '"relay_settings.json":\n', err, path)
        has(words, err, path)
        same(len(err.splitlines()), 2, err)
    err = nothing_asked('edit', {})
    same(len(err.splitlines()), 5, err)
    has('it is an array and should be an object', nothing_asked('add', []),
        'an array')


def test_dollars_and_empty_variables():
    for text in ('$', 'a$', '$1', '${', '${}', '${A', '${A-x}', '$ A', '$\u00e4'):
        has('write $$', nothing_asked('add', iroh.settings(name=text)), text)
    has('becomes empty', nothing_asked('add', iroh.settings(name='$N'), N=''),
        'an empty name')
    has('becomes too long', nothing_asked(
        'add', iroh.settings(name='$N$N'), N='x' * 40000), 'a long name')


def test_names_are_safe_on_a_terminal():
    name = 'a\x1b[31m\u202eb'
    with iroh.Platform(iroh.module(name=name)) as platform:
        given = iroh.settings(name=name)
        _, out, err = relay(platform.url, 'add', settings=given)
        same(err, refused('a\\x1b[31m\\u202eb', 'already exists'), 'error')
        _, out, _ = relay(platform.url, 'remove', settings=given)
        same(out, done('a\\x1b[31m\\u202eb', 'removed'), 'output')


def test_a_file_from_elsewhere():
    with iroh.Platform() as platform:
        place = folder('{}')
        path = harness.write(os.path.join(place, 'other.json'),
                             json.dumps(iroh.settings(name='Other')))
        for option in ('-f', '--settings_file', '--settings'):
            same(relay(platform.url, 'add', option, path, place=place)[1],
                 done('Other', 'added'), option)
        status, out, err = harness.run(
            arguments('add', '-f', '-'), env=environment(platform.url),
            input=json.dumps(iroh.settings(name='Piped')))
        same((status, out), (0, done('Piped', 'added')), err)


# --- tokens -----------------------------------------------------------------

def test_a_token_that_expired():
    """A 401 asks for a new token, and the call is made again with it."""
    rules = [iroh.token('token-1', times=1), iroh.token('token-2'),
             iroh.modules(), iroh.change(ADD, status=401),
             iroh.change(ADD, token='token-2')]
    with Upstream(rules) as platform:
        same(relay(platform.url, 'add'), (0, done('Local', 'added'), ''),
             'what it says')
        same(platform.lines(), [TOKEN_LINE, LIST, ADD, TOKEN_LINE, ADD],
             'what was asked')
        same(platform.requests[2].body, platform.requests[4].body, 'bodies')


def test_a_401_twice():
    """Once is enough."""
    with Upstream([iroh.token(), {'request': LIST, 'status': 401}]) as platform:
        status, out, err = relay(platform.url, 'add')
        same((status, out), (1, ''), err)
        same(platform.lines(), [TOKEN_LINE, LIST, TOKEN_LINE, LIST],
             'what was asked')
        has('Error: %s answered "401 Unauthorized" when asked for its '
            'modules' % platform.url, err, 'what it says')


def test_a_wrong_password():
    rules = [{'request': TOKEN_LINE, 'status': 401, 'json': {
        'error': 'invalid_client', 'error_description': 'unknown client'}}]
    with Upstream(rules) as platform:
        status, out, err = relay(platform.url, 'add')
        same((status, out, platform.lines()), (1, '', [TOKEN_LINE]), err)
        has('look at its ID and password', err, 'what it says')
        has('It says: "unknown client".', err, 'what it says')


def test_bad_tokens():
    for body in ('', '{', '[]', '{}', '{"access_token":7}',
                 '{"access_token":""}', '{"access_token":"a\\r\\nX: y"}',
                 '{"access_token":"a b"}',
                 '{"access_token":"%s"}' % ('x' * 20000), '<html>'):
        with Upstream([{'request': TOKEN_LINE, 'text': body}]) as platform:
            status, out, err = relay(platform.url, 'add')
            same((status, out, platform.lines()), (1, '', [TOKEN_LINE]), err)
            has('cannot be understood when asked for a token', err, body)


# --- a platform that fails --------------------------------------------------

def test_answers_that_are_failures():
    for status, word in ((500, 'try again later'), (503, 'try again later'),
                         (429, 'try again later'), (403, 'scope'),
                         (404, '--region'), (400, 'was sent'),
                         (409, 'was sent'), (302, 'points elsewhere'),
                         (799, 'not expected')):
        rule = {'status': status, 'headers': {'Location': '{UPSTREAM}/x'}}
        for rules, purpose in (
                ([dict(rule, request=TOKEN_LINE)], 'for a token'),
                ([iroh.token(), dict(rule, request=LIST)], 'for its modules'),
                ([iroh.token(), iroh.modules(), dict(rule, request=ADD)],
                 'to add the module')):
            with Upstream(rules) as platform:
                code, out, err = relay(platform.url, 'add')
                same((code, out), (1, ''), err)
                same(len(platform.requests), len(rules), 'calls')
                same(len(err.splitlines()), 1, err)
                for part in ('Error: ' + platform.url, '"%d ' % status,
                             purpose, word):
                    has(part, err, status)


def test_edit_and_remove_that_fail():
    for action, line in (('edit', 'PATCH'), ('remove', 'DELETE')):
        line = '%s %s/m-1' % (line, PATH)
        rules = [iroh.token(), iroh.modules(iroh.module(visibility='x')),
                 {'request': line, 'status': 404}]
        with Upstream(rules) as platform:
            status, out, err = relay(platform.url, action)
            same((status, out), (1, ''), err)
            has('when asked to %s the module' % action, err, action)


def test_modules_that_cannot_be_understood():
    for body in ('', '{', '{}', 'null', '"x"', '<html>', '[' * 40, '[\0]'):
        with Upstream([iroh.token(),
                       {'request': LIST, 'text': body}]) as platform:
            status, out, err = relay(platform.url, 'add')
            same((status, out, platform.count('POST')), (1, '', 1), err)
            has('cannot be understood when asked for its modules', err, body)


def test_faults_of_the_connection():
    for fault, word in (('close', 'closed without an answer'),
                        ('cut', 'broke'), ('no_http', 'not HTTP'),
                        ('huge', 'too large'), ('bomb', 'too large')):
        rule = {'request': LIST, 'fault': fault, 'text': '[]' * 50}
        with Upstream([iroh.token(), rule]) as platform:
            status, out, err = relay(platform.url, 'add')
            same((status, out), (1, ''), err)
            has('did not answer when asked for its modules', err, fault)
            has(word, err, fault)


def config(**http):
    return harness.write(
        os.path.join(harness.folder('relaycli'), 'http.conf'),
        '[http]\n' + ''.join('%s = %s\n' % i for i in http.items()))


def test_a_platform_that_does_not_answer():
    with Upstream([{'request': TOKEN_LINE, 'fault': 'hang'}]) as platform:
        status, out, err = relay(platform.url, 'add', '-c', config(timeout=1))
        same((status, out), (1, ''), err)
        has('timed out', err, 'what it says')


def test_nobody_listens():
    status, out, err = relay('http://127.0.0.1:%d' % harness.free_port(),
                             'add')
    same((status, out), (1, ''), err)
    has('Connection refused', err, 'what it says')
    has('TR_API_URL', err, 'what to do')


def test_certificates():
    """A good one of a known authority, and none else."""
    ca = config(ca_file=testca.ca_file())
    for kind, args, word in (('good', ('-c', ca), None),
                             ('good', (), 'certificate'),
                             ('expired', ('-c', ca), 'expired'),
                             ('wrong_host', ('-c', ca), 'mismatch'),
                             ('self_signed', ('-c', ca), 'self')):
        with iroh.Platform(tls=kind) as platform:
            status, out, err = relay(platform.url, 'add', *args)
            if word is None:
                same((status, out), (0, done('Local', 'added')), err)
                continue
            same((status, out, platform.lines()), (1, '', []), err)
            has(word, err, kind)
            has('ca_file', err, kind)


# --- where the platform is --------------------------------------------------

def test_regions():
    """Each has its host, and is called over https with a proxy's CONNECT."""
    for args, host in (((), 'visibility.amp.cisco.com'),
                       (('-r', 'us'), 'visibility.amp.cisco.com'),
                       (('--region', 'eu'), 'visibility.eu.amp.cisco.com'),
                       (('-r', 'apjc'), 'visibility.apjc.amp.cisco.com')):
        with Upstream() as proxy:
            status, out, err = relay(
                '', 'add', *args, '-c', config(proxy=proxy.url,
                                               ca_file=testca.ca_file()))
            same((status, out), (1, ''), err)
            same(set(proxy.lines()), {'CONNECT %s:443' % host}, err)
            has('Error: https://%s did not answer' % host, err, args)


def test_the_url_of_the_environment():
    with iroh.Platform() as platform:
        port = platform.url.rpartition(':')[2]
        for url in (platform.url + '/', 'HTTP://127.0.0.1:' + port):
            same(relay(url, 'add', '--region', 'eu')[0], 0, url)
    for url in ('127.0.0.1', 'ftp://h', 'file:///etc/passwd', 'https://',
                'https://h/iroh', 'https://h?x', 'https://u:p@h',
                'https://h#x', 'x', 'https://' + 'h' * 600):
        status, out, err = relay(url, 'add')
        same((status, out), (1, ''), url)
        has('TR_API_URL should be a scheme and a host', err, url)
        holds('u:p' not in err, err)


# --- use, and secrets -------------------------------------------------------

def test_wrong_use():
    for args, word in (([], 'add, edit or remove'), (['list'], '"list"'),
                       (['add', 'x'], '-f'), (['add', '-r', 'mars'], 'mars'),
                       (['add', '-f'], '-f'), (['add', '--nope'], '--nope')):
        status, out, err = harness.run(arguments(*args))
        same((status, out), (64, ''), err)
        has(word, err, args)
        has('usage: ctim-relay relay', err, args)
    status, _, err = harness.run(arguments('add', '-c', '/nowhere'))
    same(status, 78, err)


def test_credentials_of_the_command_line():
    """They go before the environment's."""
    with iroh.Platform() as platform:
        for i, p in (('-i', '-p'), ('--client_id', '--client_password')):
            status, out, err = relay(
                platform.url, i, iroh.ID, p, iroh.PASSWORD, 'add',
                TR_API_CLIENT_ID='x', TR_API_CLIENT_PASSWORD='y')
            same((status, out), (0, done('Local', 'added')), err)


def test_a_password_leaves_the_list_of_processes():
    for form in (['-p', iroh.PASSWORD], ['-p' + iroh.PASSWORD],
                 ['--client_password=' + iroh.PASSWORD]):
        with Upstream([{'request': TOKEN_LINE, 'hold': True}]) as platform:
            process = harness.start(
                arguments('add', *form), cwd=folder(),
                env=environment(platform.url, TR_API_CLIENT_PASSWORD=None),
                stderr=harness.subprocess.DEVNULL)
            harness.wait_for(lambda: platform.waiting, 'the call')
            line = harness.read('/proc/%d/cmdline' % process.pid)
            has('add', line, 'the arguments')
            holds(iroh.PASSWORD not in line, 'the password is in ' + line)
            harness.stop(process)
            same(platform.requests[0].headers['authorization'], iroh.BASIC,
                 'the password that was sent')


def test_a_platform_that_repeats_secrets():
    """What it says is shown, but not when there is a secret in it."""
    for text, shown in (('no such type', True), (iroh.PASSWORD, False),
                        ('x' + iroh.BASIC + 'x', False),
                        ('token-1 is bad', False),
                        ('header Bearer the.jwt.token?', False),
                        ('a\x1b[31m', False)):
        rules = [iroh.token(), iroh.modules(),
                 {'request': ADD, 'status': 400, 'json': {'message': text}}]
        with Upstream(rules) as platform:
            status, _, err = relay(platform.url, 'add')
            same(status, 1, err)
            same(text in err, shown, err)


def test_credentials_that_are_none():
    for name, word in (('TR_API_CLIENT_ID', 'a:b'), ('TR_API_CLIENT_ID', 'a\nb'),
                       ('TR_API_CLIENT_PASSWORD', 'a\x7fb'),
                       ('TR_API_CLIENT_PASSWORD', 'x' * 3000)):
        with iroh.Platform() as platform:
            status, out, err = relay(platform.url, 'add', **{name: word})
            same((status, out, platform.lines()), (1, '', []), err)
            has('cannot be', err, name)
            holds(word not in err, err)


def test_without_a_terminal():
    for name in ('TR_API_CLIENT_ID', 'TR_API_CLIENT_PASSWORD'):
        err = nothing_asked('add', None, **{name: ''})
        has('there is no terminal to ask at. It may be put into %s.' % name,
            err, name)


class Person:
    """Somebody at a terminal in front of the command."""

    def __init__(self, url, *args, **env):
        place, environment_ = folder(), environment(url, **env)
        args = arguments(*args)
        self.seen = ''
        self.pid, self.terminal = harness.with_terminal(pty.fork)
        if self.pid == 0:
            os.chdir(place)
            os.execve(args[0], args, environment_)

    def read(self):
        """Some more of what is shown; False at the end."""
        try:
            data = os.read(self.terminal, 65536)
        except OSError:
            data = b''
        self.seen += data.decode()
        return bool(data)

    def answer(self, question, text):
        """Types once that is asked."""
        while question not in self.seen:
            holds(self.read(), 'not asked %r:\n%s' % (question, self.seen))
        os.write(self.terminal, text.encode() + b'\n')

    def end(self):
        while self.read():
            pass
        os.close(self.terminal)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_questions_at_the_terminal():
    """The ID is shown as it is typed, the password is not."""
    with iroh.Platform() as platform:
        person = Person(platform.url, 'add', TR_API_CLIENT_ID=None,
                        TR_API_CLIENT_PASSWORD=None, TERM='xterm')
        person.answer('Client ID: ', iroh.ID)
        person.answer('Client Password: ', iroh.PASSWORD)
        same(person.end(), 0, person.seen)
        has(iroh.ID, person.seen, 'the terminal')
        holds(iroh.PASSWORD not in person.seen, person.seen)
        has('\x1b[', person.seen, 'colour on a terminal')
        has(done('Local', 'added').strip(),
            re.sub('\x1b\\[[0-9;]*m', '', person.seen), 'what it says')


def test_no_questions_before_the_file_is_good():
    person = Person('http://127.0.0.1:9', 'add', '-f', 'nowhere',
                    TR_API_CLIENT_ID=None, NO_COLOR='1', TERM='xterm')
    same(person.end(), 1, person.seen)
    holds('Client' not in person.seen and '\x1b' not in person.seen,
          person.seen)


# --- the documentation ------------------------------------------------------

def commands(text, first, last):
    """The indented lines from one to another, without what is said of
    them."""
    lines = [line.strip().lstrip('$ ') for line in text.splitlines()]
    at = lines.index([n for n in lines if n.startswith(first)][0])
    end = [i for i, n in enumerate(lines) if n.startswith(last)][0]
    return '\n'.join(lines[at:end + 1])


def test_the_examples():
    """Those of ctim-relay-relay(1) and of docs/platform.md."""
    sample = os.path.join(harness.SRC, 'share', 'relay_settings.json')
    url = 'https://relay.example.org/local'
    added = json.loads(harness.read(sample).replace('$NAME', 'Local').replace(
        '$URL', url).replace('$JWT', 'the.jwt.token'))
    for name, first, last in (
            ('man/ctim-relay-relay.1', 'cp /usr/local/share', 'URL='),
            ('docs/platform.md', 'cp share/relay', 'ctim-relay relay add')):
        text = commands(harness.read(os.path.join(harness.SRC, name)), first,
                        last)
        has('ctim-relay relay add --region eu', text, name)
        text = re.sub(r'cp \S*relay_settings.json', 'cp ' + sample,
                      text.replace('sudo ', ''))
        place = folder('')
        harness.write(os.path.join(place, 'token'), 'the.jwt.token', 0o600)
        rules = [iroh.token(), iroh.modules(times=1), iroh.change(ADD),
                 iroh.modules(dict(added, id='m-1')),
                 iroh.change('PATCH %s/m-1' % PATH)]
        del rules[0]['with']
        with Upstream(rules) as platform:
            status, out, err = harness.run(
                ['/bin/sh', '-ec', text], cwd=place, env=environment(
                    platform.url,
                    CTIM_RELAY_CONF=harness.Gateway('relaycli').conf,
                    PATH=os.path.dirname(harness.program('ctim-relay')) +
                    ':' + os.environ['PATH']))
            same(status, 0, '%s\n%s%s' % (text, out, err))
            has(done('Local', 'added'), out, name)
            same(json.loads(platform.requests[2].body)['settings']['url'],
                 url, name)
            if 'relay edit' in text:
                has(done('Local', 'edited'), out, name)
                same(json.loads(platform.requests[-1].body),
                     {'settings': dict(added['settings'], url=url.replace(
                         'relay.', 'relay2.'))}, name)

# SPDX-License-Identifier: MIT
"""Directories of described providers with an error: each gets the message that
names its file, its line and what is wrong."""

import os
import re

import harness
from harness import Gateway, has, same

INI = '''\
[provider]
title = Test
description = A service of the tests.
types = ip domain
routes = observe refer
url = https://api.example/v1

[claim key]
label = Key
kind = api_key

[claim ON]
label = On
kind = yesno
default = yes

[claim N]
label = Pages
kind = number
default = 1

[claim HOST]
label = Host
kind = host
needed = no

[auth]
header = Key: {key}

[call info]
get = /info/{value}

[call more]
post = /more
json = {"v": "{value}"}

[refer search]
title = Search
url = https://www.example/?q={value}

[errors]
message = error
'''
AWS = '»sign = aws-sigv4 us-east-1 es\nsign_key = {key}\nsign_id = {N}'
# What of INI is replaced by what; » stands before the line that is named.
ROWS = (
    ('title = Test\n', '', 1, '[provider] wants a title'),
    ('description = A service of the tests.\n', '', 1,
     '[provider] wants a description'),
    ('types = ip domain\n', '', 1, '[provider] wants types'),
    ('types = ip domain', '»types = ip domian', None,
     'types: domian is no type of observables; there are '),
    ('routes = observe refer\n', '', 1, '[provider] wants routes'),
    ('routes = observe refer', '»routes = observe tiles', None,
     'routes: tiles is no route; there are deliberate, observe, refer'),
    ('url = https://api.example/v1\n', '', 1,
     '[provider] wants a url, as there are calls'),
    ('url = https://api.example/v1', '»url = ftp://api.example', None,
     'url: ftp://api.example is no https URL'),
    ('url = https://api.example/v1', '»url = https://api.example/', None,
     'url: it ends with a slash'),
    ('url = https://api.example/v1', '»url = https://{N}.example', None,
     'url: only claims with kind = host may stand in the host'),
    ('url = https://api.example/v1', '»url = https://api.example/?a=b', None,
     'url: nothing but a path may stand behind the host'),
    ('url = https://api.example/v1',
     'url = https://api.example/v1\n»rate = many', None,
     'rate: many is no number from 0 to 10000'),
    ('url = https://api.example/v1',
     'url = https://api.example/v1\n»rate = 4/week', None,
     'rate: 4/week is no number from 0 to 10000, alone or with /second, '
     '/minute, /hour or /day'),
    ('[call info]', '»[cal info]', None,
     'cal is no section; there are provider, claim, auth, sign-in, call, '
     'health, refer, errors, quota'),
    ('[call info]', '»[call]', None, '[call NAME] wants a name'),
    ('[call info]', '»[call 9]', None, '[call NAME] wants a name'),
    ('[auth]', '»[auth x]', None, '[auth] has no name'),
    ('[call more]', '»[call info]', None,
     '[call info] is there already, in line 30'),
    ('title = Test', 'title = Test\n»tittle = x', None,
     'tittle is no key of [provider]; there are title, description, types, '
     'routes, url, rate'),
    ('title = Test', 'title = Test\n»title = Again', None,
     'title is there already, in line 2'),
    ('title = Test', '»title =', None,
     'title has no value; leave the line out for the default'),
    ('title = Test', '»title = ' + 'x' * 200, None,
     'this line is longer than 198 bytes; put the text into a file NAME.txt '
     'here and write @NAME.txt'),
    ('title = Test', '» title = Test', None, 'this line begins with a blank'),
    ('title = Test', '»title = Test ; name', None,
     'a comment must be a line of its own'),
    ('title = Test', '»title', None, 'neither a [section] nor key = value'),
    ('title = Test', '»title = ' + 'x' * 101, None,
     'title: at most 100 characters'),
    ('label = Key\n', '', 8, '[claim key] wants a label'),
    ('kind = api_key', '»kind = secret', None,
     'kind: secret is none of text, password, api_key, number, yesno, host'),
    ('kind = api_key', 'kind = api_key\n»default = x', None,
     'default: a secret has none'),
    ('default = 1', '»default = one', None, 'default: one is no number'),
    ('default = yes', '»default = on', None, 'default: on is no yesno'),
    ('needed = no', '»default = a/b', None, 'default: a/b is no host'),
    ('needed = no', '»needed = maybe', None,
     'needed: maybe is none of no, yes'),
    ('header = Key: {key}', '»header = Key {key}', None,
     'header: "Name: value" is wanted, there is no colon'),
    ('header = Key: {key}', '»header = K y: {key}', None,
     'header: K y cannot be the name of a header field'),
    ('header = Key: {key}', '»header = host: {key}', None,
     'header: the gateway itself makes the field host'),
    ('header = Key: {key}', '»header = Transfer-Encoding: {key}', None,
     'header: the gateway itself makes the field Transfer-Encoding'),
    ('header = Key: {key}', '»header.5 = Key: {key}', None,
     'header.5: there are header, header.2 to header.4'),
    ('header = Key: {key}', '»query = {key}', None,
     'query: name=value is wanted, there is no ='),
    ('header = Key: {key}', '»basic = {key}', None,
     'basic: user:password is wanted, there is no colon'),
    ('header = Key: {key}', 'basic = {key}:\n»bearer = {key}', None,
     'bearer: not together with basic or [sign-in]'),
    ('header = Key: {key}', '»sign = sha1 X: {value}', None,
     'sign: "hmac-sha256 Name: template" or "aws-sigv4 REGION SERVICE" is '
     'wanted'),
    ('header = Key: {key}', '»sign = hmac-sha256 X: {value}', None,
     'sign_key: {CLAIM} is wanted'),
    ('header = Key: {key}', '»sign_key = {key}', None,
     'sign_key: there is no sign'),
    ('header = Key: {key}', '»sign_id = {key}', None,
     'sign_id: there is no sign'),
    ('header = Key: {key}', 'sign = hmac-sha256 X: {value}\n'
     'sign_key = {key}\n»sign_id = {N}', None,
     'sign_id: hmac-sha256 has none'),
    ('header = Key: {key}', AWS.replace('»', '') + '\n»sign_id = {key}', None,
     'sign_id is there already, in line 30'),
    ('header = Key: {key}', '»sign = aws-sigv4 es\nsign_key = {key}\n'
     'sign_id = {N}', None, 'sign: aws-sigv4 wants a region and a service'),
    ('header = Key: {key}', '»sign = aws-sigv4 {N} es\nsign_key = {key}', None,
     'sign_id: {CLAIM} is wanted, a claim to sign with'),
    ('header = Key: {key}', 'sign = aws-sigv4 {N} es\nsign_id = {N}\n'
     '»sign_key = key', None,
     'sign_key: {CLAIM} is wanted, a claim to sign with'),
    ('header = Key: {key}', AWS.replace('us-east-1', 'us:east'), None,
     'sign: "us:east" cannot be a region or a service'),
    ('header = Key: {key}', AWS.replace(' es', ' e s'), None,
     'sign: "e s" cannot be a region or a service'),
    ('header = Key: {key}', AWS.replace('us-east-1', '{key}'), None,
     '{key} is a secret: it may stand in [auth] and [sign-in] only'),
    ('header = Key: {key}', AWS + '\nbasic = {N}:{key}', None,
     'sign: aws-sigv4 not together with basic, bearer or [sign-in]'),
    ('header = Key: {key}', AWS + '\nbearer = {key}', None,
     'sign: aws-sigv4 not together with basic, bearer or [sign-in]'),
    ('header = Key: {key}', AWS + '\n\n[sign-in]\nget = /token', None,
     'sign: aws-sigv4 not together with basic, bearer or [sign-in]'),
    ('header = Key: {key}', AWS.replace('»', '') + '\n'
     '»header = Authorization: {key}', None,
     'header: Authorization is not for a call that is signed'),
    ('header = Key: {key}', AWS.replace('»', '') + '\n»header = date: today',
     None, 'header: Date is not for a call that is signed'),
    ('header = Key: {key}', AWS.replace('»', '') + '\n'
     '»header = Accept-Language: en', None,
     'header: libcurl 7.88 signs no call with both Accept-Language and Accept'),
    ('header = Key: {key}', AWS.replace('»', '') + '\nheader = X-Key: a\n'
     '»header.2 = x-key2: b', None,
     'header: libcurl 7.88 signs no call with both x-key2 and X-Key'),
    ('header = Key: {key}\n\n[call info]\n', AWS.replace('»', '') +
     '\nheader = X-Key: a\n\n[call info]\n»header = X-KEY: b\n', None,
     'header: a call that is signed has X-KEY once'),
    ('header = Key: {key}\n\n[call info]\nget = /info/{value}',
     AWS.replace('»', '') + '\n\n[call info]\n»get = /info//{value}?//', None,
     'get: a path that is signed has no empty segments'),
    ('header = Key: {key}', 'body = key={key}', 30,
     '[auth] body: this call has no body'),
    ('get = /info/{value}', '»get = /info/{vlaue}', None,
     '{vlaue} is not known; did you mean value?'),
    ('get = /info/{value}', '»get = /info/{key}', None,
     '{key} is a secret: it may stand in [auth] and [sign-in] only'),
    ('get = /info/{value}', '»get = info/{value}', None,
     'get: a path that begins with / or ?, or a URL, is wanted'),
    ('get = /info/{value}', '»get = https://evil.example/{value}', None,
     'get: another host than that of [provider] url'),
    ('get = /info/{value}', '»get = https://api.example.evil.example/', None,
     'get: another host than that of [provider] url'),
    ('get = /info/{value}\n', '', 30, 'a call wants one of get and post'),
    ('get = /info/{value}', 'get = /info\n»post = /info', None,
     'get and post are both there'),
    ('get = /info/{value}', '»get.url = /info/{value}', None,
     'get.url: url is not in the types of [provider]'),
    ('get = /info/{value}', '»get.ipx = /info/{value}', None,
     'get.ipx: ipx is no type of observables'),
    ('get = /info/{value}', 'get = /info\n»json = {"a": 1}', None,
     'json: a get has no body'),
    ('get = /info/{value}', 'get = /info\n»form.ip = a=1', None,
     'form: a get has no body'),
    ('post = /more\njson = {"v": "{value}"}', 'post.domain = /more\n'
     '»json.ip = {}', None, 'json.ip: there is no post for it'),
    ('post = /more\njson = {"v": "{value}"}', 'get.ip = /more\n'
     'post.domain = /more\n»json.ip = {}', None, 'json: a get has no body'),
    ('json = {"v": "{value}"}', '»json = {"v": "{value}}', None,
     'json: no JSON once values are put in'),
    ('json = {"v": "{value}"}', 'json = {}\n»form = a=b', None,
     'json and form are both there'),
    ('json = {"v": "{value}"}', '»json = @../x.json', None,
     '@../x.json: a file of this directory'),
    ('json = {"v": "{value}"}', '»json = @x.json', None, 'x.json is not there'),
    ('post = /more', 'post = /more\n»header = X: {key}', None,
     '{key} is a secret: it may stand in [auth] and [sign-in] only'),
    ('post = /more', 'post = /more\n»types = email', None,
     'types: email is not in the types of [provider]: domain, ip'),
    ('post = /more', 'post = /more\n»routes = deliberate', None,
     'routes: deliberate is not in the routes of [provider]'),
    ('post = /more', 'post = /more\n»when = N', None,
     'when: N is no claim that is yes or no'),
    ('post = /more', 'post = /more\n»after = later', None,
     'after: later is no call above this one'),
    ('post = /more', 'post = /more\n»each = later.list[]', None,
     'each: later is no call above this one'),
    ('post = /more', 'post = /more\n»newest = time', None,
     'newest: there is no each'),
    ('post = /more', 'post = /more\n»max = 5', None, 'max: there is no each'),
    ('post = /more', '»post = /more/../x', None,
     'post: a path has no segments . and ..'),
    ('post = /more', '»post = /more#x?{value}', None,
     'post: # and what is behind it is never sent; %23 is'),
    ('post = /more', 'post = /more\neach = info.list[]\n»max = 1001', None,
     'max: 1001 is no number from 1 to 1000'),
    ('post = /more', 'post = /more\n»pages = pages', None,
     'pages: no {page} is in the call'),
    ('post = /more', 'post = /more?{page}\npages = a\n»next = b', None,
     'next: not together with pages'),
    ('post = /more', 'post = /more\n»max_pages = 3', None,
     'max_pages: there is neither pages nor next'),
    ('post = /more', 'post = /more?{page}\npages = a\n»max_pages = {ON}', None,
     'max_pages: {ON} is no claim that is a number'),
    ('post = /more', 'post = /more\n»batch = 5', None,
     'batch: no {entries} is in the call'),
    ('post = /more', 'post = /more?{entries}\n»batch = 5', None,
     'batch: entry is wanted, too'),
    ('post = /more', 'post = /more?{entries}\n»batch = 5\nentry = {value}\n'
     'json.ip = [{entries}]', None,
     'batch: {entries} stands in JSON and elsewhere, too'),
    ('json = {"v": "{value}"}', 'json.ip = [{entries}]\n'
     'form.domain = {entries}\n»batch = 5\nentry = {value}', None,
     'batch: {entries} stands in JSON and elsewhere, too'),
    ('json = {"v": "{value}"}', 'json = {"a": [{entries}], "q": "{entries}"}\n'
     '»batch = 5\nentry = {value}', None,
     'batch: {entries} stands in a string of JSON and outside of one, too'),
    ('json = {"v": "{value}"}', 'json.ip = [{entries}]\n'
     'json.domain = {"q": "{entries}"}\n»batch = 5\nentry = {value}', None,
     'batch: {entries} stands in a string of JSON and outside of one, too'),
    ('json = {"v": "{value}"}', '»json = {"q": {entries}}\nbatch = 5\n'
     'entry = "{value}"', None, 'json: no JSON once values are put in'),
    ('json = {"v": "{value}"}', 'json = {"q": "ip:({entries})"}\nbatch = 5\n'
     '»entry = "{value}"', None, 'entry: no JSON once values are put in'),
    ('json = {"v": "{value}"}', 'json = [{entries}]\nbatch = 5\n'
     '»entry = {"v": "{value}"', None, 'entry: no JSON once values are put in'),
    ('json = {"v": "{value}"}', 'json = [{entries}]\nheader = X: {entries}\n'
     '»batch = 5\nentry = {value}', None,
     'batch: {entries} stands in JSON and elsewhere, too'),
    ('header = Key: {key}\n\n[call info]\nget = /info/{value}\n\n[call more]\n'
     'post = /more\njson = {"v": "{value}"}', 'body = key={key}\n\n'
     '[call info]\npost = /info\nform = v={value}\n\n[call more]\n'
     'post = /more\n»json = ["{value}"]', None,
     'json: no object, to which the body of [auth] is added'),
    ('header = Key: {key}', 'sign = hmac-sha256 X: {value|lower}\n'
     'sign_key = {key}\n\n»[health]\nget = /health', None,
     '[health]: sign of [auth] names an observable, and here is none'),
    ('post = /more', 'post = /more\n»entry = {value}', None,
     'entry: there is no batch'),
    ('post = /more', 'post = /more\n»answer = xml', None,
     'answer: xml is none of json, lines, text, any'),
    ('post = /more', 'post = /more\n»nothing = 4o4', None,
     'nothing: 4o4 is no status from 200 to 599'),
    ('post = /more', 'post = /more\n»optional = sometimes', None,
     'optional: sometimes is none of no, yes'),
    ('post = /more', 'post = /more\n»cache = long', None,
     'cache: long is no number from 1 to 31536000'),
    ('post = /more', 'post = /more\n»every = 5', None,
     'every: there is no until'),
    ('post = /more\n', 'delete = /more\n', 33, 'delete: only with finally = yes'),
    ('post = /more', 'post = /more\nuntil = a b\n»finally = yes', None,
     'finally: not together with each, pages, next, batch or until'),
    ('post = /more', 'post = /more\nafter = info\n»cache = 9\n\n[call end]\n'
     'get = /{info.id}\nfinally = yes\n\n[call last]\npost = /', None,
     'cache: a call with finally ends what [call more] is about; only no is '
     'possible'),
    ('post = /more', 'post = /more\n»until = state', None,
     'until: a path and the values that it may have are wanted'),
    ('[call more]', '»[call N]', None,
     '[call N]: a claim or a variable has this name'),
    ('[claim N]', '»[claim limit]', None,
     '[claim limit]: a variable has this name'),
    ('[claim N]', '»[claim ago]', None,
     '[claim ago]: a variable has this name'),
    ('header = Key: {key}\n', 'header = Key: {key}\n\n[sign-in]\n'
     '»get = https://u@login.example/\n', None,
     'get: no user may stand before the host'),
    ('header = Key: {key}\n', 'header = Key: {key}\n\n[sign-in]\n'
     '»get = https://{N}.example/\n', None,
     'get: only claims with kind = host may stand in the host'),
    ('header = Key: {key}\n', 'header = Key: {key}\n\n[sign-in]\n'
     '»get = https:///token\n', None, 'get: https:///token is no https URL'),
    ('url = https://api.example/v1', '»url = https://u@api.example', None,
     'url: no user may stand before the host'),
    ('title = Search\n', '', 37, '[refer search] wants a title'),
    ('url = https://www.example/?q={value}\n', '', 37,
     '[refer search] wants a url'),
    ('url = https://www.example/?q={value}', '»url = javascript:{value}',
     None, 'url: javascript:{value} is no https URL'),
    ('routes = observe refer', 'routes = observe', 37,
     '[refer search]: refer is not in the routes of [provider]'),
    ('message = error', '»200 = nothing', None,
     '200 is no key of [errors]; there are message, says, a status from 400 '
     'to 599'),
    ('message = error', '»404 = gone', None,
     'gone is no code; there are nothing, authorization error, '),
    ('message = error', '»says.1 = x: nothing', None,
     'says.1: there is no says'),
    ('message = error', 'says = a\n»says.1 = x', None,
     'says.1: "WORD: nothing" or "WORD: CODE" is wanted'),
    ('message = error', 'message = error\n\n[quota]\n»limit = X Y', None,
     'limit: X Y cannot be the name of a header field'),
    ('[errors]', '[health]\n»get = /info/{value}\n\n[errors]', None,
     '{value}'),
)


def gateway(name):
    """A gateway with the directory test, which is written by directory()."""
    g = Gateway(name, relays='[relay r]\nprovider = test\n')
    g.sections['server']['providers'] = os.path.join(g.folder, 'providers')
    g.write()
    return g


def directory(g, ini=INI, name='test', **files):
    """Writes the directory of a provider; returns its path."""
    path = os.path.join(g.folder, 'providers', name)
    os.makedirs(path, exist_ok=True)
    for file, text in dict({'provider.ini': ini, 'map.jq': 'empty'},
                           **files).items():
        if text is not None:
            harness.write(os.path.join(path, file), text)
    return path


def errors(g):
    """What check says of the configuration."""
    status, out, err = g.cli('check', ok=False)
    return status, out + err


def test_the_directory_is_good():
    g = gateway('good')
    path = directory(g)
    status, text = errors(g)
    same(status, 0, text)
    has('relay r: Test, described in ' + path, text, 'check')


def test_each_error_has_its_message():
    g = gateway('wrong')
    harness.holds(len(ROWS) >= 60, 'there are 60 rows')
    missing = []
    for old, new, line, message in ROWS:
        same(INI.count(old), 1, old)
        ini = INI.replace(old, new)
        if line is None:
            line = ini[:ini.index('»')].count('\n') + 1
        path = directory(g, ini.replace('»', ''))
        status, text = errors(g)
        wanted = '%s/provider.ini:%d: %s' % (path, line, message)
        if status != 78 or wanted not in re.sub(r'\s+', ' ', text):
            missing.append((new, wanted, status, text))
    same(missing, [], 'errors without their message')


def test_every_call_wants_a_url():
    """One for the health, and one that signs in, are calls, too."""
    g = gateway('no-url')
    ini = INI[:INI.index('[call info]')] + INI[INI.index('[refer search]'):]
    ini = ini.replace('routes = observe refer', 'routes = refer')
    ini = ini.replace('url = https://api.example/v1\n', '')
    path = directory(g, ini)
    same(errors(g)[0], 0, 'without calls')
    for more in ('[health]\nget = /ping', '[sign-in]\npost = /token'):
        directory(g, ini + '\n' + more + '\n')
        status, text = errors(g)
        same(status, 78, text)
        has(path + '/provider.ini:1: [provider] wants a url, as there are '
            'calls', text, more)


def test_files():
    """Errors of the other files, and of the directory."""
    g = gateway('files')
    path = os.path.join(g.folder, 'providers', 'test')

    def said(message, **files):
        directory(g, **files)
        status, text = errors(g)
        same(status, 78, text)
        has(message, re.sub(r'\s+', ' ', text), files)

    status, text = errors(g)
    same(status, 78, text)
    has('there is no provider "test"', text, 'no directory')
    said(path + '/map.jq: is not there, and deliberate and observe want it',
         **{'map.jq': None})
    said(path + '/data.json: ', **{'data.json': '{'})
    os.unlink(path + '/data.json')
    said(path + '/map.jq:2: syntax error', **{'map.jq': '.\n| {a: // 1}'})
    said(path + '/map.jq: is no UTF-8 text',
         **{'map.jq': '.\0'})
    said(path + '/map.jq: is longer than 65536 bytes',
         **{'map.jq': '.' + ' ' * 65536})
    directory(g)
    for name, mode, message in (('provider.ini', 0o664, 'its group may write'),
                                ('map.jq', 0o646, 'everybody may write it'),
                                ('', 0o777, 'everybody may write it'),
                                ('', 0o775, 'its group may write it')):
        file = os.path.join(path, name).rstrip('/')
        before = os.stat(file).st_mode
        os.chmod(file, mode)
        status, text = errors(g)
        os.chmod(file, before)
        same(status, 78, text)
        has('%s: %s' % (file, message) if name == '' else message, text, name)
    if os.geteuid() == 0:
        os.chown(path + '/map.jq', 12345, -1)
        status, text = errors(g)
        same(status, 78, text)
        has(path + '/map.jq: its owner is neither root nor who reads the '
            'configuration', text, 'owner')


def test_links():
    """A file that is a link could lead to what root alone may read; where the
    directory is, the administrator says."""
    g = gateway('links')
    path = directory(g)
    elsewhere = os.path.join(g.folder, 'elsewhere')
    os.rename(path, elsewhere)
    os.symlink(elsewhere, path)
    same(errors(g)[0], 0, 'the directory')
    for name in ('provider.ini', 'map.jq', 'about.md'):
        there = os.path.join(elsewhere, name)
        target = os.path.join(g.folder, 'target')
        harness.write(target, harness.read(there) if os.path.exists(there)
                      else 'secret')
        if os.path.exists(there):
            os.rename(there, there + '.kept')
        os.symlink(target, there)
        status, text = errors(g)
        same(status, 78, text)
        has('%s/%s: cannot be read: it is a symbolic link, which is not '
            'followed here' % (path, name), re.sub(r'\s+', ' ', text), name)
        os.unlink(there)
        if os.path.exists(there + '.kept'):
            os.rename(there + '.kept', there)
    same(errors(g)[0], 0, 'without them')


def test_name_of_a_built_in_one():
    g = gateway('builtin')
    directory(g)
    path = directory(g, name='otx')
    g.relays += '\n[relay otx]\n'
    g.write()
    status, text = errors(g)
    same(status, 78, text)
    has(path + ' has the name of a built-in provider', text, 'check')


def test_http_wants_allow_private():
    g = gateway('http')
    directory(g, INI.replace('https://api', 'http://api'))
    status, text = errors(g)
    same(status, 78, text)
    has('allow_private = yes', text, 'check')
    g.relays += 'allow_private = yes\n'
    g.write()
    status, text = errors(g)
    same(status, 0, text)

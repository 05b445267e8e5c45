# SPDX-License-Identifier: MIT
"""Tokens and modules: jwt with a stage and with RS256, module-type, and what
the shell completes."""

import base64
import glob
import json
import os
import pty
import re

import fcgiclient as fcgi
import harness
import manual
import testca
from harness import Gateway, has, holds, same
from t_rs256 import AUDIENCE, BASE, JWKS, WRONG_AUD, gateway, outcome
from upstream import Upstream

US, APJC = ('f0f6ecac-4861-40bc-bcef-753fd783aaed',
            'c1f02cc6-4821-4875-93e4-3c5d8b6b888e')
ZAPPA = {'dev': {'aws_region': 'eu-west-1', 'project_name': 'tr-acme-relay',
                 'environment_variables': {}},
         'prod': {'aws_region': 'us-east-1', 'project_name': 'x'}}
MODULE = {'name': 'Acme Intel', 'jwt': {'user': 'Acme user name',
                                        'pass': 'Acme password'},
          'region': {'us': US, 'eu': None, 'apjc': APJC}}


def parts(token):
    """Header and payload of a token."""
    return [json.loads(base64.urlsafe_b64decode(p + '=' * (-len(p) % 4)))
            for p in token.strip().split('.')[:2]]


# --- stages ------------------------------------------------------------------

def project(zappa=None, module=None):
    """The folder of a published relay."""
    folder = harness.folder('project')
    for name, value in (('zappa', ZAPPA if zappa is None else zappa),
                        ('module', MODULE if module is None else module)):
        if value is not False:
            harness.write(os.path.join(folder, name + '_settings.json'),
                          value if isinstance(value, str) else
                          json.dumps(value))
    return folder


def cli(*args, cwd=None, env=None, input=None, ok=True):
    result = harness.run([harness.program('ctim-relay'), *args], cwd=cwd,
                         env=env or harness.environment(), input=input)
    if ok and result[0] != 0:
        harness.fail('%s: exit %d\n%s' % (args, result[0], result[2]))
    return result


def credentials(folder, text, name='credentials.json', mode=0o600):
    return harness.write(os.path.join(folder, name), text if isinstance(
        text, str) else json.dumps(text), mode)


def test_stage():
    """jwt STAGE -f FILE: a token, a key, where it goes, and the links."""
    folder = project()
    credentials(folder, {'user': 'u', 'pass': 'p'})
    _, out, err = cli('jwt', 'dev', '-f', 'credentials.json', cwd=folder)
    header, payload = parts(out)
    same((header['alg'], payload['user'], payload['pass']),
         ('HS256', 'u', 'p'), 'token')
    key, = re.findall(r'^[A-Za-z0-9_-]{64}$', err, re.M)
    text, _, signature = out.strip().rpartition('.')
    same(harness.b64(harness.hmac.new(key.encode(), text.encode(),
                                      harness.hashlib.sha256).digest()),
         signature, 'the key that is shown signs the token')
    for line in ('module Acme Intel', 'umask 077', 'secret_key = file:',
                 'ctim-relay reload', 'region=eu-west-1#/functions/tr-acme-relay-dev/'
                 'edit/environment-variables?tab=configuration',
                 'US: https://securex.us.security.cisco.com/settings/modules/'
                 'available/%s/new' % US, 'EU: not available',
                 'APJC: https://securex.apjc.security.cisco.com/settings/'
                 'modules/available/%s/new' % APJC):
        has(line, err, 'what it says')


def test_stage_with_the_gateways_key():
    """Where there is a gateway its key signs, and its relay of the same
    service says what is needed."""
    relay = Gateway('jwt', relays='[relay template]\n\n[relay q]\n'
                    'provider = qualys\n')
    folder = project(module=dict(MODULE, name='Qualys IOC', jwt={}))
    credentials(folder, {'user': 'u'})
    status, out, err = cli('jwt', 'dev', '-f', 'credentials.json', cwd=folder,
                           env=relay.env(), ok=False)
    same((status, out), (1, ''), err)
    has('"pass"', err, 'what is missing')
    has('"q"', err, 'the relay')
    credentials(folder, {'user': 'u', 'pass': 'p'})
    _, out, err = cli('jwt', 'dev', '-f', 'credentials.json', cwd=folder,
                      env=relay.env())
    relay.serve()
    try:
        request = fcgi.request('POST', '/template/health', b'', out.strip())
        same(fcgi.call(relay.socket, request)[2].decode(),
             '{"data":{"status":"ok"}}', 'the answer')
    finally:
        relay.stop()
    holds('secret_key' not in err, 'the key is there already\n' + err)


def test_bad_stages():
    """Each says what is wrong, and makes no token."""
    for files, args, word in (
            ({}, ['nope'], 'Stages: dev prod'),
            ({'zappa': False}, ['dev'], 'no file "zappa_settings.json"'),
            ({'module': False}, ['dev'], 'no file "module_settings.json"'),
            ({'zappa': '{'}, ['dev'], 'zappa_settings.json'),
            ({'zappa': '[]'}, ['dev'], 'not a JSON object'),
            ({'zappa': {'dev': 7}}, ['dev'], 'no stage "dev"'),
            ({'module': 'x' * 65537}, ['dev'], 'File too large'),
            ({'module': 'x' * 65536}, ['dev'], 'module_settings.json: '),
            ({'module': {'name': 'x'}}, ['dev'], '"jwt"'),
            ({'module': {'jwt': {}}}, ['dev'], '"name"'),
            ({'module': dict(MODULE, jwt={'key': 7})}, ['dev'], '"key"'),
            ({'module': dict(MODULE, jwt={'k%d' % n: 'x'
                                          for n in range(33)})}, ['dev'],
             'more than 32'),
            ({'module': dict(MODULE, region={'us': 'a/../b'})}, ['dev'],
             '"us"')):
        folder = project(**files)
        credentials(folder, {'user': 'u', 'pass': 'p'})
        status, out, err = cli('jwt', *args, '-f', 'credentials.json',
                               cwd=folder, ok=False)
        same((status, out), (1, ''), '%s\n%s' % (files, err))
        has(word, err, files)
    same(cli('jwt', 'dev', 'prod', ok=False)[0], 64, 'two stages')


def test_stage_escapes():
    """What the files say reaches no terminal as it is."""
    folder = project(module=dict(MODULE, name='A\x1b[31m'),
                     zappa={'d\x1b': {}, 'dev': {'aws_region': '$(x)',
                                                 'project_name': 'y'}})
    credentials(folder, '{}')
    _, _, err = cli('jwt', 'dev', '-f', 'credentials.json', cwd=folder)
    holds('\x1b' not in err and '$(x)' not in err, repr(err))
    _, _, err = cli('jwt', 'no', '-f', 'credentials.json', cwd=folder,
                    ok=False)
    holds('\x1b' not in err, repr(err))


def test_stage_asks():
    """The prompts of module_settings.json; secrets do not show."""
    folder = project()
    typed = [('Acme user name: ', b'someone\n'),
             ('Acme password, not shown: ', b's3cret!\n')]
    out, new = os.path.join(folder, 'token'), []
    pid, terminal = harness.with_terminal(pty.fork)
    if pid == 0:
        os.chdir(folder)
        fd = os.open(out, os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(fd, 1)
        os.execve(harness.program('ctim-relay'), ['ctim-relay', 'jwt', 'dev'],
                  harness.environment())
    seen = b''
    while True:
        if typed and typed[0][0].encode() in seen:
            os.write(terminal, typed.pop(0)[1])
        try:
            new = os.read(terminal, 65536)
        except OSError:
            break
        if not new:
            break
        seen += new
    os.close(terminal)
    same(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0, seen)
    same(typed, [], 'not asked for')
    payload = parts(harness.read(out))[1]
    same((payload['user'], payload['pass']), ('someone', 's3cret!'), 'claims')
    holds(b'someone' in seen and b's3cret' not in seen, seen)


# --- RS256 -------------------------------------------------------------------

def rsa_files(relay, *more):
    """Options that make a key and a key set in the gateway's folder."""
    key = os.path.join(relay.folder, 'private.pem')
    jwks = os.path.join(relay.folder, 'jwks.json')
    return key, jwks, ['jwt', '-q', '-r', 'template', '--key', key,
                       '--make-key', '--jwks', jwks, '-f', '-', *more]


def test_rs256():
    """A key made here, its key set served by a host, a token of it taken."""
    upstream = Upstream([], tls='good')
    relay = gateway(upstream.host)
    key, jwks, args = rsa_files(relay)
    first = relay.cli(*args, input='{"sub":"a"}')[1].strip()
    same(oct(os.stat(key).st_mode & 0o777), '0o600', 'mode of the key')
    same(oct(os.stat(jwks).st_mode & 0o777), '0o644', 'mode of the key set')
    other = os.path.join(relay.folder, 'other.pem')
    second = relay.cli('jwt', '-r', 'other', '--key', other, '--make-key',
                       '--kid', 'second', '--jwks', jwks, '-q', '--expires',
                       '1h', '-f', '-', input='{"sub":"b"}')[1].strip()
    stranger = relay.cli('jwt', '-q', '-r', 'template', '--key', other, '-f',
                         '-', input='{}')[1].strip()
    header, payload = parts(first)
    same((header['alg'], payload['aud'], payload['jwks_host'], payload['sub']),
         ('RS256', AUDIENCE, upstream.host, 'a'), 'token')
    served = json.loads(harness.read(jwks))['keys']
    same([k['kid'] for k in served], [header['kid'], 'second'], 'key set')
    same([set(k) for k in served], [{'kty', 'use', 'alg', 'kid', 'n', 'e'}] * 2,
         'nothing private is in it')
    upstream.rules([{'request': 'GET ' + JWKS, 'json': {'keys': served}}])
    relay.serve()
    try:
        same(outcome(relay, first), 'ok', 'the first')
        same(outcome(relay, second, '/other/health'), 'ok', 'the second')
        same(outcome(relay, second), WRONG_AUD, 'at the other relay')
        has('kid', outcome(relay, stranger), 'a kid that is not served')
    finally:
        relay.stop()
        upstream.stop()
    claims = parts(second)[1]
    same(claims['exp'] - claims['iat'], 3600, 'lifetime')


def test_rs256_signature_by_openssl():
    """openssl verifies the token with the file that was made, and the
    default kid is the thumbprint of RFC 7638."""
    relay = gateway('jwks.example')
    key, jwks, args = rsa_files(relay)
    token = relay.cli(*args, input='{}')[1].strip()
    text, _, signature = token.rpartition('.')
    files = [os.path.join(relay.folder, n) for n in ('text', 'sig', 'pub')]
    harness.write(files[0], text)
    with open(files[1], 'wb') as f:
        f.write(base64.urlsafe_b64decode(signature + '=='))
    testca.openssl('rsa', '-in', key, '-pubout', '-out', files[2])
    has('Verified OK', testca.openssl('dgst', '-sha256', '-verify', files[2],
                                      '-signature', files[1], files[0]),
        'openssl')
    entry, = json.loads(harness.read(jwks))['keys']
    bare = json.dumps({k: entry[k] for k in ('e', 'kty', 'n')},
                      separators=(',', ':'))
    same(entry['kid'], harness.b64(
        harness.hashlib.sha256(bare.encode()).digest()), 'kid')


def test_rs256_key_set_is_kept():
    """A kid is replaced, the other entries stay as they are."""
    relay = gateway('jwks.example')
    _, jwks, args = rsa_files(relay, '--kid', 'mine')
    others = [{'kid': 'ec', 'kty': 'EC', 'x': [1.50, None]},
              {'kid': 'mine', 'kty': 'RSA'}]
    harness.write(jwks, json.dumps({'keys': others}))
    relay.cli(*args, input='{}')
    keys = json.loads(harness.read(jwks))['keys']
    same((keys[0], [k['kid'] for k in keys], 'n' in keys[1]),
         (others[0], ['ec', 'mine'], True), 'key set')
    same(glob.glob(jwks + '.*'), [], 'files left behind')
    for text in ('{', '[]', '{"keys":7}', json.dumps(
            {'keys': [{'kid': str(n)} for n in range(32)]})):
        harness.write(jwks, text)
        status, out, err = relay.cli(*args, input='{}', ok=False)
        same((status, out), (1, ''), err)
        same(harness.read(jwks), text, 'the file')


def test_rs256_claims_of_the_file_stay():
    """aud and jwks_host of the claims stay, unless options say otherwise."""
    relay = gateway('jwks.example')
    _, _, args = rsa_files(relay)
    given = '{"aud":["https://x.example","https://y.example"],' \
        '"jwks_host":"k.example"}'
    claims = parts(relay.cli(*args, input=given)[1])[1]
    same((claims['aud'], claims['jwks_host']),
         (['https://x.example', 'https://y.example'], 'k.example'), 'claims')
    claims = parts(relay.cli(*args, '--aud', 'https://z.example',
                             '--jwks-host', 'z.example', input=given)[1])[1]
    same((claims['aud'], claims['jwks_host']),
         ('https://z.example', 'z.example'), 'claims')


def test_rs256_without_a_configuration():
    """With aud and jwks_host there is nothing to ask a configuration for."""
    folder = harness.folder('rs256')
    _, out, err = cli(
        'jwt', '--key', 'k.pem', '--make-key', '--aud', 'https://r.example/x',
        '--jwks-host', 'keys.example', '-f', '-', cwd=folder, input='{}',
        env=harness.environment(CTIM_RELAY_CONF='/nonexistent'))
    same(parts(out)[1]['aud'], 'https://r.example/x', 'aud')
    for text in ('k.pem', 'https://keys.example/.well-known/jwks',
                 'jwks_hosts = keys.example', '"n":"'):
        has(text, err, 'what it says')
    holds('PRIVATE' not in err + out, 'the private key is printed')


def test_rs256_refusals():
    relay = gateway('jwks.example')
    names = {}
    for name, args in (
            ('ec', ['-algorithm', 'EC', '-pkeyopt',
                    'ec_paramgen_curve:prime256v1']),
            ('small', ['-algorithm', 'RSA', '-pkeyopt',
                       'rsa_keygen_bits:1024']),
            ('locked', ['-algorithm', 'RSA', '-aes128', '-pass', 'pass:x'])):
        names[name] = os.path.join(relay.folder, name + '.pem')
        testca.openssl('genpkey', *args, '-out', names[name])
        os.chmod(names[name], 0o600)
    names['good'] = testca.Rsa('refused').key
    os.chmod(names['good'], 0o600)
    names['open'] = credentials(relay.folder, harness.read(names['good']),
                                'open.pem', 0o644)
    names['text'] = credentials(relay.folder, 'no key', 'text.pem')
    names['none'] = os.path.join(relay.folder, 'none.pem')
    for args, expected, word in (
            (['--rs256'], 64, '--key'), (['--kid', 'x'], 64, '--kid'),
            (['--jwks', 'x'], 64, '--jwks'), (['--make-key'], 64, '--make'),
            (['--aud', 'x'], 64, '--aud'), (['--jwks-host', 'x'], 64, '--jwks'),
            (['--key', names['good'], '-k', 'x'], 64, '--key-file'),
            (['--key', names['good'], '--kid', ''], 64, '--kid'),
            (['--key', names['none']], 1, '--make-key'),
            (['--key', names['ec']], 1, 'no RSA key'),
            (['--key', names['small']], 1, '2048'),
            (['--key', names['locked']], 1, 'password'),
            (['--key', names['text']], 1, 'PEM'),
            (['--key', names['open']], 1, 'chmod 0600'),
            (['--key', names['good'], '--jwks', '/nonexistent/x'], 1,
             '/nonexistent/x'),
            (['--key', '/nonexistent/x', '--make-key'], 1, '/nonexistent/x')):
        status, out, err = relay.cli('jwt', '-q', '-r', 'template', '-f', '-',
                                     *args, input='{}', ok=False)
        same((status, out), (expected, ''), '%s\n%s' % (args, err))
        has(word, err, args)
        holds('PRIVATE' not in err, err)
    relay.sections['server']['base_url'] = None
    relay.sections['auth']['jwks_hosts'] = 'a.example b.example'
    relay.write()
    for args, expected, word in (([], 1, '--aud'), (['--aud', 'x'], 64,
                                                    '--jwks-host')):
        status, out, err = relay.cli('jwt', '-r', 'template', '-f', '-',
                                     '--key', names['good'], *args,
                                     input='{}', ok=False)
        same((status, out), (expected, ''), err)
        has(word, err, args)


# --- module-type -------------------------------------------------------------

TEXT = {'type': 'string', 'minLength': 1}
APIS = ['health', 'observe/observables', 'deliberate/observables',
        'refer/observables', 'respond/observables', 'respond/trigger', 'tiles',
        'tiles/tile', 'tiles/tile-data']


def record(_needed, **properties):
    return {'type': 'object', 'properties': properties, 'required': _needed,
            'additionalProperties': False}


# The shape of module_type.json of the published relays, with the names that
# the platform knows.
SCHEMA = record(
    ['title', 'default_name', 'short_description', 'description',
     'configuration_spec', 'capabilities', 'properties', 'logo'],
    title=TEXT, default_name=TEXT, short_description=TEXT, description=TEXT,
    tips=TEXT, logo={'type': 'string',
                     'pattern': r'^data:image/svg\+xml;base64,[A-Za-z0-9+/]+=*$'},
    configuration_spec={'type': 'array', 'items': record(
        ['key', 'type', 'label', 'tooltip', 'required'],
        key={'type': 'string', 'pattern': '^custom_[A-Za-z_]+$'},
        type={'enum': ['string', 'password', 'api_key', 'integer', 'boolean']},
        label=TEXT, tooltip=TEXT, required={'type': 'boolean'})},
    capabilities={'type': 'array', 'minItems': 1, 'items': record(
        ['id', 'description'], id={'enum': ['health', 'observe', 'refer',
                                            'deliberate', 'respond', 'tiles']},
        description=TEXT)},
    properties=dict(record(
        ['supported-apis', 'url', 'auth-type', 'configuration-token-alg',
         'custom_jwks_host']), properties={
             'supported-apis': {'type': 'array', 'uniqueItems': True,
                                'items': {'enum': APIS}},
             'url': {'type': 'string', 'pattern': '^https://'},
             'auth-type': {'const': 'configuration-token'},
             'configuration-token-alg': {'const': 'RS256'},
             'custom_jwks_host': TEXT}))
LIMIT = ('CTR_ENTITIES_LIMIT', 'integer', False)
KEY = ('key', 'api_key', True)
# provider: (fields, capabilities, routes beside health)
TYPES = {
    'template': ([LIMIT], 'health observe deliberate refer respond',
                 APIS[1:6]),
    'local': ([LIMIT], 'health observe deliberate refer respond tiles', APIS[1:]),
    'otx': ([KEY, LIMIT], 'health observe refer', [APIS[1], APIS[3]]),
    'spycloud': ([KEY, LIMIT], 'health observe', APIS[1:2]),
    'qualys': ([('user', 'string', True), ('pass', 'password', True),
                ('API_URL', 'string', False),
                ('PLATFORM_URL', 'string', False), LIMIT],
               'health observe refer', [APIS[1], APIS[3]]),
}


def modules(**auth):
    return Gateway('module', relays=''.join(
        '[relay my-%s]\nprovider = %s\n' % (name, name) for name in TYPES),
        sections={'server': {'base_url': BASE}, 'auth': auth})


def test_module_type():
    """All relays, against the shape of the published files."""
    try:
        import jsonschema
    except ImportError:
        raise harness.Skipped('python3-jsonschema is not installed')
    relay = modules()
    for name, (fields, capabilities, apis) in TYPES.items():
        _, out, err = relay.cli('module-type', 'my-' + name)
        same(err, '', name)
        made = json.loads(out)
        jsonschema.Draft7Validator(SCHEMA).validate(made)
        same([(f['key'], f['type'], f['required'])
              for f in made['configuration_spec']],
             [('custom_' + f[0], f[1], f[2]) for f in fields], name)
        same([c['id'] for c in made['capabilities']], capabilities.split(),
             name)
        properties = made['properties']
        same(properties['supported-apis'], ['health'] + apis, name)
        same((properties['url'], properties['custom_jwks_host']),
             (BASE + '/my-' + name, 'visibility.amp.cisco.com'), name)


def test_module_type_is_what_the_gateway_takes():
    """The needed fields of a module make a token that the relay takes, and
    each of them is needed."""
    relay = modules()
    relay.serve()
    try:
        for name in TYPES:
            made = json.loads(relay.cli('module-type', 'my-' + name)[1])
            needed = [f['key'][len('custom_'):] for f in
                      made['configuration_spec'] if f['required']]
            for left_out in [None] + needed:
                claims = {n: 'x' for n in needed if n != left_out}
                path = '/my-%s/%s' % (name, 'tiles')
                request = fcgi.request('POST', path, b'', harness.jwt(claims))
                answer = fcgi.call(relay.socket, request)[2].decode()
                same('Wrong JWT payload structure' in answer,
                     left_out is not None, '%s without %s: %s' % (
                         name, left_out, answer))
    finally:
        relay.stop()


def test_module_type_of_another_platform():
    relay = modules(jwks_hosts='keys.example, visibility.eu.amp.cisco.com')

    def host(*args):
        _, out, err = relay.cli('module-type', 'my-otx', *args)
        return json.loads(out)['properties']['custom_jwks_host'], err
    same(host(), ('keys.example', ''), 'the first of the list')
    same(host('--region', 'eu'), ('visibility.eu.amp.cisco.com', ''), 'eu')
    name, err = host('--region', 'apjc')
    same(name, 'visibility.apjc.amp.cisco.com', 'apjc')
    has('none of jwks_hosts', err, 'a host that is not on the list')
    same(host('--jwks-host', 'KEYS.example'), ('KEYS.example', ''), 'named')
    made = json.loads(relay.cli('module-type', 'my-otx', '--url',
                                'https://r.example/o')[1])
    same(made['properties']['url'], 'https://r.example/o', 'url')


def test_module_type_refusals():
    relay = modules()
    for args, expected, word in (
            ([], 64, 'which relay'), (['a', 'b'], 64, 'one relay'),
            (['nope'], 1, 'my-otx'), (['my-otx', '--nope'], 64, '--nope'),
            (['my-otx', '--region', 'mars'], 64, 'us, eu or apjc'),
            (['my-otx', '--region', 'us', '--jwks-host', 'x'], 64, 'one of'),
            (['my-otx', '--url', 'ftp://x'], 64, 'ftp://x'),
            (['my-otx', '-c', '/nonexistent'], 78, '/nonexistent')):
        status, out, err = relay.cli('module-type', *args, ok=False)
        same((status, out), (expected, ''), '%s\n%s' % (args, err))
        has(word, err, args)
    relay.sections['server']['base_url'] = None
    relay.write()
    status, out, err = relay.cli('module-type', 'my-otx', ok=False)
    same((status, out), (1, ''), err)
    has('--url', err, 'what it says')


# --- the manual --------------------------------------------------------------

def test_examples_of_the_manual():
    """The examples of jwt and module-type in their pages, as they stand."""
    examples = manual.examples('jwt|module-type')
    same(len(examples), 4, examples)
    relay = Gateway('manual', relays='[relay otx]\n', sections={
        'server': {'base_url': 'https://relay.example.org'}})
    folder = project()
    credentials(folder, {'key': 'k'})
    env = relay.env()
    env['PATH'] = os.path.dirname(harness.program('ctim-relay')) + ':' + \
        env['PATH']
    for example in examples:
        if '-f' not in example and '--relay' in example:
            example = example.replace('jwt', 'jwt -f credentials.json', 1)
        status, out, err = harness.run(['sh', '-ec', example], cwd=folder,
                                       env=env)
        same(status, 0, example + '\n' + err)
    same(len(harness.read(os.path.join(folder, 'token')).split('.')), 3,
         'token')
    same(len(json.loads(harness.read(os.path.join(folder, 'jwks.json')))[
        'keys']), 1, 'key set')
    same(json.loads(harness.read(os.path.join(folder, 'module_type.json')))[
        'properties']['url'], 'https://relay.example.org/otx', 'url')


# --- the names that people know, and what the shell completes -------------------

def test_links():
    """Called as jwt or relay, the program is that command."""
    folder = harness.folder('links')
    program = harness.program('ctim-relay')
    known = cli('--help')[1]
    for name in ('jwt', 'relay'):
        path = os.path.join(folder, name)
        os.symlink(program, path)
        if not re.search('^  %s ' % name, known, re.M):
            continue
        same(harness.run([path, '--help']), cli(name, '--help'), name)
        same(harness.run([path, '--version'])[1], cli('--version')[1], name)
    path = os.path.join(folder, 'something')
    os.symlink(program, path)
    same(harness.run([path, '--help']), cli('--help'), 'any other name')
    out = harness.run([os.path.join(folder, 'jwt'), '-q', '-k', 'key', '-f',
                       '-'], cwd=folder, input='{}')[1]
    same(parts(out)[0]['alg'], 'HS256', 'token')


COMPLETION = os.path.join(harness.SRC, 'share', 'bash-completion',
                          'completions', 'ctim-relay')


def complete(*words, env=None, cwd=None):
    """What bash offers for the last of the words."""
    program = harness.program('ctim-relay')
    script = '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); ' \
        '_ctim_relay; printf "%s\\n" "${COMPREPLY[@]}"'
    env = dict(env or harness.environment())
    env['PATH'] = os.path.dirname(program) + ':' + env['PATH']
    status, out, err = harness.run(['bash', '-c', script, COMPLETION, *words],
                                   env=env, cwd=cwd)
    same((status, err), (0, ''), words)
    return out.split()


def commands():
    """Every command, and the commands of commands, as lists of words."""
    for name in complete('ctim-relay', ''):
        yield [name]
        for inner in complete('ctim-relay', name, ''):
            yield [name, inner]


def test_completion_of_commands():
    same(set(complete('ctim-relay', '')),
         set(re.findall(r'^  ([a-z-]+) ', cli('--help')[1], re.M)), 'commands')
    same(complete('ctim-relay', 'module-t'), ['module-type'], 'a part')
    has('import', complete('ctim-relay', 'intel', ''), 'commands of intel')
    same(complete('ctim-relay', 'intel', 'nope', 'x'), [], 'no such command')


def test_completion_knows_every_option():
    """The options that --help prints from the tables, and none that a command
    refuses."""
    tables = set()
    offered = set()
    for words in commands():
        _, text, _ = cli(*words, '--help')
        tables |= set(re.findall(r'^  (?:-., |    )?--([a-z0-9_-]+)', text,
                                 re.M))
        found = complete('ctim-relay', *words, '--')
        has('--help', found, words)
        for option in found:
            offered.add(option[2:])
            _, _, err = cli(*words, option, 'x', '--help', ok=False)
            holds('there is no option' not in err, '%s %s\n%s' % (
                words, option, err))
    holds(len(tables) > 30, tables)
    same(tables - offered, set(), 'options that are not completed')


def test_completion_of_arguments():
    relay = Gateway('completion', relays='[relay one]\nprovider = otx\n'
                    '[relay two]\nprovider = template\n')
    env = relay.env()
    for words in (['module-type', ''], ['query', ''], ['jwt', '--relay', ''],
                  ['jwt', '-r', '']):
        same(complete('ctim-relay', *words, env=env), ['one', 'two'], words)
    same(complete('ctim-relay', 'jwt', '-r', 't', env=env), ['two'], 'a part')
    same(complete('ctim-relay', 'jwt', '--key', relay.folder + '/ctim',
                  env=env), [relay.conf], 'a file')
    same(complete('ctim-relay', 'jwt', '--expires', '', env=env), [],
         'nothing that is known')
    harness.write(os.path.join(relay.folder, 'a b'), '')
    same(complete('ctim-relay', 'check', '-c', 'a', env=env,
                  cwd=relay.folder), ['a', 'b'], 'a blank in a name')


def test_completion_without_the_program():
    """Nothing is offered, and nothing is said."""
    status, out, err = harness.run(
        ['bash', '-c', '. "$0"; COMP_WORDS=(./nope ""); COMP_CWORD=1; '
         '_ctim_relay; echo "<${COMPREPLY[*]}>"', COMPLETION])
    same((status, out, err), (0, '<>\n', ''), 'completion')


def test_completion_script():
    same(harness.run(['shellcheck', '-s', 'bash', COMPLETION])[:2], (0, ''),
         'shellcheck')

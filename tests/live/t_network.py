# SPDX-License-Identifier: MIT
"""The half that makes calls (ctim-relay-net.so): who opens it, and which one."""

import glob
import json
import os
import shutil
import signal

import fcgiclient as fcgi
import harness
import t_doctor
from harness import Gateway, has, holds, same
from provider_case import CLAIMS, ask, ended
from services import observables, otx
from upstream import Upstream

OBJECT = harness.NETWORK
PROGRAMS = ('ctim-relay', 'ctim-relay.fcgi', OBJECT)
OTHER_BUILD = b'0.0.9'      # instead of the first five characters of it
ASKED = observables('domain', 'bad.example')
OBSERVE = '/otx/observe/observables'


def bundle():
    """A build folder of its own, with nothing but what is installed."""
    folder = harness.folder('bundle')
    for name in PROGRAMS:
        shutil.copy2(os.path.join(harness.BUILD, name), folder)
    return folder


def place(gateway):
    """Where the gateway's programs are run, and the object is opened."""
    for name in PROGRAMS[:2]:
        path = harness.program(name, gateway.build)
    return os.path.dirname(path)


def lose(folder):
    os.unlink(os.path.join(folder, OBJECT))


def spoil(folder):
    """Makes the object in a folder one of another build."""
    path = os.path.join(folder, OBJECT)
    with open(path, 'rb') as file:
        data = file.read()
    at = data.index(version() + b'-')
    new = data[:at] + OTHER_BUILD + data[at + len(OTHER_BUILD):]
    # A new file in its place, as packages do it: who has the old one keeps it.
    with open(path + '.new', 'wb') as file:
        file.write(new)
    os.chmod(path + '.new', 0o755)
    os.rename(path + '.new', path)


def version():
    _, out, _ = harness.run([harness.program('ctim-relay.fcgi'), '--version'])
    return out.split()[1].encode()


def relay(upstream='http://127.0.0.1:1'):
    return Gateway('network', '[relay template]\n[relay local]\n'
                   'store = @/store/intel.db\n[relay otx]\nurl = %s\n' %
                   upstream, {'auth': {'jwks_hosts': ''}, 'http': {
                       'allow_private': 'yes', 'retries': '0'}}, bundle())


def cgi(gateway, path, body=b'', claims=None, token=None, cwd=None, **env):
    """One CGI request: (status, the JSON answer)."""
    env = gateway.env(**fcgi.request('POST', path, body,
                                     token or harness.jwt(claims)), **env)
    env.update(PATH_INFO=path, SCRIPT_NAME='')
    status, out, err = harness.run(
        [harness.program('ctim-relay.fcgi', gateway.build)], env=env,
        input=body.decode(), cwd=cwd)
    same((status, err), (0, ''), out)
    head, _, answer = out.replace('\r\n', '\n').partition('\n\n')
    return int(head.split('Status: ')[1][:3]), json.loads(answer)


def libraries(gateway, path, *args, **kwargs):
    """The answer of a CGI request, and what its process loaded."""
    log = os.path.join(harness.folder('loaded'), 'log')
    answer = cgi(gateway, path, *args, LD_DEBUG='files', LD_DEBUG_OUTPUT=log,
                 **kwargs)
    text = ''.join(harness.read(name) for name in glob.glob(log + '.*'))
    has('libc.so', text, 'what is loaded')
    return answer, text


def test_no_call_loads_no_libcurl():
    """A CGI process loads it for a call, and for nothing else."""
    with Upstream(otx(ASKED)) as upstream:
        gateway = relay(upstream.url)
        url = b'[{"type":"url","value":"https://a.example:8443/b?c=%20d"},' \
              b'{"type":"ip","value":"192.0.2.1"}]'
        for path, body, token, status in (
                ('/template/health', b'', None, 200),
                ('/local/health', b'', None, 200),
                ('/version', b'', None, 200),
                ('/local/observe/observables', url, None, 200),
                ('/template/observe/observables', url, None, 200),
                (OBSERVE, b'[{', None, 200),
                ('/otx/health', b'', harness.jwt(key='x' * 64), 200)):
            (got, answer), text = libraries(gateway, path, body, CLAIMS['otx'],
                                            token=token)
            same(got, status, '%s: %s' % (path, answer))
            for name in ('libcurl', 'libssl', OBJECT):
                holds(name not in text, '%s loads %s' % (path, name))
        (_, answer), text = libraries(
            gateway, OBSERVE, json.dumps(ASKED).encode(), CLAIMS['otx'])
        same('errors' in answer, False, answer)
        for name in ('libcurl', OBJECT):
            has(name, text, 'a call')


def refused(gateway, word, **kwargs):
    """Calls are refused with the word, in answer and log; all else works."""
    body = json.dumps(ASKED).encode()
    status, answer = cgi(gateway, OBSERVE, body, CLAIMS['otx'], **kwargs)
    same(status, 200, answer)
    has(word, answer['errors'][0]['message'], 'the answer')
    has(word, harness.read(gateway.log), 'the log')
    for path in ('/template/health', '/local/health'):
        same(cgi(gateway, path, **kwargs),
             (200, {'data': {'status': 'ok'}}), path)


def test_object_of_another_build():
    gateway = relay()
    spoil(place(gateway))
    refused(gateway, OBJECT + ' is of another build than this program')


def test_no_object():
    gateway = relay()
    lose(place(gateway))
    refused(gateway, OBJECT + ' cannot be opened')


def test_no_search():
    """One in the current folder, or in LD_LIBRARY_PATH, is not taken."""
    gateway, other = relay(), bundle()
    lose(place(gateway))
    refused(gateway, OBJECT + ' cannot be opened', cwd=other,
            LD_LIBRARY_PATH=other)


def test_what_check_and_doctor_say():
    for word, change in (
            ('is of another build than this program: it is of ', spoil),
            ('/lib/ctim-relay/%s: cannot open' % OBJECT, lose)):
        gateway = relay()
        same(gateway.cli('check', ok=False)[0], 0, 'check')
        change(place(gateway))
        status, out, err = gateway.cli('check', ok=False)
        same(status, 78, out + err)
        has(word, err, 'check')
        _, out, _ = gateway.cli('doctor', '--json', ok=False)
        found = t_doctor.Findings(json.loads(out)['checks'])
        found.bad('network', word, 'make install')


def reloaded(gateway):
    """Waits until all workers are those of a reload."""
    before = set(gateway.workers())
    gateway.process.send_signal(signal.SIGHUP)
    harness.wait_for(lambda: not before & set(gateway.workers()) and
                     len(gateway.workers()) == 2, 'new workers')


def test_pool_opens_it_before_it_forks():
    """Another build that is installed meanwhile changes nothing: without its
    program a reload is refused, and who dies is succeeded by the old."""
    with Upstream(otx(ASKED)) as upstream:
        gateway = relay(upstream.url).serve()
        path = os.path.join(place(gateway), OBJECT)
        spoil(place(gateway))
        status, _, err = gateway.cli('reload', ok=False)
        same(status, 1, err)
        has('is of another build than this program', err, 'the reason')
        before = gateway.workers()
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        harness.wait_for(lambda: len(gateway.workers()) == 2 and not set(
            before) & set(gateway.workers()), 'new workers')
        for pid in [gateway.process.pid] + gateway.workers():
            has(path, harness.read('/proc/%d/maps' % pid), 'what is mapped')
        reply = ask(gateway, OBSERVE, ASKED)
        same((reply.values(), reply.errors), (['bad.example'], []), 'a call')
        ended(gateway)


def test_pool_without_it():
    """It says so and serves; a reload tries again."""
    with Upstream(otx(ASKED)) as upstream:
        gateway = relay(upstream.url)
        lose(place(gateway))
        gateway.serve()
        has('cannot be opened: ', harness.read(gateway.log), 'the log')
        reply = ask(gateway, OBSERVE, ASKED)
        has(OBJECT + ' cannot be opened', reply.errors[0]['message'], 'a call')
        shutil.copy2(os.path.join(gateway.build, OBJECT), place(gateway))
        reloaded(gateway)
        same(ask(gateway, OBSERVE, ASKED).values(), ['bad.example'], 'a call')
        ended(gateway)

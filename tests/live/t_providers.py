# SPDX-License-Identifier: MIT
"""docs/providers.md, from its first line to its last, and the example of
ctim-relay-describe(7)."""

import json
import os
import re
import signal

import guides
import harness
import manual
import t_describe
from harness import Skipped, has, holds, same

PAGE = 'docs/providers.md'
PORT = '8099'
DIALOG = re.compile('^(?:%s).*: (.*)$' % '|'.join(t_describe.QUESTIONS),
                    re.M)


def shown(language, begins):
    """The block of the page that begins so."""
    found = [b.text for b in guides.blocks(PAGE, language)
             if b.text.startswith(begins)]
    same(len(found), 1, '%s %s' % (language, begins))
    return found[0]


def needs_maps():
    if not os.path.exists(os.path.join(harness.BUILD, 'ctim-relay-map')):
        raise Skipped('this build has no ctim-relay-map')


def end_service(home):
    """Ends the played service, where a step before its end has failed."""
    path = os.path.join(home, 'lesson/service.pid')
    if os.path.exists(path):
        try:
            os.kill(int(harness.read(path)), signal.SIGTERM)
        except ProcessLookupError:
            pass


def walk(home):
    """Runs the blocks in their order, the dialog at a terminal.  Returns what
    each has printed, by its last line."""
    port = str(harness.free_port())
    env = harness.environment(PATH='%s:%s' % (
        os.path.dirname(harness.program('ctim-relay')), os.environ['PATH']))
    said = {}
    for block in guides.blocks(PAGE, 'sh'):
        if block.use == 'by-hand':
            talk(home, block)
            continue
        status, out, err = harness.run(
            ['/bin/sh', '-ec', block.text.replace(PORT, port)], cwd=home,
            env=env)
        same(status, 0, '%s:%d\n%s%s%s' % (
            block.page, block.line, block.text, out, err))
        said[block.text.splitlines()[-1]] = out
    return said


def talk(home, block):
    """The block whose last command asks."""
    lesson = os.path.join(home, 'lesson')
    *before, last = block.text.splitlines()
    status, out, err = harness.run(['/bin/sh', '-ec', '\n'.join(before)],
                                   cwd=home)
    same(status, 0, out + err)
    status, seen = t_describe.talk(
        last.split()[-1], DIALOG.findall(shown('text', 'What people call')),
        cwd=lesson)
    same(status, 0, seen)


def test_tutorial():
    needs_maps()
    home = harness.folder('tutorial')
    try:
        said = walk(home)
    finally:
        end_service(home)
    same(json.loads(said[shown('sh', 'curl')[:-1]]),
         json.loads(shown('json', '{')), 'the answer that is shown')
    same(harness.read(os.path.join(
        home, 'lesson/described/lesson/provider.ini')),
         shown('text', '[provider]'), 'provider.ini')
    test = 'ctim-relay provider test described/lesson'
    same(said[test], '2 passed, 0 failed\n', 'cases')
    has('2 passed, 0 failed', guides.text_of(PAGE), 'the page')
    asked = [out for line, out in said.items() if ' query ' in line]
    same([table(out) for out in asked], [table(shown('text', 'OBSERVABLE'))],
         'what is found')
    holds('kill "$(cat service.pid)"' in said, 'the end')


def table(text):
    return [line.rstrip() for line in text.rstrip().splitlines()]


def described(name):
    """A file of the example of ctim-relay-describe(7)."""
    found = re.search(r'^\.Pa example/%s :\n\.Bd.*\n((?:.*\n)*?)\.Ed$' %
                      re.escape(name),
                      manual.page('ctim-relay-describe.7'), re.M)
    holds(found, name)
    return re.sub(r'^\\&', '', found.group(1), flags=re.M).replace('\\e', '\\')


def example(route, upstream):
    """What the example comes to, as a case: the whole answer."""
    top = os.path.join(harness.folder('described-example'), 'example')
    case = os.path.join(top, 'cases', 'one')
    os.makedirs(case)
    for name in ('provider.ini', 'map.jq'):
        harness.write(os.path.join(top, name), described(name))
    for name, value in (
            ('request', {'route': route + '/observables',
                         'now': '2026-11-21T12:00:00Z',
                         'claims': {'key': 'key-of-the-case'},
                         'body': [{'type': 'ip', 'value': '192.0.2.7'}]}),
            ('upstream', [{
                'request': 'GET https://api.example.com/v1/ip/192.0.2.7',
                'headers': {'X-API-Key': 'key-of-the-case'}, **upstream}]),
            ('answer', {})):
        harness.write(os.path.join(case, name + '.json'), json.dumps(value))
    status, out, err = harness.run(
        [harness.program('ctim-relay'), 'provider', 'test', top, '--accept'])
    same((status, err), (0, ''), out)
    return json.loads(harness.read(os.path.join(case, 'answer.json')))


def test_example_of_the_manual():
    """It is as the page says, and so is what the service answers."""
    needs_maps()
    page = manual.page('ctim-relay-describe.7').replace('\\(dq', '"')
    found = json.loads(re.search(
        r'^\.Li (\{"score".*\}) ,$', page, re.M).group(1))
    answer = example('observe', {'json': found})
    harness.validate_ctim(answer)
    data = answer['data']
    same([(v['disposition_name'], v['valid_time']['end_time'][:10])
          for v in data['verdicts']['docs']], [('Malicious', '2026-11-28')],
         answer)
    same([(s['title'], s['observed_time']['start_time'], s['source'])
          for s in data['sightings']['docs']],
         [('Seen by Example', '2026-11-20T00:00:00Z', 'Example')], answer)
    answer = example('deliberate', {'json': found})
    same(list(answer['data']), ['verdicts'], answer)
    same(example('observe', {'status': 404}).get('data'), {}, 'nothing')

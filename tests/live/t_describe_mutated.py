# SPDX-License-Identifier: MIT
"""Whatever services answer, what described providers make of it is CTIM: answers
of their cases that are no longer what they were, and random ones with the names
of members that they had.  CTIM_MUTATIONS says how many of each answer; then also
for the providers in ../shared."""

import collections
import functools
import glob
import json
import os
import random
import re
import shutil
import subprocess

import harness
from harness import fail, holds, same

SEED = 20261128
LIMIT = 900   # seconds for one provider
FEW = 1       # of each answer, where nobody says how many
PROGRAM = 'tests/plain/mapped'
KINDS = {'deliberate': {'verdicts'},
         'observe': {'sightings', 'indicators', 'judgements', 'verdicts',
                     'relationships'}}
ODD = (None, True, False, 0, -1, 1, 0.5, 1e300, -1e300, 2 ** 53 + 1, 2 ** 64,
       10 ** 40, 17 * 10 ** 11, '', ' ', '0', '-1', 'null', 'x' * 5000,
       '\U0001f600' * 2100, '\0', '\ud800', '\u2028', '9999-99-99',
       '2026-11-21', '2026-11-21T12:00:00Z', '192.0.2.1', '::1', 'a.example',
       'https://a.example/?<x>', 'javascript:x', '//', '%', [], {}, [None],
       [[]], [{}], {'a': None}, '<b>x</b>' * 9)


def providers():
    """name -> directory."""
    found = {}
    tops = [('', os.path.join(harness.SRC, 'share'))]
    if 'CTIM_MUTATIONS' in os.environ:
        tops.append(('shared/', harness.SHARED))
    for label, top in tops:
        for path in sorted(glob.glob(os.path.join(top, 'providers', '*',
                                                  'provider.ini'))):
            directory = os.path.dirname(path)
            found[label + os.path.basename(directory)] = directory
    return found


class Mutator:
    """Changes of what services answered."""

    def __init__(self, seed, values):
        self.random = random.Random(seed)
        self.names, self.texts = ['a'], ['x']
        for value in values:
            self.learn(value)

    def learn(self, value):
        if isinstance(value, dict):
            self.names += [n for n in value if n not in self.names]
            value = list(value.values())
        if isinstance(value, list):
            for one in value:
                self.learn(one)
        elif isinstance(value, str) and len(self.texts) < 1000:
            self.texts.append(value)

    def places(self, value, found):
        """All (container, key) of a value."""
        for key in (list(value) if isinstance(value, dict) else
                    range(len(value)) if isinstance(value, list) else ()):
            found.append((value, key))
            self.places(value[key], found)
        return found

    def other(self, value):
        """What stands in the place of a value."""
        r = self.random
        deep = []
        for _ in range(r.choice((5, 28, 30, 33, 150))):
            deep = [deep] if r.random() < 0.5 else {'a': deep}
        return r.choice((
            r.choice(ODD), r.choice(ODD), r.choice(self.texts), [value], [],
            {'value': value}, [value] * r.choice((2, 150)), str(value), deep,
            list(value.values()) if isinstance(value, dict) else {},
            value[0] if isinstance(value, (list, str)) and value else None,
            value * 2 if isinstance(value, (list, str)) else -1, self.made()))

    def made(self, depth=0):
        """Random JSON with the members that the service's has."""
        r = self.random
        if depth > 5 or r.random() < 0.3:
            return r.choice((r.choice(ODD), r.choice(self.texts),
                             r.randrange(2 * 10 ** 9)))
        if r.random() < 0.35:
            return [self.made(depth + 1) for _ in range(r.choice((0, 1, 3)))]
        names = r.sample(self.names, min(len(self.names),
                                         r.choice((1, 4, 12))))
        return {name: self.made(depth + 1) for name in names}

    def changed(self, value):
        """A value of another structure."""
        r = self.random
        if r.random() < 0.15:
            return self.made()
        value = {'': json.loads(json.dumps(value))}
        for _ in range(r.choice((1, 1, 2, 4))):
            where, key = r.choice(self.places(value, []))
            if r.random() < 0.25 and where is not value:
                del where[key]
            else:
                where[key] = self.other(where[key])
        return value['']

    def bytes(self, text):
        """Bytes that are others."""
        r = self.random
        if not text:
            return b'\xff'
        at, n = r.randrange(len(text)), r.choice((1, 2, 40))
        return r.choice((
            text[:at], text[:at] + text[at + n:],
            text[:at] + bytes([r.randrange(256)]) + text[at + 1:],
            text[:at] + b'\xc3\x28' + text[at:], text + text,
            text[:at] + text[at:at + n] * 50 + text[at + n:],
            re.sub(rb'\d+', lambda m: m[0] + b'9' * r.choice((0, 20)), text)))

    def __call__(self, row):
        """The bytes of the answer of a row of upstream.json."""
        text = row.get('text', '')
        if 'json' in row and self.random.random() < 0.75:
            return json.dumps(self.changed(row['json'])).encode()
        if 'json' in row:
            text = json.dumps(row['json'])
        elif self.random.random() < 0.5:
            lines = [self.line(x) for x in text.split('\n')]
            return '\n'.join(lines).encode('utf-8', 'surrogatepass')
        return self.bytes(text.encode())

    def line(self, text):
        """One of several, which may each be JSON."""
        try:
            return json.dumps(self.changed(json.loads(text)))
        except ValueError:
            return self.random.choice((text, '', text * 2))


def quoted(text):
    """Bytes as a string of JSON that keeps them."""
    return b'"' + re.sub(rb'[\x00-\x1f"\\]', lambda m: b'\\u%04x' % m[0][0],
                         text) + b'"'


def line(request, rows):
    """A case, of whose rows `text` is bytes."""
    parts = []
    for row in rows:
        rest = json.dumps({k: v for k, v in row.items()
                           if k not in ('json', 'text')}).encode()
        parts.append(rest[:-1] + b', "text": ' + quoted(row['text']) + b'}')
    return b'{"request": %s, "upstream": [%s]}\n' % (
        json.dumps(request).encode(), b', '.join(parts))


def bytes_of(row):
    text = json.dumps(row['json']) if 'json' in row else row.get('text', '')
    return dict(row, text=text.encode())


def cases(directory):
    for path in sorted(glob.glob(os.path.join(directory, 'cases', '*',
                                              'request.json'))):
        yield json.loads(harness.read(path)), json.loads(harness.read(
            path.replace('request.json', 'upstream.json')))


def mutations(name, directory, few):
    """(route, line) of all cases with one answer that is another."""
    found = list(cases(directory))
    change = Mutator('%d %s' % (SEED, name),
                     [row.get('json') for _, rows in found for row in rows])
    for request, rows in found:
        for i in range(len(rows)):
            for _ in range(few):
                other = [bytes_of(row) for row in rows]
                other[i]['text'] = change(rows[i])
                other[i]['status'] = change.random.choice(
                    (rows[i].get('status', 200), rows[i].get('status', 200),
                     200, 404))
                yield request['route'].split('/')[0], line(request, other)


def made(directory, lines):
    """The answers that come of lines."""
    place = harness.folder('mutated')
    for name in (PROGRAM, 'tests/plain/ctim-relay-map', harness.NETWORK):
        shutil.copy2(os.path.join(harness.BUILD, name), place)
    copy = os.path.join(place, os.path.basename(directory))
    harness.run(['cp', '-R', directory, copy])
    harness.run(['chmod', '-R', 'go-w', copy])
    r = subprocess.run(
        [os.path.join(place, os.path.basename(PROGRAM)), copy],
        input=b''.join(lines), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=harness.environment(), timeout=LIMIT - 60, check=False)
    answers = [json.loads(x) for x in r.stdout.decode().split('\n')[:-1]]
    if r.returncode != 0:
        fail('exit %d\n%s\nof %s' % (r.returncode, r.stderr.decode()[-5000:],
                                     lines[len(answers):][:1]))
    same(len(answers), len(lines), 'answers')
    return answers


def look(route, answer):
    """What an answer must be, whatever the service said."""
    holds(isinstance(answer, dict) and 'error' not in answer, 'no answer')
    for problem in answer.get('errors', ()):
        holds('crashed' not in problem['message'], problem['message'])
        same(sorted(problem), ['code', 'message', 'type'], 'an error')
    data = answer.get('data', {})
    if route in KINDS:
        holds(set(data) <= KINDS[route], sorted(data))
        harness.validate_ctim(answer)
    elif route == 'refer':
        for page in data or ():
            same(sorted(page), ['categories', 'description', 'id', 'title',
                                'url'], 'a reference')
            holds(re.match('https?://', page['url']), page['url'])


def mutated(name, directory):
    few = int(os.environ.get('CTIM_MUTATIONS', FEW))
    rows = list(mutations(name, directory, few))
    counts = collections.Counter()
    answers = made(directory, [text for _, text in rows]) if rows else []
    for (route, text), answer in zip(rows, answers):
        try:
            look(route, answer)
        except AssertionError as e:
            fail('%s\nof %s\nmade %s' % (e, text[:20000], json.dumps(
                answer)[:20000]))
        counts['found'] += bool(answer.get('data'))
        counts['told'] += 'errors' in answer
    # It is not all refused.
    if len(rows) >= 100:
        holds(counts['found'] > 5, counts)


def tests():
    if not os.path.exists(os.path.join(harness.BUILD, PROGRAM)):
        return
    for name, directory in providers().items():
        test = functools.partial(mutated, name, directory)
        test.limit = LIMIT
        yield 'mutated/' + name, test

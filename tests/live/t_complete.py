# SPDX-License-Identifier: MIT
"""What maps write, whatever it is, leaves as CTIM: random output, members that
fit and members that do not, through the completion of the gateway, and against
the schema in ../shared/ctim."""

import json
import os
import random
import string
import subprocess

import harness
from harness import fail, holds, same

SEED = 20261121
KINDS = ('sighting', 'indicator', 'judgement', 'verdict', 'relationship')
# What no member takes, or nearly none.
ODD = (None, True, False, 0, -1, 1, 1.5, 1e300, -1e300, 2 ** 62, '', ' ', 'x',
       'x' * 6000, '\U0001f600' * 2100, '\0', '\u2028', [], {}, [None], [[]],
       [{}], {'a': None}, {'html': '<b>x</b>'}, {'html': None}, {'html': 5},
       '9999-99-99', '9999-12-31', '1e300', 'https://a b/', 'a:', '//', '%',
       'https://[x/', ['x', 5], {'type': 'x'}, {'value': ''})


def schema():
    reason = harness.schema_reason()
    if reason is not None:
        raise harness.Skipped(reason)
    with open(os.path.join(harness.SHARED, 'ctim',
                           'ctim.schema.json')) as file:
        return json.load(file)['$defs']


class Maker:
    """Random values of the schema's definitions."""

    def __init__(self, defs, seed):
        self.defs = defs
        self.random = random.Random(seed)

    def text(self):
        r = self.random
        return ''.join(r.choice(string.printable + 'é€\U0001f600<&"')
                       for _ in range(r.choice((0, 1, 5, 30))))

    def time(self):
        r = self.random
        return r.choice((
            '2026-01-02', '2026-01-02T03:04:05Z', '2026-01-02 03:04:05',
            '2026-01-02T03:04:05.123+02:00', '2025-12-31 23:59 -0500',
            r.randrange(2 * 10 ** 9), r.randrange(2 * 10 ** 12),
            1700000000.5))

    def period(self):
        r = self.random
        made = {'start_time': self.time()}
        made.update(r.choice(({}, {'end_time': self.time()}, {'days': 7},
                              {'days': r.uniform(-1, 99)}, {'seconds': 300},
                              {'forever': True})))
        return r.choice((made, made, {}, self.time()))

    def named(self, name, depth):
        """A value of a definition, right where that is not hard."""
        made = {'time': self.time, 'observed_time': self.period,
                'valid_time': self.period,
                'entity_ref': lambda: 'transient:' + self.text(),
                'entity_id': lambda: 'transient:x',
                'vocab_term': lambda: self.random.choice(('mitre', 'a_b')),
                'uri': lambda: self.random.choice((
                    'https://a.example/?a=[1]', 'urn:x', 'x', '%41')),
                'disposition': lambda: self.random.choice(
                    (1, 2, 3, 4, 5, 'Malicious', 'Clean')),
                'sighting_data_table': self.table}
        if name in made:
            return made[name]()
        return self.value(self.defs[name], depth)

    def table(self):
        r = self.random
        types = [r.choice(self.defs['column_type']['enum'])
                 for _ in range(r.choice((0, 1, 3)))]
        cells = {'integer': 3, 'number': 1.5, 'string': 'x', 'markdown': 'x',
                 'url': 'https://a.example/',
                 'observable': {'type': 'ip', 'value': '192.0.2.1'}}
        return {'columns': [{'name': 'a', 'type': t} for t in types],
                'rows': [[r.choice((cells[t], cells[t], None, self.odd()))
                          for t in types] for _ in range(r.choice((0, 2)))]}

    def odd(self):
        return self.random.choice(ODD)

    def value(self, what, depth):
        r = self.random
        if depth > 8 or r.random() < 0.015:
            return self.odd()
        if '$ref' in what:
            return self.named(what['$ref'].rsplit('/', 1)[1], depth)
        if 'const' in what:
            return what['const']
        if 'enum' in what:
            return r.choice(what['enum'])
        if 'anyOf' in what and 'properties' not in what:
            return self.value(r.choice(what['anyOf']), depth + 1)
        if what.get('type') == 'array':
            return [self.value(what['items'], depth + 1)
                    for _ in range(r.choice((0, 1, 1, 2)))]
        if 'properties' in what:
            return self.object(what, depth)
        if 'allOf' in what:
            return self.value(r.choice(what['allOf']).get(
                'then', {'type': 'object'}), depth + 1)
        return {'string': self.text, 'boolean': lambda: r.random() < 0.5,
                'integer': lambda: r.randrange(100)}.get(
                    what.get('type'), self.odd)()

    def object(self, what, depth):
        r = self.random
        made = {}
        for name, of in what['properties'].items():
            needed = name in what.get('required', ())
            if r.random() < (0.98 if needed else 0.25):
                made[name] = self.value(of, depth + 1)
        if r.random() < 0.02:
            made[self.text()] = self.odd()
        return made

    def entity(self, kind=None, depth=0):
        r = self.random
        kind = kind or r.choice(KINDS)
        if r.random() < 0.02:
            return self.odd()
        made = self.object(self.defs[kind], 1)
        made['type'] = kind
        made.pop('disposition_name', None)
        for name in ('id', 'schema_version', 'source'):
            if r.random() < 0.9:
                made.pop(name, None)
        if r.random() < 0.3:
            made['key'] = r.choice(('k', 5, {'a': [1, None]}, self.odd()))
        for name in ('source_ref', 'target_ref', 'judgement_id'):
            if name in made and depth < 3 and r.random() < 0.95:
                made[name] = self.entity(
                    'judgement' if name == 'judgement_id' else
                    r.choice(KINDS[:3]), depth + 1)
        return made

    def entities(self):
        r = self.random
        return [self.entity() for _ in range(r.choice((1, 3, 8)))]


def complete(route, lists, limit=100):
    """The answers that lists of entities become."""
    text = ''.join(json.dumps(x) + '\n' for x in lists)
    r = subprocess.run(
        [os.path.join(harness.BUILD, 'tests', 'plain', 'complete'), route,
         'abuse', 'AbuseX', 'domain', 'a.example', str(limit)],
        input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=harness.environment(), timeout=300, check=False)
    if r.returncode != 0:
        fail('exit %d\n%s' % (r.returncode, r.stderr.decode()[-3000:]))
    answers = [json.loads(x)
               for x in r.stdout.decode().split('\n')[:-1]]
    same(len(answers), len(lists), 'answers')
    return answers


def test_whatever_a_map_writes_leaves_as_ctim():
    maker = Maker(schema(), SEED)
    lists = [maker.entities() for _ in range(3000)]
    kinds = dict.fromkeys(KINDS, 0)
    for given, answer in zip(lists, complete('observe', lists)):
        try:
            harness.validate_ctim(answer)
        except AssertionError as e:
            fail('%s\nof %s\nmade %s' % (e, json.dumps(given),
                                         json.dumps(answer)))
        for kind, found in answer['data'].items():
            kinds[kind[:-1]] += found['count']
    # It is not all left out.
    for kind, n in kinds.items():
        holds(n > 200, '%s: %d in all' % (kind, n))


def test_deliberate_has_verdicts_alone():
    maker = Maker(schema(), SEED + 1)
    lists = [maker.entities() for _ in range(500)]
    n = 0
    for answer in complete('deliberate', lists):
        harness.validate_ctim(answer)
        holds(set(answer['data']) <= {'verdicts'}, str(answer))
        for doc in answer['data'].get('verdicts', {'docs': ()})['docs']:
            holds('judgement_id' not in doc, str(doc))
            n += 1
    holds(n > 100, '%d verdicts' % n)


def test_what_leaves_can_be_completed_again():
    """Nothing is made of the gateway's own entities that is not the same."""
    maker = Maker(schema(), SEED + 2)
    lists = [maker.entities() for _ in range(1000)]
    lists = [[doc for kind in ('sightings', 'indicators', 'judgements')
              for doc in answer['data'].get(kind, {'docs': ()})['docs']]
             for answer in complete('observe', lists)]
    lists = [x for x in lists if x]
    holds(len(lists) > 200, '%d lists' % len(lists))
    for given, answer in zip(lists, complete('observe', lists)):
        again = [doc for kind in ('sightings', 'indicators', 'judgements')
                 for doc in answer['data'].get(kind, {'docs': ()})['docs']]
        for a, b in zip(given, again):
            a, b = dict(a), dict(b)
            del a['id'], b['id']
            same(b, a, 'again')
        same(len(again), len(given), 'entities')
        same(answer.get('errors'), None, 'errors')


def test_output_nested_as_deep_as_it_can_be():
    deep = {'type': 'indicator', 'title': 'x'}
    for _ in range(29):
        deep = {'type': 'relationship', 'source_ref': deep,
                'target_ref': deep if _ < 3 else 5}
    answer, = complete('observe', [[deep]])
    same(answer['data'], {}, 'data')
    holds('left out' in answer['errors'][0]['message'], str(answer))

# SPDX-License-Identifier: MIT
"""A static's name is its own in the whole tree, so that grep, ctags, gdb and
perf find one thing and not twenty."""

import re

import harness
import t_layers

# What is no code: comments, strings, characters, attributes.
NO_CODE = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|'
                     r'__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)', re.S)
FUNCTION = re.compile(r'^static\b[^;={(]*?[\s*](\w+)\(', re.M)
VARIABLE = re.compile(r'^(?:_Thread_local )?static\b[^;={(]*?[\s*](\w+)'
                      r'(?:\[[^\]]*\])*\s*(?:=|;)', re.M)
TABLE = re.compile(r'^\} \*?(\w+)(?:\[[^\]]*\])*\s*(?:=|;)', re.M)
CALLED = re.compile(r'\b(\w+)\(')


def statics(text):
    text = NO_CODE.sub(' ', text)
    return set(FUNCTION.findall(text) + VARIABLE.findall(text) +
               TABLE.findall(text))


def test_static_names_are_unique():
    owners = {}
    public = set()
    for paths in t_layers.sources().values():
        for path in paths:
            text = harness.read(harness.SRC + '/' + path)
            if path.endswith('.h'):
                public.update(CALLED.findall(NO_CODE.sub(' ', text)))
            else:
                for name in statics(text):
                    owners.setdefault(name, []).append(path)
    bad = ['%s: %s' % (name, ', '.join(sorted(paths)))
           for name, paths in sorted(owners.items())
           if len(paths) > 1 or (name in public and name != 'main')]
    harness.same(bad, [], 'names of statics that are not one thing')


def test_statics_are_seen():
    """The test above would pass on nothing: it sees each kind of static."""
    text = '''
static int one(void);
static const char *const *
two(int (*f)(void))
static int three[4] = { 0 };
static struct {
	int x;
} *four;
static const struct {
\tint x;
} five[] = { { 1 } };
static void __attribute__((format(printf, 1, 2))) six(const char *, ...)
/* static int no(void); */
'''
    harness.same(sorted(statics(text)),
                 ['five', 'four', 'one', 'six', 'three', 'two'], 'statics')

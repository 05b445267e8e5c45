#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the tests: the Check programs of the build and the functions test_* in
tests/*/t_*.py (and what their tests() yields), one line each.  A test of
t_NAME.py, or t_NAME_PART.py, is called NAME:TEST.

    run.py [--build DIR] [--result FILE] [--list] [--slowest N] [--lanes N]
           [NAME …]

NAME: only tests whose name begins with it, or, if none does, contains it.
--slowest: the N tests that took longest are told once more at the end.
--lanes: so many processes run tests side by side (default two; what builds has
another one, beside them).  The last line of the output is "N passed, N failed",
with ", N skipped" where tests could not run here; what failed is named before
it, and so is what failed at first and passed when it ran once more, alone.  CTIM_BUILD names the build folder (default build-test), CTIM_KEEP=1 keeps
the folder of the run.  --result puts these lines into a file, too."""

import argparse
import functools
import glob
import importlib
import multiprocessing
import os
import re
import signal
import sys
import time
import traceback
import xml.etree.ElementTree as ElementTree
from concurrent import futures
from multiprocessing import connection

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = sorted(glob.glob(os.path.join(HERE, '*', 't_*.py')),
               key=os.path.basename)
sys.path[:0] = sorted({os.path.dirname(path) for path in FILES} |
                      {os.path.join(HERE, 'tools')})
LIMIT = 120     # seconds for one test that does not say its own `limit`, of a
                # machine that is not busy
# Areas that take minutes: begun last, one of them would run alone at the end.
FIRST = ('package', 'bundle', 'nginx', 'fcgi', 'provider', 'page', 'connections',
         'binary', 'doctor', 'memory', 'build', 'tsan')


AGAIN = 10      # that failed may run once more
SANITIZER = 'a sanitizer found:'


class Timeout(Exception):
    pass


class Run:
    """What was run and how it ended.  One that has somebody to say it to, the
    run of a lane, leaves the rest to that one."""

    def __init__(self, names, say=None):
        self.names = names
        self.say = say
        self.counts = {'ok': 0, 'FAILED': 0, 'skipped': 0}
        self.failed = {}        # and with what
        self.late = []          # passed at the second try
        self.reasons = {}
        self.took = []

    def wants(self, name):
        return not self.names or any(n in ':' + name for n in self.names)

    def report(self, result, name, seconds, text=''):
        if self.say:
            self.say.send((result, name, seconds, text))
            return
        self.counts[result] += 1
        self.took.append((seconds, name))
        if result == 'FAILED':
            self.failed[name] = text
        if result == 'skipped':
            self.reasons.setdefault(text, []).append(name)
            name += ' (%s)' % text
        print('%-7s %6.2fs  %s' % (result, seconds, name), flush=True)
        if result == 'FAILED':
            print('        ' + text.strip().replace('\n', '\n        '),
                  flush=True)

    def end(self, result, slowest):
        """Prints the end and returns the exit status."""
        for seconds, name in sorted(self.took, reverse=True)[:slowest]:
            print('SLOW    %6.2fs  %s' % (seconds, name))
        for reason, names in self.reasons.items():
            print('SKIPPED %d: %s' % (len(names), reason))
        if sum(self.counts.values()) == 0:
            print('no test has that name')
            self.counts['FAILED'] = 1
        lines = ['FAILED  ' + name for name in self.failed]
        lines += ['LATE    %s (passed at the second try)' % name
                  for name in self.late]
        line = '%d passed, %d failed' % (self.counts['ok'],
                                         self.counts['FAILED'])
        if self.counts['skipped']:
            line += ', %d skipped' % self.counts['skipped']
        lines.append(line)
        print('\n'.join(lines), flush=True)
        if result:
            with open(result, 'w') as f:
                f.write('\n'.join(lines) + '\n')
        return 1 if self.counts['FAILED'] else 0


def unit_programs(build):
    return [p for p in sorted(glob.glob(os.path.join(build, 'tests', 'unit',
                                                     '*', '*')))
            if os.path.isfile(p) and os.access(p, os.X_OK)]


def run_unit(run, path):
    """One Check program; its every test is one of ours."""
    import harness
    name = os.path.basename(path)
    xml = os.path.join(harness.folder('unit-' + name), 'log.xml')
    began = time.monotonic()
    try:
        status, out, err = harness.run(
            [path], timeout=100, cwd=os.path.dirname(xml),
            env=harness.environment(CK_VERBOSITY='silent', srcdir=harness.SRC,
                                    CK_XML_LOG_FILE_NAME=xml))
    except harness.Failed as reason:
        run.report('FAILED', 'unit:' + name, 300, str(reason))
        return
    seconds = time.monotonic() - began
    skipped = dict(re.findall(r'^skipped (\w+)_fn: (.*)$', err, re.M))
    failures = 0
    space = '{http://check.sourceforge.net/ns}'
    try:
        suites = ElementTree.parse(xml).iter(space + 'suite')
    except (OSError, ElementTree.ParseError) as error:
        run.report('FAILED', 'unit:' + name, seconds, '%s\n%s%s' % (
            error, out, err))
        return
    for suite in suites:
        title = suite.find(space + 'title').text
        for test in suite.iter(space + 'test'):
            def get(key, test=test):
                return (test.find(space + key).text or '').strip()
            label = 'unit:%s:%s:%s' % (title, get('description'), get('id'))
            if get('iteration') != '0':
                label += '[%s]' % get('iteration')
            good = test.get('result') == 'success'
            failures += not good
            if not run.wants(label):
                continue
            duration = max(0.0, float(get('duration') or 0))
            if not good:
                run.report('FAILED', label, duration, '%s: %s\n%s' % (
                    get('fn'), get('message'), err[-3000:]))
            elif get('id') in skipped:
                run.report('skipped', label, duration, skipped[get('id')])
            else:
                run.report('ok', label, duration)
    reports = harness.sanitizer_reports()
    if reports or (status != 0 and failures == 0):
        run.report('FAILED', 'unit:%s:exit' % name, seconds,
                   'exit status %d\n%s' % (status, err[-3000:]) +
                   ('%s\n%s' % (SANITIZER, reports[:6000]) if reports else ''))


def may_hold(path, names):
    """Whether a program may hold a test with one of these names: the names of
    its tests stand in its bytes."""
    if not names:
        return True
    names = [name for name in names if not name.startswith(':') or
             name.startswith(':unit')]      # others begin a test in Python
    with open(path, 'rb') as f:
        text = b'unit:' + f.read()
    return any(all(part.encode() in text for part in name.split(':'))
               for name in names)


def area(module):
    """What the names of a module's tests begin with."""
    return module.__name__.split('_')[1]


def python_tests():
    """(name, function) of every test, in the order in which they run."""
    for path in FILES:
        module = importlib.import_module(os.path.basename(path)[:-3])
        short = area(module)
        found = [(k, v) for k, v in vars(module).items()
                 if k.startswith('test_') and callable(v)]
        for name, function in found:
            yield '%s:%s' % (short, name[5:]), function, module
        for name, function in getattr(module, 'tests', lambda: ())():
            yield '%s:%s' % (short, name), function, module


def narrow(names, known):
    """A NAME with which the name of a test begins means those alone."""
    return [':' + n if n == 'unit' or n.startswith('unit:') or
            any(k.startswith(n) for k in known) else n for n in names]


def one(function, limit):
    """Runs a test: (result, text)."""
    import harness

    limit *= harness.PATIENCE

    def alarm(*_):
        raise Timeout('not over after %d s' % limit)
    signal.signal(signal.SIGALRM, alarm)
    signal.alarm(limit)
    try:
        function()
        result, text = 'ok', ''
    except harness.Skipped as reason:
        result, text = 'skipped', str(reason)
    except harness.Failed as reason:
        result, text = 'FAILED', str(reason)
    except Exception:                       # noqa: B902, a test may do anything
        result, text = 'FAILED', traceback.format_exc()
    finally:
        signal.alarm(0)
    reports = harness.sanitizer_reports()
    if reports:
        result, text = 'FAILED', '%s\n%s\n%s' % (text, SANITIZER,
                                                 reports[:8000])
    return result, text


def background(function):
    """Builds take minutes on one core: they run beside the other tests."""
    return getattr(function, 'background', False)


def jobs(run, tests):
    """What a lane does at a time: (name, function of a Run).  The tests of an
    area stay together, as they share what their modules keep; the longest
    areas come first."""
    import harness
    areas = {}
    for name, function, module in tests:
        if not background(function):
            areas.setdefault(area(module), []).append((name, function, module))
    found = [(name, functools.partial(run_modules, tests=tests))
             for name, tests in areas.items()]
    found += [(os.path.basename(path), functools.partial(run_unit, path=path))
              for path in unit_programs(harness.BUILD)
              if may_hold(path, run.names)]
    found.sort(key=lambda job: FIRST.index(job[0]) if job[0] in FIRST
               else len(FIRST))
    return found


def run_modules(run, tests):
    """Tests one after another; a module ends before the next begins."""
    current = None
    for name, function, module in tests:
        if module is not current:
            close(run, current)
            current = module
        began = time.monotonic()
        result, text = one(function, getattr(function, 'limit', LIMIT))
        run.report(result, name, time.monotonic() - began, text)
    close(run, current)


def run_background(run, tests):
    """Tests in threads; two at a time, as there are two cores at least."""
    import harness

    def work(test):
        name, function, _ = test
        began = time.monotonic()
        try:
            function()
            result = 'ok', ''
        except harness.Skipped as reason:
            result = 'skipped', str(reason)
        except BaseException as error:  # noqa: B902
            result = 'FAILED', str(error)
        return name, result, time.monotonic() - began
    with futures.ThreadPoolExecutor(2) as pool:
        for name, (result, text), seconds in pool.map(work, tests):
            run.report(result, name, seconds, text)


class Lane:
    """A process that runs tests, and what it tells."""

    def __init__(self, work, names):
        self.said, say = multiprocessing.Pipe(duplex=False)
        self.pid = os.fork()
        if self.pid == 0:
            self.said.close()
            os._exit(self.child(work, names, say))
        say.close()

    @staticmethod
    def child(work, names, say):
        import harness

        def interrupt(*_):
            raise KeyboardInterrupt
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sign, interrupt)
        run = Run(names, say)
        try:
            harness.tmp()   # now, so that no two threads make it
            work(run)
            reports = harness.sanitizer_reports()
            if reports:
                run.report('FAILED', 'sanitizers:end', 0, reports[:8000])
            harness.merge_coverage()
        except KeyboardInterrupt:
            run.report('FAILED', 'interrupted', 0, 'the run was stopped')
        except BaseException:           # noqa: B902
            run.report('FAILED', 'lane', 0, traceback.format_exc())
        finally:
            for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(sign, signal.SIG_IGN)
            harness.clean_up()
        say.send(None)
        sys.stdout.flush()
        return 0


def run_lanes(run, works):
    """Runs each work in a lane of its own and tells what they tell."""
    lanes = {}
    try:
        for work in works:
            lane = Lane(work, run.names)
            lanes[lane.said] = lane
        while lanes:
            for said in connection.wait(list(lanes)):
                try:
                    told = said.recv()
                except EOFError:
                    told = None
                    run.report('FAILED', 'lane', 0, 'a lane has died')
                if told is None:
                    os.waitpid(lanes.pop(said).pid, 0)
                else:
                    run.report(*told)
    except KeyboardInterrupt:
        print('stopped')
        run.report('FAILED', 'interrupted', 0, 'the run was stopped')
        for lane in lanes.values():
            os.kill(lane.pid, signal.SIGTERM)
        for lane in lanes.values():
            os.waitpid(lane.pid, 0)


def again(run, tests):
    """Runs a few that failed once more, with nothing beside them: a wait may
    have been too short on a loaded machine.  What a sanitizer found stays."""
    names = [name for name, text in run.failed.items()
             if SANITIZER not in text]
    if 'interrupted' in run.failed or not 0 < len(names) <= AGAIN:
        return
    print('Once more: %s' % ', '.join(names))
    second = Run([':' + name for name in names])
    chosen = [t for t in tests if t[0] in names]

    def work(lane):
        for _, function in jobs(second, chosen):
            function(lane)
    builds = [t for t in chosen if background(t[1])]
    run_lanes(second, [work])
    if builds:
        run_lanes(second, [functools.partial(run_background, tests=builds)])
    good = [name for name in names if name not in second.failed and
            any(name == took for _, took in second.took)]
    for name in good:
        del run.failed[name]
    run.late = good
    run.counts['ok'] += len(good)
    run.counts['FAILED'] -= len(good)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--build')
    parser.add_argument('--result')
    parser.add_argument('--list', action='store_true')
    parser.add_argument('--slowest', type=int, default=0)
    parser.add_argument('--lanes', type=int, default=2)
    parser.add_argument('names', nargs='*')
    arguments = parser.parse_args()
    import harness
    if arguments.build:
        harness.BUILD = os.path.abspath(arguments.build)

    def interrupt(*_):
        raise KeyboardInterrupt
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, interrupt)
    run = Run(arguments.names)
    tests = list(python_tests())
    run.names = narrow(run.names, [t[0] for t in tests])
    tests = [t for t in tests if run.wants(t[0])]
    if arguments.list:
        for path in unit_programs(harness.BUILD):
            print('unit:' + os.path.basename(path))
        for name, _, _ in tests:
            print(name)
        return 0
    todo = jobs(run, tests)
    # The lanes take their jobs from a pipe: a byte pair is the number of one.
    numbers, put = os.pipe()
    os.write(put, b''.join(n.to_bytes(2, 'big') for n in range(len(todo))))
    os.close(put)

    def work(run):
        while True:
            number = os.read(numbers, 2)
            if not number:
                return
            todo[int.from_bytes(number, 'big')][1](run)
    works = [work] * min(max(arguments.lanes, 1), len(todo))
    builds = [t for t in tests if background(t[1])]
    if builds:
        works.append(functools.partial(run_background, tests=builds))
    run_lanes(run, works)
    again(run, tests)
    return run.end(arguments.result, arguments.slowest)


def close(run, module):
    """Lets a module stop what its tests shared; that may fail, too."""
    if module is None or not hasattr(module, 'close'):
        return
    began = time.monotonic()
    result, text = one(module.close, LIMIT)
    if result == 'FAILED':
        run.report(result, area(module) + ':end',
                   time.monotonic() - began, text)


if __name__ == '__main__':
    sys.exit(main())

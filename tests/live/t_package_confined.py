# SPDX-License-Identifier: MIT
"""Tests of other files once more, with the packaged programs under the list of
system calls that the unit allows (tools/confined.py)."""

import glob
import importlib.util
import os
import re
import shutil
import sys

import harness
from harness import SRC, Gateway, Skipped, same
from t_package import debs

# Whose tests run under the unit's list of calls; which of them, where not all.
CONFINED = {
    'token': (), 'log': (), 'egress': (), 'provider': (),
    'metrics_http': ('test_metrics_as_the_command_has_them',
                     'test_its_process_is_made_again', 'test_reload_moves_it'),
    'rs256': ('test_one_fetch_for_many', 'test_stale_set',
              'test_flood_of_kids'),
    'respond_hook': ('test_pool', 'test_failure_is_a_line_in_the_log'),
}
SERVICE = os.path.join(SRC, 'packaging', 'system', 'ctim-relay.service')


def programs():
    """The programs of the packages, in one folder, as a build has them."""
    folder = os.path.join(harness.tmp(), 'packaged')
    if not os.path.isdir(folder):
        root = harness.folder('unpacked')
        for path in debs().values():
            status, _, err = harness.run(['dpkg-deb', '-x', path, root])
            same(status, 0, err)
        os.mkdir(folder)
        for name in ('bin/ctim-relay', 'libexec/ctim-relay.fcgi',
                     'lib/*/ctim-relay/' + harness.NETWORK):
            found, = glob.glob(os.path.join(root, 'usr', name))
            shutil.copy2(found, folder)
    return folder


def launcher():
    """What a command is started with under the unit's list of calls."""
    if not shutil.which('systemd-analyze'):
        raise Skipped('systemd is not installed')
    return [sys.executable, os.path.join(harness.TOOLS, 'confined.py'),
            SERVICE, (harness.web_user() or ('', 0, 0))[0]]


def test_confined_is_confined():
    """The launcher ends what makes a call that is not in the list, and is in
    the way of nothing else."""
    for command, expected in (['true'], 0), (['chroot', '/', 'true'], -31):
        status, _, err = harness.run(
            [*launcher(), *command], env=dict(harness.environment(),
                                              PATH=harness.sbin_path()))
        same(status, expected, command[0] + err)


def confined(name):
    """The tests of t_NAME.py once more, with pools of the packaged programs
    that may make the calls that the unit allows, and no others."""
    def all_of_them():
        path = os.path.join(harness.TESTS, 'live', 't_%s.py' % name)
        spec = importlib.util.spec_from_file_location('confined_' + name, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        serve, build = Gateway.serve, harness.BUILD
        wrapper = launcher()
        started = []

        def shut_in(self, *args, **kwargs):
            serve(self, *args, wrapper=wrapper, **kwargs)
            started.append(re.search(r'^Seccomp:\t(\d)$', harness.read(
                '/proc/%d/status' % self.process.pid), re.M).group(1))
            return self
        harness.BUILD, Gateway.serve = programs(), shut_in
        try:
            found = {k: v for k, v in vars(module).items()
                     if k.startswith('test_')}
            found.update(getattr(module, 'tests', list)())
            for test in CONFINED[name] or found:
                try:
                    found[test]()
                except harness.Skipped:
                    pass
                except Exception as error:
                    raise harness.Failed('%s: %s' % (test, error)) from error
        finally:
            getattr(module, 'close', bool)()
            harness.BUILD, Gateway.serve = build, serve
        same(set(started), {'2'}, 'pools with a list of calls, prctl(2)')
    all_of_them.limit = 600
    return all_of_them


def tests():
    for name in CONFINED:
        yield 'confined_' + name, confined(name)

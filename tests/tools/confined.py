#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a command as systemd would with the lines SystemCallFilter= of a unit
file, with one difference: a call that is not in the list ends the process
(SIGSYS), where the unit has it fail, so that no such call stays unseen.

    confined.py UNIT USER COMMAND [ARGUMENT …]

As root it becomes USER first, as systemd does.  `systemd-analyze
syscall-filter` says what is in a group such as @system-service."""

import ctypes
import os
import pwd
import re
import subprocess
import sys

KILL_PROCESS = 0x80000000   # SCMP_ACT_…, seccomp_init(3)
ALLOW = 0x7fff0000


def members(name):
    """The calls of a group, or of the groups in it, or the call itself."""
    if not name.startswith('@'):
        return {name}
    out = subprocess.run(['systemd-analyze', 'syscall-filter', name],
                         check=True, capture_output=True, text=True).stdout
    found = set()
    for line in out.splitlines()[1:]:
        word = line.split('#')[0].strip()
        if word:
            found |= members(word)
    return found


def allowed(unit):
    """The calls that a unit file allows; systemd.exec(5), SystemCallFilter."""
    with open(unit) as f:
        lines = re.findall(r'^SystemCallFilter=(.*)$', f.read(), re.M)
    if not lines or lines[0].startswith('~'):
        raise ValueError(unit + ' has no list of what is allowed')
    found = members('@default')
    for line in lines:
        without = line.startswith('~')
        for name in line.lstrip('~').split():
            if without:
                found -= members(name)
            else:
                found |= members(name)
    return found


def confine(names):
    """Lets this process make these calls from now on, and no others."""
    seccomp = ctypes.CDLL('libseccomp.so.2', use_errno=True)
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(
        ctypes.c_uint32(KILL_PROCESS)))
    for name in names:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        # Below zero: other machines have it.
        if number >= 0 and seccomp.seccomp_rule_add(
                context, ctypes.c_uint32(ALLOW), number, 0) != 0:
            raise OSError('seccomp_rule_add ' + name)
    if seccomp.seccomp_load(context) != 0:
        raise OSError('seccomp_load')


def become(name):
    user = pwd.getpwnam(name)
    os.initgroups(name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


def main():
    unit, user, command = sys.argv[1], sys.argv[2], sys.argv[3:]
    names = allowed(unit)
    if os.geteuid() == 0:
        become(user)
    confine(names)
    os.execvp(command[0], command)


if __name__ == '__main__':
    main()

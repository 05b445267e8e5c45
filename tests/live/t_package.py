# SPDX-License-Identifier: MIT
"""The packages: built, and installed in a small Debian of their own."""

import os

from chroot import Tree
from harness import holds, same


def test_a_tree_leaves_nothing_behind():
    """A command in a tree has what a system has, sees the tree alone, and its
    mounts are nobody else's; what is done in a copy stays in it."""
    tree = Tree.copy('tree')
    out = tree.good('sh', '-c', 'echo $(id -u); cat /proc/1/comm; '
                    'head -c 3 /dev/zero | wc -c; touch /made; ls -d '
                    '/var/cache/apt/archives/partial')
    same([out.split()[0], out.split()[2]], ['0', '3'], out)
    same(os.listdir(tree.file('proc')), [], 'what is mounted on /proc')
    with open('/proc/mounts') as f:
        holds(tree.path not in f.read(), 'a mount is left')
    holds(os.path.exists(tree.file('made')), '/made is not in the tree')
    holds(not os.path.exists(Tree.copy('other').file('made')),
          'the base was changed')
    status, _, err = tree.run('sh', '-c', 'echo why >&2; exit 3')
    same((status, err), (3, 'why\n'), 'a command that fails')


test_a_tree_leaves_nothing_behind.limit = 600   # makes the base tree, once

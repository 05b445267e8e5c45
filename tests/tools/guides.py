# SPDX-License-Identifier: MIT
"""The pages of docs/ and README.md: their blocks of code, and a machine to run
these on, which is a folder.

A block says behind its language what becomes of it:
    sh test      is run by t_guides.py, in the order of the pages
    sh NAME      is run by t_NAME.py
    sh by-hand   is not run, as it needs apt, make, a real host or a terminal;
                 that its commands and options exist is looked at
    ini, nginx, apache   are read by `ctim-relay check`, nginx, Apache"""

import collections
import glob
import os
import re
import shutil
import textwrap

import harness
from harness import SRC, program, same

Block = collections.namedtuple('Block', 'page line language use text')
# One that is a part of an entry of a list is indented like that.
FENCE = re.compile(r'^( *)```(\w*) ?([\w-]*)\n(.*?)^\1```$', re.M | re.S)
# In the order in which an operator needs them.
PAGES = ('README.md', 'docs/install.md', 'docs/feeds.md', 'docs/platform.md',
         'docs/watch.md', 'docs/secrets.md', 'docs/upkeep.md',
         'docs/several.md', 'docs/hardening.md')
FEED = 'https://feed.example/list.txt'

SUDO = '''#!/bin/sh
# sudo [-u USER] COMMAND: as this user, where we may become another one
if [ "$1" = -u ]; then
	user=$2
	shift 2
	[ "$(id -u)" -ne 0 ] ||
		exec setpriv --reuid="$user" --regid="$user" --init-groups "$@"
fi
exec "$@"
'''


def text_of(page):
    return harness.read(os.path.join(SRC, page))


def blocks(page, language=None, use=None):
    text = text_of(page)
    found = [Block(page, text.count('\n', 0, match.start()) + 1,
                   *match.groups()[1:3], textwrap.dedent(match.group(4)))
             for match in FENCE.finditer(text)]
    return [b for b in found if language in (None, b.language) and
            use in (None, b.use)]


def all_pages():
    """Every page that an operator reads, those of other parts included."""
    return ['README.md'] + sorted(
        os.path.relpath(path, SRC)
        for path in glob.glob(os.path.join(SRC, 'docs', '*.md')))


class Machine:
    """A folder that has /etc, /var and /run of the pages, with the first
    configuration where install.md takes it from."""

    def __init__(self, feed):
        self.top = harness.folder('machine')
        self.home = os.path.join(self.top, 'home')
        self.conf = os.path.join(self.top, 'etc/ctim-relay/ctim-relay.conf')
        self.feed = feed
        self.process = None
        for name in ('home', 'bin', 'etc', 'run', 'var', 'var/lib',
                     'var/cache', 'var/log', 'var/backups'):
            os.mkdir(os.path.join(self.top, name))
        harness.write(os.path.join(self.top, 'bin', 'sudo'), SUDO, 0o755)
        shutil.copytree(os.path.join(SRC, 'share'),
                        os.path.join(self.home, 'share'))
        log = os.path.join(self.top, 'var/log/ctim-relay')
        os.mkdir(log)
        harness.give(log, 0o755)
        path = os.path.join(self.home, 'share/ctim-relay.conf')
        harness.write(path, self.here(self.first(harness.read(path))))

    def first(self, text):
        """The defaults of the build lead out of the folder."""
        text = text.replace('[server]\n', '[server]\nworkers = 2\ncontrol = '
                            '/run/ctim-relay/control.sock\n', 1)
        text = re.sub(r'^\[relay local\]\n', '[http]\nallow_private = yes\n'
                      '[cache]\nurl = sqlite:/var/cache/ctim-relay/c.db\n'
                      '[log]\ntarget = /var/log/ctim-relay/relay.log\n'
                      '[relay local]\nstore = /var/lib/ctim-relay/intel.db\n',
                      text, 1, re.M)
        return text if harness.ROOT else re.sub(
            '^(user|socket_group) = .*\n', '', text, flags=re.M)

    def here(self, text):
        """A text with paths of this machine, and names that it has."""
        text = re.sub(r'(?<![\w.*/-])/(etc|var|run)/(?!ssl)',
                      r'%s/\1/' % self.top, text)
        text = text.replace(FEED, self.feed)
        return text if harness.ROOT else text.replace('-g www-data ', '')

    def env(self):
        return harness.environment(
            CTIM_RELAY_CONF=self.conf, PATH=':'.join((
                os.path.join(self.top, 'bin'),
                os.path.dirname(program('ctim-relay')), os.environ['PATH'])))

    def shell(self, block):
        program('ctim-relay')
        status, out, err = harness.run(
            ['/bin/sh', '-ec', self.here(block.text)], cwd=self.home,
            env=self.env())
        same(status, 0, '%s:%d\n%s%s%s' % (
            block.page, block.line, block.text, out, err))
        return out

    def start(self):
        control = os.path.join(self.top, 'run/ctim-relay/control.sock')
        self.process = harness.start([program('ctim-relay.fcgi')],
                                     env=self.env())
        harness.wait_for(lambda: harness.socket_open(control),
                         'the pool is there', 20)

    def stop(self):
        same(harness.stop(self.process), 0, 'the end of the pool')


def sections(text):
    """{heading: {key: value}} of a configuration."""
    found, keys = {}, None
    for line in text.splitlines():
        line = line.strip()
        if line.startswith('['):
            keys = found.setdefault(line, {})
        elif line and line[0] not in '#;':
            key, _, value = line.partition('=')
            keys[key.strip()] = value.strip()
    return found


def merged(first, second):
    """The first configuration, with what the second says instead."""
    found = sections(first)
    for heading, keys in sections(second).items():
        found.setdefault(heading, {}).update(keys)
    return ''.join('%s\n%s' % (heading, ''.join(
        '%s = %s\n' % item for item in keys.items()))
        for heading, keys in found.items())

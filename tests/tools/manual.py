# SPDX-License-Identifier: MIT
"""The manual pages: their text, and the commands that they show."""

import glob
import os
import re

import harness
from harness import SRC

PAGES = sorted(glob.glob(os.path.join(SRC, 'man', '*.[0-9]')))


def page(name):
    return harness.read(os.path.join(SRC, 'man', name))


def command_pages():
    """{page: text} of ctim-relay(1) and of a page for each command."""
    return {os.path.basename(path): harness.read(path) for path in PAGES
            if path.endswith('.1')}


def examples(command):
    """The lines, with their continuations, that pages of section 1 show after
    a prompt, and that run this command: a regular expression."""
    text = '\n'.join(text[text.index('.Sh EXAMPLES'):]
                     for text in command_pages().values()
                     if '.Sh EXAMPLES' in text)
    text = text.replace('\\e\n', ' ').replace('|\n', '| ')
    return [line for line in re.findall(r'^(?:\.Dl )?[$#] (.*)$', text, re.M)
            if re.search(r'ctim-relay (?:%s)\b' % command, line)]

# SPDX-License-Identifier: MIT
"""The messages of the programs, out of their sources, and the index of them in
docs/messages.md.

A message is a literal in src, providers, fcgi, cli or packaging of at least two
words. It
is none
    when it goes on another one: it begins with a blank or punctuation;
    where SILENT says so: help, tables of data, answers that are no fault.
What is put in at run time, %s, %d and so on, is … in the index."""

import glob
import os
import re

import harness
from harness import SRC

PAGE = os.path.join(SRC, 'docs', 'messages.md')
TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/'                                # comments
    r'|^[ \t]*#(?![ \t]*define)[^\n]*'                    # #include and so on
    r'|^[ \t]*#[ \t]*define[ \t]+\w+'                     # what is defined
    r'|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\''
    r'|[A-Za-z_]\w*|[0-9][\w.]*|\\\n|\S', re.S | re.M)
CONVERSION = re.compile(r'%%|%[-+ #0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?'
                        r'(?:hh?|ll?|z|j|t)?[diouxXefgcsp]')     # not %2F
ESCAPES = {'n': ' ', 't': ' ', 'r': ' ', '"': '"', '\\': '\\', "'": "'"}

# (files, where: what is called or initialised around it, the text), regular
# expressions that match from the beginning; and why these are no messages.
SILENT = [
    ('cli/doctor/', '', '', 'the doctor prints the mend itself'),
    ('cli/view/|cli/pool/status_show|cli/jwt/jwt_say|cli/check/check_show',
     '', '', 'what was asked for'),
    ('cli/intel/intel_record', '', '', 'what was asked for'),
    ('', 'struct (options|options_row|command)$|intel_commands$|'
     'providercmd_commands$', '',
     'help of a command'),
    ('', 'struct (conf_key|provider|provider_field|capability)$|'
     'capabilities$|INTEL_TEXT', '', 'meanings of keys, titles of providers'),
    ('', 'struct tile$|local_(respond_actions|tile_types|write_metric)$|'
     'labelled', '', 'titles'),
    ('', 'printf$|puts$', '', 'what was asked for'),
    ('', 'struct counters_row$|status_metrics_(number|quota)|prometheus_head',
     '',
     'meanings of metrics'),
    ('', '_Static_assert$|str(str|len|cmp|ncmp)$|mem(cmp|cpy)$|sizeof$', '',
     'compared'),
    ('', '', r'(SELECT|INSERT|DELETE|UPDATE|CREATE|PRAGMA|BEGIN|WITH|REPLACE|'
     r'DROP|ALTER|EXPLAIN|ATTACH|COMMIT|ROLLBACK)\b', 'SQL'),
    ('', '', r'(HTTP_)?AUTHORIZATION[:=]|Authorization: (Basic|Bearer) |'
     'Status: |X-|<[a-z!/]', 'headers and markup'),
    ('src/(store/store_(sql|renew)|storepg/store_pg_sql|cache/cache_sqlite\.c)', '', '', 'SQL'),
    ('src/log/prometheus', '', '', 'the text of metrics'),
    ('src/call/quotas', 'snprintf$', '', 'a description'),
    ('fcgi/metrics/metrics_http', '', '', 'headers'),
    ('map/mapprelude', '', '', 'a program of jq'),
    ('src/ctim/form', '', '', 'words of CTIM'),
    ('cli/base/command', '', 'ctim-relay %s: $', 'what comes before all'),
    ('cli/intel/intel_act', 'intel_act$', '', 'names of commands'),
    ('src/cache/cache_redis', '', 'local |redis', 'a script of Redis'),
    ('src/cache/seal', '', 'ctim-relay cache 1', 'what a key is for'),
    ('src/cache/cache_sqlite|cli/feed/feed_magic', '', 'SQLite format 3',
     'the beginning of a file'),
    ('src/token/jwks_cache', 'jwks_cache_kinds', '', 'names in the cache'),
    ('src/answer/response|fcgi/net/connection', '', r'\{"code"|\{\\"code',
     'an answer whose text is a message elsewhere'),
    ('providers/.*_write|providers/qualys(_event)?|providers/otx|'
     'providers/local(_tiles)?', 'snprintf$|buf_addf$|jsonout_|answer_index|'
     'struct qualys_kind$|qualys_kinds|scores', '', 'what was found'),
    ('providers/spycloud', 'scores|struct score', '', 'what was found'),
    ('cli/lists/feed_config_table', '', r'.*(\||\*| V| ADDR)|(deny|require) |'
     'MikroTik|Apache|a filter of|the exits of', 'patterns and names of programs'),
    ('cli/feed/feed_cell', 'cell_dispositions', '', 'words of feeds'),
    ('cli/module/module_type', 'write_field$', '', 'what was asked for'),
    ('fcgi/arguments|cli/base/command', '', 'usage: ', 'help'),
    ('packaging/container/', '', 'usage: |/ctim-relay/ctim-relay|relay |the pool$',
     'help and names'),
    ('packaging/container/envconf', 'buf_adds$', '# Written', 'a comment'),
    ('packaging/container/nginxconf', 'buf_addf$', '', 'directives'),
    ('src/relay/relay\\.c', 'routes|struct route', '', 'what the page says'),
    ('fcgi/master/', 'notify_tell$', '', 'words of sd_notify(3)'),
    ('src/conf/conf_(load|provider)', 'asprintf$|conf_load_begin$', '',
     'names of files and sections'),
    ('cli/provider/showprovider', '', 'described in', 'what was asked for'),
    ('src/describe/described_read', 'struct provider$|', 'Its description has',
     'a description'),
    ('src/start/pathtrust', '', 'group %s$|user %ld$', 'names of users'),
    ('cli/intel/intel\\.c', 'snprintf$', '%lld record', 'what was asked for'),
    ('cli/base/(options|expires)\.h|cli/intel/intel\.c|cli/pool/poolask\.h', '', '.*instead of the|'
     'as JSON, for|30d, 12h', 'help of a command'),
    ('src/net/reason', '', '', 'the words of HTTP'),
    ('src/words/typetitle', '', '', 'names of types'),
    ('cli/provider/newfiles', 'buf_adds$|buf_addf$', '', 'files that are written'),
    ('cli/provider/newprovider', 'new_questions', '', 'questions'),
    ('cli/provider/showprovider',
     'show_line$|buf_addf$|snprintf$|list_columns', '', 'what was asked for'),
    ('cli/played/alone', 'alone_text|buf_addf$', '', 'a configuration'),
    ('cli/terminal/progress', '', '', 'how far it is'),
    ('src/start/pathtrust', '', 'chown|chmod|ls -ld', 'a command that mends'),
    ('src/start/pathtrust', 'whats', '', 'names of files'),
    ('cli/base/(infile|secret)', '', 'standard input', 'the name of a file'),
    ('providers/(otx|qualys_event|local)', '', 'AlienVault OTX$|Qualys IOC$|'
     '(Block|Allow) list$', 'names'),
    ('cli/query/resume', 'jsonout_|jsonin_', '', 'a name in a file'),
]


def plain(literal):
    """The text of a literal, with … for what is put in."""
    text = re.sub(r'\\(.)', lambda m: ESCAPES.get(m.group(1), m.group(0)),
                  literal)
    text = CONVERSION.sub(lambda m: '%' if m.group() == '%%' else '…', text)
    return ' '.join(text.split())


def is_prose(text):
    return bool(re.search(r'[^\W\d_]{2,} [^\W\d_…"`-]', text)) or \
        bool(re.search(r'[^\W\d_]{3,} …|… [^\W\d_]{2,}', text))


class Source:
    """The literals of one file, with what is around each."""

    def __init__(self, path):
        self.path = os.path.relpath(path, SRC)
        self.text = harness.read(path)
        self.tokens = [(m.group(), m.start())
                       for m in TOKEN.finditer(self.text)
                       if not re.match(r'//|/\*|\\\n|\s*#(?!\s*define)',
                                       m.group())]

    def literals(self):
        """(text, line, around)"""
        stack, head, i = [], 0, 0
        while i < len(self.tokens):
            word, at = self.tokens[i]
            if word.startswith('"'):
                parts = []
                while i < len(self.tokens) and (
                        self.tokens[i][0].startswith('"') or
                        self.tokens[i][0].startswith('PRI')):
                    part = self.tokens[i][0]
                    parts.append(part[1:-1] if part[0] == '"' else 'u')
                    i += 1
                yield (''.join(parts), self.text.count('\n', 0, at) + 1,
                       list(stack))
                continue
            if word == '(':
                before = self.tokens[i - 1][0] if i else ''
                stack.append(before if before.isidentifier() else '')
            elif word == '{':
                stack.append('' if stack else self.head(head, i))
            elif word in ')}' and stack:
                stack.pop()
            if not stack and (word in ('}', ';') or '#' in word):
                head = i + 1
            i += 1

    def head(self, first, last):
        """What is initialised: its struct, else its name."""
        text = ' '.join(word for word, _ in self.tokens[first:last])
        match = re.search(r'(?:(struct \w+) )?(\w+) (?:\[[^=]*\] )?=$', text)
        return match.group(1) or match.group(2) if match else ''


def silent(path, around, text):
    for files, where, begins, _ in SILENT:
        if re.match(files, path) and re.match(begins, text) and (
                not where or any(re.match('(?:%s)' % where, a)
                                 for a in around)):
            return True
    return False


def from_sources():
    """{message: 'file:line' of the first place that has it}"""
    found = {}
    paths = [p for top in ('src', 'providers', 'fcgi', 'cli', 'map', 'packaging')
             for p in glob.glob(os.path.join(SRC, top, '**', '*.[ch]'),
                                recursive=True)]
    for path in sorted(paths):
        source = Source(path)
        for literal, line, around in source.literals():
            text = plain(literal)
            if literal[:1] in ' ,;:.)' or literal[:2] in ('\\n', '\\r') or \
                    not is_prose(text) or silent(source.path, around, literal):
                continue
            found.setdefault(text, '%s:%d' % (source.path, line))
    return found


def from_page():
    """[(heading, [message], what to do)] of the index."""
    families = []
    for part in re.split(r'^### ', harness.read(PAGE), flags=re.M)[1:]:
        heading, _, rest = part.partition('\n')
        blocks = re.findall(r'^```text\n(.*?)^```$', rest, re.M | re.S)
        mend = re.sub(r'^```text\n.*?^```$', '', rest, flags=re.M | re.S)
        mend = re.split(r'^## ', mend, flags=re.M)[0].strip()
        families.append((heading, [line for block in blocks
                                   for line in block.splitlines()], mend))
    return families

# SPDX-License-Identifier: MIT
"""The manual pages and the README say what the programs do."""

import glob
import json
import os
import re

import guides
import harness
import manual
import messages
from harness import SRC, Skipped, fail, has, holds, run, same
from manual import PAGES, page


def documented(text):
    """(section, key) of what a page marks up as keys: .It Ic key under a
    section heading that names [section]."""
    return set(re.findall(r'^\.It (?:Ic|Cm|Sy) "?([a-z_]+(?:\.NAME)?)', text,
                          re.M))


def test_every_key_is_in_the_manual():
    """The configuration table and ctim-relay.conf(5) agree, both ways."""
    status, out, err = run([harness.program('ctim-relay'), 'check', '--keys',
                            '--json'])
    same(status, 0, err)
    keys = json.loads(out)
    holds(len(keys) > 40, 'only %d keys' % len(keys))
    text = page('ctim-relay.conf.5')
    known = documented(text)
    for key in keys:
        holds(key['key'] in known, '[%s] %s is not in the page' % (
            key['section'], key['key']))
    unknown = known - {key['key'] for key in keys}
    same(sorted(unknown), [], 'keys of the page that do not exist')


def test_page_of_descriptions_has_every_type():
    names = re.findall(r'\[OBSERVABLE_\w+\] = "(\w+)"', harness.read(
        os.path.join(SRC, 'src', 'ctim', 'observable.c')))
    holds(len(names) > 60, names)
    said = re.search(r'^Types are ([^.]*)\.', page('ctim-relay-describe.7'),
                     re.M)
    same(re.split(r',\s+|\s+and\s+', said[1]), names,
         'types of the page')


def test_every_source_names_its_licence():
    bad = []
    for top in ('src', 'providers', 'fcgi', 'cli', 'map', 'packaging', 'tests'):
        for path in glob.glob(os.path.join(SRC, top, '**', '*.*'),
                              recursive=True):
            if (path.endswith(('.c', '.h', '.py')) and
                    'SPDX-License-Identifier: MIT' not in
                    harness.read(path)[:100]):
                bad.append(os.path.relpath(path, SRC))
    same(bad, [], 'sources without an SPDX line')


def test_defaults_in_the_manual():
    """A default that the table has stands after its key in the page."""
    status, out, err = run([harness.program('ctim-relay'), 'check', '--keys',
                            '--json'])
    text = page('ctim-relay.conf.5')
    for key in json.loads(out):
        default = key.get('default')
        if not default or default == '-1' or '/' in default or ' ' in default:
            continue
        at = re.search(r'^\.It (?:Ic|Cm|Sy) "?%s\b(.*?)(?=^\.It |^\.El)' %
                       key['key'], text, re.M | re.S)
        holds(at, key['key'] + ' has no entry')
        entries = re.findall(
            r'^\.It (?:Ic|Cm|Sy) "?%s\b(.*?)(?=^\.It |^\.El)' % key['key'],
            text, re.M | re.S)
        holds(any(re.search(r'(?<!\w)%s(?!\w)' % re.escape(default), entry)
                  for entry in entries) or default == '0',
              '%s: the default %s is not said' % (key['key'], default))


def test_manual_pages_are_good():
    """mandoc -T lint has nothing worse than style to say."""
    if not harness.shutil.which('mandoc'):
        raise Skipped('mandoc is not installed')
    holds(len(PAGES) >= 4, 'pages: %s' % PAGES)
    for path in PAGES:
        status, out, _ = run(['mandoc', '-T', 'lint', '-W', 'warning', path])
        same((status, out), (0, ''), path)


def help_of(*command):
    return run([harness.program('ctim-relay'), *command, '--help'])[1]


def commands(text):
    """The commands that a --help lists."""
    return re.findall(r'^  ([a-z-]+) ', text, re.M)


def page_of(family, command):
    """The page of a command: its own, or that of its family, which has an
    entry for it."""
    pages = manual.command_pages()
    name = 'ctim-relay-%s-%s.1' % (family, command)
    if name in pages:
        return name, pages[name]
    for name, text in pages.items():
        if (name.startswith('ctim-relay-%s' % family) and
                re.search(r'^\.It Cm %s\b' % command, text, re.M)):
            return name, text
    return fail('no page has an entry %s %s' % (family, command))


def all_commands():
    """(words, page, its text) of each command that --help leads to."""
    pages = manual.command_pages()
    for command in commands(help_of()):
        name = 'ctim-relay-%s.1' % command
        holds(name in pages, 'there is no ' + name)
        yield [command], name, pages[name]
    for family in ('intel', 'provider'):
        for command in commands(help_of(family)):
            yield [family, command], *page_of(family, command)


def test_every_command_is_in_the_manual():
    """Each has a page with all of its options, and ctim-relay(1) names it."""
    index = page('ctim-relay.1')
    seen = {'ctim-relay.1'}
    for words, name, text in all_commands():
        seen.add(name)
        holds('man ctim-relay-' + words[0] + '\n' in help_of(*words), words)
        has('.Xr %s 1' % name[:-2], index, 'the index')
        for option in set(re.findall(r'--([a-z0-9_-]+)',
                                     help_of(*words))) - {'help'}:
            holds(re.search(r'\.(?:It|Op|Pq)?.*\\-%s\b(?!\\?-)' %
                            option.replace('-', r'\\?-'), text),
                  '%s: --%s is not in %s' % (words, option, name))
    same(sorted(set(manual.command_pages()) - seen), [],
         'pages of no command')
    holds(len(seen) >= 12, seen)


def test_pages_refer_to_pages():
    """A page that another one names is ours, or not of this project; and the
    command line's own page is meant where it is named."""
    ours = {os.path.basename(path) for path in PAGES}
    for path in PAGES:
        for name, section in re.findall(r'\.Xr (ctim-relay\S*) (\d)',
                                        harness.read(path)):
            holds('%s.%s' % (name, section) in ours,
                  '%s: there is no %s(%s)' % (path, name, section))


def test_pages_are_installed():
    """Makefile.am lists each page."""
    listed = re.findall(r'\bman/\S+\.\d', harness.read(
        os.path.join(SRC, 'Makefile.am')))
    same(sorted(listed), sorted('man/' + os.path.basename(path)
                                for path in PAGES), 'dist_man_MANS')


def test_every_option_of_the_server_is_in_the_manual():
    _, out, _ = run([harness.program('ctim-relay.fcgi'), '--help'])
    text = page('ctim-relay.fcgi.8')
    for option in set(re.findall(r'--([a-z-]+)', out)):
        holds(option.replace('-', '\\-') in text or option in text,
              '--%s is not in ctim-relay.fcgi.8' % option)


def readme():
    path = os.path.join(SRC, 'README.md')
    holds(os.path.exists(path), 'there is no README.md')
    return harness.read(path)


def test_readme_names_files_that_exist():
    """Paths in the README and in docs/ are in the tree."""
    places = ('src|providers|fcgi|cli|nginx|apache|tests|man|share|bench|'
              'build-aux|docs|packaging')
    for page_name in operators_pages():
        text = harness.read(os.path.join(SRC, page_name))
        for path in set(re.findall(r'(?<![\w/.-])((?:%s)/[\w./-]*\w)' %
                                   places, text)):
            holds(os.path.exists(os.path.join(SRC, path)),
                  '%s: %s is not there' % (page_name, path))
    text = readme()
    for command in ('./quickstart', './test'):
        holds(command in text, command + ' is not in the README')
        holds(os.access(os.path.join(SRC, command), os.X_OK), command)


def operators_pages():
    return guides.all_pages()


def people_pages():
    """(name, text) of all pages that are no manual pages."""
    for name in operators_pages() + ['CONTRIBUTING.md', 'SECURITY.md',
                                     'CHANGELOG.md', 'tests/README.md']:
        yield name, harness.read(os.path.join(SRC, name))


def test_links_lead_somewhere():
    """A link from page to page is a file, and the heading is in it."""
    count = 0
    for name, text in people_pages():
        for link in re.findall(r'\]\(([^)\s]+)\)', text):
            if re.match('[a-z]+:', link):
                continue
            path, _, heading = link.partition('#')
            target = os.path.normpath(os.path.join(
                SRC, os.path.dirname(name), path)) if path else \
                os.path.join(SRC, name)
            holds(os.path.exists(target), '%s: %s' % (name, link))
            headings = [re.sub(r'[^\w -]', '', h.lower()).replace(' ', '-')
                        for h in re.findall(r'^#+ (.*)$', harness.read(target),
                                            re.M)] if heading else ['']
            holds(heading in headings, '%s: %s' % (name, link))
            count += 1
    holds(count >= 20, 'links: %d' % count)


def test_docs_lead_to_each_page():
    """docs/README.md has a row for each page beside it."""
    index = harness.read(os.path.join(SRC, 'docs', 'README.md'))
    for path in glob.glob(os.path.join(SRC, 'docs', '*.md')):
        name = os.path.basename(path)
        same(index.count('](%s)' % name), int(name != 'README.md'), name)


def test_metrics_of_the_pages_exist():
    """A metric that a page of docs/ names is in ctim-relay.fcgi(8)."""
    known = set(re.findall(r'ctim_relay_\w+', page('ctim-relay.fcgi.8')))
    for name in operators_pages():
        named = set(re.findall(r'ctim_relay_\w+', harness.read(
            os.path.join(SRC, name))))
        same(sorted(named - known), [], name)


def test_firewall_has_every_host():
    """The hosts of the table of docs/install.md are the defaults."""
    text = harness.read(os.path.join(SRC, 'docs', 'install.md'))
    shown = {host for row in re.findall(r'^\| (?:the gateway|where).*$', text,
                                        re.M)
             for host in re.findall(r'`((?:[\w-]+\.)+[a-z]+)`', row)}
    keys = json.loads(run([harness.program('ctim-relay'), 'check', '--keys',
                           '--json'])[1])
    want = set()
    for key in keys:
        if key['key'] in ('url', 'jwks_hosts'):
            want.update(re.findall(r'(?:https://|\b)((?:[a-z-]+\.){2,}[a-z]+)\b',
                                   key.get('default') or ''))
    holds(len(want) == 5, want)
    same(sorted(shown), sorted(want), 'hosts')


def test_guides_name_files_that_exist():
    """A path in backquotes is in the tree, from its top or beside the page; a
    name without a folder is that of some file or folder in the tree."""
    names = set(os.listdir(SRC))
    for top in ('src', 'providers', 'fcgi', 'cli', 'man', 'packaging', 'share',
                'tests'):
        for _, folders, files in os.walk(os.path.join(SRC, top)):
            names.update(folders + files)
    path = re.compile(r'`((?:[\w-]+/)*(?:[\w-]+\.(?:c|h|py|md|am|[1-8])|'
                      r'[\w-]+/))`')
    for page_name, text in people_pages():
        tops = ['', os.path.dirname(page_name)]
        for found in path.findall(text):
            if re.search('NAME|FOLDER|PROVIDER', found):
                continue
            holds(found.rstrip('/') in names or
                  any(os.path.exists(os.path.join(SRC, top, found))
                      for top in tops),
                  '%s: %s is not there' % (page_name, found))


def test_guides_name_functions_that_exist():
    """What a page calls a function or a table of ours is one."""
    tree = ''.join(
        harness.read(p) for top in ('src', 'providers', 'fcgi', 'cli',
                                    'packaging')
        for p in glob.glob(os.path.join(SRC, top, '**', '*.c'),
                           recursive=True))
    for name, text in people_pages():
        for word, end in re.findall(r'`(\w+)(\(\)|\[\])`', text):
            holds(re.search(r'\b%s%s' % (word, re.escape(end[0])), tree),
                  '%s: there is no %s%s' % (name, word, end))


def test_guide_has_every_folder():
    """The table of layers in CONTRIBUTING.md has all folders of src."""
    text = dict(people_pages())['CONTRIBUTING.md']
    have = {'src/' + os.path.basename(f)
            for f in glob.glob(os.path.join(SRC, 'src', '*'))}
    same(sorted(have - set(re.findall(r'^\| \d \| `(src/\w+)`', text, re.M))),
         [], 'folders without a row')


def called(text):
    """What pages call of ctim-relay, in backquotes or as a line of a block:
    what follows the name, to the end of the command."""
    text = text.replace('\\\n', ' ')
    fenced = '\n'.join(match.group(4) for match in guides.FENCE.finditer(text)
                       if match.group(2) == 'sh')
    for part in re.findall(r'`([^`\n]+)`', text) + fenced.splitlines():
        # Images and containers have the name, too.
        part = re.sub(r'^docker (exec (-i )?\S+ |.*)', '', part)
        yield from re.findall(
            r'(?:^|\s|/)(?:ctim-relay )+(?!ctim)([a-z][a-z-]*(?: [^|&;>#]*)?)',
            part)


def test_commands_of_the_pages_exist():
    """Each command that a page calls is one, and has the options shown."""
    seen = set()
    for name, text in people_pages():
        for line in called(text):
            words = line.split()
            count = 2 if words[0] in ('intel', 'provider') and \
                len(words) > 1 and words[1][0] != '-' else 1
            seen.add(words[0])
            status, out, _ = run([harness.program('ctim-relay'),
                                  *words[:count], '--help'])
            same(status, 0, '%s: ctim-relay %s' % (name, line))
            for option in re.findall(r'(?<=\s)--?[a-z_-]+', line):
                holds(re.search(r'(?<![\w-])%s\b' % option, out),
                      '%s: ctim-relay %s: no %s' % (name, line, option))
    holds(len(seen) >= 8, seen)


def test_every_message_is_in_the_index():
    """docs/messages.md has each message of the sources once, and no other."""
    have = messages.from_sources()
    holds(len(have) > 500, 'messages: %d' % len(have))
    shown = [text for _, texts, _ in messages.from_page() for text in texts]
    same(['%s  (%s)' % (text, have[text]) for text in have
          if text not in shown], [],
         'messages that docs/messages.md lacks: put each under the heading '
         'whose mend is its own, or under a new one')
    same([text for text in shown if text not in have], [],
         'entries of docs/messages.md that no source has')
    same(sorted({text for text in shown if shown.count(text) > 1}), [],
         'messages that are there twice')


def test_every_message_has_a_mend():
    for heading, texts, mend in messages.from_page():
        holds(texts, heading + ': no message')
        holds(len(mend) > 40, '%s: no mend: %r' % (heading, mend))


def test_messages_are_found_in_sources():
    """What the index is compared with: literals of any shape are seen, and
    what goes on another one, help and SQL are not."""
    path = os.path.join(harness.folder('messages'), 'x.c')
    harness.write(path, '''
#include "a file.h"
#define SAID "one text " NAME " more"
/* "a comment of words" */
static const struct options_row rows[] = { { "x", "help of words" } };
static const struct pair table[] = { { 1, "in a table" } };
void f(void) { char c = '"'; tell("%s is %d " "split \\"%.*s\\"%s", ", and so"); }
''')
    source = messages.Source(path)
    found = [messages.plain(literal) for literal, _, around in
             source.literals() if messages.is_prose(messages.plain(literal)) and
             literal[0] != ',' and not messages.silent('x.c', around, literal)]
    same(found, ['one text', 'in a table', '… is … split "…"…'], 'found')


def test_no_word_of_unfinished_work():
    """No file that is ours has a mark for work left undone."""
    bad = re.compile(r'\b(' + 'TO' + 'DO|FIX' + r'ME|XX' + r'X)\b')
    for top in ('src', 'providers', 'fcgi', 'cli', 'nginx', 'apache', 'man',
                'packaging', 'tests', 'build-aux/packages.sh', 'build-aux/tree.sh',
                'README.md', 'quickstart', 'test'):
        place = os.path.join(SRC, top)
        files = [place] if os.path.isfile(place) else [
            os.path.join(folder, name)
            for folder, _, names in os.walk(place) for name in names
            if name.endswith(('.c', '.h', '.py', '.conf', '.sh', '.1', '.3',
                              '.5', '.8'))]
        for path in files:
            match = bad.search(harness.read(path))
            holds(not match, '%s says %s' % (path, match and match.group()))


def test_catalogue_has_every_service():
    """The tables of docs/catalogue.md have a row for each folder of
    share/providers, with its title, types and routes; and each folder has its
    texts for people, and cases for what goes wrong, too."""
    text = harness.read(os.path.join(SRC, 'docs', 'catalogue.md'))
    rows = dict(re.findall(r'^\| `([\w-]+)` \| (.*) \|$', text, re.M))
    top = os.path.join(SRC, 'share', 'providers')
    same(sorted(rows), sorted(os.listdir(top)), 'services')
    for name, row in rows.items():
        folder = os.path.join(top, name)
        head = harness.read(os.path.join(folder, 'provider.ini'))
        head = head.split('[provider]')[1].split('\n[')[0]
        ini = dict(re.findall(r'^(\w+) *= (.*)$', head, re.M))
        same(row.split(' | ')[:3],
             [ini['title'], ini['types'], ini['routes']], name)
        for part in ('about.md', 'tips.md'):
            holds(len(harness.read(os.path.join(folder, part))) > 60,
                  '%s: %s says nothing' % (name, part))
        cases = os.listdir(os.path.join(folder, 'cases'))
        if 'url' in ini:
            same(sorted({'odd', 'quota'} - set(cases)), [], name)
            holds(any(case.startswith('refused') for case in cases), name)


def test_files_are_short():
    """No C file is above 500 lines."""
    for folder in ('src', 'fcgi', 'cli', 'providers', 'packaging'):
        for path in glob.glob(os.path.join(SRC, folder, '**', '*.[ch]'),
                              recursive=True):
            lines = len(harness.read(path).splitlines())
            holds(lines <= 500, '%s has %d lines' % (path, lines))


def test_shell_scripts():
    """shellcheck has nothing to say about the scripts; the archive of a
    release has no .ci."""
    scripts = [name for name in (
        'quickstart', 'test', '.ci/run', 'build-aux/packages.sh',
        'build-aux/tree.sh', 'tests/fuzz/run')
        if name != '.ci/run' or os.path.exists(os.path.join(SRC, '.ci'))]
    scripts += glob.glob('packaging/debian/*.post*', root_dir=SRC)
    status, out, _ = run(['shellcheck', '-x', *scripts], cwd=SRC)
    same(status, 0, out)

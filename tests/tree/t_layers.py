# SPDX-License-Identifier: MIT
"""Folders in layers: what a file may include (CONTRIBUTING.md, "Layers")."""

import glob
import os
import re

import harness

# Floor by floor: a folder, and the folders besides itself of which its files
# may include headers.  "src" is all of src, "below" all floors of src further up
# in this table.
LAYERS = [
    ('src/base', ''),
    ('src/os', 'src/base'),
    ('src/net', 'src/base src/os'),
    ('src/db', 'src/base src/os'),
    ('src/words', 'src/base'),
    ('src/json', 'src/base src/os'),
    ('src/conf', 'src/base src/os src/net'),
    ('src/ctim', 'src/base src/os src/net'),
    ('src/log', 'src/base src/os src/conf src/json'),
    ('src/http', 'src/base src/os src/net src/conf'),
    ('src/egress', 'src/base src/os src/net src/conf src/ctim src/json src/log '
     'src/http'),
    ('src/answer', 'src/base src/os src/net src/ctim src/json'),
    ('src/body', 'src/base src/ctim src/json'),
    ('src/filter', 'src/ctim'),
    ('src/store', 'src/base src/os src/net src/ctim src/db src/filter'),
    ('src/storepg', 'src/base src/os src/ctim src/db src/store'),
    ('src/shared', 'src/base src/os src/net src/conf src/log'),
    ('src/redis', 'src/base src/os'),
    ('src/cache', 'src/base src/os src/conf src/db src/log src/redis '
     'src/shared'),
    ('src/token', 'src/base src/os src/net src/cache src/conf src/http '
     'src/json src/log src/shared'),
    ('src/call', 'below'),
    ('src/template', 'src/base src/net src/words src/ctim src/json src/http'),
    ('src/mapping', 'src/base src/os src/net src/conf src/ctim src/json '
     'src/log src/answer src/call'),
    ('src/complete', 'src/base src/net src/words src/ctim src/json '
     'src/answer src/call'),
    ('src/describe', 'src/base src/os src/net src/words src/conf src/ctim '
     'src/json src/log src/http src/answer src/token src/call src/template '
     'src/mapping src/complete'),
    ('src/figures', 'src/base src/os src/conf src/ctim src/db src/log '
     'src/store src/shared src/call'),
    ('src/start', 'src/base src/os src/net src/conf src/call src/ctim'),
    ('src/hook', 'src/base src/os src/conf src/log src/shared src/call '
     'src/ctim src/store src/token'),
    ('src/relay', 'below'),
    ('providers', 'src/base src/net src/call src/conf src/ctim src/json '
     'src/store src/figures src/token src/answer'),
    ('fcgi/net', 'src'),
    ('fcgi/pool', 'src fcgi/net'),
    ('fcgi/metrics', 'src'),
    ('fcgi/master', 'src fcgi/net fcgi/pool fcgi/metrics'),
    ('fcgi', 'src fcgi/net fcgi/pool fcgi/metrics fcgi/master'),
    ('cli/terminal', 'src'),
    ('cli/base', 'src cli/terminal'),
    ('cli/feed', 'src cli/terminal cli/base'),
    ('cli/sharing', 'src cli/terminal cli/base cli/feed'),
    ('cli/lists', 'src cli/terminal cli/base cli/feed'),
    ('cli/extract', 'src cli/feed'),
    ('cli/table', 'src cli/terminal cli/base cli/feed'),
    ('cli/terms', 'src cli/terminal cli/base cli/feed cli/extract cli/table'),
    ('cli/pool', 'src cli/terminal cli/base'),
    ('cli/check', 'src cli/terminal cli/base'),
    ('cli/jwt', 'src cli/terminal cli/base'),
    ('cli/module', 'src cli/terminal cli/base'),
    ('cli/import', 'src cli/terminal cli/base cli/feed cli/sharing'),
    ('cli/intel', 'src providers cli/terminal cli/base cli/feed cli/sharing '
     'cli/terms cli/import'),
    ('cli/view', 'src cli/terminal cli/base cli/terms'),
    ('cli/query', 'src cli/terminal cli/base cli/feed cli/terms cli/jwt cli/view'),
    ('cli/played', 'src cli/terminal cli/query'),
    ('cli/provider', 'src cli/terminal cli/base cli/terms cli/jwt '
     'cli/played'),
    ('cli/webconf', 'src cli/terminal cli/base'),
    ('cli/doctor', 'src cli/terminal cli/base cli/terms cli/pool cli/jwt '
     'cli/query cli/webconf'),
    ('cli', 'src cli/terminal cli/base'),
    ('packaging/container', 'src cli/base'),
    ('map', 'src/base src/json src/net'),
]
MOST_FILES = 20     # in a folder
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.M)


def sources():
    """The C files of the program, by folder, from the top of the tree."""
    found = {}
    for top in ('src', 'providers', 'fcgi', 'cli', 'packaging', 'map'):
        for path in glob.glob(os.path.join(harness.SRC, top, '**', '*.[ch]'),
                              recursive=True):
            path = os.path.relpath(path, harness.SRC)
            found.setdefault(os.path.dirname(path), []).append(path)
    return found


def folder_of(include):
    """The folder of a header, as its include names it."""
    for base in ('', 'src'):
        if os.path.exists(os.path.join(harness.SRC, base, include)):
            return os.path.dirname(os.path.join(base, include))
    harness.fail('%s: no such header' % include)


def may(folder):
    """All folders of which this one may include headers."""
    allowed = {folder}
    for word in dict(LAYERS)[folder].split():
        if word == 'src':
            allowed.update(f for f, _ in LAYERS if f.startswith('src/'))
        elif word == 'below':
            for below, _ in LAYERS:
                if below == folder:
                    break
                allowed.add(below)
        else:
            allowed.add(word)
    return allowed


def arrows():
    """(folder, folder included, file) of every include between folders."""
    for folder, paths in sorted(sources().items()):
        for path in sorted(paths):
            text = harness.read(os.path.join(harness.SRC, path))
            for include in INCLUDE.findall(text):
                to = folder_of(include)
                if to != folder:
                    yield folder, to, '%s includes "%s"' % (path, include)


def test_every_folder_has_its_floor():
    harness.same(sorted(sources()), sorted(f for f, _ in LAYERS), 'folders')


def test_only_allowed_arrows():
    bad = [what for folder, to, what in arrows() if to not in may(folder)]
    harness.same(bad, [], 'includes that no layer allows')


# A library's headers, and what may include them.
LIBRARIES = [
    ('fcgi', 'fcgi/net/fastcgi.c'),
    ('jwt.h', 'src/token/auth_token.c'),
    ('hiredis', 'src/redis/rediscon.c'),
    ('ini.h', 'src/conf/conf_read.c'),
    ('libpsl.h', 'cli/extract/tld.c'),
    ('curl/', 'src/http/ src/net/url_curl.c'),
    ('sqlite3.h', 'src/db/ src/store/'),
    ('libpq-fe.h', 'src/db/libpq'),
    ('openssl/ssl.h', 'src/http/ src/redis/rediscon_tls.c'),
    ('zlib.h', 'cli/feed/feed_decode.c'),
    ('jq.h', 'map/mapworker.c'),
    ('seccomp.h', 'map/maplock.c'),
]


def test_libraries_stay_behind_their_files():
    texts = {path: harness.read(os.path.join(harness.SRC, path))
             for paths in sources().values() for path in paths}
    for header, places in LIBRARIES:
        users = [path for path, text in texts.items()
                 if re.search('^#include <' + re.escape(header), text, re.M)]
        harness.holds(users, 'nothing includes ' + header)
        harness.same([path for path in users
                      if not path.startswith(tuple(places.split()))], [],
                     'files that include ' + header)


def test_no_circle():
    """The table itself goes one way: what a folder may include stands above it
    there."""
    place = {folder: i for i, (folder, _) in enumerate(LAYERS)}
    bad = ['%s -> %s' % (folder, to) for folder, _ in LAYERS
           for to in may(folder) - {folder} if place[to] >= place[folder]]
    harness.same(bad, [], 'arrows up')


def test_includes_name_the_folder():
    bad = []
    for paths in sources().values():
        for path in paths:
            text = harness.read(os.path.join(harness.SRC, path))
            bad += ['%s: "%s"' % (path, i) for i in INCLUDE.findall(text)
                    if '/' not in i or i.startswith('.')]
    harness.same(bad, [], 'includes without a folder')


def test_no_folder_too_large():
    bad = ['%s: %d' % (folder, len(paths))
           for folder, paths in sources().items() if len(paths) > MOST_FILES]
    harness.same(bad, [], 'folders of more than %d files' % MOST_FILES)

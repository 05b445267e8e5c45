# SPDX-License-Identifier: MIT
"""Commands that change the store, killed at any moment."""

import os
import random
import sqlite3
import subprocess
import time

import harness
from harness import Gateway, holds, same
from t_intel import listed, load, values

KILLS = int(os.environ.get('CTIM_KILLS', '20'))
ROWS = 6000
limit = 60 + 6 * KILLS


def start(relay, *args, **kwargs):
    # The search for leaks at the end says so when it is killed.
    env = relay.env()
    env['ASAN_OPTIONS'] = env.get('ASAN_OPTIONS', '') + ':detect_leaks=0'
    return subprocess.Popen([harness.program('ctim-relay'), 'intel', *args],
                            env=env, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, **kwargs)


def whole(relay):
    """Checks that the store opens clean and its counts are those of its
    records."""
    database = sqlite3.connect(relay.store)
    same(database.execute('PRAGMA integrity_check').fetchall(), [('ok',)],
         'integrity')
    same(database.execute('SELECT source, type, disposition, n FROM tally '
                          'ORDER BY 1, 2, 3').fetchall(),
         database.execute('SELECT source, type, disposition, count(*) FROM '
                          'indicator GROUP BY 1, 2, 3 ORDER BY 1, 2, 3'
                          ).fetchall(), 'the counts')
    same(database.execute('SELECT source, hour, n FROM expiry ORDER BY 1, 2'
                          ).fetchall(),
         database.execute('SELECT source, (expires + 3599) / 3600 AS h, '
                          'count(*) FROM indicator WHERE expires <> 0 '
                          'GROUP BY 1, h ORDER BY 1, h').fetchall(),
         'the counts of expiry')
    database.close()


def test_killed_imports():
    """An import that said that it was done is there, one that was killed is
    there whole or not at all."""
    relay = Gateway('kill')
    rng = random.Random(1)
    took = 0.5
    done, known = 0, -1
    for n in range(KILLS):
        text = ''.join('11.%d.%d.%d\n' % (n % 250, i >> 8, i & 255)
                       for i in range(ROWS))
        began = time.monotonic()
        p = start(relay, 'import', '-', '--source', 'feed', '--replace',
                  '--expires', '30d', stdin=subprocess.PIPE)
        p.stdin.write(text.encode())
        p.stdin.close()
        if n == 0:
            p.wait()
            took = time.monotonic() - began
        else:
            time.sleep(rng.random() * took)
            p.kill()
        told = p.stdout.read()
        p.stdout.close()
        p.wait()
        whole(relay)
        found = values(relay)
        same(len(found), ROWS, 'records after kill %d' % n)
        lists = {v.split('.')[1] for _, v in found}
        same(len(lists), 1, 'lists after kill %d' % n)
        now = int(lists.pop())
        if b'read %d' % ROWS in told:
            same(now, n % 250, 'the import that was told')
            done += 1
        holds(now in (n % 250, known), 'list %d after kill %d' % (now, n))
        known = now
    holds(done > 0, 'no import was whole')


def test_killed_removals():
    """What remove said is gone is gone; the rest is there."""
    relay = Gateway('killremove')
    text = ''.join('192.0.2.%d\n' % i for i in range(250))
    load(relay, text)
    rng = random.Random(2)
    gone = set()
    for n in range(KILLS):
        value = '192.0.2.%d' % n
        p = start(relay, 'remove', value)
        if n % 4:
            time.sleep(rng.random() * 0.1)
            p.kill()
        told = p.stdout.read()
        p.stdout.close()
        p.wait()
        whole(relay)
        found = {r['value'] for r in listed(relay)}
        if b'removed 1' in told:
            holds(value not in found, value + ' is there')
        if value not in found:
            gone.add(value)
        same(len(found) + len(gone), 250, 'what is there after kill %d' % n)

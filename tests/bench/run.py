#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make bench: the relay beside the least that does the same.

Everything is a ratio of two things that run in turn on this machine, because
no machine is equally fast twice.  Servers listen in a new folder below /tmp
and on 127.0.0.1; nothing is left behind.
"""
import argparse
import os
import shutil
import subprocess
import sys

import bed
import connections
import described
import https
import large
import least
import pgsql
import providers
import query
import store
import streams
import tokens


def scan(where):
    print("\nan OTX page in memory:", flush=True)
    subprocess.run([where.program("scan")], check=True)


CASES = {
    "least": least.run,
    "connections": connections.run,
    "cgi": least.cgi,
    "jwks": tokens.run,
    "query": query.run,
    "store": store.run,
    "pgsql": pgsql.run,
    "scan": scan,
    "otx": lambda where: providers.one_request(where, 50),
    "https": https.run,
    "many": lambda where: providers.many_clients(where, 200, 32),
    "memory": large.run,
    "streams": streams.run,
    "spycloud": providers.spycloud,
    "described": described.run,
    "waiting": lambda where: providers.waiting(where, 500),
}


def main():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("case", nargs="*", metavar="CASE",
                   help="all of them, unless some are named: "
                   + ", ".join(CASES))
    p.add_argument("--builddir", default=".")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=int, default=2)
    a = p.parse_args()
    for name in a.case:
        if name not in CASES:
            p.error(f"no such case: {name}")
    for tool in ("wrk", "nginx", "curl", "openssl"):
        if not shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin"):
            sys.exit(f"bench: {tool} is not there; on Debian: "
                     "apt install wrk nginx-light curl openssl")
    where = bed.Bed(os.path.abspath(a.builddir), a.rounds, a.seconds)
    try:
        for name in a.case or CASES:
            CASES[name](where)
    finally:
        where.stop()


if __name__ == "__main__":
    main()

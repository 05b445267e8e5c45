# SPDX-License-Identifier: MIT
"""Memory: what large requests take while they are answered, and what a pool
keeps after them."""
import json
import random
import threading
import time

import bed as b
import connections
from connections import fcgi

LINES = 1_000_000
KNOWN = 1000            # observables a request
REQUESTS = 200
CLIENTS = 32
LATER = 60              # seconds


class Most:
    """The most memory that a pool has meanwhile."""

    def __init__(self, g):
        self.g, self.bytes, self.done = g, 0, threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.done.wait(0.05):
            self.bytes = max(self.bytes, b.memory(self.g.pids()))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()


def run(bed):
    random.seed(1)
    known = [".".join(str(n >> s & 255) for s in (24, 16, 8, 0))
             for n in random.sample(range(1 << 32), LINES)]
    feed = bed.write(f"{bed.dir}/large.txt", "\n".join(known) + "\n")
    g = b.Gateway(bed, {"server": {"workers": 2, "threads": 16},
                        "relay local": {"store": f"{bed.dir}/large.db"}})
    g.cli("intel", "import", feed, "--source", "bench")
    g.serve()
    token = g.token("local")
    todo = [connections.request("/local/observe/observables", token, json.dumps(
        [{"type": "ip", "value": v} for v in random.sample(known, KNOWN)]
    ).encode()) for _ in range(REQUESTS)]
    failed = []

    def client():
        while todo:
            try:
                data = todo.pop()
            except IndexError:
                return
            if b"200 OK" not in fcgi.raw(f"{g.dir}/relay.sock", data, 60):
                failed.append(data)
    began = b.memory(g.pids())
    with Most(g) as most:
        b.at_once(CLIENTS, client)
    time.sleep(LATER)
    print(f"\n{REQUESTS} requests of {KNOWN} observables, {CLIENTS} at a time, "
          f"{LINES:,} known; MB of all processes and their memory files: "
          f"{began / 1e6:.0f} at first, {most.bytes / 1e6:.0f} at most, "
          f"{b.memory(g.pids()) / 1e6:.0f} a minute later   aim 40; "
          f"{len(failed)} not answered")
    g.stop()

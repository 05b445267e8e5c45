# SPDX-License-Identifier: MIT
"""The store at size: ten million indicators imported, and deliberate of 100
observables, half of them listed.  CTIM_BENCH_RECORDS is another number."""
import json
import os
import random

import bed as b

RECORDS = int(os.environ.get("CTIM_BENCH_RECORDS", "10000000"))
ASKED = 100
REQUESTS = 300


def line(rng, i):
    """Addresses for the most part, then names, URLs, hashes, networks."""
    kind = i % 20
    octets = [rng.randrange(256) for _ in range(3)]
    if kind < 10:
        return "ip", "%d.%d.%d.%d" % (11 + i % 89, *octets)
    if kind < 15:
        return "domain", "n%x.example.com" % rng.getrandbits(40)
    if kind < 18:
        return "url", "http://h%x.example/%x" % (rng.getrandbits(24),
                                                 rng.getrandbits(32))
    if kind < 19:
        return "sha256", "%064x" % rng.getrandbits(256)
    return "network", "%d.%d.%d.0/24" % (100 + i % 100, *octets[:2])


def observables(rng, listed):
    """Half of them listed, those in a network among these."""
    out = [{"type": "ip", "value": value.replace(".0/24", ".9")}
           if kind == "network" else {"type": kind, "value": value}
           for kind, value in listed]
    out += [{"type": "ip", "value": "192.168.%d.%d" % (i, rng.randrange(256))}
            if i % 2 else
            {"type": "url", "value": f"http://a.none{i}.example/x"}
            for i in range(ASKED - len(out))]
    rng.shuffle(out)
    return json.dumps(out).encode()


def run(bed):
    rng = random.Random(1)
    store = f"{bed.dir}/store.db"
    gateway = b.Gateway(bed, {"relay local": {"store": store}})
    feed = f"{gateway.dir}/feed"
    listed = []
    with open(feed, "w") as f:
        for i in range(RECORDS):
            kind, value = line(rng, i)
            f.write(value + "\n")
            if i % (RECORDS // (ASKED // 2)) == i % 20 and \
                    len(listed) < ASKED // 2:
                listed.append((kind, value))
    print(f"\na list of {RECORDS:,} indicators (aim: 60 s, 1 GB for ten "
          "million):", flush=True)
    used = b.run_measured([
        "env", f"CTIM_RELAY_CONF={gateway.conf}",
        f"{bed.build}/ctim-relay", "intel", "import", feed, "--source",
        "bench", "--expires", "30d"])
    os.unlink(feed)
    print(f"imported in {used.seconds:.0f} s, {used.cpu:.0f} s of CPU; "
          f"{os.path.getsize(store) / 1e6:.0f} MB", flush=True)
    gateway.serve()
    token = gateway.token("local")
    body = observables(rng, listed)
    for _ in range(64):     # every thread has read what it needs
        gateway.ask("/local/deliberate/observables", token, body)
    before = b.cpu(gateway.pids())
    for _ in range(REQUESTS):
        gateway.ask("/local/deliberate/observables", token, body)
    spent = (b.cpu(gateway.pids()) - before) / REQUESTS
    print(f"deliberate of {ASKED}, {len(listed)} listed: "
          f"{spent * 1e3:.2f} ms of CPU, the request's whole way included "
          "(aim: 1 ms)")
    gateway.stop()

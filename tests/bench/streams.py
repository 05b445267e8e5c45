# SPDX-License-Identifier: MIT
"""What leaves before an answer is whole: the share of the streamed kind before a
slow observable, and the time to the first byte of a large local answer."""
import json
import os
import statistics
import sys
import time

import bed as b
import connections
import providers

sys.path.insert(0, os.path.join(b.HERE, "..", "tools"))
import fcgiclient as fcgi      # noqa: E402

KNOWN = 5000
SLOW = 2                # seconds, less than upstream.c's slow observable takes


def before_slow(address, data):
    """The bytes that came in SLOW seconds, and all."""
    with fcgi.connect(address, 60) as s:
        s.sendall(data)
        time.sleep(SLOW)
        s.setblocking(False)
        got = bytearray()
        try:
            while some := s.recv(1 << 20):
                got += some
        except BlockingIOError:
            pass
        early = len(got)
        s.setblocking(True)
        got += fcgi.drain(s, 60)
    return (fcgi.http(fcgi.parse(bytes(got))[0])[2], early, len(got))


def otx(bed):
    u = providers.Upstream(bed, 50, entries=20)
    g = providers.gateway(bed, u)
    token = g.token("otx", key=providers.KEY)
    asked = json.loads(providers.BODY)
    asked.insert(1, {"type": "domain", "value": "slow.example"})
    text, early, all_ = before_slow(
        f"{g.dir}/relay.sock", connections.request(
            "/otx/observe/observables", token, json.dumps(asked).encode()))
    data = json.loads(text)["data"]
    sizes = {kind: len(json.dumps(each["docs"], separators=(",", ":")))
             for kind, each in data.items()}
    kind, size = max(sizes.items(), key=lambda item: item[1])
    print(f"\nOTX, {len(asked)} observables, one of them 3 s later: {early:,} of "
          f"{all_:,} bytes before it; {kind}, the kind with most bytes, are "
          f"{size:,}: {min(1, early / size) * 100:.0f} %   aim 95")
    g.stop()
    u.stop()


def local(bed):
    feed = bed.write(f"{bed.dir}/first.txt", "".join(
        f"10.0.{i // 250}.{i % 250}\n" for i in range(KNOWN)))
    g = b.Gateway(bed, {"server": {"max_observables": KNOWN},
                        "relay local": {"store": f"{bed.dir}/first.db"}})
    g.cli("intel", "import", feed, "--source", "bench")
    g.serve()
    body = json.dumps([{"type": "ip", "value": f"10.0.{i // 250}.{i % 250}"}
                       for i in range(KNOWN)]).encode()
    data = connections.request("/local/observe/observables", g.token("local"),
                               body)
    rows = []
    for i in range(8 * bed.rounds):
        with fcgi.connect(f"{g.dir}/relay.sock", 60) as s:
            before = time.monotonic()
            s.sendall(data)
            s.recv(1)
            first = time.monotonic() - before
            fcgi.drain(s, 60)
            rows.append((first, time.monotonic() - before))
    rows = rows[bed.rounds:]
    first, whole = zip(*rows)
    share = statistics.median(x / y for x, y in rows)
    print(f"local observe of {KNOWN:,}: first byte after {b.spread(first, 1000, 1)}"
          f" of {b.spread(whole, 1000, 1)} ms: {share * 100:.1f} %   aim 10")
    g.stop()


def run(bed):
    otx(bed)
    local(bed)

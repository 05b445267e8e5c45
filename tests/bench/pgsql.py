# SPDX-License-Identifier: MIT
"""What a store in PostgreSQL, over its socket, costs beside one in a file:
deliberate of 100 observables, all of them listed."""
import json
import os
import statistics
import sys

import bed as b

LISTED = 20000
ASKED = 100
REQUESTS = 300


class Side:
    """A gateway with its store; server: the PostgreSQL that it is in, or None."""

    def __init__(self, bed, store, server=None):
        self.server = server
        self.gateway = b.Gateway(bed, {"relay local": {"store": store}})
        values = [f"11.{i >> 8}.{i & 255}.9" for i in range(LISTED)]
        feed = bed.write(f"{self.gateway.dir}/feed", "\n".join(values) + "\n")
        self.gateway.cli("intel", "import", feed, "--source", "bench")
        self.gateway.serve()
        self.token = self.gateway.token("local")
        self.body = json.dumps([{"type": "ip", "value": v} for v in
                                values[::LISTED // ASKED]]).encode()
        self.spent(64)      # every thread has read what it needs

    def spent(self, requests=REQUESTS):
        """Milliseconds of CPU of a request: of the workers, of the server."""
        pids = self.server.pids() if self.server else []
        before = b.cpu(self.gateway.workers()), b.cpu(pids)
        for _ in range(requests):
            self.gateway.ask("/local/deliberate/observables", self.token,
                             self.body)
        after = b.cpu(self.gateway.workers()), b.cpu(pids)
        return [(y - x) * 1e3 / requests for x, y in zip(before, after)]


def run(bed):
    os.environ["CTIM_BUILD"] = bed.build
    sys.path.append(os.path.join(os.path.dirname(b.HERE), "tools"))
    import harness
    import postgres
    try:
        server = postgres.Postgres()
    except harness.Skipped as reason:
        print(f"\na store in PostgreSQL: not measured, {reason}")
        return
    try:
        sides = [Side(bed, f"{bed.dir}/pgsql.db"),
                 Side(bed, server.url(server.database()), server)]
        print(f"\ndeliberate of {ASKED} listed observables, ms of the "
              "workers' CPU:", flush=True)
        # In turn: no machine is equally fast twice.
        file, there = zip(*([side.spent() for side in sides]
                            for _ in range(bed.rounds)))
        print(f"in a file      {b.spread([x[0] for x in file], 1, 2)}")
        print(f"in PostgreSQL  {b.spread([x[0] for x in there], 1, 2)}, and "
              f"{b.spread([x[1] for x in there], 1, 2)} of its server")
        ratio = statistics.median(y[0] / x[0] for x, y in zip(file, there))
        print(f"PostgreSQL costs {ratio:.2f} times as much (aim: at most 3)")
        for side in sides:
            side.gateway.stop()
    finally:
        server.stop()
        harness.clean_up()

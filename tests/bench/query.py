# SPDX-License-Identifier: MIT
"""`ctim-relay query` on the command line: a list of 10,000 observables against
the local relay, and the start."""
import subprocess
import time

import bed as b

COUNT = 10000
AIM = 50000


def addresses(first, count):
    return [f"{first}.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}"
            for i in range(count)]


class Query:
    def __init__(self, bed):
        self.bed = bed
        self.gateway = b.Gateway(bed, {
            "relay local": {"store": f"{bed.dir}/query.db"}})
        self.known = addresses(10, COUNT)
        feed = bed.write(f"{self.gateway.dir}/feed",
                         "\n".join(self.known) + "\n")
        self.gateway.cli("intel", "import", feed, "--source", "bench")

    def table(self, known):
        """A CSV file of COUNT observables, so many of which are known."""
        values = self.known[:known] + addresses(100, COUNT - known)
        return self.bed.write(
            f"{self.gateway.dir}/{known}.csv", "host,address\n" + "".join(
                f'"host, {i}",{v}\n' for i, v in enumerate(values)))

    def once(self, *args):
        return b.run_measured(
            ["env", f"CTIM_RELAY_CONF={self.gateway.conf}",
             f"{self.bed.build}/ctim-relay", "query", "local", *args])

    def rate(self, known, *args):
        path = self.table(known)
        used = [self.once("--csv-in", path, "--column", "address", *args)
                for _ in range(self.bed.rounds)]
        name = " ".join(("table" if not args else args[0].strip("-"),
                         f"{known * 100 // COUNT}% known"))
        print(f"{name:24} {b.spread([COUNT / u.seconds for u in used])} "
              f"a second; of CPU time "
              f"{b.spread([COUNT / max(u.cpu, 1e-3) for u in used])}")

    def start(self):
        times = []
        for _ in range(30):
            before = time.monotonic()
            p = subprocess.Popen(
                [f"{self.bed.build}/ctim-relay", "query", "local",
                 "192.0.2.1"], env=self.gateway.env, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            p.stdout.read(1)
            times.append(time.monotonic() - before)
            p.stdout.read()
            p.wait()
        print(f"start to first output: {b.spread(times, 1000, 1)} ms "
              "(aim: under 20 ms)")


def run(bed):
    query = Query(bed)
    print(f"\nquery of {COUNT:,} observables from a CSV file, start and end "
          f"included (aim: {AIM:,} a second):", flush=True)
    for known in (0, COUNT // 10, COUNT):
        query.rate(known)
    query.rate(COUNT // 10, "--json")
    query.rate(COUNT // 10, "--csv")
    query.start()

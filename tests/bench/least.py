# SPDX-License-Identifier: MIT
"""The relay beside the least that does the same: answers from memory and from
the store, imports, a classic CGI request."""
import json
import os
import random
import socket
import statistics
import subprocess
import time

import bed as b


class Least:
    def __init__(self, bed):
        self.bed = bed
        self.gateway = b.Gateway(bed, {
            "relay template": {},
            "relay local": {"store": f"{bed.dir}/intel.db"}})

    def import_rate(self):
        random.seed(1)
        seen = set()
        feed = f"{self.bed.dir}/feed.txt"
        with open(feed, "w") as f:
            while len(seen) < 1_000_000:
                n = random.getrandbits(32)
                if n not in seen:
                    seen.add(n)
                    f.write(f"{n >> 24}.{n >> 16 & 255}.{n >> 8 & 255}."
                            f"{n & 255}\n")
        self.addresses = [".".join(str(n >> s & 255) for s in (24, 16, 8, 0))
                          for n in list(seen)[:100]]
        before = time.monotonic()
        self.gateway.cli("intel", "import", feed, "--source", "bench")
        took = time.monotonic() - before
        print(f"import of 1,000,000 lines: {took:.1f} s, "
              f"{1e6 / took:,.0f} a second (aim: under 10 s)")

    def floor(self, length):
        """As many of the least program as the relay has workers."""
        path = f"{self.gateway.dir}/floor.sock"
        if os.path.exists(path):
            os.unlink(path)
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(path)
            os.chmod(path, 0o666)
            s.listen(511)
            return [self.bed.start([self.bed.program("floor"), str(length)],
                                   stdin=s.fileno())
                    for _ in self.gateway.workers()]

    def body(self, n):
        text = json.dumps([{"type": "ip", "value": a}
                           for a in self.addresses[:n]]) if n else ""
        return self.bed.write(f"{self.bed.dir}/body.{n}", text)

    def measured(self, url, body, pids, port=None):
        """Requests a second and the CPU seconds of one."""
        before = b.cpu(pids)
        n, rate = self.gateway.load(url, self.token, body, self.bed.seconds,
                                    port=port)
        return rate, (b.cpu(pids) - before) / n

    def pair(self, url, name, observables, aim):
        body = self.body(observables)
        with open(body, "rb") as f:
            answer, _ = self.gateway.ask(url, self.token, f.read())
        least = self.floor(len(answer))
        pids = [p.pid for p in least]
        rate, per = [], []
        for i in range(self.bed.rounds + 1):
            mine = self.measured(url, body, self.gateway.workers())
            theirs = self.measured("/floor", body, pids)
            if i:       # the first round only warms up
                rate.append(mine[0] / theirs[0])
                per.append(mine[1] / theirs[1])
        for p in least:
            p.kill()
            p.wait()
            self.bed.started.remove(p)
        print(f"{name:34} {len(answer):8,} {mine[0]:9,.0f} {theirs[0]:9,.0f} "
              f"{statistics.median(rate):6.2f} "
              f"({min(rate):.2f}-{max(rate):.2f}) "
              f"{mine[1] * 1e6:7.0f} {theirs[1] * 1e6:7.0f} "
              f"{statistics.median(per):6.2f}   {aim}")

    def kept(self, url, name, observables):
        """nginx that keeps its connections to the pool, and nginx that does
        not; nginx's own CPU counts."""
        body, g = self.body(observables), self.gateway
        pids = g.workers() + b.children(g.processes[0].pid)
        rate, per = [], []
        for i in range(self.bed.rounds + 1):
            kept = self.measured(url, body, pids, g.kept)
            new = self.measured(url, body, pids)
            if i:
                rate.append(kept[0] / new[0])
                per.append(kept[1] / new[1])
        print(f"{name:34} kept to new: requests a second "
              f"{b.spread(rate, 1, 2)}, CPU of pool and nginx "
              f"{b.spread(per, 1, 2)}")

    def cgi(self):
        """A pair for each: the gateway, and a program that prints ok."""
        for name, token in (("health", self.token),
                            ("a refused token", self.token[:-4])):
            self.cgi_pair(name, token)

    def cgi_pair(self, name, token):
        env = dict(self.gateway.env, GATEWAY_INTERFACE="CGI/1.1",
                   REQUEST_METHOD="POST", PATH_INFO="/template/health",
                   SCRIPT_NAME="/cgi", CONTENT_LENGTH="0",
                   HTTP_AUTHORIZATION="Bearer " + token)

        def once(program):
            before = time.monotonic()
            subprocess.run([program], env=env, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, check=True)
            return (time.monotonic() - before) * 1000

        more = []
        for i in range(60):
            mine = once(f"{self.bed.build}/ctim-relay.fcgi")
            theirs = once(self.bed.program("ok"))
            if i >= 10:
                more.append(mine - theirs)
        print(f"a classic CGI request, {name}: {statistics.median(more):.1f} "
              f"ms ({min(more):.1f}-{max(more):.1f}) more than a CGI program "
              "that prints ok (aim: 3 ms)")


def run(bed):
    least = Least(bed)
    least.import_rate()
    least.gateway.serve()
    least.token = least.gateway.token("local")
    print(f"\n{'behind one nginx, unix sockets':34} {'bytes':>8} "
          f"{'relay/s':>9} {'floor/s':>9} {'ratio (min-max)':>18} "
          f"{'us/req':>7} {'us/req':>7} {'ratio':>6}   aim")
    least.pair("/template/health", "/template/health", 0, "0.85")
    least.pair("/local/deliberate/observables",
               "/local/deliberate, 1 observable", 1, "0.75")
    least.pair("/local/deliberate/observables",
               "/local/deliberate, 100 observables", 100, "-")
    print("ratio: relay to floor, median of "
          f"{bed.rounds} pairs; us/req: CPU of the pool and of the floor "
          "for a request\n")
    for name, url, n in (("health", "/template/health", 0),
                         ("deliberate, 100 observables",
                          "/local/deliberate/observables", 100)):
        least.kept(url, f"fastcgi_keep_conn, {name}", n)
    least.gateway.stop()


def cgi(bed):
    least = Least(bed)
    least.token = least.gateway.token("template")
    least.cgi()

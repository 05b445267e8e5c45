#!/usr/bin/env python3
"""make bench: the relay beside the least that does the same.

Everything is a ratio of two things that run in turn on this machine, because
no machine is equally fast twice.  Servers listen in a new folder below /tmp
and on 127.0.0.1; nothing is left behind.
"""
import argparse
import json
import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
KEY = "bench-key-bench-key-bench-key-bench-key-bench-key-bench-key-0123"
TICK = os.sysconf("SC_CLK_TCK")

NGINX = """
daemon off;
pid {dir}/nginx.pid;
error_log {dir}/nginx.err;
worker_processes 1;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {dir}/body;
    fastcgi_temp_path {dir}/fcgi;
    proxy_temp_path {dir}/proxy;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    server {{
        listen 127.0.0.1:{port};
        keepalive_requests 1000000;
        fastcgi_param REQUEST_METHOD $request_method;
        fastcgi_param CONTENT_LENGTH $content_length;
        fastcgi_param CONTENT_TYPE $content_type;
        fastcgi_param REQUEST_URI $request_uri;
        fastcgi_param SCRIPT_NAME $uri;
        fastcgi_param HTTP_HOST $http_host;
        location /floor {{ fastcgi_pass unix:{dir}/floor.sock; }}
        location / {{ fastcgi_pass unix:{dir}/relay.sock; }}
    }}
}}
"""


def cpu(pids):
    """User and system seconds that the processes have used so far."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(x) for x in f.read().split()]


def wait_for(address, seconds=10):
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    end = time.monotonic() + seconds
    while True:
        with socket.socket(family) as s:
            try:
                s.connect(address)
                return
            except OSError:
                if time.monotonic() > end:
                    sys.exit(f"bench: nothing listens at {address}")
        time.sleep(0.02)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Bench:
    def __init__(self, builddir, rounds, seconds):
        self.build = builddir
        self.rounds = rounds
        self.seconds = seconds
        self.dir = tempfile.mkdtemp(prefix="ctim-bench.")
        os.chmod(self.dir, 0o755)
        self.started = []
        self.conf = f"{self.dir}/relay.conf"
        self.store = f"{self.dir}/intel.db"
        self.workers = os.cpu_count() or 1
        with open(self.conf, "w") as f:
            f.write(f"[server]\nlisten = unix:{self.dir}/relay.sock\n"
                    "socket_mode = 0666\n"
                    f"[auth]\nsecret_key = {KEY}\n"
                    f"[log]\ntarget = {self.dir}/relay.log\n"
                    "[relay template]\n"
                    f"[relay local]\nstore = {self.store}\n")
        os.chmod(self.conf, 0o640)
        self.env = dict(os.environ, CTIM_RELAY_CONF=self.conf)

    def cli(self, *args):
        return subprocess.run([f"{self.build}/ctim-relay", *args],
                              env=self.env, check=True, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL).stdout

    def start(self, args, **more):
        p = subprocess.Popen(args, env=self.env, **more)
        self.started.append(p)
        return p

    def stop(self):
        for p in reversed(self.started):
            p.send_signal(signal.SIGTERM)
        for p in self.started:
            try:
                p.wait(30)
            except subprocess.TimeoutExpired:
                p.kill()
        shutil.rmtree(self.dir, ignore_errors=True)

    # -- what is measured ---------------------------------------------------

    def import_rate(self):
        random.seed(1)
        seen = set()
        feed = f"{self.dir}/feed.txt"
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
        self.cli("intel", "import", feed, "--source", "bench")
        took = time.monotonic() - before
        print(f"import of 1,000,000 lines: {took:.1f} s, "
              f"{1e6 / took:,.0f} a second (aim: under 10 s)")

    def serve(self):
        self.port = free_port()
        with open(f"{self.dir}/nginx.conf", "w") as f:
            f.write(NGINX.format(dir=self.dir, port=self.port))
        self.relay = self.start([f"{self.build}/ctim-relay.fcgi"],
                                stdin=subprocess.DEVNULL)
        wait_for(f"{self.dir}/relay.sock")
        self.start([shutil.which("nginx") or "/usr/sbin/nginx", "-c",
                    f"{self.dir}/nginx.conf", "-e", f"{self.dir}/nginx.err"])
        wait_for(("127.0.0.1", self.port))
        claims = f"{self.dir}/claims.json"
        with open(claims, "w") as f:
            f.write("{}")
        os.chmod(claims, 0o600)
        self.env["BENCH_TOKEN"] = self.cli("jwt", "--quiet", "--relay",
                                           "local", "-f", claims).strip()

    def floor(self, length):
        """As many of the least program as the relay has workers."""
        path = f"{self.dir}/floor.sock"
        if os.path.exists(path):
            os.unlink(path)
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(path)
            os.chmod(path, 0o666)
            s.listen(511)
            return [self.start([f"{self.build}/tests/bench/floor",
                                str(length)], stdin=s.fileno())
                    for _ in range(self.workers)]

    def body(self, n):
        path = f"{self.dir}/body.{n}"
        with open(path, "w") as f:
            if n:
                json.dump([{"type": "ip", "value": a}
                           for a in self.addresses[:n]], f)
        return path

    def load(self, url, body):
        self.env["BENCH_BODY"] = body
        out = subprocess.run(
            ["wrk", "-t1", "-c16", f"-d{self.seconds}s", "-s",
             f"{HERE}/post.lua", f"http://127.0.0.1:{self.port}{url}"],
            env=self.env, capture_output=True, text=True, check=True).stdout
        for line in out.splitlines():
            if line.startswith("BENCH "):
                requests, micros, errors = map(int, line.split()[1:])
                if errors or not requests:
                    sys.exit(f"bench: {errors} of {requests} requests to "
                             f"{url} failed")
                return requests, requests / (micros / 1e6)
        sys.exit("bench: wrk said nothing: " + out)

    def answer_length(self, url, body):
        out = subprocess.run(
            ["curl", "-s", "-X", "POST", "-H", "Authorization: Bearer "
             + self.env["BENCH_TOKEN"], "--data-binary", f"@{body}",
             f"http://127.0.0.1:{self.port}{url}"], capture_output=True,
            check=True).stdout
        if b"errors" in out:
            sys.exit(f"bench: {url} answered {out[:300]!r}")
        return len(out)

    def pair(self, name, url, observables, aim):
        body = self.body(observables)
        length = self.answer_length(url, body)
        least = self.floor(length)
        pids = [p.pid for p in least]
        rate, per = [], []
        mine = theirs = (0, 0)
        for i in range(self.rounds + 1):
            before = cpu(children(self.relay.pid))
            n, mine_rate = self.load(url, body)
            mine = (mine_rate, (cpu(children(self.relay.pid)) - before) / n)
            before = cpu(pids)
            n, their_rate = self.load("/floor", body)
            theirs = (their_rate, (cpu(pids) - before) / n)
            if i:       # the first round only warms up
                rate.append(mine_rate / their_rate)
                per.append(mine[1] / theirs[1])
        for p in least:
            p.kill()
            p.wait()
            self.started.remove(p)
        print(f"{name:34} {length:8,} {mine[0]:9,.0f} {theirs[0]:9,.0f} "
              f"{statistics.median(rate):6.2f} "
              f"({min(rate):.2f}-{max(rate):.2f}) "
              f"{mine[1] * 1e6:7.0f} {theirs[1] * 1e6:7.0f} "
              f"{statistics.median(per):6.2f}   {aim}")

    def cgi(self):
        env = dict(self.env, GATEWAY_INTERFACE="CGI/1.1",
                   REQUEST_METHOD="POST", PATH_INFO="/template/health",
                   SCRIPT_NAME="/cgi", CONTENT_LENGTH="0",
                   HTTP_AUTHORIZATION="Bearer " + self.env["BENCH_TOKEN"])

        def once(program):
            before = time.monotonic()
            subprocess.run([program], env=env, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, check=True)
            return (time.monotonic() - before) * 1000

        more = []
        for i in range(60):
            mine = once(f"{self.build}/ctim-relay.fcgi")
            theirs = once(f"{self.build}/tests/bench/ok")
            if i >= 10:
                more.append(mine - theirs)
        print(f"a classic CGI request: {statistics.median(more):.1f} ms more "
              "than a CGI program that prints ok (aim: under 10 ms)")


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--builddir", default=".")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=int, default=2)
    a = p.parse_args()
    for tool in ("wrk", "nginx", "curl"):
        if not shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin"):
            sys.exit(f"bench: {tool} is not there; on Debian: "
                     "apt install wrk nginx-light curl")
    b = Bench(os.path.abspath(a.builddir), a.rounds, a.seconds)
    try:
        b.import_rate()
        b.serve()
        print(f"\n{'behind one nginx, unix sockets':34} {'bytes':>8} "
              f"{'relay/s':>9} {'floor/s':>9} {'ratio (min-max)':>18} "
              f"{'us/req':>7} {'us/req':>7} {'ratio':>6}   aim")
        b.pair("/template/health", "/template/health", 0, "0.85")
        b.pair("/local/deliberate, 1 observable",
               "/local/deliberate/observables", 1, "0.75")
        b.pair("/local/deliberate, 100 observables",
               "/local/deliberate/observables", 100, "-")
        print("ratio: relay to floor, median of "
              f"{a.rounds} pairs; us/req: CPU of the pool and of the floor "
              "for a request\n")
        b.cgi()
    finally:
        b.stop()


if __name__ == "__main__":
    main()

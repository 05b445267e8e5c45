# SPDX-License-Identifier: MIT
"""What the cases of `make bench` share: a folder below /tmp, processes that
end with the run, a gateway behind an nginx of its own, what a process used."""
import collections
import concurrent.futures
import http.client
import json
import os
import resource
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
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {dir}/body;
    fastcgi_temp_path {dir}/fcgi;
    proxy_temp_path {dir}/proxy;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    fastcgi_param REQUEST_METHOD $request_method;
    fastcgi_param CONTENT_LENGTH $content_length;
    fastcgi_param CONTENT_TYPE $content_type;
    fastcgi_param REQUEST_URI $request_uri;
    fastcgi_param SCRIPT_NAME $uri;
    fastcgi_param HTTP_HOST $http_host;
    keepalive_requests 1000000;
    large_client_header_buffers 4 16k;
    upstream kept {{
        server unix:{dir}/relay.sock;
        keepalive 32;
        keepalive_requests 1000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location /floor {{ fastcgi_pass unix:{dir}/floor.sock; }}
        location / {{ fastcgi_pass unix:{dir}/relay.sock; }}
    }}
    server {{
        listen 127.0.0.1:{kept} backlog=4096;
        fastcgi_keep_conn on;
        location / {{ fastcgi_pass kept; }}
    }}
}}
"""

Used = collections.namedtuple("Used", "seconds cpu")


def fail(text):
    sys.exit("bench: " + text)


def cpu(pids):
    """User and system seconds that the processes have used so far."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def memory_files(folder, seen):
    """Bytes of the memory files in a folder of descriptors that are not in
    seen."""
    total = 0
    for name in os.listdir(folder):
        try:
            if "/memfd:" not in os.readlink(f"{folder}/{name}"):
                continue
            found = os.stat(f"{folder}/{name}")
        except FileNotFoundError:
            continue
        if found.st_ino not in seen:
            seen.add(found.st_ino)
            total += found.st_blocks * 512
    return total


def memory(pids):
    """Bytes that the processes hold together, with their memory files; what they
    share counts once."""
    total, seen = 0, set()
    for pid in pids:
        total += memory_files(f"/proc/{pid}/fd", seen)
        with open(f"/proc/{pid}/smaps_rollup") as f:
            for line in f:
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(x) for x in f.read().split()]


def run_measured(args):
    """Runs a program: what it used."""
    before = time.monotonic()
    p = subprocess.Popen(args, stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode:
        fail(f"{args[0]} ended with {p.returncode}")
    return Used(time.monotonic() - before, usage.ru_utime + usage.ru_stime)


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
                    fail(f"nothing listens at {address}")
        time.sleep(0.02)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def at_once(n, function):
    """What n threads, all started together, get from function()."""
    with concurrent.futures.ThreadPoolExecutor(n) as pool:
        return [f.result() for f in [pool.submit(function)
                                     for _ in range(n)]]


def percentile(values, percent):
    values = sorted(values)
    return values[min(len(values) - 1, len(values) * percent // 100)]


def spread(values, scale=1, digits=0):
    """The median of some values, the least and the most."""
    low, high = min(values) * scale, max(values) * scale
    return (f"{statistics.median(values) * scale:.{digits}f} "
            f"({low:.{digits}f}-{high:.{digits}f})")


class Bed:
    """Where a run lies: its folder and its processes."""

    def __init__(self, build, rounds, seconds):
        self.build = build
        self.rounds = rounds
        self.seconds = seconds
        self.dir = tempfile.mkdtemp(prefix="ctim-bench.")
        os.chmod(self.dir, 0o755)
        self.started = []
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    def folder(self, name):
        path = tempfile.mkdtemp(prefix=name + ".", dir=self.dir)
        os.chmod(path, 0o755)
        return path

    def write(self, path, text, mode=0o644):
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def program(self, name):
        """The path of one that is built for the bench alone."""
        return f"{self.build}/tests/bench/{name}"

    def start(self, args, **more):
        p = subprocess.Popen(args, **more)
        self.started.append(p)
        return p

    def end(self, p):
        p.send_signal(signal.SIGTERM)
        try:
            p.wait(30)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
        self.started.remove(p)

    def stop(self):
        for p in reversed(list(self.started)):
            self.end(p)
        shutil.rmtree(self.dir, ignore_errors=True)


class Gateway:
    """A pool and its nginx.  sections: {"server": {key: value}, ...} beside
    what all need; "relay otx" is one too."""

    def __init__(self, bed, sections):
        self.bed = bed
        self.dir = bed.folder("gateway")
        self.conf = f"{self.dir}/relay.conf"
        self.port = free_port()
        self.kept = free_port()     # nginx keeps its connections to the pool
        self.processes = []
        all_ = {"server": {"listen": f"unix:{self.dir}/relay.sock",
                           "socket_mode": "0666",
                           "control": f"{self.dir}/control.sock"},
                "auth": {"secret_key": KEY},
                "log": {"target": f"{self.dir}/relay.log"},
                "cache": {"url": "off"}}
        for section, keys in sections.items():
            all_.setdefault(section, {}).update(keys)
        bed.write(self.conf, "".join(
            f"[{section}]\n" + "".join(f"{k} = {v}\n" for k, v in keys.items())
            for section, keys in all_.items()), 0o640)
        self.env = dict(os.environ, CTIM_RELAY_CONF=self.conf)

    def cli(self, *args):
        return subprocess.run([f"{self.bed.build}/ctim-relay", *args],
                              env=self.env, check=True, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL).stdout

    def serve(self):
        self.bed.write(f"{self.dir}/nginx.conf",
                       NGINX.format(dir=self.dir, port=self.port,
                                    kept=self.kept))
        self.pool = self.bed.start([f"{self.bed.build}/ctim-relay.fcgi"],
                                   env=self.env, stdin=subprocess.DEVNULL)
        wait_for(f"{self.dir}/relay.sock")
        nginx = self.bed.start(
            [shutil.which("nginx") or "/usr/sbin/nginx", "-c",
             f"{self.dir}/nginx.conf", "-e", f"{self.dir}/nginx.err"])
        wait_for(("127.0.0.1", self.port))
        self.processes = [nginx, self.pool]
        return self

    def stop(self):
        for p in self.processes:
            self.bed.end(p)

    def workers(self):
        return children(self.pool.pid)

    def pids(self):
        return [self.pool.pid] + self.workers()

    def token(self, relay, **claims):
        path = self.bed.write(f"{self.dir}/claims.json", json.dumps(claims),
                              0o600)
        return self.cli("jwt", "--quiet", "--relay", relay, "-f",
                        path).strip()

    def ask(self, url, token, body=b""):
        """One request: its answer, and the seconds until all of it was
        there.  Errors in it end the run."""
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        before = time.monotonic()
        c.request("POST", url, body, {"Authorization": "Bearer " + token,
                                      "Content-Type": "application/json"})
        answer = c.getresponse()
        text = answer.read()
        took = time.monotonic() - before
        c.close()
        if answer.status != 200 or b'"errors"' in text:
            fail(f"{url} answered {answer.status} ..{text[-400:]!r}; see "
                 f"{self.log()}")
        return text, took

    def log(self):
        """The last lines of the log."""
        if not os.path.exists(f"{self.dir}/relay.log"):
            return "no log"
        with open(f"{self.dir}/relay.log") as f:
            return "".join(f.readlines()[-3:])

    def load(self, url, token, body, seconds, connections=16, port=None):
        """wrk for some seconds: requests, and how many a second."""
        port = port or self.port
        out = subprocess.run(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s",
             f"{HERE}/post.lua", f"http://127.0.0.1:{port}{url}"],
            env=dict(self.env, BENCH_TOKEN=token, BENCH_BODY=body),
            capture_output=True, text=True, check=True).stdout
        for line in out.splitlines():
            if line.startswith("BENCH "):
                requests, micros, errors = map(int, line.split()[1:])
                if errors or not requests:
                    fail(f"{errors} of {requests} requests to {url} failed")
                return requests, requests / (micros / 1e6)
        fail("wrk said nothing: " + out)

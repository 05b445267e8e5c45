# SPDX-License-Identifier: MIT
"""OTX over HTTPS: what connections and TLS handshakes cost a pool whose
requests come one after the other, and one whose connections were given up; and
a service that is far away, in every round trip: TCP's, TLS's, each request's."""
import shutil
import statistics
import subprocess
import time

import bed as b
import providers

REQUESTS = 32
DELAY = 5
FAR = 50                # ms, there and back
PULSES, ENTRIES = 20, 20

NGINX = """
daemon off;
pid {dir}/nginx.pid;
error_log {dir}/nginx.err;
worker_processes 1;
events {{ worker_connections 4096; }}
http {{
    log_format tls "$connection $ssl_session_reused";
    access_log {dir}/access.log tls;
    client_body_temp_path {dir}/body;
    fastcgi_temp_path {dir}/fcgi;
    proxy_temp_path {dir}/proxy;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    keepalive_requests 1000000;
    keepalive_timeout 75;
    upstream service {{
        server 127.0.0.1:{service};
        keepalive 256;
    }}
    server {{
        listen 127.0.0.1:{port} ssl backlog=4096 {h2};
        http2_max_concurrent_streams 256;
        ssl_protocols {tls};
        ssl_certificate {dir}/pem;
        ssl_certificate_key {dir}/key;
        location / {{
            proxy_pass http://service;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}
}}
"""


class Front:
    """nginx with TLS before the upstream; counts what came."""

    def __init__(self, bed, upstream, h2, tls):
        self.bed = bed
        self.dir = bed.folder("front")
        self.port = b.free_port()
        b.run_measured(["openssl", "req", "-x509", "-newkey", "rsa:2048",
                        "-nodes", "-days", "2", "-subj", "/CN=bench",
                        "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", f"{self.dir}/key",
                        "-out", f"{self.dir}/pem"])
        bed.write(f"{self.dir}/nginx.conf", NGINX.format(
            dir=self.dir, port=self.port, h2="http2" if h2 else "", tls=tls,
            service=upstream.url.rsplit(":", 1)[1]))
        self.process = bed.start(
            [shutil.which("nginx") or "/usr/sbin/nginx", "-c",
             f"{self.dir}/nginx.conf", "-e", f"{self.dir}/nginx.err"])
        b.wait_for(("127.0.0.1", self.port))
        self.url = f"https://127.0.0.1:{self.port}"
        self.seen = set()

    def new(self):
        """Connections since the last look: all, and those without an earlier
        session."""
        all_, full = set(), set()
        with open(f"{self.dir}/access.log") as f:
            for line in f:
                number, reused = line.split()
                if number not in self.seen:
                    all_.add(number)
                    if reused == ".":
                        full.add(number)
        self.seen |= all_
        return len(all_), len(full)

    def stop(self):
        self.bed.end(self.process)


def ask(g, token, body=providers.BODY):
    """One request; the CPU seconds of the workers, and its wall seconds."""
    before = b.cpu(g.workers())
    _, took = g.ask("/otx/observe/observables", token, body)
    return b.Used(took, b.cpu(g.workers()) - before)


def pool(bed, front, server, http):
    return b.Gateway(bed, {
        "server": server, "relay otx": {"url": front.url},
        "http": dict({"allow_private": "yes", "ca_file": f"{front.dir}/pem"},
                     **http)}).serve()


def in_a_row(bed, front, name, server, http, pause=0.0):
    """A row of the table: requests for one address, of 1 call and then a call
    for each pulse.  Fewer where it pauses."""
    g = pool(bed, front, server, http)
    token = g.token("otx", key=providers.KEY)
    front.new()
    used, opened, full = [], 0, []
    for _ in range(REQUESTS if not pause else 6):
        used.append(ask(g, token, providers.ONE_IP))
        new, without = front.new()
        opened += new
        full.append(without)
        time.sleep(pause)
    late = sum(without > 0 for without in full)
    cpu = sum(u.cpu for u in used) * 1000 / len(used)
    warm = used[len(used) // 2:]
    print(f"{name:44} {len(used):8} {opened:11} {sum(full):6} {late:8} "
          f"{cpu:8.1f} {sum(u.cpu for u in warm) * 1000 / len(warm):8.1f} "
          f"{b.spread([u.seconds for u in used], 1000):>18}")
    g.stop()


class Away:
    """The way to a front, FAR milliseconds long (away.c)."""

    def __init__(self, bed, front):
        self.bed = bed
        self.process = bed.start(
            [bed.program("away"), str(front.port), str(FAR)],
            stdout=subprocess.PIPE, text=True)
        self.dir = front.dir
        self.url = ("https://127.0.0.1:" +
                    self.process.stdout.readline().strip())

    def stop(self):
        self.bed.end(self.process)


def far(bed):
    """Beside curl, which connects anew for each of its two steps: a pool whose
    connections are there, and one that was started just now."""
    rows = {}
    for h2 in (False, True):
        u = providers.Upstream(bed, 0, PULSES)
        front = Front(bed, u, h2, "TLSv1.3")
        away = Away(bed, front)
        curl = providers.Curl(bed, u, away.url, (
            "--cacert", f"{front.dir}/pem",
            "--http2" if h2 else "--http1.1"))
        http = {"parallel": providers.PARALLEL}
        g = pool(bed, away, {"threads": 4}, http)
        token = g.token("otx", key=providers.KEY)
        providers.warm(g, token, 4 * len(g.workers()))
        for _ in range(2 * bed.rounds):
            new = pool(bed, away, {"threads": 4}, http)
            cold = ask(new, token).seconds
            new.stop()
            rows.setdefault(h2, []).append((ask(g, token).seconds, cold,
                                            curl.two_steps().seconds))
        g.stop()
        away.stop()
        front.stop()
        u.stop()
    print(f"\n{f'OTX over HTTPS, wall ms; a round trip {FAR} ms':44} {'warm':>18} "
          f"{'cold':>18} {'curl':>18}   to curl: warm, cold; aim 0.80, 0.95")
    for h2, found in rows.items():
        warm, cold, curl = zip(*found)
        print(f"{'HTTP/2' if h2 else 'HTTP/1.1':44} "
              f"{b.spread(warm, 1000):>18} {b.spread(cold, 1000):>18} "
              f"{b.spread(curl, 1000):>18}   "
              f"{statistics.median(x / z for x, _, z in found):.2f} "
              f"{statistics.median(y / z for _, y, z in found):.2f}")
    print(f"cold: a pool started just now, which pays {FAR} ms for TCP's "
          "handshake and for TLS's, as curl does, once for each of its two "
          "steps; warm pays for the requests alone")


def run(bed):
    far(bed)
    default = {"workers": 2, "threads": 16}
    for h2, tls in ((False, "TLSv1.2"), (False, "TLSv1.3"), (True, "TLSv1.3")):
        u = providers.Upstream(bed, DELAY, PULSES, ENTRIES)
        front = Front(bed, u, h2, tls)
        name = f"OTX, 1 + {PULSES} calls, {'HTTP/2' if h2 else 'HTTP/1.1'} over {tls}"
        print(f"\n{name:44} "
              f"{'requests':>8} {'connections':>11} {'full':>6} {'full in':>8} "
              f"{'CPU ms':>8} {'2nd half':>8} {'wall ms (min-max)':>18}")
        in_a_row(bed, front, "2 workers of 16 threads", default, {})
        in_a_row(bed, front, "beside it, 1 worker of 1 thread",
                 {"workers": 1, "threads": 1}, {})
        in_a_row(bed, front, "2 s after each other, connections kept for 1",
                 default, {"idle_timeout": 1}, 2.1)
        front.stop()
        u.stop()
    print("full: handshakes that resumed no session; full in: requests that "
          "had one; aim: at most 40 (HTTP/2: 2) connections, full in 2, "
          "4 ms CPU")

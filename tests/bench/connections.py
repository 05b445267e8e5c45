# SPDX-License-Identifier: MIT
"""Health while others wait: connections that say nothing, half a request or a
byte now and then, and readers that do not read; a crowd that comes at once, and
how soon those beyond the queue hear so; and what a health request costs,
straight at the socket, beside the least program with libfcgi."""
import http.client
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import threading
import time

import bed as b

sys.path.insert(0, os.path.join(b.HERE, "..", "tools"))
import fcgiclient as fcgi      # noqa: E402

ASKED = 300             # health requests a measurement
KNOWN = 5000            # observables of an answer of some 9 MB
TIMED = 20000           # health requests for their CPU
QUEUE = 10              # of a worker, that a crowd does not fit


APACHE = """
ServerRoot {dir}
PidFile {dir}/pid
ServerName localhost
DefaultRuntimeDir {dir}
ErrorLog {dir}/error.log
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule env_module /usr/lib/apache2/modules/mod_env.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_fcgi_module /usr/lib/apache2/modules/mod_proxy_fcgi.so
LoadModule reqtimeout_module /usr/lib/apache2/modules/mod_reqtimeout.so
RequestReadTimeout header=20-40,minrate=500
RequestReadTimeout body=10,minrate=500
Mutex file:{dir} default
# All of its threads from the start: it makes them slowly when they are missed.
StartServers 6
User www-data
Group www-data
Define CTIM_RELAY_SOCKET {socket}
Listen 127.0.0.1:{port}
<VirtualHost 127.0.0.1:{port}>
	ServerName localhost
	Include {source}/ctim-relay-proxy_fcgi.conf
</VirtualHost>
# A fixed file, of the same threads.
Listen 127.0.0.1:{plain}
<VirtualHost 127.0.0.1:{plain}>
	ServerName localhost
	DocumentRoot {dir}/files
</VirtualHost>
"""


def request(path, token, body=b""):
    return fcgi.records(fcgi.request("POST", path, body, token), body)


def health(address, data):
    """One request straight at the socket: whether it was answered."""
    return b"200 OK" in fcgi.raw(address, data, 60)


def through(port, *request):
    """One request through a web server."""
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    c.request(*request)
    status = c.getresponse().status
    c.close()
    return status == 200


def health_through(port, token):
    return through(port, "POST", "/template/health", b"",
                   {"Authorization": "Bearer " + token})


def asked(ask, *args, n=ASKED):
    """So many requests: whether each was answered, and its milliseconds."""
    found = []
    for _ in range(n):
        before = time.monotonic()
        found.append((ask(*args), (time.monotonic() - before) * 1000))
    return found


def apache(bed, g):
    """Apache before the pool, with the tree's own file; its port, and that of a
    fixed file."""
    port, plain, folder = b.free_port(), b.free_port(), bed.folder("apache")
    os.mkdir(f"{folder}/files", 0o755)
    bed.write(f"{folder}/files/fixed", '{"data":{"status":"ok"}}')
    source = os.path.join(b.HERE, "..", "..", "apache")
    conf = bed.write(f"{folder}/conf", APACHE.format(
        dir=folder, port=port, plain=plain, socket=f"{g.dir}/relay.sock", source=source))
    process = bed.start(["/usr/sbin/apache2", "-f", conf, "-D", "FOREGROUND"],
                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    b.wait_for(("127.0.0.1", port))
    return port, plain, process


def slow_posts(port, token, n):
    head = ("POST /template/health HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: Bearer {token}\r\nContent-Length: 1000000\r\n"
            "\r\n").encode()
    socks = [socket.create_connection(("127.0.0.1", port), 60)
             for _ in range(n)]
    for s in socks:
        s.sendall(head + b" " * 20000)
    return socks


class Row:
    """A line: health alone, and health while others wait."""

    def __init__(self, g, *ask):
        self.g, self.ask = g, ask
        self.address = f"{g.dir}/relay.sock"
        self.pids = g.pids()

    def show(self, name, prepare):
        alone = asked(*self.ask)
        socks, during = prepare()
        done = threading.Event()
        if during:
            thread = threading.Thread(target=during, args=(socks, done))
            thread.start()
        time.sleep(0.2)
        among = asked(*self.ask)
        held = b.memory(self.pids) / 1e6
        parked = sum(json.loads(self.g.cli("status", "--json"))[
            "connections"][what] for what in ("requests", "readers"))
        done.set()
        if during:
            thread.join()
        for s in socks:
            s.close()
        time.sleep(0.3)
        mine, theirs = ([ms for _, ms in x] for x in (alone, among))
        print(f"{name:34} {b.percentile(mine, 50):7.2f} "
              f"{b.percentile(theirs, 50):7.2f} {max(mine):8.1f} "
              f"{max(theirs):8.1f} {sum(not ok for ok, _ in among):6} "
              f"{parked:6} {held:8.0f}")

    def connections(self, n, part):
        socks = [fcgi.connect(self.address, 60) for _ in range(n)]
        for s in socks:
            s.sendall(part)
        return socks


def drip(data):
    """A byte of each now and then; 30 at a time where there are many."""
    some = max(1, len(data) // 1000)

    def run(socks, done):
        at = 0
        while not done.wait(0.05) and at < len(data) - some:
            for s in socks:
                s.sendall(data[at:at + some])
            at += some
    return run


def crowd(g, n=1000):
    """A thousand clients at once."""
    body = json.dumps([{"type": "ip", "value": f"11.0.0.{i}"}
                       for i in range(100)]).encode()
    data = request("/local/deliberate/observables", g.token("local"), body)
    before = time.monotonic()
    answers = fcgi.at_once(f"{g.dir}/relay.sock", data, n)
    took = time.monotonic() - before
    served, refused = ([ms * 1000 for a, ms in answers
                        if a and word in a[:200]]
                       for word in (b"Status: 200", b"Status: 503"))
    print(f"{n:,} clients at once, deliberate of 100: {len(served)} answered, "
          f"{len(refused)} with 503, {n - len(served) - len(refused)} not, in "
          f"{took:.2f} s   aim: every one 200 or 503")
    if refused:
        print("beyond the queue, ms from a client's last byte to the end of "
              "its 503, those in which other clients still send included: "
              f"median {b.percentile(refused, 50):.0f}, 90 % "
              f"{b.percentile(refused, 90):.0f}, most {max(refused):.0f}   "
              "aim: within 50")


def waits(bed):
    feed = bed.write(f"{bed.dir}/known.txt", "".join(
        f"11.0.{i // 250}.{i % 250}\n" for i in range(KNOWN)))
    g = b.Gateway(bed, {
        "server": {"workers": 2, "threads": 16, "max_observables": 5000,
                   "read_timeout": 120, "write_timeout": 120},
        "relay template": {}, "relay local": {"store": f"{bed.dir}/wait.db"}})
    g.cli("intel", "import", feed, "--source", "bench")
    g.serve()
    data = request("/template/health", g.token("template"))
    large = b"[" + b",".join(
        b'{"type":"ip","value":"11.0.%d.%d"}' % (i // 250, i % 250)
        for i in range(KNOWN)) + b"]"
    large = request("/local/observe/observables", g.token("local"), large)
    row = Row(g, health, f"{g.dir}/relay.sock", data)
    print(f"\n{'health, straight at the socket':34} {'median ms':>15} "
          f"{'most ms':>17} {'failed':>6} {'parked':>6} {'MB then':>8}\n"
          f"{'':34} {'alone':>7} {'among':>7} {'alone':>8} {'among':>8}"
          "   aim: delayed by less than 20 ms, none failed")
    for n in (64, 160, 1000, 2000):
        row.show(f"{n} silent",
                 lambda n=n: (row.connections(n, b""), None))
        row.show(f"{n} half-sent", lambda n=n: (
            row.connections(n, data[:len(data) // 2]), None))
        row.show(f"{n} dripping",
                 lambda n=n: (row.connections(n, b""), drip(data)))

    def unread():
        socks = row.connections(64, large)
        time.sleep(8)           # all that can be made of them is made
        return socks, None
    row.show("64 that do not read 9 MB", unread)
    if os.path.exists("/usr/sbin/apache2"):
        port, plain, web = apache(bed, g)
        token = g.token("template")
        for n in (32, 100):
            for what, ask in (
                    ("all through Apache", (health_through, port, token)),
                    ("Apache's file", (through, plain, "GET", "/fixed"))):
                Row(g, *ask).show(f"{n} slow POSTs, {what}", lambda n=n: (
                    slow_posts(port, token, n), drip(b" " * 30000)))
        bed.end(web)
    crowd(g)
    g.stop()


def overload(bed):
    """The same where the queue is far shorter than the crowd."""
    g = b.Gateway(bed, {
        "server": {"workers": 2, "threads": 4, "queue": QUEUE},
        "relay local": {"store": f"{bed.dir}/wait.db"}})
    g.serve()
    print(f"a queue of {QUEUE} for each of 2 workers of 4 threads:")
    for _ in range(bed.rounds):
        crowd(g)
    g.stop()


def floor(bed, g):
    path = f"{g.dir}/floor.sock"
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(path)
        s.listen(511)
        return path, bed.start([bed.program("floor"), "24"], stdin=s.fileno())


def kept(address, data, n):
    """So many requests on one connection."""
    with fcgi.connect(address, 60) as s:
        for _ in range(n):
            s.sendall(data)
            got = b""
            while not got.endswith(fcgi.record(fcgi.END_REQUEST, b"\0" * 8)):
                got += s.recv(65536)


def cost(bed):
    g = b.Gateway(bed, {"server": {"workers": 1}, "relay template": {}})
    g.serve()
    token = g.token("template")
    path, least = floor(bed, g)
    data = request("/template/health", token)
    keep = fcgi.records(fcgi.request("POST", "/template/health", b"", token),
                        flags=fcgi.KEEP_CONN)

    def new(address):
        asked(health, address, data, n=TIMED)
    ways = (("new", new, f"{g.dir}/relay.sock", g.workers()),
            ("kept", lambda a: kept(a, keep, TIMED), f"{g.dir}/relay.sock",
             g.workers()),
            ("least", new, path, [least.pid]))
    used = {}
    for i in range(2 * bed.rounds + 1):
        for name, run, address, pids in ways:
            before = b.cpu(pids)
            run(address)
            if i:
                used.setdefault(name, []).append(
                    (b.cpu(pids) - before) / TIMED * 1e6)
    print(f"\nCPU of a health request, us: new connection "
          f"{b.spread(used['new'])}, kept {b.spread(used['kept'])}, the least "
          f"program {b.spread(used['least'])}")
    for name in ("new", "kept"):
        ratio = [x / y for x, y in zip(used[name], used["least"])]
        print(f"{name} connection to the least program: "
              f"{b.spread(ratio, 1, 2)}   aim 1.5")
    bed.end(least)
    g.stop()


def run(bed):
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    waits(bed)
    overload(bed)
    cost(bed)

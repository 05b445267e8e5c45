# SPDX-License-Identifier: MIT
"""The relays of services: OTX and SpyCloud played by upstream.c at a distance,
beside curl that fetches the very same URLs."""
import json
import statistics
import subprocess
import threading
import time
import urllib.parse
import urllib.request

import bed as b

PARALLEL = 64
# type, value, category at OTX
OBSERVABLES = [
    ("domain", "jsebnawkndwandawd.sh", "domain"),
    ("email", "msalem@webalo.com", None),
    ("md5", "d8414d743778cae103c15461200ec64d", "file"),
    ("sha1", "4f79d1a01b9b5cb3cb65a9911db2a02ea3bb7c45", "file"),
    ("sha256", "efdd3ee0f816eba8ab1cba3643e42b40aaa16654d5120c67169d1b002e7f"
     "714d", "file"),
    ("ip", "99.85.80.169", "IPv4"),
    ("ipv6", "2001:14ba:1f00:0:1117:e76e:843d:f803", "IPv6"),
    ("url", "http://blockchains.pk/nw_NIHbAj35.bin", "url"),
]
BODY = json.dumps([{"type": t, "value": v} for t, v, _ in OBSERVABLES])
QUERIED = sum(category is not None for _, _, category in OBSERVABLES)
EMAIL = json.dumps([{"type": "email", "value": "msalem@webalo.com"}])
UNKNOWN = json.dumps([{"type": "ip", "value": "192.0.2.1"}])
ONE_IP = json.dumps([{"type": "ip", "value": "99.85.80.169"}])
PULSES = 20
ENTRIES = 2000
KEY = "0123456789abcdef"


class Upstream:
    """upstream.c, delay milliseconds away."""

    def __init__(self, bed, delay, pulses=PULSES, entries=ENTRIES, at=75):
        self.bed = bed
        self.process = bed.start(
            [bed.program("upstream"), "0"] +
            [str(n) for n in (delay, pulses, entries, at)],
            stdout=subprocess.PIPE, text=True)
        self.url = "http://127.0.0.1:" + self.process.stdout.readline().strip()

    def get(self, path):
        with urllib.request.urlopen(self.url + path) as answer:
            return json.load(answer)

    def reset(self):
        self.get("/reset")

    def stats(self):
        """Without what asking for them took: its connection."""
        found = self.get("/stats")
        found["connections"] -= 1
        return found

    def stop(self):
        self.bed.end(self.process)


def gateway(bed, upstream, server=None, relays=None):
    return b.Gateway(bed, {
        "server": server or {},
        "http": {"allow_private": "yes", "parallel": PARALLEL},
        **(relays or {"relay otx": {"url": upstream.url}})}).serve()


class Curl:
    """curl with the URLs that the relay asks for, found as the relay finds
    them: `general` of each observable, then its pulses' pages."""

    def __init__(self, bed, upstream, url=None, options=()):
        """url: where it is asked, if not at the upstream itself."""
        self.options = options
        url = url or upstream.url
        generals, pages = [], []
        for _, value, category in OBSERVABLES:
            if category is None:
                continue
            path = "/api/v1/indicators/%s/%s/general" % (
                category, urllib.parse.quote(value, "@:"))
            generals.append(path)
            found = upstream.get(path)["pulse_info"]["pulses"]
            pages += ["/api/v1/pulses/%s/indicators?sort=-created&limit=10000"
                      "&page=1" % pulse["id"] for pulse in found]
        self.calls = len(generals) + len(pages)
        self.files = [
            bed.write(f"{bed.dir}/{name}.curl", "".join(
                f'url = "{url}{path}"\noutput = /dev/null\n'
                for path in paths))
            for name, paths in (("all", generals + pages),
                                ("generals", generals), ("pages", pages))]

    def fetch(self, path):
        return b.run_measured(
            ["curl", "-q", "--silent", "--fail", *self.options, "--parallel",
             "--parallel-max", str(PARALLEL), "--config", path])

    def all_at_once(self):
        """What the relay cannot do: it learns the pages from `general`."""
        return self.fetch(self.files[0])

    def two_steps(self):
        first, second = (self.fetch(f) for f in self.files[1:])
        return b.Used(first.seconds + second.seconds, first.cpu + second.cpu)


# --- OTX, one request after the other ---------------------------------------

def relay_once(g, token):
    before = b.cpu(g.workers())
    _, took = g.ask("/otx/observe/observables", token, BODY)
    return b.Used(took, b.cpu(g.workers()) - before)


def warm(g, token, at_once):
    """Lets all threads connect, and looks at what is answered."""
    for _ in range(8):
        for text, _ in b.at_once(at_once, lambda: g.ask(
                "/otx/observe/observables", token, BODY)):
            found = json.loads(text)["data"]["sightings"]["count"]
            if found != PULSES * QUERIED:
                b.fail(f"{found} sightings instead of {PULSES * QUERIED}")


def row(name, used, stats, rounds):
    wall = [u.seconds for u in used]
    print(f"{name:34} {b.spread(wall, 1000):>18} "
          f"{sum(u.cpu for u in used) * 1000 / rounds:8.0f} "
          f"{stats['bytes'] / rounds / 1e6:8.1f} "
          f"{(stats['general'] + stats['page']) / rounds:7.0f} "
          f"{stats['connections'] / rounds:12.1f}")


def parsing(bed, bytes_):
    """Seconds that json-c takes to parse so much of such pages."""
    out = subprocess.run([bed.program("scan"), str(ENTRIES)], check=True,
                         capture_output=True, text=True).stdout
    return bytes_ / (float(out.splitlines()[-1].split()[3]) * 1e6)


def one_request(bed, delay):
    """The relay and curl in turn; the relay's pool is warm, curl is new."""
    u = Upstream(bed, delay)
    g = gateway(bed, u, server={"threads": 4})
    curl = Curl(bed, u)
    token = g.token("otx", key=KEY)
    warm(g, token, 4 * len(g.workers()))
    ways = (("relay, warm", lambda: relay_once(g, token)),
            ("curl, all URLs at once", curl.all_at_once),
            ("curl, general, then pages", curl.two_steps))
    used = [[] for _ in ways]
    stats = [{} for _ in ways]
    rounds = 2 * bed.rounds
    for _ in range(rounds):
        for i, (_, fetch) in enumerate(ways):
            u.reset()
            used[i].append(fetch())
            for k, v in u.stats().items():
                stats[i][k] = stats[i].get(k, 0) + v
    print(f"\n{f'OTX, upstream {delay} ms away':34} "
          f"{'wall ms (min-max)':>18} {'CPU ms':>8} {'MB':>8} {'calls':>7} "
          f"{'connections':>12}")
    for (name, _), each, total in zip(ways, used, stats):
        row(name, each, total, rounds)
    least = delay * (1 + -(-PULSES * QUERIED // PARALLEL))
    print(f"the least there can be: {least} ms, general and then the pages, "
          f"{PARALLEL} at a time")
    for i, aim in ((1, "   aim 1.10"), (2, "")):
        ratio = [mine.seconds / theirs.seconds
                 for mine, theirs in zip(used[0], used[i])]
        print(f"wall, relay to {ways[i][0]}: {b.spread(ratio, 1, 2)}{aim}")
    mine, fetching = (sum(x.cpu for x in used[i]) / rounds for i in (0, 1))
    whole = fetching + parsing(bed, stats[0]["bytes"] / rounds)
    print(f"CPU, relay to curl that then parses the pages whole (json-c): "
          f"{mine * 1000:.0f} to {whole * 1000:.0f} ms: {mine / whole:.2f}   "
          "aim 0.50")
    start = statistics.median(
        b.run_measured(["curl", "-q", "--version"]).seconds
        for _ in range(10))
    print(f"of curl's wall time the start of a process is {start * 1000:.0f} "
          "ms; the relay's has nginx and the answer in it")
    g.stop()
    u.stop()


# --- OTX, many at once ------------------------------------------------------

def one_round(u, g, clients, client):
    """What all clients together used: Used of each request, all seconds, the
    pool's CPU, bytes, connections."""
    u.reset()
    before, cpu = time.monotonic(), b.cpu(g.workers())
    used = [x for each in b.at_once(clients, client) for x in each]
    took = time.monotonic() - before
    stats = u.stats()
    return (used, took, b.cpu(g.workers()) - cpu, stats["bytes"],
            stats["connections"])


def many_clients(bed, delay, clients):
    """In a round each client asks twice, one after the other."""
    u = Upstream(bed, delay)
    g = gateway(bed, u)
    curl = Curl(bed, u)
    token = g.token("otx", key=KEY)

    def relay_client():
        return [b.Used(g.ask("/otx/observe/observables", token, BODY)[1], 0)
                for _ in range(2)]

    def curl_client():
        return [curl.two_steps() for _ in range(2)]

    ways = (("relay, warm", relay_client),
            ("curl, general, then pages", curl_client))
    warm(g, token, clients)
    rounds = [[one_round(u, g, clients, client) for _, client in ways]
              for _ in range(bed.rounds)]
    print(f"\n{f'OTX, {delay} ms away, {clients} at once':34} {'req/s':>8} "
          f"{'p50 ms':>8} {'p99 ms':>8} {'CPU ms/req':>11} {'MB/s':>8} "
          f"{'connections':>12}")
    for (name, _), found in zip(ways, zip(*rounds)):
        used = [x for each in found for x in each[0]]
        wall = [x.seconds for x in used]
        took, pool, bytes_, connections = (
            sum(each[i] for each in found) for i in range(1, 5))
        cpu = sum(x.cpu for x in used) or pool
        print(f"{name:34} {len(used) / took:8.1f} "
              f"{b.percentile(wall, 50) * 1000:8.0f} "
              f"{b.percentile(wall, 99) * 1000:8.0f} "
              f"{cpu * 1000 / len(used):11.0f} {bytes_ / took / 1e6:8.0f} "
              f"{connections / len(found):12.1f}")
    ratio = [mine[1] / theirs[1] for mine, theirs in rounds]
    print(f"time for all, relay to curl: {b.spread(ratio, 1, 2)}")
    g.stop()
    u.stop()


# --- SpyCloud ---------------------------------------------------------------

def spycloud(bed):
    u = Upstream(bed, 50)
    g = gateway(bed, u, relays={
        f"relay rate{rate}": {"provider": "spycloud", "url": u.url,
                              "rate": rate} for rate in (4, 1000)})
    print(f"\n{'SpyCloud, 30 records of 5 sources':34} "
          f"{'wall ms (min-max)':>18} {'records':>8} {'catalog':>8}   "
          "(calls a request; aim: 1 and 5)")
    for rate in (4, 1000):
        token = g.token(f"rate{rate}", key=KEY)
        wall = []
        u.reset()
        for i in range(3):
            if i and rate < 10:
                time.sleep(8 / rate)    # no turn is owed any more
            text, took = g.ask(f"/rate{rate}/observe/observables", token,
                               EMAIL)
            wall.append(took)
            if json.loads(text)["data"]["sightings"]["count"] != 30:
                b.fail("not 30 sightings: " + text.decode()[:300])
        stats = u.stats()
        print(f"{f'rate = {rate}':34} {b.spread(wall, 1000):>18} "
              f"{stats['records'] / 3:8.1f} {stats['catalog'] / 3:8.1f}")
    g.stop()
    u.stop()


# --- waiting ----------------------------------------------------------------

def waiting(bed, requests):
    """All requests in flight at once, each call a second away."""
    print(f"\n{f'{requests} requests at once':34} {'answered':>9} "
          f"{'in flight':>9} {'seconds':>8} {'MB then':>8} {'MB most':>8} "
          f"{'CPU s':>6}   2 workers of 256 threads; aim: under 256 MB")
    for name, body, pulses in (("one call of a second", UNKNOWN, 0),
                               ("then a page of 400 KB, a second too",
                                ONE_IP, 1)):
        u = Upstream(bed, 1000, pulses)
        g = gateway(bed, u, server={"workers": 2, "threads": 256})
        token = g.token("otx", key=KEY)
        pids = g.pids()
        held, done = [b.memory(pids)], threading.Event()

        def watch():
            while not done.wait(0.1):
                held.append(b.memory(pids))
        watcher = threading.Thread(target=watch)
        watcher.start()
        u.reset()
        before, cpu = time.monotonic(), b.cpu(g.workers())
        answers = b.at_once(requests, lambda: g.ask(
            "/otx/observe/observables", token, body))
        took = time.monotonic() - before
        done.set()
        watcher.join()
        print(f"{name:34} {len(answers):9} {u.stats()['most_waiting']:9} "
              f"{took:8.1f} {held[0] / 1e6:8.0f} {max(held) / 1e6:8.0f} "
              f"{b.cpu(g.workers()) - cpu:6.2f}")
        g.stop()
        u.stop()

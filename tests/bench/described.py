# SPDX-License-Identifier: MIT
"""Providers that are described, beside those in C: the references of OTX and the
breaches of SpyCloud written both ways, the same answers for both; what a map
costs, and what ten described relays hold."""
import glob
import http.server
import json
import os
import re
import shutil
import threading
import time

import bed as b
import providers as p

SOURCE = os.path.dirname(os.path.dirname(b.HERE))
TEN = ("abuseipdb", "greynoise", "have-i-been-pwned", "malwarebazaar",
       "pulsedive", "shodan-host", "urlhaus", "urlscan", "virustotal", "yeti")
REQUESTS = 300

OTX = """[provider]
title       = AlienVault OTX
description = Pulses that name an observable.
types       = domain email ip ipv6 md5 sha1 sha256 url
routes      = refer

[refer search]
title       = Search for this {type_name}
description = Lookup this {type_name} on AlienVault OTX
url         = https://otx.example/indicator/file/{value}
url.domain  = https://otx.example/indicator/domain/{value}
url.email   = https://otx.example/indicator/email/{value}
url.ip      = https://otx.example/indicator/ip/{value}
url.ipv6    = https://otx.example/indicator/ip/{value}
url.url     = https://otx.example/indicator/url/{value}
"""
SPYCLOUD = """[provider]
title       = Spycloud
description = Accounts and passwords found in breaches.
types       = email
routes      = observe
url         = https://api.spycloud.io/enterprise-v2

[claim key]
label       = SpyCloud API key
kind        = api_key

[auth]
header      = X-API-Key: {key}

[call records]
get         = /breach/data/emails/{value}
cache       = no

[call catalog]
each        = records.results[].source_id
get         = /breach/catalog/{item}
shared      = yes
optional    = yes
"""
MAP = """def entry: .answer.results[0];

(reduce (.catalog | list)[] as $c ({}; .["\\($c.item)"] = ($c | entry)))
  as $entries
| .records.results
| newest(.spycloud_publish_date)[]
| $entries["\\(.source_id)"] as $entry
| {
    type: "sighting",
    key: .document_id,
    title: "Reported to Spycloud",
    description: "Present in \\($entry.title)",
    confidence: "High",
    severity: (if .severity > 5 then "High" else "Medium" end),
    count: .sighting,
    observed_time: .spycloud_publish_date,
    internal: false,
    relations: [relation($observable; "Leaked_From"; domain($entry.site))],
    external_ids: [.document_id, "\\(.source_id)"],
    targets: [{type: "email", observables: [$observable]}],
    data: ({email, password, password_plaintext, password_type} | table)
  }, {
    type: "indicator",
    key: "\\(.source_id)",
    title: $entry.title,
    description: $entry.description,
    short_description: $entry.title,
    confidence: "High",
    valid_time: {start_time: $entry.spycloud_publish_date},
    external_ids: ["\\($entry.id)", $entry.uuid],
    tags: ($entry.assets // {} | keys)
  }
"""


def described(bed):
    """A folder with the twins, and the providers of the tree."""
    top = bed.folder("described")
    for name in TEN:
        shutil.copytree(f"{SOURCE}/share/providers/{name}", f"{top}/{name}")
    for name, files in (("twin-otx", {"provider.ini": OTX}),
                        ("twin-spycloud", {"provider.ini": SPYCLOUD,
                                           "map.jq": MAP})):
        os.mkdir(f"{top}/{name}")
        for file, text in files.items():
            bed.write(f"{top}/{name}/{file}", text)
    for folder, _, files in os.walk(top):
        os.chmod(folder, 0o755)
        for file in files:
            os.chmod(f"{folder}/{file}", 0o644)
    return top


def maps(g):
    """The process that has the programs, and those that run them."""
    found = [pid for pid in g.workers() if name_of(pid) == "ctim-relay-map"]
    return found + [child for pid in found for child in b.children(pid)]


def name_of(pid):
    with open(f"/proc/{pid}/comm") as f:
        return f.read().strip()


def counts(text):
    return {kind: found["count"]
            for kind, found in json.loads(text)["data"].items()}


def wall(bed, top, delay):
    """Both ways in turn, the service delay ms away."""
    u = p.Upstream(bed, delay)
    g = p.gateway(bed, u, server={"providers": top}, relays={
        "relay c": {"provider": "spycloud", "url": u.url, "rate": 0},
        "relay text": {"provider": "twin-spycloud", "url": u.url}})
    tokens = {name: g.token(name, key=p.KEY) for name in ("c", "text")}
    used = {"c": [], "text": []}
    made = {}
    for i in range(8 + 4 * bed.rounds):
        for name, token in tokens.items():
            text, took = g.ask(f"/{name}/observe/observables", token, p.EMAIL)
            made[name] = counts(text)
            if i >= 8:
                used[name].append(took)
    if made["c"] != made["text"]:
        b.fail(f"C makes {made['c']}, the description {made['text']}")
    for name, title in (("c", "in C"), ("text", "described")):
        print(f"{title:34} {b.spread(used[name], 1000, 1):>24}")
    ratio = [x / y for x, y in zip(used["text"], used["c"])]
    print(f"wall, described to C: {b.spread(ratio, 1, 2)}   aim 1.05")
    g.stop()
    u.stop()


class Service(http.server.BaseHTTPRequestHandler):
    """Answers what a case has for a path."""
    protocol_version = "HTTP/1.1"
    rows = {}

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        row = self.rows.get(self.path, {"status": 404})
        body = json.dumps(row.get("json", {})).encode()
        self.send_response(row.get("status", 200))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *args):
        pass


def case(top, name):
    """What is asked and answered in the case of a provider that finds most, and
    what its paths begin with."""
    found = []
    for folder in glob.glob(f"{top}/{name}/cases/*/"):
        request, rows, answer = (read(f"{folder}{file}.json") for file in (
            "request", "upstream", "answer"))
        if request["route"].startswith("observe") and "errors" not in answer:
            found.append((len(json.dumps(answer)), folder, request, rows))
    _, _, request, rows = max(found)
    url = re.search(r"^url\s*=\s*https://[^/\s]+(\S*)",
                    read(f"{top}/{name}/provider.ini", str), re.M)
    Service.rows = {re.sub(r"^\S+ https://[^/]+", "", row["request"]): row
                    for row in rows}
    return request, url[1]


def read(path, what=json.loads):
    with open(path) as f:
        return what(f.read())


def alone(top):
    """One thread, so that one process runs the maps."""
    return {"providers": top, "workers": 1, "threads": 1}


def usual(bed, top):
    """CPU of the map of each of the ten, for what their cases answer."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    used = {}
    for name in TEN:
        request, path = case(top, name)
        g = p.gateway(bed, None, server=alone(top), relays={
            "relay text": {"provider": name, "rate": 0, "url":
                           f"http://127.0.0.1:{server.server_port}{path}"}})
        used[name] = 1000 * mapped(g, g.token("text", **request["claims"]),
                                   json.dumps(request["body"]))
        g.stop()
    server.shutdown()
    print("CPU of the map, ms, what the cases of ten answer: " + ", ".join(
        f"{name} {ms:.2f}" for name, ms in used.items()) + "   aim 0.50")


def mapped(g, token, body):
    """Seconds of CPU that the processes of maps have for one request."""
    for _ in range(8):
        g.ask("/text/observe/observables", token, body)
    before = b.cpu(maps(g))
    for _ in range(REQUESTS):
        g.ask("/text/observe/observables", token, body)
    return (b.cpu(maps(g)) - before) / REQUESTS


def mapping(bed, top):
    """The same for a long answer."""
    u = p.Upstream(bed, 0)
    g = p.gateway(bed, u, server=alone(top), relays={
        "relay text": {"provider": "twin-spycloud", "url": u.url}})
    used = mapped(g, g.token("text", key=p.KEY), p.EMAIL)
    print("CPU of the map, ms, 30 records of 5 sources of SpyCloud: "
          f"{used * 1000:.2f}")
    g.stop()
    u.stop()


def refer(bed, top):
    """References need no map: requests a second both ways."""
    g = b.Gateway(bed, {"server": {"providers": top}, "relay c": {
        "provider": "otx"}, "relay text": {"provider": "twin-otx"}}).serve()
    body = bed.write(f"{bed.dir}/refer.json", p.BODY)
    rates = {"c": [], "text": []}
    for _ in range(bed.rounds):
        for name, found in rates.items():
            token = g.token(name, **({"key": p.KEY} if name == "c" else {}))
            found.append(g.load(f"/{name}/refer/observables", token, body,
                                bed.seconds)[1])
    ratio = [x / y for x, y in zip(rates["text"], rates["c"])]
    print(f"references of 8 observables, requests a second, described to C: "
          f"{b.spread(ratio, 1, 2)}; processes of maps: "
          f"{len(maps(g))}   aim: none")
    g.stop()


def idle(bed, top):
    """A pool that nobody asks, without described relays and with ten."""
    held = []
    for relays in ({}, {f"relay {name}": {"provider": name} for name in TEN}):
        g = b.Gateway(bed, {"server": {"providers": top},
                            "relay otx": {}, **relays}).serve()
        time.sleep(1)
        pids = [g.pool.pid] + g.workers() + maps(g)
        held.append(b.memory(set(pids)))
        g.stop()
    print(f"idle pool, MB: {held[0] / 1e6:.1f}; with ten described relays "
          f"{(held[1] - held[0]) / 1e6:.1f} more   aim 15")


def run(bed):
    top = described(bed)
    print(f"\n{'SpyCloud, 50 ms away':34} {'wall ms (min-max)':>24}",
          flush=True)
    wall(bed, top, 50)
    usual(bed, top)
    mapping(bed, top)
    refer(bed, top)
    idle(bed, top)

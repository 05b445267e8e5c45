# SPDX-License-Identifier: MIT
"""RS256 tokens: how often the keys are fetched, and what checking one costs
beside HS256."""
import base64
import http.server
import json
import ssl
import subprocess
import threading

import bed as b

KID = "bench"
REQUESTS = 10_000


def openssl(*args, **more):
    return subprocess.run(["openssl", *args], check=True, capture_output=True,
                          **more).stdout


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Keys:
    """A host of keys over TLS, and a token signed by one of them."""

    def __init__(self, folder):
        self.rsa = f"{folder}/rsa.key"
        self.ca = f"{folder}/host.pem"
        host_key = f"{folder}/host.key"
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt",
                "rsa_keygen_bits:2048", "-out", self.rsa)
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=localhost", "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1",
                "-keyout", host_key, "-out", self.ca)
        modulus = openssl("rsa", "-in", self.rsa, "-noout", "-modulus")
        number = bytes.fromhex(modulus.decode().strip().partition("=")[2])
        body = json.dumps({"keys": [{
            "kty": "RSA", "kid": KID, "alg": "RS256", "use": "sig",
            "n": b64(number), "e": "AQAB"}]}).encode()
        self.asked = []
        asked = self.asked

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.ca, host_key)
        self.server.socket = tls.wrap_socket(self.server.socket,
                                             server_side=True)
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def token(self, audience):
        text = ".".join(b64(json.dumps(part).encode()) for part in (
            {"alg": "RS256", "typ": "JWT", "kid": KID},
            {"jwks_host": self.host, "aud": audience}))
        return text + "." + b64(openssl("dgst", "-sha256", "-sign", self.rsa,
                                        input=text.encode()))


def run(bed):
    folder = bed.folder("keys")
    keys = Keys(folder)
    g = b.Gateway(bed, {
        "auth": {"jwks_hosts": keys.host},
        "http": {"allow_private": "yes", "ca_file": keys.ca},
        "relay template": {}}).serve()
    body = bed.write(f"{folder}/body", "")
    rs256 = keys.token(f"http://127.0.0.1:{g.port}/template")
    hs256 = g.token("template")
    asked = 0
    while asked < REQUESTS:
        asked += g.load("/template/health", rs256, body, bed.seconds)[0]
    calls = len(keys.asked)
    print(f"\nJWKS calls during {asked:,} RS256 requests: {calls} (aim: 1)")
    ratio = []
    for _ in range(bed.rounds):
        mine = g.load("/template/health", rs256, body, bed.seconds)[1]
        theirs = g.load("/template/health", hs256, body, bed.seconds)[1]
        ratio.append(mine / theirs)
    print(f"RS256 {mine:,.0f} requests a second, HS256 {theirs:,.0f}: "
          f"{b.spread(ratio, 1, 2)}")
    g.stop()
    keys.server.shutdown()

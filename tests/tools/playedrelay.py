# SPDX-License-Identifier: MIT
"""A relay played on loopback, for the commands that ask one elsewhere."""

import http.server
import json
import threading

import testca


class Played:
    """A relay that answers what it is told to: answer(asked) gives the JSON,
    (status, headers, text), or None to wait for release()."""

    def __init__(self, answer, tls=None):
        played = self
        self.asked, self.tokens, self.gate = [], [], threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                asked = [o['value'] for o in json.loads(body)]
                played.tokens.append(self.headers['Authorization'])
                played.asked.append(asked)
                said = answer(asked)
                if said is None:
                    played.gate.wait(20)
                    said = {'data': {}}
                if not isinstance(said, tuple):
                    said = 200, {}, json.dumps(said, indent=1)
                try:
                    self.send_response(said[0])
                    for name, value in said[1].items():
                        self.send_header(name, value)
                    self.send_header('Content-Length', str(len(said[2])))
                    self.end_headers()
                    self.wfile.write(said[2].encode())
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0),
                                                      Handler)
        self.server.daemon_threads = True
        scheme = 'http'
        if tls:
            scheme = 'https'
            self.server.socket = testca.server_context(tls).wrap_socket(
                self.server.socket, server_side=True)
        self.url = '%s://127.0.0.1:%d/r' % (scheme,
                                            self.server.server_address[1])
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()


def verdict(value, disposition=2):
    return {'type': 'verdict', 'disposition': disposition,
            'observable': {'type': 'domain', 'value': value},
            'valid_time': {}}


def verdicts(values, disposition=2, **more):
    return {'data': {'verdicts': {'count': len(values), 'docs': [
        verdict(v, disposition) for v in values]}}, **more}

# SPDX-License-Identifier: MIT
"""A proxy played on loopback: it takes CONNECT alone, and leads each host that
it knows to a played service, so that a test can call hosts with public names."""

import socket
import threading


class ConnectProxy:
    """hosts: {name: port on loopback}.  asked has the targets, as they were
    named, heads all that came with them."""

    def __init__(self, hosts):
        self.hosts = hosts
        self.asked, self.heads = [], []
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.url = 'http://127.0.0.1:%d' % self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.one, args=(client,),
                             daemon=True).start()

    def one(self, client):
        head = b''
        while b'\r\n\r\n' not in head:
            more = client.recv(4096)
            if not more:
                client.close()
                return
            head += more
        target = head.split()[1].decode()
        self.asked.append(target)
        self.heads.append(head)
        port = self.hosts.get(target.rpartition(':')[0])
        if not head.startswith(b'CONNECT ') or port is None:
            client.sendall(b'HTTP/1.1 502 Bad Gateway\r\n\r\n')
            client.close()
            return
        server = socket.create_connection(('127.0.0.1', port))
        client.sendall(b'HTTP/1.1 200 Connected\r\n\r\n')
        threading.Thread(target=pump, args=(server, client),
                         daemon=True).start()
        pump(client, server)

    def stop(self):
        self.listener.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def pump(from_, to):
    try:
        while True:
            data = from_.recv(65536)
            if not data:
                break
            to.sendall(data)
    except OSError:
        pass
    for end in (from_, to):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

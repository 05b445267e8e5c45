# SPDX-License-Identifier: MIT
"""A played name server on loopback, and programs that ask it alone."""

import os
import socket
import struct
import threading

import harness


class Resolver:
    """names: of each its IPv4 address, or None: it is never answered."""

    def __init__(self, names):
        if os.getuid() != 0:
            raise harness.Skipped('the port of a name server needs root')
        self.names, self.asked = names, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        address = '127.%d.%d.53' % (os.getpid() >> 8 & 255, os.getpid() & 255)
        self.socket.bind((address, 53))
        self.conf = os.path.join(harness.folder('resolver'), 'resolv.conf')
        harness.write(self.conf, 'nameserver %s\n' % address)
        self.thread = threading.Thread(target=self.answer, daemon=True)
        self.thread.start()

    def wrapper(self):
        """What stands before a program's arguments."""
        return ['unshare', '-m', 'sh', '-c',
                'mount --bind "$0" /etc/resolv.conf && exec "$@"', self.conf]

    def answer(self):
        while True:
            query, client = self.socket.recvfrom(512)
            at, labels = 12, []
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode())
                at += 1 + query[at]
            name = '.'.join(labels).lower()
            kind = struct.unpack('>H', query[at + 1:at + 3])[0]
            self.asked.append(name)
            if self.names.get(name, '') is None:
                continue
            there = name in self.names
            found = there and kind == 1
            reply = query[:2] + struct.pack(
                '>HHHHH', 0x8180 if there else 0x8183, 1, found, 0, 0)
            reply += query[12:at + 5]
            if found:
                reply += struct.pack('>HHHIH', 0xc00c, 1, 1, 60, 4)
                reply += socket.inet_aton(self.names[name])
            self.socket.sendto(reply, client)

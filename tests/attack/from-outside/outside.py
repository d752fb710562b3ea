"""Attacks from outside while files are served over HTTP: floods by a neighbour on
the card's cable, and clients who keep connections. What is random is so by
SEED."""

import http.client
import os
import random
import socket
import struct
import time

from tests.attack.outside import (CARD, GUEST, NEIGHBOUR, NEIGHBOUR_MAC,
                                  Meanwhile)
from tests.lib import disks, frames
from tests.lib.machine import PATIENCE

BATCH, BATCHES = 512, 32
SECONDS = 4                       # of flood, at least
SEED = int(os.environ.get("SEED", "1"))
FILE = "/docs/kernel-api.md"
PATIENT = 40                      # seconds for a file, and for the server
LINK_LOCAL = "fe80::5054:ff:fe12:3456"
NEIGHBOUR6 = "fe80::c0:ff:feee:77"


def small(net, chance):
    """The shortest frames there are, for a port that nobody listens on."""
    return net.packet(frames.ipv4(NEIGHBOUR, GUEST, frames.UDP, frames.udp(
        NEIGHBOUR, GUEST, 1024, chance.randrange(40000, 50000), b"")))


def fragments(net, chance):
    """Of datagrams that never become whole: pieces that overlap, lie apart,
    reach beyond 64 KiB; IPv4 and IPv6."""
    at = 8 * chance.choice([0, 1, 7, 185, 370, 4096, 8189, 8190, 8191])
    data = bytes(8 * chance.randrange(1, 185))
    ident, more = chance.randrange(65536), chance.random() < 0.9
    if chance.random() < 0.5:
        return net.packet(frames.ipv4(NEIGHBOUR, GUEST, frames.UDP, data,
                                      ident=ident, offset=at, more=more))
    head = struct.pack(">BBHI", frames.UDP, 0, at | more, ident)
    return net.packet(frames.ipv6(NEIGHBOUR6, LINK_LOCAL, 44, head + data),
                      frames.IPV6)


def connections(net, chance):
    """Requests to connect to the web server, each from another port and most
    from a neighbour that is not there; nobody goes on with one."""
    sender = f"10.0.2.{chance.randrange(100, 250)}"
    return net.packet(frames.ipv4(sender, GUEST, frames.TCP, frames.tcp(
        sender, GUEST, chance.randrange(1024, 65536), 80,
        chance.randrange(1 << 32), 0, frames.SYN, options=b"\2\4\5\xb4")))


def well_formed(chance):
    """One packet of any kind, to the guest."""
    data = chance.randbytes(chance.choice([0, 1, 8, 100, 1200]))
    kind = chance.randrange(7)
    if kind == 0:
        return frames.ARP, frames.arp(chance.randrange(1, 3), NEIGHBOUR_MAC,
                                      NEIGHBOUR, CARD, GUEST)
    if kind == 1:
        return frames.IPV4, frames.ipv4(NEIGHBOUR, GUEST, frames.ICMP,
                                        frames.echo_request(1, 2, data))
    if kind == 2:
        return frames.IPV4, frames.ipv4(NEIGHBOUR, GUEST, frames.UDP, frames.udp(
            NEIGHBOUR, GUEST, 53, chance.choice([7, 53, 68, 5353]), data))
    if kind == 3:
        return frames.IPV4, frames.ipv4(
            NEIGHBOUR, GUEST, frames.TCP,
            frames.tcp(NEIGHBOUR, GUEST, 1024, 80, 1, 1, chance.randrange(64),
                       data, options=chance.randbytes(4 * chance.randrange(11))),
            options=chance.randbytes(4 * chance.randrange(11)))
    following = chance.choice([0, 43, 44, 50, 58, 59, 60, 17, 6, 135])
    if kind == 4:
        data = bytes([chance.choice([133, 134, 135, 136, 137, 130, 143]), 0]) + data
    return frames.IPV6, frames.ipv6(NEIGHBOUR6, LINK_LOCAL,
                                    58 if kind == 4 else following, data,
                                    hops=chance.choice([1, 64, 255]))


def malformed(net, chance):
    """Packets with some fields changed, and cut off or longer than they say."""
    kind, packet = well_formed(chance)
    packet = bytearray(packet)
    for _ in range(chance.randrange(4)):
        at = chance.randrange(min(len(packet), 80))
        packet[at] = chance.choice([0, 1, 0x7f, 0x80, 0xff, chance.randrange(256)])
    if chance.random() < 0.3:
        del packet[chance.randrange(len(packet)):]
    if kind == frames.IPV4 and len(packet) >= 20 and chance.random() < 0.7:
        # The header's checksum is right, so that its fields are looked at.
        packet[10:12] = b"\0\0"
        words = min(max(packet[0] & 15, 5) * 4, len(packet))
        packet[10:12] = struct.pack(">H", frames.checksum(bytes(packet[:words])))
    return net.packet(bytes(packet), kind)


class Flood:
    """Frames without end. QEMU would keep any number of them for the guest, so
    a ping goes along with each batch, and no more than two go unanswered: that
    is as fast as the guest takes them, and no queue but its own is full."""

    def __init__(self, net, make):
        chance = random.Random(SEED)
        self.net, self.answered = net, 0
        self.batches = [[make(net, chance) for _ in range(BATCH)]
                        for _ in range(BATCHES)]
        self.thread = Meanwhile(self.batch)

    def batch(self, number):
        self.net.send(*self.batches[number % BATCHES])
        self.net.ask(number)
        if number:
            self.answered += self.net.answered(number - 1, 0.5)

    def stop(self):
        """(pings, how many were answered)"""
        self.thread.stop()
        asked = self.thread.rounds
        return asked - 1, self.answered


def fetch(attempt):
    """Seconds that a client of the host waited for a file; None: it did not
    come, or not as it is on the disk."""
    start = time.monotonic()
    came = attempt.outside.fetch(FILE, PATIENT)
    return time.monotonic() - start if came == attempt.notes["file"] else None


def wait_for_server(attempt):
    end = time.monotonic() + PATIENT * PATIENCE
    attempt.notes["file"] = disks.read(attempt.disk, FILE)
    while fetch(attempt) is None:
        assert time.monotonic() < end, "the web server is not there"
        time.sleep(0.5)
    attempt.notes["before"] = fetch(attempt)


class Kept:
    """A client that is connected already and asks again and again."""

    def __init__(self, attempt):
        self.attempt = attempt
        self.connection = http.client.HTTPConnection(
            "127.0.0.1", attempt.outside.ports["http"], timeout=PATIENT * PATIENCE)
        assert self.fetch() is not None, "not served before the flood"

    def fetch(self):
        start = time.monotonic()
        try:
            self.connection.request("GET", FILE)
            came = self.connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            return None
        return (time.monotonic() - start if came == self.attempt.notes["file"]
                else None)


def flood_with(make, attempt, kept=False):
    wait_for_server(attempt)
    once = Kept(attempt).fetch if kept else lambda: fetch(attempt)
    flood = Flood(attempt.outside, make)
    end = time.monotonic() + SECONDS * PATIENCE
    attempt.notes["during"] = []
    while time.monotonic() < end:
        attempt.notes["during"].append(once())
    attempt.notes["pings"] = flood.stop()
    attempt.notes["after"] = fetch(attempt)


def flood_small(attempt):
    flood_with(small, attempt)


def flood_fragments(attempt):
    flood_with(fragments, attempt)


def flood_connections(attempt):
    # Half-open connections push out half-open ones: who is connected stays.
    flood_with(connections, attempt, kept=True)


def flood_malformed(attempt):
    flood_with(malformed, attempt)


# Clients that keep the web server's connections to themselves.

CLIENTS = 16                      # twice as many as it takes (policy.yaml)


def slow_head(net, number):
    """A request, byte by byte, for longer than anybody waits."""
    with net.connect("http", PATIENT) as s:
        for byte in b"GET / HTTP/1.1\r\nHost: cordon\r\nX: " + b"A" * 2000:
            s.sendall(bytes([byte]))
            time.sleep(0.5)


def stalled(net, number):
    """A request for 64 MiB, of which nothing is read."""
    with net.connect("http", PATIENT) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.sendall(b"GET /big.bin HTTP/1.1\r\nHost: cordon\r\n\r\n")
        time.sleep(60)


def again(client, attempt, number):
    try:
        client(attempt.outside, number)
    except OSError:
        time.sleep(0.1)           # it was shown the door


def keep_with(client, attempt):
    wait_for_server(attempt)
    for _ in range(CLIENTS):      # they end with the test
        Meanwhile(lambda number: again(client, attempt, number))
    time.sleep(2)
    attempt.notes["during"] = [fetch(attempt)]


def keep_slow(attempt):
    keep_with(slow_head, attempt)


def keep_stalled(attempt):
    keep_with(stalled, attempt)

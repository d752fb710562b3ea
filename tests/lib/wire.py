"""The other end of a network card's cable: QEMU's `-netdev stream` over a unix
socket, each frame behind its length (32 bits, big-endian).

    wire = Wire(directory)
    machine(..., extra=wire.arguments("e1000e"))
    wire.send(frame); frame = wire.receive(timeout)
"""

import os
import re
import select
import socket
import struct
import subprocess
import threading
import time

from .machine import PATIENCE

PEER = bytes.fromhex("02c0ffee0001")
EVERYONE = b"\xff" * 6
COMMAND = b"\x88\xb5"
REPORT = b"\x88\xb6"


class Wire:
    def __init__(self, directory, options=""):
        self.path = f"/tmp/cordon-wire-{os.getpid()}-{id(self):x}"
        self.pcap = os.path.join(directory, "wire.pcap")
        self.options = options
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(1)
        self.listener.settimeout(30 * PATIENCE)
        self.socket = None
        self.buffer = b""
        self.sending = threading.Lock()     # frames of two threads stay whole
        self.unsent = b""

    def arguments(self, model, more=""):
        """QEMU's arguments: the card behind a root port, so that it can be
        reset; every frame also goes to a pcap file."""
        return ["-netdev", f"stream,id=wire,server=off,addr.type=unix,addr.path={self.path}",
                "-object", f"filter-dump,id=dump,netdev=wire,file={self.pcap}",
                "-device", "pcie-root-port,id=wireport,chassis=9,addr=9",
                "-device", f"{model},netdev=wire,bus=wireport,mac=52:54:00:12:34:56{more}"]

    def connect(self):
        if self.socket is None:
            self.socket, _ = self.listener.accept()
            self.socket.setblocking(True)

    def close(self):
        for s in (self.socket, self.listener):
            if s:
                s.close()
        if os.path.exists(self.path):
            os.remove(self.path)

    def send(self, *frames):
        """Lost, as on any cable, if the card takes nothing for a second."""
        self.connect()
        with self.sending:
            if self.flush():
                self.unsent = b"".join(struct.pack(">I", len(f)) + f for f in frames)
                self.flush()

    def flush(self):
        while self.unsent:
            if not select.select([], [self.socket], [], PATIENCE)[1]:
                return False
            self.unsent = self.unsent[self.socket.send(self.unsent,
                                                       socket.MSG_DONTWAIT):]
        return True

    def whole(self):
        """The next frame of those that came, if it is whole."""
        if len(self.buffer) < 4:
            return None
        size = struct.unpack(">I", self.buffer[:4])[0]
        if len(self.buffer) < 4 + size:
            return None
        frame = self.buffer[4:4 + size]
        self.buffer = self.buffer[4 + size:]
        return frame

    def receive(self, timeout=10):
        """The next frame, or None."""
        self.connect()
        end = time.monotonic() + timeout * PATIENCE
        while True:
            frame = self.whole()
            if frame is not None:
                return frame
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return None
            data = self.socket.recv(1 << 16)
            if not data:
                return None
            self.buffer += data

    def take(self):
        """All whole frames, after some came; None: the other end has gone."""
        data = self.socket.recv(1 << 16)
        if not data:
            return None
        self.buffer += data
        return list(iter(self.whole, None))

    def until(self, wanted, timeout=10):
        """Frames up to the first that `wanted` is true of, that one last."""
        seen = []
        end = time.monotonic() + timeout * PATIENCE
        while time.monotonic() < end:
            frame = self.receive(1)
            if frame is not None:
                seen.append(frame)
                if wanted(frame):
                    return seen
        raise AssertionError(f"no such frame within {timeout} s; {len(seen)} others, "
                             f"the last: {seen[-1].hex() if seen else None}")

    def report(self, start="", timeout=10):
        """The next report that begins so, as text."""
        def wanted(frame):
            return frame[12:14] == REPORT and report_text(frame).startswith(start)
        return report_text(self.until(wanted, timeout)[-1])


def report_text(frame):
    return frame[14:].split(b"\0")[0].decode(errors="replace")


def command(to, letter, argument=b""):
    return to + PEER + COMMAND + letter + argument + bytes(46)


def sum_of(frame):
    """As tests/component/packettest/main.c adds up."""
    total = 0
    for byte in frame:
        total = (total * 31 + byte) & 0xffffffff
    return total


# --- is what comes out well-formed? ---

def ones_sum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def ip_payload(frame):
    """(protocol, TCP or UDP header and data, pseudo-header); checks lengths and
    the IPv4 header's checksum."""
    kind = struct.unpack(">H", frame[12:14])[0]
    ip = frame[14:]
    if kind == 0x0800:
        header, length = (ip[0] & 15) * 4, struct.unpack(">H", ip[2:4])[0]
        assert ip[0] >> 4 == 4 and header >= 20
        assert length <= len(ip), f"IPv4 length {length} of {len(ip)}"
        assert ones_sum(ip[:header]) == 0xffff, "IPv4 header checksum"
        body, protocol = ip[header:length], ip[9]
        pseudo = ip[12:20] + struct.pack(">HH", protocol, len(body))
    else:
        assert kind == 0x86dd and ip[0] >> 4 == 6
        length, protocol = struct.unpack(">HB", ip[4:7])
        assert 40 + length <= len(ip), f"IPv6 length {length} of {len(ip)}"
        body = ip[40:40 + length]
        pseudo = ip[8:40] + struct.pack(">II", len(body), protocol)
    return protocol, body, pseudo


def check_sums(frame):
    """Every checksum of a TCP or UDP packet; returns its protocol and body."""
    protocol, body, pseudo = ip_payload(frame)
    assert protocol in (6, 17)
    assert ones_sum(pseudo + body) == 0xffff, f"checksum of protocol {protocol}"
    return protocol, body


def pcap_told(path, *which):
    """What tcpdump says of the frames of a pcap file that its filter lets
    through, and those of its lines that find fault with one. (What stands
    behind a tab is what an application said.)"""
    told = subprocess.run(["tcpdump", "-nnvvr", path, *which], check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True).stdout
    return told, re.findall(r"^(?!\t).*(?:\bbad[ -]|incorrect|wrong|truncated|invalid|\[\|).*$",
                            told, re.M)


def pcap_frames(path):
    """The frames of a pcap file (libpcap's classic format)."""
    with open(path, "rb") as f:
        data = f.read()
    assert data[:4] == b"\xd4\xc3\xb2\xa1"
    at, frames = 24, []
    while at + 16 <= len(data):
        size = struct.unpack("<I", data[at + 8:at + 12])[0]
        frames.append(data[at + 16:at + 16 + size])
        at += 16 + size
    return frames

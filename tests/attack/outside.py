"""The network of a case whose `machine` says `network: MODEL`: the card's cable
ends here, at a switch of ours with two ports. On one is QEMU's user-mode
network, which gives addresses and lets clients of the host in; on the other is a
neighbour, which sends to the card what it likes, frame by frame. (Not to the
user-mode network: it is a part of QEMU, and not under attack.) What passes the
card is recorded by QEMU.

    outside.fetch("/big.bin")     as a client of the host asks for it
    outside.send(frame)           as the neighbour
    outside.heard(timeout)        the next frame for the neighbour, or None
    outside.sent()                frames that the card has sent, by QEMU's record
"""

import os
import queue
import select
import socket
import struct
import subprocess
import threading
import time

from tests.lib import frames
from tests.lib.machine import PATIENCE
from tests.lib.wire import Wire, pcap_frames

CARD_NAME = "52:54:00:12:34:56"
CARD = bytes.fromhex(CARD_NAME.replace(":", ""))
GUEST = "10.0.2.15"               # what QEMU's user-mode network gives first
NEIGHBOUR = "10.0.2.77"           # ours
NEIGHBOUR_MAC = bytes.fromhex("02c0ffee0077")
ECHO = 0x4321                     # identifies our pings
# Of the guest, for TCP clients of the host.
PORTS = {"http": 80, "echo": 7, "attacker": 9}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def stream(name, wire):
    return ["-netdev", f"stream,id={name},server=off,addr.type=unix,"
                       f"addr.path={wire.path}"]


class Outside:
    def __init__(self, model, directory):
        os.makedirs(directory, exist_ok=True)
        self.model = model
        self.pcap = os.path.join(directory, "card.pcap")
        self.card, self.user = Wire(directory), Wire(directory)
        self.ports = {name: free_port() for name in PORTS}
        self.frames = queue.SimpleQueue()       # for the neighbour
        self.over = False
        self.switch = threading.Thread(target=self.relay, daemon=True)

    def arguments(self):
        """QEMU's; whoever has them starts QEMU."""
        let_in = "".join(f",hostfwd=tcp:127.0.0.1:{self.ports[name]}-{GUEST}:{port}"
                         for name, port in PORTS.items())
        self.switch.start()
        return [*stream("card", self.card),
                *stream("port", self.user),
                "-netdev", f"user,id=user{let_in}",
                "-netdev", "hubport,id=hub-user,hubid=0,netdev=user",
                "-netdev", "hubport,id=hub-port,hubid=0,netdev=port",
                "-object", f"filter-dump,id=dump,netdev=card,file={self.pcap}",
                "-device", "pcie-root-port,id=cardport,chassis=9,addr=9",
                "-device", f"{self.model},netdev=card,bus=cardport,"
                           f"mac={CARD_NAME}"]

    def close(self):
        self.over = True
        self.switch.join(5)
        self.card.close()
        self.user.close()

    def relay(self):
        """The switch."""
        try:
            self.card.connect()
            self.user.connect()
            sockets = {self.card.socket: self.card, self.user.socket: self.user}
            while not self.over:
                for ready in select.select(list(sockets), [], [], 0.2)[0]:
                    came = sockets[ready].take()
                    if came is None:
                        return                  # QEMU has ended
                    self.forward(sockets[ready], came)
        except OSError:
            pass                                # the same

    def forward(self, wire, came):
        if wire is self.user:
            self.card.send(*came)
            return
        for frame in came:
            if frame[12:14] == b"\x08\x06":
                self.answer(frame)
            elif frame[:6] == NEIGHBOUR_MAC:
                self.frames.put(frame)
        self.user.send(*[f for f in came if f[:6] != NEIGHBOUR_MAC])

    # As a client of the host

    def fetch(self, path, timeout=60):
        """What curl got of the web server; None: not all, or nothing."""
        done = subprocess.run(
            ["curl", "-sS", "--noproxy", "*", "-m", str(timeout * PATIENCE),
             f"http://127.0.0.1:{self.ports['http']}{path}"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return None if done.returncode else done.stdout

    def connect(self, port, timeout=5):
        s = socket.create_connection(("127.0.0.1", self.ports[port]),
                                     timeout * PATIENCE)
        s.settimeout(timeout * PATIENCE)
        return s

    def send_and_compare(self, data, timeout=5):
        """Seconds that the echo server took to send it all back; None: it did
        not, or it was something else."""
        start = time.monotonic()
        try:
            with self.connect("echo", timeout) as s:
                sender = Meanwhile(lambda _: (s.sendall(data),
                                              s.shutdown(socket.SHUT_WR)), once=True)
                came = b"".join(iter(lambda: s.recv(1 << 16), b""))
                sender.stop()
        except OSError:
            return None
        return time.monotonic() - start if came == data else None

    # As the neighbour

    def send(self, *sent):
        self.card.send(*sent)

    def heard(self, timeout=1):
        try:
            return self.frames.get(timeout=max(timeout, 0))
        except queue.Empty:
            return None

    def packet(self, payload, kind=frames.IPV4):
        return frames.ethernet(CARD, NEIGHBOUR_MAC, kind, payload)

    def answer(self, request):
        """To who asks for our address."""
        if request[20:22] == b"\0\1" and request[38:42] == frames.address(NEIGHBOUR):
            self.send(frames.ethernet(
                request[6:12], NEIGHBOUR_MAC, frames.ARP,
                frames.arp(2, NEIGHBOUR_MAC, NEIGHBOUR, request[6:12], GUEST)))

    def ask(self, number):
        """One ping, with our address before it."""
        self.send(frames.ethernet(
            CARD, NEIGHBOUR_MAC, frames.ARP,
            frames.arp(1, NEIGHBOUR_MAC, NEIGHBOUR, bytes(6), GUEST)),
            self.packet(frames.ipv4(NEIGHBOUR, GUEST, frames.ICMP,
                                    frames.echo_request(ECHO, number, bytes(32)))))

    def answered(self, number, timeout=2):
        """Whether the answer came (others before it are passed over)."""
        wanted = struct.pack(">HH", ECHO, number)
        end = time.monotonic() + timeout * PATIENCE
        while time.monotonic() < end:
            frame = self.heard(end - time.monotonic())
            if frame and frame[34:36] == b"\0\0" and frame[38:42] == wanted:
                return True
        return False

    # QEMU's record

    def sent(self):
        return [f for f in pcap_frames(self.pcap) if f[6:12] == CARD]


class Meanwhile(threading.Thread):
    """Does something, `once` or again and again until it is stopped. What goes
    wrong in it is raised by stop()."""

    def __init__(self, what, once=False):
        super().__init__(daemon=True)
        self.what, self.over = what, once
        self.rounds, self.failed = 0, None
        self.start()

    def run(self):
        try:
            while True:
                self.what(self.rounds)
                self.rounds += 1
                if self.over:
                    return
        except BaseException as e:      # stop() tells
            self.failed = e

    def stop(self, timeout=60):
        self.over = True
        self.join(timeout * PATIENCE)
        assert not self.is_alive(), "the host's part does not end"
        if self.failed:
            raise self.failed

"""Frames that a peer on the wire sends to the network stack, and what it makes
of those that come: Ethernet, ARP, IPv4, IPv6, ICMP, neighbour discovery, DHCP.

    peer = Peer(wire); peer.resolve(); peer.send4(1, echo(1, 2, b"data"))
"""

import ipaddress
import struct

from .wire import EVERYONE, PEER, check_sums, ip_payload, ones_sum

MAC = bytes.fromhex("525400123456")
IP, ARP, IPV6 = 0x0800, 0x0806, 0x86dd
ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58


def address(text):
    return ipaddress.ip_address(text).packed


def ether(to, kind, payload, source=PEER):
    return (to + source + struct.pack(">H", kind) + payload).ljust(60, b"\0")


def kind_of(frame):
    return struct.unpack(">H", frame[12:14])[0]


def inverse_sum(data):
    return struct.pack(">H", ones_sum(data) ^ 0xffff)


def arp(operation, own, target, own_mac=PEER, target_mac=bytes(6)):
    return struct.pack(">HHBBH", 1, IP, 6, 4, operation) + own_mac + own + target_mac + target


def ipv4(source, to, protocol, body, ttl=64, ident=1, fragment=0):
    """`fragment`: the 16 bits of flags and offset."""
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), ident, fragment,
                         ttl, protocol, 0) + source + to
    return header[:10] + inverse_sum(header) + header[12:] + body


def ipv6(source, to, protocol, body, hops=64):
    return struct.pack(">IHBB", 6 << 28, len(body), protocol, hops) + source + to + body


def pseudo(source, to, protocol, length):
    if len(source) == 4:
        return source + to + struct.pack(">HH", protocol, length)
    return source + to + struct.pack(">II", length, protocol)


def udp(source, to, own_port, port, data):
    header = struct.pack(">HHH", own_port, port, 8 + len(data))
    total = inverse_sum(pseudo(source, to, UDP, 8 + len(data)) + header + b"\0\0" + data)
    return header + (total if total != b"\0\0" else b"\xff\xff") + data


def tcp(source, to, own_port, port, seq, ack, flags, window=65535, data=b"", options=b""):
    header = struct.pack(">HHIIBBHHH", own_port, port, seq, ack,
                         (5 + len(options) // 4) << 4, flags, window, 0, 0) + options
    total = inverse_sum(pseudo(source, to, TCP, len(header) + len(data)) + header + data)
    return header[:16] + total + header[18:] + data


def echo(ident, number, data, kind=8):
    message = struct.pack(">BBHHH", kind, 0, 0, ident, number) + data
    return message[:2] + inverse_sum(message) + message[4:]


def icmp6(source, to, message):
    """`message` has a checksum of 0."""
    total = inverse_sum(pseudo(source, to, ICMP6, len(message)) + message)
    return message[:2] + total + message[4:]


def solicited(target):
    """The group and Ethernet address of neighbour solicitations for `target`
    (RFC 4291, 2.7.1; RFC 2464, 7)."""
    return address("ff02::1:ff00:0")[:13] + target[13:], b"\x33\x33\xff" + target[13:]


class Peer:
    """A host on the wire with an IPv4 and an IPv6 address, which answers who
    asks for its Ethernet address."""

    def __init__(self, wire, own="192.0.2.1", stack="192.0.2.2",
                 own6="2001:db8::1", stack6="2001:db8::2"):
        self.wire = wire
        self.own, self.stack = address(own), address(stack)
        self.own6, self.stack6 = address(own6), address(stack6)

    def answer(self, frame):
        """Answers ARP and neighbour solicitation; whether it was one."""
        if kind_of(frame) == ARP:
            if frame[20:22] == b"\0\1" and frame[38:42] == self.own:
                self.wire.send(ether(MAC, ARP, arp(2, self.own, frame[28:32], PEER, MAC)))
            return True
        if kind_of(frame) == IPV6 and frame[20] == ICMP6 and frame[54] == 135:
            source, target = frame[22:38], frame[62:78]
            if target == self.own6 and source != bytes(16):
                body = struct.pack(">BBHI", 136, 0, 0, 0x60000000) + target + b"\2\1" + PEER
                self.wire.send(ether(MAC, IPV6, ipv6(
                    self.own6, source, ICMP6, icmp6(self.own6, source, body), 255)))
            return True
        return False

    def until(self, wanted, timeout=10):
        """The first frame that `wanted` is true of; answers what asks for us."""
        return self.wire.until(lambda f: not self.answer(f) and wanted(f), timeout)[-1]

    def resolve(self, timeout=10):
        """Asks by ARP until the stack answers; its Ethernet address."""
        for _ in range(timeout * 2):
            self.wire.send(ether(EVERYONE, ARP, arp(1, self.own, self.stack)))
            try:
                frame = self.wire.until(
                    lambda f: kind_of(f) == ARP and f[20:22] == b"\0\2"
                    and f[28:32] == self.stack and f[38:42] == self.own, 0.5)[-1]
                return frame[22:28]
            except AssertionError:
                pass
        raise AssertionError("nobody answers ARP for the stack's address")

    def send4(self, protocol, body, **options):
        self.wire.send(ether(MAC, IP, ipv4(self.own, self.stack, protocol, body, **options)))

    def send6(self, protocol, body, **options):
        self.wire.send(ether(MAC, IPV6, ipv6(self.own6, self.stack6, protocol, body, **options)))

    def receive4(self, protocol, timeout=10):
        """The body of the next packet of this protocol to us, sums checked."""
        frame = self.until(lambda f: kind_of(f) == IP and f[23] == protocol
                           and f[30:34] == self.own, timeout)
        if protocol in (TCP, UDP):
            return check_sums(frame)[1]
        body = ip_payload(frame)[1]
        assert ones_sum(body) == 0xffff, "ICMP checksum"
        return body

    def receive6(self, protocol, timeout=10):
        frame = self.until(lambda f: kind_of(f) == IPV6 and f[20] == protocol
                           and f[38:54] == self.own6, timeout)
        _, body, mixed = ip_payload(frame)
        assert ones_sum(mixed + body) == 0xffff, "checksum over IPv6"
        return body

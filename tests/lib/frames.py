"""Ethernet frames as Python bytes: for peers that are not what they seem, so
every field can be something else than it should.

    ethernet(to, sender, IPV4, ipv4(A, B, UDP, udp(A, B, 7, 9, b"...")))
"""

import ipaddress
import struct

from .wire import ones_sum

ARP, IPV4, IPV6 = 0x0806, 0x0800, 0x86dd
ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def address(text):
    """Bytes of an IPv4 or IPv6 address."""
    return ipaddress.ip_address(text).packed


def checksum(data):
    return 0xffff - ones_sum(data)


def ethernet(to, sender, kind, payload):
    """At least as long as the shortest frame, without its checksum."""
    return (to + sender + struct.pack(">H", kind) + payload).ljust(60, b"\0")


def arp(operation, sender_mac, sender, target_mac, target):
    return (struct.pack(">HHBBH", 1, IPV4, 6, 4, operation) + sender_mac
            + address(sender) + target_mac + address(target))


def ipv4(source, target, protocol, payload, ident=0, offset=0, more=False,
         ttl=64, options=b""):
    """`offset` in bytes, a multiple of 8."""
    words = 5 + len(options) // 4
    header = struct.pack(">BBHHHBBH4s4s", 0x40 | words, 0,
                         4 * words + len(payload), ident,
                         (0x2000 if more else 0) | offset // 8, ttl, protocol, 0,
                         address(source), address(target)) + options
    return header[:10] + struct.pack(">H", checksum(header)) + header[12:] + payload


def ipv6(source, target, following, payload, hops=64):
    return (struct.pack(">IHBB", 6 << 28, len(payload), following, hops)
            + address(source) + address(target) + payload)


def pseudo(source, target, protocol, length):
    source, target = address(source), address(target)
    if len(source) == 4:
        return source + target + struct.pack(">HH", protocol, length)
    return source + target + struct.pack(">II", length, protocol)


def udp(source, target, source_port, target_port, payload):
    length = 8 + len(payload)
    header = struct.pack(">HHHH", source_port, target_port, length, 0)
    total = checksum(pseudo(source, target, UDP, length) + header + payload)
    return header[:6] + struct.pack(">H", total or 0xffff) + payload


def tcp(source, target, source_port, target_port, sequence, acknowledged, flags,
        payload=b"", window=65535, options=b""):
    words = 5 + len(options) // 4
    header = struct.pack(">HHIIBBHHH", source_port, target_port,
                         sequence & 0xffffffff, acknowledged & 0xffffffff,
                         words << 4, flags, window, 0, 0) + options
    total = checksum(pseudo(source, target, TCP, len(header) + len(payload))
                     + header + payload)
    return header[:16] + struct.pack(">H", total) + header[18:] + payload


def echo_request(ident, sequence, payload=b"", kind=8):
    """ICMP (RFC 792)."""
    header = struct.pack(">BBHHH", kind, 0, 0, ident, sequence)
    total = checksum(header + payload)
    return header[:2] + struct.pack(">H", total) + header[4:] + payload

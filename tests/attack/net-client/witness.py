"""What another client got done, and what left the card."""

import struct

from tests.attack.witnesses import Breach
from tests.lib import frames

SLOWER = 3               # times as long as before the attack, afterwards
RING = 16384             # bytes, of the attacker (net_client.h)
MAY_LISTEN = {7, 9}
FORBIDDEN = 666          # the port, and 66 the host, that only the attacker names


def transferred(attempt):
    """a client of the host: another's transfers were whole during the attack, and after it as fast as before"""
    during = attempt.notes["during"]
    assert len(during) >= 3, "the attack was too short to say"
    if None in during:
        raise Breach(f"{during.count(None)} of {len(during)} transfers failed")
    before, after = attempt.notes["before"], attempt.notes["after"]
    if after is None or after > SLOWER * before + 1:
        raise Breach(f"after the attack it takes {after} s, {before} s before")


def of_ipv4(attempt):
    """(protocol, destination, fragment offset, payload) of what the card sent"""
    for frame in attempt.outside.sent():
        if frame[12:14] == b"\x08\0":
            ip = frame[14:]
            offset = (struct.unpack(">H", ip[6:8])[0] & 0x1fff) * 8
            yield (ip[9], ip[16:20], offset,
                   ip[(ip[0] & 15) * 4:struct.unpack(">H", ip[2:4])[0]])


def within_ring(attempt):
    """QEMU's record of the cable: no datagram is longer than the ring that it is from"""
    ends = [offset + len(payload) for protocol, _, offset, payload
            in of_ipv4(attempt) if protocol == frames.UDP]
    assert max(ends, default=0) > 1480, "the attacker sent nothing large"
    if max(ends) > RING:
        raise Breach(f"a datagram of {max(ends)} bytes, from a ring of {RING}")


def within_window(attempt):
    """QEMU's record of the cable: the attacker takes nothing, so no more than its ring was acknowledged"""
    first, most = {}, 0
    for protocol, to, offset, payload in of_ipv4(attempt):
        if protocol != frames.TCP or offset:
            continue
        source, target, _, ack, _, flags = struct.unpack(">HHIIBB", payload[:14])
        if source == 9 and flags & frames.SYN:
            first[to, target] = ack
        elif source == 9 and flags & frames.ACK and (to, target) in first:
            most = max(most, (ack - first[to, target]) & 0xffffffff)
    assert most > RING // 2, "the attacker was sent nothing"
    if most > RING + 1:         # a FIN counts
        raise Breach(f"{most} bytes acknowledged, for a ring of {RING}")


def noticed(attempt):
    """the console: the stack has found the attacker's rings broken"""
    if "net: attacker broke its rings" not in attempt.machine.console:
        raise Breach("it believed every position")


def forbidden(protocol, to, offset, payload):
    if to[3] == 66:
        return "to a host that may not be talked to"
    if protocol == frames.ICMP and payload[0] == 8:
        return "a ping"
    if protocol not in (frames.TCP, frames.UDP) or offset:
        return None
    source, target = struct.unpack(">HH", payload[:4])
    if target == FORBIDDEN:
        return "to a port that may not be talked to"
    if protocol == frames.UDP:
        return "a question for a name" if b"cordon-secret" in payload else None
    syn, ack = payload[13] & frames.SYN, payload[13] & frames.ACK
    if syn and not ack:
        return "a request to connect"
    return f"somebody listens on port {source}" \
        if syn and source not in MAY_LISTEN else None


def nothing_forbidden(attempt):
    """QEMU's record of the cable: nothing that the policy forbids has left the card"""
    for frame in attempt.outside.sent():
        kind, body = frame[12:14], frame[14:]
        if kind == b"\x08\x06" and b"\x0a\0\x02\x42" in body:
            raise Breach(f"it asks for 10.0.2.66, or answers for it: {frame.hex()}")
        if kind == b"\x86\xdd" and body[39] == 0x66:
            raise Breach(f"to a neighbour that may not be talked to: {frame.hex()}")
    for packet in of_ipv4(attempt):
        why = forbidden(*packet)
        if why:
            raise Breach(f"{why}: {packet[3].hex()}")

"""What another client got done, and what left the card."""

import struct

from tests.attack.witnesses import Breach
from tests.lib import frames

SLOWER = 3               # times as long as before the attack, afterwards
SECRET = b"secret of another client"
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


def no_leak(attempt):
    """QEMU's record of the cable: no datagram holds what another client transfers"""
    datagrams = [d for d in of_ipv4(attempt) if d[0] == frames.UDP]
    assert any(d[2] for d in datagrams), "the attacker sent nothing large"
    for _, _, _, payload in datagrams:
        if SECRET in payload:
            raise Breach("a datagram of the attacker's holds another's data")


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

"""The switch: two clients share one card, with a peer at the cable."""

import pytest

from tests.lib.wire import COMMAND, EVERYONE, PEER, REPORT, command, pcap_frames

POLICY = "tests/component/packettest/switch.yaml"
# The card's address, and what the switch makes of it.
PORT = [bytes.fromhex("525400123457"), bytes.fromhex("525400123458")]
PLAIN = b"\x88\xb7"


@pytest.fixture
def system(machine, wire):
    m = machine(POLICY, extra=wire.arguments("e1000e"))
    m.wait_prompt()
    up = set()
    while len(up) < 2:
        frame = wire.until(lambda f: f[12:14] == REPORT and b"link up" in f, 30)[-1]
        up.add(frame[6:12])
    assert up == set(PORT)
    return m


def reports(wire, count, timeout=10):
    """So many reports: {sender: [words]}."""
    got = {}
    for _ in range(count):
        frame = wire.until(lambda f: f[12:14] == REPORT, timeout)[-1]
        text = frame[14:].split(b"\0")[0].decode().split()
        got.setdefault(frame[6:12], []).append(text)
    return got


def test_each_gets_its_own(system, wire):
    for port in PORT:
        for size in (1, 100, 1400):
            wire.send(command(port, b"E", bytes([size & 255]) * size))
            came = wire.until(lambda f: f[12:14] == COMMAND)[-1]
            assert came[:12] == PEER + port and came[15] == size & 255
    # A broadcast reaches both, a stranger's frame neither.
    wire.send(EVERYONE + PEER + PLAIN + bytes(50))
    assert set(reports(wire, 2)) == set(PORT)
    wire.send(bytes.fromhex("020000000099") + PEER + PLAIN + bytes(50))
    wire.send(command(PORT[0], b"S"))
    (words,) = reports(wire, 1)[PORT[0]]
    assert words[0] == "statistics"


def test_clients_talk_to_each_other_and_the_wire_does_not_hear(system, wire):
    wire.send(command(PORT[0], b"P", PORT[1]))
    (words,) = reports(wire, 1)[PORT[1]]
    assert words[:2] == ["frame", "100"]
    wire.send(command(PORT[0], b"S"))
    reports(wire, 1)
    system.stop()
    assert not [f for f in pcap_frames(wire.pcap) if f[12:14] == PLAIN]


def test_nobody_takes_anothers_address(system, wire):
    """A frame from outside with a client's address as its source is dropped,
    and the client is still where it was."""
    wire.send(EVERYONE + PORT[1] + PLAIN + bytes(50))
    wire.send(command(PORT[0], b"P", PORT[1]))
    (words,) = reports(wire, 1)[PORT[1]]
    assert words[:2] == ["frame", "100"]


def test_a_client_that_sends_too_fast_waits(system, wire):
    """The policy lets each send 2 MB a second: one that echoes all of a flood
    does not keep the other from answering, and loses nothing else."""
    flood = [command(PORT[0], b"E", bytes(1400))] * 100
    for _ in range(20):
        wire.send(*flood)
    wire.send(command(PORT[1], b"E", b"calm"))
    seen = wire.until(lambda f: f[12:14] == COMMAND and f[6:12] == PORT[1], 30)
    assert b"calm" in seen[-1]


def test_the_driver_below_dies(system, wire):
    system.run("kill nic")
    for port in PORT:
        for _ in range(40):
            wire.send(command(port, b"E", b"alive"))
            try:
                wire.until(lambda f: f[12:14] == COMMAND and f[6:12] == port, 0.5)
                break
            except AssertionError:
                pass
        else:
            pytest.fail("no echo after the driver's death\n" + system.tail())

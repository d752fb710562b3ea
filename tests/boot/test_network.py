"""The network stack on the machine: addresses, neighbours, echoes, the link,
and what the log says of them."""

import os
import struct

import pytest

from tests.lib.machine import log_until
from tests.lib.packets import (ARP, EVERYONE, ICMP, ICMP6, IP, IPV6, MAC, PEER,
                               UDP, Peer, address, arp, echo, ether, icmp6,
                               ipv4, ipv6, kind_of, solicited, udp)
from tests.lib.wire import Wire, ip_payload

POLICY = "tests/boot/policies/network.yaml"
FIXED = "address=192.0.2.2/24, gateway=192.0.2.1, dns=192.0.2.1, 'ipv6=2001:db8::2/64'"
# The driver for each of QEMU's cards, and the card's options.
CARDS = {"e1000e": ("e1000e", ""), "igb": ("igb", ""),
         "virtio-net": ("virtio-net-pci-non-transitional", ",iommu_platform=on")}


@pytest.fixture
def wire(test_directory):
    w = Wire(test_directory)
    yield w
    w.close()


@pytest.fixture
def start(machine, wire, test_directory):
    """start(arguments, card): the policy with these in it, on the wire."""
    def boot(arguments=FIXED, card="e1000e"):
        path = os.path.join(test_directory, "network.yaml")
        with open(POLICY) as f:
            text = f.read().replace("hostname=cordon", arguments)
        with open(path, "w") as f:
            f.write(text.replace("binary: e1000e", f"binary: {card}"))
        m = machine(path, extra=wire.arguments(*CARDS[card]))
        m.wait_prompt()
        return m
    return boot


def test_addresses_from_user_networking(machine):
    m = machine(POLICY, extra=["-netdev", "user,id=n", "-device",
                               "e1000e,netdev=n,mac=52:54:00:12:34:56"])
    m.wait_prompt()
    log_until(m, r"net: address 10\.0\.2\.15/24 by DHCP from 10\.0\.2\.2, "
                 r"gateway 10\.0\.2\.2, DNS 10\.0\.2\.3")
    log_until(m, r"net: IPv6 address fe80::5054:ff:fe12:3456/64")
    log_until(m, r"net: IPv6 address fec0::5054:ff:fe12:3456/64")


@pytest.mark.parametrize("card", CARDS)
def test_echoes(start, wire, card):
    """ARP, then echoes of all sizes over IPv4 and IPv6."""
    m = start(card=card)
    peer = Peer(wire)
    assert peer.resolve() == MAC
    for size in (0, 1, 56, 57, 1000, 1472):
        data = os.urandom(size)
        peer.send4(ICMP, echo(7, size, data))
        assert peer.receive4(ICMP) == echo(7, size, data, kind=0)
    log_until(m, "net: IPv6 address 2001:db8::2/64")   # nobody else has it
    for size in (0, 1, 56, 1452):
        message = struct.pack(">BBHHH", 128, 0, 0, 9, size) + os.urandom(size)
        peer.send6(ICMP6, icmp6(peer.own6, peer.stack6, message))
        answer = peer.receive6(ICMP6)
        assert answer[0] == 129 and answer[4:] == message[4:]


def test_fragments_are_put_together(start, wire):
    start()
    peer = Peer(wire)
    peer.resolve()
    message = echo(5, 1, os.urandom(3000))
    pieces = [message[at:at + 1000] for at in range(0, len(message), 1000)]
    frames = [ether(MAC, IP, ipv4(peer.own, peer.stack, ICMP, piece, ident=77, fragment=(
        0x2000 if at < len(pieces) - 1 else 0) | at * 125)) for at, piece in enumerate(pieces)]
    wire.send(*reversed(frames))
    whole = {}
    while sum(map(len, whole.values())) < len(message):
        frame = peer.until(lambda f: kind_of(f) == IP and f[23] == ICMP and f[30:34] == peer.own)
        offset = (struct.unpack(">H", frame[20:22])[0] & 0x1fff) * 8
        whole[offset] = ip_payload(frame)[1]
    assert b"".join(whole[at] for at in sorted(whole)) == echo(5, 1, message[8:], kind=0)


def test_neighbour_discovery(start, wire):
    """Who asks the group of the address gets the card's, and a duplicate is
    noticed before the address is used."""
    start()
    peer = Peer(wire)
    peer.resolve()
    group, group_mac = solicited(peer.stack6)
    # Duplicate detection ends about a second after the link came.
    for _ in range(20):
        body = struct.pack(">BBHI", 135, 0, 0, 0) + peer.stack6 + b"\1\1" + PEER
        wire.send(ether(group_mac, IPV6, ipv6(peer.own6, group, ICMP6,
                                              icmp6(peer.own6, group, body), 255)))
        try:
            answer = peer.receive6(ICMP6, 0.5)
            break
        except AssertionError:
            pass
    assert answer[0] == 136 and answer[8:24] == peer.stack6 and answer[26:32] == MAC


def test_addresses_of_others_are_told(start, wire):
    m = start()
    peer = Peer(wire)
    group = solicited(peer.stack6)[0]
    # Its question whether somebody has the address already: somebody has.
    wire.until(lambda f: kind_of(f) == IPV6 and f[38:54] == group and f[54] == 135
               and f[62:78] == peer.stack6)
    nodes = address("ff02::1")
    body = struct.pack(">BBHI", 136, 0, 0, 0x20000000) + peer.stack6 + b"\2\1" + PEER
    wire.send(ether(b"\x33\x33\0\0\0\1", IPV6,
                    ipv6(peer.stack6, nodes, ICMP6, icmp6(peer.stack6, nodes, body), 255)))
    log_until(m, "net: IPv6 address 2001:db8::2 is another machine's: not used")
    wire.send(ether(EVERYONE, ARP, arp(1, peer.stack, peer.stack)))
    log_until(m, "net: address 192.0.2.2 is also used by 02:c0:ff:ee:00:01")


def dhcp_options(packet):
    options, at = {}, 240
    while at < len(packet) and packet[at] != 255:
        if packet[at] == 0:
            at += 1
            continue
        options[packet[at]] = packet[at + 2:at + 2 + packet[at + 1]]
        at += 2 + packet[at + 1]
    return options


def dhcp_answer(peer, timeout):
    """Answers the next request of the stack's; its options."""
    frame = peer.wire.until(lambda f: kind_of(f) == IP and f[23] == UDP
                            and f[36:38] == b"\0\x43", timeout)[-1]
    request = ip_payload(frame)[1][8:]
    options = dhcp_options(request)
    kind = {1: 2, 3: 5}[options[53][0]]
    reply = (b"\2" + request[1:16] + peer.stack + peer.own + request[24:236]
             + b"\x63\x82\x53\x63" + bytes([53, 1, kind, 54, 4]) + peer.own
             + b"\x33\4\0\0\x0e\x10\1\4\xff\xff\xff\0\3\4" + peer.own + b"\xff")
    everyone = b"\xff" * 4
    peer.wire.send(ether(EVERYONE, IP, ipv4(
        peer.own, everyone, UDP, udp(peer.own, everyone, 67, 68, reply))))
    return options


def test_dhcp_waits_and_comes_back(start, wire):
    """No server: a line on the log, and it goes on asking. The cable pulled
    out and in: it asks again."""
    m = start("hostname=cordon")
    log_until(m, "net: DHCP got no answer yet; it goes on asking", 30)
    peer = Peer(wire)
    options = dhcp_answer(peer, 40)
    while options[53] != b"\3":
        options = dhcp_answer(peer, 20)
    assert options[12] == b"cordon" and options[50] == peer.stack
    log_until(m, "net: address 192.0.2.2/24 by DHCP from 192.0.2.1, gateway 192.0.2.1")
    assert peer.resolve() == MAC
    m.hmp("set_link wire off")
    log_until(m, "net: link down")
    m.hmp("set_link wire on")
    log_until(m, "net: link up[^$]*net: link up")
    dhcp_answer(peer, 20)
    assert peer.resolve() == MAC


def test_the_driver_dies(start, wire):
    m = start()
    peer = Peer(wire)
    peer.resolve()
    m.run("kill nic")
    for number in range(40):
        peer.send4(ICMP, echo(3, number, b"alive"))
        try:
            assert peer.receive4(ICMP, 0.5)
            break
        except AssertionError:
            pass
    else:
        pytest.fail("no echo after the driver's death\n" + m.tail())


def test_the_stack_dies(start, wire):
    """Its successor takes the card over and has the same addresses."""
    m = start()
    peer = Peer(wire)
    peer.resolve()
    m.run("kill net")
    log_until(m, "(net: address 192.0.2.2/24[^$]*){2}")
    assert peer.resolve() == MAC
    peer.send4(ICMP, echo(4, 1, b"again"))
    assert peer.receive4(ICMP) == echo(4, 1, b"again", kind=0)


@pytest.mark.parametrize("argument, why", [
    ("adress=dhcp", "not known"),
    ("address=192.0.2.2/31", "bits of its network"),
    ("'address=192.0.2.2/24', gateway=198.51.100.1", "not on the network"),
    ("'dns=192.0.2.1', dns=example", "not an address"),
    ("'ipv6=2001:db8::1'", "neither 'auto' nor 'off'"),
    ("hostname=-x", "not a host name"),
])
def test_wrong_arguments(start, argument, why):
    m = start(argument)
    log_until(m, f"net: argument .*{why}", 10)

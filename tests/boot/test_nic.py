"""Network drivers on the machine, with a peer at the other end of the cable:
frames both ways, checksums and segments that the card makes, filters, the link,
a hostile client, a driver that dies."""

import re
import struct

import pytest

from tests.lib.wire import (COMMAND, EVERYONE, PEER, REPORT, check_sums,
                            command, pcap_frames, pcap_told, report_text, sum_of)

MAC = bytes.fromhex("525400123456")
GROUP = bytes.fromhex("01005e010203")
OTHER = bytes.fromhex("020000000099")
INTEL = ["e1000e", "igb"]
CARDS = INTEL + ["virtio-net"]
# QEMU's name for the card, and its options.
MODELS = {"virtio-net": ("virtio-net-pci-non-transitional", ",iommu_platform=on")}

IP_GOOD, IP_BAD, L4_GOOD, L4_BAD, HASHED = 1, 2, 4, 8, 16


@pytest.fixture
def start(machine, wire, build, request):
    """Boots the card's policy with the wire in it, until the link is up."""
    def boot(card, which="policy", **options):
        m = machine(policy_of(card, which, build),
                    extra=wire.arguments(*MODELS.get(card, (card,))), **options)
        m.wait_prompt()
        if which == "policy":
            wire.report("link up", 30)
        return m
    return boot


def policy_of(card, which, build):
    """The policy for e1000e, with another driver's name in it."""
    with open(f"tests/component/packettest/{which}.yaml") as f:
        text = f.read().replace("binary: e1000e", f"binary: {card}")
    path = f"{build}/tests/packettest-{which}-{card}.yaml"
    with open(path, "w") as f:
        f.write(text)
    return path


def ipv4(payload, protocol, spoil_ip=False, spoil_l4=False, port=7):
    """A frame with a UDP or TCP packet from 192.0.2.9, sums right or not."""
    from tests.lib.wire import ones_sum
    addresses = bytes([192, 0, 2, 9, 192, 0, 2, 1])
    if protocol == 17:
        l4 = struct.pack(">HHHH", port, 8, 8 + len(payload), 0)
        at = 6
    else:
        l4 = struct.pack(">HHIIBBHHH", port, 8, 1, 1, 0x50, 0x10, 100, 0, 0)
        at = 16
    body = l4 + payload
    pseudo = addresses + struct.pack(">HH", protocol, len(body))
    total = ones_sum(pseudo + body) ^ 0xffff ^ (0x1234 if spoil_l4 else 0)
    body = body[:at] + struct.pack(">H", total) + body[at + 2:]
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 1, 0, 64, protocol, 0) + addresses
    total = ones_sum(ip) ^ 0xffff ^ (0x4321 if spoil_ip else 0)
    ip = ip[:10] + struct.pack(">H", total) + ip[12:]
    return MAC + PEER + b"\x08\x00" + ip + body


def frame_report(wire, frame):
    """Sends a frame; (bytes, flags) of the report about it."""
    wire.send(frame)
    padded = frame.ljust(60, b"\0")
    word, size, flags, total, queue = wire.report("frame").split()
    assert int(size) in (len(frame), len(padded))
    assert int(total) in (sum_of(frame), sum_of(padded))
    return int(flags) & ~HASHED


def tcpdump_is_content(wire):
    """tcpdump finds nothing to complain about in what we sent."""
    told, faults = pcap_told(wire.pcap, "ether", "src", MAC.hex(":"))
    assert len(told.splitlines()) >= 20, told
    assert not faults


@pytest.mark.parametrize("card", CARDS)
def test_frames_of_all_sizes_come_back(start, wire, card):
    start(card)
    frames = [command(MAC, b"E", bytes([size & 0xff]) * (size - 61)) for size in range(61, 1515, 7)]
    wire.send(*frames)
    for sent in frames:
        came = wire.until(lambda f: f[12:14] == COMMAND)[-1]
        assert came == PEER + MAC + sent[12:]


@pytest.mark.parametrize("card", CARDS)
def test_many_more_than_the_rings_hold(start, wire, card):
    start(card)
    for burst in range(30):
        frames = [command(MAC, b"E", struct.pack(">I", burst * 100 + i)) for i in range(100)]
        wire.send(*frames)
        numbers = [struct.unpack(">I", wire.until(lambda f: f[12:14] == COMMAND)[-1][15:19])[0]
                   for _ in frames]
        assert numbers == list(range(burst * 100, burst * 100 + 100))


@pytest.mark.parametrize("card", INTEL)
def test_checksums_of_what_comes(start, wire, card):
    start(card)
    assert frame_report(wire, ipv4(b"x" * 100, 17)) == IP_GOOD | L4_GOOD
    assert frame_report(wire, ipv4(b"x" * 101, 6)) == IP_GOOD | L4_GOOD
    assert frame_report(wire, ipv4(b"x" * 100, 17, spoil_l4=True)) == IP_GOOD | L4_BAD
    assert frame_report(wire, ipv4(b"x" * 100, 6, spoil_l4=True)) == IP_GOOD | L4_BAD
    assert frame_report(wire, ipv4(b"x" * 100, 17, spoil_ip=True)) & IP_BAD
    assert frame_report(wire, MAC + PEER + b"\x88\xb7" + b"y" * 50) == 0


def test_a_virtio_device_past_the_iommu_is_refused(machine, wire, build):
    """Without iommu_platform its DMA would not be checked by anybody."""
    m = machine(policy_of("virtio-net", "policy", build),
                extra=wire.arguments("virtio-net-pci-non-transitional"))
    m.expect("DMA would not go through the IOMMU", 60)


def test_flows_are_spread_over_the_queues(start, wire):
    """RSS: each TCP flow stays on its queue, and the flows use all of them."""
    m = start("igb", smp=4)
    assert "4 queue pairs" in m.run("log")
    used = {}
    for port in list(range(1000, 1040)) * 2:
        wire.send(ipv4(b"x" * 20, 6, port=port))
        _, _, flags, _, queue = wire.report("frame").split()
        assert int(flags) & HASHED
        assert used.setdefault(port, queue) == queue
    assert len(set(used.values())) == 4


@pytest.mark.parametrize("card", INTEL)
def test_checksums_of_what_is_sent(start, wire, card):
    m = start(card)
    wire.send(command(MAC, b"C"))
    for _ in range(24):
        frame = wire.until(lambda f: f[12:14] in (b"\x08\x00", b"\x86\xdd"))[-1]
        protocol, body = check_sums(frame)
        data = body[8 if protocol == 17 else 20:]
        assert data == bytes((i * 7 + len(data)) & 0xff for i in range(len(data)))
    m.stop()
    tcpdump_is_content(wire)


@pytest.mark.parametrize("card", INTEL)
def test_segments(start, wire, card):
    m = start(card)
    wire.send(command(MAC, b"T"))
    for kind in (b"\x08\x00", b"\x86\xdd"):
        data, sequence = b"", 1
        while len(data) < 20000:
            frame = wire.until(lambda f: f[12:14] == kind)[-1]
            protocol, body = check_sums(frame)
            assert protocol == 6
            assert struct.unpack(">I", body[4:8])[0] == sequence
            piece = body[20:]
            # PSH in no segment but the last (QEMU's e1000e leaves it out there too).
            assert body[13] & 8 == 0 or len(data) + len(piece) == 20000
            assert len(piece) == min(1400, 20000 - len(data))
            data += piece
            sequence += len(piece)
        assert data == bytes((i * 13 + (i >> 8)) & 0xff for i in range(20000))
    m.stop()
    tcpdump_is_content(wire)


@pytest.mark.parametrize("card", CARDS)
def test_filters(start, wire, card):
    start(card)

    def seen(to):
        """Whether a frame to `to` is reported before the next one to us."""
        wire.send(to + PEER + b"\x88\xb7" + b"a" * 50, MAC + PEER + b"\x88\xb7" + b"b" * 50)
        first = int(wire.report("frame").split()[3])
        if first == sum_of(to + PEER + b"\x88\xb7" + b"a" * 50):
            wire.report("frame")
            return True
        return False

    def choose(flags, *groups):
        wire.send(command(MAC, b"F", bytes([flags, len(groups)]) + b"".join(groups).ljust(48, b"\0")))
        assert wire.report("no error") == "no error"

    assert seen(EVERYONE) and not seen(GROUP) and not seen(OTHER)
    choose(0, GROUP)
    assert seen(EVERYONE) and seen(GROUP) and not seen(OTHER)
    choose(2)
    assert seen(GROUP) and not seen(OTHER)
    choose(1)
    assert seen(EVERYONE) and seen(GROUP) and seen(OTHER)
    choose(0)
    assert seen(EVERYONE) and not seen(GROUP) and not seen(OTHER)


@pytest.mark.parametrize("card", CARDS)
def test_the_cable_is_pulled(start, wire, card):
    m = start(card)
    m.hmp("set_link wire off")
    m.expect("wire: link down", 20)
    m.hmp("set_link wire on")
    m.expect("wire: link up", 20)
    wire.report("link up", 20)
    wire.send(command(MAC, b"E", b"again"))
    assert b"again" in wire.until(lambda f: f[12:14] == COMMAND)[-1]


@pytest.mark.parametrize("card", CARDS)
def test_statistics(start, wire, card):
    start(card)
    wire.send(*[command(MAC, b"E", bytes(100))] * 50)
    for _ in range(50):
        wire.until(lambda f: f[12:14] == COMMAND)
    wire.send(command(MAC, b"S"))
    words = wire.report("statistics 0").split()[2:]
    counts = dict(zip(words[::2], map(int, words[1::2])))
    assert counts["received"] == 51 and counts["sent"] == 51
    assert counts["refused"] == counts["lied"] == counts["faults"] == counts["resets"] == 0


@pytest.mark.parametrize("card", CARDS)
def test_the_driver_dies_and_the_client_goes_on(start, wire, card):
    m = start(card)
    for _ in range(3):
        m.run("kill nic")
        # Frames that come while nobody receives are lost: ask until answered.
        for _ in range(40):
            wire.send(command(MAC, b"E", b"alive"))
            try:
                wire.until(lambda f: f[12:14] == COMMAND, 0.5)
                break
            except AssertionError:
                pass
        else:
            pytest.fail("no echo after the driver's death\n" + m.tail())
        for _ in range(40):
            if wire.receive(0.2) is None:
                break
    assert "quarantined" not in m.run("devices")


@pytest.mark.parametrize("card", CARDS)
def test_a_hostile_client_harms_itself_alone(start, wire, card):
    m = start(card, "hostile")
    m.expect(r"hostile: done, 0 failed", 60)
    log = m.run("log")
    assert "FAILED" not in log, log
    assert re.search(r"^nic +running .* \d+ +-$", m.run("cages"), re.M), m.tail()


@pytest.mark.parametrize("card", CARDS)
def test_nothing_is_lost_in_the_pcap(start, wire, card):
    """QEMU's own record of the wire agrees with what the peer got."""
    m = start(card)
    wire.send(*[command(MAC, b"E", bytes([i]) * 40) for i in range(40)])
    got = [wire.until(lambda f: f[12:14] == COMMAND)[-1] for _ in range(40)]
    wire.send(command(MAC, b"S"))
    assert report_text(wire.until(lambda f: f[12:14] == REPORT)[-1]).startswith("statistics")
    m.stop()
    ours = [f for f in pcap_frames(wire.pcap) if f[6:12] == MAC and f[12:14] == COMMAND]
    assert ours == got


def test_a_lying_driver_is_found_out(machine):
    """Lengths, indices, counts, descriptions: none gets past the library."""
    m = machine("tests/component/packetliar/policy.yaml")
    m.wait_prompt()
    m.expect("victim: done, 0 failed", 60)
    log = m.run("log")
    lines = dict(re.findall(r"victim: lie (\d+): (.*)", log))
    assert "64 came, 64 sent, no error" in lines["0"]
    assert "the driver broke the rings" in lines["2"] and "no error" in lines["7"]
    assert "page fault" not in log and "restart" not in log, log


@pytest.mark.parametrize("card", CARDS)
def test_a_flood_does_not_keep_calls_out(start, wire, card):
    """As many small frames as the host can send, for whom nobody waits."""
    start(card)
    burst = [OTHER + PEER + b"\x88\xb7" + bytes(46)] * 200
    wire.send(command(MAC, b"F", bytes([1, 0]) + bytes(48)))     # promiscuous
    wire.report("no error")
    for _ in range(50):
        wire.send(*burst)
        while wire.receive(0) is not None:
            pass
    # A card that is full drops frames, commands as well.
    for _ in range(20):
        wire.send(command(MAC, b"E", b"calm"))
        try:
            assert b"calm" in wire.until(lambda f: f[12:14] == COMMAND, 2)[-1]
            break
        except AssertionError:
            pass
    else:
        pytest.fail("no echo after the flood")
    wire.send(command(MAC, b"S"))
    wire.report("statistics 0", 30)

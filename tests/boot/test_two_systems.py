"""Two machines on one cable: each runs the default system, with the other as
its only neighbour. tcpdump reads QEMU's record of all that went over it."""

import os
import re
import threading

import pytest

from tests.lib.machine import PATIENCE
from tests.lib.wire import pcap_told

POLICY = "policies/default.yaml"
CARDS = {"e1000e": "e1000e", "igb": "igb",
         "virtio-net": "virtio-net-pci-non-transitional,iommu_platform=on"}


def host_part(number):
    return {"mac": f"52:54:00:00:00:0{number}", "four": f"192.0.2.{number}",
            "six": f"2001:db8::{number}"}


def policy_of(directory, number, card):
    """The default one with fixed addresses, this card's driver and no network
    but the cable."""
    own = host_part(number)
    with open(POLICY, encoding="utf-8") as f:
        text = re.sub(r"\n  (netdevs|devices): .*", "", f.read())
    for old, new in (
            ("args: [hostname=cordon]",
             f"args: [address={own['four']}/24, 'ipv6={own['six']}/64']"),
            ("binary: e1000e", f"binary: {card}")):
        assert old in text
        text = text.replace(old, new)
    path = os.path.join(directory, f"system-{number}.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


@pytest.fixture
def pair(machine, test_directory):
    """pair(card, card): two machines at their prompts, with their addresses."""
    pcap = os.path.join(test_directory, "cable.pcap")
    path = f"/tmp/cordon-cable-{os.getpid()}"

    def start(*cards):
        machines = []
        for number, card in enumerate(cards, 1):
            extra = ["-netdev", f"stream,id=cable,server={'on' if number == 1 else 'off'},"
                                f"addr.type=unix,addr.path={path}",
                     "-device", "pcie-root-port,id=cardport,chassis=9,addr=9",
                     "-device", f"{CARDS[card]},netdev=cable,bus=cardport,"
                                f"mac={host_part(number)['mac']}"]
            if number == 1:
                extra += ["-object", f"filter-dump,id=dump,netdev=cable,file={pcap}"]
            machines.append(machine(policy_of(test_directory, number, card), extra=extra))
        for m in machines:
            m.wait_prompt()
        for m, other in zip(machines, (2, 1)):
            m.run(f"ping {host_part(other)['four']} -c 1")
        return machines, pcap
    yield start
    if os.path.exists(path):
        os.remove(path)


@pytest.mark.parametrize("cards", [("e1000e", "igb"), ("virtio-net", "e1000e")],
                         ids=" and ".join)
def test_files_go_both_ways_at_once(pair, disk_sums, cards):
    machines, pcap = pair(*cards)
    for m, other in zip(machines, (2, 1)):
        for address in (host_part(other)["four"], host_part(other)["six"]):
            assert "3 sent, 3 received" in m.run(f"ping {address} -c 3")
    said = {}

    def fetch(m, other):
        said[other] = m.run(f"wget http://{host_part(other)['four']}/big.bin",
                            timeout=120)
    both = [threading.Thread(target=fetch, args=a) for a in zip(machines, (2, 1))]
    for t in both:
        t.start()
    for t in both:
        t.join(150 * PATIENCE)
    for other in (1, 2):
        assert disk_sums["/big.bin"] in said[other]
    of_it = machines[1].run("sha256sum /docs/network.md").split()[0]
    assert of_it in machines[0].run(f"wget http://[{host_part(2)['six']}]/docs/network.md")
    assert "404" in machines[1].run(f"wget http://{host_part(1)['four']}/absent")
    for number in (1, 2):
        told, faults = pcap_told(pcap, "ether", "src", host_part(number)["mac"])
        assert "HTTP/1.1 200 OK" in told and not faults, faults[:5]

"""init and the PCI server on the machine: what the policy asks for and the
machine does not have is refused by line; components die and come back; the
tables say what the policy says (R12)."""

import re

import pytest

FILES = "policies/files.yaml"
REFUSED = "tests/boot/policies/refused.yaml"
EDU_PORT = "tests/boot/policies/edu-port.yaml"
EXACT = "the hardware says what "


def state_of(m, component):
    found = re.search(rf"^{component} +(\w+( started)?)", m.run("cages"), re.M)
    assert found, m.tail()
    return found.group(1)


@pytest.mark.parametrize("component, line, says", [
    ("splitter", 24, "device 00:1f.3 is in one group with 00:1f.2"),
    ("absent", 30, "no device number 0 of id 8086:1234"),
    ("greedy", 32, "memory: 4194304 KiB wanted, the machine has"),
    ("cramped", 37, "memory: 128 KiB are too little"),
    ("vectors", 47, "device 00:04.0 has 1 interrupt vectors, 3 are wanted"),
])
def test_refusals_name_line_and_reason(machine, component, line, says):
    m = machine(REFUSED)
    m.wait_prompt()
    assert f"{REFUSED}:{line}: {component}: {says}" in m.run("log")
    assert state_of(m, component) == "not started"
    assert state_of(m, "console") == "running"


@pytest.mark.parametrize("options, says", [
    ({"omit": ("manifest",)}, "init: no policy: the boot image has no such"),
    ({"manifest": "/dev/null"}, "init: no policy: "),
    ({"manifest": "README.md"}, "init: the policy cannot be used: manifest: "),
])
def test_without_a_manifest_nothing_starts(machine, options, says):
    m = machine(FILES, iso_options=options)
    m.expect(re.escape(says))
    m.expect("nothing was started")


@pytest.mark.parametrize("options, says", [
    ({"omit": ("fs",)}, "fs: binary fs: the boot image has no such module"),
    ({"replace": {"fs": "README.md"}}, "fs: binary fs: not an ELF file"),
])
def test_a_bad_program_stays_out_alone(machine, options, says):
    m = machine(FILES, iso_options=options)
    m.wait_prompt()
    assert says in m.run("log")
    assert state_of(m, "fs") == "not started"
    assert state_of(m, "nvme") == "running"


def test_a_killed_driver_comes_back(machine, disk_sums):
    """R4, R11: its device is reset, its memory is used again."""
    m = machine(FILES)
    m.wait_prompt()
    for n in range(1, 6):
        m.run("kill nvme")
        m.expect(rf"nvme: killed by request; stopped \(restart {n} of 5\)")
        assert "big.bin" in m.run("ls /")
    assert EXACT in m.run("verify")
    m.run("kill nvme")
    m.expect("no restart left")
    assert "could not be read" in m.run("ls /docs")
    assert state_of(m, "nvme") == "failed"


def test_everything_dies_and_comes_back(machine):
    m = machine(FILES)
    m.wait_prompt()
    for component in ("fs", "nvme", "console"):
        m.send_line(f"kill {component}")
        m.expect(f"{component}: killed by request; stopped")
    m.send_line("")
    m.expect(re.escape("cordon> "))
    assert "big.bin" in m.run("ls /")
    assert EXACT in m.run("verify")


def test_the_pci_server_comes_back(machine):
    """The kernel closes every cage with it; the next one resets the devices,
    and only then do the drivers start again (R4)."""
    m = machine(FILES)
    m.wait_prompt()
    m.run("kill pci")
    m.expect(r"pci: killed by request; stopped \(restart 1 of")
    m.expect("nvme: its device is gone with the PCI server; stopped until")
    assert "big.bin" in m.run("ls /")
    m.run("kill nvme")
    assert "big.bin" in m.run("ls /")
    m.run("restart pci")
    assert "big.bin" in m.run("ls /")
    assert EXACT in m.run("verify")


def test_without_a_pci_server_drivers_stay_away(machine):
    """R4: nobody can reset the device, so the memory is not used again."""
    m = machine("tests/boot/policies/edu-port.yaml")
    m.wait_prompt()
    m.run("kill pci")
    m.expect("edu: its device is gone with the PCI server; stopped, its memory "
             "in quarantine")
    assert state_of(m, "edu") == "failed"
    assert state_of(m, "console") == "running"


def test_a_device_without_reset_stays_in_quarantine(machine):
    """R11: edu on the root bus has no reset; below a port its bus has one."""
    m = machine("policies/edu.yaml")
    m.wait_prompt()
    m.run("kill edu")
    m.expect("edu: device 00:04.0 is in quarantine: it offers no reset")
    assert state_of(m, "edu") == "failed"
    assert "quarantined" in m.run("devices")


def test_a_bus_reset_frees_a_device(machine):
    m = machine(EDU_PORT)
    m.wait_prompt()
    for _ in range(3):
        assert "came back as they were" in m.run("edu dma 4096")
        m.run("kill edu")
        m.expect(r"edu: killed by request; stopped \(restart")
    assert "came back as they were" in m.run("edu dma 4096")
    assert EXACT in m.run("verify")


@pytest.mark.parametrize("options, says", [
    ({"iommu": False}, "the machine has no IOMMU"),
    ({"intremap": False}, "does not support interrupt remapping"),
])
def test_without_isolation_no_device_is_granted(machine, options, says):
    """R1"""
    m = machine(FILES, **options)
    m.wait_prompt()
    assert "nvme: no device without isolation: " in m.run("log")
    assert says in m.run("devices")
    assert state_of(m, "nvme") == "not started"


@pytest.mark.parametrize("options", [
    {"memory": "64M"}, {"smp": 1}, {"smp": 8},
    {"cpu": "qemu64,+nx,+pdpe1gb"}])
def test_other_machines(machine, options):
    m = machine(FILES, **options)
    m.wait_prompt()
    assert "big.bin" in m.run("ls /")
    assert EXACT in m.run("verify")


def test_verify_sees_what_the_policy_does_not_say(machine):
    """R12: not the device's DMA memory, so a difference, and only there."""
    m = machine("tests/boot/policies/overreach.yaml")
    m.wait_prompt()
    iova = re.search(r"overreach: mapped IOVA (0x\w+)", m.run("log")).group(1)
    found = m.run("verify")
    assert f"IOVA {iova} maps physical 0x" in found
    assert EXACT not in found
    assert m.run("status") != "0"
    assert "console    exact" in found


def test_a_driver_that_dies_while_it_is_used(machine, disk_sums):
    """R4, R11: killed every 200 ms while 64 MiB are read; nothing that was
    read is wrong, nothing waits for ever, and the tables are exact after."""
    m = machine("tests/boot/policies/chaos.yaml")
    m.wait_prompt()
    path, want = next(iter(disk_sums.items()))
    for _ in range(20):
        assert m.run(f"sha256sum {path}") == f"{want}  {path}"
        if "chaos: done" in m.run("log"):
            break
    restarts = re.search(r"^nvme +running .* (\d+)$", m.run("cages"), re.M)
    assert restarts and int(restarts.group(1)) >= 3, m.tail()
    assert EXACT in m.run("verify")


def test_a_disk_that_the_policy_does_not_name(machine, disk):
    m = machine(FILES, disks=[disk, disk])
    m.wait_prompt()
    assert re.search(rf"{FILES}:\d+: device 00:03.0 is also of class 01:08:02, "
                     "and the policy gives it to nobody: it stays off",
                     m.run("log"))
    assert "big.bin" in m.run("ls /")
    assert re.search(r"00:03\.0 .* unclaimed", m.run("devices"))


def test_two_drivers_two_cages(machine, disk):
    m = machine("tests/boot/policies/two-disks.yaml", disks=[disk, disk])
    m.wait_prompt()
    assert state_of(m, "nvme") == state_of(m, "nvme2") == "running"
    m.run("kill nvme2")
    m.expect("nvme2: killed by request; stopped")
    assert "big.bin" in m.run("ls /")
    listed = m.run("devices")
    domains = re.findall(r"00:0[23]\.0 +\S+ +\S+ NVMe disk +\d+ +(\d+) +caged",
                         listed)
    assert len(set(domains)) == 2, listed
    assert EXACT in m.run("verify")


@pytest.mark.parametrize("devices, group", [
    (["pcie-pci-bridge,id=br1,addr=6", "edu,bus=br1,addr=1"], 2),
    (["i82801b11-bridge,id=b1,addr=6",
      "pci-bridge,id=b2,bus=b1,chassis_nr=2,addr=3", "edu,bus=b2,addr=2"], 2),
    (["pcie-root-port,id=rp1,chassis=1,addr=5", "x3130-upstream,id=up,bus=rp1",
      "xio3130-downstream,id=dn,bus=up,chassis=3", "edu,bus=dn"], 6),
], ids=["pcie-to-pci", "pci-to-pci", "switch"])
def test_below_bridges(machine, iso_of, devices, group):
    """Behind a bridge to conventional PCI the requester ID is the bridge's; DMA
    and interrupts work only if Device and source-id are made for that one (R5),
    and the group is the first member's number."""
    m = machine(iso_of(EDU_PORT), devices=devices)
    m.wait_prompt()
    assert "came back as they were" in m.run("edu dma 4096")
    assert re.search(rf"1234:11e8 .* {group} +\d+ +caged", m.run("devices"))
    m.run("kill edu")
    m.expect(r"edu: killed by request; stopped \(restart")
    assert "came back as they were" in m.run("edu dma 4096")
    assert EXACT in m.run("verify")

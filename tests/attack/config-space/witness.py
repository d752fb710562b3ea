"""What QEMU saw of configuration space."""

import re

from tests.attack.witnesses import Breach

WRITE = re.compile(r"(\S+) ([0-9a-f]+):([0-9a-f]+)\.([0-9a-f]) "
                   r"@0x([0-9a-f]+) <- 0x([0-9a-f]+)")
COMMAND, MASTER = 0x04, 0x04
STATUS, CACHE_LINE, LATENCY, CAPABILITIES = 0x06, 0x0c, 0x0d, 0x34
PM, EXPRESS = 0x01, 0x10
# PCIe 7.5.3.4: relaxed ordering, no snoop, read request size.
CONTROL_HARMLESS = 0x7810


def writes(attempt):
    """(function, offset, value) of each write that QEMU carried out."""
    found = []
    for event in attempt.machine.trace.events("pci_cfg_write"):
        _, bus, slot, function, at, value = WRITE.fullmatch(event.text).groups()
        found.append((int(bus, 16) << 8 | int(slot, 16) << 3 | int(function),
                      int(at, 16), int(value, 16)))
    return found


def config(attempt, rid):
    """A function's configuration space, as QEMU has it."""
    base = re.search(r"([0-9a-f]{16})-\S+ \(prio \d+, \S+\): pcie-mmcfg-mmio",
                     attempt.machine.hmp("info mtree"))
    at = int(base.group(1), 16) + (rid << 12)
    return attempt.machine.read_memory(at, 4096)


def capability(space, wanted):
    at = space[CAPABILITIES]
    while at and space[at] != wanted:
        at = space[at + 1]
    return at


def is_harmless(space, at, value):
    """A field that cannot reach beyond the cage, by PCI's and PCIe's word."""
    pm, express = capability(space, PM), capability(space, EXPRESS)
    if at in (STATUS, CACHE_LINE, LATENCY) or express and at == express + 10:
        return True
    if pm and at == pm + 4:
        return value & 3 == 0
    if express and at == express + 8:
        now = int.from_bytes(space[at:at + 2], "little")
        return (value ^ now) & ~CONTROL_HARMLESS == 0
    return False


def config_writes(attempt):
    """QEMU's trace: harmless fields of its own function alone were written

    (After it was enabled, which is the last that the PCI server does by itself.)"""
    all_writes = writes(attempt)
    enabled = [i for i, (_, at, value) in enumerate(all_writes)
               if at == COMMAND and value & MASTER]
    assert enabled, "no device was ever enabled"
    # Bridges aside, the attacker's device is the one function that is enabled.
    card = all_writes[enabled[-1]][0]
    if "breach:" not in attempt.machine.console:
        assert len(all_writes) > enabled[-1] + 1, "not one write was accepted"
    space = config(attempt, card)
    for rid, at, value in all_writes[enabled[-1] + 1:]:
        if rid != card or not is_harmless(space, at, value):
            raise Breach(f"QEMU wrote {value:#x} to {at:#x} of {rid:#x}")

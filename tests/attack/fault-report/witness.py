"""What QEMU's IOMMU reported, beside what the handler was told."""

from tests.attack.attempt import PAGE
from tests.attack.witnesses import Breach

CARD = 4 << 3
WRITE, INTERRUPT, MUTED, LOST = 1, 2, 4, 8     # enum device_fault_flags
KINDS = 9                                      # of main.c


def seen(attempt):
    """(page or index, reason, write, of an interrupt) of each fault of the
    card, from QEMU's own words for DMA, from the record for interrupts (VT-d
    4.1, 11.4.14). The card sends four bytes at a time; what faults again in the same
    page is no new fault (VT-d 4.1, 7.2.1)."""
    found = []
    for event in attempt.machine.trace.events("vtd_dmar_fault|vtd_frr_new"):
        f = event.fields()
        if event.name == "vtd_dmar_fault":
            if f["sid"] == CARD:
                found.append((f["addr"] // PAGE * PAGE, f["fault"],
                              bool(f["write"]), False))
        elif f["high"] & 0xffff == CARD and f["high"] >> 32 & 0xff >= 0x20:
            found.append((f["low"] >> 48, f["high"] >> 32 & 0xff, False, True))
    return [f for i, f in enumerate(found) if i == 0 or f != found[i - 1]]


def told(attempt):
    found = []
    for line in attempt.said:
        if line.startswith("record "):
            address, reason, flags = (int(w, 0) for w in line.split()[1:])
            if flags & (MUTED | LOST):
                raise Breach(f"muted or lost: {line}")
            found.append((address, reason, bool(flags & WRITE),
                          bool(flags & INTERRUPT)))
    return found


def reported_as_seen(attempt):
    """QEMU's trace: its IOMMU saw the faults that the owner was told of"""
    events = [line for line in attempt.said if line.startswith("event ")]
    assert len(events) == KINDS, events
    saw, heard = seen(attempt), told(attempt)
    assert len(set(saw)) >= KINDS, f"QEMU saw {saw}"
    if saw != heard:
        raise Breach(f"QEMU saw {saw}, the owner was told {heard}")
    quiet = [line for line in events if not line.endswith(" done")]
    if quiet:
        raise Breach(f"the owner was not signalled: {quiet}")

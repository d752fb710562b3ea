"""Who judges: each witness is a function of an Attempt that raises Breach if
something outside the attacker's cage changed or could have. They look at QEMU's
own trace, at physical memory as QEMU dumps it, at QEMU's instruction counts; at
the console only for what is said by others than the attacker. The first line of
a witness's text is its line in docs/attacks.md.

A folder may have a `witness.py` with more of them."""

import re

from tests.attack.attempt import IOMMU_REGISTERS, PAGE, PATTERN
from tests.attack.cases import function_in
from tests.attack.outside import CARD_NAME
from tests.lib import tables as tables_of
from tests.lib.wire import pcap_told

COMPAT_VECTOR = 0x77    # what they forge in compatibility format, see there
SOURCE_ID_FAULT = 0x26  # VT-d: the request's source-id is not the entry's
BEYOND_FAULT = 0x21     # VT-d: the index is beyond the table
ABSENT_FAULT = 0x22     # VT-d: the entry is not present


class Breach(Exception):
    """Something outside the cage changed, or could have."""


def card_faults(attempt):
    """(page, is a write) of each DMA of the device that QEMU's IOMMU blocked."""
    found = []
    for event in attempt.machine.trace.events("vtd_dmar_fault"):
        fields = event.fields()
        if fields["sid"] == attempt.case.requester:
            found.append((fields["addr"] // PAGE, bool(fields["write"])))
    return found


def interrupt_faults(attempt):
    """Reasons of the interrupt faults of the card (VT-d 4.1, 11.4.14.1)."""
    highs = [e.fields()["high"]
             for e in attempt.machine.trace.events("vtd_frr_new")]
    return [(h >> 32) & 0xff for h in highs
            if h & 0xffff == attempt.case.requester and (h >> 32) & 0xff >= 0x20]


def fault(attempt):
    """QEMU's trace: its IOMMU refused this page, this access, of this card"""
    write = "write" in attempt.case.args
    if (attempt.target // PAGE, write) not in card_faults(attempt):
        raise Breach(f"QEMU's IOMMU did not block {attempt.target:#x}")


def fault_in_window(attempt):
    """QEMU's trace: its IOMMU refused the IOVA that is mapped no more"""
    pages = [page for page, _ in card_faults(attempt)]
    if attempt.window[0] // PAGE not in pages:
        raise Breach("QEMU's IOMMU did not block the unmapped IOVA")


def faults_at_edges(attempt):
    """QEMU's trace: it refused the bytes on both sides of the window"""
    first, end = (at // PAGE for at in attempt.window)
    wanted = {(first - 1, True), (end, True), (first - 1, False), (end, False)}
    seen = card_faults(attempt)
    if not wanted <= set(seen):
        raise Breach(f"not blocked: {sorted(wanted - set(seen))}")
    # The transfer across the end: the part outside was blocked as well.
    if seen.count((end, True)) < 2:
        raise Breach("the transfer across the window's end was not blocked")


def blocked(attempt):
    """QEMU's trace: no context entry for the card, after all it was let through

    (A blocked device's faults are muted, so none is recorded.)"""
    last = {"passed": -1, "blocked": -1}
    for i, event in enumerate(attempt.machine.trace.events()):
        if (event.name == "vtd_ce_not_present"
                and event.fields()["devfn"] == attempt.case.requester):
            last["blocked"] = i
        elif (event.name in ("vtd_iotlb_page_hit", "vtd_iotlb_page_update")
                and event.fields()["sid"] == attempt.case.requester):
            last["passed"] = i
    assert last["passed"] >= 0, "the card never reached its own page"
    if last["blocked"] < last["passed"]:
        raise Breach("QEMU's IOMMU let the card through to the end")


def unclaimed_refused(attempt):
    """QEMU's trace: from its start translation had no entry for the device"""
    # There may be many, but few that differ.
    seen = {repr(event): event.fields() for event in
            attempt.machine.trace.events("vtd_ce_not_present|vtd_iotlb_page_.*")}
    if attempt.case.requester in [f.get("sid") for f in seen.values()]:
        raise Breach("QEMU's IOMMU let the device through")
    if attempt.case.requester not in [f.get("devfn") for f in seen.values()]:
        raise Breach("QEMU's IOMMU did not see the device's DMA")


# Registers of the IOMMU (VT-d 4.1, 11.4), and their bits.
STATUS, ROOT, ENTRIES = 0x1c, 0x20, 0xb8
TRANSLATES, REMAPS, COMPATIBLE = 1 << 31, 1 << 25, 1 << 23


def iommu_on(attempt):
    """the IOMMU's registers, read by QEMU: all on, its tables where they were"""
    registers = attempt.machine.read_memory(IOMMU_REGISTERS, PAGE)

    def word(at, size=8):
        return int.from_bytes(registers[at:at + size], "little")

    if word(STATUS, 4) & (TRANSLATES | REMAPS) != TRANSLATES | REMAPS:
        raise Breach(f"the IOMMU's status is {word(STATUS, 4):#x}")
    if word(STATUS, 4) & COMPATIBLE:
        raise Breach("compatibility-format interrupts are let through")
    for register, event in ((ROOT, "vtd_reg_dmar_root"),
                            (ENTRIES, "vtd_reg_ir_root")):
        if word(register) // PAGE != attempt.iommu_table(event) // PAGE:
            raise Breach(f"the IOMMU's table is at {word(register):#x}")


def undelivered(attempt):
    """QEMU's trace: its IOMMU remapped no request of another's index"""
    indices = [int(l.split()[1], 16) for l in attempt.said
               if l.startswith("index ")]
    assert indices, "the attacker did not tell which index"
    for event in attempt.machine.trace.events("vtd_ir_remap"):
        if event.fields()["index"] in indices:
            raise Breach(f"an interrupt was remapped: {event.text}")


def no_compat(attempt):
    """QEMU's trace: no message of CPU and vector passed the IOMMU as it was"""
    forged = f"(addr 0xfee00000, data {COMPAT_VECTOR:#x})"
    for event in attempt.machine.trace.events("vtd_ir_remap_msi"):
        if event.text.startswith(forged):
            raise Breach(f"QEMU let it through: {event.text}")


def source_fault(attempt):
    """QEMU's trace: an interrupt of the card refused for its source-id"""
    if SOURCE_ID_FAULT not in interrupt_faults(attempt):
        raise Breach("QEMU's IOMMU refused no interrupt for its source-id")


def beyond_fault(attempt):
    """QEMU's trace: an interrupt of the card refused, beyond the table"""
    if BEYOND_FAULT not in interrupt_faults(attempt):
        raise Breach("QEMU's IOMMU refused no index beyond its table")


def absent_fault(attempt):
    """QEMU's trace: an interrupt of the card refused, as the entry is absent"""
    if ABSENT_FAULT not in interrupt_faults(attempt):
        raise Breach("QEMU's IOMMU refused no absent entry")


def memory(attempt):
    """a dump of physical memory: the target's page is what it was"""
    after = attempt.machine.read_memory(attempt.target, PAGE)
    if after != attempt.before:
        first = next(i for i in range(PAGE) if after[i] != attempt.before[i])
        raise Breach(f"memory at {attempt.target + first:#x} has changed")


def unsent(attempt):
    """a dump of physical memory: the page does not hold what was sent

    (A freed page may be zero or used anew, a live one may change.)"""
    after = attempt.machine.read_memory(attempt.target, PAGE)
    if bytes([PATTERN]) * 16 in after:
        raise Breach(f"the card has written to {attempt.target:#x}")


def kernel_text(attempt):
    """a dump of physical memory: all of the kernel's code is what it was"""
    if attempt.read_text() != attempt.text:
        raise Breach("the kernel's code has changed")


def secret(attempt):
    """what the card brought back is not what the dump has at the target"""
    read = [l.split()[1] for l in attempt.said if l.startswith("read ")]
    assert len(read) == 1, "the attacker did not tell what it read"
    if bytes.fromhex(read[0]) == attempt.before[:16]:
        raise Breach("the card has read the target's bytes")


def killed(attempt):
    """the console: init says that a page fault was the attacker's end"""
    silence(attempt)
    attempt.machine.expect(r"attacker: page fault reading 0x[0-9a-f]+ ", 20)


def tables(attempt):
    """a dump of physical memory: all live tables say what the policy says"""
    found = tables_of.differences(attempt.machine, attempt.policy)
    if found:
        raise Breach(f"{len(found)} differences, the first: {found[0]}")


def silence(attempt):
    """the console: the attacker, who would know, got nothing out of it"""
    if "breach:" in attempt.machine.console:
        raise Breach(attempt.machine.tail(3))


def alive(attempt):
    """the console: init tells of nobody's end"""
    ended = re.search(r"^.*; stopped.*$", attempt.machine.console, re.M)
    if ended:
        raise Breach(ended[0])


# ICMP errors quote what came, which is not ours.
OF_THE_CARD = (f"ether src {CARD_NAME} and not icmp[icmptype] == icmp-unreach "
               "and not icmp[icmptype] == icmp-paramprob "
               "and not icmp[icmptype] == icmp-timxceed and not icmp6[0] < 128")


def well_formed(attempt):
    """QEMU's record of the cable, read by tcpdump: the card sent nothing malformed"""
    told, faults = pcap_told(attempt.outside.pcap, OF_THE_CARD)
    assert told, "the card sent nothing"
    if faults:
        raise Breach(faults[0].strip())


def by_name(case, name):
    """The function of a word in a case's list."""
    wanted = name.replace("-", "_")
    found = function_in(case, "witness.py", wanted) or globals().get(wanted)
    assert callable(found) and found.__doc__, f"{case.case}: no witness {name}"
    return found


def judge(attempt):
    """What each witness that saw a breach says: {} is contained."""
    breaches = {}
    for name in attempt.case.witness:
        try:
            by_name(attempt.case, name)(attempt)
        except Breach as breach:
            breaches[name] = str(breach)
    return breaches

"""What a storm cost others, and how much of it got through."""

from tests.attack.score import means
from tests.attack.witnesses import Breach

SHARE = 0.9              # of what it got done beside a quiet attacker
HALF = 0.5
LINE_RATE = 1000         # interrupts a second, msi.h
REPORT_RATE = 25600      # fault records a second that the kernel takes
MUTE_RATE = 2000         # records of one device before it is muted, init's
WINDOW = 10_000_000      # nanoseconds over which a rate holds


def storm_time(attempt):
    """Nanoseconds from and until, as the attacker says."""
    said = [line.split() for line in attempt.said if line.startswith("storm ")]
    assert len(said) == 1, "the attacker did not say when the storm was"
    return int(said[0][1]), int(said[0][2])


def rate(attempt):
    """What the storm's time allows of something so often a second."""
    start, end = storm_time(attempt)
    windows = (end - start) // WINDOW + 2
    return lambda each: windows * (each * WINDOW // 1_000_000_000 + 1)


def share(attempt):
    """How much of what it got done before another got done during the storm."""
    start, end = storm_time(attempt)
    # As long, directly before.
    quiet, storm = means(attempt, (2 * start - end, start), (start, end))
    return storm / quiet


def progress(attempt):
    """a dump of another's score: it got as much done as before the storm"""
    if share(attempt) < SHARE:
        raise Breach(f"the worker got {share(attempt):.0%} done")


def served(attempt):
    """a dump of another's score: half the answers it had before, or more"""
    if share(attempt) < HALF:
        raise Breach(f"it got {share(attempt):.0%} of its answers")


def count(attempt, event):
    return len(attempt.machine.trace.events(event))


def interrupts_limited(attempt):
    """QEMU's trace: no more interrupts were let through than their rate"""
    passed = count(attempt, "vtd_ir_remap_msi")
    allowed = rate(attempt)(LINE_RATE)
    assert passed > 0, "not one interrupt was let through"
    if passed > allowed:
        raise Breach(f"{passed} interrupts let through, {allowed} allowed")


def reports_limited(attempt):
    """QEMU's trace: no more faults were recorded than the kernel takes"""
    seen, allowed = count(attempt, "vtd_frr_new"), rate(attempt)(REPORT_RATE)
    assert seen > 0, "there was no fault"
    if seen > allowed:
        raise Breach(f"{seen} faults recorded, {allowed} allowed")


def muted(attempt):
    """QEMU's trace: few faults of the card were recorded, then it was muted"""
    seen, allowed = count(attempt, "vtd_frr_new"), rate(attempt)(MUTE_RATE)
    assert seen > 0, "there was no fault"
    if seen > allowed or count(attempt, "vtd_fault_disabled") < seen:
        raise Breach(f"{seen} faults recorded, {allowed} allowed")

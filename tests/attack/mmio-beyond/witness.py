"""Whether the load beyond the window met nothing."""

from tests.attack.witnesses import Breach
from tests.lib.trace import PAGE_FAULT

USER_READ = 4          # error code: user mode, a read, nothing mapped


def load_faulted(attempt):
    """QEMU's log: its CPU took a page fault for the load, as nothing is mapped there"""
    (at,) = [int(l.split()[1], 0) for l in attempt.said
             if l.startswith("beyond ")]
    if (PAGE_FAULT, USER_READ, at) not in [
            e[:3] for e in attempt.machine.trace.exceptions()]:
        raise Breach(f"QEMU's CPU took no page fault at {at:#x}")

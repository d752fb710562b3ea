"""What QEMU's CPU took, beside what the handler was told."""

from tests.attack.witnesses import Breach

BREAKPOINT = 3
KINDS = 18                                   # of main.c


def taken(attempt):
    """The exceptions that QEMU's CPU took, as a handler is told of them."""
    # A trap: the next instruction is where it goes on.
    return [(vector, code, address, ip + (vector == BREAKPOINT))
            for vector, code, address, ip in attempt.machine.trace.exceptions()]


def exceptions_as_taken(attempt):
    """QEMU's log: its CPU took the exceptions that the handler was told of"""
    told = [tuple(int(w, 0) for w in line.split()[1:5])
            for line in attempt.said if line.startswith("exception ")]
    assert len(told) == KINDS, f"{len(told)} kinds were tried"
    took = taken(attempt)
    assert len(took) >= KINDS, f"QEMU took {took}"
    if took != told:
        wrong = [pair for pair in zip(took, told) if pair[0] != pair[1]]
        raise Breach(f"QEMU took {len(took)}, the handler heard {len(told)}; "
                     f"the first that differ: {wrong[:1]}")

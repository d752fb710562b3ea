"""What QEMU's CPU took, beside what the handler was told."""

import re

from tests.attack.witnesses import Breach

# QEMU's `-d int`: 12: v=0e e=0006 i=0 cpl=3 IP=... pc=... SP=... CR2=...
TAKEN = re.compile(r"^ *\d+: v=([0-9a-f]+) e=([0-9a-f]+) i=(\d) cpl=3 "
                   r"IP=[0-9a-f]+:([0-9a-f]+) .*?(?:CR2=([0-9a-f]+)|env)")
EXCEPTIONS, BREAKPOINT, PAGE_FAULT = 32, 3, 14
KINDS = 18                                   # of main.c


def taken(attempt):
    """(vector, error code, address, instruction) of each exception in user
    mode."""
    found = []
    with open(attempt.machine.trace_path, errors="replace") as log:
        for line in log:
            m = TAKEN.match(line)
            if not m:
                continue
            vector, code, _, ip, cr2 = m.groups()
            vector, ip = int(vector, 16), int(ip, 16)
            if vector >= EXCEPTIONS:
                continue
            # A trap: the next instruction is where it goes on.
            ip += vector == BREAKPOINT
            found.append((vector, int(code, 16),
                          int(cr2, 16) if vector == PAGE_FAULT else 0, ip))
    return found


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

"""QEMU's own trace (`-trace 'vtd_*' -D FILE`): what its IOMMU saw, whatever our
kernel says.  A line is an event's name and then its text, for example

    vtd_dmar_fault sid 0x20 fault 5 addr 0x1000 write 1
"""

import re
import time

# `-d int`: 12: v=0e e=0006 i=0 cpl=3 IP=... pc=... SP=... CR2=...
TAKEN = re.compile(r"^ *\d+: v=([0-9a-f]+) e=([0-9a-f]+) i=\d cpl=3 "
                   r"IP=[0-9a-f]+:([0-9a-f]+) .*?(?:CR2=([0-9a-f]+)|env)")
EXCEPTIONS, PAGE_FAULT = 32, 14


class Event:
    """name, the whole text, and fields() for its `word number` pairs."""

    def __init__(self, line):
        # Some back ends put `PID@TIME:` in front.
        line = re.sub(r"^\d+@[\d.]+:", "", line.rstrip("\n"))
        self.name, _, self.text = line.partition(" ")

    def fields(self):
        pairs = re.findall(r"([A-Za-z_][\w-]*)\s*[:=]?\s*(0x[0-9a-fA-F]+|\d+)\b",
                           self.text)
        return {name.lower(): int(value, 0) for name, value in pairs}

    def __repr__(self):
        return f"{self.name} {self.text}"


class Trace:
    def __init__(self, path):
        self.path = path

    def events(self, pattern=".*"):
        """The events so far whose name matches the regular expression."""
        wanted = re.compile(pattern)
        try:
            with open(self.path, errors="replace") as f:
                # The last line may be half written.
                lines = f.read().split("\n")[:-1]
        except FileNotFoundError:
            return []
        found = (Event(line) for line in lines if line.strip())
        return [e for e in found if wanted.fullmatch(e.name)]

    def exceptions(self):
        """(vector, error code, address, instruction) of each exception that the
        CPU took in user mode; QEMU needs `-d int`."""
        found = []
        with open(self.path, errors="replace") as log:
            for m in filter(None, map(TAKEN.match, log)):
                vector, code, ip = (int(m[i], 16) for i in (1, 2, 3))
                if vector < EXCEPTIONS:
                    cr2 = int(m[4], 16) if vector == PAGE_FAULT else 0
                    found.append((vector, code, cr2, ip))
        return found

    def wait(self, pattern, accept=lambda event: True, timeout=20):
        """The first event that matches and is accepted; the trace is QEMU's
        buffer first, so it may come late."""
        deadline = time.monotonic() + timeout
        while True:
            for event in self.events(pattern):
                if accept(event):
                    return event
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"no trace event {pattern} within {timeout} s; the last "
                    f"were {self.events()[-5:]}")
            time.sleep(0.1)

"""libsys on the real kernel: tests/component/selftest says what holds."""

import re
import time

from tests.lib.machine import PATIENCE

POLICY = "tests/component/selftest/policy.yaml"
PARTS = ("start", "memory", "copying", "heap", "mmap", "time", "threads",
         "conditions", "locks", "messages", "deferral", "sharing",
         "taking-back", "rings",
         "clients")


def finished(m):
    """The log, when every component but the server and the console ended."""
    m.wait_prompt()
    deadline = time.monotonic() + 30 * PATIENCE
    while time.monotonic() < deadline:
        log = m.run("log")
        if len(re.findall(r"exited with status|page fault", log)) == 4:
            return log
        time.sleep(0.5)
    raise AssertionError("not all have ended:\n" + log)


def test_libsys(machine):
    m = machine(POLICY)
    log = finished(m)
    for part in PARTS:
        assert f"client: {part} ok\n" in log + "\n", log
    assert "client: all done, 0 failed" in log


def test_ends_are_clean(machine):
    """A stack overflow hits the guard page, abort() tells its status, and one
    that runs out of memory hears of it from malloc."""
    m = machine(POLICY)
    log = finished(m)
    assert "overflow: page fault" in log, log
    assert "aborts: exited with status 134" in log, log
    assert re.search(r"tiny: got [1-9]\d* KB", log), log
    assert "tiny: exited with status 0" in log, log

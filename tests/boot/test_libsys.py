"""libsys on the real kernel: tests/component/selftest says what holds."""

import re

POLICY = "tests/component/selftest/policy.yaml"
PARTS = ("start", "memory", "heap", "mmap", "time", "threads", "conditions",
         "locks", "messages", "deferral", "sharing", "rings")


def test_libsys(machine):
    m = machine(POLICY)
    m.wait_prompt()
    m.expect(r"client: all done, (\d+) failed", 60)
    log = m.run("log")
    for part in PARTS:
        assert f"client: {part} ok\n" in log + "\n", log
    assert "client: all done, 0 failed" in log


def test_ends_are_clean(machine):
    """A stack overflow hits the guard page, abort() tells its status, and one
    that runs out of memory hears of it from malloc."""
    m = machine(POLICY)
    m.wait_prompt()
    m.expect(r"client: all done", 60)
    log = m.run("log")
    assert "overflow: page fault" in log, log
    assert "aborts: exited with status 134" in log, log
    assert re.search(r"tiny: got [1-9]\d* KB", log), log
    assert "tiny: exited with status 0" in log, log

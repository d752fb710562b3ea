"""libsys on the real kernel: tests/component/selftest says what holds."""

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


def test_a_stack_overflow_hits_the_guard_page(machine):
    m = machine(POLICY)
    m.wait_prompt()
    log = m.run("log")
    assert "overflow: page fault" in log, log
    assert "aborts: exited with status 134" in log, log

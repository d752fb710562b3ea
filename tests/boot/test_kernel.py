"""The kernel by itself: programs of tests/kernel stand in for init, call every
kind of operation, and print a closing line."""

import os
import re
import subprocess

import pytest

POLICY = "policies/minimal.yaml"       # its components are never started


@pytest.fixture
def run(machine, build):
    def run(program, timeout, policy=POLICY, **options):
        init = os.path.join(build, "kernel-tests", program)
        m = machine(policy, iso_options={"replace": {"init": init}}, trace=False,
                    **options)
        status = m.wait_exit(timeout)
        closing = re.search(r"(\d+) checks passed, (\d+) failed", m.console)
        assert closing, m.console[-2000:]
        assert status == 0 and closing[2] == "0", m.console[-4000:]
        return int(closing[1])
    return run


@pytest.mark.parametrize("options", [
    {"smp": 1}, {"smp": 2}, {"smp": 4, "icount": True}, {"smp": 8},
    {"smp": 2, "iommu": False}, {"smp": 2, "intremap": False},
    {"smp": 2, "cpu": "max,-x2apic"}, {"smp": 2, "memory": "64M"},
], ids=lambda o: ",".join(f"{k}={v}" for k, v in o.items()))
def test_selftest(run, options):
    assert run("selftest", 60, **options) > 500


@pytest.mark.parametrize("options", [
    {"smp": 1}, {"smp": 4}, {"smp": 2, "cpu": "max,-x2apic"},
    {"smp": 2, "iommu_options": "caching-mode=on,aw-bits=39"},
    {"smp": 2, "iommu": False}, {"smp": 2, "intremap": False},
], ids=lambda o: ",".join(f"{k}={v}" for k, v in o.items()))
def test_devices(run, options):
    isolated = options.get("iommu", True) and options.get("intremap", True)
    assert run("devices", 120, policy="policies/edu.yaml",
               **options) > (150 if isolated else 25)


@pytest.mark.parametrize("smp", [1, 2, 4])
def test_random_calls(run, smp):
    run("random", 240, smp=smp)


@pytest.mark.parametrize("smp", [1, 2])
def test_budgets(run, smp):
    """Times are exact here: one instruction is one nanosecond."""
    assert run("budgets", 120, smp=smp, icount=True) > 30


def test_calls_on_two_cpus_share_no_written_line(machine, build, test_directory):
    """Two pairs call on two CPUs: by the emulator's account there is no cache
    line of the kernel that one CPU writes and the other touches, locks
    included. Stopping a thread of the other CPU shows that it would see one."""
    plugin = os.path.join(test_directory, "shared.so")
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", plugin,
                    "tests/bench/shared.c"], check=True)
    out = os.path.join(test_directory, "shared.txt")
    init = os.path.join(build, "kernel-tests", "pairs")
    m = machine(POLICY, iso_options={"replace": {"init": init}}, trace=False,
                smp=2, extra=["-plugin", f"{plugin},out={out}"])
    m.expect("pairs 1 ", timeout=120)
    with open(out) as f:
        lines = f.read().splitlines()
    found = {int(w[1]): list(map(int, w[2:])) for w in
             (line.split() for line in lines) if w[0] == "shared"}
    shared, first, second = found[20]
    assert shared == 0, lines
    assert min(first, second) > 1000
    assert found[22][0] > 0

"""Every error of docs/kernel-api.md is provoked, one by one, by
tests/kernel/errors, on machines that between them can show all of them; and
nothing else but what is listed there is ever returned (R10)."""

import os
import re
import sys

import yaml

from tests.conftest import ROOT
from tests.lib.gdb import Gdb

sys.path.insert(0, os.path.join(ROOT, "tools"))
import apigen  # noqa: E402

# VT-d 4.1, 11.4.4: bits of the global status that stay, and the queue's.
UNIT = 0xfed90000
COMMAND, STATUS = UNIT + 0x18, UNIT + 0x1c
LASTING = 1 << 31 | 1 << 25 | 1 << 23
QUEUE_ON = 1 << 26

def listed():
    """(operation, code, argument) of each error that is to be tested."""
    with open(os.path.join(ROOT, "kernel/api/operations.yaml")) as f:
        groups = yaml.safe_load(f)
    return {(op["name"], e["code"], e["argument"] or "itself")
            for op in apigen.operations(groups) for e in apigen.errors(op)
            if not e["untested"]}


def queue_off(machine, gdb_path):
    """The IOMMU takes no invalidation any more."""
    with Gdb(gdb_path) as gdb:
        status = gdb.read32(STATUS)
        assert status & QUEUE_ON
        gdb.write32(COMMAND, status & LASTING)
        assert not gdb.read32(STATUS) & QUEUE_ON


MACHINES = {
    "most": {"smp": 1, "icount": True, "iommu_options": "caching-mode=on"},
    # Room for all the Domains that there can be; pages of 4 KiB and 2 MiB.
    "large": {"smp": 2, "memory": "2G", "cpu": "max,-pdpe1gb"},
    "no-iommu": {"smp": 1, "icount": True, "iommu": False},
}


def run(name, machine, build):
    init = os.path.join(build, "kernel-tests", "errors")
    gdb_path = f"/tmp/cordon-gdb-{os.getpid()}"
    m = machine("policies/edu.yaml", iso_options={"replace": {"init": init}},
                trace=False,
                devices=["pcie-root-port,id=rp1,chassis=1,addr=3"],
                extra=["-gdb", f"unix:{gdb_path},server=on,wait=off"],
                **MACHINES[name])
    if name == "most":
        m.expect("stop the unit", 180)
        queue_off(m, gdb_path)
        m.send("\r")
    assert m.wait_exit(120) == 0, m.console[-4000:]
    assert "FAILED" not in m.console
    return set(re.findall(r"provoked (\w+) (\w+) (\w+)", m.console))


def test_every_error(machine, build):
    provoked = set()
    for name in MACHINES:
        provoked |= run(name, machine, build)
    assert provoked == listed()

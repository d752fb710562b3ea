"""R12 from the outside: the host walks the live tables in a dump of physical
memory (tests/lib/tables.py) and finds them to be what the policy says; and a
policy that says anything else is found to differ, whichever way it does."""

import copy
import os

import pytest
import yaml

from tests.conftest import ROOT
from tests.lib import tables

FILES = "policies/files.yaml"


def component(policy, name):
    return next(c for c in policy["components"] if c["name"] == name)


def without(policy, name):
    policy["components"].remove(component(policy, name))


CHANGES = {
    "nobody's": lambda p: without(p, "fs"),
    "the policy says 2": lambda p: component(p, "nvme").update(
        interrupts={"count": 2}),
    "remapping entries for interrupt lines": lambda p: component(
        p, "console").pop("irqs"),
    "and nobody was granted it": lambda p: component(p, "nvme").pop("device"),
    "no register of its devices": lambda p: component(p, "nvme")["device"]
        .update({"class": "06:01"}),
    "is not attached": lambda p: component(p, "console").update(
        device={"class": "06:01"}, dma="4KiB", interrupts={"count": 0}),
    "of its owner's memory": lambda p: component(p, "nvme").update(dma="8KiB"),
    "the policy gives it": lambda p: component(p, "fs").update(memory="1MiB"),
    "which the policy does not grant": lambda p: component(p, "fs").pop("uses"),
}


@pytest.mark.parametrize("policy", [FILES, "policies/edu.yaml",
                                    "policies/net.yaml"])
def test_tables_are_exact(machine, policy):
    m = machine(policy)
    m.wait_prompt()
    m.run("cages")
    assert tables.differences(m, os.path.join(ROOT, policy)) == []


def test_tables_are_exact_after_deaths(machine):
    """Also when components have ended and come back, and data has moved."""
    m = machine(FILES)
    m.wait_prompt()
    m.run("sha256sum /docs/building.md")
    m.run("restart nvme")
    m.run("sha256sum /docs/architecture.md", 120)
    assert tables.differences(m, os.path.join(ROOT, FILES)) == []


def test_every_difference_is_seen(machine, test_directory):
    m = machine(FILES)
    m.wait_prompt()
    m.run("sha256sum /docs/building.md")
    dump = tables.Dump(m)
    with open(os.path.join(ROOT, FILES), encoding="utf-8") as f:
        policy = yaml.safe_load(f)
    path = os.path.join(test_directory, "other.yaml")
    for says, change in CHANGES.items():
        other = copy.deepcopy(policy)
        change(other)
        with open(path, "w", encoding="utf-8") as f:
            yaml.safe_dump(other, f)
        found = tables.Comparison(dump, tables.components_of(path)).compare()
        assert any(says in text for text in found), (says, found)

"""Attacks: each case of tests/attack/*/attack.yaml (cases.py tells its keys)
boots a system in which the attacker tries (attempt.py), and asks witnesses that
are not ours (witnesses.py) whether anything outside its cage changed.

A result is `contained`, `breached`, or `not-enforced-by-emulator` where the
case declares that QEMU lacks the check. A bug of the test itself is an `error`.
Cases that name mutations (parts of the defence that a build leaves out) are
tried on those too and must be breached there: so the witnesses see."""

import subprocess

import pytest

from tests.attack import attempt, cases, report
from tests.attack.witnesses import judge

CASES = cases.load()
MUTATED = [(case, name) for name in cases.load_mutations()
           for case in CASES if name in case.mutations]


@pytest.fixture
def attack(build, iso_of, machine, test_directory, request):
    return lambda case, mutation=None: judge(attempt.boot(
        case, build, iso_of, machine,
        lambda: request.getfixturevalue("disk"), test_directory,
        request.addfinalizer, mutation))


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.case)
def test_contained(case, attack, record_attack):
    row = report.row_of(case)
    record_attack(row)
    breaches = attack(case)
    if case.emulator and list(breaches) == case.witness[-1:]:
        row["result"] = cases.EMULATOR
        return
    row["result"] = cases.BREACHED if breaches else cases.CONTAINED
    assert not breaches, f"{case.tries}: {breaches}"
    assert not case.emulator, "QEMU contains it now: drop `emulator`"


@pytest.mark.parametrize("case, mutation", MUTATED,
                         ids=lambda v: v if isinstance(v, str) else v.case)
def test_breaches_mutation(case, mutation, attack, record_attack):
    """Without the defence the same attack gets through."""
    row = report.row_of(case, mutation)
    record_attack(row)
    breaches = attack(case, mutation)
    row["result"] = cases.BREACHED if breaches else cases.CONTAINED
    assert case.witness[-1] in breaches, (
        f"{mutation} made no difference: {breaches}")


def test_descriptions():
    """Every mutation in the sources is described and shown by an attack, every
    description is of one, and each rule has one at least."""
    told = cases.load_mutations()
    found = subprocess.run(
        ["grep", "-rhoE", r"MUTATION_\w+", "--include=*.c", "kernel", "iommu",
         "boot", "servers"], cwd=cases.ROOT, text=True, stdout=subprocess.PIPE,
        check=True).stdout.split()
    unit_only = {n for n, t in told.items() if t.get("unit_test")}
    assert set(told) == {name.removeprefix("MUTATION_") for name in found}
    shown = {name for case in CASES for name in case.mutations}
    assert shown == set(told) - unit_only
    assert {told[name]["rule"] for name in shown} == set(cases.RULES)

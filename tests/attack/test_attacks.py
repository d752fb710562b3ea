"""Runs every attack: each folder here with an attack.yaml is one.

    rule: R4                     the rule that it tries to break
    what: one line               what the attacker does
    policy: policies/edu.yaml    default: policy.yaml in the attack's folder
    machine: {smp: 2}            fields of tools/lib/emulator.py's Config
    expect: [regex, ...]         the console says these, one after the other;
                                 the last means that the attack is over
    forbid: [regex, ...]         the console never says these
    witness:                     who besides us says that it was contained
      - trace: vtd_dmar_fault    QEMU's trace has this event (a regex) ...
        has: regex               ... with this in its text
        count: 1                 ... at least so often (default 1; 0: never)
      - memory: MARKER           these bytes are in RAM exactly ...
        count: 1                 ... so often
    mutation: no_flush           with the kernel that leaves this out, the
    broken: [regex, ...]         attack must succeed: the console says these

A folder's check.py may hold check(machine), called at the end, for what has no
words above. A failed `expect` of the set-up part (lines up to the one that
matches `attack: begin`) is an error of the test; later ones mean a hole."""

import importlib.util
import os
import re
import subprocess

import pytest
import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
KEYS = {"rule", "what", "policy", "machine", "expect", "forbid", "witness",
        "mutation", "broken", "timeout"}


def load(name):
    path = os.path.join(HERE, name, "attack.yaml")
    with open(path) as f:
        attack = yaml.safe_load(f)
    unknown = set(attack) - KEYS
    assert not unknown, f"{path}: unknown keys {sorted(unknown)}"
    for key in ("rule", "what", "expect", "witness"):
        assert attack.get(key), f"{path}: no `{key}`"
    assert re.fullmatch(r"R([1-9]|1[0-2])", attack["rule"]), path
    attack.setdefault("policy", f"tests/attack/{name}/policy.yaml")
    return attack


ATTACKS = sorted(d for d in os.listdir(HERE)
                 if os.path.exists(os.path.join(HERE, d, "attack.yaml")))


def run(attack, lines, machine, **options):
    m = machine(attack["policy"], **{**attack.get("machine", {}), **options})
    for pattern in lines:
        m.expect(pattern, attack.get("timeout", 30))
    return m


def check_trace(m, witness):
    wanted = re.compile(witness.get("has", ""))
    count = witness.get("count", 1)
    if count:
        m.trace.wait(witness["trace"], lambda e: wanted.search(e.text))
    m.stop()                      # ends QEMU: now its trace is complete
    found = [e for e in m.trace.events(witness["trace"]) if wanted.search(e.text)]
    if count:
        assert len(found) >= count, f"{witness}: only {found}"
    else:
        assert not found, f"{witness}: {found}"


def check_memory(m, witness):
    size = m.qmp.command("query-memory-size-summary")["base-memory"]
    m.qmp.command("stop")
    found = m.read_memory(0, size).count(witness["memory"].encode())
    assert found == witness["count"], f"{witness}: found {found} times"


def check_folder(name, m):
    path = os.path.join(HERE, name, "check.py")
    if os.path.exists(path):
        spec = importlib.util.spec_from_file_location(f"check_{name}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.check(m)


@pytest.mark.parametrize("name", ATTACKS)
def test_contained(name, machine):
    attack = load(name)
    m = run(attack, attack["expect"], machine)
    for pattern in attack.get("forbid", []):
        assert not re.search(pattern, m.console), f"{pattern!r}\n{m.tail()}"
    check_folder(name, m)
    # Those that need the machine alive come first.
    for witness in sorted(attack["witness"], key=lambda w: "trace" in w):
        if "trace" in witness:
            check_trace(m, witness)
        else:
            check_memory(m, witness)


@pytest.mark.parametrize("name", [n for n in ATTACKS if "mutation" in load(n)])
def test_succeeds_on_broken_kernel(name, machine, build):
    """The attack is a real one: without the defence it gets through."""
    attack = load(name)
    mutant = os.path.join(build, "mutation-" + attack["mutation"])
    subprocess.run(["make", "-s", "--no-print-directory", f"O={mutant}",
                    f"MUTATION={attack['mutation']}", "kernel"],
                   cwd=ROOT, check=True)
    run(attack, attack["broken"], machine,
        iso_options={"kernel": os.path.join(mutant, "kernel.elf")})

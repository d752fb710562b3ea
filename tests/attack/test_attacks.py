"""Attacks: each case of tests/attack/*/attack.yaml boots a system with the
attacker as an ordinary driver, lets it try, and asks independent witnesses
(QEMU's own trace, a dump of physical memory) whether anything outside its cage
changed.

A result is `contained`, `breached`, or `not-enforced-by-emulator` where the
case declares that QEMU lacks the check. A bug of the test itself is an error.
Cases that name mutations (parts of the defence that a build leaves out) are
tried on those kernels too and must be breached there: so the witnesses see.

Keys of a case, in a list in each attack.yaml:

    case: name              rule: R4            tries: one line
    args: [words]           of the attacker
    with: [victim]          further components of policy.yaml
    without: [pci]          components left out
    attacker: {key: value}  what the attacker's component has besides; a key
                            without a value takes it away
    target: kernel-text | page:NAME | HEX       physical address under attack
    witness: [words]        methods witness_* below; all must agree; the last
                            is the one of the effect
    mutations: [names]      MUTATION_* guards that must make it succeed
    emulator: text          why QEMU cannot contain it
"""

import glob
import os
import struct
import subprocess
import time

import pytest
import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
EDU = "edu,addr=4,dma_mask=0xffffffffffffffff"
EDU_SID = 4 << 3
MEMORY = 128 << 20
PAGE = 4096
PATTERN = 0xa7
SOURCE_ID_FAULT = 0x26  # VT-d: the request's source-id is not the entry's
MARK = b"CORDON-ATTACK-PAGE:"
START = 20             # seconds for the machine to come up, or to say more
IN_FLIGHT = 0.5        # seconds until the card has done what it was told


def load_cases():
    cases = []
    for path in sorted(glob.glob(os.path.join(HERE, "*", "attack.yaml"))):
        with open(path, encoding="utf-8") as f:
            for case in yaml.safe_load(f):
                case["program"] = os.path.basename(os.path.dirname(path))
                cases.append(case)
    return cases


class Breach(Exception):
    """Something outside the cage changed, or could have."""


class Attack:
    """One case while it runs: the machine, and what the witnesses know."""

    def __init__(self, case, build, machine):
        self.case, self.build, self.machine = case, build, machine
        self.target = None       # physical address under attack
        self.before = b""
        self.said = []           # lines of the attacker
        self.window = None       # (first, end) as the attacker says

    def run(self):
        m = self.machine
        # Ready, or dead before it began.
        m.expect(r"attack: ready", START)
        while True:
            line = m.expect(r"attack: ([^\n]*)\n", START).group(1)
            self.said.append(line)
            words = line.split()
            if words[0] == "ask":
                self.locate()
                m.send(f"{self.target:x}\r")
            elif words[0] == "window":
                self.window = (int(words[1], 16), int(words[2], 16))
            elif words[0] == "error":
                raise AssertionError(f"the attacker could not try: {line}")
            elif words[0] in ("done", "touch"):
                break
        time.sleep(IN_FLIGHT)

    # Where it goes

    def locate(self):
        kind, _, name = self.case["target"].partition(":")
        if kind == "kernel-text":
            self.target = kernel_text(os.path.join(self.build, "kernel.elf"))
        elif kind == "page":
            self.target = self.find_page(MARK + name.encode() + b"\0\x5c")
        else:
            self.target = int(kind, 16)
        self.before = self.machine.read_memory(self.target, PAGE)

    def find_page(self, text):
        memory = self.machine.read_memory(0, MEMORY)
        found = [at for at in range(0, MEMORY, PAGE)
                 if memory.startswith(text, at)]
        assert len(found) == 1, f"pages with {text!r}: {found}"
        return found[0]

    # Witnesses

    def faults(self):
        """(page, is a write) of each DMA of the card that QEMU's IOMMU
        blocked."""
        found = []
        for event in self.machine.trace.events("vtd_dmar_fault"):
            fields = event.fields()
            if fields["sid"] == EDU_SID:
                found.append((fields["addr"] // PAGE, bool(fields["write"])))
        return found

    def witness_fault(self):
        write = "write" in self.case.get("args", [])
        if (self.target // PAGE, write) not in self.faults():
            raise Breach(f"QEMU's IOMMU did not block {self.target:#x}")

    def witness_fault_in_window(self):
        if self.window[0] // PAGE not in [page for page, _ in self.faults()]:
            raise Breach("QEMU's IOMMU did not block the unmapped IOVA")

    def witness_memory(self):
        after = self.machine.read_memory(self.target, PAGE)
        if after != self.before:
            first = next(i for i in range(PAGE) if after[i] != self.before[i])
            raise Breach(f"memory at {self.target + first:#x} has changed")

    def witness_memory_free(self):
        """The page was freed: it may be zero or used anew, but must not hold
        what the card sent."""
        after = self.machine.read_memory(self.target, PAGE)
        if bytes([PATTERN]) * 16 in after:
            raise Breach(f"the card has written to {self.target:#x}")

    def witness_secret(self):
        read = [l.split()[1] for l in self.said if l.startswith("read ")]
        assert len(read) == 1, "the attacker did not tell what it read"
        if bytes.fromhex(read[0]) == self.before[:16]:
            raise Breach("the card has read the target's bytes")

    def witness_faults_at_edges(self):
        first, end = (at // PAGE for at in self.window)
        wanted = {(first - 1, True), (end, True), (first - 1, False),
                  (end, False)}
        seen = self.faults()
        if not wanted <= set(seen):
            raise Breach(f"not blocked: {sorted(wanted - set(seen))}")
        # The transfer across the end: the part outside was blocked as well.
        if seen.count((end, True)) < 2:
            raise Breach("the transfer across the window's end was not blocked")

    def witness_killed(self):
        m = self.machine
        if "breach:" in m.console:
            raise Breach(m.tail(3))
        m.expect(r"attacker: page fault reading 0x[0-9a-f]+ ", START)


    def witness_silence(self):
        if "breach:" in self.machine.console:
            raise Breach(self.machine.tail(3))

    def witness_blocked(self):
        """QEMU found no context entry for the card, after all that it had let
        through. (A blocked device's faults are muted, so none is recorded.)"""
        last = {"passed": -1, "blocked": -1}
        for i, event in enumerate(self.machine.trace.events()):
            if (event.name == "vtd_ce_not_present"
                    and event.fields()["devfn"] == EDU_SID):
                last["blocked"] = i
            elif (event.name in ("vtd_iotlb_page_hit", "vtd_iotlb_page_update")
                    and event.fields()["sid"] == EDU_SID):
                last["passed"] = i
        assert last["passed"] >= 0, "the card never reached its own page"
        if last["blocked"] < last["passed"]:
            raise Breach("QEMU's IOMMU let the card through to the end")

    def witness_interrupt_fault(self):
        """QEMU refused an interrupt request of the card for its source-id."""
        for event in self.machine.trace.events("vtd_frr_new"):
            high = event.fields()["high"]       # VT-d 10.4.14
            if high & 0xffff == EDU_SID and (high >> 32) & 0xff == SOURCE_ID_FAULT:
                return
        raise Breach("QEMU's IOMMU refused no interrupt of the card")


def kernel_text(path):
    """Physical address of the kernel's first executable segment, plus a page,
    past the boot header."""
    with open(path, "rb") as f:
        image = f.read()
    (offset,) = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    for i in range(count):
        kind, flags = struct.unpack_from("<II", image, offset + i * size)
        _, _, physical, _, bytes_ = struct.unpack_from(
            "<QQQQQ", image, offset + i * size + 8)
        if kind == 1 and flags & 1 and bytes_ > 2 * PAGE:
            return (physical + PAGE) // PAGE * PAGE
    raise AssertionError(f"{path} has no executable segment")


def write_policy(case, build):
    with open(os.path.join(HERE, "policy.yaml"), encoding="utf-8") as f:
        policy = yaml.safe_load(f)
    wanted = {"pci", "attacker", *case.get("with", [])}
    wanted -= set(case.get("without", []))
    policy["components"] = [c for c in policy["components"]
                            if c["name"] in wanted]
    attacker = policy["components"][-1]
    attacker["binary"] = case["program"]
    attacker["args"] = case.get("args", [])
    attacker.update(case.get("attacker", {}))
    for key in [k for k, value in attacker.items() if value is None]:
        del attacker[key]
    path = os.path.join(build, "tests", "attack", case["case"] + ".yaml")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        yaml.safe_dump(policy, f, sort_keys=False)
    return path


def judge(attack):
    """What each witness that saw a breach says: {} is contained."""
    breaches = {}
    for name in attack.case["witness"]:
        try:
            getattr(attack, "witness_" + name.replace("-", "_"))()
        except Breach as breach:
            breaches[name] = str(breach)
    return breaches


def boot(case, build, iso_of, machine, **iso_options):
    m = machine(iso_of(write_policy(case, build), **iso_options),
                devices=[EDU], memory=f"{MEMORY >> 20}M")
    attack = Attack(case, build, m)
    attack.run()
    return attack


def row_of(case):
    return {"case": case["case"], "rule": case["rule"], "tries": case["tries"],
            "witness": ", ".join(case["witness"]), "result": "error"}


@pytest.mark.parametrize("case", load_cases(), ids=lambda c: c["case"])
def test_contained(case, build, iso_of, machine, record_attack):
    row = row_of(case)
    record_attack(row)
    breaches = judge(boot(case, build, iso_of, machine))
    if breaches and case.get("emulator"):
        row["result"] = "not-enforced-by-emulator"
        return
    row["result"] = "breached" if breaches else "contained"
    assert not breaches, f"{case['tries']}: {breaches}"


MUTATED = [(case, mutation) for case in load_cases()
           for mutation in case.get("mutations", [])]


@pytest.mark.parametrize("case, mutation", MUTATED,
                         ids=lambda v: v if isinstance(v, str) else v["case"])
def test_breaches_mutation(case, mutation, build, iso_of, machine,
                           record_attack):
    """Without the defence the same attack gets through."""
    mutant = os.path.join(build, "mutation-" + mutation)
    subprocess.run(["make", "-s", "--no-print-directory", f"O={mutant}",
                    f"MUTATION={mutation}", "kernel"], cwd=ROOT, check=True)
    row = row_of(case)
    row["tries"] += f", on a kernel with {mutation}"
    record_attack(row)
    breaches = judge(boot(case, build, iso_of, machine,
                          kernel=os.path.join(mutant, "kernel.elf")))
    # The last witness is the one of the effect: memory or an interrupt.
    assert case["witness"][-1] in breaches, (
        f"the mutation made no difference: {breaches}")
    row["result"] = "breached, as it must"

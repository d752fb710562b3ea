"""The cases: what each tests/attack/*/attack.yaml says, and mutations.yaml.

An attack.yaml is a list; its folder's C files are the attacker's program. Keys
of a case (docs/attacks.md shows examples):

    case: name              rule: R4            tries: one line
    attacker: driver        which entry of `attackers` in policy.yaml it is:
                            driver (of an edu card), server (a rogue PCI server
                            with the card), component (no device at all)
    grant: {key: value}     what its component has besides or instead; null
                            takes a key away
    args: [words]           of the attacker; ${SEED:-1} is from the environment
    program: name           if not the folder's name
    with: [victim]          further components of policy.yaml
    policy: FILE            in the folder: all of the system, in place of these;
                            `args` go to its component `attacker`
    init: NAME              tests/kernel/NAME stands in for init; no components
    machine: {}             devices: [arguments of -device], and fields of
                            emulator.Config (smp, memory, icount, ...);
                            count: true loads the plugin that counts guest
                            instructions; disk: true gives the NVMe disk;
                            {pattern} in `extra` is an image full of what
                            attackers send; network: MODEL plugs in that card,
                            with the neighbours of outside.py on its cable
    target: kernel-text     what is under attack, as a physical address: that,
                            kernel-data, iommu-registers, iommu-root and
                            iommu-entries (its tables), domain-root (the judged
                            device's), registers:N (of the device 00:N.0),
                            page:NAME (the page with that mark), or in hex
    requester: 0x20         ID of the device whose DMA or interrupts are judged
    outside: name           what the host does meanwhile: a function of
                            `outside.py` in the folder, given the Attempt
    until: done             or `end`: until the machine ends itself; `outside`:
                            nobody attacks from within, the host begins when
                            init has printed `begin`, and then ends it
    begin: text             a pattern; by default that the stack has an address
    timeout: 20             seconds for the attacker to say something
    settle: 0.5             seconds from `done` to the verdict
    witness: [words]        all must agree; the last is the one of the effect.
                            From witnesses.py, or `witness.py` in the folder
    mutations: [names]      parts of the defence (MUTATION_* guards, described
                            in mutations.yaml) without which it must succeed
    emulator: text          why QEMU does not contain it: the last witness sees
                            the effect, the others must be content all the same
"""

import glob
import importlib.util
import os
import re
from dataclasses import dataclass, field, fields

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
RULES = [f"R{n}" for n in range(1, 13)]

CONTAINED = "contained"
BREACHED = "breached"
EMULATOR = "not-enforced-by-emulator"
ERROR = "error"


@dataclass
class Case:
    case: str
    rule: str
    tries: str
    witness: list
    folder: str
    program: str
    attacker: str = "driver"
    grant: dict = field(default_factory=dict)
    args: list = field(default_factory=list)
    components: list = field(default_factory=list)     # key `with`
    policy: str = ""
    init: str = ""
    machine: dict = field(default_factory=dict)
    target: str = ""
    requester: int = 4 << 3        # 00:04.0, the edu card
    outside: str = ""
    begin: str = r"net: address 10\.0\.2\.15"
    until: str = "done"
    timeout: float = 20
    settle: float = 0.5
    mutations: list = field(default_factory=list)
    emulator: str = ""

    @property
    def expected(self):
        return EMULATOR if self.emulator else CONTAINED


KEYS = {f.name for f in fields(Case)} - {"folder", "components"} | {"with"}


def read(path):
    with open(path, encoding="utf-8") as f:
        return yaml.safe_load(f)


def case_of(path, keys):
    where = f"{os.path.relpath(path, ROOT)}, case {keys.get('case')}"
    unknown = sorted(set(keys) - KEYS)
    assert not unknown, f"{where}: no such key: {unknown}"
    missing = [k for k in ("case", "rule", "tries", "witness") if not keys.get(k)]
    assert not missing, f"{where}: not there: {missing}"
    assert keys["rule"] in RULES, f"{where}: no such rule: {keys['rule']}"
    folder = os.path.dirname(path)
    known = dict(keys)
    known["components"] = known.pop("with", [])
    known.setdefault("program", os.path.basename(folder))
    return Case(folder=folder, **known)


def load():
    found = [case_of(path, keys)
             for path in sorted(glob.glob(os.path.join(HERE, "*", "attack.yaml")))
             for keys in read(path)]
    names = [c.case for c in found]
    twice = sorted({n for n in names if names.count(n) > 1})
    assert not twice, f"case names used twice: {twice}"
    return sorted(found, key=lambda c: (RULES.index(c.rule), c.case))


def function_in(case, file, name):
    """A function of a Python file in the case's folder; None if there is none."""
    path = os.path.join(case.folder, file)
    if not os.path.exists(path):
        return None
    stem = f"{os.path.basename(case.folder)}_{os.path.splitext(file)[0]}"
    spec = importlib.util.spec_from_file_location(re.sub(r"\W", "_", stem), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name, None)


def load_mutations():
    """{name: {rule, leaves_out}}, in the file's order."""
    return read(os.path.join(HERE, "mutations.yaml"))

"""One case while it runs: the machine, what the attacker says, where its
target lies. The verdict is the witnesses' (witnesses.py)."""

import glob
import os
import re
import struct
import subprocess
import time

import yaml

from lib import policy as policies      # tools/lib, see tests/conftest.py
from tests.attack.cases import HERE, function_in
from tests.attack.outside import Meanwhile, Outside
from tests.lib.machine import PATIENCE

EDU = "edu,addr=4,dma_mask=0xffffffffffffffff"
MEMORY = 128 << 20
PAGE = 4096
PATTERN = 0xa7                    # what attackers send, see attack.h
PAGE_WAIT = 10                    # seconds until a component has marked its page
MARK = b"CORDON-ATTACK-PAGE:"
KERNEL_BASE = 0xffffffff80000000  # boot/arch/x86_64/image.ld
IOMMU_REGISTERS = 0xfed90000      # of QEMU's q35 (Q35_HOST_BRIDGE_IOMMU_ADDR)
CONFIG_KEYS = {"disks", "smp", "memory", "cpu", "icount", "iommu", "intremap",
               "iommu_options", "trace_events", "extra"}


class Attempt:
    def __init__(self, case, kernel, machine):
        self.case, self.kernel, self.machine = case, kernel, machine
        self.target = None       # physical address under attack
        self.before = b""        # the page there when the attacker asked
        self.text = b""          # the kernel's code when it began
        self.said = []           # lines of the attacker
        self.window = None       # (first, end) as the attacker says
        self.policy = ""         # path of the system's policy
        self.status = None       # with `until: end`: what the guest gave
        self.outside = None      # the network's other end, if there is one
        self.disk = None         # the image, if there is one
        self.notes = {}          # what the host's part found
        self.over = False        # the attacker is done

    def run(self):
        m, case = self.machine, self.case
        if case.until == "end":
            self.status = m.wait_exit(case.timeout)
            return
        # Ready, or dead before it began.
        within = case.until == "done"
        m.expect(r"attack: ready" if within else case.begin, case.timeout)
        self.text = self.read_text()
        host = None
        if case.outside:
            what = function_in(case, "outside.py", case.outside)
            host = Meanwhile(lambda _: what(self), once=True)
        if within:
            self.listen()
        self.over = True
        if host:
            host.stop(case.timeout)
        time.sleep(case.settle)

    def listen(self):
        """To the attacker, until it is done."""
        m, case = self.machine, self.case
        while True:
            line = m.expect(r"attack: ([^\n]*)\n", case.timeout).group(1)
            self.said.append(line)
            words = line.split()
            if words[0] == "ask":
                self.locate()
                m.send(f"{self.target:x}\r")
            elif words[0] == "window":
                self.window = (int(words[1], 16), int(words[2], 16))
            elif words[0] == "error":
                raise AssertionError(f"the attacker could not try: {line}")
            elif words[0] == "done":
                break

    # Where it goes

    def locate(self):
        kind, _, name = self.case.target.partition(":")
        if kind == "page":
            self.target = self.find_page(name)
        elif kind == "registers":
            self.target = self.registers(int(name, 0))
        elif kind in PLACES:
            self.target = PLACES[kind](self)
        else:
            self.target = int(kind, 16)
        self.before = self.machine.read_memory(self.target, PAGE)

    def find_page(self, name):
        """The page that the component marks when it starts, which may be later
        than the attacker starts."""
        text = MARK + name.encode() + b"\0\x5c"
        deadline = time.monotonic() + PAGE_WAIT * PATIENCE
        found = []
        while not found and time.monotonic() < deadline:
            memory = self.machine.read_memory(0, MEMORY)
            found = [at for at in range(0, MEMORY, PAGE)
                     if memory.startswith(text, at)]
        assert len(found) == 1, f"pages with {text!r}: {found}"
        return found[0]

    def text_segment(self):
        """The kernel's code: its last segment that may be executed (those
        before it are boot's, and given away)."""
        return [s for s in segments(self.kernel) if s.executable][-1]

    def kernel_text(self):
        return self.text_segment().physical

    def read_text(self):
        text = self.text_segment()
        return self.machine.read_memory(text.physical, text.bytes)

    def kernel_data(self):
        """What the kernel knows of its IOMMU: the variable `vtd`."""
        names = subprocess.run(["nm", self.kernel], stdout=subprocess.PIPE,
                               text=True, check=True).stdout
        at = re.search(r"^([0-9a-f]+) \w vtd$", names, re.M)
        return int(at.group(1), 16) - KERNEL_BASE

    def registers(self, slot):
        """The first window of a device on the root bus, as QEMU has it."""
        (bus,) = [b for b in self.machine.qmp.command("query-pci")
                  if b["bus"] == 0]
        (device,) = [d for d in bus["devices"]
                     if (d["slot"], d["function"]) == (slot, 0)]
        return device["regions"][0]["address"]

    def iommu_table(self, event):
        """Where QEMU's IOMMU was told that a table of its lies."""
        told = self.machine.trace.events(event)
        return told[-1].fields()["addr"]

    def domain_root(self):
        """The table of the judged device's Domain (VT-d 4.1, 9.1, 9.3)."""
        bus, function = divmod(self.case.requester, 256)
        at = self.iommu_table("vtd_reg_dmar_root") + 16 * bus
        for step in (16 * function, 0):
            entry = int.from_bytes(self.machine.read_memory(at, 8), "little")
            at = entry // PAGE * PAGE + step
        return at

    # What the plugin counted

    def counted(self):
        """Lines of tests/bench/count.c, as lists of words."""
        with open(os.path.join(self.machine.directory, "count")) as f:
            return [line.split() for line in f]


PLACES = {
    "kernel-text": Attempt.kernel_text,
    "kernel-data": Attempt.kernel_data,
    "iommu-registers": lambda _: IOMMU_REGISTERS,
    "iommu-root": lambda a: a.iommu_table("vtd_reg_dmar_root"),
    "iommu-entries": lambda a: a.iommu_table("vtd_reg_ir_root"),
    "domain-root": Attempt.domain_root,
}


class Segment:
    def __init__(self, flags, offset, physical, bytes_):
        self.executable, self.writable = bool(flags & 1), bool(flags & 2)
        self.offset, self.physical, self.bytes = offset, physical, bytes_


def segments(path):
    """The loadable segments of an ELF64 image, in the file's order."""
    with open(path, "rb") as f:
        image = f.read()
    (offset,) = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    found = []
    for i in range(count):
        kind, flags, at, _, physical, bytes_ = struct.unpack_from(
            "<IIQQQQ", image, offset + i * size)
        if kind == 1:
            found.append(Segment(flags, at, physical, bytes_))
    return found


def from_environment(text):
    """`${NAME:-default}` as a shell has it, so that SEED=7 reaches an attacker."""
    return re.sub(r"\$\{(\w+):-(\w*)\}",
                  lambda m: os.environ.get(m[1], m[2]), text)


def own_policy(case):
    """The folder's own system; `args` are those of its component `attacker`."""
    with open(os.path.join(case.folder, case.policy), encoding="utf-8") as f:
        policy = yaml.safe_load(f)
    for component in policy["components"]:
        if component["name"] == "attacker":
            component["args"] = [from_environment(a) for a in case.args]
    return policy


def assembled_policy(case):
    """The system that policy.yaml has the parts of."""
    with open(os.path.join(HERE, "policy.yaml"), encoding="utf-8") as f:
        policy = yaml.safe_load(f)
    attacker = policy.pop("attackers")[case.attacker]
    if case.init:
        wanted = set()
    elif attacker.get("role") == "pci-server":
        wanted = set(case.components)
    else:
        wanted = {"pci", *case.components}
    known = {c["name"] for c in policy["components"]}
    assert wanted <= known, f"policy.yaml has no {sorted(wanted - known)}"
    attacker.update({"name": "attacker", "binary": case.program,
                     "args": [from_environment(a) for a in case.args]},
                    **case.grant)
    policy["components"] = [c for c in policy["components"]
                            if c["name"] in wanted]
    if case.init:
        # A policy names a component at least; it is never started.
        attacker["binary"] = "victim"
    policy["components"].append(
        {k: v for k, v in attacker.items() if v is not None})
    return policy


def write_policy(case, build):
    """The case's system; a path."""
    if case.policy and not case.args:
        return os.path.join(case.folder, case.policy)
    policy = own_policy(case) if case.policy else assembled_policy(case)
    path = os.path.join(build, "tests", "attack", case.case + ".yaml")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    part = f"{path}.{os.getpid()}"
    with open(part, "w", encoding="utf-8") as f:
        yaml.safe_dump(policy, f, sort_keys=False)
    os.replace(part, path)       # another worker may be reading it
    return path


def mutant(build, name, policy):
    """What make_iso takes to put a mutation's kernel and programs in place."""
    where = os.path.join(build, "mutations", name)
    made = {os.path.basename(p): p for p in glob.glob(where + "/bin/*")}
    kernel = os.path.join(where, "kernel.elf")
    assert made or os.path.exists(kernel), (
        f"there is no MUTATION_{name} in the sources, or no {where}: "
        "run the attacks through make")
    used = policies.Policy(policy).binaries + ["init"]
    options = {"replace": {n: p for n, p in made.items() if n in used}}
    if os.path.exists(kernel):
        options["kernel"] = kernel
    return options


def pattern_disk(build):
    """A disk image that holds nothing but what attackers send."""
    path = os.path.join(build, "mutations", "pattern.img")
    if not os.path.exists(path):
        part = f"{path}.{os.getpid()}"
        with open(part, "wb") as f:
            f.write(bytes([PATTERN]) * (1 << 20))
        os.replace(part, path)
    return path


def boot(case, build, iso_of, machine, disk_of, directory, at_end, mutation=None):
    """Boots the case's system, on a mutant if one is named, and lets the
    attacker try. `at_end` takes what is to be done after the verdict."""
    policy = write_policy(case, build)
    iso = mutant(build, mutation, policy) if mutation else {"replace": {}}
    if case.init:
        iso["replace"]["init"] = os.path.join(build, "kernel-tests", case.init)
    options = dict(case.machine)
    devices = list(options.pop("devices", []))
    if case.attacker != "component" and not case.policy:
        devices.insert(0, EDU)
    extra = [word.replace("{pattern}", pattern_disk(build))
             for word in options.pop("extra", [])]
    if options.pop("count", False):
        extra += ["-plugin", f"{build}/mutations/count.so,out={directory}/count"]
    outside = None
    if "network" in options:
        outside = Outside(options.pop("network"), directory)
        at_end(outside.close)
        extra += outside.arguments()
    if options.pop("disk", False):
        options["disks"] = [disk_of()]
    disk = options.get("disks", [None])[0]
    assert set(options) <= CONFIG_KEYS, f"machine: unknown: {options}"
    options.setdefault("memory", f"{MEMORY >> 20}M")
    attempt = Attempt(case, iso.get("kernel", f"{build}/kernel.elf"),
                      machine(iso_of(policy, **iso), devices=devices,
                              extra=extra, **options))
    attempt.policy = policy
    attempt.outside = outside
    attempt.disk = disk
    attempt.run()
    return attempt

"""R12 from the outside: walks the live tables in a dump of physical memory and
compares them with the policy file, in both directions. Nothing of the kernel is
asked and none of its code is used: roots are found as the hardware would find
them, what a device is comes from QEMU, formats come from the manuals (Intel SDM
3A 4.5; VT-d 4.1, 9.1, 9.3, 9.8, 9.10, 11.4).

    differences(machine, policy) -> sentences; none if the tables are exact

What must hold:
  - page tables, remapping tables and the kernel's image are reachable by no
    process and no device; nothing is writable and executable;
  - a component maps memory of its own, all of which lies in one range of the
    policy's size, memory that it shares with one that the policy connects it
    with by a service, and the registers of its own devices;
  - a requester is attached exactly if it is a granted device; its Domain maps at
    most the policy's `dma` of its owner's memory, and what its clients lend;
  - remapping entries: as many for each device as the policy's interrupts, with
    its source-id checked; one for each interrupt line; no others.
"""

import struct

import yaml

PAGE = 4096
ADDRESS = 0x000ffffffffff000
PRESENT, WRITE, USER, LARGE, NX = 1, 2, 4, 1 << 7, 1 << 63
IMAGE_BASE = 0xffffffff80000000   # the kernel is linked at the top 2 GiB
KERNEL_HALF = 256                 # entries of the root from here on

# <cordon/startup.h>: the page that names a component, as init made it.
STARTUP_ADDRESS, STARTUP_MAGIC, STARTUP_NAME = 0x10000000, b"tSnodroC", 0xf8

# The IOMMU of QEMU's q35.
IOMMU = 0xfed90000
# What not even the PCI server may map: that, the I/O APIC, and the range in which
# CPUs have their APICs and devices' writes are interrupts.
KERNEL_REGISTERS = [(IOMMU, IOMMU + PAGE), (0xfec00000, 0xfec01000),
                    (0xfee00000, 0xfef00000)]
GSTS, RTADDR, IQA, IRTA = 0x1c, 0x20, 0x90, 0xb8
GSTS_TES, GSTS_QIES, GSTS_IRES, GSTS_CFIS = 1 << 31, 1 << 26, 1 << 25, 1 << 23
DMA_READ, DMA_WRITE = 1, 2


class Mapping:
    """`size` bytes at `at` (address or IOVA) are physical `to`."""

    def __init__(self, at, to, size, write, execute):
        self.at, self.to, self.size = at, to, size
        self.write, self.execute = write, execute

    def pages(self):
        return range(self.to, self.to + self.size, PAGE)


class Component:
    def __init__(self, policy):
        self.policy, self.name = policy, policy["name"]
        self.memory = size_of(policy["memory"])
        self.devices = devices_of(policy)
        self.peers = set()        # a service connects them
        self.clients = set()
        self.space = None
        self.range = None         # physical, as far as the tables show

    def owns(self, page):
        return self.range and self.range[0] <= page < self.range[1]

    def could_own(self, page, others):
        """Would its range still have the policy's size with this page?"""
        first, end = self.range
        return (max(end, page + PAGE) - min(first, page) <= self.memory
                and not any(o.owns(page) for o in others if o is not self))


class Space:
    """The tables below one root."""

    def __init__(self, root, mappings, tables):
        self.root, self.mappings, self.tables = root, mappings, tables


class Dump:
    """Physical memory and the few registers, all of one moment."""

    def __init__(self, machine):
        size = ram_size(machine.config.memory)
        assert size <= 2 << 30, "RAM above 4 GiB is not read"
        machine.qmp.command("stop")
        try:
            self.memory = machine.read_memory(0, size)
            self.registers = {at: machine.read_memory(IOMMU + at, width)
                              for at, width in ((GSTS, 4), (RTADDR, 8),
                                                (IQA, 8), (IRTA, 8))}
            self.cr3 = control_registers(machine)
            self.functions = functions_of(machine)
        finally:
            machine.qmp.command("cont")

    def register(self, at):
        return int.from_bytes(self.registers[at], "little")

    def table(self, at, count=512):
        return struct.unpack_from(f"<{count}Q", self.memory, at)

    def is_ram(self, at):
        return at < len(self.memory)


# What the policy and QEMU say

def size_of(text):
    for unit, shift in (("KiB", 10), ("MiB", 20), ("GiB", 30)):
        if str(text).endswith(unit):
            return int(str(text)[:-3]) << shift
    raise ValueError(f"not a size: {text}")


def ram_size(text):
    return int(text[:-1]) << {"M": 20, "G": 30}[text[-1]]


def devices_of(policy):
    """Of one component: [{class|id|address, index, dma, interrupts}]."""
    found = list(policy.get("devices", []))
    if "device" in policy:
        found.append(dict(policy["device"], dma=policy.get("dma", "0KiB"),
                          interrupts=policy.get("interrupts", {"count": 0})))
    for device in found:
        count = device.get("interrupts", {"count": 0})
        device["count"] = count["count"] if isinstance(count, dict) else count
        device["dma_bytes"] = size_of(device.get("dma", "0KiB"))
    return found


def components_of(policy):
    with open(policy, encoding="utf-8") as f:
        tree = yaml.safe_load(f)
    found = {c["name"]: Component(c) for c in tree["components"]}
    for c in found.values():
        for use in c.policy.get("uses", []):
            if use["from"] in found:
                c.peers.add(use["from"])
                found[use["from"]].peers.add(c.name)
                found[use["from"]].clients.add(c.name)
    return found


def control_registers(machine):
    text = machine.hmp("info registers -a")
    return [int(word[4:], 16) for word in text.split()
            if word.startswith("CR3=")]


class Function:
    """A PCI function, as QEMU has it."""

    def __init__(self, d):
        self.rid = d["bus"] << 8 | d["slot"] << 3 | d["function"]
        self.id = d["id"]["vendor"] << 16 | d["id"]["device"]
        self.class_code = d["class_info"]["class"]   # base and sub-class
        self.bars = [(r["address"], r["size"]) for r in d["regions"]
                     if r["type"] == "memory" and r["address"] != -1]


def functions_of(machine):
    found, buses = [], [b["devices"] for b in machine.qmp.command("query-pci")]
    while buses:
        for d in buses.pop():
            found.append(Function(d))
            buses.append(d.get("pci_bridge", {}).get("devices", []))
    return sorted(found, key=lambda f: f.rid)


def selected(functions, selector):
    """The function that a policy's selector means; None if there is none."""
    def fits(f):
        if "id" in selector:
            return f.id == int(selector["id"].replace(":", ""), 16)
        if "address" in selector:
            _, bus, rest = selector["address"].split(":")
            slot, function = rest.split(".")
            return f.rid == (int(bus, 16) << 8 | int(slot, 16) << 3
                             | int(function, 16))
        return f.class_code == int(selector["class"].replace(":", "")[:4], 16)

    found = [f for f in functions if fits(f)]
    index = selector.get("index", 0)
    return found[index] if index < len(found) else None


# Walks

def walk(dump, root, leaf, levels=4, present=PRESENT, entries=range(512)):
    """The mappings and the table pages below a root; leaf(entry) -> (write,
    execute)."""
    found, tables = [], {root}

    def descend(table, at, level, which):
        words = dump.table(table)
        for i in which:
            entry = words[i]
            if not entry & present:
                continue
            here = at + (i << (12 + 9 * level))
            if level == 0 or entry & LARGE:
                size = 1 << (12 + 9 * level)
                to = entry & ADDRESS & -size
                found.append(Mapping(here, to, size, *leaf(entry)))
                continue
            below = entry & ADDRESS
            tables.add(below)
            descend(below, here, level - 1, range(512))

    descend(root, 0, levels - 1, entries)
    return Space(root, found, tables)


def cpu_leaf(entry):
    return bool(entry & WRITE), not entry & NX


def dma_leaf(entry):
    return bool(entry & DMA_WRITE), False


def roots(dump):
    """Every page that shares the kernel's half with the CPUs' present root: the
    root of an address space, alive or not yet used again."""
    half = PAGE // 2
    kernel = dump.table(dump.cr3[0] & ADDRESS)[KERNEL_HALF:]
    accessed = ~0x60                  # the CPU sets accessed and dirty
    wanted = [e & accessed for e in kernel]
    last = struct.pack("<Q", kernel[-1])[1:]
    return [at for at in range(0, len(dump.memory), PAGE)
            if dump.memory[at + PAGE - 7:at + PAGE] == last
            and [e & accessed for e in struct.unpack_from(
                "<256Q", dump.memory, at + half)] == wanted]


def name_in(dump, space):
    """Which component it is, from the startup page; None: init, or empty."""
    for m in space.mappings:
        if m.at <= STARTUP_ADDRESS < m.at + m.size:
            at = m.to + STARTUP_ADDRESS - m.at
            page = dump.memory[at:at + PAGE]
            if page.startswith(STARTUP_MAGIC):
                name = page[STARTUP_NAME:STARTUP_NAME + 32]
                return name.split(b"\0")[0].decode()
    return None


# Comparison

class Comparison:
    def __init__(self, dump, components):
        self.dump, self.components = dump, components
        self.said = []
        self.kernel = {}              # physical page -> what of the kernel's
        self.init = None

    def differs(self, text):
        self.said.append(text)

    def compare(self):
        self.find_spaces()
        self.find_kernel_pages()
        running = [c for c in self.components.values() if c.space]
        self.find_ranges(running)
        for c in running:
            self.check_kernel_kept(c.space.mappings, c.name)
        self.check_kernel_kept(self.init.mappings, "init")
        for c in running:
            self.check_space(c, running)
        self.check_iommu(running)
        return self.said

    def find_spaces(self):
        for at in roots(self.dump):
            space = walk(self.dump, at, cpu_leaf, entries=range(KERNEL_HALF))
            if not space.mappings:
                continue              # the kernel's own, or an ended one
            name = name_in(self.dump, space)
            if name in self.components:
                if self.components[name].space:
                    self.differs(f"two address spaces are {name}'s")
                self.components[name].space = space
            elif name is None and self.init is None:
                self.init = space
            else:
                self.differs(f"the address space at {at:#x} is nobody's"
                             f" ({name})")
        assert self.init, "init's address space was not found"

    def find_kernel_pages(self):
        dump = self.dump
        top = walk(dump, dump.cr3[0] & ADDRESS, cpu_leaf, entries=[511])
        for m in top.mappings:
            if m.at | 0xffff << 48 >= IMAGE_BASE and dump.is_ram(m.to):
                self.own(m.pages(), "the kernel's image")
        half = walk(dump, dump.cr3[0] & ADDRESS, cpu_leaf,
                    entries=range(KERNEL_HALF, 512))
        self.own(half.tables, "a page table of the kernel")
        for c in self.components.values():
            if c.space:
                self.own(c.space.tables, f"a page table of {c.name}")
        self.own(self.init.tables, "a page table of init")
        self.own([dump.register(IQA) & ADDRESS], "the invalidation queue")
        entries = self.interrupt_table()
        self.own(range(entries[0], entries[0] + 16 * entries[1], PAGE),
                 "the interrupt remapping table")
        self.own([dump.register(RTADDR) & ADDRESS], "the root table")
        self.own(self.contexts().values(), "a context table")

    def own(self, pages, what):
        for page in pages:
            self.kernel[page] = what

    def check_kernel_kept(self, mappings, who):
        for m in mappings:
            for page in m.pages():
                if page in self.kernel:
                    self.differs(f"{who} reaches {self.kernel[page]}, physical "
                                 f"{page:#x}, at {m.at:#x}")
                    break

    # CPU tables

    def find_ranges(self, running):
        """A component's memory is where its page tables and the pages are that
        nobody else maps."""
        mapped = {}
        for c in running:
            for m in c.space.mappings:
                for page in m.pages():
                    mapped.setdefault(page, set()).add(c.name)
        for c in running:
            own = set(c.space.tables) | {
                page for m in c.space.mappings for page in m.pages()
                if self.dump.is_ram(page) and mapped[page] == {c.name}}
            c.range = (min(own), max(own) + PAGE)
            if c.range[1] - c.range[0] > c.memory:
                self.differs(
                    f"{c.name} has pages from {c.range[0]:#x} to "
                    f"{c.range[1]:#x}, the policy gives it {c.memory:#x} bytes")

    def owners(self, page, candidates):
        return [o for o in candidates
                if o.owns(page) or o.could_own(page, candidates)]

    def check_space(self, c, running):
        for m in c.space.mappings:
            where = f"{c.name}: address {m.at:#x} maps physical {m.to:#x}"
            if m.write and m.execute:
                self.differs(f"{where}, writable and executable")
            if not self.dump.is_ram(m.to):
                if not self.is_register(c, m):
                    self.differs(f"{where}, no register of its devices")
                continue
            for page in m.pages():
                if not any(o is c or o.name in c.peers
                           for o in self.owners(page, running)):
                    self.differs(f"{where}, which the policy does not grant")
                    break

    def is_register(self, c, m):
        """A BAR's pages of its own device; the PCI server: all but the
        kernel's."""
        if c.policy.get("role") == "pci-server":
            return not any(m.to < end and first < m.to + m.size
                           for first, end in KERNEL_REGISTERS)
        for device in c.devices:
            f = selected(self.dump.functions, device)
            for base, size in f.bars if f else []:
                end = (base + size + PAGE - 1) // PAGE * PAGE
                if base // PAGE * PAGE <= m.to and m.to + m.size <= end:
                    return True
        return False

    # The IOMMU

    def contexts(self):
        """Bus -> its context table."""
        root = self.dump.table(self.dump.register(RTADDR) & ADDRESS)
        return {bus: root[2 * bus] & ADDRESS for bus in range(256)
                if root[2 * bus] & PRESENT}

    def interrupt_table(self):
        irta = self.dump.register(IRTA)
        return irta & ADDRESS, 2 << (irta & 0xf)     # base, entries

    def check_iommu(self, running):
        status = self.dump.register(GSTS)
        if not status & GSTS_TES or not status & GSTS_IRES:
            self.differs("DMA or interrupt remapping is off")
        if status & GSTS_CFIS:
            self.differs("compatibility-format interrupts are let through")
        attached = self.attachments()
        granted = {}
        for c in running:
            for device in c.devices:
                f = selected(self.dump.functions, device)
                if f:
                    granted[f.rid] = (c, device)
        for rid in sorted(granted.keys() - attached.keys()):
            self.differs(f"{granted[rid][0].name}: its device "
                         f"{rid_text(rid)} is not attached")
        for rid in sorted(attached.keys() - granted.keys()):
            self.differs(f"requester {rid_text(rid)} is attached, and nobody "
                         "was granted it")
        for rid in sorted(attached.keys() & granted.keys()):
            self.check_domain(rid, attached[rid], *granted[rid], running)
        self.check_interrupts(running, granted)

    def attachments(self):
        """Requester ID -> its context entry, the present ones."""
        found = {}
        for bus, table in self.contexts().items():
            words = self.dump.table(table)
            for devfn in range(256):
                low, high = words[2 * devfn], words[2 * devfn + 1]
                if low & PRESENT:
                    found[bus << 8 | devfn] = (low, high)
        ids = [high >> 8 & 0xffff for _, high in found.values()]
        if len(set(ids)) < len(ids):
            self.differs("two requesters share a domain-id")
        return found

    def check_domain(self, rid, context, c, device, running):
        low, high = context
        who = f"{c.name}'s device {rid_text(rid)}"
        if low >> 2 & 3:
            self.differs(f"{who} has translation type {low >> 2 & 3}")
        space = walk(self.dump, low & ADDRESS, dma_leaf,
                     levels=2 + (high & 7), present=DMA_READ | DMA_WRITE)
        self.own(space.tables, f"a table of {who}")
        self.check_kernel_kept(space.mappings, who)
        for r in running:
            self.check_kernel_kept(r.space.mappings, r.name)
        mine = set()
        for m in space.mappings:
            for page in m.pages():
                owners = (self.owners(page, running)
                          if self.dump.is_ram(page) else [])
                if c in owners and not any(o.owns(page) for o in owners
                                           if o.name in c.clients):
                    mine.add(page)
                elif not any(o.name in c.clients for o in owners):
                    self.differs(f"{who}: IOVA {m.at:#x} maps physical "
                                 f"{page:#x}, which the policy does not grant")
                    break
        # The `dma` memory is one piece.
        if mine and max(mine) + PAGE - min(mine) > device["dma_bytes"]:
            self.differs(f"{who} reaches {min(mine):#x} to "
                         f"{max(mine) + PAGE:#x} of its owner's memory, the "
                         f"policy gives it {device['dma_bytes']:#x} bytes")

    def check_interrupts(self, running, granted):
        base, count = self.interrupt_table()
        words = self.dump.table(base, 2 * count)
        sources = {}
        for i in range(count):
            low, high = words[2 * i], words[2 * i + 1]
            if not low & PRESENT:
                continue
            sources[high & 0xffff] = sources.get(high & 0xffff, 0) + 1
            if high >> 16 & 0xf != 0x4:      # SVT 01, SQ 00: the whole ID
                self.differs(f"remapping entry {i} does not check all of its "
                             "source-id")
        for rid, (c, device) in granted.items():
            live = sources.pop(rid, 0)
            if live != device["count"]:
                self.differs(f"{c.name}'s device {rid_text(rid)} has {live} "
                             f"remapping entries, the policy says "
                             f"{device['count']}")
        lines = sum(len(c.policy.get("irqs", [])) for c in running)
        rest = sum(sources.values())
        if rest != lines or len(sources) > 1:
            self.differs(f"{rest} remapping entries for interrupt lines, the "
                         f"policy says {lines}")


def rid_text(rid):
    return f"{rid >> 8:02x}:{rid >> 3 & 31:02x}.{rid & 7}"


def differences(machine, policy):
    return Comparison(Dump(machine), components_of(policy)).compare()

"""The machine layer: every kind of machine that we promise boots, what a CPU
lacks is named, and the state in which the kernel leaves the hardware is what
QEMU itself reports, not what the kernel says about it."""

import os
import re
import struct
import subprocess

import pytest

POLICY = "policies/minimal.yaml"

CR0_WP = 1 << 16
CR4_UMIP, CR4_SMEP, CR4_SMAP = 1 << 11, 1 << 20, 1 << 21
EFER_NXE = 1 << 11

MACHINES = {
    "one-cpu": dict(smp=1),
    "eight-cpus": dict(smp=8),
    "sparse-apic-ids": dict(extra=["-smp", "6,sockets=2,cores=3"]),
    "xapic": dict(smp=2, cpu="max,-x2apic"),
    "few-features": dict(smp=2, cpu="qemu64"),
    "plain-xsave": dict(smp=2, cpu="qemu64,+xsave"),
    "no-hpet": dict(smp=2, extra=["-M", "q35,hpet=off"]),
    "64-mib": dict(smp=2, memory="64M"),
    "6-gib": dict(smp=2, memory="6G"),
    "no-iommu": dict(smp=2, iommu=False),
    "icount": dict(smp=2, icount=True),
    "uefi": dict(smp=2, uefi=True),
}


@pytest.mark.parametrize("name", MACHINES)
def test_boots(machine, name):
    m = machine(POLICY, **MACHINES[name])
    m.wait_prompt()
    cpus = MACHINES[name].get("smp", 6)
    report = re.search(r"cordon: .* (\d+) MiB, (\d+) CPUs?, (\d+) MHz, (x2?APIC)",
                       m.console)
    assert report, m.tail()
    assert int(report[2]) == cpus
    if name == "icount":             # one instruction is one nanosecond
        assert 990 <= int(report[3]) <= 1010
    if name in ("xapic", "few-features"):
        assert report[4] == "xAPIC"


def test_more_cpus_than_we_use(machine):
    m = machine(POLICY, smp=10)
    m.wait_prompt()
    assert "2 CPUs more than the 8 that the kernel uses stay off" in m.console


@pytest.mark.parametrize("feature", ["nx", "pge", "sse2", "syscall", "apic"])
def test_says_what_the_cpu_lacks(machine, feature):
    m = machine(POLICY, smp=1, cpu=f"qemu64,-{feature}")
    m.expect(rf"this CPU lacks {feature} \(CPUID .*\); add \+{feature} to -cpu")
    m.expect("cannot run on this CPU")


def test_says_that_64_bit_mode_is_missing(machine):
    m = machine(POLICY, smp=1, cpu="qemu64,-lm")
    m.expect("cordon: this CPU lacks 64-bit mode")


def registers(m, name):
    """The values of a register on all CPUs."""
    return [int(v, 16) for v in
            re.findall(rf"\b{name}=\s*([0-9a-f]+)", m.hmp("info registers -a"))]


def test_protections_are_on_in_every_cpu(machine):
    m = machine(POLICY, smp=4)
    m.wait_prompt()
    cr0, cr4, efer = (registers(m, r) for r in ("CR0", "CR4", "EFER"))
    assert len(cr0) == len(cr4) == len(efer) == 4
    for value in cr0:
        assert value & CR0_WP
    for value in cr4:
        assert value & CR4_SMEP and value & CR4_SMAP and value & CR4_UMIP
    for value in efer:
        assert value & EFER_NXE


def mappings(m):
    """(virtual address, flags) of every mapping that a CPU can use now; flags
    as QEMU prints them: X not executable, G global, U user, W writable."""
    pattern = re.compile(r"^([0-9a-f]{16}): [0-9a-f]{16} ([XGPDACTUW-]{9})", re.M)
    return [(int(a, 16), f) for a, f in pattern.findall(m.hmp("info tlb"))]


def test_no_page_is_writable_and_executable(machine):
    m = machine(POLICY, smp=1)
    m.wait_prompt()
    found = mappings(m)
    kernel = [(a, f) for a, f in found if a >= 1 << 63]
    assert any("X" not in f for _, f in kernel)      # its code is in the list
    for address, flags in found:
        assert "X" in flags or "W" not in flags, f"{address:#x} is {flags}"
    for address, flags in kernel:
        assert "U" not in flags, f"{address:#x} is {flags}"


def test_registers_of_the_kernel_are_mapped_nowhere_else(machine):
    """The local APIC, the I/O APIC, the HPET and the IOMMU: in the kernel's
    window, and not in the direct map."""
    m = machine(POLICY, smp=1)
    m.wait_prompt()
    direct = 0xFFFF800000000000
    mapped = {a for a, _ in mappings(m)}
    for device in (0xFEE00000, 0xFEC00000, 0xFED00000, 0xFED90000):
        for page in (device, device & ~0x1FFFFF, device & ~0x3FFFFFFF):
            assert direct + page not in mapped


DIRECT = 0xFFFF800000000000
OFFSET = 0xFFFFFFFF80000000                # of the image


@pytest.fixture
def symbols(build):
    out = subprocess.run(["nm", os.path.join(build, "kernel.elf")], check=True,
                         capture_output=True, text=True).stdout
    return {line.split()[2]: int(line.split()[0], 16) for line in out.splitlines()}


@pytest.mark.parametrize("smp", [1, 4])
def test_boot_code_is_gone(machine, symbols, smp):
    """boot/ is mapped nowhere as code: its pages are ordinary RAM, writable and
    not executable, and have no place in the image any more."""
    m = machine(POLICY, smp=smp)
    m.wait_prompt()
    first, end = OFFSET + 0x100000, symbols["image_start"]
    assert first < symbols["boot_main"] < end <= symbols["kernel_main"]
    found = dict(mappings(m))
    assert end in found                                # the kernel's first page
    assert not [hex(a) for a in found if first <= a < end]
    for page in range(0x100000, end - OFFSET, 0x1000):
        flags = found[DIRECT + page]
        assert "X" in flags and "W" in flags, f"{page:#x} is {flags}"
    assert "Cannot access memory" in m.hmp(f"x /1bx {symbols['boot_main']:#x}")
    assert "Cannot access memory" not in m.hmp(f"x /1bx {symbols['kernel_main']:#x}")


def test_nothing_points_into_boot(machine, symbols):
    """No word of the kernel's constants and data is an address in boot/. What
    old calls left on the stacks does not count."""
    m = machine(POLICY, smp=2)
    m.wait_prompt()
    first, end = symbols["image_text_end"], symbols["image_end"]
    data = m.read_memory(first - OFFSET, end - first)
    stacks = [range(symbols["cpu_stacks"], symbols["cpu_stacks"] + 8 * 16384),
              range(symbols["ist_stacks"], symbols["ist_stacks"] + 8 * 3 * 4096)]
    words = struct.unpack(f"<{len(data) // 8}Q", data)
    assert any(symbols["kernel_main"] >> 20 == word >> 20 for word in words)
    for i, word in enumerate(words):
        address = first + 8 * i
        if any(address in stack for stack in stacks):
            continue
        assert not OFFSET + 0x100000 <= word < symbols["image_start"], \
            f"{address:#x} holds {word:#x}"

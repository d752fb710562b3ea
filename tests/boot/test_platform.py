"""The machine layer: every kind of machine that we promise boots, what a CPU
lacks is named, and the state in which the kernel leaves the hardware is what
QEMU itself reports, not what the kernel says about it."""

import re

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

/*
 * Finds out what the CPU offers and brings it into the one state in which the
 * kernel runs. What the kernel cannot do without is a table: each missing
 * line is printed with the place where CPUID would report it.
 * Source: Intel SDM 2A, CPUID; 3A, 2.5; AMD APM 3, E.3 and E.4.
 */
#include "boot/arch/x86_64/cpu_features.h"
#include "boot/arch/x86_64/cpu_setup.h"
#include "kernel/arch/x86_64/segments.h"
#include "boot/print.h"
#include <stddef.h>

struct cpu_features cpu_features;

enum cpuid_register { EAX, EBX, ECX, EDX };

struct feature {
    uint32_t leaf;
    enum cpuid_register reg;
    unsigned bit;
    const char *name; /* as -cpu spells it */
    bool *flag;       /* where it goes; NULL: required */
};

static const struct feature required[] = {
    {1, EDX, 3, "pse", NULL},         {1, EDX, 4, "tsc", NULL},
    {1, EDX, 5, "msr", NULL},         {1, EDX, 6, "pae", NULL},
    {1, EDX, 9, "apic", NULL},        {1, EDX, 13, "pge", NULL},
    {1, EDX, 16, "pat", NULL},        {1, EDX, 24, "fxsr", NULL},
    {1, EDX, 26, "sse2", NULL},       {0x80000001, EDX, 11, "syscall", NULL},
    {0x80000001, EDX, 20, "nx", NULL}};

static const struct feature optional[] = {
    {1, EDX, 7, "mce", &cpu_features.mce},
    {1, ECX, 17, "pcid", &cpu_features.pcid},
    {1, ECX, 21, "x2apic", &cpu_features.x2apic},
    {1, ECX, 24, "tsc-deadline", &cpu_features.tsc_deadline},
    {1, ECX, 26, "xsave", &cpu_features.xsave},
    {1, ECX, 28, "avx", &cpu_features.avx},
    {7, EBX, 7, "smep", &cpu_features.smep},
    {7, EBX, 16, "avx512f", &cpu_features.avx512},
    {7, EBX, 20, "smap", &cpu_features.smap},
    {7, ECX, 2, "umip", &cpu_features.umip},
    {0x80000001, EDX, 26, "pdpe1gb", &cpu_features.page_1g},
    {0x80000007, EDX, 8, "invtsc", &cpu_features.tsc_invariant}};

/* Control register bits (Intel SDM 3A, 2.5). */
#define CR0_PE         (1ul << 0)
#define CR0_MP         (1ul << 1)
#define CR0_ET         (1ul << 4)
#define CR0_NE         (1ul << 5)
#define CR0_WP         (1ul << 16)
#define CR0_PG         (1ul << 31)
#define CR4_PAE        (1ul << 5)
#define CR4_MCE        (1ul << 6)
#define CR4_PGE        (1ul << 7)
#define CR4_OSFXSR     (1ul << 9)
#define CR4_OSXMMEXCPT (1ul << 10)
#define CR4_UMIP       (1ul << 11)
#define CR4_PCIDE      (1ul << 17)
#define CR4_OSXSAVE    (1ul << 18)
#define CR4_SMEP       (1ul << 20)
#define CR4_SMAP       (1ul << 21)

#define EFER_SCE (1ul << 0)
#define EFER_LME (1ul << 8)
#define EFER_NXE (1ul << 11)

/* SYSCALL clears IF, DF, TF, AC and NT: user mode chooses none of them for
 * the kernel. */
#define FMASK 0x44700ul

/* Page attributes 0 to 7: WB, WC, UC-, UC, WC, WT, UC-, UC: entry 1 (PWT
 * alone) is write-combining, at one place in leaves of all sizes. */
#define PAT 0x0007040100070106ul

extern const char entry_syscall[];
extern uint8_t entry_clac[3]; /* a three-byte NOP in entry.S */

static bool has(const struct feature *feature)
{
    uint32_t top = cpuid_read(feature->leaf & 0x80000000, 0).eax;

    if (feature->leaf > top)
        return false;
    struct cpuid r = cpuid_read(feature->leaf, 0);
    uint32_t value[] = {r.eax, r.ebx, r.ecx, r.edx};
    return value[feature->reg] >> feature->bit & 1;
}

/* User mode can set AC, which turns SMAP off; SYSCALL clears it by FMASK, the
 * other entries by an instruction that only CPUs with SMAP know. Before the
 * kernel's text becomes read-only. */
static void patch_entry(void)
{
    static const uint8_t clac[] = {0x0f, 0x01, 0xca};

    if (cpu_features.smap)
        __builtin_memcpy(entry_clac, clac, sizeof(clac));
}

static void read_name(void)
{
    uint32_t words[12] = {0};

    if (cpuid_read(0x80000000, 0).eax >= 0x80000004)
        for (uint32_t i = 0; i < 3; i++) {
            struct cpuid r = cpuid_read(0x80000002 + i, 0);
            words[i * 4] = r.eax;
            words[i * 4 + 1] = r.ebx;
            words[i * 4 + 2] = r.ecx;
            words[i * 4 + 3] = r.edx;
        }
    __builtin_memcpy(cpu_features.name, words, sizeof(words));
}

void cpu_features_detect(void)
{
    static const char registers[4][4] = {"EAX", "EBX", "ECX", "EDX"};
    bool complete = true;

    for (unsigned i = 0; i < sizeof(required) / sizeof(*required); i++) {
        const struct feature *f = &required[i];
        if (has(f))
            continue;
        complete = false;
        kprintf("cordon: this CPU lacks %s (CPUID %xh %s.%u); add +%s to "
                "-cpu\n",
                f->name, f->leaf, registers[f->reg], f->bit, f->name);
    }
    if (!complete)
        boot_fail("cannot run on this CPU");

    for (unsigned i = 0; i < sizeof(optional) / sizeof(*optional); i++)
        *optional[i].flag = has(&optional[i]);
    /* XSAVE without leaf 0xd, or without any of its extensions, as of `-cpu
     * qemu64,+xsave`: the emulator then refuses CR4.OSXSAVE. FXSAVE will do. */
    if (cpuid_read(0, 0).eax < 0xd || cpuid_read(0xd, 1).eax == 0)
        cpu_features.xsave = false;
    cpu_features.xsaveopt = cpu_features.xsave && (cpuid_read(0xd, 1).eax & 1);
    cpu_features.phys_bits = 36;
    if (cpuid_read(0x80000000, 0).eax >= 0x80000008)
        cpu_features.phys_bits = (uint8_t)cpuid_read(0x80000008, 0).eax;
    read_name();
    patch_entry();
}

void cpu_registers_init(void)
{
    const struct cpu_features *f = &cpu_features;

    msr_write(MSR_EFER, EFER_SCE | EFER_LME | EFER_NXE);
    msr_write(MSR_PAT, PAT);
    /* No FSGSBASE: user mode could leave a GS base to the next thread. */
    cr0_write(CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG);
    cr4_write(CR4_PAE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT |
              (f->mce ? CR4_MCE : 0) | (f->umip ? CR4_UMIP : 0) |
              (f->xsave ? CR4_OSXSAVE : 0) | (f->smep ? CR4_SMEP : 0) |
              (f->smap ? CR4_SMAP : 0) | (f->pcid ? CR4_PCIDE : 0));

    /* SYSCALL: kernel code and data from 0x08; SYSRET: user data at 0x10 + 8,
     * user code at 0x10 + 16, with RPL 3 (AMD APM 2, 6.1.1). */
    msr_write(MSR_STAR, (uint64_t)(SEL_KERNEL_DATA | 3) << 48 |
                            (uint64_t)SEL_KERNEL_CODE << 32);
    msr_write(MSR_LSTAR, (uint64_t)entry_syscall);
    msr_write(MSR_CSTAR, (uint64_t)entry_syscall);
    msr_write(MSR_FMASK, FMASK);
}

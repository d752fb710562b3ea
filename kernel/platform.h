/*
 * The small interface between the machine and the generic kernel: what the
 * machine has (struct platform), how to reach memory and registers, and who
 * calls whom at start. The files of kernel/arch/x86_64/ implement it.
 *
 * Order of start: boot_main() sets the first CPU, memory, ACPI, IOMMU and
 * interrupt controllers up, starts the other CPUs, and then calls, on each
 * CPU once, kernel_main() (first CPU) or kernel_cpu_main() (the others). At
 * that time interrupts are off, GS base points at the CPU's struct cpu, and
 * its `arch` member is set up. The other CPUs enter kernel_cpu_main() only
 * after kernel_main() has called platform_release_cpus().
 */
#pragma once

#include <cordon/abi.h>
#include <cordon/types.h>
#include "kernel/acpi.h"

#define MAX_CPUS          8
#define MAX_MODULES       64
#define MAX_RAM_RANGES    64
#define MAX_DEVICE_RANGES 64
#define MAX_FORBIDDEN     64

/* All RAM is mapped here, read-write, never executable. */
#define DIRECT_BASE 0xffff800000000000ul
/* Physical addresses that the direct map has room for. */
#define DIRECT_BITS 46
/* The first address above the user half. */
#define USER_END 0x0000800000000000ul

/* A range of physical addresses, whole pages: [start, end). */
struct phys_range {
    paddr_t start;
    paddr_t end;
};

struct module {
    char name[32];
    paddr_t base;  /* page-aligned; the last page is zero beyond `size` */
    uint64_t size; /* exact, bytes */
};

struct platform {
    /* RAM that nobody uses, sorted; becomes Untyped. Not zeroed. */
    unsigned ram_count;
    struct phys_range ram[MAX_RAM_RANGES];
    uint64_t ram_bytes; /* all RAM of the machine, used or not */
    /* Address space that is not RAM and not the kernel's own, sorted. */
    unsigned device_count;
    struct phys_range device[MAX_DEVICE_RANGES];
    /* What no capability may ever cover, sorted. */
    unsigned forbidden_count;
    struct phys_range forbidden[MAX_FORBIDDEN];

    unsigned module_count;
    struct module modules[MAX_MODULES];
    char cmdline[256];
    char cpu_name[56];

    unsigned cpu_count; /* running CPUs; their index is 0..cpu_count-1 */
    uint32_t apic_ids[MAX_CPUS];

    struct clock_params clock;
    uint32_t fpu_area_size; /* bytes of FPU_AREA_SIZE that are in use */
    bool x2apic;            /* messages may carry 32-bit destinations */
    /* IOMMU and interrupt remapping are both on; else why they are not. */
    bool isolation;
    char isolation_reason[96];

    struct acpi_info acpi;
    /* Top page table whose upper half every address space shares; entries
     * 256..511 never change after start. */
    paddr_t kernel_root;
};

extern struct platform platform;

static inline void *phys_to_virt(paddr_t address)
{
    return (void *)(address.v + DIRECT_BASE);
}

/* Of memory in the direct map only. */
static inline paddr_t virt_to_phys(const void *address)
{
    return (paddr_t){(uint64_t)address - DIRECT_BASE};
}

/* Of the kernel's own code and data. */
static inline paddr_t image_to_phys(const void *address)
{
    return (paddr_t){(uint64_t)address - 0xffffffff80000000ul};
}

/*
 * Until kernel_prepare() has returned only:
 * n zeroed, contiguous pages of RAM below 4 GiB, aligned to `align` bytes (a
 * power of two, at least PAGE_SIZE). Panics when there is none.
 */
paddr_t boot_alloc_pages(size_t n, uint64_t align);
/* Maps device registers uncached and takes them off every device range. */
void *mmio_map(paddr_t address, uint64_t size);
/* Takes a range off everything that user mode can ever map. */
void platform_forbid(paddr_t start, uint64_t size);

/* Lets the other CPUs into kernel_cpu_main(). */
void platform_release_cpus(void);

/* Time-stamp counter now, and conversions with platform.clock. */
uint64_t clock_tsc(void);
uint64_t clock_ns_to_tsc(uint64_t ns_since_boot); /* saturates */
uint64_t clock_tsc_to_ns(uint64_t tsc);
/* Waits at least this long; for start and bounded hardware waits only. */
void clock_spin_us(uint32_t microseconds);

/* Written by the generic kernel. */
struct cpu;
/* The last that may allocate boot memory; on the first CPU. */
void kernel_prepare(const struct platform *machine);
_Noreturn void kernel_main(struct platform *machine);
_Noreturn void kernel_cpu_main(struct cpu *self);

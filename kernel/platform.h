/*
 * What boot/ leaves to the kernel: the machine in a few words, where its
 * memory is mapped, the clock, and the kernel's two entries.
 *
 * boot/ sets the first CPU, memory, ACPI, IOMMU and interrupt controllers up,
 * makes the first process, and starts the other CPUs. Then each CPU enters the
 * kernel once: kernel_main() (first CPU) or kernel_cpu_main() (the others).
 * At that time interrupts are off, GS base points at the CPU's struct cpu, and
 * its `arch` member is set up. Nothing in the kernel refers to boot/.
 */
#pragma once

#include <cordon/abi.h>
#include <cordon/types.h>

#define MAX_CPUS 8

#define unlikely(condition) __builtin_expect(!!(condition), 0)

/* All RAM is mapped here, read-write, never executable. */
#define DIRECT_BASE 0xffff800000000000ul
/* Physical addresses that the direct map has room for. */
#define DIRECT_BITS 46
/* The first address above the user half. */
#define USER_END 0x0000800000000000ul

struct platform {
    unsigned cpu_count; /* running CPUs; their index is 0..cpu_count-1 */
    uint32_t apic_ids[MAX_CPUS];
    struct clock_params clock;
    bool page_1g; /* the CPU has pages of 1 GiB */
    bool pcid;    /* and process-context identifiers, which are on */
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

/* Time-stamp counter now, and conversions with platform.clock. */
uint64_t clock_tsc(void);
uint64_t clock_ns_to_tsc(uint64_t ns_since_boot); /* saturates */
uint64_t clock_tsc_to_ns(uint64_t tsc);
/* What the counter advances by in so many nanoseconds. */
static inline uint64_t clock_cycles(uint64_t ns)
{
    return clock_ns_to_tsc(ns) - clock_ns_to_tsc(0);
}

/* boot/'s pages: `count` page-table entries from `image` and from `direct` on,
 * in one table of the image and one of the direct map. */
struct boot_pages {
    uint64_t *image, *direct;
    uint64_t count;
};

struct cpu;
_Noreturn void kernel_main(struct boot_pages boot);
_Noreturn void kernel_cpu_main(struct cpu *self);
/* Index of the CPU that last reached kernel_cpu_main(). */
extern uint32_t kernel_arrived;

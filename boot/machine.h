/*
 * What start learns about the machine, and what its steps need from each
 * other. All of it is gone once user mode runs: what the kernel needs later is
 * in struct platform, what the first process is told in struct boot_info.
 */
#pragma once

#include <cordon/boot_info.h>
#include "boot/acpi.h"
#include "kernel/platform.h"

#define MAX_MODULES       64
#define MAX_RAM_RANGES    64
#define MAX_DEVICE_RANGES 64
#define MAX_FORBIDDEN     64

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

struct machine {
    /* RAM that nobody uses, sorted; becomes Untyped. Not zeroed. */
    unsigned ram_count;
    struct phys_range ram[MAX_RAM_RANGES];
    uint64_t ram_bytes; /* all RAM of the machine, used or not */
    /* Address space that is not RAM and not the kernel's own, sorted. */
    unsigned device_count;
    struct phys_range device[MAX_DEVICE_RANGES];

    unsigned module_count;
    struct module modules[MAX_MODULES];

    /* Why IOMMU and interrupt remapping are not both on; NULL: they are. */
    const char *no_isolation;

    struct acpi_info acpi;
};
extern struct machine machine;

/*
 * Until memory_finish() only: n zeroed, contiguous pages of RAM below 4 GiB,
 * aligned to `align` bytes (a power of two, at least PAGE_SIZE). The kernel
 * keeps them. Says so and stops when there is none.
 */
paddr_t boot_alloc_pages(size_t n, uint64_t align);
/* Maps device registers uncached and takes them off every device range. */
void *mmio_map(paddr_t address, uint64_t size);
/* Takes a range off everything that user mode can ever map. */
void memory_forbid(paddr_t start, uint64_t size);
/* Waits at least this long; once platform.clock is set. */
void clock_spin_us(uint32_t microseconds);

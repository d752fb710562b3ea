/*
 * The CPU's four-level paging as a radix format (Intel SDM 3A, 4.5; AMD APM 2,
 * 5.3). Only the lower half of the address space is a process's; the kernel's
 * half of the root lies beyond input_bits.
 *
 * Cache types assume that the PAT is programmed as boot does: entry 0
 * write-back, 1 write-combining, 2 UC-, 3 uncached. So PCD and PWT alone
 * choose, and the PAT bit, whose place depends on the page size, stays 0.
 */
#include "kernel/arch/x86_64/radix_cpu.h"

#define ENTRY_PRESENT ((uint64_t)1 << 0)
#define ENTRY_WRITE   ((uint64_t)1 << 1)
#define ENTRY_USER    ((uint64_t)1 << 2)
#define ENTRY_PWT     ((uint64_t)1 << 3)
#define ENTRY_PCD     ((uint64_t)1 << 4)
#define ENTRY_LARGE   ((uint64_t)1 << 7)
#define ENTRY_NX      ((uint64_t)1 << 63)
#define ENTRY_ADDRESS 0x000ffffffffff000ull

#define CACHE_COMBINE  ENTRY_PWT               /* PAT entry 1 */
#define CACHE_UNCACHED (ENTRY_PCD | ENTRY_PWT) /* PAT entry 3 */
#define CACHE_MASK     (ENTRY_PCD | ENTRY_PWT)

static uint64_t cpu_leaf_bits(unsigned attrs)
{
    uint64_t bits = ENTRY_PRESENT;

    if (attrs & RADIX_WRITE)
        bits |= ENTRY_WRITE;
    if (attrs & RADIX_USER)
        bits |= ENTRY_USER;
    if (!(attrs & RADIX_EXEC))
        bits |= ENTRY_NX;
    if (attrs & RADIX_UNCACHED)
        bits |= CACHE_UNCACHED;
    else if (attrs & RADIX_WRITE_COMBINE)
        bits |= CACHE_COMBINE;
    return bits;
}

static unsigned cpu_leaf_attrs(uint64_t entry)
{
    unsigned attrs = RADIX_READ;

    if (entry & ENTRY_WRITE)
        attrs |= RADIX_WRITE;
    if (entry & ENTRY_USER)
        attrs |= RADIX_USER;
    if (!(entry & ENTRY_NX))
        attrs |= RADIX_EXEC;
    if ((entry & CACHE_MASK) == CACHE_UNCACHED)
        attrs |= RADIX_UNCACHED;
    else if ((entry & CACHE_MASK) == CACHE_COMBINE)
        attrs |= RADIX_WRITE_COMBINE;
    return attrs;
}

#define CPU_FORMAT(text, sizes)                                                \
    {                                                                          \
        .name = text, .levels = 4, .input_bits = 47, .leaf_sizes = (sizes),    \
        .present = ENTRY_PRESENT, .large = ENTRY_LARGE,                        \
        .address = ENTRY_ADDRESS,                                              \
        .table = ENTRY_PRESENT | ENTRY_WRITE | ENTRY_USER,                     \
        .leaf_bits = cpu_leaf_bits, .leaf_attrs = cpu_leaf_attrs,              \
    }

const struct radix_format radix_cpu =
    CPU_FORMAT("CPU, 4 KiB and 2 MiB",
               (uint64_t)1 << PAGE_BITS | (uint64_t)1 << PAGE_2M_BITS);

const struct radix_format radix_cpu_1g =
    CPU_FORMAT("CPU, 4 KiB to 1 GiB", (uint64_t)1 << PAGE_BITS |
                                          (uint64_t)1 << PAGE_2M_BITS |
                                          (uint64_t)1 << PAGE_1G_BITS);

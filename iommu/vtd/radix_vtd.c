/*
 * VT-d's second-stage page tables as a radix format (VT-d 4.1, 9.8). An entry
 * is present when it allows reading or writing; nothing else says so.
 */
#include "iommu/vtd/radix_vtd.h"

#define ENTRY_READ    ((uint64_t)1 << 0)
#define ENTRY_WRITE   ((uint64_t)1 << 1)
#define ENTRY_LARGE   ((uint64_t)1 << 7)
#define ENTRY_ADDRESS 0x000ffffffffff000ull /* limited further by MGAW */

static uint64_t vtd_leaf_bits(unsigned attrs)
{
    return ((attrs & RADIX_READ) ? ENTRY_READ : 0) |
           ((attrs & RADIX_WRITE) ? ENTRY_WRITE : 0);
}

static unsigned vtd_leaf_attrs(uint64_t entry)
{
    return ((entry & ENTRY_READ) ? RADIX_READ : 0u) |
           ((entry & ENTRY_WRITE) ? RADIX_WRITE : 0u);
}

void radix_vtd_format(struct radix_format *f, unsigned levels,
                      uint64_t leaf_sizes, bool incoherent)
{
    *f = (struct radix_format){
        .name = levels == 3 ? "VT-d, 39 bits" : "VT-d, 48 bits",
        .levels = levels,
        .input_bits = PAGE_BITS + 9 * levels,
        .leaf_sizes = leaf_sizes,
        .present = ENTRY_READ | ENTRY_WRITE,
        .large = ENTRY_LARGE,
        .address = ENTRY_ADDRESS,
        .table = ENTRY_READ | ENTRY_WRITE,
        .walk_incoherent = incoherent,
        .leaf_bits = vtd_leaf_bits,
        .leaf_attrs = vtd_leaf_attrs,
    };
}

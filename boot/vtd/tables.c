/*
 * Memory that the units read: an empty root with one empty context table for
 * each bus, so that nothing is translated (R1); the interrupt remapping table,
 * all entries absent; the invalidation queue.
 * Source: VT-d 4.1, 6.5.2, 9.1, 9.10.
 */
#include "boot/machine.h"
#include "boot/vtd/start.h"
#include "kernel/cache.h"

#define BUSES        256
#define ROOT_PRESENT ((uint64_t)1 << 0)

static void *pages(size_t n)
{
    void *memory = phys_to_virt(boot_alloc_pages(n, PAGE_SIZE));

    if (vtd.incoherent)
        cache_flush(memory, n * PAGE_SIZE);
    return memory;
}

void remap_table_make(void)
{
    vtd.entries = pages(VTD_ENTRIES * sizeof(struct vtd_entry) / PAGE_SIZE);
}

void unit_tables_make(struct vtd_unit *u)
{
    uint64_t tables = virt_to_phys(pages(BUSES)).v;

    u->root = pages(1);
    u->buses = BUSES;
    for (unsigned bus = 0; bus < BUSES; bus++)
        u->root[2 * bus] = (tables + bus * PAGE_SIZE) | ROOT_PRESENT;
    if (vtd.incoherent)
        cache_flush(u->root, PAGE_SIZE);
    u->queue = (struct vtd_queue){.slots = pages(1), .status = pages(1)};
}

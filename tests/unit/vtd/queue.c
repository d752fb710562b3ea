/*
 * The invalidation queue, what it drops from the caches, and how it fails when
 * told to.
 */
#include "tests/unit/vtd/unit.h"

#include "boot/machine.h"

static enum model_failure failing;
static unsigned fail_after;

void model_fail(enum model_failure failure, unsigned after)
{
    failing = failure;
    fail_after = after;
}

static void caches_drop(struct unit *u, int context, int id, int rid)
{
    for (unsigned i = 0; i < UNIT_CACHE; i++) {
        struct cached_context *c = &u->contexts[i];
        if (context == 1 || (context == 3 && c->rid == rid && c->id == id))
            c->valid = false;
    }
}

static void pages_drop(struct unit *u, unsigned g, uint16_t id, uint64_t first,
                       uint64_t size)
{
    for (unsigned i = 0; i < UNIT_CACHE; i++) {
        struct cached_page *p = &u->pages[i];
        if (g == 1 || (g == 2 && p->id == id) ||
            (g == 3 && p->id == id && p->first < first + size &&
             first < p->first + p->size))
            p->valid = false;
    }
}

/* False: refused. */
static bool descriptor_run(struct unit *u, uint64_t low, uint64_t high)
{
    unsigned g = (low >> 4) & 3;
    uint16_t id = (uint16_t)(low >> 16);
    uint64_t cap = unit_get64(u, 0x08);

    switch (low & 0xf) {
    case 1:
        if (g == 0 || high != 0)
            return false;
        u->unfenced = true;
        model_counts.context_device += g == 3;
        model_counts.context_all += g == 1;
        caches_drop(u, (int)g, id, (uint16_t)(low >> 32));
        return true;
    case 2:
        if (g == 0 || (low & 0xffffffff0000f100) != 0)
            return false;
        if (g == 3 &&
            (!(cap >> 39 & 1) || (high & 0x3f) > 18 || (high & 0xf80) != 0 ||
             (high & ((4096ull << (high & 0x3f)) - 4096)) != 0))
            return false;
        /* A unit may do this before the context's (VT-d 4.1, 6.5.2.11). */
        model_counts.bad_accesses += u->unfenced;
        model_counts.iotlb_all += g == 1;
        model_counts.iotlb_domain += g == 2;
        model_counts.iotlb_pages += g == 3;
        pages_drop(u, g, id, high & ~0xfffull, 4096ull << (high & 0x3f));
        return true;
    case 4:
        model_counts.entry += g & 1;
        model_counts.entries_all += !(g & 1);
        for (unsigned i = 0; i < UNIT_CACHE; i++)
            if (!(g & 1) || u->entries[i].index == (uint16_t)(low >> 32))
                u->entries[i].valid = false;
        return true;
    case 5:
        model_counts.waits++;
        if ((low & 0x30) != 0x20 || (high & 3) != 0) {
            model_counts.bad_accesses++; /* QEMU ends on 0x30 */
            return false;
        }
        u->unfenced &= !(low & 0x40);
        *(uint32_t *)phys_to_virt((paddr_t){high}) = (uint32_t)(low >> 32);
        return true;
    default:
        return false;
    }
}

void unit_queue_run(struct unit *u)
{
    uint64_t base = unit_get64(u, 0x90) & ~0xfffull;

    while (u->queueing && !(unit_get32(u, 0x34) & 0x70) &&
           unit_get64(u, 0x80) != unit_get64(u, 0x88)) {
        uint64_t head = unit_get64(u, 0x80);
        uint64_t low = memory_read(base + head),
                 high = memory_read(base + head + 8);
        bool fail = failing != MODEL_FINE && fail_after == 0;
        if (failing != MODEL_FINE && fail_after > 0)
            fail_after--;
        if (fail && failing == MODEL_DEAD)
            return;
        if (fail && failing == MODEL_TLB_SILENT) {
            /* Pending waits are aborted: skip to the tail. */
            failing = MODEL_FINE;
            unit_set64(u, 0x80, unit_get64(u, 0x88));
            unit_set32(u, 0x34, unit_get32(u, 0x34) | 0x40);
            return;
        }
        if ((fail && failing != MODEL_FINE) || !descriptor_run(u, low, high)) {
            if (fail && failing == MODEL_REFUSE)
                failing = MODEL_FINE;
            unit_set32(u, 0x34, unit_get32(u, 0x34) | 0x10);
            return;
        }
        unit_set64(u, 0x80, (head + 16) % 4096);
    }
}

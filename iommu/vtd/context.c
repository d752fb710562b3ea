/*
 * Root and context tables in legacy mode (VT-d 4.1, 9.1 and 9.3): per unit one
 * root, and one context table for each bus, all made at boot. A requester
 * is attached when its context entry is present; nothing else gives it a
 * translation (R1).
 */
#include "iommu/vtd/vtd.h"

#include "kernel/cache.h"

/* Context entry, lower half. Translation type (bits 3:2) 0: untranslated
 * requests go through the tables, translated ones and device TLBs' own
 * requests are blocked. */
#define CONTEXT_PRESENT ((uint64_t)1 << 0)
#define CONTEXT_MUTED   ((uint64_t)1 << 1) /* FPD; counts when absent too */
/* Upper half. */
#define CONTEXT_WIDTH(levels) ((uint64_t)((levels)-2)) /* AW: 1 = 39 bits */
#define CONTEXT_DOMAIN_SHIFT  8
#define TABLE_ADDRESS         0xfffffffffffff000ull

/* The two words of the requester's entry; NULL beyond the buses. */
static uint64_t *context_find(const struct vtd_unit *u, uint16_t rid)
{
    if (rid >> 8 >= u->buses)
        return NULL;
    uint64_t *table =
        phys_to_virt((paddr_t){u->root[2 * (rid >> 8)] & TABLE_ADDRESS});
    return &table[2 * (rid & 0xff)];
}

static void word_store(uint64_t *word, uint64_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
    if (vtd.incoherent)
        cache_flush(word, sizeof(*word));
}

bool vtd_context_exists(const struct vtd_unit *u, uint16_t rid)
{
    return context_find(u, rid) != NULL;
}

void vtd_context_attach(struct vtd_unit *u, uint16_t rid,
                        const struct iommu_domain *d)
{
    uint64_t *entry = context_find(u, rid);

    word_store(&entry[1], CONTEXT_WIDTH(vtd.format.levels) |
                              (uint64_t)d->id << CONTEXT_DOMAIN_SHIFT);
    word_store(&entry[0], virt_to_phys(d->radix.root).v | CONTEXT_PRESENT);
}

void vtd_context_block(struct vtd_unit *u, uint16_t rid)
{
    uint64_t *entry = context_find(u, rid);

    word_store(&entry[0], CONTEXT_MUTED);
    word_store(&entry[1], 0);
}

void vtd_context_mute(struct vtd_unit *u, uint16_t rid, bool muted)
{
    uint64_t *entry = context_find(u, rid);

    /* Another CPU may attach or block meanwhile: only our bit changes. */
    if (muted)
        __atomic_fetch_or(&entry[0], CONTEXT_MUTED, __ATOMIC_RELEASE);
    else
        __atomic_fetch_and(&entry[0], ~CONTEXT_MUTED, __ATOMIC_RELEASE);
    if (vtd.incoherent)
        cache_flush(entry, 2 * sizeof(*entry));
}

void vtd_context_read(const struct vtd_unit *u, uint16_t rid,
                      struct iommu_attachment *out)
{
    const uint64_t *entry = context_find(u, rid);
    uint64_t low = __atomic_load_n(&entry[0], __ATOMIC_ACQUIRE);

    out->present = (low & CONTEXT_PRESENT) != 0;
    out->muted = (low & CONTEXT_MUTED) != 0;
    out->root = (paddr_t){low & TABLE_ADDRESS};
    out->domain_id = (uint16_t)(entry[1] >> CONTEXT_DOMAIN_SHIFT);
}

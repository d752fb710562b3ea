/*
 * Requests of devices, translated as VT-d does: DMA through context entries and
 * page tables, interrupts through remapping entries, all of them cached.
 */
#include "tests/unit/vtd/unit.h"

static int context_get(struct unit *u, uint16_t rid, uint64_t *low,
                       uint64_t *high)
{
    for (unsigned i = 0; i < UNIT_CACHE; i++) {
        struct cached_context *c = &u->contexts[i];
        if (c->valid && c->rid == rid) {
            *low = c->low;
            *high = c->high;
            return *low & 1 ? 0 : MODEL_CONTEXT_ABSENT;
        }
    }
    uint64_t root = memory_read((u->root & ~0xfffull) + (rid >> 8) * 16u);
    *low = *high = 0;
    if (!(root & 1))
        return MODEL_ROOT_ABSENT;
    uint64_t at = (root & ~0xfffull) + (rid & 0xff) * 16u;
    *low = memory_read(at);
    *high = memory_read(at + 8);
    if ((*low & 1) || (model_options & MODEL_CACHING_MODE))
        u->contexts[u->context_next++ % UNIT_CACHE] = (struct cached_context){
            true, rid, (*low & 1) ? (uint16_t)(*high >> 8) : 0, *low, *high};
    if (!(*low & 1))
        return MODEL_CONTEXT_ABSENT;
    if ((*low & 0xff0) != 0 || (*high & ~0xffff77ull) != 0)
        return MODEL_RESERVED_CONTEXT;
    if ((*low >> 2 & 3) != 0 || ((*high & 7) != 1 && (*high & 7) != 2))
        return MODEL_CONTEXT_INVALID;
    return 0;
}

static int page_walk(uint64_t low, uint64_t high, uint64_t address,
                     struct cached_page *p)
{
    int levels = (high & 7) == 1 ? 3 : 4;
    uint64_t table = low & ~0xfffull;

    if (address >> (12 + 9 * levels) != 0)
        return MODEL_BEYOND_WIDTH;
    *p = (struct cached_page){
        .id = (uint16_t)(high >> 8), .read = true, .write = true};
    for (int l = levels - 1; l >= 0; l--) {
        unsigned shift = 12 + 9 * (unsigned)l;
        uint64_t e = memory_read(table + ((address >> shift) & 511) * 8);
        p->read &= e & 1;
        p->write &= (e >> 1) & 1;
        p->size = 1ull << shift;
        p->first = address & ~(p->size - 1);
        if (!(e & 3))
            return MODEL_NO_READ;
        if (l == 0 || (e & 0x80)) {
            p->pa = e & 0x000ffffffffff000;
            if ((e & 0xff8) & ~0x80ull || p->pa & (p->size - 1))
                return MODEL_RESERVED_PAGING;
            return 0;
        }
        table = e & 0x000ffffffffff000;
    }
    return MODEL_RESERVED_PAGING;
}

static int translate(struct unit *u, uint16_t rid, uint64_t address, bool write,
                     uint64_t *pa, bool *muted)
{
    uint64_t low, high;
    struct cached_page p = {0};
    int reason = context_get(u, rid, &low, &high);

    *muted = (low >> 1) & 1;
    if (reason != 0)
        return reason;
    for (unsigned i = 0; i < UNIT_CACHE && !p.valid; i++) {
        struct cached_page *c = &u->pages[i];
        if (c->valid && c->id == (uint16_t)(high >> 8) &&
            address - c->first < c->size)
            p = *c;
    }
    if (!p.valid) {
        reason = page_walk(low, high, address, &p);
        if (reason == 0 || (model_options & MODEL_CACHING_MODE)) {
            if (reason != 0)
                p.read = p.write = false;
            p.valid = true;
            u->pages[u->page_next++ % UNIT_CACHE] = p;
        }
        if (reason == MODEL_NO_READ)
            reason = write ? MODEL_NO_WRITE : MODEL_NO_READ;
        if (reason != 0)
            return reason;
    }
    if (write ? !p.write : !p.read)
        return write ? MODEL_NO_WRITE : MODEL_NO_READ;
    *pa = p.pa + (address - p.first);
    return 0;
}

int model_dma(unsigned unit, uint16_t rid, uint64_t address, bool write,
              uint64_t *pa)
{
    struct unit *u = &model_units[unit];
    bool muted = false;

    if (!u->translating) {
        *pa = address;
        return 0;
    }
    int reason = translate(u, rid, address, write, pa, &muted);
    if (reason != 0 && !muted)
        unit_fault(u, rid, address & ~0xfffull, write, reason);
    return reason;
}

static int entry_get(struct unit *u, uint16_t index, uint64_t *low,
                     uint64_t *high)
{
    for (unsigned i = 0; i < UNIT_CACHE; i++) {
        if (u->entries[i].valid && u->entries[i].index == index) {
            *low = u->entries[i].low;
            *high = u->entries[i].high;
            return *low & 1 ? 0 : MODEL_ENTRY_ABSENT;
        }
    }
    if (index >= 2u << (u->remap & 0xf))
        return MODEL_INDEX_BEYOND;
    *low = memory_read((u->remap & ~0xfffull) + index * 16u);
    *high = memory_read((u->remap & ~0xfffull) + index * 16u + 8);
    if ((*low & 1) || (model_options & MODEL_CACHING_MODE))
        u->entries[u->entry_next++ % UNIT_CACHE] =
            (struct cached_entry){true, index, *low, *high};
    return *low & 1 ? 0 : MODEL_ENTRY_ABSENT;
}

int model_msi(unsigned unit, uint16_t rid, uint64_t address, uint32_t data,
              uint8_t *vector, uint32_t *apic_id)
{
    struct unit *u = &model_units[unit];
    uint64_t low = 0, high = 0;

    if (!u->remapping)
        return 0;
    uint16_t index =
        (uint16_t)(((address >> 5) & 0x7fff) | ((address >> 2) & 1) << 15);
    if (address & 8)
        index = (uint16_t)(index + data);
    int reason =
        address & 0x10 ? entry_get(u, index, &low, &high) : MODEL_COMPATIBILITY;
    if (reason == 0 && ((low & 0xff00f000) != 0 || (high >> 20) != 0))
        reason = MODEL_RESERVED_ENTRY;
    if (reason == 0 && (high >> 18 & 3) == 1 &&
        ((high >> 16 & 3) != 0 || (uint16_t)high != rid))
        reason = MODEL_BAD_SOURCE;
    if (reason != 0) {
        if (!(low & 2))
            unit_fault(u, rid, (uint64_t)index << 48, false, reason);
        return reason;
    }
    *vector = (uint8_t)(low >> 16);
    *apic_id =
        u->remap & 0x800 ? (uint32_t)(low >> 32) : (uint32_t)(low >> 40) & 0xff;
    return 0;
}

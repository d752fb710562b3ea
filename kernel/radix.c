/*
 * Radix page tables over donated memory; see radix.h for the contract.
 *
 * An entry is absent, a leaf, or a pointer to a table one level below. The
 * format says which bits tell. Hardware may walk the tables while we write:
 * every entry is stored at once, and a table is complete before the entry
 * that makes it reachable.
 */
#include "kernel/radix.h"

#define INDEX_BITS 9

/* How many slots radix_next looks at before it returns RADIX_AGAIN. */
#define NEXT_SLOTS RADIX_SLOTS

static unsigned level_shift(unsigned level)
{
    return PAGE_BITS + INDEX_BITS * level;
}

static unsigned size_level(unsigned size_bits)
{
    return (size_bits - PAGE_BITS) / INDEX_BITS;
}

static unsigned slot_index(uint64_t va, unsigned level)
{
    return (unsigned)(va >> level_shift(level)) & (RADIX_SLOTS - 1);
}

static bool is_present(const struct radix_format *f, uint64_t entry)
{
    return (entry & f->present) != 0;
}

static bool is_leaf(const struct radix_format *f, uint64_t entry,
                    unsigned level)
{
    return level == 0 || (entry & f->large) != 0;
}

static bool is_table(const struct radix_format *f, uint64_t entry,
                     unsigned level)
{
    return is_present(f, entry) && !is_leaf(f, entry, level);
}

static uint64_t *entry_table(const struct radix_format *f, uint64_t entry)
{
    return phys_to_virt((paddr_t){entry & f->address});
}

static uint64_t slot_load(const uint64_t *slot)
{
    return __atomic_load_n(slot, __ATOMIC_RELAXED);
}

/*
 * Walks towards the slot for `va` at `level` and stops early at an entry that
 * is no table. *at is the level reached.
 */
static uint64_t *slot_find(const struct radix *r, uint64_t va, unsigned level,
                           unsigned *at)
{
    uint64_t *table = r->root;
    unsigned l = r->format->levels - 1;

    for (;; l--) {
        uint64_t *slot = &table[slot_index(va, l)];
        uint64_t entry = slot_load(slot);
        if (l == level || !is_table(r->format, entry, l)) {
            *at = l;
            return slot;
        }
        table = entry_table(r->format, entry);
    }
}

/* Do all n pages from `va` on have their leaves in the recent table? */
static bool is_recent(const struct radix *r, uint64_t va, uint64_t n)
{
    return radix_recent_slot(r, va) && n <= RADIX_SLOTS - slot_index(va, 0);
}

void radix_forget_tables(struct radix *r)
{
    r->recent = NULL;
    r->pool = 0;
    r->pool_count = 0;
}

static bool table_take(struct radix *r, paddr_t *page)
{
    if (r->pool_count == 0)
        return false;
    *page = (paddr_t){r->pool};
    uint64_t *link = phys_to_virt(*page);
    r->pool = *link;
    r->pool_count--;
    *link = 0;
    return true;
}

/* Like slot_find, but builds the missing tables from the pool, which the
 * caller has checked to be large enough. */
static uint64_t *slot_make(struct radix *r, uint64_t va, unsigned level)
{
    if (level == 0 && is_recent(r, va, 1))
        return r->recent + slot_index(va, 0);
    for (;;) {
        unsigned at;
        paddr_t page;
        uint64_t *slot = slot_find(r, va, level, &at);
        if (at == level && level == 0) {
            r->recent = slot - slot_index(va, 0);
            r->recent_index = va >> PAGE_2M_BITS;
        }
        if (at == level || !table_take(r, &page))
            return slot;
        if (r->format->walk_incoherent)
            cache_flush(phys_to_virt(page), PAGE_SIZE);
        radix_slot_write(r, slot, page.v | r->format->table);
        r->used_count++;
    }
}

void radix_init(struct radix *r, const struct radix_format *f, paddr_t root)
{
    *r = (struct radix){.format = f, .root = phys_to_virt(root)};
    if (f->walk_incoherent)
        cache_flush(r->root, PAGE_SIZE);
}

void radix_donate(struct radix *r, paddr_t page)
{
    *(uint64_t *)phys_to_virt(page) = r->pool;
    r->pool = page.v;
    r->pool_count++;
}

/* Size, alignment and range of `n` leaves at `va`. */
static enum radix_status range_check(const struct radix *r, uint64_t va,
                                     unsigned size_bits, uint32_t n)
{
    const struct radix_format *f = r->format;
    uint64_t limit = (uint64_t)1 << f->input_bits;

    if (size_bits >= 64 || ((f->leaf_sizes >> size_bits) & 1) == 0)
        return RADIX_BAD_SIZE;
    if ((va & (((uint64_t)1 << size_bits) - 1)) != 0)
        return RADIX_BAD_ALIGN;
    if (va >= limit || n > (limit - va) >> size_bits)
        return RADIX_BAD_RANGE;
    return RADIX_OK;
}

uint32_t radix_tables_needed(const struct radix *r, uint64_t va,
                             unsigned size_bits, uint32_t n)
{
    uint32_t missing = 0;
    uint64_t last = va + (((uint64_t)n - 1) << size_bits);

    if (n == 0 || range_check(r, va, size_bits, n) != RADIX_OK)
        return 0;
    /* Tables at each level below the root, one per slot one level up. */
    for (unsigned l = size_level(size_bits); l + 1 < r->format->levels; l++) {
        unsigned shift = level_shift(l + 1), at;
        for (uint64_t i = va >> shift; i <= last >> shift; i++) {
            uint64_t *slot = slot_find(r, i << shift, l + 1, &at);
            if (at != l + 1 || !is_present(r->format, slot_load(slot)))
                missing++;
        }
    }
    return missing;
}

/* Four at a time: this is part of what mapping one page costs. */
static bool any_present(const struct radix_format *f, const uint64_t *slot,
                        uint64_t n)
{
    uint64_t bits = 0;

    for (; n >= 4; n -= 4, slot += 4)
        bits |= slot[0] | slot[1] | slot[2] | slot[3];
    for (; n > 0; n--)
        bits |= *slot++;
    return is_present(f, bits);
}

/* Whether the n leaves' slots are all free; skips what has no table yet. */
static enum radix_status overlap_check(const struct radix *r, uint64_t va,
                                       unsigned level, uint64_t n)
{
    while (n > 0) {
        unsigned at;
        uint64_t *slot = slot_find(r, va, level, &at);
        if (is_present(r->format, slot_load(slot)))
            return RADIX_OVERLAP;
        /* An absent entry at level `at` frees all that it covers. */
        unsigned shift = level_shift(at);
        uint64_t next = ((va >> shift) + 1) << shift;
        uint64_t covered = (next - va) >> level_shift(level);
        if (at == level) {
            covered = RADIX_SLOTS - slot_index(va, level);
            if (any_present(r->format, slot, covered < n ? covered : n))
                return RADIX_OVERLAP;
        }
        if (covered >= n)
            break;
        n -= covered;
        va += covered << level_shift(level);
    }
    return RADIX_OK;
}

enum radix_status radix_check(const struct radix *r, uint64_t va,
                              unsigned size_bits, uint32_t n)
{
    enum radix_status s = range_check(r, va, size_bits, n);

    if (s == RADIX_OK && size_level(size_bits) == 0 && is_recent(r, va, n))
        return any_present(r->format, r->recent + slot_index(va, 0), n)
                   ? RADIX_OVERLAP
                   : RADIX_OK;
    if (s == RADIX_OK)
        s = overlap_check(r, va, size_level(size_bits), n);
    if (s == RADIX_OK &&
        radix_tables_needed(r, va, size_bits, n) > r->pool_count)
        s = RADIX_NEED_TABLES;
    return s;
}

static uint64_t leaf_entry(const struct radix_format *f, unsigned level,
                           unsigned attrs)
{
    return f->leaf_bits(attrs) | (level > 0 ? f->large : 0);
}

static void leaf_read(const struct radix_format *f, uint64_t va, uint64_t entry,
                      unsigned level, struct radix_leaf *leaf)
{
    uint64_t mask = ((uint64_t)1 << level_shift(level)) - 1;

    leaf->va = va & ~mask;
    leaf->pa = (paddr_t){entry & f->address & ~mask};
    leaf->size_bits = level_shift(level);
    leaf->attrs = f->leaf_attrs(entry);
}

/* How many of the n slots are absent before the first that is not. */
static uint64_t absent_count(const struct radix_format *f, const uint64_t *slot,
                             uint64_t n)
{
    uint64_t i = 0;

    while (i < n && !is_present(f, slot_load(&slot[i])))
        i++;
    return i;
}

enum radix_status radix_next(const struct radix *r, uint64_t *va,
                             struct radix_leaf *leaf)
{
    uint64_t budget = NEXT_SLOTS;

    while (*va >> r->format->input_bits == 0) {
        unsigned at;
        if (budget == 0)
            return RADIX_AGAIN;
        const uint64_t *slot = slot_find(r, *va, 0, &at);
        unsigned shift = level_shift(at);
        uint64_t left = RADIX_SLOTS - slot_index(*va, at);
        uint64_t absent =
            absent_count(r->format, slot, left < budget ? left : budget);

        if (absent == 0) { /* a leaf: slot_find passes through tables */
            leaf_read(r->format, *va, slot_load(slot), at, leaf);
            *va = ((*va >> shift) + 1) << shift;
            return RADIX_OK;
        }
        *va = ((*va >> shift) + absent) << shift;
        budget -= absent;
    }
    return RADIX_ABSENT;
}

void radix_cursor_begin(struct radix_cursor *c, struct radix *r, uint64_t va,
                        unsigned size_bits, unsigned attrs)
{
    unsigned level = size_level(size_bits);

    *c = (struct radix_cursor){
        .radix = r,
        .va = va,
        .level = level,
        .bits = leaf_entry(r->format, level, attrs),
    };
}

void radix_cursor_seek(struct radix_cursor *c)
{
    radix_cursor_end(c);
    unsigned index = slot_index(c->va, c->level);
    c->slot = slot_make(c->radix, c->va, c->level);
    c->first = c->slot;
    c->limit = c->slot + (RADIX_SLOTS - index);
    c->va += (uint64_t)(RADIX_SLOTS - index) << level_shift(c->level);
}

void radix_cursor_end(struct radix_cursor *c)
{
    size_t bytes = (size_t)(c->slot - c->first) * sizeof(*c->slot);

    if (bytes > 0 && c->radix->format->walk_incoherent)
        cache_flush(c->first, bytes);
    c->first = c->slot;
}

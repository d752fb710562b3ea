/*
 * Radix page tables: one module for the CPU's address spaces, for devices'
 * DMA domains and for guests. What differs between them is a struct
 * radix_format, which is data. Tables are 4 KiB pages with 512 entries of 64
 * bits; they come only from pages that the owner donated (R8).
 *
 * Every operation is bounded and checks before it commits (R10). The caller
 * serialises changes to one radix, and flushes TLB or IOTLB after an unmap.
 */
#pragma once

#include "kernel/cache.h"
#include "kernel/platform.h"

#define RADIX_SLOTS 512

/* What a leaf allows, independent of format: the first five are the system
 * call's enum map_attributes. Without a cache attribute a leaf is write-back.
 * A format ignores what it cannot say (a DMA domain knows neither user nor
 * cache type). */
enum radix_attr {
    RADIX_READ = 1,
    RADIX_WRITE = 2,
    RADIX_EXEC = 4,
    RADIX_UNCACHED = 8,
    RADIX_WRITE_COMBINE = 16,
    RADIX_USER = 32,
};

enum radix_status {
    RADIX_OK,
    RADIX_BAD_SIZE,    /* the format has no leaf of this size */
    RADIX_BAD_ALIGN,   /* va or pa is not a multiple of the size */
    RADIX_BAD_RANGE,   /* beyond the format's input or address width */
    RADIX_OVERLAP,     /* a leaf, or a table for smaller leaves, is there */
    RADIX_NEED_TABLES, /* the pool is short: radix_tables_needed() says how */
    RADIX_ABSENT,      /* no leaf is left */
    RADIX_AGAIN,       /* bounded step done, call again */
};

/* Level 0 is the table whose leaves are 4 KiB; the root is levels - 1. */
struct radix_format {
    const char *name;
    unsigned levels;
    unsigned input_bits;  /* addresses below 2^input_bits can be mapped */
    uint64_t leaf_sizes;  /* bit n set: leaves of 2^n bytes exist */
    uint64_t present;     /* an entry is present if one of these is set */
    uint64_t large;       /* set in a leaf above level 0 */
    uint64_t address;     /* the bits of an entry that hold an address */
    uint64_t table;       /* set in an entry that points to a table */
    bool walk_incoherent; /* hardware walks without snooping the cache */
    uint64_t (*leaf_bits)(unsigned attrs);
    unsigned (*leaf_attrs)(uint64_t entry);
};

struct radix {
    const struct radix_format *format;
    uint64_t *root;
    uint64_t pool;       /* first free table's physical address; 0 = none */
    uint32_t pool_count; /* free tables */
    uint32_t used_count; /* tables in use, the root not counted */
    /* The lowest table that was written last, and which addresses it is for
     * (address >> 21): most maps and unmaps go there again. A table stays
     * where it is until radix_forget_tables. */
    uint64_t *recent;
    uint64_t recent_index;
};

struct radix_leaf {
    uint64_t va;
    paddr_t pa;
    unsigned size_bits;
    unsigned attrs;
};

/* `root` is a zeroed page (the upper half of a CPU root may be filled in: it
 * lies beyond input_bits and is never looked at). */
void radix_init(struct radix *r, const struct radix_format *f, paddr_t root);

/* The tables are withdrawn: empties the pool and forgets where they are. The
 * caller clears the root. */
void radix_forget_tables(struct radix *r);

/* Adds a zeroed page to the pool. */
void radix_donate(struct radix *r, paddr_t page);

/* How many tables `n` leaves from `va` on need that do not exist yet. Cost
 * grows with n / 512. Meaningful for a range that radix_check accepts but
 * for the tables. */
uint32_t radix_tables_needed(const struct radix *r, uint64_t va,
                             unsigned size_bits, uint32_t n);

/* Whether `n` leaves of 2^size_bits at `va` can be put: size, alignment,
 * range, overlap, tables, in this order. Changes nothing. */
enum radix_status radix_check(const struct radix *r, uint64_t va,
                              unsigned size_bits, uint32_t n);

/*
 * R12: reads tables out. Finds the first leaf that ends above *va.
 * RADIX_OK: *leaf is filled in, *va is the address after it.
 * RADIX_AGAIN: nothing found within the step's bound, call again with *va.
 * RADIX_ABSENT: no leaf is left.
 */
enum radix_status radix_next(const struct radix *r, uint64_t *va,
                             struct radix_leaf *leaf);

/*
 * A cursor writes consecutive leaves of one size at a few instructions each.
 * Before it puts new leaves, radix_check must have returned RADIX_OK for the
 * whole range; it may also change or remove leaves that are there. A table
 * stays when its last leaf goes, so that no cache of table pointers
 * (paging-structure cache) can go stale; it goes with its memory. Nothing
 * else may change the radix until radix_cursor_end.
 */
struct radix_cursor {
    struct radix *radix;
    uint64_t *slot;  /* next slot to write */
    uint64_t *limit; /* end of the current table */
    uint64_t *first; /* first slot written in the current table */
    uint64_t va;     /* address of `limit` */
    uint64_t bits;   /* what every leaf has set */
    unsigned level;
};

void radix_cursor_begin(struct radix_cursor *c, struct radix *r, uint64_t va,
                        unsigned size_bits, unsigned attrs);
void radix_cursor_seek(struct radix_cursor *c);
void radix_cursor_end(struct radix_cursor *c);

/* The slot of the 4 KiB leaf at `va` if it lies in the table that was written
 * last, else NULL: the short way for one page. */
static inline uint64_t *radix_recent_slot(const struct radix *r, uint64_t va)
{
    return r->recent && va >> PAGE_2M_BITS == r->recent_index
               ? r->recent + (va >> PAGE_BITS & (RADIX_SLOTS - 1))
               : NULL;
}

/* Writes a slot, for hardware that is walking the tables. */
static inline void radix_slot_write(const struct radix *r, uint64_t *slot,
                                    uint64_t entry)
{
    __atomic_store_n(slot, entry, __ATOMIC_RELEASE);
    if (r->format->walk_incoherent)
        cache_flush(slot, sizeof(*slot));
}

static inline void radix_cursor_put(struct radix_cursor *c, paddr_t pa)
{
    if (unlikely(c->slot == c->limit))
        radix_cursor_seek(c);
    __atomic_store_n(c->slot++, pa.v | c->bits, __ATOMIC_RELAXED);
}

/*
 * The same for up to *n leaves at once: returns the slots to write, whose
 * number it leaves in *n, and steps over them. A leaf is its address | c->bits.
 */
static inline uint64_t *radix_cursor_span(struct radix_cursor *c, uint64_t *n)
{
    if (c->slot == c->limit)
        radix_cursor_seek(c);
    uint64_t *slot = c->slot;
    if (*n > (uint64_t)(c->limit - slot))
        *n = (uint64_t)(c->limit - slot);
    c->slot += *n;
    return slot;
}

/* Removes the next leaf instead, which the caller knows to be there. */
static inline void radix_cursor_clear(struct radix_cursor *c)
{
    if (unlikely(c->slot == c->limit))
        radix_cursor_seek(c);
    __atomic_store_n(c->slot++, 0, __ATOMIC_RELAXED);
}

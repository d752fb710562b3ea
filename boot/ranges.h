/*
 * Sorted sets of physical address ranges: add, remove, look up. Used at boot
 * to work out what is RAM, what is device memory and what is neither.
 */
#pragma once

#include "boot/machine.h"

struct range_set {
    struct phys_range *ranges; /* sorted, disjoint, not touching */
    unsigned count, max;
};

/* Adds the pages that lie wholly in [start, end). False: the set is full and
 * did not change. */
bool range_add_inside(struct range_set *set, uint64_t start, uint64_t end);
/* Adds every page that [start, end) touches. False as above. */
bool range_add_touched(struct range_set *set, uint64_t start, uint64_t end);
/* Takes away every page that [start, end) touches. In a full set a split
 * loses the smaller part, so that what remains was there before. */
void range_remove(struct range_set *set, uint64_t start, uint64_t end);
/* Whether any byte of [start, end) is in the set. */
bool range_overlaps(const struct range_set *set, uint64_t start, uint64_t end);
/* Whether all of [start, end) is in the set. */
bool range_covers(const struct range_set *set, uint64_t start, uint64_t end);
/* Takes `size` bytes, aligned, from the highest range below `limit` that has
 * them. Returns false when there is none. */
bool range_take(struct range_set *set, uint64_t size, uint64_t align,
                uint64_t limit, uint64_t *start);

/*
 * Free ranges of numbers, such as addresses: first fit, neighbours merged.
 * A fixed table, no allocation; when it is full, a range that is given back
 * is lost rather than anything broken (counted in `lost`).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RANGES_MAX 256

struct range {
    uint64_t first, end; /* [first, end) */
};

struct ranges {
    struct range free[RANGES_MAX]; /* sorted, disjoint, not adjacent */
    uint32_t count;
    uint64_t lost;
};

/* Makes [first, end) free, merging it with its neighbours. False, and nothing
 * changes, if it is empty or overlaps what is free. */
bool ranges_add(struct ranges *r, uint64_t first, uint64_t end);

/* Takes `size` numbers aligned to `align` (a power of two), lowest first.
 * False if there is no such range. */
bool ranges_take(struct ranges *r, uint64_t size, uint64_t align,
                 uint64_t *first);

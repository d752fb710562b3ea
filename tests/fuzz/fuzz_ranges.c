/*
 * Sets of physical ranges against a map of single pages: whatever a memory map
 * says and in whatever order, the set is sorted and disjoint, has nothing that
 * was not added or was taken away, and loses something only when it is full.
 *
 * links: boot/ranges.c
 */
#include <stdlib.h>
#include <string.h>

#include "boot/ranges.h"

#define PAGES 64u /* of the address space that is tried */
#define MAX   6u  /* ranges; few, so that the set fills */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct phys_range ranges[MAX + 1];
static struct range_set set;
static bool there[PAGES];

/* Sorted, disjoint, not touching, whole pages; and exactly what is there, or
 * less where something may have been lost. */
static void check(bool exact)
{
    bool found[PAGES] = {false};
    uint64_t last = 0;

    if (set.count > MAX)
        abort();
    for (unsigned i = 0; i < set.count; i++) {
        uint64_t start = ranges[i].start.v, end = ranges[i].end.v;

        if (start >= end || start % PAGE_SIZE || end % PAGE_SIZE ||
            (i && start <= last) || end > PAGES * PAGE_SIZE)
            abort();
        last = end;
        for (uint64_t p = start / PAGE_SIZE; p < end / PAGE_SIZE; p++)
            found[p] = true;
    }
    for (unsigned p = 0; p < PAGES; p++) {
        if (found[p] && !there[p])
            abort();
        if (exact && there[p] && !found[p])
            abort();
        there[p] = found[p];
    }
}

static void mark(uint64_t first, uint64_t end, bool value)
{
    for (uint64_t p = first; p < end && p < PAGES; p++)
        there[p] = value;
}

static void ask(uint64_t start, uint64_t end)
{
    bool any = false, all = true;

    for (uint64_t p = start / PAGE_SIZE; p * PAGE_SIZE < end; p++) {
        any |= there[p];
        all &= there[p];
    }
    if (start < end && (range_overlaps(&set, start, end) != any ||
                        range_covers(&set, start, end) != all))
        abort();
}

static void take(uint64_t bytes, uint64_t align, uint64_t limit)
{
    uint64_t at;

    if (!range_take(&set, bytes, align, limit, &at))
        return;
    if (at % align || at + bytes > limit)
        abort();
    for (uint64_t p = at / PAGE_SIZE; p * PAGE_SIZE < at + bytes; p++)
        if (!there[p])
            abort();
    mark(at / PAGE_SIZE, (at + bytes + PAGE_SIZE - 1) / PAGE_SIZE, false);
}

/* One step: what, from where (half pages), how much. */
static void step(const uint8_t *b)
{
    uint64_t start = b[1] % (2 * PAGES) * (PAGE_SIZE / 2);
    uint64_t end = start + b[2] % 32 * (PAGE_SIZE / 2);
    uint64_t first = start / PAGE_SIZE;
    bool exact = true;

    if (end > PAGES * PAGE_SIZE)
        end = PAGES * PAGE_SIZE;
    switch (b[0] % 5) {
    case 0:
        exact = range_add_inside(&set, start, end);
        if (exact)
            mark((start + PAGE_SIZE - 1) / PAGE_SIZE, end / PAGE_SIZE, true);
        exact = true;
        break;
    case 1:
        if (start < end && range_add_touched(&set, start, end))
            mark(first, (end + PAGE_SIZE - 1) / PAGE_SIZE, true);
        break;
    case 2:
        exact = set.count < MAX;
        range_remove(&set, start, end);
        if (start < end)
            mark(first, (end + PAGE_SIZE - 1) / PAGE_SIZE, false);
        break;
    case 3:
        exact = set.count < MAX;
        take((b[2] % 8 + 1) * PAGE_SIZE, PAGE_SIZE << b[0] % 3, end);
        break;
    default:
        ask(start, end);
    }
    check(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    set = (struct range_set){.ranges = ranges, .max = MAX};
    memset(there, 0, sizeof(there));
    for (size_t i = 0; i + 3 <= size; i += 3)
        step(data + i);
    return 0;
}

/*
 * Sets of physical address ranges, kept sorted in a small array. Everything
 * rounds to whole pages in the direction that the name says; arithmetic at the
 * end of the 64-bit space saturates instead of wrapping.
 */
#include "boot/ranges.h"

static uint64_t page_floor(uint64_t address)
{
    return address & ~(PAGE_SIZE - 1);
}

static uint64_t page_ceiling(uint64_t address)
{
    if (address > ~(PAGE_SIZE - 1))
        return ~(PAGE_SIZE - 1);
    return (address + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
}

static void entry_delete(struct range_set *set, unsigned at)
{
    set->count--;
    for (unsigned i = at; i < set->count; i++)
        set->ranges[i] = set->ranges[i + 1];
}

static bool entry_insert(struct range_set *set, unsigned at, uint64_t start,
                         uint64_t end)
{
    if (set->count == set->max)
        return false;
    for (unsigned i = set->count; i > at; i--)
        set->ranges[i] = set->ranges[i - 1];
    set->count++;
    set->ranges[at] = (struct phys_range){{start}, {end}};
    return true;
}

static bool add(struct range_set *set, uint64_t start, uint64_t end)
{
    unsigned i = 0;

    if (start >= end)
        return true;
    while (i < set->count && set->ranges[i].end.v < start)
        i++;
    if (i == set->count || end < set->ranges[i].start.v)
        return entry_insert(set, i, start, end);

    /* Touches entry i: widen it, then swallow those that follow. */
    struct phys_range *range = &set->ranges[i];
    if (start < range->start.v)
        range->start.v = start;
    if (end > range->end.v)
        range->end.v = end;
    while (i + 1 < set->count && set->ranges[i + 1].start.v <= range->end.v) {
        if (set->ranges[i + 1].end.v > range->end.v)
            range->end = set->ranges[i + 1].end;
        entry_delete(set, i + 1);
    }
    return true;
}

bool range_add_inside(struct range_set *set, uint64_t start, uint64_t end)
{
    if (start > ~(PAGE_SIZE - 1))
        return true;
    return add(set, page_ceiling(start), page_floor(end));
}

bool range_add_touched(struct range_set *set, uint64_t start, uint64_t end)
{
    if (start >= end)
        return true;
    return add(set, page_floor(start), page_ceiling(end));
}

/* Cuts [start, end) out of entry i; returns the index to go on with. */
static unsigned cut(struct range_set *set, unsigned i, uint64_t start,
                    uint64_t end)
{
    struct phys_range *range = &set->ranges[i];
    bool below = range->start.v<start, above = range->end.v> end;

    if (!below && !above) {
        entry_delete(set, i);
        return i;
    }
    if (below && above) {
        uint64_t old_end = range->end.v;
        range->end.v = start;
        if (!entry_insert(set, i + 1, end, old_end) &&
            old_end - end > start - range->start.v)
            *range = (struct phys_range){{end}, {old_end}};
    } else if (below) {
        range->end.v = start;
    } else {
        range->start.v = end;
    }
    return i + 1;
}

void range_remove(struct range_set *set, uint64_t start, uint64_t end)
{
    if (start >= end)
        return;
    start = page_floor(start);
    end = page_ceiling(end);
    for (unsigned i = 0; i < set->count;) {
        const struct phys_range *range = &set->ranges[i];
        if (range->start.v < end && range->end.v > start)
            i = cut(set, i, start, end);
        else
            i++;
    }
}

bool range_overlaps(const struct range_set *set, uint64_t start, uint64_t end)
{
    for (unsigned i = 0; i < set->count; i++)
        if (set->ranges[i].start.v < end && set->ranges[i].end.v > start)
            return true;
    return false;
}

bool range_covers(const struct range_set *set, uint64_t start, uint64_t end)
{
    for (unsigned i = 0; i < set->count; i++)
        if (set->ranges[i].start.v <= start && set->ranges[i].end.v >= end)
            return true;
    return false;
}

bool range_take(struct range_set *set, uint64_t size, uint64_t align,
                uint64_t limit, uint64_t *start)
{
    for (unsigned i = set->count; i-- > 0;) {
        uint64_t low = set->ranges[i].start.v, top = set->ranges[i].end.v;

        if (top > limit)
            top = limit;
        if (top < low || top - low < size)
            continue;
        uint64_t at = (top - size) & ~(align - 1);
        if (at < low)
            continue;
        range_remove(set, at, at + size);
        *start = at;
        return true;
    }
    return false;
}

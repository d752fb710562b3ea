/*
 * Free ranges in one sorted table. Small on purpose: a component has a handful
 * of mappings, so walking the table costs less than any cleverness.
 */
#include <cordon/ranges.h>

#include <string.h>

static void remove_at(struct ranges *r, uint32_t i)
{
    r->count--;
    memmove(&r->free[i], &r->free[i + 1],
            (r->count - i) * sizeof(struct range));
}

static bool insert_at(struct ranges *r, uint32_t i, struct range new)
{
    if (r->count == RANGES_MAX)
        return false;
    memmove(&r->free[i + 1], &r->free[i],
            (r->count - i) * sizeof(struct range));
    r->free[i] = new;
    r->count++;
    return true;
}

bool ranges_add(struct ranges *r, uint64_t first, uint64_t end)
{
    uint32_t i = 0;
    bool before, after;

    if (first >= end)
        return false;
    while (i < r->count && r->free[i].end <= first)
        i++;
    if (i < r->count && r->free[i].first < end)
        return false;
    /* Now i - 1 ends at or before `first`, and i starts at or after `end`. */
    before = i > 0 && r->free[i - 1].end == first;
    after = i < r->count && r->free[i].first == end;
    if (before && after) {
        r->free[i - 1].end = r->free[i].end;
        remove_at(r, i);
    } else if (before) {
        r->free[i - 1].end = end;
    } else if (after) {
        r->free[i].first = first;
    } else if (!insert_at(r, i, (struct range){first, end})) {
        r->lost += end - first;
    }
    return true;
}

/* Cuts [first, end) out of entry i, which contains it. */
static void cut(struct ranges *r, uint32_t i, uint64_t first, uint64_t end)
{
    struct range old = r->free[i];

    if (old.first == first && old.end == end) {
        remove_at(r, i);
    } else if (old.first == first) {
        r->free[i].first = end;
    } else {
        r->free[i].end = first;
        if (old.end != end &&
            !insert_at(r, i + 1, (struct range){end, old.end}))
            r->lost += old.end - end;
    }
}

bool ranges_take(struct ranges *r, uint64_t size, uint64_t align,
                 uint64_t *first)
{
    for (uint32_t i = 0; size != 0 && i < r->count; i++) {
        uint64_t start = (r->free[i].first + align - 1) & ~(align - 1);

        if (start < r->free[i].first || start > r->free[i].end ||
            r->free[i].end - start < size)
            continue;
        cut(r, i, start, start + size);
        *first = start;
        return true;
    }
    return false;
}

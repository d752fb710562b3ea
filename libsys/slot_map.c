/*
 * The bit map of slots. See slot_map.h.
 */
#include "libsys/slot_map.h"

#include <string.h>

static bool is_used(const struct slot_map *map, uint32_t slot)
{
    return (map->used[slot / 64] >> (slot % 64)) & 1;
}

static void mark(struct slot_map *map, uint32_t slot, bool used)
{
    uint64_t bit = 1ull << (slot % 64);

    if (used)
        map->used[slot / 64] |= bit;
    else
        map->used[slot / 64] &= ~bit;
}

void slot_map_init(struct slot_map *map, uint64_t first, uint64_t end)
{
    memset(map, 0, sizeof(*map));
    if (end > SLOT_MAP_MAX)
        end = SLOT_MAP_MAX;
    if (first == 0 || first > end)
        first = end;
    map->first = map->next = (uint32_t)first;
    map->end = (uint32_t)end;
    map->free = map->end - map->first;
}

/* The lowest run of free slots in [from, to), or 0. */
static uint32_t find_run(const struct slot_map *map, uint32_t from, uint32_t to,
                         size_t count)
{
    uint32_t run = from;

    for (uint32_t slot = from; slot < to; slot++) {
        if (is_used(map, slot))
            run = slot + 1;
        else if (slot + 1 - run == count)
            return run;
    }
    return 0;
}

uint64_t slot_map_take(struct slot_map *map, size_t count)
{
    uint32_t run;

    if (count == 0 || count > map->free)
        return 0;
    run = find_run(map, map->next, map->end, count);
    if (run == 0)
        run = find_run(map, map->first, map->end, count);
    if (run == 0)
        return 0;
    for (uint32_t i = 0; i < count; i++)
        mark(map, run + i, true);
    map->free -= (uint32_t)count;
    map->next = run + (uint32_t)count;
    return run;
}

bool slot_map_give(struct slot_map *map, uint64_t slot, size_t count)
{
    if (slot < map->first || slot > map->end || count > map->end - slot)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!is_used(map, (uint32_t)(slot + i)))
            return false;
    for (size_t i = 0; i < count; i++)
        mark(map, (uint32_t)(slot + i), false);
    map->free += (uint32_t)count;
    return true;
}

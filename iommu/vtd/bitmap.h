/* Numbers in use, as bits; for domain-ids and remapping entries. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

static inline void bitmap_set(uint64_t *map, uint32_t i)
{
    map[i / 64] |= (uint64_t)1 << (i % 64);
}

static inline void bitmap_clear(uint64_t *map, uint32_t i)
{
    map[i / 64] &= ~((uint64_t)1 << (i % 64));
}

/* Sets the first clear bit below `limit`, a multiple of 64; limit: none is. */
static inline uint32_t bitmap_take(uint64_t *map, uint32_t limit)
{
    for (uint32_t w = 0; w < limit / 64; w++) {
        if (~map[w] == 0)
            continue;
        uint32_t i = w * 64 + (uint32_t)__builtin_ctzll(~map[w]);
        bitmap_set(map, i);
        return i;
    }
    return limit;
}

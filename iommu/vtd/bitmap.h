/* Numbers in use, as bits; for domain-ids and remapping entries. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

static inline bool bitmap_test(const uint64_t *map, uint32_t i)
{
    return (map[i / 64] >> (i % 64)) & 1;
}

static inline void bitmap_set(uint64_t *map, uint32_t i)
{
    map[i / 64] |= (uint64_t)1 << (i % 64);
}

static inline void bitmap_clear(uint64_t *map, uint32_t i)
{
    map[i / 64] &= ~((uint64_t)1 << (i % 64));
}

/*
 * Sets the first `n` clear bits at a multiple of n below `limit`; n is a power
 * of two up to 32, limit a multiple of 64. Returns limit if there are none.
 */
static inline uint32_t bitmap_take(uint64_t *map, uint32_t limit, unsigned n)
{
    uint64_t run = ((uint64_t)1 << n) - 1;

    for (uint32_t w = 0; w < limit / 64; w++) {
        if (~map[w] == 0)
            continue;
        for (unsigned at = 0; at < 64; at += n) {
            if ((map[w] & (run << at)) == 0) {
                map[w] |= run << at;
                return w * 64 + at;
            }
        }
    }
    return limit;
}

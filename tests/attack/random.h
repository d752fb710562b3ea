/*
 * Numbers for random system calls: xorshift, the same from the same state.
 */
#pragma once

#include <cordon/types.h>
#include <stdint.h>

/* `state` is never 0. */
static inline uint64_t random_next(uint64_t *state)
{
    uint64_t x = *state;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *state = x;
}

/* An argument that is often nearly right: a small number, one of so many slots,
 * an address of 64 pages, a size, or anything. */
static inline uint64_t random_argument(uint64_t *state, uint64_t slots,
                                       uint64_t pages)
{
    uint64_t r = random_next(state), v = random_next(state);

    switch (r % 8) {
    case 0:
        return v % 4;
    case 1:
    case 2:
    case 3:
        return v % slots;
    case 4:
        return pages + v % 64 * PAGE_SIZE;
    case 5:
        return 12 + v % 10;
    case 6:
        return v % 0x10000;
    default:
        return v;
    }
}

/*
 * How fast a client may send: a bucket of bytes that fills at its rate. A
 * packet costs its bytes and a fixed amount, so small ones are no way around
 * it. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define LIMIT_PACKET_COST 128         /* bytes that a packet costs besides */
#define LIMIT_BURST_NS    10000000ull /* what the bucket holds: 10 ms' worth */
#define LIMIT_BURST_MIN   65536       /* bytes, at least */

struct limit {
    uint64_t rate;   /* bytes a second; 0: none */
    int64_t left;    /* bytes in the bucket; below 0: sent ahead of time */
    uint64_t filled; /* ns, when */
};

static inline int64_t limit_burst(const struct limit *l)
{
    uint64_t burst = l->rate / (1000000000ull / LIMIT_BURST_NS);

    return burst < LIMIT_BURST_MIN ? LIMIT_BURST_MIN : (int64_t)burst;
}

/* Fills the bucket up to now. */
static inline void limit_fill(struct limit *l, uint64_t now)
{
    uint64_t passed = now - l->filled;

    if (l->rate == 0)
        return;
    /* Nobody is in debt for longer than a second, and nothing overflows. */
    if (passed > 1000000000ull)
        l->left = limit_burst(l);
    else
        l->left += (int64_t)(passed * l->rate / 1000000000ull);
    if (l->left > limit_burst(l))
        l->left = limit_burst(l);
    l->filled = now;
}

static inline bool limit_allows(const struct limit *l)
{
    return l->rate == 0 || l->left > 0;
}

static inline void limit_charge(struct limit *l, uint32_t bytes)
{
    if (l->rate != 0)
        l->left -= (int64_t)bytes + LIMIT_PACKET_COST;
}

/* Nanoseconds until it allows again, 0 if it does; a second at most. */
static inline uint64_t limit_wait(const struct limit *l)
{
    uint64_t wait;

    if (limit_allows(l))
        return 0;
    wait = (uint64_t)(1 - l->left) * 1000000000ull / l->rate + 1;
    return wait < 1000000000ull ? wait : 1000000000ull;
}

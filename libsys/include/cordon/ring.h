/*
 * A ring in shared memory: one producer, one consumer, entries of one size.
 *
 * Neither side trusts the other. Each keeps its own position and the ring's
 * shape privately; of the shared memory it reads only the other side's
 * position, once, and checks it: a position that cannot be gives RING_CORRUPT,
 * now and ever after, never an access outside the ring. Entries are copied out
 * exactly once, so they cannot change after they were checked.
 *
 * Waking: a side that is about to sleep says so in the ring (ring_may_sleep),
 * and the other then signals its notification; while both are busy nobody
 * makes a system call. The functions here say *when* to signal; how is the
 * caller's (notification_signal).
 *
 *   producer                  consumer
 *   ring_put(&r, &e) ...      for (;;) {
 *   if (ring_publish(&r))         while (ring_get(&r, &e) == RING_OK)
 *       signal(consumer);             work;
 *                                 if (ring_release(&r)) signal(producer);
 *                                 if (ring_may_sleep(&r)) wait;
 *                             }
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define RING_MAX_ENTRIES 65536u
#define RING_MAX_ENTRY   4096u

enum ring_status {
    RING_OK = 0,
    RING_EMPTY = 1,
    RING_FULL = 2,
    RING_CORRUPT = 3, /* the other side broke the ring; give it up */
};

/* The shared part: one cache line for each writer, then the entries. Only the
 * functions here touch it: positions with atomic accesses. */
struct ring_side {
    _Alignas(64) uint32_t position; /* entries put or taken, mod 2^32 */
    uint32_t sleeps;                /* 1: signal me when you move */
};
struct ring_shared {
    struct ring_side producer;
    struct ring_side consumer;
    _Alignas(64) uint8_t entries[];
};

/* One side's private view. */
struct ring {
    struct ring_shared *shared;
    uint32_t entries; /* a power of two */
    uint32_t entry_bytes;
    uint32_t mine;      /* own position, staged */
    uint32_t published; /* own position that the other side can see */
    uint32_t theirs;    /* last checked position of the other side; when the
                           ring is corrupt, one with nothing left to do */
    bool producer;
    bool corrupt;
};

/* Bytes of shared memory for a ring, 0 if the shape is not allowed: `entries`
 * a power of two up to RING_MAX_ENTRIES, `entry_bytes` a multiple of 8 up to
 * RING_MAX_ENTRY. */
size_t ring_bytes(uint32_t entries, uint32_t entry_bytes);

/*
 * Attaches one side to shared memory of `bytes`, which must be zeroed and 64
 * byte aligned. False if the shape is not allowed or does not fit. Both sides
 * must use the same shape; the protocol says it, not the memory.
 */
bool ring_attach(struct ring *r, void *memory, size_t bytes, uint32_t entries,
                 uint32_t entry_bytes, bool producer);

/*
 * For batches of small entries, without a call for each: after ring_space() or
 * ring_waiting() said n, entries 0 to n - 1 may be written or read at
 * ring_ahead(), each once, and are then passed with ring_pass().
 */
static inline void *ring_ahead(const struct ring *r, uint32_t i)
{
    return r->shared->entries +
           (size_t)((r->mine + i) & (r->entries - 1)) * r->entry_bytes;
}
static inline void ring_pass(struct ring *r, uint32_t count)
{
    r->mine += count;
}

/* Consumer: entries taken whose places have not been given back, and giving
 * back the oldest `count` of them: for work that ends later. True: signal. */
static inline uint32_t ring_taken(const struct ring *r)
{
    return r->mine - r->published;
}
bool ring_release_some(struct ring *r, uint32_t count);

/* Producer: stages an entry. RING_FULL, RING_CORRUPT. */
enum ring_status ring_put(struct ring *r, const void *entry);

/* Consumer: copies the oldest entry out. RING_EMPTY, RING_CORRUPT. */
enum ring_status ring_get(struct ring *r, void *entry);

/* ---- Inline, for they are part of every request ---- */

/*
 * Takes note of where the other side is, `seen`. It may have moved forward
 * from the last position accepted, and by no more than `bound`: a consumer not
 * beyond what was published to it, a producer not more than a ring's length
 * ahead of the places that were given back. Else the ring is corrupt for good,
 * and `theirs` becomes `nothing_left`.
 */
static inline bool ring_accept(struct ring *r, uint32_t seen, uint32_t bound,
                               uint32_t nothing_left)
{
    if (r->corrupt || seen - r->theirs > bound) {
        r->corrupt = true;
        r->theirs = nothing_left;
        return false;
    }
    r->theirs = seen;
    return true;
}

/* Producer: how many more ring_put would succeed. */
static inline uint32_t ring_space(struct ring *r)
{
    uint32_t seen =
        __atomic_load_n(&r->shared->consumer.position, __ATOMIC_ACQUIRE);

    if (!ring_accept(r, seen, r->published - r->theirs, r->mine - r->entries))
        return 0;
    return r->entries - (r->mine - seen);
}

/* Consumer: how many entries wait. */
static inline uint32_t ring_waiting(struct ring *r)
{
    uint32_t seen =
        __atomic_load_n(&r->shared->producer.position, __ATOMIC_ACQUIRE);

    if (!ring_accept(r, seen, r->published + r->entries - r->theirs, r->mine))
        return 0;
    return seen - r->mine;
}

/*
 * Shows the own position, `count` further on. The fence orders it before the
 * look at the other's flag, as the fence in ring_may_sleep orders that flag
 * before the last look at the position: at least one of the two sees the other.
 */
static inline bool ring_show(struct ring *r, struct ring_side *own,
                             const struct ring_side *other, uint32_t count)
{
    if (count == 0)
        return false;
    r->published += count;
    __atomic_store_n(&own->position, r->published, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return __atomic_load_n(&other->sleeps, __ATOMIC_RELAXED) != 0;
}

/* Producer: shows all staged entries. True: signal the consumer now. */
static inline bool ring_publish(struct ring *r)
{
    return ring_show(r, &r->shared->producer, &r->shared->consumer,
                     r->mine - r->published);
}

/* Consumer: gives the places of taken entries back. True: signal the producer
 * now. */
static inline bool ring_release(struct ring *r)
{
    return ring_show(r, &r->shared->consumer, &r->shared->producer,
                     r->mine - r->published);
}

static inline uint32_t *ring_sleeps(struct ring *r)
{
    return r->producer ? &r->shared->producer.sleeps
                       : &r->shared->consumer.sleeps;
}

/* Either side after waking, or instead of waiting. */
static inline void ring_awake(struct ring *r)
{
    __atomic_store_n(ring_sleeps(r), 0, __ATOMIC_RELAXED);
}

/*
 * Either side, before it waits for its notification: asks to be signalled.
 * True if it may wait; false if there is something to do already (or the ring
 * is corrupt). Up to `level` entries waiting, or places free, are nothing.
 */
static inline bool ring_may_sleep_at(struct ring *r, uint32_t level)
{
    bool nothing;

    __atomic_store_n(ring_sleeps(r), 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    nothing = (r->producer ? ring_space(r) : ring_waiting(r)) <= level;
    if (nothing && !r->corrupt)
        return true;
    ring_awake(r);
    return false;
}

static inline bool ring_may_sleep(struct ring *r)
{
    return ring_may_sleep_at(r, 0);
}

/* Word by word through volatile: each is read or written exactly once,
 * whatever the compiler makes of what is done with the copy. */
static inline void ring_copy_in(volatile uint64_t *to, const void *entry,
                                uint32_t bytes)
{
#pragma GCC unroll 4
    for (uint32_t i = 0; i < bytes / 8; i++) {
        uint64_t word;

        memcpy(&word, (const uint64_t *)entry + i, 8);
        to[i] = word;
    }
}

static inline void ring_copy_out(void *entry, const volatile uint64_t *from,
                                 uint32_t bytes)
{
#pragma GCC unroll 4
    for (uint32_t i = 0; i < bytes / 8; i++) {
        uint64_t word = from[i];

        memcpy((uint64_t *)entry + i, &word, 8);
    }
}

/* The shared place of the next entry, from private values alone. */
static inline volatile uint64_t *ring_place(const struct ring *r,
                                            uint32_t bytes)
{
    return (volatile uint64_t *)(r->shared->entries +
                                 (size_t)(r->mine & (r->entries - 1)) * bytes);
}

/* ring_put() and ring_get() for a ring whose entries have `bytes`, a constant:
 * then the copy is a few instructions. */
static inline enum ring_status ring_put_sized(struct ring *r, const void *entry,
                                              uint32_t bytes)
{
    if (r->mine - r->theirs == r->entries && ring_space(r) == 0)
        return r->corrupt ? RING_CORRUPT : RING_FULL;
    ring_copy_in(ring_place(r, bytes), entry, bytes);
    r->mine++;
    return RING_OK;
}

static inline enum ring_status ring_get_sized(struct ring *r, void *entry,
                                              uint32_t bytes)
{
    if (r->mine == r->theirs && ring_waiting(r) == 0)
        return r->corrupt ? RING_CORRUPT : RING_EMPTY;
    ring_copy_out(entry, ring_place(r, bytes), bytes);
    r->mine++;
    return RING_OK;
}

/*
 * Rings in shared memory between parties that do not trust each other. See
 * <cordon/ring.h> for the use. Two things carry the safety: the only shared
 * value that steers anything is the other side's position, which is read once
 * and accepted only if it is one that this side's own position allows; and an
 * entry's place is computed from private values.
 */
#include <cordon/ring.h>

static struct ring_side *own_side(const struct ring *r)
{
    return r->producer ? &r->shared->producer : &r->shared->consumer;
}

static struct ring_side *other_side(const struct ring *r)
{
    return r->producer ? &r->shared->consumer : &r->shared->producer;
}

static bool shape_is_allowed(uint32_t entries, uint32_t entry_bytes)
{
    return entries != 0 && (entries & (entries - 1)) == 0 &&
           entries <= RING_MAX_ENTRIES && entry_bytes != 0 &&
           entry_bytes % 8 == 0 && entry_bytes <= RING_MAX_ENTRY;
}

size_t ring_bytes(uint32_t entries, uint32_t entry_bytes)
{
    if (!shape_is_allowed(entries, entry_bytes))
        return 0;
    return sizeof(struct ring_shared) + (size_t)entries * entry_bytes;
}

bool ring_attach(struct ring *r, void *memory, size_t bytes, uint32_t entries,
                 uint32_t entry_bytes, bool producer)
{
    size_t needed = ring_bytes(entries, entry_bytes);

    if (needed == 0 || bytes < needed || (uintptr_t)memory % 64 != 0)
        return false;
    *r = (struct ring){
        .shared = memory,
        .entries = entries,
        .entry_bytes = entry_bytes,
        .producer = producer,
    };
    return true;
}

/* Distance from the consumer to the producer, as this side knows it. */
static uint32_t filled(const struct ring *r)
{
    return r->producer ? r->mine - r->theirs : r->theirs - r->mine;
}

/*
 * Reads the other side's position. It may have moved forward from the last one
 * seen, and no further than the ring's state allows: a consumer not beyond
 * what was published to it, a producer not more than a ring's length ahead of
 * the places that were given back.
 */
static bool refresh(struct ring *r)
{
    uint32_t seen = __atomic_load_n(&other_side(r)->position, __ATOMIC_ACQUIRE);
    uint32_t moved = seen - r->theirs;
    uint32_t bound = r->producer ? r->published - r->theirs
                                 : r->published + r->entries - r->theirs;

    if (r->corrupt || moved > bound) {
        r->corrupt = true;
        r->theirs = r->producer ? r->mine - r->entries : r->mine;
        return false;
    }
    r->theirs = seen;
    return true;
}

uint32_t ring_space(struct ring *r)
{
    if (!refresh(r))
        return 0;
    return r->entries - filled(r);
}

uint32_t ring_waiting(struct ring *r)
{
    return refresh(r) ? filled(r) : 0;
}

enum ring_status ring_put(struct ring *r, const void *entry)
{
    return ring_put_sized(r, entry, r->entry_bytes);
}

enum ring_status ring_get(struct ring *r, void *entry)
{
    return ring_get_sized(r, entry, r->entry_bytes);
}

/*
 * Shows the own position, `count` further on. The fence orders it before the
 * look at the other's flag, as the fence in ring_may_sleep orders that flag
 * before the last look at the position: at least one of the two sees the other.
 */
static bool show(struct ring *r, uint32_t count)
{
    if (count == 0)
        return false;
    r->published += count;
    __atomic_store_n(&own_side(r)->position, r->published, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return __atomic_load_n(&other_side(r)->sleeps, __ATOMIC_RELAXED) != 0;
}

bool ring_publish(struct ring *r)
{
    return show(r, r->mine - r->published);
}

bool ring_release(struct ring *r)
{
    return show(r, r->mine - r->published);
}

bool ring_release_some(struct ring *r, uint32_t count)
{
    return show(r, count < ring_taken(r) ? count : ring_taken(r));
}

bool ring_may_sleep_at(struct ring *r, uint32_t level)
{
    bool nothing;

    __atomic_store_n(&own_side(r)->sleeps, 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    nothing = (r->producer ? ring_space(r) : ring_waiting(r)) <= level;
    if (nothing && !r->corrupt)
        return true;
    ring_awake(r);
    return false;
}

bool ring_may_sleep(struct ring *r)
{
    return ring_may_sleep_at(r, 0);
}

void ring_awake(struct ring *r)
{
    __atomic_store_n(&own_side(r)->sleeps, 0, __ATOMIC_RELAXED);
}

/*
 * Rings in shared memory between parties that do not trust each other. See
 * <cordon/ring.h> for the use. Two things carry the safety: the only shared
 * value that steers anything is the other side's position, which is read once
 * and accepted only if it is one that this side's own position allows; and an
 * entry's place is computed from private values. What is done for every request
 * is inline in the header.
 */
#include <cordon/ring.h>

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

enum ring_status ring_put(struct ring *r, const void *entry)
{
    return ring_put_sized(r, entry, r->entry_bytes);
}

enum ring_status ring_get(struct ring *r, void *entry)
{
    return ring_get_sized(r, entry, r->entry_bytes);
}

bool ring_release_some(struct ring *r, uint32_t count)
{
    if (count > ring_taken(r))
        count = ring_taken(r);
    return ring_show(r, &r->shared->consumer, &r->shared->producer, count);
}

/*
 * Mapped memory: addresses from one table of free ranges, Frames from frames.c.
 */
#include <cordon/memory.h>
#include <cordon/ranges.h>
#include <cordon/slot.h>
#include <cordon/syscalls.h>

#include <string.h>

#include "libsys/runtime.h"

static struct ranges addresses;
static struct mutex lock;

void memory_start(const struct startup *s)
{
    ranges_add(&addresses, s->heap_address, s->heap_end);
}

uintptr_t address_alloc(size_t bytes, size_t align)
{
    uint64_t address = 0;
    bool found;

    mutex_lock(&lock);
    found = ranges_take(&addresses, bytes, align, &address);
    mutex_unlock(&lock);
    return found ? address : 0;
}

void address_free(uintptr_t address, size_t bytes)
{
    mutex_lock(&lock);
    ranges_add(&addresses, address, address + bytes);
    mutex_unlock(&lock);
}

uint64_t memory_map(cap_t frames, size_t count, unsigned size_bits,
                    unsigned attributes, struct memory *out)
{
    size_t bytes = count << size_bits;
    uintptr_t address;
    uint64_t status;

    if (count == 0 || count > SIZE_MAX >> size_bits)
        return ERR_ARGUMENT;
    address = address_alloc(bytes, (size_t)1 << size_bits);
    if (address == 0)
        return ERR_LIMIT;
    status = memory_map_at(STARTUP_SPACE, frames, count, address, size_bits,
                           attributes);
    if (status != OK) {
        address_free(address, bytes);
        return status;
    }
    *out = (struct memory){(void *)address, bytes, frames, (uint32_t)count,
                           size_bits};
    return OK;
}

uint64_t memory_alloc_sized(size_t bytes, unsigned size_bits,
                            struct memory *out)
{
    size_t count =
        (bytes >> size_bits) + ((bytes & (((size_t)1 << size_bits) - 1)) != 0);
    uint64_t status;
    cap_t frames;
    bool used;

    if (count == 0 || (size_bits != PAGE_BITS && size_bits != PAGE_2M_BITS))
        return ERR_ARGUMENT;
    status = frames_take(count, size_bits, &frames, &used);
    if (status != OK)
        return status;
    status = memory_map(frames, count, size_bits, MAP_READ | MAP_WRITE, out);
    if (status != OK)
        frames_give(frames, count, size_bits);
    else if (used)
        memset(out->address, 0, out->bytes);
    return status;
}

uint64_t memory_alloc(size_t bytes, struct memory *out)
{
    size_t large = (size_t)1 << PAGE_2M_BITS;
    uint64_t status;

    /* Alignment may cost one more large Frame; leave room for the rest. */
    if (bytes >= large && memory_left() >= bytes + 4 * large &&
        memory_alloc_sized(bytes, PAGE_2M_BITS, out) == OK)
        return OK;
    status = memory_alloc_sized(bytes, PAGE_BITS, out);
    if (STATUS_CODE(status) == ERR_LIMIT) /* no slots for that many */
        status = memory_alloc_sized(bytes, PAGE_2M_BITS, out);
    return status;
}

void memory_free(struct memory *m)
{
    /* R4: whoever the Frames were lent to loses them first. */
    for (uint32_t i = 0; i < m->count; i++)
        captable_revoke(STARTUP_CAPTABLE, m->frames + i);
    if (frames_unmap(STARTUP_SPACE, m->frames, m->count) == OK) {
        address_free((uintptr_t)m->address, m->bytes);
        frames_give(m->frames, m->count, m->size_bits);
    } /* else not confirmed: neither is ever used again */
    *m = (struct memory){0};
}

void memory_unmap(struct memory *m)
{
    if (frames_unmap(STARTUP_SPACE, m->frames, m->count) == OK)
        address_free((uintptr_t)m->address, m->bytes);
    cap_delete_run(m->frames, m->count);
    *m = (struct memory){0};
}

/*
 * Mapped memory: addresses from two tables of free ranges, Frames from
 * frames.c. What others lend has addresses of its own, where init answers
 * faults (servers/init/spare.h).
 */
#include <cordon/cordon.h>
#include <cordon/ranges.h>

#include <string.h>

#include "libsys/runtime.h"

static struct ranges addresses;
/* For memory of others, see memory_map_lent. Large Frames go elsewhere: where a
 * page was, there is a table that they cannot take the place of. */
static struct ranges lent, lent_large;
static struct mutex lock;

static uintptr_t lent_middle(const struct startup *s)
{
    return s->lent_address + (s->lent_end - s->lent_address) / 2;
}

void memory_start(const struct startup *s)
{
    ranges_add(&addresses, s->heap_address, s->heap_end);
    ranges_add(&lent, s->lent_address, lent_middle(s));
    ranges_add(&lent_large, lent_middle(s), s->lent_end);
}

static bool is_lent(uintptr_t address)
{
    return address >= startup->lent_address && address < startup->lent_end;
}

static uintptr_t take_addresses(struct ranges *from, size_t bytes, size_t align)
{
    uint64_t address = 0;
    bool found;

    mutex_lock(&lock);
    found = ranges_take(from, bytes, align, &address);
    mutex_unlock(&lock);
    return found ? address : 0;
}

uintptr_t address_alloc(size_t bytes, size_t align)
{
    return take_addresses(&addresses, bytes, align);
}

void address_free(uintptr_t address, size_t bytes)
{
    struct ranges *to = &addresses;

    if (is_lent(address))
        to = address < lent_middle(startup) ? &lent : &lent_large;
    mutex_lock(&lock);
    ranges_add(to, address, address + bytes);
    mutex_unlock(&lock);
}

static uint64_t map_in(struct ranges *in, cap_t frames, size_t count,
                       unsigned size_bits, unsigned attributes,
                       struct memory *out)
{
    size_t bytes = count << size_bits;
    uintptr_t address;
    uint64_t status;

    if (count == 0 || count > SIZE_MAX >> size_bits)
        return ERR_ARGUMENT;
    address = take_addresses(in, bytes, (size_t)1 << size_bits);
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

uint64_t memory_map(cap_t frames, size_t count, unsigned size_bits,
                    unsigned attributes, struct memory *out)
{
    return map_in(&addresses, frames, count, size_bits, attributes, out);
}

uint64_t memory_map_lent(cap_t frames, size_t count, unsigned size_bits,
                         unsigned attributes, struct memory *out)
{
    struct result r = captable_info(STARTUP_CAPTABLE, frames);
    struct ranges *in = size_bits == PAGE_BITS ? &lent : &lent_large;

    if (r.status != OK || r.r[0] != CAP_FRAME || r.r[2] != size_bits)
        return ERR_CAPABILITY;
    if (startup->lent_address == startup->lent_end)
        in = &addresses;
    return map_in(in, frames, count, size_bits, attributes, out);
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

/* Frames that went while they were mapped left their slots empty. */
static bool any_is_gone(const struct memory *m)
{
    for (uint32_t i = 0; i < m->count; i++) {
        struct result r = captable_info(STARTUP_CAPTABLE, m->frames + i);

        if (r.status != OK || r.r[0] != CAP_FRAME)
            return true;
    }
    return false;
}

/* Asks init to take its pages out of the range. By registers alone: a message
 * may be in the making. */
static bool spares_returned(const struct memory *m)
{
    const uint64_t w[MSG_REG_WORDS] = {(uint64_t)m->address, m->bytes};
    struct result r = endpoint_call(
        STARTUP_FAULT, TAG(LIFECYCLE_UNMAPPED, 2, 0), w, DEADLINE_NEVER);

    return r.status == OK && TAG_LABEL(r.r[0]) == SERVICE_OK;
}

void memory_unmap(struct memory *m)
{
    bool free = frames_unmap(STARTUP_SPACE, m->frames, m->count) == OK;

    /* Pages that stood in for large Frames leave tables behind. */
    if (free && is_lent((uintptr_t)m->address) && any_is_gone(m))
        free = spares_returned(m) && m->size_bits == PAGE_BITS;
    if (free)
        address_free((uintptr_t)m->address, m->bytes);
    cap_delete_run(m->frames, m->count);
    *m = (struct memory){0};
}

/*
 * Frames of the component: carved from its Untyped, then reused through a free
 * list for as long as it lives. Free Frames are kept as ranges of slots, so a
 * run of neighbours can be taken and given back as a whole.
 */
#include <cordon/memory.h>
#include <cordon/ranges.h>
#include <cordon/slot.h>
#include <cordon/syscalls.h>

#include "libsys/runtime.h"

#define BATCH 512u /* untyped_retype, space_map and space_unmap take that */

static cap_t source = STARTUP_MEMORY;
static struct ranges free_small, free_large; /* of 4 KiB, of 2 MiB */
static struct mutex lock;

static struct ranges *free_list(unsigned size_bits)
{
    return size_bits == PAGE_BITS ? &free_small : &free_large;
}

void memory_source_set(cap_t untyped)
{
    source = untyped;
}

cap_t memory_source(void)
{
    return source;
}

static uint64_t bytes_in(const struct ranges *r, unsigned size_bits)
{
    uint64_t frames = 0;

    for (uint32_t i = 0; i < r->count; i++)
        frames += r->free[i].end - r->free[i].first;
    return frames << size_bits;
}

uint64_t memory_left(void)
{
    struct result r = untyped_info(source);
    uint64_t left = r.status == OK ? r.r[1] - r.r[2] : 0;

    mutex_lock(&lock);
    left +=
        bytes_in(&free_small, PAGE_BITS) + bytes_in(&free_large, PAGE_2M_BITS);
    mutex_unlock(&lock);
    return left;
}

/* Fresh Frames in a run of slots; all or nothing. */
static uint64_t carve(size_t count, unsigned size_bits, cap_t *frames)
{
    cap_t run = slot_alloc_run(count);
    size_t done = 0;

    if (run == 0)
        return ERR_LIMIT;
    while (done < count) {
        size_t batch = count - done < BATCH ? count - done : BATCH;
        uint64_t status = untyped_retype(source, CAP_FRAME, size_bits, batch, 0,
                                         run + done, 0)
                              .status;

        if (status != OK) {
            if (done != 0)
                frames_give(run, done, size_bits);
            slot_free_run(run + done, count - done);
            return status;
        }
        done += batch;
    }
    *frames = run;
    return OK;
}

uint64_t frames_take(size_t count, unsigned size_bits, cap_t *frames,
                     bool *used)
{
    mutex_lock(&lock);
    *used = ranges_take(free_list(size_bits), count, 1, frames);
    mutex_unlock(&lock);
    return *used ? OK : carve(count, size_bits, frames);
}

void frames_give(cap_t frames, size_t count, unsigned size_bits)
{
    mutex_lock(&lock);
    ranges_add(free_list(size_bits), frames, frames + count);
    mutex_unlock(&lock);
}

/* An empty slot is one whose Frame was revoked: its mapping went with it. */
static uint64_t unmap_batch(cap_t space, cap_t frames, size_t count)
{
    uint64_t status = space_unmap(space, frames, count).status;

    if (STATUS_CODE(status) != ERR_CAPABILITY)
        return status;
    status = OK;
    for (size_t i = 0; i < count; i++) {
        uint64_t one = space_unmap(space, frames + i, 1).status;

        if (one != OK && STATUS_CODE(one) != ERR_CAPABILITY)
            status = one;
    }
    return status;
}

uint64_t frames_unmap(cap_t space, cap_t frames, size_t count)
{
    uint64_t status = OK;

    for (size_t done = 0; done < count; done += BATCH) {
        size_t batch = count - done < BATCH ? count - done : BATCH;
        uint64_t one = unmap_batch(space, frames + done, batch);

        if (one != OK)
            status = one;
    }
    return status;
}

static unsigned log2_up(size_t n)
{
    unsigned bits = 0;

    while (((size_t)1 << bits) < n)
        bits++;
    return bits;
}

uint64_t memory_donate_tables(cap_t space, size_t tables)
{
    uint64_t status;
    cap_t memory =
        object_make(CAP_UNTYPED, PAGE_BITS + log2_up(tables), &status);

    if (memory == 0)
        return status;
    status = space_donate(space, memory).status;
    if (status != OK)
        cap_delete(memory);
    return status;
}

/* One batch; the kernel says how many table pages it lacks. */
static uint64_t map_batch(cap_t space, cap_t frames, size_t count,
                          uint64_t address, unsigned attributes)
{
    for (;;) {
        struct result r = space_map(space, frames, count, address, attributes);
        uint64_t status = r.status;

        if (STATUS_CODE(status) != ERR_NEED_TABLES)
            return status;
        status = memory_donate_tables(space, r.r[0] != 0 ? r.r[0] : 1);
        if (status != OK)
            return status;
    }
}

uint64_t memory_map_at(cap_t space, cap_t frames, size_t count,
                       uint64_t address, unsigned size_bits,
                       unsigned attributes)
{
    for (size_t done = 0; done < count; done += BATCH) {
        size_t batch = count - done < BATCH ? count - done : BATCH;
        uint64_t status =
            map_batch(space, frames + done, batch,
                      address + ((uint64_t)done << size_bits), attributes);

        if (status != OK) {
            frames_unmap(space, frames, done);
            return status;
        }
    }
    return OK;
}

/*
 * The component's slots, capabilities derived into them and objects made in
 * them.
 */
#include <cordon/memory.h>
#include <cordon/slot.h>
#include <cordon/syscalls.h>

#include "libsys/runtime.h"
#include "libsys/slot_map.h"

static struct slot_map map;
static struct mutex lock;

void slots_start(const struct startup *s)
{
    slot_map_init(&map, s->first_free_slot, s->table_slots);
}

cap_t slot_alloc_run(size_t count)
{
    cap_t slot;

    mutex_lock(&lock);
    slot = slot_map_take(&map, count);
    mutex_unlock(&lock);
    return slot;
}

cap_t slot_alloc(void)
{
    return slot_alloc_run(1);
}

void slot_free_run(cap_t slot, size_t count)
{
    mutex_lock(&lock);
    slot_map_give(&map, slot, count);
    mutex_unlock(&lock);
}

void slot_free(cap_t slot)
{
    slot_free_run(slot, 1);
}

size_t slot_count_free(void)
{
    return map.free;
}

uint64_t cap_delete_run(cap_t slot, size_t count)
{
    uint64_t status = OK;

    for (size_t i = 0; i < count; i++) {
        uint64_t one = captable_delete(STARTUP_CAPTABLE, slot + i).status;

        if (one == OK)
            slot_free(slot + i);
        else
            status = one;
    }
    return status;
}

uint64_t cap_delete(cap_t slot)
{
    return cap_delete_run(slot, 1);
}

static cap_t done(cap_t slot, uint64_t result, uint64_t *status)
{
    if (status != NULL)
        *status = result;
    if (result == OK)
        return slot;
    if (slot != 0)
        slot_free(slot);
    return 0;
}

cap_t cap_copy(cap_t source, unsigned rights, uint64_t badge, uint64_t *status)
{
    cap_t slot = slot_alloc();

    if (slot == 0)
        return done(0, ERR_LIMIT, status);
    return done(
        slot,
        captable_copy(STARTUP_CAPTABLE, slot, 0, source, rights, badge).status,
        status);
}

cap_t object_make(enum cap_type type, unsigned size_bits, uint64_t *status)
{
    cap_t slot = slot_alloc();

    if (slot == 0)
        return done(0, ERR_LIMIT, status);
    return done(
        slot,
        untyped_retype(memory_source(), type, size_bits, 1, 0, slot, 0).status,
        status);
}

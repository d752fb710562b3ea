/* The memory that clients' rings lie in. */
#include "servers/net/arena.h"

#include <cordon/cordon.h>
#include <cordon/syscalls.h>

#include <stdio.h>
#include <string.h>

#include "servers/net/card.h"

#define UNIT_BYTES (1ul << ARENA_UNIT_BITS)
#define KEPT_BYTES (4ul << 20) /* for everything else of the server */

enum unit_state { UNIT_FREE, UNIT_USED, UNIT_RESTS };

static struct memory region;
static struct unit {
    uint8_t state;
    uint32_t mark;  /* rests until the card has sent up to here */
    uint64_t owner; /* badge, also of the last one */
} units[ARENA_UNITS_MAX];

/* As much as there is. Odd ends of memory may not hold a whole unit. */
static uint64_t region_take(uint64_t bytes)
{
    while (bytes != 0 &&
           memory_alloc_sized(bytes, ARENA_UNIT_BITS, &region) != OK)
        bytes -= UNIT_BYTES;
    return bytes;
}

bool arena_start(void)
{
    uint64_t left = memory_left();
    uint64_t bytes = left < KEPT_BYTES ? 0 : left - KEPT_BYTES;
    int status;

    if (bytes > ARENA_UNITS_MAX * UNIT_BYTES)
        bytes = ARENA_UNITS_MAX * UNIT_BYTES;
    if (region_take(bytes & ~(UNIT_BYTES - 1)) == 0) {
        printf("net: no memory for sockets: %llu KiB are left, a client takes "
               "2 MiB at least\n",
               (unsigned long long)left >> 10);
        return false;
    }
    status = card_lend(&region);
    if (status != PACKET_OK)
        printf("net: sockets' memory for the card: %s\n",
               packet_error_text(status));
    return status == PACKET_OK;
}

static bool unit_is_free(struct unit *u, uint64_t owner)
{
    if (u->state == UNIT_RESTS && card_has_sent(u->mark))
        u->state = UNIT_FREE;
    return u->state == UNIT_FREE ||
           (u->state == UNIT_RESTS && u->owner == owner);
}

/* The first of `count` free units in a row; ARENA_UNITS_MAX: none. */
static uint32_t units_find(uint32_t count, uint64_t owner)
{
    uint32_t run = 0;

    for (uint32_t i = 0; i < region.count; i++) {
        run = unit_is_free(&units[i], owner) ? run + 1 : 0;
        if (run == count)
            return i + 1 - count;
    }
    return ARENA_UNITS_MAX;
}

/* Copies of the Frames, from which the client's are derived: to take these back
 * leaves the card's alone. */
static bool frames_copy(struct arena *a)
{
    a->lent = slot_alloc_run(a->units);
    if (a->lent == 0)
        return false;
    for (uint32_t i = 0; i < a->units; i++) {
        if (captable_copy(STARTUP_CAPTABLE, a->lent + i, 0,
                          region.frames + a->first + i,
                          RIGHT_READ | RIGHT_WRITE, 0)
                .status != OK) {
            cap_delete_run(a->lent, i);
            slot_free_run(a->lent + i, a->units - i);
            return false;
        }
    }
    return true;
}

enum net_status arena_take(size_t bytes, uint64_t owner, struct arena *out)
{
    struct arena a = {
        .units = (uint32_t)((bytes + UNIT_BYTES - 1) >> ARENA_UNIT_BITS)};

    if (bytes == 0 || bytes > region.bytes)
        return NET_E_MEMORY;
    a.first = units_find(a.units, owner);
    if (a.first == ARENA_UNITS_MAX || !frames_copy(&a))
        return NET_E_MEMORY;
    for (uint32_t i = 0; i < a.units; i++)
        units[a.first + i] = (struct unit){.state = UNIT_USED, .owner = owner};
    a.data = (uint8_t *)region.address + a.first * UNIT_BYTES;
    memset(a.data, 0, a.units * UNIT_BYTES); /* R11 */
    *out = a;
    return NET_OK;
}

void arena_give(struct arena *a)
{
    if (a->data == NULL)
        return;
    /* R4: what is not confirmed is not used again. */
    if (cap_delete_run(a->lent, a->units) == OK)
        for (struct unit *u = &units[a->first]; u < &units[a->first + a->units];
             u++) {
            u->state = UNIT_RESTS;
            u->mark = card_mark();
        }
    *a = (struct arena){0};
}

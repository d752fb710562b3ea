/*
 * Memory for the rings of clients: one region, which the card may read, in
 * units of 2 MiB. A client has whole units, and loses them when its connection
 * ends; the next one gets them zeroed, and not before the card has sent what it
 * was to send from there.
 */
#pragma once

#include <cordon/memory.h>
#include <cordon/net.h>

#define ARENA_UNIT_BITS 21u
#define ARENA_UNITS_MAX 32u /* PACKET_POOL_MAX */

struct arena {
    void *data; /* NULL: none */
    cap_t lent; /* first of `units` Frames: the client's derive from them */
    uint32_t first, units;
};

/* Takes what is left of the component's memory but for a little, and lends it
 * to the card. False: there is not enough; it has said so. */
bool arena_start(void);

/* NET_OK, or NET_E_MEMORY. `owner` has its own former units at once: what the
 * card may still send from there are its own packets. */
enum net_status arena_take(size_t bytes, uint64_t owner, struct arena *out);

/* On return the client has no access any more (R4). */
void arena_give(struct arena *a);

/*
 * Which of a table's slots are free: one bit a slot, next fit. No system calls,
 * so it is tested on the host; slot.c puts a lock around it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLOT_MAP_MAX 65536u /* MANIFEST_CAPABILITIES_MAX */

struct slot_map {
    uint64_t used[SLOT_MAP_MAX / 64];
    uint32_t first, end; /* slots [first, end) are managed */
    uint32_t next;       /* where the search begins */
    uint32_t free;
};

/* Manages [first, end), all free. `end` is cut to SLOT_MAP_MAX. */
void slot_map_init(struct slot_map *map, uint64_t first, uint64_t end);

/* The first of `count` consecutive free slots, now used; 0 if there are none.
 */
uint64_t slot_map_take(struct slot_map *map, size_t count);

/* Gives slots back. False, and nothing changes, if one is not in use or not
 * managed here. */
bool slot_map_give(struct slot_map *map, uint64_t slot, size_t count);

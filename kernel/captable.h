/* Capability tables: slots in memory that their owner handed in. */
#pragma once

#include "kernel/object.h"

struct thread;

struct captable {
    struct object object;
    uint64_t count; /* slots, slot 0 included, which stays empty */
    struct cap slots[] __attribute__((aligned(64)));
};

#define CAPTABLE_MIN_BITS 4
#define CAPTABLE_MAX_BITS 17

/*
 * The first of `count` empty slots from `slot` on, in the table that argument
 * `table` names (0: the caller's own). NULL: an error that names the argument
 * numbers was set in `self`.
 */
struct cap *table_slots(struct thread *self, cap_t table, uint64_t table_arg,
                        uint64_t slot, uint64_t count, uint64_t slot_arg);

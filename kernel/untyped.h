/*
 * Untyped memory: carving objects off the front of a range, zeroing what they
 * get (R11), and starting over once nothing carved is left.
 */
#pragma once

#include "kernel/cap.h"

/* Bytes that an object takes; 0: no such type or size. */
uint64_t object_size(enum cap_type type, uint64_t size_bits);
/* To what it is aligned. */
uint64_t object_alignment(enum cap_type type, uint64_t size_bits);

/*
 * Room for `count` objects of `size` bytes at or beyond `offset`: makes ready
 * and zeroes a bounded part. Returns OK and where the first goes, or an error;
 * *again: call once more (nothing was taken).
 */
struct carve {
    uint64_t offset; /* in the Untyped */
    uint64_t size, alignment;
    uint64_t count;
    bool zero;
};
enum status untyped_prepare(struct cap *untyped, struct carve *carve,
                            bool *again);
/* Zeroes a part of an Untyped that nothing is carved from; true: all is. */
bool untyped_zero_step(struct cap *untyped);
/* Takes the bytes up to `end`, an offset. */
static inline void untyped_take(struct cap *untyped, uint64_t end)
{
    untyped->data = end;
    untyped->round = 0;
}

/*
 * For operations that make one object of fixed size out of the Untyped in
 * rsi (device_mint, device_interrupt): finds and prepares the memory. NULL: an
 * error or a restart of `operation` has been set in `self`. Otherwise zeroed
 * memory, which stays untouched until untyped_commit() takes it.
 */
struct thread;
void *untyped_object(struct thread *self, enum cap_type type,
                     uint64_t operation, struct cap **memory);
/* Takes the object's memory, sets object.type, and puts its root capability
 * into `slot`, a child of `parent` (the memory, or a Device). */
void untyped_commit(struct cap *memory, struct cap *parent, enum cap_type type,
                    struct object *object, struct cap *slot);

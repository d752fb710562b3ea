/*
 * A stream of bytes as steps of the world: a system call of whoever runs, or
 * something else that happens. Most calls are nearly right, or nothing but
 * refusals would be tested: an argument is drawn from what the operation wants
 * there, and every eighth time from all values.
 */
#pragma once

#include "tests/host/world.h"

struct bytes {
    const uint8_t *at, *end;
};

/* 0 when there are no more. */
static inline uint8_t bytes_next(struct bytes *b)
{
    return b->at < b->end ? *b->at++ : 0;
}

/* Takes one step on one of the CPUs. */
void step_take(struct bytes *b);

/*
 * Mapping one leaf by itself: what start needs to make the first process, and
 * tests to fill tables. User mode maps runs of Frames (kernel/space.c).
 */
#pragma once

#include "kernel/radix.h"

/* Maps one leaf; everything is checked first. */
enum radix_status radix_map(struct radix *r, uint64_t va, paddr_t pa,
                            unsigned size_bits, unsigned attrs);

/*
 * How much a component got done, slice by slice: a page of it that score.py
 * reads.
 */
#pragma once

#include <stdint.h>

#define SCORE_SLICE  10000000u /* nanoseconds */
#define SCORE_SLICES 496

struct score {
    char mark[64];
    uint64_t begun; /* nanoseconds of the monotonic clock */
    uint64_t slice; /* nanoseconds */
    uint64_t counts[SCORE_SLICES];
    uint64_t errors; /* of what it tried */
};

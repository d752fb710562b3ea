/*
 * In place of the kernel's: vector registers belong to the test itself.
 */
#pragma once

#include <stdint.h>

#define FPU_AREA_SIZE 2816

static inline void fpu_init_area(void *area)
{
    (void)area;
}

static inline void fpu_save(void *area)
{
    (void)area;
}

static inline void fpu_restore(const void *area)
{
    (void)area;
}

static inline void fpu_change(void *last, const void *next)
{
    (void)last;
    (void)next;
}

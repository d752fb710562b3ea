/*
 * Floating-point and vector registers of a thread. They are switched with the
 * thread, never lazily: a lazy switch leaks one thread's registers to another
 * on CPUs that speculate. The kernel itself uses none of them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Room for x87, SSE, AVX and AVX-512 in the standard format (Intel SDM 1,
 * 13.4). The area must be 64-byte aligned. */
#define FPU_AREA_SIZE 2816

enum fpu_method {
    FPU_FXSAVE,
    FPU_XSAVE,
    FPU_XSAVEOPT,
};
extern enum fpu_method fpu_method;
extern uint64_t fpu_mask; /* value of XCR0 */

/* Makes `area` the state of a thread that has not run yet. */
void fpu_init_area(void *area);

/* All components lie in the low half of the mask. */
static inline void fpu_save(void *area)
{
    uint8_t(*bytes)[FPU_AREA_SIZE] = area;
    uint32_t mask = (uint32_t)fpu_mask;

    if (__builtin_expect(fpu_method == FPU_XSAVEOPT, 1))
        __asm__ volatile("xsaveopt64 %0" : "+m"(*bytes) : "a"(mask), "d"(0));
    else if (fpu_method == FPU_XSAVE)
        __asm__ volatile("xsave64 %0" : "+m"(*bytes) : "a"(mask), "d"(0));
    else
        __asm__ volatile("fxsave64 %0" : "+m"(*bytes));
}

static inline void fpu_restore(const void *area)
{
    const uint8_t(*bytes)[FPU_AREA_SIZE] = area;
    uint32_t mask = (uint32_t)fpu_mask;

    if (__builtin_expect(fpu_method != FPU_FXSAVE, 1))
        __asm__ volatile("xrstor64 %0" : : "m"(*bytes), "a"(mask), "d"(0));
    else
        __asm__ volatile("fxrstor64 %0" : : "m"(*bytes));
}

/* Saves one thread's state and loads another's. */
static inline __attribute__((always_inline)) void fpu_change(void *last,
                                                             const void *next)
{
    if (__builtin_expect(fpu_method == FPU_XSAVEOPT, 1)) {
        uint8_t(*from)[FPU_AREA_SIZE] = last;
        const uint8_t(*to)[FPU_AREA_SIZE] = next;

        __asm__ volatile("xsaveopt64 %0\n\txrstor64 %1"
                         : "+m"(*from)
                         : "m"(*to), "a"((uint32_t)fpu_mask), "d"(0));
        return;
    }
    fpu_save(last);
    fpu_restore(next);
}

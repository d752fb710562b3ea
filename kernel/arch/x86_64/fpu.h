/*
 * Floating-point and vector registers of a thread. They are switched with the
 * thread, never lazily: a lazy switch leaks one thread's registers to another
 * on CPUs that speculate. The kernel itself uses none of them.
 */
#pragma once

#include <stdint.h>

/* Room for x87, SSE, AVX and AVX-512 in the standard format (Intel SDM 1,
 * 13.4). The area must be 64-byte aligned. */
#define FPU_AREA_SIZE 2816

/* Makes `area`, which is zero, the state of a thread that has not run yet. */
void fpu_init_area(void *area);

/*
 * Start replaces the instruction where the CPU lacks it, by XSAVE or FXSAVE
 * and FXRSTOR (boot/arch/x86_64/fpu_detect.c). The mask in EDX:EAX is all that
 * is enabled in XCR0.
 */
#define FPU_INSTRUCTION(text)                                                  \
    "1: " text "\n\t.pushsection .boot.fpu, \"a\"\n\t.quad 1b\n\t.popsection"

static inline void fpu_save(void *area)
{
    uint8_t(*bytes)[FPU_AREA_SIZE] = area;

    __asm__ volatile(FPU_INSTRUCTION("xsaveopt64 %0")
                     : "+m"(*bytes)
                     : "a"(-1), "d"(-1));
}

static inline void fpu_restore(const void *area)
{
    const uint8_t(*bytes)[FPU_AREA_SIZE] = area;

    __asm__ volatile(FPU_INSTRUCTION("xrstor64 %0")
                     :
                     : "m"(*bytes), "a"(-1), "d"(-1));
}

/*
 * Chooses how floating-point and vector state is saved and what belongs to it:
 * x87 and SSE always, AVX and AVX-512 where the CPU has them and the area is
 * large enough. What is left out of XCR0 user mode cannot use either.
 * Source: Intel SDM 1, 13.1 to 13.9.
 */
#include "kernel/arch/x86_64/fpu.h"
#include "boot/arch/x86_64/cpu_features.h"
#include "boot/arch/x86_64/cpu_setup.h"
#include "boot/arch/x86_64/steps.h"

#define XCR0_X87_SSE 0x03ul
#define XCR0_AVX     0x04ul
#define XCR0_AVX512  0xe0ul /* mask registers, upper halves, upper 16 */

#define FXSAVE_SIZE 512

/* The addresses of the kernel's XSAVEOPT64 and XRSTOR64 (fpu.h). */
extern uint8_t *const fpu_places[], *const fpu_places_end[];

uint32_t fpu_area_bytes;
static uint64_t fpu_mask; /* value of XCR0 */

static void xcr0_write(uint64_t value)
{
    __asm__ volatile("xsetbv"
                     :
                     : "c"(0), "a"((uint32_t)value),
                       "d"((uint32_t)(value >> 32)));
}

/* Bytes that XSAVE writes with these components enabled (13.2). */
static uint32_t area_size(uint64_t mask)
{
    xcr0_write(mask);
    return cpuid_read(0xd, 0).ebx;
}

/*
 * All these instructions are REX.W 0F AE /digit of one length; the digit stands
 * in bits 5:3 of the fourth byte (Intel SDM 2A, 2.1.3; FXSAVE, XSAVE, ...).
 * Before the kernel's text becomes read-only.
 */
#define DIGIT_SHIFT 3
enum digit { FXSAVE = 0, FXRSTOR = 1, XSAVE = 4, XRSTOR = 5, XSAVEOPT = 6 };

static void replace(enum digit digit, enum digit by)
{
    for (uint8_t *const *place = fpu_places; place < fpu_places_end; place++) {
        uint8_t *modrm = *place + 3;

        if ((*modrm >> DIGIT_SHIFT & 7) == digit)
            *modrm = (uint8_t)((*modrm & ~(7u << DIGIT_SHIFT)) |
                               (unsigned)by << DIGIT_SHIFT);
    }
}

void fpu_detect(void)
{
    fpu_mask = XCR0_X87_SSE;
    fpu_area_bytes = FXSAVE_SIZE;
    if (!cpu_features.xsave) {
        replace(XSAVEOPT, FXSAVE);
        replace(XRSTOR, FXRSTOR);
        return;
    }

    uint64_t supported = cpuid_read(0xd, 0).eax;
    if (!cpu_features.xsaveopt)
        replace(XSAVEOPT, XSAVE);
    if (cpu_features.avx && (supported & XCR0_AVX))
        fpu_mask |= XCR0_AVX;
    if (cpu_features.avx512 && (fpu_mask & XCR0_AVX) &&
        (supported & XCR0_AVX512) == XCR0_AVX512 &&
        area_size(fpu_mask | XCR0_AVX512) <= FPU_AREA_SIZE)
        fpu_mask |= XCR0_AVX512;
    fpu_area_bytes = area_size(fpu_mask);
}

void fpu_cpu_init(void)
{
    __asm__ volatile("fninit");
    if (cpu_features.xsave)
        xcr0_write(fpu_mask);
}

/* Whether memcpy may use AVX: the CPU has it, and the system keeps its
 * registers (Intel SDM 1, 14.3: CPUID.1:ECX.OSXSAVE and AVX, XCR0 bits 1 and
 * 2). */
#include <cpuid.h>
#include <stdint.h>

extern uint8_t memcpy_wide;
uint8_t memcpy_wide; /* read by memcpy.S; until main() runs it does without */

__attribute__((constructor)) static void memcpy_wide_find(void)
{
    unsigned a, b, c, d, low, high;

    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_AVX))
        return;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    memcpy_wide = (low & 6) == 6;
}

/*
 * Floating-point and vector state of a thread that has not run yet.
 * Source: Intel SDM 1, 10.5.1, 13.4.
 */
#include "kernel/arch/x86_64/fpu.h"

#define FCW_OFFSET   0 /* Intel SDM 1, table 10-2 */
#define FCW_RESET    0x037f
#define MXCSR_OFFSET 24
#define MXCSR_RESET  0x1f80

void fpu_init_area(void *area)
{
    uint8_t *bytes = area;

    *(uint16_t *)(void *)(bytes + FCW_OFFSET) = FCW_RESET;
    *(uint32_t *)(void *)(bytes + MXCSR_OFFSET) = MXCSR_RESET;
}

/*
 * The service `edu` of the tutorial driver (drivers/edu): what QEMU's
 * educational PCI device can do. Answers carry an enum service_error as label.
 */
#pragma once

#include <stdint.h>

enum edu_call {
    EDU_IDENTITY = 1,  /* -> major version, minor version */
    EDU_FACTORIAL = 2, /* n, 0 to EDU_FACTORIAL_MAX -> n!, computed by the card,
                          which interrupts when it is done */
    EDU_DMA_TEST = 3,  /* bytes, 1 to EDU_DMA_MAX -> nanoseconds: a pattern goes
                          to the card by DMA and back; SERVICE_IO if what came
                          back differs */
};

#define EDU_FACTORIAL_MAX 12u /* 13! needs more than 32 bits */
#define EDU_DMA_MAX       4096u

/* Between making an Interrupt (interrupt_ops.c) and delivering it. */
#pragma once

#include "kernel/device.h"

/* A vector that is free on that CPU. */
bool interrupt_vector_find(uint8_t cpu, uint8_t *vector);
#define INTERRUPT_LINES 16u /* ISA's */
/* Whether a living Interrupt has the line. */
bool interrupt_line_taken(uint8_t line);
/* Takes the vector and lets the interrupt through. False: hardware did not
 * confirm; call interrupt_kill. */
bool interrupt_start(struct interrupt *interrupt);
/* Puts it on its device's list. */
void interrupt_join(struct interrupt *interrupt, struct device *device);
/* R12: whether the live remapping entry says what the object says. */
bool interrupt_is_live(const struct interrupt *interrupt);
/* Confirmed if true; killing a dead one is no error. */
bool interrupt_kill(struct interrupt *interrupt);
/* False: hardware did not confirm. */
bool interrupt_unmask(struct interrupt *interrupt);

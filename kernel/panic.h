/*
 * Something that cannot be: an exception in the kernel itself.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Prints the numbers (before user mode, or in a debug build) and halts all
 * CPUs. */
_Noreturn void panic(const char *what, const uint64_t *numbers, unsigned n);
/* From here on the kernel prints nothing on its own behalf (R6). */
void panic_silence(void);

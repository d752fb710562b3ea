/* Numbers that nobody outside can guess. */
#pragma once

#include <stdint.h>

/* Takes a key from the CPU's generator. Where there is none it is made of the
 * clock, which an attacker may guess, and the log says so. */
void random_start(void);

uint32_t random_word(void);

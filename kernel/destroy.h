/* Tearing objects down, a bounded step at a time. */
#pragma once

#include "kernel/cap.h"

/*
 * Works off the objects whose last capability is gone and that take several
 * steps (capability tables and spaces). *budget counts work down. No memory is
 * used again until it says STEP_DONE.
 */
/* Capabilities that one entry into the kernel removes. */
#define DESTROY_BUDGET 16

enum step destroy_zombies(unsigned *budget);

/* Tearing objects down, a bounded step at a time. */
#pragma once

#include "kernel/cap.h"

/*
 * Works off the objects whose last capability is gone and that take several
 * steps (capability tables and spaces). *budget counts work down.
 */
enum step destroy_zombies(unsigned *budget);

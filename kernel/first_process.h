/* The first process: it gets everything that the kernel does not keep. */
#pragma once

#include "kernel/platform.h"

/* Makes it from the boot module "init", in boot memory. Panics with the reason
 * if it cannot. */
void first_process_make(const struct platform *machine);
/* Gives it the rest of memory and makes its thread ready on this CPU. */
void first_process_start(const struct platform *machine);

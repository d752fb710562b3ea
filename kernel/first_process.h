/* The first process: it gets everything that the kernel does not keep. */
#pragma once

#include "kernel/platform.h"

/* Makes it from the boot module "init" and makes its thread ready on this CPU.
 * Panics with the reason if it cannot. */
void first_process_start(struct platform *machine);

/* The first process: it gets everything that the kernel does not keep. */
#pragma once

/* Makes it from the boot module "init", in boot memory. Stops with the
 * reason if it cannot. */
void first_process_make(void);
/* Gives it the rest of memory and makes its thread ready on this CPU. */
void first_process_start(void);

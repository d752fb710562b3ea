/*
 * Start of the kernel's console; the rest is in kernel/print.h.
 */
#pragma once

/* Sets COM1 up; without one kprintf() prints nothing. */
void console_init(void);

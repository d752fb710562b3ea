/*
 * Start of the console; the rest is in boot/print.h.
 */
#pragma once

/* Sets COM1 up; without one kprintf() prints nothing. */
void console_init(void);

/*
 * The kernel's console (COM1), for the time before user mode runs. After
 * console_silence() kprintf() prints nothing (R6).
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>

/* Knows %s %c %u %x %lu %lx %%, and a width with zeros (%08x). */
__attribute__((format(printf, 1, 2))) void kprintf(const char *format, ...);

/* From here on the kernel prints nothing on its own behalf (R6). */
void console_silence(void);

/*
 * Something that cannot be: prints (before user mode, or in a debug build)
 * and halts all CPUs.
 */
__attribute__((format(printf, 1, 2))) _Noreturn void panic(const char *format,
                                                           ...);

/* A CPU has called panic(): the others stop too. */
bool panic_under_way(void);

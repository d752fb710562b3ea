/*
 * The console (COM1), for the time before user mode runs (R6).
 */
#pragma once

/* Knows %s %c %u %x %lu %lx %%, and a width with zeros (%08x). */
__attribute__((format(printf, 1, 2))) void kprintf(const char *format, ...);

/* Says why the system cannot start, and stops. */
__attribute__((format(printf, 1, 2))) _Noreturn void
boot_fail(const char *format, ...);

/*
 * The boot log: what init has to say, kept in a ring that the console reads
 * through the monitor service. While no console runs, lines go to the first
 * serial port as well, so that nobody is left in front of a silent machine.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Adds one line; the newline is added. */
__attribute__((format(printf, 1, 2))) void log_line(const char *format, ...);

/* Copies from byte `*offset` of all text ever logged. What the ring has dropped
 * is skipped: *offset moves on to the oldest byte kept. Returns how many. */
size_t log_read(uint64_t *offset, char *out, size_t size);

/* Bytes ever logged. */
uint64_t log_bytes(void);

/* From now on lines go to the serial port too, first all those so far; or no
 * longer. */
void log_to_serial(bool on);

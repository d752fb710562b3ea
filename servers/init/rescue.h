/*
 * Output without a console, and the ways out of the machine. init holds all I/O
 * ports, so both work when nothing else does.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Writes to COM1; "\n" becomes "\r\n". Waits for the port, but not for ever. */
void rescue_write(const char *text, size_t bytes);

/* Ends the emulator with this status, else powers off by ACPI. Returns if
 * neither exists. */
void rescue_power_off(uint32_t status, uint32_t pm1a_port, uint32_t pm1b_port);

/* Resets the machine. */
void rescue_reset(void);

/* Seconds since 1970 that the real-time clock shows (UTC). */
uint64_t rescue_wall_seconds(void);

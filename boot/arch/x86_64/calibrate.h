/*
 * Start of the clock, which kernel/platform.h reads.
 */
#pragma once

#include <cordon/abi.h>
#include "boot/acpi.h"

/* Calibrates the time-stamp counter and fills platform.clock; once. Stops
 * when no reference timer answers. */
void clock_init(const struct acpi_info *acpi);

/* Sets the scale for a counter of `hz` that reads `base` at time 0. */
void clock_scale(struct clock_params *clock, uint64_t hz, uint64_t base);

/*
 * Start of the clock; the rest of its interface is in kernel/platform.h.
 */
#pragma once

#include "kernel/acpi.h"

/* Calibrates the time-stamp counter and fills platform.clock; once. Panics
 * when no reference timer answers. */
void clock_init(const struct acpi_info *acpi);

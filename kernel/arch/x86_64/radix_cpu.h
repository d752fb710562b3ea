/* The page-table format of the CPU's four-level paging. */
#pragma once

#include "kernel/radix.h"

/*
 * Sizes and features that not every CPU has are passed in: `leaf_1g` when
 * CPUID offers 1 GiB pages (leaf 0x80000001, EDX bit 26). NX is required.
 */
extern const struct radix_format radix_cpu;    /* 4 KiB, 2 MiB */
extern const struct radix_format radix_cpu_1g; /* and 1 GiB */

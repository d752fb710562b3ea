/* Page-table formats of VT-d's second-stage translation. */
#pragma once

#include "kernel/radix.h"

/*
 * Fills in the format for tables of 3 levels (39-bit addresses) or 4 (48).
 * `leaf_sizes` has a bit for each page size that all units offer, and
 * `incoherent` is set when one of them walks tables without snooping.
 */
void radix_vtd_format(struct radix_format *f, unsigned levels,
                      uint64_t leaf_sizes, bool incoherent);

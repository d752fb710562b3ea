/* Writing the CPU's caches back, for hardware that reads without snooping. */
#pragma once

#include <stddef.h>

/*
 * Writes the cache lines of [p, p + bytes) back to memory and orders that
 * before what follows. For tables that an IOMMU walks without snooping
 * (VT-d 4.1, 6.8.1: ECAP.C = 0).
 */
void cache_flush(const void *p, size_t bytes);

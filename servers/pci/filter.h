/*
 * Which configuration writes of a driver pass. A field is on the list if no
 * value of it reaches beyond the driver's cage.
 */
#pragma once

#include "servers/pci/node.h"

/*
 * May `value` be written to `width` bytes at `offset` that now hold `current`?
 * Returns NULL if so, else the reason.
 */
const char *filter_write(const struct node *n, uint32_t offset, uint32_t width,
                         uint32_t current, uint32_t value);

/* Is it a read that makes sense: aligned, within configuration space? */
bool filter_is_access(uint32_t offset, uint32_t width);

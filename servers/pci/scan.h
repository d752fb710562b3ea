/*
 * Finds every function of one segment by following bridges.
 */
#pragma once

#include "servers/pci/node.h"

/* Appends the functions of buses first..last to the tree, in order of address.
 * Configuration space is only read, but for BAR sizing. */
void scan_segment(const struct config_space *c, struct tree *t,
                  uint32_t segment, uint32_t first_bus, uint32_t last_bus);

/* No bus mastering, no legacy interrupts, and for what is no bridge no decode:
 * how every function is until a driver has it caged (R1). */
void scan_silence(const struct config_space *c, const struct node *n);

/*
 * Walks a function's capability lists (PCI 6.7, PCIe 7.6). The lists come from
 * the device and are not believed: a walk takes a bounded number of steps and
 * never reads outside configuration space.
 */
#pragma once

#include "servers/pci/config.h"

/* Offset of capability `id`, or 0. */
uint32_t capability_find(const struct config_space *c, uint32_t address,
                         uint32_t id);

/* Offset of extended capability `id`, or 0. */
uint32_t capability_find_extended(const struct config_space *c,
                                  uint32_t address, uint32_t id);

/*
 * Reading PCI configuration space at boot, before the PCI server owns it: the
 * IOMMU has to know which buses lie behind the bridges that firmware's tables
 * name.
 */
#pragma once

#include <stdint.h>

/*
 * The 32-bit register at `offset` (a multiple of 4 below 256) of a function
 * of segment 0; all ones where there is none. `rid` is its requester ID:
 * bus << 8 | device << 3 | function.
 */
uint32_t pci_boot_read(uint16_t rid, unsigned offset);

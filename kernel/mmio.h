/*
 * Access to device registers that the kernel itself owns. A register is read
 * and written in its own width: QEMU ends on a 64-bit store to a 32-bit
 * register, and hardware may too. Host tests put a model behind these.
 */
#pragma once

#include <stdint.h>

uint32_t mmio_read32(const volatile void *reg);
uint64_t mmio_read64(const volatile void *reg);
void mmio_write32(volatile void *reg, uint32_t value);
void mmio_write64(volatile void *reg, uint64_t value);

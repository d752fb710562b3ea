/* Register access: uncached memory, so plain volatile accesses do. */
#include "kernel/mmio.h"

uint32_t mmio_read32(const volatile void *reg)
{
    return *(const volatile uint32_t *)reg;
}

uint64_t mmio_read64(const volatile void *reg)
{
    return *(const volatile uint64_t *)reg;
}

void mmio_write32(volatile void *reg, uint32_t value)
{
    *(volatile uint32_t *)reg = value;
}

void mmio_write64(volatile void *reg, uint64_t value)
{
    *(volatile uint64_t *)reg = value;
}

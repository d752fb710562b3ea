/*
 * The NVMe driver's core on the driver kit, in a program that is the driver and
 * its only client: the device, its registers, and what the core asks for.
 */
#pragma once

#include <cordon/cordon.h>
#include <cordon/driver.h>

#include "drivers/nvme/request.h"

static struct driver kit;
static mmio_t registers;

static uint32_t platform_read(void *context, uint32_t offset)
{
    (void)context;
    return mmio_read32(registers, offset);
}

static void platform_write(void *context, uint32_t offset, uint32_t value)
{
    (void)context;
    mmio_write32(registers, offset, value);
}

static uint64_t platform_now(void *context)
{
    (void)context;
    return clock_now();
}

static void platform_pause(void *context)
{
    (void)context;
    driver_wait(&kit, clock_after(NS_PER_MS));
}

static bool platform_allocate(void *context, uint32_t bytes,
                              struct nvme_memory *out)
{
    struct dma_memory memory;

    (void)context;
    if (dma_alloc(&kit, bytes, &memory) != OK)
        return false;
    out->address = memory.memory.address;
    out->iova = memory.iova;
    return true;
}

static struct nvme_platform platform = {
    .read = platform_read,
    .write = platform_write,
    .now = platform_now,
    .pause = platform_pause,
    .allocate = platform_allocate,
};

/*
 * The NVMe driver: start the controller, offer the service `block`, and turn
 * events (interrupts, clients' kicks, the timer) into work.
 */
#include <stdio.h>
#include <string.h>

#include "drivers/nvme/service.h"

#define PAUSE_NS NS_PER_MS
#define WINDOW   0u /* BAR 0 (NVMe 2.1.10) */

static struct nvme_driver the_driver;

static uint32_t platform_read(void *context, uint32_t offset)
{
    return mmio_read32(((struct nvme_driver *)context)->registers, offset);
}

static void platform_write(void *context, uint32_t offset, uint32_t value)
{
    mmio_write32(((struct nvme_driver *)context)->registers, offset, value);
}

static uint64_t platform_now(void *context)
{
    (void)context;
    return clock_now();
}

/* Events that come while we wait for the controller are kept for later. */
static void platform_pause(void *context)
{
    struct nvme_driver *d = context;

    d->pending_bits |= driver_wait(&d->kit, clock_after(PAUSE_NS));
}

static bool platform_allocate(void *context, uint32_t bytes,
                              struct nvme_memory *out)
{
    struct dma_memory memory;

    if (dma_alloc(&((struct nvme_driver *)context)->kit, bytes, &memory) != OK)
        return false;
    out->address = memory.memory.address;
    out->iova = memory.iova;
    return true;
}

static void describe(const struct nvme_controller *c)
{
    printf("nvme: %s, serial %s, NVMe %u.%u, %u I/O queue%s of %u\n",
           c->identity.model, c->identity.serial, (unsigned)(c->version >> 16),
           (unsigned)(c->version >> 8) & 0xff, (unsigned)c->queue_count,
           c->queue_count == 1 ? "" : "s", (unsigned)c->queues[0].entries);
    for (uint32_t i = 0; i < c->namespace_count; i++)
        printf("nvme: disk %u: %llu blocks of %u bytes%s\n", (unsigned)i,
               (unsigned long long)c->namespaces[i].blocks,
               1u << c->namespaces[i].block_bits,
               c->namespaces[i].read_only ? ", read-only" : "");
    if (c->namespace_count == 0)
        printf("nvme: no disk that can be used\n");
    if (c->error[0])
        printf("nvme: %s\n", c->error);
}

/* A driver without a working controller still answers its clients. */
static void controller_bring_up(struct nvme_driver *d)
{
    size_t bytes = 0;

    d->registers = driver_map_window(&d->kit, WINDOW, &bytes);
    d->platform = (struct nvme_platform){
        .context = d,
        .window_bytes = (uint32_t)bytes,
        .vectors = d->kit.vectors,
        .read = platform_read,
        .write = platform_write,
        .now = platform_now,
        .pause = platform_pause,
        .allocate = platform_allocate,
    };
    d->controller.state = NVME_FAILED;
    if (!d->registers || bytes < REG_DOORBELLS + 16)
        printf("nvme: the device has no register window (BAR 0)\n");
    else if (d->kit.vectors == 0)
        printf("nvme: the policy grants no interrupt; one at least\n");
    else if (!controller_start(&d->controller, &d->platform, startup->cpus))
        printf("nvme: %s\n", d->controller.error);
    else
        describe(&d->controller);
}

int main(void)
{
    return block_main(&the_driver, controller_bring_up);
}

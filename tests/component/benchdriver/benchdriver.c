/*
 * Reads a disk in the driver itself: the NVMe driver's core, interrupts and
 * fault check included, without a client. Marks as in benchdisk.
 */
#include <stdio.h>

#include <cordon/cordon.h>
#include <cordon/driver.h>
#include <cordon/monitor.h>

#include "drivers/nvme/request.h"
#include "tests/bench/mark.h"

#define BYTES    4096u
#define PAUSE_NS NS_PER_MS

static struct driver kit;
static mmio_t registers;
static struct nvme_controller controller;
static struct nvme_request requests[DEPTH];
static struct dma_memory buffer;
static uint64_t seed = 1, places;
static unsigned failures;

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
    driver_wait(&kit, clock_after(PAUSE_NS));
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

/* All that does not change from read to read. */
static void prepare(struct nvme_request *r)
{
    r->ns = &controller.namespaces[0];
    r->blocks = BYTES >> r->ns->block_bits;
    r->data.v = buffer.iova.v + (uint64_t)(r - requests) * BYTES;
    r->opcode = NVM_READ;
    r->queue = 0;
}

/* A place chosen by a linear congruential generator (Knuth's MMIX constants).
 */
static void submit(struct nvme_request *r)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    r->lba = (seed >> 33) % places * r->blocks;
    request_submit(&controller, r);
}

/* Waits for interrupts until at least one request has come back; what comes
 * back is issued again if `again`. Returns how many. */
static unsigned reap(bool again)
{
    struct nvme_request *r;
    unsigned count = 0;

    do
        driver_wait(&kit, DEADLINE_NEVER);
    while (request_complete(&controller, 0) == 0);
    failures += driver_new_faults(&kit) != 0;
    while ((r = request_take(&controller)) != NULL) {
        failures += r->status != BLOCK_OK;
        count++;
        if (again)
            submit(r);
    }
    request_pump(&controller, 0);
    return count;
}

static void measure(void)
{
    uint64_t start;

    places = controller.namespaces[0].blocks /
             (BYTES >> controller.namespaces[0].block_bits);
    for (unsigned i = 0; i < DEPTH; i++)
        prepare(&requests[i]);
    start = clock_now();
    for (unsigned i = 0; i < ROUNDS_1; i++) {
        MARK(MARK_DRIVER_1);
        submit(&requests[0]);
        request_pump(&controller, 0);
        reap(false);
        MARK(MARK_DRIVER_1 + 1);
    }
    TELL_TIME("driver-depth-1", ROUNDS_1, start);
    start = clock_now();
    for (unsigned i = 0; i < DEPTH; i++)
        submit(&requests[i]);
    request_pump(&controller, 0);
    for (unsigned i = 0; i < ROUNDS_32; i++) {
        MARK(MARK_DRIVER_32);
        for (unsigned done = 0; done < DEPTH;)
            done += reap(true);
        MARK(MARK_DRIVER_32 + 1);
    }
    TELL_TIME("driver-depth-32", ROUNDS_32 * DEPTH, start);
}

int main(void)
{
    size_t bytes = 0;

    if (driver_open(&kit, NULL) == OK)
        registers = driver_map_window(&kit, 0, &bytes);
    platform.window_bytes = (uint32_t)bytes;
    platform.vectors = kit.vectors;
    if (!registers || dma_alloc(&kit, DEPTH * BYTES, &buffer) != OK ||
        !controller_start(&controller, &platform, 1)) {
        printf("benchdriver: %s\n", controller.error);
        power_off(service_find("power"), 1);
        return 1;
    }
    measure();
    power_off(service_find("power"), failures ? 1 : 0);
    return 0;
}

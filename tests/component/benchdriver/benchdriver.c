/*
 * Reads a disk in the driver itself: the NVMe driver's core, interrupts and
 * fault check included, without a client. Marks as in benchdisk.
 */
#include <stdio.h>

#include <cordon/cordon.h>
#include <cordon/driver.h>
#include <cordon/monitor.h>

#include "tests/lib/nvme_alone.h"
#include "tests/bench/mark.h"

#define SMALL 4096u
#define LARGE (128u << 10)

static struct nvme_controller controller;
static struct nvme_request requests[DEPTH];
static struct dma_memory buffer;
static uint64_t seed = 1, next_place, places;
static bool in_order; /* else places are random */
static unsigned failures;

/* All that does not change from read to read. */
static void prepare(uint32_t bytes)
{
    struct nvme_namespace *ns = &controller.namespaces[0];

    places = ns->blocks / (bytes >> ns->block_bits);
    for (unsigned i = 0; i < DEPTH; i++) {
        struct nvme_request *r = &requests[i];

        r->ns = ns;
        r->blocks = bytes >> ns->block_bits;
        r->data.v = buffer.iova.v + (uint64_t)i * bytes;
        r->opcode = NVM_READ;
        r->queue = 0;
    }
}

/* The next place, or one chosen by a linear congruential generator (Knuth's
 * MMIX constants). */
static uint64_t place(void)
{
    if (in_order)
        return next_place++;
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return seed >> 33;
}

static void submit(struct nvme_request *r)
{
    r->lba = place() % places * r->blocks;
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

static void measure_one(void)
{
    uint64_t start = clock_now();

    for (unsigned i = 0; i < ROUNDS_1; i++) {
        MARK(MARK_DRIVER_1);
        submit(&requests[0]);
        request_pump(&controller, 0);
        reap(false);
        MARK(MARK_DRIVER_1 + 1);
    }
    TELL_TIME("driver-depth-1", ROUNDS_1, start);
}

static void reap_round(void)
{
    for (unsigned done = 0; done < DEPTH;)
        done += reap(true);
}

static void fill(void)
{
    for (unsigned i = 0; i < DEPTH; i++)
        submit(&requests[i]);
    request_pump(&controller, 0);
}

static void measure_many(void)
{
    uint64_t start = clock_now();

    fill();
    for (unsigned i = 0; i < ROUNDS_32; i++) {
        MARK(MARK_DRIVER_32);
        reap_round();
        MARK(MARK_DRIVER_32 + 1);
    }
    TELL_TIME("driver-depth-32", ROUNDS_32 * DEPTH, start);
    for (unsigned done = 0; done < DEPTH;)
        done += reap(false);
}

static void measure_large(void)
{
    uint64_t start = clock_now();

    in_order = true;
    prepare(LARGE);
    fill();
    for (unsigned i = 0; i < ROUNDS_128K; i++) {
        MARK(MARK_DRIVER_128K);
        reap_round();
        MARK(MARK_DRIVER_128K + 1);
    }
    TELL_TIME("driver-128k", ROUNDS_128K * DEPTH, start);
}

int main(void)
{
    size_t bytes = 0;

    if (driver_open(&kit, NULL) == OK)
        registers = driver_map_window(&kit, 0, &bytes);
    platform.window_bytes = (uint32_t)bytes;
    platform.vectors = kit.vectors;
    if (!registers || dma_alloc(&kit, DEPTH * LARGE, &buffer) != OK ||
        !controller_start(&controller, &platform, 1)) {
        printf("benchdriver: %s\n", controller.error);
        power_off(service_find("power"), 1);
        return 1;
    }
    prepare(SMALL);
    measure_one();
    measure_many();
    measure_large();
    power_off(service_find("power"), failures ? 1 : 0);
    return 0;
}

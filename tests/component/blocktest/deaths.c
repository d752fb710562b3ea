/*
 * The driver is killed with requests in flight, again and again: each request
 * still ends once, with the right data, since it is asked of the successor.
 */
#include <cordon/monitor.h>
#include <stdio.h>
#include <string.h>

#include "tests/component/blocktest/blocktest.h"

#define DEPTH  64u
#define DEATHS 3u
#define BYTES  4096u

static uint32_t number_of(cap_t monitor, const char *name)
{
    struct monitor_component component;

    for (uint32_t i = 0; monitor_component(monitor, i, &component) == 0; i++)
        if (strcmp(component.name, name) == 0)
            return i;
    return ~0u;
}

/* The request with this result ended once, and brought what was written. */
static bool is_right(const struct block_result *r,
                     const struct block_buffer *buffer, uint64_t seen)
{
    const uint8_t *data = (uint8_t *)buffer->data + r->tag * BYTES;
    bool right = r->status == BLOCK_OK && data[0] == r->tag &&
                 data[BYTES - 1] == r->tag && (seen & 1ull << r->tag) == 0;

    if (!right)
        printf("request %u: %s, begins %02x, ends %02x, seen %llx\n",
               (unsigned)r->tag, block_error_text((int)r->status), data[0],
               data[BYTES - 1], (unsigned long long)seen);
    return right;
}

/* A full queue of reads, the driver killed right after the kick. */
static bool round_of_reads(struct block_device *dev,
                           const struct block_buffer *buffer, cap_t monitor,
                           uint32_t driver)
{
    uint32_t blocks = BYTES / block_info(dev)->block_bytes;
    struct block_result results[DEPTH];
    unsigned ended = 0;
    uint64_t seen = 0;

    memset(buffer->data, 0xee, DEPTH * BYTES);
    for (uint32_t i = 0; i < DEPTH; i++) {
        const struct block_request r = {.lba = i * blocks,
                                        .blocks = blocks,
                                        .operation = BLOCK_READ,
                                        .buffer = buffer,
                                        .offset = (uint64_t)i * BYTES,
                                        .tag = i};

        if (block_submit(dev, &r) != BLOCK_OK)
            return false;
    }
    block_kick(dev);
    monitor_kill(monitor, driver);
    while (ended < DEPTH) {
        unsigned n =
            block_reap(dev, results, DEPTH, clock_after(20 * NS_PER_S));

        for (unsigned i = 0; i < n; i++) {
            if (!is_right(&results[i], buffer, seen))
                return false;
            seen |= 1ull << results[i].tag;
        }
        if (n == 0) {
            printf("%u requests are not answered\n", DEPTH - ended);
            return false;
        }
        ended += n;
    }
    return true;
}

/* A kill may take effect after the last answer, and then our connection is one
 * to the dead: each round begins when the next driver has answered, so that no
 * request loses two of them. */
static bool next_answers(struct block_device *dev,
                         const struct block_buffer *buffer, cap_t monitor,
                         uint32_t driver, uint32_t deaths)
{
    uint64_t end = clock_after(20 * NS_PER_S);
    struct monitor_component c = {0};

    while (c.restarts < deaths && clock_now() < end) {
        clock_sleep(NS_PER_MS);
        monitor_component(monitor, driver, &c);
    }
    return c.restarts == deaths && block_read(dev, 0, 1, buffer, 0) == BLOCK_OK;
}

void deaths(void)
{
    cap_t monitor = service_find("monitor");
    uint32_t driver = number_of(monitor, "nvme");
    struct block_buffer buffer;
    struct block_device *dev;
    bool good = true;

    if (block_open("disk", 0, &dev) != BLOCK_OK ||
        block_buffer_lend(dev, DEPTH * BYTES, &buffer) != BLOCK_OK) {
        part("open", false);
        return;
    }
    for (uint32_t i = 0; i < DEPTH; i++)
        memset((uint8_t *)buffer.data + i * BYTES, (int)i, BYTES);
    good &= block_write(dev, 0, DEPTH * BYTES / block_info(dev)->block_bytes,
                        &buffer, 0) == BLOCK_OK;
    part("write", good && block_flush(dev) == BLOCK_OK);
    for (unsigned i = 0; i < DEATHS; i++)
        part("death", round_of_reads(dev, &buffer, monitor, driver) &&
                          next_answers(dev, &buffer, monitor, driver, i + 1));
    block_close(dev);
}

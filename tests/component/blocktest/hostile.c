/*
 * A hostile client: garbage in calls and on the rings, a ring position that
 * cannot be, Frames taken back while the device writes to them. The driver must
 * go on, and the honest client beside it must not notice.
 */
#include "tests/component/blocktest/blocktest.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "libsys/block_internal.h"

static uint64_t chance = 88172645463325252ull;

static uint64_t random_word(void)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    return chance ^= chance << 17;
}

/* Calls of any label with any words and no or wrong capabilities. */
static void nonsense_calls(cap_t endpoint)
{
    for (unsigned i = 0; i < 300; i++) {
        struct message m;

        message_begin(&m, random_word() % 8);
        for (unsigned w = random_word() % 6; w != 0; w--)
            message_put(&m, random_word() >> random_word() % 64);
        for (unsigned c = random_word() % 4; c != 0; c--)
            message_put_cap(&m, STARTUP_SPACE, RIGHT_READ);
        message_call(endpoint, &m, clock_after(NS_PER_S));
        message_drop_caps(&m);
    }
}

/* Entries of random content; each gets exactly one answer. */
static bool nonsense_entries(struct block_device *dev)
{
    unsigned sent = 0, answered = 0;

    while (sent < 1000) {
        struct block_completion done;
        struct block_entry entry;

        for (unsigned i = 0; i < sizeof(entry) / 8; i++)
            ((uint64_t *)(void *)&entry)[i] =
                random_word() >> random_word() % 64;
        if (entry.operation == BLOCK_WRITE)
            entry.operation = BLOCK_READ; /* keep the others' data */
        if (sent - answered < BLOCK_MAX_IN_FLIGHT) {
            ring_put(&dev->requests, &entry);
            sent++;
        }
        block_kick(dev);
        while (ring_get(&dev->completions, &done) == RING_OK)
            answered++;
        ring_release(&dev->completions);
    }
    for (uint64_t end = clock_after(2 * NS_PER_S);
         answered < sent && clock_now() < end; clock_sleep(NS_PER_MS)) {
        struct block_completion done;

        while (ring_get(&dev->completions, &done) == RING_OK)
            answered++;
        ring_release(&dev->completions);
    }
    return answered == sent;
}

/* Reads into Frames that are revoked at once: the device's DMA is blocked, and
 * no read may be called a success with data that did not arrive. */
static bool frames_taken_back(struct block_device *dev)
{
    struct block_buffer buffer;
    unsigned believed = 0;
    uint8_t *data;

    for (unsigned round = 0; round < 6; round++) {
        struct block_result results[32];
        unsigned ended = 0;

        if (block_buffer_lend(dev, 1 << 18, &buffer) != BLOCK_OK)
            return false;
        data = buffer.data;
        memset(data, 0xee, buffer.bytes);
        for (unsigned i = 0; i < 32; i++) {
            struct block_request r = {.lba = 16 * i,
                                      .blocks = 8192 / 512,
                                      .operation = BLOCK_READ,
                                      .buffer = &buffer,
                                      .offset = 8192 * i,
                                      .tag = i};

            block_submit(dev, &r);
        }
        block_kick(dev);
        for (uint32_t f = 0; f < dev->buffers[buffer.id].count; f++)
            captable_revoke(STARTUP_CAPTABLE,
                            dev->buffers[buffer.id].frames + f);
        while (ended < 32) {
            unsigned n =
                block_reap(dev, results, 32, clock_after(5 * NS_PER_S));

            if (n == 0)
                return false;
            for (unsigned i = 0; i < n; i++)
                believed += results[i].status == BLOCK_OK &&
                            data[8192 * results[i].tag] == 0xee &&
                            data[8192 * results[i].tag + 8191] == 0xee;
            ended += n;
        }
        block_buffer_reclaim(dev, &buffer);
    }
    return believed == 0;
}

/* The policy lets this client read only. */
static bool write_refused(struct block_device *dev)
{
    struct block_buffer buffer;
    bool refused;

    if (block_buffer_lend(dev, PAGE_SIZE, &buffer) != BLOCK_OK)
        return false;
    refused = block_info(dev)->flags & BLOCK_INFO_READ_ONLY &&
              block_write(dev, 0, 1, &buffer, 0) == BLOCK_E_READ_ONLY &&
              block_flush(dev) == BLOCK_E_READ_ONLY &&
              block_read(dev, 0, 1, &buffer, 0) == BLOCK_OK;
    block_buffer_reclaim(dev, &buffer);
    return refused;
}

/* Positions that no honest ring has: the driver gives this ring up. */
static void ring_broken(struct block_device *dev)
{
    struct ring_shared *shared = dev->rings.address;

    for (unsigned i = 0; i < 100; i++) {
        atomic_store(&shared->producer.position, (uint32_t)random_word());
        notification_signal(dev->kick);
    }
}

void hostile(void)
{
    struct block_device *dev;

    nonsense_calls(service_find("disk"));
    if (block_open("disk", 0, &dev) != BLOCK_OK) {
        part("open after nonsense", false);
        return;
    }
    part("every entry is answered", nonsense_entries(dev));
    block_close(dev);
    if (block_open("disk", 0, &dev) != BLOCK_OK) {
        part("open again", false);
        return;
    }
    part("no write without the right", write_refused(dev));
    part("no success without data", frames_taken_back(dev));
    ring_broken(dev);
    nonsense_calls(service_find("disk"));
    part("still here", true);
}

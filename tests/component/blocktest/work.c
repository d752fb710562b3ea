/* An honest client: what it writes is what it reads, in every size. */
#include "tests/component/blocktest/blocktest.h"

#include <stdlib.h>
#include <string.h>

#define BUFFER_BYTES (1u << 20)
#define DEPTH        64u

static uint8_t byte_at(uint64_t lba, uint32_t i)
{
    return (uint8_t)(lba * 31 + i * 7 + (i >> 8) + 1);
}

static void fill(uint8_t *data, uint64_t lba, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++)
        data[i] = byte_at(lba, i);
}

static bool same(const uint8_t *data, uint64_t lba, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++)
        if (data[i] != byte_at(lba, i))
            return false;
    return true;
}

/* One size: write it, flush, wipe the buffer, read it back. */
static bool there_and_back(struct block_device *dev,
                           const struct block_buffer *buffer, uint64_t lba,
                           uint32_t blocks, uint64_t offset)
{
    uint32_t bytes = blocks * block_info(dev)->block_bytes;
    uint8_t *data = (uint8_t *)buffer->data + offset;

    fill(data, lba, bytes);
    if (block_write(dev, lba, blocks, buffer, offset) != BLOCK_OK ||
        block_flush(dev) != BLOCK_OK)
        return false;
    memset(data, 0, bytes);
    return block_read(dev, lba, blocks, buffer, offset) == BLOCK_OK &&
           same(data, lba, bytes);
}

static bool all_sizes(struct block_device *dev,
                      const struct block_buffer *buffer)
{
    uint32_t unit = block_info(dev)->block_bytes;
    uint32_t most = (BUFFER_BYTES - 8192) / unit;
    bool good = true;

    for (uint32_t blocks = 1; blocks <= most; blocks = blocks * 3 + 1) {
        good &= there_and_back(dev, buffer, 5, blocks, 0);
        good &= there_and_back(dev, buffer, blocks, blocks, 4096);
        good &= there_and_back(dev, buffer, 77, blocks, 516);
    }
    return good;
}

/* Many in flight, out of order for all we know: each finds its own data. */
static bool many(struct block_device *dev, const struct block_buffer *buffer)
{
    uint32_t unit = block_info(dev)->block_bytes, blocks = 8192 / unit;
    struct block_result results[DEPTH];
    unsigned ended = 0, good = 0;

    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < DEPTH; i++) {
            struct block_request r = {
                .lba = 1000 + i * blocks,
                .blocks = blocks,
                .operation = round == 0 ? BLOCK_WRITE : BLOCK_READ,
                .buffer = buffer,
                .offset = (uint64_t)i * 8192,
                .tag = i,
            };

            if (round == 0)
                fill((uint8_t *)buffer->data + r.offset, r.lba, 8192);
            else
                memset((uint8_t *)buffer->data + r.offset, 0, 8192);
            if (block_submit(dev, &r) != BLOCK_OK)
                return false;
        }
        block_kick(dev);
        for (ended = good = 0; ended < DEPTH;) {
            unsigned n =
                block_reap(dev, results, DEPTH, clock_after(10 * NS_PER_S));

            if (n == 0)
                return false;
            for (unsigned i = 0; i < n; i++)
                good += results[i].status == BLOCK_OK &&
                        same((uint8_t *)buffer->data + results[i].tag * 8192,
                             1000 + results[i].tag * blocks, 8192);
            ended += n;
        }
        if (good != DEPTH)
            return false;
    }
    return true;
}

static bool bounds(struct block_device *dev, struct block_buffer *buffer)
{
    uint64_t end = block_info(dev)->blocks;
    struct block_buffer stale = *buffer;

    stale.id = 7;
    return block_read(dev, end, 1, buffer, 0) == BLOCK_E_RANGE &&
           block_read(dev, end - 1, 2, buffer, 0) == BLOCK_E_RANGE &&
           block_read(dev, end - 1, 1, buffer, 0) == BLOCK_OK &&
           block_read(dev, 0, 1, buffer, BUFFER_BYTES) == BLOCK_E_BUFFER &&
           block_read(dev, 0, 1, buffer, 2) == BLOCK_E_BUFFER &&
           block_read(dev, 0, 1, &stale, 0) == BLOCK_E_BUFFER;
}

void work_disk(uint32_t disk)
{
    struct block_device *dev;
    struct block_buffer buffer;
    int status = block_open("disk", disk, &dev);
    char name[32];

    snprintf(name, sizeof(name), "open %u", (unsigned)disk);
    part(name, status == BLOCK_OK);
    if (status != BLOCK_OK)
        return;
    printf("%s: disk %u has %llu blocks of %u\n", startup->name, (unsigned)disk,
           (unsigned long long)block_info(dev)->blocks,
           (unsigned)block_info(dev)->block_bytes);
    part("lend", block_buffer_lend(dev, BUFFER_BYTES, &buffer) == BLOCK_OK);
    part("sizes", all_sizes(dev, &buffer));
    part("many", many(dev, &buffer));
    part("bounds", bounds(dev, &buffer));
    part("reclaim", block_buffer_reclaim(dev, &buffer) == BLOCK_OK &&
                        block_read(dev, 0, 1, &buffer, 0) == BLOCK_E_BUFFER);
    block_close(dev);
}

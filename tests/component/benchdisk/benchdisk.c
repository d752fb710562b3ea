/*
 * Reads a disk through the block service of another process, and sets marks
 * for the plugin that counts instructions: 4 KiB at random places one by one,
 * then with 32 in flight, then 128 KiB one after the other with 32 in flight.
 */
#include <stdio.h>

#include <cordon/block.h>
#include <cordon/cordon.h>
#include <cordon/monitor.h>

#include "tests/bench/mark.h"

#define SMALL 4096u
#define LARGE (128u << 10)

static struct block_device *disk;
static struct block_buffer buffer;
static uint64_t seed = 1, next_lba;
static unsigned failures;

/* A linear congruential generator (Knuth's MMIX constants). */
static uint64_t random_block(uint64_t count)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (seed >> 33) % count;
}

static uint64_t choose_lba(uint32_t bytes)
{
    const struct block_info *info = block_info(disk);
    uint64_t step = bytes / info->block_bytes, lba;

    if (bytes == SMALL)
        return random_block(info->blocks / step) * step;
    lba = next_lba;
    next_lba = (next_lba + step) % (info->blocks - step);
    return lba;
}

static void one_by_one(void)
{
    uint32_t blocks = SMALL / block_info(disk)->block_bytes;
    uint64_t start = clock_now();

    for (unsigned i = 0; i < ROUNDS_1; i++) {
        uint64_t lba = choose_lba(SMALL);
        int status;

        MARK(MARK_SERVICE_1);
        status = block_read(disk, lba, blocks, &buffer, 0);
        MARK(MARK_SERVICE_1 + 1);
        failures += status != BLOCK_OK;
    }
    TELL_TIME("service-depth-1", ROUNDS_1, start);
}

static void submit(uint32_t bytes, uint64_t tag)
{
    const struct block_request request = {
        .lba = choose_lba(bytes),
        .blocks = bytes / block_info(disk)->block_bytes,
        .operation = BLOCK_READ,
        .buffer = &buffer,
        .offset = tag * bytes,
        .tag = tag,
    };

    failures += block_submit(disk, &request) != BLOCK_OK;
}

/* As many results as may be in flight; each makes place for another request. */
static void round_of(uint32_t bytes)
{
    struct block_result results[DEPTH];

    for (unsigned done = 0; done < DEPTH;) {
        unsigned count =
            block_reap(disk, results, DEPTH - done, DEADLINE_NEVER);

        for (unsigned i = 0; i < count; i++) {
            failures += results[i].status != BLOCK_OK;
            submit(bytes, results[i].tag);
        }
        block_kick(disk);
        done += count;
    }
}

static void fill(uint32_t bytes)
{
    for (uint64_t tag = 0; tag < DEPTH; tag++)
        submit(bytes, tag);
    block_kick(disk);
}

static void drain(void)
{
    struct block_result results[DEPTH];

    for (unsigned done = 0; done < DEPTH;)
        done += block_reap(disk, results, DEPTH, DEADLINE_NEVER);
}

static void many_at_once(void)
{
    uint64_t start = clock_now();

    fill(SMALL);
    for (unsigned i = 0; i < ROUNDS_32; i++) {
        MARK(MARK_SERVICE_32);
        round_of(SMALL);
        MARK(MARK_SERVICE_32 + 1);
    }
    drain();
    TELL_TIME("service-depth-32", (ROUNDS_32 + 1) * DEPTH, start);
    start = clock_now();
    fill(LARGE);
    for (unsigned i = 0; i < ROUNDS_128K; i++) {
        MARK(MARK_SERVICE_128K);
        round_of(LARGE);
        MARK(MARK_SERVICE_128K + 1);
    }
    drain();
    TELL_TIME("service-128k", (ROUNDS_128K + 1) * DEPTH, start);
}

int main(void)
{
    int status = block_open("disk", 0, &disk);

    if (status == BLOCK_OK)
        status = block_buffer_lend(disk, DEPTH * LARGE, &buffer);
    if (status != BLOCK_OK) {
        printf("benchdisk: %s\n", block_error_text(status));
        power_off(service_find("power"), 1);
        return 1;
    }
    one_by_one();
    many_at_once();
    power_off(service_find("power"), failures ? 1 : 0);
    return 0;
}

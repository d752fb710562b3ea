/* What a 4 KiB read costs, in cycles of the time-stamp counter: instructions,
 * when QEMU counts them (-icount shift=0). */
#include "tests/component/blocktest/blocktest.h"

#define READS 512u

static uint64_t read_all(struct block_device *dev,
                         const struct block_buffer *buffer, unsigned depth)
{
    uint32_t blocks = 4096 / block_info(dev)->block_bytes;
    uint64_t start = __builtin_ia32_rdtsc();
    struct block_result results[64];
    unsigned sent = 0, ended = 0;

    while (ended < READS) {
        while (sent < READS && sent - ended < depth) {
            struct block_request r = {.lba = sent * blocks,
                                      .blocks = blocks,
                                      .operation = BLOCK_READ,
                                      .buffer = buffer,
                                      .offset = sent % 64 * 4096,
                                      .tag = sent};

            block_submit(dev, &r);
            sent++;
        }
        block_kick(dev);
        ended += block_reap(dev, results, 64, clock_after(5 * NS_PER_S));
    }
    return (__builtin_ia32_rdtsc() - start) / READS;
}

void measure(void)
{
    static const unsigned depths[] = {1, 2, 8, 32, 64};
    struct block_buffer buffer;
    struct block_device *dev;

    if (block_open("disk", 0, &dev) != BLOCK_OK ||
        block_buffer_lend(dev, 64 * 4096, &buffer) != BLOCK_OK) {
        part("open", false);
        return;
    }
    read_all(dev, &buffer, 32);
    for (unsigned i = 0; i < sizeof(depths) / sizeof(depths[0]); i++)
        printf("%s: depth %u: %llu cycles a read\n", startup->name, depths[i],
               (unsigned long long)read_all(dev, &buffer, depths[i]));
    block_close(dev);
}

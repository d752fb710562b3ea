/*
 * What a 4 KiB read costs: CPU time of the driver and of this client, in
 * nanoseconds, which are instructions when QEMU counts them (ICOUNT=1), and
 * how long it takes.
 */
#include <cordon/monitor.h>
#include <string.h>

#include "tests/component/blocktest/blocktest.h"

#define READS 1024u

/* CPU time of a component so far. */
static uint64_t consumed(cap_t monitor, const char *name)
{
    struct monitor_component component;

    for (uint32_t i = 0; monitor_component(monitor, i, &component) == 0; i++)
        if (strcmp(component.name, name) == 0)
            return component.consumed_ns;
    return 0;
}

static void read_all(struct block_device *dev,
                     const struct block_buffer *buffer, unsigned depth)
{
    uint32_t blocks = 4096 / block_info(dev)->block_bytes;
    struct block_result results[64];
    unsigned sent = 0, ended = 0;

    while (ended < READS) {
        for (; sent < READS && sent - ended < depth; sent++) {
            const struct block_request r = {.lba = sent * blocks,
                                            .blocks = blocks,
                                            .operation = BLOCK_READ,
                                            .buffer = buffer,
                                            .offset = sent % 64 * 4096,
                                            .tag = sent};

            block_submit(dev, &r);
        }
        block_kick(dev);
        ended += block_reap(dev, results, 64, clock_after(5 * NS_PER_S));
    }
}

static void measure_depth(struct block_device *dev,
                          const struct block_buffer *buffer, unsigned depth)
{
    cap_t monitor = service_find("monitor");
    uint64_t driver = consumed(monitor, "nvme");
    uint64_t client = consumed(monitor, startup->name);
    uint64_t start = clock_now(), end;

    read_all(dev, buffer, depth);
    end = clock_now();
    driver = consumed(monitor, "nvme") - driver;
    client = consumed(monitor, startup->name) - client;
    printf("%s: depth %u: driver %llu ns, client %llu ns, in %llu ns a read\n",
           startup->name, depth, (unsigned long long)driver / READS,
           (unsigned long long)client / READS,
           (unsigned long long)(end - start) / READS);
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
        measure_depth(dev, &buffer, depths[i]);
    block_close(dev);
}

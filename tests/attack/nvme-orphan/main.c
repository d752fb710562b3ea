/*
 * A driver that exits with reads under way (R4): each takes the disk half a
 * second. Its memory may have a new owner only when the controller has been
 * reset: until then the last of them may still arrive. The new owner is the
 * same program, started again, which leaves the page alone.
 */
#include "tests/lib/nvme_alone.h"
#include "tests/attack/self.h"

#define READS 6

static struct nvme_controller controller;
static struct nvme_request requests[READS];

/* A page of the disk into one of `buffer`. */
static void submit(unsigned i, const struct dma_memory *buffer)
{
    struct nvme_request *r = &requests[i];

    r->ns = &controller.namespaces[0];
    r->blocks = PAGE_SIZE >> r->ns->block_bits;
    r->data.v = buffer->iova.v + i * PAGE_SIZE;
    r->opcode = 2; /* read (NVM Command Set 1.0, 3.2.4) */
    request_submit(&controller, r);
}

int main(void)
{
    struct dma_memory buffer;
    size_t bytes = 0;

    attack_open();
    if (driver_open(&kit, NULL) == OK)
        registers = driver_map_window(&kit, 0, &bytes);
    platform.window_bytes = (uint32_t)bytes;
    platform.vectors = kit.vectors;
    if (!registers || dma_alloc(&kit, READS * PAGE_SIZE, &buffer) != OK)
        attack_error("memory", 0);
    if (self_restarts() > 0) {
        say("the page is zero again");
        clock_sleep_until(DEADLINE_NEVER);
    }
    if (!controller_start(&controller, &platform, 1))
        attack_error(controller.error, 0);
    say("ready");
    page_mark((uint8_t *)buffer.memory.address + (READS - 1) * PAGE_SIZE,
              "flight");
    ask("located");
    for (unsigned i = 0; i < READS; i++)
        submit(i, &buffer);
    request_pump(&controller, 0);
    /* The first has arrived, so the others are under way. */
    while (request_complete(&controller, 0) == 0)
        platform_pause(NULL);
    say("done");
    return 0;
}

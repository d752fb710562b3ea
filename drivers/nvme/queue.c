/* Queue pairs: their memory, and how they begin (NVMe 4.1, 4.6). */
#include "drivers/nvme/queue.h"

#include <string.h>

static bool region_allocate(const struct nvme_platform *p, uint32_t bytes,
                            void **address, iova_t *iova)
{
    struct nvme_memory memory;

    if (!p->allocate(p->context, bytes, &memory))
        return false;
    *address = memory.address;
    *iova = memory.iova;
    return true;
}

bool queue_allocate(struct nvme_queue *queue, const struct nvme_platform *p,
                    uint16_t id, uint16_t entries, uint32_t stride_bits)
{
    void *commands, *completions, *lists;

    memset(queue, 0, sizeof(*queue));
    queue->id = id;
    queue->entries = entries;
    queue->stride = 4u << stride_bits;
    queue->doorbell = REG_DOORBELLS + 2u * id * queue->stride;
    if (!region_allocate(p, entries * (uint32_t)sizeof(*queue->commands),
                         &commands, &queue->commands_iova) ||
        !region_allocate(p, entries * (uint32_t)sizeof(*queue->completions),
                         &completions, &queue->completions_iova))
        return false;
    queue->commands = commands;
    queue->completions = completions;
    if (id != 0) {
        if (!region_allocate(p, entries * PRP_LIST_ENTRIES * 8u, &lists,
                             &queue->lists_iova))
            return false;
        queue->lists = lists;
    }
    queue_reset(queue);
    return true;
}

void queue_reset(struct nvme_queue *queue)
{
    queue->tail = queue->rung = queue->head = queue->seen = 0;
    queue->in_flight = 0;
    queue->phase = 1;
    /* The phase bits of a new queue are zero (NVMe 4.6). */
    for (unsigned i = 0; i < queue->entries; i++)
        queue->completions[i] = (struct nvme_completion){0};
    /* One slot less than entries, so tail never meets head (NVMe 4.1.1). */
    memset(queue->slots, 0, sizeof(queue->slots));
    for (unsigned i = 0; i < queue->entries; i++)
        queue->free[i] = (uint16_t)i;
}

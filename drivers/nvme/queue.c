/* Queue pairs: rings, phase tags, doorbells, slots (NVMe 4.1, 4.6, 7.2). */
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
    for (unsigned i = 0; i + 2 < queue->entries; i++)
        queue->slots[i].next = (uint16_t)(i + 1);
    queue->slots[queue->entries - 2].next = QUEUE_NO_SLOT;
    queue->free = 0;
}

uint16_t queue_slot_take(struct nvme_queue *queue)
{
    uint16_t slot = queue->free;

    if (slot != QUEUE_NO_SLOT) {
        queue->free = queue->slots[slot].next;
        queue->in_flight++;
    }
    return slot;
}

void queue_slot_free(struct nvme_queue *queue, uint16_t slot)
{
    queue->slots[slot].request = NULL;
    queue->slots[slot].aborting = false;
    queue->slots[slot].next = queue->free;
    queue->free = slot;
    queue->in_flight--;
}

struct nvme_command *queue_next(struct nvme_queue *queue)
{
    return &queue->commands[queue->tail];
}

void queue_push(struct nvme_queue *queue, uint16_t slot)
{
    queue->commands[queue->tail].id = slot;
    queue->tail = (uint16_t)((queue->tail + 1u) & (queue->entries - 1u));
}

void queue_ring(struct nvme_queue *queue, const struct nvme_platform *p)
{
    if (queue->tail == queue->rung)
        return;
    /* The entries are in memory before the doorbell says so. */
    __atomic_thread_fence(__ATOMIC_RELEASE);
    queue->rung = queue->tail;
    p->write(p->context, queue->doorbell, queue->tail);
}

bool queue_poll(struct nvme_queue *queue, struct nvme_completion *out)
{
    volatile struct nvme_completion *entry = &queue->completions[queue->head];
    uint16_t status = entry->status;

    if ((status & STATUS_PHASE) != queue->phase)
        return false;
    /* The rest of the entry is read after the phase that vouches for it. */
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    out->result = entry->result;
    out->sq_id = entry->sq_id;
    out->sq_head = entry->sq_head;
    out->id = entry->id;
    out->status = status;
    queue->head = (uint16_t)((queue->head + 1u) & (queue->entries - 1u));
    if (queue->head == 0)
        queue->phase ^= 1;
    return true;
}

void queue_ack(struct nvme_queue *queue, const struct nvme_platform *p)
{
    if (queue->head == queue->seen)
        return;
    queue->seen = queue->head;
    p->write(p->context, queue->doorbell + queue->stride, queue->head);
}

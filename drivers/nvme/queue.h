/*
 * A queue pair (NVMe 4.1, 4.6, 7.2): a submission and a completion ring in DMA
 * memory, and one slot per command in flight, whose number is the command
 * identifier. The queue knows nothing of what commands mean. What every command
 * needs is inline.
 */
#pragma once

#include "drivers/nvme/command.h"
#include "drivers/nvme/platform.h"

#define QUEUE_ENTRIES 64u /* at most; one slot less, so it is never full */

struct nvme_request;

/* A first-in-first-out list of requests. */
struct nvme_list {
    struct nvme_request *first, *last;
};

/* A command in flight, and what is needed to issue it again. */
struct nvme_slot {
    struct nvme_request *request; /* NULL: free */
    uint64_t deadline; /* ns, by which it must have completed; 0: nobody has
                          looked whether it is late since it was issued */
    bool aborting;
};

struct nvme_queue {
    uint32_t id; /* 0: admin */
    uint32_t vector;
    uint32_t entries;
    uint32_t tail; /* where the next command goes */
    uint32_t rung; /* tail that the controller knows */
    uint32_t head; /* next completion */
    uint32_t seen; /* head that the controller knows */
    uint32_t in_flight;
    struct nvme_list waiting; /* requests with parts not issued yet */
    uint32_t completed;       /* commands, mod 2^32 */
    uint32_t looked_at; /* `completed` when we last looked for late ones */
    uint64_t progress;  /* ns, when that had changed */
    uint32_t phase;     /* of new completions */
    uint32_t doorbell;  /* register offset of the tail; head at + stride */
    uint32_t stride;
    struct nvme_command *commands;
    volatile struct nvme_completion *completions;
    uint64_t *lists; /* PRP_LIST_ENTRIES per slot; not for the admin queue */
    iova_t commands_iova, completions_iova, lists_iova;
    uint32_t free[QUEUE_ENTRIES]; /* a stack: from in_flight on, free slots */
    struct nvme_slot slots[QUEUE_ENTRIES];
};

/* Allocate memory for `entries` (a power of two up to QUEUE_ENTRIES). False:
 * no memory. `stride_bits` is CAP.DSTRD. */
bool queue_allocate(struct nvme_queue *queue, const struct nvme_platform *p,
                    uint16_t id, uint16_t entries, uint32_t stride_bits);

/* Empty both rings and free every slot, as after a controller reset. */
void queue_reset(struct nvme_queue *queue);

/* All slots are taken. */
static inline bool queue_full(const struct nvme_queue *queue)
{
    return queue->in_flight + 1 >= queue->entries;
}

/* Take a free slot, of which there is one. */
static inline uint32_t queue_slot_take(struct nvme_queue *queue)
{
    return queue->free[queue->in_flight++];
}

static inline void queue_slot_free(struct nvme_queue *queue, uint32_t slot)
{
    queue->slots[slot].request = NULL;
    queue->slots[slot].deadline = 0;
    queue->slots[slot].aborting = false;
    queue->free[--queue->in_flight] = slot;
}

/* The entry to fill in; then queue_push() makes it count, for a slot. */
static inline struct nvme_command *queue_next(struct nvme_queue *queue)
{
    return &queue->commands[queue->tail];
}

static inline void queue_push(struct nvme_queue *queue,
                              struct nvme_command *next, uint32_t slot)
{
    next->id = (uint16_t)slot;
    queue->tail = (queue->tail + 1) & (queue->entries - 1);
}

/* Commands were pushed that the controller does not know of. */
static inline bool queue_pushed(const struct nvme_queue *queue)
{
    return queue->tail != queue->rung;
}

/* Tell the controller of pushed commands: one doorbell for all of them. */
static inline void queue_ring(struct nvme_queue *queue,
                              const struct nvme_platform *p)
{
    if (!queue_pushed(queue))
        return;
    /* The entries are in memory before the doorbell says so. */
    __atomic_thread_fence(__ATOMIC_RELEASE);
    queue->rung = queue->tail;
    p->write(p->context, queue->doorbell, queue->tail);
}

/* What we want to know of a completion. */
struct queue_done {
    uint32_t id, status, result;
};

/* Take the next completion, if there is one. Each field is read once. */
static inline bool queue_poll(struct nvme_queue *queue, struct queue_done *out)
{
    volatile struct nvme_completion *entry = &queue->completions[queue->head];
    uint32_t status = entry->status;

    if ((status & STATUS_PHASE) != queue->phase)
        return false;
    /* The rest of the entry is read after the phase that vouches for it. */
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    *out = (struct queue_done){entry->id, status, entry->result};
    queue->head = (queue->head + 1) & (queue->entries - 1);
    if (queue->head == 0)
        queue->phase ^= 1;
    return true;
}

/* Tell the controller which completions were taken: one doorbell. */
static inline void queue_ack(struct nvme_queue *queue,
                             const struct nvme_platform *p)
{
    if (queue->head == queue->seen)
        return;
    queue->seen = queue->head;
    p->write(p->context, queue->doorbell + queue->stride, queue->head);
}

/* The PRP list of a slot. */
static inline uint64_t *queue_list(struct nvme_queue *queue, uint32_t slot)
{
    return queue->lists + (size_t)slot * PRP_LIST_ENTRIES;
}

static inline iova_t queue_list_iova(const struct nvme_queue *queue,
                                     uint32_t slot)
{
    return (iova_t){queue->lists_iova.v +
                    (uint64_t)slot * PRP_LIST_ENTRIES * sizeof(uint64_t)};
}

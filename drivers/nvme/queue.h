/*
 * A queue pair (NVMe 4.1): a submission and a completion ring in DMA memory,
 * and one slot per command in flight, whose number is the command identifier.
 * The queue knows nothing of what commands mean.
 */
#pragma once

#include "drivers/nvme/command.h"
#include "drivers/nvme/platform.h"

#define QUEUE_ENTRIES 64u /* at most; one slot less, so it is never full */

struct nvme_request;

/* A command in flight, and what is needed to issue it again. */
struct nvme_slot {
    struct nvme_request *request; /* NULL: free */
    uint64_t deadline;            /* ns, by which it must have completed */
    uint16_t next;                /* free list */
    bool aborting;
};

struct nvme_queue {
    uint16_t id; /* 0: admin */
    uint16_t vector;
    uint16_t entries;
    uint16_t tail; /* where the next command goes */
    uint16_t rung; /* tail that the controller knows */
    uint16_t head; /* next completion */
    uint16_t seen; /* head that the controller knows */
    uint16_t free; /* first free slot; QUEUE_NO_SLOT: none */
    uint16_t in_flight;
    uint32_t completed; /* commands, mod 2^32 */
    uint32_t looked_at; /* `completed` when we last looked for late ones */
    uint64_t progress;  /* ns, when that had changed */
    uint8_t phase;      /* of new completions */
    uint32_t doorbell;  /* register offset of the tail; head at + stride */
    uint32_t stride;
    struct nvme_command *commands;
    volatile struct nvme_completion *completions;
    uint64_t *lists; /* PRP_LIST_ENTRIES per slot; not for the admin queue */
    iova_t commands_iova, completions_iova, lists_iova;
    struct nvme_slot slots[QUEUE_ENTRIES];
};

#define QUEUE_NO_SLOT 0xffffu

/* Allocate memory for `entries` (a power of two up to QUEUE_ENTRIES). False:
 * no memory. `stride_bits` is CAP.DSTRD. */
bool queue_allocate(struct nvme_queue *queue, const struct nvme_platform *p,
                    uint16_t id, uint16_t entries, uint32_t stride_bits);

/* Empty both rings and free every slot, as after a controller reset. */
void queue_reset(struct nvme_queue *queue);

/* Take a free slot, or QUEUE_NO_SLOT. */
uint16_t queue_slot_take(struct nvme_queue *queue);
void queue_slot_free(struct nvme_queue *queue, uint16_t slot);

/* The entry to fill in for `slot`; then queue_push() makes it count. */
struct nvme_command *queue_next(struct nvme_queue *queue);
void queue_push(struct nvme_queue *queue, uint16_t slot);

/* Tell the controller of pushed commands: one doorbell for all of them. */
void queue_ring(struct nvme_queue *queue, const struct nvme_platform *p);

/* Copy the next completion, if there is one. */
bool queue_poll(struct nvme_queue *queue, struct nvme_completion *out);

/* Tell the controller which completions were taken: one doorbell. */
void queue_ack(struct nvme_queue *queue, const struct nvme_platform *p);

/* The PRP list of a slot. */
static inline uint64_t *queue_list(struct nvme_queue *queue, uint16_t slot)
{
    return queue->lists + (size_t)slot * PRP_LIST_ENTRIES;
}

static inline iova_t queue_list_iova(const struct nvme_queue *queue,
                                     uint16_t slot)
{
    return (iova_t){queue->lists_iova.v +
                    (uint64_t)slot * PRP_LIST_ENTRIES * sizeof(uint64_t)};
}

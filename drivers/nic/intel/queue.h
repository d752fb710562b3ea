/*
 * A pair of rings: buffers to receive into and packets to send. The registers
 * are those of registers.h at bases that each chip has elsewhere.
 */
#pragma once

#include <cordon/mmio.h>
#include <cordon/packet_server.h>

#include "drivers/nic/intel/descriptor.h"

/* Twice what a client can hand over, so there is always room: each packet has
 * at most one context descriptor more than it has pieces. */
#define RECEIVE_DESCRIPTORS  (2 * PACKET_RING_ENTRIES)
#define TRANSMIT_DESCRIPTORS (4 * PACKET_RING_ENTRIES)
#define BATCHES              PACKET_RING_ENTRIES
#define QUEUE_DMA_BYTES                                                        \
    ((RECEIVE_DESCRIPTORS + TRANSMIT_DESCRIPTORS) *                            \
     sizeof(struct intel_descriptor))

struct intel_batch {
    uint16_t last;   /* descriptor that will be written back */
    uint16_t pieces; /* that have been sent then */
};

struct intel_queue {
    mmio_t registers;
    uint32_t receive_base, transmit_base;
    volatile struct intel_descriptor *receive, *transmit;
    iova_t receive_iova, transmit_iova;

    uint32_t receive_tail; /* next descriptor to fill, counted up */
    uint32_t receive_next; /* next to be written back */

    uint32_t transmit_tail;
    struct transmit_context context;
    struct intel_batch batches[BATCHES];
    uint32_t batch_tail, batch_next;

    uint64_t lied, damaged;
};

/* Memory of QUEUE_DMA_BYTES for both rings. */
void queue_place(struct intel_queue *q, void *memory, iova_t iova);

/* Empties both rings and tells the (disabled) hardware where they are. */
void queue_reset(struct intel_queue *q, mmio_t registers, uint32_t receive_base,
                 uint32_t transmit_base);

/* As struct packet_device_operations has them; `count` is not 0. */
uint32_t queue_received(struct intel_queue *q,
                        struct packet_shared_arrival *arrivals, uint32_t max);
void queue_post(struct intel_queue *q, const uint64_t *at, uint32_t count);
void queue_send(struct intel_queue *q, const struct packet_piece *pieces,
                uint32_t count);
uint32_t queue_sent(struct intel_queue *q);

/* Something has been handed over that queue_sent() has not counted. */
static inline bool queue_sending(const struct intel_queue *q)
{
    return q->batch_next != q->batch_tail;
}

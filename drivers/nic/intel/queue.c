/*
 * Descriptor rings (82574 7.1.8 and 7.2.12; 82576 7.1.9 and 7.2.3). Software
 * fills descriptors and moves the tail; hardware writes back those that it is
 * done with, in order. Nothing is read but what hardware may have written back,
 * and only as many as were handed to it, so a lying device cannot end a buffer
 * that it was not given.
 */
#include "drivers/nic/intel/queue.h"

#include "drivers/nic/intel/registers.h"

#define RECEIVE_MASK  (RECEIVE_DESCRIPTORS - 1)
#define TRANSMIT_MASK (TRANSMIT_DESCRIPTORS - 1)
#define BATCH_MASK    (BATCHES - 1)

void queue_place(struct intel_queue *q, void *memory, iova_t iova)
{
    q->receive = memory;
    q->transmit = q->receive + RECEIVE_DESCRIPTORS;
    q->receive_iova = iova;
    q->transmit_iova.v =
        iova.v + RECEIVE_DESCRIPTORS * sizeof(struct intel_descriptor);
}

/* 82574 10.2.5.5 to 10.2.5.9, 10.2.6.4 to 10.2.6.8: head equals tail means that
 * hardware has no descriptors. */
static void ring_tell(const struct intel_queue *q, uint32_t base, iova_t iova,
                      uint32_t descriptors)
{
    mmio_write32(q->registers, base + RING_BASE_LOW, (uint32_t)iova.v);
    mmio_write32(q->registers, base + RING_BASE_HIGH, (uint32_t)(iova.v >> 32));
    mmio_write32(q->registers, base + RING_BYTES,
                 descriptors * (uint32_t)sizeof(struct intel_descriptor));
    mmio_write32(q->registers, base + RING_HEAD, 0);
    mmio_write32(q->registers, base + RING_TAIL, 0);
}

void queue_reset(struct intel_queue *q, mmio_t registers, uint32_t receive_base,
                 uint32_t transmit_base)
{
    q->registers = registers;
    q->receive_base = receive_base;
    q->transmit_base = transmit_base;
    q->receive_tail = q->receive_next = 0;
    q->transmit_tail = 0;
    q->batch_tail = q->batch_next = 0;
    q->context = (struct transmit_context){0};
    for (uint32_t i = 0; i < RECEIVE_DESCRIPTORS; i++)
        q->receive[i].high = 0;
    for (uint32_t i = 0; i < TRANSMIT_DESCRIPTORS; i++)
        q->transmit[i].high = 0;
    ring_tell(q, receive_base, q->receive_iova, RECEIVE_DESCRIPTORS);
    ring_tell(q, transmit_base, q->transmit_iova, TRANSMIT_DESCRIPTORS);
}

uint32_t queue_received(struct intel_queue *q,
                        struct packet_shared_arrival *arrivals, uint32_t max)
{
    uint32_t there = q->receive_tail - q->receive_next;
    uint32_t count = 0;

    if (max > there)
        max = there;
    for (; count < max; count++) {
        volatile struct intel_descriptor *d =
            &q->receive[(q->receive_next + count) & RECEIVE_MASK];
        uint64_t high = d->high; /* once: the device can change it */
        enum receive_verdict verdict;

        if ((high & RX_DONE) == 0)
            break;
        verdict = receive_decode(d->low, high, &arrivals[count]);
        if (__builtin_expect(verdict != RECEIVE_GOOD, 0)) {
            q->lied += verdict == RECEIVE_LIE;
            q->damaged += verdict == RECEIVE_DAMAGED;
        }
    }
    q->receive_next += count;
    return count;
}

void queue_post(struct intel_queue *q, const uint64_t *at, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        volatile struct intel_descriptor *d =
            &q->receive[(q->receive_tail + i) & RECEIVE_MASK];

        /* 7.1.5.1; a high word of 0 is also "not written back". */
        d->low = at[i];
        d->high = 0;
    }
    q->receive_tail += count;
    mmio_write32(q->registers, q->receive_base + RING_TAIL,
                 q->receive_tail & RECEIVE_MASK);
}

/* A packet with the offloads of the one before. */
static void send_alike(struct intel_queue *q, const struct packet_piece *pieces)
{
    uint64_t high =
        q->context.data + pieces[0].packet_bytes * (transmit_plain_byte - 1);
    volatile struct intel_descriptor *d;

    for (uint32_t i = 0; i < pieces[0].pieces; i++) {
        d = &q->transmit[q->transmit_tail++ & TRANSMIT_MASK];
        d->low = pieces[i].at;
        d->high =
            high + pieces[i].bytes + (i + 1 == pieces[0].pieces ? TX_END : 0);
    }
}

static void send_encoded(struct intel_queue *q,
                         const struct packet_piece *pieces)
{
    struct intel_descriptor made[PACKET_MAX_SEGMENTS + 1];
    uint32_t count = transmit_encode(pieces, &q->context, made);

    for (uint32_t i = 0; i < count; i++) {
        volatile struct intel_descriptor *d =
            &q->transmit[q->transmit_tail++ & TRANSMIT_MASK];

        d->low = made[i].low;
        d->high = made[i].high;
    }
}

/* Packets of several pieces, or with offloads. Returns the pieces. */
static __attribute__((noinline)) uint32_t
send_packet(struct intel_queue *q, const struct packet_piece *pieces)
{
    if (q->context.key != 0 && transmit_key(pieces) == q->context.key)
        send_alike(q, pieces);
    else
        send_encoded(q, pieces);
    return pieces[0].pieces;
}

void queue_send(struct intel_queue *q, const struct packet_piece *pieces,
                uint32_t count)
{
    const uint64_t plain = transmit_plain, plain_byte = transmit_plain_byte;
    struct intel_batch *batch = &q->batches[q->batch_tail++ & BATCH_MASK];
    uint32_t last;

    for (uint32_t done = 0; done < count;) {
        const struct packet_piece *p = &pieces[done];
        volatile struct intel_descriptor *d =
            &q->transmit[q->transmit_tail & TRANSMIT_MASK];

        if (p->flags != 0) {
            done += send_packet(q, p);
            continue;
        }
        d->low = p->at;
        d->high = plain + p->bytes * plain_byte;
        q->transmit_tail++;
        done++;
    }
    /* The tail has not moved yet: the last one is still ours. */
    last = (q->transmit_tail - 1) & TRANSMIT_MASK;
    q->transmit[last].high |= TX_REPORT;
    batch->last = (uint16_t)last;
    batch->pieces = (uint16_t)count;
    mmio_write32(q->registers, q->transmit_base + RING_TAIL,
                 q->transmit_tail & TRANSMIT_MASK);
}

uint32_t queue_sent(struct intel_queue *q)
{
    uint32_t pieces = 0;

    while (q->batch_next != q->batch_tail) {
        const struct intel_batch *batch =
            &q->batches[q->batch_next & BATCH_MASK];

        if ((q->transmit[batch->last].high & TX_DONE) == 0)
            break;
        pieces += batch->pieces;
        q->batch_next++;
    }
    return pieces;
}

/*
 * A split virtqueue (VIRTIO 1.2, 2.7). With virtqueue_take() chains end in the
 * order in which they were handed over, as VIRTIO_F_IN_ORDER promises and QEMU
 * does. A device that ends another chain than the oldest, or one that it does
 * not have, has lied: the queue is then given up, and nothing it says is
 * believed.
 *
 * Plain C over memory: tested and fuzzed on the host.
 */
#pragma once

#include <cordon/mmio.h>
#include <cordon/types.h>
#include <stdbool.h>

#define VIRTQUEUE_MAX 1024u

struct virtqueue_descriptor { /* 2.7.5 */
    uint64_t address;
    uint32_t bytes;
    uint16_t flags;
    uint16_t next;
};
#define DESCRIPTOR_NEXT  1u
#define DESCRIPTOR_WRITE 2u /* the device writes */

struct virtqueue_avail { /* 2.7.6 */
    uint16_t flags;      /* 1: no interrupts, please */
    uint16_t index;
    uint16_t ring[];
};

struct virtqueue_used { /* 2.7.8 */
    uint16_t flags;
    uint16_t index;
    struct {
        uint32_t id, bytes;
    } ring[];
};

/* What a chain is for: descriptors, and a number of the driver's. */
struct virtqueue_chain {
    uint16_t head, descriptors;
    uint32_t what;
};

struct virtqueue {
    uint32_t entries; /* a power of two */
    volatile struct virtqueue_descriptor *descriptors;
    volatile struct virtqueue_avail *avail;
    volatile struct virtqueue_used *used;
    iova_t descriptors_iova, avail_iova, used_iova;
    mmio_t doorbell;
    uint16_t number;

    uint32_t next_descriptor, free_descriptors;
    uint16_t given; /* chains handed over, modulo 2^16 */
    uint16_t shown; /* ... that the device can see */
    uint16_t ended; /* ... that have come back */
    bool listening; /* interrupts were asked for */
    bool lied;
    struct virtqueue_chain chains[VIRTQUEUE_MAX];
};

/* Bytes of memory for a queue of that many entries, the device's and ours. */
uint32_t virtqueue_bytes(uint32_t entries);

/* Lays an empty queue over zeroed memory. `entries` is a power of two up to
 * VIRTQUEUE_MAX. */
void virtqueue_place(struct virtqueue *q, void *memory, iova_t iova,
                     uint32_t entries);

/* A chain of `count` descriptors, consecutive in the ring: returns its first
 * one's number and reserves them; there must be room (free_descriptors). */
uint32_t virtqueue_reserve(struct virtqueue *q, uint32_t count);

/* Fills descriptor `i` of the chain that begins at `head`. `more`: another one
 * follows. */
void virtqueue_fill(struct virtqueue *q, uint32_t head, uint32_t i,
                    uint64_t address, uint32_t bytes, bool device_writes,
                    bool more);

/* Hands the chain over; `what` comes back with it. virtqueue_kick() shows all
 * to the device and rings the doorbell, once for a batch. */
void virtqueue_give(struct virtqueue *q, uint32_t head, uint32_t count,
                    uint32_t what);
void virtqueue_kick(struct virtqueue *q);

/* The oldest chain if it has come back: false if not. `bytes` is what the
 * device says that it wrote. */
bool virtqueue_take(struct virtqueue *q, uint32_t *what, uint32_t *bytes);

/*
 * For a device that ends chains in any order: the next that has come back, by
 * its head, which may be anything at all. The caller sets `lied` when it is not
 * one that the device has. Descriptors are the caller's to reserve.
 */
bool virtqueue_take_any(struct virtqueue *q, uint32_t *head, uint32_t *bytes);

/* Interrupts on; true if something has come already. Off with the next take. */
bool virtqueue_listen(struct virtqueue *q);

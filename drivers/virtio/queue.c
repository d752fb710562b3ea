/* Split virtqueues: chains out, in order, and back. */
#include "drivers/virtio/queue.h"

#include <string.h>

#define AVAIL_NO_INTERRUPT 1u
#define PART_ALIGN         64u

static uint32_t align(uint32_t bytes)
{
    return (bytes + PART_ALIGN - 1) & ~(PART_ALIGN - 1);
}

/* 2.7: sizes of the parts; each has its event field at the end. */
static uint32_t descriptor_bytes(uint32_t entries)
{
    return align(entries * (uint32_t)sizeof(struct virtqueue_descriptor));
}

static uint32_t avail_bytes(uint32_t entries)
{
    return align(6 + 2 * entries);
}

uint32_t virtqueue_bytes(uint32_t entries)
{
    return descriptor_bytes(entries) + avail_bytes(entries) +
           align(6 + 8 * entries);
}

void virtqueue_place(struct virtqueue *q, void *memory, iova_t iova,
                     uint32_t entries)
{
    uint8_t *at = memory;
    uint32_t avail = descriptor_bytes(entries);
    uint32_t used = avail + avail_bytes(entries);

    memset(q, 0, sizeof(*q));
    memset(memory, 0, virtqueue_bytes(entries));
    q->entries = q->free_descriptors = entries;
    q->descriptors = memory;
    q->avail = (void *)(at + avail);
    q->used = (void *)(at + used);
    q->descriptors_iova = iova;
    q->avail_iova.v = iova.v + avail;
    q->used_iova.v = iova.v + used;
    q->avail->flags = AVAIL_NO_INTERRUPT;
}

uint32_t virtqueue_reserve(struct virtqueue *q, uint32_t count)
{
    uint32_t head = q->next_descriptor;

    q->next_descriptor = (head + count) & (q->entries - 1);
    q->free_descriptors -= count;
    return head;
}

void virtqueue_fill(struct virtqueue *q, uint32_t head, uint32_t i,
                    uint64_t address, uint32_t bytes, bool device_writes,
                    bool more)
{
    uint32_t at = (head + i) & (q->entries - 1);
    volatile struct virtqueue_descriptor *d = &q->descriptors[at];

    d->address = address;
    d->bytes = bytes;
    d->flags = (uint16_t)((device_writes ? DESCRIPTOR_WRITE : 0) |
                          (more ? DESCRIPTOR_NEXT : 0));
    d->next = (uint16_t)((at + 1) & (q->entries - 1));
}

void virtqueue_give(struct virtqueue *q, uint32_t head, uint32_t count,
                    uint32_t what)
{
    uint32_t at = q->given++ & (q->entries - 1);

    q->avail->ring[at] = (uint16_t)head;
    q->chains[at] =
        (struct virtqueue_chain){(uint16_t)head, (uint16_t)count, what};
}

/* 2.7.13: the chains before their number, that before the doorbell. */
void virtqueue_kick(struct virtqueue *q)
{
    if (q->shown == q->given)
        return;
    q->shown = q->given;
    __atomic_store_n(&q->avail->index, q->given, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if ((q->used->flags & 1) == 0) /* the device wants to be told */
        mmio_write16(q->doorbell, 0, q->number);
}

bool virtqueue_take(struct virtqueue *q, uint32_t *what, uint32_t *bytes)
{
    uint32_t at = q->ended & (q->entries - 1);
    uint16_t index;

    if (q->listening) {
        q->listening = false;
        q->avail->flags = AVAIL_NO_INTERRUPT;
    }
    index = __atomic_load_n(&q->used->index, __ATOMIC_ACQUIRE);
    if (index == q->ended || q->lied)
        return false;
    /* More came back than the device has, or another than the oldest. */
    if ((uint16_t)(index - q->ended) > (uint16_t)(q->shown - q->ended) ||
        q->used->ring[at].id != q->chains[at].head) {
        q->lied = true;
        return false;
    }
    *what = q->chains[at].what;
    *bytes = q->used->ring[at].bytes;
    q->free_descriptors += q->chains[at].descriptors;
    q->ended++;
    return true;
}

bool virtqueue_take_any(struct virtqueue *q, uint32_t *head, uint32_t *bytes)
{
    uint32_t at = q->ended & (q->entries - 1);
    uint16_t index = __atomic_load_n(&q->used->index, __ATOMIC_ACQUIRE);

    if (index == q->ended || q->lied)
        return false;
    if ((uint16_t)(index - q->ended) > (uint16_t)(q->shown - q->ended)) {
        q->lied = true;
        return false;
    }
    *head = q->used->ring[at].id;
    *bytes = q->used->ring[at].bytes;
    q->ended++;
    return true;
}

bool virtqueue_listen(struct virtqueue *q)
{
    q->listening = true;
    q->avail->flags = 0;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return __atomic_load_n(&q->used->index, __ATOMIC_ACQUIRE) != q->ended &&
           !q->lied;
}

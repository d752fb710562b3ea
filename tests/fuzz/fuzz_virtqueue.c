/*
 * A lying virtio device: between the driver's operations it writes anything
 * into the queue's memory. Chains come back once each, in order, or the queue
 * is given up; descriptors are never lost or found.
 *
 * links: drivers/virtio/queue.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/virtio/queue.h"

#define ENTRIES 16u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct virtqueue q;
static uint32_t given, taken, used; /* chains; descriptors in them */
static uint32_t lengths[1u << 16];

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void give(uint32_t count)
{
    uint32_t head;

    if (count > q.free_descriptors)
        return;
    head = virtqueue_reserve(&q, count);
    check(head < ENTRIES);
    for (uint32_t i = 0; i < count; i++)
        virtqueue_fill(&q, head, i, i, i, i & 1, i + 1 < count);
    lengths[given & 0xffff] = count;
    used += count;
    virtqueue_give(&q, head, count, given++);
}

static void take(void)
{
    bool lied = q.lied;
    uint32_t what, bytes;

    if (!virtqueue_take(&q, &what, &bytes)) {
        check(q.lied || !lied);
        return;
    }
    check(!lied && taken != given && what == taken);
    used -= lengths[taken++ & 0xffff];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t bytes = virtqueue_bytes(ENTRIES);
    uint8_t *memory = aligned_alloc(64, bytes);
    static uint8_t doorbell[8];

    virtqueue_place(&q, memory, (iova_t){4096}, ENTRIES);
    q.doorbell = doorbell;
    given = taken = used = 0;
    for (size_t i = 0; i + 4 <= size; i += 4) {
        const uint8_t *d = data + i;

        if (d[0] & 0x80)
            memory[(d[1] | d[2] << 8) % bytes] = d[3];
        if (d[0] & 0x40) { /* an honest end */
            uint16_t at = q.used->index;

            q.used->ring[at % ENTRIES].id = q.chains[at % ENTRIES].head;
            q.used->index = (uint16_t)(at + 1);
        }
        switch (d[0] % 4) {
        case 0:
            give(1 + d[1] % 4);
            break;
        case 1:
            virtqueue_kick(&q);
            break;
        case 2:
            take();
            break;
        default:
            virtqueue_listen(&q);
        }
        check(q.free_descriptors + used == ENTRIES);
    }
    free(memory);
    return 0;
}

/*
 * A lying network card: between the driver's operations it writes anything
 * anywhere into its descriptor rings. It cannot end more than it was given, and
 * what the client hears is within the bounds of the protocol.
 *
 * links: drivers/nic/intel/queue.c drivers/nic/e1000e/descriptor.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/nic/intel/queue.h"

#define REGISTERS 0x10000u
#define MAX       64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t registers[REGISTERS];
static struct intel_queue queue;
static uint32_t posted, sending;

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void receive(uint32_t max)
{
    struct packet_shared_arrival arrivals[MAX];
    uint32_t count = queue_received(&queue, arrivals, max % MAX);

    check(count <= posted);
    posted -= count;
    for (uint32_t i = 0; i < count; i++) {
        const struct packet_shared_arrival *a = &arrivals[i];

        if (a->flags & PACKET_NOTHING)
            check(a->flags == PACKET_NOTHING && a->bytes == 0);
        else
            check(a->bytes >= PACKET_FRAME_MIN &&
                  a->bytes <= PACKET_BUFFER_BYTES &&
                  (a->flags & ~PACKET_ARRIVAL_FLAGS) == 0);
        check((a->flags & 3) != 3 && (a->flags & 12) != 12);
    }
}

static void send(uint32_t count, uint32_t pieces, uint8_t flags)
{
    struct packet_piece p[MAX + PACKET_MAX_SEGMENTS];
    uint32_t total = 0;

    for (count %= 8; count != 0 && total < MAX - 8; count--) {
        uint32_t n = 1 + pieces % 8;

        for (uint32_t i = 0; i < n; i++)
            p[total + i] =
                (struct packet_piece){.at = 4096,
                                      .bytes = 100,
                                      .flags = i == 0 ? flags & 63 : 0,
                                      .l2_bytes = 14,
                                      .l3_bytes = 20,
                                      .l4_bytes = 20,
                                      .mss = 100};
        if (n > 1)
            p[total].flags |= PACKET_MORE;
        else
            p[total].flags &= (uint8_t)~PACKET_MORE;
        p[total].pieces = (uint8_t)n;
        p[total].packet_bytes = 100 * n;
        total += n;
    }
    if (total == 0 || total + sending > PACKET_RING_ENTRIES)
        return;
    queue_send(&queue, p, total);
    sending += total;
}

static void step(const uint8_t *d)
{
    const uint64_t at[MAX] = {4096};
    uint32_t count = d[1] % MAX;

    switch (d[0] % 4) {
    case 0:
        receive(d[1]);
        break;
    case 1:
        if (count != 0 && posted + count <= PACKET_RING_ENTRIES) {
            queue_post(&queue, at, count);
            posted += count;
        }
        break;
    case 2:
        send(d[1], d[2], d[3]);
        break;
    default:
        count = queue_sent(&queue);
        check(count <= sending);
        sending -= count;
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct intel_descriptor *rings = aligned_alloc(64, QUEUE_DMA_BYTES);

    memset(&queue, 0, sizeof(queue));
    memset(rings, 0, QUEUE_DMA_BYTES);
    posted = sending = 0;
    queue_place(&queue, rings, (iova_t){0x1000000});
    queue_reset(&queue, registers, 0x2800, 0x3800);
    for (size_t i = 0; i + 8 <= size; i += 8) {
        const uint8_t *d = data + i;
        size_t where = ((size_t)d[4] << 8 | d[5]) * 8 % QUEUE_DMA_BYTES;

        if (d[0] & 0x80) /* anything */
            memcpy((uint8_t *)rings + where, d, 8);
        if (d[0] & 0x40) /* "done" where it hurts */
            rings[d[6]].high |= RX_DONE | TX_DONE | (uint64_t)d[7] << 36;
        step(d);
    }
    free(rings);
    return 0;
}

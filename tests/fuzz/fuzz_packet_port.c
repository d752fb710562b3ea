/*
 * A hostile client of the packet service: between the server's operations any
 * bytes appear anywhere in the shared memory. What the server takes must lie in
 * what was lent, and counts must stay within the rings.
 *
 * links: libsys/ring.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cordon/syscalls.h>

static struct result fake_signal(cap_t cap)
{
    (void)cap;
    return (struct result){0};
}
#define notification_signal fake_signal
#include "libsys/packet_port.c"

#define BASE  0x1000000ull
#define BYTES 0x8000u
#define MAX   64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct packet_port port;

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void setup(struct packet_shared *s)
{
    struct packet_port_queue *q = &port.queues[0];

    memset(&port, 0, sizeof(port));
    memset(s, 0, sizeof(*s));
    q->shared = s;
    port.open = true;
    port.queue_count = 1;
    port.mtu = 1500;
    port.features = 63;
    port.pools[0] = (struct packet_port_pool){
        .base = BASE, .bytes = BYTES, .writable = true};
    port.pools[1] = (struct packet_port_pool){.base = 2 * BASE, .bytes = BYTES};
    check(ring_attach(&q->posts, s->posts, sizeof(s->posts),
                      PACKET_RING_ENTRIES, 8, false) &&
          ring_attach(&q->arrivals, s->arrivals, sizeof(s->arrivals),
                      PACKET_RING_ENTRIES, 8, true) &&
          ring_attach(&q->sends, s->sends, sizeof(s->sends),
                      PACKET_RING_ENTRIES, 16, false));
}

static void inside(uint64_t at, uint64_t bytes, bool writable)
{
    uint64_t base = at >= 2 * BASE ? 2 * BASE : BASE;

    check(at >= base && at - base + bytes <= BYTES);
    check(!writable || base == BASE);
}

static void take_posts(uint32_t max)
{
    uint64_t at[MAX];
    uint32_t count = packet_port_posts(&port, 0, at, max % MAX);

    for (uint32_t i = 0; i < count; i++)
        inside(at[i], PACKET_BUFFER_BYTES, true);
}

static void take_sends(uint32_t max)
{
    struct packet_piece pieces[MAX];
    uint32_t limit = max % (MAX + 1);
    uint32_t count = packet_port_sends(&port, 0, pieces, limit);

    check(count <= limit);
    for (uint32_t i = 0; i < count;) {
        const struct packet_piece *p = &pieces[i];
        uint32_t bytes = 0;

        check(p->pieces != 0 && i + p->pieces <= count);
        for (uint32_t k = 0; k < p->pieces; k++) {
            inside(p[k].at, p[k].bytes, false);
            bytes += p[k].bytes;
        }
        check(bytes == p->packet_bytes && bytes >= PACKET_FRAME_MIN);
        check(bytes <=
              (p->flags & PACKET_SEGMENT ? PACKET_TSO_MAX : PACKET_FRAME_MAX));
        i += p->pieces;
    }
}

static void step(const uint8_t *d)
{
    struct packet_shared_arrival arrivals[MAX] = {{0}};

    switch (d[0] % 8) {
    case 0:
        take_posts(d[1]);
        break;
    case 1:
        take_sends(d[1]);
        break;
    case 2:
        packet_port_arrive(&port, 0, arrivals, d[1] % MAX);
        break;
    case 3:
        packet_port_sent(&port, 0, d[1]);
        break;
    case 4:
        packet_port_publish(&port);
        break;
    case 5:
        packet_port_may_sleep(&port);
        packet_port_awake(&port);
        break;
    case 6:
        packet_port_forget(&port);
        break;
    default:
        break;
    }
}

/* What the client writes: bytes anywhere, or an honest step of a position. */
static void client(struct packet_shared *s, const uint8_t *d)
{
    struct ring_shared *rings[] = {(void *)s->posts, (void *)s->sends,
                                   (void *)s->arrivals};
    struct ring_shared *r = rings[d[1] % 3];
    struct ring_side *side = d[1] % 3 == 2 ? &r->consumer : &r->producer;
    size_t at = ((size_t)d[2] << 8 | d[3]) % (sizeof(*s) - 4);

    if (d[0] & 0x80)
        memcpy((uint8_t *)s + at, d + 4, 4);
    if (d[0] & 0x40)
        side->position += d[1] >> 3;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct packet_shared *s = aligned_alloc(64, sizeof(*s));

    setup(s);
    for (size_t i = 0; i + 8 <= size; i += 8) {
        client(s, data + i);
        step(data + i);
        check(port.queues[0].posted <= PACKET_RING_ENTRIES);
        check(port.queues[0].sending <= PACKET_RING_ENTRIES);
    }
    free(s);
    return 0;
}

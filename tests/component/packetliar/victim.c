/*
 * The client: whatever the driver says, no arrival is about a buffer that was
 * not posted or longer than it, no more is sent than was handed over, and
 * nothing takes longer than it may.
 */
#include <stdio.h>
#include <string.h>

#include "tests/component/packetliar/liar.h"

#define BUFFERS 64u
#define WATCH   (300 * NS_PER_MS)

static unsigned failures;

static void hand_over(struct packet_device *dev, const struct packet_pool *pool)
{
    for (uint32_t i = 0; i < BUFFERS; i++) {
        const struct packet_buffer b = {.offset = i * PACKET_BUFFER_BYTES,
                                        .pool = (uint16_t)pool->id};
        const struct packet_send e = {
            .offset = i * 100, .bytes = 60, .pool = (uint8_t)pool->id};

        packet_post(dev, 0, &b, 1);
        packet_send(dev, 0, &e, 1);
    }
    packet_kick(dev);
}

/* True if all that came could be. */
static bool watch(struct packet_device *dev, unsigned *came, unsigned *sent)
{
    struct packet_arrival a[32];
    bool good = true;

    for (uint64_t end = clock_after(WATCH); clock_now() < end;) {
        unsigned count = packet_receive(dev, 0, a, 32);

        for (unsigned i = 0; i < count; i++) {
            good &= a[i].buffer.offset == (*came + i) * PACKET_BUFFER_BYTES;
            good &= a[i].bytes <= PACKET_BUFFER_BYTES;
            good &= (a[i].flags & PACKET_NOTHING) != 0
                        ? a[i].bytes == 0
                        : a[i].bytes >= PACKET_FRAME_MIN;
            good &= (a[i].flags & ~PACKET_ARRIVAL_FLAGS) == 0;
        }
        *came += count;
        *sent += packet_sent(dev, 0);
        good &= *came <= BUFFERS && *sent <= BUFFERS;
        packet_link(dev);
        packet_wait(dev, true, clock_after(10 * NS_PER_MS));
    }
    return good;
}

static void suffer(unsigned number)
{
    struct packet_statistics statistics;
    struct packet_device *dev;
    struct packet_pool pool;
    unsigned came = 0, sent = 0;
    bool good = true;
    int status = packet_open("packet", NULL, &dev);

    if (status != PACKET_OK) {
        printf("victim: lie %u: %s\n", number, packet_error_text(status));
        return;
    }
    if (packet_pool_lend(dev, BUFFERS * PACKET_BUFFER_BYTES, &pool) ==
        PACKET_OK) {
        hand_over(dev, &pool);
        good = watch(dev, &came, &sent);
    }
    packet_statistics(dev, &statistics);
    packet_filter(dev, 0, NULL, 0);
    status = packet_state(dev);
    packet_close(dev);
    failures += !good;
    printf("victim: lie %u: %u came, %u sent, %s: %s\n", number, came, sent,
           packet_error_text(status), good ? "ok" : "FAILED");
}

int victim(void)
{
    for (unsigned i = 0; i < 2 * LIES; i++)
        suffer(i % LIES);
    printf("victim: done, %u failed\n", failures);
    return failures != 0;
}

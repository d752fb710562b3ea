/*
 * What no client should do: nonsense calls, posts and entries, broken rings,
 * memory taken back under way. After each, an honest connection must work.
 */
#include <stdio.h>
#include <string.h>

#include "libsys/packet_internal.h"
#include "tests/component/packettest/packettest.h"

static unsigned failures;
static uint64_t seed = 1;

static uint64_t random_word(void)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return seed >> 20 ^ seed << 31;
}

static void part(const char *name, bool good)
{
    failures += !good;
    printf("hostile: %s %s\n", name, good ? "ok" : "FAILED");
}

static void nonsense_calls(void)
{
    cap_t endpoint = service_find("packet");

    for (unsigned i = 0; i < 200; i++) {
        struct message m;

        message_begin(&m, random_word() % 12);
        for (uint64_t n = random_word() % 12; n != 0; n--)
            message_put(&m,
                        random_word() % 3 ? random_word() % 16 : random_word());
        if (random_word() % 2)
            message_put_cap(&m, STARTUP_MESSAGE, RIGHT_READ);
        message_call(endpoint, &m, clock_after(NS_PER_S));
        message_drop_caps(&m);
    }
}

static struct packet_device *fresh(struct packet_pool *pool)
{
    struct packet_device *dev;

    if (packet_open("packet", NULL, &dev) != PACKET_OK)
        return NULL;
    if (packet_pool_lend(dev, 1 << 18, pool) != PACKET_OK) {
        packet_close(dev);
        return NULL;
    }
    return dev;
}

/* Every entry comes back, whatever is in it, and nothing outside the pool is
 * ever sent (the faults counted are 0). */
static bool nonsense_entries(void)
{
    struct packet_statistics s = {0};
    struct packet_pool pool;
    struct packet_device *dev = fresh(&pool);
    unsigned given = 0, back = 0;

    if (dev == NULL)
        return false;
    while (given < 4000) {
        struct packet_send e = {
            .offset = (uint32_t)random_word(),
            .bytes = (uint16_t)random_word(),
            .pool = (uint8_t)(random_word() % 3 ? 0 : random_word()),
            .flags = (uint8_t)(random_word() & ~(uint64_t)PACKET_MORE),
            .l2_bytes = (uint8_t)random_word(),
            .l3_bytes = (uint8_t)random_word(),
            .l4_bytes = (uint8_t)random_word(),
            .mss = (uint16_t)random_word(),
        };

        if (random_word() % 4 == 0) {
            e.offset %= 1 << 18;
            e.bytes %= 1600;
        }
        given += packet_send(dev, 0, &e, 1);
        if (packet_room(dev, 0) == 0) {
            packet_kick(dev);
            packet_wait(dev, true, clock_after(NS_PER_S));
            back += packet_sent(dev, 0);
        }
    }
    packet_kick(dev);
    for (uint64_t end = clock_after(3 * NS_PER_S);
         back < given && clock_now() < end;) {
        packet_wait(dev, true, clock_after(NS_PER_MS));
        back += packet_sent(dev, 0);
    }
    packet_statistics(dev, &s);
    packet_close(dev);
    return back == given && s.refused != 0 && s.faults == 0;
}

/* A post outside the pool, past the library's own check: disconnected. */
static bool post_outside(void)
{
    struct packet_pool pool;
    struct packet_device *dev = fresh(&pool);
    struct packet_buffer *b;
    bool gone = false;

    if (dev == NULL)
        return false;
    b = ring_ahead(&dev->queues[0].posts, 0);
    *b = (struct packet_buffer){.offset = (1 << 18) - 100};
    ring_pass(&dev->queues[0].posts, 1);
    packet_kick(dev);
    for (unsigned i = 0; i < 1000 && !gone; i++) {
        gone = notification_signal(dev->kick).status != OK;
        clock_sleep(NS_PER_MS);
    }
    packet_close(dev);
    return gone;
}

/* Positions that no honest ring has, and a packet without an end. */
static bool rings_broken(void)
{
    for (unsigned round = 0; round < 20; round++) {
        struct packet_pool pool;
        struct packet_device *dev = fresh(&pool);
        struct packet_send more = {.bytes = 60, .flags = PACKET_MORE};
        struct ring_shared *shared;

        if (dev == NULL)
            return false;
        *(struct packet_send *)ring_ahead(&dev->queues[0].sends, 0) = more;
        ring_pass(&dev->queues[0].sends, 1);
        packet_kick(dev);
        shared = round % 3 == 0   ? dev->queues[0].posts.shared
                 : round % 3 == 1 ? dev->queues[0].sends.shared
                                  : dev->queues[0].arrivals.shared;
        for (unsigned i = 0; i < 20; i++) {
            struct ring_side *side =
                round % 3 == 2 ? &shared->consumer : &shared->producer;

            __atomic_store_n(&side->position, (uint32_t)random_word(),
                             __ATOMIC_RELAXED);
            notification_signal(dev->kick);
        }
        packet_close(dev);
    }
    return true;
}

/* Takes the memory back that the device sends from and receives into. */
static bool memory_revoked(void)
{
    struct packet_pool pool;
    struct packet_device *dev = fresh(&pool);
    struct packet_statistics s = {0};

    if (dev == NULL)
        return false;
    for (uint32_t i = 0; i < 64; i++) {
        struct packet_buffer b = {.offset = i * PACKET_BUFFER_BYTES};

        packet_post(dev, 0, &b, 1);
    }
    for (uint32_t f = 0; f < dev->pools[0].count; f++)
        captable_revoke(STARTUP_CAPTABLE, dev->pools[0].frames + f);
    for (uint32_t i = 0; i < 64; i++) {
        struct packet_send e = {.offset = i * 2048, .bytes = 200};

        packet_send(dev, 0, &e, 1);
    }
    packet_kick(dev);
    clock_sleep(20 * NS_PER_MS);
    packet_statistics(dev, &s);
    packet_close(dev);
    return s.faults != 0;
}

int hostile(void)
{
    struct packet_pool pool;
    struct packet_device *dev;

    nonsense_calls();
    part("open after nonsense", (dev = fresh(&pool)) != NULL);
    if (dev != NULL)
        packet_close(dev);
    part("every entry comes back", nonsense_entries());
    part("a post outside disconnects", post_outside());
    part("rings broken", rings_broken());
    part("memory revoked is a fault", memory_revoked());
    nonsense_calls();
    part("still here", (dev = fresh(&pool)) != NULL);
    if (dev != NULL)
        packet_close(dev);
    printf("hostile: done, %u failed\n", failures);
    return failures != 0;
}

/*
 * A network card's driver that works, and from time to time lies to the network
 * stack above it: about lengths, checksums, what was sent, the link, and behind
 * the rings' back about their positions. Each connection of the stack gets the
 * next lie; when all were told, it is honest for good.
 */
#include "drivers/nic/intel/nic.h"
#include "tests/attack/attack.h"
#include "tests/attack/random.h"

#define HONEST (1500 * NS_PER_MS) /* after the start of a connection */
#define LYING  NS_PER_S

enum lie {
    LIE_LENGTHS,
    LIE_SUMS,
    LIE_BACKWARDS,
    LIE_ARRIVALS_AHEAD,
    LIE_SENDS_AHEAD,
    LIE_EVERYTHING,
    LIE_LINK,
    LIE_SILENCE,
    LIES
};

static struct intel_nic nic;
static struct packet_device_operations honest, lying;
static uint64_t state = 1, begun;
static unsigned told; /* lies so far */

static uint32_t random_word(void)
{
    return (uint32_t)random_next(&state);
}

/* The lie of this moment; LIES: none. */
static enum lie lie_now(void)
{
    uint64_t now = clock_now();

    if (told == LIES || now < begun + HONEST)
        return LIES;
    if (now < begun + HONEST + LYING)
        return (enum lie)told;
    /* The stack has lived through it. */
    begun = now;
    told++;
    say("told %u", told);
    if (told == LIES)
        say("done");
    return LIES;
}

static struct ring_shared *ring(void *entries)
{
    return entries;
}

static void lie_about_rings(enum lie lie)
{
    struct packet_shared *s = nic.driver.port.queues[0].shared;
    uint32_t *word = (uint32_t *)s;

    switch (lie) {
    case LIE_BACKWARDS:
        ring(s->arrivals)->producer.position -= 1 + random_word() % 4;
        break;
    case LIE_ARRIVALS_AHEAD:
        ring(s->arrivals)->producer.position += 1u << random_word() % 32;
        break;
    case LIE_SENDS_AHEAD:
        ring(s->sends)->consumer.position += 1u << random_word() % 32;
        ring(s->posts)->consumer.position += 1u << random_word() % 32;
        break;
    case LIE_EVERYTHING:
        for (unsigned i = 0; i < 1000; i++)
            word[random_word() % (sizeof(*s) / sizeof(*word))] = random_word();
        break;
    case LIE_LINK:
        s->link = random_word();
        break;
    default:
        break;
    }
}

static void lie_about_arrivals(enum lie lie, struct packet_shared_arrival *a)
{
    static const uint16_t lengths[] = {0, 1, 13, 14, 33, 54, 2049, 65535};

    if (lie == LIE_LENGTHS)
        a->bytes = lengths[random_word() % 8];
    if (lie == LIE_LENGTHS || lie == LIE_SUMS) {
        a->flags = (uint16_t)(random_word() & ~(uint32_t)PACKET_NOTHING);
        a->hash = random_word();
    }
}

static uint32_t received(void *device, uint32_t queue,
                         struct packet_shared_arrival *arrivals, uint32_t max)
{
    enum lie lie = lie_now();
    uint32_t count;

    lie_about_rings(lie);
    if (lie == LIE_SILENCE)
        return 0;
    count = honest.received(device, queue, arrivals, max);
    for (uint32_t i = 0; i < count; i++)
        lie_about_arrivals(lie, &arrivals[i]);
    return count;
}

static uint32_t sent(void *device, uint32_t queue)
{
    return lie_now() == LIE_SILENCE ? 0 : honest.sent(device, queue);
}

static uint32_t link_state(void *device)
{
    return lie_now() == LIE_LINK ? random_word() : honest.link(device);
}

/* The stack has connected, the first time or because it gave the last
 * connection up: that lie is told. */
static bool start(void *device, uint32_t queues)
{
    if (begun != 0 && told < LIES && clock_now() >= begun + HONEST) {
        told++;
        say("told %u, and the stack connects anew", told);
        if (told == LIES)
            say("done");
    }
    begun = clock_now();
    return honest.start(device, queues);
}

int main(int argc, char **argv)
{
    attack_open();
    if (!nic_open(&nic, argc, argv))
        attack_error("card", ERR_CAPABILITY);
    honest = lying = *nic.driver.operations;
    lying.start = start;
    lying.received = received;
    lying.sent = sent;
    lying.link = link_state;
    nic.driver.operations = &lying;
    say("ready");
    return packet_driver_run(&nic.driver);
}

/*
 * Datagrams in the ring that are longer than the ring, or than what is there;
 * and a length that changes while the server reads it, by a second thread.
 */
#include "tests/attack/net-client/net_client.h"

#include <cordon/thread.h>

#define STACK  16384
#define SHORT  32u   /* with its head a multiple of 64, as is */
#define LONG   8032u /* this one, so each next record is whole */
#define ROUND  8192u /* bytes of records at once */
#define ROUNDS 50u

static const struct net_address neighbour = {
    .family = 4, .port = ATTACK_PORT, .address = {10, 0, 2, 77}};

static struct net_record *volatile target;

static void change(void *unused)
{
    (void)unused;
    for (;;) {
        struct net_record *r = target;

        if (r == NULL)
            continue;
        __atomic_store_n(&r->bytes, LONG, __ATOMIC_RELAXED);
        for (volatile unsigned i = 0; i < 30; i++)
            ;
        __atomic_store_n(&r->bytes, SHORT, __ATOMIC_RELAXED);
    }
}

/* From the head on, wherever a record may begin, there is one. */
static uint8_t *fill(struct net *net, unsigned socket, uint32_t bytes)
{
    uint8_t *ring = net_arena_send(net->shared, &net->shape, socket);
    const struct net_record r = {.bytes = bytes, .peer = neighbour};
    uint32_t at = net_arena_socket(net->shared, socket)->send_head;

    for (uint32_t i = 0; i < ROUND; i += sizeof(r))
        memcpy(ring + (at + i) % ATTACK_RING, &r, sizeof(r));
    return ring + at % ATTACK_RING;
}

/* The server is told of the records. */
static void pass(struct net *net, unsigned socket, uint32_t bytes)
{
    struct net_socket_shared *s = net_arena_socket(net->shared, socket);

    __atomic_store_n(&s->send_head, s->send_head + bytes, __ATOMIC_RELEASE);
    stack_tell(net, socket / 64);
}

static void changing(struct net *net, unsigned socket)
{
    struct net_socket_shared *s = net_arena_socket(net->shared, socket);

    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t end = clock_after(100 * NS_PER_MS);

        target = (struct net_record *)fill(net, socket, SHORT);
        pass(net, socket, ROUND);
        while (clock_now() < end &&
               __atomic_load_n(&s->send_tail, __ATOMIC_ACQUIRE) != s->send_head)
            ;
        target = NULL;
    }
    clock_sleep(10 * NS_PER_MS); /* the other thread is not there any more */
}

static void too_long(struct net *net, unsigned socket, uint32_t bytes)
{
    static uint8_t data[ATTACK_RING - 96];

    /* One that is right, so that the next begins near the ring's end. */
    net_send_to(net, socket, data, sizeof(data), &neighbour);
    net_kick(net);
    clock_sleep(20 * NS_PER_MS);
    fill(net, socket, bytes);
    pass(net, socket, 64);
    for (unsigned i = 0; i < 20 && !stack_ended(net); i++)
        clock_sleep(5 * NS_PER_MS);
}

void records(void)
{
    static const uint32_t lengths[] = {
        65000,      ATTACK_RING, ATTACK_RING - 32, 0xffffffffu,
        0x80000000, 33,          0xffffffe0u,      60000,
    };
    const unsigned count = sizeof(lengths) / sizeof(lengths[0]);
    uint64_t end = clock_after(ATTACK_TIME);
    unsigned cpu, told = 0, ended = 0;
    cap_t context = thread_context(&cpu);

    if (thread_create(change, NULL, STACK, context, cpu, NULL) == NULL)
        attack_error("thread", ERR_NO_MEMORY);
    for (; clock_now() < end || told < 2 * count; told++) {
        struct net *net = stack_open();
        unsigned socket;

        while (net_socket(net, NET_UDP, 4, &socket) == NET_OK)
            ;
        if (told % count == 0)
            changing(net, ATTACK_SOCKETS - 1);
        too_long(net, ATTACK_SOCKETS - 1, lengths[told % count]);
        ended += stack_ended(net);
        net_close(net);
    }
    say("told %u lengths, %u connections were ended", told, ended);
}

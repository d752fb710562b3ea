/*
 * Positions that cannot be, in the half of the arena that is the client's and
 * in the one that is not; and work for sockets that do not exist.
 */
#include "tests/attack/net-client/net_client.h"

#define HOLD (150 * NS_PER_MS) /* so long a lie is kept up */

static uint64_t state = 1;

static uint32_t random_position(void)
{
    return (uint32_t)random_next(&state);
}

static void backwards(struct net_socket_shared *s)
{
    s->send_head -= 32;
    s->receive_tail -= 1;
}

static void far_ahead(struct net_socket_shared *s)
{
    s->receive_tail += 0x7fffff00u;
}

static void send_far_ahead(struct net_socket_shared *s)
{
    s->send_head += 0x80000000u;
}

static void one_too_many(struct net_socket_shared *s)
{
    s->send_head = s->send_tail + ATTACK_RING + 1;
}

/* One half of the word, and after a while the other. */
static void torn(struct net_socket_shared *s)
{
    volatile uint16_t *half = (volatile uint16_t *)&s->receive_tail;

    half[0] = (uint16_t)random_position();
    for (volatile unsigned i = 0; i < 20000; i++)
        ;
    half[1] = (uint16_t)random_position();
}

static void others_half(struct net_socket_shared *s)
{
    s->send_tail = random_position();
    s->receive_head = random_position();
    s->events = random_position();
    s->error = random_position();
}

static void everything(struct net_socket_shared *s)
{
    uint32_t *word = (uint32_t *)s;

    for (unsigned i = 0; i < sizeof(*s) / sizeof(*word); i++)
        word[i] = random_position();
}

static void nothing(struct net_socket_shared *s)
{
    (void)s; /* only the work bits */
}

static void (*const lies[])(struct net_socket_shared *s) = {
    far_ahead,   backwards, send_far_ahead, one_too_many,
    others_half, torn,      nothing,        everything,
};
#define LIES (sizeof(lies) / sizeof(lies[0]))

/* A listener, a connection if the host made one, datagrams in all others. */
static void sockets_make(struct net *net)
{
    const struct net_address port = {.port = ATTACK_PORT};
    struct net_address peer;
    unsigned socket, connection;

    if (net_socket(net, NET_TCP, 4, &socket) != NET_OK ||
        net_bind(net, socket, &port) != NET_OK ||
        net_listen(net, socket, 8) != NET_OK)
        attack_error("listener", 0);
    clock_sleep(20 * NS_PER_MS);
    net_accept(net, socket, &connection, &peer);
    while (net_socket(net, NET_UDP, 4, &socket) == NET_OK)
        ;
    if (net_bind(net, ATTACK_SOCKETS - 1, &port) != NET_OK)
        attack_error("the last socket", 0);
}

/* Of these sockets: the connection, and the last one. Held for a while, even
 * if the server does not see it at once. */
static void lie(struct net *net, void (*tell)(struct net_socket_shared *s))
{
    static const unsigned chosen[] = {1, ATTACK_SOCKETS - 1};
    uint64_t end = clock_after(HOLD);

    for (unsigned word = 1; word < NET_WORDS; word++)
        stack_tell(net, word); /* no such sockets */
    for (unsigned i = 0; i < 2; i++)
        tell(net_arena_socket(net->shared, chosen[i]));
    stack_tell(net, 0);
    while (clock_now() < end && !stack_ended(net))
        clock_sleep(5 * NS_PER_MS);
}

void positions(void)
{
    uint64_t end = clock_after(ATTACK_TIME);
    unsigned told = 0, ended = 0;

    while (clock_now() < end || told < 2 * LIES) {
        struct net *net = stack_open();

        sockets_make(net);
        lie(net, lies[told % LIES]);
        ended += stack_ended(net);
        told++;
        net_close(net);
    }
    say("told %u lies, %u connections were ended", told, ended);
}

/*
 * Connections of clients: who they are, the arena that each has, and the turns
 * that their sockets get. In a turn each client has some of its sockets looked
 * at, whatever it claims to have to do, and is woken once at most.
 *
 * That a client has died is seen by its Notification, once a second.
 */
#include "servers/net/clients.h"

#include <cordon/cordon.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "servers/net/loop.h"
#include "servers/net/socket.h"
#include "servers/net/wake.h"

#define VISITS  32u /* sockets of a client in a turn */
#define LOOK_NS NS_PER_S

static struct client clients[CLIENTS_MAX];
static cap_t loop_events;
static uint64_t looked;

bool clients_start(cap_t events)
{
    loop_events = events;
    tcp_sockets_start();
    return arena_start();
}

struct client *client_at(unsigned i)
{
    return i < CLIENTS_MAX && clients[i].badge != 0 ? &clients[i] : NULL;
}

unsigned client_number(const struct client *c)
{
    return (unsigned)(c - clients);
}

static enum net_status client_ask(uint64_t badge, struct client *c)
{
    enum service_error error = service_client(badge, &c->rights);

    if (error != SERVICE_OK)
        return error == SERVICE_BUSY ? NET_E_AGAIN : NET_E_DENIED;
    c->badge = badge;
    return NET_OK;
}

enum net_status client_find(uint64_t badge, struct client **out)
{
    for (unsigned i = 0; i < CLIENTS_MAX; i++) {
        *out = &clients[i];
        if (clients[i].badge == badge && badge != 0)
            return NET_OK;
        if (clients[i].badge == 0)
            return badge != 0 ? client_ask(badge, &clients[i]) : NET_E_DENIED;
    }
    return NET_E_LIMIT;
}

/* Everything that a connection needs; what there is of it is dropped by
 * client_close(). */
static enum net_status client_equip(struct client *c)
{
    enum net_status status =
        arena_take(net_arena_bytes(&c->shape), c->badge, &c->arena);

    if (status != NET_OK) {
        printf(
            "net: no memory for the rings of %s, %llu KiB: raise `memory` of "
            "the network server\n",
            c->rights.name,
            (unsigned long long)net_arena_bytes(&c->shape) >> 10);
        return status;
    }
    c->shared = c->arena.data;
    c->sockets = calloc(c->shape.sockets, sizeof(*c->sockets));
    c->heard = calloc(HEARD_ENTRIES, sizeof(*c->heard));
    c->kick = cap_copy(loop_events, RIGHT_WRITE, EVENT_CLIENTS, NULL);
    return c->sockets != NULL && c->heard != NULL && c->kick != 0
               ? NET_OK
               : NET_E_MEMORY;
}

static uint32_t sockets_count(void)
{
    uint32_t count = 0;

    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        count += clients[i].open ? clients[i].shape.sockets : 0;
    return count;
}

enum net_status client_open(struct client *c, const struct net_shape *shape,
                            cap_t wake)
{
    enum net_status status = NET_OK;

    client_close(c, NET_E_GONE);
    c->wake = wake;
    if (wake == 0 || !net_shape_allowed(shape))
        status = NET_E_REQUEST;
    else if (shape->sockets > c->rights.sockets)
        status = c->rights.sockets == 0 ? NET_E_DENIED : NET_E_LIMIT;
    else if (sockets_count() + shape->sockets > SOCKETS_ALL ||
             net_arena_bytes(shape) > c->rights.memory)
        status = NET_E_MEMORY;
    if (status == NET_OK) {
        c->shape = *shape;
        c->open = true;
        status = client_equip(c);
    }
    if (status != NET_OK)
        client_close(c, NET_E_GONE);
    return status;
}

void client_close(struct client *c, enum net_status why)
{
    for (uint32_t i = 0; c->sockets != NULL && i < c->shape.sockets; i++)
        if (c->sockets[i].kind != 0)
            socket_abort(&c->sockets[i]);
    free(c->sockets);
    free(c->heard);
    c->sockets = NULL;
    c->heard = NULL;
    arena_give(&c->arena);
    c->shared = NULL;
    if (c->kick != 0)
        cap_delete(c->kick);
    if (c->wake != 0)
        cap_delete(c->wake);
    c->kick = c->wake = 0;
    memset(c->todo, 0, sizeof(c->todo));
    memset(c->later, 0, sizeof(c->later));
    memset(c->news, 0, sizeof(c->news));
    c->open = c->broken = false;
    c->next = 0;
    c->ended = why;
}

static unsigned words(const struct client *c)
{
    return (c->shape.sockets + 63) / 64;
}

void client_flush(struct client *c)
{
    bool any = false;

    for (unsigned w = 0; c->open && w < words(c); w++) {
        uint64_t news = c->news[w];

        if (news == 0)
            continue;
        c->news[w] = 0;
        for (uint64_t bits = news; bits != 0; bits &= bits - 1) {
            unsigned number = w * 64 + (unsigned)__builtin_ctzll(bits);

            socket_publish(&c->sockets[number]);
        }
        __atomic_fetch_or(&c->shared->client.work[w], news, __ATOMIC_SEQ_CST);
        any = true;
    }
    if (any &&
        __atomic_load_n(&c->shared->client.sleeps, __ATOMIC_SEQ_CST) != 0 &&
        __atomic_exchange_n(&c->shared->client.sleeps, 0, __ATOMIC_SEQ_CST) !=
            0)
        wake_signal(c->wake);
}

/* Takes what the client wants looked at. */
static void work_take(struct client *c)
{
    for (unsigned w = 0; w < words(c); w++) {
        uint64_t *work = &c->shared->server.work[w];

        if (__atomic_load_n(work, __ATOMIC_RELAXED) != 0)
            c->todo[w] |= __atomic_exchange_n(work, 0, __ATOMIC_SEQ_CST);
    }
    if (c->shape.sockets % 64 != 0)
        c->todo[words(c) - 1] &= (1ull << c->shape.sockets % 64) - 1;
}

/* Looks at sockets of word `w` among `mask`. Returns how many. */
static unsigned word_visit(struct client *c, unsigned w, uint64_t mask,
                           unsigned most)
{
    uint64_t left = c->todo[w] & mask;
    unsigned visits = 0;

    for (; left != 0 && visits < most && !c->broken; left &= left - 1) {
        unsigned number = w * 64 + (unsigned)__builtin_ctzll(left);

        c->todo[w] &= ~(left & -left);
        if (socket_work(&c->sockets[number]))
            socket_todo(&c->sockets[number]);
        c->next = number + 1;
        visits++;
    }
    return visits;
}

/* Looks at up to VISITS sockets, going on where it ended the last time. True:
 * it had any to look at. */
static bool sockets_visit(struct client *c)
{
    unsigned start = c->next % c->shape.sockets, first = start / 64;
    uint64_t from = ~0ull << start % 64;
    unsigned visits = word_visit(c, first, from, VISITS);

    for (unsigned w = 1; w < words(c); w++)
        visits += word_visit(c, (first + w) % words(c), ~0ull, VISITS - visits);
    visits += word_visit(c, first, ~from, VISITS - visits);
    return visits != 0;
}

static void client_break(struct client *c)
{
    printf("net: %s broke its rings: disconnected\n", c->rights.name);
    socket_counts.corrupt++;
    client_close(c, NET_E_CORRUPT);
}

static bool client_turn(struct client *c)
{
    bool worked;

    work_take(c);
    worked = sockets_visit(c);
    if (c->broken)
        client_break(c);
    else
        client_flush(c);
    return worked;
}

/* What waited for memory may try again; who lingers for too long is reset. */
static void client_retry(struct client *c, uint64_t now)
{
    for (unsigned w = 0; w < words(c); w++) {
        c->todo[w] |= c->later[w];
        c->later[w] = 0;
    }
    for (uint32_t i = 0; c->closing != 0 && i < c->shape.sockets; i++) {
        struct socket *s = &c->sockets[i];

        if (s->kind != 0 && s->closing && now >= s->linger)
            socket_abort(s);
    }
}

static void clients_look(void)
{
    uint64_t now = clock_now();

    if (now - looked < LOOK_NS)
        return;
    looked = now;
    for (unsigned i = 0; i < CLIENTS_MAX; i++) {
        struct client *c = &clients[i];

        if (c->open && !wake_is_alive(c->wake))
            client_close(c, NET_E_GONE);
        else if (c->open)
            client_retry(c, now);
    }
}

bool clients_turn(void)
{
    bool worked = false;

    for (unsigned i = 0; i < CLIENTS_MAX && clients[i].badge != 0; i++)
        if (clients[i].open)
            worked |= client_turn(&clients[i]);
    clients_look();
    return worked;
}

bool clients_sleep(void)
{
    bool nothing = true;

    for (unsigned i = 0; i < CLIENTS_MAX && clients[i].badge != 0; i++)
        if (clients[i].open)
            __atomic_store_n(&clients[i].shared->server.sleeps, 1,
                             __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < CLIENTS_MAX && clients[i].badge != 0; i++) {
        struct client *c = &clients[i];

        for (unsigned w = 0; c->open && w < words(c); w++)
            nothing &=
                c->todo[w] == 0 && __atomic_load_n(&c->shared->server.work[w],
                                                   __ATOMIC_SEQ_CST) == 0;
    }
    if (!nothing)
        clients_awake();
    return nothing;
}

void clients_awake(void)
{
    for (unsigned i = 0; i < CLIENTS_MAX && clients[i].badge != 0; i++) {
        struct client *c = &clients[i];

        if (!c->open)
            continue;
        __atomic_store_n(&c->shared->server.sleeps, 0, __ATOMIC_RELAXED);
        /* Room may have come since. */
        for (unsigned w = 0; w < words(c); w++) {
            c->todo[w] |= c->later[w];
            c->later[w] = 0;
        }
    }
}

/*
 * What all sockets have: a number and two rings in their client's arena, events
 * and errors. The client's memory is read in two functions only: socket_look()
 * and ring_read().
 */
#include "servers/net/socket.h"

#include <lwip/pbuf.h>

#include <string.h>

#include "servers/net/rules.h"

#define DATAGRAMS 64u /* of a socket, until others get their turn */

struct socket_counts socket_counts;

struct socket *socket_of(const struct client *c, uint64_t number)
{
#ifndef MUTATION_no_socket_check
    if (!c->open || number >= c->shape.sockets)
        return NULL;
#endif
    if (c->sockets[number].kind == 0 || c->sockets[number].closing)
        return NULL;
    return &c->sockets[number];
}

struct socket *socket_take(struct client *c, enum net_kind kind,
                           unsigned family)
{
    static uint32_t serial;
    struct socket *s = c->sockets;
    uint32_t i = 0;

    while (i < c->shape.sockets && s[i].kind != 0)
        i++;
    if (i == c->shape.sockets)
        return NULL;
    s += i;
    *s = (struct socket){
        .client = c,
        .shared = net_arena_socket(c->shared, i),
        .send_ring = net_arena_send(c->shared, &c->shape, i),
        .receive_ring = net_arena_receive(c->shared, &c->shape, i),
        .kind = (uint8_t)kind,
        .family = (uint8_t)family,
        .number = (uint8_t)i,
        .serial = ++serial,
    };
    __atomic_store_n(&s->shared->send_head, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&s->shared->receive_tail, 0, __ATOMIC_RELAXED);
    socket_publish(s);
    return s;
}

void socket_free(struct socket *s)
{
    uint64_t bit = 1ull << s->number % 64;
    struct client *c = s->client;

    if (s->closing)
        c->closing--;
    c->todo[s->number / 64] &= ~bit;
    c->later[s->number / 64] &= ~bit;
    c->news[s->number / 64] &= ~bit;
    s->kind = 0;
}

void socket_abort(struct socket *s)
{
    if (s->kind == NET_TCP)
        tcp_socket_drop(s, true);
    else if (s->kind == NET_UDP)
        udp_socket_drop(s);
    else if (s->kind == NET_PING)
        ping_socket_drop(s);
    socket_free(s);
}

void socket_close(struct socket *s, uint32_t end)
{
    if (s->backlog != 0) {
        socket_abort(s); /* a listener */
        return;
    }
    if (!socket_finish(s, end))
        return;
    s->closing = true;
    s->client->closing++;
    s->linger = clock_now() + LINGER_NS;
    if (socket_work(s))
        socket_todo(s);
}

/* The ring's head moves forward, by no more than there is room. */
static bool head_accept(struct socket *s, uint32_t head)
{
    uint32_t used = s->send_head - s->send_tail;

#ifndef MUTATION_trust_positions
    if (head - s->send_head > s->client->shape.send_bytes - used) {
        s->client->broken = true;
        return false;
    }
#endif
    s->send_head = head;
    return true;
}

bool socket_finish(struct socket *s, uint32_t end)
{
    if (s->finishing)
        return true;
    if (!head_accept(s, end))
        return false;
    s->finishing = true;
    return true;
}

bool socket_look(struct socket *s)
{
    uint32_t head = __atomic_load_n(&s->shared->send_head, __ATOMIC_ACQUIRE);
    uint32_t tail = __atomic_load_n(&s->shared->receive_tail, __ATOMIC_ACQUIRE);

    if (!s->finishing && !head_accept(s, head))
        return false;
#ifndef MUTATION_trust_positions
    /* Forward, and not beyond what was put there. */
    if (tail - s->receive_tail > s->receive_head - s->receive_tail) {
        s->client->broken = true;
        return false;
    }
#endif
    s->credit += tail - s->receive_tail;
    s->receive_tail = tail;
    return true;
}

bool socket_work(struct socket *s)
{
    switch (s->kind) {
    case NET_TCP:
        return tcp_socket_work(s);
    case NET_UDP:
        return udp_socket_work(s);
    case NET_PING:
        return ping_socket_work(s);
    default:
        return false; /* the client set a bit without a socket */
    }
}

void socket_todo(struct socket *s)
{
    s->client->todo[s->number / 64] |= 1ull << s->number % 64;
}

void socket_later(struct socket *s)
{
    s->client->later[s->number / 64] |= 1ull << s->number % 64;
}

void socket_news(struct socket *s)
{
    s->client->news[s->number / 64] |= 1ull << s->number % 64;
}

void socket_event(struct socket *s, uint32_t set, uint32_t clear)
{
    uint32_t events = (s->events & ~clear) | set;

    if (events != s->events)
        socket_news(s);
    s->events = events;
}

void socket_error(struct socket *s, enum net_status error)
{
    s->error = error;
    s->errors++;
    socket_news(s);
}

void socket_publish(struct socket *s)
{
    struct net_socket_shared *to = s->shared;

    __atomic_store_n(&to->send_tail, s->send_tail, __ATOMIC_RELAXED);
    __atomic_store_n(&to->error, s->error, __ATOMIC_RELAXED);
    __atomic_store_n(&to->errors, s->errors, __ATOMIC_RELEASE);
    __atomic_store_n(&to->receive_head, s->receive_head, __ATOMIC_RELEASE);
    __atomic_store_n(&to->events, s->events, __ATOMIC_RELEASE);
}

void ring_write(const struct socket *s, uint32_t at, const void *data,
                uint32_t bytes)
{
    uint32_t size = s->client->shape.receive_bytes, offset = at & (size - 1);
    uint32_t first = bytes < size - offset ? bytes : size - offset;

    memcpy(s->receive_ring + offset, data, first);
    if (first < bytes)
        memcpy(s->receive_ring, (const uint8_t *)data + first, bytes - first);
}

void ring_write_pbuf(const struct socket *s, uint32_t at, struct pbuf *p,
                     uint32_t offset)
{
    if (p->next == NULL) {
        ring_write(s, at, (const uint8_t *)p->payload + offset,
                   p->len - offset);
        return;
    }
    for (; p != NULL; p = p->next) {
        if (offset >= p->len) {
            offset -= p->len;
            continue;
        }
        ring_write(s, at, (const uint8_t *)p->payload + offset,
                   p->len - offset);
        at += p->len - offset;
        offset = 0;
    }
}

void ring_read(const struct socket *s, uint32_t at, void *data, uint32_t bytes)
{
    uint32_t size = s->client->shape.send_bytes, offset = at & (size - 1);
    uint32_t first = bytes < size - offset ? bytes : size - offset;

    memcpy(data, s->send_ring + offset, first);
    if (first < bytes)
        memcpy((uint8_t *)data + first, s->send_ring, bytes - first);
}

static uint32_t padded(uint32_t bytes)
{
    return (bytes + NET_RECORD_ALIGN - 1) & ~(NET_RECORD_ALIGN - 1);
}

void socket_datagram(struct socket *s, struct pbuf *p, uint32_t offset,
                     const struct net_address *from)
{
    struct net_record r = {.bytes = p->tot_len - offset, .peer = *from};
    uint32_t bytes = (uint32_t)sizeof(r) + padded(r.bytes);

    if (s->closing || p->tot_len < offset ||
        (socket_room(s) < bytes && (!socket_look(s) || socket_room(s) < bytes)))
        return;
    ring_write(s, s->receive_head, &r, sizeof(r));
    ring_write_pbuf(s, s->receive_head + (uint32_t)sizeof(r), p, offset);
    s->receive_head += bytes;
    socket_news(s);
}

/* Each word is read once, whatever the compiler makes of it. */
static void record_copy(const struct socket *s, struct net_record *out)
{
    const volatile uint64_t *from =
        (const void *)(s->send_ring +
                       (s->send_next & (s->client->shape.send_bytes - 1)));
    uint64_t words[sizeof(*out) / 8];

    for (unsigned i = 0; i < sizeof(*out) / 8; i++)
        words[i] = from[i];
    memcpy(out, words, sizeof(*out));
}

/* The next record, copied, then checked. False: the client is broken. */
static bool record_take(struct socket *s, uint32_t head, struct net_record *r)
{
    uint32_t left = head - s->send_next;

    if (left < sizeof(*r)) {
        s->client->broken = true;
        return false;
    }
    record_copy(s, r);
#ifdef MUTATION_trust_records
    return true;
#endif
    if (r->bytes <= left - sizeof(*r) && padded(r->bytes) <= left - sizeof(*r))
        return true;
    s->client->broken = true;
    return false;
}

bool socket_datagrams(struct socket *s,
                      enum net_status (*send)(struct socket *s, uint32_t at,
                                              uint32_t bytes,
                                              const struct net_address *to))
{
    uint32_t head;
    unsigned count = 0;

    if (!socket_look(s))
        return false;
    head = s->send_head;
    for (; s->send_next != head && count < DATAGRAMS; count++) {
        enum net_status status;
        struct net_record r;

        if (!record_take(s, head, &r))
            return false;
        status = send(s, s->send_next + (uint32_t)sizeof(r), r.bytes,
                      r.peer.family != 0 ? &r.peer : &s->peer);
        if (status == NET_E_AGAIN) {
            socket_later(s);
            break;
        }
        if (status != NET_OK)
            socket_error(s, status);
        s->send_next += (uint32_t)sizeof(r) + padded(r.bytes);
    }
    if (s->send_tail != s->send_next)
        socket_news(s);
    s->send_tail = s->send_next;
    if (s->closing && s->send_next == head) {
        socket_abort(s);
        return false;
    }
    return count == DATAGRAMS;
}

/* As it is written, word by word. */
static bool is_same(const struct net_address *a, const struct net_address *b)
{
    uint64_t x[3], y[3];

    memcpy(x, a, sizeof(x));
    memcpy(y, b, sizeof(y));
    return ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2])) == 0;
}

static struct heard *heard_of(struct socket *s, const struct net_address *a)
{
    uint32_t word[4], hash;

    memcpy(word, a->address, 16);
    hash = word[0] ^ word[1] ^ word[2] ^ word[3] ^ a->port ^ s->serial << 8;
    hash *= 0x9e3779b1u;
    return &s->client->heard[hash >> 24 & (HEARD_ENTRIES - 1)];
}

bool socket_may_send(struct socket *s, uint8_t protocol,
                     const struct net_address *to)
{
    const struct heard *h = heard_of(s, to);

    if (rules_connect(&s->client->rights, protocol, to) ||
        (s->may_hear && h->serial == s->serial && is_same(&h->peer, to)))
        return true;
    socket_counts.denied++;
    return false;
}

enum net_status socket_target(struct socket *s, uint8_t protocol,
                              const struct net_address *to,
                              const ip_addr_t **ip)
{
    struct net_address at = *to;

    *ip = &s->target_ip;
    if (is_same(to, &s->target))
        return to->family != 0 ? NET_OK : NET_E_NOT_CONNECTED;
    if (to->family == 0)
        return NET_E_NOT_CONNECTED;
    s->target.family = 0;
    at.reserved = 0;
    at.reserved1 = 0;
    rules_unmap(&at);
    if (!ip_of_address(&at, s->family, &s->target_ip) ||
        ip_addr_isany(&s->target_ip))
        return NET_E_REQUEST;
    if (!socket_may_send(s, protocol, &at))
        return NET_E_DENIED;
    s->target = *to;
    return NET_OK;
}

bool socket_may_hear(struct socket *s, uint8_t protocol,
                     const struct net_address *from)
{
    struct heard *h;

    if (!s->may_hear)
        return rules_connect(&s->client->rights, protocol, from);
    h = heard_of(s, from);
    h->peer = *from;
    h->serial = s->serial;
    return true;
}

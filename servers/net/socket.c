/*
 * What all sockets have: a number and two rings in their client's arena, events
 * and errors. Of the client's memory, socket_look() reads the positions, and
 * ring_read() and record_copy() (datagram.c) what the client sends.
 */
#include "servers/net/socket.h"

#include <lwip/pbuf.h>

#include <string.h>

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

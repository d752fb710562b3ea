/*
 * UDP and ping: one record in a ring for each datagram. A record that came is
 * copied before it is checked: the server may write there at any time.
 */
#include <string.h>

#include "libsys/net_internal.h"

#define DATAGRAM_MAX 65507u /* of IPv4: 65535 less the headers */

static uint32_t record_bytes(uint32_t bytes)
{
    return (uint32_t)sizeof(struct net_record) +
           ((bytes + NET_RECORD_ALIGN - 1) & ~(NET_RECORD_ALIGN - 1));
}

/* A ring's end is no place within a record: both are of NET_RECORD_ALIGN. */
static struct net_record *record_at(uint8_t *base, uint32_t ring, uint32_t at)
{
    return (void *)(base + (at & (ring - 1)));
}

/* Read once, so that what is checked is what is used. */
static struct net_record record_copy(const struct net_record *shared)
{
    union {
        uint64_t words[sizeof(struct net_record) / 8];
        struct net_record record;
    } copy;
    const uint64_t *from = (const void *)shared;

    for (unsigned i = 0; i < sizeof(copy.words) / 8; i++)
        copy.words[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
    return copy.record;
}

static struct net_socket *datagram_socket(struct net *net, unsigned socket)
{
    struct net_socket *s = net_socket_find(net, socket, 0);

    return s != NULL && s->kind != NET_TCP ? s : NULL;
}

int net_send_to(struct net *net, unsigned socket, const void *data,
                size_t bytes, const struct net_address *to)
{
    struct net_socket *s = datagram_socket(net, socket);
    uint32_t ring = net->shape.send_bytes, all;
    struct net_record *record;
    uint8_t *base;

    if (s == NULL)
        return net->state != NET_OK ? net->state : NET_E_SOCKET;
    all = record_bytes((uint32_t)bytes);
    if (bytes > DATAGRAM_MAX || all > ring)
        return NET_E_SIZE;
    if (net_room_for(net, socket, s, all) < all)
        return net->state != NET_OK ? net->state : NET_E_AGAIN;
    base = net_arena_send(net->shared, &net->shape, socket);
    record = record_at(base, ring, s->send_head);
    *record = (struct net_record){.bytes = (uint32_t)bytes};
    if (to != NULL)
        record->peer = *to;
    net_ring_put(base, ring, s->send_head + (uint32_t)sizeof(*record), data,
                 bytes);
    net_sent(net, socket, s, all);
    return NET_OK;
}

/* A record that can be: it ends within what was put, and says from whom. */
static bool record_good(const struct net_record *record, uint32_t waiting)
{
    return record->bytes <= DATAGRAM_MAX &&
           record_bytes(record->bytes) <= waiting &&
           (record->peer.family == 4 || record->peer.family == 6);
}

int net_receive_from(struct net *net, unsigned socket, void *data, size_t room,
                     size_t *bytes, struct net_address *from, bool peek)
{
    struct net_socket *s = datagram_socket(net, socket);
    uint32_t ring = net->shape.receive_bytes, waiting;
    struct net_record record;
    uint8_t *base;

    if (s == NULL)
        return net->state != NET_OK ? net->state : NET_E_SOCKET;
    waiting = net_waiting(net, socket, s);
    if (waiting == 0)
        return net->state != NET_OK ? net->state : NET_E_AGAIN;
    base = net_arena_receive(net->shared, &net->shape, socket);
    record = record_copy(record_at(base, ring, s->receive_tail));
    if (waiting % NET_RECORD_ALIGN != 0 || !record_good(&record, waiting)) {
        net_broken(net);
        return net->state;
    }
    if (room > record.bytes)
        room = record.bytes;
    net_ring_get(base, ring, s->receive_tail + (uint32_t)sizeof(record), data,
                 room);
    *bytes = record.bytes;
    if (from != NULL)
        *from = record.peer;
    if (!peek)
        net_taken(net, socket, s, record_bytes(record.bytes));
    return NET_OK;
}

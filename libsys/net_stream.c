/*
 * TCP: bytes into the send ring, bytes out of the receive ring, with a copy or
 * in place.
 */
#include "libsys/net_internal.h"

static uint8_t *send_ring(const struct net *net, unsigned socket)
{
    return net_arena_send(net->shared, &net->shape, socket);
}

static uint8_t *receive_ring(const struct net *net, unsigned socket)
{
    return net_arena_receive(net->shared, &net->shape, socket);
}

size_t net_send(struct net *net, unsigned socket, const void *data,
                size_t bytes)
{
    struct net_socket *s = net_socket_find(net, socket, NET_TCP);
    uint32_t room;

    if (s == NULL)
        return 0;
    room = net_room_for(net, socket, s, bytes);
    if (bytes > room)
        bytes = room;
    if (bytes == 0)
        return 0;
    net_ring_put(send_ring(net, socket), net->shape.send_bytes, s->send_head,
                 data, bytes);
    net_sent(net, socket, s, (uint32_t)bytes);
    return bytes;
}

size_t net_send_room(struct net *net, unsigned socket)
{
    struct net_socket *s = net_socket_find(net, socket, 0);

    return s != NULL ? net_room(net, socket, s) : 0;
}

/* Of `most` bytes from a position on, *bytes lie in one piece: where. */
static uint8_t *piece_at(uint8_t *ring, uint32_t size, uint32_t position,
                         uint32_t most, size_t *bytes)
{
    uint32_t start = position & (size - 1);

    *bytes = most < size - start ? most : size - start;
    return ring + start;
}

void *net_send_space(struct net *net, unsigned socket, size_t *bytes)
{
    struct net_socket *s = net_socket_find(net, socket, NET_TCP);
    uint32_t room;

    *bytes = 0;
    room = s != NULL ? net_room(net, socket, s) : 0;
    if (room == 0)
        return NULL;
    return piece_at(send_ring(net, socket), net->shape.send_bytes, s->send_head,
                    room, bytes);
}

/* More than there was room for is the caller's mistake: cut off, so that the
 * server sees no position that cannot be. */
void net_send_pass(struct net *net, unsigned socket, size_t bytes)
{
    struct net_socket *s = net_socket_find(net, socket, NET_TCP);
    uint32_t room;

    if (s == NULL)
        return;
    room = net->shape.send_bytes - (s->send_head - s->send_tail);
    if (bytes > room)
        bytes = room;
    if (bytes != 0)
        net_sent(net, socket, s, (uint32_t)bytes);
}

size_t net_receive(struct net *net, unsigned socket, void *data, size_t room)
{
    struct net_socket *s = net_socket_find(net, socket, NET_TCP);
    uint32_t bytes;

    if (s == NULL)
        return 0;
    bytes = net_waiting(net, socket, s);
    if (bytes > room)
        bytes = (uint32_t)room;
    if (bytes == 0)
        return 0;
    net_ring_get(receive_ring(net, socket), net->shape.receive_bytes,
                 s->receive_tail, data, bytes);
    net_taken(net, socket, s, bytes);
    return bytes;
}

size_t net_receive_waiting(struct net *net, unsigned socket)
{
    struct net_socket *s = net_socket_find(net, socket, 0);

    return s != NULL ? net_waiting(net, socket, s) : 0;
}

size_t net_receive_peek(struct net *net, unsigned socket, void *data,
                        size_t room)
{
    struct net_socket *s = net_socket_find(net, socket, NET_TCP);
    uint32_t bytes;

    if (s == NULL)
        return 0;
    bytes = net_waiting(net, socket, s);
    if (bytes > room)
        bytes = (uint32_t)room;
    net_ring_get(receive_ring(net, socket), net->shape.receive_bytes,
                 s->receive_tail, data, bytes);
    return bytes;
}

const void *net_receive_data(struct net *net, unsigned socket, size_t *bytes)
{
    struct net_socket *s = net_socket_find(net, socket, NET_TCP);
    uint32_t waiting;

    *bytes = 0;
    waiting = s != NULL ? net_waiting(net, socket, s) : 0;
    if (waiting == 0)
        return NULL;
    return piece_at(receive_ring(net, socket), net->shape.receive_bytes,
                    s->receive_tail, waiting, bytes);
}

void net_receive_pass(struct net *net, unsigned socket, size_t bytes)
{
    struct net_socket *s = net_socket_find(net, socket, NET_TCP);
    uint32_t waiting;

    if (s == NULL)
        return;
    waiting = s->receive_head - s->receive_tail;
    if (bytes > waiting)
        bytes = waiting;
    if (bytes != 0)
        net_taken(net, socket, s, (uint32_t)bytes);
}

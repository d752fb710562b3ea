/*
 * The rings under streams and datagrams. What the server says of its positions
 * is checked against what this side knows: it frees no more than it was given,
 * it puts no more than there is room for, and neither position goes back.
 */
#include <string.h>

#include "libsys/net_internal.h"

/* Positions that cannot be are also those of a server that died: then pages of
 * zeros have taken the arena's place (memory_map_lent). */
void net_broken(struct net *net)
{
    if (net_check(net))
        net->state = NET_E_CORRUPT;
}

uint32_t net_room(struct net *net, unsigned socket, struct net_socket *s)
{
    uint32_t seen = __atomic_load_n(&net_socket_shared(net, socket)->send_tail,
                                    __ATOMIC_ACQUIRE);

    if (seen - s->send_tail > s->send_head - s->send_tail) {
        net_broken(net);
        return 0;
    }
    s->send_tail = seen;
    return net->shape.send_bytes - (s->send_head - seen);
}

uint32_t net_waiting(struct net *net, unsigned socket, struct net_socket *s)
{
    uint32_t seen = __atomic_load_n(
        &net_socket_shared(net, socket)->receive_head, __ATOMIC_ACQUIRE);
    uint32_t waiting = s->receive_head - s->receive_tail;

    if (seen - s->receive_head > net->shape.receive_bytes - waiting) {
        net_broken(net);
        return 0;
    }
    s->receive_head = seen;
    return seen - s->receive_tail;
}

void net_sent(struct net *net, unsigned socket, struct net_socket *s,
              uint32_t bytes)
{
    s->send_head += bytes;
    __atomic_store_n(&net_socket_shared(net, socket)->send_head, s->send_head,
                     __ATOMIC_RELEASE);
    net_set(net->tell, socket);
}

/* The server wakes up for a place that became free only when NET_TELL_BYTES or
 * a quarter of the ring did: until then the peer's window is open wide enough.
 */
void net_taken(struct net *net, unsigned socket, struct net_socket *s,
               uint32_t bytes)
{
    s->receive_tail += bytes;
    __atomic_store_n(&net_socket_shared(net, socket)->receive_tail,
                     s->receive_tail, __ATOMIC_RELEASE);
    if (s->kind == NET_TCP &&
        (s->receive_tail - s->told >= NET_TELL_BYTES ||
         s->receive_tail - s->told >= net->shape.receive_bytes / 4)) {
        s->told = s->receive_tail;
        net_set(net->tell, socket);
    }
}

void net_ring_put(uint8_t *base, uint32_t ring, uint32_t at, const void *data,
                  size_t bytes)
{
    uint32_t start = at & (ring - 1);
    size_t first = bytes < ring - start ? bytes : ring - start;

    memcpy(base + start, data, first);
    if (first < bytes)
        memcpy(base, (const uint8_t *)data + first, bytes - first);
}

void net_ring_get(const uint8_t *base, uint32_t ring, uint32_t at, void *data,
                  size_t bytes)
{
    uint32_t start = at & (ring - 1);
    size_t first = bytes < ring - start ? bytes : ring - start;

    memcpy(data, base + start, first);
    if (first < bytes)
        memcpy((uint8_t *)data + first, base, bytes - first);
}

/*
 * The list of sockets: clients' in the order of their numbers, then connections
 * that are lwIP's alone by now. A position is what comes next, so that changes
 * in between cost at worst a line of the list.
 */
#include "servers/net/socket.h"

#include <lwip/priv/tcp_priv.h>
#include <lwip/udp.h>

#include <string.h>

#define STACKS_OWN (1ull << 32) /* positions from here on */

static void tcp_describe(const struct tcp_pcb *pcb, struct net_socket_info *out)
{
    out->state = (uint8_t)pcb->state;
    address_of_ip(&pcb->local_ip, pcb->local_port, &out->own);
    if (pcb->state != LISTEN)
        address_of_ip(&pcb->remote_ip, pcb->remote_port, &out->peer);
}

static void socket_describe(const struct socket *s, struct net_socket_info *out)
{
    const struct client *c = s->client;

    *out = (struct net_socket_info){
        .kind = s->kind,
        .unsent = s->send_head - s->send_tail,
        .unread = s->receive_head - s->receive_tail,
    };
    memcpy(out->owner, c->rights.name, sizeof(out->owner));
    out->owner[sizeof(out->owner) - 1] = 0;
    if (s->tcp != NULL)
        tcp_describe(s->tcp, out);
    if (s->udp != NULL)
        address_of_ip(&s->udp->local_ip, s->udp->local_port, &out->own);
    if (s->kind != NET_TCP)
        out->peer = s->peer;
}

/* Of the connections without a socket, number `n`. */
static const struct tcp_pcb *orphan_at(uint64_t n)
{
    struct tcp_pcb *const lists[] = {tcp_active_pcbs, tcp_tw_pcbs};

    for (unsigned i = 0; i < 2; i++)
        for (const struct tcp_pcb *p = lists[i]; p != NULL; p = p->next)
            if (tcp_ext_arg_get(p, tcp_slot) == NULL && n-- == 0)
                return p;
    return NULL;
}

enum net_status list_next(const struct client *asker, uint64_t *position,
                          struct net_socket_info *out)
{
    const struct tcp_pcb *pcb;

    for (uint64_t p = *position; p < CLIENTS_MAX * NET_SOCKETS_MAX; p++) {
        const struct client *c = client_at((unsigned)(p / NET_SOCKETS_MAX));
        uint64_t number = p % NET_SOCKETS_MAX;

        if (c == NULL || !c->open || number >= c->shape.sockets ||
            (c != asker && !asker->rights.write)) {
            p |= NET_SOCKETS_MAX - 1;
            continue;
        }
        if (c->sockets[number].kind == 0)
            continue;
        socket_describe(&c->sockets[number], out);
        *position = p + 1;
        return NET_OK;
    }
    if (!asker->rights.write)
        return NET_E_NOT_FOUND;
    if (*position < STACKS_OWN)
        *position = STACKS_OWN;
    pcb = orphan_at(*position - STACKS_OWN);
    if (pcb == NULL)
        return NET_E_NOT_FOUND;
    *out = (struct net_socket_info){.owner = "-", .kind = NET_TCP};
    tcp_describe(pcb, out);
    ++*position;
    return NET_OK;
}

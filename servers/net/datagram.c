/*
 * Datagrams of UDP and ping sockets: records in rings, and to whom they may go
 * and from whom they may come (docs/network.md).
 */
#include "servers/net/socket.h"

#include <lwip/pbuf.h>

#include <string.h>

#include "servers/net/rules.h"

#define DATAGRAMS 64u /* of a socket, until others get their turn */

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

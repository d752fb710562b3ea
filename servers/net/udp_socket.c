/*
 * UDP. Datagrams are copied: out of a ring before they are checked and sent,
 * and into a ring when they come.
 *
 * Who may be heard (docs/network.md): a socket on a port that the client may
 * listen on hears everybody, and may answer whom it heard; any other hears
 * those that it may send to.
 */
#include "servers/net/socket.h"

#include <lwip/igmp.h>
#include <lwip/mld6.h>
#include <lwip/netif.h>
#include <lwip/udp.h>

#include <string.h>

#include "servers/net/card.h"
#include "servers/net/rules.h"

/* The largest block of the heap (heap.h) less headers. */
#define DATAGRAM_MAX 65000u

static bool is_member(const struct socket *s, const ip_addr_t *group)
{
    for (unsigned i = 0; i < s->group_count; i++)
        if (ip_addr_eq(&s->groups[i], group))
            return true;
    return false;
}

static void received(void *arg, struct udp_pcb *pcb, struct pbuf *p,
                     const ip_addr_t *addr, u16_t port)
{
    struct socket *s = arg;
    struct net_address from;

    (void)pcb;
    address_of_ip(addr, port, &from);
    if ((!ip_addr_ismulticast(ip_current_dest_addr()) ||
         is_member(s, ip_current_dest_addr())) &&
        socket_may_hear(s, MANIFEST_PROTOCOL_UDP, &from))
        socket_datagram(s, p, 0, &from);
    pbuf_free(p);
}

enum net_status udp_socket_make(struct socket *s)
{
    s->udp = udp_new_ip_type(s->family == 4   ? IPADDR_TYPE_V4
                             : s->family == 6 ? IPADDR_TYPE_V6
                                              : IPADDR_TYPE_ANY);
    if (s->udp == NULL)
        return NET_E_MEMORY;
    udp_recv(s->udp, received, s);
    return NET_OK;
}

enum net_status udp_socket_bind(struct socket *s, const ip_addr_t *own,
                                uint16_t port)
{
    enum net_status status;

    if (s->udp->local_port != 0)
        return NET_E_REQUEST;
    status = status_of_err(udp_bind(s->udp, own, port));
    s->may_hear = status == NET_OK && port != 0;
    return status;
}

enum net_status udp_socket_connect(struct socket *s,
                                   const struct net_address *peer)
{
    ip_addr_t to;
    err_t err;

    if (peer->family == 0) {
        udp_disconnect(s->udp);
        s->peer = (struct net_address){0};
        return NET_OK;
    }
    if (!ip_of_address(peer, s->family, &to) || ip_addr_isany(&to) ||
        peer->port == 0)
        return NET_E_REQUEST;
    if (!socket_may_send(s, MANIFEST_PROTOCOL_UDP, peer))
        return NET_E_DENIED;
    err = udp_connect(s->udp, &to, peer->port);
    if (err == ERR_OK)
        s->peer = *peer;
    return status_of_err(err);
}

static enum net_status groups_change(const ip_addr_t *group, bool join)
{
    const struct netif *n = netif_default;
    err_t err;

    if (n == NULL)
        return NET_E_NO_LINK;
    if (IP_IS_V4(group))
        err = join ? igmp_joingroup(netif_ip4_addr(n), ip_2_ip4(group))
                   : igmp_leavegroup(netif_ip4_addr(n), ip_2_ip4(group));
    else
        err = join ? mld6_joingroup(netif_ip6_addr(n, 0), ip_2_ip6(group))
                   : mld6_leavegroup(netif_ip6_addr(n, 0), ip_2_ip6(group));
    return err == ERR_VAL ? NET_E_ADDRESS : status_of_err(err);
}

enum net_status udp_socket_group(struct socket *s, const ip_addr_t *group,
                                 bool join)
{
    enum net_status status;
    unsigned i = 0;

    if (!ip_addr_ismulticast(group))
        return NET_E_REQUEST;
    while (i < s->group_count && !ip_addr_eq(&s->groups[i], group))
        i++;
    if (join == (i < s->group_count))
        return join ? NET_E_IN_USE : NET_E_ADDRESS;
    if (join &&
        (i == LWIP_ARRAYSIZE(s->groups) || s->client->groups == GROUPS_MAX))
        return NET_E_LIMIT;
    status = groups_change(group, join);
    if (join && status != NET_OK)
        return status;
    if (join)
        s->groups[s->group_count++] = *group;
    else
        s->groups[i] = s->groups[--s->group_count];
    s->client->groups += join ? 1u : ~0u;
    return status;
}

/* As udp_sendto(), which asks more than once which way it is. */
static err_t send_routed(struct udp_pcb *pcb, struct pbuf *p,
                         const ip_addr_t *to, uint16_t port)
{
    struct netif *n;

    if (!IP_IS_V4(to) || ip4_addr_ismulticast(ip_2_ip4(to)) ||
        !ip_addr_isany(&pcb->local_ip))
        return udp_sendto(pcb, p, to, port);
    n = ip4_route(ip_2_ip4(to));
    if (n == NULL)
        return ERR_RTE;
    return udp_sendto_if_src(pcb, p, to, port, n, netif_ip_addr4(n));
}

/* The card cannot sum up what leaves in pieces. */
static err_t hand_over(struct socket *s, struct pbuf *p, const ip_addr_t *to,
                       uint16_t port)
{
    uint32_t headers = (IP_IS_V6(to) ? 40 : 20) + 8;
    bool pieces =
        netif_default != NULL && p->tot_len + headers > netif_default->mtu;
    err_t err;

    if (pieces)
        card_fragments(true);
    err = send_routed(s->udp, p, to, port);
    if (pieces)
        card_fragments(false);
    return err;
}

static enum net_status send_datagram(struct socket *s, uint32_t at,
                                     uint32_t bytes,
                                     const struct net_address *to)
{
    const ip_addr_t *ip;
    enum net_status status;
    struct pbuf *p;
    err_t err;

    status = socket_target(s, MANIFEST_PROTOCOL_UDP, to, &ip);
    if (status != NET_OK)
        return status;
    if (bytes > DATAGRAM_MAX)
        return NET_E_SIZE;
    if (to->port == 0)
        return NET_E_REQUEST;
    p = pbuf_alloc(PBUF_TRANSPORT, (u16_t)bytes, PBUF_RAM);
    if (p == NULL)
        return NET_E_AGAIN;
    ring_read(s, at, p->payload, bytes);
    err = hand_over(s, p, ip, to->port);
    pbuf_free(p);
    if (err == ERR_MEM)
        return NET_E_AGAIN;
    if (err == ERR_VAL)
        return NET_E_DENIED; /* to everybody, without NET_OPTION_BROADCAST */
    return err == ERR_RTE ? ip_route_status(ip) : status_of_err(err);
}

bool udp_socket_work(struct socket *s)
{
    return socket_datagrams(s, send_datagram);
}

void udp_socket_drop(struct socket *s)
{
    for (unsigned i = 0; i < s->group_count; i++)
        groups_change(&s->groups[i], false);
    s->client->groups -= s->group_count;
    s->group_count = 0;
    udp_remove(s->udp);
    s->udp = NULL;
}

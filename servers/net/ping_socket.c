/*
 * Ping: echo requests of ICMP (RFC 792) and ICMPv6 (RFC 4443). The identifier
 * is the server's, so that a socket sees the answers to its own alone, and the
 * errors that routers and hosts send about its own.
 */
#include "servers/net/socket.h"

#include <lwip/icmp.h>
#include <lwip/inet_chksum.h>
#include <lwip/ip.h>
#include <lwip/prot/icmp6.h>
#include <lwip/raw.h>

#include "servers/net/rules.h"

#define ECHO_HEADER    8u
#define ECHO_BYTES_MAX 65000u
#define IP4_HEADER     20u
#define IP6_HEADER     40u

/* Of an ICMP message: what is looked at. */
struct echo {
    uint8_t type, code;
    uint16_t checksum;
    uint16_t identifier, sequence;
};

/* The loop's have none. */
static bool is_checksum_good(struct pbuf *p, uint32_t offset, bool v6)
{
    uint16_t check =
        v6 ? NETIF_CHECKSUM_CHECK_ICMP6 : NETIF_CHECKSUM_CHECK_ICMP;
    uint16_t sum;

    if ((ip_current_input_netif()->chksum_flags & check) == 0)
        return true;
    pbuf_remove_header(p, offset);
    sum =
        v6 ? ip6_chksum_pseudo(p, IP6_NEXTH_ICMP6, p->tot_len,
                               ip6_current_src_addr(), ip6_current_dest_addr())
           : inet_chksum_pbuf(p);
    pbuf_add_header_force(p, offset);
    return sum == 0;
}

/* The identifier that the message at `offset`, an error, quotes of a request.
 * False: it is about something else. */
static bool error_identifier(const struct pbuf *p, uint32_t offset,
                             uint8_t type, bool v6, uint16_t *identifier)
{
    uint8_t header[IP6_HEADER];
    uint32_t bytes = v6 ? IP6_HEADER : IP4_HEADER, at = offset + ECHO_HEADER;
    struct echo quoted;

    if (v6 ? type < ICMP6_TYPE_DUR || type > ICMP6_TYPE_PP
           : type != ICMP_DUR && type != ICMP_TE && type != ICMP_PP)
        return false;
    if (pbuf_copy_partial(p, header, (u16_t)bytes, (u16_t)at) != bytes ||
        header[v6 ? 6 : 9] != (v6 ? IP6_NEXTH_ICMP6 : IP_PROTO_ICMP))
        return false;
    if (!v6)
        bytes = (header[0] & 15u) * 4u;
    if (pbuf_copy_partial(p, &quoted, sizeof(quoted), (u16_t)(at + bytes)) !=
            sizeof(quoted) ||
        quoted.type != (v6 ? ICMP6_TYPE_EREQ : ICMP_ECHO))
        return false;
    *identifier = quoted.identifier;
    return true;
}

/* lwIP shows every packet to every raw pcb: so there is one for each family,
 * for as long as it has sockets, and the identifier leads to the socket. */
static struct family {
    struct raw_pcb *pcb;
    uint32_t sockets;
} families[2]; /* IPv4, IPv6 */
static uint16_t secret;

static struct family *family_of(const struct socket *s)
{
    return &families[s->family == 6];
}

/* 5 bits of the client's number, 8 of the socket's, 3 that change. */
static uint16_t identifier_make(const struct socket *s)
{
    if (secret == 0)
        secret = (uint16_t)LWIP_RAND();
    return (uint16_t)((s->serial << 13 | client_number(s->client) << 8 |
                       s->number) ^
                      secret);
}

static struct socket *socket_of_identifier(uint16_t identifier, bool v6)
{
    unsigned place = identifier ^ secret;
    const struct client *c = client_at(place >> 8 & (CLIENTS_MAX - 1));
    struct socket *s = c != NULL ? socket_of(c, place & 0xff) : NULL;

    return s != NULL && s->kind == NET_PING && s->identifier == identifier &&
                   s->family == (v6 ? 6 : 4)
               ? s
               : NULL;
}

/* For every ICMP message that comes; lwIP goes on with it whatever we do. */
static u8_t received(void *arg, struct raw_pcb *pcb, struct pbuf *p,
                     const ip_addr_t *addr)
{
    bool v6 = IP_IS_V6(addr), answer;
    uint32_t offset = ip_current_header_tot_len();
    struct net_address from;
    struct socket *s;
    struct echo e;

    (void)arg, (void)pcb;
    if (pbuf_copy_partial(p, &e, sizeof(e), (u16_t)offset) != sizeof(e))
        return 0;
    answer = e.type == (v6 ? ICMP6_TYPE_EREP : ICMP_ER);
    if (!answer && !error_identifier(p, offset, e.type, v6, &e.identifier))
        return 0;
    s = socket_of_identifier(e.identifier, v6);
    address_of_ip(addr, 0, &from);
    /* Errors come from routers, whom no rule names. */
    if (s != NULL &&
        (!answer ||
         rules_connect(&s->client->rights, MANIFEST_PROTOCOL_ICMP, &from)) &&
        is_checksum_good(p, offset, v6))
        socket_datagram(s, p, offset, &from);
    return 0;
}

static struct raw_pcb *pcb_make(bool v6)
{
    struct raw_pcb *pcb = v6 ? raw_new_ip_type(IPADDR_TYPE_V6, IP6_NEXTH_ICMP6)
                             : raw_new_ip_type(IPADDR_TYPE_V4, IP_PROTO_ICMP);

    if (pcb == NULL)
        return NULL;
    pcb->chksum_reqd = v6; /* lwIP knows its own address */
    pcb->chksum_offset = offsetof(struct echo, checksum);
    raw_recv(pcb, received, NULL);
    return pcb;
}

enum net_status ping_socket_make(struct socket *s)
{
    struct family *f = family_of(s);

    if (s->family == 0)
        return NET_E_REQUEST;
    if (f->pcb == NULL)
        f->pcb = pcb_make(s->family == 6);
    if (f->pcb == NULL)
        return NET_E_MEMORY;
    f->sockets++;
    s->options = (struct ip_pcb){.ttl = f->pcb->ttl};
    s->identifier = identifier_make(s);
    return NET_OK;
}

static enum net_status echo_check(const struct socket *s, uint32_t at,
                                  uint32_t bytes, struct echo *e)
{
    if (bytes > ECHO_BYTES_MAX)
        return NET_E_SIZE;
    if (bytes < sizeof(*e))
        return NET_E_REQUEST;
    ring_read(s, at, e, sizeof(*e));
    return e->type == (s->family == 6 ? ICMP6_TYPE_EREQ : ICMP_ECHO) &&
                   e->code == 0
               ? NET_OK
               : NET_E_DENIED;
}

/* With the socket's options. */
static err_t send_as(const struct socket *s, struct pbuf *p,
                     const ip_addr_t *ip)
{
    struct raw_pcb *pcb = family_of(s)->pcb;

    pcb->ttl = s->options.ttl;
    pcb->tos = s->options.tos;
    pcb->so_options = s->options.so_options;
    return raw_sendto(pcb, p, ip);
}

static enum net_status send_echo(struct socket *s, uint32_t at, uint32_t bytes,
                                 const struct net_address *to)
{
    enum net_status status;
    struct echo e, *header;
    const ip_addr_t *ip;
    struct pbuf *p;
    err_t err;

    status = socket_target(s, MANIFEST_PROTOCOL_ICMP, to, &ip);
    if (status == NET_OK)
        status = echo_check(s, at, bytes, &e);
    if (status != NET_OK)
        return status;
    p = pbuf_alloc(PBUF_IP, (u16_t)bytes, PBUF_RAM);
    if (p == NULL)
        return NET_E_AGAIN;
    ring_read(s, at, p->payload, bytes);
    header = p->payload;
    e.identifier = s->identifier;
    e.checksum = 0;
    *header = e; /* what was checked, not what may stand there by now */
    if (s->family == 4)
        header->checksum = inet_chksum_pbuf(p);
    err = send_as(s, p, ip);
    pbuf_free(p);
    if (err == ERR_MEM)
        return NET_E_AGAIN;
    return err == ERR_RTE ? ip_route_status(ip) : status_of_err(err);
}

bool ping_socket_work(struct socket *s)
{
    return socket_datagrams(s, send_echo);
}

void ping_socket_drop(struct socket *s)
{
    struct family *f = family_of(s);

    if (--f->sockets != 0)
        return;
    raw_remove(f->pcb);
    f->pcb = NULL;
}

/* What lwIP, the card and the driver know, put together for people. */
#include "servers/net/interface.h"

#include "servers/net/address.h"
#include "servers/net/card.h"

#include <lwip/dns.h>
#include <lwip/prot/dns.h>
#include <lwip/stats.h>

#include <stdio.h>
#include <string.h>

static void ipv6_describe(const struct netif *n, struct net_interface *out)
{
    unsigned count = 0;

    for (unsigned i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
        uint8_t state = netif_ip6_addr_state(n, i);

        if (ip6_addr_isinvalid(state) || ip6_addr_isduplicated(state) ||
            count == NET_IPV6_MAX)
            continue;
        memcpy(out->ipv6[count], netif_ip6_addr(n, i)->addr, 16);
        out->ipv6_prefix[count] = ip6_addr_istentative(state) ? 0 : 64;
        out->flags |= NET_INTERFACE_IPV6;
        count++;
    }
}

static void dns_describe(struct net_address *out, const ip_addr_t *server)
{
    if (ip_addr_isany(server))
        return;
    out->family = IP_IS_V6(server) ? 6 : 4;
    out->port = DNS_SERVER_PORT;
    if (IP_IS_V6(server))
        memcpy(out->address, ip_2_ip6(server)->addr, 16);
    else
        memcpy(out->address, &ip_2_ip4(server)->addr, 4);
}

static void counts_describe(struct net_interface *out)
{
    const struct card_counts *counts = card_counts();
    struct packet_statistics driver;

    out->received = counts->received;
    out->received_bytes = counts->received_bytes;
    out->sent = counts->sent;
    out->sent_bytes = counts->sent_bytes;
    out->dropped = counts->no_memory + counts->malformed;
    if (packet_statistics(card_device(), &driver) == PACKET_OK)
        out->missed = driver.missed;
}

void interface_describe(struct net_interface *out)
{
    const struct packet_info *info = packet_info(card_device());
    struct packet_link link = packet_link(card_device());
    const struct netif *n = card_netif();

    *out = (struct net_interface){
        .mtu = n->mtu,
        .mbps = link.up ? link.mbps : 0,
        .lease_seconds = address_lease(),
        .flags = (netif_is_up(n) ? NET_INTERFACE_UP : 0) |
                 (link.up ? NET_INTERFACE_LINK : 0) |
                 (address_is_dhcp() ? NET_INTERFACE_DHCP : 0) |
                 (address_has_come() ? NET_INTERFACE_DHCP_DONE : 0),
    };
    snprintf(out->name, sizeof(out->name), "%c%c%u", n->name[0], n->name[1],
             (unsigned)n->num);
    memcpy(out->device, info->name, sizeof(out->device));
    memcpy(out->mac, n->hwaddr, sizeof(out->mac));
    memcpy(out->address, netif_ip4_addr(n), 4);
    memcpy(out->netmask, netif_ip4_netmask(n), 4);
    memcpy(out->gateway, netif_ip4_gw(n), 4);
    if (netif_get_hostname(n) != NULL)
        snprintf(out->hostname, sizeof(out->hostname), "%s",
                 netif_get_hostname(n));
    ipv6_describe(n, out);
    for (unsigned i = 0; i < NET_DNS_MAX; i++)
        dns_describe(&out->dns[i], dns_getserver((uint8_t)i));
    counts_describe(out);
}

static struct net_protocol_counts counts_of(const struct stats_proto *s)
{
    return (struct net_protocol_counts){
        .received = s->recv,
        .sent = s->xmit,
        .dropped = s->drop,
        .bad_checksum = s->chkerr,
        .malformed = s->lenerr + s->opterr,
        .no_memory = s->memerr,
        .no_route = s->rterr,
        .refused = s->proterr,
    };
}

static void counts_add(struct net_protocol_counts *to,
                       const struct stats_proto *s)
{
    const struct net_protocol_counts more = counts_of(s);

    to->received += more.received;
    to->sent += more.sent;
    to->dropped += more.dropped;
    to->bad_checksum += more.bad_checksum;
    to->malformed += more.malformed;
    to->no_memory += more.no_memory;
    to->no_route += more.no_route;
    to->refused += more.refused;
}

void interface_count(struct net_statistics *out)
{
    const struct stats_ *s = &lwip_stats;

    *out = (struct net_statistics){
        .link = counts_of(&s->link),
        .arp = counts_of(&s->etharp),
        .ip4 = counts_of(&s->ip),
        .ip6 = counts_of(&s->ip6),
        .fragments = counts_of(&s->ip_frag),
        .icmp = counts_of(&s->icmp),
        .udp = counts_of(&s->udp),
        .tcp = counts_of(&s->tcp),
        .tcp_retransmitted = s->mib2.tcpretranssegs,
        .tcp_accepted = s->mib2.tcppassiveopens,
        .tcp_connected = s->mib2.tcpactiveopens,
        .tcp_reset = s->mib2.tcpestabresets,
    };
    counts_add(&out->fragments, &s->ip6_frag);
    counts_add(&out->icmp, &s->icmp6);
    out->udp.refused = s->mib2.udpnoports;
}

static enum net_status address_configure(const struct net_configuration *what)
{
    ip4_addr_t address, netmask, gateway = {0};

    if (what->address.family != 4 || what->prefix < 1 || what->prefix > 30 ||
        (what->gateway.family != 0 && what->gateway.family != 4))
        return NET_E_REQUEST;
    memcpy(&address.addr, what->address.address, 4);
    ip4_addr_set_u32(&netmask, lwip_htonl(0xffffffffu << (32 - what->prefix)));
    if (what->gateway.family == 4)
        memcpy(&gateway.addr, what->gateway.address, 4);
    if (!config_is_host(&address) ||
        (!ip4_addr_isany_val(gateway) &&
         !ip4_addr_net_eq(&gateway, &address, &netmask)))
        return NET_E_REQUEST;
    address_set(&address, &netmask, &gateway);
    return NET_OK;
}

static enum net_status dns_configure(const struct net_address *server)
{
    ip_addr_t address = {0};

    if (server->family == 6) {
        IP_SET_TYPE_VAL(address, IPADDR_TYPE_V6);
        memcpy(ip_2_ip6(&address)->addr, server->address, 16);
    } else if (server->family == 4) {
        memcpy(&ip_2_ip4(&address)->addr, server->address, 4);
    } else {
        return NET_E_REQUEST;
    }
    address_set_dns(&address);
    return NET_OK;
}

enum net_status interface_configure(const struct net_configuration *what)
{
    switch (what->action) {
    case NET_CONFIGURE_DOWN:
        address_down();
        return NET_OK;
    case NET_CONFIGURE_UP:
        address_up();
        return NET_OK;
    case NET_CONFIGURE_DHCP:
        address_dhcp();
        return NET_OK;
    case NET_CONFIGURE_ADDRESS:
        return address_configure(what);
    case NET_CONFIGURE_DNS:
        return dns_configure(&what->address);
    default:
        return NET_E_UNSUPPORTED;
    }
}

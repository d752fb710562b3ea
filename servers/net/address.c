/*
 * Addresses: fixed ones, DHCP, IPv6 autoconfiguration. DHCP goes on asking for
 * ever, and again when the link comes back; this file says on the log what
 * came of it.
 */
#include "servers/net/address.h"

#include <lwip/dhcp.h>
#include <lwip/dns.h>
#include <lwip/etharp.h>
#include <lwip/nd6.h>
#include <lwip/prot/dhcp.h>
#include <lwip/prot/etharp.h>
#include <lwip/sys.h>
#include <lwip/timeouts.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "servers/net/card.h"

#define DHCP_PATIENCE_MS 10000u
/* A stranger with our address is told of so often at most. */
#define CONFLICT_PAUSE_MS 60000u

static const struct config *config;
static bool dhcp, waiting;
static ip_addr_t set_dns[DNS_MAX_SERVERS];     /* those that somebody set */
static ip4_addr_t told;                        /* on the log, last */
static uint8_t told6[LWIP_IPV6_NUM_ADDRESSES]; /* state that was told */
static uint32_t conflict_told;                 /* ms; 0: never */

bool address_is_dhcp(void)
{
    return dhcp;
}

bool address_has_come(void)
{
    return dhcp && dhcp_supplied_address(card_netif());
}

uint32_t address_lease(void)
{
    const struct dhcp *d = netif_dhcp_data(card_netif());

    if (!address_has_come() || d == NULL || d->t0_timeout == 0)
        return 0;
    /* Counted in ticks of DHCP_COARSE_TIMER_SECS from when it came. */
    return (uint32_t)(d->t0_timeout - d->lease_used) * DHCP_COARSE_TIMER_SECS;
}

static void dns_text(char *text, size_t room)
{
    const ip_addr_t *server = dns_getserver(0);

    text[0] = 0;
    if (!ip_addr_isany(server))
        snprintf(text, room, ", DNS %s", ipaddr_ntoa(server));
}

static void told_address(struct netif *n)
{
    char address[IP4ADDR_STRLEN_MAX], dns[64];
    char gateway[IP4ADDR_STRLEN_MAX + 16] = "";
    const struct dhcp *d = netif_dhcp_data(n);
    unsigned bits =
        (unsigned)__builtin_popcount(ip4_addr_get_u32(netif_ip4_netmask(n)));

    ip4addr_ntoa_r(netif_ip4_addr(n), address, sizeof(address));
    if (!ip4_addr_isany(netif_ip4_gw(n)))
        snprintf(gateway, sizeof(gateway), ", gateway %s",
                 ip4addr_ntoa(netif_ip4_gw(n)));
    dns_text(dns, sizeof(dns));
    if (dhcp && d != NULL)
        printf("net: address %s/%u by DHCP from %s%s%s\n", address, bits,
               ipaddr_ntoa(&d->server_ip_addr), gateway, dns);
    else
        printf("net: address %s/%u%s%s\n", address, bits, gateway, dns);
}

static void told_address6(const ip6_addr_t *address, uint8_t state)
{
    char text[IP6ADDR_STRLEN_MAX];

    ip6addr_ntoa_r(address, text, sizeof(text));
    for (char *t = text; *t != 0; t++) /* RFC 5952, 4.3 */
        *t = (char)tolower((unsigned char)*t);
    if (ip6_addr_isduplicated(state))
        printf("net: IPv6 address %s is another machine's: not used\n", text);
    else if (ip6_addr_isvalid(state))
        printf("net: IPv6 address %s/64\n", text);
}

/* What is worth telling of a state: not that a lease was renewed. */
static uint8_t state_told(uint8_t state)
{
    if (ip6_addr_isduplicated(state))
        return IP6_ADDR_DUPLICATED;
    return ip6_addr_isvalid(state) ? IP6_ADDR_VALID : IP6_ADDR_INVALID;
}

/* lwIP's, after any change of an address. */
static void status_changed(struct netif *n)
{
    if (!ip4_addr_eq(&told, netif_ip4_addr(n))) {
        if (ip4_addr_isany(netif_ip4_addr(n)))
            printf("net: address %s is given up\n", ip4addr_ntoa(&told));
        else
            told_address(n);
        ip4_addr_copy(told, *netif_ip4_addr(n));
        waiting = waiting && ip4_addr_isany(&told);
    }
    for (unsigned i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
        uint8_t state = state_told(netif_ip6_addr_state(n, i));

        if (state != told6[i])
            told_address6(netif_ip6_addr(n, i), state);
        told6[i] = state;
    }
}

static void dhcp_patience(void *unused)
{
    (void)unused;
    if (!waiting || address_has_come())
        return;
    if (netif_is_link_up(card_netif()))
        printf("net: DHCP got no answer yet; it goes on asking\n");
    else
        printf("net: DHCP waits for the link\n");
}

static void dhcp_wait(void)
{
    waiting = true;
    sys_untimeout(dhcp_patience, NULL);
    sys_timeout(DHCP_PATIENCE_MS, dhcp_patience, NULL);
}

void address_dhcp(void)
{
    struct netif *n = card_netif();

    dhcp = true;
    dhcp_release_and_stop(n);
    netif_set_addr(n, IP4_ADDR_ANY4, IP4_ADDR_ANY4, IP4_ADDR_ANY4);
    if (dhcp_start(n) != ERR_OK)
        printf("net: DHCP cannot start: out of memory\n");
    dhcp_wait();
}

void address_set(const ip4_addr_t *address, const ip4_addr_t *netmask,
                 const ip4_addr_t *gateway)
{
    dhcp = waiting = false;
    dhcp_release_and_stop(card_netif());
    netif_set_addr(card_netif(), address, netmask, gateway);
}

void address_down(void)
{
    if (dhcp)
        dhcp_release_and_stop(card_netif());
    netif_set_down(card_netif());
}

void address_up(void)
{
    netif_set_up(card_netif());
    if (dhcp && !address_has_come())
        address_dhcp();
}

/* Without a lease DHCP begins anew with each link; say again how it goes. */
static void link_changed(struct netif *n)
{
    if (netif_is_link_up(n) && dhcp)
        dhcp_wait();
}

static void address6_start(struct netif *n)
{
    int8_t index = -1;

    netif_create_ip6_linklocal_address(n, 1);
    netif_set_ip6_autoconfig_enabled(n, config->ipv6_auto);
    if (!config->ipv6_auto)
        netif_add_ip6_address(n, &config->address6, &index);
    if (index >= 0)
        netif_ip6_addr_set_state(n, index, IP6_ADDR_TENTATIVE);
}

void address_start(const struct config *c)
{
    struct netif *n = card_netif();

    config = c;
    if (c->hostname[0] != 0)
        netif_set_hostname(n, c->hostname);
    for (unsigned i = 0; i < c->dns_count; i++)
        set_dns[i] = c->dns[i];
    address_look();
    netif_set_status_callback(n, status_changed);
    netif_set_link_callback(n, link_changed);
    netif_set_up(n);
    if (c->ipv6)
        address6_start(n);
    if (c->dhcp)
        address_dhcp();
    else
        address_set(&c->address, &c->netmask, &c->gateway);
}

void address_set_dns(const ip_addr_t *server)
{
    set_dns[0] = *server;
    address_look();
}

void address_look(void)
{
    for (uint8_t i = 0; i < DNS_MAX_SERVERS; i++)
        if (!ip_addr_isany(&set_dns[i]))
            dns_setserver(i, &set_dns[i]);
}

void address_watch(const struct pbuf *frame)
{
    const struct etharp_hdr *arp =
        (const void *)((const uint8_t *)frame->payload + SIZEOF_ETH_HDR);
    const uint8_t *mac = arp->shwaddr.addr;
    struct netif *n = card_netif();
    ip4_addr_t sender;

    if (frame->len < SIZEOF_ETH_HDR + SIZEOF_ETHARP_HDR ||
        ip4_addr_isany(netif_ip4_addr(n)))
        return;
    memcpy(&sender, &arp->sipaddr, sizeof(sender));
    if (!ip4_addr_eq(&sender, netif_ip4_addr(n)) ||
        memcmp(mac, n->hwaddr, ETH_HWADDR_LEN) == 0 ||
        (conflict_told != 0 && sys_now() - conflict_told < CONFLICT_PAUSE_MS))
        return;
    conflict_told = sys_now() | 1;
    printf("net: address %s is also used by %02x:%02x:%02x:%02x:%02x:%02x\n",
           ip4addr_ntoa(&sender), mac[0], mac[1], mac[2], mac[3], mac[4],
           mac[5]);
}

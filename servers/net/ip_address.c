/* Addresses between clients (struct net_address) and lwIP. */
#include "servers/net/socket.h"

#include <lwip/ip.h>
#include <lwip/netif.h>

#include <string.h>

#include "servers/net/rules.h"

bool ip_of_address(const struct net_address *a, unsigned family, ip_addr_t *out)
{
    struct net_address at = *a;

    rules_unmap(&at);
    memset(out, 0, sizeof(*out));
    if (at.family == 0) {
        if (family == 4)
            ip_addr_set_any(false, out);
        else if (family == 6)
            ip_addr_set_any(true, out);
        else
            *out = *IP_ANY_TYPE;
        return true;
    }
    if ((at.family != 4 && at.family != 6) ||
        (family != 0 && family != at.family))
        return false;
    if (at.family == 4) {
        IP_SET_TYPE(out, IPADDR_TYPE_V4);
        memcpy(&ip_2_ip4(out)->addr, at.address, 4);
        return true;
    }
    IP_SET_TYPE(out, IPADDR_TYPE_V6);
    memcpy(ip_2_ip6(out)->addr, at.address, 16);
    /* Scopes are of the one card (RFC 4007, 6). */
    if (netif_default != NULL)
        ip6_addr_assign_zone(ip_2_ip6(out), IP6_UNKNOWN, netif_default);
    return true;
}

void address_of_ip(const ip_addr_t *ip, uint16_t port, struct net_address *out)
{
    *out = (struct net_address){.port = port};
    if (IP_IS_V6(ip) && !IP_IS_ANY_TYPE_VAL(*ip)) {
        out->family = 6;
        memcpy(out->address, ip_2_ip6(ip)->addr, 16);
    } else if (!IP_IS_ANY_TYPE_VAL(*ip)) {
        out->family = 4;
        memcpy(out->address, &ip_2_ip4(ip)->addr, 4);
    }
}

static bool is_of_netif(const struct netif *n, const ip_addr_t *ip)
{
    if (IP_IS_V4(ip))
        return ip4_addr_eq(netif_ip4_addr(n), ip_2_ip4(ip));
    return netif_get_ip6_addr_match((struct netif *)n, ip_2_ip6(ip)) >= 0;
}

bool ip_is_own(const ip_addr_t *ip)
{
    const struct netif *n;

    if (ip_addr_isany(ip))
        return true;
    NETIF_FOREACH(n)
    {
        if (is_of_netif(n, ip))
            return true;
    }
    return false;
}

enum net_status ip_route_status(const ip_addr_t *to)
{
    if (ip_route(IP_ANY_TYPE, to) != NULL)
        return NET_OK;
    return netif_default == NULL || netif_is_link_up(netif_default)
               ? NET_E_UNREACHABLE
               : NET_E_NO_LINK;
}

enum net_status status_of_err(int err)
{
    switch (err) {
    case ERR_OK:
        return NET_OK;
    case ERR_MEM:
    case ERR_BUF:
        return NET_E_MEMORY;
    case ERR_USE:
        return NET_E_IN_USE;
    case ERR_RTE:
        return NET_E_UNREACHABLE;
    case ERR_TIMEOUT:
        return NET_E_TIMEOUT;
    case ERR_RST:
        return NET_E_RESET;
    case ERR_ABRT:
        return NET_E_ABORTED;
    case ERR_CLSD:
    case ERR_CONN:
        return NET_E_NOT_CONNECTED;
    case ERR_ISCONN:
    case ERR_ALREADY:
        return NET_E_CONNECTED;
    case ERR_IF:
        return NET_E_NO_LINK;
    default:
        return NET_E_REQUEST;
    }
}

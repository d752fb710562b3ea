/* Arguments from the policy: KEY=VALUE, each checked as a whole. */
#include "servers/net/config.h"

#include <lwip/dns.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool wrong(const char *argument, const char *why)
{
    printf("net: argument '%s': %s\n", argument, why);
    return false;
}

/* Splits ADDRESS/BITS; -1 if there is no number from 1 to `most` after '/'. */
static int prefix_split(char *text, int most)
{
    char *slash = strchr(text, '/'), *end;
    long bits;

    if (slash == NULL)
        return -1;
    *slash = 0;
    bits = strtol(slash + 1, &end, 10);
    return *end == 0 && end != slash + 1 && bits >= 1 && bits <= most
               ? (int)bits
               : -1;
}

bool config_is_host(const ip4_addr_t *a)
{
    return !ip4_addr_isany(a) && !ip4_addr_ismulticast(a) &&
           !ip4_addr_isloopback(a) && ip4_addr_get_u32(a) != IPADDR_BROADCAST;
}

static bool address_read(char *value, const char *argument, struct config *c)
{
    int bits;

    c->dhcp = strcmp(value, "dhcp") == 0;
    if (c->dhcp)
        return true;
    bits = prefix_split(value, 30);
    if (bits < 0 || !ip4addr_aton(value, &c->address) ||
        !config_is_host(&c->address))
        return wrong(argument, "neither 'dhcp' nor an address with the bits of "
                               "its network, 1 to 30, like 192.0.2.2/24");
    ip4_addr_set_u32(&c->netmask, lwip_htonl(0xffffffffu << (32 - bits)));
    return true;
}

static bool gateway_read(char *value, const char *argument, struct config *c)
{
    if (!ip4addr_aton(value, &c->gateway) || !config_is_host(&c->gateway))
        return wrong(argument, "not an IPv4 address like 192.0.2.1");
    return true;
}

static bool dns_read(char *value, const char *argument, struct config *c)
{
    if (c->dns_count == DNS_MAX_SERVERS)
        return wrong(argument, "a third name server, two at most");
    if (!ipaddr_aton(value, &c->dns[c->dns_count]) ||
        ip_addr_isany(&c->dns[c->dns_count]))
        return wrong(argument, "not an address like 192.0.2.1 or 2001:db8::1");
    c->dns_count++;
    return true;
}

static bool ipv6_read(char *value, const char *argument, struct config *c)
{
    c->ipv6 = strcmp(value, "off") != 0;
    c->ipv6_auto = strcmp(value, "auto") == 0;
    if (!c->ipv6 || c->ipv6_auto)
        return true;
    if (prefix_split(value, 64) != 64 || !ip6addr_aton(value, &c->address6) ||
        ip6_addr_isany(&c->address6) || ip6_addr_ismulticast(&c->address6) ||
        ip6_addr_isloopback(&c->address6) || ip6_addr_islinklocal(&c->address6))
        return wrong(argument,
                     "neither 'auto' nor 'off' nor an address with /64 like "
                     "2001:db8::2/64");
    return true;
}

/* RFC 952, RFC 1123 2.1: letters, digits and hyphens, not at the ends. */
static bool hostname_read(char *value, const char *argument, struct config *c)
{
    size_t bytes = strlen(value);

    if (bytes == 0 || bytes >= sizeof(c->hostname) ||
        strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                      "0123456789-") != bytes ||
        value[0] == '-' || value[bytes - 1] == '-')
        return wrong(argument, "not a host name: letters, digits and hyphens, "
                               "31 at most");
    memcpy(c->hostname, value, bytes + 1);
    return true;
}

static const struct {
    const char *key;
    bool (*read)(char *value, const char *argument, struct config *c);
} keys[] = {
    {"address=", address_read},   {"gateway=", gateway_read},
    {"dns=", dns_read},           {"ipv6=", ipv6_read},
    {"hostname=", hostname_read},
};

static bool argument_read(const char *argument, struct config *c)
{
    char value[128];

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        size_t bytes = strlen(keys[i].key);

        if (strncmp(argument, keys[i].key, bytes) != 0)
            continue;
        snprintf(value, sizeof(value), "%s", argument + bytes);
        return keys[i].read(value, argument, c);
    }
    return wrong(argument, "not known; there are address=, gateway=, dns=, "
                           "ipv6= and hostname=");
}

bool config_read(int argc, char **argv, struct config *out)
{
    *out = (struct config){.dhcp = true, .ipv6 = true, .ipv6_auto = true};
    for (int i = 1; i < argc; i++)
        if (!argument_read(argv[i], out))
            return false;
    if (ip4_addr_isany_val(out->gateway))
        return true;
    if (out->dhcp)
        return wrong("gateway", "DHCP brings one: give an address= with it");
    if (!ip4_addr_net_eq(&out->gateway, &out->address, &out->netmask))
        return wrong("gateway", "not on the network of the address");
    return true;
}

/*
 * Commands about the network: ifconfig, netstat, nslookup; and the table that
 * also has ping and wget.
 */
#include "commands.h"

#include <cordon/clock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "servers/console/cmd_network.h"
#include "servers/console/network.h"

/* --- ifconfig --- */

static bool is_zero(const uint8_t *bytes, size_t count)
{
    while (count)
        if (bytes[--count])
            return false;
    return true;
}

static const char *address4(char text[NETWORK_TEXT_BYTES], const uint8_t *a)
{
    struct net_address address = {.family = 4};

    memcpy(address.address, a, 4);
    return network_text(text, &address);
}

static unsigned mask_bits(const uint8_t mask[4])
{
    unsigned bits = 0;

    while (bits < 32 && mask[bits / 8] >> (7 - bits % 8) & 1)
        bits++;
    return bits;
}

static void show_link(const struct net_interface *i)
{
    printf("%-7s %s, %s, %s", i->name, i->device,
           i->flags & NET_INTERFACE_UP ? "up" : "down",
           i->flags & NET_INTERFACE_LINK ? "link" : "no link");
    if (i->mbps && i->flags & NET_INTERFACE_LINK)
        printf(" of %u Mbit/s", i->mbps);
    printf("\n  mac   %02x:%02x:%02x:%02x:%02x:%02x, packets of %u bytes\n",
           i->mac[0], i->mac[1], i->mac[2], i->mac[3], i->mac[4], i->mac[5],
           i->mtu);
}

static void show_ipv4(const struct net_interface *i)
{
    char own[NETWORK_TEXT_BYTES], gateway[NETWORK_TEXT_BYTES];

    if (is_zero(i->address, 4)) {
        printf("  inet  none%s\n",
               i->flags & NET_INTERFACE_DHCP ? ", DHCP is asking" : "");
        return;
    }
    printf("  inet  %s/%u", address4(own, i->address), mask_bits(i->netmask));
    if (!is_zero(i->gateway, 4))
        printf(", gateway %s", address4(gateway, i->gateway));
    if (i->flags & NET_INTERFACE_DHCP_DONE)
        printf(", by DHCP for %u s", i->lease_seconds);
    printf("\n");
}

static void show_ipv6(const struct net_interface *i)
{
    char text[NETWORK_TEXT_BYTES];
    struct net_address a = {.family = 6};

    for (unsigned n = 0; n < NET_IPV6_MAX; n++) {
        if (is_zero(i->ipv6[n], 16))
            continue;
        memcpy(a.address, i->ipv6[n], 16);
        printf("  inet6 %s", network_text(text, &a));
        if (i->ipv6_prefix[n])
            printf("/%u\n", i->ipv6_prefix[n]);
        else
            printf(", being tried\n");
    }
}

static void show_counters(const struct net_interface *i)
{
    char in[16], out[16];

    printf("  in    %llu packets, %s; %llu dropped, %llu missed\n",
           (unsigned long long)i->received,
           format_bytes(in, sizeof(in), i->received_bytes),
           (unsigned long long)i->dropped, (unsigned long long)i->missed);
    printf("  out   %llu packets, %s\n", (unsigned long long)i->sent,
           format_bytes(out, sizeof(out), i->sent_bytes));
}

static void show_server(struct net_address server)
{
    char text[NETWORK_TEXT_BYTES];

    server.port = 0; /* always 53 */
    if (server.family)
        printf("  dns   %s\n", network_text(text, &server));
}

static int show_interface(struct net *net)
{
    struct net_interface i;
    int status = net_interface(net, &i);

    if (status)
        return network_fail(NULL, status);
    show_link(&i);
    show_ipv4(&i);
    show_ipv6(&i);
    for (unsigned n = 0; n < NET_DNS_MAX; n++)
        show_server(i.dns[n]);
    if (i.hostname[0])
        printf("  name  %s\n", i.hostname);
    show_counters(&i);
    return SHELL_OK;
}

/* ADDRESS/BITS [GATEWAY]. Not 0: it is not that. */
static int parse_static(int argc, char **argv, struct net_configuration *c)
{
    char *slash = strchr(argv[1], '/'), *end;

    c->action = NET_CONFIGURE_ADDRESS;
    if (argc > 3 || !slash)
        return -1;
    *slash = 0;
    c->prefix = (uint32_t)strtoul(slash + 1, &end, 10);
    if (*end || !slash[1] || c->prefix > 32 ||
        !network_parse(argv[1], &c->address) || c->address.family != 4)
        return -1;
    return argc == 3 && (!network_parse(argv[2], &c->gateway) ||
                         c->gateway.family != 4)
               ? -1
               : 0;
}

static int parse_configuration(int argc, char **argv,
                               struct net_configuration *c)
{
    *c = (struct net_configuration){0};
    if (!strcmp(argv[1], "dns")) {
        c->action = NET_CONFIGURE_DNS;
        return argc == 3 && network_parse(argv[2], &c->address) ? 0 : -1;
    }
    if (!strcmp(argv[1], "up"))
        c->action = NET_CONFIGURE_UP;
    else if (!strcmp(argv[1], "down"))
        c->action = NET_CONFIGURE_DOWN;
    else if (!strcmp(argv[1], "dhcp"))
        c->action = NET_CONFIGURE_DHCP;
    else
        return parse_static(argc, argv, c);
    return argc == 2 ? 0 : -1;
}

/* The right to configure is another word of the policy than the rules. */
static int do_ifconfig(int argc, char **argv)
{
    struct net_configuration c;
    struct net *net;
    int status;

    if (argc > 1 && parse_configuration(argc, argv, &c))
        return shell_usage();
    net = network_open();
    if (!net)
        return SHELL_FAILED;
    if (argc == 1)
        return show_interface(net);
    status = net_configure(net, &c);
    if (status == NET_E_DENIED)
        return shell_fail(NULL, "denied by the policy: it takes `access: "
                                "write` where the console uses `net`");
    return status ? network_fail(NULL, status) : SHELL_OK;
}

/* --- netstat --- */

static const char *state_text(const struct net_socket_info *s)
{
    static const char *const names[] = {
        "closed",      "listening",  "connecting", "accepting",
        "established", "fin wait 1", "fin wait 2", "close wait",
        "closing",     "last ack",   "time wait"};

    if (s->kind != NET_TCP)
        return "-";
    return s->state < sizeof(names) / sizeof(names[0]) ? names[s->state] : "?";
}

static int show_sockets(struct net *net)
{
    static const char *const kinds[] = {"?", "tcp", "udp", "ping"};
    static struct table t;
    char own[NETWORK_TEXT_BYTES], peer[NETWORK_TEXT_BYTES];
    struct net_socket_info s;
    uint64_t position = 0;
    int status;

    command_table(&t, "socket|own|peer|state|owner|>unread|>unsent");
    while (!(status = net_list(net, &position, &s))) {
        table_add(&t, "%s", kinds[s.kind <= NET_PING ? s.kind : 0]);
        table_add(&t, "%s", network_text(own, &s.own));
        table_add(&t, "%s", network_text(peer, &s.peer));
        table_add(&t, "%s", state_text(&s));
        table_add(&t, "%s", s.owner);
        table_add(&t, "%u", s.unread);
        table_add(&t, "%u", s.unsent);
    }
    if (status != NET_E_NOT_FOUND)
        return network_fail(NULL, status);
    table_print(&t);
    if (!net_limits(net)->may_configure)
        printf("(the console's own: the policy does not let it see others')\n");
    return SHELL_OK;
}

static void add_counts(struct table *t, const char *name,
                       const struct net_protocol_counts *c)
{
    const uint32_t counts[] = {c->received,     c->sent,      c->dropped,
                               c->bad_checksum, c->malformed, c->no_memory,
                               c->no_route,     c->refused};

    table_add(t, "%s", name);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        table_add(t, "%u", counts[i]);
}

static int show_statistics(struct net *net)
{
    static struct table t;
    struct net_statistics s;
    int status = net_statistics(net, &s);

    if (status)
        return network_fail(NULL, status);
    command_table(&t, "packets|>received|>sent|>dropped|>checksum|>malformed|"
                      ">no memory|>no route|>refused");
    add_counts(&t, "link", &s.link);
    add_counts(&t, "arp", &s.arp);
    add_counts(&t, "ipv4", &s.ip4);
    add_counts(&t, "ipv6", &s.ip6);
    add_counts(&t, "fragments", &s.fragments);
    add_counts(&t, "icmp", &s.icmp);
    add_counts(&t, "udp", &s.udp);
    add_counts(&t, "tcp", &s.tcp);
    table_print(&t);
    printf("tcp: %u accepted, %u connected, %u reset, %u segments sent again\n",
           s.tcp_accepted, s.tcp_connected, s.tcp_reset, s.tcp_retransmitted);
    printf("clients: %u calls denied by the policy, %u broke their rings\n",
           s.denied, s.corrupt);
    return SHELL_OK;
}

static int do_netstat(int argc, char **argv)
{
    bool statistics = argc == 2 && !strcmp(argv[1], "-s");
    struct net *net;

    if (argc > 2 || (argc == 2 && !statistics))
        return shell_usage();
    net = network_open();
    if (!net)
        return SHELL_FAILED;
    return statistics ? show_statistics(net) : show_sockets(net);
}

/* --- nslookup --- */

static int do_nslookup(int argc, char **argv)
{
    struct net_address found[NET_ANSWERS_MAX];
    char text[NETWORK_TEXT_BYTES];
    struct net *net;
    unsigned count;

    if (argc != 2)
        return shell_usage();
    net = network_open_ready();
    if (!net || network_find(net, argv[1], 0, found, &count))
        return SHELL_FAILED;
    for (unsigned i = 0; i < count; i++)
        printf("%s  %s\n", argv[1], network_text(text, &found[i]));
    return SHELL_OK;
}

const struct command commands_network[] = {
    {"ifconfig", "[up|down|dhcp|dns ADDRESS|ADDRESS/BITS [GATEWAY]]",
     "the network interface, or change it", do_ifconfig, COMMAND_NO_WORDS},
    {"ping", "[-4|-6] HOST [-c NUMBER]",
     "whether a host answers; -c 0: until Ctrl-C", do_ping, COMMAND_NO_WORDS},
    {"netstat", "[-s]", "sockets with their owners; -s: what was counted",
     do_netstat, COMMAND_NO_WORDS},
    {"nslookup", "NAME", "the addresses of a name", do_nslookup,
     COMMAND_NO_WORDS},
    {"wget", "URL [-O FILE]", "fetch by HTTP: to a file, or its checksum",
     do_wget, COMMAND_PATHS},
    {0},
};

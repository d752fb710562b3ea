/*
 * What the policy does not allow: to listen elsewhere, to connect or send
 * elsewhere, by every protocol and spelling, to have names resolved, to change
 * the machine's addresses. Nothing of it may reach the cable, which is where
 * the judge looks.
 */
#include "tests/attack/net-client/net_client.h"

/* Nobody else sends there. 10.0.2.2 may be sent to, on port 9 alone. */
static const struct net_address elsewhere[] = {
    {.family = 4, .port = 666, .address = {10, 0, 2, 2}},
    {.family = 4, .port = 666, .address = {10, 0, 2, 66}},
    {.family = 4, .port = 9, .address = {10, 0, 2, 66}},
    {.family = 4, .port = 9, .address = {192, 0, 2, 66}},
    {.family = 4, .port = 666, .address = {10, 0, 2, 255}},
    {.family = 4, .port = 666, .address = {255, 255, 255, 255}},
    {.family = 4, .port = 666, .address = {224, 0, 0, 66}},
    {.family = 6,
     .port = 666,
     .address = {[10] = 0xff, 0xff, 10, 0, 2, 66}}, /* the same, mapped */
    {.family = 6, .port = 666, .address = {0xfe, 0x80, [15] = 0x66}},
    {.family = 6, .port = 666, .address = {0xff, 2, [15] = 0x66}},
};
#define PLACES (sizeof(elsewhere) / sizeof(elsewhere[0]))

static unsigned tries;

static void send_elsewhere(struct net *net, const struct net_address *to)
{
    static uint8_t data[64] = {8}; /* as ICMP: an echo request */
    static uint8_t data6[64] = {128};
    unsigned tcp, udp, ping;

    net_socket(net, NET_TCP, to->family, &tcp);
    net_socket(net, NET_UDP, to->family, &udp);
    net_socket(net, NET_PING, to->family, &ping);
    net_option(net, udp, NET_OPTION_BROADCAST, 1);
    net_connect(net, tcp, to);
    net_send_to(net, udp, data, sizeof(data), to);
    net_send_to(net, ping, to->family == 4 ? data : data6, sizeof(data), to);
    if (net_connect(net, udp, to) == NET_OK)
        net_send_to(net, udp, data, sizeof(data), NULL);
    if (net_connect(net, ping, to) == NET_OK)
        net_send_to(net, ping, data, sizeof(data), NULL);
    net_kick(net);
    clock_sleep(50 * NS_PER_MS);
    net_socket_close(net, tcp, true);
    net_socket_close(net, udp, true);
    net_socket_close(net, ping, true);
    tries += 5;
}

/* A peer would be answered on these ports. */
static void listen_elsewhere(struct net *net, uint16_t port)
{
    const struct net_address own = {.port = port};
    unsigned tcp, udp;

    net_socket(net, NET_TCP, 4, &tcp);
    net_socket(net, NET_UDP, 4, &udp);
    net_bind(net, tcp, &own);
    net_listen(net, tcp, 4);
    net_bind(net, udp, &own);
    tries += 3; /* and the sockets stay, to be knocked at */
}

static void configure(struct net *net)
{
    const struct net_configuration what = {
        .action = NET_CONFIGURE_ADDRESS,
        .prefix = 24,
        .address = {.family = 4, .address = {10, 0, 2, 66}}};
    const struct net_configuration down = {.action = NET_CONFIGURE_DOWN};

    net_configure(net, &what);
    net_configure(net, &down);
    tries += 2;
}

static void resolve(struct net *net)
{
    struct net_address found[2];
    unsigned count;

    net_resolve(net, "cordon-secret.example", 4, found, 2, &count);
    tries++;
}

void rules(void)
{
    static const uint16_t ports[] = {0, 1, 7, 8, 10, 22, 68, 80, 666, 65535};
    struct net *net = stack_open();

    for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
        listen_elsewhere(net, ports[i]);
    for (unsigned round = 0; round < 3; round++)
        for (size_t i = 0; i < PLACES; i++)
            send_elsewhere(net, &elsewhere[i]);
    resolve(net);
    configure(net);
    clock_sleep(3 * NS_PER_S);
    say("%u tries", tries);
}

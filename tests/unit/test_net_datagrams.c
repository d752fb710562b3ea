/*
 * UDP, ping and multicast sockets of the network server, and the list of all
 * sockets.
 *
 * links: servers/net/calls.c servers/net/socket_calls.c
 *  links: servers/net/option_call.c servers/net/clients.c servers/net/socket.c
 *  links: servers/net/tcp_socket.c servers/net/tcp_work.c
 *  links: servers/net/tcp_listen.c servers/net/datagram.c
 *  links: servers/net/udp_socket.c servers/net/ping_socket.c
 *  links: servers/net/ip_address.c servers/net/resolve.c servers/net/list.c
 *  links: servers/net/rules.c servers/net/heap.c servers/net/checksum.c
 *  links: libsys/message.c
 * libs: $(LWIP_HOST)
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/net_sockets.h"

static void datagrams_of_all_sizes(void **state)
{
    struct net_address own = host_address(127, 0, 0, 1, 7), from;
    unsigned here = make(SERVER, NET_UDP, 4), there = make(OTHER, NET_UDP, 4);
    uint8_t first;

    (void)state;
    odd = 0;
    assert_int_equal(host_call_at(SERVER, NET_CALL_BIND, here, &own), NET_OK);
    for (uint32_t bytes = 0; bytes < 4000; bytes += 1 + bytes / 7) {
        put_datagram(OTHER, there, &own, bytes, (uint8_t)bytes);
        assert_true(host_turns());
        assert_int_equal(take_datagram(SERVER, here, &from, &first), bytes);
        assert_int_equal(from.family, 4);
        if (bytes != 0)
            assert_int_equal(first, (uint8_t)bytes);
    }
    /* A ring without room loses them, and goes on when there is some. */
    for (unsigned i = 0; i < 10; i++) {
        put_datagram(OTHER, there, &own, 2000, (uint8_t)i);
        assert_true(host_turns());
    }
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(take_datagram(SERVER, here, &from, &first), 2000);
        assert_int_equal(first, i);
    }
    assert_int_equal(take_datagram(SERVER, here, &from, &first), ~0u);
    put_datagram(OTHER, there, &own, 2000, 77);
    assert_true(host_turns());
    assert_int_equal(take_datagram(SERVER, here, &from, &first), 2000);
    assert_int_equal(first, 77);
    assert_int_equal(odd, 0);
}

static void a_connected_socket_hears_its_peer(void **state)
{
    struct net_address own = host_address(127, 0, 0, 1, 7), from;
    unsigned here = make(SERVER, NET_UDP, 4), there = make(OTHER, NET_UDP, 4);
    unsigned third = make(OTHER, NET_UDP, 4);
    uint32_t seen = 0;
    uint8_t first;

    (void)state;
    assert_int_equal(host_call_at(SERVER, NET_CALL_BIND, here, &own), NET_OK);
    put_datagram(OTHER, there, &nowhere, 5, 1);
    assert_true(host_turns());
    assert_int_equal(error(OTHER, there, &seen), NET_E_NOT_CONNECTED);
    assert_int_equal(host_call_at(OTHER, NET_CALL_CONNECT, there, &own),
                     NET_OK);
    put_datagram(OTHER, there, &nowhere, 5, 1);
    assert_true(host_turns());
    assert_int_equal(take_datagram(SERVER, here, &from, &first), 5);
    assert_int_equal(host_call_at(SERVER, NET_CALL_CONNECT, here, &from),
                     NET_OK);
    put_datagram(OTHER, third, &own, 6, 1);
    put_datagram(OTHER, there, &own, 7, 1);
    assert_true(host_turns());
    assert_int_equal(take_datagram(SERVER, here, &from, &first), 7);
    assert_int_equal(take_datagram(SERVER, here, &from, &first), ~0u);
    assert_int_equal(host_call_at(SERVER, NET_CALL_CONNECT, here, &nowhere),
                     NET_OK);
    put_datagram(OTHER, third, &own, 6, 1);
    assert_true(host_turns());
    assert_int_equal(take_datagram(SERVER, here, &from, &first), 6);
}

static void a_ping_comes_back(void **state)
{
    struct net_address to = host_address(127, 0, 0, 1, 0), from;
    unsigned p = make(OTHER, NET_PING, 4), q = make(OTHER, NET_PING, 4);
    uint32_t seen = 0;
    uint8_t first;

    (void)state;
    put_datagram(OTHER, p, &to, 64, 8);
    /* Type 8, but code 8: only echo requests are sent. */
    assert_true(host_turns());
    assert_int_equal(error(OTHER, p, &seen), NET_E_DENIED);
    put_datagram(OTHER, p, &to, 64, 0);
    net_arena_send(host_clients[OTHER].arena, &host_clients[OTHER].shape,
                   p)[96 + 32] = 8;
    assert_true(host_turns());
    assert_int_equal(error(OTHER, p, &seen), NET_OK);
    assert_int_equal(take_datagram(OTHER, p, &from, &first), 64);
    assert_int_equal(first, 0); /* an answer */
    assert_int_equal(take_datagram(OTHER, q, &from, &first), ~0u);
}

/* An error about a request comes to who sent it, from whatever router. */
static void errors_about_pings_come(void **state)
{
    struct net_address from;
    unsigned p = make(OTHER, NET_PING, 4), q = make(OTHER, NET_PING, 4);
    struct {
        uint8_t error[8]; /* destination unreachable, host */
        struct ip_hdr ip;
        uint8_t type, code;
        uint16_t sum, identifier, sequence;
    } __attribute__((packed)) m = {.error = {3, 1}, .type = 8};
    uint8_t first;

    (void)state;
    rights(OTHER)->rule_count = 0;
    IPH_VHL_SET(&m.ip, 4, 5);
    IPH_PROTO_SET(&m.ip, IP_PROTO_ICMP);
    m.identifier = client_at(OTHER)->sockets[p].identifier;
    arrive(IP_PROTO_ICMP, 1, netif_ip4_addr(&host_card), &m, sizeof(m));
    host_turns();
    assert_int_equal(take_datagram(OTHER, p, &from, &first), sizeof(m));
    assert_int_equal(first, 3);
    assert_int_equal(take_datagram(OTHER, q, &from, &first), ~0u);
    for (uint32_t i = 0; i < 65536; i++) { /* everybody else's go nowhere */
        if (i == m.identifier || i == client_at(OTHER)->sockets[q].identifier)
            continue;
        m.identifier = (uint16_t)i;
        arrive(IP_PROTO_ICMP, 1, netif_ip4_addr(&host_card), &m, sizeof(m));
        m.identifier = client_at(OTHER)->sockets[p].identifier;
    }
    host_turns();
    assert_int_equal(take_datagram(OTHER, p, &from, &first), ~0u);
    assert_int_equal(take_datagram(OTHER, q, &from, &first), ~0u);
}

static unsigned group_change(unsigned c, unsigned s, bool join,
                             const struct net_address *group)
{
    struct message m;

    host_begin(&m, NET_CALL_GROUP);
    message_put(&m, s);
    message_put(&m, join);
    message_put_bytes(&m, group, sizeof(*group));
    return host_send(c, &m);
}

static void groups_are_heard_by_their_members(void **state)
{
    struct net_address own = {.port = 5000}, from;
    struct net_address group = host_address(239, 1, 2, 3, 0);
    struct net_address one = host_address(192, 0, 2, 2, 0);
    struct udp_hdr udp = {.src = lwip_htons(9),
                          .dest = lwip_htons(5000),
                          .len = lwip_htons(sizeof(udp))};
    unsigned s = make(SERVER, NET_UDP, 4);
    ip4_addr_t to;
    uint8_t first;

    (void)state;
    memcpy(&to, group.address, 4);
    assert_int_equal(host_call_at(SERVER, NET_CALL_BIND, s, &own), NET_OK);
    assert_int_equal(group_change(SERVER, s, true, &one), NET_E_REQUEST);
    assert_int_equal(group_change(SERVER, s, false, &group), NET_E_ADDRESS);
    for (unsigned i = 0; i < 3; i++) {
        if (i == 1)
            assert_int_equal(group_change(SERVER, s, true, &group), NET_OK);
        if (i == 2)
            assert_int_equal(group_change(SERVER, s, false, &group), NET_OK);
        arrive(IP_PROTO_UDP, 7, &to, &udp, sizeof(udp));
        assert_true(host_turns());
        assert_int_equal(take_datagram(SERVER, s, &from, &first),
                         i == 1 ? 0 : ~0u);
    }
    for (unsigned i = 0; i < 4; i++) {
        group.address[3] = (uint8_t)(10 + i);
        assert_int_equal(group_change(SERVER, s, true, &group), NET_OK);
    }
    group.address[3]++;
    assert_int_equal(group_change(SERVER, s, true, &group), NET_E_LIMIT);
}

static void everything_is_listed(void **state)
{
    struct pair p = connection(80);
    struct net_socket_info info;
    uint64_t position = 0;
    unsigned mine = 0, all = 0;

    (void)state;
    (void)p;
    while (host_call(SERVER, NET_CALL_LIST, 1, position) == NET_OK) {
        position = message_get(&host_message);
        message_get_bytes(&host_message, &info, sizeof(info));
        assert_string_equal(info.owner, "client0");
        mine++;
    }
    assert_int_equal(host_message.label, NET_E_NOT_FOUND);
    assert_int_equal(mine, 2);
    rights(SERVER)->write = true;
    for (position = 0; host_call(SERVER, NET_CALL_LIST, 1, position) == NET_OK;
         all++)
        position = message_get(&host_message);
    assert_int_equal(all, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(datagrams_of_all_sizes),
        TEST(a_connected_socket_hears_its_peer),
        TEST(a_ping_comes_back),
        TEST(errors_about_pings_come),
        TEST(groups_are_heard_by_their_members),
        TEST(everything_is_listed),
    };

    return cmocka_run_group_tests(tests, start, NULL);
}

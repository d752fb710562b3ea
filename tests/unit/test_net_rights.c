/*
 * What the network server's clients may and may not: each with its rules and
 * limits, enforced where packets leave and come.
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

static void ports_are_the_policys(void **state)
{
    struct net_address own = host_address(0, 0, 0, 0, 81);
    unsigned s = make(SERVER, NET_TCP, 4), u = make(SERVER, NET_UDP, 4);

    (void)state;
    rights(SERVER)->rules[0].port_first = 80;
    rights(SERVER)->rules[0].port_last = 80;
    assert_int_equal(host_call_at(SERVER, NET_CALL_BIND, s, &own),
                     NET_E_DENIED);
    assert_int_equal(host_call_at(SERVER, NET_CALL_BIND, u, &own),
                     NET_E_DENIED);
    /* Without a port it may be bound, to connect from there; not to listen. */
    own.port = 0;
    assert_int_equal(host_call_at(SERVER, NET_CALL_BIND, s, &own), NET_OK);
    assert_int_equal(host_call(SERVER, NET_CALL_LISTEN, 2, (uint64_t)s, 1ull),
                     NET_E_DENIED);
    s = make(SERVER, NET_TCP, 4);
    assert_int_equal(host_call(SERVER, NET_CALL_LISTEN, 2, (uint64_t)s, 1ull),
                     NET_E_DENIED);
    own.port = 80;
    assert_int_equal(host_call_at(SERVER, NET_CALL_BIND, s, &own), NET_OK);
    assert_int_equal(host_call(SERVER, NET_CALL_LISTEN, 2, (uint64_t)s, 1ull),
                     NET_OK);
    s = make(OTHER, NET_TCP, 4);
    assert_int_equal(host_call_at(OTHER, NET_CALL_BIND, s, &own), NET_E_IN_USE);
}

static void an_unbound_listener_gets_an_allowed_port(void **state)
{
    struct net_address own;
    unsigned s = make(SERVER, NET_TCP, 0);

    (void)state;
    rights(SERVER)->rules[0].port_first = 2000;
    rights(SERVER)->rules[0].port_last = 2003;
    assert_int_equal(host_call(SERVER, NET_CALL_LISTEN, 2, (uint64_t)s, 1ull),
                     NET_OK);
    assert_int_equal(host_call(SERVER, NET_CALL_NAMES, 1, (uint64_t)s), NET_OK);
    assert_int_equal(message_get_bytes(&host_message, &own, sizeof(own)),
                     sizeof(own));
    assert_in_range(own.port, 2000, 2003);
}

static void addresses_are_the_policys(void **state)
{
    struct net_address there = host_address(192, 0, 2, 9, 80), from, to;
    unsigned t = make(OTHER, NET_TCP, 4), u = make(OTHER, NET_UDP, 4);
    unsigned p = make(OTHER, NET_PING, 4);
    uint32_t seen_u = 0, seen_p = 0, sent = host_sent;
    uint8_t first;

    (void)state;
    (void)from, (void)first;
    rights(OTHER)->rules[1].family = 4;
    rights(OTHER)->rules[1].prefix = 32;
    memcpy(rights(OTHER)->rules[1].address, there.address, 4);
    to = there;
    to.address[3] = 10;
    assert_int_equal(host_call_at(OTHER, NET_CALL_CONNECT, t, &to),
                     NET_E_DENIED);
    assert_int_equal(host_call_at(OTHER, NET_CALL_CONNECT, u, &to),
                     NET_E_DENIED);
    put_datagram(OTHER, u, &to, 10, 1);
    put_datagram(OTHER, p, &to, 16, 8);
    assert_true(host_turns());
    assert_int_equal(error(OTHER, u, &seen_u), NET_E_DENIED);
    assert_int_equal(error(OTHER, p, &seen_p), NET_E_DENIED);
    assert_int_equal(host_sent, sent);
    put_datagram(OTHER, u, &there, 10, 1);
    assert_true(host_turns());
    assert_int_equal(error(OTHER, u, &seen_u), NET_OK);
    assert_int_equal(host_sent, sent + 1);
    assert_int_equal(host_call_at(OTHER, NET_CALL_CONNECT, t, &there), NET_OK);
}

static void who_was_heard_may_be_answered(void **state)
{
    struct net_address own = host_address(127, 0, 0, 1, 7), from, other;
    unsigned here = make(SERVER, NET_UDP, 4), there = make(OTHER, NET_UDP, 4);
    uint32_t seen = 0;
    uint8_t first;

    (void)state;
    rights(SERVER)->rule_count = 1; /* it may listen alone */
    assert_int_equal(host_call_at(SERVER, NET_CALL_BIND, here, &own), NET_OK);
    put_datagram(OTHER, there, &own, 20, 5);
    assert_true(host_turns());
    assert_int_equal(take_datagram(SERVER, here, &from, &first), 20);
    assert_int_equal(first, 5);
    other = from;
    other.port++;
    put_datagram(SERVER, here, &from, 21, 6);
    put_datagram(SERVER, here, &other, 22, 7);
    assert_true(host_turns());
    assert_int_equal(take_datagram(OTHER, there, &from, &first), 21);
    assert_int_equal(error(SERVER, here, &seen), NET_E_DENIED);
}

/* A socket that is there to ask hears those alone whom it may ask. */
static void strangers_are_not_heard(void **state)
{
    struct net_address own = host_address(127, 0, 0, 1, 0), to, from;
    unsigned here = make(SERVER, NET_UDP, 4), there = make(OTHER, NET_UDP, 4);
    uint8_t first;

    (void)state;
    rights(SERVER)->rule_count = 0;
    assert_int_equal(host_call_at(SERVER, NET_CALL_BIND, here, &own), NET_OK);
    assert_int_equal(host_call(SERVER, NET_CALL_NAMES, 1, (uint64_t)here),
                     NET_OK);
    assert_int_equal(message_get_bytes(&host_message, &to, sizeof(to)),
                     sizeof(to));
    assert_true(to.port != 0);
    put_datagram(OTHER, there, &to, 20, 5);
    assert_true(host_turns());
    assert_int_equal(take_datagram(SERVER, here, &from, &first), ~0u);
}

static void names_are_the_policys(void **state)
{
    struct net_address a;
    struct message m;

    (void)state;
    rights(OTHER)->names = false;
    for (unsigned c = 0; c < 2; c++) {
        host_begin(&m, NET_CALL_RESOLVE);
        message_put(&m, 0);
        message_put_text(&m, "10.0.2.2");
        assert_int_equal(host_send(c, &m), c == SERVER ? NET_OK : NET_E_DENIED);
        if (c == SERVER) {
            assert_int_equal(message_get(&host_message), 1);
            message_get_bytes(&host_message, &a, sizeof(a));
            assert_int_equal(a.family, 4);
            assert_int_equal(a.address[0], 10);
        }
        host_begin(&m, NET_CALL_RESOLVE);
        message_put(&m, 0);
        message_put_text(&m, "name.example");
        assert_int_equal(host_send(c, &m),
                         c == SERVER ? NET_E_NAME_SERVER : NET_E_DENIED);
    }
}

/* Questions that nobody answers: so many at a time, and all are answered. */
static void names_are_looked_up_for_a_while(void **state)
{
    unsigned before = host_answers, deferred = 0;
    ip_addr_t dns = IPADDR4_INIT_BYTES(192, 0, 2, 53);
    struct message m;

    (void)state;
    dns_setserver(0, &dns);
    for (unsigned i = 0; i < 2 * LOOKUPS_MAX; i++) {
        char name[32];

        snprintf(name, sizeof(name), "name%u.example", i);
        host_begin(&m, NET_CALL_RESOLVE);
        message_put(&m, 0);
        message_put_text(&m, name);
        host_service.deferred = false;
        host_send(SERVER, &m);
        deferred += host_service.deferred;
        if (!host_service.deferred)
            assert_int_equal(host_message.label, NET_E_LIMIT);
    }
    assert_int_equal(deferred, LOOKUPS_MAX);
    host_pass(30 * NS_PER_S);
    assert_int_equal(host_answers - before, deferred);
    assert_int_equal(host_message.label, NET_E_NAME_SERVER);
    dns_setserver(0, IP_ADDR_ANY);
}

static void a_connection_is_within_its_limits(void **state)
{
    struct service_client *r = rights(SERVER);

    (void)state;
    assert_int_equal(host_open(SERVER, 33, RING, RING), NET_E_LIMIT);
    assert_int_equal(host_open(SERVER, 0, RING, RING), NET_E_REQUEST);
    assert_int_equal(host_open(SERVER, 1, RING - 1, RING), NET_E_REQUEST);
    assert_int_equal(host_open(SERVER, 1, RING, 2048), NET_E_REQUEST);
    assert_int_equal(host_open(SERVER, 1, RING, 2u << 20), NET_E_REQUEST);
    r->memory = 64u << 10;
    assert_int_equal(host_open(SERVER, 4, RING, RING), NET_E_MEMORY);
    assert_int_equal(host_open(SERVER, 3, RING, RING), NET_OK);
    r->sockets = 0;
    assert_int_equal(host_open(SERVER, 3, RING, RING), NET_E_DENIED);
    /* Each of these ended what was before. */
    assert_int_equal(host_call(SERVER, NET_CALL_SOCKET, 2, 1ull, 4ull),
                     NET_E_GONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ports_are_the_policys),
        TEST(an_unbound_listener_gets_an_allowed_port),
        TEST(addresses_are_the_policys),
        TEST(who_was_heard_may_be_answered),
        TEST(strangers_are_not_heard),
        TEST(names_are_the_policys),
        TEST(names_are_looked_up_for_a_while),
        TEST(a_connection_is_within_its_limits),
    };

    return cmocka_run_group_tests(tests, start, NULL);
}

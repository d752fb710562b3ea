/*
 * TCP sockets of the network server with the real lwIP: streams, windows, both
 * ends of a connection, listeners.
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

static void a_stream_arrives_whole(void **state)
{
    struct pair p = connection(80);
    uint32_t sent = 0, taken = 0;

    (void)state;
    for (unsigned i = 0; taken < 20 * RING; i++) {
        if (sent < 20 * RING)
            sent += put(OTHER, p.there, sent, 1 + i * 977 % 5000);
        assert_true(host_turns());
        taken += take(SERVER, p.here, taken, 1 + i * 1409 % 7000);
        host_pass(50 * NS_PER_MS);
        assert_true(i < 2000);
    }
    assert_true(host_turns());
    taken += take(SERVER, p.here, taken, RING);
    host_pass(NS_PER_S); /* acknowledged with a delay */
    assert_int_equal(sent, taken);
    assert_int_equal(host_shared(OTHER, p.there)->send_tail, sent);
}

static void a_reader_that_stops_stops_the_sender(void **state)
{
    struct pair p = connection(80);
    uint32_t sent = 0;

    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        sent += put(OTHER, p.there, sent, RING);
        host_pass(100 * NS_PER_MS);
    }
    assert_true(sent <= 2 * RING); /* one ring full, and the other */
    assert_int_equal(host_shared(SERVER, p.here)->receive_head, RING);
    for (uint32_t taken = 0; taken < sent;) {
        taken += take(SERVER, p.here, taken, RING);
        host_pass(NS_PER_S);
    }
}

static void closing_sends_what_was_given(void **state)
{
    struct pair p = connection(80);
    uint32_t taken = 0;

    (void)state;
    put(SERVER, p.here, 0, RING);
    end(SERVER, p.here, false);
    for (unsigned i = 0; i < 100; i++) {
        taken += take(OTHER, p.there, taken, 3000);
        host_pass(50 * NS_PER_MS);
    }
    assert_int_equal(taken, RING);
    assert_true(events(OTHER, p.there) & NET_END);
    assert_int_equal(host_call(SERVER, NET_CALL_NAMES, 1, (uint64_t)p.here),
                     NET_E_SOCKET);
    assert_int_equal(make(SERVER, NET_UDP, 4), p.here); /* free again */
}

static void who_lingers_is_reset_in_the_end(void **state)
{
    struct pair p = connection(80);
    uint32_t seen = 0;

    (void)state;
    put(SERVER, p.here, 0, RING);
    assert_true(host_turns());
    put(SERVER, p.here, RING, RING); /* more than the other side takes */
    host_pass(NS_PER_S);
    end(SERVER, p.here, false);
    host_pass(LINGER_NS + 2 * NS_PER_S);
    assert_int_equal(make(SERVER, NET_UDP, 4), p.here);
    /* Its window was shut, so it hears of it when it says something. */
    take(OTHER, p.there, 0, RING);
    host_pass(NS_PER_S);
    assert_int_equal(error(OTHER, p.there, &seen), NET_E_RESET);
    assert_true(events(OTHER, p.there) & NET_DEAD);
}

static void half_a_connection_goes_on(void **state)
{
    struct pair p = connection(80);

    (void)state;
    put(OTHER, p.there, 0, 100);
    assert_int_equal(host_call(OTHER, NET_CALL_SHUTDOWN, 2, (uint64_t)p.there,
                               (uint64_t)100),
                     NET_OK);
    host_pass(NS_PER_S);
    assert_int_equal(take(SERVER, p.here, 0, RING), 100);
    assert_true(events(SERVER, p.here) & NET_END);
    put(SERVER, p.here, 0, 5000);
    host_pass(NS_PER_S);
    assert_int_equal(take(OTHER, p.there, 0, RING), 5000);
    end(SERVER, p.here, false);
    host_pass(NS_PER_S);
    assert_true(events(OTHER, p.there) & NET_END);
}

static void an_abort_resets(void **state)
{
    struct pair p = connection(80);
    uint32_t seen = 0;

    (void)state;
    end(SERVER, p.here, true);
    assert_true(host_turns());
    assert_int_equal(error(OTHER, p.there, &seen), NET_E_RESET);
    assert_int_equal(events(OTHER, p.there), NET_CONNECTED | NET_DEAD);
    end(OTHER, p.there, false);
}

static void nobody_listens(void **state)
{
    unsigned s = connect_to(OTHER, 81);
    uint32_t seen = 0;

    (void)state;
    assert_true(host_turns());
    assert_int_equal(error(OTHER, s, &seen), NET_E_REFUSED);
    assert_int_equal(events(OTHER, s), NET_DEAD);
}

static void nobody_answers(void **state)
{
    struct net_address to = host_address(192, 0, 2, 9, 80);
    unsigned s = make(OTHER, NET_TCP, 4);
    uint32_t seen = 0;

    (void)state;
    assert_int_equal(host_call_at(OTHER, NET_CALL_CONNECT, s, &to), NET_OK);
    assert_int_equal(host_call_at(OTHER, NET_CALL_CONNECT, s, &to),
                     NET_E_CONNECTED);
    host_pass(300 * NS_PER_S);
    assert_int_equal(error(OTHER, s, &seen), NET_E_TIMEOUT);
}

static void accepting_waits_for_numbers(void **state)
{
    unsigned l, made = 0;

    (void)state;
    assert_int_equal(host_open(SERVER, 3, RING, RING), NET_OK);
    l = listen_at(SERVER, 80, 4);
    assert_int_equal(host_call(SERVER, NET_CALL_ACCEPT, 1, (uint64_t)l),
                     NET_E_AGAIN);
    for (unsigned i = 0; i < 4; i++)
        connect_to(OTHER, 80);
    assert_true(host_turns());
    while (host_call(SERVER, NET_CALL_ACCEPT, 1, (uint64_t)l) == NET_OK)
        made++;
    assert_int_equal(host_message.label, NET_E_LIMIT);
    assert_int_equal(made, 2);
    assert_int_equal(events(SERVER, l), NET_ACCEPT); /* it goes on waiting */
    end(SERVER, 1, true);
    assert_int_equal(host_call(SERVER, NET_CALL_ACCEPT, 1, (uint64_t)l),
                     NET_OK);
}

/* What comes before accept() is not lost, nor is the end. */
static void data_waits_for_its_socket(void **state)
{
    unsigned l = listen_at(SERVER, 80, 4), s = connect_to(OTHER, 80), here;
    uint32_t taken = 0;

    (void)state;
    assert_true(host_turns());
    put(OTHER, s, 0, 6000);
    end(OTHER, s, false);
    host_pass(2 * NS_PER_S);
    assert_int_equal(host_call(SERVER, NET_CALL_ACCEPT, 1, (uint64_t)l),
                     NET_OK);
    here = (unsigned)message_get(&host_message);
    for (unsigned i = 0; i < 20; i++) {
        host_pass(500 * NS_PER_MS);
        taken += take(SERVER, here, taken, RING);
    }
    assert_int_equal(taken, 6000);
    assert_true(events(SERVER, here) & NET_END);
}

static void a_backlog_has_an_end(void **state)
{
    unsigned l = listen_at(SERVER, 80, 3), connected = 0, s[8];

    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        s[i] = connect_to(OTHER, 80);
        host_pass(50 * NS_PER_MS);
        connected += (events(OTHER, s[i]) & NET_CONNECTED) != 0;
    }
    assert_int_equal(connected, 3); /* the others go on trying */
    assert_int_equal(host_call(SERVER, NET_CALL_ACCEPT, 1, (uint64_t)l),
                     NET_OK);
    host_pass(10 * NS_PER_S);
    for (unsigned i = connected = 0; i < 8; i++)
        connected += (events(OTHER, s[i]) & NET_CONNECTED) != 0;
    assert_true(connected > 3);
    end(SERVER, l, false); /* those that wait are reset */
    host_pass(60 * NS_PER_S);
    for (unsigned i = connected = 0; i < 8; i++)
        connected += (events(OTHER, s[i]) & NET_DEAD) == 0;
    assert_int_equal(connected, 1);
}

static void syn(uint32_t from, uint16_t port)
{
    struct tcp_hdr tcp = {.src = lwip_htons((uint16_t)(1024 + from)),
                          .dest = lwip_htons(port),
                          .seqno = from,
                          .wnd = lwip_htons(8192)};

    TCPH_HDRLEN_FLAGS_SET(&tcp, 5, TCP_SYN);
    arrive(IP_PROTO_TCP, from, netif_ip4_addr(&host_card), &tcp, sizeof(tcp));
}

/* Whoever never answers is forgotten for the next; who answers gets in. */
static void a_flood_of_syns_shuts_nobody_out(void **state)
{
    unsigned l = make(SERVER, NET_TCP, 4), s, sent = host_sent;
    struct net_address own = {.port = 80};

    (void)state;
    assert_int_equal(host_call_at(SERVER, NET_CALL_BIND, l, &own), NET_OK);
    assert_int_equal(host_call(SERVER, NET_CALL_LISTEN, 2, (uint64_t)l, 4ull),
                     NET_OK);
    for (uint32_t i = 0; i < 5000; i++)
        syn(i, 80);
    assert_int_equal(host_sent - sent, 5000); /* each had its answer */
    assert_in_range(in_use(MEMP_TCP_PCB), 1, 64);
    s = connect_to(OTHER, 80);
    assert_true(host_turns());
    assert_int_equal(events(OTHER, s), NET_CONNECTED);
    assert_int_equal(host_call(SERVER, NET_CALL_ACCEPT, 1, (uint64_t)l),
                     NET_OK);
    host_pass(60 * NS_PER_S);
    assert_int_equal(client_at(SERVER)->incoming, 0);
}

static const struct net_address loop6 = {
    .family = 6, .port = 80, .address = {[15] = 1}};

static void both_families_reach_one_listener(void **state)
{
    struct net_address own = {.port = 80}, peer;
    struct net_address loop4 = host_address(127, 0, 0, 1, 80);
    unsigned l = make(SERVER, NET_TCP, 0), s4 = make(OTHER, NET_TCP, 4);
    unsigned s6 = make(OTHER, NET_TCP, 6);

    (void)state;
    assert_int_equal(host_call_at(SERVER, NET_CALL_BIND, l, &own), NET_OK);
    assert_int_equal(host_call(SERVER, NET_CALL_LISTEN, 2, (uint64_t)l, 4ull),
                     NET_OK);
    assert_int_equal(host_call_at(OTHER, NET_CALL_CONNECT, s4, &loop6),
                     NET_E_REQUEST);
    assert_int_equal(host_call_at(OTHER, NET_CALL_CONNECT, s6, &loop4),
                     NET_E_REQUEST);
    assert_int_equal(host_call_at(OTHER, NET_CALL_CONNECT, s4, &loop4), NET_OK);
    assert_true(host_turns());
    assert_int_equal(host_call_at(OTHER, NET_CALL_CONNECT, s6, &loop6), NET_OK);
    assert_true(host_turns());
    for (unsigned family = 4; family <= 6; family += 2) {
        assert_int_equal(host_call(SERVER, NET_CALL_ACCEPT, 1, (uint64_t)l),
                         NET_OK);
        message_get(&host_message);
        message_get_bytes(&host_message, &peer, sizeof(peer));
        assert_int_equal(peer.family, family);
    }
}

/* ::ffff:127.0.0.1 is 127.0.0.1, for a socket that is for both. */
static void mapped_addresses_are_ipv4(void **state)
{
    struct net_address to = {
        .family = 6,
        .port = 80,
        .address = {[10] = 0xff, [11] = 0xff, 127, 0, 0, 1}};
    unsigned l = listen_at(SERVER, 80, 4), s = make(OTHER, NET_TCP, 0);
    unsigned six = make(OTHER, NET_TCP, 6);

    (void)state, (void)l;
    assert_int_equal(host_call_at(OTHER, NET_CALL_CONNECT, six, &to),
                     NET_E_REQUEST);
    assert_int_equal(host_call_at(OTHER, NET_CALL_CONNECT, s, &to), NET_OK);
    assert_true(host_turns());
    assert_int_equal(events(OTHER, s), NET_CONNECTED);
}

static void options_have_bounds(void **state)
{
    static const struct {
        unsigned kind, option, value, status;
    } cases[] = {
        {NET_TCP, NET_OPTION_NO_DELAY, 1, NET_OK},
        {NET_UDP, NET_OPTION_NO_DELAY, 1, NET_E_UNSUPPORTED},
        {NET_TCP, NET_OPTION_KEEP_ALIVE, 30, NET_OK},
        {NET_TCP, NET_OPTION_KEEP_ALIVE, 0xffffffff, NET_E_REQUEST},
        {NET_TCP, NET_OPTION_REUSE, 1, NET_OK},
        {NET_UDP, NET_OPTION_BROADCAST, 1, NET_OK},
        {NET_UDP, NET_OPTION_TTL, 0, NET_E_REQUEST},
        {NET_PING, NET_OPTION_TTL, 255, NET_OK},
        {NET_PING, NET_OPTION_TTL, 256, NET_E_REQUEST},
        {NET_TCP, NET_OPTION_TOS, 255, NET_OK},
        {NET_TCP, NET_OPTION_TOS, 256, NET_E_REQUEST},
        {NET_TCP, 7, 1, NET_E_UNSUPPORTED},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned s = make(OTHER, cases[i].kind, 4);

        assert_int_equal(host_call(OTHER, NET_CALL_OPTION, 3, (uint64_t)s,
                                   (uint64_t)cases[i].option,
                                   (uint64_t)cases[i].value),
                         cases[i].status);
        end(OTHER, s, true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_stream_arrives_whole),
        TEST(a_reader_that_stops_stops_the_sender),
        TEST(closing_sends_what_was_given),
        TEST(who_lingers_is_reset_in_the_end),
        TEST(half_a_connection_goes_on),
        TEST(an_abort_resets),
        TEST(nobody_listens),
        TEST(nobody_answers),
        TEST(accepting_waits_for_numbers),
        TEST(data_waits_for_its_socket),
        TEST(a_backlog_has_an_end),
        TEST(a_flood_of_syns_shuts_nobody_out),
        TEST(both_families_reach_one_listener),
        TEST(mapped_addresses_are_ipv4),
        TEST(options_have_bounds),
    };

    return cmocka_run_group_tests(tests, start, NULL);
}

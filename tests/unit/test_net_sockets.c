/*
 * Sockets of the network server with the real lwIP: what clients are given,
 * what they are refused, and that nobody's lie is another's trouble.
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
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/net_host.h"

#include <lwip/memp.h>
#include <lwip/prot/ip.h>
#include <lwip/prot/ip4.h>
#include <lwip/prot/tcp.h>
#include <lwip/prot/udp.h>
#include <lwip/stats.h>

#define SERVER 0u /* clients of these tests */
#define OTHER  1u
#define RING   8192u

static const struct net_address nowhere = {0};

/* A socket of client `c`; its number. */
static unsigned make(unsigned c, unsigned kind, unsigned family)
{
    assert_int_equal(
        host_call(c, NET_CALL_SOCKET, 2, (uint64_t)kind, (uint64_t)family),
        NET_OK);
    return (unsigned)message_get(&host_message);
}

static void end(unsigned c, unsigned s, bool abort)
{
    uint32_t head = host_shared(c, s)->send_head;

    assert_int_equal(host_call(c, NET_CALL_END, 3, (uint64_t)s, (uint64_t)head,
                               (uint64_t)abort),
                     NET_OK);
}

static uint32_t events(unsigned c, unsigned s)
{
    return host_shared(c, s)->events;
}

/* The error since the last look; errors are counted from *seen. */
static unsigned error(unsigned c, unsigned s, uint32_t *seen)
{
    struct net_socket_shared *shared = host_shared(c, s);

    if (shared->errors == *seen)
        return NET_OK;
    *seen = shared->errors;
    return shared->error;
}

static int setup(void **state)
{
    (void)state;
    for (unsigned c = 0; c < HOST_CLIENTS; c++) {
        struct client *known = client_at(c);

        host_clients[c] = (struct host_client){0};
        host_allow_all(c, 32);
        assert_int_equal(host_call(c, NET_CALL_INFO, 0), NET_OK);
        known = client_at(c);
        known->rights = host_clients[c].rights;
    }
    assert_int_equal(host_open(SERVER, 32, RING, RING), NET_OK);
    assert_int_equal(host_open(OTHER, 32, RING, RING), NET_OK);
    return 0;
}

static unsigned in_use(unsigned pool)
{
    return (unsigned)lwip_stats.memp[pool]->used;
}

/* Nothing of a test stays with lwIP. */
static int teardown(void **state)
{
    (void)state;
    for (unsigned c = 0; c < HOST_CLIENTS; c++)
        assert_int_equal(host_call(c, NET_CALL_CLOSE, 0), NET_OK);
    host_pass(200 * NS_PER_S);
    return in_use(MEMP_TCP_PCB) + in_use(MEMP_TCP_PCB_LISTEN) +
           in_use(MEMP_UDP_PCB) + in_use(MEMP_RAW_PCB) + in_use(MEMP_TCP_SEG) +
           in_use(MEMP_PBUF);
}

static struct service_client *rights(unsigned c)
{
    return &client_at(c)->rights;
}

/* ---- Rings, as a client uses them ---- */

static uint8_t pattern(uint32_t i)
{
    return (uint8_t)(i * 31 + i / 251);
}

/* Puts bytes of the pattern, from stream position `at` on. */
static uint32_t put(unsigned c, unsigned s, uint32_t at, uint32_t bytes)
{
    struct host_client *h = &host_clients[c];
    struct net_socket_shared *shared = host_shared(c, s);
    uint8_t *ring = net_arena_send(h->arena, &h->shape, s);
    uint32_t room =
        h->shape.send_bytes - (shared->send_head - shared->send_tail);

    bytes = bytes < room ? bytes : room;
    for (uint32_t i = 0; i < bytes; i++)
        ring[(shared->send_head + i) & (h->shape.send_bytes - 1)] =
            pattern(at + i);
    shared->send_head += bytes;
    host_tell(c, s);
    return bytes;
}

/* Takes what is there; it must go on in the pattern from `at` on. */
static uint32_t take(unsigned c, unsigned s, uint32_t at, uint32_t most)
{
    struct host_client *h = &host_clients[c];
    struct net_socket_shared *shared = host_shared(c, s);
    const uint8_t *ring = net_arena_receive(h->arena, &h->shape, s);
    uint32_t bytes = shared->receive_head - shared->receive_tail;

    assert_true(bytes <= h->shape.receive_bytes);
    bytes = bytes < most ? bytes : most;
    for (uint32_t i = 0; i < bytes; i++)
        assert_int_equal(
            ring[(shared->receive_tail + i) & (h->shape.receive_bytes - 1)],
            pattern(at + i));
    shared->receive_tail += bytes;
    host_tell(c, s);
    return bytes;
}

static void put_datagram(unsigned c, unsigned s, const struct net_address *to,
                         uint32_t bytes, uint8_t fill)
{
    struct host_client *h = &host_clients[c];
    struct net_socket_shared *shared = host_shared(c, s);
    uint8_t *ring = net_arena_send(h->arena, &h->shape, s);
    uint32_t mask = h->shape.send_bytes - 1;
    struct net_record r = {.bytes = bytes, .peer = *to};

    memcpy(ring + (shared->send_head & mask), &r, sizeof(r));
    for (uint32_t i = 0; i < bytes; i++)
        ring[(shared->send_head + sizeof(r) + i) & mask] = fill;
    shared->send_head += (uint32_t)sizeof(r) + ((bytes + 31) & ~31u);
    host_tell(c, s);
}

static uint32_t odd; /* bytes that were not as the first of their datagram */

/* The next datagram's length, ~0 if there is none. */
static uint32_t take_datagram(unsigned c, unsigned s, struct net_address *from,
                              uint8_t *first)
{
    struct host_client *h = &host_clients[c];
    struct net_socket_shared *shared = host_shared(c, s);
    const uint8_t *ring = net_arena_receive(h->arena, &h->shape, s);
    uint32_t mask = h->shape.receive_bytes - 1;
    struct net_record r;

    if (shared->receive_head == shared->receive_tail)
        return ~0u;
    memcpy(&r, ring + (shared->receive_tail & mask), sizeof(r));
    *from = r.peer;
    *first = ring[(shared->receive_tail + sizeof(r)) & mask];
    for (uint32_t i = 0; i < r.bytes; i++)
        odd += ring[(shared->receive_tail + sizeof(r) + i) & mask] != *first;
    shared->receive_tail += (uint32_t)sizeof(r) + ((r.bytes + 31) & ~31u);
    return r.bytes;
}

/* ---- TCP connections over the loop ---- */

static unsigned listen_at(unsigned c, uint16_t port, unsigned backlog)
{
    struct net_address own = host_address(127, 0, 0, 1, port);
    unsigned s = make(c, NET_TCP, 4);

    assert_int_equal(host_call_at(c, NET_CALL_BIND, s, &own), NET_OK);
    assert_int_equal(
        host_call(c, NET_CALL_LISTEN, 2, (uint64_t)s, (uint64_t)backlog),
        NET_OK);
    return s;
}

static unsigned connect_to(unsigned c, uint16_t port)
{
    struct net_address to = host_address(127, 0, 0, 1, port);
    unsigned s = make(c, NET_TCP, 4);

    assert_int_equal(host_call_at(c, NET_CALL_CONNECT, s, &to), NET_OK);
    return s;
}

struct pair {
    unsigned listener, here, there; /* SERVER's two, OTHER's */
};

static struct pair connection(uint16_t port)
{
    struct pair p = {.listener = listen_at(SERVER, port, 8)};

    p.there = connect_to(OTHER, port);
    assert_true(host_turns());
    assert_int_equal(events(OTHER, p.there), NET_CONNECTED);
    assert_int_equal(events(SERVER, p.listener), NET_ACCEPT);
    assert_int_equal(
        host_call(SERVER, NET_CALL_ACCEPT, 1, (uint64_t)p.listener), NET_OK);
    p.here = (unsigned)message_get(&host_message);
    assert_int_equal(events(SERVER, p.listener), 0);
    assert_int_equal(events(SERVER, p.here), NET_CONNECTED);
    return p;
}

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

/* A packet comes by the card, from 198.51.0.0 + `from`. */
static void arrive(uint8_t protocol, uint32_t from, const ip4_addr_t *to,
                   const void *data, size_t bytes)
{
    struct pbuf *p =
        pbuf_alloc(PBUF_RAW, (u16_t)(sizeof(struct ip_hdr) + bytes), PBUF_RAM);
    struct ip_hdr *ip = p->payload;

    memset(ip, 0, sizeof(*ip));
    IPH_VHL_SET(ip, 4, 5);
    IPH_LEN_SET(ip, lwip_htons(p->tot_len));
    IPH_TTL_SET(ip, 64);
    IPH_PROTO_SET(ip, protocol);
    ip->src.addr = lwip_htonl(0xc6330000u + from);
    memcpy(&ip->dest, to, 4);
    memcpy(ip + 1, data, bytes);
    NETIF_SET_CHECKSUM_CTRL(&host_card, 0);
    ip_input(p, &host_card);
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

/* ---- What the policy says ---- */

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

/* ---- Lies, and deaths ---- */

static void lie_ends(unsigned c)
{
    assert_true(host_turns());
    assert_null(host_clients[c].arena);
    assert_int_equal(host_call(c, NET_CALL_SOCKET, 2, 1ull, 4ull),
                     NET_E_CORRUPT);
}

static void a_lie_ends_the_liar_alone(void **state)
{
    (void)state;
    for (unsigned lie = 0; lie < 6; lie++) {
        struct pair p;
        uint32_t seen = 0;
        struct net_socket_shared *s;
        struct net_address to = host_address(127, 0, 0, 1, 9);
        unsigned u;

        setup(NULL);
        p = connection(80);
        u = make(OTHER, NET_UDP, 4);
        s = host_shared(OTHER, p.there);
        switch (lie) {
        case 0:
            s->send_head = RING + 1; /* more than there is room for */
            break;
        case 1:
            s->send_head--; /* back */
            break;
        case 2:
            s->receive_tail++; /* what never came */
            break;
        case 3:
            s->receive_tail--;
            break;
        case 4: /* half a record */
            host_shared(OTHER, u)->send_head = 16;
            host_tell(OTHER, u);
            break;
        default: /* a record that is longer than what was put */
            put_datagram(OTHER, u, &to, 100, 1);
            ((struct net_record *)net_arena_send(host_clients[OTHER].arena,
                                                 &host_clients[OTHER].shape, u))
                ->bytes = 0xffffffff;
            break;
        }
        host_tell(OTHER, p.there);
        lie_ends(OTHER);
        host_turns();
        assert_int_equal(error(SERVER, p.here, &seen), NET_E_RESET);
        end(SERVER, p.here, true);
        end(SERVER, p.listener, true);
    }
}

static void bits_without_sockets_do_nothing(void **state)
{
    (void)state;
    memset(host_clients[OTHER].arena->server.work, 0xff,
           sizeof(host_clients[OTHER].arena->server.work));
    assert_true(host_turns());
    assert_non_null(host_clients[OTHER].arena);
}

static void the_dead_leave_nothing(void **state)
{
    struct pair p = connection(80);
    uint32_t seen = 0;

    (void)state;
    host_clients[OTHER].dead = true;
    host_pass(2 * NS_PER_S);
    assert_null(host_clients[OTHER].arena);
    assert_int_equal(error(SERVER, p.here, &seen), NET_E_RESET);
}

/* One signal for a batch, and none to who is awake. */
static void sleepers_are_woken_once(void **state)
{
    struct pair p = connection(80);
    unsigned wakes = host_clients[SERVER].wakes;

    (void)state;
    put(OTHER, p.there, 0, 3000);
    assert_true(host_turns());
    assert_int_equal(host_clients[SERVER].wakes, wakes);
    host_clients[SERVER].arena->client.sleeps = 1;
    put(OTHER, p.there, 3000, 3000);
    assert_true(host_turns());
    assert_int_equal(host_clients[SERVER].wakes, wakes + 1);
    assert_true(host_clients[SERVER].arena->client.work[p.here / 64] &
                1ull << p.here % 64);
    assert_true(clients_sleep());
    assert_int_equal(host_clients[OTHER].arena->server.sleeps, 1);
    put(OTHER, p.there, 6000, 10);
    assert_false(clients_sleep());
    assert_int_equal(host_clients[OTHER].arena->server.sleeps, 0);
}

static void others_sockets_are_out_of_reach(void **state)
{
    struct pair p = connection(80);

    (void)state;
    assert_int_equal(host_open(2, 2, RING, RING), NET_OK);
    for (uint64_t label = NET_CALL_END; label <= NET_CALL_GROUP; label++)
        for (uint64_t s = 0; s < 300; s++)
            assert_int_equal(host_call(2, label, 3, s, 0ull, 1ull),
                             NET_E_SOCKET);
    assert_int_equal(events(OTHER, p.there), NET_CONNECTED);
}

/* ---- Datagrams ---- */

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

static int start(void **state)
{
    (void)state;
    host_start();
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
        TEST(ports_are_the_policys),
        TEST(an_unbound_listener_gets_an_allowed_port),
        TEST(addresses_are_the_policys),
        TEST(who_was_heard_may_be_answered),
        TEST(strangers_are_not_heard),
        TEST(names_are_the_policys),
        TEST(names_are_looked_up_for_a_while),
        TEST(a_connection_is_within_its_limits),
        TEST(a_lie_ends_the_liar_alone),
        TEST(bits_without_sockets_do_nothing),
        TEST(the_dead_leave_nothing),
        TEST(sleepers_are_woken_once),
        TEST(others_sockets_are_out_of_reach),
        TEST(datagrams_of_all_sizes),
        TEST(a_connected_socket_hears_its_peer),
        TEST(a_ping_comes_back),
        TEST(errors_about_pings_come),
        TEST(groups_are_heard_by_their_members),
        TEST(everything_is_listed),
    };

    return cmocka_run_group_tests(tests, start, NULL);
}

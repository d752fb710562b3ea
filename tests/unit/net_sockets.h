/*
 * What the tests of sockets share (test_net_tcp, _rights, _lies, _datagrams):
 * two clients of the server with the real lwIP, and their ends of the rings.
 */
#pragma once

#include "tests/unit/net_host.h"

#include <setjmp.h>
#include <cmocka.h>

#include <lwip/memp.h>
#include <lwip/prot/ip.h>
#include <lwip/prot/ip4.h>
#include <lwip/prot/tcp.h>
#include <lwip/prot/udp.h>
#include <lwip/stats.h>

#define SERVER 0u /* clients of these tests */
#define OTHER  1u
#define RING   8192u

static const struct net_address nowhere __attribute__((unused)) = {0};

/* A socket of client `c`; its number. */
static inline unsigned make(unsigned c, unsigned kind, unsigned family)
{
    assert_int_equal(
        host_call(c, NET_CALL_SOCKET, 2, (uint64_t)kind, (uint64_t)family),
        NET_OK);
    return (unsigned)message_get(&host_message);
}

static inline void end(unsigned c, unsigned s, bool abort)
{
    uint32_t head = host_shared(c, s)->send_head;

    assert_int_equal(host_call(c, NET_CALL_END, 3, (uint64_t)s, (uint64_t)head,
                               (uint64_t)abort),
                     NET_OK);
}

static inline uint32_t events(unsigned c, unsigned s)
{
    return host_shared(c, s)->events;
}

/* The error since the last look; errors are counted from *seen. */
static inline unsigned error(unsigned c, unsigned s, uint32_t *seen)
{
    struct net_socket_shared *shared = host_shared(c, s);

    if (shared->errors == *seen)
        return NET_OK;
    *seen = shared->errors;
    return shared->error;
}

static inline int setup(void **state)
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

static inline unsigned in_use(unsigned pool)
{
    return (unsigned)lwip_stats.memp[pool]->used;
}

/* Nothing of a test stays with lwIP. */
static inline int teardown(void **state)
{
    (void)state;
    for (unsigned c = 0; c < HOST_CLIENTS; c++)
        assert_int_equal(host_call(c, NET_CALL_CLOSE, 0), NET_OK);
    host_pass(200 * NS_PER_S);
    return in_use(MEMP_TCP_PCB) + in_use(MEMP_TCP_PCB_LISTEN) +
           in_use(MEMP_UDP_PCB) + in_use(MEMP_RAW_PCB) + in_use(MEMP_TCP_SEG) +
           in_use(MEMP_PBUF);
}

static inline struct service_client *rights(unsigned c)
{
    return &client_at(c)->rights;
}

/* ---- Rings, as a client uses them ---- */

static inline uint8_t pattern(uint32_t i)
{
    return (uint8_t)(i * 31 + i / 251);
}

/* Puts bytes of the pattern, from stream position `at` on. */
static inline uint32_t put(unsigned c, unsigned s, uint32_t at, uint32_t bytes)
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
static inline uint32_t take(unsigned c, unsigned s, uint32_t at, uint32_t most)
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

static inline void put_datagram(unsigned c, unsigned s,
                                const struct net_address *to, uint32_t bytes,
                                uint8_t fill)
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

static uint32_t odd __attribute__((
    unused)); /* bytes that were not as the first of their datagram */

/* The next datagram's length, ~0 if there is none. */
static inline uint32_t take_datagram(unsigned c, unsigned s,
                                     struct net_address *from, uint8_t *first)
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

static inline unsigned listen_at(unsigned c, uint16_t port, unsigned backlog)
{
    struct net_address own = host_address(127, 0, 0, 1, port);
    unsigned s = make(c, NET_TCP, 4);

    assert_int_equal(host_call_at(c, NET_CALL_BIND, s, &own), NET_OK);
    assert_int_equal(
        host_call(c, NET_CALL_LISTEN, 2, (uint64_t)s, (uint64_t)backlog),
        NET_OK);
    return s;
}

static inline unsigned connect_to(unsigned c, uint16_t port)
{
    struct net_address to = host_address(127, 0, 0, 1, port);
    unsigned s = make(c, NET_TCP, 4);

    assert_int_equal(host_call_at(c, NET_CALL_CONNECT, s, &to), NET_OK);
    return s;
}

struct pair {
    unsigned listener, here, there; /* SERVER's two, OTHER's */
};

static inline struct pair connection(uint16_t port)
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

/* ---- What comes by the card ---- */

/* A packet comes by the card, from 198.51.0.0 + `from`. */
static inline void arrive(uint8_t protocol, uint32_t from, const ip4_addr_t *to,
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

static inline int start(void **state)
{
    (void)state;
    host_start();
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

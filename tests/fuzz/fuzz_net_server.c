/*
 * A hostile client of the network server: any calls, any bytes anywhere in its
 * arena, at any time. The server must not touch a byte outside it (each arena
 * is an allocation of its own), must come to rest, and must go on serving: the
 * connection of two others carries its stream all the while.
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
#include "tests/unit/net_host.h"

#include <lwip/priv/tcp_priv.h>

#define LIAR   0u
#define HERE   1u
#define THERE  2u
#define RING   4096u
#define STEP   12u
#define HONEST 700u /* bytes that the honest stream has at a time */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned listener, here, there;
static uint32_t streamed;

static void check(bool ok)
{
    if (!ok)
        abort();
}

static unsigned made(void)
{
    check(host_message.label == NET_OK);
    return (unsigned)message_get(&host_message);
}

static void honest_start(void)
{
    struct net_address at = host_address(127, 0, 0, 1, 80);

    check(host_open(HERE, 2, RING, RING) == NET_OK);
    check(host_open(THERE, 8, RING, RING) == NET_OK);
    host_call(HERE, NET_CALL_SOCKET, 2, (uint64_t)NET_TCP, 4ull);
    listener = made();
    check(host_call_at(HERE, NET_CALL_BIND, listener, &at) == NET_OK);
    check(host_call(HERE, NET_CALL_LISTEN, 2, (uint64_t)listener, 1ull) ==
          NET_OK);
    host_call(THERE, NET_CALL_SOCKET, 2, (uint64_t)NET_TCP, 4ull);
    there = made();
    check(host_call_at(THERE, NET_CALL_CONNECT, there, &at) == NET_OK);
    check(host_turns());
    host_call(HERE, NET_CALL_ACCEPT, 1, (uint64_t)listener);
    here = made();
    streamed = 0;
}

/* So many bytes go from there to here, and are what they were. */
static void honest_stream(void)
{
    struct net_socket_shared *out = host_shared(THERE, there);
    struct net_socket_shared *in = host_shared(HERE, here);
    uint8_t *send = net_arena_send(host_clients[THERE].arena,
                                   &host_clients[THERE].shape, there);
    const uint8_t *receive = net_arena_receive(host_clients[HERE].arena,
                                               &host_clients[HERE].shape, here);

    for (uint32_t i = 0; i < HONEST; i++)
        send[(streamed + i) % RING] = (uint8_t)((streamed + i) * 7);
    out->send_head = streamed + HONEST;
    host_tell(THERE, there);
    for (unsigned i = 0; in->receive_head != streamed + HONEST; i++) {
        check(i < 200);
        host_pass(50 * NS_PER_MS);
    }
    for (uint32_t i = 0; i < HONEST; i++)
        check(receive[(streamed + i) % RING] == (uint8_t)((streamed + i) * 7));
    streamed += HONEST;
    in->receive_tail = streamed;
    host_tell(HERE, here);
}

/* Addresses that lead somewhere, ports that are in use. */
static struct net_address address(const uint8_t *d)
{
    static const uint8_t known[][16] = {
        {127, 0, 0, 1}, {192, 0, 2, 2},       {192, 0, 2, 9},
        {224, 0, 0, 1}, {255, 255, 255, 255}, {0},
        {[15] = 1},     {0xff, 2, [15] = 1},
    };
    struct net_address a = {
        .family = (uint8_t)(d[0] % 7 ? 4 : d[0] % 9),
        .port = (uint16_t)(d[1] % 5 ? 70 + d[1] % 20 : d[1] * 257)};

    memcpy(a.address, known[d[2] % 8], 16);
    if (d[2] % 8 >= 6)
        a.family = 6;
    return a;
}

static void call_with_address(const uint8_t *d)
{
    struct net_address a = address(d + 3);
    struct message m;

    host_begin(&m, d[1] % 21);
    message_put(&m, d[2] % 8);
    if (d[6] & 1)
        message_put(&m, d[7] % 3);
    message_put_bytes(&m, &a, sizeof(a));
    host_send(LIAR, &m);
}

static void call_with_words(const uint8_t *d)
{
    uint64_t w[3] = {d[2] % 8, d[3] % 11, d[4] % 3};

    if (d[5] & 1)
        w[1] = (uint64_t)d[6] << (d[7] % 60);
    if ((d[5] & 6) == 6)
        w[0] = (uint64_t)d[8] << (d[9] % 60);
    host_call(LIAR, d[1] % 21, d[5] >> 4 & 3, w[0], w[1], w[2]);
}

static void name_ask(const uint8_t *d)
{
    struct message m;

    host_begin(&m, NET_CALL_RESOLVE);
    message_put(&m, d[1] % 8);
    message_put_bytes(&m, d + 2, STEP - 2);
    host_send(LIAR, &m);
}

/* Bytes anywhere, or an honest step of a position. */
static void arena_write(const uint8_t *d)
{
    struct host_client *h = &host_clients[LIAR];
    size_t bytes;

    if (h->arena == NULL)
        return;
    bytes = net_arena_bytes(&h->shape);
    if (d[1] % 8 == 1) {
        size_t at = ((size_t)d[2] << 16 | (size_t)d[3] << 8 | d[4]) % bytes;

        for (unsigned i = 0; i < 7 && at + i < bytes; i++)
            ((uint8_t *)h->arena)[at + i] = d[5 + i];
    } else {
        unsigned s = d[2] % h->shape.sockets;
        struct net_socket_shared *shared = host_shared(LIAR, s);

        if (d[1] % 8 == 2)
            shared->send_head += d[3] * 32u % 2048;
        if (d[1] & 8)
            shared->receive_tail = shared->receive_head;
        host_tell(LIAR, s);
    }
}

/* A whole record, as good as it gets. */
static void record_put(const uint8_t *d)
{
    struct host_client *h = &host_clients[LIAR];
    struct net_record r = {.bytes = d[2] * 4u, .peer = address(d + 3)};
    struct net_socket_shared *shared;
    uint8_t *ring;
    unsigned s;

    if (h->arena == NULL)
        return;
    s = d[1] % h->shape.sockets;
    shared = host_shared(LIAR, s);
    ring = net_arena_send(h->arena, &h->shape, s);
    memcpy(ring + (shared->send_head % h->shape.send_bytes & ~31u), &r,
           sizeof(r));
    shared->send_head += 32 + ((r.bytes + 31) & ~31u);
    host_tell(LIAR, s);
}

/* A socket as a program makes it: at a port, listening or in a group. */
static void socket_make(const uint8_t *d)
{
    struct net_address own = {.port = (uint16_t)(70 + d[2] % 20)};
    struct net_address group = {.family = 4, .address = {224, 0, 0, d[3] % 4}};
    uint64_t kind = 1 + d[1] % 3, number;
    struct message m;

    host_call(LIAR, NET_CALL_SOCKET, 2, kind, d[4] % 4 ? 4ull : 0ull);
    if (host_message.label != NET_OK)
        return;
    number = message_get(&host_message);
    host_call_at(LIAR, NET_CALL_BIND, number, &own);
    if (kind == NET_TCP)
        host_call(LIAR, NET_CALL_LISTEN, 2, number, d[5] % 4ull);
    if (kind != NET_UDP || d[6] % 2)
        return;
    host_begin(&m, NET_CALL_GROUP);
    message_put(&m, number);
    message_put(&m, 1);
    message_put_bytes(&m, &group, sizeof(group));
    host_send(LIAR, &m);
}

/* An honest peer of the liar's listeners: connects, sends, and leaves. */
static void visit(const uint8_t *d)
{
    struct net_address to = host_address(127, 0, 0, 1, 70 + d[1] % 20);
    unsigned s;

    if (host_call(THERE, NET_CALL_SOCKET, 2, (uint64_t)NET_TCP, 4ull) != NET_OK)
        return;
    s = made();
    host_call_at(THERE, NET_CALL_CONNECT, s, &to);
    check(host_turns());
    for (unsigned i = 0; i < d[2] % 8u; i++) {
        host_shared(THERE, s)->send_head += 1 + d[3] % 200;
        host_tell(THERE, s);
        check(host_turns());
    }
    check(host_call(THERE, NET_CALL_END, 3, (uint64_t)s,
                    (uint64_t)host_shared(THERE, s)->send_head,
                    (uint64_t)(d[4] & 1)) == NET_OK);
}

static void step(const uint8_t *d)
{
    static void (*const steps[16])(const uint8_t *) = {
        call_with_words,
        call_with_words,
        call_with_address,
        call_with_address,
        call_with_address,
        arena_write,
        record_put,
        record_put,
        record_put,
        name_ask,
        socket_make,
        socket_make,
        visit,
        visit,
    };
    unsigned which = d[0] % 16;

    if (steps[which] != NULL)
        steps[which](d);
    else if (which == 14)
        check(host_turns());
    else
        host_pass(d[1] * 20 * NS_PER_MS);
    if (d[0] >= 0xf0 || host_clients[LIAR].arena == NULL)
        host_open(LIAR, 1 + d[1] % 8, RING << d[2] % 3, RING << d[3] % 3);
}

static void everybody_leaves(void)
{
    for (unsigned c = 0; c < 3; c++)
        check(host_call(c, NET_CALL_CLOSE, 0) == NET_OK);
    while (tcp_tw_pcbs != NULL)
        tcp_abort(tcp_tw_pcbs);
    while (tcp_active_pcbs != NULL)
        tcp_abort(tcp_active_pcbs);
    host_turns();
    check(client_at(LIAR)->incoming == 0 && client_at(LIAR)->closing == 0 &&
          client_at(LIAR)->queued == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool started;

    if (!started) {
        check(freopen("/dev/null", "w", stdout) != NULL); /* the log */
        host_start();
        for (unsigned c = 0; c < 3; c++) {
            host_allow_all(c, 8);
            host_call(c, NET_CALL_INFO, 0);
        }
        started = true;
    }
    honest_start();
    host_open(LIAR, 4, RING, RING);
    for (size_t i = 0; i + STEP <= size && i < 64 * STEP; i += STEP) {
        step(data + i);
        if (i % (8 * STEP) == 0)
            honest_stream();
    }
    check(host_turns());
    honest_stream();
    everybody_leaves();
    return 0;
}

/*
 * A hostile network server under an honest client: any bytes appear anywhere in
 * the arena between the client's operations, and answers have any words. The
 * client takes no more than fits, goes nowhere outside the rings, and leaves no
 * capability behind.
 *
 * links: libsys/message.c
 */
#include <stdint.h>

#include "tests/unit/net_model.h"

#define RING    4096u
#define SOCKETS 4u
#define STEP    8u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct net *net;
static const uint8_t *lies; /* what the next answer has in place of its own */

static void check(bool ok)
{
    if (!ok)
        abort();
}

/* Bits of byte 0 say which words of the answer are others, byte 1 which. */
static void lie(struct net_model *s, uint64_t call, struct message *m)
{
    (void)s;
    if (lies == NULL || (lies[0] & 0x70) == 0)
        return;
    for (unsigned i = 0; i < 3; i++)
        if (lies[0] & 0x10 << i)
            m->w[i] = call == NET_CALL_OPEN ? m->w[i] ^ lies[1] : lies[1];
    if (lies[2] == 0xff)
        m->label = lies[3];
    if (lies[2] == 0xfe)
        m->words = lies[3];
}

static void stream(unsigned socket, const uint8_t *d)
{
    static uint8_t block[2 * RING];
    size_t bytes = (size_t)d[1] * 33, piece;
    uint8_t *to;

    check(net_send(net, socket, block, bytes) <= RING);
    check(net_receive(net, socket, block, bytes) <= bytes);
    check(net_receive_peek(net, socket, block, bytes) <= bytes);
    to = net_send_space(net, socket, &piece);
    check((to == NULL) == (piece == 0) && piece <= RING);
    if (to != NULL)
        memset(to, 'y', piece);
    net_send_pass(net, socket, bytes);
    to = (uint8_t *)(uintptr_t)net_receive_data(net, socket, &piece);
    check((to == NULL) == (piece == 0) && piece <= RING);
    if (to != NULL)
        memcpy(block, to, piece);
    net_receive_pass(net, socket, bytes);
}

static void datagram(unsigned socket, const uint8_t *d)
{
    size_t room = (size_t)d[1] * 33, bytes = 0;
    struct net_address from;
    uint8_t *block = malloc(room + 1);

    memset(block, 0, room + 1);
    net_send_to(net, socket, block, room, NULL);
    if (net_receive_from(net, socket, block, room, &bytes, &from, d[2] & 1) ==
        NET_OK)
        check(bytes <= RING && (from.family == 4 || from.family == 6));
    free(block);
}

static void request(unsigned socket, const uint8_t *d)
{
    struct net_address a, out[3];
    struct net_socket_info info;
    struct net_interface interface;
    unsigned number, count;
    uint64_t position = 0;

    switch (d[1] % 8) {
    case 0:
        net_socket_close(net, socket, d[2] & 1);
        break;
    case 1:
        if (net_socket(net, 1 + d[2] % 3, 0, &number) == NET_OK)
            check(number < SOCKETS);
        break;
    case 2:
        model.accept_now = 1;
        if (net_accept(net, socket, &number, &a) == NET_OK)
            check(number < SOCKETS && (a.family == 4 || a.family == 6));
        break;
    case 3:
        net_addresses(net, socket, &a, NULL);
        break;
    case 4:
        net_resolve(net, "name", 0, out, 3, &count);
        check(count <= 3);
        break;
    case 5:
        if (net_interface(net, &interface) == NET_OK)
            check(strlen(interface.name) < sizeof(interface.name));
        break;
    case 6:
        net_list(net, &position, &info);
        break;
    default:
        net_shutdown_send(net, socket);
    }
}

static void look(unsigned socket)
{
    int number = net_news(net);

    check(number >= -1 && number < (int)SOCKETS);
    check(net_events(net, socket) < 16);
    check(net_take_error(net, socket) < NET_STATUSES);
    check(net_send_room(net, socket) <= RING);
    check(net_receive_waiting(net, socket) <= RING);
    net_kick(net);
    net_wait(net, DEADLINE_POLL);
}

static void step(const uint8_t *d)
{
    unsigned socket = d[0] % (SOCKETS + 1);

    switch (d[0] >> 3 & 3) {
    case 0:
        stream(socket, d);
        break;
    case 1:
        datagram(socket, d);
        break;
    case 2:
        request(socket, d + 1);
        break;
    default:
        look(socket);
    }
}

/* What the server writes: four bytes anywhere, or a position of a socket, to
 * which it adds little. */
static void server(const uint8_t *d)
{
    size_t bytes = (size_t)model.frames << PAGE_BITS;
    size_t at = ((size_t)d[3] << 8 | d[4]) % (bytes - 4);
    struct net_socket_shared *s = model_shared(d[3] % SOCKETS);

    if (d[0] & 0x80)
        memcpy(model.arena + at, d + 4, 4);
    if (d[0] & 0x40)
        s->receive_head += (uint32_t)d[5] * 32;
    if (d[0] & 0x20)
        s->send_tail += d[6];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct net_options options = {
        .sockets = SOCKETS, .send_bytes = RING, .receive_bytes = RING};
    unsigned socket;

    if (size < STEP)
        return 0;
    model_start(1 << 20, SOCKETS);
    model.lie = lie;
    lies = data;
    if (net_open("net", &options, &net) == NET_OK) {
        lies = NULL;
        net_socket(net, NET_TCP, 4, &socket);
        net_socket(net, NET_UDP, 4, &socket);
        for (size_t i = STEP; i + STEP <= size; i += STEP) {
            lies = data + i;
            server(data + i);
            step(data + i);
        }
        net_close(net);
    }
    check(model.caps == 0);
    return 0;
}

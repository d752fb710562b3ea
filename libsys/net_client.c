/*
 * What a program asks the network stack for: sockets, addresses, connections,
 * options. One call to the server each; data takes the rings.
 */
#include <string.h>

#include "libsys/net_internal.h"

static bool address_fits(const struct net_address *a, bool may_be_none)
{
    return a->family == 4 || a->family == 6 || (a->family == 0 && may_be_none);
}

/* Two words and an address, as most calls have; no address if NULL. */
static int ask(struct net *net, uint64_t label, uint64_t word0,
               const struct net_address *address)
{
    struct message m;

    message_begin(&m, label);
    message_put(&m, word0);
    if (address != NULL)
        message_put_bytes(&m, address, sizeof(*address));
    return net_call(net, &m);
}

static int ask_words(struct net *net, uint64_t label, uint64_t word0,
                     uint64_t word1, uint64_t word2)
{
    struct message m;

    message_begin(&m, label);
    message_put(&m, word0);
    message_put(&m, word1);
    message_put(&m, word2);
    return net_call(net, &m);
}

/* The server named a number that cannot be: it is not believed any more. */
static int corrupt(struct net *net)
{
    net->state = NET_E_CORRUPT;
    return NET_E_CORRUPT;
}

static int address_get(struct message *m, struct net_address *out)
{
    if (message_get_bytes(m, out, sizeof(*out)) != sizeof(*out))
        return NET_E_CORRUPT;
    return NET_OK;
}

/* A new socket of ours: a number that none of the others has. */
static int socket_begin(struct net *net, uint64_t number, unsigned kind,
                        unsigned *socket)
{
    if (number >= net->shape.sockets || net->sockets[number].kind != 0)
        return corrupt(net);
    memset(&net->sockets[number], 0, sizeof(net->sockets[number]));
    net->sockets[number].kind = (uint8_t)kind;
    net_set(net->open, (unsigned)number);
    *socket = (unsigned)number;
    return NET_OK;
}

int net_socket(struct net *net, enum net_kind kind, unsigned family,
               unsigned *socket)
{
    struct message m;
    uint64_t number;
    int status;

    if (kind < NET_TCP || kind > NET_PING ||
        (family != 0 && family != 4 && family != 6))
        return NET_E_REQUEST;
    message_begin(&m, NET_CALL_SOCKET);
    message_put(&m, kind);
    message_put(&m, family);
    status = net_call(net, &m);
    if (status != NET_OK)
        return status;
    number = message_get(&m);
    if (!message_end(&m))
        return corrupt(net);
    return socket_begin(net, number, kind, socket);
}

int net_socket_close(struct net *net, unsigned socket, bool abort)
{
    struct net_socket *s = net_socket_find(net, socket, 0);

    if (s == NULL)
        return net->state != NET_OK ? net->state : NET_E_SOCKET;
    s->kind = 0;
    net_clear(net->open, socket);
    net_clear(net->tell, socket);
    net_clear(net->news, socket);
    return ask_words(net, NET_CALL_END, socket, s->send_head, abort);
}

int net_bind(struct net *net, unsigned socket, const struct net_address *own)
{
    if (!address_fits(own, true))
        return NET_E_REQUEST;
    return ask(net, NET_CALL_BIND, socket, own);
}

int net_listen(struct net *net, unsigned socket, unsigned backlog)
{
    struct message m;

    message_begin(&m, NET_CALL_LISTEN);
    message_put(&m, socket);
    message_put(&m, backlog);
    return net_call(net, &m);
}

int net_accept(struct net *net, unsigned socket, unsigned *connection,
               struct net_address *peer)
{
    struct message m;
    uint64_t number;
    int status;

    message_begin(&m, NET_CALL_ACCEPT);
    message_put(&m, socket);
    status = net_call(net, &m);
    if (status != NET_OK)
        return status;
    number = message_get(&m);
    if (address_get(&m, peer) != NET_OK || !message_end(&m) ||
        !address_fits(peer, false))
        return corrupt(net);
    return socket_begin(net, number, NET_TCP, connection);
}

int net_connect(struct net *net, unsigned socket,
                const struct net_address *peer)
{
    if (!address_fits(peer, true))
        return NET_E_REQUEST;
    return ask(net, NET_CALL_CONNECT, socket, peer);
}

int net_shutdown_send(struct net *net, unsigned socket)
{
    struct net_socket *s = net_socket_find(net, socket, NET_TCP);
    struct message m;

    if (s == NULL)
        return net->state != NET_OK ? net->state : NET_E_SOCKET;
    message_begin(&m, NET_CALL_SHUTDOWN);
    message_put(&m, socket);
    message_put(&m, s->send_head);
    return net_call(net, &m);
}

int net_addresses(struct net *net, unsigned socket, struct net_address *own,
                  struct net_address *peer)
{
    struct net_address a, b;
    struct message m;
    int status;

    message_begin(&m, NET_CALL_NAMES);
    message_put(&m, socket);
    status = net_call(net, &m);
    if (status != NET_OK)
        return status;
    if (address_get(&m, &a) != NET_OK || address_get(&m, &b) != NET_OK ||
        !message_end(&m) || !address_fits(&a, true) || !address_fits(&b, true))
        return corrupt(net);
    if (own != NULL)
        *own = a;
    if (peer != NULL)
        *peer = b;
    return NET_OK;
}

int net_option(struct net *net, unsigned socket, enum net_option option,
               uint32_t value)
{
    return ask_words(net, NET_CALL_OPTION, socket, option, value);
}

int net_group(struct net *net, unsigned socket, const struct net_address *group,
              bool join)
{
    struct message m;

    if (!address_fits(group, false))
        return NET_E_REQUEST;
    message_begin(&m, NET_CALL_GROUP);
    message_put(&m, socket);
    message_put(&m, join);
    message_put_bytes(&m, group, sizeof(*group));
    return net_call(net, &m);
}

unsigned net_events(const struct net *net, unsigned socket)
{
    uint32_t seen;

    if (net->state != NET_OK)
        return NET_DEAD;
    if (socket >= NET_SOCKETS_MAX || net->sockets[socket].kind == 0)
        return 0;
    seen = __atomic_load_n(&net_socket_shared(net, socket)->events,
                           __ATOMIC_ACQUIRE);
    return seen & (NET_CONNECTED | NET_END | NET_DEAD | NET_ACCEPT);
}

int net_take_error(struct net *net, unsigned socket)
{
    struct net_socket *s = net_socket_find(net, socket, 0);
    struct net_socket_shared *shared;
    uint32_t errors, error;

    if (s == NULL)
        return net->state != NET_OK ? net->state : NET_E_SOCKET;
    shared = net_socket_shared(net, socket);
    errors = __atomic_load_n(&shared->errors, __ATOMIC_ACQUIRE);
    if (errors == s->errors)
        return NET_OK;
    error = __atomic_load_n(&shared->error, __ATOMIC_RELAXED);
    s->errors = errors;
    return error != NET_OK && error < NET_STATUSES ? (int)error : NET_E_ABORTED;
}

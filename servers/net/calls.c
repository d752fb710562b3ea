/*
 * The calls of <cordon/net_protocol.h>: each is decoded and checked, and
 * answered with a status and what the protocol says. Here are those about the
 * connection and the machine; socket_calls.c has those about sockets.
 */
#include "servers/net/socket.h"

#include <cordon/cordon.h>

#include "servers/net/calls.h"
#include "servers/net/clients.h"
#include "servers/net/interface.h"
#include "servers/net/rules.h"

#define FRAMES_A_CALL MSG_MAX_CAPS

void call_answer(struct message *m, enum net_status status)
{
    message_drop_caps(m);
    message_begin(m, status);
}

bool call_address(struct message *m, struct net_address *out)
{
    if (message_get_bytes(m, out, sizeof(*out)) != sizeof(*out) ||
        !message_end(m))
        return false;
    rules_unmap(out);
    return out->family == 0 || out->family == 4 || out->family == 6;
}

static void call_info(struct client *c, struct message *m)
{
    const struct service_client *rights = &c->rights;
    const struct net_limits limits = {
        .memory = rights->memory,
        .sockets = rights->sockets,
        .mtu = netif_default != NULL ? netif_default->mtu : 1500,
        .may_listen = rules_any(rights, MANIFEST_NETWORK_LISTEN),
        .may_connect = rules_any(rights, MANIFEST_NETWORK_CONNECT),
        .may_resolve = rights->names,
        .may_configure = rights->write,
        .protocol = NET_PROTOCOL,
    };

    call_answer(m, NET_OK);
    message_put_bytes(m, &limits, sizeof(limits));
}

static void call_open(struct client *c, struct message *m)
{
    uint64_t protocol = message_get(m), sockets = message_get(m);
    uint64_t send = message_get(m), receive = message_get(m);
    const struct net_shape shape = {(uint32_t)sockets, (uint32_t)send,
                                    (uint32_t)receive};
    enum net_status status;

    if (!message_end(m) || m->caps != 1 || protocol != NET_PROTOCOL ||
        sockets > NET_SOCKETS_MAX || send > NET_RING_MAX ||
        receive > NET_RING_MAX) {
        call_answer(m, NET_E_REQUEST);
        return;
    }
    status = client_open(c, &shape, message_take_cap(m, 0));
    call_answer(m, status);
    if (status != NET_OK)
        return;
    message_put(m, c->arena.units);
    message_put(m, ARENA_UNIT_BITS);
    message_put_cap(m, c->kick, RIGHT_WRITE);
}

static void call_frames(struct client *c, struct message *m)
{
    uint64_t first = message_get(m), count;

    if (!message_end(m) || !c->open || first >= c->arena.units) {
        call_answer(m, c->open ? NET_E_REQUEST : c->ended);
        return;
    }
    count = c->arena.units - first;
    if (count > FRAMES_A_CALL)
        count = FRAMES_A_CALL;
    call_answer(m, NET_OK);
    message_put(m, count);
    for (uint64_t i = 0; i < count; i++)
        message_put_cap(m, c->arena.lent + first + i, RIGHT_READ | RIGHT_WRITE);
}

static void call_interface(struct message *m)
{
    struct net_interface out;

    interface_describe(&out);
    call_answer(m, NET_OK);
    message_put_bytes(m, &out, sizeof(out));
}

static void call_statistics(struct message *m)
{
    struct net_statistics out;

    interface_count(&out);
    out.denied = socket_counts.denied;
    out.corrupt = socket_counts.corrupt;
    call_answer(m, NET_OK);
    message_put_bytes(m, &out, sizeof(out));
}

static void call_list(struct client *c, struct message *m)
{
    uint64_t position = message_get(m);
    struct net_socket_info out;
    enum net_status status = NET_E_REQUEST;

    if (message_end(m))
        status = list_next(c, &position, &out);
    call_answer(m, status);
    if (status != NET_OK)
        return;
    message_put(m, position);
    message_put_bytes(m, &out, sizeof(out));
}

static void call_configure(struct client *c, struct message *m)
{
    struct net_configuration what;

    if (message_get_bytes(m, &what, sizeof(what)) != sizeof(what) ||
        !message_end(m))
        call_answer(m, NET_E_REQUEST);
    else if (!c->rights.write)
        call_answer(m, NET_E_DENIED);
    else
        call_answer(m, interface_configure(&what));
}
static void call(struct client *c, struct service *service, struct message *m)
{
    switch (m->label) {
    case NET_CALL_INFO:
        call_info(c, m);
        break;
    case NET_CALL_OPEN:
        call_open(c, m);
        break;
    case NET_CALL_FRAMES:
        call_frames(c, m);
        break;
    case NET_CALL_CLOSE:
        client_close(c, NET_E_GONE);
        call_answer(m, NET_OK);
        break;
    case NET_CALL_SOCKET:
        if (c->open)
            call_socket(c, m);
        else
            call_answer(m, c->ended);
        break;
    case NET_CALL_RESOLVE:
        resolve_call(c, service, m);
        break;
    case NET_CALL_INTERFACE:
        call_interface(m);
        break;
    case NET_CALL_STATISTICS:
        call_statistics(m);
        break;
    case NET_CALL_LIST:
        call_list(c, m);
        break;
    case NET_CALL_CONFIGURE:
        call_configure(c, m);
        break;
    default:
        call_about_socket(c, m);
        break;
    }
}

/* Calls after which nothing is to be sent. */
#define STILL                                                                  \
    (1u << NET_CALL_INFO | 1u << NET_CALL_FRAMES | 1u << NET_CALL_SOCKET |     \
     1u << NET_CALL_BIND | 1u << NET_CALL_LISTEN | 1u << NET_CALL_ACCEPT |     \
     1u << NET_CALL_NAMES | 1u << NET_CALL_OPTION | 1u << NET_CALL_INTERFACE | \
     1u << NET_CALL_STATISTICS | 1u << NET_CALL_LIST)

bool clients_call(struct service *service, struct message *m)
{
    uint64_t label = m->label, todo = 0;
    struct client *c;
    enum net_status status = client_find(m->badge, &c);

    if (status != NET_OK) {
        call_answer(m, status);
        return false;
    }
    call(c, service, m);
    client_flush(c); /* before the answer: it says where things stand */
    for (unsigned w = 0; w < SOCKET_WORDS; w++)
        todo |= c->todo[w];
    return todo != 0 || label > NET_CALL_CONFIGURE || (STILL >> label & 1) == 0;
}

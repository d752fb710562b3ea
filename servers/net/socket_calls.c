/*
 * Calls about sockets. Each names one of the caller's own, or nothing happens.
 */
#include "servers/net/socket.h"

#include <cordon/cordon.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/udp.h>

#include "servers/net/calls.h"
#include "servers/net/rules.h"

static enum net_status socket_make(struct socket *s)
{
    switch (s->kind) {
    case NET_TCP:
        return tcp_socket_make(s);
    case NET_UDP:
        return udp_socket_make(s);
    default:
        return ping_socket_make(s);
    }
}

void call_socket(struct client *c, struct message *m)
{
    uint64_t kind = message_get(m), family = message_get(m);
    enum net_status status;
    struct socket *s;

    if (!message_end(m) || kind < NET_TCP || kind > NET_PING ||
        (family != 0 && family != 4 && family != 6)) {
        call_answer(m, NET_E_REQUEST);
        return;
    }
    s = socket_take(c, (enum net_kind)kind, (unsigned)family);
    status = s != NULL ? socket_make(s) : NET_E_LIMIT;
    if (s != NULL && status != NET_OK)
        socket_free(s);
    call_answer(m, status);
    if (status == NET_OK)
        message_put(m, s->number);
}

static enum net_status call_end(struct socket *s, struct message *m)
{
    uint64_t head = message_get(m), abort = message_get(m);

    if (!message_end(m) || abort > 1 || head > UINT32_MAX)
        return NET_E_REQUEST;
    if (abort)
        socket_abort(s);
    else
        socket_close(s, (uint32_t)head);
    return NET_OK;
}

static bool port_choose(const struct socket *s, struct net_address *own)
{
    const struct service_client *rights = &s->client->rights;
    uint8_t protocol =
        s->kind == NET_TCP ? MANIFEST_PROTOCOL_TCP : MANIFEST_PROTOCOL_UDP;

    if (own->port != 0)
        return rules_listen(rights, protocol, own->port);
    own->port = rules_port(rights, protocol, LWIP_RAND());
    return true; /* else the stack chooses one, to connect from */
}

static enum net_status call_bind(struct socket *s, struct message *m)
{
    struct net_address own;
    ip_addr_t ip;

    if (!call_address(m, &own) || s->kind == NET_PING ||
        !ip_of_address(&own, s->family, &ip))
        return NET_E_REQUEST;
    if (!port_choose(s, &own)) {
        socket_counts.denied++;
        return NET_E_DENIED;
    }
    if (!ip_is_own(&ip))
        return NET_E_ADDRESS;
    if (s->family == 0 && ip_addr_isany(&ip))
        ip = *IP_ANY_TYPE; /* :: stands for both families, then */
    return s->kind == NET_TCP ? tcp_socket_bind(s, &ip, own.port)
                              : udp_socket_bind(s, &ip, own.port);
}

static enum net_status call_listen(struct socket *s, struct message *m)
{
    uint64_t backlog = message_get(m);

    if (!message_end(m))
        return NET_E_REQUEST;
    return s->kind == NET_TCP ? tcp_socket_listen(s, backlog)
                              : NET_E_UNSUPPORTED;
}

static enum net_status ping_connect(struct socket *s,
                                    const struct net_address *peer)
{
    if (peer->family != 0 && peer->family != s->family)
        return NET_E_REQUEST;
    if (peer->family != 0 && !socket_may_send(s, MANIFEST_PROTOCOL_ICMP, peer))
        return NET_E_DENIED;
    s->peer = *peer;
    return NET_OK;
}

static enum net_status call_connect(struct socket *s, struct message *m)
{
    struct net_address peer;

    if (!call_address(m, &peer))
        return NET_E_REQUEST;
    switch (s->kind) {
    case NET_TCP:
        return tcp_socket_connect(s, &peer);
    case NET_UDP:
        return udp_socket_connect(s, &peer);
    default:
        return ping_connect(s, &peer);
    }
}

static enum net_status call_shutdown(struct socket *s, struct message *m)
{
    uint64_t head = message_get(m);

    if (!message_end(m) || head > UINT32_MAX)
        return NET_E_REQUEST;
    if (s->kind != NET_TCP || s->backlog != 0)
        return NET_E_UNSUPPORTED;
    if ((s->events & NET_CONNECTED) == 0)
        return NET_E_NOT_CONNECTED;
    if (socket_finish(s, (uint32_t)head))
        socket_work(s);
    return NET_OK;
}
static enum net_status call_group(struct socket *s, struct message *m)
{
    uint64_t join = message_get(m);
    struct net_address group;
    ip_addr_t ip;

    if (!call_address(m, &group) || join > 1 || group.family == 0 ||
        !ip_of_address(&group, s->family, &ip))
        return NET_E_REQUEST;
    if (s->kind != NET_UDP)
        return NET_E_UNSUPPORTED;
    return udp_socket_group(s, &ip, join);
}

static void call_accept(struct socket *l, struct message *m)
{
    enum net_status status = NET_E_REQUEST;
    struct net_address peer;
    struct socket *s = NULL;

    if (message_end(m) && l->kind == NET_TCP)
        status = tcp_socket_accept(l, &s);
    if (status == NET_OK && s->tcp == NULL)
        status = NET_E_AGAIN; /* cannot be: adopting does not end it */
    if (status == NET_OK)
        address_of_ip(&s->tcp->remote_ip, s->tcp->remote_port, &peer);
    call_answer(m, status);
    if (status != NET_OK)
        return;
    message_put(m, s->number);
    message_put_bytes(m, &peer, sizeof(peer));
}

static void call_names(struct socket *s, struct message *m)
{
    struct net_address own = {0}, peer = s->peer;

    if (!message_end(m)) {
        call_answer(m, NET_E_REQUEST);
        return;
    }
    if (s->tcp != NULL) {
        address_of_ip(&s->tcp->local_ip, s->tcp->local_port, &own);
        if (s->backlog == 0 && s->tcp->remote_port != 0)
            address_of_ip(&s->tcp->remote_ip, s->tcp->remote_port, &peer);
    } else if (s->udp != NULL) {
        address_of_ip(&s->udp->local_ip, s->udp->local_port, &own);
    }
    call_answer(m, NET_OK);
    message_put_bytes(m, &own, sizeof(own));
    message_put_bytes(m, &peer, sizeof(peer));
}

/* Those that are answered with a status alone. */
static enum net_status (*const simple[])(struct socket *s,
                                         struct message *m) = {
    [NET_CALL_END] = call_end,           [NET_CALL_BIND] = call_bind,
    [NET_CALL_LISTEN] = call_listen,     [NET_CALL_CONNECT] = call_connect,
    [NET_CALL_SHUTDOWN] = call_shutdown, [NET_CALL_OPTION] = call_option,
    [NET_CALL_GROUP] = call_group,
};

void call_about_socket(struct client *c, struct message *m)
{
    uint64_t label = m->label;
    struct socket *s = socket_of(c, message_get(m));

    if (!c->open)
        call_answer(m, c->ended);
    else if (s == NULL)
        call_answer(m, NET_E_SOCKET);
    else if (label == NET_CALL_ACCEPT)
        call_accept(s, m);
    else if (label == NET_CALL_NAMES)
        call_names(s, m);
    else if (label < sizeof(simple) / sizeof(simple[0]) &&
             simple[label] != NULL)
        call_answer(m, simple[label](s, m));
    else
        call_answer(m, NET_E_REQUEST);
}

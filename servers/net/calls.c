/*
 * The calls of <cordon/net_protocol.h>: each is decoded and checked here, and
 * answered with a status and what the protocol says. A call about a socket
 * names one of the caller's own, or nothing happens.
 */
#include "servers/net/socket.h"

#include <cordon/cordon.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/udp.h>

#include "servers/net/clients.h"
#include "servers/net/interface.h"
#include "servers/net/rules.h"

#define FRAMES_A_CALL MSG_MAX_CAPS

static void answer(struct message *m, enum net_status status)
{
    message_drop_caps(m);
    message_begin(m, status);
}

static bool address_get(struct message *m, struct net_address *out)
{
    if (message_get_bytes(m, out, sizeof(*out)) != sizeof(*out) ||
        !message_end(m))
        return false;
    rules_unmap(out);
    return out->family == 0 || out->family == 4 || out->family == 6;
}

/* ---- Calls of a client, connected or not ---- */

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

    answer(m, NET_OK);
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
        answer(m, NET_E_REQUEST);
        return;
    }
    status = client_open(c, &shape, message_take_cap(m, 0));
    answer(m, status);
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
        answer(m, c->open ? NET_E_REQUEST : c->ended);
        return;
    }
    count = c->arena.units - first;
    if (count > FRAMES_A_CALL)
        count = FRAMES_A_CALL;
    answer(m, NET_OK);
    message_put(m, count);
    for (uint64_t i = 0; i < count; i++)
        message_put_cap(m, c->arena.lent + first + i, RIGHT_READ | RIGHT_WRITE);
}

static void call_interface(struct message *m)
{
    struct net_interface out;

    interface_describe(&out);
    answer(m, NET_OK);
    message_put_bytes(m, &out, sizeof(out));
}

static void call_statistics(struct message *m)
{
    struct net_statistics out;

    interface_count(&out);
    out.denied = socket_counts.denied;
    out.corrupt = socket_counts.corrupt;
    answer(m, NET_OK);
    message_put_bytes(m, &out, sizeof(out));
}

static void call_list(struct client *c, struct message *m)
{
    uint64_t position = message_get(m);
    struct net_socket_info out;
    enum net_status status = NET_E_REQUEST;

    if (message_end(m))
        status = list_next(c, &position, &out);
    answer(m, status);
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
        answer(m, NET_E_REQUEST);
    else if (!c->rights.write)
        answer(m, NET_E_DENIED);
    else
        answer(m, interface_configure(&what));
}

/* ---- Calls about sockets, of a connected client ---- */

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

static void call_socket(struct client *c, struct message *m)
{
    uint64_t kind = message_get(m), family = message_get(m);
    enum net_status status;
    struct socket *s;

    if (!message_end(m) || kind < NET_TCP || kind > NET_PING ||
        (family != 0 && family != 4 && family != 6)) {
        answer(m, NET_E_REQUEST);
        return;
    }
    s = socket_take(c, (enum net_kind)kind, (unsigned)family);
    status = s != NULL ? socket_make(s) : NET_E_LIMIT;
    if (s != NULL && status != NET_OK)
        socket_free(s);
    answer(m, status);
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

    if (!address_get(m, &own) || s->kind == NET_PING ||
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

    if (!address_get(m, &peer))
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

static struct ip_pcb *pcb_of(struct socket *s)
{
    if (s->kind == NET_TCP)
        return (struct ip_pcb *)s->tcp;
    return s->kind == NET_UDP ? (struct ip_pcb *)s->udp : &s->options;
}

static enum net_status option_flag(struct socket *s, uint8_t flag, bool on)
{
    struct ip_pcb *pcb = pcb_of(s);

    if (on)
        ip_set_option(pcb, flag);
    else
        ip_reset_option(pcb, flag);
    return NET_OK;
}

static enum net_status option_tcp(struct socket *s, uint64_t option,
                                  uint64_t value)
{
    if (s->kind != NET_TCP)
        return NET_E_UNSUPPORTED;
    if (option == NET_OPTION_NO_DELAY) {
        s->no_delay = value != 0;
        if (s->backlog == 0 && value != 0)
            tcp_nagle_disable(s->tcp);
        else if (s->backlog == 0)
            tcp_nagle_enable(s->tcp);
        return NET_OK;
    }
    if (s->backlog != 0 || value > UINT32_MAX / 1000)
        return NET_E_REQUEST;
    if (value != 0)
        s->tcp->keep_idle = (u32_t)value * 1000;
    return option_flag(s, SOF_KEEPALIVE, value != 0);
}

static enum net_status call_option(struct socket *s, struct message *m)
{
    uint64_t option = message_get(m), value = message_get(m);

    if (!message_end(m))
        return NET_E_REQUEST;
    if (pcb_of(s) == NULL)
        return NET_E_NOT_CONNECTED;
    switch (option) {
    case NET_OPTION_NO_DELAY:
    case NET_OPTION_KEEP_ALIVE:
        return option_tcp(s, option, value);
    case NET_OPTION_REUSE:
        return option_flag(s, SOF_REUSEADDR, value != 0);
    case NET_OPTION_BROADCAST:
        return option_flag(s, SOF_BROADCAST, value != 0);
    case NET_OPTION_TTL:
        if (value < 1 || value > 255)
            return NET_E_REQUEST;
        pcb_of(s)->ttl = (u8_t)value;
        return NET_OK;
    case NET_OPTION_TOS:
        if (value > 255)
            return NET_E_REQUEST;
        pcb_of(s)->tos = (u8_t)value;
        return NET_OK;
    default:
        return NET_E_UNSUPPORTED;
    }
}

static enum net_status call_group(struct socket *s, struct message *m)
{
    uint64_t join = message_get(m);
    struct net_address group;
    ip_addr_t ip;

    if (!address_get(m, &group) || join > 1 || group.family == 0 ||
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
    answer(m, status);
    if (status != NET_OK)
        return;
    message_put(m, s->number);
    message_put_bytes(m, &peer, sizeof(peer));
}

static void call_names(struct socket *s, struct message *m)
{
    struct net_address own = {0}, peer = s->peer;

    if (!message_end(m)) {
        answer(m, NET_E_REQUEST);
        return;
    }
    if (s->tcp != NULL) {
        address_of_ip(&s->tcp->local_ip, s->tcp->local_port, &own);
        if (s->backlog == 0 && s->tcp->remote_port != 0)
            address_of_ip(&s->tcp->remote_ip, s->tcp->remote_port, &peer);
    } else if (s->udp != NULL) {
        address_of_ip(&s->udp->local_ip, s->udp->local_port, &own);
    }
    answer(m, NET_OK);
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

static void call_about_socket(struct client *c, struct message *m)
{
    uint64_t label = m->label;
    struct socket *s = socket_of(c, message_get(m));

    if (!c->open)
        answer(m, c->ended);
    else if (s == NULL)
        answer(m, NET_E_SOCKET);
    else if (label == NET_CALL_ACCEPT)
        call_accept(s, m);
    else if (label == NET_CALL_NAMES)
        call_names(s, m);
    else if (label < sizeof(simple) / sizeof(simple[0]) &&
             simple[label] != NULL)
        answer(m, simple[label](s, m));
    else
        answer(m, NET_E_REQUEST);
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
        answer(m, NET_OK);
        break;
    case NET_CALL_SOCKET:
        if (c->open)
            call_socket(c, m);
        else
            answer(m, c->ended);
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
        answer(m, status);
        return false;
    }
    call(c, service, m);
    client_flush(c); /* before the answer: it says where things stand */
    for (unsigned w = 0; w < SOCKET_WORDS; w++)
        todo |= c->todo[w];
    return todo != 0 || label > NET_CALL_CONFIGURE || (STILL >> label & 1) == 0;
}

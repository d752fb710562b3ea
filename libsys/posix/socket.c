/*
 * Sockets made, named and closed.
 */
#include <errno.h>
#include <string.h>

#include "libsys/posix/socket.h"

/* The enum net_kind, or -errno. */
static int kind_of(int domain, int type, int protocol)
{
    bool any = protocol == 0;

    if (domain != AF_INET && domain != AF_INET6)
        return -EAFNOSUPPORT;
    switch (type & ~TYPE_FLAGS) {
    case SOCK_STREAM:
        return any || protocol == IPPROTO_TCP ? NET_TCP : -EPROTONOSUPPORT;
    case SOCK_DGRAM:
        if (any || protocol == IPPROTO_UDP)
            return NET_UDP;
        return protocol == (domain == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6)
                   ? NET_PING
                   : -EPROTONOSUPPORT;
    default:
        return -EPROTOTYPE;
    }
}

static uint8_t protocol_of(unsigned kind, int domain)
{
    if (kind == NET_PING)
        return domain == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
    return kind == NET_TCP ? IPPROTO_TCP : IPPROTO_UDP;
}

/* A socket of AF_INET6 waits for its first use with its number: then it is
 * known which addresses it is for. */
static int make(int domain, int type, unsigned kind, struct socket **out)
{
    struct socket *s = socket_make();
    int error = s != NULL ? socket_net_take(&s->use) : -ENOMEM;

    if (error != 0) {
        if (s != NULL)
            socket_free(s);
        return error;
    }
    s->kind = (uint8_t)kind;
    s->domain = (uint8_t)domain;
    s->type = (uint8_t)(type & ~TYPE_FLAGS);
    s->protocol = protocol_of(kind, domain);
    s->nonblocking = (type & SOCK_NONBLOCK) != 0;
    *out = s;
    return domain == AF_INET ? socket_begin(s, NULL) : 0;
}

void socket_unmake(struct socket *s)
{
    struct socket_net *use = s->use;

    s->use = NULL;
    socket_net_drop(use);
    if (s->waiters == 0)
        socket_free(s);
}

int socket(int domain, int type, int protocol)
{
    int result = kind_of(domain, type, protocol);
    struct socket *s = NULL;

    if (result < 0)
        return (int)posix_result(result);
    socket_lock();
    result = make(domain, type, (unsigned)result, &s);
    if (result == 0)
        result = fd_open(&socket_operations, s);
    if (result < 0 && s != NULL) {
        if (s->has_number)
            net_socket_close(s->use->net, s->number, true);
        socket_unmake(s);
    }
    return (int)socket_leave(result);
}

/* SO_LINGER with a time: waits until the other side has everything. */
static void linger(struct socket *s)
{
    uint64_t deadline = clock_after((uint64_t)s->linger.l_linger * NS_PER_S);
    struct net *net = s->use->net;

    if (s->nonblocking || s->linger.l_onoff == 0 || s->linger.l_linger <= 0)
        return;
    while ((socket_events(s) & NET_DEAD) == 0 &&
           net_send_room(net, s->number) < net->shape.send_bytes)
        if (socket_wait(s, deadline) != 0)
            return;
}

int socket_close(void *state)
{
    struct socket *s = state;
    struct socket_net *use;

    socket_lock();
    use = s->use;
    if (use == NULL) {
        socket_unlock();
        return -EBADF;
    }
    if (s->has_number && s->connected)
        linger(s);
    if (s->has_number)
        net_socket_close(use->net, s->number,
                         s->linger.l_onoff != 0 && s->linger.l_linger == 0);
    s->has_number = false;
    if (s->waiters != 0)
        socket_wake(use);
    socket_unmake(s);
    socket_unlock();
    return 0;
}

int bind(int fd, const struct sockaddr *address, socklen_t bytes)
{
    struct socket *s = socket_enter(fd);
    struct net_address own;
    int error;

    if (s == NULL)
        return -1;
    error = address_of_sockaddr(s, address, bytes, &own);
    if (error == 0 && own.family == 6 &&
        memcmp(own.address, &in6addr_any, sizeof(in6addr_any)) == 0)
        own.family = s->only_ipv6 ? 6 : 0; /* any of both */
    if (error == 0)
        error = socket_begin(s, &own);
    if (error == 0)
        error = socket_error(s, net_bind(s->use->net, s->number, &own));
    return (int)socket_leave(error);
}

int listen(int fd, int backlog)
{
    struct socket *s = socket_enter(fd);
    int error;

    if (s == NULL)
        return -1;
    if (s->kind != NET_TCP)
        return (int)socket_leave(-EOPNOTSUPP);
    if (s->connecting || s->connected)
        return (int)socket_leave(-EINVAL);
    error = socket_begin(s, NULL);
    if (error == 0)
        error =
            socket_error(s, net_listen(s->use->net, s->number,
                                       backlog > 0 ? (unsigned)backlog : 1));
    if (error == 0)
        s->listening = true;
    return (int)socket_leave(error);
}

int shutdown(int fd, int how)
{
    struct socket *s = socket_enter(fd);
    int error = 0;

    if (s == NULL)
        return -1;
    if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
        error = -EINVAL;
    else if (s->kind == NET_TCP && !s->connected)
        error = -ENOTCONN;
    if (error == 0 && how != SHUT_WR)
        s->end_receive = true;
    if (error == 0 && how != SHUT_RD && !s->end_send) {
        s->end_send = true;
        if (s->kind == NET_TCP)
            error = socket_error(s, net_shutdown_send(s->use->net, s->number));
    }
    socket_wake(s->use);
    return (int)socket_leave(error);
}

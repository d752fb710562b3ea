/*
 * connect(), and the addresses of both ends.
 */
#include <errno.h>
#include <string.h>

#include "libsys/posix/socket.h"

/* A connection that failed is over; the next connect() begins with another
 * number. */
static int failed(struct socket *s, int error)
{
    s->connecting = false;
    s->peer.family = 0;
    net_socket_close(s->use->net, s->number, true);
    s->has_number = false;
    return error;
}

/* 0: connected; -EAGAIN: not yet. */
static int connect_look(struct socket *s)
{
    unsigned events = socket_events(s);
    int error;

    if (events & NET_DEAD) {
        error = socket_error_take(s);
        return failed(s, error != 0 ? error : -ECONNREFUSED);
    }
    if ((events & NET_CONNECTED) == 0)
        return -EAGAIN;
    s->connecting = false;
    s->connected = true;
    return 0;
}

static int connect_wait(struct socket *s)
{
    uint64_t deadline = socket_deadline(s, 0, s->send_time);

    for (;;) {
        int error = connect_look(s);

        if (error != -EAGAIN)
            return error;
        error = socket_wait(s, deadline);
        if (error != 0)
            return error == -EAGAIN ? -EINPROGRESS : error;
    }
}

static int connect_stream(struct socket *s, const struct net_address *peer)
{
    int error, status;

    if (s->connected)
        return -EISCONN;
    if (s->listening)
        return -EOPNOTSUPP;
    if (s->connecting) {
        if (!s->nonblocking)
            return connect_wait(s);
        error = connect_look(s);
        return error == -EAGAIN ? -EALREADY : error;
    }
    error = socket_begin(s, peer);
    if (error != 0)
        return error;
    status = net_connect(s->use->net, s->number, peer);
    if (status != NET_OK)
        return socket_error(s, status);
    s->connecting = true;
    s->peer = *peer;
    return connect_wait(s);
}

static int connect_datagram(struct socket *s, const struct net_address *peer)
{
    int error = socket_begin(s, peer);

    if (error == 0)
        error = socket_error(s, net_connect(s->use->net, s->number, peer));
    if (error == 0)
        s->peer = *peer;
    return error;
}

static int connect_enter(struct socket *s, const struct sockaddr *address,
                         socklen_t bytes)
{
    struct net_address peer = {0};
    sa_family_t family = AF_UNSPEC;
    int error = 0;

    if (address == NULL || bytes < sizeof(family))
        return -EINVAL;
    memcpy(&family, address, sizeof(family));
    if (family != AF_UNSPEC || s->kind == NET_TCP)
        error = address_of_sockaddr(s, address, bytes, &peer);
    if (error != 0)
        return error;
    return s->kind == NET_TCP ? connect_stream(s, &peer)
                              : connect_datagram(s, &peer);
}

int connect(int fd, const struct sockaddr *address, socklen_t bytes)
{
    struct socket *s = socket_enter(fd);

    if (s == NULL)
        return -1;
    return (int)socket_leave(connect_enter(s, address, bytes));
}

int getsockname(int fd, struct sockaddr *restrict address,
                socklen_t *restrict bytes)
{
    struct socket *s = socket_enter(fd);
    struct net_address own = {0};
    int error = 0;

    if (s == NULL)
        return -1;
    if (s->has_number)
        error =
            socket_error(s, net_addresses(s->use->net, s->number, &own, NULL));
    if (error == 0) {
        if (own.family == 0 && s->domain == AF_INET6)
            own.family = 6; /* ::, not a mapped 0.0.0.0 */
        address_to_sockaddr(s->domain, &own, address, bytes);
    }
    return (int)socket_leave(error);
}

int getpeername(int fd, struct sockaddr *restrict address,
                socklen_t *restrict bytes)
{
    struct socket *s = socket_enter(fd);

    if (s == NULL)
        return -1;
    if (s->connecting && (socket_events(s) & NET_CONNECTED))
        connect_look(s);
    if (s->peer.family == 0 || s->connecting)
        return (int)socket_leave(-ENOTCONN);
    address_to_sockaddr(s->domain, &s->peer, address, bytes);
    return (int)socket_leave(0);
}

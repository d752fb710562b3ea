/*
 * accept(): a connection that waits becomes a socket. Whether one does is seen
 * without a call to the server.
 */
#include <errno.h>

#include "libsys/posix/socket.h"

/* One that waits, or -EAGAIN. */
static int accept_once(struct socket *s, struct socket *out)
{
    int error = socket_error_take(s);
    unsigned events = socket_events(s);

    if (error != 0)
        return error;
    if ((events & NET_ACCEPT) == 0)
        return events & NET_DEAD ? -EINVAL : -EAGAIN;
    return socket_error(
        s, net_accept(s->use->net, s->number, &out->number, &out->peer));
}

static int accept_wait(struct socket *s, struct socket *out)
{
    uint64_t deadline = socket_deadline(s, 0, s->receive_time);

    for (;;) {
        int error = accept_once(s, out);

        if (error == -EAGAIN)
            error = socket_wait(s, deadline);
        else
            return error;
        if (error != 0)
            return error;
    }
}

/* A descriptor of its own for what was accepted; `s` is the listener. */
static int accept_make(struct socket *s, struct socket *c, int flags)
{
    int fd;

    c->use = s->use;
    c->use->users++;
    c->has_number = c->connected = true;
    c->kind = NET_TCP;
    c->domain = s->domain;
    c->type = s->type;
    c->protocol = s->protocol;
    c->nonblocking = (flags & SOCK_NONBLOCK) != 0;
    fd = fd_open(&socket_operations, c);
    if (fd < 0) {
        net_socket_close(c->use->net, c->number, true);
        socket_unmake(c);
    }
    return fd;
}

static int accept_enter(struct socket *s, int flags, struct sockaddr *address,
                        socklen_t *bytes)
{
    struct socket *c;
    int result;

    if (s->kind != NET_TCP)
        return -EOPNOTSUPP;
    if (!s->listening)
        return -EINVAL;
    c = socket_make();
    if (c == NULL)
        return -ENOMEM;
    result = accept_wait(s, c);
    if (result != 0) {
        socket_free(c);
        return result;
    }
    result = accept_make(s, c, flags);
    if (result >= 0)
        address_to_sockaddr(s->domain, &c->peer, address, bytes);
    return result;
}

int accept4(int fd, struct sockaddr *restrict address,
            socklen_t *restrict bytes, int flags)
{
    struct socket *s;

    if (flags & ~TYPE_FLAGS)
        return (int)posix_result(-EINVAL);
    s = socket_enter(fd);
    if (s == NULL)
        return -1;
    return (int)socket_leave(accept_enter(s, flags, address, bytes));
}

int accept(int fd, struct sockaddr *restrict address, socklen_t *restrict bytes)
{
    return accept4(fd, address, bytes, 0);
}

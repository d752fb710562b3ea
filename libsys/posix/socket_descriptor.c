/*
 * Sockets as file descriptors: read, write, poll, ioctl.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "libsys/posix/socket.h"

/* A socket that another thread closed meanwhile has no connection. */
static bool enter(struct socket *s)
{
    socket_lock();
    if (s->use != NULL)
        return true;
    socket_unlock();
    return false;
}

static ssize_t socket_writev(void *state, const struct iovec *pieces, int count)
{
    struct socket *s = state;
    ssize_t result;

    if (!enter(s))
        return -EBADF;
    result = s->kind == NET_TCP ? stream_send(s, pieces, count, 0)
                                : datagram_send(s, pieces, count, 0, NULL);
    socket_unlock();
    return result;
}

static ssize_t socket_readv(void *state, const struct iovec *pieces, int count)
{
    struct socket *s = state;
    ssize_t result, room = 0;

    if (!enter(s))
        return -EBADF;
    for (int i = 0; i < count; i++)
        room += (ssize_t)pieces[i].iov_len;
    result = s->kind == NET_TCP ? stream_receive(s, pieces, count, 0)
                                : datagram_receive(s, pieces, count, 0, NULL);
    socket_unlock();
    return result > room ? room : result;
}

static ssize_t socket_write(void *state, const void *data, size_t bytes)
{
    struct iovec piece = {(void *)(uintptr_t)data, bytes};

    return socket_writev(state, &piece, 1);
}

static ssize_t socket_read(void *state, void *data, size_t bytes)
{
    struct iovec piece = {data, bytes};

    return socket_readv(state, &piece, 1);
}

static int socket_fstat(void *state, struct stat *out)
{
    (void)state;
    out->st_mode = S_IFSOCK | 0600;
    return 0;
}

static int socket_nonblocking(void *state, int on)
{
    struct socket *s = state;

    if (on >= 0)
        s->nonblocking = on != 0;
    return s->nonblocking;
}

/* Bytes of the stream, or of the next datagram. */
static int readable(struct socket *s)
{
    struct net *net = s->use->net;
    size_t bytes = 0;
    char nothing;

    if (!s->has_number)
        return 0;
    if (s->kind == NET_TCP)
        return (int)net_receive_waiting(net, s->number);
    net_receive_from(net, s->number, &nothing, 0, &bytes, NULL, true);
    return (int)bytes;
}

static int socket_ioctl(void *state, unsigned long request, void *argument)
{
    struct socket *s = state;

    if (request == FIONBIO) {
        s->nonblocking = *(int *)argument != 0;
        return 0;
    }
    if (request != FIONREAD)
        return -ENOTTY;
    if (!enter(s))
        return -EBADF;
    *(int *)argument = readable(s);
    socket_unlock();
    return 0;
}

#define READABLE (POLLIN | POLLRDNORM)
#define WRITABLE (POLLOUT | POLLWRNORM)

static unsigned poll_error(struct socket *s)
{
    socket_error_note(s);
    return s->error != 0 ? POLLERR : 0;
}

static unsigned poll_stream(struct socket *s)
{
    unsigned events = socket_events(s), ready = poll_error(s);
    struct net *net = s->use->net;

    if (events & NET_DEAD)
        return ready | READABLE | WRITABLE | POLLHUP | POLLRDHUP;
    if (s->listening)
        return ready | (events & NET_ACCEPT ? READABLE : 0u);
    if (!s->connecting && !s->connected)
        return ready | WRITABLE | POLLHUP;
    if (!s->connected && (events & NET_CONNECTED) == 0)
        return ready;
    if ((events & NET_END) || s->end_receive)
        ready |= READABLE | POLLRDHUP | (s->end_send ? POLLHUP : 0u);
    else if (net_receive_waiting(net, s->number) != 0)
        ready |= READABLE;
    if (s->end_send || net_send_room(net, s->number) != 0)
        ready |= WRITABLE;
    return ready;
}

/* Writable when there is room for datagrams of half the ring. */
static unsigned poll_datagram(struct socket *s)
{
    unsigned ready = poll_error(s);
    struct net *net = s->use->net;

    if (!s->has_number)
        return ready | WRITABLE;
    if (ready != 0 || s->end_receive ||
        net_receive_waiting(net, s->number) != 0)
        ready |= READABLE;
    if (net_send_room(net, s->number) >= net->shape.send_bytes / 2)
        ready |= WRITABLE;
    return ready;
}

unsigned socket_poll(void *state, unsigned events)
{
    struct socket *s = state;
    unsigned ready;

    (void)events;
    if (!enter(s))
        return POLLNVAL;
    ready = s->kind == NET_TCP ? poll_stream(s) : poll_datagram(s);
    if (net_state(s->use->net) != NET_OK)
        ready |= READABLE | WRITABLE | POLLERR | POLLHUP;
    socket_unlock();
    return ready;
}

const struct fd_operations socket_operations = {
    .read = socket_read,
    .write = socket_write,
    .readv = socket_readv,
    .writev = socket_writev,
    .fstat = socket_fstat,
    .close = socket_close,
    .ioctl = socket_ioctl,
    .nonblocking = socket_nonblocking,
    .poll = socket_poll,
    .wait = socket_poll_wait,
};

int net_of_fd(int fd, struct net **net, unsigned *socket)
{
    struct socket *s = socket_enter(fd);

    if (s == NULL)
        return -1;
    if (!s->has_number)
        return (int)socket_leave(-ENOTCONN);
    *net = s->use->net;
    *socket = s->number;
    return (int)socket_leave(0);
}

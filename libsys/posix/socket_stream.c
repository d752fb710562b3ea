/*
 * Bytes to and from a TCP connection.
 */
#include <errno.h>

#include "libsys/posix/socket.h"

/* A connect() that went on in the background may be done by now. */
static void connected_note(struct socket *s, unsigned events)
{
    if (s->connecting && (events & NET_CONNECTED)) {
        s->connecting = false;
        s->connected = true;
    }
}

/* An error after some bytes is for the next call. */
static ssize_t result_of(struct socket *s, size_t done, int error)
{
    if (done == 0)
        return error;
    if (error != 0 && error != -EAGAIN && error != -EPIPE)
        s->error = -error;
    return (ssize_t)done;
}

/* Why nothing can be sent now: 0: it can, -EAGAIN: not yet. */
static int send_obstacle(struct socket *s)
{
    unsigned events = socket_events(s);
    int error;

    connected_note(s, events);
    if (events & NET_DEAD) {
        error = socket_error_take(s);
        return error != 0 ? error : -EPIPE;
    }
    if (s->end_send)
        return -EPIPE;
    if (s->connected)
        return 0;
    return s->connecting ? -EAGAIN : -ENOTCONN;
}

/* Sends what fits of pieces from *piece, *offset on, and moves these. */
static size_t put(struct socket *s, const struct iovec *pieces, int count,
                  int *piece, size_t *offset)
{
    size_t done = 0;

    while (*piece < count) {
        const struct iovec *p = &pieces[*piece];
        size_t left = p->iov_len - *offset, n;

        n = left == 0 ? 0
                      : net_send(s->use->net, s->number,
                                 (const char *)p->iov_base + *offset, left);
        done += n;
        *offset += n;
        if (n < left)
            break;
        (*piece)++;
        *offset = 0;
    }
    return done;
}

ssize_t stream_send(struct socket *s, const struct iovec *pieces, int count,
                    int flags)
{
    uint64_t deadline = socket_deadline(s, flags, s->send_time);
    size_t done = 0, offset = 0;
    int error = 0, piece = 0;

    if (flags & MSG_OOB)
        return -EOPNOTSUPP;
    for (;;) {
        error = send_obstacle(s);
        if (error == 0) {
            done += put(s, pieces, count, &piece, &offset);
            if (piece == count)
                break;
            error = -EAGAIN;
        }
        if (error == -EAGAIN)
            error = socket_wait(s, deadline); /* kicks */
        if (error != 0)
            break;
    }
    if ((flags & MSG_MORE) == 0 && s->use != NULL)
        net_kick(s->use->net);
    return result_of(s, done, error);
}

/* Why nothing was there to receive: 0: the end, -EAGAIN: not yet. */
static int receive_obstacle(struct socket *s, unsigned events)
{
    if (events & NET_DEAD)
        return socket_error_take(s);
    if ((events & NET_END) || s->end_receive)
        return 0;
    return s->connected || s->connecting ? -EAGAIN : -ENOTCONN;
}

static size_t take(struct socket *s, const struct iovec *pieces, int count,
                   int *piece, size_t *offset)
{
    size_t done = 0;

    while (*piece < count) {
        const struct iovec *p = &pieces[*piece];
        size_t left = p->iov_len - *offset, n;

        n = left == 0 ? 0
                      : net_receive(s->use->net, s->number,
                                    (char *)p->iov_base + *offset, left);
        done += n;
        *offset += n;
        if (n < left)
            break;
        (*piece)++;
        *offset = 0;
    }
    return done;
}

/* Only into the first piece that has room: so much may be asked of a peek. */
static size_t peek(struct socket *s, const struct iovec *pieces, int count)
{
    int i = 0;

    while (i < count && pieces[i].iov_len == 0)
        i++;
    if (i == count)
        return 0;
    return net_receive_peek(s->use->net, s->number, pieces[i].iov_base,
                            pieces[i].iov_len);
}

static bool has_room(const struct iovec *pieces, int count)
{
    for (int i = 0; i < count; i++)
        if (pieces[i].iov_len != 0)
            return true;
    return false;
}

ssize_t stream_receive(struct socket *s, const struct iovec *pieces, int count,
                       int flags)
{
    uint64_t deadline = socket_deadline(s, flags, s->receive_time);
    size_t done = 0, offset = 0;
    int error = 0, piece = 0;

    if (flags & MSG_OOB)
        return -EOPNOTSUPP;
    if (!has_room(pieces, count))
        return 0;
    for (;;) {
        unsigned events = socket_events(s); /* before what it tells of */

        connected_note(s, events);
        if (s->connected)
            done += flags & MSG_PEEK ? peek(s, pieces, count)
                                     : take(s, pieces, count, &piece, &offset);
        if (done != 0 &&
            (!(flags & MSG_WAITALL) || piece == count || (flags & MSG_PEEK)))
            break;
        error = receive_obstacle(s, events);
        if (error == -EAGAIN)
            error = socket_wait(s, deadline);
        else
            break;
        if (error != 0)
            break;
    }
    if (s->use != NULL)
        net_kick(s->use->net);
    return result_of(s, done, error);
}

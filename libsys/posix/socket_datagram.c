/*
 * Datagrams of UDP, and messages of ping sockets. One in several pieces is put
 * together first.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsys/posix/socket.h"

static size_t total(const struct iovec *pieces, int count)
{
    size_t bytes = 0;

    for (int i = 0; i < count; i++)
        bytes += pieces[i].iov_len;
    return bytes;
}

static ssize_t send_one(struct socket *s, const void *data, size_t bytes,
                        int flags, const struct net_address *to)
{
    uint64_t deadline = socket_deadline(s, flags, s->send_time);

    for (;;) {
        int error = socket_error_take(s); /* of one sent before */

        if (error == 0)
            error = socket_error(
                s, net_send_to(s->use->net, s->number, data, bytes, to));
        if (error == -EAGAIN)
            error = socket_wait(s, deadline);
        else
            return error != 0 ? error : (ssize_t)bytes;
        if (error != 0)
            return error;
    }
}

static ssize_t send_pieces(struct socket *s, const struct iovec *pieces,
                           int count, int flags, const struct net_address *to)
{
    size_t bytes = total(pieces, count), at = 0;
    char *whole = malloc(bytes + 1);
    ssize_t result;

    if (whole == NULL)
        return -ENOBUFS;
    for (int i = 0; i < count; i++) {
        memcpy(whole + at, pieces[i].iov_base, pieces[i].iov_len);
        at += pieces[i].iov_len;
    }
    result = send_one(s, whole, bytes, flags, to);
    free(whole);
    return result;
}

ssize_t datagram_send(struct socket *s, const struct iovec *pieces, int count,
                      int flags, const struct net_address *to)
{
    ssize_t result;

    if (flags & MSG_OOB)
        return -EOPNOTSUPP;
    if (s->end_send)
        return -EPIPE;
    if (to == NULL && s->peer.family == 0)
        return -EDESTADDRREQ;
    if (total(pieces, count) > s->use->net->shape.send_bytes)
        return -EMSGSIZE;
    result = socket_begin(s, to);
    if (result != 0)
        return result;
    result = count == 1
                 ? send_one(s, pieces[0].iov_base, pieces[0].iov_len, flags, to)
                 : send_pieces(s, pieces, count, flags, to);
    if ((flags & MSG_MORE) == 0 && s->use != NULL)
        net_kick(s->use->net);
    return result;
}

static ssize_t receive_one(struct socket *s, void *data, size_t room, int flags,
                           struct net_address *from)
{
    uint64_t deadline = socket_deadline(s, flags, s->receive_time);

    for (;;) {
        size_t bytes = 0;
        int error = socket_error_take(s);

        if (error == 0)
            error = socket_error(s, net_receive_from(s->use->net, s->number,
                                                     data, room, &bytes, from,
                                                     (flags & MSG_PEEK) != 0));
        if (error == 0)
            return (ssize_t)bytes;
        if (error == -EAGAIN && s->end_receive)
            return 0;
        if (error == -EAGAIN)
            error = socket_wait(s, deadline);
        if (error != 0)
            return error;
    }
}

static void scatter(const struct iovec *pieces, int count, const char *data,
                    size_t bytes)
{
    for (int i = 0; i < count && bytes != 0; i++) {
        size_t n = bytes < pieces[i].iov_len ? bytes : pieces[i].iov_len;

        memcpy(pieces[i].iov_base, data, n);
        data += n;
        bytes -= n;
    }
}

static ssize_t receive_pieces(struct socket *s, const struct iovec *pieces,
                              int count, int flags, struct net_address *from)
{
    size_t room = total(pieces, count);
    char *whole;
    ssize_t result;

    if (room > s->use->net->shape.receive_bytes)
        room = s->use->net->shape.receive_bytes;
    whole = malloc(room + 1);
    if (whole == NULL)
        return -ENOBUFS;
    result = receive_one(s, whole, room, flags, from);
    if (result > 0)
        scatter(pieces, count, whole,
                (size_t)result < room ? (size_t)result : room);
    free(whole);
    return result;
}

ssize_t datagram_receive(struct socket *s, const struct iovec *pieces,
                         int count, int flags, struct net_address *from)
{
    int error;

    if (flags & MSG_OOB)
        return -EOPNOTSUPP;
    error = socket_begin(s, NULL);
    if (error != 0)
        return error;
    return count == 1 ? receive_one(s, pieces[0].iov_base, pieces[0].iov_len,
                                    flags, from)
                      : receive_pieces(s, pieces, count, flags, from);
}

/*
 * send, recv and their like: all of them are sendmsg or recvmsg.
 */
#include <errno.h>

#include "libsys/posix/socket.h"

/* A stream has its peer already: an address is not looked at. */
static ssize_t send_enter(struct socket *s, const struct iovec *pieces,
                          int count, int flags, const struct sockaddr *to,
                          socklen_t to_bytes)
{
    struct net_address peer;
    int error = 0;

    if (s->kind == NET_TCP)
        return stream_send(s, pieces, count, flags);
    if (to != NULL)
        error = address_of_sockaddr(s, to, to_bytes, &peer);
    if (error != 0)
        return error;
    return datagram_send(s, pieces, count, flags, to != NULL ? &peer : NULL);
}

static ssize_t receive_enter(struct socket *s, const struct iovec *pieces,
                             int count, int flags, struct sockaddr *from,
                             socklen_t *from_bytes)
{
    struct net_address peer;
    unsigned domain = s->domain;
    ssize_t result;

    if (s->kind == NET_TCP) {
        if (from_bytes != NULL)
            *from_bytes = 0;
        return stream_receive(s, pieces, count, flags);
    }
    result = datagram_receive(s, pieces, count, flags, &peer);
    if (result >= 0)
        address_to_sockaddr(domain, &peer, from, from_bytes);
    return result;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    struct socket *s;

    if (!pieces_good(message->msg_iov, message->msg_iovlen))
        return posix_result(-EINVAL);
    s = socket_enter(fd);
    if (s == NULL)
        return -1;
    return socket_leave(send_enter(s, message->msg_iov, message->msg_iovlen,
                                   flags, message->msg_name,
                                   message->msg_namelen));
}

ssize_t sendto(int fd, const void *data, size_t bytes, int flags,
               const struct sockaddr *to, socklen_t to_bytes)
{
    struct iovec piece = {(void *)(uintptr_t)data, bytes};
    struct socket *s = socket_enter(fd);

    if (s == NULL)
        return -1;
    return socket_leave(send_enter(s, &piece, 1, flags, to, to_bytes));
}

ssize_t send(int fd, const void *data, size_t bytes, int flags)
{
    return sendto(fd, data, bytes, flags, NULL, 0);
}

static size_t room_of(const struct msghdr *message)
{
    size_t room = 0;

    for (int i = 0; i < message->msg_iovlen; i++)
        room += message->msg_iov[i].iov_len;
    return room;
}

/* A datagram's length as the caller is told it. */
static ssize_t cut(ssize_t result, size_t room, int flags)
{
    if (result > 0 && (size_t)result > room && !(flags & MSG_TRUNC))
        return (ssize_t)room;
    return result;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    struct socket *s;
    size_t room;
    ssize_t result;

    if (!pieces_good(message->msg_iov, message->msg_iovlen))
        return posix_result(-EINVAL);
    s = socket_enter(fd);
    if (s == NULL)
        return -1;
    result = receive_enter(s, message->msg_iov, message->msg_iovlen, flags,
                           message->msg_name, &message->msg_namelen);
    room = room_of(message);
    message->msg_controllen = 0;
    message->msg_flags = result > 0 && (size_t)result > room ? MSG_TRUNC : 0;
    return socket_leave(cut(result, room, flags));
}

ssize_t recvfrom(int fd, void *restrict data, size_t bytes, int flags,
                 struct sockaddr *restrict from, socklen_t *restrict from_bytes)
{
    struct iovec piece = {data, bytes};
    struct socket *s = socket_enter(fd);

    if (s == NULL)
        return -1;
    return socket_leave(cut(
        receive_enter(s, &piece, 1, flags, from, from_bytes), bytes, flags));
}

ssize_t recv(int fd, void *data, size_t bytes, int flags)
{
    return recvfrom(fd, data, bytes, flags, NULL, NULL);
}

/*
 * A socket as the calls of <sys/socket.h> see it. One mutex guards all sockets
 * and the connection to the network service under them; who must wait gives it
 * back meanwhile (socket_net.c).
 */
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "libsys/net_internal.h"
#include "libsys/posix/descriptor.h"

/* A connection to the service. Sockets of one that died keep it until they are
 * closed; new ones get the next. */
struct socket_net {
    struct net *net;
    unsigned users;   /* sockets, and calls that use it without the mutex */
    bool asleep;      /* a thread waits for the server, without the mutex */
    unsigned waiting; /* others that wait for that thread */
    uint64_t turn;    /* counts what happened */
    struct condition changed;
};

struct socket {
    struct socket *next;    /* in the list of free ones */
    struct socket_net *use; /* NULL: closed */
    unsigned number;        /* of <cordon/net.h>, if `has_number` */
    bool has_number;
    uint8_t kind; /* enum net_kind */
    uint8_t domain, type, protocol;
    bool nonblocking, only_ipv6;
    bool listening, connecting, connected; /* TCP */
    bool end_receive, end_send;            /* shutdown() */
    int error;                             /* for SO_ERROR: an errno */
    unsigned waiters;                      /* threads that wait for it */
    uint64_t receive_time, send_time;      /* ns; 0: no limit */
    struct linger linger;
    struct net_address peer; /* family 0: none */
    uint8_t options_set;     /* bits: 1 << enum net_option */
    uint32_t options[8];     /* by enum net_option */
};

extern const struct fd_operations socket_operations;

/* Or-ed to a socket's type. */
#define TYPE_FLAGS (SOCK_NONBLOCK | SOCK_CLOEXEC)

/* The socket behind fd, with the mutex taken; else NULL, and errno is EBADF or
 * ENOTSOCK. */
struct socket *socket_enter(int fd);
void socket_lock(void);
void socket_unlock(void);

/* socket_unlock() and posix_result(). */
long socket_leave(long result);

/* With the mutex. A connection that works, made if need be. 0 or -errno. */
int socket_net_take(struct socket_net **out);
void socket_net_drop(struct socket_net *use);

/* A free struct socket; NULL: no memory. Back when its number is closed; it
 * stays allocated, so that a thread that races with close() finds no garbage.
 */
struct socket *socket_make(void);
void socket_free(struct socket *s);

/* One whose number is closed, or that never had one: nobody uses it any more.
 */
void socket_unmake(struct socket *s);

/* Waits for news of any socket: 0: look again, -EAGAIN: the deadline passed,
 * -EBADF: closed meanwhile. Without the mutex meanwhile. */
int socket_wait(struct socket *s, uint64_t deadline);

/* Wakes whoever waits, for what changed on this side. */
void socket_wake(struct socket_net *use);

/* When a call must end: now, with O_NONBLOCK or MSG_DONTWAIT. */
uint64_t socket_deadline(const struct socket *s, int flags, uint64_t time);

/* minus errno of an enum net_status, on this socket; 0 for NET_OK. */
int socket_error_number(const struct socket *s, int status);
static inline int socket_error(const struct socket *s, int status)
{
    return status == NET_OK ? 0 : socket_error_number(s, status);
}

/* Takes the error that came, if one did: minus errno, or 0. _note: into
 * s->error. */
int socket_error_take(struct socket *s);
void socket_error_note(struct socket *s);

/* enum net_events; 0 without a number. */
unsigned socket_events(const struct socket *s);

/* Gets the socket its number, if it has none. 0 or -errno. `address` is what it
 * will bind or send to (NULL: not known), which says the family. */
int socket_begin_now(struct socket *s, const struct net_address *address);
static inline int socket_begin(struct socket *s,
                               const struct net_address *address)
{
    return s->has_number ? 0 : socket_begin_now(s, address);
}

/* Sets an option, at once or when the socket gets its number. */
int socket_option_set(struct socket *s, enum net_option option, uint32_t value);

/* Addresses: 0 or -errno; to_sockaddr cuts off what there is no room for. */
int address_of_sockaddr(const struct socket *s, const struct sockaddr *from,
                        socklen_t bytes, struct net_address *out);
void address_to_sockaddr(unsigned domain, const struct net_address *a,
                         struct sockaddr *to, socklen_t *bytes);

/* Data, with the mutex; bytes or -errno. */
ssize_t stream_send(struct socket *s, const struct iovec *pieces, int count,
                    int flags);
ssize_t stream_receive(struct socket *s, const struct iovec *pieces, int count,
                       int flags);
ssize_t datagram_send(struct socket *s, const struct iovec *pieces, int count,
                      int flags, const struct net_address *to);
/* The datagram's whole length, even if there was less room. */
ssize_t datagram_receive(struct socket *s, const struct iovec *pieces,
                         int count, int flags, struct net_address *from);

/* What descriptors ask of a socket (fd_operations). */
int socket_close(void *state);
unsigned socket_poll(void *state, unsigned events);
void socket_poll_wait(void *state, uint64_t *seen, uint64_t deadline);

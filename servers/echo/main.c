/*
 * Echo (RFC 862): what comes goes back, datagrams and streams, over IPv4 and
 * IPv6. A datagram that finds no room to go back is kept until there is some,
 * and no other is taken meanwhile.
 *
 *   port=7           where it listens
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cordon/clock.h>
#include <cordon/sockets.h>

#define STREAMS     16
#define STREAM_ROOM 16384u
#define BATCH       256 /* datagrams until streams get their turn */
#define IDLE_NS     (60 * NS_PER_S)
#define AGAIN_NS    (500 * NS_PER_MS) /* between tries to have the sockets */

/* What came and has not gone back yet. */
struct datagram {
    size_t bytes;
    bool waits;
    struct sockaddr_storage from;
    socklen_t from_bytes;
    char data[65536];
};

struct stream {
    size_t at, bytes;
    uint64_t used;
    char data[STREAM_ROOM];
};

enum {
    DATAGRAMS,
    LISTENER,
    FIRST, /* stream */
};

static struct pollfd polls[FIRST + STREAMS];
static struct stream streams[STREAMS];
static struct datagram datagram;
static uint16_t own_port; /* big-endian */

static bool is_over(ssize_t n)
{
    return n < 0 && errno != EAGAIN && errno != EINTR;
}

/* Another echo server, or one that somebody pretends to be: the two would never
 * stop. The port is at the same place of both kinds of addresses. */
static bool is_echo(const struct sockaddr_storage *from)
{
    return ((const struct sockaddr_in *)from)->sin_port == own_port;
}

/* False: none came, or there is no room to send. */
static bool datagram_turn(struct pollfd *p, struct datagram *d)
{
    ssize_t n;

    if (!d->waits) {
        d->from_bytes = sizeof(d->from);
        n = recvfrom(p->fd, d->data, sizeof(d->data), 0,
                     (struct sockaddr *)&d->from, &d->from_bytes);
        if (n < 0)
            return false;
        d->bytes = (size_t)n;
        if (is_echo(&d->from))
            return true;
    }
    n = sendto(p->fd, d->data, d->bytes, 0, (struct sockaddr *)&d->from,
               d->from_bytes);
    d->waits = n < 0 && errno == EAGAIN;
    p->events = d->waits ? POLLOUT : POLLIN;
    return !d->waits;
}

static void stream_close(struct pollfd *p)
{
    close(p->fd);
    p->fd = -1;
}

static void stream_turn(struct pollfd *p, struct stream *s, uint64_t now)
{
    ssize_t n;

    if (s->at == s->bytes) {
        n = recv(p->fd, s->data, sizeof(s->data), 0);
        if (n == 0 || is_over(n)) {
            stream_close(p);
            return;
        }
        s->at = 0;
        s->bytes = n > 0 ? (size_t)n : 0;
    }
    n = send(p->fd, s->data + s->at, s->bytes - s->at, MSG_NOSIGNAL);
    if (is_over(n)) {
        stream_close(p);
        return;
    }
    s->at += n > 0 ? (size_t)n : 0;
    s->used = now;
    p->events = s->at < s->bytes ? POLLOUT : POLLIN;
}

/* Further connections wait in the queue while all places are taken. */
static void stream_accept(struct pollfd *listener, uint64_t now)
{
    for (int i = 0; i < STREAMS; i++) {
        struct pollfd *p = &polls[FIRST + i];

        if (p->fd >= 0)
            continue;
        p->fd = accept(listener->fd, NULL, NULL);
        if (p->fd < 0)
            return;
        p->events = POLLIN;
        streams[i] = (struct stream){.used = now};
        if (socket_unblock(p->fd))
            stream_close(p);
    }
}

/* Whoever says nothing for long makes room. True: there is room. */
static bool streams_look(uint64_t now)
{
    bool room = false;

    for (int i = 0; i < STREAMS; i++) {
        struct pollfd *p = &polls[FIRST + i];

        if (p->fd >= 0 && now - streams[i].used > IDLE_NS)
            stream_close(p);
        room |= p->fd < 0;
    }
    return room;
}

static void socket_have(struct pollfd *p, int type, uint16_t port)
{
    if (p->fd >= 0)
        return;
    p->fd = socket_serve(type, port, STREAMS);
    p->events = POLLIN;
    if (p->fd >= 0)
        printf("%s port %u\n", type == SOCK_DGRAM ? "UDP" : "TCP",
               (unsigned)port);
}

/* A socket that the stack took with it, when that was started again. */
static void socket_check(struct pollfd *p)
{
    if (p->fd >= 0 && (p->revents & (POLLERR | POLLHUP | POLLNVAL)))
        stream_close(p);
}

static void serve_round(uint16_t port)
{
    struct pollfd *listener = &polls[LISTENER], *udp = &polls[DATAGRAMS];
    int own, wait = -1;
    uint64_t now;

    socket_have(udp, SOCK_DGRAM, port);
    socket_have(listener, SOCK_STREAM, port);
    if (udp->fd < 0 || listener->fd < 0)
        wait = (int)(AGAIN_NS / NS_PER_MS);
    own = listener->fd;
    if (!streams_look(clock_now())) {
        listener->fd = -1;
        wait = (int)(NS_PER_S / NS_PER_MS);
    }
    poll(polls, FIRST + STREAMS, wait);
    listener->fd = own;
    now = clock_now();
    for (int i = 0; udp->revents && i < BATCH && datagram_turn(udp, &datagram);)
        i++;
    for (int i = 0; i < STREAMS; i++)
        if (polls[FIRST + i].fd >= 0 && polls[FIRST + i].revents)
            stream_turn(&polls[FIRST + i], &streams[i], now);
    if (listener->revents)
        stream_accept(listener, now);
    socket_check(udp);
    socket_check(listener);
}

int main(int argc, char **argv)
{
    long port = 7;

    for (int i = 1; i < argc; i++)
        if (sscanf(argv[i], "port=%ld", &port) != 1 || port < 1 ||
            port > 65535) {
            printf("argument '%s': expected port=1..65535\n", argv[i]);
            return 1;
        }
    own_port = htons((uint16_t)port);
    for (int i = 0; i < FIRST + STREAMS; i++)
        polls[i].fd = -1;
    for (;;)
        serve_round((uint16_t)port);
}

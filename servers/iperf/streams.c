/*
 * Tests over TCP: what comes is counted and thrown away; if the client wants it
 * so (-R, --full-duplex), as much as it says is sent.
 */
#include "measure.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <cordon/sockets.h>

#include "iperf.h"

#define PIECE  65536u
#define PIECES 16 /* in one turn */

struct stream {
    struct iperf_test test;
    uint8_t head[IPERF_HEAD];
    size_t head_bytes;
    bool ended; /* the client sends nothing more */
    uint64_t received, sent, began, last;
    struct sockaddr_storage peer;
};

static struct stream streams[STREAMS];
static uint8_t piece[PIECE];

static void stream_end(struct pollfd *p, struct stream *s)
{
    uint64_t ns = s->last - s->began;

    close(p->fd);
    p->fd = -1;
    if (s->test.receives || !s->head_bytes)
        measure_log("TCP", &s->peer, "received", s->received, ns, "");
    if (s->sent)
        measure_log("TCP", &s->peer, "sent", s->sent, ns, "");
}

/* The head comes in whatever pieces. */
static void head_take(struct stream *s, const uint8_t *data, size_t bytes)
{
    size_t room = sizeof(s->head) - s->head_bytes;

    if (!room)
        return;
    if (bytes > room)
        bytes = room;
    memcpy(s->head + s->head_bytes, data, bytes);
    s->head_bytes += bytes;
    if (s->head_bytes == sizeof(s->head))
        iperf_head_read(s->head, &s->test);
}

/* False: the connection is no more. */
static bool receive_some(struct pollfd *p, struct stream *s, uint64_t now)
{
    for (int i = 0; i < PIECES; i++) {
        ssize_t n = recv(p->fd, piece, sizeof(piece), 0);

        if (n < 0)
            return errno == EAGAIN;
        if (n == 0) {
            s->ended = true;
            return true;
        }
        if (!s->received)
            s->began = now;
        head_take(s, piece, (size_t)n);
        s->received += (uint64_t)n;
        s->last = now;
    }
    return true;
}

static bool is_sent(const struct stream *s, uint64_t now)
{
    return s->test.bytes ? s->sent >= s->test.bytes
                         : now - s->began >= s->test.nanoseconds;
}

static bool send_some(struct pollfd *p, struct stream *s, uint64_t now)
{
    for (int i = 0; i < PIECES && !is_sent(s, now); i++) {
        uint64_t left = s->test.bytes - s->sent;
        size_t bytes = s->test.bytes && left < PIECE ? (size_t)left : PIECE;
        ssize_t n = send(p->fd, piece, bytes, MSG_NOSIGNAL);

        if (n < 0)
            return errno == EAGAIN;
        s->sent += (uint64_t)n;
        s->last = now;
    }
    if (is_sent(s, now)) {
        shutdown(p->fd, SHUT_WR);
        s->test.sends = false;
    }
    return true;
}

static void stream_turn(struct pollfd *p, struct stream *s, uint64_t now)
{
    bool well = s->ended || receive_some(p, s, now);

    if (well && s->test.sends)
        well = send_some(p, s, now);
    if (!well || (s->ended && !s->test.sends)) {
        stream_end(p, s);
        return;
    }
    p->events =
        (short)((s->ended ? 0 : POLLIN) | (s->test.sends ? POLLOUT : 0));
}

void streams_turn(struct pollfd *polls, uint64_t now)
{
    for (unsigned i = 0; i < STREAMS; i++)
        if (polls[i].fd >= 0 && polls[i].revents)
            stream_turn(&polls[i], &streams[i], now);
}

bool streams_have_room(const struct pollfd *polls)
{
    for (unsigned i = 0; i < STREAMS; i++)
        if (polls[i].fd < 0)
            return true;
    return false;
}

void streams_accept(int listener, struct pollfd *polls, uint64_t now)
{
    for (unsigned i = 0; i < STREAMS; i++) {
        struct stream *s = &streams[i];
        socklen_t bytes = sizeof(s->peer);

        if (polls[i].fd >= 0)
            continue;
        *s = (struct stream){.began = now, .last = now};
        polls[i].fd = accept(listener, (struct sockaddr *)&s->peer, &bytes);
        polls[i].events = POLLIN;
        if (polls[i].fd < 0)
            return;
        if (socket_unblock(polls[i].fd)) {
            close(polls[i].fd);
            polls[i].fd = -1;
        }
    }
}

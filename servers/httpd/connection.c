/*
 * A connection's states and turns (connection.h).
 */
#include "connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "servers/httpd/answer.h"
#include "servers/httpd/respond.h"
#include "servers/httpd/upload.h"

#define TAKE_MIN     4096u
#define LOG_A_SECOND 10u

static void begin_read(struct site *s, struct connection *c)
{
    c->state = CONNECTION_READ;
    c->seen = 0;
    c->more = c->in_bytes > 0; /* pipelined */
    c->deadline = s->now + (c->in_bytes ? HEAD_NS : IDLE_NS);
}

void connection_open(struct site *s, struct connection *c, int fd)
{
    uint32_t number = c->number;

    *c = (struct connection){.fd = fd, .number = number, .take = FILE_WINDOW};
    begin_read(s, c);
}

static void drop_body(struct site *s, struct connection *c)
{
    if (c->file)
        file_release(&s->library, c->file);
    free(c->text);
    c->file = NULL;
    c->text = NULL;
    c->at = c->end = 0;
}

void connection_close(struct site *s, struct connection *c)
{
    upload_abort(s, c);
    drop_body(s, c);
    if (c->state != CONNECTION_CLOSED)
        close(c->fd);
    c->state = CONNECTION_CLOSED;
}

/* At once: nothing of it shall stay in memory, and no answer look whole. */
static void connection_reset(struct site *s, struct connection *c)
{
    const struct linger reset = {.l_onoff = 1};

    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    connection_close(s, c);
}

short connection_events(const struct connection *c)
{
    return c->state == CONNECTION_SEND ? POLLOUT : POLLIN;
}

bool connection_is_idle(const struct connection *c)
{
    return c->state == CONNECTION_READ && !c->in_bytes;
}

/* At most so many lines a second; how many there were besides is said. */
static void log_line(struct site *s, const struct connection *c)
{
    uint64_t second = s->now / 1000000000u;

    if (s->log_second != second) {
        if (s->not_logged)
            printf("and %u more requests\n", (unsigned)s->not_logged);
        s->log_second = second;
        s->logged = s->not_logged = 0;
    }
    if (s->logged++ < LOG_A_SECOND)
        printf("%s: %d\n", c->line, c->status);
    else
        s->not_logged++;
}

/* ---- Sending ---- */

static void sent_all(struct site *s, struct connection *c)
{
    drop_body(s, c);
    if (c->after != CONNECTION_UPLOAD && s->log)
        log_line(s, c);
    c->more = false;
    if (c->after == CONNECTION_READ) {
        begin_read(s, c);
        return;
    }
    c->state = c->after;
    c->began = s->now;
    c->moved = 0;
    if (c->state == CONNECTION_UPLOAD) {
        c->deadline = s->now + STALL_NS;
    } else {
        shutdown(c->fd, SHUT_WR);
        c->deadline = s->now + LINGER_NS;
    }
}

/* The file server may die while a piece is sent from its buffer, and zeros go
 * out: then the connection is reset before its end, and the client knows. The
 * last piece has nothing after it, so it is copied first. */
static bool piece_settle(struct site *s, const struct connection *c,
                         struct iovec *v)
{
    static uint8_t last[FILE_WINDOW];

    if (!c->file || c->file->content || c->at + v->iov_len < c->end)
        return true;
    memcpy(last, v->iov_base, v->iov_len);
    if (!data_is_sound(&s->library, v->iov_base))
        return false;
    v->iov_base = last;
    return true;
}

/* The next bytes of the body, in place. False: they cannot be had. */
static bool body_next(struct site *s, struct connection *c, struct iovec *v)
{
    uint64_t left = c->end - c->at;
    size_t want = left < c->take ? (size_t)left : c->take, done = want;
    const uint8_t *data = (const uint8_t *)c->text;
    int error = FILES_OK;

    if (data)
        data += c->at;
    else
        error = file_view(&s->library, c->file, c->at, want, &data, &done);
    library_result(&s->library, error, s->now);
    *v = (struct iovec){(void *)data, done};
    return !error && done && piece_settle(s, c, v);
}

/* The file has gone, or become shorter. If nothing of the answer is out yet,
 * another can still be given. */
static void body_lost(struct site *s, struct connection *c)
{
    bool begun = c->out_at > 0 || c->moved > 0;

    drop_body(s, c);
    if (begun) {
        connection_close(s, c);
    } else {
        c->keep = false;
        respond_status(s, c, NULL, 503, NULL);
    }
}

/* As much of it went as the socket had room for; more next time, if it took
 * all, or as much as it took. */
static void count_sent(struct connection *c, size_t sent, size_t offered)
{
    size_t head = c->out_bytes - c->out_at, body;

    if (head > sent)
        head = sent;
    body = sent - head;
    offered -= c->out_bytes - c->out_at;
    c->out_at += head;
    c->at += body;
    c->moved += sent;
    if (body < offered)
        c->take = body > TAKE_MIN ? body : TAKE_MIN;
    else if (body && c->take < FILE_WINDOW)
        c->take = 2 * c->take < FILE_WINDOW ? 2 * c->take : FILE_WINDOW;
}

static void turn_send(struct site *s, struct connection *c)
{
    size_t head = c->out_bytes - c->out_at, offered;
    struct iovec v[2] = {{c->out + c->out_at, head}};
    struct msghdr m = {.msg_iov = v, .msg_iovlen = 1};
    ssize_t n;

    if (c->at < c->end) {
        if (!body_next(s, c, &v[1])) {
            body_lost(s, c);
            return;
        }
        m.msg_iov = head ? v : v + 1;
        m.msg_iovlen = head ? 2 : 1;
    }
    offered = head + v[1].iov_len;
    n = sendmsg(c->fd, &m, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) {
        connection_close(s, c);
        return;
    }
    if (n > 0 && !data_is_sound(&s->library, v[1].iov_base)) {
        connection_reset(s, c);
        return;
    }
    if (n > 0)
        count_sent(c, (size_t)n, offered);
    c->more = n == (ssize_t)offered;
    if (c->out_at == c->out_bytes && c->at == c->end)
        sent_all(s, c);
}

/* ---- Receiving ---- */

/* RFC 9112 2.2: an empty line before a request is passed over. */
static void skip_empty_line(struct connection *c)
{
    size_t skip = 0;

    while (c->in_bytes - skip >= 2 && c->in[skip] == '\r' &&
           c->in[skip + 1] == '\n')
        skip += 2;
    if (!skip)
        return;
    c->in_bytes -= skip;
    memmove(c->in, c->in + skip, c->in_bytes);
    c->seen = 0;
}

static void respond_now(struct site *s, struct connection *c)
{
    c->began = s->now;
    c->moved = 0;
    if (c->state == CONNECTION_SEND) {
        c->deadline = s->now + STALL_NS;
        turn_send(s, c);
    }
}

/* Answer the request in c->in, if it is all there. */
static void read_head(struct site *s, struct connection *c)
{
    size_t bytes;

    skip_empty_line(c);
    bytes = request_end(c->in, c->in_bytes, &c->seen);
    c->more = false;
    if (bytes) {
        c->in_bytes -= bytes;
        answer(s, c, c->in, bytes);
        memmove(c->in, c->in + bytes, c->in_bytes);
        respond_now(s, c);
    } else if (c->in_bytes == sizeof(c->in)) {
        c->keep = false;
        respond_status(s, c, NULL, memchr(c->in, '\n', c->in_bytes) ? 431 : 414,
                       NULL);
        respond_now(s, c);
    }
}

static void turn_read(struct site *s, struct connection *c)
{
    ssize_t n;

    if (c->more) { /* what is there already may be a whole request */
        read_head(s, c);
        return;
    }
    n = recv(c->fd, c->in + c->in_bytes, sizeof(c->in) - c->in_bytes, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN)) {
        connection_close(s, c);
    } else if (n > 0) {
        if (!c->in_bytes)
            c->deadline = s->now + HEAD_NS;
        c->in_bytes += (size_t)n;
        read_head(s, c);
    }
}

/* Closing with something unread would reset the connection, and our last
 * answer might be lost by that (RFC 9112 9.6). */
static void turn_linger(struct site *s, struct connection *c)
{
    ssize_t n = recv(c->fd, c->in, sizeof(c->in), 0);

    c->more = false;
    if (n > 0)
        c->moved += (size_t)n;
    if (n == 0 || (n < 0 && errno != EAGAIN) || c->moved > LINGER_BYTES)
        connection_close(s, c);
}

/* Who goes on gets more time, as long as it is not slow over all. */
static void extend(struct site *s, struct connection *c, uint64_t before)
{
    uint64_t stall = s->now + STALL_NS, slow;

    if ((c->state != CONNECTION_SEND && c->state != CONNECTION_UPLOAD) ||
        c->moved <= before)
        return;
    slow = c->began + STALL_NS + c->moved * (1000000000u / SLOW_BYTES);
    c->deadline = stall < slow ? stall : slow;
}

void connection_turn(struct site *s, struct connection *c)
{
    uint64_t before = c->moved;

    switch (c->state) {
    case CONNECTION_READ:
        turn_read(s, c);
        break;
    case CONNECTION_SEND:
        turn_send(s, c);
        break;
    case CONNECTION_UPLOAD:
        upload_turn(s, c);
        if (c->state == CONNECTION_SEND)
            respond_now(s, c);
        break;
    case CONNECTION_LINGER:
        turn_linger(s, c);
        break;
    case CONNECTION_CLOSED:
        break;
    }
    extend(s, c, before);
}

void connection_expire(struct site *s, struct connection *c)
{
    bool waits = c->state == CONNECTION_UPLOAD ||
                 (c->state == CONNECTION_READ && c->in_bytes);

    if (!waits) {
        if (c->state == CONNECTION_READ)
            connection_close(s, c);
        else
            connection_reset(s, c);
        return;
    }
    upload_abort(s, c);
    c->keep = false;
    respond_status(s, c, NULL, 408, NULL);
    respond_now(s, c);
}

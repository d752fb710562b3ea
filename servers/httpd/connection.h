/*
 * One client's connection: requests come in, answers go out, in order. A turn
 * is a bounded piece of that, so that all connections get theirs; nothing in it
 * waits.
 */
#pragma once

#include <poll.h>

#include "servers/httpd/chunked.h"
#include "servers/httpd/date.h"
#include "servers/httpd/file.h"
#include "servers/httpd/request.h"

#define HEAD_MAX     8192u /* bytes of a request's head */
#define OUT_MAX      5120u /* of an answer's head, or a short answer */
#define LOG_LINE_MAX 120u  /* of a request in the log */
#define UPLOADS_MAX  6u    /* at once */

#define IDLE_NS   15000000000ull /* between requests */
#define HEAD_NS   10000000000ull /* from a head's first byte to its last */
#define STALL_NS  30000000000ull /* without a byte either way */
#define LINGER_NS 2000000000ull  /* for the client to close as well */
/* Who takes or sends less in a second, on average, is too slow. */
#define SLOW_BYTES   2048u
#define LINGER_BYTES (4u << 20) /* thrown away before the connection is */

enum connection_state {
    CONNECTION_READ,   /* waits for a request */
    CONNECTION_SEND,   /* has an answer to send */
    CONNECTION_UPLOAD, /* takes a request's body */
    CONNECTION_LINGER, /* waits for the client to close (RFC 9112 9.6) */
    CONNECTION_CLOSED,
};

/* What is served, for all connections. */
struct site {
    struct library library;
    const char *root; /* on the disk; "" for its root */
    const char *put;  /* below this path files may be put; NULL: nowhere */
    bool log;
    uint64_t now; /* of this round, monotonic nanoseconds */
    int64_t wall; /* seconds since 1970 */
    char date[DATE_BYTES];
    int64_t date_of;     /* what `date` says */
    uint32_t uploads;    /* under way */
    uint64_t log_second; /* of the log's rate */
    uint32_t logged, not_logged;
};

struct upload {
    char temporary[FILES_PATH_MAX + 1], path[FILES_PATH_MAX + 1];
    uint64_t handle, at;
    uint64_t left;  /* bytes of a body that is not chunked */
    unsigned lives; /* of the file service's connection when it began */
    struct chunked chunked;
    bool is_chunked, exists;
};

struct connection {
    int fd;
    enum connection_state state, after; /* `after` what is being sent */
    bool more;       /* has something to do without news from the socket */
    bool keep;       /* stays open after this answer */
    uint32_t number; /* among connections */
    uint64_t began, deadline, moved; /* this state's: times, bytes */

    /* The request being read, what follows it, and what is left of that. */
    char in[HEAD_MAX];
    size_t in_bytes, seen;

    /* The answer: head or all of it, then bytes from `at` to `end` of a file
     * or a text. */
    char out[OUT_MAX];
    size_t out_at, out_bytes;
    struct file *file;
    char *text;
    uint64_t at, end;
    size_t take; /* as much as the socket took last time */

    struct upload *upload;
    char line[LOG_LINE_MAX]; /* for the log */
    int status;
};

void connection_open(struct site *s, struct connection *c, int fd);

/* The socket has news, or c->more was set. */
void connection_turn(struct site *s, struct connection *c);

/* What connection_turn() waits for: POLLIN or POLLOUT. */
short connection_events(const struct connection *c);

/* c->deadline has passed. */
void connection_expire(struct site *s, struct connection *c);

/* To make room for another: true if nothing is under way here. */
bool connection_is_idle(const struct connection *c);

void connection_close(struct site *s, struct connection *c);

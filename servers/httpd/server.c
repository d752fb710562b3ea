/*
 * The loop of one thread (server.h).
 */
#include "server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cordon/sockets.h>

#include "servers/httpd/upload.h"

#define ACCEPTS 16 /* in one round */

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void look_at_clock(struct site *s)
{
    s->now = clock_ns(CLOCK_MONOTONIC);
    s->wall = (int64_t)(clock_ns(CLOCK_REALTIME) / 1000000000u);
}

/* ---- Arguments ---- */

/* The value behind "name="; NULL: it is another argument. */
static char *value_of(char *argument, const char *name)
{
    size_t bytes = strlen(name);

    return strncmp(argument, name, bytes) || argument[bytes] != '='
               ? NULL
               : argument + bytes + 1;
}

/* A path, without slashes at its end: the root is "". */
static bool path_argument(char *value, const char **path)
{
    size_t bytes = strlen(value);

    while (bytes && value[bytes - 1] == '/')
        value[--bytes] = 0;
    *path = value;
    return (!bytes || *value == '/') && bytes < 256;
}

static bool number_argument(const char *value, uint64_t most, uint64_t *number)
{
    struct span span = {value, strlen(value)};

    return span_number(span, number) && *number >= 1 && *number <= most;
}

static bool argument(struct server *s, char *a)
{
    uint64_t number = 0;
    bool ok = true;
    char *v;

    if ((v = value_of(a, "port"))) {
        ok = number_argument(v, 65535, &number);
        s->port = (uint16_t)number;
    } else if ((v = value_of(a, "connections"))) {
        ok = number_argument(v, SERVER_MOST, &number);
        s->most = (uint32_t)number;
    } else if ((v = value_of(a, "root"))) {
        ok = path_argument(v, &s->site.root);
    } else if ((v = value_of(a, "put"))) {
        ok = path_argument(v, &s->site.put);
    } else if (!strcmp(a, "log")) {
        s->site.log = true;
    } else {
        ok = false;
    }
    return ok;
}

const char *server_arguments(struct server *s, int count, char **arguments)
{
    memset(s, 0, sizeof(*s));
    s->port = SERVER_PORT;
    s->most = SERVER_CONNECTIONS;
    s->site.root = "";
    s->listener = -1;
    for (int i = 0; i < count; i++)
        if (!argument(s, arguments[i]))
            return arguments[i];
    return NULL;
}

/* ---- The listening socket ---- */

/* The network may not be there yet, or may have come back. */
static void listener_renew(struct server *s)
{
    if (s->listener >= 0)
        return;
    s->listener = socket_serve(SOCK_STREAM, s->port, SERVER_BACKLOG);
    if (s->listener < 0 && !s->said)
        printf("cannot listen on port %u: %s; trying again\n",
               (unsigned)s->port, strerror(errno));
    else if (s->listener >= 0)
        printf("serving %s on port %u\n", *s->site.root ? s->site.root : "/",
               (unsigned)s->port);
    s->said = s->listener < 0;
}

static void listener_drop(struct server *s)
{
    close(s->listener);
    s->listener = -1;
}

/* ---- Connections ---- */

static void forget(struct server *s, uint32_t at)
{
    struct connection *last = s->order[--s->count];

    s->order[s->count] = s->order[at];
    s->order[at] = last;
    s->full = false;
}

/* True: the one that has been idle for longest was closed. */
static bool make_room(struct server *s)
{
    uint32_t best = s->count;

    for (uint32_t i = 0; i < s->count; i++)
        if (connection_is_idle(s->order[i]) &&
            (best == s->count ||
             s->order[i]->deadline < s->order[best]->deadline))
            best = i;
    if (best == s->count)
        return false;
    connection_close(&s->site, s->order[best]);
    forget(s, best);
    return true;
}

static void accepted(struct server *s, int fd)
{
    int yes = 1;

    if (socket_unblock(fd)) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    connection_open(&s->site, s->order[s->count++], fd);
}

static void accept_some(struct server *s)
{
    for (int i = 0; i < ACCEPTS; i++) {
        int fd;

        if (s->count == s->most) {
            /* Only for one that is known to wait is another closed. */
            s->full = i == 0 && !make_room(s);
            if (i > 0 || s->full)
                return;
        }
        fd = accept(s->listener, NULL, NULL);
        if (fd >= 0) {
            accepted(s, fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
                   errno == ENOMEM) {
            /* Fewer sockets than asked for. That of the one closed here is
             * free when its peer has acknowledged the end: until something
             * ends, or the next tick, no second one has to go for it. */
            make_room(s);
            s->full = true;
            return;
        } else if (errno != ECONNABORTED && errno != EINTR) {
            if (errno != EAGAIN)
                listener_drop(s);
            return;
        }
    }
}

static void look_at_deadlines(struct server *s)
{
    s->tick = s->site.now + SERVER_TICK_NS;
    s->full = false;
    listener_renew(s);
    library_tick(&s->site.library, s->site.now);
    for (uint32_t i = 0; i < s->count;) {
        struct connection *c = s->order[i];

#ifndef MUTATION_no_deadlines
        if (s->site.now >= c->deadline)
            connection_expire(&s->site, c);
#endif
        if (c->state == CONNECTION_CLOSED)
            forget(s, i);
        else
            i++;
    }
}

/* Who is to be waited for. Nanoseconds to wait at most. */
static uint64_t prepare(struct server *s, uint64_t wait)
{
    uint64_t now = s->site.now;
    uint64_t left = s->tick > now ? s->tick - now : 0;

    /* With nobody there and all well, there is no deadline to look at. */
    if ((s->count || s->listener < 0 || s->site.library.handles) && left < wait)
        wait = left;
    s->polls[0] =
        (struct pollfd){.fd = s->full ? -1 : s->listener, .events = POLLIN};
    for (uint32_t i = 0; i < s->count; i++) {
        s->polls[i + 1] = (struct pollfd){
            .fd = s->order[i]->fd, .events = connection_events(s->order[i])};
        if (s->order[i]->more)
            wait = 0;
    }
    return wait;
}

/* From the last to the first: who closes is replaced by one that had its turn
 * already. */
static void turns(struct server *s, uint32_t count)
{
    for (uint32_t i = count; i-- > 0;) {
        struct connection *c = s->order[i];

        if (c->more || s->polls[i + 1].revents)
            connection_turn(&s->site, c);
        if (c->state == CONNECTION_CLOSED)
            forget(s, i);
    }
}

void server_round(struct server *s, uint64_t wait)
{
    uint32_t count = s->count;
    int ready;

    wait = prepare(s, wait);
    ready = poll(s->polls, count + 1,
                 wait == UINT64_MAX ? -1 : (int)((wait + 999999u) / 1000000u));
    look_at_clock(&s->site);
    if (ready < 0) /* the network is gone: each connection will find out */
        for (uint32_t i = 0; i <= count; i++)
            s->polls[i].revents = POLLERR;
    turns(s, count);
    if (s->listener >= 0 && !s->full && s->polls[0].revents)
        accept_some(s);
    if (s->site.now >= s->tick)
        look_at_deadlines(s);
}

bool server_open(struct server *s)
{
    s->connections = calloc(s->most, sizeof(*s->connections));
    s->order = calloc(s->most, sizeof(*s->order));
    s->polls = calloc(s->most + 1, sizeof(*s->polls));
    if (!s->connections || !s->order || !s->polls ||
        !library_open(&s->site.library, s->most))
        return false;
    for (uint32_t i = 0; i < s->most; i++) {
        s->connections[i].number = i;
        s->connections[i].state = CONNECTION_CLOSED;
        s->order[i] = &s->connections[i];
    }
    look_at_clock(&s->site);
    upload_prepare(&s->site);
    look_at_deadlines(s);
    return true;
}

void server_close(struct server *s)
{
    while (s->count) {
        connection_close(&s->site, s->order[0]);
        forget(s, 0);
    }
    if (s->listener >= 0)
        listener_drop(s);
    library_close(&s->site.library);
    free(s->connections);
    free(s->order);
    free(s->polls);
}

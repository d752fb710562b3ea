/*
 * The listening socket and all connections: who has news gets a turn, one after
 * the other. When as many are open as may be, the one that has been idle for
 * longest makes room; if none is idle, new ones wait in the socket's queue.
 */
#pragma once

#include "servers/httpd/connection.h"

#define SERVER_PORT        80u
#define SERVER_CONNECTIONS 128u
#define SERVER_MOST        250u /* NET_SOCKETS_MAX allows no more */
#define SERVER_BACKLOG     128
#define SERVER_TICK_NS     200000000ull /* between looks at the deadlines */

struct server {
    struct site site;
    uint16_t port;
    uint32_t most;  /* connections */
    uint32_t count; /* of them, that are open */
    int listener;   /* -1: there is none at the moment */
    bool said;      /* why there is none */
    bool full;      /* the listener is not looked at */
    uint64_t tick;  /* when the deadlines are looked at next */
    struct connection *connections, **order; /* the first `count` are open */
    struct pollfd *polls;                    /* the listener's, and theirs */
};

/* Fill in from "port=80", "root=/", "put=/upload", "connections=128", "log".
 * NULL, or the argument that is none of these. */
const char *server_arguments(struct server *s, int count, char **arguments);

/* False: no memory. Neither files nor network need be there yet. */
bool server_open(struct server *s);

/* Wait for news, at most `wait` nanoseconds, and give everybody a turn. */
void server_round(struct server *s, uint64_t wait);

void server_close(struct server *s);

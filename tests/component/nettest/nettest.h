/*
 * A program that uses sockets as any other would, and tells what it saw. What
 * it does, its arguments say: see main.c.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* Ends a check with what did not hold. */
#define EXPECT(what)                                                           \
    do {                                                                       \
        if (!(what)) {                                                         \
            printf("%s:%d: errno %d\n", __FILE__, __LINE__, errno);            \
            return #what;                                                      \
        }                                                                      \
    } while (0)

/* Each takes its words, returns null or what did not hold. */
typedef const char *role(int argc, char **argv);

role role_echo;    /* PORT: TCP and UDP, both families, until the end */
role role_client;  /* HOST PORT BYTES: through an echo server, and compares */
role role_udp;     /* HOST PORT COUNT: datagrams to an echo server */
role role_ping;    /* HOST COUNT */
role role_many;    /* HOST PORT COUNT: connections at once, at an echo server */
role role_errors;  /* what fails, and with which errno */
role role_poll;    /* HOST PORT: poll, select, options at an echo server */
role role_refuse;  /* HOST PORT: where nobody listens, or nobody may go */
role role_names;   /* NAME: getaddrinfo */
role role_death;   /* HOST PORT: until the stack dies, and beyond */
role role_threads; /* HOST PORT: two threads */

/* Waits until somebody listens there; null, or what is wrong. */
const char *await_server(const char *host, const char *port);

/* A connected socket of this type to an address in digits or a name. */
int connect_to(const char *host, const char *port, int type);

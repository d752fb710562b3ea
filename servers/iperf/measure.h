/*
 * The two kinds of tests, each a set of sockets that one poll() serves.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define STREAMS 32u /* tests at once */
#define FLOWS   16u

/* One line in the log: what a test moved, in which direction. */
void measure_log(const char *kind, const struct sockaddr_storage *peer,
                 const char *verb, uint64_t bytes, uint64_t ns,
                 const char *more);

/* Take waiting connections of `listener` into free ones of polls[STREAMS]. */
void streams_accept(int listener, struct pollfd *polls, uint64_t now);

/* Whether one of polls[STREAMS] is free. */
bool streams_have_room(const struct pollfd *polls);

/* Give a turn to those with news, or with something to send. */
void streams_turn(struct pollfd *polls, uint64_t now);

/* Count what has come to the socket, and answer what ends a test. */
void flows_turn(int fd, uint64_t now);

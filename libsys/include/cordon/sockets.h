/*
 * What servers on sockets begin with.
 */
#pragma once

#include <stdint.h>

/*
 * A socket of `type` (SOCK_STREAM, SOCK_DGRAM) on `port` of every address of
 * this machine, IPv6 and IPv4, IPv4 alone where there is no other. It does not
 * block, and listens with `backlog` if it is a stream's. -1 and errno.
 */
int socket_serve(int type, uint16_t port, int backlog);

/* Let a descriptor not block. -1 and errno. */
int socket_unblock(int fd);

/*
 * poll: waiting for one of several descriptors.
 */
#pragma once

#include <sys/types.h>

#define POLLIN     0x001
#define POLLPRI    0x002 /* never */
#define POLLOUT    0x004
#define POLLERR    0x008
#define POLLHUP    0x010
#define POLLNVAL   0x020
#define POLLRDNORM 0x040
#define POLLRDBAND 0x080 /* never */
#define POLLWRNORM 0x100
#define POLLWRBAND 0x200 /* never */
#define POLLRDHUP  0x2000

typedef unsigned long nfds_t;

struct pollfd {
    int fd; /* negative: left out */
    short events;
    short revents;
};

/* `timeout` in milliseconds; negative: for ever. */
int poll(struct pollfd *fds, nfds_t count, int timeout);
int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
          const sigset_t *mask);

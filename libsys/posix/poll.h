/*
 * What poll and select share.
 */
#pragma once

#include <poll.h>
#include <stdint.h>

/* How many are ready, each with its `revents`; 0 after `deadline`. */
int poll_until(struct pollfd *fds, nfds_t count, uint64_t deadline);

/* The deadline that a timeout means (NULL: never); 0, or -EINVAL. */
int poll_deadline(const struct timespec *time, uint64_t *deadline);

/*
 * poll. What a descriptor's state is, its operations say; to wait,
 * one of those that are not ready is asked, for all sockets share what they
 * wait for.
 */
#include <errno.h>
#include <poll.h>

#include <cordon/clock.h>

#include "libsys/posix/descriptor.h"
#include "libsys/posix/poll.h"

#define LOOK    (10 * NS_PER_MS) /* at what cannot be waited for */
#define ALWAYS  (POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM)
#define UNASKED (POLLERR | POLLHUP | POLLNVAL)

static short ready(const struct pollfd *p, const struct descriptor *d)
{
    unsigned asked = (unsigned short)p->events;

    if (d->operations->poll == NULL)
        return (short)(asked & ALWAYS);
    return (short)(d->operations->poll(d->state, asked) & (asked | UNASKED));
}

/* Looks at all. Those that are ready; *wait is one that can be waited for. */
static int look(struct pollfd *fds, nfds_t count, struct descriptor *wait)
{
    int found = 0;

    for (nfds_t i = 0; i < count; i++) {
        struct descriptor d;

        fds[i].revents = 0;
        if (fds[i].fd < 0)
            continue;
        if (!descriptor_get(fds[i].fd, &d)) {
            fds[i].revents = POLLNVAL;
        } else {
            fds[i].revents = ready(&fds[i], &d);
            if (d.operations->wait != NULL)
                *wait = d;
        }
        found += fds[i].revents != 0;
    }
    return found;
}

/* A descriptor that nobody wakes for, and that is not always ready either. */
static bool must_look_again(const struct pollfd *fds, nfds_t count)
{
    struct descriptor d;

    for (nfds_t i = 0; i < count; i++)
        if (fds[i].fd >= 0 && descriptor_get(fds[i].fd, &d) &&
            d.operations->poll != NULL && d.operations->wait == NULL)
            return true;
    return false;
}

static void pause_until(const struct pollfd *fds, nfds_t count,
                        struct descriptor *wait, uint64_t *seen,
                        uint64_t deadline)
{
    uint64_t again = clock_after(LOOK);

    if (again < deadline && must_look_again(fds, count))
        deadline = again;
    if (wait->operations != NULL)
        wait->operations->wait(wait->state, seen, deadline);
    else
        clock_sleep_until(deadline);
}

int poll_until(struct pollfd *fds, nfds_t count, uint64_t deadline)
{
    struct descriptor wait = {NULL, NULL};
    uint64_t seen = 0;
    int found = look(fds, count, &wait);

    if (found != 0 || deadline == DEADLINE_POLL)
        return found;
    /* What happens from here on ends the wait; what came before, a second look
     * sees. */
    if (wait.operations != NULL)
        wait.operations->wait(wait.state, &seen, DEADLINE_POLL);
    for (;;) {
        found = look(fds, count, &wait);
        if (found != 0 || clock_now() >= deadline)
            return found;
        pause_until(fds, count, &wait, &seen, deadline);
    }
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
    uint64_t deadline = DEADLINE_NEVER;

    if (count > FD_MAX)
        return (int)posix_result(-EINVAL);
    if (timeout >= 0)
        deadline = timeout == 0 ? DEADLINE_POLL
                                : clock_after((uint64_t)timeout * NS_PER_MS);
    return poll_until(fds, count, deadline);
}

int poll_deadline(const struct timespec *time, uint64_t *deadline)
{
    *deadline = DEADLINE_NEVER;
    if (time == NULL)
        return 0;
    if (time->tv_sec < 0 || time->tv_nsec < 0 ||
        time->tv_nsec >= (long)NS_PER_S)
        return -EINVAL;
    *deadline = clock_after((uint64_t)time->tv_sec * NS_PER_S +
                            (uint64_t)time->tv_nsec);
    return 0;
}

/* There are no signals, so the mask changes nothing. */
int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
          const sigset_t *mask)
{
    uint64_t deadline;
    int error = poll_deadline(timeout, &deadline);

    (void)mask;
    if (error == 0 && count > FD_MAX)
        error = -EINVAL;
    if (error != 0)
        return (int)posix_result(error);
    return poll_until(fds, count, deadline);
}

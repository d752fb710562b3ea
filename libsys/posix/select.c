/*
 * select: poll with sets of bits.
 */
#include <errno.h>
#include <poll.h>
#include <sys/select.h>

#include "libsys/posix/descriptor.h"
#include "libsys/posix/poll.h"

static bool in(int fd, const fd_set *set)
{
    return set != NULL && FD_ISSET(fd, set);
}

static nfds_t poll_of_select(int count, const fd_set *reads,
                             const fd_set *writes, const fd_set *excepts,
                             struct pollfd *fds)
{
    nfds_t n = 0;

    for (int fd = 0; fd < count; fd++) {
        short events = (short)((in(fd, reads) ? POLLIN : 0) |
                               (in(fd, writes) ? POLLOUT : 0) |
                               (in(fd, excepts) ? POLLPRI : 0));

        if (events != 0)
            fds[n++] = (struct pollfd){fd, events, 0};
    }
    return n;
}

/* The bits of what is ready in the caller's sets: a dead connection can be read
 * and written, for then neither blocks. */
static int select_of_poll(const struct pollfd *fds, nfds_t n, fd_set *reads,
                          fd_set *writes)
{
    int found = 0;

    for (nfds_t i = 0; i < n; i++) {
        if ((fds[i].events & POLLIN) &&
            (fds[i].revents & (POLLIN | POLLERR | POLLHUP))) {
            FD_SET(fds[i].fd, reads);
            found++;
        }
        if ((fds[i].events & POLLOUT) &&
            (fds[i].revents & (POLLOUT | POLLERR))) {
            FD_SET(fds[i].fd, writes);
            found++;
        }
    }
    return found;
}

static bool any_invalid(const struct pollfd *fds, nfds_t n)
{
    for (nfds_t i = 0; i < n; i++)
        if (fds[i].revents & POLLNVAL)
            return true;
    return false;
}

static void clear(fd_set *set)
{
    if (set != NULL)
        FD_ZERO(set);
}

int pselect(int count, fd_set *reads, fd_set *writes, fd_set *excepts,
            const struct timespec *timeout, const sigset_t *mask)
{
    struct pollfd fds[FD_SETSIZE];
    uint64_t deadline;
    int error = poll_deadline(timeout, &deadline);
    nfds_t n;

    (void)mask;
    if (error == 0 && (count < 0 || count > FD_SETSIZE))
        error = -EINVAL;
    if (error != 0)
        return (int)posix_result(error);
    n = poll_of_select(count, reads, writes, excepts, fds);
    poll_until(fds, n, deadline);
    if (any_invalid(fds, n))
        return (int)posix_result(-EBADF);
    clear(reads);
    clear(writes);
    clear(excepts);
    return select_of_poll(fds, n, reads, writes);
}

int select(int count, fd_set *reads, fd_set *writes, fd_set *excepts,
           struct timeval *timeout)
{
    struct timespec time;

    if (timeout == NULL)
        return pselect(count, reads, writes, excepts, NULL, NULL);
    if (timeout->tv_usec < 0 || timeout->tv_usec >= 1000000)
        return (int)posix_result(-EINVAL);
    time.tv_sec = timeout->tv_sec;
    time.tv_nsec = timeout->tv_usec * 1000;
    return pselect(count, reads, writes, excepts, &time, NULL);
}

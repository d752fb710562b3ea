/*
 * read, write, lseek and their like: what newlib calls on open descriptors.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "libsys/posix/descriptor.h"

long posix_result(long result)
{
    if (result >= 0)
        return result;
    errno = (int)-result;
    return -1;
}

/* newlib's read and write return an int. */
_READ_WRITE_RETURN_TYPE read(int fd, void *data, size_t bytes)
{
    struct descriptor d;

    if (!descriptor_get(fd, &d))
        return (int)posix_result(-EBADF);
    if (d.operations->read == NULL)
        return (int)posix_result(-EBADF); /* not open for that */
    if (bytes > INT_MAX)
        bytes = INT_MAX;
    return (int)posix_result(d.operations->read(d.state, data, bytes));
}

_READ_WRITE_RETURN_TYPE write(int fd, const void *data, size_t bytes)
{
    struct descriptor d;

    if (!descriptor_get(fd, &d))
        return (int)posix_result(-EBADF);
    if (d.operations->write == NULL)
        return (int)posix_result(-EBADF);
    if (bytes > INT_MAX)
        bytes = INT_MAX;
    return (int)posix_result(d.operations->write(d.state, data, bytes));
}

off_t lseek(int fd, off_t offset, int whence)
{
    struct descriptor d;

    if (!descriptor_get(fd, &d))
        return posix_result(-EBADF);
    if (d.operations->lseek == NULL)
        return posix_result(-ESPIPE);
    return posix_result(d.operations->lseek(d.state, offset, whence));
}

int close(int fd)
{
    struct descriptor d;

    if (!descriptor_remove(fd, &d))
        return (int)posix_result(-EBADF);
    if (d.operations->close == NULL)
        return 0;
    return (int)posix_result(d.operations->close(d.state));
}

int fstat(int fd, struct stat *out)
{
    struct descriptor d;

    if (!descriptor_get(fd, &d))
        return (int)posix_result(-EBADF);
    memset(out, 0, sizeof(*out));
    if (d.operations->fstat != NULL)
        return (int)posix_result(d.operations->fstat(d.state, out));
    out->st_mode = S_IFCHR | 0600;
    return 0;
}

int isatty(int fd)
{
    struct descriptor d;

    if (!descriptor_get(fd, &d)) {
        errno = EBADF;
        return 0;
    }
    if (!d.operations->terminal)
        errno = ENOTTY;
    return d.operations->terminal;
}

int fsync(int fd)
{
    struct descriptor d;

    if (!descriptor_get(fd, &d))
        return (int)posix_result(-EBADF);
    if (d.operations->fsync == NULL)
        return 0;
    return (int)posix_result(d.operations->fsync(d.state));
}

int ftruncate(int fd, off_t size)
{
    struct descriptor d;

    if (!descriptor_get(fd, &d))
        return (int)posix_result(-EBADF);
    if (d.operations->ftruncate == NULL)
        return (int)posix_result(-EINVAL);
    return (int)posix_result(d.operations->ftruncate(d.state, size));
}

static int status_flags(const struct descriptor *d)
{
    const struct fd_operations *o = d->operations;
    int flags = o->write == NULL  ? O_RDONLY
                : o->read == NULL ? O_WRONLY
                                  : O_RDWR;

    if (o->nonblocking != NULL && o->nonblocking(d->state, -1) > 0)
        flags |= O_NONBLOCK;
    return flags;
}

static int status_set(const struct descriptor *d, int flags)
{
    if (d->operations->nonblocking != NULL)
        d->operations->nonblocking(d->state, (flags & O_NONBLOCK) != 0);
    return 0;
}

/* Nothing is inherited, so FD_CLOEXEC means nothing. A descriptor cannot be
 * had twice. */
int fcntl(int fd, int command, ...)
{
    struct descriptor d;
    va_list ap;
    int value;

    if (!descriptor_get(fd, &d))
        return (int)posix_result(-EBADF);
    va_start(ap, command);
    value = command == F_SETFL ? va_arg(ap, int) : 0;
    va_end(ap);
    switch (command) {
    case F_GETFD:
    case F_SETFD:
        return 0;
    case F_GETFL:
        return status_flags(&d);
    case F_SETFL:
        return status_set(&d, value);
    default:
        return (int)posix_result(-EINVAL);
    }
}

int ioctl(int fd, unsigned long request, ...)
{
    struct descriptor d;
    va_list ap;
    void *argument;

    if (!descriptor_get(fd, &d))
        return (int)posix_result(-EBADF);
    va_start(ap, request);
    argument = va_arg(ap, void *);
    va_end(ap);
    if (d.operations->ioctl == NULL)
        return (int)posix_result(-ENOTTY);
    return (int)posix_result(d.operations->ioctl(d.state, request, argument));
}

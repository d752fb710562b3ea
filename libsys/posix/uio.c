/*
 * readv and writev: by the descriptor's own operation if it has one, else one
 * piece after the other, until one is not done as a whole.
 */
#include <errno.h>
#include <limits.h>
#include <sys/uio.h>

#include "libsys/posix/descriptor.h"

bool pieces_good(const struct iovec *pieces, int count)
{
    size_t left = INT_MAX;

    if (count < 0 || count > UIO_MAXIOV)
        return false;
    for (int i = 0; i < count; i++) {
        if (pieces[i].iov_len > left)
            return false;
        left -= pieces[i].iov_len;
    }
    return true;
}

static ssize_t one(const struct descriptor *d, const struct iovec *p, bool in)
{
    if (in)
        return d->operations->read(d->state, p->iov_base, p->iov_len);
    return d->operations->write(d->state, p->iov_base, p->iov_len);
}

static ssize_t one_by_one(const struct descriptor *d, const struct iovec *p,
                          int count, bool in)
{
    ssize_t done = 0;

    for (int i = 0; i < count; i++) {
        ssize_t n = p[i].iov_len != 0 ? one(d, &p[i], in) : 0;

        if (n < 0)
            return done != 0 ? done : n;
        done += n;
        if ((size_t)n < p[i].iov_len)
            break;
    }
    return done;
}

ssize_t readv(int fd, const struct iovec *pieces, int count)
{
    struct descriptor d;

    if (!descriptor_get(fd, &d) || d.operations->read == NULL)
        return posix_result(-EBADF);
    if (count == 0 || !pieces_good(pieces, count))
        return posix_result(-EINVAL);
    if (d.operations->readv != NULL)
        return posix_result(d.operations->readv(d.state, pieces, count));
    return posix_result(one_by_one(&d, pieces, count, true));
}

ssize_t writev(int fd, const struct iovec *pieces, int count)
{
    struct descriptor d;

    if (!descriptor_get(fd, &d) || d.operations->write == NULL)
        return posix_result(-EBADF);
    if (count == 0 || !pieces_good(pieces, count))
        return posix_result(-EINVAL);
    if (d.operations->writev != NULL)
        return posix_result(d.operations->writev(d.state, pieces, count));
    return posix_result(one_by_one(&d, pieces, count, false));
}

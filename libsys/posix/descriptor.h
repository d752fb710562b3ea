/*
 * What stands behind a file descriptor, for the calls of newlib's lower half.
 */
#pragma once

#include <sys/uio.h>

#include <cordon/fd.h>

struct descriptor {
    const struct fd_operations *operations; /* NULL: not open */
    void *state;
};

/* What is behind fd. False: not open. */
bool descriptor_get(int fd, struct descriptor *out);

/* The same, and the number is free again. */
bool descriptor_remove(int fd, struct descriptor *out);

/* The backend for paths, or NULL. */
const struct fd_paths *path_backend(void);

/* The POSIX way to return: -1 and errno for a negative result. */
long posix_result(long result);

/* At most UIO_MAXIOV pieces, with lengths whose sum fits a result. */
bool pieces_good(const struct iovec *pieces, int count);

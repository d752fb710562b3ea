/*
 * open, stat, unlink ...: what newlib calls with a path, handed on to the
 * backend that the component registered. Without one there are no files.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libsys/posix/descriptor.h"

static const struct fd_paths none, *paths = &none;

void fd_register_paths(const struct fd_paths *backend)
{
    paths = backend != NULL ? backend : &none;
}

const struct fd_paths *path_backend(void)
{
    return paths;
}

int open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    va_list ap;

    if (flags & O_CREAT) {
        va_start(ap, flags);
        mode = va_arg(ap, mode_t);
        va_end(ap);
    }
    if (paths->open == NULL)
        return (int)posix_result(-ENOENT);
    return (int)posix_result(paths->open(path, flags, mode));
}

static int stat_path(const char *path, struct stat *out, bool follow)
{
    memset(out, 0, sizeof(*out));
    if (paths->stat == NULL)
        return (int)posix_result(-ENOENT);
    return (int)posix_result(paths->stat(path, out, follow));
}

int stat(const char *path, struct stat *out)
{
    return stat_path(path, out, true);
}

int lstat(const char *restrict path, struct stat *restrict out)
{
    return stat_path(path, out, false);
}

int access(const char *path, int mode)
{
    struct stat s;

    if (stat(path, &s) != 0)
        return -1;
    if ((mode & W_OK) && !(s.st_mode & 0222))
        return (int)posix_result(-EACCES);
    if ((mode & X_OK) && !(s.st_mode & 0111))
        return (int)posix_result(-EACCES);
    return 0;
}

int unlink(const char *path)
{
    return (int)posix_result(paths->unlink ? paths->unlink(path) : -EROFS);
}

/* newlib's rename() is link and unlink unless the system has its own. */
int rename(const char *from, const char *to)
{
    return (int)posix_result(paths->rename ? paths->rename(from, to) : -EROFS);
}

int mkdir(const char *path, mode_t mode)
{
    return (int)posix_result(paths->mkdir ? paths->mkdir(path, mode) : -EROFS);
}

int rmdir(const char *path)
{
    return (int)posix_result(paths->rmdir ? paths->rmdir(path) : -EROFS);
}

int statvfs(const char *restrict path, struct statvfs *restrict out)
{
    memset(out, 0, sizeof(*out));
    return (int)posix_result(paths->statvfs ? paths->statvfs(path, out)
                                            : -ENOENT);
}

ssize_t readlink(const char *restrict path, char *restrict data, size_t room)
{
    return posix_result(paths->readlink ? paths->readlink(path, data, room)
                                        : -ENOENT);
}

int link(const char *from, const char *to)
{
    (void)from, (void)to;
    return (int)posix_result(-ENOSYS);
}

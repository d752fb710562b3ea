/*
 * Reading directories, on the path backend.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "libsys/posix/descriptor.h"

struct directory {
    void *state;
    struct dirent entry;
};

DIR *opendir(const char *path)
{
    const struct fd_paths *p = path_backend();
    DIR *d = NULL;
    int result;

    if (p->opendir != NULL && (d = calloc(1, sizeof(*d))) == NULL)
        return NULL;
    result = d != NULL ? p->opendir(path, &d->state) : -ENOENT;
    if (result == 0)
        return d;
    free(d);
    errno = -result;
    return NULL;
}

struct dirent *readdir(DIR *d)
{
    int result = path_backend()->readdir(d->state, d->entry.d_name,
                                         sizeof(d->entry.d_name),
                                         &d->entry.d_type, &d->entry.d_ino);

    if (result > 0)
        return &d->entry;
    if (result < 0)
        errno = -result;
    return NULL;
}

int closedir(DIR *d)
{
    path_backend()->closedir(d->state);
    free(d);
    return 0;
}

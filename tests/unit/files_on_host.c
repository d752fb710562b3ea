/*
 * The file service's client on a directory of the host (files_on_host.h).
 */
#include "tests/unit/files_on_host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cordon/files.h>

struct files_on_host files_on_host;

static int descriptors[FILES_HANDLES_MAX + 1]; /* plus one; 0: closed */

static int error_of(int number)
{
    switch (number) {
    case ENOENT:
        return FILES_ERR_NOT_FOUND;
    case ENOTDIR:
        return FILES_ERR_NOT_DIRECTORY;
    case EISDIR:
        return FILES_ERR_IS_DIRECTORY;
    case ENAMETOOLONG:
        return FILES_ERR_NAME;
    case EEXIST:
        return FILES_ERR_EXISTS;
    case ENOTEMPTY:
        return FILES_ERR_NOT_EMPTY;
    case EACCES:
    case EPERM:
        return FILES_ERR_DENIED;
    default:
        return FILES_ERR_IO;
    }
}

static int done(long result)
{
    return result < 0 ? error_of(errno) : FILES_OK;
}

static void close_all(void)
{
    for (int i = 1; i <= (int)FILES_HANDLES_MAX; i++)
        if (descriptors[i])
            close(descriptors[i] - 1);
    memset(descriptors, 0, sizeof(descriptors));
    files_on_host.handles = 0;
}

/* What every call begins with; those that name a path connect again. */
static int begin(struct files *files, const char *path, char *full)
{
    struct files_on_host *h = &files_on_host;

    h->calls++;
    if (h->error)
        return h->error;
    if (h->restarted && !path)
        return FILES_ERR_CONNECT;
    if (h->restarted) {
        h->restarted = false;
        close_all();
        files->lives++;
    }
    if (path && strlen(path) > FILES_PATH_MAX)
        return FILES_ERR_NAME;
    if (path)
        snprintf(full, PATH_MAX, "%s/%s", h->root, path);
    return FILES_OK;
}

static int descriptor_of(struct files *files, uint64_t handle, int *fd)
{
    int error = begin(files, NULL, NULL);

    if (error)
        return error;
    if (!handle || handle > FILES_HANDLES_MAX || !descriptors[handle])
        return FILES_ERR_HANDLE;
    *fd = descriptors[handle] - 1;
    return FILES_OK;
}

static void fill(struct files_stat *out, const struct stat *s)
{
    *out = (struct files_stat){.inode = s->st_ino,
                               .size = (uint64_t)s->st_size,
                               .mode = s->st_mode,
                               .links = (uint32_t)s->st_nlink,
                               .modify_seconds = s->st_mtime};
}

int files_connect_service(struct files *files, const char *name)
{
    (void)name;
    memset(files, 0, sizeof(*files));
    files->buffer_bytes = FILES_BUFFER_BYTES;
    files->buffer = malloc(files->buffer_bytes);
    files->may_write = !files_on_host.read_only;
    close_all();
    return FILES_OK;
}

int files_connect_lasting(struct files *files, const char *name)
{
    return files_connect_service(files, name);
}

bool files_is_lent(const struct files *files)
{
    return files->buffer && !files_on_host.lost;
}

void files_disconnect(struct files *files)
{
    free(files->buffer);
    close_all();
}

static int host_flags(unsigned flags)
{
    int f = flags & FILES_OPEN_WRITE ? O_RDWR : O_RDONLY;

    return f | (flags & FILES_OPEN_CREATE ? O_CREAT : 0) |
           (flags & FILES_OPEN_TRUNCATE ? O_TRUNC : 0) |
           (flags & FILES_MUST_DIRECTORY ? O_DIRECTORY : 0);
}

int files_open(struct files *files, const char *path, unsigned flags,
               uint64_t *handle, struct files_stat *stat)
{
    char full[PATH_MAX];
    struct stat s;
    int error = begin(files, path, full), fd, i = 1;

    if (error)
        return error;
    if ((flags & FILES_OPEN_WRITE) && !files->may_write)
        return FILES_ERR_DENIED;
    while (i <= (int)FILES_HANDLES_MAX && descriptors[i])
        i++;
    if (i > (int)FILES_HANDLES_MAX)
        return FILES_ERR_HANDLES;
    fd = open(full, host_flags(flags) | O_NONBLOCK, 0644);
    if (fd < 0)
        return error_of(errno);
    fstat(fd, &s);
    if (stat)
        fill(stat, &s);
    descriptors[i] = fd + 1;
    *handle = (uint64_t)i;
    if (++files_on_host.handles > files_on_host.most)
        files_on_host.most = files_on_host.handles;
    return FILES_OK;
}

int files_close(struct files *files, uint64_t handle)
{
    int fd, error = descriptor_of(files, handle, &fd);

    if (!error) {
        close(fd);
        descriptors[handle] = 0;
        files_on_host.handles--;
    }
    return error;
}

int files_view_at(struct files *files, uint64_t handle, uint64_t offset,
                  size_t bytes, size_t where, const uint8_t **data, size_t *got)
{
    size_t room = files->buffer_bytes - where;
    int fd, error = descriptor_of(files, handle, &fd);
    ssize_t n;

    if (error)
        return error;
    n = pread(fd, files->buffer + where, bytes < room ? bytes : room,
              (off_t)offset);
    if (files_on_host.lost) /* between the answer and its use */
        memset(files->buffer, 0, files->buffer_bytes);
    *data = files->buffer + where;
    *got = n > 0 ? (size_t)n : 0;
    return done(n);
}

int files_write(struct files *files, uint64_t handle, uint64_t offset,
                const void *from, size_t bytes, uint64_t *end)
{
    int fd, error = descriptor_of(files, handle, &fd);
    ssize_t n;

    if (!error)
        error = files_on_host.write_error;
    if (error)
        return error;
    n = pwrite(fd, from, bytes, (off_t)offset);
    *end = offset + bytes;
    return done(n);
}

int files_sync(struct files *files, uint64_t handle)
{
    int fd, error = descriptor_of(files, handle, &fd);

    return error ? error : files_on_host.sync_error;
}

int files_stat(struct files *files, const char *path, unsigned flags,
               struct files_stat *out)
{
    char full[PATH_MAX];
    struct stat s;
    int error = begin(files, path, full);

    if (error)
        return error;
    if (flags & FILES_NO_FOLLOW ? lstat(full, &s) : stat(full, &s))
        return error_of(errno);
    fill(out, &s);
    return FILES_OK;
}

int files_remove(struct files *files, const char *path)
{
    char full[PATH_MAX];
    int error = begin(files, path, full);

    return error ? error : done(unlink(full));
}

int files_mkdir(struct files *files, const char *path, unsigned mode)
{
    char full[PATH_MAX];
    int error = begin(files, path, full);

    return error ? error : done(mkdir(full, mode));
}

int files_rename(struct files *files, const char *from, const char *to)
{
    char a[PATH_MAX], b[PATH_MAX];
    int error = begin(files, from, a);

    if (!error)
        error = begin(files, to, b);
    return error ? error : done(rename(a, b));
}

static int entry_pass(const struct dirent *d, files_list_each *each,
                      void *context)
{
    struct files_entry e = {.inode = d->d_ino,
                            .name_bytes = (uint16_t)strlen(d->d_name),
                            .type = d->d_type == DT_DIR   ? FILES_TYPE_DIRECTORY
                                    : d->d_type == DT_REG ? FILES_TYPE_REGULAR
                                                          : FILES_TYPE_UNKNOWN};

    return each(context, d->d_name, &e);
}

int files_list(struct files *files, uint64_t handle, files_list_each *each,
               void *context)
{
    int fd, error = descriptor_of(files, handle, &fd);
    struct dirent *d;
    DIR *dir;

    if (error)
        return error;
    dir = fdopendir(dup(fd));
    while (!error && dir && (d = readdir(dir)))
        error = entry_pass(d, each, context);
    closedir(dir);
    return error;
}

int files_statfs(struct files *files, struct files_statfs *out)
{
    int error = begin(files, NULL, NULL);
    unsigned long bytes = files_on_host.free_bytes;

    *out = (struct files_statfs){.block_bytes = 4096,
                                 .free_blocks = bytes ? bytes / 4096 : 1 << 30};
    return error;
}

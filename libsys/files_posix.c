/*
 * newlib's open(), read(), stat(), opendir() ... over the file service: what
 * <cordon/fd.h> asks of a file system, in terms of <cordon/files.h>.
 */
#include <cordon/files.h>

#include <cordon/fd.h>
#include <cordon/thread.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct files files;
static struct mutex lock; /* a struct files is for one thread at a time */

struct open_file {
    uint64_t handle;
    uint64_t position;
    bool append;
};

static void stat_convert(struct stat *out, const struct files_stat *in)
{
    memset(out, 0, sizeof(*out));
    out->st_ino = (ino_t)in->inode;
    out->st_mode = in->mode;
    out->st_nlink = (nlink_t)in->links;
    out->st_uid = (uid_t)in->uid;
    out->st_gid = (gid_t)in->gid;
    out->st_size = (off_t)in->size;
    out->st_blocks = (blkcnt_t)in->blocks;
    out->st_blksize = 4096;
    out->st_atime = (time_t)in->access_seconds;
    out->st_mtime = (time_t)in->modify_seconds;
    out->st_ctime = (time_t)in->change_seconds;
}

static ssize_t file_read(void *state, void *data, size_t bytes)
{
    struct open_file *file = state;
    size_t done;
    int error;

    mutex_lock(&lock);
    error =
        files_read(&files, file->handle, file->position, data, bytes, &done);
    mutex_unlock(&lock);
    if (error)
        return -files_error_errno(error);
    file->position += done;
    return (ssize_t)done;
}

static ssize_t file_write(void *state, const void *data, size_t bytes)
{
    struct open_file *file = state;
    uint64_t end = file->position;
    int error;

    mutex_lock(&lock);
    error = files_write(&files, file->handle,
                        file->append ? FILES_APPEND : file->position, data,
                        bytes, &end);
    mutex_unlock(&lock);
    if (error)
        return -files_error_errno(error);
    if (bytes)
        file->position = end;
    return (ssize_t)bytes;
}

static int stat_now(struct open_file *file, struct files_stat *stat)
{
    int error;

    mutex_lock(&lock);
    error = files_fstat(&files, file->handle, stat);
    mutex_unlock(&lock);
    return -files_error_errno(error);
}

static off_t file_lseek(void *state, off_t offset, int whence)
{
    struct open_file *file = state;
    struct files_stat stat;
    off_t base = 0, to;

    if (whence == SEEK_END) {
        int error = stat_now(file, &stat);

        if (error)
            return error;
        base = (off_t)stat.size;
    } else if (whence == SEEK_CUR)
        base = (off_t)file->position;
    else if (whence != SEEK_SET)
        return -EINVAL;
    if (__builtin_add_overflow(base, offset, &to) || to < 0)
        return -EINVAL;
    file->position = (uint64_t)to;
    return to;
}

static int file_fstat(void *state, struct stat *out)
{
    struct files_stat stat;
    int error = stat_now(state, &stat);

    if (!error)
        stat_convert(out, &stat);
    return error;
}

static int file_fsync(void *state)
{
    struct open_file *file = state;
    int error;

    mutex_lock(&lock);
    error = files_sync(&files, file->handle);
    mutex_unlock(&lock);
    return -files_error_errno(error);
}

static int file_ftruncate(void *state, off_t size)
{
    struct open_file *file = state;
    int error;

    if (size < 0)
        return -EINVAL;
    mutex_lock(&lock);
    error = files_resize(&files, file->handle, (uint64_t)size);
    mutex_unlock(&lock);
    return -files_error_errno(error);
}

static int file_close(void *state)
{
    struct open_file *file = state;
    int error;

    mutex_lock(&lock);
    error = files_close(&files, file->handle);
    mutex_unlock(&lock);
    free(file);
    return -files_error_errno(error);
}

#define COMMON                                                                 \
    .lseek = file_lseek, .fstat = file_fstat, .fsync = file_fsync,             \
    .close = file_close

static const struct fd_operations readable = {.read = file_read, COMMON};
static const struct fd_operations writable = {
    .write = file_write, .ftruncate = file_ftruncate, COMMON};
static const struct fd_operations both = {.read = file_read,
                                          .write = file_write,
                                          .ftruncate = file_ftruncate,
                                          COMMON};

static unsigned open_flags(int flags, mode_t mode)
{
    return ((flags & O_ACCMODE) != O_RDONLY ? FILES_OPEN_WRITE : 0u) |
           (flags & O_CREAT ? FILES_OPEN_CREATE | FILES_OPEN_MODE(mode) : 0u) |
           (flags & O_EXCL ? FILES_OPEN_EXCLUSIVE : 0u) |
           (flags & O_TRUNC ? FILES_OPEN_TRUNCATE : 0u);
}

static const struct fd_operations *operations_of(int flags)
{
    if ((flags & O_ACCMODE) == O_RDONLY)
        return &readable;
    return (flags & O_ACCMODE) == O_WRONLY ? &writable : &both;
}

static int path_open(const char *path, int flags, mode_t mode)
{
    struct open_file *file;
    int error, fd;

    file = calloc(1, sizeof(*file));
    if (!file)
        return -ENOMEM;
    mutex_lock(&lock);
    error =
        files_open(&files, path, open_flags(flags, mode), &file->handle, NULL);
    mutex_unlock(&lock);
    if (error) {
        free(file);
        return -files_error_errno(error);
    }
    file->append = flags & O_APPEND;
    fd = fd_open(operations_of(flags), file);
    if (fd < 0)
        file_close(file);
    return fd;
}

static int path_stat(const char *path, struct stat *out, bool follow)
{
    struct files_stat stat;
    int error;

    mutex_lock(&lock);
    error = files_stat(&files, path, follow ? 0 : FILES_NO_FOLLOW, &stat);
    mutex_unlock(&lock);
    if (error)
        return -files_error_errno(error);
    stat_convert(out, &stat);
    return 0;
}

static int path_unlink(const char *path)
{
    int error;

    mutex_lock(&lock);
    error = files_remove(&files, path);
    mutex_unlock(&lock);
    return -files_error_errno(error);
}

static int path_rename(const char *from, const char *to)
{
    int error;

    mutex_lock(&lock);
    error = files_rename(&files, from, to);
    mutex_unlock(&lock);
    return -files_error_errno(error);
}

static int path_mkdir(const char *path, mode_t mode)
{
    int error;

    mutex_lock(&lock);
    error = files_mkdir(&files, path, mode);
    mutex_unlock(&lock);
    return -files_error_errno(error);
}

static int path_rmdir(const char *path)
{
    int error;

    mutex_lock(&lock);
    error = files_rmdir(&files, path);
    mutex_unlock(&lock);
    return -files_error_errno(error);
}

/* One file system: the path only has to be there. */
static int path_statvfs(const char *path, struct statvfs *out)
{
    struct files_statfs s;
    struct files_stat stat;
    int error;

    mutex_lock(&lock);
    error = files_stat(&files, path, 0, &stat);
    if (!error)
        error = files_statfs(&files, &s);
    mutex_unlock(&lock);
    if (error)
        return -files_error_errno(error);
    *out = (struct statvfs){
        .f_bsize = s.block_bytes,
        .f_frsize = s.block_bytes,
        .f_blocks = s.blocks,
        .f_bfree = s.free_blocks,
        .f_bavail = s.free_blocks,
        .f_files = s.inodes,
        .f_ffree = s.free_inodes,
        .f_favail = s.free_inodes,
        .f_flag = s.flags & FILES_STATFS_WRITABLE ? 0 : ST_RDONLY,
        .f_namemax = FILES_NAME_MAX,
    };
    return 0;
}

static ssize_t path_readlink(const char *path, char *data, size_t room)
{
    char text[FILES_PATH_MAX + 1];
    size_t bytes;
    int error;

    mutex_lock(&lock);
    error = files_readlink(&files, path, text, sizeof(text));
    mutex_unlock(&lock);
    if (error)
        return -files_error_errno(error);
    bytes = strlen(text);
    if (bytes > room)
        bytes = room;
    memcpy(data, text, bytes);
    return (ssize_t)bytes;
}

/* A directory that is being read: all of its entries, fetched at once. */
struct directory {
    size_t bytes, room, at;
    char *entries; /* inode, type, name with its NUL, again and again */
};
#define ENTRY_HEAD (sizeof(uint64_t) + 1)

static int directory_add(void *context, const char *name,
                         const struct files_entry *entry)
{
    struct directory *d = context;
    size_t name_bytes = strlen(name) + 1, bytes = ENTRY_HEAD + name_bytes;
    char *to;

    if (bytes > d->room - d->bytes) {
        size_t room = 2 * d->room + 1024;
        char *more = realloc(d->entries, room);

        if (!more)
            return FILES_ERR_MEMORY;
        d->entries = more;
        d->room = room;
    }
    to = d->entries + d->bytes;
    memcpy(to, &entry->inode, sizeof(entry->inode));
    to[sizeof(entry->inode)] = (char)entry->type;
    memcpy(to + ENTRY_HEAD, name, name_bytes);
    d->bytes += bytes;
    return 0;
}

static void path_closedir(void *state)
{
    struct directory *d = state;

    free(d->entries);
    free(d);
}

static int path_opendir(const char *path, void **state)
{
    struct directory *d = calloc(1, sizeof(*d));
    uint64_t handle;
    int error;

    if (!d)
        return -ENOMEM;
    mutex_lock(&lock);
    error = files_open(&files, path, FILES_MUST_DIRECTORY, &handle, NULL);
    if (!error) {
        error = files_list(&files, handle, directory_add, d);
        files_close(&files, handle);
    }
    mutex_unlock(&lock);
    if (error) {
        path_closedir(d);
        return -files_error_errno(error);
    }
    *state = d;
    return 0;
}

static int path_readdir(void *state, char *name, size_t room,
                        unsigned char *type, ino_t *number)
{
    static const unsigned char types[] = {DT_UNKNOWN, DT_REG,  DT_DIR,  DT_CHR,
                                          DT_BLK,     DT_FIFO, DT_SOCK, DT_LNK};
    struct directory *d = state;
    const char *entry;
    unsigned kind;
    uint64_t inode;
    size_t bytes;

    if (d->at == d->bytes)
        return 0;
    entry = d->entries + d->at;
    bytes = strlen(entry + ENTRY_HEAD) + 1;
    if (bytes > room)
        return -ENAMETOOLONG;
    memcpy(&inode, entry, sizeof(inode));
    kind = (unsigned char)entry[sizeof(inode)];
    *number = (ino_t)inode;
    *type = kind < sizeof(types) ? types[kind] : DT_UNKNOWN;
    memcpy(name, entry + ENTRY_HEAD, bytes);
    d->at += ENTRY_HEAD + bytes;
    return 1;
}

static const struct fd_paths paths = {
    .open = path_open,
    .stat = path_stat,
    .unlink = path_unlink,
    .rename = path_rename,
    .mkdir = path_mkdir,
    .rmdir = path_rmdir,
    .statvfs = path_statvfs,
    .readlink = path_readlink,
    .opendir = path_opendir,
    .readdir = path_readdir,
    .closedir = path_closedir,
};

int files_mount(const char *service)
{
    int error;

    mutex_lock(&lock);
    error = files_connect_service(&files, service);
    mutex_unlock(&lock);
    if (!error)
        fd_register_paths(&paths);
    return error;
}

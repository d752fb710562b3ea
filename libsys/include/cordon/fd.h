/*
 * File descriptors: newlib's read, write, open ... reach the operations that
 * stand behind a descriptor here. Descriptors 0, 1 and 2 exist from the start:
 * input ends at once, output goes to init's log (<cordon/log.h>). A component
 * that has something better replaces them (fd_set), and the file service's
 * client registers itself for paths (fd_register_paths).
 *
 * Operations return what POSIX says, or minus an errno number. One that is
 * NULL is not supported: read and write fail with EBADF, lseek with ESPIPE,
 * ftruncate with EINVAL, ioctl with ENOTTY.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>

#define FD_MAX 512

struct iovec;

struct fd_operations {
    ssize_t (*read)(void *state, void *data, size_t bytes);
    ssize_t (*write)(void *state, const void *data, size_t bytes);
    off_t (*lseek)(void *state, off_t offset, int whence);
    int (*fstat)(void *state, struct stat *out);
    int (*fsync)(void *state);
    int (*ftruncate)(void *state, off_t size);
    int (*close)(void *state);
    /* Several pieces in one go. NULL: one read or write after the other. */
    ssize_t (*readv)(void *state, const struct iovec *pieces, int count);
    ssize_t (*writev)(void *state, const struct iovec *pieces, int count);
    int (*ioctl)(void *state, unsigned long request, void *argument);
    /* O_NONBLOCK is set to `on`; negative: only asked. Returns what it is then,
     * 0 or 1. NULL: never blocks, and does not care. */
    int (*nonblocking)(void *state, int on);
    /* Which of `events` (POLLIN ..., <poll.h>) hold now, and of POLLERR and
     * POLLHUP. NULL: can always be read and written. */
    unsigned (*poll)(void *state, unsigned events);
    /* Waits until something happened to descriptors of this kind since *seen,
     * or until `deadline`; *seen then says until when it looked. DEADLINE_POLL:
     * only that. NULL: poll() looks again every 10 ms. */
    void (*wait)(void *state, uint64_t *seen, uint64_t deadline);
    bool terminal; /* isatty */
};

/* A new descriptor, or -EMFILE. */
int fd_open(const struct fd_operations *operations, void *state);

/* Puts operations behind this descriptor, without closing what was there. */
void fd_set_operations(int fd, const struct fd_operations *operations,
                       void *state);

/* The state behind a descriptor if it has these operations, else NULL. */
void *fd_state(int fd, const struct fd_operations *operations);

/* Of a socket's descriptor (<sys/socket.h>): the connection and the number that
 * <cordon/net.h> takes, for reading and writing in place. 0, or -1 and errno.
 * Until the descriptor is closed, and for programs of one thread: the calls
 * there do not know of the mutex that sockets have. */
struct net;
int net_of_fd(int fd, struct net **net, unsigned *socket);

/* What a path means: one backend at a time. */
struct fd_paths {
    /* Opens and returns a descriptor from fd_open, or minus errno. */
    int (*open)(const char *path, int flags, mode_t mode);
    int (*stat)(const char *path, struct stat *out, bool follow);
    int (*unlink)(const char *path);
    int (*rename)(const char *from, const char *to);
    int (*mkdir)(const char *path, mode_t mode);
    int (*rmdir)(const char *path);
    int (*statvfs)(const char *path, struct statvfs *out);
    ssize_t (*readlink)(const char *path, char *data, size_t room);
    /* Directories: *state for the next two. next returns 1 with a name and
     * type (DT_*) in place, 0 at the end, or minus errno. */
    int (*opendir)(const char *path, void **state);
    int (*readdir)(void *state, char *name, size_t room, unsigned char *type,
                   ino_t *number);
    void (*closedir)(void *state);
};
void fd_register_paths(const struct fd_paths *paths);

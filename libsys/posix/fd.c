/*
 * The table of file descriptors.
 */
#include <errno.h>
#include <unistd.h>

#include <cordon/fd.h>
#include <cordon/log.h>
#include <cordon/thread.h>

#include "libsys/posix/descriptor.h"

static ssize_t end_read(void *state, void *data, size_t bytes)
{
    (void)state, (void)data, (void)bytes;
    return 0;
}

static ssize_t log_fd_write(void *state, const void *data, size_t bytes)
{
    (void)state;
    log_write(data, bytes);
    return (ssize_t)bytes;
}

static const struct fd_operations end = {.read = end_read};
/* `terminal`: newlib then sends whole lines. */
static const struct fd_operations logged = {.write = log_fd_write,
                                            .terminal = true};

/* Two tables, so that the large one takes no room in the program's file. */
#define STANDARD 3
static struct descriptor standard[STANDARD] = {
    [STDIN_FILENO] = {&end, NULL},
    [STDOUT_FILENO] = {&logged, NULL},
    [STDERR_FILENO] = {&logged, NULL},
};
static struct descriptor others[FD_MAX - STANDARD];
static struct mutex lock;

/* `fd` below FD_MAX. */
static struct descriptor *entry(int fd)
{
    return fd < STANDARD ? &standard[fd] : &others[fd - STANDARD];
}

int fd_open(const struct fd_operations *operations, void *state)
{
    int fd = 0;

    mutex_lock(&lock);
    while (fd < FD_MAX && entry(fd)->operations != NULL)
        fd++;
    if (fd < FD_MAX)
        *entry(fd) = (struct descriptor){operations, state};
    mutex_unlock(&lock);
    return fd < FD_MAX ? fd : -EMFILE;
}

void fd_set_operations(int fd, const struct fd_operations *operations,
                       void *state)
{
    if (fd < 0 || fd >= FD_MAX)
        return;
    mutex_lock(&lock);
    *entry(fd) = (struct descriptor){operations, state};
    mutex_unlock(&lock);
}

bool descriptor_get(int fd, struct descriptor *out)
{
    if (fd < 0 || fd >= FD_MAX)
        return false;
    mutex_lock(&lock);
    *out = *entry(fd);
    mutex_unlock(&lock);
    return out->operations != NULL;
}

bool descriptor_remove(int fd, struct descriptor *out)
{
    if (fd < 0 || fd >= FD_MAX)
        return false;
    mutex_lock(&lock);
    *out = *entry(fd);
    *entry(fd) = (struct descriptor){NULL, NULL};
    mutex_unlock(&lock);
    return out->operations != NULL;
}

void *fd_state(int fd, const struct fd_operations *operations)
{
    struct descriptor d;

    return descriptor_get(fd, &d) && d.operations == operations ? d.state
                                                                : NULL;
}

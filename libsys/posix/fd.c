/*
 * The table of file descriptors. Each call begins with a look at it, so that
 * takes no lock: an entry counts its changes, and who meets one under way looks
 * again under the mutex.
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

struct entry {
    struct descriptor d;
    uint32_t changes; /* odd: one is under way */
};

/* Two tables, so that the large one takes no room in the program's file. */
#define STANDARD 3
static struct entry standard[STANDARD] = {
    [STDIN_FILENO] = {.d = {&end, NULL}},
    [STDOUT_FILENO] = {.d = {&logged, NULL}},
    [STDERR_FILENO] = {.d = {&logged, NULL}},
};
static struct entry others[FD_MAX - STANDARD];
static struct mutex lock;

/* `fd` below FD_MAX. */
static struct entry *entry(int fd)
{
    return fd < STANDARD ? &standard[fd] : &others[fd - STANDARD];
}

/* Under the mutex. */
static void change(struct entry *e, const struct fd_operations *operations,
                   void *state)
{
    uint32_t changes = e->changes;

    __atomic_store_n(&e->changes, changes + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    __atomic_store_n(&e->d.operations, operations, __ATOMIC_RELAXED);
    __atomic_store_n(&e->d.state, state, __ATOMIC_RELAXED);
    __atomic_store_n(&e->changes, changes + 2, __ATOMIC_RELEASE);
}

/* False: it changed meanwhile. */
static bool copy(const struct entry *e, struct descriptor *out)
{
    uint32_t before = __atomic_load_n(&e->changes, __ATOMIC_ACQUIRE);

    out->operations = __atomic_load_n(&e->d.operations, __ATOMIC_RELAXED);
    out->state = __atomic_load_n(&e->d.state, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return before % 2 == 0 &&
           __atomic_load_n(&e->changes, __ATOMIC_RELAXED) == before;
}

int fd_open(const struct fd_operations *operations, void *state)
{
    int fd = 0;

    mutex_lock(&lock);
    while (fd < FD_MAX && entry(fd)->d.operations != NULL)
        fd++;
    if (fd < FD_MAX)
        change(entry(fd), operations, state);
    mutex_unlock(&lock);
    return fd < FD_MAX ? fd : -EMFILE;
}

void fd_set_operations(int fd, const struct fd_operations *operations,
                       void *state)
{
    if (fd < 0 || fd >= FD_MAX)
        return;
    mutex_lock(&lock);
    change(entry(fd), operations, state);
    mutex_unlock(&lock);
}

bool descriptor_get(int fd, struct descriptor *out)
{
    if (fd < 0 || fd >= FD_MAX)
        return false;
    if (!copy(entry(fd), out)) {
        mutex_lock(&lock);
        *out = entry(fd)->d;
        mutex_unlock(&lock);
    }
    return out->operations != NULL;
}

bool descriptor_remove(int fd, struct descriptor *out)
{
    if (fd < 0 || fd >= FD_MAX)
        return false;
    mutex_lock(&lock);
    *out = entry(fd)->d;
    change(entry(fd), NULL, NULL);
    mutex_unlock(&lock);
    return out->operations != NULL;
}

void *fd_state(int fd, const struct fd_operations *operations)
{
    struct descriptor d;

    return descriptor_get(fd, &d) && d.operations == operations ? d.state
                                                                : NULL;
}

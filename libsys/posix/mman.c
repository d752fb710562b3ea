/*
 * mmap for anonymous memory. The mappings are kept in a list, to find the
 * Frames behind an address again.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <cordon/memory.h>
#include <cordon/slot.h>
#include <cordon/thread.h>

struct mapping {
    struct mapping *next;
    struct memory memory;
    size_t bytes; /* as asked for */
};

static struct mapping *mappings;
static struct mutex lock;

void *mmap(void *address, size_t bytes, int protection, int flags, int fd,
           off_t offset)
{
    struct mapping *m;

    (void)address, (void)offset;
    if (fd != -1 || !(flags & MAP_ANONYMOUS) || (protection & PROT_EXEC)) {
        errno = ENOTSUP;
        return MAP_FAILED;
    }
    m = malloc(sizeof(*m));
    if (m == NULL || memory_alloc(bytes, &m->memory) != OK) {
        free(m);
        errno = bytes == 0 ? EINVAL : ENOMEM;
        return MAP_FAILED;
    }
    m->bytes = bytes;
    mutex_lock(&lock);
    m->next = mappings;
    mappings = m;
    mutex_unlock(&lock);
    return m->memory.address;
}

/* Takes the mapping off the list; NULL if there is none such. */
static struct mapping *take(const void *address, size_t bytes)
{
    struct mapping **link, *m;

    mutex_lock(&lock);
    link = &mappings;
    while (*link != NULL &&
           ((*link)->memory.address != address || (*link)->bytes != bytes))
        link = &(*link)->next;
    m = *link;
    if (m != NULL)
        *link = m->next;
    mutex_unlock(&lock);
    return m;
}

int munmap(void *address, size_t bytes)
{
    struct mapping *m = take(address, bytes);

    if (m == NULL) {
        errno = EINVAL;
        return -1;
    }
    memory_free(&m->memory);
    free(m);
    return 0;
}

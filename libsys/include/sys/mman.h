/*
 * Anonymous memory, as POSIX spells it. Files cannot be mapped, and memory is
 * never executable: what runs is what init loaded.
 */
#pragma once

#include <sys/types.h>

#define PROT_NONE  0
#define PROT_READ  1
#define PROT_WRITE 2
#define PROT_EXEC  4

#define MAP_SHARED    1
#define MAP_PRIVATE   2
#define MAP_ANONYMOUS 0x20
#define MAP_ANON      MAP_ANONYMOUS
#define MAP_FAILED    ((void *)-1)

/* `fd` must be -1, flags include MAP_ANONYMOUS, and protection no PROT_EXEC;
 * else ENOTSUP. `address` is a hint that is not taken. */
void *mmap(void *address, size_t bytes, int protection, int flags, int fd,
           off_t offset);

/* Only a whole mapping, as mmap returned it; else EINVAL. */
int munmap(void *address, size_t bytes);

/* Writing cache lines back (Intel SDM 2A, CLFLUSH: in every x86-64 CPU). */
#include "kernel/cache.h"

#include <stdint.h>

#define CACHE_LINE 64u

void cache_flush(const void *p, size_t bytes)
{
    uintptr_t line = (uintptr_t)p & ~(uintptr_t)(CACHE_LINE - 1);

    for (; line < (uintptr_t)p + bytes; line += CACHE_LINE)
        __asm__ volatile("clflush (%0)" ::"r"(line) : "memory");
    __asm__ volatile("mfence" ::: "memory");
}

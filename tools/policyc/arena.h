/*
 * Memory that is given back all at once: a compilation allocates freely and
 * frees the arena. Running out of memory ends the program with status 3.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

struct arena {
    struct arena_block *blocks;
};

/* `size` zeroed bytes, aligned for any type. Never NULL. */
void *arena_alloc(struct arena *arena, size_t size);

/* A copy of `size` bytes of `text` with a NUL behind. */
char *arena_copy(struct arena *arena, const char *text, size_t size);

__attribute__((format(printf, 2, 3))) char *
arena_print(struct arena *arena, const char *format, ...);
__attribute__((format(printf, 2, 0))) char *
arena_vprint(struct arena *arena, const char *format, va_list args);

/* Frees everything; the arena is empty and may be used again. */
void arena_free(struct arena *arena);

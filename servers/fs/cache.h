/*
 * The cache between the disk and everything above it: lines of 64 KiB, read as
 * a whole and thrown out in the order of last use.
 *
 * Lines lie in memory that the disk's driver reads into directly, so a miss
 * costs no copy here. Several lines can be on their way at once: cache_ahead()
 * starts them, and whoever needs one waits for that one only. Nothing here
 * knows what a disk is, so the host tests it with one of its own.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CACHE_LINE_BYTES (64u << 10)
#define CACHE_LINES_MAX  256u

/* Where lines come from. Errors are not 0 and the source's own. */
struct cache_source {
    /* Start reading `bytes` (a whole line but at the disk's end) at `offset`
     * into line `line`. Does not wait. */
    int (*start)(void *context, uint64_t offset, uint32_t bytes, unsigned line);
    /* Wait for any started read. 0: *line came, with *error. Else none that
     * was started will ever come, and the returned error holds for all. */
    int (*finish)(void *context, unsigned *line, int *error);
    void *context;
};

enum cache_state {
    CACHE_EMPTY,
    CACHE_LOADING,
    CACHE_VALID,
};

struct cache_line {
    uint64_t offset; /* on the disk, a multiple of CACHE_LINE_BYTES */
    uint64_t used;   /* when it was last wanted */
    enum cache_state state;
    int error; /* of the last read into it, until it is wanted */
};

struct cache {
    struct cache_source source;
    uint8_t *data; /* lines * CACHE_LINE_BYTES */
    unsigned lines;
    unsigned loading;    /* how many */
    uint64_t disk_bytes; /* nothing is read beyond */
    uint64_t now;        /* counts uses */
    uint64_t hits, misses;
    struct cache_line line[CACHE_LINES_MAX];
};

/* `lines` from 2 to CACHE_LINES_MAX. */
void cache_init(struct cache *cache, const struct cache_source *source,
                void *data, unsigned lines, uint64_t disk_bytes);

/* An offset beyond the disk: the one error that is the cache's own. */
#define CACHE_ERR_RANGE (-1)

/*
 * A view of the disk's bytes from `offset` on: *data holds *bytes of them, up
 * to the end of the line, until the next call. 0, or an error.
 */
int cache_view(struct cache *cache, uint64_t offset, const uint8_t **data,
               size_t *bytes);

/* Start reading what is not there of this range, as much as fits into half of
 * the cache. Errors show when the bytes are wanted. */
void cache_ahead(struct cache *cache, uint64_t offset, uint64_t bytes);

/* Forget everything, also reads that were started: for a new driver. */
void cache_drop(struct cache *cache);

/*
 * The cache between the disk and everything above it: lines of 64 KiB, read as
 * a whole and thrown out in the order of last use.
 *
 * Lines lie in memory that the disk's driver reads into directly, so a miss
 * costs no copy here. Several lines can be on their way at once: cache_ahead()
 * starts them, and whoever needs one waits for that one only. Nothing here
 * knows what a disk is, so the host tests it with one of its own.
 *
 * There are two ways to write (cache_write.c). Files' data is changed in its
 * lines and reaches the disk when cache_clean() says so, or earlier if it takes
 * too much room. The file system's own structures go to the disk in the order
 * that journal.c decides: cache_store() takes a copy and sends it off. Either
 * way nothing is durable, and nothing is ordered, before cache_flush().
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CACHE_LINE_BYTES (64u << 10)
#define CACHE_LINES_MAX  256u
#define CACHE_STAGING    1u    /* lines behind the others, for cache_store() */
#define CACHE_STORES_MAX 64u   /* cache_store() calls under way */
#define CACHE_GRAIN      1024u /* bytes that a bit of `dirty` stands for */

/* Where lines come from. Errors are not 0 and the source's own. */
struct cache_source {
    /* Start reading `bytes` (a whole line but at the disk's end) at `offset`
     * into line `line`. Does not wait. */
    int (*start)(void *context, uint64_t offset, uint32_t bytes, unsigned line);
    /* Wait for any started read or write. 0: one of *line has ended, with
     * *error. Else none that was started will ever end, and the returned error
     * holds for all. */
    int (*finish)(void *context, unsigned *line, int *error);
    /* Start writing `bytes` at `offset`, from `place` of the cache's memory.
     * Does not wait. */
    int (*write)(void *context, uint64_t offset, uint32_t bytes,
                 uint64_t place);
    /* All writes that have ended are durable when it returns 0. */
    int (*flush)(void *context);
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
    uint64_t dirty;  /* a bit for each CACHE_GRAIN that the disk lacks */
    enum cache_state state;
    int error; /* of the last read into it, until it is wanted */
};

struct cache {
    struct cache_source source;
    uint8_t *data; /* (lines + CACHE_STAGING) * CACHE_LINE_BYTES */
    unsigned lines;
    unsigned loading;     /* how many */
    unsigned writing;     /* writes under way */
    unsigned dirty_lines; /* lines with a dirty bit */
    uint32_t grain;       /* a multiple of CACHE_GRAIN, and of disk blocks */
    uint32_t staged;      /* bytes of the staging line that are under way */
    unsigned stored_count;
    uint64_t stored[CACHE_STORES_MAX]; /* their offsets on the disk */
    uint32_t stored_bytes[CACHE_STORES_MAX];
    int write_error;     /* the first since cache_settle() */
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

/* The same, copied, however many lines it takes. */
int cache_read(struct cache *cache, uint64_t offset, void *to, size_t bytes);

/* Start reading what is not there of this range, as much as fits into half of
 * the cache. Errors show when the bytes are wanted. */
void cache_ahead(struct cache *cache, uint64_t offset, uint64_t bytes);

/* Change bytes in the cache; `data` null: to zeros. They reach the disk with
 * cache_clean(), or when more than half of the lines are dirty. */
int cache_write(struct cache *cache, uint64_t offset, const void *data,
                size_t bytes);

/* Send a copy to the disk, at most CACHE_LINE_BYTES, whole disk blocks. A line
 * that has these bytes changes with it. */
int cache_store(struct cache *cache, uint64_t offset, const void *data,
                size_t bytes);

/* Write all that is dirty and wait for it, and for all that was stored. */
int cache_clean(struct cache *cache);

/* Wait for all that was stored; the first error of any of it. */
int cache_settle(struct cache *cache);

/* cache_settle(), and then make it durable. */
int cache_flush(struct cache *cache);

/* Forget everything, also reads that were started: for a new driver. */
void cache_drop(struct cache *cache);

/* For cache_write.c. The line that has this offset or is getting it, or
 * `lines`; one that can be given another offset; waiting for one. */
unsigned cache_line_find(const struct cache *cache, uint64_t offset);
int cache_line_room(struct cache *cache, unsigned *i);
int cache_line_wait(struct cache *cache, unsigned i);
int cache_line_fetch(struct cache *cache, uint64_t offset, unsigned *i);
int cache_wait_any(struct cache *cache);

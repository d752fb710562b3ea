/*
 * The disk's cache (see cache.h). Few lines, each large: a walk over all of
 * them to find one costs far less than the copy of what is found.
 */
#include "cache.h"

#include <string.h>

void cache_init(struct cache *cache, const struct cache_source *source,
                void *data, unsigned lines, uint64_t disk_bytes)
{
    memset(cache, 0, sizeof(*cache));
    cache->source = *source;
    cache->data = data;
    cache->lines = lines;
    cache->disk_bytes = disk_bytes;
    cache->grain = CACHE_GRAIN;
}

static uint8_t *line_data(struct cache *cache, unsigned line)
{
    return cache->data + (size_t)line * CACHE_LINE_BYTES;
}

/* The line that has this offset or is getting it; `lines` if none. */
unsigned cache_line_find(const struct cache *cache, uint64_t offset)
{
    for (unsigned i = 0; i < cache->lines; i++)
        if (cache->line[i].state != CACHE_EMPTY &&
            cache->line[i].offset == offset)
            return i;
    return cache->lines;
}

/* An empty line, else the clean one unused for longest; `lines` if all are
 * loading or dirty. */
static unsigned line_victim(const struct cache *cache)
{
    unsigned best = cache->lines;

    for (unsigned i = 0; i < cache->lines; i++) {
        const struct cache_line *line = &cache->line[i];

        if (line->state == CACHE_EMPTY)
            return i;
        if (line->state == CACHE_VALID && !line->dirty &&
            (best == cache->lines || line->used < cache->line[best].used))
            best = i;
    }
    return best;
}

/* Commands to a disk have no order: a read that was started beside a write of
 * the same bytes may get the old ones. So writes end first; what became of them
 * is for who wrote. */
static int writes_end(struct cache *cache)
{
    int lost = 0;

    while (cache->writing && !lost)
        lost = cache_wait_any(cache);
    return lost;
}

static int line_start(struct cache *cache, unsigned i, uint64_t offset)
{
    struct cache_line *line = &cache->line[i];
    uint64_t left = cache->disk_bytes - offset;
    uint32_t bytes =
        left < CACHE_LINE_BYTES ? (uint32_t)left : CACHE_LINE_BYTES;
    int error = writes_end(cache);

    if (error)
        return error;
    line->state = CACHE_EMPTY;
    error = cache->source.start(cache->source.context, offset, bytes, i);
    if (error)
        return error;
    line->state = CACHE_LOADING;
    line->offset = offset;
    line->used = ++cache->now;
    line->error = 0;
    cache->loading++;
    return 0;
}

void cache_drop(struct cache *cache)
{
    for (unsigned i = 0; i < cache->lines; i++) {
        cache->line[i].state = CACHE_EMPTY;
        cache->line[i].dirty = 0;
    }
    cache->loading = cache->writing = cache->dirty_lines = 0;
    cache->staged = cache->stored_count = 0;
}

/* Wait until one more line has come or gone, whichever it is. */
int cache_wait_any(struct cache *cache)
{
    unsigned i;
    int error;
    int lost = cache->source.finish(cache->source.context, &i, &error);

    if (lost) {
        for (i = 0; i < cache->lines; i++)
            if (cache->line[i].state == CACHE_LOADING)
                cache->line[i].state = CACHE_EMPTY;
        cache->loading = cache->writing = 0;
        return lost;
    }
    if (i >= cache->lines || cache->line[i].state != CACHE_LOADING) {
        if (cache->writing)
            cache->writing--;
        if (error && !cache->write_error)
            cache->write_error = error;
        return 0;
    }
    cache->line[i].state = error ? CACHE_EMPTY : CACHE_VALID;
    cache->line[i].error = error;
    cache->loading--;
    return 0;
}

int cache_line_wait(struct cache *cache, unsigned i)
{
    while (cache->line[i].state == CACHE_LOADING) {
        int lost = cache_wait_any(cache);

        if (lost)
            return lost;
    }
    return cache->line[i].state == CACHE_VALID ? 0 : cache->line[i].error;
}

/* A line to fill: waits if all are loading, writes if all are dirty. */
int cache_line_room(struct cache *cache, unsigned *i)
{
    while ((*i = line_victim(cache)) == cache->lines) {
        int error = cache->loading ? cache_wait_any(cache) : cache_clean(cache);

        if (error)
            return error;
    }
    return 0;
}

/* Start a read that is wanted now. */
int cache_line_fetch(struct cache *cache, uint64_t offset, unsigned *i)
{
    int error = cache_line_room(cache, i);

    return error ? error : line_start(cache, *i, offset);
}

int cache_view(struct cache *cache, uint64_t offset, const uint8_t **data,
               size_t *bytes)
{
    uint64_t base = offset - offset % CACHE_LINE_BYTES;
    size_t skip = (size_t)(offset - base), room = CACHE_LINE_BYTES;
    unsigned i;
    int error;

    if (offset >= cache->disk_bytes)
        return CACHE_ERR_RANGE;
    if (cache->disk_bytes - base < room)
        room = (size_t)(cache->disk_bytes - base);
    i = cache_line_find(cache, base);
    if (i < cache->lines) {
        cache->hits++;
    } else {
        cache->misses++;
        error = cache_line_fetch(cache, base, &i);
        if (error)
            return error;
    }
    error = cache_line_wait(cache, i);
    if (error)
        return error;
    cache->line[i].used = ++cache->now;
    *data = line_data(cache, i) + skip;
    *bytes = room - skip;
    return 0;
}

int cache_read(struct cache *cache, uint64_t offset, void *to, size_t bytes)
{
    uint8_t *out = to;

    while (bytes) {
        const uint8_t *data;
        size_t n;
        int error = cache_view(cache, offset, &data, &n);

        if (error)
            return error;
        if (n > bytes)
            n = bytes;
        memcpy(out, data, n);
        out += n;
        offset += n;
        bytes -= n;
    }
    return 0;
}

void cache_ahead(struct cache *cache, uint64_t offset, uint64_t bytes)
{
    uint64_t base = offset - offset % CACHE_LINE_BYTES, end;

    if (offset >= cache->disk_bytes)
        return;
    if (bytes > cache->disk_bytes - offset)
        bytes = cache->disk_bytes - offset;
    for (end = offset + bytes; base < end; base += CACHE_LINE_BYTES) {
        unsigned i;

        if (cache->loading >= cache->lines / 2)
            return;
        i = cache_line_find(cache, base);
        if (i < cache->lines) {
            cache->line[i].used = ++cache->now;
            continue;
        }
        i = line_victim(cache);
        if (i == cache->lines || line_start(cache, i, base))
            return;
    }
}

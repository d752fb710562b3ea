/*
 * Writing through the cache (see cache.h).
 *
 * A line is dirty in grains of a kilobyte. Runs of them go to the disk straight
 * out of the line; nothing changes a line meanwhile, because whoever writes
 * waits for the end.
 */
#include "cache.h"

#include <stdbool.h>
#include <string.h>

#define WRITES_MAX 32u /* under way at once; less than a ring holds */

/* The bits of bytes `from` to `to` of a line, rounded out to grains. */
static uint64_t grains(const struct cache *cache, size_t from, size_t to)
{
    unsigned first, last;

    from -= from % cache->grain;
    to += (cache->grain - to % cache->grain) % cache->grain;
    first = (unsigned)(from / CACHE_GRAIN);
    last = (unsigned)((to - 1) / CACHE_GRAIN);
    return (~0ull >> (63 - last)) & (~0ull << first);
}

static size_t line_bytes(const struct cache *cache, uint64_t base)
{
    uint64_t left = cache->disk_bytes - base;

    return left < CACHE_LINE_BYTES ? (size_t)left : CACHE_LINE_BYTES;
}

/* The line at `base`, to be changed from `skip` on; read before, unless all of
 * it will change. */
static int line_get(struct cache *cache, uint64_t base, size_t skip, size_t n,
                    unsigned *i)
{
    int error;

    *i = cache_line_find(cache, base);
    if (*i == cache->lines) {
        if (!skip && n == line_bytes(cache, base)) {
            error = cache_line_room(cache, i);
            if (error)
                return error;
            cache->line[*i] =
                (struct cache_line){.offset = base, .state = CACHE_VALID};
            return 0;
        }
        error = cache_line_fetch(cache, base, i);
        if (error)
            return error;
    }
    return cache_line_wait(cache, *i);
}

static int line_change(struct cache *cache, uint64_t base, size_t skip,
                       const uint8_t *data, size_t n)
{
    uint8_t *to;
    unsigned i;
    int error = 0;

    if (cache->dirty_lines > cache->lines / 2)
        error = cache_clean(cache);
    if (!error)
        error = line_get(cache, base, skip, n, &i);
    if (error)
        return error;
    to = cache->data + (size_t)i * CACHE_LINE_BYTES + skip;
    if (data)
        memcpy(to, data, n);
    else
        memset(to, 0, n);
    if (!cache->line[i].dirty)
        cache->dirty_lines++;
    cache->line[i].dirty |= grains(cache, skip, skip + n);
    cache->line[i].used = ++cache->now;
    return 0;
}

int cache_write(struct cache *cache, uint64_t offset, const void *data,
                size_t bytes)
{
    const uint8_t *from = data;

    if (offset > cache->disk_bytes || bytes > cache->disk_bytes - offset)
        return CACHE_ERR_RANGE;
    while (bytes) {
        size_t skip = (size_t)(offset % CACHE_LINE_BYTES);
        size_t n =
            CACHE_LINE_BYTES - skip < bytes ? CACHE_LINE_BYTES - skip : bytes;
        int error = line_change(cache, offset - skip, skip, from, n);

        if (error)
            return error;
        from = from ? from + n : NULL;
        offset += n;
        bytes -= n;
    }
    return 0;
}

static int write_start(struct cache *cache, uint64_t offset, uint32_t bytes,
                       uint64_t place)
{
    int error = 0;

    while (!error && cache->writing >= WRITES_MAX)
        error = cache_wait_any(cache);
    if (!error)
        error =
            cache->source.write(cache->source.context, offset, bytes, place);
    if (!error)
        cache->writing++;
    return error;
}

/* Start a write for each run of dirty grains. */
static int line_clean(struct cache *cache, unsigned i)
{
    struct cache_line *line = &cache->line[i];
    size_t end = line_bytes(cache, line->offset);
    uint64_t left = line->dirty;

    while (left) {
        unsigned first = (unsigned)__builtin_ctzll(left);
        uint64_t run = ~(left >> first);
        unsigned count = run ? (unsigned)__builtin_ctzll(run) : 64;
        size_t from = (size_t)first * CACHE_GRAIN;
        size_t to = from + (size_t)count * CACHE_GRAIN;
        int error = write_start(cache, line->offset + from,
                                (uint32_t)((to < end ? to : end) - from),
                                (uint64_t)i * CACHE_LINE_BYTES + from);

        if (error)
            return error;
        left = first + count < 64 ? left & (~0ull << (first + count)) : 0;
    }
    return 0;
}

int cache_clean(struct cache *cache)
{
    int error = 0;

    for (unsigned i = 0; i < cache->lines && !error; i++)
        if (cache->line[i].dirty)
            error = line_clean(cache, i);
    if (!error)
        error = cache_settle(cache);
    if (error)
        return error;
    for (unsigned i = 0; i < cache->lines; i++)
        cache->line[i].dirty = 0;
    cache->dirty_lines = 0;
    return 0;
}

/* What lines have of these bytes. A line that is loading may get the bytes from
 * before or after: wait for it. */
static int lines_update(struct cache *cache, uint64_t offset,
                        const uint8_t *data, size_t bytes)
{
    while (bytes) {
        size_t skip = (size_t)(offset % CACHE_LINE_BYTES);
        size_t n =
            CACHE_LINE_BYTES - skip < bytes ? CACHE_LINE_BYTES - skip : bytes;
        unsigned i = cache_line_find(cache, offset - skip);

        if (i < cache->lines) {
            int error = cache_line_wait(cache, i);

            if (error)
                return error;
            memcpy(cache->data + (size_t)i * CACHE_LINE_BYTES + skip, data, n);
        }
        data += n;
        offset += n;
        bytes -= n;
    }
    return 0;
}

/* Is one of these bytes on its way already? Two writes have no order. */
static bool is_under_way(const struct cache *cache, uint64_t offset,
                         size_t bytes)
{
    for (unsigned i = 0; i < cache->stored_count; i++)
        if (offset < cache->stored[i] + cache->stored_bytes[i] &&
            cache->stored[i] < offset + bytes)
            return true;
    return false;
}

int cache_store(struct cache *cache, uint64_t offset, const void *data,
                size_t bytes)
{
    uint64_t place;
    int error = 0;

    if (bytes > CACHE_LINE_BYTES || offset > cache->disk_bytes ||
        bytes > cache->disk_bytes - offset)
        return CACHE_ERR_RANGE;
    if (bytes > CACHE_LINE_BYTES - cache->staged ||
        cache->stored_count == CACHE_STORES_MAX ||
        is_under_way(cache, offset, bytes))
        error = cache_settle(cache);
    if (!error)
        error = lines_update(cache, offset, data, bytes);
    if (error)
        return error;
    place = (uint64_t)cache->lines * CACHE_LINE_BYTES + cache->staged;
    memcpy(cache->data + place, data, bytes);
    cache->staged += (uint32_t)bytes;
    cache->stored[cache->stored_count] = offset;
    cache->stored_bytes[cache->stored_count++] = (uint32_t)bytes;
    return write_start(cache, offset, (uint32_t)bytes, place);
}

int cache_settle(struct cache *cache)
{
    int error = 0;

    while (cache->writing && !error)
        error = cache_wait_any(cache);
    if (!error)
        error = cache->write_error;
    cache->write_error = 0;
    cache->staged = cache->stored_count = 0;
    return error;
}

int cache_flush(struct cache *cache)
{
    int error = cache_settle(cache);

    return error ? error : cache->source.flush(cache->source.context);
}

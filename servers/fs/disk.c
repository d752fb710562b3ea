/*
 * The cache's source: reads and writes through a block service's ring (see
 * disk.h).
 *
 * When the driver dies, the block client asks its successor for all that had no
 * answer. If that does not help, the disk is opened again and the read that
 * somebody waits for is issued once more. What was dirty would be lost by that:
 * then the error is told, and the volume goes back to its last commit.
 */
#include "disk.h"

#include <cordon/clock.h>
#include <string.h>

#define PATIENCE (30 * NS_PER_S)

/* A driver that dies while we connect is being restarted: try again. */
#define OPEN_TRIES    6
#define OPEN_PAUSE_NS (200 * NS_PER_MS)

/* Cache sizes to try, in lines: the largest that the memory allows. With the
 * staging line they fill whole large pages. */
static const unsigned cache_lines[] = {63, 31, 15, 7, 3};

static int start(struct disk *disk, enum block_operation operation,
                 uint64_t offset, uint32_t bytes, uint64_t place)
{
    struct block_request request = {
        .lba = offset / disk->block_bytes,
        .blocks = bytes / disk->block_bytes,
        .operation = operation,
        .buffer = &disk->buffer,
        .offset = place,
        .tag = place / CACHE_LINE_BYTES,
    };
    int status;

    if (!disk->device)
        return BLOCK_E_GONE;
    status = block_submit(disk->device, &request);
    if (status == BLOCK_OK)
        block_kick(disk->device);
    return status;
}

static int start_read(void *context, uint64_t offset, uint32_t bytes,
                      unsigned line)
{
    return start(context, BLOCK_READ, offset, bytes,
                 (uint64_t)line * CACHE_LINE_BYTES);
}

static int start_write(void *context, uint64_t offset, uint32_t bytes,
                       uint64_t place)
{
    return start(context, BLOCK_WRITE, offset, bytes, place);
}

static int flush(void *context)
{
    struct disk *disk = context;

    return disk->device ? block_flush(disk->device) : BLOCK_E_GONE;
}

static int finish(void *context, unsigned *line, int *error)
{
    struct disk *disk = context;

    if (!disk->device)
        return BLOCK_E_GONE;
    if (disk->result == disk->result_count) {
        disk->result = 0;
        disk->result_count = block_reap(disk->device, disk->results,
                                        DISK_RESULTS, clock_after(PATIENCE));
        if (!disk->result_count)
            return BLOCK_E_TIMEOUT;
    }
    *line = (unsigned)disk->results[disk->result].tag;
    *error = (int)disk->results[disk->result++].status;
    return 0;
}

/* The largest cache that there is memory for. */
static int buffer_lend(struct disk *disk, unsigned *lines)
{
    int status = BLOCK_E_MEMORY;

    for (size_t i = 0; i < sizeof(cache_lines) / sizeof(cache_lines[0]); i++) {
        *lines = cache_lines[i];
        status = block_buffer_lend(
            disk->device, (size_t)(*lines + CACHE_STAGING) * CACHE_LINE_BYTES,
            &disk->buffer);
        if (status != BLOCK_E_MEMORY && status != BLOCK_E_LIMIT)
            break;
    }
    return status;
}

/* REQUEST: we lend to a driver whose predecessor we were connected to. */
static int is_passing(int status)
{
    return status == BLOCK_E_GONE || status == BLOCK_E_REQUEST;
}

static int open_once(struct disk *disk, unsigned *lines)
{
    int status = block_open(disk->service, disk->number, &disk->device);

    if (status) {
        disk->device = NULL;
        return status;
    }
    status = buffer_lend(disk, lines);
    if (status)
        disk_close(disk);
    return status;
}

int disk_open(struct disk *disk, const char *service, uint32_t number)
{
    struct cache_source source = {start_read, finish, start_write, flush, disk};
    const struct block_info *info;
    unsigned lines, tries = OPEN_TRIES;
    int status;

    disk->service = service;
    disk->number = number;
    disk->result = disk->result_count = 0;
    while (is_passing(status = open_once(disk, &lines)) && --tries)
        clock_sleep(OPEN_PAUSE_NS);
    if (status)
        return status;
    info = block_info(disk->device);
    disk->block_bytes = info->block_bytes;
    disk->bytes = info->blocks * info->block_bytes;
    disk->read_only = info->flags & BLOCK_INFO_READ_ONLY;
    cache_init(&disk->cache, &source, disk->buffer.data, lines, disk->bytes);
    if (info->block_bytes > CACHE_GRAIN)
        disk->cache.grain = info->block_bytes;
    return BLOCK_OK;
}

void disk_close(struct disk *disk)
{
    if (disk->device)
        block_close(disk->device);
    disk->device = NULL;
    cache_drop(&disk->cache);
}

/* After an error that a new connection may cure: 0 if there is one, to a disk
 * of the same size. */
static int reopen(struct disk *disk, int error)
{
    uint64_t bytes = disk->bytes;

    disk->last_error = error;
    if (disk->cache.dirty_lines)
        return error;
    switch (error) {
    case BLOCK_E_TIMEOUT:
    case BLOCK_E_FAULT:
    case BLOCK_E_RESET:
    case BLOCK_E_GONE:
        break;
    default:
        return error;
    }
    disk_close(disk);
    if (disk_open(disk, disk->service, disk->number))
        return error;
    disk->reopened++;
    if (disk->bytes == bytes)
        return 0;
    disk_close(disk); /* not the disk that was mounted */
    return error;
}

static int noted(struct disk *disk, int error)
{
    if (error)
        disk->last_error = error;
    return error;
}

int disk_view(struct disk *disk, uint64_t offset, const uint8_t **data,
              size_t *bytes)
{
    int error = cache_view(&disk->cache, offset, data, bytes);

    if (error && reopen(disk, error) == 0)
        error = cache_view(&disk->cache, offset, data, bytes);
    return noted(disk, error);
}

int disk_read(struct disk *disk, uint64_t offset, void *to, size_t bytes)
{
    int error = cache_read(&disk->cache, offset, to, bytes);

    if (error && reopen(disk, error) == 0)
        error = cache_read(&disk->cache, offset, to, bytes);
    return noted(disk, error);
}

void disk_ahead(struct disk *disk, uint64_t offset, uint64_t bytes)
{
    if (disk->device)
        cache_ahead(&disk->cache, offset, bytes);
}

int disk_write(struct disk *disk, uint64_t offset, const void *data,
               size_t bytes)
{
    return noted(disk, cache_write(&disk->cache, offset, data, bytes));
}

int disk_store(struct disk *disk, uint64_t offset, const void *data,
               size_t bytes)
{
    return noted(disk, cache_store(&disk->cache, offset, data, bytes));
}

int disk_clean(struct disk *disk)
{
    return noted(disk, cache_clean(&disk->cache));
}

int disk_flush(struct disk *disk)
{
    return noted(disk, cache_flush(&disk->cache));
}

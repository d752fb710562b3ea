/*
 * The disk as the file system sees it: bytes at offsets, cached, from a block
 * service that may be missing, fail, or die and come back.
 *
 * Errors are those of <cordon/block.h>, or CACHE_ERR_RANGE.
 */
#pragma once

#include <cordon/block.h>

#include <stdbool.h>

#include "servers/fs/cache.h"

#define DISK_RESULTS 16u

struct disk {
    const char *service; /* name that the policy gives it */
    uint32_t number;     /* disk behind the service */
    struct block_device *device;
    struct block_buffer buffer; /* the cache's lines, lent to the driver */
    struct cache cache;
    uint64_t bytes;
    uint32_t block_bytes;
    bool read_only;    /* the policy or the disk allows no write */
    int last_error;    /* of the latest read or write that failed */
    unsigned reopened; /* how often the driver had to be found again */
    struct block_result results[DISK_RESULTS];
    unsigned result, result_count; /* taken from `results`, and how many */
};

/* Find the disk and make its cache. BLOCK_OK or an error. */
int disk_open(struct disk *disk, const char *service, uint32_t number);
void disk_close(struct disk *disk);

/* As cache_view, _read, _ahead; a driver that died is waited for, once. */
int disk_view(struct disk *disk, uint64_t offset, const uint8_t **data,
              size_t *bytes);
int disk_read(struct disk *disk, uint64_t offset, void *to, size_t bytes);
void disk_ahead(struct disk *disk, uint64_t offset, uint64_t bytes);

/* As cache_write, _store, _clean, _flush. */
int disk_write(struct disk *disk, uint64_t offset, const void *data,
               size_t bytes);
int disk_store(struct disk *disk, uint64_t offset, const void *data,
               size_t bytes);
int disk_clean(struct disk *disk);
int disk_flush(struct disk *disk);

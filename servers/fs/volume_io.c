/*
 * libext2fs's I/O manager: blocks of the partition, out of the running change
 * and the disk's cache. What is written goes into the change.
 */
#include "volume.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct volume *volume_io_target;

static errcode_t io_open(const char *name, int flags, io_channel *channel)
{
    io_channel io;

    if ((flags & IO_FLAG_RW) && !volume_io_target->writable)
        return EXT2_ET_RO_FILSYS;
    io = calloc(1, sizeof(*io));
    if (!io)
        return EXT2_ET_NO_MEMORY;
    io->magic = EXT2_ET_MAGIC_IO_CHANNEL;
    io->manager = &volume_io;
    io->name = strdup(name);
    io->block_size = 1024;
    io->refcount = 1;
    io->private_data = volume_io_target;
    *channel = io;
    return 0;
}

static errcode_t io_close(io_channel io)
{
    if (--io->refcount > 0)
        return 0;
    free(io->name);
    free(io);
    return 0;
}

static errcode_t io_set_block_size(io_channel io, int bytes)
{
    io->block_size = bytes;
    return 0;
}

/* A negative count is a number of bytes. *offset in the partition. */
static errcode_t io_range(io_channel io, unsigned long long block, int count,
                          uint64_t *offset, uint64_t *bytes)
{
    const struct volume *v = io->private_data;
    uint64_t size = (uint64_t)io->block_size;

    *bytes = count < 0 ? (uint64_t) - (int64_t)count : (uint64_t)count * size;
    if (__builtin_mul_overflow(block, size, offset) || *offset > v->bytes ||
        *bytes > v->bytes - *offset)
        return EXT2_ET_SHORT_READ;
    return 0;
}

/* The part of a range that lies in one of the file system's blocks. */
static size_t in_block(const struct volume *v, uint64_t offset, uint64_t bytes,
                       size_t *skip)
{
    *skip = (size_t)(offset % v->block_bytes);
    return v->block_bytes - *skip < bytes ? v->block_bytes - *skip
                                          : (size_t)bytes;
}

static errcode_t io_read_blocks(io_channel io, unsigned long long block,
                                int count, void *data)
{
    const struct volume *v = io->private_data;
    uint64_t offset, bytes;
    uint8_t *to = data;
    errcode_t error = io_range(io, block, count, &offset, &bytes);

    if (error)
        return error;
    if (!v->writable)
        return disk_read(v->disk, v->offset + offset, data, (size_t)bytes)
                   ? EXT2_ET_SHORT_READ
                   : 0;
    while (bytes) {
        size_t skip, n = in_block(v, offset, bytes, &skip);
        const uint8_t *changed =
            change_find(&v->change, offset / v->block_bytes);

        if (changed)
            memcpy(to, changed + skip, n);
        else if (disk_read(v->disk, v->offset + offset, to, n))
            return EXT2_ET_SHORT_READ;
        to += n;
        offset += n;
        bytes -= n;
    }
    return 0;
}

static errcode_t io_read_blocks32(io_channel io, unsigned long block, int count,
                                  void *data)
{
    return io_read_blocks(io, block, count, data);
}

/* Part of a block, or all of it. What is so already is not a change: bitmaps
 * are written all at once, and few of them have changed. */
static errcode_t write_block(struct volume *v, uint64_t number, size_t skip,
                             const uint8_t *data, size_t n)
{
    static uint8_t block[CACHE_LINE_BYTES];
    const uint8_t *changed = change_find(&v->change, number);

    if (changed)
        memcpy(block, changed, v->block_bytes);
    else if (disk_read(v->disk, v->offset + number * v->block_bytes, block,
                       v->block_bytes))
        return EXT2_ET_SHORT_READ;
    if (!memcmp(block + skip, data, n))
        return 0;
    memcpy(block + skip, data, n);
    return change_put(&v->change, number, block) ? EXT2_ET_NO_MEMORY : 0;
}

static errcode_t io_write_blocks64(io_channel io, unsigned long long block,
                                   int count, const void *data)
{
    struct volume *v = io->private_data;
    const uint8_t *from = data;
    uint64_t offset, bytes;
    errcode_t error = io_range(io, block, count, &offset, &bytes);

    if (!v->writable)
        return EXT2_ET_RO_FILSYS;
    while (bytes && !error) {
        size_t skip, n = in_block(v, offset, bytes, &skip);

        error = write_block(v, offset / v->block_bytes, skip, from, n);
        from += n;
        offset += n;
        bytes -= n;
    }
    return error;
}

static errcode_t io_write_blocks(io_channel io, unsigned long block, int count,
                                 const void *data)
{
    return io_write_blocks64(io, block, count, data);
}

/* Nothing is durable before commit(). */
static errcode_t io_flush(io_channel io)
{
    (void)io;
    return 0;
}

static errcode_t io_ahead(io_channel io, unsigned long long block,
                          unsigned long long count)
{
    const struct volume *v = io->private_data;
    uint64_t offset, bytes, size = (uint64_t)io->block_size;

    if (__builtin_mul_overflow(block, size, &offset) ||
        __builtin_mul_overflow(count, size, &bytes) || offset > v->bytes ||
        bytes > v->bytes - offset)
        return EXT2_ET_SHORT_READ;
    disk_ahead(v->disk, v->offset + offset, bytes);
    return 0;
}

struct struct_io_manager volume_io = {
    .magic = EXT2_ET_MAGIC_IO_MANAGER,
    .name = "Cordon block service",
    .open = io_open,
    .close = io_close,
    .set_blksize = io_set_block_size,
    .read_blk = io_read_blocks32,
    .write_blk = io_write_blocks,
    .flush = io_flush,
    .read_blk64 = io_read_blocks,
    .write_blk64 = io_write_blocks64,
    .cache_readahead = io_ahead,
};

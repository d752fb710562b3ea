/*
 * libext2fs's I/O manager: blocks of the partition, out of the disk's cache.
 */
#include "volume.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct volume *volume_io_target;

static errcode_t io_open(const char *name, int flags, io_channel *channel)
{
    io_channel io;

    if (flags & IO_FLAG_RW)
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

/* A negative count is a number of bytes. */
static errcode_t io_read_blocks(io_channel io, unsigned long long block,
                                int count, void *data)
{
    const struct volume *v = io->private_data;
    uint64_t size = (uint64_t)io->block_size;
    uint64_t bytes =
        count < 0 ? (uint64_t) - (int64_t)count : (uint64_t)count * size;
    uint64_t offset;

    if (__builtin_mul_overflow(block, size, &offset) || offset > v->bytes ||
        bytes > v->bytes - offset)
        return EXT2_ET_SHORT_READ;
    return disk_read(v->disk, v->offset + offset, data, bytes)
               ? EXT2_ET_SHORT_READ
               : 0;
}

static errcode_t io_read_blocks32(io_channel io, unsigned long block, int count,
                                  void *data)
{
    return io_read_blocks(io, block, count, data);
}

static errcode_t io_write_blocks(io_channel io, unsigned long block, int count,
                                 const void *data)
{
    (void)io, (void)block, (void)count, (void)data;
    return EXT2_ET_RO_FILSYS;
}

static errcode_t io_write_blocks64(io_channel io, unsigned long long block,
                                   int count, const void *data)
{
    (void)io, (void)block, (void)count, (void)data;
    return EXT2_ET_RO_FILSYS;
}

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

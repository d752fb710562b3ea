/*
 * Reading a file's data: runs of blocks, straight out of the disk's cache.
 *
 * libext2fs's own file reader goes block by block. Here an extent is looked up
 * once and read as the one stretch of the disk that it is. Who reads on where
 * the last read ended gets the next stretch started before asking for it.
 */
#include "volume.h"

#include <stdlib.h>
#include <string.h>

#include "servers/fs/orphan.h"

#define AHEAD_BYTES (1024u << 10)

int volume_refresh(struct volume *v, struct volume_file *file)
{
    errcode_t error;

    if (file->generation == v->generation)
        return FILES_OK;
    if (file->extents)
        ext2fs_extent_free(file->extents);
    file->extents = NULL;
    file->run_blocks = 0;
    error = ext2fs_read_inode(v->fs, file->inode, &file->attributes);
    if (error)
        return volume_error(error);
    file->size = EXT2_I_SIZE(&file->attributes);
    if ((file->attributes.i_flags & EXT4_EXTENTS_FL) &&
        !(file->attributes.i_flags & EXT4_INLINE_DATA_FL) &&
        !ext2fs_is_fast_symlink(&file->attributes))
        error = ext2fs_extent_open2(v->fs, file->inode, &file->attributes,
                                    &file->extents);
    if (!error)
        file->generation = v->generation;
    return volume_error(error);
}

int volume_open(struct volume *v, ext2_ino_t inode, struct volume_file *file)
{
    int error;

    memset(file, 0, sizeof(*file));
    file->inode = inode;
    error = volume_refresh(v, file);
    if (error)
        return error;
    file->volume = v;
    file->next_open = v->files;
    v->files = file;
    return FILES_OK;
}

void volume_close(struct volume_file *file)
{
    struct volume *v = file->volume;
    struct volume_file **at = &v->files;

    while (*at && *at != file)
        at = &(*at)->next_open;
    if (*at)
        *at = file->next_open;
    if (file->extents)
        ext2fs_extent_free(file->extents);
    file->extents = NULL;
    orphan_closed(v, file->inode);
}

static void run_set(struct volume_file *file, uint64_t logical,
                    uint64_t physical, uint64_t blocks)
{
    file->run_logical = logical;
    file->run_physical = physical;
    file->run_blocks = blocks;
}

/* From the extent tree. Blocks without an extent are a hole, one at a time. */
static errcode_t run_by_extent(struct volume_file *file, uint64_t block)
{
    struct ext2fs_extent extent;
    errcode_t error = ext2fs_extent_goto(file->extents, block);

    if (!error)
        error = ext2fs_extent_get(file->extents, EXT2_EXTENT_CURRENT, &extent);
    if (error == EXT2_ET_EXTENT_NOT_FOUND || error == EXT2_ET_NO_CURRENT_NODE) {
        run_set(file, block, 0, 1);
        return 0;
    }
    if (error)
        return error;
    if (block < extent.e_lblk || block - extent.e_lblk >= extent.e_len)
        run_set(file, block, 0, 1);
    else
        run_set(file, extent.e_lblk,
                extent.e_flags & EXT2_EXTENT_FLAGS_UNINIT ? 0 : extent.e_pblk,
                extent.e_len);
    return 0;
}

/* Make `file`'s run hold logical block `block`. */
int volume_run(struct volume *v, struct volume_file *file, uint64_t block)
{
    uint64_t blocks = ext2fs_blocks_count(v->fs->super);
    errcode_t error;

    if (block >= file->run_logical &&
        block - file->run_logical < file->run_blocks)
        return FILES_OK;
    if (file->extents) {
        error = run_by_extent(file, block);
    } else {
        blk64_t physical = 0;

        error = ext2fs_bmap2(v->fs, file->inode, &file->attributes, NULL, 0,
                             block, NULL, &physical);
        run_set(file, block, physical, 1);
    }
    if (!error && (file->run_physical > blocks ||
                   file->run_blocks > blocks - file->run_physical))
        error = EXT2_ET_BAD_BLOCK_NUM;
    if (error)
        run_set(file, 0, 0, 0);
    return volume_error(error);
}

/* Start what follows in this run for a sequential reader: once for each line of
 * the cache, however small the pieces are that it reads. */
static void read_ahead(struct volume *v, const struct volume_file *file,
                       uint64_t in_run, size_t wanted, uint64_t offset)
{
    uint64_t run_bytes = file->run_blocks * v->block_bytes;
    uint64_t at = v->offset + file->run_physical * v->block_bytes + in_run;
    uint64_t in_line = at % CACHE_LINE_BYTES, bytes = wanted;

    if (offset == file->next) {
        if (in_line && in_line + wanted <= CACHE_LINE_BYTES)
            return;
        bytes += AHEAD_BYTES;
    }
    if (bytes > run_bytes - in_run)
        bytes = run_bytes - in_run;
    disk_ahead(v->disk, at, bytes);
}

/* The part of a read that lies in one run: *n bytes of it. */
static int read_run(struct volume *v, struct volume_file *file, uint64_t offset,
                    void *to, size_t *n)
{
    uint64_t in_run;
    int error = volume_run(v, file, offset / v->block_bytes);

    if (error)
        return error;
    in_run = offset - file->run_logical * v->block_bytes;
    if (*n > file->run_blocks * v->block_bytes - in_run)
        *n = (size_t)(file->run_blocks * v->block_bytes - in_run);
    if (!file->run_physical) {
        memset(to, 0, *n);
        return FILES_OK;
    }
    read_ahead(v, file, in_run, *n, offset);
    return disk_read(v->disk,
                     v->offset + file->run_physical * v->block_bytes + in_run,
                     to, *n)
               ? FILES_ERR_IO
               : FILES_OK;
}

/* A small file's data inside its inode. */
static int read_inline(struct volume *v, struct volume_file *file,
                       uint64_t offset, void *to, size_t bytes)
{
    size_t size = 0;
    void *data;
    errcode_t error = ext2fs_inline_data_size(v->fs, file->inode, &size);

    if (error || offset > size || bytes > size - offset)
        return error ? volume_error(error) : FILES_ERR_CORRUPT;
    data = malloc(size ? size : 1);
    if (!data)
        return FILES_ERR_MEMORY;
    error = ext2fs_inline_data_get(v->fs, file->inode, &file->attributes, data,
                                   &size);
    if (!error)
        memcpy(to, (char *)data + offset, bytes);
    free(data);
    return volume_error(error);
}

int volume_read(struct volume *v, struct volume_file *file, uint64_t offset,
                void *to, size_t bytes, size_t *done)
{
    int error = volume_refresh(v, file);
    size_t at = 0;

    *done = 0;
    if (error)
        return error;
    if (offset >= file->size)
        return FILES_OK;
    if (bytes > file->size - offset)
        bytes = (size_t)(file->size - offset);
    if (file->attributes.i_flags & EXT4_INLINE_DATA_FL) {
        error = read_inline(v, file, offset, to, bytes);
        at = bytes;
    }
    while (!error && at < bytes) {
        size_t n = bytes - at;

        error = read_run(v, file, offset + at, (uint8_t *)to + at, &n);
        file->next = offset + at + n;
        at += n;
    }
    if (!error)
        *done = at;
    return error;
}

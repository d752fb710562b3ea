/*
 * Changing a file's data: blocks are found or allocated, the data goes into the
 * disk's cache, the inode into the running change.
 *
 * A block that is new to the file is written as a whole, zeros around the data,
 * so that nobody sees what it held before. Bytes behind a file's end may be
 * anything on the disk; they become zeros when the file grows over them.
 */
#include "volume.h"

#include <string.h>
#include <time.h>

#include "servers/fs/commit.h"

static uint32_t now(void)
{
    return (uint32_t)time(NULL);
}

/* --- blocks --- */

/* The block behind `block` of the file, made if there is none. *fresh: its
 * content means nothing yet. */
static errcode_t block_get(struct volume *v, struct volume_file *file,
                           uint64_t block, blk64_t *physical, bool *fresh)
{
    struct ext2_inode *inode = &file->attributes;
    blk64_t goal = *physical + 1;
    int flags = 0;
    errcode_t error = ext2fs_bmap2(v->fs, file->inode, inode, NULL, 0, block,
                                   &flags, physical);

    if (error)
        return error;
    *fresh = !*physical || flags & BMAP_RET_UNINIT;
    if (*physical)
        return *fresh ? ext2fs_bmap2(v->fs, file->inode, inode, NULL, BMAP_SET,
                                     block, NULL, physical)
                      : 0;
    if (goal == 1)
        goal = ext2fs_find_inode_goal(v->fs, file->inode, inode, block);
    error = ext2fs_new_block2(v->fs, goal, NULL, physical);
    if (error)
        return error;
    ext2fs_block_alloc_stats2(v->fs, *physical, +1);
    error = ext2fs_bmap2(v->fs, file->inode, inode, NULL, BMAP_SET | BMAP_ALLOC,
                         block, NULL, physical);
    return error ? error : ext2fs_iblk_add_blocks(v->fs, inode, 1);
}

/* Bytes `skip` to `skip + n` of a block; zeros if `data` is null. */
static errcode_t piece_write(struct volume *v, blk64_t physical, bool fresh,
                             size_t skip, const uint8_t *data, size_t n)
{
    uint64_t at = v->offset + physical * v->block_bytes;
    size_t behind = v->block_bytes - skip - n;
    int error = 0;

    if (physical >= ext2fs_blocks_count(v->fs->super))
        return EXT2_ET_BAD_BLOCK_NUM;
    if (fresh && skip)
        error = disk_write(v->disk, at, NULL, skip);
    if (!error)
        error = disk_write(v->disk, at + skip, data, n);
    if (!error && fresh && behind)
        error = disk_write(v->disk, at + skip + n, NULL, behind);
    return error ? EXT2_ET_SHORT_WRITE : 0;
}

static errcode_t data_put(struct volume *v, struct volume_file *file,
                          uint64_t offset, const uint8_t *data, size_t bytes)
{
    blk64_t physical = 0;
    errcode_t error = 0;

    while (bytes && !error) {
        size_t skip = (size_t)(offset % v->block_bytes);
        size_t n =
            v->block_bytes - skip < bytes ? v->block_bytes - skip : bytes;
        bool fresh;

        error = block_get(v, file, offset / v->block_bytes, &physical, &fresh);
        if (!error)
            error = piece_write(v, physical, fresh, skip, data, n);
        data += n;
        offset += n;
        bytes -= n;
    }
    return error;
}

/* Zeros from the file's end to the end of its block, or to `end`. */
static errcode_t tail_clear(struct volume *v, struct volume_file *file,
                            uint64_t end)
{
    size_t skip = (size_t)(file->size % v->block_bytes);
    uint64_t n = v->block_bytes - skip;
    blk64_t physical = 0;
    int flags = 0;
    errcode_t error;

    if (!skip || end <= file->size)
        return 0;
    error = ext2fs_bmap2(v->fs, file->inode, &file->attributes, NULL, 0,
                         file->size / v->block_bytes, &flags, &physical);
    if (error || !physical || flags & BMAP_RET_UNINIT)
        return error;
    return piece_write(v, physical, false, skip, NULL,
                       (size_t)(end - file->size < n ? end - file->size : n));
}

/* --- checks --- */

/* A block that has no number any more (ext4: 32 bits of logical block). */
static int size_check(const struct volume *v, uint64_t offset, uint64_t bytes)
{
    uint64_t end;

    return __builtin_add_overflow(offset, bytes, &end) ||
                   end / v->block_bytes >= UINT32_MAX - 1 || end > INT64_MAX
               ? FILES_ERR_TOO_LARGE
               : FILES_OK;
}

/* The file may be changed, and grow to `end`, with `blocks` new ones. */
static int prepare(struct volume *v, struct volume_file *file, uint64_t end,
                   uint64_t blocks)
{
    int error = commit_make_room(v, blocks + blocks / 64);

    if (!error)
        error = volume_refresh(v, file);
    if (!error && !LINUX_S_ISREG(file->attributes.i_mode))
        error = FILES_ERR_REQUEST;
    if (!error &&
        file->attributes.i_flags & (EXT2_IMMUTABLE_FL | EXT4_INLINE_DATA_FL))
        error = FILES_ERR_DENIED;
    /* What a commit still holds of this block is behind the end since just
     * now: let it be durable that it is. */
    if (!error && v->shrunk && end > file->size && file->size % v->block_bytes)
        error = commit(v);
    return error;
}

static errcode_t attributes_put(struct volume *v, struct volume_file *file,
                                uint64_t size)
{
    struct ext2_inode *inode = &file->attributes;
    errcode_t error = ext2fs_inode_size_set(v->fs, inode, (ext2_off64_t)size);

    if (error)
        return error;
    inode->i_mtime = inode->i_ctime = now();
    return ext2fs_write_inode(v->fs, file->inode, inode);
}

/* --- operations --- */

int volume_write(struct volume *v, struct volume_file *file, uint64_t offset,
                 const void *data, size_t bytes)
{
    uint64_t end = offset + bytes;
    int error = size_check(v, offset, bytes);
    errcode_t failed;

    if (!error)
        error = prepare(v, file, end,
                        (offset % v->block_bytes + bytes + v->block_bytes - 1) /
                            v->block_bytes);
    if (error)
        return error;
    failed = tail_clear(v, file, offset);
    if (!failed)
        failed = data_put(v, file, offset, data, bytes);
    if (!failed)
        failed = attributes_put(v, file, end > file->size ? end : file->size);
    return commit_check(v, volume_error(failed));
}

int volume_resize(struct volume *v, struct volume_file *file, uint64_t bytes)
{
    uint64_t blocks = (bytes + v->block_bytes - 1) / v->block_bytes;
    int error = size_check(v, bytes, 0);
    errcode_t failed = 0;

    if (!error)
        error = prepare(v, file, bytes, 0);
    if (error)
        return error;
    if (bytes < file->size) {
        failed = ext2fs_punch(v->fs, file->inode, &file->attributes, NULL,
                              blocks, ~0ull);
        v->shrunk = true;
    } else {
        failed = tail_clear(v, file, bytes);
    }
    if (!failed)
        failed = attributes_put(v, file, bytes);
    return commit_check(v, volume_error(failed));
}

/* A block of extended attributes may be shared. */
static errcode_t attributes_free(struct volume *v, ext2_ino_t number,
                                 struct ext2_inode *inode)
{
    blk64_t block = ext2fs_file_acl_block(v->fs, inode);
    uint32_t users = 0;
    errcode_t error;

    if (!block)
        return 0;
    error = ext2fs_adjust_ea_refcount3(v->fs, block, NULL, -1, &users, number);
    if (error)
        return error;
    if (!users)
        ext2fs_block_alloc_stats2(v->fs, block, -1);
    ext2fs_file_acl_block_set(v->fs, inode, 0);
    return ext2fs_iblk_sub_blocks(v->fs, inode, 1);
}

int volume_free(struct volume *v, ext2_ino_t number)
{
    struct ext2_inode inode;
    errcode_t error = ext2fs_read_inode(v->fs, number, &inode);

    if (!error && ext2fs_inode_has_valid_blocks2(v->fs, &inode))
        error = ext2fs_punch(v->fs, number, &inode, NULL, 0, ~0ull);
    if (!error)
        error = attributes_free(v, number, &inode);
    if (error)
        return volume_error(error);
    inode.i_links_count = 0;
    inode.i_dtime = now();
    error = ext2fs_inode_size_set(v->fs, &inode, 0);
    if (!error)
        error = ext2fs_write_inode(v->fs, number, &inode);
    if (!error)
        ext2fs_inode_alloc_stats2(v->fs, number, -1,
                                  LINUX_S_ISDIR(inode.i_mode));
    return volume_error(error);
}

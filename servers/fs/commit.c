/*
 * The order of writes and flushes (see commit.h).
 */
#include "commit.h"

#include <string.h>

/* Blocks kept for directories and extents when data takes the last ones. */
#define RESERVE_BLOCKS 32u

#define SUPERBLOCK_AT 1024u /* bytes into the file system */

/* --- allocation --- */

static errcode_t allocate(ext2_filsys fs, blk64_t goal, blk64_t *block)
{
    struct volume *v = fs->priv_data;

    return ext2fs_new_block2(fs, goal, v->taken, block);
}

/* The library has given out or taken back a block. */
static void allocated(ext2_filsys fs, blk64_t block, int in_use)
{
    struct volume *v = fs->priv_data;

    if (in_use > 0) {
        ext2fs_mark_block_bitmap2(v->taken, block);
        return;
    }
    change_forget(&v->change, block);
    if (!ext2fs_test_block_bitmap2(v->pinned, block)) {
        ext2fs_mark_block_bitmap2(v->pinned, block);
        v->pinned_count++;
    }
}

/* What was freed before the commit may be used from now on. */
static void unpin(struct volume *v)
{
    blk64_t at = v->fs->super->s_first_data_block;
    blk64_t last = ext2fs_blocks_count(v->fs->super) - 1;

    while (v->pinned_count &&
           !ext2fs_find_first_set_block_bitmap2(v->pinned, at, last, &at)) {
        ext2fs_unmark_block_bitmap2(v->pinned, at);
        ext2fs_unmark_block_bitmap2(v->taken, at);
        v->pinned_count--;
    }
}

errcode_t commit_begin(struct volume *v)
{
    errcode_t error = ext2fs_read_bitmaps(v->fs);

    if (!error)
        error = ext2fs_copy_bitmap(v->fs->block_map, &v->taken);
    if (!error)
        error =
            ext2fs_allocate_block_bitmap(v->fs, "pinned blocks", &v->pinned);
    if (error)
        return error;
    v->fs->priv_data = v;
    v->fs->umask = 022;
    /* Copies of superblock and descriptors are e2fsck's. */
    v->fs->flags |= EXT2_FLAG_MASTER_SB_ONLY;
    ext2fs_set_alloc_block_callback(v->fs, allocate, NULL);
    ext2fs_set_block_alloc_stats_callback(v->fs, allocated, NULL);
    v->marked = ext2fs_has_feature_journal_needs_recovery(v->fs->super);
    return 0;
}

void commit_end(struct volume *v)
{
    change_clear(&v->change);
    if (v->taken)
        ext2fs_free_block_bitmap(v->taken);
    if (v->pinned)
        ext2fs_free_block_bitmap(v->pinned);
    v->taken = v->pinned = NULL;
}

/* --- commit --- */

/* Set or clear, on the disk too, the superblock's flag that the journal may
 * have to be replayed. The rest of it stays as it was committed. */
static int mark(struct volume *v, bool needed)
{
    struct ext2_super_block super;
    uint64_t at = v->offset + SUPERBLOCK_AT;

    if (v->marked == needed)
        return 0;
    if (disk_read(v->disk, at, &super, sizeof(super)))
        return FILES_ERR_IO;
    if (needed) {
        ext2fs_set_feature_journal_needs_recovery(v->fs->super);
        ext2fs_set_feature_journal_needs_recovery(&super);
    } else {
        ext2fs_clear_feature_journal_needs_recovery(v->fs->super);
        ext2fs_clear_feature_journal_needs_recovery(&super);
    }
    ext2fs_superblock_csum_set(v->fs, &super);
    v->marked = needed;
    return disk_store(v->disk, at, &super, sizeof(super)) ? FILES_ERR_IO : 0;
}

/* The change, in its place. */
static int put_in_place(struct volume *v)
{
    int error = 0;

    for (unsigned i = 0; i < v->change.count && !error; i++) {
        const struct change_block *b = &v->change.blocks[i];

        if (!b->forgotten)
            error = disk_store(v->disk, v->offset + b->number * v->block_bytes,
                               b->data, v->block_bytes);
    }
    return error;
}

static bool library_is_dirty(const struct volume *v)
{
    return v->fs->flags &
           (EXT2_FLAG_DIRTY | EXT2_FLAG_BB_DIRTY | EXT2_FLAG_IB_DIRTY);
}

bool commit_is_needed(const struct volume *v)
{
    return v->writable && (change_count(&v->change) || library_is_dirty(v) ||
                           v->disk->cache.dirty_lines);
}

static int commit_steps(struct volume *v)
{
    errcode_t error = 0;

    if (mark(v, true))
        return FILES_ERR_IO;
    /* Bitmaps, descriptors and superblock join the change. */
    if (library_is_dirty(v))
        error = ext2fs_flush2(v->fs, EXT2_FLAG_FLUSH_NO_SYNC);
    if (error)
        return volume_error(error);
    /* Data first: what points to it comes later. */
    if (disk_clean(v->disk))
        return FILES_ERR_IO;
    if (!change_count(&v->change))
        return disk_flush(v->disk) ? FILES_ERR_IO : 0;
    if (journal_commit(&v->journal, &v->change) || put_in_place(v))
        return FILES_ERR_IO;
    change_clear(&v->change);
    unpin(v);
    v->shrunk = false;
    return 0;
}

int commit(struct volume *v)
{
    int error;

    if (v->failed)
        return FILES_ERR_IO;
    if (!commit_is_needed(v))
        return 0;
    error = commit_steps(v);
    v->failed = error != 0;
    return error;
}

int commit_and_rest(struct volume *v)
{
    int error = commit(v);

    if (error || !v->marked)
        return error;
    /* In place and durable, then the log is empty, then the flag. */
    if (disk_flush(v->disk) || journal_empty(&v->journal) || mark(v, false) ||
        disk_flush(v->disk))
        error = FILES_ERR_IO;
    v->failed = error != 0;
    return error;
}

/* --- around operations --- */

static uint64_t free_blocks(const struct volume *v)
{
    uint64_t blocks = ext2fs_free_blocks_count(v->fs->super);

    return blocks > v->pinned_count ? blocks - v->pinned_count : 0;
}

int commit_make_room(struct volume *v, uint64_t blocks)
{
    int error = 0;

    if (!v->writable || v->failed)
        return v->writable ? FILES_ERR_IO : FILES_ERR_READ_ONLY;
    if (!change_has_room(&v->change))
        error = commit(v);
    /* What was freed is free after a commit only. */
    if (!error && v->pinned_count && free_blocks(v) < blocks + RESERVE_BLOCKS)
        error = commit(v);
    if (!error && free_blocks(v) < blocks + (blocks > 8 ? RESERVE_BLOCKS : 0))
        error = FILES_ERR_FULL;
    return error;
}

int commit_check(struct volume *v, int error)
{
    if (error)
        v->failed = true;
    v->generation++;
    return error;
}

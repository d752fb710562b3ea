/*
 * The list of orphans (see orphan.h): the superblock has the first, each
 * inode's time of deletion is the number of the next.
 */
#include "orphan.h"

#include "servers/fs/commit.h"

static bool is_open(const struct volume *v, ext2_ino_t inode)
{
    for (const struct volume_file *f = v->files; f; f = f->next_open)
        if (f->inode == inode)
            return true;
    return false;
}

static bool is_inode(const struct volume *v, ext2_ino_t inode)
{
    return inode >= EXT2_FIRST_INO(v->fs->super) &&
           inode <= v->fs->super->s_inodes_count &&
           ext2fs_test_inode_bitmap2(v->fs->inode_map, inode);
}

static errcode_t list_add(struct volume *v, ext2_ino_t number)
{
    struct ext2_inode inode;
    errcode_t error = ext2fs_read_inode(v->fs, number, &inode);

    if (error)
        return error;
    inode.i_dtime = v->fs->super->s_last_orphan;
    v->fs->super->s_last_orphan = number;
    ext2fs_mark_super_dirty(v->fs);
    return ext2fs_write_inode(v->fs, number, &inode);
}

static errcode_t list_remove(struct volume *v, ext2_ino_t number)
{
    struct ext2_inode inode, before;
    ext2_ino_t at = v->fs->super->s_last_orphan;
    errcode_t error = ext2fs_read_inode(v->fs, number, &inode);

    if (error)
        return error;
    if (at == number) {
        v->fs->super->s_last_orphan = inode.i_dtime;
        ext2fs_mark_super_dirty(v->fs);
        return 0;
    }
    for (uint32_t i = 0; at && i < v->fs->super->s_inodes_count; i++) {
        error = ext2fs_read_inode(v->fs, at, &before);
        if (error)
            return error;
        if (before.i_dtime == number) {
            before.i_dtime = inode.i_dtime;
            return ext2fs_write_inode(v->fs, at, &before);
        }
        at = before.i_dtime;
    }
    return EXT2_ET_CORRUPT_SUPERBLOCK;
}

int orphan_unlinked(struct volume *v, ext2_ino_t inode)
{
    if (!is_open(v, inode))
        return volume_free(v, inode);
    return volume_error(list_add(v, inode));
}

void orphan_closed(struct volume *v, ext2_ino_t number)
{
    struct ext2_inode inode;
    int error;

    if (!v->writable || v->failed || !v->fs || !is_inode(v, number) ||
        is_open(v, number) || ext2fs_read_inode(v->fs, number, &inode) ||
        inode.i_links_count)
        return;
    error = commit_make_room(v, 0);
    if (!error)
        error = volume_error(list_remove(v, number));
    if (!error)
        error = volume_free(v, number);
    commit_check(v, error);
}

/* One that still has a name was being truncated when the power went. */
static int orphan_free(struct volume *v, ext2_ino_t number,
                       struct ext2_inode *inode)
{
    uint64_t blocks =
        (EXT2_I_SIZE(inode) + v->block_bytes - 1) / v->block_bytes;
    errcode_t error;

    if (!inode->i_links_count)
        return volume_free(v, number);
    /* Off the list whatever the library makes of its blocks: one that names
     * itself as the next must not come again and again. */
    inode->i_dtime = 0;
    error = ext2fs_write_inode(v->fs, number, inode);
    if (!error)
        error = ext2fs_punch(v->fs, number, inode, NULL, blocks, ~0ull);
    return volume_error(error);
}

int orphans_free(struct volume *v)
{
    struct ext2_inode inode;
    ext2_ino_t number;
    int error = FILES_OK;

    while (!error && (number = v->fs->super->s_last_orphan) != 0) {
        if (!is_inode(v, number))
            return FILES_ERR_CORRUPT;
        error = commit_make_room(v, 0);
        if (!error)
            error = volume_error(ext2fs_read_inode(v->fs, number, &inode));
        if (error)
            break;
        v->fs->super->s_last_orphan = inode.i_dtime;
        ext2fs_mark_super_dirty(v->fs);
        error = commit_check(v, orphan_free(v, number, &inode));
    }
    return error ? error : commit(v);
}

/*
 * Directories: names made, moved, removed (see volume.h). Everything that can
 * be refused is refused before anything is changed; the steps themselves form
 * one change, so their order does not matter to a power cut.
 */
#include <string.h>
#include <time.h>

#include "servers/fs/commit.h"
#include "servers/fs/orphan.h"
#include "servers/fs/place.h"

#define NAME_BLOCKS 4u /* that a new name may need at most */
#define DEPTH_MAX   4096u

/* --- making --- */

static errcode_t inode_make(struct volume *v, ext2_ino_t number, unsigned mode)
{
    struct ext2_inode inode;
    ext2_extent_handle_t extents;
    errcode_t error;

    memset(&inode, 0, sizeof(inode));
    inode.i_mode = (uint16_t)(LINUX_S_IFREG | (mode & 0777));
    inode.i_links_count = 1;
    inode.i_atime = inode.i_mtime = inode.i_ctime = (uint32_t)time(NULL);
    if (ext2fs_has_feature_extents(v->fs->super))
        inode.i_flags |= EXT4_EXTENTS_FL;
    error = ext2fs_write_new_inode(v->fs, number, &inode);
    if (error || !(inode.i_flags & EXT4_EXTENTS_FL))
        return error;
    /* Opening writes the head of an empty tree. */
    error = ext2fs_extent_open2(v->fs, number, &inode, &extents);
    if (error)
        return error;
    ext2fs_extent_free(extents);
    return ext2fs_write_inode(v->fs, number, &inode);
}

int tree_create(struct volume *v, struct path path, unsigned mode,
                ext2_ino_t *inode)
{
    struct place p;
    int error = place_find(v, path, &p);
    errcode_t failed;

    if (!error && p.inode)
        error = FILES_ERR_EXISTS;
    if (!error && p.must_be_directory)
        error = FILES_ERR_IS_DIRECTORY;
    if (!error)
        error = commit_make_room(v, NAME_BLOCKS);
    if (!error)
        error =
            volume_error(ext2fs_new_inode(v->fs, p.directory, 0, NULL, inode));
    if (error)
        return error;
    ext2fs_inode_alloc_stats2(v->fs, *inode, +1, 0);
    failed = inode_make(v, *inode, mode);
    if (!failed)
        failed = entry_add(v, &p, *inode, EXT2_FT_REG_FILE);
    if (!failed)
        failed = directory_touch(v, p.directory, 0);
    return commit_check(v, volume_error(failed));
}

static errcode_t mkdir_at(struct volume *v, const struct place *p)
{
    errcode_t error = ext2fs_mkdir(v->fs, p->directory, 0, p->name);

    if (error != EXT2_ET_DIR_NO_SPACE)
        return error;
    error = ext2fs_expand_dir(v->fs, p->directory);
    return error ? error : ext2fs_mkdir(v->fs, p->directory, 0, p->name);
}

static errcode_t mode_set(struct volume *v, struct place *p, unsigned mode)
{
    if (place_look(v, p) || !p->inode)
        return EXT2_ET_DIR_CORRUPTED;
    p->attributes.i_mode = (uint16_t)(LINUX_S_IFDIR | (mode & 0777));
    return ext2fs_write_inode(v->fs, p->inode, &p->attributes);
}

int tree_mkdir(struct volume *v, struct path path, unsigned mode)
{
    struct place p;
    int error = place_find(v, path, &p);
    errcode_t failed;
    ext2_ino_t unused;

    if (!error && p.inode)
        error = FILES_ERR_EXISTS;
    if (!error)
        error = directory_check_links(v, p.directory);
    if (!error)
        error = commit_make_room(v, NAME_BLOCKS);
    /* To be told of a lack of inodes before anything is changed. */
    if (!error)
        error = volume_error(
            ext2fs_new_inode(v->fs, p.directory, 0, NULL, &unused));
    if (error)
        return error;
    failed = mkdir_at(v, &p);
    if (!failed)
        failed = mode_set(v, &p, mode);
    if (!failed)
        failed = directory_touch(v, p.directory, 0);
    return commit_check(v, volume_error(failed));
}

/* --- removing --- */

/* One name fewer of what `p` has; a directory has one anyway. */
static int name_gone(struct volume *v, struct place *p)
{
    errcode_t error = ext2fs_read_inode(v->fs, p->inode, &p->attributes);

    if (error)
        return volume_error(error);
    if (place_is_directory(p))
        p->attributes.i_links_count = 0;
    else if (p->attributes.i_links_count)
        p->attributes.i_links_count--;
    p->attributes.i_ctime = (uint32_t)time(NULL);
    error = ext2fs_write_inode(v->fs, p->inode, &p->attributes);
    if (error || p->attributes.i_links_count)
        return volume_error(error);
    return orphan_unlinked(v, p->inode);
}

static int place_remove(struct volume *v, struct place *p)
{
    errcode_t failed = ext2fs_unlink(v->fs, p->directory, p->name, p->inode, 0);
    int error;

    if (!failed)
        failed =
            directory_touch(v, p->directory, place_is_directory(p) ? -1 : 0);
    error = volume_error(failed);
    return commit_check(v, error ? error : name_gone(v, p));
}

int tree_remove(struct volume *v, struct path path)
{
    struct place p;
    int error = place_find(v, path, &p);

    if (!error && !p.inode)
        error = FILES_ERR_NOT_FOUND;
    if (!error && place_is_directory(&p))
        error = FILES_ERR_IS_DIRECTORY;
    if (!error)
        error = commit_make_room(v, 0);
    return error ? error : place_remove(v, &p);
}

int tree_rmdir(struct volume *v, struct path path)
{
    struct place p;
    int error = place_find(v, path, &p);

    if (!error && !p.inode)
        error = FILES_ERR_NOT_FOUND;
    if (!error && !place_is_directory(&p))
        error = FILES_ERR_NOT_DIRECTORY;
    if (!error)
        error = directory_check_empty(v, p.inode);
    if (!error)
        error = commit_make_room(v, 0);
    return error ? error : place_remove(v, &p);
}

/* --- moving --- */

/* Is `directory` below `above`, or the same? Up along "..", to the root. */
static int check_not_below(struct volume *v, ext2_ino_t directory,
                           ext2_ino_t above)
{
    for (unsigned i = 0; i < DEPTH_MAX; i++) {
        errcode_t error;

        if (directory == above)
            return FILES_ERR_REQUEST;
        if (directory == EXT2_ROOT_INO)
            return FILES_OK;
        error = ext2fs_lookup(v->fs, directory, "..", 2, NULL, &directory);
        if (error)
            return volume_error(error);
    }
    return FILES_ERR_CORRUPT;
}

static int check_move(struct volume *v, const struct place *from,
                      const struct place *to)
{
    int error = FILES_OK;

    if (!from->inode)
        return FILES_ERR_NOT_FOUND;
    if (!place_is_directory(from) && to->must_be_directory)
        return FILES_ERR_NOT_DIRECTORY;
    if (to->inode && place_is_directory(from) && !place_is_directory(to))
        return FILES_ERR_NOT_DIRECTORY;
    if (to->inode && !place_is_directory(from) && place_is_directory(to))
        return FILES_ERR_IS_DIRECTORY;
    if (place_is_directory(from))
        error = check_not_below(v, to->directory, from->inode);
    if (!error && place_is_directory(from) && !to->inode)
        error = directory_check_links(v, to->directory);
    if (!error && to->inode && place_is_directory(to))
        error = directory_check_empty(v, to->inode);
    return error;
}

static errcode_t names_move(struct volume *v, struct place *from,
                            struct place *to)
{
    unsigned type = entry_type(&from->attributes);
    errcode_t error = to->inode ? entry_retarget(v, to->directory, to->name,
                                                 from->inode, type)
                                : entry_add(v, to, from->inode, type);

    return error ? error
                 : ext2fs_unlink(v->fs, from->directory, from->name,
                                 from->inode, 0);
}

static errcode_t directories_touch(struct volume *v, const struct place *from,
                                   const struct place *to)
{
    int moved = place_is_directory(from), replaced = moved && to->inode;
    errcode_t error = directory_touch(v, from->directory, -moved);

    if (!error)
        error = directory_touch(v, to->directory, moved - replaced);
    if (!error && moved && from->directory != to->directory)
        error =
            entry_retarget(v, from->inode, "..", to->directory, EXT2_FT_DIR);
    return error;
}

static errcode_t moved_touch(struct volume *v, const struct place *from)
{
    struct ext2_inode inode;
    errcode_t error = ext2fs_read_inode(v->fs, from->inode, &inode);

    inode.i_ctime = (uint32_t)time(NULL);
    return error ? error : ext2fs_write_inode(v->fs, from->inode, &inode);
}

int tree_rename(struct volume *v, struct path from_path, struct path to_path)
{
    struct place from, to;
    int error = place_find(v, from_path, &from);
    errcode_t failed;

    if (!error)
        error = place_find(v, to_path, &to);
    if (!error)
        error = check_move(v, &from, &to);
    if (!error && from.inode == to.inode)
        return FILES_OK; /* the same file: POSIX says, do nothing */
    if (!error)
        error = commit_make_room(v, NAME_BLOCKS);
    if (error)
        return error;
    failed = names_move(v, &from, &to);
    if (!failed)
        failed = directories_touch(v, &from, &to);
    if (!failed)
        failed = moved_touch(v, &from);
    error = volume_error(failed);
    if (!error && to.inode)
        error = name_gone(v, &to);
    return commit_check(v, error);
}

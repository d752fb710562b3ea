/*
 * Directories: names made, moved, removed (see volume.h). Everything that can
 * be refused is refused before anything is changed; the steps themselves form
 * one change, so their order does not matter to a power cut.
 */
#include "volume.h"

#include <string.h>
#include <time.h>

#include "servers/fs/commit.h"
#include "servers/fs/orphan.h"

#define LINKS_MAX   65000u /* as Linux has it */
#define NAME_BLOCKS 4u     /* that a new name may need at most */
#define DEPTH_MAX   4096u

/* A place in the tree: a directory, a name in it, and what is there. */
struct place {
    ext2_ino_t directory;
    char name[FILES_NAME_MAX + 1];
    int name_bytes;
    ext2_ino_t inode; /* 0: nothing */
    struct ext2_inode attributes;
    bool must_be_directory; /* the path ends with a slash */
};

/* --- finding --- */

static int place_look(struct volume *v, struct place *p)
{
    errcode_t error = ext2fs_lookup(v->fs, p->directory, p->name, p->name_bytes,
                                    NULL, &p->inode);

    if (error == EXT2_ET_FILE_NOT_FOUND) {
        p->inode = 0;
        return FILES_OK;
    }
    if (!error)
        error = ext2fs_read_inode(v->fs, p->inode, &p->attributes);
    if (!error && p->must_be_directory && !LINUX_S_ISDIR(p->attributes.i_mode))
        return FILES_ERR_NOT_DIRECTORY;
    return volume_error(error);
}

static int place_find(struct volume *v, struct path path, struct place *p)
{
    size_t end = path.bytes, start;
    unsigned type;
    int error;

    memset(p, 0, sizeof(*p));
    while (end && path.text[end - 1] == '/')
        end--;
    p->must_be_directory = end < path.bytes;
    for (start = end; start && path.text[start - 1] != '/';)
        start--;
    if (end == start)
        return FILES_ERR_REQUEST; /* the root */
    if (end - start > FILES_NAME_MAX || path.bytes > FILES_PATH_MAX ||
        memchr(path.text, 0, path.bytes))
        return FILES_ERR_NAME;
    memcpy(p->name, path.text + start, end - start);
    p->name_bytes = (int)(end - start);
    if (!strcmp(p->name, ".") || !strcmp(p->name, ".."))
        return FILES_ERR_REQUEST;
    error = volume_walk(v, path.text, start, FILES_MUST_DIRECTORY,
                        &p->directory, &type);
    return error ? error : place_look(v, p);
}

static bool is_directory(const struct place *p)
{
    return LINUX_S_ISDIR(p->attributes.i_mode);
}

/* --- entries and counts --- */

static unsigned entry_type(const struct ext2_inode *inode)
{
    static const uint8_t types[16] = {
        [LINUX_S_IFREG >> 12] = EXT2_FT_REG_FILE,
        [LINUX_S_IFDIR >> 12] = EXT2_FT_DIR,
        [LINUX_S_IFCHR >> 12] = EXT2_FT_CHRDEV,
        [LINUX_S_IFBLK >> 12] = EXT2_FT_BLKDEV,
        [LINUX_S_IFIFO >> 12] = EXT2_FT_FIFO,
        [LINUX_S_IFSOCK >> 12] = EXT2_FT_SOCK,
        [LINUX_S_IFLNK >> 12] = EXT2_FT_SYMLINK,
    };

    return types[inode->i_mode >> 12 & 15];
}

static errcode_t entry_add(struct volume *v, const struct place *p,
                           ext2_ino_t inode, unsigned type)
{
    errcode_t error =
        ext2fs_link(v->fs, p->directory, p->name, inode, (int)type);

    if (error != EXT2_ET_DIR_NO_SPACE)
        return error;
    error = ext2fs_expand_dir(v->fs, p->directory);
    return error ? error
                 : ext2fs_link(v->fs, p->directory, p->name, inode, (int)type);
}

/* Points an entry somewhere else. */
struct retarget {
    const char *name;
    int name_bytes;
    ext2_ino_t inode;
    unsigned type;
    bool done;
};

static int retarget_entry(ext2_ino_t directory, int which,
                          struct ext2_dir_entry *entry, int offset,
                          int block_bytes, char *buffer, void *context)
{
    struct retarget *r = context;

    (void)directory, (void)which, (void)offset, (void)block_bytes, (void)buffer;
    if (ext2fs_dirent_name_len(entry) != r->name_bytes ||
        memcmp(entry->name, r->name, (size_t)r->name_bytes) != 0)
        return 0;
    entry->inode = r->inode;
    if (ext2fs_dirent_file_type(entry))
        ext2fs_dirent_set_file_type(entry, (int)r->type);
    r->done = true;
    return DIRENT_ABORT | DIRENT_CHANGED;
}

static errcode_t entry_retarget(struct volume *v, ext2_ino_t directory,
                                const char *name, ext2_ino_t inode,
                                unsigned type)
{
    struct retarget r = {name, (int)strlen(name), inode, type, false};
    errcode_t error =
        ext2fs_dir_iterate2(v->fs, directory, 0, NULL, retarget_entry, &r);

    return error || r.done ? error : EXT2_ET_FILE_NOT_FOUND;
}

/* A directory has changed: its time, and the links that ".." of others are. */
static errcode_t directory_touch(struct volume *v, ext2_ino_t number, int links)
{
    struct ext2_inode inode;
    errcode_t error = ext2fs_read_inode(v->fs, number, &inode);

    if (error)
        return error;
    inode.i_mtime = inode.i_ctime = (uint32_t)time(NULL);
    /* 1 stands for more than can be counted. */
    if (inode.i_links_count > 1)
        inode.i_links_count = (uint16_t)(inode.i_links_count + links);
    return ext2fs_write_inode(v->fs, number, &inode);
}

static int empty_entry(ext2_ino_t directory, int which,
                       struct ext2_dir_entry *entry, int offset,
                       int block_bytes, char *buffer, void *context)
{
    bool *empty = context;

    (void)directory, (void)offset, (void)block_bytes, (void)buffer;
    (void)entry;
    if (which != DIRENT_OTHER_FILE)
        return 0;
    *empty = false;
    return DIRENT_ABORT;
}

static int check_empty(struct volume *v, ext2_ino_t directory)
{
    bool empty = true;
    errcode_t error =
        ext2fs_dir_iterate2(v->fs, directory, 0, NULL, empty_entry, &empty);

    if (error)
        return volume_error(error);
    return empty ? FILES_OK : FILES_ERR_NOT_EMPTY;
}

static int check_links(struct volume *v, ext2_ino_t directory)
{
    struct ext2_inode inode;
    errcode_t error = ext2fs_read_inode(v->fs, directory, &inode);

    if (error)
        return volume_error(error);
    return inode.i_links_count >= LINKS_MAX ? FILES_ERR_FULL : FILES_OK;
}

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
        error = check_links(v, p.directory);
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
    if (is_directory(p))
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
        failed = directory_touch(v, p->directory, is_directory(p) ? -1 : 0);
    error = volume_error(failed);
    return commit_check(v, error ? error : name_gone(v, p));
}

int tree_remove(struct volume *v, struct path path)
{
    struct place p;
    int error = place_find(v, path, &p);

    if (!error && !p.inode)
        error = FILES_ERR_NOT_FOUND;
    if (!error && is_directory(&p))
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
    if (!error && !is_directory(&p))
        error = FILES_ERR_NOT_DIRECTORY;
    if (!error)
        error = check_empty(v, p.inode);
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
    if (!is_directory(from) && to->must_be_directory)
        return FILES_ERR_NOT_DIRECTORY;
    if (to->inode && is_directory(from) && !is_directory(to))
        return FILES_ERR_NOT_DIRECTORY;
    if (to->inode && !is_directory(from) && is_directory(to))
        return FILES_ERR_IS_DIRECTORY;
    if (is_directory(from))
        error = check_not_below(v, to->directory, from->inode);
    if (!error && is_directory(from) && !to->inode)
        error = check_links(v, to->directory);
    if (!error && to->inode && is_directory(to))
        error = check_empty(v, to->inode);
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
    int moved = is_directory(from), replaced = moved && to->inode;
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

/*
 * Places in the tree, looked up and changed step by step (see place.h).
 */
#include "servers/fs/place.h"

#include <string.h>
#include <time.h>

#define LINKS_MAX 65000u /* as Linux has it */

int place_look(struct volume *v, struct place *p)
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

int place_find(struct volume *v, struct path path, struct place *p)
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

bool place_is_directory(const struct place *p)
{
    return LINUX_S_ISDIR(p->attributes.i_mode);
}

unsigned entry_type(const struct ext2_inode *inode)
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

errcode_t entry_add(struct volume *v, const struct place *p, ext2_ino_t inode,
                    unsigned type)
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

errcode_t entry_retarget(struct volume *v, ext2_ino_t directory,
                         const char *name, ext2_ino_t inode, unsigned type)
{
    struct retarget r = {name, (int)strlen(name), inode, type, false};
    errcode_t error =
        ext2fs_dir_iterate2(v->fs, directory, 0, NULL, retarget_entry, &r);

    return error || r.done ? error : EXT2_ET_FILE_NOT_FOUND;
}

errcode_t directory_touch(struct volume *v, ext2_ino_t number, int links)
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

int directory_check_empty(struct volume *v, ext2_ino_t directory)
{
    bool empty = true;
    errcode_t error =
        ext2fs_dir_iterate2(v->fs, directory, 0, NULL, empty_entry, &empty);

    if (error)
        return volume_error(error);
    return empty ? FILES_OK : FILES_ERR_NOT_EMPTY;
}

int directory_check_links(struct volume *v, ext2_ino_t directory)
{
    struct ext2_inode inode;
    errcode_t error = ext2fs_read_inode(v->fs, directory, &inode);

    if (error)
        return volume_error(error);
    return inode.i_links_count >= LINKS_MAX ? FILES_ERR_FULL : FILES_OK;
}

/*
 * Names, attributes, directories, links: what is read (see volume.h).
 */
#include "volume.h"

#include <string.h>

#include "servers/fs/path.h"

int volume_error(errcode_t error)
{
    switch (error) {
    case 0:
        return FILES_OK;
    case EXT2_ET_FILE_NOT_FOUND:
        return FILES_ERR_NOT_FOUND;
    case EXT2_ET_NO_DIRECTORY:
        return FILES_ERR_NOT_DIRECTORY;
    case EXT2_ET_NO_MEMORY:
        return FILES_ERR_MEMORY;
    case EXT2_ET_SHORT_READ:
    case EXT2_ET_SHORT_WRITE:
        return FILES_ERR_IO;
    case EXT2_ET_BLOCK_ALLOC_FAIL:
    case EXT2_ET_INODE_ALLOC_FAIL:
    case EXT2_ET_DIR_NO_SPACE:
        return FILES_ERR_FULL;
    case EXT2_ET_DIR_EXISTS:
        return FILES_ERR_EXISTS;
    case EXT2_ET_FILE_TOO_BIG:
        return FILES_ERR_TOO_LARGE;
    case EXT2_ET_RO_FILSYS:
        return FILES_ERR_READ_ONLY;
    default:
        return FILES_ERR_CORRUPT;
    }
}

/* The directory entry's type, from an inode's mode. */
static unsigned type_of(const struct ext2_inode *inode)
{
    static const uint8_t types[16] = {
        [LINUX_S_IFREG >> 12] = FILES_TYPE_REGULAR,
        [LINUX_S_IFDIR >> 12] = FILES_TYPE_DIRECTORY,
        [LINUX_S_IFCHR >> 12] = FILES_TYPE_CHARACTER,
        [LINUX_S_IFBLK >> 12] = FILES_TYPE_BLOCK,
        [LINUX_S_IFIFO >> 12] = FILES_TYPE_FIFO,
        [LINUX_S_IFSOCK >> 12] = FILES_TYPE_SOCKET,
        [LINUX_S_IFLNK >> 12] = FILES_TYPE_LINK,
    };

    return types[inode->i_mode >> 12 & 15];
}

static int tree_lookup(void *context, uint64_t dir, const char *name,
                       size_t bytes, uint64_t *node, unsigned *type)
{
    struct volume *v = context;
    struct ext2_inode inode;
    ext2_ino_t found;
    errcode_t error =
        ext2fs_lookup(v->fs, (ext2_ino_t)dir, name, (int)bytes, NULL, &found);

    if (!error)
        error = ext2fs_read_inode(v->fs, found, &inode);
    if (error)
        return volume_error(error);
    *node = found;
    *type = type_of(&inode);
    return FILES_OK;
}

static int tree_readlink(void *context, uint64_t node, char *text, size_t room,
                         size_t *bytes)
{
    return volume_readlink(context, (ext2_ino_t)node, text, room, bytes);
}

int volume_walk(struct volume *v, const char *path, size_t bytes,
                unsigned flags, ext2_ino_t *inode, unsigned *type)
{
    struct path_tree tree = {tree_lookup, tree_readlink, v, EXT2_ROOT_INO};
    uint64_t node;
    int error = path_walk(&tree, path, bytes, flags, &node, type);

    if (!error)
        *inode = (ext2_ino_t)node;
    return error;
}

int volume_stat(struct volume *v, ext2_ino_t inode, struct files_stat *stat)
{
    struct ext2_inode i;
    errcode_t error = ext2fs_read_inode(v->fs, inode, &i);

    if (error)
        return volume_error(error);
    *stat = (struct files_stat){
        .inode = inode,
        .size = EXT2_I_SIZE(&i),
        .blocks = ext2fs_get_stat_i_blocks(v->fs, &i),
        .mode = i.i_mode,
        .links = i.i_links_count,
        .uid = inode_uid(i),
        .gid = inode_gid(i),
        .access_seconds = i.i_atime,
        .modify_seconds = i.i_mtime,
        .change_seconds = i.i_ctime,
    };
    return FILES_OK;
}

int volume_statfs(struct volume *v, struct files_statfs *statfs)
{
    struct ext2_super_block *s = v->fs->super;

    memset(statfs, 0, sizeof(*statfs));
    statfs->block_bytes = v->block_bytes;
    statfs->blocks = ext2fs_blocks_count(v->fs->super);
    statfs->free_blocks = ext2fs_free_blocks_count(v->fs->super);
    statfs->flags = v->writable ? FILES_STATFS_WRITABLE : 0;
    statfs->inodes = s->s_inodes_count;
    statfs->free_inodes = s->s_free_inodes_count;
    memcpy(statfs->label, s->s_volume_name, sizeof(s->s_volume_name));
    strcpy(statfs->type, ext2fs_has_feature_extents(s)   ? "ext4"
                         : ext2fs_has_feature_journal(s) ? "ext3"
                                                         : "ext2");
    return FILES_OK;
}

struct list {
    volume_entry *each;
    void *context;
    uint64_t skip;
};

static int list_entry(ext2_ino_t dir, int which, struct ext2_dir_entry *entry,
                      int offset, int block_bytes, char *buffer, void *context)
{
    struct list *list = context;
    unsigned type = (unsigned)ext2fs_dirent_file_type(entry);

    (void)dir, (void)which, (void)offset, (void)block_bytes, (void)buffer;
    if (list->skip) {
        list->skip--;
        return 0;
    }
    return list->each(list->context, entry->inode,
                      type <= FILES_TYPE_LINK ? type : FILES_TYPE_UNKNOWN,
                      entry->name, (size_t)ext2fs_dirent_name_len(entry))
               ? DIRENT_ABORT
               : 0;
}

int volume_list(struct volume *v, ext2_ino_t inode, uint64_t position,
                volume_entry *each, void *context)
{
    struct list list = {each, context, position};

    return volume_error(
        ext2fs_dir_iterate2(v->fs, inode, 0, NULL, list_entry, &list));
}

/* A short link's text is in the inode itself. */
int volume_readlink(struct volume *v, ext2_ino_t inode, char *text, size_t room,
                    size_t *bytes)
{
    struct volume_file file;
    int error = volume_open(v, inode, &file);

    if (error)
        return error;
    if (!LINUX_S_ISLNK(file.attributes.i_mode))
        error = FILES_ERR_NOT_LINK;
    else if (file.size > room)
        error = FILES_ERR_NAME;
    else if (ext2fs_is_fast_symlink(&file.attributes)) {
        *bytes = file.size < sizeof(file.attributes.i_block)
                     ? file.size
                     : sizeof(file.attributes.i_block);
        memcpy(text, file.attributes.i_block, *bytes);
    } else
        error = volume_read(v, &file, 0, text, file.size, bytes);
    volume_close(&file);
    return error;
}

/*
 * Mounting, names, attributes, directories, links (see volume.h). Files' data
 * is in volume_file.c.
 */
#include "volume.h"

#include <et/com_err.h>
#include <stdio.h>
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
        return FILES_ERR_IO;
    default:
        return FILES_ERR_CORRUPT;
    }
}

/* Where a copy of the superblock is, by block size (ext4: block 0 or 1 of
 * group 1, whose size in blocks is 8 * block size). */
static const struct {
    int superblock;
    unsigned block_bytes;
} copies[] = {{0, 0}, {32768, 4096}, {8193, 1024}, {16384, 2048}};

static errcode_t open_any(struct volume *v, int *superblock)
{
    errcode_t first = 0, error;

    for (size_t i = 0; i < sizeof(copies) / sizeof(copies[0]); i++) {
        *superblock = copies[i].superblock;
        error = ext2fs_open2(
            "partition", NULL, EXT2_FLAG_64BITS | EXT2_FLAG_SKIP_MMP,
            copies[i].superblock, copies[i].block_bytes, &volume_io, &v->fs);
        if (!error || (error == EXT2_ET_SHORT_READ && v->disk->last_error))
            return error;
        if (!first)
            first = error;
    }
    return first;
}

int volume_mount(struct volume *v, struct disk *disk, uint64_t offset,
                 uint64_t bytes, char *message)
{
    errcode_t error;
    int superblock;

    message[0] = 0;
    memset(v, 0, sizeof(*v));
    v->disk = disk;
    v->offset = offset;
    v->bytes = bytes;
    volume_io_target = v;
    initialize_ext2_error_table();
    error = open_any(v, &superblock);
    if (error) {
        v->fs = NULL;
        snprintf(message, FILES_STATUS_MAX + 1, "no usable ext4: %s",
                 error == EXT2_ET_SHORT_READ && disk->last_error
                     ? block_error_text(disk->last_error)
                     : error_message(error));
        return volume_error(error);
    }
    v->block_bytes = v->fs->blocksize;
    if (ext2fs_blocks_count(v->fs->super) > bytes / v->block_bytes) {
        snprintf(message, FILES_STATUS_MAX + 1,
                 "ext4 claims %llu blocks, its partition has %llu",
                 (unsigned long long)ext2fs_blocks_count(v->fs->super),
                 (unsigned long long)(bytes / v->block_bytes));
        volume_unmount(v);
        return FILES_ERR_CORRUPT;
    }
    if (superblock)
        snprintf(message, FILES_STATUS_MAX + 1,
                 "the superblock is damaged; using its copy at block %d",
                 superblock);
    else if (ext2fs_has_feature_journal_needs_recovery(v->fs->super))
        snprintf(message, FILES_STATUS_MAX + 1,
                 "not cleanly unmounted; the journal is not replayed");
    return FILES_OK;
}

void volume_unmount(struct volume *v)
{
    if (v->fs)
        ext2fs_free(v->fs);
    v->fs = NULL;
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

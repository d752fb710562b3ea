/*
 * The mounted file system: ext4 (ext2, ext3) on one partition, through
 * libext2fs. One at a time: the library's I/O manager has no context.
 *
 * Functions return an enum files_error (<cordon/files.h>). What the file system
 * says is checked before it becomes an offset: nothing beyond the partition is
 * ever read or written, whatever the tables on it claim.
 *
 * What is changed is in memory until the next commit (commit.h).
 */
#pragma once

#include <cordon/files.h>
#include <ext2fs/ext2fs.h>

#include "servers/fs/disk.h"
#include "servers/fs/journal.h"

struct volume {
    struct disk *disk;
    uint64_t offset, bytes; /* of the partition on the disk */
    ext2_filsys fs;
    uint32_t block_bytes;
    struct volume_file *files; /* the open ones */
    uint64_t generation;       /* counts changes that open files must notice */

    /* The rest only if it is writable. */
    bool writable;
    bool failed; /* a change ended halfway: only a new mount helps */
    bool marked; /* the superblock says that the journal may be needed */
    bool shrunk; /* a file became shorter since the last commit */
    struct change change;
    struct journal journal;
    ext2fs_block_bitmap taken;  /* not to be allocated: in use, or ... */
    ext2fs_block_bitmap pinned; /* ... freed since the last commit */
    uint64_t pinned_count;
};

/* An open file or directory. */
struct volume_file {
    struct volume *volume;
    struct volume_file *next_open;
    uint64_t generation; /* of the volume, when it was last looked at */
    ext2_ino_t inode;
    bool may_write; /* the handle's right */
    struct ext2_inode attributes;
    uint64_t size;
    ext2_extent_handle_t extents; /* null if it has none */
    uint64_t next;                /* where a sequential reader goes on */
    /* A run of blocks that the file has in a row, in blocks; physical 0: a
     * hole. */
    uint64_t run_logical, run_physical, run_blocks;
};

/* Open the file system on `bytes` bytes of `disk` at `offset`; writable, if
 * disk and file system allow it. `message`, of FILES_STATUS_MAX + 1 bytes, says
 * what is wrong, or remarkable, or nothing. */
int volume_mount(struct volume *v, struct disk *disk, uint64_t offset,
                 uint64_t bytes, char *message);
/* What was not committed is lost. */
void volume_unmount(struct volume *v);

int volume_walk(struct volume *v, const char *path, size_t bytes,
                unsigned flags, ext2_ino_t *inode, unsigned *type);
int volume_stat(struct volume *v, ext2_ino_t inode, struct files_stat *stat);
int volume_statfs(struct volume *v, struct files_statfs *statfs);

/* *file is part of the volume's list until it is closed. */
int volume_open(struct volume *v, ext2_ino_t inode, struct volume_file *file);
void volume_close(struct volume_file *file);

/* Look again at a file that has changed since it was last looked at. */
int volume_refresh(struct volume *v, struct volume_file *file);

/* The disk block of logical block `block`, as `run_*` of *file. */
int volume_run(struct volume *v, struct volume_file *file, uint64_t block);

/* Up to `bytes` bytes at `offset`; *done says how many, 0 at the end. Starts
 * reading ahead for who reads on. */
int volume_read(struct volume *v, struct volume_file *file, uint64_t offset,
                void *to, size_t bytes, size_t *done);

/* Pass the entries of a directory from number `position` on to `each` until
 * that returns not 0 (it did not take the entry) or there are none. */
typedef int volume_entry(void *context, uint64_t inode, unsigned type,
                         const char *name, size_t bytes);
int volume_list(struct volume *v, ext2_ino_t inode, uint64_t position,
                volume_entry *each, void *context);

/* Change a file (volume_write.c). All or nothing, but for a disk that fails.
 * FILES_ERR_FULL, FILES_ERR_TOO_LARGE. */
int volume_write(struct volume *v, struct volume_file *file, uint64_t offset,
                 const void *data, size_t bytes);
int volume_resize(struct volume *v, struct volume_file *file, uint64_t bytes);

/* Free an inode that has no name any more, and all of its blocks. */
int volume_free(struct volume *v, ext2_ino_t inode);

/* The text of a link, not terminated. FILES_ERR_NAME if longer than `room`. */
int volume_readlink(struct volume *v, ext2_ino_t inode, char *text, size_t room,
                    size_t *bytes);

/* The error of this server that one of the library stands for. */
int volume_error(errcode_t error);

/* Bytes of a path, without a NUL at the end. */
struct path {
    const char *text;
    size_t bytes;
};

/* Change directories (tree.c). A name that is there: FILES_ERR_EXISTS; one that
 * cannot be: FILES_ERR_NAME, FILES_ERR_REQUEST for "." and "..". */
int tree_create(struct volume *v, struct path path, unsigned mode,
                ext2_ino_t *inode);
int tree_mkdir(struct volume *v, struct path path, unsigned mode);
int tree_remove(struct volume *v, struct path path);
int tree_rmdir(struct volume *v, struct path path); /* FILES_ERR_NOT_EMPTY */
/* `to` is replaced if it is there; nobody ever sees neither or both. */
int tree_rename(struct volume *v, struct path from, struct path to);

/* The library's I/O manager over a volume's disk; set *volume_io_target first.
 */
extern struct struct_io_manager volume_io;
extern struct volume *volume_io_target;

/*
 * The mounted file system: ext4 (ext2, ext3) on one partition, read-only,
 * through libext2fs. One at a time: the library's I/O manager has no context.
 *
 * Functions return an enum files_error (<cordon/files.h>). What the file system
 * says is checked before it becomes an offset: nothing beyond the partition is
 * ever read, whatever the tables on it claim.
 */
#pragma once

#include <cordon/files.h>
#include <ext2fs/ext2fs.h>

#include "servers/fs/disk.h"

struct volume {
    struct disk *disk;
    uint64_t offset, bytes; /* of the partition on the disk */
    ext2_filsys fs;
    uint32_t block_bytes;
};

/* An open file or directory. */
struct volume_file {
    ext2_ino_t inode;
    struct ext2_inode attributes;
    uint64_t size;
    ext2_extent_handle_t extents; /* null if it has none */
    uint64_t next;                /* where a sequential reader goes on */
    /* A run of blocks that the file has in a row, in blocks; physical 0: a
     * hole. */
    uint64_t run_logical, run_physical, run_blocks;
};

/* Open the file system on `bytes` bytes of `disk` at `offset`. `message`, of
 * FILES_STATUS_MAX + 1 bytes, says what is wrong, or remarkable, or nothing. */
int volume_mount(struct volume *v, struct disk *disk, uint64_t offset,
                 uint64_t bytes, char *message);
void volume_unmount(struct volume *v);

int volume_walk(struct volume *v, const char *path, size_t bytes,
                unsigned flags, ext2_ino_t *inode, unsigned *type);
int volume_stat(struct volume *v, ext2_ino_t inode, struct files_stat *stat);
int volume_statfs(struct volume *v, struct files_statfs *statfs);

int volume_open(struct volume *v, ext2_ino_t inode, struct volume_file *file);
void volume_close(struct volume_file *file);

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

/* The text of a link, not terminated. FILES_ERR_NAME if longer than `room`. */
int volume_readlink(struct volume *v, ext2_ino_t inode, char *text, size_t room,
                    size_t *bytes);

/* The error of this server that one of the library stands for. */
int volume_error(errcode_t error);

/* The library's I/O manager over a volume's disk; set *volume_io_target first.
 */
extern struct struct_io_manager volume_io;
extern struct volume *volume_io_target;

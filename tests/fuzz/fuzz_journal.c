/*
 * Fuzz what a mount does with the disk that a power cut left: the replay of the
 * journal and the list of orphans. Each run begins with file systems on which
 * our own writer committed a change, with two files open that had no name any
 * more, before the power went. The input changes one of them: its first byte
 * says which, then come changes of 7 bytes each (struct edit). Whatever they
 * are, the mount ends, writes nothing outside its partition and not without
 * end, and a volume that can be written has no orphans left.
 *
 * links: tests/model/disk_model.c tests/model/image_model.c
 * links: servers/fs/cache.c servers/fs/cache_write.c servers/fs/disk.c
 * links: servers/fs/change.c servers/fs/journal.c servers/fs/journal_replay.c
 * links: servers/fs/commit.c servers/fs/orphan.c servers/fs/path.c
 * links: servers/fs/place.c servers/fs/tree.c servers/fs/volume.c
 * links: servers/fs/volume_file.c
 * links: servers/fs/volume_io.c servers/fs/volume_mount.c
 * links: servers/fs/volume_write.c
 * libs: -lext2fs -lcom_err
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "servers/fs/commit.h"
#include "servers/fs/journal_format.h"
#include "tests/model/disk_model.h"
#include "tests/model/image_model.h"

#define BLOCK      1024u
#define FS_BYTES   (3072u * BLOCK)
#define GAP        (64u << 10) /* before, between and behind the file systems */
#define FORMATS    2u
#define LOG_BLOCKS 64u
#define DISK_BYTES (GAP + FORMATS * (FS_BYTES + GAP))
/* The log is replayed once or nearly twice; then orphans are freed. */
#define EVENTS_MAX 20000u
#define EDITS_MAX  64u

static const char *const formats[FORMATS] = {
    "-O ^resize_inode",
    "-O ^resize_inode,^extents,^64bit,^metadata_csum,^flex_bg",
};

static struct file_system {
    uint64_t offset; /* on the disk */
    uint64_t journal, inodes;
    uint64_t log[LOG_BLOCKS]; /* from the change on that is to be replayed */
    uint32_t sequence;
} file_systems[FORMATS];

static struct disk disk;
static struct volume volume;
static char message[FILES_STATUS_MAX + 1];

enum place {
    PLACE_SUPERBLOCK, /* the journal's */
    PLACE_LOG,        /* its block `offset` / BLOCK */
    PLACE_INODES,
    PLACE_ORPHANS, /* the first of the list */
    PLACE_HEADER,  /* block `offset` of the log begins as the journal's own */
    PLACE_COPY,    /* block `offset` of the log is as block `value` */
    PLACES,
};

struct edit {
    uint8_t place; /* from 128 on: one byte, not four */
    uint8_t offset[2];
    uint8_t value[4];
};

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "not so: %s\n", what);
    abort();
}

static int mount(uint64_t offset)
{
    memset(&disk, 0, sizeof(disk));
    require(!disk_open(&disk, "disk", 0), "the disk opens");
    return volume_mount(&volume, &disk, offset, FS_BYTES, message);
}

static void unmount(void)
{
    volume_unmount(&volume);
    disk_close(&disk);
}

/* --- what our writer leaves, the same in each run --- */

static struct path path_of(const char *text)
{
    return (struct path){text, strlen(text)};
}

static void file_make(const char *path, struct volume_file *file)
{
    static const char data[30000] = "some data";
    ext2_ino_t inode;

    require(!tree_create(&volume, path_of(path), 0644, &inode) &&
                !volume_open(&volume, inode, file) &&
                !volume_write(&volume, file, 0, data, sizeof(data)),
            "a file is written");
}

static void power_cut_make(struct file_system *fs)
{
    struct volume_file open[3];

    require(!mount(fs->offset) && volume.writable, "a new volume is writable");
    file_make("/kept", &open[0]);
    file_make("/gone", &open[1]);
    file_make("/gone as well", &open[2]);
    require(!commit(&volume) && !tree_mkdir(&volume, path_of("/d"), 0755) &&
                !tree_remove(&volume, path_of("/gone")) &&
                !tree_remove(&volume, path_of("/gone as well")) &&
                !commit(&volume),
            "a change is committed");
    fs->journal = journal_place(&volume.journal, 0);
    for (uint32_t i = 0; i < LOG_BLOCKS; i++)
        fs->log[i] = journal_place(
            &volume.journal,
            journal_after(&volume.journal, volume.journal.start, i));
    fs->inodes =
        fs->offset + ext2fs_inode_table_loc(volume.fs, 0) * (uint64_t)BLOCK;
    fs->sequence = volume.journal.sequence - 1;
    volume.failed = true; /* the power is off */
    for (unsigned i = 0; i < 3; i++)
        volume_close(&open[i]);
    unmount();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char path[] = "/tmp/cordon-XXXXXX";
    int file = mkstemp(path);
    uint8_t *image;

    (void)argc, (void)argv;
    require(file >= 0 && !ftruncate(file, DISK_BYTES), "there is a file");
    close(file);
    for (unsigned i = 0; i < FORMATS; i++) {
        file_systems[i].offset = GAP + i * (FS_BYTES + GAP);
        require(image_format(path, formats[i], (unsigned)file_systems[i].offset,
                             FS_BYTES / BLOCK),
                "mke2fs makes a file system");
    }
    disk_model_load(path);
    unlink(path);
    for (unsigned i = 0; i < FORMATS; i++)
        power_cut_make(&file_systems[i]);
    image = malloc(DISK_BYTES);
    require(image, "there is memory");
    memcpy(image, disk_model.image, DISK_BYTES);
    disk_model_set(image, DISK_BYTES);
    free(image);
    return 0;
}

/* --- an input --- */

/* What was changed, to put it back. */
static struct {
    uint64_t at;
    size_t bytes;
} edited[EDITS_MAX];
static unsigned edited_count;

static void put(uint64_t at, const void *data, size_t bytes)
{
    edited[edited_count].at = at;
    edited[edited_count++].bytes = bytes;
    memmove(disk_model.image + at, data, bytes);
}

static void header_put(const struct file_system *fs, uint64_t at,
                       const uint8_t *value)
{
    uint32_t header[3] = {
        __builtin_bswap32(JOURNAL_MAGIC),
        __builtin_bswap32(value[0] & 1 ? JOURNAL_COMMIT : JOURNAL_DESCRIPTOR),
        __builtin_bswap32(fs->sequence + value[1]),
    };

    put(at, header, sizeof(header));
}

static void edit_apply(const struct file_system *fs, const struct edit *e)
{
    uint32_t offset = e->offset[0] | (uint32_t)e->offset[1] << 8;
    size_t bytes = e->place & 0x80 ? 1 : 4;
    uint64_t log = fs->log[offset % LOG_BLOCKS];

    switch ((e->place & 0x7f) % PLACES) {
    case PLACE_SUPERBLOCK:
        put(fs->journal + offset % 256, e->value, bytes);
        break;
    case PLACE_LOG:
        put(fs->log[offset / BLOCK] + offset % BLOCK / 4 * 4, e->value, bytes);
        break;
    case PLACE_INODES:
        put(fs->inodes + offset % (128 * 256), e->value, bytes);
        break;
    case PLACE_ORPHANS:
        put(fs->offset + 1024 +
                offsetof(struct ext2_super_block, s_last_orphan),
            e->value, 4);
        break;
    case PLACE_HEADER:
        header_put(fs, log, e->value);
        break;
    case PLACE_COPY:
        put(log, disk_model.image + fs->log[e->value[0] % LOG_BLOCKS], BLOCK);
        break;
    default:
        break;
    }
}

static void check(const struct file_system *fs, int error)
{
    require(memchr(message, 0, sizeof(message)), "the message ends");
    require(!error || message[0], "a refused volume has a message");
    require(error || !volume.writable || !volume.fs->super->s_last_orphan,
            "no orphan is left");
    require(disk_model.count < EVENTS_MAX, "it writes not without end");
    for (size_t i = 0; i < disk_model.count; i++) {
        const struct disk_event *e = &disk_model.events[i];

        require(e->flush || (e->offset >= fs->offset &&
                             e->offset + e->bytes <= fs->offset + FS_BYTES),
                "it writes within its partition");
    }
    if (strstr(message, "another system's"))
        require(!disk_model.count, "another system's journal is left alone");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct file_system *fs;
    struct edit e;

    if (!size)
        return 0;
    fs = &file_systems[data[0] % FORMATS];
    for (size_t i = 1; i + sizeof(e) <= size && edited_count < EDITS_MAX;
         i += sizeof(e)) {
        memcpy(&e, data + i, sizeof(e));
        edit_apply(fs, &e);
    }
    check(fs, mount(fs->offset));
    unmount();
    disk_model_rewind();
    for (; edited_count; edited_count--)
        memcpy(disk_model.image + edited[edited_count - 1].at,
               disk_model.first + edited[edited_count - 1].at,
               edited[edited_count - 1].bytes);
    return 0;
}

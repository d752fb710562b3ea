/*
 * Mounting (see volume.h): read-only first; then, if nothing speaks against it,
 * once more to write.
 */
#include "volume.h"

#include <et/com_err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "servers/fs/commit.h"
#include "servers/fs/orphan.h"

/* Where a copy of the superblock is, by block size (ext4: block 0 or 1 of
 * group 1, whose size in blocks is 8 * block size). */
static const struct {
    int superblock;
    unsigned block_bytes;
} copies[] = {{0, 0}, {32768, 4096}, {8193, 1024}, {16384, 2048}};

/* Features that a writer must know to keep right. */
#define KNOWN_RO_COMPAT                                                        \
    (EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER | EXT2_FEATURE_RO_COMPAT_LARGE_FILE | \
     EXT4_FEATURE_RO_COMPAT_HUGE_FILE | EXT4_FEATURE_RO_COMPAT_GDT_CSUM |      \
     EXT4_FEATURE_RO_COMPAT_DIR_NLINK | EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE |   \
     EXT4_FEATURE_RO_COMPAT_METADATA_CSUM)
#define KNOWN_INCOMPAT                                                         \
    (EXT2_FEATURE_INCOMPAT_FILETYPE | EXT3_FEATURE_INCOMPAT_RECOVER |          \
     EXT3_FEATURE_INCOMPAT_EXTENTS | EXT4_FEATURE_INCOMPAT_64BIT |             \
     EXT4_FEATURE_INCOMPAT_FLEX_BG | EXT4_FEATURE_INCOMPAT_CSUM_SEED)

static void say(char *message, const char *format, ...)
{
    size_t used = strlen(message);
    va_list args;

    if (used && used < FILES_STATUS_MAX - 2) {
        memcpy(message + used, "; ", 3);
        used += 2;
    }
    va_start(args, format);
    vsnprintf(message + used, FILES_STATUS_MAX + 1 - used, format, args);
    va_end(args);
}

static errcode_t open_copy(struct volume *v, size_t i, int flags)
{
    return ext2fs_open2(
        "partition", NULL, EXT2_FLAG_64BITS | EXT2_FLAG_SKIP_MMP | flags,
        copies[i].superblock, copies[i].block_bytes, &volume_io, &v->fs);
}

static errcode_t open_any(struct volume *v, int *superblock)
{
    errcode_t first = 0, error;

    for (size_t i = 0; i < sizeof(copies) / sizeof(copies[0]); i++) {
        *superblock = copies[i].superblock;
        error = open_copy(v, i, 0);
        if (!error || (error == EXT2_ET_SHORT_READ && v->disk->last_error))
            return error;
        if (!first)
            first = error;
    }
    return first;
}

/* Not null: why nothing may be written. */
static const char *obstacle(const struct volume *v, int superblock)
{
    struct ext2_super_block *s = v->fs->super;

    if (superblock)
        return "written to only after e2fsck";
    if (s->s_state & EXT2_ERROR_FS)
        return "it is marked as damaged: run e2fsck";
    if (!ext2fs_has_feature_journal(s) || s->s_journal_inum != EXT2_JOURNAL_INO)
        return "it has no journal, so it is not written to";
    if (s->s_feature_ro_compat & ~(unsigned)KNOWN_RO_COMPAT ||
        s->s_feature_incompat & ~(unsigned)KNOWN_INCOMPAT)
        return "it has features that this server cannot write";
    if (ext2fs_blocks_count(s) > UINT32_MAX ||
        v->block_bytes < v->disk->block_bytes || v->block_bytes < CACHE_GRAIN ||
        v->block_bytes > CACHE_LINE_BYTES)
        return "its size cannot be written";
    return NULL;
}

/* One more run, or the last one longer. */
static int journal_add_run(struct journal *j, uint64_t logical,
                           uint64_t physical, uint64_t blocks)
{
    struct journal_run *last = &j->runs[j->run_count ? j->run_count - 1 : 0];

    if (!physical || logical + blocks > UINT32_MAX)
        return FILES_ERR_CORRUPT;
    if (j->run_count && last->physical + last->blocks == physical) {
        last->blocks += (uint32_t)blocks;
        return FILES_OK;
    }
    if (j->run_count == JOURNAL_RUNS_MAX)
        return FILES_ERR_CORRUPT;
    j->runs[j->run_count++] =
        (struct journal_run){(uint32_t)logical, (uint32_t)blocks, physical};
    return FILES_OK;
}

/* The runs of blocks of the journal's inode. */
static int journal_map(struct volume *v)
{
    struct journal *j = &v->journal;
    struct volume_file file;
    int error = volume_open(v, EXT2_JOURNAL_INO, &file);
    uint64_t blocks = error ? 0 : file.size / v->block_bytes;

    j->disk = v->disk;
    j->offset = v->offset;
    j->block_bytes = v->block_bytes;
    j->blocks = ext2fs_blocks_count(v->fs->super);
    for (uint64_t at = 0; at < blocks && !error;) {
        uint64_t in_run, n;

        error = volume_run(v, &file, at);
        if (error)
            break;
        in_run = at - file.run_logical;
        n = file.run_blocks - in_run;
        error = journal_add_run(
            j, at, file.run_physical ? file.run_physical + in_run : 0, n);
        at += n;
    }
    if (file.volume)
        volume_close(&file);
    return error;
}

/* Make the journal ready; replay it if it is needed. */
static int journal_ready(struct volume *v, char *message)
{
    char text[JOURNAL_TEXT_BYTES] = "its journal lies in too many pieces";
    unsigned blocks = 0;
    int error = journal_map(v);

    if (!error)
        error = journal_open(&v->journal, text);
    if (!error && (v->journal.start ||
                   ext2fs_has_feature_journal_needs_recovery(v->fs->super)))
        error = journal_replay(&v->journal, &blocks, text);
    if (error)
        say(message, "%s", text);
    else if (blocks)
        say(message, "not cleanly unmounted; %u blocks replayed", blocks);
    return error;
}

/* Open it again, to write. */
static int write_mount(struct volume *v, char *message)
{
    errcode_t error;

    if (journal_ready(v, message))
        return FILES_ERR_READ_ONLY;
    ext2fs_free(v->fs);
    v->fs = NULL;
    change_init(&v->change, v->block_bytes, journal_capacity(&v->journal));
    v->writable = true;
    v->generation++;
    error = open_copy(v, 0, EXT2_FLAG_RW);
    if (!error)
        error = commit_begin(v);
    if (!error && orphans_free(v))
        error = EXT2_ET_SHORT_WRITE;
    if (error)
        say(message, "cannot be written: %s", error_message(error));
    return error ? volume_error(error) : FILES_OK;
}

static int read_mount(struct volume *v, char *message, int *superblock)
{
    errcode_t error = open_any(v, superblock);

    if (error) {
        v->fs = NULL;
        say(message, "no usable ext4: %s",
            error == EXT2_ET_SHORT_READ && v->disk->last_error
                ? block_error_text(v->disk->last_error)
                : error_message(error));
        return volume_error(error);
    }
    v->block_bytes = v->fs->blocksize;
    if (ext2fs_blocks_count(v->fs->super) > v->bytes / v->block_bytes) {
        say(message, "ext4 claims %llu blocks, its partition has %llu",
            (unsigned long long)ext2fs_blocks_count(v->fs->super),
            (unsigned long long)(v->bytes / v->block_bytes));
        return FILES_ERR_CORRUPT;
    }
    return FILES_OK;
}

/* Writable if it can be; else why not, in `message`. A volume that is broken
 * by the attempt is opened anew. */
static int upgrade(struct volume *v, char *message, int superblock)
{
    const char *why = obstacle(v, superblock);
    int error;

    if (why) {
        say(message, "%s", why);
        return FILES_OK;
    }
    error = write_mount(v, message);
    if (!error || (error == FILES_ERR_READ_ONLY && v->fs && !v->writable))
        return FILES_OK;
    volume_unmount(v);
    v->writable = false;
    return read_mount(v, message, &superblock);
}

int volume_mount(struct volume *v, struct disk *disk, uint64_t offset,
                 uint64_t bytes, char *message)
{
    int superblock, error;

    message[0] = 0;
    memset(v, 0, sizeof(*v));
    v->disk = disk;
    v->offset = offset;
    v->bytes = bytes;
    v->generation = 1;
    volume_io_target = v;
    initialize_ext2_error_table();
    error = read_mount(v, message, &superblock);
    if (!error && superblock)
        say(message, "the superblock is damaged; using its copy at block %d",
            superblock);
    if (!error && !disk->read_only)
        error = upgrade(v, message, superblock);
    if (error)
        volume_unmount(v);
    else if (!v->writable &&
             ext2fs_has_feature_journal_needs_recovery(v->fs->super))
        say(message, "not cleanly unmounted; the journal is not replayed");
    return error;
}

void volume_unmount(struct volume *v)
{
    commit_end(v);
    journal_close(&v->journal);
    if (v->fs)
        ext2fs_free(v->fs);
    v->fs = NULL;
}

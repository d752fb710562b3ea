/*
 * Reading the journal after a power cut (see journal.h). What it holds is input
 * like everything on the disk: each number is checked before it is used.
 *
 * Only a log that this server wrote is replayed. Linux's may have checksums and
 * revoke records; e2fsck knows all of that.
 */
#include <cordon/files.h>

#include <stdio.h>
#include <string.h>

#include "servers/fs/journal.h"
#include "servers/fs/journal_format.h"

/* What to do with a block of the log. */
typedef int replay_block(struct journal *j, uint32_t at, uint64_t number,
                         uint32_t flags);

static int count_block(struct journal *j, uint32_t at, uint64_t number,
                       uint32_t flags)
{
    (void)at, (void)flags;
    return number < j->blocks ? FILES_OK : FILES_ERR_CORRUPT;
}

static int write_block(struct journal *j, uint32_t at, uint64_t number,
                       uint32_t flags)
{
    static uint8_t data[CACHE_LINE_BYTES];
    const uint32_t magic = __builtin_bswap32(JOURNAL_MAGIC);

    if (disk_read(j->disk, journal_place(j, at), data, j->block_bytes))
        return FILES_ERR_IO;
    if (flags & JOURNAL_ESCAPE)
        memcpy(data, &magic, sizeof(magic));
    return disk_store(j->disk, j->offset + number * j->block_bytes, data,
                      j->block_bytes)
               ? FILES_ERR_IO
               : FILES_OK;
}

/* The blocks of the descriptor in j->block, which begin at *at. */
static int walk_descriptor(struct journal *j, uint32_t *at, replay_block *each,
                           unsigned *blocks)
{
    const uint8_t *tags = j->block;
    uint32_t offset = JOURNAL_HEADER_BYTES, flags = 0;

    while (!(flags & JOURNAL_LAST_TAG) &&
           offset + JOURNAL_TAG_BYTES <= j->block_bytes) {
        int error;

        flags = journal_get(tags + offset + JOURNAL_TAG_FLAGS) & 0xffff;
        error = each(j, *at, journal_get(tags + offset), flags);
        if (error)
            return error;
        offset += JOURNAL_TAG_BYTES +
                  (flags & JOURNAL_SAME_UUID ? 0 : JOURNAL_UUID_BYTES);
        *at = journal_after(j, *at, 1);
        ++*blocks;
    }
    return FILES_OK;
}

/* Is block `at` of the journal one of `type` and of this change? */
static int read_header(struct journal *j, uint32_t at, uint32_t sequence,
                       uint32_t *type)
{
    if (disk_read(j->disk, journal_place(j, at), j->block, j->block_bytes))
        return FILES_ERR_IO;
    *type = journal_get(j->block) == JOURNAL_MAGIC &&
                    journal_get(j->block + JOURNAL_ID) == sequence
                ? journal_get(j->block + JOURNAL_TYPE)
                : 0;
    return FILES_OK;
}

/* One change from *at on, up to and with its commit block. *whole: it has
 * one. */
static int walk_change(struct journal *j, uint32_t *at, uint32_t sequence,
                       replay_block *each, unsigned *blocks, bool *whole)
{
    uint32_t used = 0, type;
    int error;

    *whole = false;
    for (;;) {
        unsigned before = *blocks;

        error = read_header(j, *at, sequence, &type);
        if (error || (type != JOURNAL_DESCRIPTOR && type != JOURNAL_COMMIT))
            return error;
        *at = journal_after(j, *at, 1);
        if (type == JOURNAL_COMMIT) {
            *whole = true;
            return FILES_OK;
        }
        error = walk_descriptor(j, at, each, blocks);
        used += *blocks - before + 1;
        if (error || used > j->length)
            return error ? error : FILES_ERR_CORRUPT;
    }
}

static int replay_all(struct journal *j, unsigned *blocks)
{
    uint32_t at = j->start;

    for (;;) {
        uint32_t from = at;
        unsigned count = 0;
        bool whole;
        int error =
            walk_change(j, &at, j->sequence, count_block, &count, &whole);

        if (error || !whole)
            return error;
        at = from;
        error = walk_change(j, &at, j->sequence, write_block, blocks, &whole);
        /* The next change may have the same blocks: these first. */
        if (!error && disk_flush(j->disk))
            error = FILES_ERR_IO;
        if (error)
            return error;
        j->sequence++;
        if (*blocks > j->length)
            return FILES_OK;
    }
}

int journal_replay(struct journal *j, unsigned *blocks, char *text)
{
    int error;

    *blocks = 0;
    for (unsigned i = 0; i < JOURNAL_FEATURES_BYTES; i++)
        if (j->start && j->superblock[JOURNAL_FEATURES + i]) {
            snprintf(text, JOURNAL_TEXT_BYTES,
                     "its journal is another system's: run e2fsck");
            return FILES_ERR_CORRUPT;
        }
    error = j->start ? replay_all(j, blocks) : FILES_OK;
    /* Numbers are never used again: what lies in the log is older. */
    j->sequence++;
    if (!error && journal_empty(j))
        error = FILES_ERR_IO;
    if (error)
        snprintf(text, JOURNAL_TEXT_BYTES, "its journal cannot be replayed");
    return error;
}

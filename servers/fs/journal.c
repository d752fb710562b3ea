/*
 * Writing the journal (see journal.h; journal_replay.c reads it).
 */
#include "journal.h"

#include <cordon/files.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "servers/fs/journal_format.h"

static void put32(uint8_t *at, uint32_t value)
{
    value = __builtin_bswap32(value);
    memcpy(at, &value, sizeof(value));
}

uint32_t journal_get(const uint8_t *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof(value));
    return __builtin_bswap32(value);
}

uint64_t journal_place(const struct journal *j, uint32_t n)
{
    for (unsigned i = 0; i < j->run_count; i++)
        if (n - j->runs[i].logical < j->runs[i].blocks)
            return j->offset + (j->runs[i].physical + n - j->runs[i].logical) *
                                   j->block_bytes;
    return ~0ull; /* the disk refuses it; journal_open() saw that all is there
                   */
}

uint32_t journal_after(const struct journal *j, uint32_t n, uint32_t blocks)
{
    uint32_t room = j->length - j->first;

    return j->first + (n - j->first + blocks) % room;
}

/* The runs lie one behind the other from block 0 on. */
static bool runs_are_whole(const struct journal *j)
{
    uint32_t next = 0;

    for (unsigned i = 0; i < j->run_count; i++) {
        if (j->runs[i].logical != next)
            return false;
        next += j->runs[i].blocks;
    }
    return next >= j->length;
}

static const char *superblock_check(struct journal *j)
{
    const uint8_t *s = j->superblock;
    uint32_t type = journal_get(s + JOURNAL_TYPE);

    if (journal_get(s) != JOURNAL_MAGIC || type != JOURNAL_SUPERBLOCK_V2 ||
        journal_get(s + JOURNAL_BLOCKSIZE) != j->block_bytes)
        return "its journal is damaged or of an unknown kind";
    j->length = journal_get(s + JOURNAL_MAXLEN);
    j->first = journal_get(s + JOURNAL_FIRST);
    j->sequence = journal_get(s + JOURNAL_SEQUENCE);
    j->start = journal_get(s + JOURNAL_START);
    if (!j->first || j->length <= j->first || !runs_are_whole(j) ||
        j->start >= j->length || (j->start && j->start < j->first))
        return "its journal is damaged";
    if (journal_get(s + JOURNAL_ERRNO))
        return "its journal says that it was given up";
    if (journal_capacity(j) < JOURNAL_CAPACITY_MIN)
        return "its journal is too small";
    return NULL;
}

int journal_open(struct journal *j, char *text)
{
    const char *wrong;

    j->block = malloc(j->block_bytes);
    if (!j->block || j->block_bytes < sizeof(j->superblock)) {
        snprintf(text, JOURNAL_TEXT_BYTES, "no memory for its journal");
        return FILES_ERR_MEMORY;
    }
    if (!j->run_count || disk_read(j->disk, journal_place(j, 0), j->superblock,
                                   sizeof(j->superblock))) {
        snprintf(text, JOURNAL_TEXT_BYTES, "its journal cannot be read");
        return FILES_ERR_IO;
    }
    wrong = superblock_check(j);
    if (wrong) {
        snprintf(text, JOURNAL_TEXT_BYTES, "%s", wrong);
        return FILES_ERR_CORRUPT;
    }
    j->head = j->first;
    return FILES_OK;
}

void journal_close(struct journal *j)
{
    free(j->block);
    j->block = NULL;
}

uint32_t journal_capacity(const struct journal *j)
{
    /* Two must fit: until the next one is durable, the last may be replayed.
     * Beside its blocks each has descriptors, at least a tag in 8 bytes for
     * every block, and the commit block. */
    uint32_t half = (j->length - j->first) / 2;
    uint32_t beside = 2 + half / (j->block_bytes / JOURNAL_TAG_BYTES - 2);

    return half > beside ? half - beside : 0;
}

static void header(uint8_t *block, uint32_t bytes, uint32_t type,
                   uint32_t sequence)
{
    memset(block, 0, bytes);
    put32(block, JOURNAL_MAGIC);
    put32(block + JOURNAL_TYPE, type);
    put32(block + JOURNAL_ID, sequence);
}

static int log_append(struct journal *j, uint32_t *at, const void *data)
{
    int error =
        disk_store(j->disk, journal_place(j, *at), data, j->block_bytes);

    *at = journal_after(j, *at, 1);
    return error;
}

/* A block that looks like one of the journal's own is changed in the log. */
static bool needs_escape(const struct change_block *b)
{
    return journal_get(b->data) == JOURNAL_MAGIC;
}

static int log_block(struct journal *j, uint32_t *at,
                     const struct change_block *b)
{
    if (!needs_escape(b))
        return log_append(j, at, b->data);
    memcpy(j->block, b->data, j->block_bytes);
    put32(j->block, 0);
    return log_append(j, at, j->block);
}

/* One descriptor with as many tags as fit, from blocks[*i] on. */
static void descriptor(struct journal *j, const struct change *change,
                       unsigned *i)
{
    uint8_t *tag = j->block + JOURNAL_HEADER_BYTES, *last = NULL;
    uint8_t *end = j->block + j->block_bytes - JOURNAL_TAG_BYTES;

    header(j->block, j->block_bytes, JOURNAL_DESCRIPTOR, j->sequence);
    for (; *i < change->count && tag <= end; ++*i) {
        const struct change_block *b = &change->blocks[*i];

        if (b->forgotten)
            continue;
        put32(tag, (uint32_t)b->number);
        put32(tag + JOURNAL_TAG_FLAGS,
              JOURNAL_SAME_UUID | (needs_escape(b) ? JOURNAL_ESCAPE : 0));
        last = tag;
        tag += JOURNAL_TAG_BYTES;
    }
    if (last)
        put32(last + JOURNAL_TAG_FLAGS,
              journal_get(last + JOURNAL_TAG_FLAGS) | JOURNAL_LAST_TAG);
}

/* Descriptors and blocks of the change. *at: where the commit block goes. */
static int log_change(struct journal *j, const struct change *change,
                      uint32_t *at)
{
    int error = 0;

    for (unsigned i = 0; i < change->count && !error;) {
        unsigned from = i;

        descriptor(j, change, &i);
        error = log_append(j, at, j->block);
        for (; from < i && !error; from++)
            if (!change->blocks[from].forgotten)
                error = log_block(j, at, &change->blocks[from]);
    }
    return error;
}

static int superblock_store(struct journal *j)
{
    uint8_t *s = j->superblock;

    put32(s + JOURNAL_SEQUENCE, j->sequence);
    put32(s + JOURNAL_START, j->start);
    /* What we write has neither checksums nor revoke records. */
    memset(s + JOURNAL_FEATURES, 0, JOURNAL_FEATURES_BYTES);
    memset(s + JOURNAL_CHECKSUM_TYPE, 0, 4);
    put32(s + JOURNAL_CHECKSUM, 0);
    return disk_store(j->disk, journal_place(j, 0), s, sizeof(j->superblock));
}

int journal_commit(struct journal *j, const struct change *change)
{
    uint32_t at = j->head;
    int error = log_change(j, change, &at);

    /* The data, the log, and the last change in its place. */
    if (!error)
        error = disk_flush(j->disk);
    if (error)
        return error;
    j->start = j->head;
    error = superblock_store(j);
    header(j->block, j->block_bytes, JOURNAL_COMMIT, j->sequence);
    if (!error)
        error = log_append(j, &at, j->block);
    if (!error)
        error = disk_flush(j->disk);
    j->head = at;
    j->sequence++;
    return error;
}

int journal_empty(struct journal *j)
{
    int error;

    j->start = 0;
    error = superblock_store(j);
    return error ? error : disk_flush(j->disk);
}

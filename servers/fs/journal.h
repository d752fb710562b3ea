/*
 * The journal: ext4's own (JBD2), so that e2fsck and Linux can replay what we
 * wrote. It makes a change of many blocks one step: after a power cut the file
 * system is as it was at some commit, never in between.
 *
 * The log holds one change, the latest; docs/files.md says in which order
 * writes and flushes follow each other, and why no revoke records are needed.
 * Format: the kernel's Documentation/filesystems/ext4/journal.rst; all fields
 * are big-endian.
 */
#pragma once

#include "servers/fs/change.h"
#include "servers/fs/disk.h"

#define JOURNAL_RUNS_MAX 64u

/* Blocks that the journal's inode has in a row. */
struct journal_run {
    uint32_t logical, blocks;
    uint64_t physical;
};

struct journal {
    struct disk *disk;
    uint64_t offset; /* of the partition, bytes */
    uint32_t block_bytes;
    uint64_t blocks; /* of the file system: a replay writes to no other */
    struct journal_run runs[JOURNAL_RUNS_MAX];
    unsigned run_count;
    uint32_t first, length; /* the log is blocks first to length - 1 */
    uint32_t sequence;      /* of the next change */
    uint32_t head;          /* where it goes */
    uint32_t start;         /* as the disk has it; 0: nothing to replay */
    uint8_t superblock[1024];
    uint8_t *block; /* for one block */
};

/* Why a journal cannot be used; for people. */
#define JOURNAL_TEXT_BYTES 80u

/* Where the journal lies has been put into `runs`, with what stands before
 * them. Reads and checks its superblock. FILES_OK, or an error and
 * `text`. Free with journal_close(). */
int journal_open(struct journal *j, char *text);
void journal_close(struct journal *j);

/* Write again what the log holds, make that durable, empty the log. *blocks
 * says how many. Errors as journal_open(); then the changes before the one
 * that is wrong are in their places, and the log is not emptied. */
int journal_replay(struct journal *j, unsigned *blocks, char *text);

/* Blocks of the largest change. */
uint32_t journal_capacity(const struct journal *j);

/* Put a change into the log and make it durable, with all that was written
 * before: when it returns 0, no power cut takes it back. Errors are the
 * disk's. */
int journal_commit(struct journal *j, const struct change *change);

/* Nothing of the log is needed any more (the change is in its place and
 * durable): say so on the disk, durably. */
int journal_empty(struct journal *j);

/* For journal_replay.c: block `n` of the journal, as an offset on the disk. */
uint64_t journal_place(const struct journal *j, uint32_t n);
uint32_t journal_after(const struct journal *j, uint32_t n, uint32_t blocks);
uint32_t journal_get(const uint8_t *at);

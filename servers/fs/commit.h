/*
 * Commits: from the running change to a file system that a power cut leaves
 * whole. docs/files.md has the order, and why.
 *
 * Also the two rules that make it hold while a change is running: a block that
 * was freed is not used again before the commit, and what libext2fs writes goes
 * into the change and not to the disk.
 */
#pragma once

#include "servers/fs/volume.h"

/* After opening to write, with an empty change: bitmaps and hooks. */
errcode_t commit_begin(struct volume *v);

/* Before closing: forgets the running change. */
void commit_end(struct volume *v);

/* Make everything so far durable. After an error the volume has failed. */
int commit(struct volume *v);

/* The same, and leave a disk that needs no replay: superblock and journal say
 * so. For `sync`, and when nothing has happened for a while. */
int commit_and_rest(struct volume *v);

/* Is there anything that commit() would write? */
bool commit_is_needed(const struct volume *v);

/* Before an operation: commits first if the change has grown large. `blocks`
 * that it may allocate; FILES_ERR_FULL if there are not as many. */
int commit_make_room(struct volume *v, uint64_t blocks);

/* After an operation: an error that left it halfway fails the volume. Returns
 * the error. */
int commit_check(struct volume *v, int error);

/*
 * The running change: the file system's blocks as they will be after the next
 * commit. libext2fs writes into it, and reads what it wrote from it; the disk
 * sees nothing of it before journal.c has it in the log.
 *
 * Its size is bounded, because a commit is one whole. It knows no disk and no
 * ext4, and the host tests it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHANGE_BLOCKS_MAX 512u

struct change_block {
    uint64_t number; /* block of the file system */
    uint8_t *data;
    bool forgotten; /* was freed: not to be written any more */
    int next;       /* in its chain, or -1 */
};

struct change {
    uint32_t block_bytes;
    unsigned limit; /* blocks, up to CHANGE_BLOCKS_MAX */
    unsigned count; /* of blocks[], forgotten ones too */
    struct change_block blocks[CHANGE_BLOCKS_MAX];
    int chains[CHANGE_BLOCKS_MAX]; /* first of each, or -1 */
};

/* An empty change for blocks of this size. */
void change_init(struct change *change, uint32_t block_bytes, unsigned limit);

/* Back to empty; frees the memory of all blocks. */
void change_clear(struct change *change);

/* What a block will be, or null: not changed. */
const uint8_t *change_find(const struct change *change, uint64_t number);

/* Set a whole block. -1: the change is full, or there is no memory. */
int change_put(struct change *change, uint64_t number, const void *data);

/* The block has been freed: what it was to become matters to nobody. It must
 * not reach the log, or a replay could overwrite a later use of the block. */
void change_forget(struct change *change, uint64_t number);

/* Blocks that are to be written. */
unsigned change_count(const struct change *change);

/* True while an operation may still begin: half of the room is left. */
bool change_has_room(const struct change *change);

/*
 * JBD2 on the disk: offsets and values (the kernel's
 * Documentation/filesystems/ext4/journal.rst). Fields are 32 bits, big-endian,
 * but for the tag's flags, which are the low half of their word.
 */
#pragma once

#define JOURNAL_MAGIC 0xc03b3998u

/* Every block of the journal itself begins with a header. */
#define JOURNAL_TYPE          4u
#define JOURNAL_DESCRIPTOR    1u
#define JOURNAL_COMMIT        2u
#define JOURNAL_SUPERBLOCK_V2 4u
#define JOURNAL_ID            8u /* sequence number of the change */
#define JOURNAL_HEADER_BYTES  12u

/* The superblock, block 0. */
#define JOURNAL_BLOCKSIZE      0x0cu
#define JOURNAL_MAXLEN         0x10u
#define JOURNAL_FIRST          0x14u
#define JOURNAL_SEQUENCE       0x18u
#define JOURNAL_START          0x1cu
#define JOURNAL_ERRNO          0x20u
#define JOURNAL_FEATURES       0x24u /* compatible, incompatible, read-only */
#define JOURNAL_FEATURES_BYTES 12u
#define JOURNAL_CHECKSUM_TYPE  0x50u
#define JOURNAL_CHECKSUM       0xfcu

/* A tag of a descriptor: where the block behind it belongs. Without features
 * it has no high half of the number; with SAME_UUID no identifier follows. */
#define JOURNAL_TAG_BYTES 8u
#define JOURNAL_TAG_FLAGS 4u /* checksum and flags in one word */
#define JOURNAL_ESCAPE    1u /* the block began with the magic number */
#define JOURNAL_SAME_UUID 2u
#define JOURNAL_LAST_TAG  8u

#define JOURNAL_UUID_BYTES   16u
#define JOURNAL_CAPACITY_MIN 64u /* blocks that a change may need at least */

/*
 * GUID partition tables (UEFI 2.10, 5.3): find one partition of a disk.
 *
 * The table is on a disk that anyone may have written, so every field is
 * checked before it is used. If the header at the front is broken or its
 * entries are, the copy at the disk's end is tried. Plain C without
 * allocation: it also runs on the host.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define GPT_BLOCK_MAX     4096u /* bytes of the largest block we read */
#define GPT_ENTRIES_MAX   1024u
#define GPT_NAME_BYTES    (36 * 3 + 1) /* 36 UTF-16 units as UTF-8, and NUL */
#define GPT_MESSAGE_BYTES 200

struct gpt_disk {
    /* Read block `lba` to `to`; not 0 on failure. */
    int (*read)(void *context, uint64_t lba, void *to);
    void *context;
    uint64_t blocks;
    uint32_t block_bytes; /* 512, 1024, 2048 or 4096 */
};

struct gpt_guid {
    uint8_t bytes[16]; /* as on the disk */
};

/* Which partition is meant: all conditions that are set must hold. */
struct gpt_select {
    uint32_t number; /* from 1; 0: any */
    int has_type;
    struct gpt_guid type;
    const char *name; /* UTF-8; null: any */
};

struct gpt_partition {
    uint32_t number; /* from 1 */
    struct gpt_guid type;
    struct gpt_guid id;
    uint64_t first, last; /* blocks, both inside */
    char name[GPT_NAME_BYTES];
    int from_backup; /* the primary table was broken */
};

enum gpt_result {
    GPT_OK,
    GPT_ERR_IO,      /* a block could not be read */
    GPT_ERR_NONE,    /* there is no GPT */
    GPT_ERR_BROKEN,  /* there is one, and both copies are damaged */
    GPT_ERR_MISSING, /* no partition is as `select` says */
};

/*
 * Find the first partition that `select` describes. On failure, and also when
 * the backup had to be used, `message` (GPT_MESSAGE_BYTES) says in one line
 * what is wrong; else it is empty.
 */
enum gpt_result gpt_find(const struct gpt_disk *disk,
                         const struct gpt_select *select,
                         struct gpt_partition *partition, char *message);

/*
 * Read a selection out of an argument: `partition=N`, `type=GUID`,
 * `type=linux` or `name=TEXT`. Returns 1 if it is one, 0 if it is something
 * else, -1 if its value is malformed. `select->name` points into `arg`.
 */
int gpt_select_parse(struct gpt_select *select, const char *arg);

/* Parse "0FC63DAF-8483-4772-8E79-3D69D8477DE4"; not 0 if it is not a GUID. */
int gpt_guid_parse(struct gpt_guid *guid, const char *text);

/* CRC-32 of IEEE 802.3, continued: start with 0. */
uint32_t gpt_crc32(uint32_t crc, const void *data, size_t bytes);

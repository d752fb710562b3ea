/*
 * The partition table's reader: header, entries, selection (see gpt.h).
 *
 * Order of trust: the header's CRC, then its bounds, then the CRC of all
 * entries, and only then a single entry. Nothing is kept between calls.
 */
#include "gpt.h"

#include <stdio.h>
#include <string.h>

/* Fields of the header, byte offsets (UEFI 2.10, table 5-5). */
enum gpt_header_field {
    HEADER_SIGNATURE = 0,
    HEADER_REVISION = 8,
    HEADER_BYTES = 12,
    HEADER_CRC = 16,
    HEADER_MY_LBA = 24,
    HEADER_FIRST_USABLE = 40,
    HEADER_LAST_USABLE = 48,
    HEADER_ENTRY_LBA = 72,
    HEADER_ENTRIES = 80,
    HEADER_ENTRY_BYTES = 84,
    HEADER_ENTRIES_CRC = 88,
    HEADER_END = 92
};

/* Fields of an entry (UEFI 2.10, table 5-6). */
enum gpt_entry_field {
    ENTRY_TYPE = 0,
    ENTRY_ID = 16,
    ENTRY_FIRST = 32,
    ENTRY_LAST = 40,
    ENTRY_NAME = 56,
    ENTRY_NAME_UNITS = 36,
    ENTRY_BYTES_MIN = 128
};

static const char signature[8] = {'E', 'F', 'I', ' ', 'P', 'A', 'R', 'T'};
#define GPT_REVISION 0x00010000u

struct table {
    uint64_t first_usable, last_usable;
    uint64_t entry_lba;
    uint32_t entries, entry_bytes, entries_crc;
};

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static uint64_t get64(const uint8_t *p)
{
    return get32(p) | (uint64_t)get32(p + 4) << 32;
}

uint32_t gpt_crc32(uint32_t crc, const void *data, size_t bytes)
{
    const uint8_t *p = data;

    crc = ~crc;
    while (bytes--) {
        crc ^= *p++;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1)));
    }
    return ~crc;
}

/* The header's own CRC is taken with its CRC field as zero. */
static int header_crc_holds(const uint8_t *block, uint32_t bytes)
{
    static const uint8_t zero[4];
    uint32_t crc = gpt_crc32(0, block, HEADER_CRC);

    crc = gpt_crc32(crc, zero, 4);
    crc = gpt_crc32(crc, block + HEADER_CRC + 4, bytes - HEADER_CRC - 4);
    return crc == get32(block + HEADER_CRC);
}

/* What is wrong with the header in `block`, found at `lba`; null if nothing. */
static const char *header_check(const struct gpt_disk *disk, uint64_t lba,
                                const uint8_t *block)
{
    uint32_t bytes = get32(block + HEADER_BYTES);

    if (memcmp(block + HEADER_SIGNATURE, signature, sizeof(signature)) != 0)
        return "no GPT signature";
    if (get32(block + HEADER_REVISION) != GPT_REVISION)
        return "unknown revision";
    if (bytes < HEADER_END || bytes > disk->block_bytes)
        return "header size out of bounds";
    if (!header_crc_holds(block, bytes))
        return "header checksum is wrong";
    if (get64(block + HEADER_MY_LBA) != lba)
        return "header says it belongs elsewhere";
    return NULL;
}

/* The same for the table that the header describes. */
static const char *table_check(const struct gpt_disk *disk,
                               const struct table *t)
{
    uint64_t per_block, blocks;

    if (!t->entries || t->entries > GPT_ENTRIES_MAX)
        return "number of entries out of bounds";
    if (t->entry_bytes < ENTRY_BYTES_MIN ||
        t->entry_bytes > disk->block_bytes ||
        (t->entry_bytes & (t->entry_bytes - 1)))
        return "size of an entry out of bounds";
    if (t->first_usable > t->last_usable || t->last_usable >= disk->blocks)
        return "usable blocks lie beyond the disk";
    per_block = disk->block_bytes / t->entry_bytes;
    blocks = (t->entries + per_block - 1) / per_block;
    if (t->entry_lba < 2 || t->entry_lba >= disk->blocks ||
        blocks > disk->blocks - t->entry_lba)
        return "entries lie beyond the disk";
    return NULL;
}

/* What to do with each entry of a table; not 0 ends the walk. */
typedef int entry_visit(void *context, uint32_t number, const uint8_t *entry);

static int table_walk(const struct gpt_disk *disk, const struct table *t,
                      entry_visit *visit, void *context)
{
    uint8_t block[GPT_BLOCK_MAX];
    uint32_t per_block = disk->block_bytes / t->entry_bytes;

    for (uint32_t i = 0; i < t->entries; i++) {
        if (i % per_block == 0 &&
            disk->read(disk->context, t->entry_lba + i / per_block, block))
            return -1;
        if (visit(context, i + 1, block + i % per_block * t->entry_bytes))
            return 1;
    }
    return 0;
}

struct crc_walk {
    uint32_t crc, entry_bytes;
};

static int visit_crc(void *context, uint32_t number, const uint8_t *entry)
{
    struct crc_walk *walk = context;

    (void)number;
    walk->crc = gpt_crc32(walk->crc, entry, walk->entry_bytes);
    return 0;
}

static const char unreadable[] = "it cannot be read";

/* Open the table whose header is at `lba`: null, or what is wrong with it. */
static const char *table_open(const struct gpt_disk *disk, uint64_t lba,
                              struct table *t)
{
    uint8_t block[GPT_BLOCK_MAX];
    const char *wrong;
    struct crc_walk walk = {0};

    if (disk->read(disk->context, lba, block))
        return unreadable;
    wrong = header_check(disk, lba, block);
    if (wrong)
        return wrong;
    t->first_usable = get64(block + HEADER_FIRST_USABLE);
    t->last_usable = get64(block + HEADER_LAST_USABLE);
    t->entry_lba = get64(block + HEADER_ENTRY_LBA);
    t->entries = get32(block + HEADER_ENTRIES);
    t->entry_bytes = get32(block + HEADER_ENTRY_BYTES);
    t->entries_crc = get32(block + HEADER_ENTRIES_CRC);
    wrong = table_check(disk, t);
    if (wrong)
        return wrong;
    walk.entry_bytes = t->entry_bytes;
    if (table_walk(disk, t, visit_crc, &walk))
        return "its entries cannot be read";
    if (walk.crc != t->entries_crc)
        return "checksum of the entries is wrong";
    return NULL;
}

/* One UTF-16 unit as UTF-8; surrogates become '?'. Returns the bytes. */
static size_t put_utf8(char *out, uint32_t unit)
{
    if (unit >= 0xd800 && unit < 0xe000)
        unit = '?';
    if (unit < 0x80) {
        out[0] = (char)unit;
        return 1;
    }
    if (unit < 0x800) {
        out[0] = (char)(0xc0 | unit >> 6);
        out[1] = (char)(0x80 | (unit & 0x3f));
        return 2;
    }
    out[0] = (char)(0xe0 | unit >> 12);
    out[1] = (char)(0x80 | (unit >> 6 & 0x3f));
    out[2] = (char)(0x80 | (unit & 0x3f));
    return 3;
}

static void entry_read(struct gpt_partition *p, uint32_t number,
                       const uint8_t *entry)
{
    size_t at = 0;

    memset(p, 0, sizeof(*p));
    p->number = number;
    memcpy(p->type.bytes, entry + ENTRY_TYPE, 16);
    memcpy(p->id.bytes, entry + ENTRY_ID, 16);
    p->first = get64(entry + ENTRY_FIRST);
    p->last = get64(entry + ENTRY_LAST);
    for (int i = 0; i < ENTRY_NAME_UNITS; i++) {
        const uint8_t *unit = entry + ENTRY_NAME + 2 * i;

        if (!unit[0] && !unit[1])
            break;
        at += put_utf8(p->name + at, (uint32_t)unit[0] | unit[1] << 8);
    }
    p->name[at] = 0;
}

/* An entry whose type is all zero is unused. */
static int is_used(const uint8_t *entry)
{
    static const uint8_t zero[16];

    return memcmp(entry + ENTRY_TYPE, zero, 16) != 0;
}

struct find_walk {
    const struct gpt_select *select;
    struct gpt_partition *found;
};

static int visit_find(void *context, uint32_t number, const uint8_t *entry)
{
    struct find_walk *walk = context;
    const struct gpt_select *want = walk->select;
    struct gpt_partition *p = walk->found;

    if (!is_used(entry) || (want->number && want->number != number))
        return 0;
    entry_read(p, number, entry);
    if (want->has_type && memcmp(&want->type, &p->type, sizeof(p->type)) != 0)
        return 0;
    return !want->name || strcmp(want->name, p->name) == 0;
}

struct overlap_walk {
    const struct gpt_partition *found;
    uint32_t with;
};

static int visit_overlap(void *context, uint32_t number, const uint8_t *entry)
{
    struct overlap_walk *walk = context;

    if (!is_used(entry) || number == walk->found->number ||
        get64(entry + ENTRY_FIRST) > walk->found->last ||
        get64(entry + ENTRY_LAST) < walk->found->first)
        return 0;
    walk->with = number;
    return 1;
}

static enum gpt_result partition_check(const struct gpt_disk *disk,
                                       const struct table *t,
                                       const struct gpt_partition *p,
                                       char *message)
{
    struct overlap_walk walk = {p, 0};

    if (p->first > p->last || p->first < t->first_usable ||
        p->last > t->last_usable) {
        snprintf(message, GPT_MESSAGE_BYTES,
                 "partition %u lies outside the usable blocks",
                 (unsigned)p->number);
        return GPT_ERR_BROKEN;
    }
    switch (table_walk(disk, t, visit_overlap, &walk)) {
    case 0:
        return GPT_OK;
    case 1:
        snprintf(message, GPT_MESSAGE_BYTES, "partitions %u and %u overlap",
                 (unsigned)p->number, (unsigned)walk.with);
        return GPT_ERR_BROKEN;
    default:
        snprintf(message, GPT_MESSAGE_BYTES, "the table cannot be read");
        return GPT_ERR_IO;
    }
}

/* The primary table, or else the backup; says in `message` if not the first. */
static enum gpt_result table_find(const struct gpt_disk *disk, struct table *t,
                                  int *from_backup, char *message)
{
    uint64_t backup = disk->blocks - 1;
    const char *first = table_open(disk, 1, t), *second;

    *from_backup = 0;
    if (!first)
        return GPT_OK;
    second = table_open(disk, backup, t);
    *from_backup = 1;
    if (!second) {
        snprintf(message, GPT_MESSAGE_BYTES,
                 "GPT at block 1 is damaged (%s); using the backup", first);
        return GPT_OK;
    }
    if (!strcmp(first, second) && !strcmp(first, "no GPT signature")) {
        snprintf(message, GPT_MESSAGE_BYTES, "the disk has no GPT");
        return GPT_ERR_NONE;
    }
    if (first == unreadable && second == unreadable) {
        snprintf(message, GPT_MESSAGE_BYTES,
                 "the partition table cannot be read");
        return GPT_ERR_IO;
    }
    snprintf(message, GPT_MESSAGE_BYTES,
             "both copies of the GPT are damaged: block 1: %s; block %llu: %s",
             first, (unsigned long long)backup, second);
    return GPT_ERR_BROKEN;
}

enum gpt_result gpt_find(const struct gpt_disk *disk,
                         const struct gpt_select *select,
                         struct gpt_partition *partition, char *message)
{
    struct table t;
    struct find_walk walk = {select, partition};
    enum gpt_result result;
    int from_backup;

    message[0] = 0;
    if (disk->block_bytes < 512 || disk->block_bytes > GPT_BLOCK_MAX ||
        (disk->block_bytes & (disk->block_bytes - 1)) || disk->blocks < 4) {
        snprintf(message, GPT_MESSAGE_BYTES, "the disk is too small for a GPT");
        return GPT_ERR_NONE;
    }
    result = table_find(disk, &t, &from_backup, message);
    if (result != GPT_OK)
        return result;
    switch (table_walk(disk, &t, visit_find, &walk)) {
    case 1:
        partition->from_backup = from_backup;
        return partition_check(disk, &t, partition, message);
    case 0:
        snprintf(message, GPT_MESSAGE_BYTES,
                 "the GPT has no partition as the policy asks for");
        return GPT_ERR_MISSING;
    default:
        snprintf(message, GPT_MESSAGE_BYTES, "the table cannot be read");
        return GPT_ERR_IO;
    }
}

/*
 * Fuzz the partition table's reader. The input is a list of changes to a small
 * disk with a good table: its first byte says the block size and whether the
 * checksums are made right afterwards (else little would get past them), then
 * come offset (2 bytes) and value (1 byte) again and again.
 *
 * links: servers/fs/gpt.c servers/fs/gpt_select.c
 */
#include <stdlib.h>
#include <string.h>

#include "servers/fs/gpt.h"

#define BLOCKS 16u

struct image {
    uint8_t bytes[BLOCKS * GPT_BLOCK_MAX];
    uint32_t block_bytes;
};

static int image_read(void *context, uint64_t lba, void *to)
{
    struct image *image = context;

    if (lba >= BLOCKS)
        abort(); /* the reader must not ask beyond the disk */
    memcpy(to, image->bytes + lba * image->block_bytes, image->block_bytes);
    return 0;
}

static void put(struct image *image, uint64_t lba, size_t offset,
                uint64_t value, size_t bytes)
{
    memcpy(image->bytes + lba * image->block_bytes + offset, &value, bytes);
}

/* Four entries, the first two in use, and a header at `lba`. */
static void table_make(struct image *image, uint64_t lba, uint64_t entries)
{
    memcpy(image->bytes + lba * image->block_bytes, "EFI PART", 8);
    put(image, lba, 8, 0x10000, 4);
    put(image, lba, 12, 92, 4);
    put(image, lba, 24, lba, 8);
    put(image, lba, 40, 3, 8);
    put(image, lba, 48, 13, 8);
    put(image, lba, 72, entries, 8);
    put(image, lba, 80, 4, 4);
    put(image, lba, 84, 128, 4);
    for (uint64_t i = 0; i < 2; i++) {
        put(image, entries, i * 128, 0x4433221100 + i, 8);
        put(image, entries, i * 128 + 32, 3 + i * 5, 8);
        put(image, entries, i * 128 + 40, 7 + i * 5, 8);
        put(image, entries, i * 128 + 56, 'a' + i, 2);
    }
}

/* Make the checksums of the header at `lba` hold. */
static void table_repair(struct image *image, uint64_t lba)
{
    uint8_t *h = image->bytes + lba * image->block_bytes;
    uint64_t at;
    uint32_t bytes, count, size;

    memcpy(&bytes, h + 12, 4);
    memcpy(&at, h + 72, 8);
    memcpy(&count, h + 80, 4);
    memcpy(&size, h + 84, 4);
    if (at < BLOCKS && size <= image->block_bytes &&
        (uint64_t)count * size <= (BLOCKS - at) * image->block_bytes)
        put(image, lba, 88,
            gpt_crc32(0, image->bytes + at * image->block_bytes,
                      (size_t)count * size),
            4);
    if (bytes < 92 || bytes > image->block_bytes)
        return;
    put(image, lba, 16, 0, 4);
    put(image, lba, 16, gpt_crc32(0, h, bytes), 4);
}

static void check(const struct gpt_disk *disk, const struct gpt_select *select)
{
    char message[GPT_MESSAGE_BYTES];
    struct gpt_partition p;
    enum gpt_result result;

    memset(message, 'x', sizeof(message));
    result = gpt_find(disk, select, &p, message);
    if (!memchr(message, 0, sizeof(message)))
        abort();
    if (result == GPT_OK && (p.first > p.last || p.last >= disk->blocks ||
                             !memchr(p.name, 0, sizeof(p.name))))
        abort();
    if (result != GPT_OK && !message[0])
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct image image;
    struct gpt_select any = {0}, second = {.number = 2}, named = {.name = "b"};
    struct gpt_disk disk = {image_read, &image, BLOCKS, 0};

    if (!size)
        return 0;
    disk.block_bytes = image.block_bytes = 512u << (data[0] & 3);
    memset(image.bytes, 0, sizeof(image.bytes));
    table_make(&image, 1, 2);
    table_make(&image, BLOCKS - 1, BLOCKS - 2);
    for (size_t i = 1; i + 3 <= size; i += 3)
        image.bytes[(data[i] | data[i + 1] << 8) %
                    (BLOCKS * image.block_bytes)] = data[i + 2];
    if (!(data[0] & 4)) {
        table_repair(&image, 1);
        table_repair(&image, BLOCKS - 1);
    }
    check(&disk, &any);
    check(&disk, &second);
    check(&disk, &named);
    return 0;
}

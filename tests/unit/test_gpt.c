/*
 * Partition tables, good and broken, made by hand.
 *
 * links: servers/fs/gpt.c servers/fs/gpt_select.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "servers/fs/gpt.h"

#define BLOCKS 128u
#define BYTES  512u

static uint8_t image[BLOCKS * BYTES];
static uint64_t bad_block; /* cannot be read; 0: all can,
                             ~0: none can */

static int image_read(void *context, uint64_t lba, void *to)
{
    (void)context;
    assert_true(lba < BLOCKS);
    if (bad_block && (lba == bad_block || bad_block == ~0ull))
        return -1;
    memcpy(to, image + lba * BYTES, BYTES);
    return 0;
}

static const struct gpt_disk disk = {image_read, NULL, BLOCKS, BYTES};

static void put(uint64_t lba, size_t offset, uint64_t value, size_t bytes)
{
    memcpy(image + lba * BYTES + offset, &value, bytes);
}

/* Recompute the two checksums of the header at `lba`. */
static void seal(uint64_t lba)
{
    uint8_t *h = image + lba * BYTES;
    uint64_t at;

    memcpy(&at, h + 72, 8);
    put(lba, 88, gpt_crc32(0, image + at * BYTES, 128 * 128), 4);
    put(lba, 16, 0, 4);
    put(lba, 16, gpt_crc32(0, h, 92), 4);
}

static void header_make(uint64_t lba, uint64_t other, uint64_t entries)
{
    memcpy(image + lba * BYTES, "EFI PART", 8);
    put(lba, 8, 0x10000, 4);
    put(lba, 12, 92, 4);
    put(lba, 24, lba, 8);
    put(lba, 32, other, 8);
    put(lba, 40, 34, 8);
    put(lba, 48, 94, 8);
    put(lba, 72, entries, 8);
    put(lba, 80, 128, 4);
    put(lba, 84, 128, 4);
}

static void partition_make(uint32_t number, uint64_t first, uint64_t last,
                           const char *name)
{
    static const uint64_t tables[2] = {2, 95};
    struct gpt_guid type;

    assert_int_equal(
        gpt_guid_parse(&type, "0FC63DAF-8483-4772-8E79-3D69D8477DE4"), 0);
    for (int i = 0; i < 2; i++) {
        size_t offset = (number - 1) * 128;

        memcpy(image + tables[i] * BYTES + offset, &type, 16);
        put(tables[i], offset + 16, number, 8);
        put(tables[i], offset + 32, first, 8);
        put(tables[i], offset + 40, last, 8);
        for (size_t c = 0; name[c]; c++)
            put(tables[i], offset + 56 + 2 * c, (uint8_t)name[c], 2);
    }
}

static int setup(void **state)
{
    (void)state;
    bad_block = 0;
    memset(image, 0, sizeof(image));
    header_make(1, BLOCKS - 1, 2);
    header_make(BLOCKS - 1, 1, 95);
    partition_make(1, 34, 60, "boot");
    partition_make(3, 61, 94, "cordon");
    seal(1);
    seal(BLOCKS - 1);
    return 0;
}

static const struct gpt_select any;
static struct gpt_partition found;
static char message[GPT_MESSAGE_BYTES];

static void test_finds_the_first_partition(void **state)
{
    (void)state;
    assert_int_equal(gpt_find(&disk, &any, &found, message), GPT_OK);
    assert_int_equal(found.number, 1);
    assert_int_equal(found.first, 34);
    assert_int_equal(found.last, 60);
    assert_string_equal(found.name, "boot");
    assert_string_equal(message, "");
    assert_false(found.from_backup);
}

static void test_selects_by_number_name_and_type(void **state)
{
    struct gpt_select select = {0};

    (void)state;
    assert_int_equal(gpt_select_parse(&select, "partition=3"), 1);
    assert_int_equal(gpt_find(&disk, &select, &found, message), GPT_OK);
    assert_int_equal(found.first, 61);

    select = (struct gpt_select){0};
    assert_int_equal(gpt_select_parse(&select, "name=cordon"), 1);
    assert_int_equal(gpt_select_parse(&select, "type=linux"), 1);
    assert_int_equal(gpt_find(&disk, &select, &found, message), GPT_OK);
    assert_int_equal(found.number, 3);

    select = (struct gpt_select){.number = 2};
    assert_int_equal(gpt_find(&disk, &select, &found, message),
                     GPT_ERR_MISSING);
    select = (struct gpt_select){.has_type = 1};
    assert_int_equal(gpt_find(&disk, &select, &found, message),
                     GPT_ERR_MISSING);
}

static void test_refuses_malformed_selections(void **state)
{
    static const char *const wrong[] = {
        "partition=",
        "partition=0",
        "partition=1x",
        "partition=99999999999",
        "type=",
        "type=linux1",
        "name=",
        "type=0FC63DAF-8483-4772-8E79-3D69D8477DE",
        "type=0FC63DAF-8483-4772-8E79-3D69D8477DE4F",
        "type=0FC63DAF-8483-4772-8E793-D69D8477DE4",
    };
    struct gpt_select select = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(gpt_select_parse(&select, wrong[i]), -1);
    assert_int_equal(gpt_select_parse(&select, "verbose"), 0);
}

static void test_falls_back_to_the_backup(void **state)
{
    (void)state;
    put(1, 56, 1, 1); /* one bit of the disk's GUID */
    assert_int_equal(gpt_find(&disk, &any, &found, message), GPT_OK);
    assert_true(found.from_backup);
    assert_non_null(strstr(message, "header checksum is wrong"));

    setup(NULL);
    put(2, 40, 61, 1); /* an entry changed behind the checksum's back */
    assert_int_equal(gpt_find(&disk, &any, &found, message), GPT_OK);
    assert_int_equal(found.last, 60);
    assert_non_null(strstr(message, "checksum of the entries"));

    setup(NULL);
    bad_block = 1;
    assert_int_equal(gpt_find(&disk, &any, &found, message), GPT_OK);
    bad_block = 3;
    assert_int_equal(gpt_find(&disk, &any, &found, message), GPT_OK);
    assert_true(found.from_backup);
}

/* A header with a right checksum and a wrong field, in both copies. */
static void check_field(size_t offset, uint64_t value, size_t bytes,
                        const char *says)
{
    static const uint64_t headers[2] = {1, BLOCKS - 1};

    setup(NULL);
    for (int i = 0; i < 2; i++) {
        put(headers[i], offset, value, bytes);
        put(headers[i], 16, 0, 4);
        put(headers[i], 16, gpt_crc32(0, image + headers[i] * BYTES, 92), 4);
    }
    assert_int_equal(gpt_find(&disk, &any, &found, message), GPT_ERR_BROKEN);
    assert_non_null(strstr(message, says));
}

static void test_refuses_fields_out_of_bounds(void **state)
{
    (void)state;
    check_field(8, 0x20000, 4, "revision");
    check_field(12, 91, 4, "header size");
    check_field(12, 513, 4, "header size");
    check_field(12, ~0u, 4, "header size");
    check_field(24, 5, 8, "belongs elsewhere");
    check_field(40, 95, 8, "usable blocks");
    check_field(48, BLOCKS, 8, "usable blocks");
    check_field(72, 0, 8, "entries lie");
    check_field(72, 1, 8, "entries lie");
    check_field(72, BLOCKS, 8, "entries lie");
    check_field(72, BLOCKS - 31, 8, "entries lie");
    check_field(72, ~0ull, 8, "entries lie");
    check_field(80, 0, 4, "number of entries");
    check_field(80, 1025, 4, "number of entries");
    check_field(80, ~0u, 4, "number of entries");
    check_field(84, 64, 4, "size of an entry");
    check_field(84, 192, 4, "size of an entry");
    check_field(84, 1024, 4, "size of an entry");
    check_field(88, 0, 4, "checksum of the entries");
}

static void test_refuses_partitions_out_of_bounds(void **state)
{
    static const uint64_t ranges[][2] = {
        {33, 60}, {34, 95}, {50, 49}, {34, ~0ull}, {34, 61}};

    (void)state;
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        setup(NULL);
        partition_make(1, ranges[i][0], ranges[i][1], "boot");
        seal(1);
        assert_int_equal(gpt_find(&disk, &any, &found, message),
                         GPT_ERR_BROKEN);
        assert_non_null(
            strstr(message, i == 4 ? "partitions 1 and 3 overlap" : "outside"));
    }
}

static void test_says_when_there_is_none(void **state)
{
    struct gpt_disk tiny = disk;

    (void)state;
    memset(image, 0, sizeof(image));
    assert_int_equal(gpt_find(&disk, &any, &found, message), GPT_ERR_NONE);
    assert_string_equal(message, "the disk has no GPT");
    bad_block = ~0ull;
    assert_int_equal(gpt_find(&disk, &any, &found, message), GPT_ERR_IO);
    assert_string_equal(message, "the partition table cannot be read");
    bad_block = 0;
    tiny.blocks = 3;
    assert_int_equal(gpt_find(&tiny, &any, &found, message), GPT_ERR_NONE);
    tiny.blocks = 0;
    assert_int_equal(gpt_find(&tiny, &any, &found, message), GPT_ERR_NONE);
}

static void test_name_fills_its_field(void **state)
{
    (void)state;
    partition_make(1, 34, 60, "");
    for (size_t i = 0; i < 36; i++)
        put(2, 56 + 2 * i, i ? 0x20ac : 0xd800, 2); /* euro signs */
    seal(1);
    assert_int_equal(gpt_find(&disk, &any, &found, message), GPT_OK);
    assert_int_equal(strlen(found.name), 1 + 35 * 3);
    assert_int_equal(found.name[0], '?');
}

static void test_crc_is_that_of_ieee(void **state)
{
    (void)state;
    assert_int_equal(gpt_crc32(0, "123456789", 9), 0xcbf43926);
    assert_int_equal(gpt_crc32(gpt_crc32(0, "1234", 4), "56789", 5),
                     0xcbf43926);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_finds_the_first_partition, setup),
        cmocka_unit_test_setup(test_selects_by_number_name_and_type, setup),
        cmocka_unit_test_setup(test_refuses_malformed_selections, setup),
        cmocka_unit_test_setup(test_falls_back_to_the_backup, setup),
        cmocka_unit_test_setup(test_refuses_fields_out_of_bounds, setup),
        cmocka_unit_test_setup(test_refuses_partitions_out_of_bounds, setup),
        cmocka_unit_test_setup(test_says_when_there_is_none, setup),
        cmocka_unit_test_setup(test_name_fills_its_field, setup),
        cmocka_unit_test_setup(test_crc_is_that_of_ieee, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

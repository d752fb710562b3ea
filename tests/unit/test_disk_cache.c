/*
 * The file server's disk cache, over a disk whose every byte is known and
 * whose reads end out of order, fail or get lost on command.
 *
 * links: servers/fs/cache.c servers/fs/cache_write.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "servers/fs/cache.h"

#define LINES      4u
#define DISK_BYTES (20ull * CACHE_LINE_BYTES + 512)

static struct cache cache;
static uint8_t *memory;
static uint8_t medium[DISK_BYTES];

static struct {
    struct {
        uint64_t offset;
        uint32_t bytes;
        unsigned line;
        uint64_t place;
        int is_write;
    } pending[64];
    unsigned count, started, writes, flushes;
    uint64_t written;    /* bytes */
    int refuse;          /* start() returns it */
    int lost;            /* finish() returns it */
    uint64_t fail_at;    /* reads of this offset fail */
    int last_come_first; /* order of completion */
} disk;

static uint8_t byte_at(uint64_t offset)
{
    return (uint8_t)(offset * 31 + (offset >> 13));
}

static int start(void *context, uint64_t offset, uint32_t bytes, unsigned line)
{
    (void)context;
    assert_int_equal(offset % CACHE_LINE_BYTES, 0);
    assert_true(offset + bytes <= DISK_BYTES && bytes);
    assert_true(line < LINES);
    if (disk.refuse)
        return disk.refuse;
    for (unsigned i = 0; i < disk.count; i++)
        assert_int_not_equal(disk.pending[i].line, line);
    disk.pending[disk.count].offset = offset;
    disk.pending[disk.count].bytes = bytes;
    disk.pending[disk.count].is_write = 0;
    disk.pending[disk.count++].line = line;
    disk.started++;
    return 0;
}

static int start_write(void *context, uint64_t offset, uint32_t bytes,
                       uint64_t place)
{
    (void)context;
    assert_true(bytes && offset + bytes <= DISK_BYTES);
    assert_true(place + bytes <= (LINES + CACHE_STAGING) * CACHE_LINE_BYTES);
    assert_int_equal(bytes % 512, 0);
    if (disk.refuse)
        return disk.refuse;
    disk.pending[disk.count].offset = offset;
    disk.pending[disk.count].bytes = bytes;
    disk.pending[disk.count].place = place;
    disk.pending[disk.count].is_write = 1;
    disk.pending[disk.count++].line = (unsigned)(place / CACHE_LINE_BYTES);
    disk.writes++;
    disk.written += bytes;
    return 0;
}

/* A flush says nothing about what has not ended. */
static int flush(void *context)
{
    (void)context;
    assert_int_equal(disk.count, 0);
    disk.flushes++;
    return 0;
}

static int finish(void *context, unsigned *line, int *error)
{
    unsigned i = disk.last_come_first ? disk.count - 1 : 0;

    (void)context;
    if (disk.lost) {
        disk.count = 0;
        return disk.lost;
    }
    assert_true(disk.count);
    *line = disk.pending[i].line;
    *error = disk.pending[i].offset == disk.fail_at ? 7 : 0;
    for (uint32_t b = 0; b < disk.pending[i].bytes && !*error; b++) {
        uint64_t at = disk.pending[i].offset + b;

        if (disk.pending[i].is_write)
            medium[at] = memory[disk.pending[i].place + b];
        else
            memory[*line * CACHE_LINE_BYTES + b] = medium[at];
    }
    memmove(&disk.pending[i], &disk.pending[i + 1],
            (disk.count - i - 1) * sizeof(disk.pending[0]));
    disk.count--;
    return 0;
}

static int setup(void **state)
{
    static const struct cache_source source = {start, finish, start_write,
                                               flush, NULL};

    (void)state;
    memset(&disk, 0, sizeof(disk));
    disk.fail_at = ~0ull;
    free(memory);
    memory = malloc((LINES + CACHE_STAGING) * CACHE_LINE_BYTES);
    for (uint64_t at = 0; at < DISK_BYTES; at++)
        medium[at] = byte_at(at);
    cache_init(&cache, &source, memory, LINES, DISK_BYTES);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(memory);
    memory = NULL;
    return 0;
}

static void check_read(uint64_t offset, size_t bytes)
{
    uint8_t *to = malloc(bytes);

    assert_int_equal(cache_read(&cache, offset, to, bytes), 0);
    for (size_t i = 0; i < bytes; i++)
        assert_int_equal(to[i], byte_at(offset + i));
    free(to);
}

static void test_reads_across_lines(void **state)
{
    (void)state;
    check_read(0, 1);
    check_read(CACHE_LINE_BYTES - 3, 6);
    check_read(100, 3 * CACHE_LINE_BYTES);
    check_read(DISK_BYTES - 700, 700);
}

static void test_keeps_what_was_used_last(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < LINES; i++)
        check_read(i * CACHE_LINE_BYTES, 8);
    assert_int_equal(disk.started, LINES);
    check_read(0, 8);
    check_read(9ull * CACHE_LINE_BYTES, 8); /* throws line 1 out, not line 0 */
    check_read(0, 8);
    assert_int_equal(disk.started, LINES + 1);
    check_read(CACHE_LINE_BYTES, 8);
    assert_int_equal(disk.started, LINES + 2);
}

static void test_reads_ahead_without_waiting(void **state)
{
    (void)state;
    disk.last_come_first = 1;
    cache_ahead(&cache, 0, 100ull * CACHE_LINE_BYTES);
    assert_int_equal(disk.started, LINES / 2);
    check_read(0, CACHE_LINE_BYTES * 2);
    assert_int_equal(disk.started, LINES / 2);
    cache_ahead(&cache, DISK_BYTES - 1, 1 << 20);
    check_read(DISK_BYTES - 512, 512);
    cache_ahead(&cache, DISK_BYTES, 1 << 20);
    cache_ahead(&cache, ~0ull, ~0ull);
}

static void test_refuses_what_lies_beyond(void **state)
{
    const uint8_t *data;
    size_t bytes;
    uint8_t to[16];

    (void)state;
    assert_int_equal(cache_view(&cache, DISK_BYTES, &data, &bytes),
                     CACHE_ERR_RANGE);
    assert_int_equal(cache_view(&cache, ~0ull, &data, &bytes), CACHE_ERR_RANGE);
    assert_int_equal(cache_read(&cache, DISK_BYTES - 8, to, 16),
                     CACHE_ERR_RANGE);
}

static void test_an_error_is_told_once_and_tried_again(void **state)
{
    uint8_t to[8];

    (void)state;
    disk.fail_at = CACHE_LINE_BYTES;
    cache_ahead(&cache, 0, 2 * CACHE_LINE_BYTES);
    check_read(0, 8);
    assert_int_equal(cache_read(&cache, CACHE_LINE_BYTES, to, 8), 7);
    disk.fail_at = ~0ull;
    check_read(CACHE_LINE_BYTES, 8);
    disk.refuse = 9;
    assert_int_equal(cache_read(&cache, 5 * CACHE_LINE_BYTES, to, 8), 9);
    disk.refuse = 0;
    check_read(0, 5 * CACHE_LINE_BYTES);
}

static void test_a_lost_driver_loses_no_line_for_good(void **state)
{
    uint8_t to[8];

    (void)state;
    check_read(0, 8);
    cache_ahead(&cache, 3 * CACHE_LINE_BYTES, 2 * CACHE_LINE_BYTES);
    disk.lost = 5;
    assert_int_equal(cache_read(&cache, 8 * CACHE_LINE_BYTES, to, 8), 5);
    assert_int_equal(cache.loading, 0);
    check_read(0, 8); /* still there */
    disk.lost = 0;
    check_read(2 * CACHE_LINE_BYTES, 6 * CACHE_LINE_BYTES);
    cache_ahead(&cache, 9 * CACHE_LINE_BYTES, 1);
    disk.count = 0;
    cache_drop(&cache);
    check_read(0, 4 * CACHE_LINE_BYTES);
}

/* --- writing --- */

#define KIB 1024u

static void fill(uint8_t *data, size_t bytes, uint8_t with)
{
    memset(data, with, bytes);
}

static void
test_a_change_is_seen_and_reaches_the_disk_when_cleaned(void **state)
{
    uint8_t data[3000], back[3000];

    (void)state;
    fill(data, sizeof(data), 0xaa);
    assert_int_equal(cache_write(&cache, CACHE_LINE_BYTES - 1000, data, 3000),
                     0);
    assert_int_equal(disk.writes, 0);
    assert_int_equal(cache_read(&cache, CACHE_LINE_BYTES - 1000, back, 3000),
                     0);
    assert_memory_equal(data, back, 3000);
    assert_int_equal(cache_clean(&cache), 0);
    assert_int_equal(disk.writes, 2); /* a run in each of two lines */
    assert_int_equal(disk.written, 1 * KIB + 2 * KIB);
    assert_memory_equal(medium + CACHE_LINE_BYTES - 1000, data, 3000);
    assert_int_equal(medium[CACHE_LINE_BYTES - 1001],
                     byte_at(CACHE_LINE_BYTES - 1001));
    assert_int_equal(medium[CACHE_LINE_BYTES + 2000],
                     byte_at(CACHE_LINE_BYTES + 2000));
    assert_int_equal(cache_clean(&cache), 0);
    assert_int_equal(disk.writes, 2); /* nothing is written twice */
    assert_int_equal(disk.flushes, 0);
}

static void test_zeros_and_whole_lines_need_no_read(void **state)
{
    static uint8_t line[CACHE_LINE_BYTES];

    (void)state;
    fill(line, sizeof(line), 0x55);
    assert_int_equal(cache_write(&cache, CACHE_LINE_BYTES, line, sizeof(line)),
                     0);
    assert_int_equal(disk.started, 0);
    assert_int_equal(cache_write(&cache, CACHE_LINE_BYTES + KIB, NULL, KIB), 0);
    assert_int_equal(cache_clean(&cache), 0);
    assert_int_equal(medium[CACHE_LINE_BYTES + KIB - 1], 0x55);
    assert_int_equal(medium[CACHE_LINE_BYTES + KIB], 0);
    assert_int_equal(medium[CACHE_LINE_BYTES + 2 * KIB], 0x55);
    /* The short line at the end. */
    assert_int_equal(cache_write(&cache, DISK_BYTES - 512, line, 512), 0);
    assert_int_equal(cache_clean(&cache), 0);
    assert_int_equal(medium[DISK_BYTES - 1], 0x55);
    assert_int_equal(cache_write(&cache, DISK_BYTES - 511, line, 512),
                     CACHE_ERR_RANGE);
}

static void test_no_change_is_lost_when_there_are_many(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        uint8_t data[64];

        fill(data, sizeof(data), (uint8_t)(i + 1));
        assert_int_equal(cache_write(&cache,
                                     i * (uint64_t)CACHE_LINE_BYTES + 5000,
                                     data, 64),
                         0);
        assert_true(cache.dirty_lines <= LINES / 2 + 1);
    }
    assert_int_equal(cache_clean(&cache), 0);
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(medium[i * CACHE_LINE_BYTES + 5063], i + 1);
}

static void test_what_is_stored_goes_out_in_copies(void **state)
{
    static uint8_t block[4096];
    uint8_t to[4];

    (void)state;
    check_read(0, 16); /* line 0 is there */
    fill(block, sizeof(block), 1);
    assert_int_equal(cache_store(&cache, 4096, block, sizeof(block)), 0);
    fill(block, sizeof(block), 2);
    /* More than the staging line holds. */
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(cache_store(&cache, (20 + i) * 4096ull, block, 4096),
                         0);
    assert_int_equal(cache_read(&cache, 4096, to, 4), 0);
    assert_int_equal(to[3], 1);
    assert_int_equal(cache_flush(&cache), 0);
    assert_int_equal(disk.flushes, 1);
    assert_int_equal(medium[4096 + 4095], 1);
    assert_int_equal(medium[39 * 4096], 2);
    assert_int_equal(medium[40 * 4096], byte_at(40 * 4096));
}

static void test_a_failed_write_is_told(void **state)
{
    uint8_t data[512] = {1};

    (void)state;
    assert_int_equal(cache_write(&cache, 0, data, 512), 0);
    disk.fail_at = 0;
    assert_int_equal(cache_clean(&cache), 7);
    disk.fail_at = ~0ull;
    assert_int_equal(cache_clean(&cache), 0); /* it was still dirty */
    assert_int_equal(medium[0], 1);
    disk.fail_at = 8192;
    assert_int_equal(cache_store(&cache, 8192, data, 512), 0);
    assert_int_equal(cache_flush(&cache), 7);
    assert_int_equal(disk.flushes, 0);
    disk.fail_at = ~0ull;
    assert_int_equal(cache_flush(&cache), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_reads_across_lines),
        TEST(test_keeps_what_was_used_last),
        TEST(test_reads_ahead_without_waiting),
        TEST(test_refuses_what_lies_beyond),
        TEST(test_an_error_is_told_once_and_tried_again),
        TEST(test_a_lost_driver_loses_no_line_for_good),
        TEST(test_a_change_is_seen_and_reaches_the_disk_when_cleaned),
        TEST(test_zeros_and_whole_lines_need_no_read),
        TEST(test_no_change_is_lost_when_there_are_many),
        TEST(test_what_is_stored_goes_out_in_copies),
        TEST(test_a_failed_write_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

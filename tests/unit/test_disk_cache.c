/*
 * The file server's disk cache, over a disk whose every byte is known and
 * whose reads end out of order, fail or get lost on command.
 *
 * links: servers/fs/cache.c
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

/* Copies a range view by view, as the file server does. */
static int cache_read(struct cache *cache, uint64_t offset, void *to,
                      size_t bytes)
{
    uint8_t *out = to;

    while (bytes) {
        const uint8_t *data;
        size_t n;
        int error = cache_view(cache, offset, &data, &n);

        if (error)
            return error;
        if (n > bytes)
            n = bytes;
        memcpy(out, data, n);
        out += n;
        offset += n;
        bytes -= n;
    }
    return 0;
}

static struct cache cache;
static uint8_t *memory;

static struct {
    struct {
        uint64_t offset;
        uint32_t bytes;
        unsigned line;
    } pending[64];
    unsigned count, started;
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
    disk.pending[disk.count++].line = line;
    disk.started++;
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
    for (uint32_t b = 0; b < disk.pending[i].bytes && !*error; b++)
        memory[*line * CACHE_LINE_BYTES + b] =
            byte_at(disk.pending[i].offset + b);
    memmove(&disk.pending[i], &disk.pending[i + 1],
            (disk.count - i - 1) * sizeof(disk.pending[0]));
    disk.count--;
    return 0;
}

static int setup(void **state)
{
    static const struct cache_source source = {start, finish, NULL};

    (void)state;
    memset(&disk, 0, sizeof(disk));
    disk.fail_at = ~0ull;
    free(memory);
    memory = malloc(LINES * CACHE_LINE_BYTES);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

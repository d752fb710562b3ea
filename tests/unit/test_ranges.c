/*
<<<<<<< HEAD
 * Range sets against a bitmap that does the same, page by page: random adds
 * and removes agree, stay sorted and apart, and a full set only ever shrinks.
 *
 * links: kernel/arch/x86_64/ranges.c
 */
#include "kernel/arch/x86_64/ranges.h"

#include <setjmp.h>
#include <stdarg.h>
=======
 * Free ranges against a plain array, and their edges.
 *
 * links: libsys/ranges.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
>>>>>>> 6188dc0 (Test rings, slots, ranges, messages and the clock on the host; fuzz the first and the last but one)
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

<<<<<<< HEAD
#define PAGES 256

static uint32_t seed = 1;

static uint32_t dice(uint32_t sides)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % sides;
}

static bool in_set(const struct range_set *set, unsigned page)
{
    return range_covers(set, page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
}

static void check_order(const struct range_set *set)
{
    for (unsigned i = 0; i < set->count; i++) {
        assert_true(set->ranges[i].start.v < set->ranges[i].end.v);
        if (i > 0)
            assert_true(set->ranges[i - 1].end.v < set->ranges[i].start.v);
    }
}

static void test_against_bitmap(void **state)
{
    struct phys_range entries[PAGES];
    struct range_set set = {entries, 0, PAGES};
    bool model[PAGES] = {false};

    (void)state;
    for (unsigned step = 0; step < 20000; step++) {
        unsigned kind = dice(3);
        uint64_t a = dice(PAGES * 4096 - 1), b = a + dice(40000);

        if (b > PAGES * PAGE_SIZE)
            b = PAGES * PAGE_SIZE;
        if (kind == 0)
            assert_true(range_add_inside(&set, a, b));
        else if (kind == 1)
            assert_true(range_add_touched(&set, a, b));
        else
            range_remove(&set, a, b);
        for (uint64_t p = 0; p < PAGES; p++) {
            bool inside = a <= p * 4096 && (p + 1) * 4096 <= b;
            bool touched = a < (p + 1) * 4096 && p * 4096 < b;
            if (a < b && (kind == 0 ? inside : touched))
                model[p] = kind != 2;
        }
        check_order(&set);
        for (unsigned p = 0; p < PAGES; p++)
            assert_int_equal(in_set(&set, p), model[p]);
    }
}

static void test_full_set_only_shrinks(void **state)
{
    struct phys_range entries[3], wide[PAGES];

    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        struct range_set set = {entries, 0, 3}, all = {wide, 0, PAGES};

        for (unsigned step = 0; step < 20; step++) {
            uint64_t a = dice(PAGES) * PAGE_SIZE;
            uint64_t b = a + (1 + dice(30)) * PAGE_SIZE;

            if (dice(2)) {
                if (range_add_inside(&set, a, b))
                    range_add_inside(&all, a, b);
            } else {
                range_remove(&set, a, b);
                range_remove(&all, a, b);
            }
            check_order(&set);
            assert_true(set.count <= 3);
            for (unsigned p = 0; p < PAGES; p++)
                assert_true(!in_set(&set, p) || in_set(&all, p));
        }
    }
}

static void test_split_of_a_full_set_loses_the_smaller_part(void **state)
{
    struct phys_range entries[1];
    struct range_set set = {entries, 0, 1};

    (void)state;
    assert_true(range_add_inside(&set, 0, 0x100000));
    range_remove(&set, 0x10000, 0x20000);
    assert_int_equal(set.ranges[0].start.v, 0x20000);
    assert_int_equal(set.ranges[0].end.v, 0x100000);
    range_remove(&set, 0xf0000, 0xf1000);
    assert_int_equal(set.ranges[0].end.v, 0xf0000);
    assert_false(range_add_inside(&set, 0x200000, 0x300000));
}

static void test_ends_of_the_address_space(void **state)
{
    struct phys_range entries[4];
    struct range_set set = {entries, 0, 4};

    (void)state;
    assert_true(range_add_touched(&set, ~0ull - 10, ~0ull));
    assert_true(range_add_inside(&set, ~0ull - 10, ~0ull));
    check_order(&set);
    assert_true(range_add_inside(&set, 0x1001, 0x1fff)); /* no whole page */
    assert_false(range_overlaps(&set, 0, 0x10000));
    assert_true(range_add_touched(&set, 0x1001, 0x1002));
    assert_true(range_overlaps(&set, 0x1fff, 0x2000));
    range_remove(&set, 0, ~0ull);
    assert_false(range_overlaps(&set, 0, 0x10000));
}

static void test_take(void **state)
{
    struct phys_range entries[8];
    struct range_set set = {entries, 0, 8};
    uint64_t at = 0;

    (void)state;
    range_add_inside(&set, 0x10000, 0x20000);
    range_add_inside(&set, 0x100000, 0x180000);
    assert_true(range_take(&set, 0x1000, 0x1000, 0x100000000, &at));
    assert_int_equal(at, 0x17f000);
    assert_true(range_take(&set, 0x4000, 0x4000, 0x100000000, &at));
    assert_int_equal(at, 0x178000);
    assert_true(range_take(&set, 0x1000, 0x1000, 0x18000, &at));
    assert_int_equal(at, 0x17000);
    assert_false(range_take(&set, 0x200000, 0x1000, 0x100000000, &at));
    assert_false(range_overlaps(&set, 0x17000, 0x18000));
    assert_true(range_covers(&set, 0x17c000, 0x17f000));
=======
#include <cordon/ranges.h>

#define SPACE 512u

static struct ranges r;
static uint8_t is_free[SPACE];

static void table_agrees_with_model(void)
{
    uint8_t seen[SPACE] = {0};

    for (uint32_t i = 0; i < r.count; i++) {
        assert_true(r.free[i].first < r.free[i].end);
        /* Sorted, disjoint and merged. */
        assert_true(i == 0 || r.free[i - 1].end < r.free[i].first);
        for (uint64_t n = r.free[i].first; n < r.free[i].end; n++)
            seen[n] = 1;
    }
    assert_memory_equal(seen, is_free, sizeof(seen));
}

static void try_take(uint64_t size, uint64_t align)
{
    uint64_t first, want = SPACE;

    for (uint64_t at = 0; at + size <= SPACE && want == SPACE; at += align)
        if (memchr(is_free + at, 0, size) == NULL)
            want = at;
    assert_int_equal(ranges_take(&r, size, align, &first), want != SPACE);
    if (want == SPACE)
        return;
    assert_int_equal(first, want); /* the lowest */
    memset(is_free + first, 0, size);
}

static void try_add(uint64_t first, uint64_t size)
{
    bool allowed = memchr(is_free + first, 1, size) == NULL;

    assert_int_equal(ranges_add(&r, first, first + size), allowed);
    if (allowed)
        memset(is_free + first, 1, size);
}

static void random_use_agrees_with_model(void **state)
{
    (void)state;
    srand(2);
    for (int step = 0; step < 20000; step++) {
        uint64_t size = 1 + (unsigned)rand() % 12;

        if (rand() % 2)
            try_take(size, 1ull << (rand() % 4));
        else
            try_add((unsigned)rand() % (SPACE - 12), size);
        table_agrees_with_model();
    }
    assert_int_equal(r.lost, 0);
}

static void edges(void **state)
{
    uint64_t first;

    (void)state;
    r = (struct ranges){0};
    assert_false(ranges_add(&r, 5, 5));
    assert_false(ranges_add(&r, 6, 5));
    assert_true(ranges_add(&r, ~0ull - 10, ~0ull));
    assert_false(ranges_take(&r, 0, 1, &first));
    assert_false(ranges_take(&r, 4, 1ull << 40, &first)); /* rounds past 2^64 */
    assert_false(ranges_take(&r, ~0ull, 1, &first));
    assert_true(ranges_take(&r, 10, 1, &first));
    assert_int_equal(first, ~0ull - 10);
    assert_int_equal(r.count, 0);
}

/* A full table loses ranges that it cannot write down, and says how much. */
static void full_table_loses_only_what_comes(void **state)
{
    uint64_t first;

    (void)state;
    r = (struct ranges){0};
    for (uint64_t i = 0; i < RANGES_MAX + 3; i++)
        assert_true(ranges_add(&r, 4 * i, 4 * i + 2));
    assert_int_equal(r.count, RANGES_MAX);
    assert_int_equal(r.lost, 6);
    for (uint64_t i = 0; i < RANGES_MAX; i++) {
        assert_true(ranges_take(&r, 2, 1, &first));
        assert_int_equal(first, 4 * i);
    }
    assert_false(ranges_take(&r, 1, 1, &first));
>>>>>>> 6188dc0 (Test rings, slots, ranges, messages and the clock on the host; fuzz the first and the last but one)
}

int main(void)
{
    const struct CMUnitTest tests[] = {
<<<<<<< HEAD
        cmocka_unit_test(test_against_bitmap),
        cmocka_unit_test(test_full_set_only_shrinks),
        cmocka_unit_test(test_split_of_a_full_set_loses_the_smaller_part),
        cmocka_unit_test(test_ends_of_the_address_space),
        cmocka_unit_test(test_take),
=======
        cmocka_unit_test(random_use_agrees_with_model),
        cmocka_unit_test(edges),
        cmocka_unit_test(full_table_loses_only_what_comes),
>>>>>>> 6188dc0 (Test rings, slots, ranges, messages and the clock on the host; fuzz the first and the last but one)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

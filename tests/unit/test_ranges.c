/*
 * Range sets against a bitmap that does the same, page by page: random adds
 * and removes agree, stay sorted and apart, and a full set only ever shrinks.
 *
 * links: boot/ranges.c
 */
#include "boot/ranges.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

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
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_bitmap),
        cmocka_unit_test(test_full_set_only_shrinks),
        cmocka_unit_test(test_split_of_a_full_set_loses_the_smaller_part),
        cmocka_unit_test(test_ends_of_the_address_space),
        cmocka_unit_test(test_take),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

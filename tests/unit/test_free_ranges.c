/*
 * Free ranges against a plain array, and their edges.
 *
 * links: libsys/ranges.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

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
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_use_agrees_with_model),
        cmocka_unit_test(edges),
        cmocka_unit_test(full_table_loses_only_what_comes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

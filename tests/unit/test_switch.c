/*
 * The switch's table of addresses and its clients' rate limits.
 *
 * links: servers/switch/table.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "servers/switch/limit.h"
#include "servers/switch/table.h"

#define SECOND 1000000000ull

static struct table table;

static int setup(void **state)
{
    (void)state;
    memset(&table, 0, sizeof(table));
    return 0;
}

static void addresses(void **state)
{
    const uint8_t bytes[] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};

    (void)state;
    assert_int_equal(table_address(bytes), 0x563412005452);
    assert_false(table_is_group(0x563412005452));
    assert_true(table_is_group(0x563412005453));
    assert_true(table_is_group(0xffffffffffff));
}

static void learns_and_forgets(void **state)
{
    (void)state;
    assert_int_equal(table_find(&table, 2, 0), TABLE_NOWHERE);
    assert_true(table_learn(&table, 2, 5, 10));
    assert_int_equal(table_find(&table, 2, 10 + TABLE_AGE_NS), 5);
    assert_int_equal(table_find(&table, 2, 11 + TABLE_AGE_NS), TABLE_NOWHERE);
    assert_true(table_learn(&table, 2, 6, 20)); /* it has moved */
    assert_int_equal(table_find(&table, 2, 20), 6);
    table_forget(&table, 5);
    assert_int_equal(table_find(&table, 2, 20), 6);
    table_forget(&table, 6);
    assert_int_equal(table_find(&table, 2, 20), TABLE_NOWHERE);
}

static void no_group_is_a_source(void **state)
{
    (void)state;
    assert_false(table_learn(&table, 0xffffffffffff, 1, 0));
    assert_false(table_learn(&table, 1, 1, 0));
    assert_false(table_learn(&table, 0, 1, 0));
}

static void fixed_ones_are_not_taken_over(void **state)
{
    (void)state;
    table_fix(&table, 2, 3);
    assert_true(table_learn(&table, 2, 3, 0));
    assert_false(table_learn(&table, 2, 4, 0));
    assert_int_equal(table_find(&table, 2, ~0ull), 3);
    /* Nor pushed out by a flood of others. */
    for (uint64_t i = 4; i < 1000000; i += 2)
        table_learn(&table, i, 4, i);
    assert_int_equal(table_find(&table, 2, 0), 3);
    assert_int_equal(table_find(&table, 999998, 1000000), 4);
}

/* Bytes that go through in `ns`, sent as fast as may be in packets of a size.
 */
static uint64_t through(uint64_t rate, uint32_t bytes, uint64_t ns)
{
    struct limit l = {.rate = rate};
    uint64_t sent = 0;

    for (uint64_t now = 2 * SECOND; now < 2 * SECOND + ns;) {
        limit_fill(&l, now);
        if (limit_allows(&l)) {
            limit_charge(&l, bytes);
            sent += bytes;
        } else {
            assert_true(limit_wait(&l) > 0 && limit_wait(&l) <= SECOND);
            now += limit_wait(&l);
        }
    }
    return sent;
}

static void rates_are_kept(void **state)
{
    static const uint64_t rates[] = {10000, 1000000, 125000000};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        uint64_t whole = rates[i] * 10;
        uint64_t large = through(rates[i], 1400, 10 * SECOND);
        uint64_t small = through(rates[i], 64, 10 * SECOND);

        /* A packet costs 128 bytes more; a bucket is what it may be above. */
        assert_in_range(large, whole * 85 / 100, whole + 70000 + whole / 500);
        assert_in_range(small, whole * 25 / 100, whole * 40 / 100 + 70000);
    }
    assert_true(limit_allows(&(struct limit){.rate = 0}));
}

static void a_batch_overdraws_and_pays(void **state)
{
    struct limit l = {.rate = 1000000};

    (void)state;
    limit_fill(&l, 5 * SECOND);
    for (unsigned i = 0; i < 100; i++)
        limit_charge(&l, 1400);
    assert_false(limit_allows(&l));
    limit_fill(&l, 5 * SECOND + limit_wait(&l));
    assert_true(limit_allows(&l));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(addresses, setup),
        cmocka_unit_test_setup(learns_and_forgets, setup),
        cmocka_unit_test_setup(no_group_is_a_source, setup),
        cmocka_unit_test_setup(fixed_ones_are_not_taken_over, setup),
        cmocka_unit_test(rates_are_kept),
        cmocka_unit_test(a_batch_overdraws_and_pays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

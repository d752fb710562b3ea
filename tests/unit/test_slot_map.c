/*
 * The bit map of free slots against a plain array: random takes and gives.
 *
 * links: libsys/slot_map.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "libsys/slot_map.h"

#define FIRST 40u
#define END   300u

static struct slot_map map;
static uint8_t model[END]; /* 1: taken */

static unsigned model_free(void)
{
    unsigned n = 0;

    for (unsigned i = FIRST; i < END; i++)
        n += !model[i];
    return n;
}

static unsigned longest_run(void)
{
    unsigned best = 0, run = 0;

    for (unsigned i = FIRST; i < END; i++) {
        run = model[i] ? 0 : run + 1;
        best = run > best ? run : best;
    }
    return best;
}

static void random_use_agrees_with_model(void **state)
{
    (void)state;
    srand(1);
    slot_map_init(&map, FIRST, END);
    for (int step = 0; step < 20000; step++) {
        size_t count = 1 + (size_t)rand() % 20;
        uint64_t slot = FIRST + (unsigned)rand() % (END - FIRST);
        size_t n = 0;

        if (rand() % 2) {
            slot = slot_map_take(&map, count);
            assert_int_equal(slot != 0, count <= longest_run());
            for (size_t i = 0; slot != 0 && i < count; i++) {
                assert_in_range(slot + i, FIRST, END - 1);
                assert_false(model[slot + i]);
                model[slot + i] = 1;
            }
        } else {
            while (n < count && slot + n < END && model[slot + n])
                n++;
            assert_int_equal(slot_map_give(&map, slot, count), n == count);
            for (size_t i = 0; n == count && i < count; i++)
                model[slot + i] = 0;
        }
        assert_int_equal(map.free, model_free());
    }
}

static void bounds(void **state)
{
    (void)state;
    slot_map_init(&map, 16, 32);
    assert_int_equal(slot_map_take(&map, 0), 0);
    assert_int_equal(slot_map_take(&map, 17), 0);
    assert_int_equal(slot_map_take(&map, 16), 16);
    assert_int_equal(slot_map_take(&map, 1), 0);
    assert_false(slot_map_give(&map, 15, 1));
    assert_false(slot_map_give(&map, 31, 2));
    assert_false(slot_map_give(&map, ~0ull, 1));
    assert_false(slot_map_give(&map, 16, SIZE_MAX));
    assert_true(slot_map_give(&map, 31, 1));
    assert_false(slot_map_give(&map, 31, 1));
    assert_int_equal(slot_map_take(&map, 1), 31);
    slot_map_init(&map, 16, 1ull << 40); /* cut to what the map holds */
    assert_int_equal(map.end, SLOT_MAP_MAX);
    slot_map_init(&map, 64, 32); /* nothing to give out */
    assert_int_equal(slot_map_take(&map, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_use_agrees_with_model),
        cmocka_unit_test(bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

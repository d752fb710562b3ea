/*
 * Counter to nanoseconds: exact at whole seconds, monotonic, no overflow in a
 * machine's lifetime.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <cordon/clock.h>

/* Parameters as a kernel makes them for a counter of this frequency. */
static struct clock_params params(uint64_t hz)
{
    struct clock_params c = {.tsc_base = 1000, .shift = 31, .tsc_hz = hz};

    while (((NS_PER_S << c.shift) / hz) >> 32 != 0)
        c.shift--;
    c.mult = (uint32_t)((NS_PER_S << c.shift) / hz);
    return c;
}

static void scales_like_the_frequency(void **state)
{
    static const uint64_t hz[] = {1000000000, 2400000000, 3000000000, 900000000,
                                  5123456789};

    (void)state;
    for (size_t i = 0; i < sizeof(hz) / sizeof(hz[0]); i++) {
        struct clock_params c = params(hz[i]);
        uint64_t year = 365ull * 24 * 3600;
        uint64_t ns = clock_scale(&c, c.tsc_base + hz[i] * year);
        uint64_t exact = year * NS_PER_S;
        uint64_t off = ns > exact ? ns - exact : exact - ns;

        assert_true(off < exact / 100000000); /* 10 ns a second */
        assert_int_equal(clock_scale(&c, c.tsc_base), 0);
        assert_int_equal(clock_scale(&c, c.tsc_base - 1), 0);
    }
}

static void never_goes_back(void **state)
{
    struct clock_params c = params(2399999999);
    uint64_t last = 0;

    (void)state;
    for (uint64_t tsc = 0; tsc < 100000; tsc++) {
        uint64_t now = clock_scale(&c, tsc);

        assert_true(now >= last);
        last = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scales_like_the_frequency),
        cmocka_unit_test(never_goes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

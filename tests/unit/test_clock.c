/*
 * Nanoseconds and time-stamp counter are exact inverses for every frequency:
 * a deadline never comes before its nanosecond and never a tick too late.
 *
 * links: kernel/arch/x86_64/clock.c boot/arch/x86_64/calibrate.c
 */
#include "boot/arch/x86_64/calibrate.h"
#include "boot/machine.h"
#include "boot/print.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct platform platform;

/* Not reached: the tests scale, they do not calibrate. */
void *mmio_map(paddr_t address, uint64_t size)
{
    (void)address, (void)size;
    abort();
}

void boot_fail(const char *format, ...)
{
    (void)format;
    abort();
}

static const uint64_t frequencies[] = {
    1000000,    10000000,   24999999,   999999400,  1000000000,
    1000000001, 2596100038, 3999999999, 5000000000, 9999999999};

static void test_scale_is_accurate(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(frequencies) / sizeof(*frequencies); i++) {
        uint64_t hz = frequencies[i];

        clock_scale(&platform.clock, hz, 12345);
        assert_int_equal(platform.clock.tsc_hz, hz);
        assert_int_equal(clock_tsc_to_ns(12345), 0);
        assert_int_equal(clock_tsc_to_ns(0), 0);
        uint64_t hour = clock_tsc_to_ns(hz * 3600 + 12345);
        /* The scale is rounded down, by less than one in its last place. */
        assert_in_range(hour,
                        3600000000000 - 3600000000000 / platform.clock.mult - 1,
                        3600000000000);
    }
}

static void test_deadlines_are_exact(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(frequencies) / sizeof(*frequencies); i++) {
        clock_scale(&platform.clock, frequencies[i], 1u << 30);
        for (uint64_t ns = 1; ns < 1ull << 58; ns = ns * 5 / 4 + 3) {
            uint64_t tsc = clock_ns_to_tsc(ns);
            assert_true(clock_tsc_to_ns(tsc) >= ns);
            assert_true(clock_tsc_to_ns(tsc - 1) < ns);
        }
    }
}

static void test_far_deadlines_saturate(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(frequencies) / sizeof(*frequencies); i++) {
        uint64_t before = 0;

        clock_scale(&platform.clock, frequencies[i], 1ull << 40);
        for (uint64_t ns = 1ull << 50; ns < ~0ull - (1ull << 56);
             ns += 1ull << 55) {
            uint64_t tsc = clock_ns_to_tsc(ns);
            assert_true(tsc >= before);
            before = tsc;
        }
        assert_true(clock_ns_to_tsc(~0ull) >= before);
    }
    clock_scale(&platform.clock, 5000000000, 0);
    assert_true(clock_ns_to_tsc(~0ull) == ~0ull);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scale_is_accurate),
        cmocka_unit_test(test_deadlines_are_exact),
        cmocka_unit_test(test_far_deadlines_saturate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * What iperf 2 says on the wire: heads of tests as its client of version 2.1.8
 * sends them, datagrams that are lost, late or twice, and the report.
 *
 * links: servers/iperf/protocol.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "servers/iperf/iperf.h"

#define MS 1000000ull

static void put32(uint8_t *at, uint32_t value)
{
    for (int i = 3; i >= 0; i--, value >>= 8)
        at[i] = (uint8_t)value;
}

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
           (uint32_t)at[2] << 8 | at[3];
}

static struct iperf_test head(uint32_t flags, int32_t amount, uint32_t upper)
{
    uint8_t data[IPERF_HEAD] = {0};
    struct iperf_test test;

    put32(data, flags);
    put32(data + 20, (uint32_t)amount);
    put32(data + 32, upper << 16);
    iperf_head_read(data, &test);
    return test;
}

static void heads(void **state)
{
    struct iperf_test t = head(0x40010078, -100, 0);

    (void)state;
    assert_true(t.receives && !t.sends);
    t = head(0x44010078, -250, 0x0400);
    assert_true(!t.receives && t.sends && !t.bytes);
    assert_int_equal(t.nanoseconds, 2500 * MS);
    t = head(0x44010078, 1 << 20, 0x0800);
    assert_true(t.receives && t.sends && t.bytes == 1 << 20);
    t = head(0, -100, 0x0400); /* data, as older clients send it at once */
    assert_true(t.receives && !t.sends);
    t = head(0x44010078, INT32_MIN, 0x0400);
    assert_int_equal(t.nanoseconds, 21474836480ull * MS);
}

/* Datagram `number` that took `way` ms, counted at `now` ms. */
static bool count(struct iperf_flow *f, int32_t number, uint64_t now,
                  uint64_t way)
{
    uint8_t data[20] = {0};
    uint64_t sent = 5000 + now - way;

    put32(data, (uint32_t)number);
    put32(data + 4, (uint32_t)(sent / 1000));
    put32(data + 8, (uint32_t)(sent % 1000 * 1000));
    return iperf_flow_count(f, data, 1470, now * MS);
}

static void datagrams_are_counted(void **state)
{
    struct iperf_flow f = {0};
    static const int32_t numbers[] = {1, 2, 3, 6, 5, 7, 10};

    (void)state;
    for (unsigned i = 0; i < 7; i++)
        assert_false(count(&f, numbers[i], 100 + 10 * i, 3));
    assert_int_equal(f.datagrams, 7);
    assert_int_equal(f.lost, 3); /* 4, 8, 9 */
    assert_int_equal(f.late, 1);
    assert_int_equal(f.jitter, 0);
    assert_true(count(&f, -12, 200, 3));
    assert_int_equal(f.lost, 4);
    assert_int_equal(f.bytes, 8 * 1470);
    assert_true(count(&f, -12, 250, 3)); /* the report was lost */
    assert_int_equal(f.datagrams, 8);
    assert_int_equal(f.last - f.began, 100 * MS);
}

static void jitter_is_smoothed(void **state)
{
    struct iperf_flow f = {0};

    (void)state;
    count(&f, 1, 100, 10);
    count(&f, 2, 110, 26);
    assert_int_equal(f.jitter, MS);
    count(&f, 3, 120, 26);
    assert_int_equal(f.jitter, MS - MS / 16);
}

static void the_first_may_be_lost(void **state)
{
    struct iperf_flow f = {0};

    (void)state;
    count(&f, 4, 100, 10);
    assert_int_equal(f.lost, 3);
    f = (struct iperf_flow){0};
    count(&f, 0, 100, 10); /* older clients begin with 0 */
    count(&f, 1, 100, 10);
    assert_int_equal(f.lost, 0);
}

static void check_report(uint32_t flags, size_t at)
{
    struct iperf_flow f = {.datagrams = 90,
                           .bytes = 0x100000002,
                           .lost = 7,
                           .late = 2,
                           .began = 1000 * MS,
                           .last = 3500 * MS,
                           .jitter = 1500000};
    uint8_t last[20] = {1, 2, 3, 4}, report[IPERF_REPORT];
    static const uint32_t words[] = {0x80000000, 1, 2,  2, 500000,
                                     7,          2, 97, 0, 1500};

    put32(last + 16, flags);
    iperf_flow_report(&f, last, report);
    assert_memory_equal(report, last, 12);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        assert_int_equal(get32(report + at + 4 * i), words[i]);
}

static void reports(void **state)
{
    (void)state;
    check_report(0x48010098, 16);
    check_report(0, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads),
        cmocka_unit_test(datagrams_are_counted),
        cmocka_unit_test(jitter_is_smoothed),
        cmocka_unit_test(the_first_may_be_lost),
        cmocka_unit_test(reports),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

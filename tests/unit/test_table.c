/*
 * The console's tables and its numbers for people.
 *
 * links: servers/console/table.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "servers/console/table.h"

static struct table t;

static void print_table(void)
{
    table_print(&t);
}

static void print_names(void)
{
    const char *names[] = {"ccc", "a", "e", "bb", "d"};

    names_print(names, 5, 11);
    names_print(names, 2, 1);
    names_print(names, 0, 80);
}

/* What a function writes to stdout. */
static void writes(void (*print)(void), const char *want)
{
    static char got[64 << 10];
    FILE *real = stdout;
    size_t n;

    stdout = tmpfile();
    print();
    rewind(stdout);
    n = fread(got, 1, sizeof(got) - 1, stdout);
    got[n] = 0;
    fclose(stdout);
    stdout = real;
    if (want)
        assert_string_equal(got, want);
}

static void prints(const char *want)
{
    writes(print_table, want);
}

static void test_names_in_columns(void **state)
{
    (void)state;
    writes(print_names, "a    d\nbb   e\nccc\na\nbb\n");
}

static void test_columns_fit_their_widest_cell(void **state)
{
    (void)state;
    table_start(&t, "name|>bytes|note");
    table_add(&t, "%s", "a");
    table_add(&t, "%d", 7);
    table_add(&t, "x");
    table_add(&t, "longer");
    table_add(&t, "%d", 123456);
    table_add(&t, "%s", "");
    table_add(&t, "incomplete row");
    prints("name             bytes  note\n"
           "a                    7  x\n"
           "longer          123456\n");
}

static void test_a_row_has_its_colour(void **state)
{
    (void)state;
    table_start(&t, "a|b");
    table_colour(&t, 31);
    table_add(&t, "x");
    table_add(&t, "y");
    table_add(&t, "z");
    table_add(&t, "w");
    prints("a  b\n\x1b[31mx  y\x1b[0m\nz  w\n");
}

static void test_too_much_is_said_and_left_out(void **state)
{
    char wide[400];

    (void)state;
    memset(wide, 'w', sizeof(wide));
    wide[sizeof(wide) - 1] = 0;
    table_start(&t, "a|b|c|d|e|f|g|h|i|j|k|l");
    for (int i = 0; i < 12 * 1000; i++) {
        table_colour(&t, 32);
        table_add(&t, "%s", wide);
    }
    assert_true(t.overflow);
    prints(NULL);
    table_start(&t, "a");
    for (int i = 0; i < 1000; i++)
        table_add(&t, "r");
    assert_true(t.overflow);
    prints(NULL);
}

static void bytes_are(uint64_t bytes, const char *want)
{
    char text[16];

    assert_string_equal(format_bytes(text, sizeof(text), bytes), want);
}

static void time_is(uint64_t ns, const char *want)
{
    char text[32];

    assert_string_equal(format_time(text, sizeof(text), ns), want);
}

static void test_numbers(void **state)
{
    (void)state;
    bytes_are(0, "0 B");
    bytes_are(1023, "1023 B");
    bytes_are(1024, "1 KiB");
    bytes_are(1536, "1.5 KiB");
    bytes_are(64ull << 20, "64 MiB");
    bytes_are((512ull << 20) - 1, "511 MiB");
    bytes_are(~0ull, "15.9 EiB");
    time_is(0, "0 us");
    time_is(999999, "999 us");
    time_is(12340000, "12.3 ms");
    time_is(1234567890, "1.234 s");
    time_is(61000000000ull, "0:01:01");
    time_is((86400ull * 2 + 3661) * 1000000000, "2 d 1:01:01");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_fit_their_widest_cell),
        cmocka_unit_test(test_a_row_has_its_colour),
        cmocka_unit_test(test_too_much_is_said_and_left_out),
        cmocka_unit_test(test_names_in_columns),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

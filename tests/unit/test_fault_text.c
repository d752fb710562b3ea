/*
 * A component's fault reads as a sentence (R6).
 *
 * links: servers/init/fault_text.c
 */
#include "servers/init/fault_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static const char *text_of(uint64_t kind, uint64_t address, uint64_t code)
{
    static char text[160];
    const uint64_t w[FAULT_WORDS] = {
        [FAULT_KIND] = kind,
        [FAULT_ADDRESS] = address,
        [FAULT_IP] = 0x401234,
        [FAULT_CODE] = code,
    };

    fault_text(w, text, sizeof text);
    return text;
}

static void says_page_faults(void **state)
{
    (void)state;
    assert_string_equal(text_of(FAULT_PAGE, 0x10, 14ull << 32 | 4),
                        "page fault reading 0x10 at ip 0x401234 (not mapped)");
    assert_string_equal(
        text_of(FAULT_PAGE, 0x400000, 14ull << 32 | 7),
        "page fault writing 0x400000 at ip 0x401234 (not allowed)");
    assert_string_equal(
        text_of(FAULT_PAGE, 0x500000, 14ull << 32 | 0x15),
        "page fault executing 0x500000 at ip 0x401234 (not allowed)");
}

static void says_other_exceptions(void **state)
{
    (void)state;
    assert_string_equal(text_of(FAULT_EXCEPTION, 0, 6ull << 32),
                        "invalid instruction at ip 0x401234");
    assert_string_equal(text_of(FAULT_EXCEPTION, 0, 255ull << 32 | 9),
                        "exception 255 (error code 0x9) at ip 0x401234");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_page_faults),
        cmocka_unit_test(says_other_exceptions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

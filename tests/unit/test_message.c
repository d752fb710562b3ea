/*
 * Writing messages and reading them back, in registers and in the page, and
 * messages that do not say the truth about themselves.
 *
 * links: libsys/message.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <cordon/message.h>

static struct message_page page;

/* What the kernel does between the two sides. */
static void deliver(const struct message *from, struct message *to)
{
    uint64_t w[MSG_REG_WORDS];

    memcpy(w, from->w, sizeof(w));
    message_parse(to, &page, message_tag(from), w);
}

static void words_and_bytes_come_back(void **state)
{
    struct message m, n;
    char text[32], data[600], back[600];

    (void)state;
    memset(data, 0xa5, sizeof(data));
    message_init(&m, &page, 0x123456789abc);
    message_put(&m, 1);
    message_put_text(&m, "hello, world");
    message_put_bytes(&m, data, 599);
    message_put_bytes(&m, data, 0);
    message_put(&m, ~0ull);
    deliver(&m, &n);
    assert_int_equal(n.label, 0x123456789abc);
    assert_int_equal(message_get(&n), 1);
    message_get_text(&n, text, sizeof(text));
    assert_string_equal(text, "hello, world");
    assert_false(message_end(&n)); /* there is more */
    assert_int_equal(message_get_bytes(&n, back, sizeof(back)), 599);
    assert_memory_equal(back, data, 599);
    assert_int_equal(message_get_bytes(&n, back, sizeof(back)), 0);
    assert_int_equal(message_get(&n), ~0ull);
    assert_true(message_end(&n));
    assert_int_equal(message_get(&n), 0);
    assert_false(message_end(&n)); /* read too far */
}

static void what_does_not_fit_is_bad(void **state)
{
    static const char data[MSG_MAX_WORDS * 8];
    struct message m;

    (void)state;
    message_init(&m, &page, 1);
    message_put_bytes(&m, data, message_room(&m));
    assert_false(m.bad);
    assert_int_equal(m.words, MSG_MAX_WORDS);
    assert_int_equal(message_room(&m), 0);
    message_put(&m, 1);
    assert_true(m.bad);
    message_init(&m, &page, 1);
    message_put_bytes(&m, data, message_room(&m) + 1);
    assert_true(m.bad);
    assert_int_equal(m.words, 0);
    message_init(&m, &page, 1);
    for (int i = 0; i < MSG_MAX_CAPS; i++)
        message_put_cap(&m, 20 + (cap_t)i, RIGHT_READ);
    assert_false(m.bad);
    message_put_cap(&m, 30, RIGHT_READ);
    assert_true(m.bad);
    assert_int_equal(page.send_caps[3], 23);
    message_init(&m, &page, 1);
    message_put_cap(&m, 0, RIGHT_READ);
    assert_true(m.bad);
}

static void lying_messages_are_bad(void **state)
{
    const uint64_t w[MSG_REG_WORDS] = {~0ull, 100, 5, 0};
    const uint64_t five[MSG_REG_WORDS] = {5, 0, 0, 0};
    const uint64_t nul[MSG_REG_WORDS] = {3, 0x610061, 0, 0};
    char text[16];
    struct message m;

    (void)state;
    message_parse(&m, &page, TAG(7, MSG_MAX_WORDS + 1, 0), w);
    assert_false(message_end(&m));
    assert_int_equal(message_word(&m, 0), 0);
    message_parse(&m, &page, TAG(7, 2, MSG_MAX_CAPS + 1), w);
    assert_int_equal(m.caps, 0);
    assert_false(message_end(&m));

    message_parse(&m, &page, TAG(7, 4, 0), w); /* 2^64 - 1 bytes */
    assert_int_equal(message_get_bytes(&m, text, sizeof(text)), 0);
    assert_false(message_end(&m));
    message_parse(&m, &page, TAG(7, 1, 0), five); /* 5 bytes, none there */
    assert_int_equal(message_get_bytes(&m, text, sizeof(text)), 0);
    assert_false(message_end(&m));
    message_parse(&m, &page, TAG(7, 2, 0), nul); /* a NUL inside */
    message_get_text(&m, text, sizeof(text));
    assert_string_equal(text, "");
    assert_false(message_end(&m));
}

static void text_needs_room_for_its_end(void **state)
{
    struct message m, n;
    char text[8];

    (void)state;
    message_init(&m, &page, 1);
    message_put_text(&m, "1234567");
    deliver(&m, &n);
    message_get_text(&n, text, sizeof(text));
    assert_string_equal(text, "1234567");
    deliver(&m, &n);
    message_get_text(&n, text, 7);
    assert_string_equal(text, "");
    assert_false(message_end(&n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_and_bytes_come_back),
        cmocka_unit_test(what_does_not_fit_is_bad),
        cmocka_unit_test(lying_messages_are_bad),
        cmocka_unit_test(text_needs_room_for_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

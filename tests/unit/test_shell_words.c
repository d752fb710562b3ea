/*
 * The shell's words and their completion.
 *
 * links: servers/console/words.c servers/console/complete.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "servers/console/complete.h"
#include "servers/console/words.h"

/* Commands and words of `line` as `word|word;word|`. */
static const char *split(const char *line)
{
    static char out[512], buffer[512];
    struct words w;

    out[0] = 0;
    while (words_next(&line, &w, buffer)) {
        if (w.error)
            return w.error;
        for (int i = 0; i < w.count; i++) {
            strcat(out, w.word[i]);
            strcat(out, "|");
        }
        assert_null(w.word[w.count]);
        strcat(out, ";");
    }
    return out;
}

static void test_words(void **state)
{
    (void)state;
    assert_string_equal(split(""), "");
    assert_string_equal(split("  \t "), "");
    assert_string_equal(split("ls -l  /docs "), "ls|-l|/docs|;");
    assert_string_equal(split("echo a;;echo  b ; "), "echo|a|;echo|b|;");
    assert_string_equal(split("# all of it"), "");
    assert_string_equal(split("echo a#b # c"), "echo|a#b|;");
    assert_string_equal(split("echo a # c; echo b"), "echo|a|;echo|b|;");
}

static void test_quotes(void **state)
{
    (void)state;
    assert_string_equal(split("cat 'a b' \"c;d\" e\\ f"), "cat|a b|c;d|e f|;");
    assert_string_equal(split("x''y \"\" 'a\"b' \"a'b\""), "xy||a\"b|a'b|;");
    assert_string_equal(split("'a\\b' \"a\\\"b\" \\"), "a\\b|a\"b|\\|;");
    assert_string_equal(split("echo 'a"), "a quote is not closed");
    assert_string_equal(split("echo \"a\\\""), "a quote is not closed");
}

static void test_too_many_words(void **state)
{
    char line[4 * WORDS_MAX] = "";

    (void)state;
    for (int i = 0; i < WORDS_MAX; i++)
        strcat(line, "a ");
    assert_int_equal(strlen(split(line)), 2 * WORDS_MAX + 1);
    strcat(line, "a");
    assert_string_equal(split(line), "too many words");
}

static void last(const char *line, size_t start, int number)
{
    int n;

    assert_int_equal(words_last(line, strlen(line), &n), start);
    assert_int_equal(n, number);
}

static void test_last_word(void **state)
{
    (void)state;
    last("", 0, 0);
    last("ls", 0, 0);
    last("ls ", 3, 1);
    last("ls /do", 3, 1);
    last("ls -l /do", 6, 2);
    last("ls /a; ca", 7, 0);
    last("ls a\\ b", 3, 1);
}

static const char *insertion(struct complete *c)
{
    static char text[COMPLETE_NAME_MAX];
    size_t bytes;
    const char *p = complete_insertion(c, &bytes);

    memcpy(text, p, bytes);
    text[bytes] = 0;
    return text;
}

static void test_completion(void **state)
{
    struct complete c;

    (void)state;
    complete_start(&c, "dox", 2);
    assert_string_equal(insertion(&c), "");
    complete_add(&c, "docs", '/');
    complete_add(&c, "big", ' ');
    assert_int_equal(c.count, 1);
    assert_string_equal(insertion(&c), "cs/");
    complete_add(&c, "docker", ' ');
    assert_string_equal(insertion(&c), "c");
    assert_string_equal(c.names[0], "docs/");
    complete_add(&c, "do", ' ');
    assert_string_equal(insertion(&c), "");
    assert_int_equal(c.count, 3);
}

static void test_completion_is_bounded(void **state)
{
    struct complete c;
    char name[300];

    (void)state;
    memset(name, 'n', sizeof(name));
    name[299] = 0;
    complete_start(&c, "n", 1);
    complete_add(&c, name, ' ');
    assert_int_equal(c.count, 0);
    name[200] = 0;
    for (int i = 0; i < 1000; i++) {
        name[100 + i % 100] ^= 1;
        complete_add(&c, name, '/');
    }
    assert_int_equal(c.count, 1000);
    assert_true(c.shown <= COMPLETE_SHOWN && c.used <= COMPLETE_TEXT);
    assert_int_equal(strlen(insertion(&c)), 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_too_many_words),
        cmocka_unit_test(test_last_word),
        cmocka_unit_test(test_completion),
        cmocka_unit_test(test_completion_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

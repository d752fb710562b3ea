/*
 * The console's line editor: keys go in, a small model of a terminal shows what
 * comes out.
 *
 * links: servers/console/editor.c servers/console/keys.c
 * links: servers/console/history.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "servers/console/editor.h"

#define COLUMNS 32

/* A terminal of one row that counts line feeds. It knows exactly the operations
 * that the editor may use and refuses all others. */
static struct {
    char row[COLUMNS + 1];
    unsigned column, lines, clears;
    size_t written;
} screen;

static struct editor e;

static size_t escape(const char *text)
{
    char *end;
    unsigned long n = strtoul(text + 2, &end, 10);

    assert_int_equal(text[1], '[');
    switch (*end) {
    case 'K':
        memset(screen.row + screen.column, ' ', COLUMNS - screen.column);
        break;
    case 'C':
        screen.column += (unsigned)n;
        break;
    case 'H':
        screen.column = 0;
        break;
    case 'J':
        assert_int_equal(n, 2);
        memset(screen.row, ' ', COLUMNS);
        screen.clears++;
        break;
    default:
        fail_msg("unknown sequence %s", text + 1);
    }
    return (size_t)(end + 1 - text);
}

static void terminal(void *context, const char *text, size_t bytes)
{
    char copy[4096];

    (void)context;
    assert_true(bytes < sizeof(copy));
    memcpy(copy, text, bytes);
    copy[bytes] = 0;
    screen.written += bytes;
    for (size_t i = 0; i < bytes;) {
        char c = copy[i++];

        if (c == '\r')
            screen.column = 0;
        else if (c == '\b')
            screen.column--;
        else if (c == '\n') {
            screen.lines++;
            memset(screen.row, ' ', COLUMNS);
        } else if (c == 0x1b)
            i += escape(copy + i - 1) - 1;
        else if (((unsigned char)c & 0xc0) == 0x80)
            continue; /* one column for each character */
        else {
            assert_true((unsigned char)c >= ' ');
            screen.row[screen.column++] = (unsigned char)c < 0x80 ? c : '?';
        }
        assert_true(screen.column < COLUMNS);
    }
}

static int setup(void **state)
{
    (void)state;
    memset(&screen, 0, sizeof(screen));
    memset(screen.row, ' ', COLUMNS);
    memset(&e, 0, sizeof(e));
    e.write = terminal;
    e.prompt = "cordon> ";
    e.columns = COLUMNS;
    editor_start(&e);
    return 0;
}

static enum editor_event type(const char *keys)
{
    enum editor_event event = EDITOR_NONE;

    for (; *keys; keys++)
        event = editor_feed(&e, (uint8_t)*keys);
    return event;
}

/* The row shows the prompt and `text`, the cursor is behind `before` of it. */
static void shows(const char *text, unsigned before)
{
    char row[COLUMNS + 1];

    snprintf(row, sizeof(row), "cordon> %-*s", COLUMNS - 8, text);
    assert_string_equal(screen.row, row);
    assert_int_equal(screen.column, 8 + before);
}

#define UP    "\x1b[A"
#define DOWN  "\x1b[B"
#define RIGHT "\x1b[C"
#define LEFT  "\x1b[D"

static void test_typing_echoes_bytes_only(void **state)
{
    size_t before = screen.written;

    (void)state;
    assert_int_equal(type("ls /docs"), EDITOR_NONE);
    assert_int_equal(screen.written - before, 8);
    shows("ls /docs", 8);
    assert_int_equal(type("\r"), EDITOR_LINE);
    assert_string_equal(e.line, "ls /docs");
    assert_int_equal(screen.lines, 1);
    assert_int_equal(type("\n"), EDITOR_NONE); /* CR LF is one */
    assert_int_equal(screen.lines, 1);
    editor_start(&e);
    assert_int_equal(type("\n"), EDITOR_LINE);
}

static void test_moving_and_inserting(void **state)
{
    (void)state;
    type("held" LEFT LEFT "llo wor");
    shows("hello world", 9);
    type("\x01>");
    shows(">hello world", 1);
    type("\x05<" LEFT RIGHT);
    shows(">hello world<", 13);
    type("\x1b[H" RIGHT LEFT LEFT "\x1b[F");
    shows(">hello world<", 13);
    type("\x1b[1;5D\x1bOH\x1b[1;5C");
    shows(">hello world<", 6);
    type("\x1b[1~\x1b[4~\x1b[7~");
    shows(">hello world<", 0);
}

static void test_erasing(void **state)
{
    (void)state;
    type("abc\b");
    shows("ab", 2);
    type("\x7f\x7f\x7f\x7f");
    shows("", 0);
    type("abc def  ghi" LEFT "\x1b[3~");
    shows("abc def  gh", 11);
    type("\x17");
    shows("abc def  ", 9);
    type("\x17");
    shows("abc ", 4);
    type("\x19");
    shows("abc def  ", 9);
    type("\x01\x04" RIGHT "\x0b");
    shows("b", 1);
    type("\x19\x15");
    shows("", 0);
    type("\x19");
    shows("bc def  ", 8);
}

static void test_control_d_and_c(void **state)
{
    (void)state;
    assert_int_equal(type("x\x04"), EDITOR_NONE);
    assert_int_equal(type("\b\x04"), EDITOR_END);
    editor_start(&e);
    assert_int_equal(type("abc\x03"), EDITOR_INTERRUPT);
    editor_start(&e);
    shows("", 0);
    type("a\x0c");
    shows("a", 1);
    assert_int_equal(screen.clears, 1);
}

static void test_history(void **state)
{
    (void)state;
    type(UP DOWN);
    shows("", 0);
    for (int i = 0; i < 2; i++) {
        type("first\r");
        editor_start(&e);
    }
    type("second\r");
    editor_start(&e);
    type("\r");
    editor_start(&e);
    type("new" UP);
    shows("second", 6);
    type(UP UP UP);
    shows("first", 5);
    type("\x10" DOWN);
    shows("second", 6);
    type("\x0e");
    shows("new", 3);
    type(DOWN);
    shows("new", 3);
    type(UP "!\r");
    assert_string_equal(e.line, "second!");
}

static void test_history_is_bounded(void **state)
{
    char line[300];

    (void)state;
    for (int i = 0; i < 200; i++) {
        snprintf(line, sizeof(line), "line %d\r", i);
        type(line);
        editor_start(&e);
    }
    memset(line, 'x', sizeof(line));
    memcpy(line + 290, "\r", 2);
    type(line);
    editor_start(&e);
    for (int i = 0; i < 100; i++)
        type(UP);
    shows("line 136", 8);
}

static void test_long_lines_scroll(void **state)
{
    (void)state;
    type("abcdefghijklmnopqrstuvwxyz0123");
    shows("jklmnopqrstuvwxyz0123", 21);
    type("\x01");
    shows("abcdefghijklmnopqrstu", 0);
    type("\x05\b\b\b");
    shows("jklmnopqrstuvwxyz0", 18);
    type("\x15");
    shows("", 0);
    for (int i = 0; i < 3000; i++)
        type("y");
    assert_int_equal(e.bytes, EDITOR_LINE_BYTES - 1);
    for (int i = 0; i < 3000; i++)
        type(LEFT);
    type("\x0b");
    shows("", 0);
}

static void test_characters_of_several_bytes(void **state)
{
    (void)state;
    type("gr\xc3\xbc\xc3\x9f"
         "e");
    shows("gr??e", 5);
    type(LEFT LEFT LEFT "!");
    shows("gr!??e", 3);
    type(RIGHT "\b");
    shows("gr!?e", 3);
    type("\x1b[3~");
    shows("gr!e", 3);
    assert_string_equal(e.line, "gr!e");
}

static void test_strange_sequences_do_nothing(void **state)
{
    (void)state;
    type("a\x1b[200~b\x1b[99;99Xc\x1b[?25hd\x1bze\x1bOQf\x1b\x1b[Ag\x1b[");
    type("\x1b[Dh");
    shows("abcdefhg", 7);
    type("\x1b[11111111111111111111111111");
    assert_int_equal(e.keys.state, 0);
    type("\x1b[\r");
}

static void test_hide_and_show(void **state)
{
    (void)state;
    type("abc" LEFT);
    editor_hide(&e);
    assert_int_equal(screen.column, 0);
    assert_int_equal(screen.row[0], ' ');
    terminal(NULL, "a log line\r\n", 12);
    editor_show(&e);
    shows("abc", 2);
    assert_int_equal(type("\t"), EDITOR_COMPLETE);
    editor_insert(&e, "X/", 2);
    shows("abX/c", 4);
}

/* Any bytes whatever: the row keeps its bounds, which the terminal checks. */
static void test_random_bytes(void **state)
{
    static const char *const likely[] = {UP,         DOWN,   LEFT,   RIGHT,
                                         "\x17",     "\x0b", "\x19", "\b",
                                         "\xc3\xa4", "word "};

    (void)state;
    srand(1);
    for (int i = 0; i < 200000; i++) {
        enum editor_event event;

        if (rand() % 3)
            event = type(likely[(unsigned)rand() % 10]);
        else
            event = editor_feed(&e, (uint8_t)rand());
        assert_true(e.cursor <= e.bytes && e.bytes < EDITOR_LINE_BYTES);
        assert_int_equal(e.line[e.bytes], 0);
        if (event != EDITOR_NONE && event != EDITOR_COMPLETE)
            editor_start(&e);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(test_typing_echoes_bytes_only),
        TEST(test_moving_and_inserting),
        TEST(test_erasing),
        TEST(test_control_d_and_c),
        TEST(test_history),
        TEST(test_history_is_bounded),
        TEST(test_long_lines_scroll),
        TEST(test_characters_of_several_bytes),
        TEST(test_strange_sequences_do_nothing),
        TEST(test_hide_and_show),
        TEST(test_random_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

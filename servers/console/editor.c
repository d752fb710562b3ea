/*
 * The line editor (see editor.h): first the row on the screen, then the line in
 * memory, then the keys.
 */
#include "editor.h"

#include <stdio.h>
#include <string.h>

#define CLEAR_TO_END "\x1b[K"
#define CLEAR_SCREEN "\x1b[H\x1b[2J"
#define DELETE_KEY   0x7f

static void put(struct editor *e, const char *text)
{
    e->write(e->context, text, strlen(text));
}

static int is_inside_character(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Start of the character before `at`, and of the one behind it. */
static size_t previous(const struct editor *e, size_t at)
{
    while (at > 0 && is_inside_character(e->line[--at]))
        ;
    return at;
}

static size_t next(const struct editor *e, size_t at)
{
    if (at < e->bytes)
        at++;
    while (at < e->bytes && is_inside_character(e->line[at]))
        at++;
    return at;
}

/* Columns that the bytes from `from` to `to` take. */
static size_t columns(const struct editor *e, size_t from, size_t to)
{
    size_t n = 0;

    for (; from < to; from++)
        n += !is_inside_character(e->line[from]);
    return n;
}

/* Columns for the line; three stay free, for the cursor and for "^C". */
static size_t room(const struct editor *e)
{
    size_t prompt = strlen(e->prompt);

    return e->columns > prompt + 8 ? e->columns - prompt - 3 : 8;
}

/* Scroll so that the cursor can be seen. */
static void scroll(struct editor *e)
{
    if (e->cursor < e->left)
        e->left = e->cursor;
    while (columns(e, e->left, e->cursor) > room(e))
        e->left = next(e, e->left);
}

static void redraw(struct editor *e)
{
    char move[24];
    size_t end, column;

    scroll(e);
    for (end = e->left; end < e->bytes; end = next(e, end))
        if (columns(e, e->left, end) == room(e))
            break;
    put(e, "\r");
    put(e, e->prompt);
    e->write(e->context, e->line + e->left, end - e->left);
    put(e, CLEAR_TO_END);
    if (e->cursor == end)
        return;
    column = strlen(e->prompt) + columns(e, e->left, e->cursor);
    snprintf(move, sizeof(move), "\r\x1b[%zuC", column);
    put(e, move);
}

void editor_start(struct editor *e)
{
    e->bytes = e->cursor = e->left = 0;
    e->line[0] = 0;
    e->back = 0;
    put(e, e->prompt);
}

void editor_hide(struct editor *e)
{
    put(e, "\r" CLEAR_TO_END);
}

void editor_show(struct editor *e)
{
    if (e->bytes)
        redraw(e);
    else
        put(e, e->prompt);
}

/* Changes of the line. They leave the cursor and the screen to the caller. */

static void line_erase(struct editor *e, size_t from, size_t to)
{
    memmove(e->line + from, e->line + to, e->bytes - to + 1);
    e->bytes -= to - from;
    e->cursor = from;
}

static void line_kill(struct editor *e, size_t from, size_t to)
{
    if (from == to)
        return;
    memcpy(e->killed, e->line + from, to - from);
    e->killed[to - from] = 0;
    line_erase(e, from, to);
}

static void line_set(struct editor *e, const char *text)
{
    snprintf(e->line, sizeof(e->line), "%s", text);
    e->bytes = e->cursor = strlen(e->line);
    e->left = 0;
}

void editor_insert(struct editor *e, const char *text, size_t bytes)
{
    int at_end = e->cursor == e->bytes;

    if (bytes > sizeof(e->line) - 1 - e->bytes)
        return;
    memmove(e->line + e->cursor + bytes, e->line + e->cursor,
            e->bytes - e->cursor + 1);
    memcpy(e->line + e->cursor, text, bytes);
    e->bytes += bytes;
    e->cursor += bytes;
    if (at_end && columns(e, e->left, e->cursor) <= room(e))
        e->write(e->context, text, bytes);
    else
        redraw(e);
}

static size_t word_left(const struct editor *e)
{
    size_t at = e->cursor;

    while (at > 0 && e->line[at - 1] == ' ')
        at--;
    while (at > 0 && e->line[at - 1] != ' ')
        at--;
    return at;
}

static size_t word_right(const struct editor *e)
{
    size_t at = e->cursor;

    while (at < e->bytes && e->line[at] == ' ')
        at++;
    while (at < e->bytes && e->line[at] != ' ')
        at++;
    return at;
}

static void history_go(struct editor *e, unsigned back)
{
    const char *line = back ? history_line(&e->history, back) : e->kept;

    if (!line)
        return;
    if (!e->back)
        memcpy(e->kept, e->line, e->bytes + 1);
    e->back = back;
    line_set(e, line);
    redraw(e);
}

static void erase_before(struct editor *e)
{
    size_t from = previous(e, e->cursor);
    int is_last =
        e->cursor == e->bytes && !e->left && columns(e, from, e->cursor) == 1;

    if (!e->cursor)
        return;
    line_erase(e, from, e->cursor);
    if (is_last)
        put(e, "\b" CLEAR_TO_END);
    else
        redraw(e);
}

/* Keys that move the cursor: where to; or else SIZE_MAX. */
static size_t moved(const struct editor *e, int key)
{
    switch (key) {
    case KEY_LEFT:
    case KEY_CTRL('B'):
        return previous(e, e->cursor);
    case KEY_RIGHT:
    case KEY_CTRL('F'):
        return next(e, e->cursor);
    case KEY_HOME:
    case KEY_CTRL('A'):
        return 0;
    case KEY_END:
    case KEY_CTRL('E'):
        return e->bytes;
    case KEY_WORD_LEFT:
        return word_left(e);
    case KEY_WORD_RIGHT:
        return word_right(e);
    default:
        return SIZE_MAX;
    }
}

/* Keys that take something away or bring it back. 1 if it was one of them. */
static int edited(struct editor *e, int key)
{
    switch (key) {
    case KEY_DELETE:
    case KEY_CTRL('D'):
        line_erase(e, e->cursor, next(e, e->cursor));
        break;
    case KEY_CTRL('U'):
        line_kill(e, 0, e->cursor);
        break;
    case KEY_CTRL('K'):
        line_kill(e, e->cursor, e->bytes);
        break;
    case KEY_CTRL('W'):
        line_kill(e, word_left(e), e->cursor);
        break;
    case KEY_CTRL('Y'):
        editor_insert(e, e->killed, strlen(e->killed));
        return 1;
    case KEY_CTRL('L'):
        put(e, CLEAR_SCREEN);
        break;
    default:
        return 0;
    }
    redraw(e);
    return 1;
}

static void press(struct editor *e, int key)
{
    size_t to = moved(e, key);

    if (to != SIZE_MAX) {
        e->cursor = to;
        redraw(e);
    } else if (edited(e, key)) {
        return;
    } else if (key == KEY_UP || key == KEY_CTRL('P')) {
        history_go(e, e->back + 1);
    } else if (key == KEY_DOWN || key == KEY_CTRL('N')) {
        if (e->back)
            history_go(e, e->back - 1);
    } else if (key == '\b' || key == DELETE_KEY) {
        erase_before(e);
    } else if (key >= ' ' && key < 256) {
        char c = (char)key;

        editor_insert(e, &c, 1);
    }
}

static enum editor_event finish(struct editor *e, enum editor_event event)
{
    put(e, event == EDITOR_INTERRUPT ? "^C\r\n" : "\r\n");
    if (event == EDITOR_LINE)
        history_add(&e->history, e->line);
    return event;
}

enum editor_event editor_feed(struct editor *e, uint8_t byte)
{
    int key = keys_feed(&e->keys, byte);
    int is_second = key == '\n' && e->after_return;

    e->after_return = key == '\r';
    if (is_second)
        return EDITOR_NONE;
    switch (key) {
    case '\r':
    case '\n':
        return finish(e, EDITOR_LINE);
    case KEY_CTRL('C'):
        return finish(e, EDITOR_INTERRUPT);
    case KEY_CTRL('D'):
        if (!e->bytes)
            return finish(e, EDITOR_END);
        break;
    case '\t':
        return EDITOR_COMPLETE;
    default:
        break;
    }
    press(e, key);
    return EDITOR_NONE;
}

/*
 * Fuzz what a terminal can send: the input is typed into the line editor, and
 * every line that comes out is split into words and completed.
 *
 * links: servers/console/editor.c servers/console/keys.c
 * links: servers/console/history.c servers/console/words.c
 * links: servers/console/complete.c
 */
#include <stdlib.h>
#include <string.h>

#include "servers/console/complete.h"
#include "servers/console/editor.h"
#include "servers/console/words.h"

static void swallow(void *context, const char *text, size_t bytes)
{
    size_t *sum = context;

    for (size_t i = 0; i < bytes; i++)
        *sum += (unsigned char)text[i];
}

static void check_editor(const struct editor *e)
{
    if (e->bytes >= EDITOR_LINE_BYTES || e->cursor > e->bytes ||
        e->left > e->bytes || e->line[e->bytes] || memchr(e->line, 0, e->bytes))
        abort();
}

/* No word is longer than what is left of the buffer, and all end. */
static void check_line(const char *line)
{
    char buffer[EDITOR_LINE_BYTES];
    struct words words;

    while (words_next(&line, &words, buffer)) {
        const char *end = buffer;

        for (int i = 0; i < words.count; i++) {
            if (words.word[i] != end)
                abort();
            end += strlen(words.word[i]) + 1;
        }
        if (end > buffer + sizeof(buffer))
            abort();
    }
}

static void check_completion(struct editor *e)
{
    static struct complete c;
    static const char *const names[] = {"docs", "documents", "big.bin", "d"};
    const char *text;
    size_t bytes, start;
    int number;

    start = words_last(e->line, e->cursor, &number);
    if (start > e->cursor || number < 0)
        abort();
    complete_start(&c, e->line + start, e->cursor - start);
    for (unsigned i = 0; i < 4; i++)
        complete_add(&c, names[i], i % 2 ? '/' : ' ');
    text = complete_insertion(&c, &bytes);
    editor_insert(e, text, bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct editor e;
    size_t sum = 0;

    memset(&e, 0, sizeof(e));
    e.write = swallow;
    e.context = &sum;
    e.prompt = "cordon> ";
    e.columns = size ? data[0] : 80;
    editor_start(&e);
    for (size_t i = 1; i < size; i++) {
        switch (editor_feed(&e, data[i])) {
        case EDITOR_NONE:
            break;
        case EDITOR_COMPLETE:
            check_completion(&e);
            break;
        case EDITOR_LINE:
            check_line(e.line);
            editor_start(&e);
            break;
        default:
            editor_start(&e);
        }
        check_editor(&e);
    }
    return 0;
}

/*
 * Problems of a policy, collected and printed for a person: place, what, the
 * line itself with a caret, and a hint that says what to write instead.
 */
#include "report.h"

#include <stdlib.h>
#include <string.h>

size_t utf8_length(const char *text, size_t left)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t n = at[0] < 0x80                     ? 1
               : at[0] >= 0xc2 && at[0] <= 0xdf ? 2
               : (at[0] & 0xf0) == 0xe0         ? 3
               : at[0] >= 0xf0 && at[0] <= 0xf4 ? 4
                                                : 0;

    if (n == 0 || n > left)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
        (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
        return 0;
    return n;
}

/* A value that is quoted in a message must not break the line. */
static const char *one_line(char *text)
{
    for (char *at = text; *at != 0; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
    return text;
}

void report_error(struct report *r, struct place at, const char *format, ...)
{
    va_list args;

    if (r->count++ >= REPORT_MAX)
        return;
    va_start(args, format);
    r->problems[r->count - 1] = (struct problem){
        at, one_line(arena_vprint(r->arena, format, args)), NULL};
    va_end(args);
}

void report_hint(struct report *r, const char *format, ...)
{
    va_list args;

    if (r->count == 0 || r->count > REPORT_MAX)
        return;
    va_start(args, format);
    r->problems[r->count - 1].hint =
        one_line(arena_vprint(r->arena, format, args));
    va_end(args);
}

int report_is_full(const struct report *r)
{
    return r->count > REPORT_MAX;
}

static int compare_places(const void *left, const void *right)
{
    const struct problem *a = left, *b = right;

    if (a->place.line != b->place.line)
        return a->place.line < b->place.line ? -1 : 1;
    if (a->place.column != b->place.column)
        return a->place.column < b->place.column ? -1 : 1;
    return strcmp(a->what, b->what);
}

/* Prints a character of the source, or what may stand for it on a terminal.
 * Returns its bytes. */
static size_t print_character(const char *text, size_t left, FILE *out)
{
    size_t size = utf8_length(text, left);

    if (*text == '\t' || *text == '\r')
        putc(' ', out);
    else if (size == 0 || (unsigned char)*text < 0x20 || *text == 0x7f)
        putc('?', out);
    else
        fwrite(text, 1, size, out);
    return size != 0 ? size : 1;
}

/* Line `number` of the source, cut to what fits a screen. */
static void print_source_line(const struct report *r, struct place at,
                              FILE *out)
{
    const char *line = r->text, *end;
    size_t left = r->size;

    if (line == NULL || at.line == 0)
        return;
    for (unsigned i = 1; i < at.line; i++) {
        const char *newline = memchr(line, '\n', left);

        if (newline == NULL)
            return;
        left -= (size_t)(newline + 1 - line);
        line = newline + 1;
    }
    end = memchr(line, '\n', left);
    if (end != NULL)
        left = (size_t)(end - line);
    if (left == 0 || left > 160 || at.column > left + 1)
        return;
    fprintf(out, "%5u | ", at.line);
    for (size_t i = 0; i < left; i += print_character(line + i, left - i, out))
        ;
    fprintf(out, "\n      | %*s^\n", (int)at.column - 1, "");
}

void report_print(struct report *r, FILE *out)
{
    unsigned kept = r->count < REPORT_MAX ? r->count : REPORT_MAX;

    qsort(r->problems, kept, sizeof r->problems[0], compare_places);
    for (unsigned i = 0; i < kept; i++) {
        const struct problem *p = &r->problems[i];

        if (p->place.line == 0)
            fprintf(out, "%s: error: %s\n", r->file, p->what);
        else
            fprintf(out, "%s:%u:%u: error: %s\n", r->file, p->place.line,
                    p->place.column, p->what);
        print_source_line(r, p->place, out);
        if (p->hint != NULL)
            fprintf(out, "        hint: %s\n", p->hint);
    }
    if (r->count > kept)
        fprintf(out, "%s: error: and %u more\n", r->file, r->count - kept);
}

/* --- did you mean --- */

#define WORD_MAX 32u

/* Edits (insert, delete, replace, swap neighbours) from a to b. */
static unsigned word_distance(const char *a, const char *b)
{
    unsigned rows[3][WORD_MAX + 1] = {{0}};
    size_t m = strlen(a), n = strlen(b);

    for (unsigned k = 0; k <= n; k++)
        rows[0][k] = k;
    for (unsigned i = 1; i <= m; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3];
        const unsigned *above2 = rows[(i + 1) % 3];

        row[0] = i;
        for (unsigned k = 1; k <= n; k++) {
            unsigned best = above[k - 1] + (a[i - 1] != b[k - 1]);

            if (above[k] + 1 < best)
                best = above[k] + 1;
            if (row[k - 1] + 1 < best)
                best = row[k - 1] + 1;
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] &&
                a[i - 2] == b[k - 1] && above2[k - 2] + 1 < best)
                best = above2[k - 2] + 1;
            row[k] = best;
        }
    }
    return rows[m % 3][n];
}

const char *nearest_word(const char *word, const char *const *words,
                         size_t count)
{
    unsigned best = (unsigned)strlen(word) / 3 + 1; /* most edits */
    const char *nearest = NULL;

    if (strlen(word) < 2 || strlen(word) > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        unsigned distance;

        if (words[i] == NULL || strlen(words[i]) > WORD_MAX)
            continue;
        distance = word_distance(word, words[i]);
        if (strlen(word) > 2 && strncmp(word, words[i], strlen(word)) == 0)
            distance = 1; /* the beginning of it */
        if (distance < best || (distance == best && nearest == NULL)) {
            best = distance;
            nearest = words[i];
        }
    }
    return nearest;
}

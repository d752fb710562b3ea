/*
 * Splitting a command line (see words.h).
 */
#include "words.h"

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Copy one word without its quotes; returns what follows, or null if a quote
 * is not closed. *out is left behind the word's NUL. */
static const char *word_copy(const char *p, char **out)
{
    char quote = 0;

    for (; *p && (quote || (!is_blank(*p) && *p != ';')); p++) {
        if (quote) {
            if (*p == quote) {
                quote = 0;
                continue;
            }
        } else if (*p == '\'' || *p == '"') {
            quote = *p;
            continue;
        }
        if (*p == '\\' && quote != '\'' && p[1])
            p++;
        *(*out)++ = *p;
    }
    *(*out)++ = 0;
    return quote ? NULL : p;
}

static int fail(const char **line, struct words *words, const char *error)
{
    while (**line)
        (*line)++;
    words->count = 0;
    words->error = error;
    return 1;
}

int words_next(const char **line, struct words *words, char *buffer)
{
    const char *p = *line;

    words->count = 0;
    words->error = NULL;
    for (;;) {
        while (is_blank(*p) || (*p == ';' && !words->count))
            p++;
        if (!*p || *p == ';' || *p == '#')
            break;
        if (words->count == WORDS_MAX)
            return fail(line, words, "too many words");
        words->word[words->count++] = buffer;
        p = word_copy(p, &buffer);
        if (!p)
            return fail(line, words, "a quote is not closed");
    }
    words->word[words->count] = NULL;
    while (*p && *p != ';')
        p++; /* a comment */
    *line = p;
    return words->count > 0;
}

size_t words_last(const char *line, size_t bytes, int *word_number)
{
    size_t start = 0;
    int in_word = 0;

    *word_number = 0;
    for (size_t i = 0; i < bytes; i++) {
        if (line[i] == ';') {
            *word_number = 0;
            in_word = 0;
        } else if (is_blank(line[i])) {
            *word_number += in_word;
            in_word = 0;
        } else if (!in_word) {
            in_word = 1;
            start = i;
        }
        if (line[i] == '\\' && i + 1 < bytes)
            i++;
    }
    return in_word ? start : bytes;
}

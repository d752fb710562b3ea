/*
 * A command line in words: separated by blanks, quoted with '...', "..." or a
 * backslash; `;` ends a command, `#` at the start of a word the line.
 */
#pragma once

#include <stddef.h>

#define WORDS_MAX 64

struct words {
    int count;
    char *word[WORDS_MAX + 1]; /* the last one is null */
    const char *error;         /* null, or what is wrong with the line */
};

/*
 * Take the first command off *line into `words`, whose texts lie in `buffer`
 * (as large as the line, its NUL included). *line is left behind the command.
 * Returns 0 when there was none any more.
 */
int words_next(const char **line, struct words *words, char *buffer);

/* Where the last word of `line`, which is being typed, begins; *word_number is
 * how many are before it in its command. For completion. */
size_t words_last(const char *line, size_t bytes, int *word_number);

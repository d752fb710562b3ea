/*
 * What is wrong with a policy: problems with their place and a hint. They are
 * collected, so that one run tells all of them, and printed in order of place.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "arena.h"

/* Line and column, counted from 1. Line 0: the file as a whole. */
struct place {
    unsigned line;
    unsigned column;
};

#define REPORT_MAX 50u /* problems kept; the rest is only counted */

struct problem {
    struct place place;
    const char *what;
    const char *hint; /* or NULL */
};

struct report {
    struct arena *arena;
    const char *file; /* name for the messages */
    const char *text; /* the source, for the line that is shown; may be NULL */
    size_t size;
    struct problem problems[REPORT_MAX];
    unsigned count; /* all, may exceed REPORT_MAX */
};

__attribute__((format(printf, 3, 4))) void
report_error(struct report *r, struct place at, const char *format, ...);

/* Adds a hint to the problem that was reported last. */
__attribute__((format(printf, 2, 3))) void report_hint(struct report *r,
                                                       const char *format, ...);

/* 1 if so much is wrong that looking further helps nobody. */
int report_is_full(const struct report *r);

/* Prints `file:line:column: error: ...`, the line with a caret, the hint. */
void report_print(struct report *r, FILE *out);

/* Bytes of the UTF-8 character at `text`; 0 if it is none (RFC 3629, 3-4). */
size_t utf8_length(const char *text, size_t left);

/* Of `count` words (NULL ones are skipped) the one most like `word`, or NULL if
 * none is near: for "did you mean". */
const char *nearest_word(const char *word, const char *const *words,
                         size_t count);

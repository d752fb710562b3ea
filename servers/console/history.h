/*
 * The lines that were entered before.
 */
#pragma once

#define HISTORY_LINES 64
#define HISTORY_LINE_BYTES                                                     \
    256 /* longer lines are not kept; the NUL included                         \
         */

struct history {
    unsigned first, count; /* the oldest, and how many */
    char lines[HISTORY_LINES][HISTORY_LINE_BYTES];
};

/* Keep a line; not an empty one, nor the same as the last. */
void history_add(struct history *history, const char *line);

/* The line that was entered `back` lines ago, from 1; null if there is none. */
const char *history_line(const struct history *history, unsigned back);

/*
 * Editing one line on a terminal: bytes in, screen operations out.
 *
 * The line is shown on one row behind the prompt; what does not fit is scrolled
 * sideways. A letter typed at the end costs one byte of output, everything else
 * redraws the row. Text is UTF-8, each character one column wide.
 *
 * Pure logic: output goes to a function, so the host tests what a terminal
 * would show.
 */
#pragma once

#include <stddef.h>

#include "servers/console/history.h"
#include "servers/console/keys.h"

#define EDITOR_LINE_BYTES 1024 /* the NUL included */

enum editor_event {
    EDITOR_NONE,
    EDITOR_LINE,      /* `line` was entered */
    EDITOR_END,       /* Ctrl-D on an empty line */
    EDITOR_INTERRUPT, /* Ctrl-C */
    EDITOR_COMPLETE,  /* Tab: complete what stands left of the cursor */
};

struct editor {
    void (*write)(void *context, const char *text, size_t bytes);
    void *context;
    const char *prompt;
    unsigned columns; /* of the terminal */
    struct history history;

    char line[EDITOR_LINE_BYTES];
    size_t bytes, cursor;           /* of the line; byte offset in it */
    size_t left;                    /* offset of the first character shown */
    unsigned back;                  /* lines back in history; 0: the new line */
    char kept[EDITOR_LINE_BYTES];   /* the new line, while in history */
    char killed[EDITOR_LINE_BYTES]; /* for Ctrl-Y */
    struct keys keys;
    int after_return; /* the last byte was CR: an LF belongs to it */
};

/* Begin an empty line: shows the prompt at the start of the row. */
void editor_start(struct editor *e);

/* One byte from the terminal. After any event but NONE and COMPLETE the row is
 * finished; call editor_start() for the next line. */
enum editor_event editor_feed(struct editor *e, uint8_t byte);

/* Put text at the cursor, as if typed. What does not fit is left out. */
void editor_insert(struct editor *e, const char *text, size_t bytes);

/* Take the row off the screen, to print something, and bring it back. */
void editor_hide(struct editor *e);
void editor_show(struct editor *e);

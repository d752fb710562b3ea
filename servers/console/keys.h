/*
 * From the bytes of a terminal to keys: control characters and the escape
 * sequences of ECMA-48 and of xterm.
 */
#pragma once

#include <stdint.h>

enum key {
    KEY_NONE = 0, /* nothing yet: in the middle of a sequence */
    /* 1 to 255: the byte itself, printable, control or part of UTF-8 */
    KEY_UP = 256,
    KEY_DOWN,
    KEY_LEFT,
    KEY_RIGHT,
    KEY_HOME,
    KEY_END,
    KEY_DELETE,
    KEY_WORD_LEFT,
    KEY_WORD_RIGHT,
    KEY_UNKNOWN, /* a sequence that means nothing to us */
};

#define KEY_CTRL(letter) ((letter)-64)

struct keys {
    uint8_t state;     /* enum in keys.c */
    uint8_t parameter; /* the last number of the sequence */
    uint8_t first;     /* the first one */
    uint8_t length;    /* of the sequence: a bound */
};

/* What one more byte means. A struct of zeros is the beginning. */
int keys_feed(struct keys *keys, uint8_t byte);

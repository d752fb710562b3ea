/*
 * The decoder of escape sequences (see keys.h): ESC [ numbers letter, ESC O
 * letter, ESC letter. Whatever comes, it is back at the beginning after at most
 * SEQUENCE_MAX bytes.
 */
#include "keys.h"

#define ESCAPE       0x1b
#define SEQUENCE_MAX 16

enum state { STATE_PLAIN, STATE_ESCAPE, STATE_CSI, STATE_SS3 };

static int letter_key(uint8_t letter, int with_ctrl)
{
    switch (letter) {
    case 'A':
        return KEY_UP;
    case 'B':
        return KEY_DOWN;
    case 'C':
        return with_ctrl ? KEY_WORD_RIGHT : KEY_RIGHT;
    case 'D':
        return with_ctrl ? KEY_WORD_LEFT : KEY_LEFT;
    case 'H':
        return KEY_HOME;
    case 'F':
        return KEY_END;
    default:
        return KEY_UNKNOWN;
    }
}

/* ESC [ number ~ */
static int number_key(uint8_t number)
{
    switch (number) {
    case 1:
    case 7:
        return KEY_HOME;
    case 3:
        return KEY_DELETE;
    case 4:
    case 8:
        return KEY_END;
    default:
        return KEY_UNKNOWN;
    }
}

static int end_sequence(struct keys *keys, int key)
{
    keys->state = STATE_PLAIN;
    return key;
}

static int feed_csi(struct keys *keys, uint8_t byte)
{
    if (byte >= '0' && byte <= '9') {
        keys->parameter = (uint8_t)(keys->parameter * 10 + (byte - '0'));
        return KEY_NONE;
    }
    if (byte == ';') {
        keys->first = keys->parameter;
        keys->parameter = 0;
        return KEY_NONE;
    }
    if (byte < 0x40) /* parameters and intermediates that we do not read */
        return KEY_NONE;
    if (byte == '~')
        return end_sequence(
            keys, number_key(keys->first ? keys->first : keys->parameter));
    /* A second parameter of 5 says that Ctrl is held. */
    return end_sequence(
        keys, letter_key(byte, keys->first == 1 && keys->parameter == 5));
}

static int feed_escape(struct keys *keys, uint8_t byte)
{
    keys->parameter = keys->first = 0;
    switch (byte) {
    case '[':
        keys->state = STATE_CSI;
        return KEY_NONE;
    case 'O':
        keys->state = STATE_SS3;
        return KEY_NONE;
    case ESCAPE:
        return KEY_NONE;
    case 'b':
        return end_sequence(keys, KEY_WORD_LEFT);
    case 'f':
        return end_sequence(keys, KEY_WORD_RIGHT);
    default:
        return end_sequence(keys, KEY_UNKNOWN);
    }
}

int keys_feed(struct keys *keys, uint8_t byte)
{
    if (keys->state == STATE_PLAIN) {
        if (byte != ESCAPE)
            return byte;
        keys->state = STATE_ESCAPE;
        keys->length = 0;
        return KEY_NONE;
    }
    if (byte == ESCAPE && keys->state != STATE_ESCAPE) {
        keys->state = STATE_ESCAPE; /* a new one begins */
        return KEY_NONE;
    }
    if (++keys->length > SEQUENCE_MAX || (byte < 0x20 && byte != ESCAPE))
        return end_sequence(keys, byte < 0x20 ? byte : KEY_UNKNOWN);
    switch (keys->state) {
    case STATE_ESCAPE:
        return feed_escape(keys, byte);
    case STATE_CSI:
        return feed_csi(keys, byte);
    default:
        return end_sequence(keys, letter_key(byte, 0));
    }
}

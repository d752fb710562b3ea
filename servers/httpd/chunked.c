/*
 * The chunked coding (chunked.h): size in hexadecimal, extensions (passed
 * over), CR LF, data, CR LF; a chunk of size 0, trailers (passed over), and an
 * empty line.
 */
#include "chunked.h"

#include <stdbool.h>

#define SKIP_MAX   4096u /* of extensions and trailers in one body */
#define DIGITS_MAX 15u   /* so that a size cannot overflow */

enum {
    SIZE,
    EXTENSION,
    SIZE_NEWLINE, /* after the CR of a size's line */
    DATA,
    DATA_NEWLINE, /* after the CR behind data */
    TRAILER_START,
    TRAILER,
    TRAILER_NEWLINE,
    LAST_NEWLINE,
    DONE,
};

static int digit_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool size_take(struct chunked *c, char byte)
{
    int digit = digit_of(byte);

    if (digit >= 0) {
        c->left = c->left * 16 + (unsigned)digit;
        return ++c->digits <= DIGITS_MAX;
    }
    c->state = byte == '\r' ? SIZE_NEWLINE : EXTENSION;
    return c->digits &&
           (byte == '\r' || byte == ';' || byte == ' ' || byte == '\t');
}

/* Text that is passed over, up to its CR. */
static bool skip(struct chunked *c, char byte, unsigned next)
{
    if (byte == '\r')
        c->state = next;
    return byte != '\n' && ++c->skipped <= SKIP_MAX;
}

static bool newline(struct chunked *c, char byte, unsigned next)
{
    c->state = next;
    return byte == '\n';
}

static bool byte_take(struct chunked *c, char byte)
{
    switch (c->state) {
    case SIZE:
        return size_take(c, byte);
    case EXTENSION:
        return skip(c, byte, SIZE_NEWLINE);
    case SIZE_NEWLINE:
        c->digits = 0;
        return newline(c, byte, c->left ? DATA : TRAILER_START);
    case DATA: /* all of it has been taken */
        c->state = DATA_NEWLINE;
        return byte == '\r';
    case DATA_NEWLINE:
        return newline(c, byte, SIZE);
    case TRAILER_START:
        c->state = TRAILER;
        return skip(c, byte, LAST_NEWLINE);
    case TRAILER:
        return skip(c, byte, TRAILER_NEWLINE);
    case TRAILER_NEWLINE:
        return newline(c, byte, TRAILER_START);
    case LAST_NEWLINE:
        return newline(c, byte, DONE);
    default:
        return false;
    }
}

enum chunked_result chunked_take(struct chunked *c, const char *data,
                                 size_t bytes, size_t *used)
{
    *used = 0;
    while (c->state != DONE) {
        if (c->state == DATA && c->left)
            return CHUNKED_DATA;
        if (*used == bytes)
            return CHUNKED_MORE;
        if (!byte_take(c, data[(*used)++]))
            return CHUNKED_BAD;
    }
    return CHUNKED_END;
}

/*
 * The chunked coding of a request's body (RFC 9112 7.1), taken off piece by
 * piece as it comes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum chunked_result {
    CHUNKED_MORE, /* all was taken, the end has not come */
    CHUNKED_DATA, /* the next c->left bytes are the body's */
    CHUNKED_END,  /* the last byte of the body was taken */
    CHUNKED_BAD,
};

/* All zero at a body's start. */
struct chunked {
    uint64_t left; /* bytes of this chunk's data that are to come; whoever takes
                      them counts them off */
    unsigned state, digits;
    uint32_t skipped; /* bytes of extensions and trailers so far */
};

/* Take framing from the front of `data`; *used is how many bytes that were. */
enum chunked_result chunked_take(struct chunked *c, const char *data,
                                 size_t bytes, size_t *used);

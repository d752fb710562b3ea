/*
 * An HTTP response (RFC 9112) for `wget`, taken apart as it comes in, in pieces
 * of any size. No system calls: tested and fuzzed on the host.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "servers/console/url.h"

enum http_state {
    HTTP_HEAD, /* status line and fields */
    HTTP_BODY, /* the body, or a chunk's data */
    HTTP_SIZE, /* a chunk's size */
    HTTP_GAP,  /* the line's end behind a chunk */
    HTTP_REST, /* fields behind the last chunk */
    HTTP_DONE, /* all is there */
    HTTP_BAD,  /* see `wrong` */
};

#define HTTP_LINE_BYTES 1536u
#define HTTP_LINES_MAX  100u /* of a head */

struct http_response {
    enum http_state state;
    unsigned status; /* 0: not known yet */
    bool has_length, chunked;
    uint64_t length; /* of the body, if has_length */
    char location[URL_PATH_BYTES + URL_HOST_BYTES];
    const char *wrong; /* HTTP_BAD: what the server did */
    uint64_t left;     /* of the body or of the chunk */
    unsigned lines;
    size_t line_bytes;
    char line[HTTP_LINE_BYTES];
};

void http_start(struct http_response *r);

/* True once the head has been read (and none of a later part is wrong). */
static inline bool http_has_head(const struct http_response *r)
{
    return r->state != HTTP_HEAD && r->state != HTTP_BAD;
}

/*
 * Takes from the front of `data`; returns how many bytes it took. If *body is
 * not NULL, *body_bytes of these, there, are of the body. Call again with the
 * rest until nothing is left, or the state is HTTP_DONE or HTTP_BAD. Never
 * goes from head to body in one call.
 */
size_t http_feed(struct http_response *r, const void *data, size_t bytes,
                 const void **body, size_t *body_bytes);

/* The connection has ended: NULL if the response is whole, or what is wrong. */
const char *http_end(struct http_response *r);

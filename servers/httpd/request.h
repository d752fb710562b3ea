/*
 * The head of a request: its first line and its fields (RFC 9112 3, 5, 6),
 * read strictly. What two readers could understand in two ways is refused, for
 * that is how requests are smuggled past a proxy (RFC 9112 11.2).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "servers/httpd/text.h"

#define REQUEST_FIELDS_MAX 64

enum request_method {
    METHOD_GET,
    METHOD_HEAD,
    METHOD_PUT,
    METHOD_DELETE,
    METHOD_OTHER, /* one that is known, but not served */
};

/* Spans point into the head. */
struct request {
    enum request_method method;
    struct span method_name, target;
    struct span host, range, if_range, if_match, if_none_match;
    struct span if_modified_since, if_unmodified_since;
    uint64_t length; /* of the body, if not chunked */
    bool has_length, chunked;
    bool partial_put; /* Content-Range: meant for a part of the file */
    bool expects_continue;
    bool version_1_0;
    bool keep; /* the connection may stay open */
};

/*
 * How many bytes the head at `data` has with the empty line that ends it; 0 if
 * that has not come yet. *seen is how far it was searched before, 0 at first.
 */
size_t request_end(const char *data, size_t bytes, size_t *seen);

/* Read a whole head. 0, or the status to refuse it with. */
int request_parse(const char *head, size_t bytes, struct request *r);

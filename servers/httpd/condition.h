/*
 * Conditional requests (RFC 9110 13): what is done only if the file is, or is
 * not, as the client knows it.
 */
#pragma once

#include <stdbool.h>

#include "servers/httpd/request.h"

#define ETAG_BYTES 64

/* What a file is compared by. */
struct validator {
    bool exists;
    char etag[ETAG_BYTES]; /* with its quotes, and W/ if it is weak */
    int64_t modified;      /* seconds since 1970 */
};

enum condition_result {
    CONDITION_GO,
    CONDITION_NOT_MODIFIED, /* 304, for GET and HEAD */
    CONDITION_FAILED,       /* 412 */
};

enum condition_result condition_check(const struct request *r,
                                      const struct validator *v);

/* Whether the Range counts: without If-Range, or if that holds. */
bool condition_range(const struct request *r, const struct validator *v);

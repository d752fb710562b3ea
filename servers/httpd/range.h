/*
 * The Range field (RFC 9110 14.1.2, 14.2): one range of bytes.
 */
#pragma once

#include "servers/httpd/text.h"

enum range_result {
    RANGE_WHOLE,  /* no range, or one to be ignored: send all */
    RANGE_PART,   /* from *first to *last, both included */
    RANGE_BEYOND, /* nothing of it is there: 416 */
};

enum range_result range_parse(struct span field, uint64_t size, uint64_t *first,
                              uint64_t *last);

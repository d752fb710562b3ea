/*
 * The Range field (range.h). Several ranges in one request are ignored, as RFC
 * 9110 14.2 allows, and so is whatever is not well formed.
 */
#include "range.h"

#include <string.h>

enum range_result range_parse(struct span field, uint64_t size, uint64_t *first,
                              uint64_t *last)
{
    struct span from, to;
    const char *dash;

    if (field.bytes < 6 || !span_is((struct span){field.data, 6}, "bytes="))
        return RANGE_WHOLE;
    from = span_trim((struct span){field.data + 6, field.bytes - 6});
    dash = from.bytes ? memchr(from.data, '-', from.bytes) : NULL;
    if (!dash)
        return RANGE_WHOLE;
    to = (struct span){dash + 1, (size_t)(from.data + from.bytes - dash - 1)};
    from.bytes = (size_t)(dash - from.data);
    if (!from.bytes) { /* the last `to` bytes */
        if (!span_number(to, last))
            return RANGE_WHOLE;
        *first = *last < size ? size - *last : 0;
        if (!*last || !size)
            return RANGE_BEYOND;
        *last = size - 1;
        return RANGE_PART;
    }
    *last = UINT64_MAX;
    if (!span_number(from, first) || (to.bytes && !span_number(to, last)) ||
        *last < *first)
        return RANGE_WHOLE;
    if (*first >= size)
        return RANGE_BEYOND;
    if (*last >= size)
        *last = size - 1;
    return RANGE_PART;
}

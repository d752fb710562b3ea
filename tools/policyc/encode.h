/*
 * A checked policy to the bytes of a manifest (<cordon/manifest.h>).
 */
#pragma once

#include "policy.h"

struct bytes {
    void *data; /* 8-byte aligned */
    size_t size;
};

/* `file` is the name that init prints. Reports if a table is too long; then
 * the bytes are empty. The policy must have passed check_policy. */
struct bytes encode_policy(struct report *r, const struct policy *policy,
                           const char *file);

/*
 * Text in, manifest out: all stages of the compiler behind one call.
 */
#pragma once

#include <cordon/manifest.h>

#include "check.h"
#include "encode.h"

struct compiled {
    const struct policy *policy;
    struct bytes bytes;
    struct manifest manifest; /* the bytes, opened */
};

/* `file` is the name for messages and for the manifest. All memory comes from
 * r->arena. Returns 0, or -1 with at least one problem reported. */
int compile_policy(struct report *r, const char *file, const char *text,
                   size_t size, const struct check_options *options,
                   struct compiled *out);

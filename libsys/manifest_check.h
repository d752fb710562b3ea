/*
 * Between the two halves of the manifest's check (manifest.c,
 * manifest_check.c); nobody else needs it.
 */
#pragma once

#include <cordon/manifest.h>

/* What a check works on. */
struct manifest_check {
    struct manifest *m;
    uint32_t line; /* policy line of the record at hand; 0: none */
    char *err;
    size_t err_size;
};

/* Writes the message, with the policy's place if there is one. Returns -1. */
__attribute__((format(printf, 2, 3))) int
manifest_fail(const struct manifest_check *c, const char *format, ...);

/* All records, given that tables and strings are in bounds. 0 or -1. */
int manifest_check_records(struct manifest_check *c);

/*
 * Typed scalars: sizes, times, numbers, names, device selectors, port ranges.
 * One parser a type; each says in words what it expected.
 */
#pragma once

#include <stdint.h>

#include <cordon/manifest.h>

#include "report.h"

enum value_type {
    VALUE_NAME,    /* text: a name (manifest_is_name) */
    VALUE_TEXT,    /* text: one line */
    VALUE_INTEGER, /* number */
    VALUE_SIZE,    /* number: bytes, written 64KiB, 4MiB, 1GiB */
    VALUE_TIME,    /* number: nanoseconds, written 100us, 10ms, 1s */
    VALUE_BOOL,    /* number: 0 or 1 */
    VALUE_WORD,    /* number: index in the key's list of words */
    VALUE_CLASS,   /* number, mask: "01:08:02" or "01:08" */
    VALUE_ID,      /* number: "8086:10d3" */
    VALUE_ADDRESS, /* number: "0000:00:04.0" */
    VALUE_PORTS,   /* number: first, mask: last: "0x3f8-0x3ff" or "0x80" */
    VALUE_LISTEN,  /* rule: "tcp 80" */
    VALUE_CONNECT, /* rule: "tcp 10.0.2.2:8000" */
    VALUE_TYPES
};

/* A scalar of the policy. `state` keeps a wrong value from being judged again.
 */
struct value {
    enum { VALUE_ABSENT, VALUE_GOOD, VALUE_WRONG } state;
    struct place place;
    uint64_t number;
    uint64_t mask;
    const char *text;
    struct manifest_network_rule rule; /* without its line */
};

/* What a scalar has to be. */
struct value_rule {
    enum value_type type;
    uint64_t low, high; /* number: both allowed; high 0: no bound */
    uint64_t multiple;  /* number: multiple of this; 0: any */
    int power_of_two;
    const char *const *words;
    unsigned word_count;
};

/* Words for a person: "a size like 4MiB". */
const char *value_type_text(enum value_type type);

/* Types `text` by `rule`. Returns 0 and fills *out, or -1 with *error set to
 * what is wrong and *hint set to what to do (or NULL). Does not set the place.
 */
int value_parse(struct arena *arena, const struct value_rule *rule,
                const char *text, struct value *out, const char **error,
                const char **hint);

/* The number as the policy language writes it: the inverse of value_parse for
 * sizes, times, device selectors and port ranges. */
const char *value_print(struct arena *arena, enum value_type type,
                        uint64_t number, uint64_t mask);

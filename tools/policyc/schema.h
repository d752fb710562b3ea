/*
 * The policy language as data: each mapping's keys with type, default, bounds
 * and meaning. The reader, the JSON Schema for editors and the reference in
 * docs/policy.md all come from this one table.
 */
#pragma once

#include "node.h"
#include "policy.h"

enum key_kind {
    KEY_VALUE, /* struct value at offset */
    KEY_MAP,   /* pointer to the mapping's structure; NULL if absent */
    KEY_LIST   /* struct list at offset, of values or of mappings */
};

struct schema;

struct key {
    const char *name;
    const char *text; /* what it means, one line */
    enum key_kind kind;
    size_t offset;
    int required;
    const char *preset;      /* value that an absent key has; NULL: none */
    struct value_rule rule;  /* of the value or of a list's items */
    const struct schema *of; /* of the mapping, or of a list's items */
    unsigned most;           /* items of a list */
};

struct schema {
    const char *name; /* "a component": for messages */
    const struct key *keys;
    unsigned count;
    size_t size;           /* of its structure */
    const char *shorthand; /* key that a lone scalar stands for, or NULL */
};

extern const struct schema policy_schema;

/* Every schema but the policy's, for the writers of documentation. */
extern const struct schema *const schema_parts[];
extern const unsigned schema_part_count;

/* Types a whole policy. Reports what is wrong; what is right is usable. */
struct policy *schema_read(struct report *r, const struct node *root);

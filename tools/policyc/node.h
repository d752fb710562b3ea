/*
 * A policy's text as a tree: mappings, lists and scalars, each with its place.
 * Scalars stay strings; the schema (schema.h) gives them types.
 */
#pragma once

#include "report.h"

#define NODE_TEXT_MAX  (256u << 10) /* bytes of a policy */
#define NODE_DEPTH_MAX 12u

enum node_kind {
    NODE_SCALAR,
    NODE_LIST,
    NODE_MAP,
    NODE_BAD /* reported already; nobody should complain again */
};

struct node {
    enum node_kind kind;
    struct place place;
    const char *text;   /* scalar */
    struct node *first; /* children; of a map: key, value, key, value, ... */
    struct node *next;
};

/*
 * Parses UTF-8 YAML. Returns the root, or NULL after reporting why the text
 * cannot be read at all. Anchors, aliases and tags are reported and leave
 * NODE_BAD behind.
 */
struct node *node_parse(struct report *r, const char *text, size_t size);

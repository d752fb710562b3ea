/*
 * Reads the tree of nodes by the key table into the policy's structures.
 * Unknown, duplicate and missing keys, wrong types and values out of bounds are
 * reported here; what must hold between components is check.c's.
 */
#include "schema.h"

#include <string.h>

static void read_map(struct report *r, const struct node *node,
                     const struct schema *schema, void *object);

static const char *kind_text(const struct node *node)
{
    return node->kind == NODE_MAP    ? "a mapping"
           : node->kind == NODE_LIST ? "a list"
                                     : "a plain value";
}

static void report_kind(struct report *r, const struct node *node,
                        const char *name, const char *expected,
                        const char *example)
{
    report_error(r, node->place, "%s: expected %s, got %s", name, expected,
                 kind_text(node));
    report_hint(r, "%s", example);
}

/* --- values --- */

static void set_value(struct report *r, struct place at, const struct key *key,
                      const char *text, struct value *out)
{
    const char *error, *hint;

    out->place = at;
    if (value_parse(r->arena, &key->rule, text, out, &error, &hint) == 0) {
        out->state = VALUE_GOOD;
        return;
    }
    out->state = VALUE_WRONG;
    report_error(r, at, "%s: %s", key->name, error);
    if (hint != NULL)
        report_hint(r, "%s", hint);
    else
        report_hint(r, "%s: %s", key->name, key->text);
}

static void read_value(struct report *r, const struct node *node,
                       const struct key *key, struct value *out)
{
    out->state = VALUE_WRONG;
    out->place = node->place;
    if (node->kind == NODE_SCALAR)
        set_value(r, node->place, key, node->text, out);
    else if (node->kind != NODE_BAD)
        report_kind(
            r, node, key->name, value_type_text(key->rule.type),
            arena_print(r->arena, "write '%s: VALUE' on one line", key->name));
}

/* --- lists --- */

static void read_list(struct report *r, const struct node *node,
                      const struct key *key, struct list *out)
{
    size_t size = key->of != NULL ? key->of->size : sizeof(struct value);
    unsigned count = 0;

    if (node->kind != NODE_LIST) {
        if (node->kind != NODE_BAD)
            report_kind(r, node, key->name, "a list",
                        arena_print(r->arena,
                                    "write '%s: [...]', or one '- ' a line",
                                    key->name));
        return;
    }
    out->place = node->place;
    for (const struct node *n = node->first; n != NULL; n = n->next)
        count++;
    if (count > key->most) {
        report_error(r, node->place, "%s: %u items, at most %u", key->name,
                     count, key->most);
        report_hint(r, "%s: %s", key->name, key->text);
        count = key->most;
    }
    out->items = arena_alloc(r->arena, count * size);
    for (const struct node *n = node->first; out->count < count; n = n->next) {
        void *item = (char *)out->items + out->count++ * size;

        if (key->of != NULL)
            read_map(r, n, key->of, item);
        else
            read_value(r, n, key, item);
    }
}

/* --- mappings --- */

static const struct key *find_key(const struct schema *schema, const char *name)
{
    for (unsigned i = 0; i < schema->count; i++)
        if (strcmp(schema->keys[i].name, name) == 0)
            return &schema->keys[i];
    return NULL;
}

static void report_unknown_key(struct report *r, const struct node *name,
                               const struct schema *schema)
{
    const char *words[32] = {0}, *list = "", *nearest;

    for (unsigned i = 0; i < schema->count && i < 32; i++) {
        words[i] = schema->keys[i].name;
        list =
            arena_print(r->arena, "%s%s%s", list, i == 0 ? "" : ", ", words[i]);
    }
    report_error(r, name->place, "unknown key '%.40s' in %s", name->text,
                 schema->name);
    nearest = nearest_word(name->text, words, schema->count);
    if (nearest != NULL)
        report_hint(r, "did you mean '%s'?", nearest);
    else
        report_hint(r, "%s has: %s", schema->name, list);
}

static void read_key(struct report *r, const struct node *node,
                     const struct key *key, void *object)
{
    char *field = (char *)object + key->offset;
    void *map;

    switch (key->kind) {
    case KEY_VALUE:
        read_value(r, node, key, (struct value *)(void *)field);
        return;
    case KEY_LIST:
        read_list(r, node, key, (struct list *)(void *)field);
        return;
    case KEY_MAP:
        map = arena_alloc(r->arena, key->of->size);
        read_map(r, node, key->of, map);
        memcpy(field, &map, sizeof map);
        return;
    }
}

/* Keys that were not written: an error, a default, or nothing. */
static void complete_map(struct report *r, struct place at,
                         const struct schema *schema, unsigned long long seen,
                         void *object)
{
    for (unsigned i = 0; i < schema->count; i++) {
        const struct key *key = &schema->keys[i];

        if ((seen >> i & 1) != 0)
            continue;
        if (key->required) {
            report_error(r, at, "%s lacks the key '%s'", schema->name,
                         key->name);
            report_hint(r, "%s: %s", key->name, key->text);
        } else if (key->preset != NULL) {
            set_value(r, at, key, key->preset,
                      (struct value *)(void *)((char *)object + key->offset));
        }
    }
}

/* `restart: always` is `restart: {rule: always}`. */
static void read_shorthand(struct report *r, const struct node *node,
                           const struct schema *schema, void *object)
{
    const struct key *key = find_key(schema, schema->shorthand);
    struct key lone = *key;

    lone.name = schema->name; /* what was written, for messages */
    read_key(r, node, &lone, object);
    complete_map(r, node->place, schema, 1ull << (key - schema->keys), object);
}

/* An object that could not be read at all keeps place 0 and is empty. */
static void read_map(struct report *r, const struct node *node,
                     const struct schema *schema, void *object)
{
    unsigned long long seen = 0;

    if (node->kind == NODE_BAD)
        return;
    if (node->kind != NODE_MAP &&
        (node->kind != NODE_SCALAR || schema->shorthand == NULL)) {
        report_kind(r, node, schema->name, "a mapping",
                    "write 'key: value' lines, or {key: value, ...}");
        return;
    }
    memcpy(object, &node->place, sizeof node->place);
    if (node->kind == NODE_SCALAR) {
        read_shorthand(r, node, schema, object);
        return;
    }
    for (const struct node *name = node->first;
         name != NULL && name->next != NULL && !report_is_full(r);
         name = name->next->next) {
        const struct key *key;

        if (name->kind == NODE_BAD)
            continue;
        if (name->kind != NODE_SCALAR) {
            report_kind(r, name, "key", "a name", "a key is a single word");
            continue;
        }
        key = find_key(schema, name->text);
        if (key == NULL) {
            report_unknown_key(r, name, schema);
        } else if ((seen >> (key - schema->keys) & 1) != 0) {
            report_error(r, name->place, "duplicate key '%s' in %s", key->name,
                         schema->name);
            report_hint(r, "keep one of the two");
        } else {
            seen |= 1ull << (key - schema->keys);
            read_key(r, name->next, key, object);
        }
    }
    complete_map(r, node->place, schema, seen, object);
}

struct policy *schema_read(struct report *r, const struct node *root)
{
    struct policy *policy = arena_alloc(r->arena, sizeof *policy);

    read_map(r, root, &policy_schema, policy);
    return policy;
}

/*
 * YAML events (libyaml) to a tree. The text is checked first: its size, UTF-8,
 * no tabs or other control characters. What makes YAML hard to review is
 * refused: anchors, aliases, tags, several documents.
 */
#include "node.h"

#include <string.h>
#include <yaml.h>

/* --- the text itself --- */

/* Reports each character that does not belong. 0 if there was none. */
static int check_text(struct report *r, const char *text, size_t size)
{
    const unsigned char *byte = (const unsigned char *)text;
    struct place at = {1, 1};
    unsigned before = r->count;

    for (size_t i = 0, n; i < size && !report_is_full(r); i += n, at.column++) {
        n = utf8_length(text + i, size - i);
        if (n == 0) {
            report_error(r, at, "byte %02x is not UTF-8", byte[i]);
            report_hint(r, "save the file as UTF-8");
            return -1;
        }
        if (byte[i] == '\n') {
            at.line++;
            at.column = 0;
        } else if (byte[i] == '\t') {
            report_error(r, at, "a tab");
            report_hint(r, "indent and align with spaces");
        } else if ((byte[i] < 0x20 && byte[i] != '\r') || byte[i] == 0x7f) {
            report_error(r, at, "control character %02x", byte[i]);
            report_hint(r, "remove it");
        }
    }
    return r->count == before ? 0 : -1;
}

/* --- events to nodes --- */

struct builder {
    struct report *report;
    yaml_parser_t parser;
    int failed; /* no more events to be had */
};

static struct place place_of(yaml_mark_t mark)
{
    return (struct place){(unsigned)mark.line + 1, (unsigned)mark.column + 1};
}

static void report_syntax(struct builder *b)
{
    const yaml_parser_t *p = &b->parser;
    const char *problem = p->problem != NULL ? p->problem : "unreadable";
    yaml_mark_t mark = p->problem_mark;

    if (p->context != NULL)
        report_error(b->report, place_of(mark), "YAML syntax: %s %s", problem,
                     p->context);
    else
        report_error(b->report, place_of(mark), "YAML syntax: %s", problem);
    report_hint(b->report, "check indentation, colons, quotes and brackets "
                           "here and just above");
}

/* The next event, or a stream end for good once there was an error. */
static yaml_event_type_t next_event(struct builder *b, yaml_event_t *event)
{
    memset(event, 0, sizeof *event);
    if (!b->failed && !yaml_parser_parse(&b->parser, event)) {
        report_syntax(b);
        b->failed = 1;
    }
    return b->failed ? YAML_STREAM_END_EVENT : event->type;
}

static struct node *new_node(struct builder *b, enum node_kind kind,
                             const yaml_event_t *event)
{
    struct node *node = arena_alloc(b->report->arena, sizeof *node);

    node->kind = kind;
    node->place = place_of(event->start_mark);
    return node;
}

/* Reports an anchor or a tag on a node and says whether there was one. */
static int is_decorated(struct builder *b, const yaml_event_t *event,
                        const yaml_char_t *anchor, const yaml_char_t *tag)
{
    struct place at = place_of(event->start_mark);

    if (anchor != NULL) {
        report_error(b->report, at, "anchor '&%s'", (const char *)anchor);
        report_hint(b->report, "a policy has no anchors and aliases: write the "
                               "value out wherever it holds");
    }
    if (tag != NULL) {
        report_error(b->report, at, "tag '%s'", (const char *)tag);
        report_hint(b->report, "a policy has no tags: the key says the type");
    }
    return anchor != NULL || tag != NULL;
}

static struct node *build_node(struct builder *b, yaml_event_t *event,
                               unsigned depth);

/* Children up to the matching end event. */
static void build_children(struct builder *b, struct node *parent,
                           unsigned depth)
{
    struct node **tail = &parent->first;
    yaml_event_t event;

    for (;;) {
        yaml_event_type_t type = next_event(b, &event);
        int is_end = type == YAML_SEQUENCE_END_EVENT ||
                     type == YAML_MAPPING_END_EVENT ||
                     type == YAML_STREAM_END_EVENT;

        if (!is_end) {
            *tail = build_node(b, &event, depth + 1);
            tail = &(*tail)->next;
        }
        yaml_event_delete(&event);
        if (is_end)
            return;
    }
}

static struct node *build_collection(struct builder *b, enum node_kind kind,
                                     const yaml_event_t *event, int is_bad,
                                     unsigned depth)
{
    struct node *node = new_node(b, kind, event);

    if (depth >= NODE_DEPTH_MAX) {
        report_error(b->report, node->place, "nested deeper than %u levels",
                     NODE_DEPTH_MAX);
        report_hint(b->report, "no policy needs that: is a bracket missing?");
        b->failed = 1;
    }
    build_children(b, node, depth);
    if (is_bad)
        node->kind = NODE_BAD;
    return node;
}

static struct node *build_scalar(struct builder *b, const yaml_event_t *event)
{
    struct node *node = new_node(b, NODE_SCALAR, event);
    size_t length = event->data.scalar.length;
    const char *text = (const char *)event->data.scalar.value;

    if (memchr(text, 0, length) != NULL) {
        report_error(b->report, node->place, "a NUL character in a value");
        report_hint(b->report, "remove the escape");
        node->kind = NODE_BAD;
    }
    node->text = arena_copy(b->report->arena, text, length);
    if (is_decorated(b, event, event->data.scalar.anchor,
                     event->data.scalar.tag))
        node->kind = NODE_BAD;
    return node;
}

static struct node *build_node(struct builder *b, yaml_event_t *event,
                               unsigned depth)
{
    struct node *node;
    int is_bad;

    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return build_scalar(b, event);
    case YAML_SEQUENCE_START_EVENT:
        is_bad = is_decorated(b, event, event->data.sequence_start.anchor,
                              event->data.sequence_start.tag);
        return build_collection(b, NODE_LIST, event, is_bad, depth);
    case YAML_MAPPING_START_EVENT:
        is_bad = is_decorated(b, event, event->data.mapping_start.anchor,
                              event->data.mapping_start.tag);
        return build_collection(b, NODE_MAP, event, is_bad, depth);
    default:
        node = new_node(b, NODE_BAD, event);
        if (event->type == YAML_ALIAS_EVENT) {
            report_error(b->report, node->place, "alias '*%s'",
                         (const char *)event->data.alias.anchor);
            report_hint(b->report, "a policy has no anchors and aliases: write "
                                   "the value out wherever it holds");
        }
        return node;
    }
}

/* Stream start, one document, stream end. */
static struct node *build_stream(struct builder *b)
{
    struct node *root = NULL;
    unsigned documents = 0;
    yaml_event_type_t type;
    yaml_event_t event;

    do {
        type = next_event(b, &event);
        if (type == YAML_DOCUMENT_START_EVENT && ++documents == 2) {
            report_error(b->report, place_of(event.start_mark),
                         "a second YAML document");
            report_hint(b->report, "one file describes one system");
            b->failed = 1;
        } else if (type == YAML_SCALAR_EVENT || type == YAML_ALIAS_EVENT ||
                   type == YAML_SEQUENCE_START_EVENT ||
                   type == YAML_MAPPING_START_EVENT) {
            root = build_node(b, &event, 0);
        }
        yaml_event_delete(&event);
    } while (type != YAML_STREAM_END_EVENT);
    return root;
}

struct node *node_parse(struct report *r, const char *text, size_t size)
{
    struct builder b = {.report = r};
    struct node *root;

    if (size > NODE_TEXT_MAX) {
        report_error(r, (struct place){0, 0}, "has %zu bytes, at most %u", size,
                     NODE_TEXT_MAX);
        report_hint(r, "is this the right file?");
        return NULL;
    }
    if (check_text(r, text, size))
        return NULL;
    if (!yaml_parser_initialize(&b.parser)) {
        report_error(r, (struct place){0, 0}, "out of memory");
        return NULL;
    }
    yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b.parser, (const unsigned char *)text, size);
    root = build_stream(&b);
    yaml_parser_delete(&b.parser);
    if (b.failed)
        return NULL;
    if (root == NULL) {
        report_error(r, (struct place){1, 1}, "the policy is empty");
        report_hint(r, "begin with 'system: NAME', see docs/policy.md");
    }
    return root;
}

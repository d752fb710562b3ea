/*
 * The key table for editors (JSON Schema, draft 7) and for readers (Markdown).
 */
#include "output.h"

#include "schema.h"

#include <string.h>

/* --- JSON Schema --- */

static void indent(FILE *out, unsigned level)
{
    fprintf(out, "%*s", (int)(level * 2), "");
}

static void write_json_string(FILE *out, const char *text)
{
    putc('"', out);
    for (; *text != 0; text++) {
        if (*text == '"' || *text == '\\')
            putc('\\', out);
        putc(*text, out);
    }
    putc('"', out);
}

static const char *const patterns[VALUE_TYPES] = {
    [VALUE_NAME] = "^[a-z][a-z0-9_-]{0,30}$",
    [VALUE_TEXT] = "^.{0,255}$",
    [VALUE_SIZE] = "^[0-9]+ ?(KiB|MiB|GiB|TiB)$",
    [VALUE_TIME] = "^[0-9]+ ?(us|ms|s)$",
    [VALUE_CLASS] = "^[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2})?$",
    [VALUE_ID] = "^[0-9A-Fa-f]{4}:[0-9A-Fa-f]{4}$",
    [VALUE_ADDRESS] = "^[0-9A-Fa-f]{4}:[0-9A-Fa-f]{2}:[01][0-9A-Fa-f]\\.[0-7]$",
    [VALUE_PORTS] =
        "^(0x[0-9A-Fa-f]{1,4}|[0-9]{1,5})(-(0x[0-9A-Fa-f]{1,4}|[0-9]{1,5}))?$",
    [VALUE_LISTEN] = "^(any|(tcp|udp) (any|[0-9]{1,5}(-[0-9]{1,5})?))$",
    [VALUE_CONNECT] =
        "^(any|(tcp|udp|icmp|any) (any|([0-9.]+|\\[[0-9A-Fa-f:.]+\\])"
        "(/[0-9]{1,3})?)(:(any|[0-9]{1,5}(-[0-9]{1,5})?))?)$",
};

/* The members that describe one scalar, without braces. */
static void write_json_rule(FILE *out, const struct value_rule *rule)
{
    if (rule->type == VALUE_BOOL) {
        fprintf(out, "\"type\": \"boolean\"");
    } else if (rule->type == VALUE_INTEGER) {
        fprintf(out,
                "\"type\": \"integer\", \"minimum\": %llu, \"maximum\": %llu",
                (unsigned long long)rule->low, (unsigned long long)rule->high);
    } else if (rule->type == VALUE_WORD) {
        fprintf(out, "\"enum\": [");
        for (unsigned i = 0; i < rule->word_count; i++) {
            fprintf(out, i == 0 ? "" : ", ");
            write_json_string(out, rule->words[i]);
        }
        fprintf(out, "]");
    } else {
        fprintf(out, "\"type\": \"string\", \"pattern\": ");
        write_json_string(out, patterns[rule->type]);
    }
}

static void write_json_reference(FILE *out, const struct schema *schema)
{
    fprintf(out, "\"$ref\": \"#/definitions/%s\"", schema->name);
}

static void write_json_key(FILE *out, const struct key *key, unsigned level)
{
    indent(out, level);
    write_json_string(out, key->name);
    fprintf(out, ": {\n");
    indent(out, level + 1);
    fprintf(out, "\"description\": ");
    write_json_string(out, key->text);
    fprintf(out, ",\n");
    indent(out, level + 1);
    if (key->kind == KEY_LIST)
        fprintf(out, "\"type\": \"array\", \"maxItems\": %u, \"items\": {",
                key->most);
    if (key->kind == KEY_MAP)
        fprintf(out, "\"allOf\": [{");
    if (key->of != NULL)
        write_json_reference(out, key->of);
    else
        write_json_rule(out, &key->rule);
    fprintf(out, "%s\n",
            key->kind == KEY_LIST  ? "}"
            : key->kind == KEY_MAP ? "}]"
                                   : "");
    indent(out, level);
    fprintf(out, "}");
}

/* The members that describe one mapping, without braces. */
static void write_json_map(FILE *out, const struct schema *schema,
                           unsigned level)
{
    int is_first = 1;

    indent(out, level);
    fprintf(out, "\"type\": \"object\", \"additionalProperties\": false,\n");
    indent(out, level);
    fprintf(out, "\"required\": [");
    for (unsigned i = 0; i < schema->count; i++)
        if (schema->keys[i].required) {
            fprintf(out, is_first ? "" : ", ");
            write_json_string(out, schema->keys[i].name);
            is_first = 0;
        }
    fprintf(out, "],\n");
    indent(out, level);
    fprintf(out, "\"properties\": {\n");
    for (unsigned i = 0; i < schema->count; i++) {
        write_json_key(out, &schema->keys[i], level + 1);
        fprintf(out, i + 1 < schema->count ? ",\n" : "\n");
    }
    indent(out, level);
    fprintf(out, "}\n");
}

static void write_json_part(FILE *out, const struct schema *schema)
{
    indent(out, 2);
    write_json_string(out, schema->name);
    fprintf(out, ": {\n");
    if (schema->shorthand == NULL) {
        write_json_map(out, schema, 3);
    } else {
        const struct key *key = schema->keys;

        while (strcmp(key->name, schema->shorthand) != 0)
            key++;
        indent(out, 3);
        fprintf(out, "\"anyOf\": [\n");
        indent(out, 4);
        fprintf(out, "{");
        write_json_rule(out, &key->rule);
        fprintf(out, "},\n");
        indent(out, 4);
        fprintf(out, "{\n");
        write_json_map(out, schema, 5);
        indent(out, 4);
        fprintf(out, "}\n");
        indent(out, 3);
        fprintf(out, "]\n");
    }
    indent(out, 2);
    fprintf(out, "}");
}

void schema_write(FILE *out)
{
    fprintf(out,
            "{\n  \"$schema\": \"http://json-schema.org/draft-07/schema#\","
            "\n  \"title\": \"Cordon policy\",\n"
            "  \"description\": \"Made by policyc --schema\",\n");
    fprintf(out, "  \"definitions\": {\n");
    for (unsigned i = 0; i < schema_part_count; i++) {
        write_json_part(out, schema_parts[i]);
        fprintf(out, i + 1 < schema_part_count ? ",\n" : "\n");
    }
    fprintf(out, "  },\n");
    write_json_map(out, &policy_schema, 1);
    fprintf(out, "}\n");
}

/* --- Markdown --- */

static void write_type(FILE *out, const struct key *key)
{
    static const char *const names[VALUE_TYPES] = {
        "name",          "text",        "number",      "size", "time",
        "true or false", "word",        "class",       "ID",   "address",
        "ports",         "listen rule", "connect rule"};
    const struct value_rule *rule = &key->rule;
    struct arena arena = {NULL};

    if (key->kind == KEY_LIST)
        fprintf(out, "list of ");
    if (key->of != NULL)
        fprintf(out, "[%s](#%s)", key->of->name, key->of->name);
    else if (rule->type != VALUE_WORD)
        fprintf(out, "%s", names[rule->type]);
    for (unsigned i = 0; i < rule->word_count; i++)
        fprintf(out, "%s`%s`", i == 0 ? "" : ", ", rule->words[i]);
    if (rule->high != 0)
        fprintf(out, ", %s to %s",
                value_print(&arena, rule->type, rule->low, 0),
                value_print(&arena, rule->type, rule->high, 0));
    if (rule->power_of_two)
        fprintf(out, ", a power of two");
    if (rule->multiple != 0)
        fprintf(out, ", a multiple of %s",
                value_print(&arena, rule->type, rule->multiple, 0));
    if (key->kind == KEY_LIST)
        fprintf(out, "; at most %u", key->most);
    arena_free(&arena);
}

static void write_reference_of(FILE *out, const struct schema *schema)
{
    fprintf(out, "### %s\n\n", schema->name);
    if (schema->shorthand != NULL)
        fprintf(out, "A lone value stands for `{%s: VALUE}`.\n\n",
                schema->shorthand);
    fprintf(out, "| key | type and bounds | default | meaning |\n"
                 "|---|---|---|---|\n");
    for (unsigned i = 0; i < schema->count; i++) {
        const struct key *key = &schema->keys[i];

        fprintf(out, "| `%s` | ", key->name);
        write_type(out, key);
        if (key->required)
            fprintf(out, " | required");
        else if (key->preset != NULL && key->preset[0] != 0)
            fprintf(out, " | `%s`", key->preset);
        else
            fprintf(out, " | none");
        fprintf(out, " | %s |\n", key->text);
    }
}

void reference_write(FILE *out)
{
    write_reference_of(out, &policy_schema);
    for (unsigned i = 0; i < schema_part_count; i++) {
        fprintf(out, "\n");
        write_reference_of(out, schema_parts[i]);
    }
}

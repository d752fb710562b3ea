/*
 * Scalars of the policy language, read and written.
 */
#include "value.h"

#include <cordon/manifest.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"

static const char *const type_texts[VALUE_TYPES] = {
    [VALUE_NAME] = "a name (a-z, then also 0-9, '-', '_'; at most 31)",
    [VALUE_TEXT] = "one line of text, at most 255 bytes",
    [VALUE_INTEGER] = "a whole number",
    [VALUE_SIZE] = "a size like 64KiB, 4MiB or 1GiB",
    [VALUE_TIME] = "a time like 100us, 10ms or 1s",
    [VALUE_BOOL] = "true or false",
    [VALUE_WORD] = "one of the words that may stand here",
    [VALUE_CLASS] = "a class code like \"01:08:02\" or \"01:08\" (hex)",
    [VALUE_ID] = "vendor and device like \"8086:10d3\" (hex)",
    [VALUE_ADDRESS] = "an address like \"0000:00:04.0\" (hex)",
    [VALUE_PORTS] = "I/O ports like \"0x3f8-0x3ff\" or \"0x80\"",
    [VALUE_LISTEN] = "a protocol and ports like \"tcp 80\", or \"any\"",
    [VALUE_CONNECT] =
        "a protocol and an address like \"tcp 10.0.2.2:80\", or \"any\"",
};

const char *value_type_text(enum value_type type)
{
    return type_texts[type];
}

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit size_units[] = {{"KiB", 1ull << 10},
                                         {"MiB", 1ull << 20},
                                         {"GiB", 1ull << 30},
                                         {"TiB", 1ull << 40},
                                         {NULL, 0}};
static const struct unit time_units[] = {
    {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}, {NULL, 0}};

/* Decimal digits at *text, moved past. -1 if none or more than 64 bits. */
static int read_decimal(const char **text, uint64_t *number)
{
    const char *at = *text;
    uint64_t value = 0;

    if (*at < '0' || *at > '9')
        return -1;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (value > (UINT64_MAX - 9) / 10)
            return -1;
        value = value * 10 + (uint64_t)(*at - '0');
    }
    *text = at;
    *number = value;
    return 0;
}

/* `digits` hex digits exactly, moved past. */
static int read_hex(const char **text, unsigned digits, uint64_t *number)
{
    *number = 0;
    for (; digits != 0; digits--, ++*text) {
        char c = **text;
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                                : 16;

        if (digit == 16)
            return -1;
        *number = *number << 4 | digit;
    }
    return 0;
}

static int read_char(const char **text, char expected)
{
    if (**text != expected)
        return -1;
    ++*text;
    return 0;
}

static int parse_unit(const char *text, const struct unit *units,
                      uint64_t *number)
{
    if (read_decimal(&text, number))
        return -1;
    if (*text == ' ')
        text++;
    for (; units->name != NULL; units++)
        if (strcmp(text, units->name) == 0 &&
            *number <= UINT64_MAX / units->factor) {
            *number *= units->factor;
            return 0;
        }
    return -1;
}

static int parse_integer(const char *text, uint64_t *number)
{
    return read_decimal(&text, number) || *text != 0 ? -1 : 0;
}

static int parse_class(const char *text, struct value *out)
{
    uint64_t base, sub, interface = 0;

    out->mask = 0xffff00;
    if (read_hex(&text, 2, &base) || read_char(&text, ':') ||
        read_hex(&text, 2, &sub))
        return -1;
    if (*text != 0) {
        out->mask = 0xffffff;
        if (read_char(&text, ':') || read_hex(&text, 2, &interface))
            return -1;
    }
    out->number = base << 16 | sub << 8 | interface;
    return *text == 0 ? 0 : -1;
}

static int parse_id(const char *text, struct value *out)
{
    uint64_t vendor, device;

    if (read_hex(&text, 4, &vendor) || read_char(&text, ':') ||
        read_hex(&text, 4, &device) || *text != 0)
        return -1;
    out->number = vendor << 16 | device;
    out->mask = 0xffffffff;
    return 0;
}

static int parse_address(const char *text, struct value *out)
{
    uint64_t segment, bus, device, function;

    if (read_hex(&text, 4, &segment) || read_char(&text, ':') ||
        read_hex(&text, 2, &bus) || read_char(&text, ':') ||
        read_hex(&text, 2, &device) || read_char(&text, '.') ||
        read_hex(&text, 1, &function) || *text != 0 || device > 31 ||
        function > 7)
        return -1;
    out->number = segment << 16 | bus << 8 | device << 3 | function;
    out->mask = 0xffffffff;
    return 0;
}

/* One port: 0x and hex digits, or decimal. */
static int read_port(const char **text, uint64_t *port)
{
    char *end;

    if (**text < '0' || **text > '9')
        return -1;
    *port = strtoul(*text, &end, strncmp(*text, "0x", 2) == 0 ? 16 : 10);
    if (end == *text || *port > 0xffff)
        return -1;
    *text = end;
    return 0;
}

static int parse_ports(const char *text, struct value *out)
{
    if (read_port(&text, &out->number))
        return -1;
    out->mask = out->number;
    if (*text == '-' && (text++, read_port(&text, &out->mask)))
        return -1;
    return *text == 0 && out->number <= out->mask ? 0 : -1;
}

static int parse_word(struct arena *arena, const struct value_rule *rule,
                      const char *text, struct value *out, const char **hint)
{
    const char *list = "", *nearest;

    for (unsigned i = 0; i < rule->word_count; i++) {
        if (strcmp(text, rule->words[i]) == 0) {
            out->number = i;
            return 0;
        }
        list = arena_print(arena, "%s%s%s", list, i == 0 ? "" : ", ",
                           rule->words[i]);
    }
    nearest = nearest_word(text, rule->words, rule->word_count);
    *hint =
        nearest != NULL
            ? arena_print(arena, "did you mean '%s'? One of: %s", nearest, list)
            : arena_print(arena, "one of: %s", list);
    return -1;
}

static int parse_bool(const char *text, struct value *out)
{
    out->number = strcmp(text, "true") == 0;
    return out->number || strcmp(text, "false") == 0 ? 0 : -1;
}

/* One line, also where the text came from an escape such as "\n". */
static int parse_text(const char *text)
{
    size_t length = 0;

    for (; text[length] != 0; length++)
        if ((unsigned char)text[length] < 0x20 || text[length] == 0x7f)
            return -1;
    return length <= MANIFEST_TEXT_MAX ? 0 : -1;
}

static int parse_by_type(struct arena *arena, const struct value_rule *rule,
                         const char *text, struct value *out, const char **hint)
{
    switch (rule->type) {
    case VALUE_NAME:
        return manifest_is_name(text) ? 0 : -1;
    case VALUE_TEXT:
        return parse_text(text);
    case VALUE_INTEGER:
        return parse_integer(text, &out->number);
    case VALUE_SIZE:
        return parse_unit(text, size_units, &out->number);
    case VALUE_TIME:
        return parse_unit(text, time_units, &out->number);
    case VALUE_BOOL:
        return parse_bool(text, out);
    case VALUE_WORD:
        return parse_word(arena, rule, text, out, hint);
    case VALUE_CLASS:
        return parse_class(text, out);
    case VALUE_ID:
        return parse_id(text, out);
    case VALUE_ADDRESS:
        return parse_address(text, out);
    case VALUE_PORTS:
        return parse_ports(text, out);
    case VALUE_LISTEN:
        return rule_parse(arena, MANIFEST_NETWORK_LISTEN, text, &out->rule,
                          hint);
    case VALUE_CONNECT:
        return rule_parse(arena, MANIFEST_NETWORK_CONNECT, text, &out->rule,
                          hint);
    case VALUE_TYPES:
        break;
    }
    return -1;
}

static int is_bounded(const struct value_rule *rule)
{
    return rule->high != 0 &&
           (rule->type == VALUE_INTEGER || rule->type == VALUE_SIZE ||
            rule->type == VALUE_TIME);
}

/* Bounds, multiple, power of two. */
static int check_rule(struct arena *arena, const struct value_rule *rule,
                      const char *text, uint64_t number, const char **error)
{
    if (is_bounded(rule) && (number < rule->low || number > rule->high))
        *error =
            arena_print(arena, "%s is out of range: at least %s, at most %s",
                        text, value_print(arena, rule->type, rule->low, 0),
                        value_print(arena, rule->type, rule->high, 0));
    else if (rule->power_of_two && (number & (number - 1)) != 0)
        *error = arena_print(arena, "%s is not a power of two", text);
    else if (rule->multiple != 0 && number % rule->multiple != 0)
        *error = arena_print(arena, "%s is not a multiple of %s", text,
                             value_print(arena, rule->type, rule->multiple, 0));
    else
        return 0;
    return -1;
}

int value_parse(struct arena *arena, const struct value_rule *rule,
                const char *text, struct value *out, const char **error,
                const char **hint)
{
    *hint = NULL;
    out->text = text;
    out->number = out->mask = 0;
    if (parse_by_type(arena, rule, text, out, hint)) {
        int is_long = strlen(text) > 40;

        *error = text[0] == 0 ? "expected a value, got nothing"
                              : arena_print(arena, "'%.40s%s' is not %s", text,
                                            is_long ? "..." : "",
                                            value_type_text(rule->type));
        if (*hint == NULL && text[0] == 0)
            *hint = arena_print(arena, "write %s", value_type_text(rule->type));
        return -1;
    }
    return check_rule(arena, rule, text, out->number, error);
}

/* The largest unit that leaves no rest. */
static const char *print_unit(struct arena *arena, const struct unit *units,
                              uint64_t number)
{
    const struct unit *best = &units[0];

    for (; units->name != NULL; units++)
        if (number != 0 && number % units->factor == 0)
            best = units;
    return arena_print(arena, "%llu%s",
                       (unsigned long long)(number / best->factor), best->name);
}

const char *value_print(struct arena *arena, enum value_type type,
                        uint64_t number, uint64_t mask)
{
    unsigned n = (unsigned)number;

    switch (type) {
    case VALUE_SIZE:
        return print_unit(arena, size_units, number);
    case VALUE_TIME:
        return print_unit(arena, time_units, number);
    case VALUE_CLASS:
        return mask == 0xffffff
                   ? arena_print(arena, "%02x:%02x:%02x", n >> 16, n >> 8 & 255,
                                 n & 255)
                   : arena_print(arena, "%02x:%02x", n >> 16, n >> 8 & 255);
    case VALUE_ID:
        return arena_print(arena, "%04x:%04x", n >> 16, n & 0xffff);
    case VALUE_ADDRESS:
        return arena_print(arena, "%04x:%02x:%02x.%x", n >> 16, n >> 8 & 255,
                           n >> 3 & 31, n & 7);
    case VALUE_PORTS:
        return n == mask ? arena_print(arena, "0x%x", n)
                         : arena_print(arena, "0x%x-0x%x", n, (unsigned)mask);
    default:
        return arena_print(arena, "%llu", (unsigned long long)number);
    }
}

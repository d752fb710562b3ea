/*
 * One network rule from text and back:
 *
 *   listen:   any | PROTOCOL PORTS               "tcp 80", "udp 5001-5002"
 *   connect:  any | PROTOCOL ADDRESS[:PORTS]     "tcp 10.0.0.0/8:1-1024"
 *
 * ADDRESS is `any`, an IPv4 address or an IPv6 address in brackets, these two
 * perhaps with a prefix length; PORTS is `any`, a number or a range.
 */
#include "network.h"

#include <arpa/inet.h>
#include <string.h>

#define PORT_MAX 65535u

/* What is being read: moves along `text`. */
struct reader {
    struct arena *arena;
    const char *at;
    const char **hint;
};

static int fail(struct reader *r, const char *hint)
{
    *r->hint = hint;
    return -1;
}

/* 1, and moved past, if `word` stands here. */
static int take(struct reader *r, const char *word)
{
    size_t length = strlen(word);

    if (strncmp(r->at, word, length) != 0)
        return 0;
    r->at += length;
    return 1;
}

/* A number of at most `most`, or -1. */
static long read_number(struct reader *r, long most)
{
    long number = 0;

    if (*r->at < '0' || *r->at > '9')
        return -1;
    for (; *r->at >= '0' && *r->at <= '9'; r->at++) {
        number = number * 10 + (*r->at - '0');
        if (number > most)
            return -1;
    }
    return number;
}

static int read_protocol(struct reader *r, struct manifest_network_rule *out)
{
    static const struct {
        const char *name;
        uint8_t number;
    } names[] = {{"tcp ", MANIFEST_PROTOCOL_TCP},
                 {"udp ", MANIFEST_PROTOCOL_UDP},
                 {"icmp ", MANIFEST_PROTOCOL_ICMP},
                 {"any ", MANIFEST_PROTOCOL_ANY}};

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (take(r, names[i].name)) {
            out->protocol = names[i].number;
            return 0;
        }
    return fail(r, "begin with 'tcp ', 'udp ' or 'icmp ', or write 'any'");
}

static int read_ports(struct reader *r, struct manifest_network_rule *out)
{
    long first, last;

    if (take(r, "any"))
        return 0;
    first = last = read_number(r, PORT_MAX);
    if (first > 0 && take(r, "-"))
        last = read_number(r, PORT_MAX);
    if (first < 1 || last < 1)
        return fail(r, "a port is a number, 1 to 65535, or 'any'");
    if (first > last)
        return fail(r, "the first port of a range is the smaller one");
    out->port_first = (uint16_t)first;
    out->port_last = (uint16_t)last;
    return 0;
}

/* --- addresses --- */

/* The characters up to the first of `ends` as an address of this family. */
static int read_literal(struct reader *r, int family, const char *ends,
                        uint8_t address[16])
{
    size_t length = strcspn(r->at, ends);
    const char *text = arena_copy(r->arena, r->at, length);

    r->at += length;
    if (inet_pton(family, text, address) == 1)
        return 0;
    return fail(r, family == AF_INET
                       ? "an address is 10.0.2.2, [fec0::2] or 'any'"
                       : "what stands in brackets is an IPv6 address");
}

static int bits_beyond(const struct manifest_network_rule *rule)
{
    unsigned bytes = rule->family == 4 ? 4 : 16;

    for (unsigned i = rule->prefix; i < bytes * 8; i++)
        if ((rule->address[i / 8] >> (7 - i % 8) & 1) != 0)
            return 1;
    return 0;
}

static int read_prefix(struct reader *r, struct manifest_network_rule *out)
{
    unsigned most = out->family == 4 ? 32 : 128;
    long prefix = (long)most;

    if (take(r, "/"))
        prefix = read_number(r, (long)most);
    if (prefix < 0)
        return fail(r, arena_print(r->arena, "a prefix is 0 to %u bits", most));
    out->prefix = (uint8_t)prefix;
    if (bits_beyond(out))
        return fail(
            r, arena_print(r->arena, "bits beyond /%ld must be 0", prefix));
    return 0;
}

static int read_address(struct reader *r, struct manifest_network_rule *out)
{
    if (take(r, "any"))
        return 0;
    if (take(r, "[")) {
        out->family = 6;
        if (read_literal(r, AF_INET6, "]", out->address))
            return -1;
        if (!take(r, "]"))
            return fail(r, "a ']' is missing");
    } else {
        out->family = 4;
        if (read_literal(r, AF_INET, "/:", out->address))
            return -1;
    }
    return read_prefix(r, out);
}

/* --- the whole --- */

static int read_rule(struct reader *r, struct manifest_network_rule *out)
{
    if (strcmp(r->at, "any") == 0) {
        r->at += 3;
        return 0;
    }
    if (read_protocol(r, out))
        return -1;
    if (out->action == MANIFEST_NETWORK_LISTEN) {
        if (out->protocol != MANIFEST_PROTOCOL_TCP &&
            out->protocol != MANIFEST_PROTOCOL_UDP)
            return fail(r, "only TCP and UDP listen: write 'tcp PORTS', "
                           "'udp PORTS' or 'any'");
        return read_ports(r, out);
    }
    if (read_address(r, out))
        return -1;
    if (!take(r, ":"))
        return 0;
    if (out->protocol != MANIFEST_PROTOCOL_TCP &&
        out->protocol != MANIFEST_PROTOCOL_UDP)
        return fail(r, "only TCP and UDP have ports: remove them");
    return read_ports(r, out);
}

int rule_parse(struct arena *arena, enum manifest_network_action action,
               const char *text, struct manifest_network_rule *out,
               const char **hint)
{
    struct reader r = {arena, text, hint};

    *out = (struct manifest_network_rule){.action = (uint8_t)action,
                                          .port_last = PORT_MAX};
    if (text[0] == 0 || read_rule(&r, out))
        return -1;
    if (*r.at != 0)
        return fail(&r, arena_print(arena, "'%.20s' is too much", r.at));
    return 0;
}

static const char *ports_text(struct arena *arena,
                              const struct manifest_network_rule *rule)
{
    if (rule->port_first == 0)
        return "any";
    if (rule->port_first == rule->port_last)
        return arena_print(arena, "%u", rule->port_first);
    return arena_print(arena, "%u-%u", rule->port_first, rule->port_last);
}

static const char *address_text(struct arena *arena,
                                const struct manifest_network_rule *rule)
{
    char text[INET6_ADDRSTRLEN];

    if (rule->family == 0)
        return "any";
    inet_ntop(rule->family == 4 ? AF_INET : AF_INET6, rule->address, text,
              sizeof text);
    if (rule->prefix == (rule->family == 4 ? 32 : 128))
        return arena_print(arena, rule->family == 4 ? "%s" : "[%s]", text);
    return arena_print(arena, rule->family == 4 ? "%s/%u" : "[%s]/%u", text,
                       rule->prefix);
}

const char *rule_text(struct arena *arena,
                      const struct manifest_network_rule *rule)
{
    const char *protocol = rule->protocol == MANIFEST_PROTOCOL_TCP    ? "tcp"
                           : rule->protocol == MANIFEST_PROTOCOL_UDP  ? "udp"
                           : rule->protocol == MANIFEST_PROTOCOL_ICMP ? "icmp"
                                                                      : "any";

    if (rule->protocol == MANIFEST_PROTOCOL_ANY && rule->family == 0)
        return "any";
    if (rule->action == MANIFEST_NETWORK_LISTEN)
        return arena_print(arena, "%s %s", protocol, ports_text(arena, rule));
    return arena_print(arena, "%s %s%s%s", protocol, address_text(arena, rule),
                       rule->port_first == 0 ? "" : ":",
                       rule->port_first == 0 ? "" : ports_text(arena, rule));
}

const char *rules_text(struct arena *arena, const struct manifest *m,
                       const struct manifest_network *n,
                       enum manifest_network_action action,
                       const char *separator)
{
    const char *text = "";

    for (uint32_t i = 0; i < n->rules.count; i++) {
        const struct manifest_network_rule *rule =
            &m->rules[n->rules.first + i];

        if (rule->action == action)
            text = arena_print(arena, "%s%s%s", text,
                               text[0] == 0 ? "" : separator,
                               rule_text(arena, rule));
    }
    return text;
}

int rule_is_same(const struct manifest_network_rule *a,
                 const struct manifest_network_rule *b)
{
    return memcmp(&a->action, &b->action,
                  sizeof *a - offsetof(struct manifest_network_rule, action)) ==
           0;
}

/*
 * The stages of the policy compiler one by one: typed scalars, YAML to nodes,
 * suggestions, the report, and the whole from text to an open manifest.
 *
 * links: libsys/manifest.c libsys/manifest_check.c
 * links: tools/policyc/arena.c tools/policyc/check.c
 * links: tools/policyc/check_devices.c tools/policyc/check_services.c
 * links: tools/policyc/check_network.c tools/policyc/check_start.c
 * links: tools/policyc/network.c
 * links: tools/policyc/compile.c tools/policyc/encode.c tools/policyc/keys.c
 * links: tools/policyc/links.c tools/policyc/node.c tools/policyc/report.c
 * links: tools/policyc/schema.c tools/policyc/value.c
 * libs: -lyaml
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/policyc/compile.h"
#include "tools/policyc/links.h"
#include "tools/policyc/network.h"
#include "tools/policyc/node.h"
#include "tools/policyc/value.h"

#define NO_LIMIT UINT64_MAX

static struct arena arena;
static struct report report;

static int set_up(void **state)
{
    (void)state;
    report = (struct report){.arena = &arena, .file = "t.yaml"};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

/* --- values --- */

/* The number that the text stands for, or NO_LIMIT if it is refused. */
static uint64_t number_of(enum value_type type, const char *text)
{
    const struct value_rule rule = {.type = type};
    struct value value = {0};
    const char *error = NULL, *hint = NULL;

    if (value_parse(&arena, &rule, text, &value, &error, &hint) == 0)
        return value.number;
    assert_non_null(error);
    return NO_LIMIT;
}

static void sizes_have_units(void **state)
{
    (void)state;
    assert_int_equal(number_of(VALUE_SIZE, "4KiB"), 4096);
    assert_int_equal(number_of(VALUE_SIZE, "0MiB"), 0);
    assert_int_equal(number_of(VALUE_SIZE, "3 MiB"), 3 << 20);
    assert_int_equal(number_of(VALUE_SIZE, "1TiB"), 1ull << 40);
    assert_int_equal(number_of(VALUE_SIZE, "4095GiB"), 4095ull << 30);
    assert_int_equal(number_of(VALUE_SIZE, "4"), NO_LIMIT);
    assert_int_equal(number_of(VALUE_SIZE, "4kib"), NO_LIMIT);
    assert_int_equal(number_of(VALUE_SIZE, "MiB"), NO_LIMIT);
    assert_int_equal(number_of(VALUE_SIZE, "-1MiB"), NO_LIMIT);
    assert_int_equal(number_of(VALUE_SIZE, "1.5MiB"), NO_LIMIT);
    assert_int_equal(number_of(VALUE_SIZE, "4MiB "), NO_LIMIT);
    assert_int_equal(number_of(VALUE_SIZE, "16777216TiB"), NO_LIMIT);
    assert_int_equal(number_of(VALUE_SIZE, "99999999999999999999KiB"),
                     NO_LIMIT);
}

static void times_have_units(void **state)
{
    (void)state;
    assert_int_equal(number_of(VALUE_TIME, "1us"), 1000);
    assert_int_equal(number_of(VALUE_TIME, "10ms"), 10000000);
    assert_int_equal(number_of(VALUE_TIME, "1s"), 1000000000);
    assert_int_equal(number_of(VALUE_TIME, "1ns"), NO_LIMIT);
    assert_int_equal(number_of(VALUE_TIME, "1"), NO_LIMIT);
    assert_int_equal(number_of(VALUE_TIME, ""), NO_LIMIT);
}

static void integers_are_decimal(void **state)
{
    (void)state;
    assert_int_equal(number_of(VALUE_INTEGER, "0"), 0);
    assert_int_equal(number_of(VALUE_INTEGER, "010"), 10);
    assert_int_equal(number_of(VALUE_INTEGER, "0x10"), NO_LIMIT);
    assert_int_equal(number_of(VALUE_INTEGER, "1e3"), NO_LIMIT);
    assert_int_equal(number_of(VALUE_INTEGER, "+1"), NO_LIMIT);
    assert_int_equal(number_of(VALUE_INTEGER, "18446744073709551615"),
                     NO_LIMIT);
}

static void selectors_are_packed(void **state)
{
    (void)state;
    assert_int_equal(number_of(VALUE_CLASS, "01:08:02"), 0x010802);
    assert_int_equal(number_of(VALUE_CLASS, "fF:aA"), 0xffaa00);
    assert_int_equal(number_of(VALUE_CLASS, "01:08:"), NO_LIMIT);
    assert_int_equal(number_of(VALUE_CLASS, "01:08:020"), NO_LIMIT);
    assert_int_equal(number_of(VALUE_ID, "1234:11e8"), 0x123411e8);
    assert_int_equal(number_of(VALUE_ID, "1234"), NO_LIMIT);
    assert_int_equal(number_of(VALUE_ADDRESS, "0001:02:1f.7"), 0x102ff);
    assert_int_equal(number_of(VALUE_ADDRESS, "0000:00:20.0"), NO_LIMIT);
    assert_int_equal(number_of(VALUE_ADDRESS, "0000:00:00.8"), NO_LIMIT);
    assert_int_equal(number_of(VALUE_PORTS, "0x3f8-0x3ff"), 0x3f8);
    assert_int_equal(number_of(VALUE_PORTS, "65535"), 65535);
    assert_int_equal(number_of(VALUE_PORTS, "65536"), NO_LIMIT);
    assert_int_equal(number_of(VALUE_PORTS, "2-1"), NO_LIMIT);
    assert_int_equal(number_of(VALUE_PORTS, "0x"), NO_LIMIT);
    assert_int_equal(number_of(VALUE_PORTS, "0x-5"), NO_LIMIT);
    assert_int_equal(number_of(VALUE_PORTS, "0x0x5"), NO_LIMIT);
    assert_int_equal(number_of(VALUE_PORTS, "0x 5"), NO_LIMIT);
}

static void printing_is_the_inverse(void **state)
{
    static const struct {
        enum value_type type;
        const char *text;
    } samples[] = {
        {VALUE_SIZE, "1025KiB"},      {VALUE_SIZE, "3GiB"},
        {VALUE_TIME, "1500us"},       {VALUE_TIME, "2s"},
        {VALUE_CLASS, "01:08:00"},    {VALUE_CLASS, "01:08"},
        {VALUE_ID, "1234:11e8"},      {VALUE_ADDRESS, "0001:02:1f.7"},
        {VALUE_PORTS, "0x3f8-0x3ff"}, {VALUE_PORTS, "0x80"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const struct value_rule rule = {.type = samples[i].type};
        struct value v;
        const char *error, *hint;

        assert_int_equal(
            value_parse(&arena, &rule, samples[i].text, &v, &error, &hint), 0);
        assert_string_equal(value_print(&arena, rule.type, v.number, v.mask),
                            samples[i].text);
    }
}

/* --- network rules --- */

static int reads(enum manifest_network_action action, const char *text,
                 struct manifest_network_rule *out)
{
    const char *hint = NULL;
    int wrong = rule_parse(&arena, action, text, out, &hint);

    if (wrong && text[0] != 0)
        assert_non_null(hint);
    return wrong == 0;
}

static void rules_are_read_and_written(void **state)
{
    static const char *const listen[] = {"any", "tcp 80", "udp 5001-5002",
                                         "tcp any", "tcp 1-65535"};
    static const char *const connect[] = {
        "any",         "tcp 10.0.2.2:8000", "udp [fec0::2]:53",
        "icmp any",    "tcp any:80",        "tcp 10.0.0.0/8:1-1024",
        "tcp any",     "any 0.0.0.0/0",     "any [::]/0",
        "any [::1]",   "udp 10.0.2.2",      "tcp [2001:db8::]/33:443",
        "udp any:1-9", "icmp 10.0.2.3"};
    struct manifest_network_rule rule;

    (void)state;
    for (size_t i = 0; i < sizeof listen / sizeof listen[0]; i++) {
        assert_true(reads(MANIFEST_NETWORK_LISTEN, listen[i], &rule));
        assert_string_equal(rule_text(&arena, &rule), listen[i]);
    }
    for (size_t i = 0; i < sizeof connect / sizeof connect[0]; i++) {
        assert_true(reads(MANIFEST_NETWORK_CONNECT, connect[i], &rule));
        assert_string_equal(rule_text(&arena, &rule), connect[i]);
    }
    assert_true(reads(MANIFEST_NETWORK_CONNECT, "tcp any:any", &rule));
    assert_string_equal(rule_text(&arena, &rule), "tcp any");
    assert_true(reads(MANIFEST_NETWORK_CONNECT, "tcp 10.0.2.2/32:7", &rule));
    assert_string_equal(rule_text(&arena, &rule), "tcp 10.0.2.2:7");
}

static void other_rules_are_refused(void **state)
{
    static const char *const listen[] = {
        "",        "tcp",     "80",        "tcp 0",      "tcp 65536",
        "tcp 2-1", "tcp 80-", "tcp -80",   "icmp any",   "tcp 80 ",
        "any 80",  "tcp  80", "tcp 80,81", "sctp 80",    "tcp 10.0.2.2:80",
        "TCP 80",  "any ",    "tcp 0x50",  "tcp 1-70000"};
    static const char *const connect[] = {"",
                                          "tcp",
                                          "tcp ",
                                          "tcp 80",
                                          "tcp 10.0.2.2:",
                                          "tcp 10.0.2.2:0",
                                          "icmp any:80",
                                          "any 10.0.2.2:80",
                                          "any any:1",
                                          "tcp 10.0.2.256:80",
                                          "tcp 10.0.2:80",
                                          "tcp 10.0.2.1/8:80",
                                          "tcp 10.0.0.0/33",
                                          "tcp 10.0.0.0/",
                                          "tcp fec0::2",
                                          "udp [fec0::2:53",
                                          "udp [10.0.2.2]:53",
                                          "udp [fec0::2]/64:53",
                                          "udp [fec0::]/129",
                                          "tcp host:80",
                                          "tcp any:80 ",
                                          "tcp 10.0.2.2:80-90-91"};
    struct manifest_network_rule rule;

    (void)state;
    for (size_t i = 0; i < sizeof listen / sizeof listen[0]; i++)
        if (reads(MANIFEST_NETWORK_LISTEN, listen[i], &rule))
            fail_msg("listen '%s' was read", listen[i]);
    for (size_t i = 0; i < sizeof connect / sizeof connect[0]; i++)
        if (reads(MANIFEST_NETWORK_CONNECT, connect[i], &rule))
            fail_msg("connect '%s' was read", connect[i]);
}

/* --- suggestions, report --- */

static void nearest_word_helps_or_is_silent(void **state)
{
    static const char *const words[] = {"memory", NULL, "period", "priority"};

    (void)state;
    assert_string_equal(nearest_word("memroy", words, 4), "memory");
    assert_string_equal(nearest_word("Memory", words, 4), "memory");
    assert_string_equal(nearest_word("prio", words, 4), "priority");
    assert_null(nearest_word("colour", words, 4));
    assert_null(nearest_word("m", words, 4));
    assert_null(nearest_word("", words, 4));
    assert_null(
        nearest_word("a-word-that-is-longer-than-32-letters", words, 4));
}

static char *printed(void)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    report_print(&report, out);
    fclose(out);
    return text;
}

static void report_is_in_order_of_place(void **state)
{
    static const char source[] = "one\ntwo\x1b[31m\nthree";
    char *text;

    (void)state;
    report.text = source;
    report.size = sizeof source - 1;
    report_error(&report, (struct place){3, 2}, "late");
    report_hint(&report, "do %d", 7);
    report_error(&report, (struct place){2, 1}, "mid\ndle");
    report_error(&report, (struct place){0, 0}, "whole");
    text = printed();
    assert_string_equal(text, "t.yaml: error: whole\n"
                              "t.yaml:2:1: error: mid?dle\n"
                              "    2 | two?[31m\n"
                              "      | ^\n"
                              "t.yaml:3:2: error: late\n"
                              "    3 | three\n"
                              "      |  ^\n"
                              "        hint: do 7\n");
    free(text);
}

static void report_counts_what_it_does_not_keep(void **state)
{
    char *text;

    (void)state;
    for (unsigned i = 1; i <= REPORT_MAX + 3; i++)
        report_error(&report, (struct place){i, 1}, "problem %u", i);
    report_hint(&report, "belongs to one that is not kept");
    assert_true(report_is_full(&report));
    text = printed();
    assert_non_null(strstr(text, "t.yaml: error: and 3 more\n"));
    assert_null(strstr(text, "hint"));
    free(text);
}

static void utf8_is_told_from_bytes(void **state)
{
    (void)state;
    assert_int_equal(utf8_length("a", 1), 1);
    assert_int_equal(utf8_length("\xc3\xa9", 2), 2);
    assert_int_equal(utf8_length("\xe2\x82\xac", 3), 3);
    assert_int_equal(utf8_length("\xf0\x9f\x98\x80", 4), 4);
    assert_int_equal(utf8_length("\xc3\xa9", 1), 0);         /* cut short */
    assert_int_equal(utf8_length("\xc0\x80", 2), 0);         /* overlong */
    assert_int_equal(utf8_length("\xe0\x80\x80", 3), 0);     /* overlong */
    assert_int_equal(utf8_length("\xed\xa0\x80", 3), 0);     /* surrogate */
    assert_int_equal(utf8_length("\xf4\x90\x80\x80", 4), 0); /* too large */
    assert_int_equal(utf8_length("\x80", 1), 0);
    assert_int_equal(utf8_length("\xc3(", 2), 0);
}

/* --- nodes --- */

static struct node *parse(const char *text)
{
    return node_parse(&report, text, strlen(text));
}

static void nodes_know_their_place(void **state)
{
    const struct node *root = parse("a: é\nb:\n  - [x, \"y\"]\n");
    const struct node *list;

    (void)state;
    assert_int_equal(report.count, 0);
    assert_int_equal(root->kind, NODE_MAP);
    assert_string_equal(root->first->text, "a");
    assert_string_equal(root->first->next->text, "é");
    list = root->first->next->next->next;
    assert_int_equal(list->kind, NODE_LIST);
    assert_string_equal(list->first->first->next->text, "y");
    assert_int_equal(list->first->first->next->place.line, 3);
    assert_int_equal(list->first->first->next->place.column, 9);
}

static void columns_count_characters(void **state)
{
    (void)state;
    assert_non_null(parse("{é: &x b}"));
    assert_int_equal(report.count, 1);
    assert_int_equal(report.problems[0].place.column, 5);
}

static void refused_nodes_stay_in_the_tree(void **state)
{
    const struct node *root = parse("[&a x, *a, !t y, z]");
    const struct node *n = root->first;

    (void)state;
    assert_int_equal(report.count, 3);
    assert_int_equal(n->kind, NODE_BAD);
    assert_int_equal(n->next->kind, NODE_BAD);
    assert_int_equal(n->next->next->kind, NODE_BAD);
    assert_int_equal(n->next->next->next->kind, NODE_SCALAR);
}

/* --- the whole --- */

#define BUDGET "budget: {cpu: 0, priority: 1, budget: 1ms, period: 10ms}"
#define REST   "binary: b, memory: 1MiB, " BUDGET

static int compile(const char *text, struct compiled *out)
{
    static const struct check_options options = {0, NULL};

    return compile_policy(&report, "t.yaml", text, strlen(text), &options, out);
}

static void components_come_in_start_order(void **state)
{
    struct compiled c;

    (void)state;
    assert_int_equal(
        compile("system: s\n"
                "components:\n"
                "- {name: a, uses: [{service: x, from: c}], " REST "}\n"
                "- {name: b, " REST "}\n"
                "- {name: c, offers: [x], device: {id: '1234:11e8'}, " REST
                "}\n"
                "- {name: d, role: pci-server, offers: [p], " REST "}\n",
                &c),
        0);
    assert_string_equal(manifest_component_name(&c.manifest, 0), "b");
    assert_string_equal(manifest_component_name(&c.manifest, 1), "d");
    assert_string_equal(manifest_component_name(&c.manifest, 2), "c");
    assert_string_equal(manifest_component_name(&c.manifest, 3), "a");
    assert_int_equal(c.manifest.components[3].line, 3);
    assert_int_equal(c.manifest.uses[0].from, 2);
}

static void links_go_through_services(void **state)
{
    struct compiled c;
    struct links links;

    (void)state;
    assert_int_equal(
        compile("system: s\n"
                "components:\n"
                "- {name: a, offers: [x], " REST "}\n"
                "- {name: b, offers: [y], uses: [{service: x, from: a}], " REST
                "}\n"
                "- {name: c, uses: [{service: y, from: b}], " REST "}\n"
                "- {name: d, uses: [{service: monitor, from: init}], " REST
                "}\n",
                &c),
        0);
    links_find(&c.manifest, &links);
    assert_int_equal(links.server, -1);
    assert_int_equal(links.of[1][0], LINK_DIRECT);
    assert_int_equal(links.of[2][1], LINK_DIRECT);
    assert_int_equal(links.of[2][0], LINK_THROUGH);
    assert_int_equal(links.of[0][2], LINK_NONE);
    assert_int_equal(links.of[3][0], LINK_NONE);
}

static void exactly_the_whole_cpu_is_allowed(void **state)
{
    struct compiled c;
    static const char third[] =
        "binary: b, memory: 1MiB, budget: {cpu: 1, priority: 1, budget: "
        "100us, period: 300us}";
    char text[1000];

    (void)state;
    snprintf(text, sizeof text,
             "system: s\ncomponents:\n- {name: a, %s}\n- {name: b, %s}\n- "
             "{name: c, %s}\n",
             third, third, third);
    assert_int_equal(compile(text, &c), 0);
}

static void a_long_file_name_keeps_its_end(void **state)
{
    static const struct check_options options = {0, NULL};
    static const char text[] = "system: s\ncomponents: [{name: a, " REST "}]";
    struct compiled c;
    char name[400];

    (void)state;
    memset(name, 'x', sizeof name);
    strcpy(name + sizeof name - 8, "/p.yaml");
    assert_int_equal(
        compile_policy(&report, name, text, sizeof text - 1, &options, &c), 0);
    assert_int_equal(strlen(manifest_file(&c.manifest)), MANIFEST_TEXT_MAX);
    assert_non_null(strstr(manifest_file(&c.manifest), "/p.yaml"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(sizes_have_units),
        CASE(times_have_units),
        CASE(integers_are_decimal),
        CASE(selectors_are_packed),
        CASE(printing_is_the_inverse),
        CASE(rules_are_read_and_written),
        CASE(other_rules_are_refused),
        CASE(nearest_word_helps_or_is_silent),
        CASE(report_is_in_order_of_place),
        CASE(report_counts_what_it_does_not_keep),
        CASE(utf8_is_told_from_bytes),
        CASE(nodes_know_their_place),
        CASE(columns_count_characters),
        CASE(refused_nodes_stay_in_the_tree),
        CASE(components_come_in_start_order),
        CASE(links_go_through_services),
        CASE(exactly_the_whole_cpu_is_allowed),
        CASE(a_long_file_name_keeps_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

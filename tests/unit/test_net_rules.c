/*
 * Network rules: what each part of a rule lets through, and that nothing else
 * gets through.
 *
 * links: servers/net/rules.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "servers/net/rules.h"

#define TCP  MANIFEST_PROTOCOL_TCP
#define UDP  MANIFEST_PROTOCOL_UDP
#define ICMP MANIFEST_PROTOCOL_ICMP

static struct service_client one(struct manifest_network_rule r)
{
    struct service_client c = {.rule_count = 1};

    c.rules[0] = r;
    return c;
}

static struct service_client listens(uint8_t protocol, uint16_t first,
                                     uint16_t last)
{
    return one((struct manifest_network_rule){.action = MANIFEST_NETWORK_LISTEN,
                                              .protocol = protocol,
                                              .port_first = first,
                                              .port_last = last});
}

static struct service_client connects(uint8_t family, uint8_t prefix,
                                      const uint8_t address[16])
{
    struct manifest_network_rule r = {.action = MANIFEST_NETWORK_CONNECT,
                                      .family = family,
                                      .prefix = prefix,
                                      .port_last = 0xffff};

    memcpy(r.address, address, 16);
    return one(r);
}

static struct net_address to4(uint32_t address, uint16_t port)
{
    return (struct net_address){
        .family = 4,
        .port = port,
        .address = {(uint8_t)(address >> 24), (uint8_t)(address >> 16),
                    (uint8_t)(address >> 8), (uint8_t)address}};
}

static void nothing_is_allowed_without_a_rule(void **state)
{
    const struct service_client c = {0};
    struct net_address a = to4(0x0a000202, 80);

    (void)state;
    assert_false(rules_listen(&c, TCP, 80));
    assert_false(rules_connect(&c, TCP, &a));
    assert_false(rules_any(&c, MANIFEST_NETWORK_LISTEN));
    assert_int_equal(rules_port(&c, TCP, 7), 0);
}

static void listening_goes_by_protocol_and_port(void **state)
{
    static const struct {
        uint8_t rule, asked;
    } protocols[] = {{TCP, TCP}, {UDP, UDP}, {0, TCP},
                     {0, UDP},   {TCP, UDP}, {UDP, TCP}};

    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        struct service_client c = listens(protocols[i].rule, 80, 90);
        bool fits = i < 4;

        for (uint32_t port = 0; port < 65536; port++)
            assert_int_equal(
                rules_listen(&c, protocols[i].asked, (uint16_t)port),
                fits && port >= 80 && port <= 90);
    }
}

static void port_nought_is_no_port(void **state)
{
    struct service_client c = listens(0, 0, 0xffff);

    (void)state;
    assert_false(rules_listen(&c, TCP, 0));
    assert_true(rules_listen(&c, TCP, 1));
    assert_true(rules_listen(&c, TCP, 65535));
}

static void one_action_is_not_the_other(void **state)
{
    struct service_client c = listens(0, 0, 0xffff);
    struct net_address a = to4(0x7f000001, 80);

    (void)state;
    assert_false(rules_connect(&c, TCP, &a));
    c.rules[0].action = MANIFEST_NETWORK_CONNECT;
    assert_true(rules_connect(&c, TCP, &a));
    assert_false(rules_listen(&c, TCP, 80));
}

/* Each bit of an address, inside the prefix and outside. */
static void prefixes_of_ipv4(void **state)
{
    (void)state;
    for (unsigned prefix = 0; prefix <= 32; prefix++) {
        uint32_t mask = prefix == 0 ? 0 : 0xffffffffu << (32 - prefix);
        struct net_address r = to4(0xc0a8a55au & mask, 0);
        struct service_client c = connects(4, (uint8_t)prefix, r.address);

        for (unsigned bit = 0; bit < 32; bit++) {
            struct net_address a = to4(0xc0a8a55au ^ 1u << bit, 5);

            assert_int_equal(rules_connect(&c, UDP, &a), bit < 32 - prefix);
        }
    }
}

static void prefixes_of_ipv6(void **state)
{
    static const uint8_t base[16] = {0x20, 1, 0xd, 0xb8, 1, 2,  3,  4,
                                     5,    6, 7,   8,    9, 10, 11, 12};

    (void)state;
    for (unsigned prefix = 0; prefix <= 128; prefix++) {
        uint8_t address[16] = {0};
        struct service_client c;

        for (unsigned bit = 0; bit < prefix; bit++)
            address[bit / 8] |= base[bit / 8] & (0x80u >> bit % 8);
        c = connects(6, (uint8_t)prefix, address);
        for (unsigned bit = 0; bit < 128; bit++) {
            struct net_address a = {.family = 6};

            memcpy(a.address, base, 16);
            a.address[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
            assert_int_equal(rules_connect(&c, TCP, &a), bit >= prefix);
        }
    }
}

static void families_are_kept_apart(void **state)
{
    static const uint8_t zero[16];
    struct service_client four = connects(4, 0, zero);
    struct service_client six = connects(6, 0, zero);
    struct service_client any = connects(0, 0, zero);
    struct net_address a4 = to4(0x0a000202, 80), a6 = {.family = 6};
    struct net_address none = {.family = 0}, odd = {.family = 5};

    (void)state;
    assert_true(rules_connect(&four, TCP, &a4));
    assert_false(rules_connect(&four, TCP, &a6));
    assert_false(rules_connect(&six, TCP, &a4));
    assert_true(rules_connect(&six, TCP, &a6));
    assert_true(rules_connect(&any, TCP, &a4));
    assert_true(rules_connect(&any, TCP, &a6));
    assert_false(rules_connect(&any, TCP, &none));
    assert_false(rules_connect(&any, TCP, &odd));
}

static void an_ipv4_address_in_ipv6_is_ipv4(void **state)
{
    static const uint8_t zero[16];
    struct net_address host = to4(0x0a000202, 0);
    struct service_client c = connects(4, 32, host.address);
    struct service_client six = connects(6, 0, zero);
    struct net_address mapped = {
        .family = 6, .address = {[10] = 0xff, [11] = 0xff, 10, 0, 2, 2}};

    (void)state;
    assert_true(rules_connect(&c, TCP, &mapped));
    assert_false(rules_connect(&six, TCP, &mapped));
    mapped.address[15] = 3;
    assert_false(rules_connect(&c, TCP, &mapped));
    mapped.address[9] = 1; /* not mapped any more */
    assert_true(rules_connect(&six, TCP, &mapped));
}

static void connecting_goes_by_protocol_and_port(void **state)
{
    static const uint8_t zero[16];
    struct service_client c = connects(0, 0, zero);

    (void)state;
    c.rules[0].protocol = UDP;
    c.rules[0].port_first = 53;
    c.rules[0].port_last = 54;
    for (uint32_t port = 0; port < 65536; port++) {
        struct net_address a = to4(0x08080808, (uint16_t)port);

        assert_int_equal(rules_connect(&c, UDP, &a), port == 53 || port == 54);
        assert_false(rules_connect(&c, TCP, &a));
        assert_false(rules_connect(&c, ICMP, &a));
    }
}

/* A ping has no port: a rule about ports is none about pings. */
static void pings_have_no_ports(void **state)
{
    static const uint8_t zero[16];
    struct service_client c = connects(0, 0, zero);
    struct net_address a = to4(0x08080808, 99);

    (void)state;
    assert_true(rules_connect(&c, ICMP, &a));
    c.rules[0].protocol = ICMP;
    assert_true(rules_connect(&c, ICMP, &a));
    assert_false(rules_connect(&c, TCP, &a));
    c.rules[0].protocol = 0;
    c.rules[0].port_first = 99;
    assert_false(rules_connect(&c, ICMP, &a));
}

static void any_rule_of_several_will_do(void **state)
{
    struct service_client c = {.rule_count = MANIFEST_NETWORK_RULES_MAX};

    (void)state;
    for (unsigned i = 0; i < MANIFEST_NETWORK_RULES_MAX; i++)
        c.rules[i] =
            listens(TCP, (uint16_t)(1000 + i), (uint16_t)(1000 + i)).rules[0];
    for (uint16_t port = 900; port < 1100; port++)
        assert_int_equal(rules_listen(&c, TCP, port),
                         port >= 1000 &&
                             port < 1000 + MANIFEST_NETWORK_RULES_MAX);
    c.rule_count = 1u << 31; /* no more are looked at than there are */
    assert_false(rules_listen(&c, TCP, 999));
}

static void a_port_is_chosen_among_the_allowed(void **state)
{
    static const struct {
        uint16_t first, last, low, high;
    } cases[] = {{0, 65535, 49152, 65535}, {80, 90, 0, 0},
                 {2000, 2003, 2000, 2003}, {65535, 65535, 65535, 65535},
                 {1000, 1024, 1024, 1024}, {50000, 50001, 50000, 50001}};

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct service_client c = listens(TCP, cases[i].first, cases[i].last);

        for (uint32_t random = 0; random < 70000; random += 7) {
            uint16_t port = rules_port(&c, TCP, random * 2654435761u);

            assert_in_range(port, cases[i].low, cases[i].high);
            assert_int_equal(rules_port(&c, UDP, random), 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_allowed_without_a_rule),
        cmocka_unit_test(listening_goes_by_protocol_and_port),
        cmocka_unit_test(port_nought_is_no_port),
        cmocka_unit_test(one_action_is_not_the_other),
        cmocka_unit_test(prefixes_of_ipv4),
        cmocka_unit_test(prefixes_of_ipv6),
        cmocka_unit_test(families_are_kept_apart),
        cmocka_unit_test(an_ipv4_address_in_ipv6_is_ipv4),
        cmocka_unit_test(connecting_goes_by_protocol_and_port),
        cmocka_unit_test(pings_have_no_ports),
        cmocka_unit_test(any_rule_of_several_will_do),
        cmocka_unit_test(a_port_is_chosen_among_the_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

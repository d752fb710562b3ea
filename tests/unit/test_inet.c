/*
 * Addresses as text: ours and the host's C library must agree, on what RFC 4291
 * and 5952 show, on odd forms, and on any number of made-up ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>

/* The host's, under names of their own. */
static int (*const host_pton)(int, const char *, void *) = inet_pton;
static const char *(*const host_ntop)(int, const void *, char *,
                                      socklen_t) = inet_ntop;
static int (*const host_aton)(const char *, struct in_addr *) = inet_aton;

#undef htonl
#undef htons
#undef ntohl
#undef ntohs
#define inet_pton our_pton
#define inet_ntop our_ntop
#define inet_aton our_aton
#define inet_addr our_addr
#define inet_ntoa our_ntoa
#define htonl     our_htonl
#define htons     our_htons
#define ntohl     our_ntohl
#define ntohs     our_ntohs
uint32_t our_htonl(uint32_t n);
uint16_t our_htons(uint16_t n);
uint32_t our_ntohl(uint32_t n);
uint16_t our_ntohs(uint16_t n);
int our_aton(const char *text, struct in_addr *out);
in_addr_t our_addr(const char *text);
char *our_ntoa(struct in_addr address);
int our_pton(int family, const char *restrict text, void *restrict out);
const char *our_ntop(int family, const void *restrict address,
                     char *restrict text, socklen_t room);
#include "libsys/posix/inet.c"

static const char *const texts[] = {
    "",
    ":",
    "::",
    ":::",
    "::1",
    "1::",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7::",
    "::2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8:",
    ":1:2:3:4:5:6:7:8",
    "1::2::3",
    "2001:db8::1",
    "2001:DB8::ff00:42:8329",
    "12345::",
    "fe80::1%en0",
    "::ffff:192.0.2.1",
    "::192.0.2.1",
    "64:ff9b::192.0.2.33",
    "1:2:3:4:5:6:1.2.3.4",
    "1:2:3:4:5:6:7:1.2.3.4",
    "::1.2.3",
    "::1.2.3.4.5",
    "::1.2.3.4:5",
    "::256.2.3.4",
    "1.2.3.4",
    "01.2.3.4",
    "1.2.3.04",
    "0.0.0.0",
    "00.0.0.0",
    "255.255.255.255",
    "256.1.1.1",
    "1.2.3",
    "1.2.3.",
    "1.2.3.4.",
    ".1.2.3",
    "1..2.3",
    "1.2.3.4 ",
    " 1.2.3.4",
    "1.2.3.4x",
    "0x7f.1",
    "017700000001",
    "4294967295",
    "4294967296",
    "1.16777215",
    "1.16777216",
    "1.2.65535",
    "1.2.65536",
    "1.2.3.256",
    "0x",
    "g::",
};

static void same(const char *text)
{
    uint8_t ours[16] = {0}, hosts[16] = {0};
    struct in_addr a = {0}, b = {0};

    assert_int_equal(our_pton(AF_INET, text, ours),
                     host_pton(AF_INET, text, hosts));
    assert_int_equal(our_pton(AF_INET6, text, ours) == 1,
                     host_pton(AF_INET6, text, hosts) == 1);
    if (host_pton(AF_INET6, text, hosts) == 1)
        assert_memory_equal(ours, hosts, 16);
    assert_int_equal(our_aton(text, &a), host_aton(text, &b));
    if (host_aton(text, &b))
        assert_int_equal(a.s_addr, b.s_addr);
}

static void test_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        same(texts[i]);
}

static void test_made_up_texts(void **state)
{
    static const char letters[] = "0123456789abcdef::::....xg";
    char text[48];

    (void)state;
    srand(1);
    for (int i = 0; i < 300000; i++) {
        size_t length = (size_t)rand() % 20;

        for (size_t k = 0; k < length; k++)
            text[k] = letters[(size_t)rand() % (sizeof(letters) - 1)];
        text[length] = 0;
        same(text);
    }
}

/* Any pattern of zeros: where "::" goes, and that it reads back. */
static void test_output(void **state)
{
    char ours[INET6_ADDRSTRLEN], hosts[INET6_ADDRSTRLEN];
    uint8_t address[16], back[16];

    (void)state;
    srand(2);
    for (int i = 0; i < 100000; i++) {
        for (int k = 0; k < 16; k += 2) {
            address[k] = rand() % 3 ? 0 : (uint8_t)rand();
            address[k + 1] = rand() % 2 ? 0 : (uint8_t)rand();
        }
        assert_ptr_equal(our_ntop(AF_INET6, address, ours, sizeof(ours)), ours);
        assert_int_equal(our_pton(AF_INET6, ours, back), 1);
        assert_memory_equal(back, address, 16);
        /* The host writes ::a.b.c.d, which RFC 5952 has no place for. */
        host_ntop(AF_INET6, address, hosts, sizeof(hosts));
        if (strchr(hosts, '.') == NULL)
            assert_string_equal(ours, hosts);
        our_ntop(AF_INET, address, ours, sizeof(ours));
        assert_string_equal(ours,
                            host_ntop(AF_INET, address, hosts, sizeof(hosts)));
    }
}

static void test_little_room(void **state)
{
    static const uint8_t address[4] = {192, 0, 2, 1};
    char text[10];

    (void)state;
    assert_ptr_equal(our_ntop(AF_INET, address, text, 10), text);
    assert_string_equal(text, "192.0.2.1");
    assert_null(our_ntop(AF_INET, address, text, 9));
    assert_null(our_ntop(99, address, text, 10));
    assert_int_equal(our_pton(99, "1.2.3.4", text), -1);
    assert_int_equal(our_addr("1.2.3"), our_htonl(0x01020003));
    assert_int_equal(our_addr("x"), INADDR_NONE);
    assert_string_equal(our_ntoa((struct in_addr){our_addr("10.1.2.3")}),
                        "10.1.2.3");
    assert_int_equal(our_ntohs(our_htons(0x1234)), 0x1234);
    assert_int_equal(our_ntohl(1), 0x01000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_made_up_texts),
        cmocka_unit_test(test_output),
        cmocka_unit_test(test_little_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

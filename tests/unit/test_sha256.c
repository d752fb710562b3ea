/*
 * SHA-256 against NIST's vectors (FIPS 180-4 examples; CAVP's short messages),
 * both ways of computing it.
 *
 * links: servers/console/sha256.c servers/console/sha256_x86.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "servers/console/sha256.h"

static const struct {
    const char *message, *digest;
} vectors[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"\xd3",
     "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
     "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
};

static void check(sha256_compress *compress, const char *message, size_t bytes,
                  size_t piece, const char *want)
{
    struct sha256 s;
    uint8_t digest[SHA256_BYTES];
    char text[SHA256_TEXT_BYTES];

    sha256_start(&s);
    s.compress = compress;
    for (size_t at = 0; at < bytes; at += piece)
        sha256_add(&s, message + at, bytes - at < piece ? bytes - at : piece);
    sha256_end(&s, digest);
    sha256_text(digest, text);
    assert_string_equal(text, want);
}

static void check_all(sha256_compress *compress)
{
    char *million = malloc(1000000);

    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
        for (size_t piece = 1; piece < 130; piece++)
            check(compress, vectors[i].message, strlen(vectors[i].message),
                  piece, vectors[i].digest);
    memset(million, 'a', 1000000);
    for (size_t piece = 1; piece < 3000000; piece = piece * 3 + 61)
        check(compress, million, 1000000, piece,
              "cdc76e5c9914fb9281a1c7e284d73e67"
              "f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

static void test_plain(void **state)
{
    (void)state;
    check_all(sha256_compress_plain);
}

static void test_instructions(void **state)
{
    (void)state;
    if (!sha256_has_instructions())
        skip();
    check_all(sha256_compress_instructions);
}

static void test_both_agree(void **state)
{
    uint8_t data[64 * 7];
    uint32_t a[8] = {1, 2, 3, 4, 5, 6, 7, 8}, b[8];

    (void)state;
    if (!sha256_has_instructions())
        skip();
    memcpy(b, a, sizeof(a));
    srand(7);
    for (unsigned i = 0; i < 200; i++) {
        for (size_t k = 0; k < sizeof(data); k++)
            data[k] = (uint8_t)rand();
        sha256_compress_plain(a, data, i % 8);
        sha256_compress_instructions(b, data, i % 8);
        assert_memory_equal(a, b, sizeof(a));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_instructions),
        cmocka_unit_test(test_both_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

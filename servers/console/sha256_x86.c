/*
 * SHA-256 with the SHA instructions (Intel SDM 1, 5.20; 2B, SHA256RNDS2,
 * SHA256MSG1, SHA256MSG2). SHA256RNDS2 wants the state as the two registers
 * ABEF and CDGH and does two rounds with two words of schedule plus constant.
 */
#include "sha256.h"

#include <cpuid.h>
#include <string.h>

#define TARGET __attribute__((target("sha,sse4.1,ssse3")))

/* An SSE register: words, lowest first; as bytes; and as the builtins want it.
 */
typedef uint32_t words_t __attribute__((vector_size(16)));
typedef uint8_t bytes_t __attribute__((vector_size(16)));
typedef int sse_t __attribute__((vector_size(16)));

#define ROUNDS2(cdgh, abef, wk)                                                \
    (words_t)                                                                  \
        __builtin_ia32_sha256rnds2((sse_t)(cdgh), (sse_t)(abef), (sse_t)(wk))
#define MSG1(a, b) (words_t) __builtin_ia32_sha256msg1((sse_t)(a), (sse_t)(b))
#define MSG2(a, b) (words_t) __builtin_ia32_sha256msg2((sse_t)(a), (sse_t)(b))

int sha256_has_instructions(void)
{
    static int known; /* 0: not asked yet, 1: no, 2: yes */
    unsigned a, b, c, d;

    if (known)
        return known == 2;
    known = 1;
    /* Leaf 1: SSSE3 is ECX bit 9, SSE4.1 bit 19; leaf 7: SHA is EBX bit 29. */
    if (__get_cpuid(1, &a, &b, &c, &d) && (c & 1u << 9) && (c & 1u << 19) &&
        __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & 1u << 29))
        known = 2;
    return known == 2;
}

/* Four rounds with the schedule words `w` and their constants. */
TARGET static inline void rounds(words_t *abef, words_t *cdgh, words_t w,
                                 unsigned t)
{
    words_t wk;

    memcpy(&wk, sha256_constants + t, sizeof(wk));
    wk += w;
    *cdgh = ROUNDS2(*cdgh, *abef, wk);
    wk = __builtin_shufflevector(wk, wk, 2, 3, 0, 0);
    *abef = ROUNDS2(*abef, *cdgh, wk);
}

/* Four words of the message, which is big-endian. */
TARGET static inline words_t load_words(const uint8_t *data)
{
    bytes_t b;

    memcpy(&b, data, sizeof(b));
    return (words_t)__builtin_shufflevector(b, b, 3, 2, 1, 0, 7, 6, 5, 4, 11,
                                            10, 9, 8, 15, 14, 13, 12);
}

/* The next four words of the schedule from the last sixteen. */
TARGET static inline words_t next_words(const words_t w[4])
{
    words_t seven_back = __builtin_shufflevector(w[2], w[3], 1, 2, 3, 4);

    return MSG2(MSG1(w[0], w[1]) + seven_back, w[3]);
}

TARGET static void compress_block(words_t *abef, words_t *cdgh,
                                  const uint8_t *block)
{
    words_t a = *abef, c = *cdgh, w[4];

    for (unsigned i = 0; i < 4; i++) {
        w[i] = load_words(block + 16 * i);
        rounds(&a, &c, w[i], 4 * i);
    }
    for (unsigned t = 16; t < 64; t += 4) {
        words_t next = next_words(w);

        w[0] = w[1], w[1] = w[2], w[2] = w[3], w[3] = next;
        rounds(&a, &c, next, t);
    }
    *abef += a;
    *cdgh += c;
}

TARGET void sha256_compress_instructions(uint32_t s[8], const uint8_t *data,
                                         size_t blocks)
{
    words_t abef = {s[5], s[4], s[1], s[0]};
    words_t cdgh = {s[7], s[6], s[3], s[2]};

    for (; blocks; blocks--, data += SHA256_BLOCK_BYTES)
        compress_block(&abef, &cdgh, data);
    s[0] = abef[3], s[1] = abef[2], s[4] = abef[1], s[5] = abef[0];
    s[2] = cdgh[3], s[3] = cdgh[2], s[6] = cdgh[1], s[7] = cdgh[0];
}

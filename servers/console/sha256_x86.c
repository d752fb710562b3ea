/*
 * SHA-256 with the SHA instructions (Intel SDM 1, 5.20; 2B, SHA256RNDS2,
 * SHA256MSG1, SHA256MSG2). SHA256RNDS2 wants the state as the two registers
 * ABEF and CDGH and does two rounds with two words of schedule plus constant.
 */
#include "sha256.h"

#include <cpuid.h>
#include <immintrin.h>

#define TARGET __attribute__((target("sha,sse4.1,ssse3")))

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
TARGET static inline void rounds(__m128i *abef, __m128i *cdgh, __m128i w,
                                 unsigned t)
{
    __m128i wk = _mm_add_epi32(
        w,
        _mm_loadu_si128((const __m128i *)(const void *)(sha256_constants + t)));

    *cdgh = _mm_sha256rnds2_epu32(*cdgh, *abef, wk);
    *abef = _mm_sha256rnds2_epu32(*abef, *cdgh, _mm_shuffle_epi32(wk, 0x0e));
}

/* The next four words of the schedule from the last sixteen. */
TARGET static inline __m128i next_words(const __m128i w[4])
{
    __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w[0], w[1]),
                                _mm_alignr_epi8(w[3], w[2], 4));

    return _mm_sha256msg2_epu32(sum, w[3]);
}

TARGET static void compress_block(__m128i *abef, __m128i *cdgh,
                                  const uint8_t *block)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i a = *abef, c = *cdgh, w[4];

    for (unsigned i = 0; i < 4; i++) {
        w[i] = _mm_shuffle_epi8(
            _mm_loadu_si128((const __m128i *)(const void *)(block + 16 * i)),
            swap);
        rounds(&a, &c, w[i], 4 * i);
    }
    for (unsigned t = 16; t < 64; t += 4) {
        __m128i next = next_words(w);

        w[0] = w[1], w[1] = w[2], w[2] = w[3], w[3] = next;
        rounds(&a, &c, next, t);
    }
    *abef = _mm_add_epi32(*abef, a);
    *cdgh = _mm_add_epi32(*cdgh, c);
}

TARGET void sha256_compress_instructions(uint32_t s[8], const uint8_t *data,
                                         size_t blocks)
{
    __m128i abef = _mm_set_epi32((int)s[0], (int)s[1], (int)s[4], (int)s[5]);
    __m128i cdgh = _mm_set_epi32((int)s[2], (int)s[3], (int)s[6], (int)s[7]);

    for (; blocks; blocks--, data += SHA256_BLOCK_BYTES)
        compress_block(&abef, &cdgh, data);
    s[0] = (uint32_t)_mm_extract_epi32(abef, 3);
    s[1] = (uint32_t)_mm_extract_epi32(abef, 2);
    s[4] = (uint32_t)_mm_extract_epi32(abef, 1);
    s[5] = (uint32_t)_mm_extract_epi32(abef, 0);
    s[2] = (uint32_t)_mm_extract_epi32(cdgh, 3);
    s[3] = (uint32_t)_mm_extract_epi32(cdgh, 2);
    s[6] = (uint32_t)_mm_extract_epi32(cdgh, 1);
    s[7] = (uint32_t)_mm_extract_epi32(cdgh, 0);
}

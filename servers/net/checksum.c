/*
 * The ones' complement sum does not depend on the width in which it is added
 * (RFC 1071, 2): eight bytes at a time, each carry added in by the next
 * addition.
 */
#include "servers/net/checksum.h"

#include <string.h>

static uint64_t word_at(const uint8_t *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof(word));
    return word;
}

static uint64_t add(uint64_t sum, uint64_t word)
{
    sum += word;
    return sum + (sum < word);
}

/* 64 bytes: one load-and-add for each eight. */
static uint64_t add_line(uint64_t sum, const uint8_t *p)
{
    __asm__("addq 0(%1), %0\n\t"
            "adcq 8(%1), %0\n\t"
            "adcq 16(%1), %0\n\t"
            "adcq 24(%1), %0\n\t"
            "adcq 32(%1), %0\n\t"
            "adcq 40(%1), %0\n\t"
            "adcq 48(%1), %0\n\t"
            "adcq 56(%1), %0\n\t"
            "adcq $0, %0"
            : "+r"(sum)
            : "r"(p), "m"(*(const uint8_t(*)[64])p)
            : "cc");
    return sum;
}

uint16_t checksum_sum(const void *data, int bytes)
{
    const uint8_t *p = data;
    uint64_t sum = 0, last = 0;
    size_t left = bytes > 0 ? (size_t)bytes : 0;

    for (; left >= 64; left -= 64, p += 64)
        sum = add_line(sum, p);
    for (; left >= 8; left -= 8, p += 8)
        sum = add(sum, word_at(p));
    if (left != 0) {
        memcpy(&last, p, left);
        sum = add(sum, last);
    }
    return checksum_fold(sum);
}

/* The Internet checksum (RFC 1071). */
#pragma once

#include <stdint.h>

/* The ones' complement sum of the bytes taken as 16-bit numbers in the order in
 * which they lie in memory; not inverted. What lwIP calls LWIP_CHKSUM. */
uint16_t checksum_sum(const void *data, int bytes);

/* A sum of more than 16 bits folded into 16. */
static inline uint16_t checksum_fold(uint64_t sum)
{
    sum = (sum >> 32) + (uint32_t)sum;
    sum = (sum >> 32) + (uint32_t)sum;
    sum = (sum >> 16) + (uint16_t)sum;
    sum = (sum >> 16) + (uint16_t)sum;
    return (uint16_t)sum;
}

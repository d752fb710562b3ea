/*
 * Network byte order.
 */
#pragma once

#include <stdint.h>

static inline uint32_t htonl(uint32_t n)
{
    return __builtin_bswap32(n);
}
static inline uint16_t htons(uint16_t n)
{
    return __builtin_bswap16(n);
}
static inline uint32_t ntohl(uint32_t n)
{
    return __builtin_bswap32(n);
}
static inline uint16_t ntohs(uint16_t n)
{
    return __builtin_bswap16(n);
}

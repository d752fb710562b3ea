/*
 * Network byte order, and addresses as text.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

typedef __socklen_t __inet_socklen_t;

struct in_addr {
    in_addr_t s_addr; /* network order */
};

uint32_t htonl(uint32_t n);
uint16_t htons(uint16_t n);
uint32_t ntohl(uint32_t n);
uint16_t ntohs(uint16_t n);
#define htonl(n) __builtin_bswap32(n)
#define htons(n) __builtin_bswap16(n)
#define ntohl(n) __builtin_bswap32(n)
#define ntohs(n) __builtin_bswap16(n)

/* inet_addr: INADDR_NONE (all ones) if it is none. They take a, a.b, a.b.c and
 * a.b.c.d, each part decimal, octal (0...) or hexadecimal (0x...). */
in_addr_t inet_addr(const char *text);
int inet_aton(const char *text, struct in_addr *out);
char *inet_ntoa(struct in_addr address); /* until the next call */

/* a.b.c.d in decimal, or IPv6 as RFC 4291, 2.2 has it; RFC 5952 for output. */
int inet_pton(int family, const char *__restrict text, void *__restrict out);
const char *inet_ntop(int family, const void *__restrict address,
                      char *__restrict text, __inet_socklen_t room);

/*
 * Addresses as text (RFC 4291, 2.2; output as RFC 5952 recommends) and numbers
 * in network order.
 */
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The functions behind the macros, for those who take their address. */
uint32_t(htonl)(uint32_t n)
{
    return __builtin_bswap32(n);
}
uint16_t(htons)(uint16_t n)
{
    return __builtin_bswap16(n);
}
uint32_t(ntohl)(uint32_t n)
{
    return __builtin_bswap32(n);
}
uint16_t(ntohs)(uint16_t n)
{
    return __builtin_bswap16(n);
}

/* One part of an address as inet_aton has it: 12, 014, 0xc. */
static const char *part(const char *text, unsigned long *out)
{
    char *end;

    if (!isdigit((unsigned char)*text))
        return NULL;
    *out = strtoul(text, &end, 0);
    return end;
}

int inet_aton(const char *text, struct in_addr *out)
{
    unsigned long value, address = 0;

    for (unsigned i = 0;; i++) {
        unsigned bits = 32 - 8 * i; /* the last part fills what is left */

        text = part(text, &value);
        if (text == NULL)
            return 0;
        if (*text != '.') {
            if (bits < 32 && value >> bits != 0)
                return 0;
            address |= value;
            break;
        }
        if (i == 3 || value > 255)
            return 0;
        address |= value << (bits - 8);
        text++;
    }
    if ((*text != 0 && !isspace((unsigned char)*text)) || address >> 32 != 0)
        return 0;
    out->s_addr = htonl((uint32_t)address);
    return 1;
}

in_addr_t inet_addr(const char *text)
{
    struct in_addr out;

    return inet_aton(text, &out) ? out.s_addr : INADDR_NONE;
}

char *inet_ntoa(struct in_addr address)
{
    static char text[INET_ADDRSTRLEN];

    inet_ntop(AF_INET, &address, text, sizeof(text));
    return text;
}

/* Four decimal numbers without leading zeros, and nothing behind them. */
static bool dotted(const char *text, uint8_t out[4])
{
    for (unsigned i = 0; i < 4; i++) {
        unsigned value = 0, digits = 0;

        for (; isdigit((unsigned char)*text) && digits < 3; digits++)
            value = 10 * value + (unsigned)(*text++ - '0');
        if (digits == 0 || value > 255 || (digits > 1 && value < 10) ||
            (digits > 2 && value < 100) || *text != (i < 3 ? '.' : 0))
            return false;
        out[i] = (uint8_t)value;
        text++;
    }
    return true;
}

/* A group of one to four hexadecimal digits. */
static const char *group(const char *text, unsigned *out)
{
    unsigned digits = 0;

    *out = 0;
    for (; isxdigit((unsigned char)*text) && digits < 4; digits++, text++) {
        unsigned c = (unsigned char)*text | 0x20u;

        *out = *out << 4 | (c >= 'a' ? c - 'a' + 10 : c - '0');
    }
    return digits != 0 ? text : NULL;
}

struct groups {
    uint8_t bytes[16];
    unsigned used; /* bytes so far */
    int gap;       /* where :: stands, or -1 */
};

/* The gap takes what the groups leave, which is something. */
static bool groups_spread(struct groups *g)
{
    unsigned tail;

    if (g->gap < 0)
        return g->used == 16;
    tail = g->used - (unsigned)g->gap;
    if (g->used > 14)
        return false;
    memmove(g->bytes + 16 - tail, g->bytes + g->gap, tail);
    memset(g->bytes + g->gap, 0, 16 - g->used);
    return true;
}

/* After the leading "::" or nothing, groups separated by ':'. */
static bool groups_read(const char *text, struct groups *g)
{
    while (*text != 0) {
        unsigned value;
        const char *end;

        if (g->used <= 12 && strchr(text, ':') == NULL &&
            strchr(text, '.') != NULL) {
            if (!dotted(text, g->bytes + g->used))
                return false;
            g->used += 4;
            return true;
        }
        end = group(text, &value);
        if (end == NULL || g->used > 14 || (*end != 0 && *end != ':'))
            return false;
        g->bytes[g->used++] = (uint8_t)(value >> 8);
        g->bytes[g->used++] = (uint8_t)value;
        if (*end == 0)
            return true;
        text = end + 1;
        if (*text == ':') {
            if (g->gap >= 0)
                return false;
            g->gap = (int)g->used;
            text++;
        } else if (*text == 0) {
            return false; /* a single ':' at the end */
        }
    }
    return true;
}

static bool parse_ipv6(const char *text, uint8_t out[16])
{
    struct groups g = {.gap = -1};

    if (text[0] == ':') {
        if (text[1] != ':')
            return false;
        g.gap = 0;
        text += 2;
    } else if (text[0] == 0) {
        return false;
    }
    if (!groups_read(text, &g) || !groups_spread(&g))
        return false;
    memcpy(out, g.bytes, 16);
    return true;
}

int inet_pton(int family, const char *restrict text, void *restrict out)
{
    uint8_t bytes[16];

    if (family == AF_INET) {
        if (!dotted(text, bytes))
            return 0;
        memcpy(out, bytes, 4);
        return 1;
    }
    if (family == AF_INET6)
        return parse_ipv6(text, out);
    errno = EAFNOSUPPORT;
    return -1;
}

/* RFC 5952, 4.2: "::" for the longest run of at least two groups of zeros, the
 * first of several. Returns its length. */
static unsigned longest_zeros(const uint8_t *bytes, unsigned *start)
{
    unsigned best = 0, run = 0;

    for (unsigned i = 0; i < 8; i++) {
        run = bytes[2 * i] == 0 && bytes[2 * i + 1] == 0 ? run + 1 : 0;
        if (run > best) {
            best = run;
            *start = i + 1 - run;
        }
    }
    return best >= 2 ? best : 0;
}

static void print_ipv6(const uint8_t *b, char text[INET6_ADDRSTRLEN])
{
    unsigned start = 8, zeros = longest_zeros(b, &start);
    char *to = text;

    for (unsigned i = 0; i < 8; i++) {
        if (zeros != 0 && i == start) {
            to += sprintf(to, "::");
            i += zeros - 1;
        } else {
            to += sprintf(
                to, i == 0 || (zeros != 0 && i == start + zeros) ? "%x" : ":%x",
                (unsigned)(b[2 * i] << 8 | b[2 * i + 1]));
        }
    }
}

const char *inet_ntop(int family, const void *restrict address,
                      char *restrict text, socklen_t room)
{
    const uint8_t *b = address;
    char out[INET6_ADDRSTRLEN];

    if (family != AF_INET && family != AF_INET6) {
        errno = EAFNOSUPPORT;
        return NULL;
    }
    if (family == AF_INET)
        snprintf(out, sizeof(out), "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
    else if (IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)address))
        snprintf(out, sizeof(out), "::ffff:%u.%u.%u.%u", b[12], b[13], b[14],
                 b[15]);
    else
        print_ipv6(b, out);
    if (strlen(out) >= room) {
        errno = ENOSPC;
        return NULL;
    }
    return memcpy(text, out, strlen(out) + 1);
}

/*
 * Text in bounded room, and pieces of text that came from outside (text.h).
 */
#include "text.h"

#include <string.h>

void text_number(struct text *t, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    text_bytes(t, digits + at, sizeof(digits) - at);
}

void text_hex(struct text *t, uint64_t number)
{
    char digits[16];
    size_t at = sizeof(digits);

    do {
        digits[--at] = "0123456789abcdef"[number & 15];
        number >>= 4;
    } while (number);
    text_bytes(t, digits + at, sizeof(digits) - at);
}

void text_html(struct text *t, const char *string)
{
    for (; *string; string++) {
        switch (*string) {
        case '&':
            text_put(t, "&amp;");
            break;
        case '<':
            text_put(t, "&lt;");
            break;
        case '>':
            text_put(t, "&gt;");
            break;
        case '"':
            text_put(t, "&quot;");
            break;
        default:
            text_bytes(t, string, 1);
        }
    }
}

static bool is_unreserved(char c) /* RFC 3986 2.3 */
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || (c && strchr("-._~", c));
}

void text_url(struct text *t, const char *string)
{
    for (; *string; string++) {
        unsigned char c = (unsigned char)*string;

        if (is_unreserved(*string) || c == '/') {
            text_bytes(t, string, 1);
        } else {
            char code[3] = {'%', "0123456789ABCDEF"[c >> 4],
                            "0123456789ABCDEF"[c & 15]};

            text_bytes(t, code, 3);
        }
    }
}

static char lower_of(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

size_t span_find(struct span s, char byte)
{
    const uint64_t ones = 0x0101010101010101ull;
    uint64_t same = ones * (unsigned char)byte, word;
    size_t at = 0;

    for (; at + 8 <= s.bytes; at += 8) {
        memcpy(&word, s.data + at, 8);
        word ^= same; /* the byte is 0 now, and found by the borrow it makes */
        word = (word - ones) & ~word & (ones << 7);
        if (word)
            return at + (size_t)__builtin_ctzll(word) / 8;
    }
    while (at < s.bytes && s.data[at] != byte)
        at++;
    return at;
}

bool span_is(struct span s, const char *lower)
{
    for (size_t i = 0; i < s.bytes; i++)
        if (!lower[i] || lower_of(s.data[i]) != lower[i])
            return false;
    return !lower[s.bytes];
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct span span_trim(struct span s)
{
    while (s.bytes && is_blank(s.data[0])) {
        s.data++;
        s.bytes--;
    }
    while (s.bytes && is_blank(s.data[s.bytes - 1]))
        s.bytes--;
    return s;
}

bool span_next(struct span *list, struct span *element)
{
    while (list->bytes) {
        size_t bytes = span_find(*list, ',');
        size_t used = bytes + (bytes < list->bytes);

        *element = span_trim((struct span){list->data, bytes});
        list->data += used;
        list->bytes -= used;
        if (element->bytes)
            return true;
    }
    return false;
}

bool span_number(struct span s, uint64_t *number)
{
    uint64_t n = 0;

    /* 18 digits cannot overflow, and are more than any file has bytes. */
    if (!s.bytes || s.bytes > 18)
        return false;
    for (size_t i = 0; i < s.bytes; i++) {
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
        n = 10 * n + (uint64_t)(s.data[i] - '0');
    }
    *number = n;
    return true;
}

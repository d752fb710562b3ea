/*
 * Text in bounded room, and pieces of text that came from outside (text.h).
 */
#include "text.h"

#include <string.h>

void text_bytes(struct text *t, const char *data, size_t bytes)
{
    if (bytes > t->room - t->bytes) {
        t->full = true;
        return;
    }
    memcpy(t->data + t->bytes, data, bytes);
    t->bytes += bytes;
}

void text_put(struct text *t, const char *string)
{
    text_bytes(t, string, strlen(string));
}

static void text_base(struct text *t, uint64_t number, unsigned base)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number);
    text_bytes(t, digits + at, sizeof(digits) - at);
}

void text_number(struct text *t, uint64_t number)
{
    text_base(t, number, 10);
}

void text_hex(struct text *t, uint64_t number)
{
    text_base(t, number, 16);
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
        const char *comma = memchr(list->data, ',', list->bytes);
        size_t bytes = comma ? (size_t)(comma - list->data) : list->bytes;
        size_t used = bytes + (comma ? 1 : 0);

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

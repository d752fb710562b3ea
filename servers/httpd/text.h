/*
 * Text that grows in room given once. What does not fit is left out, and `full`
 * says so: the writer looks once, at the end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
    char *data;
    size_t bytes, room;
    bool full;
};

/* A piece of somebody else's text, without a NUL. */
struct span {
    const char *data; /* NULL: absent */
    size_t bytes;
};

static inline struct text text_in(char *data, size_t room)
{
    return (struct text){.data = data, .room = room};
}

static inline void text_bytes(struct text *t, const char *data, size_t bytes)
{
    if (bytes > t->room - t->bytes) {
        t->full = true;
        return;
    }
    memcpy(t->data + t->bytes, data, bytes);
    t->bytes += bytes;
}

/* The length of a literal is known when it is compiled. */
static inline void text_put(struct text *t, const char *string)
{
    text_bytes(t, string, strlen(string));
}

void text_number(struct text *t, uint64_t number);
void text_hex(struct text *t, uint64_t number);

/* With what HTML would take for its own written as references. */
void text_html(struct text *t, const char *string);

/* As a path in a URL: all but unreserved characters and '/' in %XX. */
void text_url(struct text *t, const char *string);

/* Where the byte is first; s.bytes if nowhere. Eight at a time: the C library's
 * memchr() takes three times the instructions. */
size_t span_find(struct span s, char byte);

/* Equal but for the case of letters; `lower` is in lower case. */
bool span_is(struct span s, const char *lower);

/* Without blanks and tabs at either end. */
struct span span_trim(struct span s);

/* Take the next element off a comma-separated list: false at its end. Empty
 * elements are passed over (RFC 9110 5.6.1.2). */
bool span_next(struct span *list, struct span *element);

/* The digits as a number: false if there are none, others, or too many. */
bool span_number(struct span s, uint64_t *number);

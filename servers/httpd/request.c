/*
 * Reads the head of a request (request.h).
 */
#include "request.h"

#include <string.h>

/* What a byte may be part of (RFC 9110 5.6.2, 5.5; RFC 9112 3.2). */
enum {
    TOKEN = 1,
    VALUE = 2,
    TARGET = 4,
    VISIBLE = VALUE | TARGET,
    ALL = TOKEN | VISIBLE,
};

static const unsigned char classes[256] = {
    ['\t'] = VALUE,       [' '] = VALUE,
    ['!'] = ALL,          ['"'] = VISIBLE,
    ['#' ... '\''] = ALL, ['(' ... ')'] = VISIBLE,
    ['*' ... '+'] = ALL,  [','] = VISIBLE,
    ['-' ... '.'] = ALL,  ['/'] = VISIBLE,
    ['0' ... '9'] = ALL,  [':' ... '@'] = VISIBLE,
    ['A' ... 'Z'] = ALL,  ['[' ... ']'] = VISIBLE,
    ['^' ... 'z'] = ALL,  ['{'] = VISIBLE,
    ['|'] = ALL,          ['}'] = VISIBLE,
    ['~'] = ALL,          [0x80 ... 0xff] = VALUE,
};

static bool all_of(struct span s, unsigned class)
{
    unsigned common = class;

    for (size_t i = 0; i < s.bytes; i++)
        common &= classes[(unsigned char)s.data[i]];
    return common;
}

size_t request_end(const char *data, size_t bytes, size_t *seen)
{
    size_t at = *seen;

    while (at < bytes) {
        at += span_find((struct span){data + at, bytes - at}, '\n') + 1;
        if (at > bytes)
            break;
        /* An empty line; with or without its CR, which the parser looks at. */
        if (at == 1 || data[at - 2] == '\n' ||
            (data[at - 2] == '\r' && (at == 2 || data[at - 3] == '\n')))
            return at;
    }
    /* The line that is not complete is looked at from its start again only as
     * far as the three bytes above reach back. */
    *seen = bytes;
    return 0;
}

/* Take the next line, without its CR LF. False: it ends in another way. */
static bool line_next(struct span *rest, struct span *line)
{
    size_t bytes = span_find(*rest, '\n');

    if (!bytes || bytes == rest->bytes || rest->data[bytes - 1] != '\r')
        return false;
    *line = (struct span){rest->data, bytes - 1};
    rest->data += bytes + 1;
    rest->bytes -= bytes + 1;
    return true;
}

static int method_parse(struct request *r)
{
    static const struct {
        const char *name;
        enum request_method method;
    } known[] = {
        {"GET", METHOD_GET},       {"HEAD", METHOD_HEAD},
        {"PUT", METHOD_PUT},       {"DELETE", METHOD_DELETE},
        {"POST", METHOD_OTHER},    {"OPTIONS", METHOD_OTHER},
        {"TRACE", METHOD_OTHER},   {"PATCH", METHOD_OTHER},
        {"CONNECT", METHOD_OTHER},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (r->method_name.bytes == strlen(known[i].name) &&
            !memcmp(known[i].name, r->method_name.data, r->method_name.bytes)) {
            r->method = known[i].method;
            return 0;
        }
    return 501;
}

static int version_parse(struct request *r, struct span v)
{
    if (v.bytes != 8 || memcmp(v.data, "HTTP/", 5) || v.data[6] != '.' ||
        v.data[5] < '0' || v.data[5] > '9' || v.data[7] < '0' ||
        v.data[7] > '9')
        return 400;
    if (v.data[5] != '1')
        return 505;
    r->version_1_0 = v.data[7] == '0';
    r->keep = !r->version_1_0;
    return 0;
}

/* What stands before the next blank, and may not be empty. */
static bool word_next(struct span *rest, struct span *word)
{
    size_t bytes = span_find(*rest, ' ');

    if (!bytes || bytes == rest->bytes)
        return false;
    *word = (struct span){rest->data, bytes};
    rest->data += bytes + 1;
    rest->bytes -= bytes + 1;
    return true;
}

/* method SP target SP version (RFC 9112 3) */
static int first_line_parse(struct request *r, struct span line)
{
    int error;

    if (!word_next(&line, &r->method_name) || !word_next(&line, &r->target) ||
        !all_of(r->method_name, TOKEN) || !all_of(r->target, TARGET))
        return 400;
    error = version_parse(r, line);
    return error ? error : method_parse(r);
}

static int connection_parse(struct request *r, struct span list, bool *close)
{
    struct span word;

    while (span_next(&list, &word)) {
        if (span_is(word, "close"))
            *close = true;
        else if (span_is(word, "keep-alive"))
            r->keep = true;
    }
    return 0;
}

/* What the fields say together is known at the head's end only. */
struct framing {
    bool close, has_coding, only_chunked;
};

static int coding_parse(struct framing *f, struct span value)
{
    /* A second coding, or field, is none that we know. */
    f->only_chunked = !f->has_coding && span_is(value, "chunked");
    f->has_coding = true;
    return 0;
}

static int length_parse(struct request *r, struct span value)
{
    if (r->has_length || !span_number(value, &r->length))
        return 400;
    r->has_length = true;
    return 0;
}

static int once(struct span *field, struct span value)
{
    if (field->data)
        return 400;
    *field = value;
    return 0;
}

static int field_known(struct request *r, struct framing *f, struct span name,
                       struct span value)
{
    switch (name.bytes) {
    case 4:
        return span_is(name, "host") ? once(&r->host, value) : 0;
    case 5:
        return span_is(name, "range") ? once(&r->range, value) : 0;
    case 6:
        if (!span_is(name, "expect"))
            return 0;
        r->expects_continue = span_is(value, "100-continue");
        return r->expects_continue ? 0 : 417;
    case 8:
        return span_is(name, "if-match")   ? once(&r->if_match, value)
               : span_is(name, "if-range") ? once(&r->if_range, value)
                                           : 0;
    case 10:
        return span_is(name, "connection")
                   ? connection_parse(r, value, &f->close)
                   : 0;
    case 13:
        r->partial_put |= span_is(name, "content-range");
        return span_is(name, "if-none-match") ? once(&r->if_none_match, value)
                                              : 0;
    case 14:
        return span_is(name, "content-length") ? length_parse(r, value) : 0;
    case 17:
        return span_is(name, "transfer-encoding") ? coding_parse(f, value)
               : span_is(name, "if-modified-since")
                   ? once(&r->if_modified_since, value)
                   : 0;
    case 19:
        return span_is(name, "if-unmodified-since")
                   ? once(&r->if_unmodified_since, value)
                   : 0;
    default:
        return 0;
    }
}

/* name ":" value (RFC 9112 5); neither blanks before the colon nor a line that
 * goes on in the next (5.1, 5.2). */
static int field_parse(struct request *r, struct framing *f, struct span line)
{
    size_t bytes = span_find(line, ':');
    struct span name = {line.data, bytes}, value;

    if (!bytes || bytes == line.bytes)
        return 400;
    value =
        span_trim((struct span){line.data + bytes + 1, line.bytes - bytes - 1});
    if (!all_of(name, TOKEN) || !all_of(value, VALUE))
        return 400;
    return field_known(r, f, name, value);
}

/* RFC 9112 3.2, 6.1, 6.3: how long the body is must be said in one way. */
static int framing_check(struct request *r, const struct framing *f)
{
    if (!r->version_1_0 && !r->host.data)
        return 400;
    if (f->has_coding && (r->has_length || r->version_1_0))
        return 400;
    if (f->has_coding && !f->only_chunked)
        return 501;
    r->chunked = f->has_coding;
    if (f->close)
        r->keep = false;
    /* RFC 9110 10.1.1: HTTP/1.0 has no interim responses. */
    if (r->version_1_0)
        r->expects_continue = false;
    return 0;
}

int request_parse(const char *head, size_t bytes, struct request *r)
{
    struct span rest = {head, bytes}, line;
    struct framing f = {0};
    unsigned fields = 0;
    int error, later = 0;

    memset(r, 0, sizeof(*r));
    if (!line_next(&rest, &line))
        return 400;
    error = first_line_parse(r, line);
    if (error == 400)
        return error;
    later = error; /* a malformed head is told first */
    while (line_next(&rest, &line)) {
        if (!line.bytes)
            return later ? later : framing_check(r, &f);
        if (++fields > REQUEST_FIELDS_MAX)
            return 431;
        error = field_parse(r, &f, line);
        if (error == 400)
            return error;
        later = later ? later : error;
    }
    return 400;
}

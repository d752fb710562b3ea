/*
 * Responses (see http.h). Nothing of the server's is believed: lines, fields
 * and numbers have bounds, and what is beyond them ends the response.
 */
#include "http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

void http_start(struct http_response *r)
{
    memset(r, 0, sizeof(*r));
}

static void fail(struct http_response *r, const char *wrong)
{
    r->state = HTTP_BAD;
    r->wrong = wrong;
}

/* Without its end, and without what a terminal would obey. */
static void finish_line(struct http_response *r)
{
    if (r->line_bytes && r->line[r->line_bytes - 1] == '\r')
        r->line_bytes--;
    for (size_t i = 0; i < r->line_bytes; i++)
        if ((unsigned char)r->line[i] < ' ' || r->line[i] == 0x7f)
            r->line[i] = ' ';
    r->line[r->line_bytes] = 0;
    r->line_bytes = 0;
}

/* Adds to the line; true when it is complete. */
static bool add_to_line(struct http_response *r, char c)
{
    if (c == '\n') {
        finish_line(r);
        return true;
    }
    if (r->line_bytes == sizeof(r->line) - 1)
        fail(r, "too long a line came");
    else
        r->line[r->line_bytes++] = c;
    return false;
}

static void read_status_line(struct http_response *r)
{
    const char *at = r->line;

    if (strncmp(at, "HTTP/1.", 7) != 0 || !is_digit(at[7]) || at[8] != ' ' ||
        !is_digit(at[9]) || !is_digit(at[10]) || !is_digit(at[11]) ||
        (at[12] && at[12] != ' ') || at[9] == '0') {
        fail(r, "what answers is no HTTP server");
        return;
    }
    r->status = (unsigned)strtoul(at + 9, NULL, 10);
}

/* The value if the line is this field; NULL if not. */
static const char *field(const struct http_response *r, const char *name)
{
    size_t bytes = strlen(name);
    const char *value = r->line + bytes + 1;

    if (strncasecmp(r->line, name, bytes) != 0 || r->line[bytes] != ':')
        return NULL;
    return value + strspn(value, " \t");
}

static void read_length(struct http_response *r, const char *value)
{
    uint64_t length = 0;

    for (; is_digit(*value) && length <= UINT64_MAX / 10 - 1; value++)
        length = length * 10 + (uint64_t)(*value - '0');
    if (value[strspn(value, " \t")] || !is_digit(value[-1]) ||
        (r->has_length && r->length != length)) {
        fail(r, "a Content-Length came that is no length");
        return;
    }
    r->has_length = true;
    r->length = length;
}

static void read_field(struct http_response *r)
{
    const char *value;

    if ((value = field(r, "Content-Length"))) {
        read_length(r, value);
    } else if ((value = field(r, "Transfer-Encoding"))) {
        if (strcasecmp(value, "chunked") != 0)
            fail(r, "the body came in an encoding that is not known");
        r->chunked = true;
    } else if ((value = field(r, "Location"))) {
        if (strlen(value) < sizeof(r->location))
            strcpy(r->location, value);
        else
            fail(r, "a redirection came that is too long");
    }
}

/* RFC 9112, 6.3: what follows the head. */
static void end_head(struct http_response *r)
{
    if (r->status < 200) { /* another one follows */
        http_start(r);
        return;
    }
    if (r->chunked)
        r->state = HTTP_SIZE;
    else if (r->status == 204 || r->status == 304 ||
             (r->has_length && !r->length))
        r->state = HTTP_DONE;
    else
        r->state = HTTP_BODY;
    if (r->chunked)
        r->has_length = false;
    r->left = r->has_length ? r->length : UINT64_MAX;
}

static void head_line(struct http_response *r)
{
    if (++r->lines > HTTP_LINES_MAX)
        fail(r, "too many lines came before the body");
    else if (!r->status)
        read_status_line(r);
    else if (r->line[0])
        read_field(r);
    else
        end_head(r);
}

/* RFC 9112, 7.1: hexadecimal, then perhaps extensions. */
static void size_line(struct http_response *r)
{
    size_t digits = strspn(r->line, "0123456789abcdefABCDEF");

    if (!digits || digits > 15 ||
        (r->line[digits] && !strchr("; \t", r->line[digits]))) {
        fail(r, "a chunk came whose size is none");
        return;
    }
    r->left = strtoull(r->line, NULL, 16);
    r->state = r->left ? HTTP_BODY : HTTP_REST;
    r->lines = 0;
}

static void whole_line(struct http_response *r)
{
    if (r->state == HTTP_HEAD)
        head_line(r);
    else if (r->state == HTTP_SIZE)
        size_line(r);
    else if (r->state == HTTP_GAP && r->line[0])
        fail(r, "a chunk came that is longer than its size");
    else if (r->state == HTTP_GAP)
        r->state = HTTP_SIZE;
    else if (!r->line[0])
        r->state = HTTP_DONE;
    else if (++r->lines > HTTP_LINES_MAX)
        fail(r, "too many lines came behind the body");
}

size_t http_feed(struct http_response *r, const void *data, size_t bytes,
                 const void **body, size_t *body_bytes)
{
    const char *text = data;
    size_t taken = 0;

    *body = NULL;
    *body_bytes = 0;
    if (r->state == HTTP_BODY) {
        if (bytes > r->left)
            bytes = (size_t)r->left;
        *body = data;
        *body_bytes = bytes;
        if (r->chunked || r->has_length)
            r->left -= bytes;
        if (!r->left)
            r->state = r->chunked ? HTTP_GAP : HTTP_DONE;
        return bytes;
    }
    while (taken < bytes && r->state != HTTP_DONE && r->state != HTTP_BAD)
        if (add_to_line(r, text[taken++])) {
            whole_line(r);
            break;
        }
    return taken;
}

const char *http_end(struct http_response *r)
{
    if (r->state == HTTP_BAD)
        return r->wrong;
    if (r->state == HTTP_BODY && !r->chunked && !r->has_length)
        r->state = HTTP_DONE;
    return r->state == HTTP_DONE ? NULL : "the connection ended too early";
}

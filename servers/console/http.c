/*
 * URLs and responses (see http.h). Nothing of the server's is believed: lines,
 * fields and numbers have bounds, and what is beyond them ends the response.
 */
#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PORT_DEFAULT 80

/* --- URLs --- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The port at `text`, to its end. 0: it is none. */
static uint16_t parse_port(const char *text, size_t bytes)
{
    unsigned long port = 0;

    for (size_t i = 0; i < bytes; i++) {
        if (!is_digit(text[i]) || i > 4)
            return 0;
        port = port * 10 + (unsigned long)(text[i] - '0');
    }
    return port <= UINT16_MAX ? (uint16_t)port : 0;
}

/* What must not go into a request line or field: blanks, line ends. */
static bool is_plain(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (text[i] <= ' ' || text[i] >= 0x7f)
            return false;
    return true;
}

static const char *parse_authority(const char *text, size_t bytes,
                                   struct http_url *out)
{
    const char *host = text, *end, *rest;

    if (bytes && text[0] == '[') { /* RFC 3986, 3.2.2: an IPv6 address */
        host++;
        end = memchr(text, ']', bytes);
        if (!end)
            return "a ']' is missing";
        rest = end + 1;
    } else {
        end = memchr(text, ':', bytes);
        if (!end)
            end = text + bytes;
        rest = end;
    }
    if (end == host || (size_t)(end - host) >= sizeof(out->host))
        return "no host, or too long a one";
    if (!is_plain(host, (size_t)(end - host)) ||
        memchr(host, '[', (size_t)(end - host)))
        return "not a name of a host";
    if (memchr(host, '@', (size_t)(end - host)))
        return "a user's name is not supported";
    memcpy(out->host, host, (size_t)(end - host));
    out->host[end - host] = 0;
    out->port = PORT_DEFAULT;
    if (rest == text + bytes)
        return NULL;
    out->port = *rest == ':'
                    ? parse_port(rest + 1, (size_t)(text + bytes - rest - 1))
                    : 0;
    return out->port ? NULL : "the port is not a number from 1 to 65535";
}

static const char *set_path(struct http_url *out, const char *path)
{
    size_t bytes = strcspn(path, "#");

    if (bytes + 2 > sizeof(out->path))
        return "too long";
    if (!is_plain(path, bytes))
        return "blanks and letters beyond ASCII must be written as %xx";
    snprintf(out->path, sizeof(out->path), "%s%.*s", *path == '/' ? "" : "/",
             (int)bytes, path);
    return NULL;
}

const char *http_url_parse(const char *text, struct http_url *out)
{
    const char *wrong;
    size_t bytes;

    if (!strncasecmp(text, "https://", 8))
        return "https is not supported, only http";
    if (!strncasecmp(text, "http://", 7))
        text += 7;
    else if (strstr(text, "://"))
        return "only http is supported";
    bytes = strcspn(text, "/?#");
    wrong = parse_authority(text, bytes, out);
    return wrong ? wrong : set_path(out, text + bytes);
}

/* RFC 3986, 4.2: another place, the same host, or the same directory. */
const char *http_url_follow(struct http_url *url, const char *location)
{
    char path[2 * HTTP_PATH_BYTES + HTTP_HOST_BYTES];
    const char *slash;
    size_t directory;

    if (!strncmp(location, "//", 2))
        return http_url_parse(location + 2, url);
    if (*location == '/')
        return set_path(url, location);
    if (strstr(location, "://"))
        return http_url_parse(location, url);
    url->path[strcspn(url->path, "?")] = 0;
    slash = strrchr(url->path, '/');
    directory = slash ? (size_t)(slash - url->path) + 1 : 0;
    if (*location == '?')
        directory = strlen(url->path);
    snprintf(path, sizeof(path), "%.*s%s", (int)directory, url->path, location);
    return set_path(url, path);
}

const char *http_authority(const struct http_url *url,
                           char text[HTTP_AUTHORITY_BYTES])
{
    bool brackets = strchr(url->host, ':') != NULL;
    int n = snprintf(text, HTTP_AUTHORITY_BYTES, "%s%s%s", brackets ? "[" : "",
                     url->host, brackets ? "]" : "");

    if (url->port != PORT_DEFAULT && n > 0)
        snprintf(text + n, HTTP_AUTHORITY_BYTES - (size_t)n, ":%u", url->port);
    return text;
}

/* --- responses --- */

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

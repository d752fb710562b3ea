/*
 * URLs (see url.h). Nothing that could be a line of its own gets into a
 * request.
 */
#include "url.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PORT_DEFAULT 80

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
                                   struct url *out)
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

static const char *set_path(struct url *out, const char *path)
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

const char *url_parse(const char *text, struct url *out)
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
const char *url_follow(struct url *url, const char *location)
{
    char path[2 * URL_PATH_BYTES + URL_HOST_BYTES];
    const char *slash;
    size_t directory;

    if (!strncmp(location, "//", 2))
        return url_parse(location + 2, url);
    if (*location == '/')
        return set_path(url, location);
    if (strstr(location, "://"))
        return url_parse(location, url);
    url->path[strcspn(url->path, "?")] = 0;
    slash = strrchr(url->path, '/');
    directory = slash ? (size_t)(slash - url->path) + 1 : 0;
    if (*location == '?')
        directory = strlen(url->path);
    snprintf(path, sizeof(path), "%.*s%s", (int)directory, url->path, location);
    return set_path(url, path);
}

const char *url_authority(const struct url *url, char text[URL_AUTHORITY_BYTES])
{
    bool brackets = strchr(url->host, ':') != NULL;
    int n = snprintf(text, URL_AUTHORITY_BYTES, "%s%s%s", brackets ? "[" : "",
                     url->host, brackets ? "]" : "");

    if (url->port != PORT_DEFAULT && n > 0)
        snprintf(text + n, URL_AUTHORITY_BYTES - (size_t)n, ":%u", url->port);
    return text;
}

/*
 * Any bytes as an HTTP response, in one piece and in pieces: both must say the
 * same, and the body lies in what was fed. The first byte says how long the
 * pieces are. What comes as a Location, and the bytes themselves, are followed
 * as URLs.
 *
 * links: servers/console/http.c servers/console/url.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "servers/console/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Feeds in pieces; returns a checksum of the body. */
static uint64_t feed(struct http_response *r, const uint8_t *data, size_t size,
                     size_t piece)
{
    uint64_t sum = 0;

    http_start(r);
    while (size && r->state != HTTP_DONE && r->state != HTTP_BAD) {
        size_t n = size < piece ? size : piece, body_bytes;
        const void *body;
        size_t taken = http_feed(r, data, n, &body, &body_bytes);

        if (taken == 0 || taken > n || body_bytes > taken)
            abort();
        for (size_t i = 0; i < body_bytes; i++)
            sum = sum * 31 + ((const uint8_t *)body)[i] + 1;
        data += taken, size -= taken;
    }
    return sum;
}

/* Nothing that would be a line of its own in a request. */
static void check_plain(const char *text)
{
    for (; *text; text++)
        if (*text <= ' ' || *text >= 0x7f)
            abort();
}

static void check_url(const struct url *u)
{
    char text[URL_AUTHORITY_BYTES];
    struct url again;

    if (u->path[0] != '/' || !u->port || !u->host[0])
        abort();
    check_plain(u->path);
    check_plain(u->host);
    if (url_parse(url_authority(u, text), &again) ||
        strcmp(again.host, u->host) != 0 || again.port != u->port)
        abort();
}

static void follow(const char *text)
{
    struct url u;

    if (!url_parse(text, &u))
        check_url(&u);
    if (url_parse("http://h:8080/directory/file?query", &u))
        abort();
    if (!url_follow(&u, text))
        check_url(&u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_response whole, pieces;
    char *text;

    if (size == 0)
        return 0;
    if (feed(&whole, data + 1, size - 1, size) !=
            feed(&pieces, data + 1, size - 1, 1 + data[0] % 64u) ||
        whole.state != pieces.state || whole.status != pieces.status)
        abort();
    follow(whole.location);
    text = malloc(size);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = 0;
    follow(text);
    free(text);
    return 0;
}

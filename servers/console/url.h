/*
 * URLs of HTTP (RFC 3986) for `wget`: read from what was typed, and led on by a
 * redirection. No system calls: tested and fuzzed on the host.
 */
#pragma once

#include <stdint.h>

#define URL_HOST_BYTES 256u  /* with the NUL */
#define URL_PATH_BYTES 1024u /* path and query, with the NUL */

struct url {
    char host[URL_HOST_BYTES]; /* without brackets */
    uint16_t port;
    char path[URL_PATH_BYTES]; /* begins with '/', printable ASCII only */
};

/* NULL, or what is wrong with the text. Without `http://` it may begin with the
 * host. */
const char *url_parse(const char *text, struct url *out);

/* Where `location` leads from *url, which it replaces. As above. */
const char *url_follow(struct url *url, const char *location);

/* The authority for the Host field: "host", "host:8080", "[::1]:8080". */
#define URL_AUTHORITY_BYTES (URL_HOST_BYTES + 8)
const char *url_authority(const struct url *url,
                          char text[URL_AUTHORITY_BYTES]);

/*
 * The target of a request as a path (target.h).
 */
#include "target.h"

#include <string.h>

/* Cut off what is not the path: "http://host" (RFC 9112 3.2.2) and "?query".
 * An absolute form without a path means the root. */
static struct span path_of(struct span t)
{
    static const struct span root = {"/", 1};
    const char *end, *slash;

    for (size_t scheme = 7; scheme <= 8; scheme++)
        if (t.bytes > scheme && span_is((struct span){t.data, scheme},
                                        scheme == 7 ? "http://" : "https://")) {
            slash = memchr(t.data + scheme, '/', t.bytes - scheme);
            if (!slash)
                return root;
            t.bytes -= (size_t)(slash - t.data);
            t.data = slash;
        }
    end = memchr(t.data, '?', t.bytes);
    if (end)
        t.bytes = (size_t)(end - t.data);
    return t;
}

static int hex_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* The byte at *at, decoded; -1 if it is none that a path may have. A slash in
 * disguise (%2F) is one of those: it would make two paths look like one. */
static int byte_next(struct span s, size_t *at)
{
    int high, low, byte;

    if (s.data[*at] != '%')
        return s.data[*at] == '#' ? -1 : (unsigned char)s.data[(*at)++];
    if (s.bytes - *at < 3)
        return -1;
    high = hex_of(s.data[*at + 1]);
    low = hex_of(s.data[*at + 2]);
    byte = high * 16 + low;
    *at += 3;
    return high < 0 || low < 0 || !byte || byte == '/' ? -1 : byte;
}

/* The part that begins at `start` is complete: `path` ends behind it. Where
 * the next one goes. */
static size_t part_end(char *path, size_t start, size_t end)
{
    size_t bytes = end - start;

    if (!bytes || (bytes == 1 && path[start] == '.'))
        return start;
    if (bytes != 2 || path[start] != '.' || path[start + 1] != '.') {
        path[end] = '/';
        return end + 1;
    }
    if (start > 1)
        start--;
    while (path[start - 1] != '/')
        start--;
    return start;
}

int target_path(struct span target, char *path, size_t room, bool *directory)
{
    struct span s = path_of(target);
    size_t start = 1, end = 1, behind;

    if (!s.bytes || s.data[0] != '/' || room < 2)
        return 400;
    path[0] = '/';
    for (size_t at = 1; at < s.bytes;) {
        int byte = s.data[at] == '/' ? 0 : byte_next(s, &at);

        if (byte < 0)
            return 400;
        if (end + 1 >= room)
            return 414;
        if (byte) {
            path[end++] = (char)byte;
        } else {
            at++;
            start = end = part_end(path, start, end);
        }
    }
    behind = part_end(path, start, end);
    *directory = behind <= end; /* the last part was no name */
    path[behind > 1 ? behind - 1 : behind] = 0;
    return 0;
}

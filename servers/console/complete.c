/*
 * Completion (see complete.h).
 */
#include "complete.h"

#include <stdio.h>
#include <string.h>

void complete_start(struct complete *c, const char *prefix, size_t bytes)
{
    memset(c, 0, sizeof(*c));
    c->prefix = prefix;
    c->prefix_bytes = bytes;
}

static void remember(struct complete *c, const char *name, char suffix)
{
    size_t bytes = strlen(name) + (suffix == '/') + 1;

    if (c->shown == COMPLETE_SHOWN || bytes > sizeof(c->text) - c->used)
        return;
    c->names[c->shown++] = c->text + c->used;
    snprintf(c->text + c->used, bytes, "%s%s", name, suffix == '/' ? "/" : "");
    c->used += bytes;
}

void complete_add(struct complete *c, const char *name, char suffix)
{
    size_t i = 0, length = strlen(name);

    /* Not strncmp: a prefix that somebody typed may hold a NUL. */
    if (length < c->prefix_bytes || length + 2 > sizeof(c->first) ||
        memcmp(name, c->prefix, c->prefix_bytes) != 0)
        return;
    remember(c, name, suffix);
    if (!c->count++) {
        c->common =
            (size_t)snprintf(c->first, sizeof(c->first), "%s%c", name, suffix);
        return;
    }
    while (i < c->common && name[i] && name[i] == c->first[i])
        i++;
    c->common = i;
}

const char *complete_insertion(const struct complete *c, size_t *bytes)
{
    *bytes = 0;
    if (!c->count)
        return ""; /* the prefix may be longer than any name */
    *bytes = c->common - c->prefix_bytes;
    return c->first + c->prefix_bytes;
}

/*
 * The walk along a path (see path.h). `rest` holds what is still to go; a link
 * puts its text in front of it. Each step either uses up a name or one of the
 * FILES_LINKS_MAX links, so the walk ends.
 */
#include "path.h"

#include <cordon/files.h>

#include <stdbool.h>
#include <string.h>

struct walk {
    const struct path_tree *tree;
    uint64_t node;
    unsigned type;
    unsigned links;
    size_t at, end; /* of what is left in `rest` */
    char rest[FILES_PATH_MAX];
};

static void skip_slashes(struct walk *w)
{
    while (w->at < w->end && w->rest[w->at] == '/')
        w->at++;
}

static size_t name_bytes(const struct walk *w)
{
    const char *name = w->rest + w->at;
    const char *slash = memchr(name, '/', w->end - w->at);

    return slash ? (size_t)(slash - name) : w->end - w->at;
}

/* Put the text of link `link` in place of its name, which is used up. */
static int link_follow(struct walk *w, uint64_t dir, uint64_t link)
{
    char text[FILES_PATH_MAX];
    size_t bytes, left = w->end - w->at;
    int error;

    if (w->links++ == FILES_LINKS_MAX)
        return FILES_ERR_LOOP;
    error =
        w->tree->readlink(w->tree->context, link, text, sizeof(text), &bytes);
    if (error)
        return error;
    if (!bytes)
        return FILES_ERR_NOT_FOUND;
    if (memchr(text, 0, bytes) || bytes + left > sizeof(w->rest))
        return FILES_ERR_NAME;
    memmove(w->rest + bytes, w->rest + w->at, left);
    memcpy(w->rest, text, bytes);
    w->at = 0;
    w->end = bytes + left;
    w->node = text[0] == '/' ? w->tree->root : dir;
    w->type = FILES_TYPE_DIRECTORY;
    return FILES_OK;
}

/* Go into the next name. */
static int step(struct walk *w, unsigned flags)
{
    uint64_t dir = w->node;
    size_t bytes = name_bytes(w);
    int error;

    if (w->type != FILES_TYPE_DIRECTORY)
        return FILES_ERR_NOT_DIRECTORY;
    if (bytes > FILES_NAME_MAX)
        return FILES_ERR_NAME;
    error = w->tree->lookup(w->tree->context, dir, w->rest + w->at, bytes,
                            &w->node, &w->type);
    if (error)
        return error;
    w->at += bytes;
    if (w->type == FILES_TYPE_LINK &&
        (w->at < w->end || !(flags & FILES_NO_FOLLOW)))
        return link_follow(w, dir, w->node);
    return FILES_OK;
}

int path_walk(const struct path_tree *tree, const char *path, size_t bytes,
              unsigned flags, uint64_t *node, unsigned *type)
{
    struct walk w = {.tree = tree,
                     .node = tree->root,
                     .type = FILES_TYPE_DIRECTORY,
                     .end = bytes};
    bool wants_directory = flags & FILES_MUST_DIRECTORY;

    if (bytes > FILES_PATH_MAX || memchr(path, 0, bytes))
        return FILES_ERR_NAME;
    memcpy(w.rest, path, bytes);
    for (skip_slashes(&w); w.at < w.end;) {
        int error = step(&w, flags);

        if (error)
            return error;
        if (w.at < w.end && w.rest[w.at] == '/') {
            skip_slashes(&w);
            if (w.at == w.end && w.type != FILES_TYPE_DIRECTORY)
                return FILES_ERR_NOT_DIRECTORY; /* "file/" */
        }
    }
    if (wants_directory && w.type != FILES_TYPE_DIRECTORY)
        return FILES_ERR_NOT_DIRECTORY;
    *node = w.node;
    *type = w.type;
    return FILES_OK;
}

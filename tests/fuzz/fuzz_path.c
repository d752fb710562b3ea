/*
 * Any path in any tree: the walk ends, asks for names and not for slashes, and
 * ends at what it was told. The first bytes say what entries are and what links
 * hold, the rest is the path.
 *
 * links: servers/fs/path.c
 */
#include <stdlib.h>
#include <string.h>

#include <cordon/files.h>

#include "servers/fs/path.h"

#define ENTRIES    16u
#define LINK_BYTES 12u
#define TREE_BYTES (ENTRIES * (1 + LINK_BYTES))
/* Each look-up uses up a name or a link. */
#define STEPS_MAX ((FILES_LINKS_MAX + 1) * (FILES_PATH_MAX + 1))

struct tree {
    uint8_t kinds[ENTRIES];
    char links[ENTRIES][LINK_BYTES];
    unsigned steps;
    uint64_t node; /* found last */
    unsigned type;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int lookup(void *context, uint64_t dir, const char *name, size_t bytes,
                  uint64_t *node, unsigned *type)
{
    static const unsigned types[] = {FILES_TYPE_DIRECTORY, FILES_TYPE_LINK,
                                     FILES_TYPE_REGULAR};
    struct tree *tree = context;
    uint64_t entry = dir;

    if (bytes == 0 || bytes > FILES_NAME_MAX || memchr(name, '/', bytes) ||
        memchr(name, 0, bytes) || ++tree->steps > STEPS_MAX)
        abort();
    for (size_t i = 0; i < bytes; i++)
        entry = entry * 31 + (uint8_t)name[i];
    entry %= ENTRIES;
    if (tree->kinds[entry] % 4 == 3)
        return FILES_ERR_NOT_FOUND;
    *node = tree->node = entry;
    *type = tree->type = types[tree->kinds[entry] % 4];
    return FILES_OK;
}

static int readlink_text(void *context, uint64_t node, char *text, size_t room,
                         size_t *bytes)
{
    const struct tree *tree = context;
    uint8_t kind = tree->kinds[node];

    if (tree->type != FILES_TYPE_LINK)
        abort();
    if (kind & 0x80) { /* as long as it may be */
        *bytes = room - kind / 4 % 4;
        memset(text, kind & 4 ? '/' : 'a', *bytes);
        return FILES_OK;
    }
    *bytes = kind / 4 % (LINK_BYTES + 1);
    memcpy(text, tree->links[node], *bytes);
    return FILES_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tree tree = {.type = FILES_TYPE_DIRECTORY};
    struct path_tree callbacks = {lookup, readlink_text, &tree, 0};
    uint64_t node;
    unsigned type;
    char *path;

    if (size < TREE_BYTES + 1)
        return 0;
    memcpy(tree.kinds, data, ENTRIES);
    memcpy(tree.links, data + ENTRIES, ENTRIES * LINK_BYTES);
    size -= TREE_BYTES + 1;
    path = malloc(size + 1); /* exactly what there is */
    memcpy(path, data + TREE_BYTES + 1, size);
    if (path_walk(&callbacks, path, size, data[TREE_BYTES] & 3, &node, &type) ==
            FILES_OK &&
        (node != tree.node || type != tree.type) &&
        type != FILES_TYPE_DIRECTORY)
        abort();
    free(path);
    return 0;
}

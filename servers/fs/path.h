/*
 * From a path to a file: names, "." and "..", symbolic links, with every bound
 * that keeps it from going on for ever. What a directory is, the caller says,
 * so the host tests this with a tree of its own.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The tree. Both return an enum files_error (<cordon/files.h>). */
struct path_tree {
    /* The entry `name` of directory `dir`; *type is an enum files_type. */
    int (*lookup)(void *context, uint64_t dir, const char *name, size_t bytes,
                  uint64_t *node, unsigned *type);
    /* The text of link `node`, not terminated; *bytes of at most `room`. A
     * longer one is FILES_ERR_NAME. */
    int (*readlink)(void *context, uint64_t node, char *text, size_t room,
                    size_t *bytes);
    void *context;
    uint64_t root;
};

/*
 * Find what `path` names, `bytes` bytes without a NUL at the end. `flags` as in
 * enum files_flags. The root is its own parent. FILES_ERR_NAME: the path, what
 * it grows to by links, or a name in it is too long or holds a NUL.
 */
int path_walk(const struct path_tree *tree, const char *path, size_t bytes,
              unsigned flags, uint64_t *node, unsigned *type);

/*
 * What a file system should hold: paths and bytes, as its user understands
 * them, and what each commit promised of them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_ENTRIES 64u
#define MODEL_PATH    40u

struct model_entry {
    char path[MODEL_PATH]; /* "": unused */
    int id;                /* the same over renames */
    bool directory;
    uint8_t *data;
    size_t size;
};

struct model {
    struct model_entry entries[MODEL_ENTRIES];
    int next_id;
};

struct model_entry *model_find(struct model *m, const char *path);
struct model_entry *model_add(struct model *m, const char *path,
                              bool directory);
void model_remove(struct model *m, struct model_entry *e);
void model_resize(struct model_entry *e, size_t size);
void model_write(struct model_entry *e, size_t offset, const uint8_t *data,
                 size_t bytes);
bool model_has_children(const struct model *m, const char *path);
void model_rename(struct model *m, const char *from, const char *to);
void model_copy(struct model *to, const struct model *from);
void model_free(struct model *m);
unsigned model_count(const struct model *m);

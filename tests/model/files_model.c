/* A file system that cannot forget anything (see files_model.h). */
#include "tests/model/files_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct model_entry *model_find(struct model *m, const char *path)
{
    for (unsigned i = 0; i < MODEL_ENTRIES; i++)
        if (m->entries[i].path[0] && !strcmp(m->entries[i].path, path))
            return &m->entries[i];
    return NULL;
}

struct model_entry *model_add(struct model *m, const char *path, bool directory)
{
    for (unsigned i = 0; i < MODEL_ENTRIES; i++) {
        struct model_entry *e = &m->entries[i];

        if (e->path[0])
            continue;
        *e = (struct model_entry){.id = ++m->next_id, .directory = directory};
        snprintf(e->path, sizeof(e->path), "%s", path);
        return e;
    }
    abort();
}

void model_remove(struct model *m, struct model_entry *e)
{
    (void)m;
    free(e->data);
    memset(e, 0, sizeof(*e));
}

void model_resize(struct model_entry *e, size_t size)
{
    uint8_t *data = realloc(e->data, size ? size : 1);

    if (!data)
        abort();
    if (size > e->size)
        memset(data + e->size, 0, size - e->size);
    e->data = data;
    e->size = size;
}

void model_write(struct model_entry *e, size_t offset, const uint8_t *data,
                 size_t bytes)
{
    if (offset + bytes > e->size)
        model_resize(e, offset + bytes);
    memcpy(e->data + offset, data, bytes);
}

static bool is_below(const char *path, const char *directory)
{
    size_t n = strlen(directory);

    return !strncmp(path, directory, n) && path[n] == '/';
}

bool model_has_children(const struct model *m, const char *path)
{
    for (unsigned i = 0; i < MODEL_ENTRIES; i++)
        if (m->entries[i].path[0] && is_below(m->entries[i].path, path))
            return true;
    return false;
}

void model_rename(struct model *m, const char *from, const char *to)
{
    struct model_entry *old = model_find(m, to);
    size_t n = strlen(from);

    if (old)
        model_remove(m, old);
    for (unsigned i = 0; i < MODEL_ENTRIES; i++) {
        struct model_entry *e = &m->entries[i];
        char path[2 * MODEL_PATH];

        if (!e->path[0] || (strcmp(e->path, from) && !is_below(e->path, from)))
            continue;
        snprintf(path, sizeof(path), "%s%s", to, e->path + n);
        snprintf(e->path, sizeof(e->path), "%.*s", (int)MODEL_PATH - 1, path);
    }
}

void model_copy(struct model *to, const struct model *from)
{
    *to = *from;
    for (unsigned i = 0; i < MODEL_ENTRIES; i++) {
        struct model_entry *e = &to->entries[i];

        if (!e->data)
            continue;
        e->data = malloc(e->size ? e->size : 1);
        if (!e->data)
            abort();
        memcpy(e->data, from->entries[i].data, e->size);
    }
}

void model_free(struct model *m)
{
    for (unsigned i = 0; i < MODEL_ENTRIES; i++)
        free(m->entries[i].data);
    memset(m, 0, sizeof(*m));
}

unsigned model_count(const struct model *m)
{
    unsigned count = 0;

    for (unsigned i = 0; i < MODEL_ENTRIES; i++)
        count += m->entries[i].path[0] != 0;
    return count;
}

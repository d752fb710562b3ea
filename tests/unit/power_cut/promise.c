/*
 * What the file system has promised, and whether what is there after a cut
 * agrees with it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/power_cut/power_cut.h"

#define COMMITS_MAX    600u
#define OVERWRITES_MAX 4000u

/* A state that was made durable by the events first to last - 1. */
struct promise {
    unsigned operation;
    size_t first, last;
    struct model state;
};
static struct promise promises[COMMITS_MAX];
static unsigned promise_count;

/* Bytes of a file that were written in place: after that either may be there.
 */
struct overwrite {
    unsigned operation;
    size_t event;
    int id;
    size_t from, to;
};
static struct overwrite overwrites[OVERWRITES_MAX];
static unsigned overwrite_count;

void promise_add(unsigned operation, size_t first, const struct model *state)
{
    struct promise *p = &promises[promise_count];

    assert_true(promise_count < COMMITS_MAX);
    p->operation = operation;
    p->first = first;
    p->last = disk_model.count;
    model_copy(&p->state, state);
    promise_count++;
}

void overwrite_add(unsigned operation, size_t event,
                   const struct model_entry *e, size_t from, size_t to)
{
    assert_true(overwrite_count < OVERWRITES_MAX);
    overwrites[overwrite_count++] =
        (struct overwrite){operation, event, e->id, from, to};
}

void promises_forget(void)
{
    for (unsigned i = 0; i < promise_count; i++)
        model_free(&promises[i].state);
    promise_count = overwrite_count = 0;
}

/* --- what is there after a cut --- */

static struct model found;

static int found_entry(void *context, uint64_t inode, unsigned type,
                       const char *name, size_t bytes)
{
    char path[3 * MODEL_PATH];
    const char *folder = context;

    (void)inode;
    if (name[0] == '.' ||
        (!folder[0] && bytes == 10 && !memcmp(name, "lost+found", 10)))
        return 0;
    snprintf(path, sizeof(path), "%s/%.*s", folder, (int)bytes, name);
    path[MODEL_PATH - 1] = 0;
    model_add(&found, path, type == FILES_TYPE_DIRECTORY);
    return 0;
}

static int found_read(struct model_entry *e)
{
    struct volume_file *file = file_open(e->path);
    size_t done;
    int error;

    model_resize(e, (size_t)file->size);
    error = volume_read(&volume, file, 0, e->data, e->size, &done);
    if (!error && done != e->size)
        error = FILES_ERR_CORRUPT;
    file_close(file);
    return error;
}

static int found_list(const char *path)
{
    ext2_ino_t inode;
    unsigned type;
    int error = volume_walk(&volume, path, strlen(path), FILES_MUST_DIRECTORY,
                            &inode, &type);

    return error ? error
                 : volume_list(&volume, inode, 0, found_entry, (void *)path);
}

/* All of the mounted file system into `found`. */
static int find_all(void)
{
    int error;

    model_free(&found);
    error = found_list("");
    for (unsigned i = 0; i < MODEL_ENTRIES && !error; i++) {
        struct model_entry *e = &found.entries[i];
        char path[MODEL_PATH];

        if (!e->path[0])
            continue;
        snprintf(path, sizeof(path), "%s", e->path);
        error = e->directory ? found_list(path) : found_read(e);
    }
    return error;
}

/* May this byte be something else than what promise `p` has? */
static bool may_differ(const struct promise *p, const struct model_entry *e,
                       size_t at, size_t cut)
{
    for (unsigned i = 0; i < overwrite_count; i++)
        if (overwrites[i].id == e->id &&
            overwrites[i].operation >= p->operation &&
            overwrites[i].event <= cut && at >= overwrites[i].from &&
            at < overwrites[i].to)
            return true;
    return false;
}

/* Null, or what is not as promised. */
static const char *differs(struct promise *p, size_t cut)
{
    static char text[200];

    for (unsigned i = 0; i < MODEL_ENTRIES; i++) {
        const struct model_entry *e = &p->state.entries[i];
        const struct model_entry *f;

        if (!e->path[0])
            continue;
        f = model_find(&found, e->path);
        if (!f || f->directory != e->directory || f->size != e->size) {
            snprintf(text, sizeof(text), "%s: %s (%zu bytes of %zu)", e->path,
                     f ? "another" : "missing", f ? f->size : 0, e->size);
            return text;
        }
        for (size_t k = 0; k < e->size; k++)
            if (e->data[k] != f->data[k] && !may_differ(p, e, k, cut)) {
                snprintf(text, sizeof(text), "%s: byte %zu is %02x, not %02x",
                         e->path, k, f->data[k], e->data[k]);
                return text;
            }
    }
    return model_count(&found) == model_count(&p->state) ? NULL
                                                         : "more than that";
}

/* Does what was found agree with a promise that may hold at this cut? */
static bool agrees(size_t cut, bool loud)
{
    unsigned latest = 0;
    const char *why = NULL;

    for (unsigned i = 0; i < promise_count; i++)
        if (promises[i].last <= cut)
            latest = i;
    for (unsigned i = latest; i < promise_count && promises[i].first <= cut;
         i++) {
        why = differs(&promises[i], cut);
        if (!why)
            return true;
        if (loud)
            print_error("  as of operation %u: %s\n", promises[i].operation,
                        why);
    }
    return false;
}

bool promise_held(size_t cut, bool loud)
{
    bool good = find_all() == 0 && agrees(cut, false);

    if (!good && loud)
        agrees(cut, true);
    return good;
}

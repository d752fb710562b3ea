/*
 * A random workload: what it does to the file system it does to a model, and
 * what a commit made durable becomes a promise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/power_cut/power_cut.h"

#define OPERATIONS 120u
#define WRITE_MAX  20000u
#define FILE_MAX   90000u

static struct model model;
static uint64_t chance;
static unsigned operation;

static uint64_t pick(uint64_t below)
{
    return disk_model_random(&chance) % below;
}

static struct path path_of(const char *text)
{
    return (struct path){text, strlen(text)};
}

static void random_path(char *out)
{
    static const char *const folders[] = {"", "", "/a", "/b", "/a/c", "/b/d"};
    unsigned name = (unsigned)pick(14);

    snprintf(out, MODEL_PATH, "%s/%s%u", folders[pick(6)],
             name < 3 ? "a-rather-longer-name-" : "f", name);
    if (pick(4) == 0)
        snprintf(out, MODEL_PATH, "%s", folders[2 + pick(4)]);
}

static bool parent_exists(const char *path)
{
    char parent[MODEL_PATH];
    const struct model_entry *e;

    snprintf(parent, sizeof(parent), "%.*s", (int)(strrchr(path, '/') - path),
             path);
    if (!parent[0])
        return true;
    e = model_find(&model, parent);
    return e && e->directory;
}

/* Full is an answer like any other; nothing may have changed by it. */
static bool went_well(int error)
{
    if (error && error != FILES_ERR_FULL)
        fail_msg("operation %u: error %d", operation, error);
    return !error;
}

static void do_write(struct model_entry *e)
{
    static uint8_t data[WRITE_MAX];
    struct volume_file *file = file_open(e->path);
    size_t bytes = 1 + pick(pick(3) ? 3000 : WRITE_MAX), offset = e->size;
    size_t event = disk_model.count;

    if (pick(2) && e->size)
        offset = pick(e->size);
    else if (!pick(4))
        offset = e->size + pick(9000);
    if (offset + bytes > FILE_MAX)
        offset = 0;
    for (size_t i = 0; i < bytes; i++)
        data[i] = (uint8_t)(operation * 7 + i * 3 + (i >> 8));
    if (went_well(volume_write(&volume, file, offset, data, bytes))) {
        size_t old = e->size;

        model_write(e, offset, data, bytes);
        if (offset < old)
            overwrite_add(operation, event, e, offset,
                          offset + bytes < old ? offset + bytes : old);
    }
    file_close(file);
}

static void do_resize(struct model_entry *e)
{
    struct volume_file *file = file_open(e->path);
    size_t size = pick(3) ? pick(e->size + 1) : pick(2) ? 0 : pick(FILE_MAX);

    if (went_well(volume_resize(&volume, file, size)))
        model_resize(e, size);
    file_close(file);
}

static void do_remove(struct model_entry *e)
{
    int error;

    if (e->directory) {
        error = tree_rmdir(&volume, path_of(e->path));
        if (model_has_children(&model, e->path)) {
            assert_int_equal(error, FILES_ERR_NOT_EMPTY);
            return;
        }
    } else {
        error = tree_remove(&volume, path_of(e->path));
    }
    if (went_well(error))
        model_remove(&model, e);
}

static void do_make(const char *path)
{
    ext2_ino_t inode;
    bool folder = !strcmp(path, "/a") || !strcmp(path, "/b") ||
                  !strcmp(path, "/a/c") || !strcmp(path, "/b/d");
    int error = folder ? tree_mkdir(&volume, path_of(path), 0755)
                       : tree_create(&volume, path_of(path), 0644, &inode);

    if (!parent_exists(path))
        assert_true(error == FILES_ERR_NOT_FOUND ||
                    error == FILES_ERR_NOT_DIRECTORY);
    else if (went_well(error))
        model_add(&model, path, folder);
}

static bool is_or_is_below(const char *path, const char *above)
{
    size_t n = strlen(above);

    return !strncmp(path, above, n) && (path[n] == '/' || !path[n]);
}

static int rename_expected(const struct model_entry *from, const char *path)
{
    const struct model_entry *to = model_find(&model, path);

    if (!parent_exists(path))
        return -1; /* some error */
    if (to && from->directory != to->directory)
        return -1;
    if (from->directory && is_or_is_below(path, from->path))
        return -1;
    if (to && to->directory && model_has_children(&model, path))
        return -1;
    return 0;
}

static void do_rename(struct model_entry *e)
{
    char to[MODEL_PATH], from[MODEL_PATH];
    int expected, error;

    random_path(to);
    if (!strcmp(to, e->path))
        return;
    snprintf(from, sizeof(from), "%s", e->path);
    /* Names deeper than the model has room for. */
    if (e->directory && strlen(to) > 5)
        return;
    expected = rename_expected(e, to);
    error = tree_rename(&volume, path_of(from), path_of(to));
    if (expected)
        assert_int_not_equal(error, 0);
    else if (went_well(error))
        model_rename(&model, from, to);
}

static struct model_entry *random_entry(bool file)
{
    unsigned start = (unsigned)pick(MODEL_ENTRIES);

    for (unsigned i = 0; i < MODEL_ENTRIES; i++) {
        struct model_entry *e = &model.entries[(start + i) % MODEL_ENTRIES];

        if (e->path[0] && !(file && e->directory))
            return e;
    }
    return NULL;
}

static struct volume_file *held; /* somebody has a file open for long */

static void do_hold(void)
{
    struct model_entry *e = random_entry(true);

    if (held)
        file_close(held);
    held = e ? file_open(e->path) : NULL;
}

static void do_any(void)
{
    unsigned what = (unsigned)pick(100);
    struct model_entry *file = random_entry(true), *any = random_entry(false);
    char path[MODEL_PATH];

    random_path(path);
    if (what < 25 || !file) {
        if (!model_find(&model, path) && model_count(&model) < 40)
            do_make(path);
    } else if (what < 60) {
        do_write(file);
    } else if (what < 68) {
        do_resize(file);
    } else if (what < 78) {
        do_remove(any);
    } else if (what < 92) {
        do_rename(any);
    } else {
        do_hold();
    }
}

static void one_operation(void)
{
    static struct model before;
    uint32_t sequence = volume.journal.sequence;
    size_t event = disk_model.count;

    model_copy(&before, &model);
    if (pick(8) == 0) {
        assert_int_equal(pick(4) ? commit(&volume) : commit_and_rest(&volume),
                         0);
        promise_add(operation, event, &model);
    } else {
        do_any();
        if (volume.journal.sequence != sequence)
            promise_add(operation, event, &before);
    }
    assert_false(volume.failed);
    model_free(&before);
}

void workload(uint64_t seed)
{
    chance = seed * 1000003;
    image_make((unsigned)seed);
    mount(false);
    /* Let every other log run over its end. */
    if (seed & 4)
        volume.journal.head = volume.journal.length - 40;
    for (operation = 0; operation == 0 || operation < OPERATIONS; operation++) {
        if (!operation)
            promise_add(operation, 0, &model);
        one_operation();
    }
    if (held)
        file_close(held);
    held = NULL;
    unmount();
    model_free(&model);
}

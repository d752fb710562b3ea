/*
 * The file server's writing half under power cuts: its cache, its commits, its
 * journal and libext2fs over a disk that remembers every write and flush. A
 * random workload runs; then the power is cut at many moments of it, each time
 * with a different part of the unflushed writes on the disk. After each cut
 *
 *   - e2fsck repairs the image and then finds nothing wrong with it;
 *   - our own replay makes of it an image with which e2fsck finds nothing
 * wrong;
 *   - either way what is there is what a commit had promised: the latest that
 *     had been confirmed, or one that was on its way.
 *
 *   SEED=17          this seed alone, every moment
 *   SEEDS=1000       so many seeds (50), from FROM (1)
 *
 * links: tests/model/disk_model.c tests/model/files_model.c
 * links: servers/fs/cache.c servers/fs/cache_write.c servers/fs/disk.c
 * links: servers/fs/change.c servers/fs/journal.c servers/fs/journal_replay.c
 * links: servers/fs/commit.c servers/fs/orphan.c servers/fs/path.c
 * links: servers/fs/tree.c servers/fs/volume.c servers/fs/volume_file.c
 * links: servers/fs/volume_io.c servers/fs/volume_mount.c
 * links: servers/fs/volume_write.c
 * libs: -lext2fs -lcom_err
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "servers/fs/commit.h"
#include "tests/model/disk_model.h"
#include "tests/model/files_model.h"

#define COMMITS_MAX    600u
#define OVERWRITES_MAX 4000u
#define OPERATIONS     120u
#define CUTS           4u
#define WRITE_MAX      20000u
#define FILE_MAX       90000u

static char directory[64], image_path[96], log_path[96];

static struct disk disk;
static struct volume volume;
static struct model model;
static uint64_t chance;

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

static unsigned operation;
static unsigned long cuts_made;

/* --- images --- */

static const char *const formats[] = {
    "-b 1024 -J size=1 -N 300 %s 9216",
    "-b 4096 -J size=4 -N 300 %s 3072",
    "-b 1024 -J size=1 -N 300 -O ^extents,^64bit %s 9216",
    "-b 1024 -J size=1 -N 128 -O ^metadata_csum,^flex_bg %s 3072",
};
#define FORMATS (sizeof(formats) / sizeof(formats[0]))

static int run(const char *format, ...)
{
    char command[400], line[600];
    va_list args;

    va_start(args, format);
    vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    snprintf(line, sizeof(line),
             "PATH=$PATH:/usr/sbin:/sbin; %s > %s 2>&1 < /dev/null", command,
             log_path);
    return system(line);
}

static void log_show(void)
{
    char line[200];
    FILE *f = fopen(log_path, "r");

    while (f && fgets(line, sizeof(line), f))
        print_error("    %s", line);
    if (f)
        fclose(f);
}

static void image_make(unsigned number)
{
    char arguments[200];

    snprintf(arguments, sizeof(arguments), formats[number % FORMATS],
             image_path);
    unlink(image_path);
    if (run("mke2fs -q -F -t ext4 -O ^resize_inode -E "
            "lazy_itable_init=0,nodiscard %s",
            arguments)) {
        log_show();
        fail_msg("mke2fs failed");
    }
    disk_model_load(image_path);
}

static void mount(bool read_only)
{
    char message[FILES_STATUS_MAX + 1];
    int error;

    disk_model.read_only = read_only;
    memset(&disk, 0, sizeof(disk));
    assert_int_equal(disk_open(&disk, "disk", 0), 0);
    error = volume_mount(&volume, &disk, 0, disk.bytes, message);
    if (error || volume.writable == read_only)
        fail_msg("mount: %d: %s", error, message);
}

static void unmount(void)
{
    volume_unmount(&volume);
    disk_close(&disk);
}

/* --- the workload --- */

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

static void promise_add(size_t first, const struct model *state)
{
    struct promise *p = &promises[promise_count];

    assert_true(promise_count < COMMITS_MAX);
    p->operation = operation;
    p->first = first;
    p->last = disk_model.count;
    model_copy(&p->state, state);
    promise_count++;
}

static void overwrite_add(size_t event, const struct model_entry *e,
                          size_t from, size_t to)
{
    assert_true(overwrite_count < OVERWRITES_MAX);
    overwrites[overwrite_count++] =
        (struct overwrite){operation, event, e->id, from, to};
}

static struct volume_file *file_open(const char *path)
{
    struct volume_file *file = calloc(1, sizeof(*file));
    ext2_ino_t inode;
    unsigned type;

    assert_int_equal(volume_walk(&volume, path, strlen(path), 0, &inode, &type),
                     0);
    assert_int_equal(volume_open(&volume, inode, file), 0);
    return file;
}

static void file_close(struct volume_file *file)
{
    volume_close(file);
    free(file);
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
            overwrite_add(event, e, offset,
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
        promise_add(event, &model);
    } else {
        do_any();
        if (volume.journal.sequence != sequence)
            promise_add(event, &before);
    }
    assert_false(volume.failed);
    model_free(&before);
}

static void workload(uint64_t seed)
{
    chance = seed * 1000003;
    promise_count = overwrite_count = 0;
    image_make((unsigned)seed);
    mount(false);
    /* Let every other log run over its end. */
    if (seed & 4)
        volume.journal.head = volume.journal.length - 40;
    for (operation = 0; operation == 0 || operation < OPERATIONS; operation++) {
        if (!operation)
            promise_add(0, &model);
        one_operation();
    }
    if (held)
        file_close(held);
    held = NULL;
    unmount();
}

static void workload_free(void)
{
    for (unsigned i = 0; i < promise_count; i++)
        model_free(&promises[i].state);
    model_free(&model);
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

/* --- cuts --- */

/* e2fsck repairs it (0 or 1), and is then content. */
static bool repaired(const uint8_t *image, uint64_t bytes)
{
    int status;

    disk_model_save(image, bytes, image_path);
    status = run("e2fsck -fy %s", image_path);
    if (status != 0 && status != 1 << 8)
        return false;
    return run("e2fsck -fn %s", image_path) == 0;
}

static bool mounts_as_promised(size_t cut, bool read_only, bool loud)
{
    bool good;

    mount(read_only);
    good = find_all() == 0 && agrees(cut, false);
    if (!good && loud)
        agrees(cut, true);
    if (good && !read_only)
        good = commit_and_rest(&volume) == 0;
    unmount();
    return good;
}

/* All checks of one cut. Null, or which failed. */
static const char *cut_check(uint8_t *image, size_t cut, uint64_t bytes,
                             bool loud)
{
    cuts_made++;
    if (!repaired(image, bytes))
        return "e2fsck does not repair it";
    disk_model_load(image_path);
    if (!mounts_as_promised(cut, true, loud))
        return "e2fsck's repair lost what was promised";
    disk_model_set(image, bytes);
    if (!mounts_as_promised(cut, false, loud))
        return "our replay lost what was promised";
    disk_model_save(disk_model.image, bytes, image_path);
    if (run("e2fsck -fn %s", image_path))
        return "our replay left something wrong";
    return NULL;
}

/* Cuts of the workload that has run; stops at the first that fails. */
static const char *cuts(uint64_t seed, unsigned count, bool loud)
{
    struct disk_model recorded = disk_model;
    uint8_t *image = malloc(recorded.bytes);
    const char *failed = NULL;
    uint64_t state = seed;
    bool all = count > recorded.count;

    if (all)
        count = (unsigned)recorded.count + 1;
    for (unsigned i = 0; i < count && !failed; i++) {
        size_t cut = all ? i : disk_model_random(&state) % (recorded.count + 1);

        disk_model = recorded;
        disk_model_cut(cut, &state, image);
        disk_model = (struct disk_model){.fail_at = SIZE_MAX};
        failed = cut_check(image, cut, recorded.bytes, loud);
        disk_model_free();
        if (failed && loud) {
            print_error("SEED=%llu, cut at event %zu of %zu: %s\n",
                        (unsigned long long)seed, cut, recorded.count, failed);
            log_show();
        }
    }
    disk_model = recorded;
    free(image);
    return failed;
}

static const char *one_seed(uint64_t seed, unsigned count, bool loud)
{
    const char *failed;

    workload(seed);
    failed = cuts(seed, count, loud);
    workload_free();
    disk_model_free();
    return failed;
}

static unsigned long setting(const char *name, unsigned long preset)
{
    const char *value = getenv(name);

    return value ? strtoul(value, NULL, 10) : preset;
}

static void test_no_cut_breaks_a_promise(void **state)
{
    unsigned long only = setting("SEED", 0);
    unsigned long from = only ? only : setting("FROM", 1);
    unsigned long seeds = only ? 1 : setting("SEEDS", 50);

    (void)state;
    for (unsigned long i = 0; i < seeds; i++)
        assert_null(one_seed(from + i, only ? 1u << 20 : CUTS, true));
    print_message("%lu seeds, %lu cuts\n", seeds, cuts_made);
}

/* The flush that orders the log before its commit block, and the one that
 * makes the commit block durable: without either some cut must show. */
static void without_flush(int phase)
{
    const char *failed = NULL;

    for (uint64_t seed = 1; seed <= 30 && !failed; seed++) {
        disk_model.ignore_flush = 2;
        disk_model.ignore_phase = phase;
        failed = one_seed(seed, 40, false);
    }
    assert_non_null(failed);
    print_message("%s\n", failed);
}

static void test_without_the_ordering_flush_it_breaks(void **state)
{
    (void)state;
    without_flush(0);
}

static void test_without_the_final_flush_it_breaks(void **state)
{
    (void)state;
    without_flush(1);
}

static int setup(void **state)
{
    const char *where = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";

    (void)state;
    snprintf(directory, sizeof(directory), "%s/cordon-XXXXXX", where);
    if (!mkdtemp(directory))
        return -1;
    snprintf(image_path, sizeof(image_path), "%s/image", directory);
    snprintf(log_path, sizeof(log_path), "%s/log", directory);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(image_path);
    unlink(log_path);
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_cut_breaks_a_promise),
        cmocka_unit_test(test_without_the_ordering_flush_it_breaks),
        cmocka_unit_test(test_without_the_final_flush_it_breaks),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

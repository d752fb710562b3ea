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
 * links: tests/unit/power_cut/image.c tests/unit/power_cut/promise.c
 * links: tests/unit/power_cut/workload.c
 * links: tests/model/disk_model.c tests/model/files_model.c
 * links: servers/fs/cache.c servers/fs/cache_write.c servers/fs/disk.c
 * links: servers/fs/change.c servers/fs/journal.c servers/fs/journal_replay.c
 * links: servers/fs/commit.c servers/fs/orphan.c servers/fs/path.c
 * links: servers/fs/place.c servers/fs/tree.c servers/fs/volume.c
 * links: servers/fs/volume_file.c
 * links: servers/fs/volume_io.c servers/fs/volume_mount.c
 * links: servers/fs/volume_write.c
 * libs: -lext2fs -lcom_err
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/power_cut/power_cut.h"

#define CUTS 4u

static unsigned long cuts_made;

static bool mounts_as_promised(size_t cut, bool read_only, bool loud)
{
    bool good;

    mount(read_only);
    good = promise_held(cut, loud);
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
    if (!image_repaired(image, bytes))
        return "e2fsck does not repair it";
    image_load();
    if (!mounts_as_promised(cut, true, loud))
        return "e2fsck's repair lost what was promised";
    disk_model_set(image, bytes);
    if (!mounts_as_promised(cut, false, loud))
        return "our replay lost what was promised";
    if (!image_clean(disk_model.image, bytes))
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
    promises_forget();
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
    (void)state;
    return scratch_make();
}

static int teardown(void **state)
{
    (void)state;
    return scratch_remove();
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

/*
 * The order of a commit's writes and flushes, the rules about freed blocks, and
 * journals that are not what they should be (servers/fs/commit.c, journal.c).
 *
 * links: tests/model/disk_model.c
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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "servers/fs/commit.h"
#include "servers/fs/journal_format.h"
#include "tests/model/disk_model.h"

static char image_path[64];
static struct disk disk;
static struct volume volume;
static char message[FILES_STATUS_MAX + 1];

static int mount(void)
{
    memset(&disk, 0, sizeof(disk));
    assert_int_equal(disk_open(&disk, "disk", 0), 0);
    return volume_mount(&volume, &disk, 0, disk.bytes, message);
}

static void unmount(void)
{
    volume_unmount(&volume);
    disk_close(&disk);
}

static int setup(void **state)
{
    char command[300];
    int file;

    (void)state;
    snprintf(image_path, sizeof(image_path), "/tmp/cordon-XXXXXX");
    file = mkstemp(image_path);
    if (file < 0)
        return -1;
    close(file);
    snprintf(command, sizeof(command),
             "PATH=$PATH:/usr/sbin:/sbin mke2fs -q -F -t ext4 -b 1024 -N 200 "
             "-J size=1 -O ^resize_inode -E lazy_itable_init=0,nodiscard %s "
             "8192 > /dev/null 2>&1",
             image_path);
    if (system(command))
        return -1;
    disk_model_load(image_path);
    unlink(image_path);
    if (mount() || !volume.writable)
        return -1;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unmount();
    disk_model_free();
    return 0;
}

static struct path path_of(const char *text)
{
    return (struct path){text, strlen(text)};
}

static void file_put(const char *path, const char *text)
{
    struct volume_file file;
    ext2_ino_t inode;
    unsigned type;

    if (volume_walk(&volume, path, strlen(path), 0, &inode, &type))
        assert_int_equal(tree_create(&volume, path_of(path), 0644, &inode), 0);
    assert_int_equal(volume_open(&volume, inode, &file), 0);
    assert_int_equal(volume_write(&volume, &file, 0, text, strlen(text)), 0);
    volume_close(&file);
}

static blk64_t first_block(const char *path)
{
    ext2_ino_t inode;
    unsigned type;
    blk64_t block = 0;

    assert_int_equal(volume_walk(&volume, path, strlen(path), 0, &inode, &type),
                     0);
    assert_int_equal(
        ext2fs_bmap2(volume.fs, inode, NULL, NULL, 0, 0, NULL, &block), 0);
    return block;
}

/* --- order --- */

static bool in_journal(const struct disk_event *e)
{
    for (unsigned i = 0; i < volume.journal.run_count; i++) {
        uint64_t start = volume.journal.runs[i].physical * 1024;

        if (e->offset >= start &&
            e->offset < start + volume.journal.runs[i].blocks * 1024ull)
            return true;
    }
    return false;
}

static bool holds(const struct disk_event *e, const char *text)
{
    return !e->flush && e->bytes >= strlen(text) &&
           !memcmp(e->data, text, strlen(text));
}

static uint32_t kind_of(const struct disk_event *e)
{
    return journal_get(e->data) == JOURNAL_MAGIC
               ? journal_get(e->data + JOURNAL_TYPE)
               : 0;
}

/* The number of flushes before the one event that `is` picks. */
static int epoch_of(bool (*is)(const struct disk_event *e))
{
    int flushes = 0, found = -1;

    for (size_t i = 0; i < disk_model.count; i++) {
        const struct disk_event *e = &disk_model.events[i];

        if (e->flush) {
            flushes++;
        } else if (is(e)) {
            assert_true(found < 0 || found == flushes);
            found = flushes;
        }
    }
    assert_true(found >= 0);
    return found;
}

static bool is_data(const struct disk_event *e)
{
    return !in_journal(e) && holds(e, "some data");
}

static bool is_log(const struct disk_event *e)
{
    return in_journal(e) && kind_of(e) != JOURNAL_COMMIT &&
           kind_of(e) != JOURNAL_SUPERBLOCK_V2;
}

static bool is_commit(const struct disk_event *e)
{
    return in_journal(e) && kind_of(e) == JOURNAL_COMMIT;
}

static bool is_log_start(const struct disk_event *e)
{
    return in_journal(e) && kind_of(e) == JOURNAL_SUPERBLOCK_V2;
}

static bool is_metadata(const struct disk_event *e)
{
    return !in_journal(e) && !holds(e, "some data") && e->offset != 1024;
}

static void test_the_order_of_a_commit(void **state)
{
    (void)state;
    file_put("/f", "some data");
    assert_int_equal(disk_model.count, 0);
    assert_int_equal(commit(&volume), 0);
    assert_int_equal(disk_model.flushes, 2);
    assert_int_equal(epoch_of(is_data), 0);
    assert_int_equal(epoch_of(is_log), 0);
    assert_int_equal(epoch_of(is_commit), 1);
    assert_int_equal(epoch_of(is_log_start), 1);
    assert_int_equal(epoch_of(is_metadata), 2);
    /* Nothing to do costs nothing. */
    assert_int_equal(commit(&volume), 0);
    assert_int_equal(disk_model.flushes, 2);
}

static void test_rest_leaves_a_clean_disk(void **state)
{
    struct ext2_super_block *super;

    (void)state;
    file_put("/f", "some data");
    assert_int_equal(commit(&volume), 0);
    super = (void *)(disk_model.image + 1024);
    assert_true(super->s_feature_incompat & EXT3_FEATURE_INCOMPAT_RECOVER);
    assert_int_equal(commit_and_rest(&volume), 0);
    assert_false(super->s_feature_incompat & EXT3_FEATURE_INCOMPAT_RECOVER);
    assert_true(disk_model.events[disk_model.count - 1].flush);
    assert_int_equal(volume.journal.start, 0);
}

/* --- freed blocks --- */

static void test_freed_blocks_wait_for_the_commit(void **state)
{
    blk64_t old;

    (void)state;
    file_put("/f", "some data");
    assert_int_equal(commit(&volume), 0);
    old = first_block("/f");
    assert_int_equal(tree_remove(&volume, path_of("/f")), 0);
    file_put("/f", "other data");
    assert_int_not_equal(first_block("/f"), old);
    assert_int_equal(volume.pinned_count, 1);
    assert_int_equal(commit(&volume), 0);
    assert_int_equal(volume.pinned_count, 0);
    assert_false(ext2fs_test_block_bitmap2(volume.taken, old));
}

/* A directory made and removed in one change is not in the log. */
static void test_what_was_freed_is_not_logged(void **state)
{
    blk64_t block;

    (void)state;
    assert_int_equal(tree_mkdir(&volume, path_of("/d"), 0755), 0);
    block = first_block("/d");
    assert_non_null(change_find(&volume.change, block));
    assert_int_equal(tree_rmdir(&volume, path_of("/d")), 0);
    assert_null(change_find(&volume.change, block));
    assert_int_equal(commit(&volume), 0);
    for (size_t i = 0; i < disk_model.count; i++)
        assert_int_not_equal(disk_model.events[i].offset, block * 1024);
}

/* An open file outlives its name; then it is gone. */
static void test_an_orphan_is_freed_at_the_last_close(void **state)
{
    struct volume_file file;
    uint64_t before = ext2fs_free_blocks_count(volume.fs->super);
    ext2_ino_t inode;
    unsigned type;

    (void)state;
    file_put("/f", "some data");
    assert_int_equal(volume_walk(&volume, "/f", 2, 0, &inode, &type), 0);
    assert_int_equal(volume_open(&volume, inode, &file), 0);
    assert_int_equal(tree_remove(&volume, path_of("/f")), 0);
    assert_int_equal(volume.fs->super->s_last_orphan, inode);
    volume_close(&file);
    assert_int_equal(volume.fs->super->s_last_orphan, 0);
    assert_int_equal(ext2fs_free_blocks_count(volume.fs->super), before);
    assert_false(ext2fs_test_inode_bitmap2(volume.fs->inode_map, inode));
}

/* The power goes while it is open: the next mount frees it. */
static void test_an_orphan_is_freed_at_the_next_mount(void **state)
{
    struct volume_file file;
    ext2_ino_t inode;
    unsigned type;
    uint64_t free_before = volume.fs->super->s_free_inodes_count;

    (void)state;
    file_put("/f", "some data");
    assert_int_equal(volume_walk(&volume, "/f", 2, 0, &inode, &type), 0);
    assert_int_equal(volume_open(&volume, inode, &file), 0);
    assert_int_equal(tree_remove(&volume, path_of("/f")), 0);
    assert_int_equal(commit(&volume), 0);
    volume.failed = true; /* the power is off */
    volume_close(&file);
    unmount();
    assert_int_equal(mount(), 0);
    assert_non_null(strstr(message, "replayed"));
    assert_int_equal(volume.fs->super->s_last_orphan, 0);
    assert_int_equal(volume.fs->super->s_free_inodes_count, free_before);
}

/* --- failures --- */

static void test_a_failed_write_fails_the_volume(void **state)
{
    (void)state;
    file_put("/f", "some data");
    assert_int_equal(commit(&volume), 0);
    file_put("/g", "other data");
    disk_model.fail_at = disk_model.count + 1;
    assert_int_equal(commit(&volume), FILES_ERR_IO);
    assert_true(volume.failed);
    assert_int_equal(tree_remove(&volume, path_of("/f")), FILES_ERR_IO);
    disk_model.fail_at = SIZE_MAX;
    unmount();
    assert_int_equal(mount(), 0);
    assert_true(volume.writable);
    assert_int_not_equal(first_block("/f"), 0);
    assert_int_equal(tree_remove(&volume, path_of("/g")), FILES_ERR_NOT_FOUND);
}

/* Whatever the log holds, a mount ends, and writes within the file system. */
static void test_a_journal_of_rubbish(void **state)
{
    uint64_t chance = 7, journal, start;
    uint8_t *good;

    (void)state;
    file_put("/f", "some data");
    assert_int_equal(commit(&volume), 0);
    journal = volume.journal.runs[0].physical * 1024;
    start = journal + 1024ull * volume.journal.start;
    unmount();
    good = malloc(disk_model.bytes);
    assert_non_null(good);
    memcpy(good, disk_model.image, disk_model.bytes);
    for (unsigned round = 0; round < 300; round++) {
        disk_model_set(good, disk_model.bytes);
        for (unsigned i = 0; i < 1 + round % 30; i++) {
            uint64_t at = disk_model_random(&chance);

            /* Mostly headers and tags. */
            at = round & 1 ? journal + at % 256 : start + at % 200;
            disk_model.image[at] = (uint8_t)disk_model_random(&chance);
        }
        if (mount() == 0)
            assert_true(volume.journal.length <= 1024 || !volume.writable);
        for (size_t i = 0; i < disk_model.count; i++)
            assert_true(disk_model.events[i].flush ||
                        disk_model.events[i].offset +
                                disk_model.events[i].bytes <=
                            8192 * 1024);
        unmount();
    }
    disk_model_set(good, disk_model.bytes);
    free(good);
    assert_int_equal(mount(), 0);
}

/* --- change.c --- */

static void test_a_change_has_a_bound(void **state)
{
    static struct change change;
    uint8_t block[16] = {1};

    (void)state;
    change_init(&change, sizeof(block), 100);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(change_has_room(&change), i < 50);
        assert_int_equal(change_put(&change, i * 512ull, block), 0);
    }
    assert_int_equal(change_put(&change, 1, block), -1);
    block[0] = 2;
    assert_int_equal(change_put(&change, 512, block), 0); /* it is there */
    assert_int_equal(change_find(&change, 512)[0], 2);
    change_forget(&change, 512);
    change_forget(&change, 7);
    assert_null(change_find(&change, 512));
    assert_int_equal(change_count(&change), 99);
    assert_int_equal(change_put(&change, 512, block), 0);
    assert_int_equal(change_count(&change), 100);
    change_clear(&change);
    assert_null(change_find(&change, 0));
    assert_int_equal(change_count(&change), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_the_order_of_a_commit),
        TEST(test_rest_leaves_a_clean_disk),
        TEST(test_freed_blocks_wait_for_the_commit),
        TEST(test_what_was_freed_is_not_logged),
        TEST(test_an_orphan_is_freed_at_the_last_close),
        TEST(test_an_orphan_is_freed_at_the_next_mount),
        TEST(test_a_failed_write_fails_the_volume),
        TEST(test_a_journal_of_rubbish),
        cmocka_unit_test(test_a_change_has_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

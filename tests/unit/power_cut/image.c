/*
 * The image of a file system: made by mke2fs, judged by e2fsck, mounted by the
 * file server's own code.
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

#include "tests/unit/power_cut/power_cut.h"

static char directory[64], image_path[96], log_path[96];

struct disk disk;
struct volume volume;

int scratch_make(void)
{
    const char *where = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";

    snprintf(directory, sizeof(directory), "%s/cordon-XXXXXX", where);
    if (!mkdtemp(directory))
        return -1;
    snprintf(image_path, sizeof(image_path), "%s/image", directory);
    snprintf(log_path, sizeof(log_path), "%s/log", directory);
    return 0;
}

int scratch_remove(void)
{
    unlink(image_path);
    unlink(log_path);
    return rmdir(directory);
}

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

void log_show(void)
{
    char line[200];
    FILE *f = fopen(log_path, "r");

    while (f && fgets(line, sizeof(line), f))
        print_error("    %s", line);
    if (f)
        fclose(f);
}

void image_make(unsigned number)
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

void mount(bool read_only)
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

void unmount(void)
{
    volume_unmount(&volume);
    disk_close(&disk);
}

bool image_clean(const uint8_t *image, uint64_t bytes)
{
    disk_model_save(image, bytes, image_path);
    return run("e2fsck -fn %s", image_path) == 0;
}

bool image_repaired(const uint8_t *image, uint64_t bytes)
{
    int status;

    disk_model_save(image, bytes, image_path);
    status = run("e2fsck -fy %s", image_path);
    if (status != 0 && status != 1 << 8)
        return false;
    return run("e2fsck -fn %s", image_path) == 0;
}

void image_load(void)
{
    disk_model_load(image_path);
}

struct volume_file *file_open(const char *path)
{
    struct volume_file *file = calloc(1, sizeof(*file));
    ext2_ino_t inode;
    unsigned type;

    assert_int_equal(volume_walk(&volume, path, strlen(path), 0, &inode, &type),
                     0);
    assert_int_equal(volume_open(&volume, inode, file), 0);
    return file;
}

void file_close(struct volume_file *file)
{
    volume_close(file);
    free(file);
}

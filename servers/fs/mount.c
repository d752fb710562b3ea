/*
 * Disk, partition, file system: each step fails in its own way (see mount.h).
 */
#include "mount.h"

#include <cordon/cordon.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "servers/fs/clients.h"
#include "servers/fs/commit.h"
#include "servers/fs/gpt.h"

#define RETRY_AFTER  (3 * NS_PER_S)
#define COMMIT_AFTER (5 * NS_PER_S)

static const char *service = "disk";
static uint32_t disk_number;
static struct gpt_select selection;
static int whole_disk;

static struct disk disk;
static struct volume volume;
static int mounted;
static int may_retry;       /* the failure may be gone another time */
static uint64_t retry_time; /* not before */
static int error = FILES_ERR_NO_DISK;
static char text[FILES_STATUS_MAX + 1] = "not mounted yet";

int mount_arguments(int argc, char **argv)
{
    may_retry = 1;
    for (int i = 1; i < argc; i++) {
        int known = gpt_select_parse(&selection, argv[i]);

        if (known < 0) {
            printf("fs: argument %s: malformed value\n", argv[i]);
            return -1;
        }
        if (known)
            continue;
        if (!strncmp(argv[i], "service=", 8)) {
            service = argv[i] + 8;
        } else if (!strncmp(argv[i], "disk=", 5)) {
            disk_number = (uint32_t)strtoul(argv[i] + 5, NULL, 10);
        } else if (!strcmp(argv[i], "whole")) {
            whole_disk = 1;
        } else {
            printf("fs: argument %s: not known\n", argv[i]);
            return -1;
        }
    }
    return 0;
}

static int failed(int code, int retry)
{
    error = code;
    may_retry = retry;
    printf("fs: %s\n", text);
    return code;
}

static int read_block(void *context, uint64_t lba, void *to)
{
    (void)context;
    return disk_read(&disk, lba * disk.block_bytes, to, disk.block_bytes);
}

/* Where the file system lies on the open disk. */
static int partition_find(uint64_t *offset, uint64_t *bytes)
{
    struct gpt_disk table = {read_block, NULL, disk.bytes / disk.block_bytes,
                             disk.block_bytes};
    struct gpt_partition p;
    char message[GPT_MESSAGE_BYTES];
    enum gpt_result result;

    if (whole_disk) {
        *offset = 0;
        *bytes = disk.bytes;
        return FILES_OK;
    }
    result = gpt_find(&table, &selection, &p, message);
    if (result != GPT_OK) {
        snprintf(text, sizeof(text), "%s: %s%s%s", service, message,
                 disk.last_error ? ": " : "",
                 disk.last_error ? block_error_text(disk.last_error) : "");
        return failed(disk.last_error ? FILES_ERR_IO : FILES_ERR_CORRUPT,
                      disk.last_error != 0);
    }
    if (message[0])
        printf("fs: %s: %s\n", service, message);
    *offset = p.first * disk.block_bytes;
    *bytes = (p.last - p.first + 1) * disk.block_bytes;
    return FILES_OK;
}

static void mounted_text(const char *message)
{
    struct files_statfs statfs;
    char label[sizeof(statfs.label) + 1];

    volume_statfs(&volume, &statfs);
    snprintf(label, sizeof(label), "%.*s", (int)sizeof(statfs.label),
             statfs.label);
    snprintf(text, sizeof(text), "%s%s%s on %s (%s), %llu MiB, %s%s%.100s",
             statfs.type, label[0] ? " " : "", label, service,
             block_info(disk.device)->model,
             (unsigned long long)(volume.bytes >> 20),
             volume.writable ? "writable" : "read-only", message[0] ? "; " : "",
             message);
    if (message[0])
        printf("fs: %s: %s\n", service, message);
}

static int try_mount(void)
{
    char message[FILES_STATUS_MAX + 1];
    uint64_t offset, bytes;
    int status = disk_open(&disk, service, disk_number);

    if (status) {
        snprintf(text, sizeof(text), "%s: %s", service,
                 block_error_text(status));
        return failed(FILES_ERR_NO_DISK, 1);
    }
    disk.last_error = 0;
    status = partition_find(&offset, &bytes);
    if (status)
        return status;
    status = volume_mount(&volume, &disk, offset, bytes, message);
    if (status) {
        snprintf(text, sizeof(text), "%s: %.200s", service, message);
        return failed(status, disk.last_error != 0);
    }
    mounted_text(message);
    error = FILES_OK;
    return FILES_OK;
}

/* A write has failed: what the last commit had is what there is. */
static void drop_failed(void)
{
    snprintf(text, sizeof(text),
             "%s: writing failed (%s): back to what was last synced", service,
             disk.last_error ? block_error_text(disk.last_error)
                             : "damaged or too large a change");
    failed(FILES_ERR_IO, 1);
    clients_close_all();
    volume_unmount(&volume);
    disk_close(&disk);
    mounted = 0;
    retry_time = clock_after(RETRY_AFTER);
}

struct volume *mount_get(void)
{
    if (mounted && volume.failed)
        drop_failed();
    if (mounted)
        return &volume;
    if (!may_retry || clock_now() < retry_time)
        return NULL;
    mounted = try_mount() == FILES_OK;
    if (!mounted)
        disk_close(&disk);
    retry_time = clock_after(RETRY_AFTER);
    return mounted ? &volume : NULL;
}

int mount_error(void)
{
    return error;
}

const char *mount_text(void)
{
    return text;
}

static cap_t timer_events;
static bool timer_set;

void mount_timer(cap_t events)
{
    timer_events = events;
}

void mount_after_request(void)
{
    if (timer_set || !timer_events || !mounted ||
        !(volume.marked || commit_is_needed(&volume)))
        return;
    timer_set =
        notification_timer(timer_events, clock_after(COMMIT_AFTER), 0, 1)
            .status == OK;
}

void mount_event(void)
{
    timer_set = false;
    if (mounted && volume.writable)
        commit_and_rest(&volume);
}

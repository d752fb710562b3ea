/*
 * A virtio block device (VIRTIO 1.2, 5.2). The block service in front of it
 * (clients, ring entries, calls, events) is the NVMe driver's, object for
 * object: disk.c and recovery.c take the place of that driver's core, behind
 * the same functions (drivers/nvme/request.h), with one virtqueue for a
 * controller.
 */
#pragma once

#include "drivers/nvme/request.h"
#include "drivers/virtio/queue.h"
#include "drivers/virtio/transport.h"

/* clang-format off */
#define BLK_F_RO        (1ull << 5)  /* 5.2.3 */
#define BLK_F_BLK_SIZE  (1ull << 6)
#define BLK_F_FLUSH     (1ull << 9)
#define BLK_WANTED (BLK_F_RO | BLK_F_BLK_SIZE | BLK_F_FLUSH)

#define CONFIG_CAPACITY 0u  /* 5.2.4: in sectors of 512 bytes */
#define CONFIG_BLK_SIZE 20u

#define BLK_READ        0u  /* 5.2.6 */
#define BLK_WRITE       1u
#define BLK_FLUSH       4u
#define BLK_OK          0u  /* the status byte */
#define BLK_IO_ERROR    1u
#define BLK_NO_ANSWER   0xffu
/* clang-format on */

struct disk_header { /* 5.2.6: what the device reads first */
    uint32_t type, reserved;
    uint64_t sector;
};

#define SLOTS                64u /* commands in flight, three descriptors each */
#define SLOT_DESCRIPTORS     3u
#define SLOT_STRIDE          32u /* header at 0, status at 16 */
#define SLOT_STATUS          16u
#define QUEUE_ENTRIES_WANTED 256u

struct disk_slot {
    struct nvme_request *request; /* NULL: free */
    uint64_t issued;              /* ns */
};

struct disk {
    struct virtio_device virtio;
    struct virtqueue queue;
    struct dma_memory ring, headers;
    uint32_t entries;
    uint32_t in_flight;
    struct disk_slot slots[SLOTS];
    uint32_t free[SLOTS];   /* a stack: from in_flight on, free slots */
    struct nvme_list limbo; /* were in flight when the device broke */
};

extern struct disk the_disk;

/* Brings the device up; NULL, or why not. Fills in namespace and identity. */
const char *disk_start(struct disk *disk, struct nvme_controller *c,
                       struct driver *kit);

/* Resets it and sets it up as before; what was in flight goes to limbo. */
void disk_restart(struct disk *disk, struct nvme_controller *c);

/* What is in limbo runs again, unless it has had its chances. */
void disk_limbo_end(struct disk *disk, struct nvme_controller *c);

/*
 * When things go wrong: a DMA that was blocked, a device that broke or does not
 * answer. Every request ends with an answer.
 */
#include <cordon/cordon.h>
#include <stdio.h>

#include "drivers/virtio-blk/disk.h"

#define MODEL         "virtio-blk"
#define FAULT_RETRIES 16u /* faults of others that a request outlives */

static const char *queue_start(struct disk *disk, struct driver *kit)
{
    const char *why = NULL;

    if (!virtio_reset(&disk->virtio))
        return "the reset did not end";
    why = virtio_negotiate(&disk->virtio, BLK_WANTED);
    if (why != NULL)
        return why;
    if (disk->entries == 0) {
        disk->entries = virtio_queue_size(&disk->virtio, 0);
        if (disk->entries > QUEUE_ENTRIES_WANTED)
            disk->entries = QUEUE_ENTRIES_WANTED;
        if (disk->entries < SLOTS * SLOT_DESCRIPTORS ||
            (disk->entries & (disk->entries - 1)) != 0)
            return "its queue is too small (256 entries are wanted)";
        if (dma_alloc(kit, virtqueue_bytes(disk->entries), &disk->ring) != OK ||
            dma_alloc(kit, SLOTS * SLOT_STRIDE, &disk->headers) != OK)
            return "too little `dma:` (64 KiB will do)";
    }
    virtqueue_place(&disk->queue, disk->ring.memory.address, disk->ring.iova,
                    disk->entries);
    virtio_config_vector(&disk->virtio, 0);
    disk->queue.doorbell = virtio_queue_enable(
        &disk->virtio, 0, disk->entries, disk->queue.descriptors_iova,
        disk->queue.avail_iova, disk->queue.used_iova, 0);
    if (disk->queue.doorbell == NULL)
        return "it took no queue or no vector";
    disk->in_flight = 0;
    for (uint32_t i = 0; i < SLOTS; i++)
        disk->free[i] = i;
    virtqueue_listen(&disk->queue); /* interrupts stay on */
    virtio_ready(&disk->virtio);
    return NULL;
}

/* 5.2.4: what the device says of itself, taken with care. */
static const char *describe(struct disk *disk, struct nvme_controller *c)
{
    struct nvme_namespace *ns = &c->namespaces[0];
    mmio_t config = disk->virtio.config;
    uint64_t sectors = mmio_read32(config, CONFIG_CAPACITY) |
                       (uint64_t)mmio_read32(config, CONFIG_CAPACITY + 4) << 32;
    uint32_t bytes = disk->virtio.features & BLK_F_BLK_SIZE
                         ? mmio_read32(config, CONFIG_BLK_SIZE)
                         : 512;

    if (bytes < 512 || bytes > NVME_PAGE || (bytes & (bytes - 1)) != 0)
        return "its block size is not 512 to 4096 bytes";
    ns->nsid = 1;
    ns->block_bits = (uint32_t)__builtin_ctz(bytes);
    ns->blocks = sectors >> (ns->block_bits - 9);
    if (ns->blocks == 0 || sectors >> 55 != 0)
        return "its size cannot be";
    ns->read_only = (disk->virtio.features & BLK_F_RO) != 0;
    c->namespace_count = 1;
    c->queue_count = 1;
    c->identity = (struct nvme_identity){
        .model = MODEL,
        .max_transfer = NVME_TRANSFER_MAX,
        .write_cache = (disk->virtio.features & BLK_F_FLUSH) != 0,
    };
    return NULL;
}

const char *disk_start(struct disk *disk, struct nvme_controller *c,
                       struct driver *kit)
{
    const char *why = virtio_open(&disk->virtio, kit);

    if (why == NULL)
        why = queue_start(disk, kit);
    if (why == NULL)
        why = describe(disk, c);
    if (why == NULL)
        c->state = NVME_READY;
    return why;
}

/* What a command in flight had moved is not known: its request starts again. */
static void flight_end(struct disk *disk, struct nvme_controller *c)
{
    for (uint32_t i = 0; i < SLOTS; i++) {
        struct nvme_request *r = disk->slots[i].request;

        disk->slots[i].request = NULL;
        if (r == NULL || --r->commands != 0)
            continue;
        r->again = true;
        if (r->listed) /* part of it had not been issued: it is the first */
            list_take(&c->queues[0].waiting);
        r->listed = false;
        list_append(&disk->limbo, r);
    }
}

void disk_restart(struct disk *disk, struct nvme_controller *c)
{
    const char *why;

    c->resets++;
    if (!virtio_reset(&disk->virtio))
        c->state = NVME_FAILED; /* R4: its memory stays lent until it is gone */
    flight_end(disk, c);
    why = c->state == NVME_READY ? queue_start(disk, disk->virtio.kit)
                                 : "the reset did not end";
    if (why == NULL)
        return;
    c->state = NVME_FAILED;
    snprintf(c->error, sizeof(c->error), "%s", why);
    disk_limbo_end(disk, c);
    while (c->queues[0].waiting.first != NULL)
        list_append(&disk->limbo, list_take(&c->queues[0].waiting));
    disk_limbo_end(disk, c);
}

void disk_limbo_end(struct disk *disk, struct nvme_controller *c)
{
    struct nvme_list limbo = disk->limbo;
    struct nvme_request *r;

    disk->limbo = (struct nvme_list){NULL, NULL};
    while ((r = list_take(&limbo)) != NULL) {
        r->listed = false;
        if (c->state != NVME_READY)
            r->status = BLOCK_E_DEVICE;
        else if (r->retries++ >= REQUEST_RETRIES)
            r->status = BLOCK_E_RESET;
        request_settle(c, r);
    }
}

/* Those whose pages were blocked fail; the others run again. Nothing that ended
 * at the same time is believed. */
void request_fault(struct nvme_controller *c,
                   bool (*guilty)(const struct nvme_request *, void *),
                   void (*blame)(const struct nvme_request *, void *),
                   void *context)
{
    struct disk *disk = &the_disk;
    struct nvme_list lists[2] = {disk->limbo, c->done};
    struct nvme_request *r;

    for (uint32_t i = 0; i < SLOTS; i++)
        if (disk->slots[i].request != NULL)
            disk->slots[i].request->again = true;
    disk->limbo = c->done = (struct nvme_list){NULL, NULL};
    for (unsigned i = 0; i < 2; i++)
        while ((r = list_take(&lists[i])) != NULL) {
            if (guilty(r, context)) {
                r->status = BLOCK_E_FAULT;
                blame(r, context);
            } else if (r->retries++ >= FAULT_RETRIES) {
                r->status = BLOCK_E_FAULT;
            }
            r->again = r->status == BLOCK_OK;
            request_settle(c, r);
        }
}

/* A disk may be slow, but not silent: reset it when none of its commands has
 * come back for COMMAND_TIMEOUT. */
void request_check(struct nvme_controller *c)
{
    struct disk *disk = &the_disk;
    uint64_t youngest = 0;

    for (uint32_t i = 0; i < SLOTS; i++)
        if (disk->slots[i].request != NULL && disk->slots[i].issued > youngest)
            youngest = disk->slots[i].issued;
    if (disk->in_flight != 0 && c->state == NVME_READY &&
        clock_now() - youngest > COMMAND_TIMEOUT)
        disk_restart(disk, c);
    if (disk->limbo.first != NULL)
        disk_limbo_end(disk, c);
    request_advance(c, 0);
}

void controller_shutdown(struct nvme_controller *c)
{
    virtio_reset(&the_disk.virtio);
    c->state = NVME_FAILED;
}

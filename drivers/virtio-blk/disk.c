/* Requests as commands on the virtqueue, and back (VIRTIO 1.2, 5.2.6). */
#include "drivers/virtio-blk/disk.h"

#include <cordon/cordon.h>

struct disk the_disk;

static volatile uint8_t *status_of(const struct disk *disk, uint32_t slot)
{
    return (uint8_t *)disk->headers.memory.address + slot * SLOT_STRIDE +
           SLOT_STATUS;
}

/* Runs a request from its start that is nowhere else. */
static void request_again(struct nvme_controller *c, struct nvme_request *r)
{
    r->again = false;
    r->issued = 0;
    r->listed = true;
    list_append(&c->queues[0].waiting, r);
}

void request_settle(struct nvme_controller *c, struct nvme_request *r)
{
    if (r->commands != 0 || r->listed)
        return;
    if (r->again && r->status == BLOCK_OK && c->state == NVME_READY)
        request_again(c, r);
    else
        list_append(&c->done, r);
}

void request_submit(struct nvme_controller *c, struct nvme_request *r)
{
    r->issued = r->detail = 0;
    r->commands = 0;
    r->retries = 0;
    r->status = c->state == NVME_READY ? BLOCK_OK : BLOCK_E_DEVICE;
    r->again = r->suspect = false;
    r->listed = r->status == BLOCK_OK;
    list_append(r->listed ? &c->queues[0].waiting : &c->done, r);
}

/* Header, data, status: the data is one descriptor, since a lent buffer is
 * contiguous for the device. */
static void command_issue(struct disk *disk, const struct nvme_controller *c,
                          struct nvme_request *r)
{
    static const uint32_t types[] = {
        [NVM_READ] = BLK_READ,
        [NVM_WRITE] = BLK_WRITE,
        [NVM_FLUSH] = BLK_FLUSH,
    };
    uint32_t slot = disk->free[disk->in_flight++];
    uint32_t head = slot * SLOT_DESCRIPTORS, bits = r->ns->block_bits;
    uint32_t blocks = r->blocks - r->issued, last = 1;
    uint64_t at = disk->headers.iova.v + slot * SLOT_STRIDE;
    struct disk_header *header =
        (void *)((uint8_t *)disk->headers.memory.address + slot * SLOT_STRIDE);

    if (blocks > c->identity.max_transfer >> bits)
        blocks = c->identity.max_transfer >> bits;
    *header = (struct disk_header){
        .type = types[r->opcode],
        .sector = (r->lba + r->issued) << (bits - 9),
    };
    *status_of(disk, slot) = BLK_NO_ANSWER;
    virtqueue_fill(&disk->queue, head, 0, at, sizeof(*header), false, true);
    if (blocks != 0)
        virtqueue_fill(&disk->queue, head, last++,
                       r->data.v + ((uint64_t)r->issued << bits),
                       blocks << bits, r->opcode == NVM_READ, true);
    virtqueue_fill(&disk->queue, head, last, at + SLOT_STATUS, 1, true, false);
    virtqueue_give(&disk->queue, head, last + 1, slot);
    disk->slots[slot] = (struct disk_slot){r, clock_now()};
    r->issued += blocks;
    r->commands++;
}

void request_advance(struct nvme_controller *c, uint32_t queue)
{
    struct disk *disk = &the_disk;
    struct nvme_request *r;

    (void)queue;
    while (c->state == NVME_READY && disk->in_flight < SLOTS &&
           (r = c->queues[0].waiting.first) != NULL) {
        command_issue(disk, c, r);
        if (r->issued == r->blocks) {
            list_take(&c->queues[0].waiting);
            r->listed = false;
        }
    }
    virtqueue_kick(&disk->queue);
}

static void command_end(struct disk *disk, struct nvme_controller *c,
                        uint32_t slot)
{
    struct nvme_request *r = disk->slots[slot].request;
    uint8_t status = *status_of(disk, slot);

    disk->slots[slot].request = NULL;
    disk->free[--disk->in_flight] = slot;
    r->commands--;
    if (status != BLK_OK && r->status == BLOCK_OK)
        r->status = status == BLK_IO_ERROR ? BLOCK_E_MEDIA : BLOCK_E_DEVICE;
    request_settle(c, r);
}

uint32_t request_complete(struct nvme_controller *c, uint32_t queue)
{
    struct disk *disk = &the_disk;
    uint32_t count = 0, head, bytes;

    (void)queue;
    if (disk->limbo.first != NULL)
        disk_limbo_end(disk, c); /* nobody was found guilty */
    while (virtqueue_take_any(&disk->queue, &head, &bytes)) {
        uint32_t slot = head / SLOT_DESCRIPTORS;

        if (head % SLOT_DESCRIPTORS != 0 || slot >= SLOTS ||
            disk->slots[slot].request == NULL) {
            disk->queue.lied = true;
            break;
        }
        command_end(disk, c, slot);
        count++;
    }
    /* A blocked DMA breaks QEMU's device. The caller looks for faults when
     * something has ended, and so finds out whose it was. */
    if (disk->queue.lied || (count == 0 && disk->in_flight != 0 &&
                             virtio_needs_reset(&disk->virtio))) {
        disk_restart(disk, c);
        count++;
    }
    return count;
}

bool request_pending(const struct nvme_controller *c)
{
    return the_disk.in_flight != 0 || c->queues[0].waiting.first != NULL ||
           the_disk.limbo.first != NULL;
}

/* Checking a client's request. */
#include "drivers/nvme/entry.h"

#define DATA_ALIGNMENT 4u /* of PRPs: dwords (NVMe 4.3) */

static bool range_is_good(const struct nvme_request *r)
{
    return r->blocks != 0 && r->lba < r->ns->blocks &&
           r->blocks <= r->ns->blocks - r->lba;
}

/* Does the data lie in a buffer that the device may use in this way? */
static bool data_is_good(const struct nvme_request *r, uint64_t offset,
                         const struct entry_buffer *buffer)
{
    uint64_t bytes = (uint64_t)r->blocks << r->ns->block_bits;

    return offset % DATA_ALIGNMENT == 0 && bytes <= buffer->bytes &&
           offset <= buffer->bytes - bytes &&
           (r->opcode == NVM_WRITE || buffer->device_writes);
}

/* What is written into the request counts only if everything is good. */
enum block_status entry_check(const struct block_entry *e,
                              const struct entry_bounds *bounds,
                              struct nvme_request *r)
{
    if (e->disk >= bounds->disk_count)
        return BLOCK_E_REQUEST;
    r->ns = &bounds->disks[e->disk];
    r->tag = e->tag;
    r->lba = e->lba;
    r->blocks = e->blocks;
    r->buffer = e->buffer;
    r->opcode = NVM_READ;
    if (e->operation != BLOCK_READ) {
        if (e->operation != BLOCK_WRITE && e->operation != BLOCK_FLUSH)
            return BLOCK_E_REQUEST;
        if (bounds->read_only || r->ns->read_only)
            return BLOCK_E_READ_ONLY;
        r->opcode = NVM_WRITE;
    }
    if (e->operation == BLOCK_FLUSH) {
        r->opcode = NVM_FLUSH;
        r->lba = r->blocks = 0;
        r->buffer = BLOCK_MAX_BUFFERS;
        return BLOCK_OK;
    }
    if (!range_is_good(r))
        return BLOCK_E_RANGE;
    if (e->buffer >= BLOCK_MAX_BUFFERS ||
        !data_is_good(r, e->offset, &bounds->buffers[e->buffer]))
        return BLOCK_E_BUFFER;
    r->data.v = bounds->buffers[e->buffer].iova.v + e->offset;
    return BLOCK_OK;
}

/* Checking a client's request. */
#include "drivers/nvme/entry.h"

#define DATA_ALIGNMENT 4u /* of PRPs: dwords (NVMe 4.3) */

static enum block_status check_range(const struct block_entry *e,
                                     const struct nvme_namespace *ns)
{
    if (e->blocks == 0 || e->lba >= ns->blocks ||
        e->blocks > ns->blocks - e->lba)
        return BLOCK_E_RANGE;
    return BLOCK_OK;
}

static enum block_status check_buffer(const struct block_entry *e,
                                      const struct nvme_namespace *ns,
                                      const struct entry_bounds *bounds)
{
    uint64_t bytes = (uint64_t)e->blocks << ns->block_bits;
    const struct entry_buffer *buffer;

    if (e->buffer >= BLOCK_MAX_BUFFERS)
        return BLOCK_E_BUFFER;
    buffer = &bounds->buffers[e->buffer];
    if (e->offset % DATA_ALIGNMENT != 0 || bytes > buffer->bytes ||
        e->offset > buffer->bytes - bytes)
        return BLOCK_E_BUFFER;
    if (e->operation == BLOCK_READ && !buffer->device_writes)
        return BLOCK_E_BUFFER;
    return BLOCK_OK;
}

enum block_status entry_check(const struct block_entry *e,
                              const struct entry_bounds *bounds,
                              struct nvme_request *request)
{
    const struct nvme_namespace *ns = &bounds->disks[e->disk];
    enum block_status status;

    if (e->operation < BLOCK_READ || e->operation > BLOCK_FLUSH ||
        e->disk >= bounds->disk_count)
        return BLOCK_E_REQUEST;
    if (e->operation != BLOCK_READ && (bounds->read_only || ns->read_only))
        return BLOCK_E_READ_ONLY;
    request->ns = ns;
    request->tag = e->tag;
    if (e->operation == BLOCK_FLUSH) {
        request->opcode = NVM_FLUSH;
        request->lba = request->blocks = 0;
        request->buffer = BLOCK_MAX_BUFFERS;
        return BLOCK_OK;
    }
    status = check_range(e, ns);
    if (status == BLOCK_OK)
        status = check_buffer(e, ns, bounds);
    if (status != BLOCK_OK)
        return status;
    request->opcode = e->operation == BLOCK_READ ? NVM_READ : NVM_WRITE;
    request->lba = e->lba;
    request->blocks = e->blocks;
    request->buffer = e->buffer;
    request->data.v = bounds->buffers[e->buffer].iova.v + e->offset;
    return BLOCK_OK;
}

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
                                      uint32_t block_bits,
                                      const struct entry_bounds *bounds)
{
    uint64_t bytes = (uint64_t)e->blocks << block_bits;
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

static enum block_status check_right(const struct block_entry *e,
                                     const struct nvme_namespace *ns,
                                     const struct entry_bounds *bounds)
{
    if (e->operation != BLOCK_READ && (bounds->read_only || ns->read_only))
        return BLOCK_E_READ_ONLY;
    return BLOCK_OK;
}

static enum block_status check_all(const struct block_entry *e,
                                   const struct entry_bounds *bounds)
{
    const struct nvme_namespace *ns;
    enum block_status status;

    if (e->operation < BLOCK_READ || e->operation > BLOCK_FLUSH ||
        e->disk >= bounds->disk_count)
        return BLOCK_E_REQUEST;
    ns = &bounds->disks[e->disk];
    status = check_right(e, ns, bounds);
    if (status != BLOCK_OK || e->operation == BLOCK_FLUSH)
        return status;
    status = check_range(e, ns);
    if (status != BLOCK_OK)
        return status;
    return check_buffer(e, ns->block_bits, bounds);
}

enum block_status entry_check(const struct block_entry *e,
                              const struct entry_bounds *bounds,
                              struct nvme_request *request)
{
    static const uint8_t opcodes[] = {
        [BLOCK_READ] = NVM_READ,
        [BLOCK_WRITE] = NVM_WRITE,
        [BLOCK_FLUSH] = NVM_FLUSH,
    };
    enum block_status status = check_all(e, bounds);

    request->tag = e->tag;
    if (status != BLOCK_OK)
        return status;
    request->ns = &bounds->disks[e->disk];
    request->opcode = opcodes[e->operation];
    request->lba = e->lba;
    request->blocks = e->blocks;
    request->buffer = e->buffer;
    request->data = (iova_t){0};
    if (e->operation == BLOCK_FLUSH) {
        request->lba = request->blocks = 0;
        request->buffer = BLOCK_MAX_BUFFERS;
    } else {
        request->data.v = bounds->buffers[e->buffer].iova.v + e->offset;
    }
    return BLOCK_OK;
}

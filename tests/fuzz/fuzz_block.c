/*
 * Fuzz what the block service believes without having made it: the entry that
 * a client put on its ring, and the identify data that a controller gave. What
 * is accepted lies within the disk and within the lent buffer.
 *
 * links: drivers/nvme/entry.c drivers/nvme/identify.c
 */
#include <stdlib.h>
#include <string.h>

#include "drivers/nvme/entry.h"
#include "drivers/nvme/identify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_identify(const uint8_t *data, size_t size)
{
    uint8_t page[NVME_DATA_BYTES] = {0};
    struct nvme_identity identity;
    struct nvme_namespace ns;
    uint32_t nsids[NVME_NAMESPACES];

    /* The interesting fields are near the start or at 512. */
    memcpy(page, data, size < 256 ? size : 256);
    if (size > 256)
        memcpy(page + 512, data + 256, size - 256 < 64 ? size - 256 : 64);
    identify_controller(page, &identity);
    if (identity.max_transfer < NVME_PAGE ||
        identity.max_transfer > NVME_TRANSFER_MAX ||
        strlen(identity.model) > 40)
        abort();
    if (!identify_namespace(page, 1, &ns) &&
        (ns.block_bits < 9 || ns.block_bits > 12 || ns.blocks == 0))
        abort();
    if (identify_list(page, nsids, NVME_NAMESPACES) > NVME_NAMESPACES)
        abort();
}

static void fuzz_entry(const uint8_t *data, bool read_only)
{
    static const struct nvme_namespace disk = {1, 12, 1000, false};
    const struct entry_bounds bounds = {
        &disk, 1, read_only, {[3] = {1 << 20, {1 << 20}, true}}};
    struct nvme_request r;
    struct block_entry e;

    memcpy(&e, data, sizeof(e));
    if (entry_check(&e, &bounds, &r) != BLOCK_OK || r.opcode == NVM_FLUSH)
        return;
    if (r.lba + r.blocks > 1000 || r.data.v < 1 << 20 ||
        r.data.v + ((uint64_t)r.blocks << 12) > 2 << 20)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_identify(data, size);
    if (size >= sizeof(struct block_entry))
        fuzz_entry(data, data[size - 1] & 1);
    return 0;
}

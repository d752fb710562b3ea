/*
 * Reading identify data. A controller may be broken or hostile: nothing in its
 * answer is believed before it is checked, and text is made printable.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/nvme/spec.h"

/* The largest command that we send, whatever the controller allows. */
#define NVME_TRANSFER_MAX (512u << 10)

struct nvme_identity {
    char model[41], serial[21]; /* NUL-terminated, printable, trimmed */
    uint32_t max_transfer;      /* bytes: from MDTS and NVME_TRANSFER_MAX */
    bool write_cache;
};

struct nvme_namespace {
    uint32_t nsid;
    uint32_t block_bits; /* log2 of the block size: 9 to 12 */
    uint64_t blocks;
    bool read_only;
};

/*
 * Parse 4 KiB of Identify Controller data (NVMe 5.15.2.2). Returns NULL, or
 * why the controller cannot be used.
 */
const char *identify_controller(const uint8_t *data, struct nvme_identity *out);

/* Parse Identify Namespace data (NVMe 5.15.2.1). Returns NULL or why not. */
const char *identify_namespace(const uint8_t *data, uint32_t nsid,
                               struct nvme_namespace *out);

/*
 * Parse an Active Namespace ID list (NVMe 5.15.2.3): ascending, ended by 0.
 * Returns how many of at most `max` it wrote.
 */
size_t identify_list(const uint8_t *data, uint32_t *nsids, size_t max);

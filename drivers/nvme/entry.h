/*
 * Checking what a client wrote into its request ring, before anything is done
 * with it. The client may be hostile: every field is checked against what it
 * lent and what the disk is. Plain C, tested and fuzzed on the host.
 */
#pragma once

#include "drivers/nvme/request.h"

/* A lent buffer, as far as requests are concerned. */
struct entry_buffer {
    uint64_t bytes; /* 0: nothing lent under this number */
    iova_t iova;
    bool device_writes; /* the client lent it writable */
};

/* What a client's requests are checked against. */
struct entry_bounds {
    const struct nvme_namespace *disks;
    uint32_t disk_count;
    bool read_only; /* the client, by policy */
    struct entry_buffer buffers[BLOCK_MAX_BUFFERS];
};

/*
 * Check `entry`, which the caller copied out of shared memory. BLOCK_OK: the
 * request is filled in down to `opcode`, with buffer (BLOCK_MAX_BUFFERS: it has
 * no data) and tag. Otherwise the status for the client.
 */
enum block_status entry_check(const struct block_entry *entry,
                              const struct entry_bounds *bounds,
                              struct nvme_request *request);

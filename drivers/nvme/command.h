/*
 * Building commands: pure functions from what is wanted to the 64 bytes of a
 * submission queue entry, PRP list included. Tested field by field on the
 * host (tests/unit/test_nvme_command.c).
 */
#pragma once

#include <cordon/types.h>

#include "drivers/nvme/spec.h"

/* PRP entries of one list: a part of a request is at most this many pages. */
#define PRP_LIST_ENTRIES 128u

/* Where a part's data lies, for the device. */
struct nvme_data {
    iova_t address; /* a multiple of 4 */
    uint32_t bytes;
};

/* Pages that the data touches: 0 for no data. */
uint32_t prp_pages(struct nvme_data data);

/*
 * Fill in prp1 and prp2 (NVMe 4.3). Beyond two pages prp2 is the list's IOVA
 * and the entries go to `list`. Data touches at most PRP_LIST_ENTRIES + 1
 * pages; the list does not cross a page.
 */
void prp_build(struct nvme_command *command, struct nvme_data data,
               uint64_t *list, iova_t list_iova);

/* Read or write (NVMe 6.9, 6.15); 1 to 65536 blocks. PRPs are not set. */
void command_transfer(struct nvme_command *command, uint8_t opcode,
                      uint32_t nsid, uint64_t lba, uint32_t blocks);
void command_flush(struct nvme_command *command, uint32_t nsid); /* 6.8 */

/* Admin commands (NVMe 5.15, 5.21.1.7, 5.3, 5.4, 5.1). */
void command_identify(struct nvme_command *command, uint8_t cns, uint32_t nsid,
                      iova_t data);
void command_set_queues(struct nvme_command *command, uint32_t pairs);
void command_create_cq(struct nvme_command *command, uint16_t id,
                       uint32_t entries, iova_t ring, uint16_t vector);
void command_create_sq(struct nvme_command *command, uint16_t id,
                       uint32_t entries, iova_t ring, uint16_t cq);
void command_abort(struct nvme_command *command, uint16_t sq, uint16_t id);

/*
 * Building commands: pure functions from what is wanted to the 64 bytes of a
 * submission queue entry, PRP list included. Every function sets the whole
 * entry but the command identifier, which the queue assigns. What every
 * transfer needs is inline. Tests: tests/unit/test_nvme_command.c.
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

/* Pages that the data touches; there is at least a byte. */
static inline uint32_t prp_pages(struct nvme_data data)
{
    uint32_t in_page = (uint32_t)(data.address.v % NVME_PAGE);

    return (in_page + data.bytes - 1) / NVME_PAGE + 1;
}

/* Fill in prp1 and prp2 (NVMe 4.3) for data that touches one or two pages; the
 * rest of the command is there, with zeros for them. */
static inline void prp_pair(struct nvme_command *command, struct nvme_data data)
{
    command->prp1 = data.address.v; /* the only one that may have an offset */
    if (data.address.v % NVME_PAGE + data.bytes > NVME_PAGE)
        command->prp2 = (data.address.v | (NVME_PAGE - 1)) + 1;
}

/* Write the PRP list of all pages but the first. */
void prp_list(struct nvme_data data, uint64_t *list);

/*
 * The same for any data. Beyond two pages prp2 is the list's IOVA and the
 * entries go to `list`. Data touches at most PRP_LIST_ENTRIES + 1 pages; the
 * list does not cross a page.
 */
static inline void prp_build(struct nvme_command *command,
                             struct nvme_data data, uint64_t *list,
                             iova_t list_iova)
{
    prp_pair(command, data);
    if (prp_pages(data) <= 2)
        return;
    command->prp2 = list_iova.v;
    prp_list(data, list);
}

/* Read or write (NVMe 6.9, 6.15); 1 to 65536 blocks. PRPs are zero. */
static inline void command_transfer(struct nvme_command *command,
                                    uint8_t opcode, uint32_t nsid, uint64_t lba,
                                    uint32_t blocks)
{
    *command = (struct nvme_command){
        .opcode = opcode,
        .nsid = nsid,
        .dw10 = (uint32_t)lba,
        .dw11 = (uint32_t)(lba >> 32),
        .dw12 = blocks - 1, /* 0's based */
    };
}

static inline void command_flush(struct nvme_command *command, uint32_t nsid)
{
    *command = (struct nvme_command){.opcode = NVM_FLUSH, .nsid = nsid};
}

/* Admin commands (NVMe 5.15, 5.21.1.7, 5.3, 5.4, 5.1). */
void command_identify(struct nvme_command *command, uint8_t cns, uint32_t nsid,
                      iova_t data);
void command_set_queues(struct nvme_command *command, uint32_t pairs);
void command_create_cq(struct nvme_command *command, uint16_t id,
                       uint32_t entries, iova_t ring, uint16_t vector);
void command_create_sq(struct nvme_command *command, uint16_t id,
                       uint32_t entries, iova_t ring, uint16_t cq);
void command_abort(struct nvme_command *command, uint16_t sq, uint16_t id);

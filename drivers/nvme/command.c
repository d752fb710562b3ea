/*
 * Building commands. Every function sets the whole entry but the command
 * identifier, which the queue assigns. links: none; pure.
 */
#include "drivers/nvme/command.h"

static void command_begin(struct nvme_command *command, uint8_t opcode,
                          uint32_t nsid)
{
    *command = (struct nvme_command){.opcode = opcode, .nsid = nsid};
}

uint32_t prp_pages(struct nvme_data data)
{
    uint32_t in_page = (uint32_t)(data.address.v % NVME_PAGE);

    if (data.bytes == 0)
        return 0;
    return (in_page + data.bytes + NVME_PAGE - 1) / NVME_PAGE;
}

void prp_build(struct nvme_command *command, struct nvme_data data,
               uint64_t *list, iova_t list_iova)
{
    uint32_t pages = prp_pages(data);
    uint64_t page = data.address.v & ~(uint64_t)(NVME_PAGE - 1);

    /* Only the first entry may have an offset (NVMe 4.3). */
    command->prp1 = data.address.v;
    command->prp2 = 0;
    if (pages == 2)
        command->prp2 = page + NVME_PAGE;
    if (pages <= 2)
        return;
    for (uint32_t i = 1; i < pages; i++)
        list[i - 1] = page + (uint64_t)i * NVME_PAGE;
    command->prp2 = list_iova.v;
}

void command_transfer(struct nvme_command *command, uint8_t opcode,
                      uint32_t nsid, uint64_t lba, uint32_t blocks)
{
    command_begin(command, opcode, nsid);
    command->dw10 = (uint32_t)lba;
    command->dw11 = (uint32_t)(lba >> 32);
    command->dw12 = blocks - 1; /* 0's based */
}

void command_flush(struct nvme_command *command, uint32_t nsid)
{
    command_begin(command, NVM_FLUSH, nsid);
}

void command_identify(struct nvme_command *command, uint8_t cns, uint32_t nsid,
                      iova_t data)
{
    command_begin(command, ADMIN_IDENTIFY, nsid);
    command->prp1 = data.v;
    command->dw10 = cns;
}

void command_set_queues(struct nvme_command *command, uint32_t pairs)
{
    command_begin(command, ADMIN_SET_FEATURES, 0);
    command->dw10 = FEATURE_QUEUES;
    command->dw11 = (pairs - 1) << 16 | (pairs - 1);
}

void command_create_cq(struct nvme_command *command, uint16_t id,
                       uint32_t entries, iova_t ring, uint16_t vector)
{
    command_begin(command, ADMIN_CREATE_CQ, 0);
    command->prp1 = ring.v;
    command->dw10 = (entries - 1) << 16 | id;
    command->dw11 =
        (uint32_t)vector << 16 | QUEUE_INTERRUPTS | QUEUE_CONTIGUOUS;
}

void command_create_sq(struct nvme_command *command, uint16_t id,
                       uint32_t entries, iova_t ring, uint16_t cq)
{
    command_begin(command, ADMIN_CREATE_SQ, 0);
    command->prp1 = ring.v;
    command->dw10 = (entries - 1) << 16 | id;
    command->dw11 = (uint32_t)cq << 16 | QUEUE_CONTIGUOUS;
}

void command_abort(struct nvme_command *command, uint16_t sq, uint16_t id)
{
    command_begin(command, ADMIN_ABORT, 0);
    command->dw10 = (uint32_t)id << 16 | sq;
}

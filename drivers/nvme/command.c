/* Building what not every command needs. */
#include "drivers/nvme/command.h"

static void command_begin(struct nvme_command *command, uint8_t opcode,
                          uint32_t nsid)
{
    *command = (struct nvme_command){.opcode = opcode, .nsid = nsid};
}

void prp_list(struct nvme_data data, uint64_t *list)
{
    uint64_t page = (data.address.v | (NVME_PAGE - 1)) + 1;

    for (uint64_t end = data.address.v + data.bytes; page < end;
         page += NVME_PAGE)
        *list++ = page;
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

/* Issuing and completing requests: the path that every transfer takes. */
#include "drivers/nvme/request.h"

void list_append(struct nvme_list *list, struct nvme_request *request)
{
    request->next = NULL;
    if (list->last)
        list->last->next = request;
    else
        list->first = request;
    list->last = request;
}

struct nvme_request *list_take(struct nvme_list *list)
{
    struct nvme_request *request = list->first;

    if (request) {
        list->first = request->next;
        if (!list->first)
            list->last = NULL;
    }
    return request;
}

static uint64_t time_now(const struct nvme_controller *c)
{
    return c->platform->now(c->platform->context);
}

/* Suspects go to the front: the others wait until they are through. */
static void request_wait(struct nvme_controller *c, struct nvme_request *r)
{
    struct nvme_list *waiting = &c->waiting[r->queue];

    r->listed = true;
    if (!r->suspect || !waiting->first) {
        list_append(waiting, r);
        return;
    }
    r->next = waiting->first;
    waiting->first = r;
}

void request_submit(struct nvme_controller *c, struct nvme_request *r)
{
    r->issued = r->detail = r->commands = 0;
    r->status = BLOCK_OK;
    r->retries = 0;
    r->again = r->listed = r->suspect = false;
    if (c->state == NVME_READY) {
        request_wait(c, r);
        return;
    }
    r->status = c->state == NVME_GONE ? BLOCK_E_GONE : BLOCK_E_DEVICE;
    list_append(&c->done, r);
}

/* The next command of a request into slot `slot`: as many blocks as one
 * command may move. */
static void request_issue(struct nvme_controller *c, struct nvme_queue *queue,
                          uint16_t slot, struct nvme_request *r, uint64_t now)
{
    struct nvme_command *command = queue_next(queue);
    uint32_t bits = r->ns->block_bits;
    uint32_t blocks = r->blocks - r->issued;
    struct nvme_data data;

    if (r->opcode == NVM_FLUSH) {
        command_flush(command, r->ns->nsid);
    } else {
        if (blocks > c->identity.max_transfer >> bits)
            blocks = c->identity.max_transfer >> bits;
        data.address.v = r->data.v + ((uint64_t)r->issued << bits);
        data.bytes = blocks << bits;
        command_transfer(command, r->opcode, r->ns->nsid, r->lba + r->issued,
                         blocks);
        prp_build(command, data, queue_list(queue, slot),
                  queue_list_iova(queue, slot));
    }
    r->issued += blocks;
    r->commands++;
    queue->slots[slot].request = r;
    queue->slots[slot].deadline = now + COMMAND_TIMEOUT;
    queue_push(queue, slot);
}

/* What a command's status means to the client (NVMe 4.6.1.2). */
static uint8_t status_meaning(uint16_t status)
{
    if (STATUS_SCT(status) == SCT_MEDIA)
        return BLOCK_E_MEDIA;
    if (STATUS_SCT(status) != SCT_GENERIC)
        return BLOCK_E_DEVICE;
    switch (STATUS_SC(status)) {
    case SC_LBA_RANGE:
        return BLOCK_E_RANGE;
    case SC_WRITE_PROTECTED:
        return BLOCK_E_READ_ONLY;
    case SC_DATA_TRANSFER:
        return BLOCK_E_FAULT;
    case SC_ABORT_REQUESTED:
    case SC_ABORTED_SQ:
        return BLOCK_E_TIMEOUT;
    default:
        return BLOCK_E_DEVICE;
    }
}

void request_settle(struct nvme_controller *c, struct nvme_request *r)
{
    if (r->commands != 0 || r->listed)
        return;
    if (r->again && r->status == BLOCK_OK) {
        r->again = false;
        r->issued = 0;
        request_wait(c, r);
    } else {
        list_append(&c->done, r);
    }
}

/* While there are suspects, one of them is in flight at a time, alone. */
static bool request_may_go(const struct nvme_controller *c,
                           const struct nvme_request *r)
{
    uint32_t in_flight = 0;

    if (c->suspects == 0)
        return true;
    for (uint32_t i = 0; i < c->queue_count; i++)
        in_flight += c->queues[i].in_flight;
    return r->suspect && in_flight == r->commands && !c->done.first;
}

/* Issue commands of the first waiting request. False: it must wait. */
static bool request_advance(struct nvme_controller *c, uint32_t index,
                            uint64_t now)
{
    struct nvme_queue *queue = &c->queues[index];
    struct nvme_request *r = c->waiting[index].first;

    /* One that has failed, or must start over, issues no more. */
    while (r->status == BLOCK_OK && !r->again) {
        uint16_t slot = QUEUE_NO_SLOT;

        if (request_may_go(c, r))
            slot = queue_slot_take(queue);
        if (slot == QUEUE_NO_SLOT)
            return false;
        request_issue(c, queue, slot, r, now);
        if (r->issued >= r->blocks)
            break;
    }
    list_take(&c->waiting[index]);
    r->listed = false;
    request_settle(c, r);
    return true;
}

void request_pump(struct nvme_controller *c, uint32_t index)
{
    uint64_t now;

    if (!c->waiting[index].first || c->state != NVME_READY)
        return;
    now = time_now(c);
    while (c->waiting[index].first && request_advance(c, index, now))
        ;
    queue_ring(&c->queues[index], c->platform);
}

static void request_command_done(struct nvme_controller *c,
                                 struct nvme_request *r, uint16_t status)
{
    r->commands--;
    if ((status & ~STATUS_PHASE) != 0 && r->status == BLOCK_OK) {
        r->status = status_meaning(status);
        r->detail = STATUS_SCT(status) << 8 | STATUS_SC(status);
    }
    request_settle(c, r);
}

uint32_t request_complete(struct nvme_controller *c, uint32_t index)
{
    struct nvme_queue *queue = &c->queues[index];
    struct nvme_completion done;
    uint32_t count = 0;

    /* At most one lap, whatever the device writes (R9 in spirit). */
    while (count < queue->entries && queue_poll(queue, &done)) {
        struct nvme_request *r = NULL;

        count++;
        if (done.id < queue->entries - 1u)
            r = queue->slots[done.id].request;
        if (!r) {
            c->strays++; /* the device made it up: nothing to answer */
            continue;
        }
        queue_slot_free(queue, done.id);
        request_command_done(c, r, done.status);
    }
    queue->completed += count;
    queue_ack(queue, c->platform);
    return count;
}

struct nvme_request *request_take(struct nvme_controller *c)
{
    struct nvme_request *r = list_take(&c->done);

    if (r && r->suspect) {
        r->suspect = false;
        c->suspects--;
    }
    return r;
}

bool request_pending(const struct nvme_controller *c)
{
    for (uint32_t i = 0; i < c->queue_count; i++)
        if (c->queues[i].in_flight != 0 || c->waiting[i].first)
            return true;
    return false;
}

/* Issuing and completing requests: the path that every transfer takes. */
#include "drivers/nvme/request.h"

/* Suspects go to the front: the others wait until they are through. */
static void request_wait(struct nvme_controller *c, struct nvme_request *r)
{
    struct nvme_list *waiting = &c->queues[r->queue].waiting;

    r->listed = true;
    if (!r->suspect || !waiting->first) {
        list_append(waiting, r);
        return;
    }
    r->next = waiting->first;
    waiting->first = r;
}

static void request_put_off(struct nvme_controller *c, struct nvme_request *r)
{
    if (c->state == NVME_READY) {
        request_wait(c, r);
        return;
    }
    r->status = c->state == NVME_GONE ? BLOCK_E_GONE : BLOCK_E_DEVICE;
    list_append(&c->done, r);
}

/* Command `command`, filled in, moves `blocks` more of a request. */
static inline void request_issued(struct nvme_queue *queue,
                                  struct nvme_command *command, uint32_t slot,
                                  struct nvme_request *r, uint32_t blocks)
{
    r->issued += blocks;
    r->commands++;
    queue->slots[slot].request = r;
    queue_push(queue, command, slot);
}

/* The next command of a request: as many blocks as one command may move. */
static void request_issue(struct nvme_controller *c, struct nvme_queue *queue,
                          struct nvme_request *r)
{
    struct nvme_command *command = queue_next(queue);
    uint32_t slot = queue_slot_take(queue);
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
    request_issued(queue, command, slot, r, blocks);
}

/* Most requests are no larger than a page: one command, at most two PRPs. */
static inline bool request_is_small(const struct nvme_request *r)
{
    return ((uint64_t)r->blocks << r->ns->block_bits) - 1 < NVME_PAGE;
}

/* Out of line, as the rest here that every request goes through, so that the
 * compiler counts from `queue` and not from the controller. */
static __attribute__((noinline)) void
request_issue_small(struct nvme_queue *queue, struct nvme_request *r)
{
    struct nvme_command *command = queue_next(queue);

    command_transfer(command, r->opcode, r->ns->nsid, r->lba, r->blocks);
    prp_pair(command,
             (struct nvme_data){r->data, r->blocks << r->ns->block_bits});
    request_issued(queue, command, queue_slot_take(queue), r, r->blocks);
}

void request_submit(struct nvme_controller *c, struct nvme_request *r)
{
    struct nvme_queue *queue = &c->queues[r->queue];

    r->issued = r->detail = r->commands = 0;
    r->retries = 0;
    r->status = BLOCK_OK;
    r->listed = r->again = r->suspect = false;
    if (c->state == NVME_READY && !queue->waiting.first && c->suspects == 0 &&
        !queue_full(queue) && request_is_small(r))
        request_issue_small(queue, r);
    else
        request_put_off(c, r);
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
static bool first_advance(struct nvme_controller *c, uint32_t index)
{
    struct nvme_queue *queue = &c->queues[index];
    struct nvme_request *r = c->queues[index].waiting.first;

    /* One that has failed, or must start over, issues no more. */
    while (r->status == BLOCK_OK && !r->again) {
        if (queue_full(queue) || !request_may_go(c, r))
            return false;
        request_issue(c, queue, r);
        if (r->issued >= r->blocks)
            break;
    }
    list_take(&c->queues[index].waiting);
    r->listed = false;
    request_settle(c, r);
    return true;
}

void request_advance(struct nvme_controller *c, uint32_t index)
{
    while (c->state == NVME_READY && c->queues[index].waiting.first &&
           first_advance(c, index))
        ;
}

static void request_command_done(struct nvme_controller *c,
                                 struct nvme_request *r, uint16_t status)
{
    r->commands--;
    if ((status & ~STATUS_PHASE) != 0 && r->status == BLOCK_OK) {
        r->status = status_meaning(status);
        r->detail = STATUS_SCT(status) << 8 | STATUS_SC(status);
    }
    if (r->commands == 0 && !r->listed && !r->again)
        list_append(&c->done, r);
    else
        request_settle(c, r);
}

static __attribute__((noinline)) uint32_t
completions_take(struct nvme_controller *c, struct nvme_queue *queue)
{
    struct queue_done done;
    uint32_t count = 0;

    /* At most one lap, whatever the device writes (R9 in spirit). */
    for (; count < queue->entries && queue_poll(queue, &done); count++) {
        struct nvme_request *r = NULL;

        if (done.id < queue->entries - 1)
            r = queue->slots[done.id].request;
        if (!r) {
            c->strays++; /* the device made it up: nothing to answer */
            continue;
        }
        queue_slot_free(queue, done.id);
        request_command_done(c, r, (uint16_t)done.status);
    }
    return count;
}

uint32_t request_complete(struct nvme_controller *c, uint32_t index)
{
    struct nvme_queue *queue = &c->queues[index];
    uint32_t count = completions_take(c, queue);

    queue->completed += count;
    queue_ack(queue, c->platform);
    return count;
}

bool request_pending(const struct nvme_controller *c)
{
    for (uint32_t i = 0; i < c->queue_count; i++)
        if (c->queues[i].in_flight != 0 || c->queues[i].waiting.first)
            return true;
    return false;
}

/*
 * When things go wrong: a DMA that was blocked, a command that does not come
 * back, a controller that failed or left. Every request ends with an answer.
 */
#include "drivers/nvme/request.h"

/* Run it again, or fail with `status` if it has had its chances. */
static void request_retry(struct nvme_request *r, enum block_status status)
{
    if (r->status != BLOCK_OK || r->again)
        return;
    if (r->retries++ < REQUEST_RETRIES)
        r->again = true;
    else
        r->status = (uint8_t)status;
}

static void request_distrust(struct nvme_request *r, bool guilty)
{
    if (guilty)
        r->status = BLOCK_E_FAULT;
    else
        request_retry(r, BLOCK_E_FAULT);
}

void request_fault(struct nvme_controller *c,
                   bool (*guilty)(const struct nvme_request *, void *),
                   void *context)
{
    struct nvme_list done = c->done;
    struct nvme_request *r;

    for (uint32_t q = 0; q < c->queue_count; q++) {
        for (uint32_t i = 0; i < QUEUE_ENTRIES; i++) {
            r = c->queues[q].slots[i].request;
            if (r)
                request_distrust(r, guilty(r, context));
        }
        for (r = c->waiting[q].first; r; r = r->next)
            if (r->issued != 0)
                request_distrust(r, guilty(r, context));
    }
    c->done = (struct nvme_list){NULL, NULL};
    while ((r = list_take(&done)) != NULL) {
        request_distrust(r, guilty(r, context));
        request_settle(c, r);
    }
}

/* The controller forgets every command in flight: their requests run again,
 * or fail if they have had their chances. */
static void queue_abandon(struct nvme_controller *c, struct nvme_queue *queue)
{
    for (uint16_t i = 0; i + 1u < queue->entries; i++) {
        struct nvme_request *r = queue->slots[i].request;

        if (!r)
            continue;
        queue_slot_free(queue, i);
        r->commands--;
        request_retry(r, BLOCK_E_TIMEOUT);
        request_settle(c, r);
    }
}

/* The controller will not come back: everybody gets an answer. */
static void requests_fail(struct nvme_controller *c)
{
    enum block_status status =
        c->state == NVME_GONE ? BLOCK_E_GONE : BLOCK_E_DEVICE;

    for (uint32_t q = 0; q < c->queue_count; q++) {
        struct nvme_request *r;

        queue_abandon(c, &c->queues[q]);
        while ((r = list_take(&c->waiting[q])) != NULL) {
            r->listed = false;
            if (r->status == BLOCK_OK)
                r->status = (uint8_t)status;
            list_append(&c->done, r);
        }
    }
}

/* NVMe 7.3.2. Once CC.EN is 0 and RDY follows, no command is in progress and
 * no DMA of one: nobody is told before that, as `done` is taken afterwards. */
static void controller_recover(struct nvme_controller *c)
{
    for (uint32_t q = 0; q < c->queue_count; q++)
        queue_abandon(c, &c->queues[q]);
    if (!controller_restart(c))
        requests_fail(c);
}

static bool command_abort_late(struct nvme_controller *c,
                               struct nvme_queue *queue, uint16_t slot)
{
    struct nvme_command command;

    command_abort(&command, queue->id, slot);
    return controller_admin(c, &command, NULL) != ADMIN_NO_ANSWER;
}

/* False: a reset is needed. */
static bool queue_check(struct nvme_controller *c, struct nvme_queue *queue,
                        uint64_t now)
{
    for (uint16_t i = 0; i + 1u < queue->entries; i++) {
        struct nvme_slot *slot = &queue->slots[i];

        if (!slot->request || slot->deadline > now)
            continue;
        c->timeouts++;
        if (slot->aborting)
            return false;
        slot->aborting = true;
        slot->deadline = now + ABORT_TIMEOUT;
        if (!command_abort_late(c, queue, i))
            return false;
    }
    return true;
}

void request_check(struct nvme_controller *c)
{
    uint64_t now = c->platform->now(c->platform->context);
    bool reset = false;

    if (c->state == NVME_READY) {
        reset = !controller_alive(c);
        for (uint32_t q = 0; q < c->queue_count && !reset; q++)
            reset = !queue_check(c, &c->queues[q], now);
    }
    if (c->state == NVME_GONE)
        requests_fail(c);
    else if (reset)
        controller_recover(c);
}

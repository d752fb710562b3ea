/*
 * When things go wrong: a DMA that was blocked, a command that does not come
 * back, a controller that failed or left. Every request ends with an answer.
 */
#include "drivers/nvme/request.h"

/* What a blocked DMA means for the requests that it may have been of. */
struct verdict {
    struct nvme_controller *c;
    bool (*guilty)(const struct nvme_request *, void *);
    void (*blame)(const struct nvme_request *, void *);
    void *context;
    const struct nvme_request *only; /* the first one exposed */
    bool alone;                      /* there is no other */
};

/* Each request that has, or had until now, a command in flight; one with
 * several commands more than once. */
static void exposed_visit(struct verdict *v,
                          void (*visit)(struct verdict *,
                                        struct nvme_request *))
{
    struct nvme_controller *c = v->c;
    struct nvme_request *r;

    for (uint32_t q = 0; q < c->queue_count; q++) {
        for (uint32_t i = 0; i < QUEUE_ENTRIES; i++)
            if (c->queues[q].slots[i].request)
                visit(v, c->queues[q].slots[i].request);
        for (r = c->queues[q].waiting.first; r; r = r->next)
            if (r->issued != 0)
                visit(v, r);
    }
    for (r = c->done.first; r; r = r->next)
        visit(v, r);
}

static void exposed_count(struct verdict *v, struct nvme_request *r)
{
    if (!v->only)
        v->only = r;
    v->alone &= v->only == r;
}

static void exposed_judge(struct verdict *v, struct nvme_request *r)
{
    if (r->status != BLOCK_OK || r->again)
        return; /* is not believed anyway */
    if (v->alone || v->guilty(r, v->context)) {
        r->status = BLOCK_E_FAULT;
        v->blame(r, v->context);
        return;
    }
    r->again = true;
    if (!r->suspect)
        v->c->suspects++;
    r->suspect = true;
}

void request_fault(struct nvme_controller *c,
                   bool (*guilty)(const struct nvme_request *, void *),
                   void (*blame)(const struct nvme_request *, void *),
                   void *context)
{
    struct verdict v = {c, guilty, blame, context, NULL, true};
    struct nvme_list done;
    struct nvme_request *r;

    exposed_visit(&v, exposed_count);
    exposed_visit(&v, exposed_judge);
    done = c->done;
    c->done = (struct nvme_list){NULL, NULL};
    while ((r = list_take(&done)) != NULL)
        request_settle(c, r);
}

/* Run it again after a reset, or fail if it has had its chances. */
static void request_retry(struct nvme_request *r)
{
    if (r->status != BLOCK_OK || r->again)
        return;
    if (r->retries++ < REQUEST_RETRIES)
        r->again = true;
    else
        r->status = BLOCK_E_TIMEOUT;
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
        request_retry(r);
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
        while ((r = list_take(&c->queues[q].waiting)) != NULL) {
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

static bool command_late(const struct nvme_queue *queue,
                         const struct nvme_slot *slot, uint64_t now)
{
    if (slot->deadline > now)
        return false;
    return slot->aborting || queue->progress + COMMAND_TIMEOUT <= now ||
           slot->deadline + OVERTAKEN_LIMIT <= now;
}

/* False: a reset is needed. */
static bool queue_check(struct nvme_controller *c, struct nvme_queue *queue,
                        uint64_t now)
{
    if (queue->completed != queue->looked_at)
        queue->progress = now;
    queue->looked_at = queue->completed;
    for (uint16_t i = 0; i + 1u < queue->entries; i++) {
        struct nvme_slot *slot = &queue->slots[i];

        if (slot->request && slot->deadline == 0)
            slot->deadline = now + COMMAND_TIMEOUT;
        if (!slot->request || !command_late(queue, slot, now))
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

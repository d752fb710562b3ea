/*
 * Requests: a transfer of any size, cut into commands that the controller
 * takes (MDTS), issued as slots come free, and put together again.
 *
 * A completion is not believed at once. The device may have completed with
 * success although the IOMMU kept a page of the data from it, and only the
 * fault report tells. So finished requests gather in `done`; the owner first
 * asks for faults (request_fault), then takes them.
 */
#pragma once

#include <cordon/block.h>

#include "drivers/nvme/controller.h"

#define REQUEST_RETRIES 3u /* after resets */
/* A command is late when its queue has stood still for so long, or it has been
 * overtaken for so much longer: a disk may be slow and busy. In nanoseconds. */
#define COMMAND_TIMEOUT 5000000000ull
#define OVERTAKEN_LIMIT 25000000000ull
#define ABORT_TIMEOUT   1000000000ull /* ns more until the reset */

struct nvme_request {
    struct nvme_request *next;
    const struct nvme_namespace *ns;
    uint64_t lba;
    iova_t data;
    uint32_t blocks; /* in all */
    uint8_t opcode;  /* NVM_READ, NVM_WRITE, NVM_FLUSH */
    uint8_t queue;   /* I/O queue it uses, from 0 */

    uint32_t issued;   /* blocks in commands so far */
    uint32_t detail;   /* SCT << 8 | SC of the first failed command */
    uint16_t commands; /* in flight */
    uint8_t retries;
    uint8_t status; /* enum block_status */
    bool listed;    /* on a waiting list */
    bool again;     /* to be run again from its start when it has come back */
    bool suspect;   /* in flight when a DMA was blocked: runs again alone */

    void *owner; /* the service's: which client */
    uint32_t buffer;
    uint64_t tag;
};

static inline void list_append(struct nvme_list *list,
                               struct nvme_request *request)
{
    request->next = NULL;
    if (list->last)
        list->last->next = request;
    else
        list->first = request;
    list->last = request;
}

static inline struct nvme_request *list_take(struct nvme_list *list)
{
    struct nvme_request *request = list->first;

    if (request) {
        list->first = request->next;
        if (!list->first)
            list->last = NULL;
    }
    return request;
}

/* Queue a request that is filled in down to `queue`; the rest is set here. It
 * always comes back through `done`, at once if the controller is not ready.
 * The controller hears of it by request_pump(). */
void request_submit(struct nvme_controller *c, struct nvme_request *request);

/* A request without command in flight and on no list goes where it belongs: to
 * the waiting list again, or to `done`. For the core itself. */
void request_settle(struct nvme_controller *c, struct nvme_request *request);

/* Issue what waits, as far as slots go. */
void request_advance(struct nvme_controller *c, uint32_t queue);

/* The same, and tell the controller of all that was issued: one doorbell. */
static inline void request_pump(struct nvme_controller *c, uint32_t queue)
{
    if (c->queues[queue].waiting.first)
        request_advance(c, queue);
    if (c->state == NVME_READY)
        queue_ring(&c->queues[queue], c->platform);
}

/* Take completions, one doorbell for all. Returns how many. */
uint32_t request_complete(struct nvme_controller *c, uint32_t queue);

/*
 * A DMA was blocked: nothing in flight or in `done` is to be trusted. The
 * requests for which `guilty` says true fail with BLOCK_E_FAULT. The others are
 * suspects: they run again one at a time, and one that was alone when a fault
 * came is guilty, whatever `guilty` says. `blame` is told of each guilty one.
 */
void request_fault(struct nvme_controller *c,
                   bool (*guilty)(const struct nvme_request *, void *),
                   void (*blame)(const struct nvme_request *, void *),
                   void *context);

/* Take a finished request, or NULL. */
static inline struct nvme_request *request_take(struct nvme_controller *c)
{
    struct nvme_request *r = list_take(&c->done);

    if (r && r->suspect) {
        r->suspect = false;
        c->suspects--;
    }
    return r;
}

/*
 * Look for commands that are over time: abort, then reset and issue again
 * (NVMe 5.1, 7.3.2). Also notices a failed or vanished controller. Call now
 * and then while something is in flight; does nothing if nothing is late.
 */
void request_check(struct nvme_controller *c);

/* Commands in flight or waiting. */
bool request_pending(const struct nvme_controller *c);

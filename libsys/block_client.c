/* Requests to a block driver: submitted, waited for, told to the caller. */
#include "libsys/block_internal.h"

const struct block_info *block_info(const struct block_device *dev)
{
    return &dev->info;
}

/* A free place for a request, or NULL. */
static struct block_pending *pending_find(struct block_device *dev)
{
    if (dev->pending_count + dev->result_count >= BLOCK_MAX_IN_FLIGHT)
        return NULL;
    for (uint32_t i = 0; i < BLOCK_MAX_IN_FLIGHT; i++) {
        uint32_t at = (dev->next + i) % BLOCK_MAX_IN_FLIGHT;

        if (!dev->pending[at].used) {
            dev->next = at + 1;
            return &dev->pending[at];
        }
    }
    return NULL;
}

static struct block_pending *
submit(struct block_device *dev, const struct block_request *request, bool sync)
{
    struct block_pending *p = pending_find(dev);

    if (!p)
        return NULL;
    p->used = true;
    p->sync = sync;
    p->reissued = false;
    p->generation++;
    p->tag = request->tag;
    p->entry = (struct block_entry){
        .tag = (uint64_t)p->generation << 32 | (uint64_t)(p - dev->pending),
        .lba = request->lba,
        .blocks = request->blocks,
        .buffer = request->buffer ? (uint16_t)request->buffer->id : 0,
        .operation = (uint8_t)request->operation,
        .disk = (uint8_t)dev->disk,
        .offset = request->offset,
    };
    dev->pending_count++;
    /* The ring has as many places as there are pending requests; a corrupt
     * one is found out by the silence that follows. */
    ring_put(&dev->requests, &p->entry);
    return p;
}

int block_submit(struct block_device *dev, const struct block_request *request)
{
    if (dev->gone)
        return BLOCK_E_GONE;
    return submit(dev, request, false) ? BLOCK_OK : BLOCK_E_BUSY;
}

void block_kick(struct block_device *dev)
{
    if (ring_publish(&dev->requests))
        notification_signal(dev->kick);
}

/* A request has ended. Results of block_read() and the like are kept for it in
 * the place of the request; the others go to the list for block_reap(). */
static void pending_end(struct block_device *dev, struct block_pending *p,
                        uint32_t status, uint32_t detail)
{
    uint32_t at = (dev->result_first + dev->result_count) % BLOCK_MAX_IN_FLIGHT;

    p->used = false;
    dev->pending_count--;
    if (p->sync) {
        p->entry.blocks = status;
        return;
    }
    dev->results[at] = (struct block_result){p->tag, status, detail};
    dev->result_count++;
}

/* Take what the driver completed. A completion that belongs to no request is
 * passed over: the driver cannot make us believe in it. */
static bool completions_take(struct block_device *dev)
{
    struct block_completion done;
    bool any = false;

    while (ring_get(&dev->completions, &done) == RING_OK) {
        uint32_t index = (uint32_t)done.tag;
        struct block_pending *p;

        any = true;
        if (index >= BLOCK_MAX_IN_FLIGHT)
            continue;
        p = &dev->pending[index];
        if (p->used && p->entry.tag == done.tag)
            pending_end(dev, p, done.status, done.detail);
    }
    if (any)
        ring_release(&dev->completions);
    return any;
}

static void pending_fail_all(struct block_device *dev)
{
    for (uint32_t i = 0; i < BLOCK_MAX_IN_FLIGHT; i++)
        if (dev->pending[i].used)
            pending_end(dev, &dev->pending[i], BLOCK_E_GONE, 0);
}

/* Wait for completions until the deadline; look after a silent driver. */
static void completions_wait(struct block_device *dev, uint64_t deadline)
{
    uint64_t look = clock_after(BLOCK_LOOK);
    bool silent;

    if (completions_take(dev))
        return;
    if (deadline == DEADLINE_POLL)
        return;
    if (ring_may_sleep(&dev->completions)) {
        silent = STATUS_CODE(notification_wait(
                                 dev->wake, look < deadline ? look : deadline)
                                 .status) == ERR_TIMEOUT;
        ring_awake(&dev->completions);
    } else {
        silent = dev->completions.corrupt;
    }
    if (completions_take(dev) || !silent)
        return;
    if (dev->completions.corrupt || dev->requests.corrupt)
        dev->gone = true;
    if (!block_driver_alive(dev))
        pending_fail_all(dev);
}

unsigned block_reap(struct block_device *dev, struct block_result *results,
                    unsigned max, uint64_t deadline)
{
    unsigned count = 0;

    completions_take(dev);
    while (dev->result_count == 0 && dev->pending_count != 0 &&
           deadline != DEADLINE_POLL && clock_now() < deadline)
        completions_wait(dev, deadline);
    for (; count < max && dev->result_count != 0; count++) {
        results[count] = dev->results[dev->result_first];
        dev->result_first = (dev->result_first + 1) % BLOCK_MAX_IN_FLIGHT;
        dev->result_count--;
    }
    return count;
}

/* One request from submission to its end. */
static int transfer(struct block_device *dev,
                    const struct block_request *request)
{
    uint64_t deadline = clock_after(BLOCK_SYNC_WAIT);
    struct block_pending *p;

    if (dev->gone)
        return BLOCK_E_GONE;
    p = submit(dev, request, true);
    if (!p)
        return BLOCK_E_BUSY;
    block_kick(dev);
    while (p->used && clock_now() < deadline)
        completions_wait(dev, deadline);
    return p->used ? BLOCK_E_TIMEOUT : (int)p->entry.blocks;
}

int block_read(struct block_device *dev, uint64_t lba, uint32_t blocks,
               const struct block_buffer *buffer, uint64_t offset)
{
    const struct block_request request = {lba,    blocks, BLOCK_READ,
                                          buffer, offset, 0};

    return transfer(dev, &request);
}

int block_write(struct block_device *dev, uint64_t lba, uint32_t blocks,
                const struct block_buffer *buffer, uint64_t offset)
{
    const struct block_request request = {lba,    blocks, BLOCK_WRITE,
                                          buffer, offset, 0};

    return transfer(dev, &request);
}

int block_flush(struct block_device *dev)
{
    const struct block_request request = {.operation = BLOCK_FLUSH};

    return transfer(dev, &request);
}

const char *block_error_text(int status)
{
    static const char *const texts[BLOCK_STATUSES] = {
        [BLOCK_OK] = "no error",
        [BLOCK_E_REQUEST] = "the request is malformed",
        [BLOCK_E_RANGE] = "beyond the end of the disk",
        [BLOCK_E_BUFFER] = "outside the lent buffer, or misaligned",
        [BLOCK_E_READ_ONLY] = "the disk is read-only",
        [BLOCK_E_MEDIA] = "the medium could not be read or written",
        [BLOCK_E_DEVICE] = "the device failed or refused the command",
        [BLOCK_E_TIMEOUT] = "no answer in time",
        [BLOCK_E_FAULT] = "a DMA was blocked: data may not have arrived",
        [BLOCK_E_RESET] = "the device was reset in between",
        [BLOCK_E_GONE] = "the device or its driver has gone",
        [BLOCK_E_LIMIT] = "too many clients, buffers or requests",
        [BLOCK_E_MEMORY] = "out of memory",
        [BLOCK_E_SERVICE] = "no such block service or disk",
        [BLOCK_E_BUSY] = "too much in flight: try again",
    };

    if (status < 0 || status >= BLOCK_STATUSES)
        return "unknown block error";
    return texts[status];
}

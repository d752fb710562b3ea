/* Requests to a block driver: submitted, waited for, told to the caller. */
#include "libsys/block_internal.h"

const struct block_info *block_info(const struct block_device *dev)
{
    return &dev->info;
}

/* NULL: there are too many, in flight or not reaped. */
static struct block_pending *
submit(struct block_device *dev, const struct block_request *request, bool sync)
{
    struct block_pending *p;
    uint32_t index;

    if (dev->pending_count + dev->result_count >= BLOCK_MAX_IN_FLIGHT)
        return NULL;
    index = dev->free[dev->pending_count++];
    p = &dev->pending[index];
    p->used = true;
    p->sync = sync;
    p->reissued = false;
    p->tag = request->tag;
    p->entry = (struct block_entry){
        .tag = (uint64_t)++p->generation << 32 | index,
        .lba = request->lba,
        .blocks = request->blocks,
        .buffer = request->buffer ? (uint16_t)request->buffer->id : 0,
        .operation = (uint8_t)request->operation,
        .disk = (uint8_t)dev->disk,
        .offset = request->offset,
    };
    /* The ring has as many places as there are pending requests; a corrupt
     * one is found out by the silence that follows. */
    ring_put_sized(&dev->requests, &p->entry, sizeof(p->entry));
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

/* Take a completion that is there. Returns its request, which is over, or NULL
 * if it belongs to none: the driver cannot make us believe in one. */
static inline struct block_pending *
completion_take(struct block_device *dev, struct block_completion *done)
{
    struct block_pending *p;
    uint32_t index;

    if (ring_get_sized(&dev->completions, done, sizeof(*done)) != RING_OK)
        return NULL;
    index = (uint32_t)done->tag;
    p = &dev->pending[index];
    if (index >= BLOCK_MAX_IN_FLIGHT || !p->used || p->entry.tag != done->tag)
        return NULL;
    p->used = false;
    dev->free[--dev->pending_count] = index;
    return p;
}

/* The result of block_read() and the like is kept for it in the place of the
 * request; the others wait for block_reap(). */
static void result_keep(struct block_device *dev, struct block_pending *p,
                        uint32_t status, uint32_t detail)
{
    uint32_t at = (dev->result_first + dev->result_count) % BLOCK_MAX_IN_FLIGHT;

    if (p->sync) {
        p->entry.blocks = status;
        return;
    }
    dev->results[at] = (struct block_result){p->tag, status, detail};
    dev->result_count++;
}

static void completions_take(struct block_device *dev)
{
    struct block_completion done;
    struct block_pending *p;

    for (uint32_t i = ring_waiting(&dev->completions); i != 0; i--)
        if ((p = completion_take(dev, &done)) != NULL)
            result_keep(dev, p, done.status, done.detail);
    ring_release(&dev->completions);
}

static void pending_fail_all(struct block_device *dev)
{
    for (uint32_t i = 0; i < BLOCK_MAX_IN_FLIGHT; i++)
        if (dev->pending[i].used) {
            dev->pending[i].used = false;
            dev->free[--dev->pending_count] = i;
            result_keep(dev, &dev->pending[i], BLOCK_E_GONE, 0);
        }
}

/* The driver has been silent for a while: is it still there? */
static void driver_look(struct block_device *dev)
{
    dev->looked = true;
    if (ring_waiting(&dev->completions) != 0)
        return;
    if (dev->completions.corrupt || dev->requests.corrupt)
        dev->gone = true;
    if (!block_driver_alive(dev))
        pending_fail_all(dev);
}

/* The timer outlives requests: setting it for each would cost more than the
 * rest of the wait. */
static void look_later(struct block_device *dev)
{
    if (dev->looked)
        notification_timer(dev->wake, clock_after(BLOCK_LOOK), 0, WAKE_LOOK);
    dev->looked = false;
}

/* What a wait came to. */
enum waited {
    WAIT_LOOKED,  /* nothing happened for a while */
    WAIT_WOKEN,   /* there may be completions */
    WAIT_TIMEOUT, /* the deadline has passed */
};

/* Wait for completions, if there are none. `kick`: signal the driver first. */
static enum waited completions_wait(struct block_device *dev, bool kick,
                                    uint64_t deadline)
{
    struct result r = {.status = ERR_GONE};

    look_later(dev);
    if (ring_may_sleep(&dev->completions)) {
        r = kick ? notification_signal_wait(dev->kick, dev->wake, deadline)
                 : notification_wait(dev->wake, deadline);
        ring_awake(&dev->completions);
    } else if (!dev->completions.corrupt &&
               (!kick || notification_signal(dev->kick).status == OK)) {
        return WAIT_WOKEN;
    }
    if (r.status == OK && r.r[0] == WAKE_DRIVER)
        return WAIT_WOKEN;
    if (STATUS_CODE(r.status) == ERR_TIMEOUT)
        return WAIT_TIMEOUT;
    driver_look(dev);
    return WAIT_LOOKED;
}

/* Results that were kept. Returns how many. */
static unsigned results_take(struct block_device *dev,
                             struct block_result *results, unsigned max)
{
    unsigned count = 0;

    for (; count < max && dev->result_count != 0; count++) {
        results[count] = dev->results[dev->result_first];
        dev->result_first = (dev->result_first + 1) % BLOCK_MAX_IN_FLIGHT;
        dev->result_count--;
    }
    return count;
}

unsigned block_reap(struct block_device *dev, struct block_result *results,
                    unsigned max, uint64_t deadline)
{
    struct block_completion done;
    struct block_pending *p;
    unsigned count;

    do {
        count = results_take(dev, results, max);
        for (uint32_t i = ring_waiting(&dev->completions);
             i != 0 && count < max; i--) {
            p = completion_take(dev, &done);
            if (p && p->sync)
                p->entry.blocks = done.status;
            else if (p)
                results[count++] =
                    (struct block_result){p->tag, done.status, done.detail};
        }
        ring_release(&dev->completions);
    } while (count == 0 && dev->pending_count != 0 &&
             deadline != DEADLINE_POLL &&
             completions_wait(dev, false, deadline) != WAIT_TIMEOUT);
    return count;
}

/* One request from submission to its end. */
static int transfer(struct block_device *dev,
                    const struct block_request *request)
{
    unsigned looks = 0;
    struct block_pending *p;
    bool kick;

    if (dev->gone)
        return BLOCK_E_GONE;
    p = submit(dev, request, true);
    if (!p)
        return BLOCK_E_BUSY;
    kick = ring_publish(&dev->requests);
    while (p->used && looks <= BLOCK_SYNC_WAIT / BLOCK_LOOK) {
        if (completions_wait(dev, kick, DEADLINE_NEVER) == WAIT_LOOKED)
            looks++;
        kick = false;
        completions_take(dev);
    }
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

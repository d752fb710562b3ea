/* The connection to a block driver: made, lent to, and made again. */
#include <stdlib.h>
#include <string.h>

#include "libsys/block_internal.h"

#define RING_REQUEST_BYTES (2 * PAGE_SIZE)

/* The status that a call's outcome stands for. BLOCK_E_RESET: the driver died
 * with our call in its hands, its successor may answer. */
static int call_status(uint64_t status, const struct message *m)
{
    if (status == OK)
        return m->label < BLOCK_STATUSES ? (int)m->label : BLOCK_E_SERVICE;
    if (STATUS_CODE(status) == ERR_GONE)
        return BLOCK_E_RESET;
    return STATUS_CODE(status) == ERR_TIMEOUT ? BLOCK_E_TIMEOUT : BLOCK_E_GONE;
}

int block_call(struct block_device *dev, uint64_t label, uint64_t word)
{
    struct message m;

    message_begin(&m, label);
    message_put(&m, word);
    return call_status(
        message_call(dev->endpoint, &m, clock_after(BLOCK_PATIENCE)), &m);
}

static int block_ask(struct block_device *dev)
{
    struct message m;
    int status;

    message_begin(&m, BLOCK_CALL_INFO);
    message_put(&m, dev->disk);
    status = call_status(
        message_call(dev->endpoint, &m, clock_after(BLOCK_PATIENCE)), &m);
    if (status != BLOCK_OK)
        return status;
    if (message_get_bytes(&m, &dev->info, sizeof(dev->info)) !=
        sizeof(dev->info))
        return BLOCK_E_SERVICE;
    dev->info.model[sizeof(dev->info.model) - 1] = 0;
    dev->info.serial[sizeof(dev->info.serial) - 1] = 0;
    if ((dev->info.block_bytes & (dev->info.block_bytes - 1)) != 0 ||
        dev->info.block_bytes < 512 || dev->info.block_bytes > PAGE_SIZE)
        return BLOCK_E_SERVICE;
    return BLOCK_OK;
}

static int connect_once(struct block_device *dev)
{
    struct message m;
    int status;

    message_begin(&m, BLOCK_CALL_CONNECT);
    message_put(&m, BLOCK_PROTOCOL);
    for (unsigned i = 0; i < BLOCK_RING_FRAMES; i++)
        message_put_cap(&m, dev->rings.frames + i, RIGHT_READ | RIGHT_WRITE);
    message_put_cap(&m, dev->wake, RIGHT_WRITE);
    status = call_status(
        message_call(dev->endpoint, &m, clock_after(BLOCK_PATIENCE)), &m);
    if (status == BLOCK_OK) {
        dev->kick = message_take_cap(&m, 0);
        if (dev->kick == 0)
            status = BLOCK_E_SERVICE;
    }
    return status;
}

static int rings_attach(struct block_device *dev)
{
    uint8_t *address = dev->rings.address;

    if (!ring_attach(&dev->requests, address, RING_REQUEST_BYTES,
                     BLOCK_MAX_IN_FLIGHT, sizeof(struct block_entry), true) ||
        !ring_attach(&dev->completions, address + RING_REQUEST_BYTES, PAGE_SIZE,
                     BLOCK_MAX_IN_FLIGHT, sizeof(struct block_completion),
                     false))
        return BLOCK_E_MEMORY;
    return BLOCK_OK;
}

int block_connect(struct block_device *dev)
{
    uint64_t end = clock_after(BLOCK_PATIENCE);

    for (;;) {
        int status = block_ask(dev);

        if (status == BLOCK_OK)
            status = connect_once(dev);
        if (status == BLOCK_OK)
            return rings_attach(dev);
        /* BUSY: requests of our last connection are still in flight. */
        if (status != BLOCK_E_BUSY && status != BLOCK_E_RESET)
            return status;
        if (clock_now() >= end)
            return status == BLOCK_E_RESET ? BLOCK_E_GONE : status;
        clock_sleep(10 * NS_PER_MS);
    }
}

static void block_free(struct block_device *dev)
{
    if (dev->rings.count != 0)
        memory_free(&dev->rings);
    if (dev->wake)
        cap_delete(dev->wake);
    if (dev->kick)
        cap_delete(dev->kick);
    free(dev);
}

int block_open(const char *service, uint32_t disk, struct block_device **out)
{
    struct block_device *dev = calloc(1, sizeof(*dev));
    int status = BLOCK_E_MEMORY;

    if (!dev)
        return BLOCK_E_MEMORY;
    dev->disk = disk;
    dev->looked = true;
    for (uint32_t i = 0; i < BLOCK_MAX_IN_FLIGHT; i++)
        dev->free[i] = i;
    dev->endpoint = service_find(service);
    if (dev->endpoint == 0)
        status = BLOCK_E_SERVICE;
    else if (memory_alloc_sized(BLOCK_RING_FRAMES * PAGE_SIZE, PAGE_BITS,
                                &dev->rings) == OK &&
             (dev->wake = object_make(CAP_NOTIFICATION, 0, NULL)) != 0)
        status = block_connect(dev);
    if (status != BLOCK_OK) {
        block_free(dev);
        return status;
    }
    *out = dev;
    return BLOCK_OK;
}

void block_close(struct block_device *dev)
{
    uint64_t end = clock_after(BLOCK_PATIENCE);

    while (block_call(dev, BLOCK_CALL_DISCONNECT, 0) == BLOCK_E_BUSY &&
           clock_now() < end)
        clock_sleep(10 * NS_PER_MS);
    for (uint32_t id = 0; id < BLOCK_MAX_BUFFERS; id++)
        if (dev->buffers[id].count != 0)
            memory_free(&dev->buffers[id]);
    block_free(dev);
}

int block_lend(struct block_device *dev, uint32_t id)
{
    uint64_t error = 0;
    uint64_t status = share_lend(dev->endpoint, BLOCK_CALL_LEND, id,
                                 &dev->buffers[id], RIGHT_READ | RIGHT_WRITE,
                                 clock_after(BLOCK_PATIENCE), &error);

    if (status == OK)
        return BLOCK_OK;
    if (error != 0)
        return error < BLOCK_STATUSES ? (int)error : BLOCK_E_SERVICE;
    return STATUS_CODE(status) == ERR_TIMEOUT ? BLOCK_E_TIMEOUT : BLOCK_E_GONE;
}

/* The driver's Notification lives in its memory and dies with it. */
static bool kick_works(const struct block_device *dev)
{
    return dev->kick != 0 && notification_signal(dev->kick).status == OK;
}

int block_buffer_lend(struct block_device *dev, size_t bytes,
                      struct block_buffer *buffer)
{
    uint32_t id = 0;
    int status;

    while (id < BLOCK_MAX_BUFFERS && dev->buffers[id].count != 0)
        id++;
    if (id == BLOCK_MAX_BUFFERS || bytes == 0 || bytes > BLOCK_BUFFER_MAX)
        return BLOCK_E_LIMIT;
    if (memory_alloc(bytes, &dev->buffers[id]) != OK) {
        dev->buffers[id].count = 0;
        return BLOCK_E_MEMORY;
    }
    status = block_lend(dev, id);
    /* To its successor we were a stranger: that lends anew. */
    if (status != BLOCK_OK && !kick_works(dev) && block_driver_alive(dev))
        status = BLOCK_OK;
    if (status != BLOCK_OK) {
        memory_free(&dev->buffers[id]);
        dev->buffers[id].count = 0;
        return status;
    }
    buffer->data = dev->buffers[id].address;
    buffer->bytes = dev->buffers[id].bytes;
    buffer->id = id;
    return BLOCK_OK;
}

int block_buffer_reclaim(struct block_device *dev, struct block_buffer *buffer)
{
    int status;

    if (buffer->id >= BLOCK_MAX_BUFFERS || dev->buffers[buffer->id].count == 0)
        return BLOCK_E_BUFFER;
    status = block_call(dev, BLOCK_CALL_RECLAIM, buffer->id);
    /* A dead driver's buffers are ours again as well: its Domain died too. */
    if (status == BLOCK_E_TIMEOUT)
        return status;
    memory_free(&dev->buffers[buffer->id]);
    memset(&dev->buffers[buffer->id], 0, sizeof(dev->buffers[0]));
    buffer->data = NULL;
    buffer->bytes = 0;
    return BLOCK_OK;
}

/* Lend and issue again what the dead driver had. A request whose second driver
 * died as well may be what kills them: it ends. */
static int connection_renew(struct block_device *dev)
{
    int status = block_connect(dev);

    for (uint32_t id = 0; id < BLOCK_MAX_BUFFERS && status == BLOCK_OK; id++)
        if (dev->buffers[id].count != 0)
            status = block_lend(dev, id);
    for (uint32_t i = 0; i < BLOCK_MAX_IN_FLIGHT && status == BLOCK_OK; i++) {
        struct block_pending *p = &dev->pending[i];

        if (!p->used)
            continue;
        if (p->reissued)
            p->entry.operation = 0; /* the driver refuses it */
        p->reissued = true;
        ring_put(&dev->requests, &p->entry);
    }
    if (status == BLOCK_OK)
        block_kick(dev);
    return status;
}

bool block_driver_alive(struct block_device *dev)
{
    for (unsigned i = 0; i < BLOCK_DEATHS && !dev->gone; i++) {
        int status;

        if (kick_works(dev))
            return true;
        if (dev->kick)
            cap_delete(dev->kick);
        dev->kick = 0;
        status = connection_renew(dev);
        if (status == BLOCK_OK)
            return true;
        /* It is there and does not want us, or does not come at all. */
        if (kick_works(dev) || status == BLOCK_E_TIMEOUT)
            break;
    }
    dev->gone = true;
    return false;
}

/* The connection to a network driver: made, lent to, and made again. */
#include <stdlib.h>
#include <string.h>

#include "libsys/packet_internal.h"

#define RING_BYTES (PACKET_RING_FRAMES * PAGE_SIZE)

int packet_call_status(uint64_t status, const struct message *m)
{
    if (status == OK)
        return m->label < PACKET_STATUSES ? (int)m->label : PACKET_E_SERVICE;
    return PACKET_E_GONE;
}

/* The driver's Notification lives in its memory and dies with it; it is also
 * gone when the driver has ended the connection. */
static bool kick_works(const struct packet_device *dev)
{
    return dev->kick != 0 && notification_signal(dev->kick).status == OK;
}

/* What the driver says of the device, taken with care. */
static int info_ask(struct packet_device *dev)
{
    struct packet_info *info = &dev->info;
    struct message m;
    int status;

    message_begin(&m, PACKET_CALL_INFO);
    message_put(&m, PACKET_PROTOCOL);
    status = packet_call_status(
        message_call(dev->endpoint, &m, clock_after(PACKET_PATIENCE)), &m);
    if (status != PACKET_OK)
        return status;
    if (message_get_bytes(&m, info, sizeof(*info)) != sizeof(*info) ||
        info->queues == 0 || info->mtu < 576 || (info->mac[0] & 1) != 0)
        return PACKET_E_SERVICE;
    info->name[sizeof(info->name) - 1] = 0;
    if (info->queues > PACKET_MAX_QUEUES)
        info->queues = PACKET_MAX_QUEUES;
    return PACKET_OK;
}

static int lend(struct packet_device *dev, uint64_t label, uint64_t id,
                const struct memory *memory, unsigned rights)
{
    uint64_t error = 0;
    uint64_t status = share_lend(dev->endpoint, label, id, memory, rights,
                                 clock_after(PACKET_PATIENCE), &error);

    if (status == OK)
        return PACKET_OK;
    if (error != 0 && error < PACKET_STATUSES)
        return (int)error;
    return PACKET_E_GONE;
}

static int open_call(struct packet_device *dev)
{
    struct message m;
    int status;

    message_begin(&m, PACKET_CALL_OPEN);
    message_put(&m, dev->queue_count);
    message_put_cap(&m, dev->wake, RIGHT_WRITE);
    status = packet_call_status(
        message_call(dev->endpoint, &m, clock_after(PACKET_PATIENCE)), &m);
    if (status != PACKET_OK)
        return status;
    if (dev->kick != 0)
        cap_delete(dev->kick);
    dev->kick = message_take_cap(&m, 0);
    return dev->kick != 0 ? PACKET_OK : PACKET_E_SERVICE;
}

/* Ours are the ends that the driver does not have. Called when it has zeroed
 * them and before frames flow. */
static bool rings_attach(struct packet_client_queue *q)
{
    struct packet_shared *s = q->shared;

    return ring_attach(&q->posts, s->posts, sizeof(s->posts),
                       PACKET_RING_ENTRIES, sizeof(struct packet_buffer),
                       true) &&
           ring_attach(&q->arrivals, s->arrivals, sizeof(s->arrivals),
                       PACKET_RING_ENTRIES,
                       sizeof(struct packet_shared_arrival), false) &&
           ring_attach(&q->sends, s->sends, sizeof(s->sends),
                       PACKET_RING_ENTRIES, sizeof(struct packet_send), true);
}

/* Buffers that the last driver had go to this one. */
static void post_again(struct packet_client_queue *q)
{
    uint32_t count = q->next_posted - q->first_posted;

    for (uint32_t i = 0; i < count; i++)
        *(struct packet_buffer *)ring_ahead(&q->posts, i) =
            q->posted[(q->first_posted + i) % PACKET_RING_ENTRIES];
    ring_pass(&q->posts, count);
}

static int connect_once(struct packet_device *dev)
{
    int status = info_ask(dev);

    if (status == PACKET_OK && dev->queue_count > dev->info.queues)
        status = PACKET_E_LIMIT;
    for (uint32_t i = 0; i < dev->queue_count && status == PACKET_OK; i++)
        status = lend(dev, PACKET_CALL_RINGS, i, &dev->queues[i].memory,
                      RIGHT_READ | RIGHT_WRITE);
    for (uint32_t i = 0; i < PACKET_MAX_POOLS && status == PACKET_OK; i++)
        if (dev->pools[i].count != 0)
            status = lend(dev, PACKET_CALL_LEND, i, &dev->pools[i],
                          dev->pool_rights[i]);
    for (uint32_t i = 0; i < dev->queue_count && status == PACKET_OK; i++)
        if (!rings_attach(&dev->queues[i]))
            status = PACKET_E_MEMORY;
    if (status == PACKET_OK)
        status = open_call(dev);
    if (status == PACKET_OK && dev->filtered)
        status = packet_filter_call(dev);
    if (status == PACKET_OK)
        for (uint32_t i = 0; i < dev->queue_count; i++)
            post_again(&dev->queues[i]);
    return status;
}

int packet_connect(struct packet_device *dev)
{
    uint64_t end = clock_after(PACKET_PATIENCE);

    for (;;) {
        int status = connect_once(dev);

        dev->looked = clock_now();
        if (status == PACKET_OK)
            packet_kick(dev);
        /* GONE: the driver died with our call in its hands; BUSY: with luck the
         * other client leaves. */
        if ((status != PACKET_E_GONE && status != PACKET_E_BUSY) ||
            dev->looked >= end)
            return status;
        clock_sleep(10 * NS_PER_MS);
    }
}

static void device_free(struct packet_device *dev)
{
    for (uint32_t i = 0; i < PACKET_MAX_POOLS; i++)
        if (dev->pools[i].count != 0 && dev->pool_ours[i])
            memory_free(&dev->pools[i]);
    for (uint32_t i = 0; i < dev->queue_count; i++)
        if (dev->queues[i].memory.count != 0)
            memory_free(&dev->queues[i].memory);
    if (dev->own_wake)
        cap_delete(dev->wake);
    if (dev->kick != 0)
        cap_delete(dev->kick);
    free(dev);
}

static bool device_prepare(struct packet_device *dev,
                           const struct packet_options *options)
{
    dev->queue_count =
        options != NULL && options->queues != 0 ? options->queues : 1;
    if (dev->queue_count > dev->info.queues)
        dev->queue_count = dev->info.queues;
    dev->wake = options != NULL ? options->wake : 0;
    if (dev->wake == 0) {
        dev->wake = object_make(CAP_NOTIFICATION, 0, NULL);
        dev->own_wake = dev->wake != 0;
    }
    for (uint32_t i = 0; i < dev->queue_count; i++) {
        struct packet_client_queue *q = &dev->queues[i];

        if (memory_alloc_sized(RING_BYTES, PAGE_BITS, &q->memory) != OK) {
            q->memory.count = 0;
            return false;
        }
        q->shared = q->memory.address;
    }
    return dev->wake != 0;
}

int packet_open(const char *service, const struct packet_options *options,
                struct packet_device **out)
{
    struct packet_device *dev = calloc(1, sizeof(*dev));
    int status = PACKET_E_MEMORY;

    if (dev == NULL)
        return PACKET_E_MEMORY;
    dev->endpoint = service_find(service);
    if (dev->endpoint == 0)
        status = PACKET_E_SERVICE;
    else
        status = info_ask(dev);
    if (status == PACKET_OK)
        status = device_prepare(dev, options) ? packet_connect(dev)
                                              : PACKET_E_MEMORY;
    if (status != PACKET_OK) {
        device_free(dev);
        return status;
    }
    *out = dev;
    return PACKET_OK;
}

void packet_close(struct packet_device *dev)
{
    struct message m;

    message_call_words(dev->endpoint, &m, PACKET_CALL_CLOSE, 0, NULL,
                       clock_after(PACKET_PATIENCE));
    /* If the driver did not answer: what we lent is revoked here, as far as it
     * is ours to free. */
    for (uint32_t i = 0; i < PACKET_MAX_POOLS; i++)
        for (uint32_t f = 0; !dev->pool_ours[i] && f < dev->pools[i].count; f++)
            captable_revoke(STARTUP_CAPTABLE, dev->pools[i].frames + f);
    device_free(dev);
}

/* A switch maps pools itself, see memory_map_lent. */
static bool wants_pages(const struct packet_device *dev)
{
    return (dev->info.features & PACKET_WANTS_PAGES) != 0;
}

static int pool_add(struct packet_device *dev, const struct memory *memory,
                    unsigned rights, bool ours, struct packet_pool *pool)
{
    uint32_t id = 0;
    int status;

    while (id < PACKET_MAX_POOLS && dev->pools[id].count != 0)
        id++;
    if (id == PACKET_MAX_POOLS || memory->bytes > PACKET_POOL_MAX)
        return PACKET_E_LIMIT;
    if (wants_pages(dev) && memory->size_bits != PAGE_BITS)
        return PACKET_E_UNSUPPORTED;
    status = lend(dev, PACKET_CALL_LEND, id, memory, rights);
    if (status != PACKET_OK && status != PACKET_E_GONE)
        return status;
    dev->pools[id] = *memory;
    dev->pool_rights[id] = rights;
    dev->pool_ours[id] = ours;
    *pool = (struct packet_pool){memory->address, memory->bytes, id};
    /* A successor gets all pools when it is found. */
    if (status == PACKET_E_GONE && !packet_check(dev))
        return dev->state;
    return PACKET_OK;
}

int packet_pool_share(struct packet_device *dev, const struct memory *memory,
                      unsigned rights, struct packet_pool *pool)
{
    return pool_add(dev, memory, rights, false, pool);
}

int packet_pool_lend(struct packet_device *dev, size_t bytes,
                     struct packet_pool *pool)
{
    struct memory memory;
    int status;

    if ((wants_pages(dev) ? memory_alloc_sized(bytes, PAGE_BITS, &memory)
                          : memory_alloc(bytes, &memory)) != OK)
        return PACKET_E_MEMORY;
    status = pool_add(dev, &memory, RIGHT_READ | RIGHT_WRITE, true, pool);
    if (status == PACKET_E_LIMIT || status == PACKET_E_MEMORY ||
        status == PACKET_E_REQUEST)
        memory_free(&memory);
    return status;
}

bool packet_check(struct packet_device *dev)
{
    for (unsigned i = 0; i < PACKET_DEATHS && dev->state == PACKET_OK; i++) {
        int status;

        dev->looked = clock_now();
        if (kick_works(dev))
            return true;
        status = packet_connect(dev);
        if (status != PACKET_OK && status != PACKET_E_GONE) {
            dev->state = status;
            return false;
        }
    }
    if (dev->state == PACKET_OK && !kick_works(dev))
        dev->state = PACKET_E_GONE;
    return dev->state == PACKET_OK;
}

int packet_statistics(struct packet_device *dev, struct packet_statistics *out)
{
    struct message m;
    int status;

    message_begin(&m, PACKET_CALL_STATISTICS);
    status = packet_call_status(
        message_call(dev->endpoint, &m, clock_after(PACKET_PATIENCE)), &m);
    if (status == PACKET_OK &&
        message_get_bytes(&m, out, sizeof(*out)) != sizeof(*out))
        status = PACKET_E_SERVICE;
    return status;
}

int packet_filter_call(struct packet_device *dev)
{
    struct message m;

    message_begin(&m, PACKET_CALL_FILTER);
    message_put(&m, dev->filter_flags);
    message_put_bytes(&m, dev->filter, (size_t)dev->filter_count * 6);
    return packet_call_status(
        message_call(dev->endpoint, &m, clock_after(PACKET_PATIENCE)), &m);
}

int packet_filter(struct packet_device *dev, uint32_t flags,
                  const uint8_t (*multicast)[6], unsigned count)
{
    if (count > PACKET_MAX_MULTICAST)
        return PACKET_E_LIMIT;
    memcpy(dev->filter, multicast, (size_t)count * 6);
    dev->filter_flags = flags;
    dev->filter_count = count;
    dev->filtered = true;
    return packet_filter_call(dev);
}

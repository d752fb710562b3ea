/*
 * The calls of the packet protocol, from the serving side: rings and pools come
 * as shares, pools are mapped for as long as they are lent.
 */
#include <cordon/cordon.h>
#include <cordon/packet_server.h>

#include <string.h>

#define RING_BYTES (PACKET_RING_FRAMES * PAGE_SIZE)

static void answer(struct message *m, enum packet_status status)
{
    message_drop_caps(m);
    message_begin(m, status);
}

/* A pool in the device's Domain, and nowhere else: the driver has no mapping of
 * what is in packets. Frames lent read-only can only be sent from. */
static bool pool_map_device(struct driver *kit, struct packet_port_pool *pool)
{
    const struct share *s = &pool->share;

    pool->writable = dma_lend(kit, s->frames, s->count, s->size_bits,
                              MAP_READ | MAP_WRITE, &pool->loan) == OK;
    if (!pool->writable && dma_lend(kit, s->frames, s->count, s->size_bits,
                                    MAP_READ, &pool->loan) != OK)
        return false;
    pool->base = pool->loan.iova.v;
    return true;
}

/* In our own address space: of a switch, which copies. */
static bool pool_map_here(struct packet_port_pool *pool)
{
    const struct share *s = &pool->share;

    pool->writable = memory_map_lent(s->frames, s->count, PAGE_BITS,
                                     MAP_READ | MAP_WRITE, &pool->memory) == OK;
    if (!pool->writable && memory_map_lent(s->frames, s->count, PAGE_BITS,
                                           MAP_READ, &pool->memory) != OK)
        return false;
    pool->base = (uint64_t)pool->memory.address;
    return true;
}

static void pool_drop(const struct packet_server *server,
                      struct packet_port_pool *pool)
{
    if (pool->bytes != 0 && server->kit != NULL) {
        dma_return(server->kit, &pool->loan);
        share_drop(&pool->share);
    } else if (pool->bytes != 0) {
        memory_unmap(&pool->memory); /* deletes the Frames as well */
    } else {
        share_drop(&pool->share);
    }
    *pool = (struct packet_port_pool){0};
}

static void queue_drop(struct packet_port_queue *q)
{
    if (q->shared != NULL)
        memory_unmap(&q->memory);
    else
        share_drop(&q->share);
    memset(q, 0, sizeof(*q));
}

void packet_port_close(const struct packet_server *server,
                       struct packet_port *port)
{
    uint64_t refused = port->refused;

    if (port->open) {
        port->open = false;
        server->closed(server->context, port);
    }
    for (uint32_t i = 0; i < PACKET_MAX_POOLS; i++)
        pool_drop(server, &port->pools[i]);
    for (uint32_t i = 0; i < PACKET_MAX_QUEUES; i++)
        queue_drop(&port->queues[i]);
    if (port->wake != 0)
        cap_delete(port->wake);
    if (port->kick != 0)
        cap_delete(port->kick);
    memset(port, 0, sizeof(*port));
    port->refused = refused;
}

/* All Frames of a queue's rings are there: lay the rings over them. */
static enum packet_status queue_map(struct packet_port_queue *q)
{
    uint8_t *address;

    if (memory_map_lent(q->share.frames, q->share.count, PAGE_BITS,
                        MAP_READ | MAP_WRITE, &q->memory) != OK)
        return PACKET_E_MEMORY;
    address = q->memory.address;
    q->shared = q->memory.address;
    memset(address, 0, RING_BYTES);
    if (!ring_attach(&q->posts, q->shared->posts, sizeof(q->shared->posts),
                     PACKET_RING_ENTRIES, sizeof(struct packet_buffer),
                     false) ||
        !ring_attach(&q->arrivals, q->shared->arrivals,
                     sizeof(q->shared->arrivals), PACKET_RING_ENTRIES,
                     sizeof(struct packet_shared_arrival), true) ||
        !ring_attach(&q->sends, q->shared->sends, sizeof(q->shared->sends),
                     PACKET_RING_ENTRIES, sizeof(struct packet_send), false))
        return PACKET_E_MEMORY;
    return PACKET_OK;
}

static enum packet_status call_rings(const struct packet_server *server,
                                     struct packet_port *port,
                                     struct message *m)
{
    uint64_t queue = share_id(m);
    struct packet_port_queue *q;

    if (queue >= server->info.queues || queue >= PACKET_MAX_QUEUES)
        return PACKET_E_LIMIT;
    q = &port->queues[queue];
    /* The first Frames begin a connection. */
    if (queue == 0 && (q->shared != NULL || port->badge == 0)) {
        uint64_t badge = m->badge;

        packet_port_close(server, port);
        port->badge = badge;
    }
    if (q->shared != NULL || port->open)
        return PACKET_E_REQUEST;
    if (share_accept(&q->share, m, RING_BYTES) != SERVICE_OK ||
        q->share.size_bits != PAGE_BITS ||
        q->share.count != PACKET_RING_FRAMES) {
        share_drop(&q->share);
        return PACKET_E_REQUEST;
    }
    if (q->share.received != q->share.count)
        return PACKET_OK;
    return queue_map(q);
}

static enum packet_status call_open(const struct packet_server *server,
                                    struct packet_port *port, uint64_t event,
                                    struct message *m)
{
    uint64_t queues = message_get(m);

    if (!message_end(m) || m->caps != 1 || port->open || queues == 0 ||
        queues > server->info.queues)
        return PACKET_E_REQUEST;
    for (uint64_t i = 0; i < queues; i++)
        if (port->queues[i].shared == NULL)
            return PACKET_E_REQUEST;
    port->wake = message_take_cap(m, 0);
    port->kick = cap_copy(server->events, RIGHT_WRITE, event, NULL);
    if (port->wake == 0 || port->kick == 0)
        return PACKET_E_MEMORY;
    port->queue_count = (uint32_t)queues;
    port->features = server->info.features;
    port->mtu = server->info.mtu;
    port->open = true;
    server->opened(server->context, port);
    packet_port_may_sleep(port);
    return PACKET_OK;
}

static enum packet_status call_lend(const struct packet_server *server,
                                    struct packet_port *port, struct message *m)
{
    uint64_t id = share_id(m);
    struct packet_port_pool *pool;

    if (id >= PACKET_MAX_POOLS)
        return PACKET_E_LIMIT;
    pool = &port->pools[id];
    if (pool->bytes != 0)
        return PACKET_E_REQUEST;
    if (share_accept(&pool->share, m, PACKET_POOL_MAX) != SERVICE_OK) {
        pool_drop(server, pool);
        return PACKET_E_REQUEST;
    }
    if (pool->share.received != pool->share.count)
        return PACKET_OK;
    if (server->kit != NULL ? !pool_map_device(server->kit, pool)
                            : !pool_map_here(pool)) {
        pool_drop(server, pool);
        return PACKET_E_MEMORY;
    }
    pool->bytes = (uint64_t)pool->share.count << pool->share.size_bits;
    return PACKET_OK;
}

static enum packet_status call_filter(const struct packet_server *server,
                                      struct packet_port *port,
                                      struct message *m)
{
    uint8_t addresses[PACKET_MAX_MULTICAST][6];
    uint64_t flags = message_get(m);
    size_t bytes = message_get_bytes(m, addresses, sizeof(addresses));

    if (!message_end(m) || bytes % 6 != 0 ||
        (flags & ~(uint64_t)(PACKET_FILTER_PROMISCUOUS |
                             PACKET_FILTER_ALL_MULTICAST)) != 0)
        return PACKET_E_REQUEST;
    for (size_t i = 0; i < bytes / 6; i++)
        if ((addresses[i][0] & 1) == 0)
            return PACKET_E_REQUEST;
    return (enum packet_status)server->filter(
        server->context, port, (uint32_t)flags, (const uint8_t(*)[6])addresses,
        (uint32_t)(bytes / 6));
}

static void call_statistics(const struct packet_server *server,
                            struct packet_port *port, struct message *m)
{
    struct packet_statistics statistics = {0};

    server->statistics(server->context, port, &statistics);
    answer(m, PACKET_OK);
    message_put_bytes(m, &statistics, sizeof(statistics));
}

static void call_info(const struct packet_server *server, struct message *m)
{
    if (message_get(m) != PACKET_PROTOCOL || !message_end(m)) {
        answer(m, PACKET_E_REQUEST);
        return;
    }
    answer(m, PACKET_OK);
    message_put_bytes(m, &server->info, sizeof(server->info));
}

/* Calls that need a connection, of the client that has it. */
static void call_connected(const struct packet_server *server,
                           struct packet_port *port, uint64_t event,
                           struct message *m)
{
    enum packet_status status = PACKET_E_REQUEST;

    if (m->label == PACKET_CALL_OPEN) {
        status = call_open(server, port, event, m);
        answer(m, status);
        if (status == PACKET_OK)
            message_put_cap(m, port->kick, RIGHT_WRITE);
        return;
    }
    if (m->label == PACKET_CALL_LEND) {
        status = call_lend(server, port, m);
    } else if (m->label == PACKET_CALL_CLOSE) {
        packet_port_close(server, port);
        status = PACKET_OK;
    } else if (m->label == PACKET_CALL_FILTER && port->open) {
        status = call_filter(server, port, m);
    } else if (m->label == PACKET_CALL_STATISTICS && port->open) {
        call_statistics(server, port, m);
        return;
    }
    answer(m, status);
}

void packet_port_call(const struct packet_server *server,
                      struct packet_port *port, uint64_t event,
                      struct message *m)
{
    /* A client that is gone makes room: its Notification died with it. */
    if (port->open && port->badge != m->badge &&
        notification_signal(port->wake).status != OK)
        packet_port_close(server, port);
    if (m->label == PACKET_CALL_INFO)
        call_info(server, m);
    else if (m->badge == 0 || (port->badge != 0 && port->badge != m->badge))
        answer(m, PACKET_E_BUSY);
    else if (m->label == PACKET_CALL_RINGS)
        answer(m, call_rings(server, port, m));
    else if (port->badge == 0)
        answer(m, PACKET_E_REQUEST);
    else
        call_connected(server, port, event, m);
}

/* Clients: their requests in, their completions out. */
#include "drivers/nvme/client.h"

#include <string.h>

struct client *client_find(struct nvme_driver *d, uint64_t badge)
{
    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        if (badge != 0 && d->clients[i].badge == badge)
            return &d->clients[i];
    return NULL;
}

/* There is one: client_room() has said so. */
static struct nvme_request *request_new(struct client *client)
{
    struct nvme_request *r = client->free;

    client->free = r->next;
    client->in_flight++;
    return r;
}

static void request_free(struct client *client, struct nvme_request *r)
{
    r->next = client->free;
    client->free = r;
    client->in_flight--;
}

static inline void client_complete(struct nvme_driver *d, struct client *client,
                                   uint64_t tag, uint32_t status,
                                   uint32_t detail)
{
    struct block_completion entry = {tag, status, detail};

    /* There is room: intake keeps in flight and unread below the ring's size,
     * unless the client broke its ring, which is then its own loss. */
    ring_put_sized(&client->completions, &entry, sizeof(entry));
    d->told |= client->bit;
}

static void client_take_entry(struct nvme_driver *d, struct client *client,
                              const struct block_entry *entry)
{
    struct nvme_request *r = request_new(client);
    enum block_status status = entry_check(entry, &client->bounds, r);

    if (client->stopped)
        status = BLOCK_E_FAULT;
    if (status != BLOCK_OK) {
        client_complete(d, client, entry->tag, status, 0);
        request_free(client, r);
        return;
    }
    r->owner = client;
    r->queue = (uint8_t)client->queue;
    client->buffers[r->buffer].uses++;
    request_submit(&d->controller, r);
}

/* How many requests may be accepted now: each needs a place of ours and, some
 * day, one in the ring of completions, of which there are as many. */
static uint32_t client_room(struct client *client)
{
    uint32_t space = ring_space(&client->completions);

    return space > client->in_flight ? space - client->in_flight : 0;
}

void client_intake(struct nvme_driver *d, struct client *client)
{
    struct block_entry entry; /* a copy: the client cannot change it any more */
    uint32_t waiting, room;

    if (!client->open)
        return;
    if (client->quiet) {
        client->quiet = false;
        ring_awake(&client->requests);
    }
    waiting = ring_waiting(&client->requests);
    room = client_room(client);
    client->held = waiting > room;
    for (uint32_t i = client->held ? room : waiting; i != 0; i--) {
        if (ring_get_sized(&client->requests, &entry, sizeof(entry)) == RING_OK)
            client_take_entry(d, client, &entry);
    }
    if (ring_release(&client->requests))
        notification_signal(client->wake);
}

static void buffer_release(struct nvme_driver *d, struct client *client,
                           uint32_t id)
{
    struct client_buffer *buffer = &client->buffers[id];

    client->bounds.buffers[id].bytes = 0;
    if (buffer->lent)
        dma_return(&d->kit, &buffer->loan);
    share_drop(&buffer->share);
    memset(&buffer->share, 0, sizeof(buffer->share));
    buffer->lent = false;
}

/* The last request that used a buffer which the client wants back has ended. */
static __attribute__((noinline)) void
reclaim_answer(struct nvme_driver *d, struct client *client, uint32_t id)
{
    struct message m;

    buffer_release(d, client, id);
    message_begin(&m, BLOCK_OK);
    service_answer(client->buffers[id].reclaimer, &m);
    client->buffers[id].reclaimer = 0;
}

uint32_t client_deliver(struct nvme_driver *d, struct nvme_request *r)
{
    struct client *client = r->owner;
    struct client_buffer *buffer = &client->buffers[r->buffer];

    if (client->open)
        client_complete(d, client, r->tag, r->status, r->detail);
    request_free(client, r);
    if (--buffer->uses == 0 && buffer->reclaimer)
        reclaim_answer(d, client, r->buffer);
    return client->held ? client->bit : 0;
}

bool client_may_sleep(struct client *client)
{
    if (!client->open || client->requests.corrupt ||
        client->completions.corrupt)
        return true;
    client->quiet = true;
    /* One that does not read its completions is not served until it does, and
     * asks again; what it has asked already is no reason to stay awake. */
    return ring_may_sleep_at(&client->requests,
                             client->held ? BLOCK_MAX_IN_FLIGHT : 0);
}

enum block_status client_lend(struct nvme_driver *d, struct client *client,
                              struct message *m)
{
    uint64_t id = share_id(m);
    struct client_buffer *buffer;
    unsigned attributes = MAP_READ | MAP_WRITE;

    if (id >= BLOCK_MAX_BUFFERS)
        return BLOCK_E_BUFFER;
    buffer = &client->buffers[id];
    if (buffer->lent || buffer->uses != 0)
        return BLOCK_E_BUSY;
    if (share_accept(&buffer->share, m, BLOCK_BUFFER_MAX) != 0) {
        buffer_release(d, client, (uint32_t)id);
        return BLOCK_E_BUFFER;
    }
    if (buffer->share.received != buffer->share.count)
        return BLOCK_OK;
    if (dma_lend(&d->kit, buffer->share.frames, buffer->share.count,
                 buffer->share.size_bits, attributes, &buffer->loan) != OK) {
        attributes = MAP_READ;
        if (dma_lend(&d->kit, buffer->share.frames, buffer->share.count,
                     buffer->share.size_bits, attributes,
                     &buffer->loan) != OK) {
            buffer_release(d, client, (uint32_t)id);
            return BLOCK_E_MEMORY;
        }
    }
    buffer->lent = true;
    client->bounds.buffers[id].iova = buffer->loan.iova;
    client->bounds.buffers[id].device_writes = attributes & MAP_WRITE;
    client->bounds.buffers[id].bytes = (uint64_t)buffer->share.count
                                       << buffer->share.size_bits;
    return BLOCK_OK;
}

enum block_status client_reclaim(struct nvme_driver *d, struct client *client,
                                 uint64_t id)
{
    if (id >= BLOCK_MAX_BUFFERS || client->buffers[id].reclaimer != 0)
        return BLOCK_E_BUFFER;
    client->bounds.buffers[id].bytes = 0; /* no new requests */
    if (client->buffers[id].uses != 0)
        return BLOCK_E_BUSY;
    buffer_release(d, client, (uint32_t)id);
    return BLOCK_OK;
}

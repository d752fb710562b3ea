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

static struct nvme_request *request_new(struct client *client)
{
    struct nvme_request *r = client->free;

    if (r) {
        client->free = r->next;
        client->in_flight++;
    }
    return r;
}

static void request_free(struct client *client, struct nvme_request *r)
{
    r->next = client->free;
    client->free = r;
    client->in_flight--;
}

static void client_complete(struct client *client, uint64_t tag,
                            uint32_t status, uint32_t detail)
{
    struct block_completion entry = {tag, status, detail};

    /* There is room: intake keeps in flight and unread below the ring's size,
     * unless the client broke its ring, which is then its own loss. */
    ring_put(&client->completions, &entry);
}

static void client_take_entry(struct nvme_driver *d, struct client *client,
                              const struct block_entry *entry)
{
    const struct entry_bounds bounds = {
        .disks = d->controller.namespaces,
        .disk_count = d->controller.namespace_count,
        .buffers = client->bounds,
        .read_only = !(client->badge & SERVICE_BADGE_WRITE),
    };
    struct nvme_request *r = request_new(client);
    enum block_status status = entry_check(entry, &bounds, r);

    if (client->stopped)
        status = BLOCK_E_FAULT;
    if (status != BLOCK_OK) {
        client_complete(client, entry->tag, status, 0);
        request_free(client, r);
        return;
    }
    r->owner = client->number;
    r->queue = (uint8_t)client->queue;
    if (r->buffer < BLOCK_MAX_BUFFERS)
        client->buffers[r->buffer].uses++;
    request_submit(&d->controller, r);
}

uint32_t client_intake(struct nvme_driver *d, struct client *client)
{
    struct block_entry entry;
    uint32_t count = 0;

    if (client->quiet) {
        client->quiet = false;
        ring_awake(&client->requests);
    }
    while (client->free && count < BLOCK_MAX_IN_FLIGHT &&
           ring_space(&client->completions) > client->in_flight &&
           ring_get(&client->requests, &entry) == RING_OK) {
        client_take_entry(d, client, &entry);
        count++;
    }
    if (count != 0 && ring_release(&client->requests))
        notification_signal(client->wake);
    return count;
}

static void buffer_release(struct nvme_driver *d, struct client *client,
                           uint32_t id)
{
    struct client_buffer *buffer = &client->buffers[id];

    client->bounds[id].bytes = 0;
    if (buffer->lent)
        dma_return(&d->kit, &buffer->loan);
    share_drop(&buffer->share);
    memset(&buffer->share, 0, sizeof(buffer->share));
    buffer->lent = false;
}

void client_deliver(struct nvme_driver *d, struct nvme_request *r)
{
    struct client *client = &d->clients[r->owner];
    uint32_t id = r->buffer;
    struct message m;

    if (client->open)
        client_complete(client, r->tag, r->status, r->detail);
    request_free(client, r);
    if (id >= BLOCK_MAX_BUFFERS || --client->buffers[id].uses != 0)
        return;
    if (client->buffers[id].reclaimer) {
        buffer_release(d, client, id);
        message_begin(&m, BLOCK_OK);
        service_answer(client->buffers[id].reclaimer, &m);
        client->buffers[id].reclaimer = 0;
    }
}

void client_publish(struct client *client)
{
    if (ring_publish(&client->completions))
        notification_signal(client->wake);
}

bool client_may_sleep(struct client *client)
{
    if (client->requests.corrupt || client->completions.corrupt)
        return true;
    client->quiet = true;
    /* One that does not read its completions is not served until it does. */
    return ring_may_sleep(&client->requests) || !client->free ||
           ring_space(&client->completions) <= client->in_flight;
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
    client->bounds[id].iova = buffer->loan.iova;
    client->bounds[id].device_writes = attributes & MAP_WRITE;
    client->bounds[id].bytes = (uint64_t)buffer->share.count
                               << buffer->share.size_bits;
    return BLOCK_OK;
}

enum block_status client_reclaim(struct nvme_driver *d, struct client *client,
                                 uint64_t id)
{
    if (id >= BLOCK_MAX_BUFFERS || client->buffers[id].reclaimer != 0)
        return BLOCK_E_BUFFER;
    client->bounds[id].bytes = 0; /* no new requests */
    if (client->buffers[id].uses != 0)
        return BLOCK_E_BUSY;
    buffer_release(d, client, (uint32_t)id);
    return BLOCK_OK;
}

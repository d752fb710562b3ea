/* Clients come and go: rings mapped, notifications exchanged, all bounded. */
#include "drivers/nvme/client.h"

#include <string.h>

#define RING_REQUEST_BYTES (2 * PAGE_SIZE) /* the first two Frames */

enum block_status client_close(struct nvme_driver *d, struct client *client)
{
    uint32_t faults = client->faults;
    uint64_t badge = client->badge;
    uint32_t number = client->number;

    client->open = false;
    if (client->in_flight != 0)
        return BLOCK_E_BUSY;
    for (uint64_t id = 0; id < BLOCK_MAX_BUFFERS; id++)
        client_reclaim(d, client, id);
    if (client->rings.count != 0)
        memory_unmap(&client->rings);
    if (client->wake)
        cap_delete(client->wake);
    if (client->kick)
        cap_delete(client->kick);
    memset(client, 0, sizeof(*client));
    client->faults = faults;
    client->badge = badge; /* its count of faults stays with it */
    client->number = number;
    client->bit = 1u << number;
    return BLOCK_OK;
}

/* The connection that a badge has, or a fresh one. */
static struct client *client_place(struct nvme_driver *d, uint64_t badge)
{
    struct client *client = client_find(d, badge);

    for (uint32_t i = 0; i < CLIENTS_MAX && !client; i++)
        if (d->clients[i].badge == 0) {
            client = &d->clients[i];
            client->badge = badge;
            client->number = i;
            client->bit = 1u << i;
        }
    return client;
}

static void pool_fill(struct client *client)
{
    for (uint32_t i = 0; i < BLOCK_MAX_IN_FLIGHT; i++) {
        client->pool[i].next = client->free;
        client->free = &client->pool[i];
    }
}

/* Frames that came one by one, side by side, as mapping wants them. */
static cap_t frames_collect(struct message *m)
{
    cap_t run = slot_alloc_run(BLOCK_RING_FRAMES);

    for (unsigned i = 0; i < BLOCK_RING_FRAMES && run != 0; i++) {
        cap_t frame = message_take_cap(m, i);

        if (captable_move(STARTUP_CAPTABLE, run + i, 0, frame).status == OK) {
            slot_free(frame);
            continue;
        }
        cap_delete(frame);
        cap_delete_run(run, BLOCK_RING_FRAMES);
        run = 0;
    }
    return run;
}

static enum block_status rings_map(struct client *client, struct message *m)
{
    cap_t frames = frames_collect(m);
    uint8_t *address;

    if (frames == 0)
        return BLOCK_E_MEMORY;
    if (memory_map_lent(frames, BLOCK_RING_FRAMES, PAGE_BITS,
                        MAP_READ | MAP_WRITE, &client->rings) != OK) {
        cap_delete_run(frames, BLOCK_RING_FRAMES);
        client->rings.count = 0;
        return BLOCK_E_MEMORY;
    }
    address = client->rings.address;
    memset(address, 0, BLOCK_RING_FRAMES * PAGE_SIZE);
    if (!ring_attach(&client->requests, address, RING_REQUEST_BYTES,
                     BLOCK_MAX_IN_FLIGHT, sizeof(struct block_entry), false) ||
        !ring_attach(&client->completions, address + RING_REQUEST_BYTES,
                     PAGE_SIZE, BLOCK_MAX_IN_FLIGHT,
                     sizeof(struct block_completion), true))
        return BLOCK_E_MEMORY;
    return BLOCK_OK;
}

enum block_status client_connect(struct nvme_driver *d, struct message *m,
                                 struct client **out)
{
    struct client *client = client_place(d, m->badge);
    enum block_status status;

    if (!client)
        return BLOCK_E_LIMIT;
    if (client->faults >= CLIENT_FAULTS_MAX)
        return BLOCK_E_FAULT;
    status = client_close(d, client);
    if (status != BLOCK_OK)
        return status;
    client->wake = message_take_cap(m, BLOCK_RING_FRAMES);
    client->kick = cap_copy(d->kit.events, RIGHT_WRITE,
                            EVENT_CLIENT(client->number), NULL);
    status = rings_map(client, m);
    if (status == BLOCK_OK && client->kick == 0)
        status = BLOCK_E_MEMORY;
    if (status != BLOCK_OK) {
        client_close(d, client);
        return status;
    }
    pool_fill(client);
    client->queue = client->number % d->controller.queue_count;
    client->bounds.disks = d->controller.namespaces;
    client->bounds.disk_count = d->controller.namespace_count;
    client->bounds.read_only = !(client->badge & SERVICE_BADGE_WRITE);
    client->open = true;
    client_may_sleep(client);
    *out = client;
    return BLOCK_OK;
}

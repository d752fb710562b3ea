/* The calls of the block protocol, and the program that answers them. */
#include "drivers/nvme/service.h"

#include <stdio.h>
#include <string.h>

static enum block_status controller_status(const struct nvme_driver *d)
{
    if (d->controller.state == NVME_READY)
        return BLOCK_OK;
    return d->controller.state == NVME_GONE ? BLOCK_E_GONE : BLOCK_E_DEVICE;
}

static void answer(struct message *m, enum block_status status)
{
    message_drop_caps(m);
    message_begin(m, status);
}

static void handle_info(struct nvme_driver *d, struct message *m)
{
    const struct nvme_controller *c = &d->controller;
    uint64_t disk = message_get(m);
    struct block_info info = {0};

    if (!message_end(m) || disk >= c->namespace_count) {
        answer(m, BLOCK_E_SERVICE);
        return;
    }
    info.blocks = c->namespaces[disk].blocks;
    info.block_bytes = 1u << c->namespaces[disk].block_bits;
    info.max_blocks = (uint32_t)(BLOCK_BUFFER_MAX / info.block_bytes);
    info.namespaces = c->namespace_count;
    if (c->namespaces[disk].read_only || !(m->badge & SERVICE_BADGE_WRITE))
        info.flags |= BLOCK_INFO_READ_ONLY;
    if (c->identity.write_cache)
        info.flags |= BLOCK_INFO_WRITE_CACHE;
    memcpy(info.model, c->identity.model, sizeof(info.model));
    memcpy(info.serial, c->identity.serial, sizeof(info.serial));
    answer(m, BLOCK_OK);
    message_put_bytes(m, &info, sizeof(info));
}

static void handle_connect(struct nvme_driver *d, struct message *m)
{
    struct client *client = NULL;
    enum block_status status = BLOCK_E_REQUEST;

    if (message_get(m) == BLOCK_PROTOCOL && message_end(m) &&
        m->caps == BLOCK_RING_FRAMES + 1 && m->badge != 0)
        status = client_connect(d, m, &client);
    answer(m, status);
    if (client)
        message_put_cap(m, client->kick, RIGHT_WRITE);
}

static void handle_reclaim(struct service *s, struct client *client,
                           struct message *m)
{
    uint64_t id = message_get(m);
    enum block_status status = BLOCK_E_REQUEST;

    if (message_end(m))
        status = client_reclaim(s->state, client, id);
    if (status == BLOCK_E_BUSY) {
        client->buffers[id].reclaimer = service_defer(s);
        if (client->buffers[id].reclaimer != 0)
            return;
    }
    answer(m, status);
}

/* Calls of a client that has connected. */
static void handle_connected(struct service *s, struct message *m)
{
    struct nvme_driver *d = s->state;
    struct client *client = client_find(d, m->badge);

    if (!client)
        answer(m, BLOCK_E_REQUEST);
    else if (m->label == BLOCK_CALL_LEND && client->open)
        answer(m, client_lend(d, client, m));
    else if (m->label == BLOCK_CALL_RECLAIM)
        handle_reclaim(s, client, m);
    else if (m->label == BLOCK_CALL_DISCONNECT)
        answer(m, client_close(d, client));
    else
        answer(m, BLOCK_E_REQUEST);
}

void block_handle(struct service *s, struct message *m)
{
    struct nvme_driver *d = s->state;
    enum block_status status = controller_status(d);

    if (status != BLOCK_OK && m->label <= BLOCK_CALL_LEND)
        answer(m, status);
    else if (m->label == BLOCK_CALL_INFO)
        handle_info(d, m);
    else if (m->label == BLOCK_CALL_CONNECT)
        handle_connect(d, m);
    else
        handle_connected(s, m);
}

int block_main(struct nvme_driver *d, void (*bring_up)(struct nvme_driver *d))
{
    struct service service = {
        .endpoint = service_offered("block"),
        .handle = block_handle,
        .events = block_events,
        .state = d,
    };
    uint64_t status = driver_open(&d->kit, NULL);

    if (status != OK) {
        printf("%s: no device: %s\n", startup->name, status_text(status));
        return 1;
    }
    bring_up(d);
    status = notification_bind(d->kit.events, thread_self()).status;
    if (service.endpoint == 0 || status != OK) {
        printf("%s: the policy offers no service `block`\n", startup->name);
        return 1;
    }
    block_events(&service, d->pending_bits);
    service_ready();
    status = service_run(&service);
    controller_shutdown(&d->controller);
    printf("%s: receiving failed: %s\n", startup->name, status_text(status));
    return 1;
}

/*
 * The table of clients (see clients.h).
 */
#include "clients.h"

#include <stdlib.h>
#include <string.h>

static struct client clients[CLIENTS_MAX];

struct client *client_find(uint64_t badge)
{
    for (unsigned i = 0; badge && i < CLIENTS_MAX; i++)
        if (clients[i].badge == badge)
            return &clients[i];
    return NULL;
}

static struct client *client_unused(void)
{
    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        if (!clients[i].badge)
            return &clients[i];
    return NULL;
}

static void close_all(struct client *client)
{
    for (uint64_t handle = 1; handle <= FILES_HANDLES_MAX; handle++)
        client_close(client, handle);
}

void clients_close_all(void)
{
    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        close_all(&clients[i]);
}

/* What the client's earlier life was told does not concern this one. */
static void buffer_lend(const struct memory *buffer)
{
    uint64_t *word = buffer->address;

    memset(word, 0, buffer->bytes);
    word[0] = word[buffer->bytes / 8 - 1] = FILES_LENT;
}

int client_connect(uint64_t badge, struct client **client)
{
    *client = client_find(badge);
    if (*client) {
        close_all(*client);
        buffer_lend(&(*client)->buffer);
        return FILES_OK;
    }
    *client = client_unused();
    if (!*client || !badge)
        return FILES_ERR_CLIENTS;
    if (memory_alloc_sized(FILES_BUFFER_BYTES, PAGE_BITS, &(*client)->buffer))
        return FILES_ERR_MEMORY;
    buffer_lend(&(*client)->buffer);
    (*client)->badge = badge;
    return FILES_OK;
}

int client_handle_new(struct client *client, uint64_t *handle)
{
    for (unsigned i = 0; i < FILES_HANDLES_MAX; i++) {
        if (client->files[i])
            continue;
        *handle = i + 1;
        return FILES_OK;
    }
    return FILES_ERR_HANDLES;
}

struct volume_file *client_file(struct client *client, uint64_t handle)
{
    if (!handle || handle > FILES_HANDLES_MAX)
        return NULL;
    return client->files[handle - 1];
}

void client_set_file(struct client *client, uint64_t handle,
                     struct volume_file *file)
{
    client->files[handle - 1] = file;
}

int client_close(struct client *client, uint64_t handle)
{
    struct volume_file *file = client_file(client, handle);

    if (!file)
        return FILES_ERR_HANDLE;
    volume_close(file);
    free(file);
    client->files[handle - 1] = NULL;
    return FILES_OK;
}

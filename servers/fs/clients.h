/*
 * Who is connected: for each client (by its badge) the buffer lent to it and
 * the files that it has open. All of it is bounded; a client can fill only its
 * own part.
 */
#pragma once

#include <cordon/memory.h>

#include "servers/fs/volume.h"

#define CLIENTS_MAX      16u
#define CLIENT_DIRTY_MAX (1ull << 20) /* then the next write waits */

struct client {
    uint64_t badge; /* 0: unused */
    uint64_t dirty; /* bytes written that may not be on the disk yet */
    struct memory buffer;
    struct volume_file *files[FILES_HANDLES_MAX]; /* null: not open */
};

/* The client with this badge, or null: it has not connected. */
struct client *client_find(uint64_t badge);

/* The same, but makes it: with its buffer, and nothing open any more.
 * FILES_ERR_CLIENTS, FILES_ERR_MEMORY. */
int client_connect(uint64_t badge, struct client **client);

/* A free place for a file. FILES_ERR_HANDLES. Handles start at 1. */
int client_handle_new(struct client *client, uint64_t *handle);

/* The open file, or null. */
struct volume_file *client_file(struct client *client, uint64_t handle);

void client_set_file(struct client *client, uint64_t handle,
                     struct volume_file *file);

/* Close and forget. FILES_ERR_HANDLE if it is not open. */
int client_close(struct client *client, uint64_t handle);

/* Close every file of every client: the volume goes. */
void clients_close_all(void);

/*
 * Requests that change files, and what they share with the others.
 */
#pragma once

#include <cordon/service.h>

#include "servers/fs/clients.h"

/* Answers FILES_WRITE, _RESIZE, _SYNC, _REMOVE, _MAKE_DIRECTORY,
 * _REMOVE_DIRECTORY and _RENAME; FILES_ERR_REQUEST for any other label. */
void request_change(struct message *m, struct client *client, struct volume *v);

/* Does the policy let the client with this badge write? */
bool request_may_write(uint64_t badge);

/* Why this client may not change this volume, or FILES_OK. */
int request_write_check(const struct volume *v, const struct client *client);

/* A word and a path of FILES_PATH_MAX bytes, and nothing behind them. */
int request_take_path(struct message *m, uint64_t *word, char *path,
                      size_t *bytes);

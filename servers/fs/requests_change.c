/*
 * The requests that change files (see requests.h). Whether the client may is
 * asked before anything else.
 */
#include "servers/fs/requests_change.h"

#include "servers/fs/commit.h"

/* A handle that may write. */
static int write_handle(struct client *client, struct volume *v,
                        uint64_t handle, struct volume_file **file)
{
    *file = client_file(client, handle);
    if (!*file)
        return FILES_ERR_HANDLE;
    return (*file)->may_write ? request_write_check(v, client)
                              : FILES_ERR_DENIED;
}

/* One client's data must not fill the cache that all share. */
static int write_limit(struct client *client, struct volume *v, uint64_t bytes)
{
    int error = 0;

    if (!v->disk->cache.dirty_lines)
        client->dirty = 0;
    if (client->dirty + bytes > CLIENT_DIRTY_MAX) {
        error = disk_clean(v->disk);
        client->dirty = 0;
    }
    client->dirty += bytes;
    return error ? FILES_ERR_IO : FILES_OK;
}

static void do_write(struct message *m, struct client *client, struct volume *v)
{
    uint64_t handle = message_get(m), offset = message_get(m);
    uint64_t bytes = message_get(m), where = message_get(m);
    struct volume_file *file;
    int error = FILES_ERR_REQUEST;

    if (message_end(m) && where <= client->buffer.bytes &&
        bytes <= client->buffer.bytes - where)
        error = write_handle(client, v, handle, &file);
    if (!error && offset == FILES_APPEND) {
        error = volume_refresh(v, file);
        offset = file->size;
    }
    if (!error)
        error = write_limit(client, v, bytes);
    if (!error && bytes)
        error = volume_write(v, file, offset,
                             (uint8_t *)client->buffer.address + where, bytes);
    message_begin(m, (uint64_t)error);
    if (!error)
        message_put(m, offset + bytes);
}

static void do_resize(struct message *m, struct client *client,
                      struct volume *v)
{
    uint64_t handle = message_get(m), bytes = message_get(m);
    struct volume_file *file;
    int error = FILES_ERR_REQUEST;

    if (message_end(m))
        error = write_handle(client, v, handle, &file);
    message_begin(m, (uint64_t)(error ? error : volume_resize(v, file, bytes)));
}

static void do_sync(struct message *m, struct client *client, struct volume *v)
{
    uint64_t handle = message_get(m);
    int error = FILES_OK;

    if (!message_end(m))
        error = FILES_ERR_REQUEST;
    else if (handle && !client_file(client, handle))
        error = FILES_ERR_HANDLE;
    else if (v->writable && request_may_write(client->badge))
        error = handle ? commit(v) : commit_and_rest(v);
    message_begin(m, (uint64_t)error);
}

/* REMOVE, MAKE_DIRECTORY, REMOVE_DIRECTORY. */
static void do_name(struct message *m, struct client *client, struct volume *v)
{
    char text[FILES_PATH_MAX];
    struct path path = {text, 0};
    uint64_t word, label = m->label;
    int error = request_take_path(m, &word, text, &path.bytes);

    if (!error && word & (label == FILES_MAKE_DIRECTORY ? ~0777ull : ~0ull))
        error = FILES_ERR_REQUEST;
    if (!error)
        error = request_write_check(v, client);
    if (!error && label == FILES_REMOVE)
        error = tree_remove(v, path);
    else if (!error && label == FILES_MAKE_DIRECTORY)
        error = tree_mkdir(v, path, (unsigned)word);
    else if (!error)
        error = tree_rmdir(v, path);
    message_begin(m, (uint64_t)error);
}

static void do_rename(struct message *m, struct client *client,
                      struct volume *v)
{
    char from[FILES_PATH_MAX], to[FILES_PATH_MAX];
    size_t from_bytes = message_get_bytes(m, from, sizeof(from));
    size_t to_bytes = message_get_bytes(m, to, sizeof(to));
    int error =
        message_end(m) ? request_write_check(v, client) : FILES_ERR_REQUEST;

    if (!error)
        error = tree_rename(v, (struct path){from, from_bytes},
                            (struct path){to, to_bytes});
    message_begin(m, (uint64_t)error);
}

void request_change(struct message *m, struct client *client, struct volume *v)
{
    switch (m->label) {
    case FILES_WRITE:
        do_write(m, client, v);
        break;
    case FILES_RESIZE:
        do_resize(m, client, v);
        break;
    case FILES_SYNC:
        do_sync(m, client, v);
        break;
    case FILES_REMOVE:
    case FILES_MAKE_DIRECTORY:
    case FILES_REMOVE_DIRECTORY:
        do_name(m, client, v);
        break;
    case FILES_RENAME:
        do_rename(m, client, v);
        break;
    default:
        message_begin(m, FILES_ERR_REQUEST);
    }
}

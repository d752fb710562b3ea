/*
 * One function for each operation (see requests.h). Each reads its arguments,
 * checks that there are no more, then does it and builds the answer.
 *
 * An answer shares the message page with its request, so what is still needed
 * of the request is copied out first.
 */
#include "requests.h"

#include <cordon/slot.h>
#include <stdlib.h>
#include <string.h>

#include "servers/fs/clients.h"
#include "servers/fs/mount.h"

static void put_words(struct message *m, const void *data, size_t words)
{
    uint64_t word;

    for (size_t i = 0; i < words; i++) {
        memcpy(&word, (const char *)data + 8 * i, 8);
        message_put(m, word);
    }
}

static void do_connect(struct message *m, struct client *client)
{
    int error =
        message_end(m) ? client_connect(m->badge, &client) : FILES_ERR_REQUEST;

    message_begin(m, (uint64_t)error);
    if (!error)
        message_put(m, client->buffer.bytes);
}

/* Lend the next few Frames of the client's buffer, to be read only. */
static void do_buffer(struct message *m, struct client *client)
{
    uint64_t first = message_get(m);
    uint64_t count;

    if (!message_end(m) || first >= client->buffer.count) {
        message_begin(m, FILES_ERR_REQUEST);
        return;
    }
    count = client->buffer.count - first;
    if (count > MSG_MAX_CAPS)
        count = MSG_MAX_CAPS;
    message_begin(m, FILES_OK);
    message_put(m, count);
    for (uint64_t i = 0; i < count; i++)
        message_put_cap(m, client->buffer.frames + first + i, RIGHT_READ);
}

/* Flags and path of OPEN and STAT, walked. */
static int walk(struct volume *v, struct message *m, uint64_t allowed,
                ext2_ino_t *inode, unsigned *type)
{
    char path[FILES_PATH_MAX];
    uint64_t flags = message_get(m);
    size_t bytes = message_get_bytes(m, path, sizeof(path));

    if (!message_end(m))
        return m->bad && message_word(m, 1) > sizeof(path) ? FILES_ERR_NAME
                                                           : FILES_ERR_REQUEST;
    if (flags & ~allowed)
        return FILES_ERR_REQUEST;
    return volume_walk(v, path, bytes, (unsigned)flags, inode, type);
}

static int open_file(struct volume *v, struct client *client, ext2_ino_t inode,
                     uint64_t *handle, struct files_stat *stat)
{
    struct volume_file *file;
    int error = client_handle_new(client, handle);

    if (!error)
        error = volume_stat(v, inode, stat);
    if (error)
        return error;
    file = malloc(sizeof(*file));
    if (!file)
        return FILES_ERR_MEMORY;
    error = volume_open(v, inode, file);
    if (error) {
        free(file);
        return error;
    }
    client_set_file(client, *handle, file);
    return FILES_OK;
}

static void do_open(struct message *m, struct client *client, struct volume *v)
{
    ext2_ino_t inode;
    unsigned type;
    uint64_t handle = 0;
    struct files_stat stat;
    int error =
        walk(v, m, FILES_NO_FOLLOW | FILES_MUST_DIRECTORY, &inode, &type);

    if (!error && type == FILES_TYPE_LINK)
        error = FILES_ERR_LOOP; /* as open() with O_NOFOLLOW */
    if (!error)
        error = open_file(v, client, inode, &handle, &stat);
    message_begin(m, (uint64_t)error);
    if (error)
        return;
    message_put(m, handle);
    put_words(m, &stat, FILES_STAT_WORDS);
}

static void do_close(struct message *m, struct client *client)
{
    uint64_t handle = message_get(m);

    message_begin(m, message_end(m) ? (uint64_t)client_close(client, handle)
                                    : FILES_ERR_REQUEST);
}

static void do_read(struct message *m, struct client *client, struct volume *v)
{
    uint64_t handle = message_get(m), offset = message_get(m);
    uint64_t bytes = message_get(m), where = message_get(m);
    struct volume_file *file = client_file(client, handle);
    size_t done = 0;
    int error;

    if (!message_end(m) || where > client->buffer.bytes ||
        bytes > client->buffer.bytes - where)
        error = FILES_ERR_REQUEST;
    else if (!file)
        error = FILES_ERR_HANDLE;
    else if (LINUX_S_ISDIR(file->attributes.i_mode))
        error = FILES_ERR_IS_DIRECTORY;
    else if (!LINUX_S_ISREG(file->attributes.i_mode))
        error = FILES_ERR_REQUEST;
    else
        error = volume_read(v, file, offset,
                            (uint8_t *)client->buffer.address + where,
                            (size_t)bytes, &done);
    message_begin(m, (uint64_t)error);
    if (!error)
        message_put(m, done);
}

static void do_stat(struct message *m, struct volume *v)
{
    ext2_ino_t inode;
    unsigned type;
    struct files_stat stat;
    int error =
        walk(v, m, FILES_NO_FOLLOW | FILES_MUST_DIRECTORY, &inode, &type);

    if (!error)
        error = volume_stat(v, inode, &stat);
    message_begin(m, (uint64_t)error);
    if (!error)
        put_words(m, &stat, FILES_STAT_WORDS);
}

/* Entries of a directory, packed while they fit into one message. */
struct packing {
    uint8_t bytes[(MSG_MAX_WORDS - 2) * 8];
    size_t used;
    uint64_t entries;
    int full;
};

static int pack(void *context, uint64_t inode, unsigned type, const char *name,
                size_t bytes)
{
    struct packing *p = context;
    struct files_entry entry = {inode, (uint16_t)bytes, (uint8_t)type, {0}};
    size_t size = (sizeof(entry) + bytes + 7) & ~(size_t)7;

    if (size > sizeof(p->bytes) - p->used) {
        p->full = 1;
        return 1;
    }
    memset(p->bytes + p->used, 0, size);
    memcpy(p->bytes + p->used, &entry, sizeof(entry));
    memcpy(p->bytes + p->used + sizeof(entry), name, bytes);
    p->used += size;
    p->entries++;
    return 0;
}

static void do_list(struct message *m, struct client *client, struct volume *v)
{
    static struct packing p; /* one request at a time */
    uint64_t handle = message_get(m), position = message_get(m);
    struct volume_file *file = client_file(client, handle);
    int error;

    p.used = 0;
    p.entries = 0;
    p.full = 0;
    if (!message_end(m))
        error = FILES_ERR_REQUEST;
    else if (!file)
        error = FILES_ERR_HANDLE;
    else if (!LINUX_S_ISDIR(file->attributes.i_mode))
        error = FILES_ERR_NOT_DIRECTORY;
    else
        error = volume_list(v, file->inode, position, pack, &p);
    message_begin(m, (uint64_t)error);
    if (error)
        return;
    message_put(m, position + p.entries);
    message_put(m, p.entries);
    put_words(m, p.bytes, p.used / 8);
}

static void do_readlink(struct message *m, struct volume *v)
{
    ext2_ino_t inode;
    unsigned type;
    char text[FILES_PATH_MAX];
    size_t bytes = 0;
    int error = walk(v, m, FILES_NO_FOLLOW, &inode, &type);

    if (!error)
        error = volume_readlink(v, inode, text, sizeof(text), &bytes);
    message_begin(m, (uint64_t)error);
    if (!error)
        message_put_bytes(m, text, bytes);
}

static void do_statfs(struct message *m, struct volume *v)
{
    struct files_statfs statfs;
    int error = message_end(m) ? volume_statfs(v, &statfs) : FILES_ERR_REQUEST;

    message_begin(m, (uint64_t)error);
    if (!error)
        put_words(m, &statfs, FILES_STATFS_WORDS);
}

static void do_status(struct message *m)
{
    if (!message_end(m)) {
        message_begin(m, FILES_ERR_REQUEST);
        return;
    }
    mount_get();
    message_begin(m, FILES_OK);
    message_put(m, (uint64_t)mount_error());
    message_put_text(m, mount_text());
}

/* Operations that need the volume. */
static void with_volume(struct message *m, struct client *client)
{
    struct volume *v = mount_get();

    if (!v) {
        message_begin(m, (uint64_t)mount_error());
        return;
    }
    switch (m->label) {
    case FILES_OPEN:
        do_open(m, client, v);
        break;
    case FILES_READ:
        do_read(m, client, v);
        break;
    case FILES_STAT:
        do_stat(m, v);
        break;
    case FILES_LIST:
        do_list(m, client, v);
        break;
    case FILES_READLINK:
        do_readlink(m, v);
        break;
    case FILES_STATFS:
        do_statfs(m, v);
        break;
    default:
        message_begin(m, FILES_ERR_REQUEST);
    }
}

void request_handle(struct service *service, struct message *m)
{
    struct client *client = client_find(m->badge);

    (void)service;
    if (m->label == FILES_CONNECT) {
        do_connect(m, client);
    } else if (m->label == FILES_STATUS) {
        do_status(m);
    } else if (!client) {
        message_begin(m, FILES_ERR_CONNECT);
    } else if (m->label == FILES_BUFFER) {
        do_buffer(m, client);
    } else if (m->label == FILES_CLOSE) {
        do_close(m, client);
    } else {
        with_volume(m, client);
    }
}

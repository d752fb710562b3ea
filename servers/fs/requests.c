/*
 * One function for each operation (see requests.h); those that change files are
 * in requests_change.c. Each reads its arguments, checks that there are no
 * more, then does it and builds the answer.
 *
 * An answer shares the message page with its request, so what is still needed
 * of the request is copied out first.
 */
#include "requests.h"

#include <cordon/slot.h>
#include <stdlib.h>
#include <string.h>

#include "servers/fs/mount.h"
#include "servers/fs/requests_change.h"

static void put_words(struct message *m, const void *data, size_t words)
{
    uint64_t word;

    for (size_t i = 0; i < words; i++) {
        memcpy(&word, (const char *)data + 8 * i, 8);
        message_put(m, word);
    }
}

bool request_may_write(uint64_t badge)
{
    return badge & SERVICE_BADGE_WRITE;
}

static void do_connect(struct message *m, struct client *client)
{
    int error =
        message_end(m) ? client_connect(m->badge, &client) : FILES_ERR_REQUEST;

    message_begin(m, (uint64_t)error);
    if (error)
        return;
    message_put(m, client->buffer.bytes);
    message_put(m, request_may_write(m->badge));
}

/* Lend the next few Frames of the client's buffer. */
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
        message_put_cap(m, client->buffer.frames + first + i,
                        request_may_write(client->badge)
                            ? RIGHT_READ | RIGHT_WRITE
                            : RIGHT_READ);
}

/* A word and a path, and nothing behind them. */
int request_take_path(struct message *m, uint64_t *word, char *path,
                      size_t *bytes)
{
    *word = message_get(m);
    *bytes = message_get_bytes(m, path, FILES_PATH_MAX);
    if (!message_end(m))
        return m->bad && message_word(m, 1) > FILES_PATH_MAX
                   ? FILES_ERR_NAME
                   : FILES_ERR_REQUEST;
    return FILES_OK;
}

/* Flags and path of STAT and READLINK, walked. */
static int walk(struct volume *v, struct message *m, uint64_t allowed,
                ext2_ino_t *inode, unsigned *type)
{
    char path[FILES_PATH_MAX];
    uint64_t flags;
    size_t bytes;
    int error = request_take_path(m, &flags, path, &bytes);

    if (!error && flags & ~allowed)
        error = FILES_ERR_REQUEST;
    return error ? error
                 : volume_walk(v, path, bytes, (unsigned)flags, inode, type);
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

#define OPEN_ANY                                                               \
    (FILES_NO_FOLLOW | FILES_MUST_DIRECTORY | FILES_OPEN_WRITE |               \
     FILES_OPEN_CREATE | FILES_OPEN_EXCLUSIVE | FILES_OPEN_TRUNCATE)
#define OPEN_WALK (FILES_NO_FOLLOW | FILES_MUST_DIRECTORY)
#define OPEN_CHANGES                                                           \
    (FILES_OPEN_WRITE | FILES_OPEN_CREATE | FILES_OPEN_TRUNCATE)

/* Why this client may not change this volume. */
int request_write_check(const struct volume *v, const struct client *client)
{
    if (!v->writable)
        return FILES_ERR_READ_ONLY;
    return request_may_write(client->badge) ? FILES_OK : FILES_ERR_DENIED;
}

/* The inode to open, made if the flags say so. */
static int open_find(struct volume *v, struct client *client, uint64_t flags,
                     struct path path, ext2_ino_t *inode)
{
    unsigned type;
    int error = volume_walk(v, path.text, path.bytes,
                            (unsigned)flags & OPEN_WALK, inode, &type);

    if (error == FILES_ERR_NOT_FOUND && flags & FILES_OPEN_CREATE) {
        error = request_write_check(v, client);
        return error ? error
                     : tree_create(v, path, (unsigned)(flags >> 16), inode);
    }
    if (error)
        return error;
    if (flags & FILES_OPEN_CREATE && flags & FILES_OPEN_EXCLUSIVE)
        return FILES_ERR_EXISTS;
    if (type == FILES_TYPE_LINK)
        return FILES_ERR_LOOP; /* as open() with O_NOFOLLOW */
    if (flags & OPEN_CHANGES && type == FILES_TYPE_DIRECTORY)
        return FILES_ERR_IS_DIRECTORY;
    return flags & (FILES_OPEN_WRITE | FILES_OPEN_TRUNCATE)
               ? request_write_check(v, client)
               : FILES_OK;
}

static int open_path(struct volume *v, struct client *client, uint64_t flags,
                     struct path path, uint64_t *handle,
                     struct files_stat *stat)
{
    ext2_ino_t inode;
    struct volume_file *file;
    int error = client_handle_new(client, handle);

    if (!error)
        error = open_find(v, client, flags, path, &inode);
    if (!error)
        error = open_file(v, client, inode, handle, stat);
    if (error)
        return error;
    file = client_file(client, *handle);
    file->may_write = flags & FILES_OPEN_WRITE;
    if (!(flags & FILES_OPEN_TRUNCATE))
        return FILES_OK;
    stat->size = 0;
    error = volume_resize(v, file, 0);
    if (error)
        client_close(client, *handle);
    return error;
}

static void do_open(struct message *m, struct client *client, struct volume *v)
{
    char path[FILES_PATH_MAX];
    uint64_t flags, handle = 0;
    struct files_stat stat;
    size_t bytes;
    int error = request_take_path(m, &flags, path, &bytes);

    if (!error && flags & ~(uint64_t)(OPEN_ANY | FILES_OPEN_MODE(0777)))
        error = FILES_ERR_REQUEST;
    if (!error)
        error = open_path(v, client, flags, (struct path){path, bytes}, &handle,
                          &stat);
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

static void do_fstat(struct message *m, struct client *client, struct volume *v)
{
    uint64_t handle = message_get(m);
    const struct volume_file *file = client_file(client, handle);
    struct files_stat stat;
    int error = FILES_ERR_HANDLE;

    if (!message_end(m))
        error = FILES_ERR_REQUEST;
    else if (file)
        error = volume_stat(v, file->inode, &stat);
    message_begin(m, (uint64_t)error);
    if (!error)
        put_words(m, &stat, FILES_STAT_WORDS);
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
    case FILES_FSTAT:
        do_fstat(m, client, v);
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
        request_change(m, client, v);
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
    mount_after_request();
}

/*
 * The file service's client (<cordon/files.h>): one call for each operation,
 * and the mapping of the buffer that the server lends.
 */
#include <cordon/files.h>

#include <cordon/clock.h>
#include <cordon/cordon.h>
#include <stdio.h>
#include <string.h>

/* A server that waits for a dead driver answers late, but it answers. */
#define FILES_PATIENCE (60 * NS_PER_S)
#define FILES_TRIES    5
#define FILES_PAUSE    (100 * NS_PER_MS)

/* Send *m; the answer replaces it. Its label, or that nobody answers. */
static int files_call(const struct files *files, struct message *m)
{
    uint64_t status;

    if (m->bad)
        return FILES_ERR_NAME;
    status = message_call(files->endpoint, m, clock_after(FILES_PATIENCE));
    return status == OK ? (int)m->label : FILES_ERR_GONE;
}

static int files_call_words(const struct files *files, struct message *m,
                            uint64_t label, unsigned words, const uint64_t *w)
{
    message_begin(m, label);
    for (unsigned i = 0; i < words; i++)
        message_put(m, w[i]);
    return files_call(files, m);
}

static int files_try_path(const struct files *files, struct message *m,
                          uint64_t label, unsigned flags, const char *path,
                          size_t bytes)
{
    message_begin(m, label);
    message_put(m, flags);
    message_put_bytes(m, path, bytes);
    return files_call(files, m);
}

static int files_connect_to(struct files *files, cap_t endpoint, bool lasting);

/* A server that died meanwhile is being restarted: connect to its successor, to
 * ask again. False: `error` is another one. */
static bool files_reconnect(struct files *files, int error)
{
    cap_t endpoint = files->endpoint;
    unsigned lives = files->lives + 1;

    if (error != FILES_ERR_CONNECT && error != FILES_ERR_GONE)
        return false;
    if (error == FILES_ERR_GONE)
        clock_sleep(FILES_PAUSE);
    files_disconnect(files);
    files_connect_to(files, endpoint, files->lasting);
    files->lives = lives;
    return true;
}

static int files_call_path(struct files *files, struct message *m,
                           uint64_t label, unsigned flags, const char *path)
{
    size_t bytes = strlen(path);
    int error = FILES_ERR_NAME;

    for (unsigned i = 0; bytes <= FILES_PATH_MAX && i < FILES_TRIES; i++) {
        error = files_try_path(files, m, label, flags, path, bytes);
        if (!files_reconnect(files, error))
            break;
    }
    return error;
}

static void get_words(struct message *m, void *data, size_t words)
{
    for (size_t i = 0; i < words; i++) {
        uint64_t word = message_get(m);

        memcpy((char *)data + 8 * i, &word, 8);
    }
}

/* An answer that is not what the protocol says. */
static int checked(const struct message *m)
{
    return message_end(m) ? FILES_OK : FILES_ERR_REQUEST;
}

/* Fetch the buffer's Frames from number `first` on into slots from `run` on. */
static int buffer_fetch(const struct files *files, uint64_t first,
                        uint64_t count, cap_t run, uint64_t *fetched)
{
    struct message m;
    int error = files_call_words(files, &m, FILES_BUFFER, 1, &first);

    if (error)
        return error;
    *fetched = message_get(&m);
    if (!message_end(&m) || !*fetched || *fetched != m.caps ||
        *fetched > count - first) {
        message_drop_caps(&m);
        return FILES_ERR_REQUEST;
    }
    for (unsigned i = 0; i < *fetched; i++) {
        cap_t slot = message_take_cap(&m, i);

        if (captable_move(STARTUP_CAPTABLE, run + first + i, 0, slot).status)
            return FILES_ERR_MEMORY;
        slot_free(slot);
    }
    return FILES_OK;
}

static int buffer_map(struct files *files)
{
    uint64_t count = files->buffer_bytes >> PAGE_BITS, fetched;
    unsigned access = files->may_write ? MAP_READ | MAP_WRITE : MAP_READ;
    cap_t run = slot_alloc_run(count);
    struct memory map;
    int error = run ? FILES_OK : FILES_ERR_MEMORY;

    for (uint64_t at = 0; !error && at < count; at += fetched)
        error = buffer_fetch(files, at, count, run, &fetched);
    if (!error && (files->lasting ? memory_map_lent : memory_map)(
                      run, count, PAGE_BITS, access, &map))
        error = FILES_ERR_MEMORY;
    if (error) {
        if (run)
            cap_delete_run(run, count);
        return error;
    }
    files->buffer = map.address;
    files->frames = run;
    return FILES_OK;
}

static int files_connect_to(struct files *files, cap_t endpoint, bool lasting)
{
    struct message m;
    int error;

    memset(files, 0, sizeof(*files));
    files->endpoint = endpoint;
    files->lasting = lasting;
    error = files_call_words(files, &m, FILES_CONNECT, 0, NULL);
    if (error)
        return error;
    files->buffer_bytes = message_get(&m);
    files->may_write = message_get(&m) != 0;
    if (!message_end(&m) || files->buffer_bytes < PAGE_SIZE ||
        files->buffer_bytes > FILES_BUFFER_BYTES ||
        files->buffer_bytes % PAGE_SIZE)
        return FILES_ERR_REQUEST;
    return buffer_map(files);
}

int files_connect(struct files *files, cap_t endpoint)
{
    return files_connect_to(files, endpoint, false);
}

int files_connect_service(struct files *files, const char *name)
{
    cap_t endpoint = service_find(name);

    return endpoint ? files_connect(files, endpoint) : FILES_ERR_GONE;
}

int files_connect_lasting(struct files *files, const char *name)
{
    cap_t endpoint = service_find(name);

    return endpoint ? files_connect_to(files, endpoint, true) : FILES_ERR_GONE;
}

static uint64_t word_at(const uint8_t *at)
{
    return *(const volatile uint64_t *)(const void *)at;
}

bool files_is_lent(const struct files *files)
{
    return files->buffer && word_at(files->buffer) == FILES_LENT &&
           word_at(files->buffer + files->buffer_bytes - 8) == FILES_LENT;
}

void files_disconnect(struct files *files)
{
    struct memory map = {.address = files->buffer,
                         .bytes = files->buffer_bytes,
                         .frames = files->frames,
                         .count = (uint32_t)(files->buffer_bytes >> PAGE_BITS),
                         .size_bits = PAGE_BITS};

    if (files->buffer)
        memory_unmap(&map);
    files->buffer = NULL;
}

int files_open(struct files *files, const char *path, unsigned flags,
               uint64_t *handle, struct files_stat *stat)
{
    struct message m;
    struct files_stat unused;
    int error = files_call_path(files, &m, FILES_OPEN, flags, path);

    if (error)
        return error;
    *handle = message_get(&m);
    get_words(&m, stat ? stat : &unused, FILES_STAT_WORDS);
    return checked(&m);
}

int files_close(struct files *files, uint64_t handle)
{
    struct message m;

    return files_call_words(files, &m, FILES_CLOSE, 1, &handle);
}

int files_view_at(struct files *files, uint64_t handle, uint64_t offset,
                  size_t bytes, size_t where, const uint8_t **data,
                  size_t *done)
{
    size_t room = where < files->buffer_bytes ? files->buffer_bytes - where : 0;
    uint64_t w[4] = {handle, offset, bytes < room ? bytes : room, where};
    struct message m;
    int error = files_call_words(files, &m, FILES_READ, 4, w);

    if (error)
        return error;
    *data = files->buffer + where;
    *done = message_get(&m);
    return *done <= w[2] ? checked(&m) : FILES_ERR_REQUEST;
}

int files_view(struct files *files, uint64_t handle, uint64_t offset,
               size_t bytes, const uint8_t **data, size_t *done)
{
    return files_view_at(files, handle, offset, bytes, 0, data, done);
}

int files_read(struct files *files, uint64_t handle, uint64_t offset, void *to,
               size_t bytes, size_t *done)
{
    *done = 0;
    while (*done < bytes) {
        const uint8_t *data;
        size_t n;
        int error =
            files_view(files, handle, offset + *done, bytes - *done, &data, &n);

        if (error)
            return error;
        if (!n)
            break;
        memcpy((uint8_t *)to + *done, data, n);
        *done += n;
    }
    return FILES_OK;
}

/* Where in the buffer `data` is: as many bytes of it as there are, else copied
 * to its start. */
static size_t buffer_put(const struct files *files, const uint8_t *data,
                         size_t *bytes)
{
    size_t where = (size_t)(data - files->buffer);

    if (where >= files->buffer_bytes) /* elsewhere, also before it */
        where = 0;
    if (*bytes > files->buffer_bytes - where)
        *bytes = files->buffer_bytes - where;
    if (data != files->buffer + where)
        memcpy(files->buffer, data, *bytes);
    return where;
}

int files_write(struct files *files, uint64_t handle, uint64_t offset,
                const void *from, size_t bytes, uint64_t *end)
{
    const uint8_t *data = from;
    uint64_t behind = offset;

    if (!files->may_write)
        return FILES_ERR_DENIED;
    while (bytes) {
        size_t n = bytes, where = buffer_put(files, data, &n);
        uint64_t w[4] = {handle, offset, n, where};
        struct message m;
        int error = files_call_words(files, &m, FILES_WRITE, 4, w);

        if (error)
            return error;
        behind = message_get(&m);
        if (!message_end(&m))
            return FILES_ERR_REQUEST;
        offset = offset == FILES_APPEND ? offset : behind;
        data += n;
        bytes -= n;
    }
    if (end)
        *end = behind;
    return FILES_OK;
}

int files_resize(struct files *files, uint64_t handle, uint64_t bytes)
{
    uint64_t w[2] = {handle, bytes};
    struct message m;

    return files_call_words(files, &m, FILES_RESIZE, 2, w);
}

int files_sync(struct files *files, uint64_t handle)
{
    struct message m;

    return files_call_words(files, &m, FILES_SYNC, 1, &handle);
}

int files_fstat(struct files *files, uint64_t handle, struct files_stat *stat)
{
    struct message m;
    int error = files_call_words(files, &m, FILES_FSTAT, 1, &handle);

    if (error)
        return error;
    get_words(&m, stat, FILES_STAT_WORDS);
    return checked(&m);
}

int files_remove(struct files *files, const char *path)
{
    struct message m;

    return files_call_path(files, &m, FILES_REMOVE, 0, path);
}

int files_mkdir(struct files *files, const char *path, unsigned mode)
{
    struct message m;

    return files_call_path(files, &m, FILES_MAKE_DIRECTORY, mode, path);
}

int files_rmdir(struct files *files, const char *path)
{
    struct message m;

    return files_call_path(files, &m, FILES_REMOVE_DIRECTORY, 0, path);
}

int files_rename(struct files *files, const char *from, const char *to)
{
    size_t from_bytes = strlen(from), to_bytes = strlen(to);
    int error = FILES_ERR_NAME;
    struct message m;

    if (from_bytes > FILES_PATH_MAX || to_bytes > FILES_PATH_MAX)
        return error;
    for (unsigned i = 0; i < FILES_TRIES; i++) {
        message_begin(&m, FILES_RENAME);
        message_put_bytes(&m, from, from_bytes);
        message_put_bytes(&m, to, to_bytes);
        error = files_call(files, &m);
        if (!files_reconnect(files, error))
            break;
    }
    return error;
}

int files_stat(struct files *files, const char *path, unsigned flags,
               struct files_stat *stat)
{
    struct message m;
    int error = files_call_path(files, &m, FILES_STAT, flags, path);

    if (error)
        return error;
    get_words(&m, stat, FILES_STAT_WORDS);
    return checked(&m);
}

/* One batch of entries: copied out first, because `each` may send messages. */
struct batch {
    uint64_t position, entries;
    size_t words;
    uint64_t data[MSG_MAX_WORDS];
};

static int batch_fetch(const struct files *files, uint64_t handle,
                       struct batch *b)
{
    uint64_t w[2] = {handle, b->position};
    struct message m;
    int error = files_call_words(files, &m, FILES_LIST, 2, w);

    if (error)
        return error;
    b->position = message_get(&m);
    b->entries = message_get(&m);
    b->words = m.words > 2 ? m.words - 2 : 0;
    get_words(&m, b->data, b->words);
    return checked(&m);
}

/* The entry at word `at`: its name to `name`, its words to *size. */
static int batch_entry(const struct batch *b, size_t at,
                       struct files_entry *entry, char *name, size_t *size)
{
    size_t header = sizeof(*entry) / 8;

    if (b->words - at < header)
        return FILES_ERR_REQUEST;
    memcpy(entry, b->data + at, sizeof(*entry));
    *size = header + (entry->name_bytes + 7u) / 8;
    if (entry->name_bytes > FILES_NAME_MAX || *size > b->words - at)
        return FILES_ERR_REQUEST;
    memcpy(name, b->data + at + header, entry->name_bytes);
    name[entry->name_bytes] = 0;
    return FILES_OK;
}

int files_list(struct files *files, uint64_t handle, files_list_each *each,
               void *context)
{
    struct batch b = {.position = 0};
    struct files_entry entry;
    char name[FILES_NAME_MAX + 1];

    for (;;) {
        size_t at = 0, size;
        int error = batch_fetch(files, handle, &b);

        if (error || !b.entries)
            return error;
        for (uint64_t i = 0; i < b.entries; i++, at += size) {
            error = batch_entry(&b, at, &entry, name, &size);
            if (!error)
                error = each(context, name, &entry);
            if (error)
                return error;
        }
    }
}

int files_readlink(struct files *files, const char *path, char *text,
                   size_t bytes)
{
    struct message m;
    int error =
        files_call_path(files, &m, FILES_READLINK, FILES_NO_FOLLOW, path);

    if (error)
        return error;
    message_get_text(&m, text, bytes);
    return message_end(&m) ? FILES_OK : FILES_ERR_NAME;
}

int files_statfs(struct files *files, struct files_statfs *statfs)
{
    struct message m;
    int error = files_call_words(files, &m, FILES_STATFS, 0, NULL);

    if (error)
        return error;
    get_words(&m, statfs, FILES_STATFS_WORDS);
    return checked(&m);
}

int files_status(struct files *files, char *text)
{
    struct message m;
    int error = files_call_words(files, &m, FILES_STATUS, 0, NULL);

    snprintf(text, FILES_STATUS_MAX + 1, "%s", files_error_text(error));
    if (error)
        return error;
    error = (int)message_get(&m);
    message_get_text(&m, text, FILES_STATUS_MAX + 1);
    return message_end(&m) ? error : FILES_ERR_REQUEST;
}

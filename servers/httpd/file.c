/*
 * Open files and what is known of them (file.h).
 */
#include "file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "servers/httpd/date.h"
#include "servers/httpd/media.h"

bool library_open(struct library *l, uint32_t connections)
{
    memset(l, 0, sizeof(*l));
    l->count = connections + FILE_SPARE;
    l->list = calloc(l->count, sizeof(*l->list));
    files_connect_lasting(&l->files, "files");
    return l->list;
}

int library_ready(struct library *l, uint64_t now)
{
    return now < l->down_until ? FILES_ERR_GONE : FILES_OK;
}

int library_result(struct library *l, int error, uint64_t now)
{
    if (error == FILES_ERR_GONE || error == FILES_ERR_CONNECT)
        l->down_until = now + FILE_OUTAGE_NS;
    if (l->lives != l->files.lives) { /* no handle of before counts */
        l->lives = l->files.lives;
        l->handles = 0;
        for (uint32_t i = 0; i < l->count; i++)
            l->list[i].handle = 0;
    }
    return error;
}

static void handle_close(struct library *l, struct file *f)
{
    if (f->handle && l->lives == l->files.lives)
        files_close(&l->files, f->handle);
    l->handles -= f->handle && l->handles;
    f->handle = 0;
}

/* Room for one more handle: the one that was not used for longest goes. */
static void handle_spare(struct library *l)
{
    struct file *oldest = NULL;

    for (uint32_t i = 0; l->handles >= FILE_HANDLES && i < l->count; i++) {
        struct file *f = &l->list[i];

        if (f->handle && (!oldest || f->used < oldest->used))
            oldest = f;
    }
    if (oldest)
        handle_close(l, oldest);
}

/* Open `path`; *handle is nobody's yet. */
static int open_path(struct library *l, const char *path, uint64_t *handle,
                     struct files_stat *stat)
{
    int error;

    handle_spare(l);
    error = files_open(&l->files, path, 0, handle, stat);
    library_result(l, FILES_OK, 0);
    if (error)
        return error;
    if (S_ISREG(stat->mode))
        return FILES_OK;
    files_close(&l->files, *handle);
    return S_ISDIR(stat->mode) ? FILES_ERR_IS_DIRECTORY : FILES_ERR_DENIED;
}

static bool is_same(const struct files_stat *a, const struct files_stat *b)
{
    return a->inode == b->inode && a->size == b->size &&
           a->modify_seconds == b->modify_seconds;
}

/* RFC 9110 8.8.1: times have whole seconds here, so a file that was changed
 * just now may change once more without its time telling. */
static bool is_fresh(const struct files_stat *s, int64_t wall)
{
    return wall - s->modify_seconds < 2 && s->modify_seconds - wall < 2;
}

void validator_make(struct validator *v, const struct files_stat *s,
                    int64_t wall)
{
    struct text t = text_in(v->etag, sizeof(v->etag) - 1);

    text_put(&t, is_fresh(s, wall) ? "W/\"" : "\"");
    text_hex(&t, s->inode);
    text_put(&t, "-");
    text_hex(&t, s->size);
    text_put(&t, "-");
    text_hex(&t, (uint64_t)s->modify_seconds);
    text_put(&t, "\"");
    v->etag[t.bytes] = 0;
    v->modified = s->modify_seconds;
    v->exists = true;
}

static void describe(struct file *f, int64_t wall)
{
    struct text t = text_in(f->head, sizeof(f->head));

    validator_make(&f->validator, &f->stat, wall);
    text_put(&t, "Content-Type: ");
    text_put(&t, media_type(f->path));
    text_put(&t, "\r\nLast-Modified: ");
    date_put(&t, f->stat.modify_seconds);
    text_put(&t, "\r\nETag: ");
    text_put(&t, f->validator.etag);
    text_put(&t, "\r\n");
    f->head_bytes = t.bytes;
}

static uint32_t hash_of(const char *path) /* FNV-1a */
{
    uint32_t hash = 2166136261u;

    for (; *path; path++)
        hash = (hash ^ (unsigned char)*path) * 16777619u;
    return hash;
}

static struct file *find(struct library *l, const char *path, uint32_t hash)
{
    for (uint32_t i = 0; i < l->count; i++)
        if (l->list[i].current && l->list[i].hash == hash &&
            !strcmp(l->list[i].path, path))
            return &l->list[i];
    return NULL;
}

static void drop(struct library *l, struct file *f)
{
    handle_close(l, f);
    free(f->content);
    memset(f, 0, sizeof(*f));
}

/* An entry that nobody uses: there are more than connections. */
static struct file *unused(struct library *l)
{
    struct file *best = NULL;

    for (uint32_t i = 0; i < l->count; i++) {
        struct file *f = &l->list[i];

        if (!f->users && (!best || f->used < best->used))
            best = f;
    }
    if (best)
        drop(l, best);
    return best;
}

/* Keep what a small file holds, and give its handle back. */
static void keep_small(struct library *l, struct file *f)
{
    const uint8_t *data;
    char *content;
    size_t done;

    if (f->stat.size > FILE_SMALL ||
        files_view_at(&l->files, f->handle, 0, f->stat.size, FILE_READ_AT,
                      &data, &done) ||
        done != f->stat.size || !(content = malloc(FILE_SMALL)))
        return;
    memcpy(content, data, done);
    if (!data_is_sound(l, data)) {
        free(content);
        return;
    }
    f->content = content;
    handle_close(l, f);
}

static int file_new(struct library *l, const char *path, uint32_t hash,
                    int64_t wall, struct file **file)
{
    struct file *f = unused(l);
    int error;

    if (!f)
        return FILES_ERR_MEMORY;
    error = open_path(l, path, &f->handle, &f->stat);
    if (error) {
        f->handle = 0;
        return error;
    }
    l->handles++;
    strcpy(f->path, path);
    f->hash = hash;
    f->current = true;
    describe(f, wall);
    keep_small(l, f);
    *file = f;
    return FILES_OK;
}

/* Whether what is known of a file still holds: *file is NULL if not, and then
 * its users alone keep it. */
static int file_check(struct library *l, struct file **file, int64_t wall)
{
    struct file *f = *file;
    struct files_stat stat;
    int error = files_stat(&l->files, f->path, 0, &stat);

    if (!error && is_same(&stat, &f->stat) && !is_fresh(&stat, wall) &&
        f->validator.etag[0] == '"')
        return FILES_OK;
    *file = NULL;
    f->current = false;
    if (!f->users)
        drop(l, f);
    return error;
}

static int file_find(struct library *l, const char *path, uint64_t now,
                     int64_t wall, struct file **file)
{
    uint32_t hash = hash_of(path);
    int error = FILES_OK;

    *file = find(l, path, hash);
    if (*file && now - (*file)->checked < FILE_TRUST_NS)
        return FILES_OK;
    if (*file)
        error = file_check(l, file, wall);
    if (!error && !*file)
        error = file_new(l, path, hash, wall, file);
    if (!error)
        (*file)->checked = now;
    return error;
}

int file_hold(struct library *l, const char *path, uint64_t now, int64_t wall,
              struct file **file)
{
    int error = library_ready(l, now);

    if (error)
        return error;
    if (strlen(path) > FILES_PATH_MAX)
        return FILES_ERR_NAME;
    error = file_find(l, path, now, wall, file);
    if (library_result(l, error, now))
        return error;
    (*file)->used = now;
    (*file)->users++;
    return FILES_OK;
}

void library_close(struct library *l)
{
    for (uint32_t i = 0; i < l->count; i++)
        drop(l, &l->list[i]);
    free(l->list);
    files_disconnect(&l->files);
}

void file_release(struct library *l, struct file *f)
{
    if (!--f->users && !f->current)
        drop(l, f);
}

void library_tick(struct library *l, uint64_t now)
{
    for (uint32_t i = 0; l->handles && i < l->count; i++) {
        struct file *f = &l->list[i];

        if (f->handle && !f->users && now - f->used >= FILE_KEEP_NS)
            handle_close(l, f);
    }
}

/* Have the handle of a file again that has lost it. */
static int handle_regain(struct library *l, struct file *f)
{
    struct files_stat stat;
    uint64_t handle;
    int error = open_path(l, f->path, &handle, &stat);

    if (error)
        return error;
    if (!is_same(&stat, &f->stat)) {
        files_close(&l->files, handle);
        return FILES_ERR_NOT_FOUND;
    }
    f->handle = handle;
    l->handles++;
    return FILES_OK;
}

static int view(struct library *l, struct file *f, uint64_t offset,
                size_t bytes, const uint8_t **data, size_t *done)
{
    int error = f->handle ? FILES_OK : handle_regain(l, f);

    return error ? error
                 : files_view_at(&l->files, f->handle, offset,
                                 bytes < FILE_WINDOW ? bytes : FILE_WINDOW,
                                 FILE_READ_AT, data, done);
}

int file_view(struct library *l, struct file *f, uint64_t offset, size_t bytes,
              const uint8_t **data, size_t *done)
{
    uint64_t left = offset < f->stat.size ? f->stat.size - offset : 0;
    int error;

    if (f->content) {
        *data = (const uint8_t *)f->content + offset;
        *done = bytes < left ? bytes : left;
        return FILES_OK;
    }
    error = view(l, f, offset, bytes, data, done);
    if (error == FILES_ERR_CONNECT || error == FILES_ERR_GONE ||
        error == FILES_ERR_HANDLE) { /* a new file server has no such handle */
        f->handle = 0;
        l->handles -= l->handles > 0;
        error = view(l, f, offset, bytes, data, done);
    }
    return error;
}

bool data_is_sound(const struct library *l, const void *data)
{
    const struct files *f = &l->files;

    return (uintptr_t)data - (uintptr_t)f->buffer >= f->buffer_bytes ||
           files_is_lent(f);
}

void library_forget(struct library *l, const char *path)
{
    size_t bytes = strlen(path);

    for (uint32_t i = 0; i < l->count; i++) {
        struct file *f = &l->list[i];

        if (f->current && !strncmp(f->path, path, bytes) &&
            (f->path[bytes] == 0 || f->path[bytes] == '/')) {
            f->current = false;
            if (!f->users)
                drop(l, f);
        }
    }
}

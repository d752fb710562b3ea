/*
 * PUT and DELETE (upload.h; RFC 9110 9.3.4, 9.3.5).
 */
#include "upload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "servers/httpd/listing.h"
#include "servers/httpd/respond.h"

/* root, or put below it, and a name. False: too long. */
static bool path_join(char *out, const char *a, const char *b, const char *c)
{
    struct text t = text_in(out, FILES_PATH_MAX);

    text_put(&t, a);
    text_put(&t, b);
    text_put(&t, c);
    out[t.bytes] = 0;
    return !t.full;
}

bool upload_is_temporary(const struct site *s, const char *path)
{
    static const char start[] = "/" HIDDEN_PREFIX;
    size_t bytes = s->put ? strlen(s->put) : 0;

    return s->put && !strncmp(path, s->put, bytes) &&
           !strncmp(path + bytes, start, sizeof(start) - 1);
}

/* 0, or the status that says why nothing may be changed at `path`. */
static int change_refused(const struct site *s, const struct request *r,
                          const char *path, bool directory)
{
    size_t bytes = s->put ? strlen(s->put) : 0;

    if (!s->put)
        return 405;
    if (strncmp(path, s->put, bytes) || path[bytes] != '/' ||
        upload_is_temporary(s, path))
        return 403;
    if (!s->library.files.may_write && s->library.files.buffer)
        return 403;
    return directory || r->partial_put ? 400 : 0;
}

static void refuse(struct site *s, struct connection *c,
                   const struct request *r, int status)
{
    respond_status(s, c, r, status,
                   status == 405 ? "Allow: GET, HEAD\r\n" : NULL);
}

/* The file that is there now: FILES_OK also if there is none. */
static int look(struct site *s, const char *path, struct validator *v)
{
    struct library *l = &s->library;
    struct files_stat stat;
    int error = library_ready(l, s->now);

    v->exists = false;
    if (!error)
        error =
            library_result(l, files_stat(&l->files, path, 0, &stat), s->now);
    if (error == FILES_ERR_NOT_FOUND)
        return FILES_OK;
    if (!error && !S_ISREG(stat.mode))
        return FILES_ERR_IS_DIRECTORY;
    if (!error)
        validator_make(v, &stat, s->wall);
    return error;
}

/* Say so before all of it is sent, if it cannot have room. */
static int room_for(struct library *l, uint64_t bytes)
{
    struct files_statfs fs;
    int error = files_statfs(&l->files, &fs);

    if (error)
        return error;
    return bytes / fs.block_bytes >= fs.free_blocks ? FILES_ERR_FULL : FILES_OK;
}

/* Where the body goes until it is complete: in `put`, by the connection's
 * number. */
static int temporary_open(struct site *s, struct connection *c,
                          struct upload *u)
{
    struct library *l = &s->library;
    char name[32];
    struct text t = text_in(name, sizeof(name) - 1);
    int error;

    text_put(&t, "/" HIDDEN_PREFIX);
    text_number(&t, c->number);
    name[t.bytes] = 0;
    if (!path_join(u->temporary, s->root, s->put, name))
        return FILES_ERR_NAME;
    error = files_open(&l->files, u->temporary,
                       FILES_OPEN_WRITE | FILES_OPEN_CREATE |
                           FILES_OPEN_TRUNCATE | FILES_OPEN_MODE(0644),
                       &u->handle, NULL);
    library_result(l, error, s->now);
    u->lives = l->files.lives;
    return error;
}

static int upload_new(struct site *s, struct connection *c,
                      const struct request *r, const char *path, bool exists)
{
    struct upload *u = calloc(1, sizeof(*u));
    int error;

    if (!u)
        return FILES_ERR_MEMORY;
    strcpy(u->path, path);
    u->exists = exists;
    u->is_chunked = r->chunked;
    u->left = r->length;
    error = temporary_open(s, c, u);
    if (error) {
        free(u);
        return error;
    }
    c->upload = u;
    s->uploads++;
    return FILES_OK;
}

/* 0, or a status. */
static int upload_try(struct site *s, struct connection *c,
                      const struct request *r, const char *path)
{
    char full[FILES_PATH_MAX + 1];
    struct validator v;
    int error;

    if (!r->has_length && !r->chunked)
        return 411;
    if (s->uploads >= UPLOADS_MAX)
        return 503;
    if (!path_join(full, s->root, path, ""))
        return 414;
    error = look(s, full, &v);
    if (!error && condition_check(r, &v) != CONDITION_GO)
        return 412;
    if (!error)
        error = room_for(&s->library, r->length);
    if (!error)
        error = upload_new(s, c, r, full, v.exists);
    if (error == FILES_ERR_NOT_DIRECTORY || error == FILES_ERR_NOT_FOUND)
        return 409;
    return error ? respond_error_status(error) : 0;
}

void upload_begin(struct site *s, struct connection *c, const struct request *r,
                  const char *path, bool directory)
{
    int status = change_refused(s, r, path, directory);

    if (!status)
        status = upload_try(s, c, r, path);
    if (status) {
        c->keep = false; /* what comes next on it is the body */
        refuse(s, c, r, status);
        return;
    }
    c->state = CONNECTION_UPLOAD;
    c->began = s->now;
    c->moved = 0;
    c->deadline = s->now + STALL_NS;
    c->more = true;
    if (r->expects_continue && !c->in_bytes)
        respond_continue(c);
}

static void upload_free(struct site *s, struct connection *c)
{
    free(c->upload);
    c->upload = NULL;
    s->uploads--;
}

void upload_abort(struct site *s, struct connection *c)
{
    struct upload *u = c->upload;
    struct library *l = &s->library;

    if (!u)
        return;
    if (u->handle && u->lives == l->files.lives)
        files_close(&l->files, u->handle);
    if (!library_ready(l, s->now))
        library_result(l, files_remove(&l->files, u->temporary), s->now);
    upload_free(s, c);
}

static void upload_fail(struct site *s, struct connection *c, int status)
{
    upload_abort(s, c);
    c->keep = false;
    respond_status(s, c, NULL, status, NULL);
}

/* `data` is what was received into the lent buffer, or is copied there. */
static int upload_write(struct site *s, struct upload *u, const char *data,
                        size_t bytes)
{
    struct library *l = &s->library;
    uint8_t *lent = l->files.buffer + FILE_WRITE_AT;

    /* The handle goes with the file server. */
    if (u->lives != l->files.lives || !l->files.buffer)
        return FILES_ERR_GONE;
    if ((const uint8_t *)data != lent)
        memcpy(lent, data, bytes);
    return library_result(
        l, files_write(&l->files, u->handle, u->at, lent, bytes, &u->at),
        s->now);
}

/* Durable first, then in place, and that durable, too. */
static int upload_commit(struct site *s, struct upload *u)
{
    struct library *l = &s->library;
    int error = u->lives == l->files.lives ? FILES_OK : FILES_ERR_GONE;

    if (!error)
        error = files_sync(&l->files, u->handle);
    if (!error)
        error = files_rename(&l->files, u->temporary, u->path);
    if (!error)
        error = files_sync(&l->files, u->handle);
    library_forget(l, u->path);
    return library_result(l, error, s->now);
}

static void upload_end(struct site *s, struct connection *c)
{
    struct upload *u = c->upload;
    int error = upload_commit(s, u);

    if (error) {
        upload_fail(s, c,
                    error == FILES_ERR_NOT_FOUND ||
                            error == FILES_ERR_NOT_DIRECTORY
                        ? 409
                        : respond_error_status(error));
        return;
    }
    if (u->lives == s->library.files.lives)
        files_close(&s->library.files, u->handle);
    respond_status(s, c, NULL, u->exists ? 204 : 201, NULL);
    upload_free(s, c);
}

/* Write what `data` has of the body; *used is what belonged to it. 0, or a
 * status; *done at its end. */
static int body_take(struct site *s, struct upload *u, const char *data,
                     size_t bytes, size_t *used, bool *done)
{
    enum chunked_result got = CHUNKED_DATA;
    int error = FILES_OK;

    *used = 0;
    while (!error) {
        uint64_t *left = u->is_chunked ? &u->chunked.left : &u->left;
        size_t n = 0;

        if (u->is_chunked)
            got = chunked_take(&u->chunked, data + *used, bytes - *used, &n);
        *used += n;
        if (got == CHUNKED_BAD)
            return 400;
        *done = u->is_chunked ? got == CHUNKED_END : !u->left;
        n = bytes - *used < *left ? bytes - *used : (size_t)*left;
        if (*done || got == CHUNKED_MORE || !n)
            break;
        error = upload_write(s, u, data + *used, n);
        *used += n;
        *left -= n;
    }
    return error ? respond_error_status(error) : 0;
}

static void body_came(struct site *s, struct connection *c, const char *data,
                      size_t bytes, size_t *used)
{
    bool done = false;
    int status = body_take(s, c->upload, data, bytes, used, &done);

    c->moved += *used;
    if (status)
        upload_fail(s, c, status);
    else if (done)
        upload_end(s, c);
}

/* A body of known length goes straight into the buffer that the file server
 * lent; nothing behind it may be taken. */
static ssize_t receive_known(struct site *s, struct connection *c)
{
    struct files *files = &s->library.files;
    char *lent = (char *)files->buffer + FILE_WRITE_AT;
    size_t room = FILE_WINDOW, used;
    ssize_t n;

    if (!files->buffer) {
        upload_fail(s, c, 503);
        return 1;
    }
    if (room > c->upload->left)
        room = (size_t)c->upload->left;
    n = recv(c->fd, lent, room, 0);
    if (n > 0)
        body_came(s, c, lent, (size_t)n, &used);
    return n;
}

/* What came behind the head, or is in chunks. */
static void take_waiting(struct site *s, struct connection *c)
{
    size_t used;

    body_came(s, c, c->in, c->in_bytes, &used);
    c->in_bytes -= used;
    memmove(c->in, c->in + used, c->in_bytes);
}

static ssize_t receive_chunked(struct site *s, struct connection *c)
{
    ssize_t n = recv(c->fd, c->in, sizeof(c->in), 0);

    if (n > 0) {
        c->in_bytes = (size_t)n;
        take_waiting(s, c);
    }
    return n;
}

void upload_turn(struct site *s, struct connection *c)
{
    struct upload *u = c->upload;
    ssize_t n = 1;

    c->more = false;
    if (c->in_bytes || (!u->is_chunked && !u->left))
        take_waiting(s, c);
    else
        n = u->is_chunked ? receive_chunked(s, c) : receive_known(s, c);
    if (n == 0 || (n < 0 && errno != EAGAIN))
        connection_close(s, c);
}

void upload_delete(struct site *s, struct connection *c,
                   const struct request *r, const char *path, bool directory)
{
    struct library *l = &s->library;
    char full[FILES_PATH_MAX + 1] = "";
    struct validator v;
    int status = change_refused(s, r, path, directory), error;

    if (!status && !path_join(full, s->root, path, ""))
        status = 414;
    error = status ? FILES_OK : look(s, full, &v);
    if (!status && !error && condition_check(r, &v) != CONDITION_GO)
        status = 412;
    if (!status && !error)
        error = library_result(l, files_remove(&l->files, full), s->now);
    library_forget(l, full);
    if (!status)
        status = error ? respond_error_status(error) : 204;
    refuse(s, c, r, status);
}

static int leftover(void *context, const char *name,
                    const struct files_entry *e)
{
    char(*names)[32] = context;
    unsigned i = 0;

    (void)e;
    if (strncmp(name, HIDDEN_PREFIX, strlen(HIDDEN_PREFIX)) ||
        strlen(name) > 30)
        return 0;
    while (i < UPLOADS_MAX && names[i][0])
        i++;
    if (i < UPLOADS_MAX)
        strcpy(names[i], name);
    return 0;
}

void upload_prepare(struct site *s)
{
    struct files *files = &s->library.files;
    char directory[FILES_PATH_MAX + 1], path[FILES_PATH_MAX + 1];
    char names[UPLOADS_MAX][32] = {{0}};
    uint64_t handle;

    if (!s->put || !path_join(directory, s->root, s->put, ""))
        return;
    if (*directory)
        files_mkdir(files, directory, 0755);
    if (files_open(files, *directory ? directory : "/", FILES_MUST_DIRECTORY,
                   &handle, NULL))
        return;
    files_list(files, handle, leftover, names);
    files_close(files, handle);
    for (unsigned i = 0; i < UPLOADS_MAX && names[i][0]; i++)
        if (path_join(path, directory, "/", names[i]))
            files_remove(files, path);
}

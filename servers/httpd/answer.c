/*
 * From a request to the answer that fits (answer.h; RFC 9110 9.3).
 */
#include "answer.h"

#include <string.h>

#include "servers/httpd/listing.h"
#include "servers/httpd/range.h"
#include "servers/httpd/respond.h"
#include "servers/httpd/target.h"
#include "servers/httpd/upload.h"

/* A path on the disk: the root's and the request's, with room for an index. */
#define INDEX     "/index.html"
#define DISK_PATH (FILES_PATH_MAX + sizeof(INDEX))

static bool disk_path(const struct site *s, const char *path, char *full)
{
    struct text t = text_in(full, FILES_PATH_MAX);

    text_put(&t, s->root);
    if (path[1]) /* not the root */
        text_put(&t, path);
    full[t.bytes] = 0;
    return !t.full;
}

/* Which part of a file to send, and as what. */
static void send_file(struct site *s, struct connection *c,
                      const struct request *r, struct file *f)
{
    uint64_t size = f->stat.size, first, last;
    enum range_result range = RANGE_WHOLE;
    char field[64];
    struct text t = text_in(field, sizeof(field) - 1);

    /* RFC 9110 14.2: a range has a meaning with GET only. */
    if (r->range.data && r->method == METHOD_GET &&
        condition_range(r, &f->validator))
        range = range_parse(r->range, size, &first, &last);
    if (range == RANGE_PART) {
        respond_file(s, c, r, f, 206, first, last);
    } else if (range == RANGE_WHOLE) {
        respond_file(s, c, r, f, 200, 0, size ? size - 1 : 0);
    } else {
        file_release(&s->library, f);
        text_put(&t, "Content-Range: bytes */");
        text_number(&t, size);
        text_put(&t, "\r\n");
        field[t.bytes] = 0;
        respond_status(s, c, r, 416, field);
    }
}

static void answer_file(struct site *s, struct connection *c,
                        const struct request *r, struct file *f)
{
    switch (condition_check(r, &f->validator)) {
    case CONDITION_NOT_MODIFIED:
        respond_file(s, c, r, f, 304, 0, 0);
        break;
    case CONDITION_FAILED:
        file_release(&s->library, f);
        respond_status(s, c, r, 412, NULL);
        break;
    default:
        send_file(s, c, r, f);
    }
}

/* index.html, or the list of what is there. `full` has room for the former. */
static void answer_directory(struct site *s, struct connection *c,
                             const struct request *r, char *full,
                             const char *path)
{
    size_t bytes = strlen(full), html_bytes;
    struct file *f;
    char *html;
    int error;

    strcpy(full + bytes, INDEX);
    error = file_hold(&s->library, full, s->now, s->wall, &f);
    full[bytes] = 0;
    if (!error) {
        answer_file(s, c, r, f);
        return;
    }
    if (error == FILES_ERR_NOT_FOUND || error == FILES_ERR_IS_DIRECTORY ||
        error == FILES_ERR_NAME)
        error = listing_make(&s->library, full, path[1] ? path : "", s->now,
                             &html, &html_bytes);
    if (error)
        respond_status(s, c, r, respond_error_status(error), NULL);
    else
        respond_html(s, c, r, html, html_bytes);
}

static void answer_get(struct site *s, struct connection *c,
                       const struct request *r, const char *path,
                       bool directory)
{
    char full[DISK_PATH];
    struct file *f;
    int error;

    if (!disk_path(s, path, full)) {
        respond_status(s, c, r, 414, NULL);
    } else if (upload_is_temporary(s, path)) {
        respond_status(s, c, r, 404, NULL);
    } else if (directory) {
        answer_directory(s, c, r, full, path);
    } else {
        error = file_hold(&s->library, full, s->now, s->wall, &f);
        if (!error)
            answer_file(s, c, r, f);
        else if (error == FILES_ERR_IS_DIRECTORY)
            respond_redirect(s, c, r, path);
        else
            respond_status(s, c, r, respond_error_status(error), NULL);
    }
}

static void answer_method(struct site *s, struct connection *c,
                          const struct request *r)
{
    char path[FILES_PATH_MAX + 1];
    bool directory;
    int status = r->method == METHOD_OTHER
                     ? 405
                     : target_path(r->target, path, sizeof(path), &directory);

    /* A body that nobody wants is not read: it ends the connection. */
    if (r->method != METHOD_PUT && (r->chunked || r->length))
        c->keep = false;
    if (status && r->method == METHOD_PUT)
        c->keep = false;
    if (status == 405)
        respond_status(s, c, r, status,
                       s->put ? "Allow: GET, HEAD, PUT, DELETE\r\n"
                              : "Allow: GET, HEAD\r\n");
    else if (status)
        respond_status(s, c, r, status, NULL);
    else if (r->method == METHOD_PUT)
        upload_begin(s, c, r, path, directory);
    else if (r->method == METHOD_DELETE)
        upload_delete(s, c, r, path, directory);
    else
        answer_get(s, c, r, path, directory);
}

/* Method and target, as far as there is room. */
static void keep_line(struct connection *c, const char *head, size_t bytes)
{
    size_t n = 0;

    while (n < bytes && n < LOG_LINE_MAX - 1 && head[n] != '\r' &&
           head[n] != '\n') {
        c->line[n] = head[n] >= ' ' && head[n] <= '~' ? head[n] : '?';
        n++;
    }
    c->line[n] = 0;
}

void answer(struct site *s, struct connection *c, const char *head,
            size_t bytes)
{
    struct request r;
    int status = request_parse(head, bytes, &r);

    if (s->log)
        keep_line(c, head, bytes);
    c->keep = !status && r.keep;
    if (status)
        respond_status(s, c, NULL, status, NULL);
    else
        answer_method(s, c, &r);
}

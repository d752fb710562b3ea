/*
 * Writes answers (respond.h; RFC 9110 15, RFC 9112 4).
 */
#include "respond.h"

#include <stdlib.h>

static const struct {
    int status;
    const char *reason, *why;
} reasons[] = {
    {200, "OK", ""},
    {201, "Created", "the file is there"},
    {204, "No Content", ""},
    {206, "Partial Content", ""},
    {301, "Moved Permanently", "a directory ends with a slash"},
    {304, "Not Modified", ""},
    {400, "Bad Request", "this is not HTTP as RFC 9112 has it"},
    {403, "Forbidden", "the policy of this system does not allow it here"},
    {404, "Not Found", "there is no such file"},
    {405, "Method Not Allowed", "this server does not do that"},
    {408, "Request Timeout", "the request did not come to its end"},
    {409, "Conflict", "there is a directory in the way, or none to put it in"},
    {411, "Length Required", "say how long the file is, or send it in chunks"},
    {412, "Precondition Failed", "the file is not as you know it"},
    {413, "Content Too Large", "a file cannot be that large"},
    {414, "URI Too Long", "the path, or a name in it, is too long"},
    {416, "Range Not Satisfiable", "the file ends before that"},
    {417, "Expectation Failed", "only 100-continue can be expected"},
    {431, "Request Header Fields Too Large",
     "8 KiB and 64 fields are the most"},
    {500, "Internal Server Error",
     "the disk, or the file system on it, failed"},
    {501, "Not Implemented", "this method or coding is not known here"},
    {503, "Service Unavailable", "the files are away for a moment: try again"},
    {505, "HTTP Version Not Supported", "this server speaks HTTP/1.1 and 1.0"},
    {507, "Insufficient Storage", "the disk is full"},
};

static size_t reason_of(int status)
{
    size_t i = 0;

    while (i + 1 < sizeof(reasons) / sizeof(reasons[0]) &&
           reasons[i].status != status)
        i++;
    return i;
}

int respond_error_status(int error)
{
    switch (error) {
    case FILES_ERR_NOT_FOUND:
    case FILES_ERR_NOT_DIRECTORY:
    case FILES_ERR_LOOP:
        return 404;
    case FILES_ERR_IS_DIRECTORY:
    case FILES_ERR_EXISTS:
    case FILES_ERR_NOT_EMPTY:
        return 409;
    case FILES_ERR_NAME:
        return 414;
    case FILES_ERR_DENIED:
    case FILES_ERR_READ_ONLY:
        return 403;
    case FILES_ERR_FULL:
        return 507;
    case FILES_ERR_TOO_LARGE:
        return 413;
    case FILES_ERR_IO:
    case FILES_ERR_CORRUPT:
        return 500;
    default:
        return 503;
    }
}

/* RFC 9110 6.6.1: no Date without a clock; it would say 1970. */
static void put_date(struct site *s, struct text *t)
{
    if (s->wall < 946684800) /* 2000 */
        return;
    if (s->date_of != s->wall) {
        struct text d = text_in(s->date, sizeof(s->date));

        date_put(&d, s->wall);
        s->date_of = s->wall;
    }
    text_bytes(t, "\r\nDate: ", 8);
    text_bytes(t, s->date, DATE_BYTES);
}

static struct text head_begin(struct site *s, struct connection *c,
                              const struct request *r, int status)
{
    struct text t = text_in(c->out, sizeof(c->out));

    text_bytes(&t, "HTTP/1.1 ", 9);
    text_number(&t, (uint64_t)status);
    text_bytes(&t, " ", 1);
    text_put(&t, reasons[reason_of(status)].reason);
    put_date(s, &t);
    if (!c->keep)
        text_put(&t, "\r\nConnection: close\r\n");
    else if (r && r->version_1_0)
        text_put(&t, "\r\nConnection: keep-alive\r\n");
    else
        text_bytes(&t, "\r\n", 2);
    c->status = status;
    return t;
}

static void put_length(struct text *t, uint64_t bytes)
{
    text_bytes(t, "Content-Length: ", 16);
    text_number(t, bytes);
    text_bytes(t, "\r\n", 2);
}

/* The head is complete but for its empty line. */
static void head_end(struct connection *c, struct text *t)
{
    text_bytes(t, "\r\n", 2);
    c->out_at = 0;
    c->out_bytes = t->bytes;
    c->after = c->keep ? CONNECTION_READ : CONNECTION_LINGER;
    c->state = CONNECTION_SEND;
}

static bool wants_body(const struct request *r)
{
    return !r || r->method != METHOD_HEAD;
}

void respond_status(struct site *s, struct connection *c,
                    const struct request *r, int status, const char *fields)
{
    struct text t = head_begin(s, c, r, status), body;
    char line[160];
    size_t i = reason_of(status);

    body = text_in(line, sizeof(line));
    text_number(&body, (uint64_t)status);
    text_put(&body, " ");
    text_put(&body, reasons[i].reason);
    text_put(&body, ": ");
    text_put(&body, reasons[i].why);
    text_put(&body, "\n");
    if (fields)
        text_put(&t, fields);
    if (status == 503)
        text_put(&t, "Retry-After: 1\r\n");
    if (status != 204) {
        text_put(&t, "Content-Type: text/plain; charset=utf-8\r\n");
        put_length(&t, body.bytes);
    }
    head_end(c, &t);
    if (status != 204 && wants_body(r)) {
        text_bytes(&t, line, body.bytes);
        c->out_bytes = t.bytes;
    }
}

void respond_file(struct site *s, struct connection *c, const struct request *r,
                  struct file *file, int status, uint64_t first, uint64_t last)
{
    struct text t = head_begin(s, c, r, status);
    uint64_t bytes = file->stat.size ? last - first + 1 : 0;

    text_bytes(&t, file->head, file->head_bytes);
    text_put(&t, "Accept-Ranges: bytes\r\n");
    if (status == 206) {
        text_put(&t, "Content-Range: bytes ");
        text_number(&t, first);
        text_put(&t, "-");
        text_number(&t, last);
        text_put(&t, "/");
        text_number(&t, file->stat.size);
        text_put(&t, "\r\n");
    }
    if (status != 304)
        put_length(&t, bytes);
    head_end(c, &t);
    c->file = file;
    c->at = first;
    c->end = status != 304 && wants_body(r) ? first + bytes : first;
}

void respond_html(struct site *s, struct connection *c, const struct request *r,
                  char *html, size_t bytes)
{
    struct text t = head_begin(s, c, r, 200);

    text_put(&t, "Content-Type: text/html; charset=utf-8\r\n");
    put_length(&t, bytes);
    head_end(c, &t);
    c->text = html;
    c->at = 0;
    c->end = wants_body(r) ? bytes : 0;
}

void respond_redirect(struct site *s, struct connection *c,
                      const struct request *r, const char *path)
{
    char field[3 * FILES_PATH_MAX + 32];
    struct text t = text_in(field, sizeof(field) - 1);

    text_put(&t, "Location: ");
    text_url(&t, path);
    text_put(&t, "/\r\n");
    field[t.bytes] = 0;
    respond_status(s, c, r, 301, field);
}

void respond_continue(struct connection *c)
{
    struct text t = text_in(c->out, sizeof(c->out));

    text_put(&t, "HTTP/1.1 100 Continue\r\n\r\n");
    c->out_at = 0;
    c->out_bytes = t.bytes;
    c->after = CONNECTION_UPLOAD;
    c->state = CONNECTION_SEND;
}

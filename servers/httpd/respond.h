/*
 * Answers: what goes into a connection's `out` and what follows it.
 */
#pragma once

#include "servers/httpd/connection.h"

/* Refuse, or say how it went, in a line for people. `r` may be NULL if it could
 * not be read; `fields` are further header lines, or NULL. */
void respond_status(struct site *s, struct connection *c,
                    const struct request *r, int status, const char *fields);

/* The status that an error of the file service stands for. */
int respond_error_status(int error);

/* Send bytes `first` to `last` of the file (of none if it is empty), which c
 * holds from now on. Status 200, 206, or 304 and no bytes. */
void respond_file(struct site *s, struct connection *c, const struct request *r,
                  struct file *file, int status, uint64_t first, uint64_t last);

/* Send HTML of so many bytes, which c frees. */
void respond_html(struct site *s, struct connection *c, const struct request *r,
                  char *html, size_t bytes);

/* The directory at `path` has its files at "path/". */
void respond_redirect(struct site *s, struct connection *c,
                      const struct request *r, const char *path);

/* "100 Continue", and then the request's body. */
void respond_continue(struct connection *c);

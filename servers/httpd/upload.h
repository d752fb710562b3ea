/*
 * PUT and DELETE. What is put goes to a file of its own at first, is made
 * durable, and then takes its place under its name in one step: who reads there
 * sees the old file or the new one, and a broken upload leaves nothing.
 */
#pragma once

#include "servers/httpd/connection.h"

/* Remove what an earlier life left of uploads, and see that `put` is there. */
void upload_prepare(struct site *s);

/* Whether that is the file of an upload under way, or of none any more. */
bool upload_is_temporary(const struct site *s, const char *path);

/* Begin the PUT of `r`, whose body follows: an answer is in c->out if it is
 * refused (or to go on), and c->state says what is next. `directory`: the
 * target ended in a slash. */
void upload_begin(struct site *s, struct connection *c, const struct request *r,
                  const char *path, bool directory);

/* Take what has come of the body; may end the upload, with an answer. */
void upload_turn(struct site *s, struct connection *c);

/* Give up an upload under way, as if it had never been. */
void upload_abort(struct site *s, struct connection *c);

void upload_delete(struct site *s, struct connection *c,
                   const struct request *r, const char *path, bool directory);

/*
 * What a request asks for, and the beginning of the answer.
 */
#pragma once

#include "servers/httpd/connection.h"

/* The head of a request is complete. c->in_bytes counts what follows it. */
void answer(struct site *s, struct connection *c, const char *head,
            size_t bytes);

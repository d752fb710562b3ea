/*
 * What components say: their LIFECYCLE_LOG messages become lines of the log.
 */
#pragma once

#include <cordon/message.h>

/* Adds the text of one message, line by line, each under the component's name.
 * Words of the message: see <cordon/log.h>. Returns a service_error. */
uint64_t said_log(const char *name, struct message *m);

/*
 * Lines of text for people, from components without a console of their own.
 * What a component writes to its standard output and error goes to init as
 * LIFECYCLE_LOG (<cordon/service.h>), and from there into the log that the
 * `monitor` service hands out and the console shows. The kernel prints nothing
 * (R6).
 *
 * A call, so init works on the writer's budget (R7); the badge says who writes.
 * Words: the number of bytes lost before this text, then the text
 * (message_put_bytes), at most LOG_MAX_BYTES. Nobody waits for init for longer
 * than LOG_PATIENCE_NS: text that is not taken by then is lost, and counted.
 */
#pragma once

#include <cordon/message.h>

#define LOG_MAX_BYTES   1024u
#define LOG_PATIENCE_NS 1000000000ull /* init may be tearing another down */

/* Sends text, in as many messages as it needs. init, which would call itself,
 * has a log_write of its own. */
void log_write(const char *text, size_t bytes);

/*
 * The service `log`: lines of text for people, from components without a
 * console of their own. libsys sends what a component writes to its standard
 * output and error there, if its policy grants a service as `log`, else it
 * goes nowhere: the kernel prints nothing (R6).
 *
 * LOG_WRITE: a string of bytes (message_put_bytes), at most LOG_MAX_BYTES, sent
 * with endpoint_send, so nobody answers and nobody waits for the console for
 * longer than LOG_PATIENCE_NS. The badge says who speaks. Text that found no
 * receiver in time is dropped, and its bytes are told with the next text:
 * word 0 is the number of bytes lost before this text, then the bytes.
 */
#pragma once

#include <cordon/message.h>

enum log_label {
    LOG_WRITE = 1,
};
#define LOG_MAX_BYTES   1024u
#define LOG_PATIENCE_NS 20000000ull /* 20 ms */

/* Sends text to the component's log, in as many messages as it needs. What
 * standard output and error do; nothing if the policy grants no log. */
void log_write(const char *text, size_t bytes);

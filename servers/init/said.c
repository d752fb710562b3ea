/*
 * Components' text in the log. A component writes into its own lines only: what
 * comes without a line feed ends where its message ends.
 */
#include "servers/init/said.h"

#include <cordon/log.h>
#include <cordon/service.h>
#include <string.h>

#include "servers/init/log.h"

static void add_line(const char *name, const char *line)
{
    size_t n = strlen(name);

    if (line[0] == 0)
        return;
    if (strncmp(line, name, n) == 0 && line[n] == ':')
        log_line("%s", line); /* it says who it is itself */
    else
        log_line("%s: %s", name, line);
}

uint64_t said_log(const char *name, struct message *m)
{
    char text[LOG_MAX_BYTES + 1];
    uint64_t lost = message_get(m);
    size_t bytes = message_get_bytes(m, text, LOG_MAX_BYTES);
    char *next = text, *line;

    if (!message_end(m))
        return SERVICE_BAD_REQUEST;
    text[bytes] = 0;
    if (lost != 0)
        log_line("%s: (%llu bytes of its text were lost here)", name,
                 (unsigned long long)lost);
    while ((line = strsep(&next, "\n")) != NULL)
        add_line(name, line);
    return SERVICE_OK;
}

/* What init itself prints goes straight into the log: it cannot call itself. */
void log_write(const char *text, size_t bytes)
{
    log_line("%.*s", (int)bytes, text);
}

/*
 * Text for the service `log`. See <cordon/log.h>.
 */
#include <cordon/cordon.h>
#include <cordon/log.h>

#include "libsys/runtime.h"

static uint64_t lost; /* bytes that found no receiver in time */
static struct mutex lock;

/* One message. It fits: LOG_MAX_BYTES is below what a message takes. */
static void send(cap_t service, const char *text, size_t bytes)
{
    struct message m;

    message_begin(&m, LOG_WRITE);
    message_put(&m, lost);
    message_put_bytes(&m, text, bytes);
    if (message_send(service, &m, clock_after(LOG_PATIENCE_NS)) == OK)
        lost = 0;
    else
        lost += bytes;
}

void log_write(const char *text, size_t bytes)
{
    cap_t service = service_find("log");

    if (service == 0)
        return;
    mutex_lock(&lock);
    for (size_t done = 0; done < bytes; done += LOG_MAX_BYTES)
        send(service, text + done,
             bytes - done < LOG_MAX_BYTES ? bytes - done : LOG_MAX_BYTES);
    mutex_unlock(&lock);
}

/*
 * Text for init's log. See <cordon/log.h>.
 */
#include <cordon/cordon.h>
#include <cordon/log.h>

static uint64_t lost; /* bytes that were not taken in time */
static struct mutex lock;

/* One message. It fits: LOG_MAX_BYTES is below what a message takes. */
static void send(const char *text, size_t bytes)
{
    struct message m;

    message_begin(&m, LIFECYCLE_LOG);
    message_put(&m, lost);
    message_put_bytes(&m, text, bytes);
    if (message_call(STARTUP_FAULT, &m, clock_after(LOG_PATIENCE_NS)) == OK)
        lost = 0;
    else
        lost += bytes;
}

__attribute__((weak)) void log_write(const char *text, size_t bytes)
{
    /* Printing may not disturb a message that this thread is reading or
     * building, so its page is put back. */
    struct message_page page = *message_page();

    mutex_lock(&lock);
    for (size_t done = 0; done < bytes; done += LOG_MAX_BYTES)
        send(text + done,
             bytes - done < LOG_MAX_BYTES ? bytes - done : LOG_MAX_BYTES);
    mutex_unlock(&lock);
    *message_page() = page;
}

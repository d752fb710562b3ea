/*
 * Calls to init's monitor and power services (<cordon/monitor.h>).
 */
#include <cordon/monitor.h>

#include <cordon/clock.h>
#include <cordon/ipc.h>
#include <cordon/service.h>

/* init may be waiting for the PCI server to try every kind of reset. */
#define PATIENCE (20 * NS_PER_S)

/* Who has had more of init's time than it paid for is told to come again. */
#define PAUSE (2 * NS_PER_MS)

static int call(cap_t service, struct message *m, uint64_t label,
                unsigned words, uint64_t w0)
{
    uint64_t deadline = clock_after(PATIENCE), status;

    for (;;) {
        status = message_call_words(service, m, label, words, &w0, deadline);
        if (status != OK)
            return (int)service_error_of(status);
        if (m->label != SERVICE_BUSY || clock_now() > deadline)
            return (int)m->label;
        clock_sleep(PAUSE);
    }
}

/* A call whose answer is one structure. */
static int fetch(cap_t service, uint64_t label, unsigned words, uint64_t w0,
                 void *out, size_t bytes)
{
    struct message m;
    int error = call(service, &m, label, words, w0);

    if (error != 0)
        return error;
    if (message_get_bytes(&m, out, bytes) != bytes || !message_end(&m))
        return SERVICE_BAD_REQUEST;
    return 0;
}

int monitor_system(cap_t monitor, struct monitor_system *out)
{
    return fetch(monitor, MONITOR_SYSTEM, 0, 0, out, sizeof *out);
}

int monitor_component(cap_t monitor, uint32_t number,
                      struct monitor_component *out)
{
    return fetch(monitor, MONITOR_COMPONENT, 1, number, out, sizeof *out);
}

int monitor_device(cap_t monitor, uint32_t handle, struct monitor_device *out)
{
    return fetch(monitor, MONITOR_DEVICE, 1, handle, out, sizeof *out);
}

int monitor_verify(cap_t monitor, uint32_t number, struct monitor_verify *out)
{
    return fetch(monitor, MONITOR_VERIFY, 1, number, out, sizeof *out);
}

int monitor_log(cap_t monitor, uint64_t *offset, char *out, size_t size,
                size_t *bytes)
{
    struct message m;
    int error = call(monitor, &m, MONITOR_LOG, 1, *offset);

    if (error != 0)
        return error;
    *offset = message_get(&m);
    *bytes = message_get_bytes(&m, out, size);
    if (!message_end(&m))
        return SERVICE_TOO_LARGE;
    *offset += *bytes;
    return 0;
}

int monitor_kill(cap_t monitor, uint32_t number)
{
    struct message m;

    return call(monitor, &m, MONITOR_KILL, 1, number);
}

int monitor_restart(cap_t monitor, uint32_t number)
{
    struct message m;

    return call(monitor, &m, MONITOR_RESTART, 1, number);
}

int power_off(cap_t power, uint32_t status)
{
    struct message m;

    return call(power, &m, POWER_OFF, 1, status);
}

int power_reset(cap_t power)
{
    struct message m;

    return call(power, &m, POWER_RESET, 0, 0);
}

/*
 * A server asks init who its client is and what the policy lets it do. The
 * badge alone says which component it is; nobody but init can set one.
 */
#include <cordon/clock.h>
#include <cordon/service.h>
#include <cordon/startup.h>

#include <string.h>

#define PATIENCE (5 * NS_PER_S)

/* Who has had more of init's time than it paid for is told to come again. */
#define PAUSE (2 * NS_PER_MS)

static bool is_sound(const struct service_client *c)
{
    return c->rule_count <= MANIFEST_NETWORK_RULES_MAX &&
           memchr(c->name, 0, sizeof c->name) != NULL;
}

enum service_error service_client(uint64_t badge, struct service_client *out)
{
    uint64_t deadline = clock_after(PATIENCE), status;
    struct message m;

    memset(out, 0, sizeof *out);
    for (;;) {
        status = message_call_words(STARTUP_FAULT, &m, LIFECYCLE_CLIENT, 1,
                                    &badge, deadline);
        if (status != OK)
            return service_error_of(status);
        if (m.label != SERVICE_BUSY || clock_now() > deadline)
            break;
        clock_sleep(PAUSE);
    }
    if (m.label != SERVICE_OK)
        return (enum service_error)m.label;
    if (message_get_bytes(&m, out, sizeof *out) != sizeof *out ||
        !message_end(&m) || !is_sound(out)) {
        memset(out, 0, sizeof *out);
        return SERVICE_BAD_REQUEST;
    }
    return SERVICE_OK;
}

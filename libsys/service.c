/*
 * Finding services and the loop that serves one. The loop answers and waits in
 * one system call; a request that is answered later keeps its Reply, and the
 * loop goes on with another one.
 */
#include <cordon/cordon.h>

#include <stdlib.h>

#include "libsys/runtime.h"

#define SPARE_REPLIES 16

static cap_t spare[SPARE_REPLIES]; /* Replies that hold nobody */
static unsigned spares;
static struct mutex lock;

cap_t service_find(const char *name)
{
    const struct startup_cap *cap = startup_find(STARTUP_SERVICE_USED, name, 0);

    return cap == NULL ? 0 : cap->slot;
}

cap_t service_offered(const char *name)
{
    const struct startup_cap *cap =
        startup_find(STARTUP_SERVICE_OFFERED, name, 0);

    return cap == NULL ? 0 : cap->slot;
}

static cap_t reply_take(void)
{
    cap_t reply = 0;

    mutex_lock(&lock);
    if (spares != 0)
        reply = spare[--spares];
    mutex_unlock(&lock);
    return reply != 0 ? reply : object_make(CAP_REPLY, 0, NULL);
}

static void reply_give(cap_t reply)
{
    bool kept;

    mutex_lock(&lock);
    kept = spares < SPARE_REPLIES;
    if (kept)
        spare[spares++] = reply;
    mutex_unlock(&lock);
    if (!kept)
        cap_delete(reply);
}

cap_t service_defer(struct service *s)
{
    cap_t mine = s->reply, next = reply_take();

    if (next == 0)
        return 0;
    s->reply = next;
    s->deferred = true;
    return mine;
}

uint64_t service_answer(cap_t reply, struct message *m)
{
    uint64_t status = message_reply(reply, m);

    reply_give(reply);
    return status;
}

/* Handles what was received. True: *m is the answer to send. */
static bool dispatch(struct service *s, struct message *m)
{
    uint32_t caps = m->caps;

    s->deferred = false;
    s->handle(s, m);
    for (uint32_t i = 0; i < caps; i++)
        if (m->cap[i] != 0)
            cap_delete(m->cap[i]);
    if (!s->deferred && m->bad)
        message_begin(m, SERVICE_TOO_LARGE); /* the answer did not fit */
    return !s->deferred;
}

/* Answers, if there is an answer, and waits for what comes next. */
static inline struct result next(struct service *s, struct message *m,
                                 bool answer)
{
    cap_t signal = s->signal;

    s->signal = 0;
    if (!answer)
        return endpoint_receive(s->endpoint, signal, s->reply, DEADLINE_NEVER);
    if (signal != 0)
        notification_signal(signal);
    return reply_receive(s->endpoint, message_tag(m), m->w, s->reply,
                         DEADLINE_NEVER);
}

uint64_t service_run_until(struct service *s, const volatile bool *stop)
{
    struct message m;
    bool answer = false;

    if (s->reply == 0)
        s->reply = reply_take();
    if (s->reply == 0)
        return ERR_NO_MEMORY;
    while (stop == NULL || !*stop) {
        struct thread *t = message_arm();
        bool signals = s->signal != 0;
        struct result r = next(s, &m, answer);

        if (r.status == OK && TAG_LABEL(r.r[0]) == LABEL_NOTIFICATION) {
            if (s->events != NULL)
                s->events(s, r.r[1]);
            answer = false;
        } else if (message_received(t, &m, &r) == OK) {
            answer = dispatch(s, &m);
        } else if (answer && STATUS_CODE(r.status) != ERR_GONE) {
            /* An answer that carries a capability we do not hold fails without
             * being sent: the caller still waits, so tell it. */
            message_begin(&m, SERVICE_NO_MEMORY);
            message_reply(s->reply, &m);
            answer = false;
        } else if (!signals) {
            return r.status;
        } /* else whoever was to be signalled has gone: that is not our end */
    }
    if (s->signal != 0)
        notification_signal(s->signal);
    return answer ? message_reply(s->reply, &m) : OK;
}

uint64_t service_run(struct service *s)
{
    return service_run_until(s, NULL);
}

void service_ready(void)
{
    struct message m;

    message_begin(&m, LIFECYCLE_READY);
    message_call(STARTUP_FAULT, &m, DEADLINE_NEVER);
}

void component_exit(int status)
{
    const uint64_t w[MSG_REG_WORDS] = {(uint64_t)(int64_t)status};

    /* Without the message page: this also works before libsys has started. */
    for (;;) {
        endpoint_call(STARTUP_FAULT, TAG(LIFECYCLE_EXIT, 1, 0), w,
                      DEADLINE_NEVER);
        thread_suspend(STARTUP_THREAD);
    }
}

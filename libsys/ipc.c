/*
 * Sending and receiving. Each thread keeps a run of empty slots armed for the
 * capabilities of the next message; when some arrive, the message owns their
 * slots and the run is replaced before the thread receives again.
 */
#include <cordon/ipc.h>
#include <cordon/slot.h>

#include "libsys/runtime.h"

struct message_page *message_page(void)
{
    return thread_current()->page;
}

/* Without slots the thread takes no capabilities; the kernel says so. */
struct thread *message_arm(void)
{
    struct thread *t = thread_current();

    if (t->receive_run == 0)
        t->receive_run = slot_alloc_run(MSG_MAX_CAPS);
    t->page->recv_slot = t->receive_run;
    t->page->recv_count = t->receive_run == 0 ? 0 : MSG_MAX_CAPS;
    return t;
}

/* Capabilities that came belong to the message. */
static void caps_take(struct thread *t, struct message *m)
{
    for (uint32_t i = 0; i < MSG_MAX_CAPS; i++)
        m->cap[i] = i < m->caps ? t->receive_run + i : 0;
    slot_free_run(t->receive_run + m->caps, MSG_MAX_CAPS - m->caps);
    t->receive_run = 0;
}

uint64_t message_received(struct thread *t, struct message *m,
                          const struct result *r)
{
    if (r->status != OK) {
        message_init(m, t->page, 0);
        return r->status;
    }
    message_parse(m, t->page, r->r[0], &r->r[1]);
    m->badge = r->badge;
    if (m->caps != 0)
        caps_take(t, m);
    return OK;
}

uint64_t message_call(cap_t endpoint, struct message *m, uint64_t deadline)
{
    struct thread *t;
    struct result r;

    if (m->bad)
        return ERR_ARGUMENT;
    t = message_arm();
    r = endpoint_call(endpoint, message_tag(m), m->w, deadline);
    return message_received(t, m, &r);
}

uint64_t message_send(cap_t endpoint, struct message *m, uint64_t deadline)
{
    if (m->bad)
        return ERR_ARGUMENT;
    return endpoint_send(endpoint, message_tag(m), m->w, deadline).status;
}

uint64_t message_receive(cap_t endpoint, cap_t reply, struct message *m,
                         uint64_t deadline)
{
    struct thread *t = message_arm();
    struct result r = endpoint_receive(endpoint, 0, reply, deadline);

    return message_received(t, m, &r);
}

uint64_t message_reply_receive(cap_t endpoint, cap_t reply, struct message *m,
                               uint64_t deadline)
{
    struct thread *t;
    struct result r;

    if (m->bad)
        return ERR_ARGUMENT;
    t = message_arm();
    r = reply_receive(endpoint, message_tag(m), m->w, reply, deadline);
    return message_received(t, m, &r);
}

uint64_t message_reply(cap_t reply, struct message *m)
{
    if (m->bad)
        return ERR_ARGUMENT;
    return reply_send(reply, message_tag(m), m->w).status;
}

uint64_t message_call_words(cap_t endpoint, struct message *m, uint64_t label,
                            unsigned words, const uint64_t *w,
                            uint64_t deadline)
{
    message_begin(m, label);
    for (unsigned i = 0; i < words; i++)
        message_put(m, w[i]);
    return message_call(endpoint, m, deadline);
}

cap_t message_take_cap(struct message *m, unsigned i)
{
    cap_t slot;

    if (i >= m->caps)
        return 0;
    slot = m->cap[i];
    m->cap[i] = 0;
    return slot;
}

void message_drop_caps(struct message *m)
{
    for (unsigned i = 0; i < MSG_MAX_CAPS; i++)
        if (i < m->caps && m->cap[i] != 0)
            cap_delete(message_take_cap(m, i));
}

/*
 * Lending memory in messages of up to four Frames. See <cordon/share.h>.
 */
#include <cordon/service.h>
#include <cordon/share.h>
#include <cordon/slot.h>
#include <cordon/startup.h>
#include <cordon/syscalls.h>

uint64_t share_lend(cap_t endpoint, uint64_t label, uint64_t id,
                    const struct memory *m, unsigned rights, uint64_t deadline,
                    uint64_t *error)
{
    struct message msg;

    for (uint32_t first = 0; first < m->count; first += MSG_MAX_CAPS) {
        uint64_t status;

        message_begin(&msg, label);
        message_put(&msg, id);
        message_put(&msg, m->count);
        message_put(&msg, first);
        message_put(&msg, m->size_bits);
        for (uint32_t i = first; i < m->count && i < first + MSG_MAX_CAPS; i++)
            message_put_cap(&msg, m->frames + i, rights);
        status = message_call(endpoint, &msg, deadline);
        if (status != OK)
            return status;
        message_drop_caps(&msg);
        if (error != NULL)
            *error = msg.label;
        if (msg.label != SERVICE_OK)
            return ERR_BUSY;
    }
    return OK;
}

/* The first message says how large the share will be. */
static uint64_t begin(struct share *s, uint64_t id, uint64_t count,
                      uint64_t size_bits, uint64_t limit)
{
    if ((size_bits != PAGE_BITS && size_bits != PAGE_2M_BITS) || count == 0)
        return SERVICE_BAD_REQUEST;
    if (count > limit >> size_bits)
        return SERVICE_TOO_LARGE;
    s->frames = slot_alloc_run(count);
    if (s->frames == 0)
        return SERVICE_NO_MEMORY;
    s->id = id;
    s->count = (uint32_t)count;
    s->size_bits = (uint32_t)size_bits;
    s->received = 0;
    return SERVICE_OK;
}

/* Moves one received capability to its place, if it is such a Frame. */
static bool place(struct share *s, cap_t slot)
{
    struct result r = captable_info(STARTUP_CAPTABLE, slot);

    return r.status == OK && r.r[0] == CAP_FRAME && r.r[2] == s->size_bits &&
           captable_move(STARTUP_CAPTABLE, s->frames + s->received, 0, slot)
                   .status == OK;
}

uint64_t share_accept(struct share *s, struct message *m, uint64_t limit)
{
    uint64_t id = message_get(m), count = message_get(m);
    uint64_t first = message_get(m), size_bits = message_get(m);
    uint64_t error;

    if (!message_end(m) || m->caps == 0)
        return SERVICE_BAD_REQUEST;
    if (s->count == 0) {
        error = begin(s, id, count, size_bits, limit);
        if (error != SERVICE_OK)
            return error;
    }
    if (id != s->id || count != s->count || size_bits != s->size_bits ||
        first != s->received || m->caps > s->count - s->received)
        return SERVICE_BAD_REQUEST;
    for (unsigned i = 0, caps = m->caps; i < caps; i++) {
        cap_t slot = m->cap[i];

        if (slot == 0 || !place(s, slot))
            return SERVICE_BAD_REQUEST;
        slot_free(message_take_cap(m, i));
        s->received++;
    }
    return SERVICE_OK;
}

void share_drop(struct share *s)
{
    if (s->count == 0)
        return;
    cap_delete_run(s->frames, s->received);
    slot_free_run(s->frames + s->received, s->count - s->received);
    *s = (struct share){0};
}

/*
 * A model of servers/net for tests of its client on the host: it answers calls,
 * owns the arena and moves its side of the rings. The client's sources are
 * included behind it, for their system calls become fakes here.
 */
#pragma once

#include <stdlib.h>
#include <string.h>

#include <cordon/net_protocol.h>
#include <cordon/syscalls.h>

#include "libsys/net_internal.h"

#define MODEL_FIRST_SLOT 100u

struct net_model {
    struct net_limits limits;
    struct net_shape shape;
    uint8_t *arena; /* NULL: no connection */
    unsigned frames, size_bits;
    unsigned calls[NET_CALL_CONFIGURE + 1];
    uint64_t used[NET_WORDS]; /* sockets */
    unsigned signals;         /* of the client's to the server */
    unsigned waits;
    bool dead;
    uint64_t clock;
    unsigned caps;       /* that the client holds */
    unsigned accept_now; /* connections that wait for ACCEPT */
    int status;          /* not NET_OK: the answer to the next call but INFO,
                            OPEN and FRAMES */
    /* Changes an answer before it goes out, or the arena. May be NULL. */
    void (*lie)(struct net_model *s, uint64_t call, struct message *m);
    void (*on_wait)(struct net_model *s); /* while the client sleeps */
};
static struct net_model model;
static struct message_page model_page;

/* ---- The system calls and the parts of libsys below ---- */

struct message_page *message_page(void)
{
    return &model_page;
}

cap_t service_find(const char *name)
{
    return strcmp(name, "net") == 0 ? 1 : 0;
}

cap_t object_make(enum cap_type type, unsigned size_bits, uint64_t *status)
{
    (void)type, (void)size_bits, (void)status;
    model.caps++;
    return 2;
}

uint64_t cap_delete(cap_t slot)
{
    (void)slot;
    model.caps--;
    return OK;
}

uint64_t cap_delete_run(cap_t slot, size_t count)
{
    (void)slot;
    model.caps -= (unsigned)count;
    return OK;
}

cap_t slot_alloc_run(size_t count)
{
    model.caps += (unsigned)count;
    return MODEL_FIRST_SLOT;
}

void slot_free(cap_t slot)
{
    (void)slot;
    model.caps--;
}

uint64_t memory_map_lent(cap_t frames, size_t count, unsigned size_bits,
                         unsigned attributes, struct memory *out)
{
    (void)attributes;
    *out = (struct memory){model.arena, count << size_bits, frames,
                           (uint32_t)count, size_bits};
    return OK;
}

void memory_unmap(struct memory *m)
{
    model.caps -= m->count;
    *m = (struct memory){0};
}

uint64_t clock_now(void)
{
    return model.clock;
}

uint64_t clock_after(uint64_t ns)
{
    return model.clock + ns;
}

void clock_sleep(uint64_t ns)
{
    model.clock += ns;
}

static struct result model_signal(cap_t cap)
{
    (void)cap;
    model.signals++;
    return (struct result){.status = model.dead ? ERR_CAPABILITY : OK};
}

static struct result model_wait(cap_t cap, uint64_t deadline)
{
    (void)cap;
    model.waits++;
    if (model.on_wait != NULL) {
        model.on_wait(&model);
        return (struct result){.status = OK};
    }
    model.clock = deadline;
    return (struct result){.status = ERR_TIMEOUT};
}

static struct result model_signal_wait(cap_t cap, cap_t wait, uint64_t deadline)
{
    struct result r = model_signal(cap);

    return r.status == OK ? model_wait(wait, deadline) : r;
}

static struct result model_info(cap_t cap, cap_t slot)
{
    struct result r = {.status = OK};

    (void)cap, (void)slot;
    r.r[0] = model.dead ? CAP_NULL : CAP_NOTIFICATION;
    return r;
}

static struct result model_move(cap_t cap, cap_t slot, cap_t table, cap_t from)
{
    (void)cap, (void)slot, (void)table, (void)from;
    return (struct result){.status = OK};
}

cap_t message_take_cap(struct message *m, unsigned i)
{
    cap_t slot = i < m->caps ? m->cap[i] : 0;

    if (i < m->caps)
        m->cap[i] = 0;
    return slot;
}

void message_drop_caps(struct message *m)
{
    for (unsigned i = 0; i < MSG_MAX_CAPS; i++)
        if (i < m->caps && m->cap[i] != 0)
            cap_delete(message_take_cap(m, i));
}

/* ---- The server ---- */

static void model_give_caps(struct message *m, unsigned count)
{
    m->caps = count;
    for (unsigned i = 0; i < count; i++)
        m->cap[i] = 10 + i;
    model.caps += count;
}

static void model_open(struct net_model *s, struct message *m)
{
    struct net_shape *h = &s->shape;
    size_t bytes;

    message_get(m);
    h->sockets = (uint32_t)message_get(m);
    h->send_bytes = (uint32_t)message_get(m);
    h->receive_bytes = (uint32_t)message_get(m);
    if (!net_shape_allowed(h))
        abort();
    bytes = net_arena_bytes(h);
    s->frames = (unsigned)((bytes + PAGE_SIZE - 1) >> PAGE_BITS);
    s->size_bits = PAGE_BITS;
    free(s->arena);
    s->arena = aligned_alloc(PAGE_SIZE, (size_t)s->frames << PAGE_BITS);
    memset(s->arena, 0, (size_t)s->frames << PAGE_BITS);
    memset(s->used, 0, sizeof(s->used));
    message_begin(m, NET_OK);
    message_put(m, s->frames);
    message_put(m, s->size_bits);
    model_give_caps(m, 1);
}

static void model_frames(struct net_model *s, struct message *m)
{
    uint64_t first = message_get(m), count = s->frames - first;

    count = count < MSG_MAX_CAPS ? count : MSG_MAX_CAPS;
    message_begin(m, NET_OK);
    message_put(m, count);
    model_give_caps(m, (unsigned)count);
}

/* A free number, its shared part cleared; -1: none. */
static int model_number(struct net_model *s)
{
    for (unsigned i = 0; i < s->shape.sockets; i++)
        if ((s->used[i / 64] >> i % 64 & 1) == 0) {
            net_set(s->used, i);
            memset(net_arena_socket(s->arena, i), 0,
                   sizeof(struct net_socket_shared));
            return (int)i;
        }
    return -1;
}

static const struct net_address model_peer = {
    .family = 4, .port = 7, .address = {192, 0, 2, 1}};

static void model_socket(struct net_model *s, struct message *m, bool peer)
{
    int number = model_number(s);

    message_begin(m, number < 0 ? NET_E_LIMIT : NET_OK);
    if (number < 0)
        return;
    message_put(m, (uint64_t)number);
    if (peer)
        message_put_bytes(m, &model_peer, sizeof(model_peer));
}

static void model_bytes(struct message *m, size_t bytes)
{
    static uint8_t data[1024];

    memset(data, 'x', sizeof(data));
    message_begin(m, NET_OK);
    message_put_bytes(m, data, bytes);
}

static void model_resolve(struct message *m)
{
    message_begin(m, NET_OK);
    message_put(m, 2);
    message_put_bytes(m, &model_peer, sizeof(model_peer));
    message_put_bytes(m, &model_peer, sizeof(model_peer));
}

static void model_answer(struct net_model *s, uint64_t call, struct message *m)
{
    int status = s->status;

    switch (call) {
    case NET_CALL_INFO:
        message_begin(m, NET_OK);
        message_put_bytes(m, &s->limits, sizeof(s->limits));
        return;
    case NET_CALL_OPEN:
        model_open(s, m);
        return;
    case NET_CALL_FRAMES:
        model_frames(s, m);
        return;
    default:
        break;
    }
    s->status = NET_OK;
    if (status != NET_OK) {
        message_begin(m, (uint64_t)status);
    } else if (call == NET_CALL_SOCKET) {
        model_socket(s, m, false);
    } else if (call == NET_CALL_ACCEPT) {
        if (s->accept_now == 0)
            message_begin(m, NET_E_AGAIN);
        else
            model_socket(s, m, s->accept_now-- != 0);
    } else if (call == NET_CALL_END) {
        net_clear(s->used, (unsigned)message_get(m));
        message_begin(m, NET_OK);
    } else if (call == NET_CALL_NAMES) {
        message_begin(m, NET_OK);
        message_put_bytes(m, &model_peer, sizeof(model_peer));
        message_put_bytes(m, &model_peer, sizeof(model_peer));
    } else if (call == NET_CALL_RESOLVE) {
        model_resolve(m);
    } else if (call == NET_CALL_INTERFACE) {
        model_bytes(m, sizeof(struct net_interface));
    } else if (call == NET_CALL_STATISTICS) {
        model_bytes(m, sizeof(struct net_statistics));
    } else {
        message_begin(m, NET_OK);
    }
}

uint64_t message_call(cap_t endpoint, struct message *m, uint64_t deadline)
{
    uint64_t call = m->label;

    (void)endpoint, (void)deadline;
    if (model.dead || call > NET_CALL_CONFIGURE)
        return ERR_GONE;
    model.calls[call]++;
    m->next = 0;
    m->caps = 0; /* what the client sends is a copy */
    model_answer(&model, call, m);
    if (model.lie != NULL)
        model.lie(&model, call, m);
    m->next = 0;
    return OK;
}

static void model_start(uint64_t memory, uint32_t sockets)
{
    free(model.arena);
    model = (struct net_model){
        .limits = {.memory = memory,
                   .sockets = sockets,
                   .mtu = 1500,
                   .protocol = NET_PROTOCOL},
        .clock = 1000 * NS_PER_S,
    };
}

static struct net_socket_shared *model_shared(unsigned socket)
{
    return net_arena_socket(model.arena, socket);
}

/* Tells the client of this socket, as the server does. */
static inline void model_tell(unsigned socket)
{
    struct net_shared *shared = (void *)model.arena;

    net_set(shared->client.work, socket);
}

/* Puts bytes into the client's receive ring. */
static inline void model_put(unsigned socket, const void *data, uint32_t bytes)
{
    struct net_socket_shared *shared = model_shared(socket);
    uint8_t *ring = net_arena_receive(model.arena, &model.shape, socket);

    for (uint32_t i = 0; i < bytes; i++)
        ring[(shared->receive_head + i) & (model.shape.receive_bytes - 1)] =
            ((const uint8_t *)data)[i];
    shared->receive_head += bytes;
    model_tell(socket);
}

/* Takes bytes that the client sent. Returns how many there were. */
static inline uint32_t model_take(unsigned socket, void *data, uint32_t room)
{
    struct net_socket_shared *shared = model_shared(socket);
    const uint8_t *ring = net_arena_send(model.arena, &model.shape, socket);
    uint32_t bytes = shared->send_head - shared->send_tail;

    bytes = bytes < room ? bytes : room;
    for (uint32_t i = 0; i < bytes; i++)
        ((uint8_t *)data)[i] =
            ring[(shared->send_tail + i) & (model.shape.send_bytes - 1)];
    shared->send_tail += bytes;
    model_tell(socket);
    return bytes;
}

#define notification_signal      model_signal
#define notification_wait        model_wait
#define notification_signal_wait model_signal_wait
#define captable_info            model_info
#define captable_move            model_move

#include "libsys/net_client.c"
#include "libsys/net_connection.c"
#include "libsys/net_datagram.c"
#include "libsys/net_names.c"
#include "libsys/net_rings.c"
#include "libsys/net_stream.c"
#include "libsys/net_wait.c"

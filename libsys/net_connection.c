/*
 * The connection to the network stack: its limits, the arena that the server
 * lends, and the end of it all. A server that dies takes the arena and every
 * socket with it: then this connection is over, and the caller may make
 * another one.
 */
#include <stdlib.h>
#include <string.h>

#include "libsys/net_internal.h"

#define PAUSE        (10 * NS_PER_MS)
#define RING_DEFAULT (64u << 10) /* at most, when the caller does not say */

/* An answer whose capabilities the caller takes, if it is NET_OK. */
static int call_for_caps(cap_t endpoint, struct message *m, uint64_t patience)
{
    if (m->bad)
        return NET_E_REQUEST;
    if (message_call(endpoint, m, clock_after(patience)) != OK)
        return NET_E_GONE;
    if (m->label != NET_OK)
        message_drop_caps(m);
    return m->label < NET_STATUSES ? (int)m->label : NET_E_CORRUPT;
}

/* Capabilities that nobody asked for would fill our table. */
int net_call_endpoint(cap_t endpoint, struct message *m, uint64_t patience)
{
    int status = call_for_caps(endpoint, m, patience);

    message_drop_caps(m);
    return status;
}

/* A server that knows nothing of us may be the successor of ours. */
int net_call(struct net *net, struct message *m)
{
    int status;

    if (net->state != NET_OK)
        return net->state;
    status = net_call_endpoint(net->endpoint, m, NET_PATIENCE);
    if (status == NET_E_GONE || status == NET_E_CORRUPT)
        net->state = status;
    else if (status != NET_OK && status != NET_E_AGAIN && !net_check(net))
        status = net->state;
    return status;
}

/* An answer that is not what the protocol says. */
static int answer_end(const struct message *m)
{
    return message_end(m) ? NET_OK : NET_E_CORRUPT;
}

static int info_ask(struct net *net)
{
    struct net_limits *limits = &net->limits;
    struct message m;
    int status;

    message_begin(&m, NET_CALL_INFO);
    status = net_call_endpoint(net->endpoint, &m, NET_PATIENCE);
    if (status != NET_OK)
        return status;
    if (message_get_bytes(&m, limits, sizeof(*limits)) != sizeof(*limits) ||
        !message_end(&m))
        return NET_E_CORRUPT;
    if (limits->protocol != NET_PROTOCOL)
        return NET_E_UNSUPPORTED;
    if (limits->sockets > NET_SOCKETS_MAX)
        limits->sockets = NET_SOCKETS_MAX;
    return limits->sockets != 0 ? NET_OK : NET_E_DENIED;
}

/* What the caller asked for, and for the rest what the policy's memory can
 * hold: large rings first, then many sockets. */
static int shape_choose(struct net *net, const struct net_options *o)
{
    struct net_shape *s = &net->shape;
    uint32_t ring = RING_DEFAULT;

    *s = (struct net_shape){net->limits.sockets, ring, ring};
    if (o != NULL && o->sockets != 0)
        s->sockets = o->sockets;
    for (;;) {
        s->send_bytes = o != NULL && o->send_bytes ? o->send_bytes : ring;
        s->receive_bytes =
            o != NULL && o->receive_bytes ? o->receive_bytes : ring;
        if (!net_shape_allowed(s))
            return NET_E_REQUEST;
        if (net_arena_bytes(s) <= net->limits.memory)
            return NET_OK;
        if (ring > NET_RING_MIN)
            ring /= 2;
        else if ((o == NULL || o->sockets == 0) && s->sockets > 1)
            s->sockets--;
        else
            return NET_E_MEMORY;
    }
}

/* Fetches the arena's Frames from number `first` on into slots from `run`. */
static int frames_fetch(const struct net *net, uint64_t first, uint64_t count,
                        cap_t run, uint64_t *fetched)
{
    struct message m;
    int status;

    message_begin(&m, NET_CALL_FRAMES);
    message_put(&m, first);
    status = call_for_caps(net->endpoint, &m, NET_PATIENCE);
    if (status != NET_OK)
        return status;
    *fetched = message_get(&m);
    if (!message_end(&m) || *fetched == 0 || *fetched != m.caps ||
        *fetched > count - first) {
        message_drop_caps(&m);
        return NET_E_CORRUPT;
    }
    for (unsigned i = 0; i < *fetched; i++) {
        cap_t slot = message_take_cap(&m, i);

        if (captable_move(STARTUP_CAPTABLE, run + first + i, 0, slot).status !=
            OK) {
            cap_delete(slot);
            message_drop_caps(&m);
            return NET_E_MEMORY;
        }
        slot_free(slot);
    }
    return NET_OK;
}

static int arena_map(struct net *net, uint64_t count, unsigned size_bits)
{
    cap_t run = slot_alloc_run(count);
    int status = run != 0 ? NET_OK : NET_E_MEMORY;
    uint64_t fetched;

    for (uint64_t at = 0; status == NET_OK && at < count; at += fetched)
        status = frames_fetch(net, at, count, run, &fetched);
    if (status == NET_OK &&
        memory_map_lent(run, count, size_bits, MAP_READ | MAP_WRITE,
                        &net->arena) != OK)
        status = NET_E_MEMORY;
    if (status != NET_OK) {
        if (run != 0)
            cap_delete_run(run, count);
        return status;
    }
    net->shared = net->arena.address;
    return NET_OK;
}

/* Only as many Frames as the arena needs. */
static bool frames_fit(const struct net *net, uint64_t count, uint64_t bits)
{
    uint64_t bytes = net_arena_bytes(&net->shape);

    return (bits == PAGE_BITS || bits == PAGE_2M_BITS) &&
           count == (bytes + (1ull << bits) - 1) >> bits;
}

static int open_call(struct net *net)
{
    const struct net_shape *s = &net->shape;
    uint64_t count, bits;
    struct message m;
    int status;

    message_begin(&m, NET_CALL_OPEN);
    message_put(&m, NET_PROTOCOL);
    message_put(&m, s->sockets);
    message_put(&m, s->send_bytes);
    message_put(&m, s->receive_bytes);
    message_put_cap(&m, net->wake, RIGHT_WRITE);
    status = call_for_caps(net->endpoint, &m, NET_PATIENCE);
    if (status != NET_OK)
        return status;
    count = message_get(&m);
    bits = message_get(&m);
    net->kick = message_take_cap(&m, 0);
    message_drop_caps(&m);
    status = answer_end(&m);
    if (status == NET_OK && (net->kick == 0 || !frames_fit(net, count, bits)))
        status = NET_E_CORRUPT;
    return status == NET_OK ? arena_map(net, count, (unsigned)bits) : status;
}

/* The server is told even when it may have died: then nobody listens. */
static void connection_end(struct net *net)
{
    struct message m;

    if (net->kick == 0)
        return;
    message_begin(&m, NET_CALL_CLOSE);
    if (net->state != NET_E_GONE)
        net_call_endpoint(net->endpoint, &m, NET_PATIENCE);
    if (net->arena.count != 0)
        memory_unmap(&net->arena);
    cap_delete(net->kick);
    net->kick = 0;
}

static int connect_once(struct net *net, const struct net_options *options)
{
    int status = info_ask(net);

    if (status == NET_OK)
        status = shape_choose(net, options);
    if (status == NET_OK)
        status = open_call(net);
    if (status != NET_OK) {
        net->state = status;
        connection_end(net);
        net->state = NET_OK;
    }
    return status;
}

/* GONE: it died with our call in its hands, and is being restarted. */
static int connect_patiently(struct net *net, const struct net_options *options)
{
    uint64_t end = clock_after(NET_PATIENCE);

    for (;;) {
        int status = connect_once(net, options);

        if (status != NET_E_GONE || clock_now() >= end)
            return status;
        clock_sleep(PAUSE);
    }
}

static void net_free(struct net *net)
{
    if (net->own_wake)
        cap_delete(net->wake);
    free(net);
}

int net_open(const char *service, const struct net_options *options,
             struct net **out)
{
    struct net *net = calloc(1, sizeof(*net));
    int status = NET_E_MEMORY;

    if (net == NULL)
        return NET_E_MEMORY;
    net->endpoint = service_find(service);
    net->wake = options != NULL ? options->wake : 0;
    if (net->wake == 0) {
        net->wake = object_make(CAP_NOTIFICATION, 0, NULL);
        net->own_wake = net->wake != 0;
    }
    if (net->endpoint == 0)
        status = NET_E_DENIED;
    else if (net->wake != 0)
        status = connect_patiently(net, options);
    if (status != NET_OK) {
        net_free(net);
        return status;
    }
    *out = net;
    return NET_OK;
}

void net_close(struct net *net)
{
    connection_end(net);
    net_free(net);
}

const struct net_limits *net_limits(const struct net *net)
{
    return &net->limits;
}

int net_state(const struct net *net)
{
    return net->state;
}

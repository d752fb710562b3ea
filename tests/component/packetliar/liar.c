/* The driver: connections are made as libsys makes them, and then it lies. */
#include <stdio.h>
#include <string.h>

#include "tests/component/packetliar/liar.h"

#define EVENT_CLIENT 1u
#define EVENT_TIMER  2u
#define TICK_NS      (2 * NS_PER_MS)

static struct packet_port port;
static struct packet_server server;
static enum lie lie;
static uint64_t seed = 1;

static uint64_t random_word(void)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return seed >> 20 ^ seed << 31;
}

static void opened(void *context, struct packet_port *p)
{
    (void)context;
    (void)p;
    notification_timer(server.events, clock_after(TICK_NS), TICK_NS,
                       EVENT_TIMER);
}

/* Each connection gets the next lie. */
static void closed(void *context, struct packet_port *p)
{
    (void)context;
    (void)p;
    notification_timer(server.events, 0, 0, EVENT_TIMER);
    lie = (lie + 1) % LIES;
}

static void statistics(void *context, struct packet_port *p,
                       struct packet_statistics *out)
{
    (void)context;
    (void)p;
    out->received = ~0ull;
}

static int filter(void *context, struct packet_port *p, uint32_t flags,
                  const uint8_t (*multicast)[6], uint32_t count)
{
    (void)context, (void)p, (void)flags, (void)multicast, (void)count;
    return PACKET_STATUSES + 7;
}

static void honest(void)
{
    struct packet_shared_arrival a[64];
    struct packet_piece pieces[64];
    uint64_t at[64];
    uint32_t posts = packet_port_posts(&port, 0, at, 64);
    uint32_t sends = packet_port_sends(&port, 0, pieces, 64);

    for (uint32_t i = 0; i < posts; i++)
        a[i] = (struct packet_shared_arrival){.bytes = 60};
    packet_port_arrive(&port, 0, a, posts);
    packet_port_sent(&port, 0, sends);
    packet_port_publish(&port);
}

static void lengths(void)
{
    static const uint16_t bytes[] = {0, 1, 13, 2049, 4096, 65535};
    struct packet_shared_arrival a[64];
    uint64_t at[64];
    uint32_t posts = packet_port_posts(&port, 0, at, 64);

    for (uint32_t i = 0; i < posts; i++)
        a[i] = (struct packet_shared_arrival){
            .bytes = bytes[random_word() % 6],
            .flags = (uint16_t)(random_word() & ~(uint64_t)PACKET_NOTHING),
            .hash = (uint32_t)random_word()};
    packet_port_arrive(&port, 0, a, posts);
    packet_port_publish(&port);
}

/* Behind the rings' back. */
static void positions(uint32_t arrivals, uint32_t posts, uint32_t sends)
{
    struct packet_shared *s = port.queues[0].shared;

    ((struct ring_shared *)s->arrivals)->producer.position = arrivals;
    ((struct ring_shared *)s->posts)->consumer.position = posts;
    ((struct ring_shared *)s->sends)->consumer.position = sends;
}

static void tell_lie(void)
{
    static uint32_t step;
    uint8_t *bytes = (uint8_t *)port.queues[0].shared;

    step++;
    switch (lie) {
    case LIE_NONE:
        honest();
        break;
    case LIE_LENGTHS:
        lengths();
        break;
    case LIE_TOO_MANY:
        positions(400, 64, 64);
        break;
    case LIE_BACKWARDS:
        positions(step % 2 ? 5 : 3, step % 2 ? 5 : 3, step % 2 ? 5 : 3);
        break;
    case LIE_FAR_AHEAD:
        positions((uint32_t)random_word(), (uint32_t)random_word(),
                  (uint32_t)random_word());
        break;
    case LIE_SENT_TOO_MUCH:
        positions(0, 0, 65);
        break;
    case LIE_RANDOM:
        for (unsigned i = 0; i < 1000; i++)
            bytes[random_word() % sizeof(struct packet_shared)] =
                (uint8_t)random_word();
        break;
    default:
        break;
    }
    notification_signal(port.wake);
}

static void handle(struct service *s, struct message *m)
{
    uint64_t label = m->label;

    (void)s;
    if (lie == LIE_INFO && label == PACKET_CALL_INFO) {
        message_begin(m, PACKET_OK);
        for (unsigned i = 0; i < sizeof(struct packet_info) / 8 + 1; i++)
            message_put(m, random_word());
        lie++;
        return;
    }
    if (lie == LIE_NO_KICK && label == PACKET_CALL_OPEN) {
        message_drop_caps(m);
        message_begin(m, PACKET_OK);
        lie = LIE_NONE;
        return;
    }
    packet_port_call(&server, &port, EVENT_CLIENT, m);
}

static void events(struct service *s, uint64_t bits)
{
    (void)s;
    (void)bits;
    if (port.open)
        tell_lie();
}

int liar(void)
{
    struct service service = {.endpoint = service_offered("packet"),
                              .handle = handle,
                              .events = events};

    server = (struct packet_server){
        .events = object_make(CAP_NOTIFICATION, 0, NULL),
        .info = {.mac = {2, 0, 0, 0, 0, 1}, .mtu = 1500, .queues = 1},
        .opened = opened,
        .closed = closed,
        .statistics = statistics,
        .filter = filter,
    };
    notification_bind(server.events, thread_self());
    service_ready();
    service_run(&service);
    return 1;
}

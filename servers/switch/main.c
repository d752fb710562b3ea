/*
 * The switch's calls and events. Arguments from the policy: `rate=BYTES` that
 * each client may send in a second, `strict` if it may send from the address
 * alone that it was given.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "servers/switch/switch.h"

#define LOOK_NS  NS_PER_S
#define RATE_MAX 10000000000ull
#define ROUNDS   64u /* until calls get their turn */

static struct packet_switch the_switch;

static void opened(void *context, struct packet_port *port)
{
    struct switch_port *p = context;

    table_fix(&the_switch.table, table_address(p->server.info.mac),
              (uint8_t)p->number);
    packet_port_link(port, the_switch.link);
}

static void closed(void *context, struct packet_port *port)
{
    struct switch_port *p = context;

    (void)port;
    table_forget(&the_switch.table, (uint8_t)p->number);
    p->filter_flags = p->filter_count = 0;
}

static void statistics(void *context, struct packet_port *port,
                       struct packet_statistics *out)
{
    struct switch_port *p = context;

    *out = p->counted;
    out->refused = port->refused;
}

static int filter(void *context, struct packet_port *port, uint32_t flags,
                  const uint8_t (*multicast)[6], uint32_t count)
{
    struct switch_port *p = context;

    (void)port;
    p->filter_flags = flags;
    p->filter_count = count;
    for (uint32_t i = 0; i < count; i++)
        p->filter[i] = table_address(multicast[i]);
    return PACKET_OK;
}

/* The port that a client has, from its first call on. */
static struct switch_port *port_of(struct packet_switch *s, uint64_t badge)
{
    for (uint32_t i = 0; i < PORTS; i++)
        if (s->ports[i].badge == badge || s->ports[i].badge == 0) {
            s->ports[i].badge = badge;
            return &s->ports[i];
        }
    return NULL;
}

static void handle(struct service *service, struct message *m)
{
    struct packet_switch *s = service->state;
    struct switch_port *p = m->badge != 0 ? port_of(s, m->badge) : NULL;

    if (p == NULL) {
        message_drop_caps(m);
        message_begin(m, PACKET_E_LIMIT);
        return;
    }
    packet_port_call(&p->server, &p->port, EVENT_PORT(p->number), m);
}

/* Each client's own address: the card's, locally administered, and a number. */
static void port_prepare(struct packet_switch *s, uint32_t number,
                         uint64_t rate)
{
    const struct packet_info *up = packet_info(s->uplink);
    struct switch_port *p = &s->ports[number];
    struct packet_info *info = &p->server.info;

    p->number = number;
    p->limit.rate = rate;
    p->server.context = p;
    p->server.events = s->events;
    p->server.opened = opened;
    p->server.closed = closed;
    p->server.statistics = statistics;
    p->server.filter = filter;
    memcpy(info->mac, up->mac, 6);
    info->mac[0] = (uint8_t)((info->mac[0] & ~1u) | 2u);
    info->mac[5] = (uint8_t)(info->mac[5] + number + 1);
    info->mtu = up->mtu;
    info->queues = 1;
    info->features =
        (up->features & PACKET_CAN_CHECKSUM_RECEIVE) | PACKET_WANTS_PAGES;
    snprintf(info->name, sizeof(info->name), "switch port %u",
             (unsigned)number);
}

static int uplink_open(struct packet_switch *s)
{
    const struct packet_options options = {
        .wake = cap_copy(s->events, RIGHT_WRITE, EVENT_UPLINK, NULL)};
    int status = packet_open("uplink", &options, &s->uplink);

    if (status == PACKET_OK)
        status = packet_pool_lend(
            s->uplink, 2 * UPLINK_CELLS * PACKET_BUFFER_BYTES, &s->pool);
    if (status == PACKET_OK)
        status = packet_filter(s->uplink, PACKET_FILTER_PROMISCUOUS, NULL, 0);
    for (uint32_t i = 0; i < UPLINK_CELLS && status == PACKET_OK; i++) {
        const struct packet_buffer b = {.offset = i * PACKET_BUFFER_BYTES,
                                        .pool = (uint16_t)s->pool.id};

        packet_post(s->uplink, 0, &b, 1);
    }
    if (status == PACKET_OK)
        packet_kick(s->uplink);
    return status;
}

static void link_look(struct packet_switch *s)
{
    struct packet_link link = packet_link(s->uplink);
    uint32_t word = (link.up ? PACKET_LINK_UP : 0) |
                    (link.full_duplex ? PACKET_LINK_FULL : 0) | link.mbps;

    if (word == s->link)
        return;
    s->link = word;
    for (uint32_t i = 0; i < PORTS; i++)
        packet_port_link(&s->ports[i].port, word);
}

static void broken_close(struct packet_switch *s)
{
    for (uint32_t i = 0; i < PORTS; i++) {
        struct switch_port *p = &s->ports[i];

        if (!p->port.broken)
            continue;
        printf("switch: client of port %u broke the rules: disconnected\n",
               (unsigned)i);
        packet_port_close(&p->server, &p->port);
    }
}

static void events(struct service *service, uint64_t bits)
{
    struct packet_switch *s = service->state;
    unsigned rounds = 0;

    if (bits & EVENT_TIMER) {
        s->timer = false;
        packet_check(s->uplink);
    }
    packet_awake(s->uplink);
    link_look(s);
    for (uint32_t i = 0; i < PORTS; i++)
        if (s->ports[i].port.open)
            packet_port_awake(&s->ports[i].port);
    do {
        if (++rounds == ROUNDS) {
            s->timer =
                notification_timer(s->events, clock_now(), 0, EVENT_TIMER)
                    .status == OK;
            break;
        }
        while (forward_round(s) != 0 && ++rounds < ROUNDS - 1)
            ;
        broken_close(s);
    } while (!forward_may_sleep(s));
    if (packet_state(s->uplink) != PACKET_OK) {
        printf("switch: uplink: %s\n",
               packet_error_text(packet_state(s->uplink)));
        exit(1);
    }
    if (!s->timer)
        s->timer =
            notification_timer(s->events, clock_after(LOOK_NS), 0, EVENT_TIMER)
                .status == OK;
}

int main(int argc, char **argv)
{
    struct packet_switch *s = &the_switch;
    struct service service = {
        .endpoint = service_offered("packet"),
        .handle = handle,
        .events = events,
        .state = s,
    };
    uint64_t rate = 0;
    int status;

    for (int i = 1; i < argc; i++) {
        s->strict |= strcmp(argv[i], "strict") == 0;
        if (strncmp(argv[i], "rate=", 5) == 0)
            rate = strtoull(argv[i] + 5, NULL, 10) % RATE_MAX;
    }
    s->events = object_make(CAP_NOTIFICATION, 0, NULL);
    status = s->events != 0 ? uplink_open(s) : PACKET_E_MEMORY;
    if (status != PACKET_OK || service.endpoint == 0 ||
        notification_bind(s->events, thread_self()).status != OK) {
        printf("switch: no uplink: %s\n", packet_error_text(status));
        return 1;
    }
    for (uint32_t i = 0; i < PORTS; i++)
        port_prepare(s, i, rate);
    link_look(s);
    service_ready();
    events(&service, 0);
    status = (int)service_run(&service);
    printf("switch: receiving failed: %s\n", status_text((uint64_t)status));
    return 1;
}

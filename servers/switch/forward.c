/* From port to port: who a frame is for, and copying it there. */
#include <string.h>

#include "servers/switch/switch.h"

#define MIN_FRAME                                                              \
    60u /* without FCS; shorter ones are padded for clients too                \
         */

/* Where frames to this address go: bits of ports. */
static uint32_t targets(struct packet_switch *s, uint64_t to, uint32_t from,
                        uint64_t now)
{
    const uint32_t all = (1u << (PORTS + 1)) - 1;
    uint8_t port = TABLE_NOWHERE;

    if (!table_is_group(to))
        port = table_find(&s->table, to, now);
    if (port == TABLE_NOWHERE)
        return all & ~(1u << from);
    return port == from ? 0 : 1u << port;
}

static bool in_filter(const struct switch_port *p, uint64_t to)
{
    for (uint32_t i = 0; i < p->filter_count; i++)
        if (p->filter[i] == to)
            return true;
    return false;
}

/* What a port wants of frames that are for many, or for nobody known. */
static bool port_wants(const struct switch_port *p, uint64_t to)
{
    const uint64_t broadcast = 0xffffffffffffull;

    if (p->filter_flags & PACKET_FILTER_PROMISCUOUS)
        return true;
    if (!table_is_group(to))
        return to == table_address(p->server.info.mac);
    return to == broadcast || (p->filter_flags & PACKET_FILTER_ALL_MULTICAST) ||
           in_filter(p, to);
}

static void port_deliver(struct switch_port *p, const uint8_t *frame,
                         uint32_t bytes, uint32_t flags)
{
    struct packet_shared_arrival arrival = {.bytes = (uint16_t)bytes,
                                            .flags = (uint16_t)flags};
    uint64_t at;

    if (packet_port_posts(&p->port, 0, &at, 1) == 0) {
        p->counted.missed++;
        return;
    }
    memcpy((void *)at, frame, bytes);
    if (bytes < MIN_FRAME) {
        memset((uint8_t *)at + bytes, 0, MIN_FRAME - bytes);
        arrival.bytes = MIN_FRAME;
    }
    packet_port_arrive(&p->port, 0, &arrival, 1);
    p->counted.received++;
    p->counted.received_bytes += bytes;
}

/* There is room: whoever sends is asked only as far as there is. */
static void uplink_deliver(struct packet_switch *s, const uint8_t *frame,
                           uint32_t bytes)
{
    uint32_t offset =
        (UPLINK_CELLS + s->next_send % UPLINK_CELLS) * PACKET_BUFFER_BYTES;
    const struct packet_send e = {.offset = offset,
                                  .bytes = (uint16_t)bytes,
                                  .pool = (uint8_t)s->pool.id};

    memcpy((uint8_t *)s->pool.data + offset, frame, bytes);
    if (packet_send(s->uplink, 0, &e, 1) == 1)
        s->next_send++;
}

static uint32_t uplink_room(struct packet_switch *s)
{
    uint32_t unsent, room = packet_room(s->uplink, 0);

    packet_sent(s->uplink, 0);
    unsent = packet_unsent(s->uplink, 0);
    if (unsent >= UPLINK_CELLS)
        return 0;
    return room < UPLINK_CELLS - unsent ? room : UPLINK_CELLS - unsent;
}

/* `frame` is our own copy, or in memory that only its sender can change. */
static void frame_forward(struct packet_switch *s, uint32_t from,
                          const uint8_t *frame, uint32_t bytes, uint32_t flags,
                          uint64_t now)
{
    uint64_t to = table_address(frame);
    uint32_t ports = targets(s, to, from, now);
    bool flooded = (ports & (ports - 1)) != 0;

    for (uint32_t i = 0; i < PORTS; i++)
        if ((ports & 1u << i) != 0 && s->ports[i].port.open &&
            (!flooded || port_wants(&s->ports[i], to)))
            port_deliver(&s->ports[i], frame, bytes, flags);
    if (ports & 1u << UPLINK)
        uplink_deliver(s, frame, bytes);
}

/* A packet of a client: copied out first, so that what is looked at is what is
 * forwarded. False: not one that it may send. */
static bool piece_forward(struct packet_switch *s, struct switch_port *p,
                          const struct packet_piece *pieces, uint64_t now)
{
    uint8_t frame[PACKET_FRAME_MAX];
    uint32_t bytes = 0;
    uint64_t source;

    for (uint32_t i = 0; i < pieces[0].pieces; i++) {
        memcpy(frame + bytes, (void *)pieces[i].at, pieces[i].bytes);
        bytes += pieces[i].bytes;
    }
    source = table_address(frame + 6);
    if ((s->strict && source != table_address(p->server.info.mac)) ||
        !table_learn(&s->table, source, (uint8_t)p->number, now))
        return false;
    frame_forward(s, p->number, frame, bytes, 0, now);
    p->counted.sent++;
    p->counted.sent_bytes += bytes;
    return true;
}

/* What a client sends, as far as its rate and the uplink allow. */
static uint32_t port_round(struct packet_switch *s, struct switch_port *p,
                           uint64_t now)
{
    struct packet_piece pieces[PACKET_MAX_SEGMENTS];
    uint32_t moved = 0;

    limit_fill(&p->limit, now);
    while (moved < ROUND_PACKETS) {
        bool may =
            limit_allows(&p->limit) && uplink_room(s) >= PACKET_MAX_SEGMENTS;
        uint32_t count, done = 0;

        /* So many packets at most: as many as the uplink has room for. */
        count = packet_port_sends(&p->port, 0, pieces,
                                  may ? PACKET_MAX_SEGMENTS : 0);
        if (count == 0)
            break;
        for (; done < count; done += pieces[done].pieces, moved++) {
            limit_charge(&p->limit, pieces[done].packet_bytes);
            if (!piece_forward(s, p, &pieces[done], now))
                p->counted.damaged++;
        }
        packet_port_sent(&p->port, 0, count);
    }
    return moved;
}

static uint32_t uplink_round(struct packet_switch *s, uint64_t now)
{
    struct packet_arrival arrivals[ROUND_PACKETS];
    uint32_t count = packet_receive(s->uplink, 0, arrivals, ROUND_PACKETS);

    for (uint32_t i = 0; i < count; i++) {
        const struct packet_arrival *a = &arrivals[i];
        const uint8_t *frame = (uint8_t *)s->pool.data + a->buffer.offset;
        uint8_t copy[PACKET_BUFFER_BYTES];

        if ((a->flags & PACKET_NOTHING) == 0) {
            /* The card can still write there: decide on a copy. */
            memcpy(copy, frame, a->bytes);
            if (table_learn(&s->table, table_address(copy + 6), UPLINK, now))
                frame_forward(s, UPLINK, copy, a->bytes,
                              a->flags & ~(uint32_t)PACKET_HASHED, now);
        }
        packet_post(s->uplink, 0, &a->buffer, 1);
    }
    return count;
}

uint32_t forward_round(struct packet_switch *s)
{
    uint64_t now = clock_now();
    uint32_t moved = uplink_round(s, now);

    for (uint32_t i = 0; i < PORTS; i++)
        if (s->ports[i].port.open && !s->ports[i].port.broken)
            moved += port_round(s, &s->ports[i], now);
    for (uint32_t i = 0; i < PORTS; i++)
        if (s->ports[i].port.open)
            packet_port_publish(&s->ports[i].port);
    packet_kick(s->uplink);
    return moved;
}

bool forward_may_sleep(struct packet_switch *s)
{
    uint64_t wait = 0;
    bool full = uplink_room(s) < PACKET_MAX_SEGMENTS;
    bool sleep = packet_sleep(s->uplink, full);

    for (uint32_t i = 0; i < PORTS; i++) {
        struct switch_port *p = &s->ports[i];

        if (!p->port.open)
            continue;
        packet_port_posts(&p->port, 0, NULL, 0); /* they can wait */
        sleep &= packet_port_may_sleep(&p->port);
        if (limit_wait(&p->limit) != 0 && p->port.queues[0].sends_left != 0 &&
            (wait == 0 || limit_wait(&p->limit) < wait))
            wait = limit_wait(&p->limit);
    }
    if (sleep && wait != 0)
        s->timer =
            notification_timer(s->events, clock_after(wait), 0, EVENT_TIMER)
                .status == OK;
    return sleep;
}

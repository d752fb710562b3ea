/*
 * A client's rings, from the serving side. Everything that comes from shared
 * memory is copied once and checked against what was lent; the order of ends is
 * kept even where entries in between were refused.
 */
#include <cordon/packet_server.h>
#include <cordon/syscalls.h>

#define BUFFER_BYTES    PACKET_BUFFER_BYTES
#define IPV4_HEADER_MIN 20u
#define IPV6_HEADER_MIN 40u
#define UDP_HEADER      8u
#define TCP_HEADER_MIN  20u
#define TCP_HEADER_MAX  60u
#define L2_MIN          14u
#define L2_MAX          22u /* two VLAN tags */
#define OFFLOADS                                                               \
    (PACKET_SUM_IP | PACKET_SUM_TCP | PACKET_SUM_UDP | PACKET_SEGMENT |        \
     PACKET_IPV6)

/* A piece of the ring's memory, read once. */
static struct packet_buffer read_post(const struct ring *r, uint32_t i)
{
    uint64_t word =
        __atomic_load_n((uint64_t *)ring_ahead(r, i), __ATOMIC_RELAXED);

    return (struct packet_buffer){
        .offset = (uint32_t)word,
        .pool = (uint16_t)(word >> 32),
        .reserved = (uint16_t)(word >> 48),
    };
}

/* An entry, and as two words: where and what, and the headers. */
union send_copy {
    uint64_t words[2];
    struct packet_send entry;
};

static union send_copy read_send(const struct ring *r, uint32_t i)
{
    union send_copy copy;
    uint64_t *from = ring_ahead(r, i);

    copy.words[0] = __atomic_load_n(&from[0], __ATOMIC_RELAXED);
    copy.words[1] = __atomic_load_n(&from[1], __ATOMIC_RELAXED);
    return copy;
}

static bool in_pool(const struct packet_port_pool *pool, uint64_t offset,
                    uint64_t bytes)
{
    return bytes <= pool->bytes && offset <= pool->bytes - bytes;
}

uint32_t packet_port_posts(struct packet_port *port, uint32_t queue,
                           uint64_t *at, uint32_t max)
{
    struct packet_port_queue *q = &port->queues[queue];
    uint32_t room = PACKET_RING_ENTRIES - q->posted;
    uint32_t count = 0, waiting;

    if (max > room)
        max = room;
    waiting = ring_waiting(&q->posts);
    if (max > waiting)
        max = waiting;
    for (; count < max; count++) {
        struct packet_buffer b = read_post(&q->posts, count);
        const struct packet_port_pool *pool =
            &port->pools[b.pool % PACKET_MAX_POOLS];

        if (b.pool >= PACKET_MAX_POOLS || b.reserved != 0 || !pool->writable ||
            !in_pool(pool, b.offset, BUFFER_BYTES)) {
            port->broken = true;
            break;
        }
        at[count] = pool->base + b.offset;
    }
    port->broken |= q->posts.corrupt;
    ring_pass(&q->posts, count);
    q->posted += count;
    q->posts_left = waiting - count;
    return count;
}

/* The headers that the offloads need are there, and in the first entry. */
static bool offload_fits(const struct packet_port *port,
                         const struct packet_send *e, uint32_t packet_bytes)
{
    uint32_t l4 = e->flags & (PACKET_SUM_TCP | PACKET_SUM_UDP);
    uint32_t ip = e->flags & PACKET_IPV6 ? IPV6_HEADER_MIN : IPV4_HEADER_MIN;
    uint32_t headers = (uint32_t)e->l2_bytes + e->l3_bytes;

    if ((port->features & PACKET_CAN_CHECKSUM_SEND) == 0 ||
        ((e->flags & PACKET_SUM_IP) != 0 &&
         (port->features & PACKET_CAN_CHECKSUM_IP) == 0) ||
        e->l2_bytes < L2_MIN || e->l2_bytes > L2_MAX || e->l3_bytes < ip ||
        e->l3_bytes % 4 != 0 ||
        ((e->flags & PACKET_SUM_IP) && (e->flags & PACKET_IPV6)) ||
        l4 == (PACKET_SUM_TCP | PACKET_SUM_UDP))
        return false;
    if (l4 != 0)
        headers += l4 == PACKET_SUM_TCP ? TCP_HEADER_MIN : UDP_HEADER;
    if (e->flags & PACKET_SEGMENT) {
        uint32_t want =
            e->flags & PACKET_IPV6 ? PACKET_CAN_TSO6 : PACKET_CAN_TSO4;
        uint32_t sums = e->flags & PACKET_IPV6 ? PACKET_SUM_TCP
                                               : PACKET_SUM_TCP | PACKET_SUM_IP;

        headers = (uint32_t)e->l2_bytes + e->l3_bytes + e->l4_bytes;
        if ((port->features & want) == 0 || (e->flags & sums) != sums ||
            e->l4_bytes < TCP_HEADER_MIN || e->l4_bytes > TCP_HEADER_MAX ||
            e->l4_bytes % 4 != 0 || e->mss < PACKET_MSS_MIN ||
            e->mss + (uint32_t)e->l3_bytes + e->l4_bytes > port->mtu ||
            headers >= packet_bytes)
            return false;
    }
    return headers <= e->bytes;
}

static bool piece_fill(const struct packet_port *port,
                       const struct packet_send *e, struct packet_piece *piece)
{
    const struct packet_port_pool *pool =
        &port->pools[e->pool % PACKET_MAX_POOLS];

    if (e->pool >= PACKET_MAX_POOLS || e->bytes == 0 || e->reserved0 != 0 ||
        e->reserved1 != 0 || (e->flags & ~PACKET_SEND_FLAGS) != 0 ||
        !in_pool(pool, e->offset, e->bytes))
        return false;
    *piece = (struct packet_piece){
        .at = pool->base + e->offset,
        .bytes = e->bytes,
        .mss = e->mss,
        .flags = e->flags,
        .l2_bytes = e->l2_bytes,
        .l3_bytes = e->l3_bytes,
        .l4_bytes = e->l4_bytes,
    };
    return true;
}

bool packet_port_check(const struct packet_port *port,
                       const struct packet_send *entries, uint32_t count,
                       struct packet_piece *pieces)
{
    uint32_t bytes = 0, limit = PACKET_FRAME_MAX;

    for (uint32_t i = 0; i < count; i++) {
        if (!piece_fill(port, &entries[i], &pieces[i]) ||
            (i != 0 && (entries[i].flags & OFFLOADS) != 0))
            return false;
        bytes += entries[i].bytes;
    }
    if (entries[0].flags & PACKET_SEGMENT)
        limit = PACKET_TSO_MAX;
    if (bytes < PACKET_FRAME_MIN || bytes > limit)
        return false;
    if ((entries[0].flags & OFFLOADS) != 0 &&
        !offload_fits(port, &entries[0], bytes))
        return false;
    pieces[0].packet_bytes = bytes;
    pieces[0].pieces = (uint8_t)count;
    return true;
}

/*
 * Copies the packet that begins `from` entries ahead. Returns its entries; 0 if
 * its last one is not there yet. One that has too many is cut off there, and
 * the cut pieces are each refused.
 */
static uint32_t packet_copy(const struct ring *r, uint32_t from,
                            uint32_t waiting, struct packet_send *entries,
                            bool *whole)
{
    uint32_t count = 0;

    *whole = false;
    while (from + count < waiting && count < PACKET_MAX_SEGMENTS) {
        entries[count] = read_send(r, from + count).entry;
        if ((entries[count++].flags & PACKET_MORE) == 0) {
            *whole = true;
            return count;
        }
    }
    return count == PACKET_MAX_SEGMENTS ? count : 0;
}

/* Entries that are not sent: they end with the one taken before them. */
static void refuse(struct packet_port *port, struct packet_port_queue *q,
                   uint32_t entries)
{
    port->refused++;
    if (q->sending == 0) {
        /* Those before have been given back: so are these. */
        if (ring_release_some(&q->sends, entries))
            notification_signal(port->wake);
        return;
    }
    q->refused[(q->first + q->sending - 1) % PACKET_RING_ENTRIES] +=
        (uint16_t)entries;
    q->any_refused = true;
}

/* What a later packet with the same offload need not be asked again. */
static void offload_remember(struct packet_port_queue *q,
                             const struct packet_send *e)
{
    const union send_copy copy = {.entry = *e};

    if ((e->flags & (PACKET_SUM_TCP | PACKET_SUM_UDP)) == 0 ||
        (e->flags & PACKET_SEGMENT) != 0)
        return;
    q->good_flags = e->flags & (uint8_t)~PACKET_MORE;
    q->good_headers = copy.words[1];
    q->good_bytes = (uint32_t)e->l2_bytes + e->l3_bytes +
                    (e->flags & PACKET_SUM_TCP ? TCP_HEADER_MIN : UDP_HEADER);
}

/* Without offloads, or with those of the last packet that had any. */
static inline bool is_usual(const struct packet_port_queue *q,
                            const union send_copy *e)
{
    uint32_t flags = e->entry.flags & ~(uint32_t)PACKET_MORE;

    if (flags == 0)
        return e->words[1] == 0;
    return flags == q->good_flags && e->words[1] == q->good_headers &&
           e->entry.bytes >= q->good_bytes;
}

static inline bool place(const struct packet_port *port,
                         const struct packet_send *e,
                         struct packet_piece *piece)
{
    const struct packet_port_pool *pool =
        &port->pools[e->pool % PACKET_MAX_POOLS];

    if (e->pool >= PACKET_MAX_POOLS || !in_pool(pool, e->offset, e->bytes))
        return false;
    piece->at = pool->base + e->offset;
    piece->bytes = e->bytes;
    piece->flags = e->flags;
    return true;
}

/* The entries after a first one that said so; 0: look closer. */
static uint32_t rest_take(const struct packet_port *port,
                          const struct packet_port_queue *q, uint32_t max,
                          struct packet_piece *pieces)
{
    uint32_t count = 1, bytes = pieces[0].bytes;

    while (count < max && count < PACKET_MAX_SEGMENTS &&
           bytes <= PACKET_FRAME_MAX) {
        union send_copy e = read_send(&q->sends, count);

        if ((e.entry.flags & ~(uint32_t)PACKET_MORE) != 0 || e.words[1] != 0 ||
            e.entry.bytes == 0 || !place(port, &e.entry, &pieces[count]))
            return 0;
        bytes += e.entry.bytes;
        count++;
        if ((e.entry.flags & PACKET_MORE) == 0) {
            pieces[0].packet_bytes = bytes;
            return count;
        }
    }
    return 0;
}

/*
 * Takes the next packet if it is as most are and each entry where it should be:
 * its entries. 0: look closer, at a copy of your own.
 */
static inline uint32_t usual_take(const struct packet_port *port,
                                  struct packet_port_queue *q, uint32_t max,
                                  struct packet_piece *pieces)
{
    union send_copy e = read_send(&q->sends, 0);
    uint32_t count = 1;

    if (!is_usual(q, &e) || e.entry.bytes == 0 ||
        !place(port, &e.entry, &pieces[0]))
        return 0;
    pieces[0].packet_bytes = e.entry.bytes;
    if (e.entry.flags & PACKET_MORE)
        count = rest_take(port, q, max, pieces);
    if (count == 0 || pieces[0].packet_bytes < PACKET_FRAME_MIN ||
        pieces[0].packet_bytes > PACKET_FRAME_MAX)
        return 0;
    pieces[0].pieces = (uint8_t)count;
    pieces[0].l2_bytes = e.entry.l2_bytes;
    pieces[0].l3_bytes = e.entry.l3_bytes;
    ring_pass(&q->sends, count);
    q->sending += count;
    return count;
}

uint32_t packet_port_sends(struct packet_port *port, uint32_t queue,
                           struct packet_piece *pieces, uint32_t max)
{
    struct packet_port_queue *q = &port->queues[queue];
    struct packet_send entries[PACKET_MAX_SEGMENTS];
    uint32_t waiting = ring_waiting(&q->sends), taken = 0;

    while (waiting != 0 && taken < max) {
        uint32_t most = max - taken < waiting ? max - taken : waiting;
        uint32_t count = usual_take(port, q, most, &pieces[taken]);
        bool whole;

        if (count != 0) {
            waiting -= count;
            taken += count;
            continue;
        }
        count = packet_copy(&q->sends, 0, waiting, entries, &whole);
        if (count == 0 || count > max - taken)
            break;
        ring_pass(&q->sends, count);
        waiting -= count;
        if (whole && packet_port_check(port, entries, count, &pieces[taken])) {
            offload_remember(q, &entries[0]);
            q->sending += count;
            taken += count;
        } else {
            refuse(port, q, count);
        }
    }
    port->broken |= q->sends.corrupt;
    q->sends_left = waiting;
    return taken;
}

void packet_port_arrive(struct packet_port *port, uint32_t queue,
                        const struct packet_shared_arrival *arrivals,
                        uint32_t count)
{
    struct packet_port_queue *q = &port->queues[queue];
    uint32_t room = ring_space(&q->arrivals);

    /* An honest client has room for all that it posted. */
    if (count > room || count > q->posted) {
        port->broken = true;
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t word = (uint64_t)arrivals[i].hash << 32 |
                        (uint32_t)arrivals[i].flags << 16 | arrivals[i].bytes;

        __atomic_store_n((uint64_t *)ring_ahead(&q->arrivals, i), word,
                         __ATOMIC_RELAXED);
    }
    ring_pass(&q->arrivals, count);
    q->posted -= count;
}

/* The refused entries behind the next `count` pieces. */
static uint32_t refused_behind(struct packet_port_queue *q, uint32_t count)
{
    uint32_t entries = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint16_t *refused = &q->refused[(q->first + i) % PACKET_RING_ENTRIES];

        entries += *refused;
        *refused = 0;
    }
    return entries;
}

void packet_port_sent(struct packet_port *port, uint32_t queue, uint32_t count)
{
    struct packet_port_queue *q = &port->queues[queue];
    uint32_t entries = count;

    if (count == 0 || count > q->sending)
        return;
    if (q->any_refused)
        entries += refused_behind(q, count);
    q->first += count;
    q->sending -= count;
    q->any_refused &= q->sending != 0;
    if (ring_release_some(&q->sends, entries))
        notification_signal(port->wake);
}

void packet_port_forget(struct packet_port *port)
{
    const struct packet_shared_arrival nothing = {.flags = PACKET_NOTHING};

    for (uint32_t i = 0; i < port->queue_count; i++) {
        while (port->queues[i].posted != 0 && !port->broken)
            packet_port_arrive(port, i, &nothing, 1);
        packet_port_sent(port, i, port->queues[i].sending);
    }
}

void packet_port_publish(struct packet_port *port)
{
    bool signal = false;

    for (uint32_t i = 0; i < port->queue_count; i++) {
        struct packet_port_queue *q = &port->queues[i];

        signal |= ring_publish(&q->arrivals);
        signal |= ring_release(&q->posts);
    }
    if (signal)
        notification_signal(port->wake);
}

bool packet_port_may_sleep(struct packet_port *port)
{
    bool sleep = true;

    for (uint32_t i = 0; i < port->queue_count; i++) {
        struct packet_port_queue *q = &port->queues[i];

        sleep &=
            ring_may_sleep_at(&q->posts, q->posts_left) || q->posts.corrupt;
        sleep &=
            ring_may_sleep_at(&q->sends, q->sends_left) || q->sends.corrupt;
    }
    return sleep;
}

void packet_port_awake(struct packet_port *port)
{
    for (uint32_t i = 0; i < port->queue_count; i++) {
        ring_awake(&port->queues[i].posts);
        ring_awake(&port->queues[i].sends);
    }
}

void packet_port_link(struct packet_port *port, uint32_t link)
{
    if (!port->open)
        return;
    __atomic_store_n(&port->queues[0].shared->link, link, __ATOMIC_RELAXED);
    notification_signal(port->wake);
}

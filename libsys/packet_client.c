/*
 * Packets to and from a network driver. The driver is not believed: lengths are
 * bounded by the buffers that were posted, what it says is bound to come in the
 * order in which things were handed over, and a ring position that cannot be
 * ends the connection.
 */
#include "libsys/packet_internal.h"

const struct packet_info *packet_info(const struct packet_device *dev)
{
    return &dev->info;
}

uint32_t packet_queues(const struct packet_device *dev)
{
    return dev->queue_count;
}

int packet_state(const struct packet_device *dev)
{
    return dev->state;
}

/* The other side broke its rings: nothing it says is of use any more. */
static void corrupt_check(struct packet_device *dev,
                          const struct packet_client_queue *q)
{
    if (q->posts.corrupt || q->arrivals.corrupt || q->sends.corrupt)
        dev->state = PACKET_E_CORRUPT;
}

static bool in_pool(const struct packet_device *dev, uint32_t pool,
                    uint64_t offset, uint64_t bytes)
{
    return pool < PACKET_MAX_POOLS && bytes <= dev->pools[pool].bytes &&
           offset <= dev->pools[pool].bytes - bytes;
}

unsigned packet_post(struct packet_device *dev, unsigned queue,
                     const struct packet_buffer *buffers, unsigned count)
{
    struct packet_client_queue *q = &dev->queues[queue];
    uint32_t room, space;
    unsigned i;

    if (dev->state != PACKET_OK || queue >= dev->queue_count)
        return 0;
    room = PACKET_RING_ENTRIES - (q->next_posted - q->first_posted);
    space = ring_space(&q->posts);
    if (space < room)
        room = space;
    if (count > room)
        count = room;
    for (i = 0; i < count; i++) {
        const struct packet_buffer *b = &buffers[i];

        if (!in_pool(dev, b->pool, b->offset, PACKET_BUFFER_BYTES))
            break;
        *(struct packet_buffer *)ring_ahead(&q->posts, i) = *b;
        q->posted[(q->next_posted + i) % PACKET_RING_ENTRIES] = *b;
    }
    ring_pass(&q->posts, i);
    q->next_posted += i;
    corrupt_check(dev, q);
    return i;
}

/* One arrival, copied and checked. False: no honest driver says that. */
static bool arrival_check(uint64_t word, struct packet_arrival *out)
{
    out->bytes = (uint16_t)word;
    out->flags = (uint16_t)(word >> 16) & PACKET_ARRIVAL_FLAGS;
    out->hash = (uint32_t)(word >> 32);
    if (out->flags & PACKET_NOTHING) {
        out->flags = PACKET_NOTHING;
        out->bytes = 0;
        return true;
    }
    return out->bytes >= PACKET_FRAME_MIN && out->bytes <= PACKET_BUFFER_BYTES;
}

unsigned packet_receive(struct packet_device *dev, unsigned queue,
                        struct packet_arrival *arrivals, unsigned max)
{
    struct packet_client_queue *q = &dev->queues[queue];
    uint32_t posted, waiting;

    if (dev->state != PACKET_OK || queue >= dev->queue_count)
        return 0;
    posted = q->next_posted - q->first_posted;
    waiting = ring_waiting(&q->arrivals);
    if (waiting > posted) { /* arrivals that belong to no buffer */
        dev->state = PACKET_E_CORRUPT;
        return 0;
    }
    if (max > waiting)
        max = waiting;
    for (unsigned i = 0; i < max; i++) {
        uint64_t word = __atomic_load_n((uint64_t *)ring_ahead(&q->arrivals, i),
                                        __ATOMIC_RELAXED);

        arrivals[i].buffer =
            q->posted[(q->first_posted + i) % PACKET_RING_ENTRIES];
        if (!arrival_check(word, &arrivals[i])) {
            arrivals[i].flags = PACKET_NOTHING;
            arrivals[i].bytes = 0;
        }
    }
    ring_pass(&q->arrivals, max);
    q->first_posted += max;
    if (max != 0 && ring_release(&q->arrivals))
        notification_signal(dev->kick);
    corrupt_check(dev, q);
    return max;
}

/* Entries of the first packet in entries[count]; 0 if it has no end. */
static unsigned packet_entries(const struct packet_send *entries,
                               unsigned count)
{
    for (unsigned i = 0; i < count && i < PACKET_MAX_SEGMENTS; i++)
        if ((entries[i].flags & PACKET_MORE) == 0)
            return i + 1;
    return 0;
}

unsigned packet_send(struct packet_device *dev, unsigned queue,
                     const struct packet_send *entries, unsigned count)
{
    struct packet_client_queue *q = &dev->queues[queue];
    unsigned room = packet_room(dev, queue), taken = 0;

    while (taken < count) {
        unsigned n = packet_entries(entries + taken, count - taken);

        if (n == 0 || n > room - taken)
            break;
        for (unsigned i = taken; i < taken + n; i++)
            *(struct packet_send *)ring_ahead(&q->sends, i) = entries[i];
        taken += n;
    }
    ring_pass(&q->sends, taken);
    q->unsent += taken;
    return taken;
}

/* Entries whose place the driver gave back: everything handed over that does
 * not lie in the ring any more. */
unsigned packet_sent(struct packet_device *dev, unsigned queue)
{
    struct packet_client_queue *q = &dev->queues[queue];
    uint32_t in_ring = PACKET_RING_ENTRIES - ring_space(&q->sends);
    uint32_t done;

    corrupt_check(dev, q);
    if (dev->state != PACKET_OK)
        in_ring = 0; /* the caller's again: nobody sends it any more */
    done = q->unsent - in_ring;
    q->unsent = in_ring;
    return done;
}

unsigned packet_unsent(const struct packet_device *dev, unsigned queue)
{
    return dev->queues[queue].unsent;
}

unsigned packet_room(struct packet_device *dev, unsigned queue)
{
    struct packet_client_queue *q = &dev->queues[queue];
    uint32_t space, room;

    if (dev->state != PACKET_OK || queue >= dev->queue_count)
        return 0;
    space = ring_space(&q->sends);
    room = PACKET_RING_ENTRIES - q->unsent;
    corrupt_check(dev, q);
    return space < room ? space : room;
}

void packet_kick(struct packet_device *dev)
{
    bool signal = false;

    for (uint32_t i = 0; i < dev->queue_count; i++) {
        signal |= ring_publish(&dev->queues[i].posts);
        signal |= ring_publish(&dev->queues[i].sends);
    }
    if (signal)
        notification_signal(dev->kick);
}

bool packet_sleep(struct packet_device *dev, bool sent)
{
    bool sleep = dev->state == PACKET_OK;

    for (uint32_t i = 0; i < dev->queue_count && sleep; i++) {
        struct packet_client_queue *q = &dev->queues[i];

        sleep = ring_may_sleep(&q->arrivals);
        if (sent && q->unsent != 0)
            sleep &=
                ring_may_sleep_at(&q->sends, PACKET_RING_ENTRIES - q->unsent);
        else if (q->unsent == PACKET_RING_ENTRIES)
            sleep &= ring_may_sleep(&q->sends);
        corrupt_check(dev, q);
    }
    if (!sleep)
        packet_awake(dev);
    return sleep;
}

void packet_awake(struct packet_device *dev)
{
    for (uint32_t i = 0; i < dev->queue_count; i++) {
        ring_awake(&dev->queues[i].arrivals);
        ring_awake(&dev->queues[i].sends);
    }
}

bool packet_wait(struct packet_device *dev, bool sent, uint64_t deadline)
{
    uint64_t look = clock_after(PACKET_LOOK);
    bool timeout = false;

    if (deadline != DEADLINE_POLL && packet_sleep(dev, sent)) {
        timeout = STATUS_CODE(notification_wait(
                                  dev->wake, look < deadline ? look : deadline)
                                  .status) == ERR_TIMEOUT;
        packet_awake(dev);
    } else if (deadline == DEADLINE_POLL) {
        timeout = packet_sleep(dev, sent);
        packet_awake(dev);
    }
    if (timeout && clock_now() - dev->looked >= PACKET_LOOK)
        packet_check(dev);
    return !timeout;
}

struct packet_link packet_link(const struct packet_device *dev)
{
    uint32_t word =
        __atomic_load_n(&dev->queues[0].shared->link, __ATOMIC_RELAXED);

    return (struct packet_link){
        .up = (word & PACKET_LINK_UP) != 0,
        .full_duplex = (word & PACKET_LINK_FULL) != 0,
        .mbps = word & PACKET_LINK_MBPS,
    };
}

const char *packet_error_text(int status)
{
    static const char *const texts[PACKET_STATUSES] = {
        [PACKET_OK] = "no error",
        [PACKET_E_REQUEST] = "the request is malformed",
        [PACKET_E_LIMIT] = "too many pools, queues or addresses",
        [PACKET_E_MEMORY] = "out of memory",
        [PACKET_E_BUSY] = "another client has the device",
        [PACKET_E_DEVICE] = "the device does not work",
        [PACKET_E_GONE] = "the driver has gone",
        [PACKET_E_SERVICE] = "no such packet service",
        [PACKET_E_UNSUPPORTED] = "the device cannot do that",
        [PACKET_E_CORRUPT] = "the driver broke the rings",
        [PACKET_E_DENIED] = "the policy does not allow it",
    };

    if (status < 0 || status >= PACKET_STATUSES)
        return "unknown packet error";
    return texts[status];
}

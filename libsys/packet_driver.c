/*
 * The loop of a network driver. One round moves what came from the device to
 * the client and what the client handed over to the device; rounds go on until
 * there is nothing to do, and only then are interrupts asked for again. So
 * under load there are none.
 */
#include <cordon/cordon.h>
#include <cordon/packet_driver.h>

#include <stdio.h>

#define BATCH        64u
#define ROUNDS_MAX   64u /* until calls get their turn */
#define LOOK_NS      NS_PER_S
#define HUNG_LOOKS   3u  /* seconds that nothing was sent */
#define FAULT_LINES  16u /* of a life, in the log */
#define EVENT_CLIENT (1ull << DRIVER_MAX_VECTORS)
#define EVENT_LOOK   (1ull << (DRIVER_MAX_VECTORS + 1))
#define VECTOR_BITS  ((1ull << DRIVER_MAX_VECTORS) - 1)

static uint32_t less(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t receive_round(struct packet_driver *d, uint32_t queue)
{
    const struct packet_device_operations *ops = d->operations;
    struct packet_shared_arrival arrivals[BATCH];
    uint64_t at[BATCH];
    uint32_t came = ops->received(d->device, queue, arrivals, BATCH);
    uint32_t posted, moved = came;

    if (came != 0)
        packet_port_arrive(&d->port, queue, arrivals, came);
    do {
        posted = packet_port_posts(
            &d->port, queue, at, less(BATCH, ops->post_room(d->device, queue)));
        if (posted != 0)
            ops->post(d->device, queue, at, posted);
        moved += posted;
    } while (posted == BATCH);
    return moved;
}

static uint32_t send_round(struct packet_driver *d, uint32_t queue)
{
    const struct packet_device_operations *ops = d->operations;
    struct packet_piece pieces[BATCH];
    uint32_t sent = ops->sent(d->device, queue);
    uint32_t count;

    packet_port_sent(&d->port, queue, sent);
    count = packet_port_sends(&d->port, queue, pieces,
                              less(BATCH, ops->send_room(d->device, queue)));
    if (count != 0)
        ops->send(d->device, queue, pieces, count);
    d->progress |= sent != 0;
    return sent + count;
}

uint32_t packet_driver_round(struct packet_driver *d)
{
    uint32_t moved = 0;

    for (uint32_t q = 0; q < d->port.queue_count; q++) {
        moved += receive_round(d, q);
        moved += send_round(d, q);
    }
    if (moved != 0)
        packet_port_publish(&d->port);
    return moved;
}

/* The device starts anew; what it had is given back to the client. */
static void device_reset(struct packet_driver *d)
{
    d->operations->stop(d->device);
    d->resets++;
    packet_port_forget(&d->port);
    packet_port_publish(&d->port);
    if (!d->operations->start(d->device, d->port.queue_count))
        packet_port_close(&d->server, &d->port);
}

static void link_look(struct packet_driver *d)
{
    uint32_t link = d->operations->link(d->device);

    if (link == d->link)
        return;
    d->link = link;
    printf("%s: link %s\n", startup->name,
           link & PACKET_LINK_UP ? "up" : "down");
    packet_port_link(&d->port, link);
}

/* R6: blocked DMAs mean that the client took its memory back, or that the
 * device went where it was not sent. Either way nothing of this connection can
 * be believed. */
static void faults_look(struct packet_driver *d)
{
    uint64_t faults = driver_new_faults(&d->kit);
    struct driver_fault fault;

    if (faults == 0)
        return;
    d->faults += faults;
    while (driver_next_fault(&d->kit, &fault))
        if (d->fault_lines++ < FAULT_LINES)
            driver_tell_fault(&fault);
    d->port.broken = true;
}

static bool is_sending(const struct packet_driver *d)
{
    for (uint32_t q = 0; q < d->port.queue_count; q++)
        if (d->port.queues[q].sending != 0)
            return true;
    return false;
}

/* About once a second while a client is connected. */
static void look(struct packet_driver *d)
{
    faults_look(d);
    link_look(d);
    for (unsigned v = 0; v < d->kit.vectors; v++)
        driver_ack(&d->kit, v); /* R7: masked for its rate, if it was */
    d->unheard = VECTOR_BITS;
    if (d->progress || !is_sending(d) || (d->link & PACKET_LINK_UP) == 0)
        d->idle_looks = 0;
    else if (++d->idle_looks == HUNG_LOOKS) {
        printf("%s: nothing was sent for %u s: reset\n", startup->name,
               HUNG_LOOKS);
        d->idle_looks = 0;
        device_reset(d);
    }
    d->progress = false;
}

/* Rounds until there is nothing to do. False: it is time for calls. */
static bool work_all(struct packet_driver *d)
{
    for (unsigned rounds = 0; d->port.open && !d->port.broken; rounds++) {
        if (rounds == ROUNDS_MAX)
            return false;
        if (d->operations->sick != NULL && d->operations->sick(d->device)) {
            printf("%s: the device lies: reset\n", startup->name);
            device_reset(d);
        }
        if (packet_driver_round(d) != 0 || !packet_port_may_sleep(&d->port))
            continue;
        if (!d->operations->listen(d->device, d->unheard))
            break;
        packet_port_awake(&d->port);
    }
    return true;
}

static void work(struct packet_driver *d)
{
    packet_port_awake(&d->port);
    if (!work_all(d)) {
        notification_signal(d->port.kick); /* to ourselves */
        return;
    }
    if (d->port.broken) {
        if (d->fault_lines++ < FAULT_LINES)
            printf("%s: the client broke the rules: disconnected\n",
                   startup->name);
        packet_port_close(&d->server, &d->port);
    }
    d->unheard = 0;
}

static void events(struct service *s, uint64_t bits)
{
    struct packet_driver *d = s->state;

    d->unheard |= bits & VECTOR_BITS;
    if (bits & d->link_vectors)
        link_look(d);
    if (!d->port.open) {
        d->unheard = 0;
        return;
    }
    if (bits & EVENT_LOOK)
        look(d);
    work(d);
}

static void handle(struct service *s, struct message *m)
{
    struct packet_driver *d = s->state;

    packet_port_call(&d->server, &d->port, EVENT_CLIENT, m);
}

static void opened(void *context, struct packet_port *port)
{
    struct packet_driver *d = context;

    d->idle_looks = 0;
    d->faults += driver_new_faults(&d->kit);
    if (!d->operations->start(d->device, port->queue_count)) {
        port->broken = true; /* closed with the next event */
        return;
    }
    d->link = d->operations->link(d->device);
    packet_port_link(&d->port, d->link);
    d->unheard = VECTOR_BITS;
    notification_timer(d->kit.events, clock_after(LOOK_NS), LOOK_NS,
                       EVENT_LOOK);
}

static void closed(void *context, struct packet_port *port)
{
    struct packet_driver *d = context;

    (void)port;
    d->operations->stop(d->device);
    d->resets++;
    notification_timer(d->kit.events, 0, 0, EVENT_LOOK);
}

static void statistics(void *context, struct packet_port *port,
                       struct packet_statistics *out)
{
    struct packet_driver *d = context;

    faults_look(d);
    d->operations->statistics(d->device, out);
    out->refused = port->refused;
    out->faults = d->faults;
    out->resets = d->resets;
}

static int filter(void *context, struct packet_port *port, uint32_t flags,
                  const uint8_t (*multicast)[6], uint32_t count)
{
    struct packet_driver *d = context;

    (void)port;
    return d->operations->filter(d->device, flags, multicast, count);
}

int packet_driver_run(struct packet_driver *d)
{
    struct service service = {
        .endpoint = service_offered("packet"),
        .handle = handle,
        .events = events,
        .state = d,
    };
    uint64_t status = notification_bind(d->kit.events, thread_self()).status;

    if (service.endpoint == 0 || status != OK) {
        printf("%s: the policy offers no service `packet`\n", startup->name);
        return 1;
    }
    d->server.context = d;
    d->server.kit = &d->kit;
    d->server.events = d->kit.events;
    d->server.opened = opened;
    d->server.closed = closed;
    d->server.statistics = statistics;
    d->server.filter = filter;
    service_ready();
    status = service_run(&service);
    printf("%s: receiving failed: %s\n", startup->name, status_text(status));
    return 1;
}

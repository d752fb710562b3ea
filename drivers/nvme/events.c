/*
 * Events into work. One round moves completions from the controller to the
 * clients and requests from the clients to the controller; rounds go on until
 * there is nothing to do. Doorbells and wake-ups happen once a round.
 */
#include "drivers/nvme/service.h"

#include <stdio.h>
#include <stdlib.h>

#define TIMER_PERIOD (500 * NS_PER_MS) /* how late a timeout may be noticed */
#define FAULTS_KEPT  16u               /* pages of one check */
#define FAULT_LINES  10u               /* lines on the console */

/* Pages that the device was kept from, and who was blamed for it. */
struct fault_set {
    uint64_t pages[FAULTS_KEPT];
    uint32_t count;
    uint32_t blamed; /* clients, one bit each: a fault counts once */
    struct nvme_driver *driver;
};

/* Did this request's data touch a page that was blocked? A client that is shut
 * out gets no second try. */
static bool request_guilty(const struct nvme_request *r, void *context)
{
    const struct fault_set *set = context;
    uint64_t first = r->data.v & ~(PAGE_SIZE - 1);
    uint64_t end = r->data.v;

    if (set->driver->clients[r->owner].stopped)
        return true;
    if (r->opcode != NVM_FLUSH)
        end += (uint64_t)r->blocks << r->ns->block_bits;
    for (uint32_t i = 0; i < set->count; i++)
        if (set->pages[i] >= first && set->pages[i] < end)
            return true;
    return false;
}

/* A client whose buffer the device cannot reach has taken it back under way.
 * It gets its answers, then has to connect again, which it may do only so
 * often: so it cannot make others wait for ever. */
static void request_blame(const struct nvme_request *r, void *context)
{
    struct fault_set *set = context;
    struct client *client = &set->driver->clients[r->owner];

    if ((set->blamed & 1u << r->owner) == 0)
        client->faults++;
    set->blamed |= 1u << r->owner;
    client->stopped = true;
}

static void fault_tell(struct nvme_driver *d, const struct driver_fault *fault)
{
    if (d->fault_lines++ < FAULT_LINES)
        printf("nvme: DMA %s at 0x%llx was blocked (reason 0x%x); requests in "
               "flight fail or run again\n",
               fault->flags & DEVICE_FAULT_WRITE ? "write" : "read",
               (unsigned long long)fault->address, (unsigned)fault->reason);
}

/* R6: the fault reports are the only witness that data did not arrive, so
 * they are asked before any completion is passed on. The count says whether
 * there was one; the records, of which some may be lost, say where. */
static void faults_check(struct nvme_driver *d)
{
    struct fault_set set = {.driver = d};
    uint64_t faults = driver_new_faults(&d->kit);
    struct driver_fault fault;
    bool muted = false;

    if (faults == 0)
        return;
    d->faults += faults;
    while (driver_next_fault(&d->kit, &fault)) {
        fault_tell(d, &fault);
        muted |= (fault.flags & DEVICE_FAULT_MUTED) != 0;
        if ((fault.flags & DEVICE_FAULT_INTERRUPT) == 0 &&
            set.count < FAULTS_KEPT)
            set.pages[set.count++] = fault.address & ~(PAGE_SIZE - 1);
    }
    if (muted) {
        /* No more reports: no completion can be believed any more. */
        printf("nvme: too many blocked DMAs, giving up\n");
        controller_shutdown(&d->controller);
        exit(1);
    }
    request_fault(&d->controller, request_guilty, request_blame, &set);
}

/* Completions of all queues, checked, to their clients. */
static uint32_t completions_move(struct nvme_driver *d)
{
    struct nvme_request *r;
    uint32_t count = 0;

    for (uint32_t q = 0; q < d->controller.queue_count; q++)
        count += request_complete(&d->controller, q);
    if (count != 0)
        faults_check(d);
    if (!d->controller.done.first)
        return count;
    while ((r = request_take(&d->controller)) != NULL)
        client_deliver(d, r);
    for (uint32_t i = 0; i < d->open_count; i++)
        client_publish(d->open[i]);
    return count + 1;
}

static uint32_t requests_move(struct nvme_driver *d)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < d->open_count; i++)
        count += client_intake(d, d->open[i]);
    for (uint32_t q = 0; q < d->controller.queue_count; q++)
        request_pump(&d->controller, q);
    /* What was refused at once has its answer already. */
    for (uint32_t i = 0; i < d->open_count && count != 0; i++)
        client_publish(d->open[i]);
    return count;
}

static bool clients_quiet(struct nvme_driver *d)
{
    bool quiet = true;

    for (uint32_t i = 0; i < d->open_count; i++)
        quiet &= client_may_sleep(d->open[i]);
    return quiet;
}

/* The timer runs while something is in flight, and only then (tickless). */
static void timer_keep(struct nvme_driver *d)
{
    if (d->timer || !request_pending(&d->controller))
        return;
    d->timer = notification_timer(d->kit.events, clock_after(TIMER_PERIOD), 0,
                                  EVENT_TIMER)
                   .status == OK;
}

static void late_check(struct nvme_driver *d)
{
    enum nvme_state before = d->controller.state;
    uint32_t resets = d->controller.resets;

    d->timer = false;
    completions_move(d); /* what came without an interrupt is not late */
    faults_check(d);
    for (uint32_t v = 0; v < d->kit.vectors; v++)
        driver_ack(&d->kit, v); /* R7: masked for its rate, if it was */
    request_check(&d->controller);
    if (d->controller.resets != resets)
        printf("nvme: controller reset after a command did not complete\n");
    if (d->controller.state != before)
        printf("nvme: %s\n", d->controller.error);
}

void block_events(struct service *s, uint64_t bits)
{
    struct nvme_driver *d = s->state;

    if (bits & EVENT_TIMER)
        late_check(d);
    do {
        while (completions_move(d) + requests_move(d) != 0)
            ;
    } while (!clients_quiet(d));
    timer_keep(d);
}

/*
 * Events into work. The bits say which queue's interrupt came and which client
 * has asked. One round moves completions from the controller to the clients and
 * requests from the clients to the controller, with one doorbell and one
 * wake-up for all of them.
 */
#include "drivers/nvme/service.h"

#include <stdio.h>
#include <stdlib.h>

#define TIMER_PERIOD (500 * NS_PER_MS) /* how late a timeout may be noticed */
#define FAULTS_KEPT  16u               /* pages of one check */
#define FAULT_LINES  10u               /* lines on the console */
#define ROUNDS       8u                /* until we look for other events */

/* Pages that the device was kept from, and who was blamed for it. */
struct fault_set {
    uint64_t pages[FAULTS_KEPT];
    uint32_t count;
    uint32_t blamed; /* clients, one bit each: a fault counts once */
};

/* Did this request's data touch a page that was blocked? A client that is shut
 * out gets no second try. */
static bool request_guilty(const struct nvme_request *r, void *context)
{
    const struct fault_set *set = context;
    uint64_t first = r->data.v & ~(PAGE_SIZE - 1);
    uint64_t end = r->data.v;

    if (((const struct client *)r->owner)->stopped)
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
    struct client *client = r->owner;

    if ((set->blamed & client->bit) == 0)
        client->faults++;
    set->blamed |= client->bit;
    client->stopped = true;
}

static void faults_judge(struct nvme_driver *d)
{
    struct fault_set set = {0};
    struct driver_fault fault;
    bool muted = false;

    while (driver_next_fault(&d->kit, &fault)) {
        if (d->fault_lines++ < FAULT_LINES)
            driver_tell_fault(&fault);
        muted |= (fault.flags & DEVICE_FAULT_MUTED) != 0;
        if ((fault.flags & DEVICE_FAULT_INTERRUPT) == 0 &&
            set.count < FAULTS_KEPT)
            set.pages[set.count++] = fault.address & ~(PAGE_SIZE - 1);
    }
    if (muted) {
        /* No more reports: no completion can be believed any more. */
        printf("too many blocked DMAs, giving up\n");
        controller_shutdown(&d->controller);
        exit(1);
    }
    request_fault(&d->controller, request_guilty, request_blame, &set);
}

/* R6: the fault reports are the only witness that data did not arrive, so
 * they are asked before any completion is passed on. The count says whether
 * there was one; the records, of which some may be lost, say where. */
static void faults_check(struct nvme_driver *d)
{
    uint64_t faults = driver_new_faults(&d->kit);

    if (faults == 0)
        return;
    d->faults += faults;
    faults_judge(d);
}

/* Completions of the queues whose interrupts are in `vectors`, checked, to
 * their clients. Returns the clients that have waited for that. */
static uint32_t completions_move(struct nvme_driver *d, uint64_t vectors)
{
    struct nvme_controller *c = &d->controller;
    struct nvme_request *r;
    uint32_t count = 0, held = 0;

    for (uint32_t q = 0; q < c->queue_count; q++)
        if (vectors >> c->queues[q].vector & 1)
            count += request_complete(c, q);
    if (count != 0)
        faults_check(d);
    while ((r = request_take(c)) != NULL)
        held |= client_deliver(d, r);
    return held;
}

/* Requests of these clients to the controller. Returns the clients that have
 * more by now; the others will kick us. */
static uint32_t requests_move(struct nvme_driver *d, uint32_t clients)
{
    uint32_t more = 0;

    for (uint32_t left = clients; left != 0; left &= left - 1)
        client_intake(d, &d->clients[__builtin_ctz(left)]);
    for (uint32_t q = 0; q < d->controller.queue_count; q++)
        request_pump(&d->controller, q);
    for (uint32_t left = clients; left != 0; left &= left - 1)
        if (!client_may_sleep(&d->clients[__builtin_ctz(left)]))
            more |= left & -left;
    return more;
}

/* Completions to whom they are for. The last client is not signalled before we
 * wait, which is then one system call for both. */
static void clients_wake(struct nvme_driver *d, struct service *s)
{
    for (; d->told != 0; d->told &= d->told - 1) {
        struct client *client = &d->clients[__builtin_ctz(d->told)];

        if (!client->open || !ring_publish(&client->completions))
            continue;
        if (s->signal != 0)
            notification_signal(s->signal);
        s->signal = client->wake;
    }
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
    faults_check(d);
    for (uint32_t v = 0; v < d->kit.vectors; v++)
        driver_ack(&d->kit, v); /* R7: masked for its rate, if it was */
    request_check(&d->controller);
    if (d->controller.resets != resets)
        printf("controller reset after a command did not complete\n");
    if (d->controller.state != before)
        printf("%s\n", d->controller.error);
}

void block_events(struct service *s, uint64_t bits)
{
    struct nvme_driver *d = s->state;
    uint32_t clients = (uint32_t)(bits >> DRIVER_MAX_VECTORS) & CLIENTS_ALL;

    if (bits & EVENT_TIMER) {
        /* What came without an interrupt is not late. */
        clients |= completions_move(d, VECTORS_ALL);
        late_check(d);
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (bits & VECTORS_ALL || d->controller.done.first)
            clients |= completions_move(d, bits);
        clients = requests_move(d, clients);
        if (d->told != 0)
            clients_wake(d, s);
        if (clients == 0 && !d->controller.done.first)
            break;
        bits = VECTORS_ALL;
    }
    /* One that asks without end must not keep the others waiting. */
    for (; clients != 0; clients &= clients - 1)
        notification_signal(d->clients[__builtin_ctz(clients)].kick);
    timer_keep(d);
}

/*
 * A component's fault, exit or first word reaches init as a message whose badge
 * is its number (R6). init answers first and acts then, on its own budget: the
 * component's, which came with the message, goes away with the component.
 */
#include "servers/init/watch.h"

#include <stdio.h>
#include <string.h>

#include <cordon/cordon.h>

#include "servers/init/device.h"
#include "servers/init/fault_text.h"
#include "servers/init/log.h"
#include "servers/init/monitor.h"
#include "servers/init/said.h"

/* A component that dies again and again comes back later and later. */
#define RESTART_DELAY_NS   (20 * NS_PER_MS)
#define RESTART_DELAYS_MAX 50u
#define READY_NS           (5 * NS_PER_S)
#define SAID_MAX           200u /* messages that a life may log */

static cap_t reply;

int watch_open(void)
{
    own_endpoint = object_make(CAP_ENDPOINT, 0, NULL);
    reply = object_make(CAP_REPLY, 0, NULL);
    return own_endpoint != 0 && reply != 0 ? 0 : -1;
}

/* --- ends and restarts --- */

static bool may_restart(const struct component *c, bool failure)
{
    const struct manifest_component *p = c->policy;

    if (p->restart == MANIFEST_RESTART_NEVER ||
        (p->restart == MANIFEST_RESTART_ON_FAILURE && !failure))
        return false;
    if (p->role == MANIFEST_ROLE_PCI_SERVER || c->memory_quarantined)
        return false;
    return p->restart_limit == 0 || c->restarts < p->restart_limit;
}

void watch_check_console(void)
{
    bool running = false;

    for (uint32_t i = 0; i < component_count; i++)
        if (components[i].policy->role == MANIFEST_ROLE_CONSOLE &&
            (components[i].state == MONITOR_RUNNING ||
             components[i].state == MONITOR_WAITING))
            running = true;
    log_to_serial(!running);
}

/* The kernel blocks the devices of a PCI server that dies; without a server
 * nobody can reset them, so their drivers end too. */
static void stop_drivers(void)
{
    for (uint32_t i = 0; i < component_count; i++) {
        struct component *c = &components[i];

        if (c->state != MONITOR_RUNNING || c->policy->devices.count == 0)
            continue;
        snprintf(c->text, sizeof c->text,
                 "its device is gone with the PCI "
                 "server");
        watch_stop(c, true);
    }
}

static void come_back(struct component *c)
{
    uint32_t delays;

    c->state = MONITOR_WAITING;
    c->restarts++;
    delays =
        c->restarts < RESTART_DELAYS_MAX ? c->restarts : RESTART_DELAYS_MAX;
    c->restart_at = clock_after(delays * RESTART_DELAY_NS);
    if (c->policy->restart_limit != 0)
        log_line("%s: %s; stopped (restart %u of %u)", c->name, c->text,
                 c->restarts, c->policy->restart_limit);
    else
        log_line("%s: %s; stopped (restart %u)", c->name, c->text, c->restarts);
}

static void stay_away(struct component *c, bool failure)
{
    const struct manifest_component *p = c->policy;

    c->state = failure ? MONITOR_FAILED : MONITOR_EXITED;
    grant_withdraw_services(c);
    log_line("%s: %s; stopped%s", c->name, c->text,
             c->memory_quarantined ? ", its memory in quarantine"
             : p->restart_limit != 0 && c->restarts == p->restart_limit
                 ? ", no restart left"
                 : "");
    watch_check_console();
    if (p->role == MANIFEST_ROLE_PCI_SERVER)
        stop_drivers();
}

void watch_stop(struct component *c, bool failure)
{
    if (c->policy->role == MANIFEST_ROLE_PCI_SERVER)
        device_server_died();
    component_end(c);
    c->faults += failure;
    if (may_restart(c, failure))
        come_back(c);
    else
        stay_away(c, failure);
}

void watch_start(struct component *c)
{
    const struct manifest_component *p = c->policy;

    if (component_start(c) == 0 && p->role == MANIFEST_ROLE_PCI_SERVER) {
        if (watch_until_ready(c, clock_after(READY_NS))) {
            pci_endpoint = offer_endpoint(p->offers.first);
            device_resolve();
        } else {
            component_say(c, p->line, "did not get ready");
        }
    }
    if (c->state != MONITOR_RUNNING)
        grant_withdraw_services(c);
    if (p->role == MANIFEST_ROLE_CONSOLE)
        watch_check_console();
}

void watch_restart(struct component *c)
{
    if (c->policy->role == MANIFEST_ROLE_PCI_SERVER) {
        log_line("%s: cannot be started again while its devices are out",
                 c->name);
        return;
    }
    if (c->state == MONITOR_RUNNING)
        component_end(c);
    snprintf(c->text, sizeof c->text, "started again by request");
    watch_start(c);
}

/* The component that comes back next; NULL if none does. */
static struct component *next_to_restart(void)
{
    struct component *next = NULL;

    for (uint32_t i = 0; i < component_count; i++)
        if (components[i].state == MONITOR_WAITING &&
            (next == NULL || components[i].restart_at < next->restart_at))
            next = &components[i];
    return next;
}

/* --- messages --- */

static void answer(struct message *m, uint64_t label)
{
    message_begin(m, label);
    message_reply(reply, m);
}

/* R7: one that talks without end does not push the others' lines out. */
static uint64_t hear(struct component *c, struct message *m)
{
    if (c->said == SAID_MAX)
        log_line("%s: has said enough in this life; the rest is not kept",
                 c->name);
    return c->said++ < SAID_MAX ? said_log(c->name, m) : SERVICE_TOO_LARGE;
}

static void life_message(struct component *c, struct message *m)
{
    uint64_t w[FAULT_WORDS];
    uint64_t label = m->label;

    if (label == LIFECYCLE_LOG) {
        answer(m, hear(c, m));
        return;
    }
    for (uint32_t i = 0; i < FAULT_WORDS; i++)
        w[i] = message_word(m, i);
    if (label == LIFECYCLE_READY) {
        c->ready = true;
        answer(m, SERVICE_OK);
        return;
    }
    answer(m, FAULT_STOP);
    if (c->state != MONITOR_RUNNING)
        return;
    if (label == LABEL_FAULT) {
        fault_text(w, c->text, sizeof c->text);
        watch_stop(c, true);
    } else if (label == LIFECYCLE_EXIT) {
        snprintf(c->text, sizeof c->text, "exited with status %d",
                 (int)(int64_t)w[0]);
        watch_stop(c, w[0] != 0);
    }
}

static void handle(struct message *m)
{
    uint64_t purpose = BADGE_PURPOSE(m->badge);
    uint32_t number = BADGE_NUMBER(m->badge);
    void (*after)(struct component * c) = NULL;
    uint32_t target = 0;

    message_drop_caps(m);
    if (m->label == LABEL_NOTIFICATION && m->badge == 0) {
        device_events(message_word(m, 0));
        return;
    }
    if (number >= component_count)
        return;
    switch (purpose) {
    case BADGE_LIFE:
        life_message(&components[number], m);
        return;
    case BADGE_MONITOR:
        after = monitor_serve(m, &target);
        break;
    case BADGE_POWER:
        power_serve(m);
        break;
    default:
        message_begin(m, SERVICE_UNKNOWN);
    }
    message_reply(reply, m);
    if (after != NULL)
        after(&components[target]);
}

static void receive_one(uint64_t deadline)
{
    struct message m;
    uint64_t status = message_receive(own_endpoint, reply, &m, deadline);

    if (status == OK)
        handle(&m);
}

bool watch_until_ready(const struct component *c, uint64_t deadline)
{
    while (!c->ready && c->state == MONITOR_RUNNING && clock_now() < deadline)
        receive_one(deadline);
    return c->ready && c->state == MONITOR_RUNNING;
}

/* One start at a time, so that messages do not wait for more than one. */
void watch_run(void)
{
    for (;;) {
        struct component *next = next_to_restart();

        receive_one(next == NULL ? DEADLINE_NEVER : next->restart_at);
        if (next != NULL && next->state == MONITOR_WAITING &&
            next->restart_at <= clock_now())
            watch_start(next);
    }
}

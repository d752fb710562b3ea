/*
 * The restart rule. A component that dies again and again comes back later and
 * later. When the PCI server dies, the kernel has blocked all devices; their
 * drivers end too, and wait for the next server to reset them.
 */
#include "servers/init/life.h"

#include <stdio.h>

#include <cordon/cordon.h>

#include "servers/init/device.h"
#include "servers/init/log.h"
#include "servers/init/watch.h"

#define RESTART_DELAY_NS   (20 * NS_PER_MS)
#define RESTART_DELAYS_MAX 50u
#define READY_NS           (5 * NS_PER_S)

static bool is_pci_server(const struct component *c)
{
    return c->policy->role == MANIFEST_ROLE_PCI_SERVER;
}

static bool rule_allows(const struct component *c, bool failure)
{
    const struct manifest_component *p = c->policy;

    if (p->restart == MANIFEST_RESTART_NEVER ||
        (p->restart == MANIFEST_RESTART_ON_FAILURE && !failure))
        return false;
    return p->restart_limit == 0 || c->restarts < p->restart_limit;
}

void life_check_console(void)
{
    bool running = false;

    for (uint32_t i = 0; i < component_count; i++)
        if (components[i].policy->role == MANIFEST_ROLE_CONSOLE &&
            (components[i].state == MONITOR_RUNNING ||
             components[i].state == MONITOR_WAITING))
            running = true;
    log_to_serial(!running);
}

struct component *life_next(void)
{
    struct component *next = NULL;

    for (uint32_t i = 0; i < component_count; i++)
        if (components[i].state == MONITOR_WAITING &&
            (next == NULL || components[i].restart_at < next->restart_at))
            next = &components[i];
    return next;
}

/* --- ends --- */

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
    life_check_console();
}

/* --- the PCI server and its drivers --- */

/* Ends every driver. With a next server to come they wait for it. */
static void stop_drivers(bool server_comes_back)
{
    for (uint32_t i = 0; i < component_count; i++) {
        struct component *c = &components[i];

        if (c->state != MONITOR_RUNNING || c->policy->devices.count == 0)
            continue;
        snprintf(c->text, sizeof c->text,
                 "its device is gone with the PCI server");
        component_end(c);
        if (!server_comes_back || !rule_allows(c, true)) {
            stay_away(c, true);
            continue;
        }
        c->state = MONITOR_WAITING;
        c->restart_at = DEADLINE_NEVER;
        log_line("%s: %s; stopped until there is another", c->name, c->text);
    }
}

/* Those that wait for a server start again, if it could reset their devices. */
static void wake_drivers(bool server_is_there)
{
    for (uint32_t i = 0; i < component_count; i++) {
        struct component *c = &components[i];

        if (c->state != MONITOR_WAITING || c->restart_at != DEADLINE_NEVER)
            continue;
        if (server_is_there && device_clean_all(c)) {
            c->memory_quarantined = false;
            c->restart_at = clock_now();
        } else {
            stay_away(c, true);
        }
    }
}

static void start_pci_server(struct component *c)
{
    if (component_start(c) == 0) {
        if (watch_until_ready(c, clock_after(READY_NS))) {
            pci_endpoint = offer_endpoint(c->policy->offers.first);
            device_resolve();
        } else {
            component_say(c, c->policy->line, "did not get ready");
        }
    }
    wake_drivers(pci_endpoint != 0);
}

/* --- all --- */

void life_stop(struct component *c, bool failure)
{
    bool back;

    if (is_pci_server(c))
        device_server_died();
    component_end(c);
    c->faults += failure;
    back = !c->memory_quarantined && rule_allows(c, failure);
    if (back)
        come_back(c);
    else
        stay_away(c, failure);
    if (is_pci_server(c))
        stop_drivers(back);
}

void life_start(struct component *c)
{
    if (is_pci_server(c))
        start_pci_server(c);
    else
        component_start(c);
    if (c->state == MONITOR_NOT_STARTED)
        grant_withdraw_services(c);
    if (c->policy->role == MANIFEST_ROLE_CONSOLE)
        life_check_console();
}

void life_restart(struct component *c)
{
    snprintf(c->text, sizeof c->text, "started again by request");
    if (c->state == MONITOR_RUNNING) {
        if (is_pci_server(c))
            device_server_died();
        component_end(c);
        if (is_pci_server(c))
            stop_drivers(true);
    }
    life_start(c);
}

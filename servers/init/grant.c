/*
 * Fills a component's table and names what is in it on its startup page. What
 * the policy does not name is not there (R2).
 */
#include <stdio.h>
#include <string.h>

#include <cordon/cordon.h>

#include "servers/init/component.h"
#include "servers/init/ram.h"

#define LINE_RATE 100000u /* interrupts of a legacy line per second */

cap_t pci_endpoint;
cap_t own_endpoint;
static cap_t offers[MANIFEST_OFFERS_MAX];
static cap_t device_regions[BOOT_INFO_MAX_REGIONS];

uint32_t grant_copy(struct component *c, cap_t source, uint32_t rights,
                    uint64_t badge)
{
    if (c->next_slot >= c->policy->capabilities || source == 0)
        return 0;
    if (captable_copy(c->table, c->next_slot, 0, source, rights, badge)
            .status != OK)
        return 0;
    return c->next_slot++;
}

uint32_t grant_move(struct component *c, cap_t source)
{
    if (c->next_slot >= c->policy->capabilities || source == 0)
        return 0;
    if (captable_move(c->table, c->next_slot, 0, source).status != OK)
        return 0;
    return c->next_slot++;
}

int grant_note(struct component *c, enum startup_kind kind, uint32_t slot,
               uint32_t index, uint64_t base, uint64_t size, const char *name)
{
    struct startup *s = c->page;
    struct startup_cap *cap;

    if (s->cap_count == STARTUP_MAX_CAPS)
        return -1;
    cap = &s->caps[s->cap_count++];
    cap->kind = kind;
    cap->slot = slot;
    cap->index = index;
    cap->base = base;
    cap->size = size;
    strncpy(cap->name, name, sizeof cap->name - 1);
    return 0;
}

static int too_few(struct component *c, uint32_t line, const char *what)
{
    return component_say(c, line,
                         "capabilities: %u slots (%d on the startup page) are "
                         "too few for %s",
                         c->policy->capabilities, STARTUP_MAX_CAPS, what);
}

/* --- services --- */

cap_t offer_endpoint(uint32_t offer)
{
    if (offers[offer] == 0)
        offers[offer] = object_make(CAP_ENDPOINT, 0, NULL);
    return offers[offer];
}

static int grant_offers(struct component *c)
{
    for (uint32_t i = 0; i < c->policy->offers.count; i++) {
        uint32_t n = c->policy->offers.first + i;
        const struct manifest_offer *offer = &manifest.offers[n];
        uint32_t slot = grant_copy(c, offer_endpoint(n), RIGHT_READ, 0);

        if (slot == 0 || grant_note(c, STARTUP_SERVICE_OFFERED, slot, i, 0, 0,
                                    manifest_string(&manifest, offer->service)))
            return too_few(c, offer->line, "its services");
    }
    return 0;
}

/* The endpoint behind a use, and the badge that tells the server who calls. */
static cap_t used_endpoint(const struct component *c,
                           const struct manifest_use *use, uint64_t *badge)
{
    if (use->from == MANIFEST_INIT) {
        *badge = BADGE(use->offer == MANIFEST_INIT_POWER ? BADGE_POWER
                                                         : BADGE_MONITOR,
                       c->number);
        return own_endpoint;
    }
    *badge = c->number + 1;
    if (use->access == MANIFEST_ACCESS_WRITE)
        *badge |= SERVICE_BADGE_WRITE;
    return components[use->from].state == MONITOR_RUNNING ||
                   components[use->from].state == MONITOR_WAITING
               ? offer_endpoint(use->offer)
               : 0;
}

static int grant_uses(struct component *c)
{
    for (uint32_t i = 0; i < c->policy->uses.count; i++) {
        const struct manifest_use *use =
            &manifest.uses[c->policy->uses.first + i];
        uint64_t badge;
        cap_t endpoint = used_endpoint(c, use, &badge);
        uint32_t slot;

        /* Its server was refused: the component comes up without it. */
        if (endpoint == 0)
            continue;
        slot = grant_copy(c, endpoint, RIGHT_WRITE | RIGHT_GRANT, badge);
        if (slot == 0 || grant_note(c, STARTUP_SERVICE_USED, slot, i, 0, 0,
                                    manifest_string(&manifest, use->alias)))
            return too_few(c, use->line, "the services it uses");
    }
    return 0;
}

void grant_withdraw_services(struct component *c)
{
    for (uint32_t i = 0; i < c->policy->offers.count; i++) {
        cap_t *endpoint = &offers[c->policy->offers.first + i];

        if (*endpoint != 0)
            cap_delete(*endpoint);
        *endpoint = 0;
    }
}

/* --- ports and lines --- */

static int grant_ports(struct component *c)
{
    for (uint32_t i = 0; i < c->policy->ioports.count; i++) {
        const struct manifest_ioport *p =
            &manifest.ioports[c->policy->ioports.first + i];
        uint32_t count = p->last - p->first + 1;
        uint64_t status;

        if (c->next_slot >= c->policy->capabilities)
            return too_few(c, p->line, "its I/O ports");
        status =
            ports_derive(SLOT_IO_PORTS, p->first, count, c->table, c->next_slot)
                .status;
        if (status != OK)
            return component_say(c, p->line, "I/O ports 0x%x to 0x%x: %s",
                                 p->first, p->last, status_text(status));
        if (grant_note(c, STARTUP_PORTS, c->next_slot++, p->first, 0, count,
                       ""))
            return too_few(c, p->line, "its I/O ports");
    }
    return 0;
}

static int grant_lines(struct component *c)
{
    for (uint32_t i = 0; i < c->policy->irqs.count; i++) {
        const struct manifest_irq *irq =
            &manifest.irqs[c->policy->irqs.first + i];
        cap_t own = component_slots(c, 1);
        uint64_t status = ERR_LIMIT;
        uint32_t slot;

        if (own != 0)
            status = device_lines(SLOT_DEVICE_CONTROL, c->source, irq->input, 0,
                                  own, c->page->cpu, LINE_RATE)
                         .status;
        if (status != OK)
            return component_say(c, irq->line, "interrupt line %u: %s",
                                 irq->input, status_text(status));
        slot = grant_copy(c, own, RIGHT_READ | RIGHT_WRITE, 0);
        if (slot == 0 ||
            grant_note(c, STARTUP_INTERRUPT, slot, irq->input, 0, 0, "line"))
            return too_few(c, irq->line, "its interrupt lines");
    }
    return 0;
}

/* --- the PCI server --- */

/* A child of each device range: the range itself survives the server. */
static int grant_device_memory(struct component *c)
{
    for (uint32_t i = 0; i < boot_info->region_count; i++) {
        const struct boot_region *r = &boot_info->regions[i];
        uint32_t slot = 0;

        if (r->kind != REGION_DEVICE)
            continue;
        if (device_regions[i] == 0)
            device_regions[i] = slot_alloc();
        if (device_regions[i] != 0 &&
            untyped_retype(r->slot, CAP_UNTYPED, r->size, 1, 0,
                           device_regions[i], 0)
                    .status == OK)
            slot = grant_move(c, device_regions[i]);
        if (slot == 0 ||
            grant_note(c, STARTUP_DEVICE_MEMORY, slot, i, r->base, r->size, ""))
            return too_few(c, c->policy->line, "the device memory");
    }
    return 0;
}

static int grant_pci_role(struct component *c)
{
    struct startup *s = c->page;
    uint32_t slot = grant_copy(c, SLOT_DEVICE_CONTROL, RIGHTS_ALL, 0);

    if (slot == 0 || grant_note(c, STARTUP_CONTROL, slot, 0, 0, 0, ""))
        return too_few(c, c->policy->line, "device control");
    if (c->policy->offers.count == 0)
        return component_say(c, c->policy->line,
                             "offers: the PCI server must offer a service");
    s->ecam_count = boot_info->ecam_count;
    memcpy(s->ecam, boot_info->ecam, sizeof s->ecam);
    return grant_device_memory(c);
}

int grant_all(struct component *c)
{
    if (grant_offers(c) || grant_uses(c) || grant_ports(c) || grant_lines(c))
        return -1;
    return c->policy->role == MANIFEST_ROLE_PCI_SERVER ? grant_pci_role(c) : 0;
}

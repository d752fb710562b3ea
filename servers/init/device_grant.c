/*
 * A device's way into a cage: claimed from the PCI server, attached to a Domain
 * of its component's own memory, its vectors made and written, enabled, and
 * only then granted, window by window (R3). The way back is in device_end.c.
 */
#include <stdio.h>
#include <string.h>

#include <cordon/cordon.h>

#include "servers/init/device.h"
#include "servers/init/log.h"
#include "servers/init/ram.h"

#define SAY(c, d, ...) component_say(c, (d)->policy->line, __VA_ARGS__)

static int attach(struct component *c, struct device_book *d)
{
    uint64_t status;

    d->device = component_slots(c, 1);
    if (d->device == 0)
        return SAY(c, d, "init has no slots left");
    if (pci_claim(pci_endpoint, d->function.handle, d->device) != 0)
        return SAY(c, d, "device %s: %s", d->name, pci_reason());
    d->claimed = true;
    d->domain = component_object(c, CAP_DOMAIN, DOMAIN_BITS, &status);
    if (d->domain == 0)
        return SAY(c, d, "device %s: no Domain: %s", d->name,
                   status_text(status));
    status = device_attach(d->device, d->domain).status;
    if (status != OK)
        return SAY(c, d, "device %s: cannot be caged: %s", d->name,
                   status_text(status));
    return 0;
}

static int make_vectors(struct component *c, struct device_book *d)
{
    const struct manifest_device *p = d->policy;

    d->interrupt_count = 0;
    if (p->interrupts == 0)
        return 0;
    if (p->interrupts > d->function.vectors)
        return SAY(c, d, "device %s has %u interrupt vectors, %u are wanted",
                   d->name, d->function.vectors, p->interrupts);
    d->interrupts = component_slots(c, p->interrupts);
    if (d->interrupts == 0)
        return SAY(c, d, "init has no slots left");
    for (uint32_t i = 0; i < p->interrupts; i++) {
        struct result r =
            device_interrupt(d->device, c->source, 0, d->interrupts + i,
                             c->page->cpu, p->rate != 0 ? p->rate : 1000);

        if (r.status != OK)
            return SAY(c, d, "device %s: interrupt %u: %s", d->name, i,
                       status_text(r.status));
        if (pci_set_vector(pci_endpoint, d->function.handle, i, r.r[0],
                           r.r[1]) != 0)
            return SAY(c, d, "device %s: %s", d->name, pci_reason());
        d->interrupt_count++;
    }
    return 0;
}

static int enable(struct component *c, struct device_book *d)
{
    if (pci_enable(pci_endpoint, d->function.handle, d->interrupt_count) != 0)
        return SAY(c, d, "device %s: %s", d->name, pci_reason());
    return 0;
}

/* --- grants --- */

static int note(struct component *c, struct device_book *d,
                enum startup_kind kind, uint32_t slot, uint32_t index,
                uint64_t base, uint64_t size)
{
    if (slot != 0 && grant_note(c, kind, slot, index, base, size, d->name) == 0)
        return 0;
    return SAY(c, d, "capabilities: %u slots are too few for device %s",
               c->policy->capabilities, d->name);
}

static int grant_windows(struct component *c, struct device_book *d)
{
    cap_t transit = component_slots(c, 1);

    if (transit == 0)
        return SAY(c, d, "init has no slots left");
    d->windows = 0;
    for (uint32_t bar = 0; bar < PCI_BARS; bar++) {
        uint64_t base, size;

        if ((d->function.bars[bar].flags & PCI_BAR_MEMORY) == 0)
            continue;
        if (pci_window(pci_endpoint, d->function.handle, bar, transit, &base,
                       &size) != 0)
            return SAY(c, d, "device %s: %s", d->name, pci_reason());
        d->window[d->windows].base = base;
        d->window[d->windows].size = size;
        d->windows++;
        if (note(c, d, STARTUP_WINDOW, grant_move(c, transit), bar, base, size))
            return -1;
    }
    return 0;
}

static int grant_dma_memory(struct component *c, struct device_book *d)
{
    uint64_t status, used;
    cap_t memory;

    if (d->policy->dma == 0)
        return 0;
    memory = component_object(c, CAP_UNTYPED, d->policy->dma, &status);
    if (memory == 0)
        return SAY(c, d, "dma: %llu KiB do not fit in its memory of %llu KiB",
                   (unsigned long long)d->policy->dma >> 10,
                   (unsigned long long)c->policy->memory >> 10);
    used = untyped_info(c->source).r[2];
    d->dma_physical = c->physical + used - d->policy->dma;
    return note(c, d, STARTUP_DMA_MEMORY, grant_move(c, memory), 0, 0,
                d->policy->dma);
}

static int grant_rest(struct component *c, struct device_book *d)
{
    if (note(c, d, STARTUP_DEVICE, grant_copy(c, d->device, RIGHT_READ, 0), 0,
             0, 0) ||
        note(c, d, STARTUP_DOMAIN, grant_copy(c, d->domain, RIGHTS_ALL, 0), 0,
             0, 0) ||
        note(c, d, STARTUP_PCI,
             grant_copy(c, pci_endpoint, RIGHT_WRITE | RIGHT_GRANT,
                        d->function.handle + 1),
             0, 0, 0))
        return -1;
    for (uint32_t i = 0; i < d->interrupt_count; i++)
        if (note(c, d, STARTUP_INTERRUPT,
                 grant_copy(c, d->interrupts + i, RIGHT_READ | RIGHT_WRITE, 0),
                 i, 0, 0))
            return -1;
    return 0;
}

static int grant_device(struct component *c, struct device_book *d)
{
    if (!startup->isolation)
        return SAY(c, d, "no device without isolation: %s",
                   boot_info->isolation_reason);
    if (pci_endpoint == 0)
        return SAY(c, d, "there is no PCI server to claim a device from");
    if (d->refused[0] != 0)
        return SAY(c, d, "%s", d->refused);
    if (attach(c, d) || make_vectors(c, d) || device_bind_faults(c, d) ||
        enable(c, d) || grant_windows(c, d) || grant_dma_memory(c, d))
        return -1;
    return grant_rest(c, d);
}

int device_grant_all(struct component *c)
{
    const struct manifest_range *range = &c->policy->devices;

    for (uint32_t i = 0; i < range->count; i++)
        if (grant_device(c, &devices[range->first + i]) != 0)
            return -1;
    return 0;
}

/*
 * A device's way out of its cage: blocked by the kernel, and after its driver
 * is gone reset by the PCI server, or in quarantine (R4, R11).
 */
#include <stdio.h>
#include <string.h>

#include <cordon/cordon.h>

#include "servers/init/device.h"
#include "servers/init/log.h"
#include "servers/init/ram.h"

bool device_block_all(struct component *c)
{
    const struct manifest_range *range = &c->policy->devices;
    bool confirmed = true;

    for (uint32_t i = 0; i < range->count; i++) {
        struct device_book *d = &devices[range->first + i];
        struct result r;

        if (!d->claimed || d->device == 0)
            continue;
        confirmed &= device_block(d->device).status == OK;
        device_drain_faults(d);
        r = device_info(d->device);
        if (r.status == OK)
            c->past_device_faults += r.r[3];
    }
    return confirmed;
}

/* 0, or the device stays in quarantine for good. */
static bool release(struct component *c, struct device_book *d)
{
    if (pci_release(pci_endpoint, d->function.handle) == 0)
        return true;
    d->quarantined = true;
    device_refuse(d, "device %s is in quarantine: %s", d->name, pci_reason());
    log_line("%s: %s", c->name, d->refused);
    return false;
}

bool device_reset_all(struct component *c)
{
    const struct manifest_range *range = &c->policy->devices;
    bool reset = true;

    for (uint32_t i = 0; i < range->count; i++) {
        struct device_book *d = &devices[range->first + i];

        if (!d->claimed)
            continue;
        d->claimed = false;
        d->device = d->domain = d->interrupts = 0;
        d->interrupt_count = d->windows = 0;
        d->dirty = pci_endpoint == 0;
        if (d->dirty || !release(c, d))
            reset = false;
    }
    return reset;
}

bool device_clean_all(struct component *c)
{
    const struct manifest_range *range = &c->policy->devices;
    bool clean = true;

    for (uint32_t i = 0; i < range->count; i++) {
        struct device_book *d = &devices[range->first + i];

        if (d->dirty && d->found && release(c, d))
            d->dirty = false;
        clean = clean && !d->dirty && !d->quarantined;
    }
    return clean;
}

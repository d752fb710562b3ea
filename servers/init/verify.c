/*
 * A mapping of an AddressSpace may be RAM of the component itself, RAM of one
 * that it shares a service with (lent buffers, rings), or one of its windows. A
 * mapping of a Domain may be the owner's DMA memory or RAM of a client. And
 * nothing is executable and writable.
 */
#include "servers/init/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cordon/cordon.h>

#include "servers/init/device.h"
#include "servers/init/ram.h"

#define MAPPINGS_MAX 262144u /* no space has more; ends a walk for certain */

__attribute__((format(printf, 2, 3))) static void
differs(struct monitor_verify *out, const char *format, ...)
{
    va_list args;

    if (out->differences++ > 0)
        return;
    va_start(args, format);
    vsnprintf(out->text, sizeof out->text, format, args);
    va_end(args);
}

static bool is_inside(uint64_t base, uint64_t size, uint64_t at, uint64_t bytes)
{
    return at >= base && at - base < size && bytes <= size - (at - base);
}

static bool owns_ram(const struct component *c, uint64_t at, uint64_t bytes)
{
    return c->holder != 0 &&
           is_inside(c->physical, c->policy->memory, at, bytes);
}

/* Does `user` use a service of `server`? */
static bool uses(const struct component *user, const struct component *server)
{
    for (uint32_t i = 0; i < user->policy->uses.count; i++)
        if (manifest.uses[user->policy->uses.first + i].from == server->number)
            return true;
    return false;
}

/* Who has this RAM; NULL if it is nobody's. */
static const struct component *owner_of_ram(uint64_t at, uint64_t bytes)
{
    for (uint32_t i = 0; i < component_count; i++)
        if (owns_ram(&components[i], at, bytes))
            return &components[i];
    return NULL;
}

/* RAM of this component, or lent across a service that the policy grants. */
static bool may_map_ram(const struct component *c, uint64_t at, uint64_t bytes)
{
    const struct component *owner = owner_of_ram(at, bytes);

    return owner != NULL && (owner == c || uses(c, owner) || uses(owner, c));
}

/* The policy's `dma` bytes of the owner, or what a client lends. */
static bool may_reach_by_dma(const struct component *c,
                             const struct device_book *d, uint64_t at,
                             uint64_t bytes)
{
    const struct component *owner = owner_of_ram(at, bytes);

    if (owner == c)
        return is_inside(d->dma_physical, d->policy->dma, at, bytes);
    return owner != NULL && uses(owner, c);
}

static bool is_window(const struct component *c, uint64_t at, uint64_t bytes)
{
    for (uint32_t i = 0; i < c->policy->devices.count; i++) {
        const struct device_book *d = &devices[c->policy->devices.first + i];

        for (uint32_t w = 0; d->claimed && w < d->windows; w++)
            if (is_inside(d->window[w].base, d->window[w].size, at, bytes))
                return true;
    }
    return false;
}

/* Configuration space, which only the PCI server may map. */
static bool is_config_space(const struct component *c, uint64_t at,
                            uint64_t bytes)
{
    for (uint32_t i = 0; i < boot_info->ecam_count; i++) {
        const struct boot_ecam *e = &boot_info->ecam[i];

        if (c->policy->role == MANIFEST_ROLE_PCI_SERVER &&
            is_inside(e->base, (e->last_bus + 1ull) << 20, at, bytes))
            return true;
    }
    return false;
}

/* The next mapping at or above *address; false at the end. */
static bool next_mapping(cap_t space, uint64_t *address, struct result *r,
                         struct monitor_verify *out)
{
    for (uint32_t i = 0; i < MAPPINGS_MAX; i++) {
        *r = space_lookup(space, *address);
        if (r->status != OK)
            return false;
        if (r->r[2] != 0) {
            *address = r->r[0] + (1ull << r->r[2]);
            return true;
        }
        if (r->r[0] <= *address)
            return false;
        *address = r->r[0];
    }
    differs(out, "the walk of its tables did not end");
    return false;
}

static void check_space(const struct component *c, struct monitor_verify *out)
{
    uint64_t address = 0;
    struct result r;

    while (next_mapping(c->space, &address, &r, out)) {
        uint64_t bytes = 1ull << r.r[2];

        if (++out->mappings > MAPPINGS_MAX)
            return;
        if ((r.r[3] & (MAP_WRITE | MAP_EXEC)) == (MAP_WRITE | MAP_EXEC))
            differs(out, "0x%llx is writable and executable",
                    (unsigned long long)r.r[0]);
        if (is_window(c, r.r[1], bytes) || is_config_space(c, r.r[1], bytes))
            out->window_bytes += bytes;
        else if (may_map_ram(c, r.r[1], bytes))
            out->ram_bytes += bytes;
        else
            differs(out,
                    "address 0x%llx maps physical 0x%llx, which the "
                    "policy does not grant",
                    (unsigned long long)r.r[0], (unsigned long long)r.r[1]);
    }
}

static void check_domain(const struct component *c, const struct device_book *d,
                         struct monitor_verify *out)
{
    uint64_t address = 0;
    struct result r;

    while (next_mapping(d->domain, &address, &r, out)) {
        uint64_t bytes = 1ull << r.r[2];

        if (++out->dma_mappings > MAPPINGS_MAX)
            return;
        out->dma_bytes += bytes;
        if (!may_reach_by_dma(c, d, r.r[1], bytes))
            differs(out,
                    "device %s: IOVA 0x%llx maps physical 0x%llx, which "
                    "the policy does not grant",
                    d->name, (unsigned long long)r.r[0],
                    (unsigned long long)r.r[1]);
    }
}

/* The other direction: what the policy grants is live. */
static void check_device(const struct component *c, const struct device_book *d,
                         struct monitor_verify *out)
{
    struct result device, space;
    uint32_t memory_bars = 0;

    if (!d->claimed) {
        differs(out, "line %u: its device is not claimed", d->policy->line);
        return;
    }
    device = device_info(d->device);
    space = space_info(d->domain);
    if (device.status != OK || space.status != OK) {
        differs(out, "device %s is gone", d->name);
        return;
    }
    out->devices++;
    out->interrupts += (uint32_t)device.r[4];
    if (device.r[0] != d->function.requester)
        differs(out, "device %s has requester ID 0x%llx", d->name,
                (unsigned long long)device.r[0]);
    if (device.r[1] != DEVICE_CAGED || device.r[2] != space.r[4])
        differs(out, "device %s is not in its Domain (state %llu)", d->name,
                (unsigned long long)device.r[1]);
    if (space.r[3] != 1)
        differs(out, "the Domain of %s has %llu devices", d->name,
                (unsigned long long)space.r[3]);
    if (device.r[4] != d->policy->interrupts)
        differs(out, "device %s has %llu live interrupts, the policy says %u",
                d->name, (unsigned long long)device.r[4],
                d->policy->interrupts);
    for (uint32_t bar = 0; bar < PCI_BARS; bar++)
        memory_bars += (d->function.bars[bar].flags & PCI_BAR_MEMORY) != 0;
    if (memory_bars != d->windows)
        differs(out, "device %s has %u windows, %u were granted", d->name,
                memory_bars, d->windows);
    check_domain(c, d, out);
}

void verify_component(const struct component *c, struct monitor_verify *out)
{
    strncpy(out->name, c->name, sizeof out->name - 1);
    if (c->state != MONITOR_RUNNING) {
        snprintf(out->text, sizeof out->text, "it does not run: no tables");
        out->exact = 1;
        return;
    }
    check_space(c, out);
    for (uint32_t i = 0; i < c->policy->devices.count; i++)
        check_device(c, &devices[c->policy->devices.first + i], out);
    out->exact = out->differences == 0;
}

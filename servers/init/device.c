/*
 * A device's way into a cage: claimed from the PCI server, attached to a Domain
 * of its component's own memory, its vectors made and written, enabled, and
 * only then granted, window by window (R3). The way back is in component_end().
 */
#include "servers/init/device.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cordon/cordon.h>

#include "servers/init/log.h"
#include "servers/init/ram.h"

/* The driver reads the fault records of its device itself, since they alone say
 * that a DMA did not arrive (R6). What it has left for so long, init logs. */
#define FAULT_PATIENCE    (2 * NS_PER_S)
#define FAULTS_PER_SECOND 2000u /* beyond: muted, told once (R7) */
#define FAULT_LINES       8u    /* in the log, per life */
#define FAULT_BITS        60u   /* of the notification */
#define OTHERS_MAX        64u   /* devices of a kind that are told */

struct device_book devices[MANIFEST_DEVICES_MAX];
uint32_t device_count;
static cap_t fault_notification;

static void address_text(uint32_t address, char *out)
{
    snprintf(out, DEVICE_NAME, "%02x:%02x.%x", PCI_BUS(address),
             PCI_DEVICE(address), PCI_FUNCTION_OF(address));
}

void device_open(void)
{
    device_count = manifest.header->device_count;
    for (uint32_t i = 0; i < device_count; i++)
        devices[i].policy = &manifest.devices[i];
    fault_notification = object_make(CAP_NOTIFICATION, 0, NULL);
    if (fault_notification == 0 ||
        notification_bind(fault_notification, STARTUP_THREAD).status != OK)
        log_line("init: device faults cannot be reported");
}

/* --- which function is meant --- */

__attribute__((format(printf, 2, 3))) static void
refuse(struct device_book *d, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(d->refused, sizeof d->refused, format, args);
    va_end(args);
}

static const char *selector_text(const struct manifest_device *p)
{
    static char text[32];

    if (p->select == MANIFEST_SELECT_CLASS)
        snprintf(text, sizeof text, "class %02x:%02x:%02x", p->value >> 16,
                 (p->value >> 8) & 0xff, p->value & 0xff);
    else if (p->select == MANIFEST_SELECT_ID)
        snprintf(text, sizeof text, "id %04x:%04x", p->value >> 16,
                 p->value & 0xffff);
    else
        address_text(p->value, text);
    return text;
}

static void find(struct device_book *d)
{
    uint32_t handle;

    if (pci_find(pci_endpoint, d->policy->select, d->policy->value,
                 d->policy->mask, d->policy->index, &handle) != 0) {
        refuse(d, "no device number %u of %s: %s", d->policy->index,
               selector_text(d->policy), pci_reason());
        return;
    }
    if (pci_function(pci_endpoint, handle, &d->function) != 0) {
        refuse(d, "%s: %s", selector_text(d->policy), pci_reason());
        return;
    }
    address_text(d->function.address, d->name);
    d->found = true;
}

/* Against those before it: the first one named keeps what two want. */
static void compare(struct device_book *d)
{
    for (struct device_book *e = devices; e < d; e++) {
        const char *other =
            manifest_component_name(&manifest, e->policy->component);

        if (!e->found)
            continue;
        if (e->function.handle == d->function.handle)
            refuse(d, "device %s is already `%s`'s (line %u)", d->name, other,
                   e->policy->line);
        else if (e->function.group == d->function.group &&
                 e->policy->component != d->policy->component)
            refuse(d,
                   "device %s is in one group with %s, which is `%s`'s (line "
                   "%u): nothing keeps their DMA apart",
                   d->name, e->name, other, e->policy->line);
    }
}

/* Others of the kind that a line asks for, and that nobody has: a second disk,
 * say. Told, because it may be the one that was meant. */
static void tell_others(const struct device_book *d)
{
    const struct manifest_device *p = d->policy;
    struct pci_function f;
    char name[DEVICE_NAME], place[80];
    uint32_t handle;

    for (uint32_t i = 0; i < OTHERS_MAX; i++) {
        if (pci_find(pci_endpoint, p->select, p->value, p->mask, i, &handle) !=
                0 ||
            pci_function(pci_endpoint, handle, &f) != 0)
            return;
        address_text(f.address, name);
        if (device_of_handle(handle) == NULL)
            log_line("%sdevice %s is also of %s, and the policy gives it to "
                     "nobody: it stays off",
                     manifest_place(&manifest, p->line, place, sizeof place),
                     name, selector_text(p));
    }
}

/* Is this the first line that asks for its kind? */
static bool is_first_of_kind(const struct device_book *d)
{
    for (const struct device_book *e = devices; e < d; e++)
        if (e->policy->select == d->policy->select &&
            e->policy->value == d->policy->value &&
            e->policy->mask == d->policy->mask)
            return false;
    return true;
}

void device_resolve(void)
{
    for (uint32_t i = 0; i < device_count; i++) {
        struct device_book *d = &devices[i];

        if (d->quarantined)
            continue; /* a new server does not know */
        d->found = false;
        d->refused[0] = 0;
        find(d);
        if (d->found)
            compare(d);
    }
    for (uint32_t i = 0; i < device_count; i++)
        if (is_first_of_kind(&devices[i]))
            tell_others(&devices[i]);
}

const struct device_book *device_of_handle(uint32_t handle)
{
    for (uint32_t i = 0; i < device_count; i++)
        if (devices[i].found && devices[i].function.handle == handle)
            return &devices[i];
    return NULL;
}

void device_server_died(void)
{
    pci_endpoint = 0;
    for (uint32_t i = 0; i < device_count; i++)
        if (!devices[i].quarantined)
            refuse(&devices[i], "the PCI server has died");
}

/* --- into the cage --- */

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

/* Faults go to init's notification; it tells them with the name (R6, R7). */
static int bind_faults(struct component *c, struct device_book *d)
{
    uint64_t bit = 1ull << ((uint32_t)(d - devices) % FAULT_BITS);
    uint64_t status;
    cap_t signal = component_slots(c, 1);

    if (signal == 0)
        return SAY(c, d, "init has no slots left");
    status = captable_copy(STARTUP_CAPTABLE, signal, 0, fault_notification,
                           RIGHT_WRITE, bit)
                 .status;
    if (status == OK)
        status = device_bind(d->device, signal, FAULTS_PER_SECOND).status;
    d->faults_logged = 0;
    d->look_at = 0;
    return status == OK ? 0
                        : SAY(c, d, "device %s: its faults: %s", d->name,
                              status_text(status));
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
    if (attach(c, d) || make_vectors(c, d) || bind_faults(c, d) ||
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

/* --- out of the cage --- */

static void log_fault(struct device_book *d, const struct result *r)
{
    struct component *c = &components[d->policy->component];
    uint64_t flags = r->r[2];

    if (d->faults_logged++ > FAULT_LINES)
        return;
    if (d->faults_logged > FAULT_LINES) {
        log_line("%s: device %s: more faults are counted, not shown", c->name,
                 d->name);
        return;
    }
    if ((flags & DEVICE_FAULT_INTERRUPT) != 0)
        log_line("%s: device %s: interrupt request with index %llu blocked "
                 "(reason 0x%llx)",
                 c->name, d->name, (unsigned long long)r->r[0],
                 (unsigned long long)r->r[1]);
    else
        log_line("%s: device %s: DMA %s at 0x%llx blocked (reason 0x%llx)%s",
                 c->name, d->name,
                 (flags & DEVICE_FAULT_WRITE) != 0 ? "write" : "read",
                 (unsigned long long)r->r[0], (unsigned long long)r->r[1],
                 (flags & DEVICE_FAULT_MUTED) != 0 ? "; now muted: too many"
                                                   : "");
}

static void drain_faults(struct device_book *d)
{
    for (uint32_t i = 0; i < 64 && d->claimed && d->device != 0; i++) {
        struct result r = device_fault(d->device);

        if (r.status != OK)
            return;
        log_fault(d, &r);
    }
}

void device_events(uint64_t bits)
{
    for (uint32_t i = 0; i < device_count; i++)
        if ((bits & 1ull << (i % FAULT_BITS)) != 0 && devices[i].look_at == 0)
            devices[i].look_at = clock_after(FAULT_PATIENCE);
}

uint64_t device_next_look(void)
{
    uint64_t at = DEADLINE_NEVER;

    for (uint32_t i = 0; i < device_count; i++)
        if (devices[i].look_at != 0 && devices[i].look_at < at)
            at = devices[i].look_at;
    return at;
}

void device_look(void)
{
    uint64_t now = clock_now();

    for (uint32_t i = 0; i < device_count; i++) {
        if (devices[i].look_at == 0 || devices[i].look_at > now)
            continue;
        devices[i].look_at = 0;
        drain_faults(&devices[i]);
    }
}

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
        drain_faults(d);
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
    refuse(d, "device %s is in quarantine: %s", d->name, pci_reason());
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

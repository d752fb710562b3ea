/*
 * Lists what init's books say, with live numbers from the kernel where it
 * keeps the account: budgets, interrupts, faults, mapped DMA.
 */
#include "servers/init/monitor.h"

#include <stdio.h>
#include <string.h>

#include <cordon/cordon.h>

#include "servers/init/device.h"
#include "servers/init/log.h"
#include "servers/init/ram.h"
#include "servers/init/rescue.h"
#include "servers/init/verify.h"
#include "servers/init/life.h"

#define LOG_PART 1024u

uint64_t boot_done_ns;

static void copy_text(char *out, size_t size, const char *text)
{
    size_t length = strlen(text);

    if (length > size - 1)
        length = size - 1;
    memcpy(out, text, length);
    out[length] = 0;
}

static void fill_system(struct monitor_system *s)
{
    struct result r = iommu_info(SLOT_DEVICE_CONTROL);
    uint32_t groups;

    copy_text(s->policy, sizeof s->policy, manifest_file(&manifest));
    copy_text(s->name, sizeof s->name,
              manifest_string(&manifest, manifest.header->system));
    copy_text(s->isolation_reason, sizeof s->isolation_reason,
              boot_info->isolation_reason);
    s->components = component_count;
    if (pci_endpoint != 0)
        pci_count(pci_endpoint, &s->devices, &groups);
    s->cpus = startup->cpus;
    s->isolation = startup->isolation;
    s->ram_bytes = boot_info->ram_bytes;
    for (uint32_t i = 0; i < component_count; i++)
        if (components[i].holder != 0)
            s->memory_given += components[i].policy->memory;
    s->memory_free = ram_free_bytes(NULL);
    s->stray_faults = r.status == OK ? r.r[1] : 0;
    s->log_bytes = log_bytes();
    s->boot_ns = boot_done_ns;
}

/* Adds what one granted device stands for. */
static void add_device(struct monitor_component *out,
                       const struct device_book *d)
{
    struct result r;

    out->dma_bytes += d->policy->dma;
    if (!d->claimed)
        return;
    out->devices++;
    out->windows += d->windows;
    out->interrupts += d->interrupt_count;
    for (uint32_t i = 0; i < d->windows; i++)
        out->window_bytes += d->window[i].size;
    for (uint32_t i = 0; i < d->interrupt_count; i++) {
        r = interrupt_info(d->interrupts + i);
        if (r.status == OK)
            out->interrupt_count += r.r[0];
    }
    r = space_info(d->domain);
    if (r.status == OK)
        out->dma_mapped += r.r[2];
    r = device_info(d->device);
    if (r.status == OK)
        out->device_faults += r.r[3];
}

static void add_budget(struct monitor_component *out, const struct component *c)
{
    for (uint32_t i = 0; i < c->context_count && c->contexts != 0; i++) {
        struct result r = sched_info(c->contexts + i);

        if (r.status != OK)
            continue;
        out->consumed_ns += r.r[0];
        out->exhausted += r.r[4];
    }
}

static void fill_component(const struct component *c,
                           struct monitor_component *out)
{
    const struct manifest_component *p = c->policy;

    copy_text(out->name, sizeof out->name, c->name);
    out->state = c->state;
    out->line = p->line;
    out->restarts = c->restarts;
    out->restart_limit = p->restart_limit;
    out->cpu = p->cpu;
    out->priority = p->priority;
    out->faults = c->faults;
    out->device_faults = c->past_device_faults;
    out->memory_bytes = c->holder != 0 ? p->memory : 0;
    out->budget_ns = p->budget_ns;
    out->period_ns = p->period_ns;
    out->interrupts = p->irqs.count;
    for (uint32_t i = 0; i < p->ioports.count; i++) {
        const struct manifest_ioport *ports =
            &manifest.ioports[p->ioports.first + i];

        out->io_ports += ports->last - ports->first + 1;
    }
    if (c->state == MONITOR_RUNNING) {
        add_budget(out, c);
        for (uint32_t i = 0; i < p->devices.count; i++)
            add_device(out, &devices[p->devices.first + i]);
    }
    copy_text(out->text, sizeof out->text, c->text);
}

static void fill_device(struct monitor_device *out)
{
    const struct device_book *d = device_of_handle(out->function.handle);
    struct result r;

    out->owner = ~0u;
    out->state = out->function.state == PCI_QUARANTINED ? DEVICE_QUARANTINED
                                                        : DEVICE_UNCLAIMED;
    copy_text(out->text, sizeof out->text, out->function.reason);
    if (d == NULL) {
        if (!startup->isolation)
            copy_text(out->text, sizeof out->text, boot_info->isolation_reason);
        return;
    }
    out->owner = d->policy->component;
    copy_text(out->owner_name, sizeof out->owner_name,
              components[out->owner].name);
    if (d->claimed) {
        r = device_info(d->device);
        if (r.status == OK) {
            out->state = (uint32_t)r.r[1];
            out->domain = r.r[2];
            out->faults = r.r[3];
        }
        return;
    }
    copy_text(out->text, sizeof out->text,
              d->refused[0] != 0 ? d->refused : components[out->owner].text);
}

/* --- requests --- */

static void fail(struct message *m, uint64_t error)
{
    message_begin(m, error);
}

static void give(struct message *m, const void *data, size_t bytes)
{
    message_begin(m, SERVICE_OK);
    message_put_bytes(m, data, bytes);
}

static void serve_device(struct message *m, uint64_t handle)
{
    struct monitor_device out = {0};
    int error = SERVICE_NOT_FOUND;

    if (pci_endpoint != 0 && handle < PCI_NO_HANDLE)
        error = pci_function(pci_endpoint, (uint32_t)handle, &out.function);
    if (error != 0) {
        fail(m, (uint64_t)error);
        return;
    }
    fill_device(&out);
    give(m, &out, sizeof out);
}

static void serve_log(struct message *m, uint64_t offset)
{
    char part[LOG_PART];
    uint64_t from = offset;
    size_t bytes = log_read(&from, part, sizeof part);

    message_begin(m, SERVICE_OK);
    message_put(m, from);
    message_put_bytes(m, part, bytes);
}

static void kill_component(struct component *c)
{
    snprintf(c->text, sizeof c->text, "killed by request");
    if (c->state == MONITOR_RUNNING)
        life_stop(c, true);
}

/* Requests about one component. */
static monitor_after *serve_component(struct message *m, uint64_t label,
                                      struct component *c)
{
    struct monitor_component out = {0};
    struct monitor_verify found = {0};

    switch (label) {
    case MONITOR_COMPONENT:
        fill_component(c, &out);
        give(m, &out, sizeof out);
        return NULL;
    case MONITOR_VERIFY:
        verify_component(c, &found);
        give(m, &found, sizeof found);
        return NULL;
    case MONITOR_KILL:
        fail(m, c->state == MONITOR_RUNNING ? SERVICE_OK : SERVICE_NOT_FOUND);
        return kill_component;
    default:
        fail(m, SERVICE_OK);
        return life_restart;
    }
}

monitor_after *monitor_serve(struct message *m, uint32_t *target)
{
    uint64_t label = m->label, number = 0;
    struct monitor_system system = {0};

    if (label != MONITOR_SYSTEM)
        number = message_get(m);
    if (!message_end(m)) {
        fail(m, SERVICE_BAD_REQUEST);
        return NULL;
    }
    switch (label) {
    case MONITOR_SYSTEM:
        fill_system(&system);
        give(m, &system, sizeof system);
        return NULL;
    case MONITOR_DEVICE:
        serve_device(m, number);
        return NULL;
    case MONITOR_LOG:
        serve_log(m, number);
        return NULL;
    case MONITOR_COMPONENT:
    case MONITOR_VERIFY:
    case MONITOR_KILL:
    case MONITOR_RESTART:
        if (number >= component_count) {
            fail(m, SERVICE_NOT_FOUND);
            return NULL;
        }
        *target = (uint32_t)number;
        return serve_component(m, label, &components[number]);
    default:
        fail(m, SERVICE_UNKNOWN);
        return NULL;
    }
}

void power_serve(struct message *m)
{
    uint64_t label = m->label;
    uint64_t status = label == POWER_OFF ? message_get(m) : 0;

    if (!message_end(m) || (label != POWER_OFF && label != POWER_RESET)) {
        fail(m, SERVICE_BAD_REQUEST);
        return;
    }
    if (label == POWER_OFF)
        rescue_power_off((uint32_t)status & 0x7f, boot_info->pm1a_port,
                         boot_info->pm1b_port);
    else
        rescue_reset();
    fail(m, SERVICE_UNSUPPORTED); /* still here */
}

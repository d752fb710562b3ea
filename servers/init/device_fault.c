/*
 * Faults of devices (R6): told to init by a notification, one bit a device. The
 * driver reads the fault records of its device itself, since they alone say
 * that a DMA did not arrive; what it has left for so long, init logs.
 */
#include <stdio.h>
#include <string.h>

#include <cordon/cordon.h>

#include "servers/init/device.h"
#include "servers/init/log.h"
#include "servers/init/ram.h"

#define FAULT_PATIENCE    (2 * NS_PER_S)
#define FAULTS_PER_SECOND 2000u /* beyond: muted, told once (R7) */
#define FAULT_LINES       8u    /* in the log, per life */
#define FAULT_BITS        60u   /* of the notification */

#define SAY(c, d, ...) component_say(c, (d)->policy->line, __VA_ARGS__)

static cap_t fault_notification;

void device_fault_open(void)
{
    fault_notification = object_make(CAP_NOTIFICATION, 0, NULL);
    if (fault_notification == 0 ||
        notification_bind(fault_notification, STARTUP_THREAD).status != OK)
        log_line("init: device faults cannot be reported");
}

/* Faults go to init's notification; it tells them with the name (R6, R7). */
int device_bind_faults(struct component *c, struct device_book *d)
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

void device_drain_faults(struct device_book *d)
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
        device_drain_faults(&devices[i]);
    }
}

/*
 * The driver kit: opening a device, its windows and its interrupts.
 */
#include <cordon/cordon.h>
#include <cordon/driver.h>

#include <stdio.h>

#include "libsys/runtime.h"

/*
 * Where IOVAs come from: low first, because many devices send 32 bits or
 * fewer, never page 0, never the addresses 0xfeexxxxx that mean interrupts
 * (VT-d 4.1, 3.14), and below what a 39-bit table reaches.
 */
#define IOVA_FIRST    0x1000000ull
#define IOVA_LOW_END  0xfee00000ull
#define IOVA_HIGH     0x100000000ull
#define IOVA_HIGH_END (1ull << 38)

/* The index-th capability of a kind for this device. */
static const struct startup_cap *granted(const struct driver *d,
                                         enum startup_kind kind, unsigned i)
{
    return startup_find(kind, d->name, i);
}

static cap_t granted_slot(const struct driver *d, enum startup_kind kind)
{
    const struct startup_cap *cap = granted(d, kind, 0);

    return cap == NULL ? 0 : cap->slot;
}

/* Vector i signals bit i of d->events. */
static uint64_t bind_interrupts(struct driver *d)
{
    const struct startup_cap *cap;
    uint64_t status = OK;

    for (unsigned i = 0; (cap = granted(d, STARTUP_INTERRUPT, i)) != NULL;
         i++) {
        cap_t signal;

        if (cap->index >= DRIVER_MAX_VECTORS)
            continue;
        signal = cap_copy(d->events, RIGHT_WRITE, 1ull << cap->index, &status);
        if (signal == 0)
            return status;
        status = interrupt_bind(cap->slot, signal).status;
        if (status != OK)
            return status;
        d->interrupts[cap->index] = cap->slot;
        if (cap->index >= d->vectors)
            d->vectors = cap->index + 1;
    }
    return OK;
}

uint64_t driver_open(struct driver *d, const char *name)
{
    const struct startup_cap *device = startup_find(STARTUP_DEVICE, name, 0);
    uint64_t status;

    if (device == NULL)
        return ERR_CAPABILITY;
    *d = (struct driver){.name = device->name, .device = device->slot};
    d->domain = granted_slot(d, STARTUP_DOMAIN);
    d->pci = granted_slot(d, STARTUP_PCI);
    d->dma_source = granted_slot(d, STARTUP_DMA_MEMORY);
    ranges_add(&d->iova, IOVA_FIRST, IOVA_LOW_END);
    ranges_add(&d->iova, IOVA_HIGH, IOVA_HIGH_END);
    d->events = object_make(CAP_NOTIFICATION, 0, &status);
    if (d->events == 0)
        return status;
    return bind_interrupts(d);
}

/* The widest Frames that cover exactly the window. */
static unsigned window_frame_bits(const struct startup_cap *window)
{
    struct result info = untyped_info(window->slot);
    uint64_t mask = (1ull << PAGE_2M_BITS) - 1;

    return info.status == OK && ((info.r[0] | info.r[1]) & mask) == 0
               ? PAGE_2M_BITS
               : PAGE_BITS;
}

static const struct startup_cap *find_window(const struct driver *d,
                                             unsigned bar)
{
    const struct startup_cap *window;

    for (unsigned i = 0; (window = granted(d, STARTUP_WINDOW, i)) != NULL; i++)
        if (window->index == bar)
            return window;
    return NULL;
}

/* Frames over the whole window, in consecutive slots. */
static uint64_t carve_window(const struct startup_cap *window, unsigned bits,
                             size_t count, cap_t *frames)
{
    cap_t run = slot_alloc_run(count);
    uint64_t status = run == 0 ? (uint64_t)ERR_LIMIT : (uint64_t)OK;

    for (size_t done = 0; status == OK && done < count; done += 512)
        status = untyped_retype(window->slot, CAP_FRAME, bits,
                                count - done < 512 ? count - done : 512, 0,
                                run + done, 0)
                     .status;
    if (status != OK && run != 0)
        cap_delete_run(run, count);
    *frames = run;
    return status;
}

mmio_t driver_map_window(struct driver *d, unsigned bar, size_t *bytes)
{
    const struct startup_cap *window = find_window(d, bar);
    struct memory mapped;
    unsigned bits;
    size_t count;
    cap_t frames;

    if (window == NULL)
        return NULL;
    bits = window_frame_bits(window);
    count = (window->size + (1ul << bits) - 1) >> bits;
    if (carve_window(window, bits, count, &frames) != OK)
        return NULL;
    if (memory_map(frames, count, bits, MAP_READ | MAP_WRITE | MAP_UNCACHED,
                   &mapped) != OK) {
        cap_delete_run(frames, count);
        return NULL;
    }
    if (bytes != NULL)
        *bytes = window->size;
    return mapped.address;
}

uint64_t driver_wait(struct driver *d, uint64_t deadline)
{
    struct result r = notification_wait(d->events, deadline);

    return r.status == OK ? r.r[0] : 0;
}

void driver_ack(struct driver *d, unsigned vector)
{
    if (vector < d->vectors && d->interrupts[vector] != 0)
        interrupt_ack(d->interrupts[vector]);
}

static struct driver_fault fault_of(const struct result *r)
{
    return (struct driver_fault){r->r[0], (uint32_t)r->r[1], (uint32_t)r->r[2]};
}

/* device_fault says how many there were, the quickest way; a record that it
 * takes is kept for driver_next_fault(). */
uint64_t driver_new_faults(struct driver *d)
{
    struct result r =
        d->fault_kept ? device_info(d->device) : device_fault(d->device);
    uint64_t before = d->faults_seen;

    if (r.status == OK && !d->fault_kept) {
        d->fault = fault_of(&r);
        d->fault_kept = true;
    }
    if (r.status != OK && STATUS_CODE(r.status) != ERR_TIMEOUT)
        return 1; /* the device was taken away: nothing arrives any more */
    d->faults_seen = r.r[3];
    return d->faults_seen - before;
}

bool driver_next_fault(struct driver *d, struct driver_fault *out)
{
    struct result r;

    if (d->fault_kept) {
        *out = d->fault;
        d->fault_kept = false;
        return true;
    }
    r = device_fault(d->device);
    if (r.status != OK)
        return false;
    *out = fault_of(&r);
    return true;
}

void driver_tell_fault(const struct driver_fault *fault)
{
    printf("%s: DMA %s at 0x%llx was blocked (reason 0x%x)\n", startup->name,
           fault->flags & DEVICE_FAULT_WRITE ? "write" : "read",
           (unsigned long long)fault->address, (unsigned)fault->reason);
}

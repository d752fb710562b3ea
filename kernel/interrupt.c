/*
 * Interrupts of devices and of legacy lines: from the CPU's vector to a
 * notification. Delivery takes no lock unless the interrupt is over its limit
 * or level-triggered; then it is masked at its source, until interrupt_ack
 * (R7). A device's interrupt is masked by its remapping entry, never by the
 * device, which may lie.
 */
#include "kernel/interrupt.h"

#include "kernel/arch/x86_64/ioapic.h"
#include "kernel/arch/x86_64/vectors.h"

/* Where the search for a free one goes on: a vector that was given back may
 * still be pending at a CPU, so it is used again as late as possible. */
static uint8_t vector_next[MAX_CPUS];
static struct interrupt *lines[INTERRUPT_LINES];
/* The I/O APIC's registers are two, to be used by one CPU at a time. */
static struct lock ioapic_lock;

void rate_limit_set(struct rate_limit *rate, uint64_t per_second)
{
    uint64_t second = clock_cycles(1000000000);
    bool many = per_second >= 1000;

    *rate = (struct rate_limit){
        .limit = many ? per_second / 100 : per_second,
        .window = many ? second / 100 : second,
    };
}

bool rate_limit_exceeded(struct rate_limit *rate)
{
    uint64_t now = tsc_read();

    if (now >= rate->window_ends) {
        rate->window_ends = now + rate->window;
        rate->count = 0;
    }
#ifdef MUTATION_no_rate_limit
    return false;
#endif
    return ++rate->count > rate->limit;
}

bool interrupt_vector_find(uint8_t cpu, uint8_t *vector)
{
    for (unsigned i = 0; i < DEVICE_VECTORS; i++) {
        unsigned at = (vector_next[cpu] + i) % DEVICE_VECTORS;
        if (!cpus[cpu].vectors[at]) {
            *vector = (uint8_t)(VECTOR_DEVICE_FIRST + at);
            return true;
        }
    }
    return false;
}

static struct interrupt **vector_slot(const struct interrupt *i)
{
    return &cpus[i->cpu].vectors[i->vector - VECTOR_DEVICE_FIRST];
}

bool interrupt_line_taken(uint8_t line)
{
    return lines[line] != NULL;
}

static bool entry_set(struct interrupt *i)
{
    struct iommu_irq irq = {
        .apic_id = platform.apic_ids[i->cpu],
        .source = i->source,
        .vector = i->vector,
        .level = i->is_level,
    };

    return iommu_irq_set(i->index, &irq) == IOMMU_OK;
}

static void line_mask(const struct interrupt *i, bool mask)
{
    lock_acquire(&ioapic_lock);
    ioapic_mask(i->gsi, mask);
    lock_release(&ioapic_lock);
}

static bool line_route(const struct interrupt *i)
{
    bool done;

    lock_acquire(&ioapic_lock);
    if (i->remapped)
        done = ioapic_route_remapped(i->gsi, i->vector, i->index);
    else
        done = ioapic_route_direct(i->gsi, i->vector,
                                   (uint8_t)platform.apic_ids[i->cpu]);
    if (done)
        ioapic_mask(i->gsi, false);
    lock_release(&ioapic_lock);
    return done;
}

bool interrupt_is_live(const struct interrupt *i)
{
    struct iommu_irq irq;

    return i->remapped && iommu_irq_read(i->index, &irq) &&
           irq.source == i->source && irq.vector == i->vector &&
           irq.apic_id == platform.apic_ids[i->cpu];
}

bool interrupt_start(struct interrupt *i)
{
    __atomic_store_n(vector_slot(i), i, __ATOMIC_RELEASE);
    vector_next[i->cpu] =
        (uint8_t)((i->vector - VECTOR_DEVICE_FIRST + 1) % DEVICE_VECTORS);
    if (i->is_line)
        lines[i->line] = i;
    if (i->remapped && !entry_set(i))
        return false;
    return !i->is_line || line_route(i);
}

/* Lets nothing more through, without confirmation yet. */
static void stop(struct interrupt *i)
{
    lock_acquire(&i->lock);
    i->dead = true;
    i->masked = true;
    if (i->is_line)
        line_mask(i, true);
    if (i->remapped)
        iommu_irq_remove(i->index);
    lock_release(&i->lock);
}

/* What a stopped interrupt had is free, once hardware has confirmed. */
static void give_back(struct interrupt *i, bool confirmed)
{
    __atomic_store_n(vector_slot(i), NULL, __ATOMIC_RELEASE);
    if (i->is_line)
        lines[i->line] = NULL;
    if (i->remapped && confirmed)
        iommu_irq_free(i->index);
    i->remapped = false;
}

static void leave_device(struct interrupt *i)
{
    struct device *device = i->device;

    if (!device)
        return;
    if (i->prev)
        i->prev->next = i->next;
    else
        device->interrupts = i->next;
    if (i->next)
        i->next->prev = i->prev;
    device->interrupt_count--;
    lock_acquire(&i->lock);
    i->device = NULL;
    lock_release(&i->lock);
}

void interrupt_join(struct interrupt *i, struct device *device)
{
    i->device = device;
    i->next = device->interrupts;
    if (i->next)
        i->next->prev = i;
    device->interrupts = i;
    device->interrupt_count++;
}

static bool confirm(void)
{
    if (iommu_irqs_confirm() == IOMMU_OK)
        return true;
    memory_quarantined = true;
    return false;
}

bool interrupt_kill(struct interrupt *i)
{
    bool confirmed = true;

    if (!i->dead) {
        bool remapped = i->remapped;
        stop(i);
        confirmed = !remapped || confirm();
        give_back(i, confirmed);
    }
    leave_device(i);
    return confirmed;
}

/* One confirmation for all: they are at most DEVICE_MAX_INTERRUPTS. */
bool interrupts_kill(struct device *device)
{
    if (!device->interrupts)
        return true;
#ifndef MUTATION_keep_interrupts
    for (struct interrupt *i = device->interrupts; i; i = i->next)
        stop(i);
#endif
    bool confirmed = confirm();
    while (device->interrupts) {
        give_back(device->interrupts, confirmed);
        leave_device(device->interrupts);
    }
    return confirmed;
}

/* Masks it at its source. Only over the limit its device's holder is told,
 * once: the interrupt does not come again before interrupt_ack. */
static void mask(struct interrupt *i, bool over_limit)
{
    lock_acquire(&i->lock);
    if (!i->masked) {
        i->masked = true;
        if (i->is_line)
            line_mask(i, true);
        else if (iommu_irq_mask(i->index) != IOMMU_OK)
            memory_quarantined = true;
        if (over_limit && i->device)
            device_tell(i->device);
    }
    lock_release(&i->lock);
}

bool interrupt_unmask(struct interrupt *i)
{
    bool done = true;

    lock_acquire(&i->lock);
    if (i->masked && !i->dead) {
        i->masked = false;
        if (i->is_line)
            line_mask(i, false);
        else
            done = entry_set(i);
    }
    lock_release(&i->lock);
    return done;
}

static __attribute__((noinline)) void mask_and_signal(struct interrupt *i,
                                                      bool over_limit)
{
    mask(i, over_limit);
    notification_tell(&i->bindings[INTERRUPT_BIND_NOTIFICATION]);
}

void interrupt_deliver(struct cpu *cpu, uint64_t vector)
{
    struct interrupt *i = __atomic_load_n(
        &cpu->vectors[vector - VECTOR_DEVICE_FIRST], __ATOMIC_ACQUIRE);
    bool over;

    if (!i)
        return;
    i->count++;
    over = rate_limit_exceeded(&i->rate);
    if (unlikely(over) || i->is_level)
        mask_and_signal(i, over);
    else
        notification_tell(&i->bindings[INTERRUPT_BIND_NOTIFICATION]);
}

enum step interrupt_binding_lost(struct interrupt *i, unsigned role)
{
    if (role != INTERRUPT_BIND_DEVICE)
        return STEP_DONE;
    return interrupt_kill(i) ? STEP_DONE : STEP_UNCONFIRMED;
}

enum step interrupt_destroy_step(struct interrupt *i)
{
    bool confirmed = interrupt_kill(i);

    for (unsigned role = 0; role < INTERRUPT_BINDINGS; role++)
        cap_remove(&i->bindings[role]);
    return confirmed ? STEP_DONE : STEP_UNCONFIRMED;
}

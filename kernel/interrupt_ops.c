/*
 * Making Interrupts, for a Device or for a legacy line, and using them. The
 * Device's come as MSI or MSI-X only, through a remapping entry that checks
 * their source (R5); the lines are for the console's UART and are masked at
 * the I/O APIC.
 */
#include "kernel/arch/x86_64/ioapic.h"
#include "kernel/captable.h"
#include "kernel/interrupt.h"
#include "kernel/operations.h"
#include "kernel/untyped.h"

#include <cordon/operations.h>

#define LIMIT_MIN    1u
#define LIMIT_MAX    10000000u
#define APIC_ID_8BIT 254u

/* What both kinds need, decoded and checked. */
struct making {
    struct cap *memory, *slot;
    struct interrupt *interrupt; /* zeroed memory, not yet taken */
    uint8_t cpu, vector;
    uint64_t limit;
};

/* Arguments from number `first` on: table, slot, cpu, limit; memory is 1. */
static bool making_check(struct thread *self, const uint64_t args[4],
                         uint64_t first, uint64_t operation, struct making *m)
{
    if (args[2] >= platform.cpu_count)
        return syscall_argument(self, first + 2, 0, platform.cpu_count - 1);
    if (args[3] < LIMIT_MIN || args[3] > LIMIT_MAX)
        return syscall_argument(self, first + 3, LIMIT_MIN, LIMIT_MAX);
    m->cpu = (uint8_t)args[2];
    m->limit = args[3];
    if (!interrupt_vector_find(m->cpu, &m->vector))
        return syscall_fail(self, ERR_LIMIT, first + 2);
    m->slot = table_slots(self, args[0], first, args[1], 1, first + 1);
    if (!m->slot)
        return false;
    m->interrupt = untyped_object(self, CAP_INTERRUPT, operation, &m->memory);
    return m->interrupt != NULL;
}

static void making_fill(const struct making *m)
{
    struct interrupt *i = m->interrupt;

    i->cpu = m->cpu;
    i->vector = m->vector;
    rate_limit_set(&i->rate, m->limit);
}

/* Gives it its capability, and starts it. */
static void making_commit(struct thread *self, const struct making *m)
{
    untyped_commit(m->memory, m->memory, CAP_INTERRUPT, &m->interrupt->object,
                   m->slot);
    if (!interrupt_start(m->interrupt)) {
        cap_delete_step(m->slot);
        syscall_fail(self, ERR_UNCONFIRMED, 0);
    }
}

void device_interrupt_op(struct thread *self, struct cap *cap)
{
    struct registers *regs = &self->regs;
    struct device *device = cap_object(cap);
    const uint64_t args[4] = {regs->rdx, regs->r10, regs->r8, regs->r9};
    enum status status = cap_may_derive(cap);
    struct making m;
    uint32_t data;

    if (device->state == DEVICE_BLOCKED || device->state == DEVICE_QUARANTINED)
        status = ERR_BUSY;
    else if (device->interrupt_count == DEVICE_MAX_INTERRUPTS)
        status = ERR_LIMIT;
    if (status != OK)
        return (void)syscall_fail(self, status, 0);
    if (!making_check(self, args, 2, OP_DEVICE_INTERRUPT, &m))
        return;
    if (iommu_irq_alloc(&m.interrupt->index) != IOMMU_OK) {
        m.interrupt->index = 0;
        syscall_fail(self, ERR_LIMIT, 0);
        return;
    }
    making_fill(&m);
    m.interrupt->remapped = true;
    m.interrupt->source = device->iommu.rid;
    interrupt_join(m.interrupt, device);
    cap_bind(cap, &m.interrupt->bindings[INTERRUPT_BIND_DEVICE],
             &m.interrupt->object, INTERRUPT_BIND_DEVICE);
    iommu_irq_message(m.interrupt->index, &regs->rsi, &data);
    regs->rdx = data;
    making_commit(self, &m);
}

/* Where the line enters, and through which remapping entry. False: an error
 * has been set. */
static bool line_find(struct thread *self, uint8_t line, struct interrupt *out)
{
    uint8_t apic_id;
    unsigned pin;

    out->gsi = ioapic_gsi_of_isa(line);
    if (!ioapic_find(out->gsi, &apic_id, &pin) ||
        (iommu_usable() && !iommu_ioapic_source(apic_id, &out->source)))
        return syscall_fail(self, ERR_ARGUMENT, 2);
    out->is_line = true;
    out->line = line;
    out->is_level = ioapic_is_level(out->gsi);
    return true;
}

void device_lines_op(struct thread *self, struct cap *cap)
{
    struct registers *regs = &self->regs;
    uint64_t line = regs->rdx;
    const uint64_t args[4] = {regs->r10, regs->r8, regs->r9, regs->r12};
    struct interrupt found = {0};
    struct making m;

    (void)cap;
    if (line >= INTERRUPT_LINES)
        return (void)syscall_argument(self, 2, 0, INTERRUPT_LINES - 1);
    if (interrupt_line_taken((uint8_t)line))
        return (void)syscall_fail(self, ERR_BUSY, 2);
    if (!line_find(self, (uint8_t)line, &found) ||
        !making_check(self, args, 3, OP_DEVICE_LINES, &m))
        return;
    if (!iommu_usable() && platform.apic_ids[m.cpu] > APIC_ID_8BIT)
        return (void)syscall_argument(self, 5, 0, 0);
    if (iommu_usable() && iommu_irq_alloc(&found.index) != IOMMU_OK)
        return (void)syscall_fail(self, ERR_LIMIT, 0);
    *m.interrupt = found;
    m.interrupt->remapped = iommu_usable();
    making_fill(&m);
    making_commit(self, &m);
}

void interrupt_bind_op(struct thread *self, struct cap *cap)
{
    struct interrupt *i = cap_object(cap);
    struct cap *binding = &i->bindings[INTERRUPT_BIND_NOTIFICATION];
    cap_t slot = self->regs.rsi;
    struct cap *found =
        slot ? cap_to_bind(self, slot, CAP_NOTIFICATION, 1) : NULL;

    if (slot && !found)
        return;
    if (i->dead)
        return (void)syscall_fail(self, ERR_GONE, 0);
    cap_remove(binding);
    if (found)
        cap_bind(found, binding, &i->object, INTERRUPT_BIND_NOTIFICATION);
}

void interrupt_ack_op(struct thread *self, struct cap *cap)
{
    struct interrupt *i = cap_object(cap);

    if (i->dead)
        syscall_fail(self, ERR_GONE, 0);
#ifndef MUTATION_no_limit_on_acknowledge
    else if (i->masked && !i->is_line && clock_tsc() < i->rate.window_ends)
        syscall_fail(self, ERR_BUSY, 0); /* R7: its limit holds until then */
#endif
    else if (!interrupt_unmask(i))
        syscall_fail(self, ERR_UNCONFIRMED, 0);
}

void interrupt_info_op(struct thread *self, struct cap *cap)
{
    const struct interrupt *i = cap_object(cap);

    self->regs.rsi = i->count;
    self->regs.rdx = i->masked;
    self->regs.r10 = i->index;
    self->regs.r8 = interrupt_is_live(i) ? i->vector : 0;
    self->regs.r9 = i->cpu;
}

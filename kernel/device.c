/*
 * Devices: minted by the PCI server for a requester ID (R2), attached to a
 * Domain, blocked. Blocking is the whole of what the kernel does about a
 * device that is not trusted any more: no DMA, no interrupts, faults muted,
 * confirmed by hardware (R4); resetting it is the PCI server's part.
 */
#include "kernel/captable.h"
#include "kernel/device.h"
#include "kernel/operations.h"
#include "kernel/untyped.h"

#include <cordon/operations.h>

#define REQUESTER_MAX 0xffffffffu /* segment << 16 | requester ID */

/* Everything but the bindings. Not confirmed: it stays quarantined, and so
 * does all memory that it could reach. */
static bool block(struct device *device)
{
    bool confirmed = interrupts_kill(device);

    lock_acquire(&device->lock);
#ifndef MUTATION_keep_attachment
    confirmed &= iommu_block(&device->iommu) == IOMMU_OK;
#endif
    device->state = confirmed ? DEVICE_BLOCKED : DEVICE_QUARANTINED;
    lock_release(&device->lock);
    if (!confirmed)
        memory_quarantined = true;
    return confirmed;
}

void device_mint_op(struct thread *self, struct cap *cap)
{
    struct registers *regs = &self->regs;
    uint64_t requester = regs->rdx;
    struct cap *slot, *memory;
    struct device *device;
    struct iommu_device iommu;

    (void)cap;
    if (!iommu_usable())
        return (void)syscall_fail(self, ERR_NO_ISOLATION, 0);
    if (requester > REQUESTER_MAX ||
        iommu_device_init(&iommu, (uint16_t)(requester >> 16),
                          (uint16_t)requester) != IOMMU_OK)
        return (void)syscall_fail(self, ERR_ARGUMENT, 2);
    if (device_table_has(iommu.segment, iommu.rid))
        return (void)syscall_fail(self, ERR_BUSY, 2);
    slot = table_slots(self, regs->r10, 3, regs->r8, 1, 4);
    if (!slot)
        return;
    device = untyped_object(self, CAP_DEVICE, OP_DEVICE_MINT, &memory);
    if (!device)
        return;
    device->iommu = iommu;
    rate_limit_set(&device->rate, 1);
    device_table_add(device);
    untyped_commit(memory, memory, CAP_DEVICE, &device->object, slot);
}

void device_attach_op(struct thread *self, struct cap *cap)
{
    struct device *device = cap_object(cap);
    struct cap *found = cap_to_bind(self, self->regs.rsi, CAP_DOMAIN, 1);
    enum iommu_status attached;

    if (!found)
        return;
    if (device->state == DEVICE_CAGED || device->state == DEVICE_QUARANTINED)
        return (void)syscall_fail(self, ERR_BUSY, 0);
    cap_bind(found, &device->bindings[DEVICE_BIND_DOMAIN], &device->object,
             DEVICE_BIND_DOMAIN);
    lock_acquire(&device->lock);
    attached = iommu_attach(&device->iommu, domain_iommu(cap_object(found)));
    device->state = DEVICE_CAGED;
    lock_release(&device->lock);
    if (attached != IOMMU_OK) {
        block(device);
        cap_remove(&device->bindings[DEVICE_BIND_DOMAIN]);
        syscall_fail(self, ERR_UNCONFIRMED, 0);
    }
}

void device_block_op(struct thread *self, struct cap *cap)
{
    struct device *device = cap_object(cap);

    if (!block(device))
        return (void)syscall_fail(self, ERR_UNCONFIRMED, 0);
    cap_remove(&device->bindings[DEVICE_BIND_DOMAIN]);
}

void device_info_op(struct thread *self, struct cap *cap)
{
    struct device *device = cap_object(cap);
    const struct iommu_device *iommu = &device->iommu;
    struct iommu_attachment live = {0};

    iommu_attachment_read(iommu->segment, iommu->rid, &live);
    self->regs.rsi = (uint64_t)iommu->segment << 16 | iommu->rid;
    self->regs.rdx = device->state;
    self->regs.r10 = live.present ? live.domain_id : 0;
    self->regs.r8 = device_count_faults(device);
    self->regs.r9 = device->interrupt_count;
}

enum step device_binding_lost(struct device *device, unsigned role)
{
    if (role != DEVICE_BIND_DOMAIN)
        return STEP_DONE;
    return block(device) ? STEP_DONE : STEP_UNCONFIRMED;
}

/* The requester stays blocked and muted. What it could reach is not used again
 * unless hardware has confirmed. */
enum step device_destroy_step(struct device *device)
{
    bool confirmed = block(device);

    device_table_remove(device);
    cap_remove(&device->bindings[DEVICE_BIND_DOMAIN]);
    cap_remove(&device->bindings[DEVICE_BIND_FAULT]);
    return confirmed ? STEP_DONE : STEP_UNCONFIRMED;
}

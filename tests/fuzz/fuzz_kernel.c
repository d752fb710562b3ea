/*
 * The whole kernel on a machine of two CPUs (tests/host): bytes are read as
 * system calls of whoever runs, and as what the world does meanwhile: IPIs
 * taken, time that passes, faults, DMA, interrupts, an IOMMU that fails. After
 * each step world_check() must hold, at the end all that was made must be
 * gone again.
 *
 * machine: tests/host
 * links: tests/host/machine.c tests/host/world.c tests/host/world_check.c
 * links: tests/host/caps.c tests/host/world_reach.c
 * links: tests/host/furnish.c tests/host/steps.c
 * links: tests/unit/vtd/dmar.c tests/unit/vtd/memory.c
 * links: tests/unit/vtd/queue.c tests/unit/vtd/registers.c
 * links: tests/unit/vtd/requests.c
 * links: kernel/cap.c kernel/captable.c kernel/destroy.c kernel/device.c
 * links: kernel/device_fault.c kernel/domain.c kernel/endpoint.c
 * links: kernel/fastpath.c kernel/interrupt.c
 * links: kernel/interrupt_ops.c kernel/interrupts.c kernel/main.c
 * links: kernel/message.c kernel/notification.c kernel/notification_ops.c
 * links: kernel/ports.c kernel/radix.c kernel/remote.c kernel/sched.c
 * links: kernel/sched_ops.c kernel/space.c kernel/space_ops.c
 * links: kernel/syscall.c kernel/thread.c kernel/thread_ops.c
 * links: kernel/timer.c kernel/untyped.c
 * links: kernel/arch/x86_64/radix_cpu.c kernel/arch/x86_64/ioapic.c
 * links: iommu/vtd/radix_vtd.c iommu/vtd/scope.c iommu/vtd/queue.c
 * links: iommu/vtd/context.c iommu/vtd/domain.c iommu/vtd/remap.c
 * links: iommu/vtd/fault.c boot/vtd/dmar.c boot/vtd/scopes.c boot/vtd/init.c
 * links: boot/vtd/faults.c boot/vtd/tables.c boot/vtd/unit.c
 */
#include <stdlib.h>
#include <string.h>

#include <cordon/operations.h>
#include "tests/host/steps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS_MAX 150

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes b = {data, data + size};
    uint8_t how = bytes_next(&b);

    machine_start((how & 1 ? MODEL_COHERENT : 0u) |
                      (how & 2 ? MODEL_CACHING_MODE : 0u) |
                      (how & 4 ? MODEL_NO_PAGE_SELECT : 0u),
                  how & 8);
    world_make();
    world_furnish();
    for (unsigned i = 0; i < STEPS_MAX && b.at < b.end; i++) {
        step_take(&b);
        world_check();
        world_check_reach();
    }
    world_end();
    return 0;
}

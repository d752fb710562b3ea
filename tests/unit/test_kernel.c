/*
 * The kernel on a machine of two CPUs (tests/host): what was unmapped, blocked
 * or deleted is out of every cache when the call returns (R4), interrupts come
 * from their source (R5) and within their limit (R7), faults are messages (R6),
 * memory comes clean (R11), and hardware that does not confirm costs memory,
 * not safety. With and without PCIDs, for units of several kinds.
 *
 * The MUTATION_ builds of kernel/ and iommu/ must make these tests fail.
 *
 * machine: tests/host
 * links: tests/unit/kernel/devices.c tests/unit/kernel/memory.c
 * links: tests/unit/kernel/threads.c
 * links: tests/host/machine.c tests/host/world.c tests/host/world_check.c
 * links: tests/host/caps.c tests/host/world_reach.c
 * links: tests/host/furnish.c
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
#include "tests/unit/kernel/on_all.h"

uint64_t call(uint64_t operation, cap_t slot, const uint64_t args[7])
{
    uint64_t status = machine_call(operation, slot, args);

    world_check();
    world_check_reach();
    return status;
}

static const unsigned kinds[] = {MODEL_COHERENT, 0, MODEL_CACHING_MODE,
                                 MODEL_COHERENT | MODEL_NO_PAGE_SELECT};
#define KINDS (2 * sizeof(kinds) / sizeof(kinds[0]))

void on_all(void (*test)(void))
{
    for (unsigned i = 0; i < KINDS; i++) {
        machine_start(kinds[i / 2], i % 2);
        world_make();
        world_furnish();
        test();
        world_end();
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spaces),       cmocka_unit_test(test_deletion),
        cmocka_unit_test(test_devices),      cmocka_unit_test(test_interrupts),
        cmocka_unit_test(test_messages),     cmocka_unit_test(test_quarantine),
        cmocka_unit_test(test_rights),       cmocka_unit_test(test_zeroing),
        cmocka_unit_test(test_dma_faults),   cmocka_unit_test(test_page_faults),
        cmocka_unit_test(test_limits),       cmocka_unit_test(test_budgets),
        cmocka_unit_test(test_device_table), cmocka_unit_test(test_donation),
        cmocka_unit_test(test_turns),        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_timers),       cmocka_unit_test(test_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

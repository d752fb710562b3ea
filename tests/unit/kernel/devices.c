/*
 * Devices: blocked ones reach nothing (R3, R4), interrupts come from their
 * source (R5) and within their limit (R7), faults are messages (R6).
 */
#include "tests/unit/kernel/on_all.h"

#include "kernel/arch/x86_64/vectors.h"
#include "kernel/notification.h"

/* R3, R4: a blocked device reaches nothing, attached again it reaches what its
 * new Domain has and nothing of the old one. */
static void devices(void)
{
    OK_CALL(OP_SPACE_MAP, WORLD_DOMAIN, FREE_FRAME, 2, AT, RW);
    OK_CALL(OP_DEVICE_BLOCK, WORLD_DEVICE, 0);
    OK_CALL(OP_UNTYPED_RETYPE, WORLD_RAM, CAP_DOMAIN, 15, 1, 0, WORLD_EMPTY);
    OK_CALL(OP_DEVICE_ATTACH, WORLD_DEVICE, WORLD_EMPTY);
    OK_CALL(OP_SPACE_MAP, WORLD_EMPTY, FREE_FRAME + 2, 1, AT, MAP_READ);
    OK_CALL(OP_CAPTABLE_DELETE, WORLD_TABLE, WORLD_EMPTY);
    OK_CALL(OP_DEVICE_ATTACH, WORLD_DEVICE, WORLD_DOMAIN);
    OK_CALL(OP_CAPTABLE_DELETE, WORLD_TABLE, WORLD_DEVICE);
}

void test_devices(void **state)
{
    (void)state;
    on_all(devices);
}

/* R5: delivered to its notification, gone when it is gone. */
static void interrupts(void)
{
    uint64_t address, data;
    struct thread *self;

    OK_CALL(OP_DEVICE_INTERRUPT, WORLD_DEVICE, WORLD_MEMORY, 0, WORLD_EMPTY, 1,
            1000);
    self = cpus[0].current;
    address = self->regs.rsi;
    data = self->regs.rdx;
    OK_CALL(OP_INTERRUPT_BIND, WORLD_EMPTY, WORLD_EVENTS);
    assert_int_equal(call(OP_NOTIFICATION_WAIT, WORLD_EVENTS, ARGS(0)),
                     ERR_TIMEOUT);
    world_msi(WORLD_RID, address, (uint32_t)data);
    OK_CALL(OP_NOTIFICATION_WAIT, WORLD_EVENTS, 0);
    OK_CALL(OP_INTERRUPT_INFO, WORLD_EMPTY, 0);
    assert_int_equal(self->regs.rsi, 1); /* delivered */
    assert_int_equal(self->regs.r9, 1);  /* on that CPU */
    OK_CALL(OP_CAPTABLE_DELETE, WORLD_TABLE, WORLD_EMPTY);
    world_msi(WORLD_RID, address, (uint32_t)data);
    /* R3: it goes with its device. */
    OK_CALL(OP_DEVICE_INTERRUPT, WORLD_DEVICE, WORLD_MEMORY, 0, WORLD_EMPTY, 1,
            1000);
    address = self->regs.rsi;
    data = self->regs.rdx;
    OK_CALL(OP_DEVICE_BLOCK, WORLD_DEVICE, 0);
    world_msi(WORLD_RID, address, (uint32_t)data);
    assert_int_equal(call(OP_INTERRUPT_ACK, WORLD_EMPTY, ARGS(0)), ERR_GONE);
}

void test_interrupts(void **state)
{
    (void)state;
    on_all(interrupts);
}

/* R6: a blocked DMA becomes a record that says what it was. */
static void dma_faults(void)
{
    const struct registers *r = &cpus[0].current->regs;

    OK_CALL(OP_DEVICE_BIND, WORLD_DEVICE, WORLD_EVENTS, 100);
    world_dma(WORLD_RID, 0x7000, true);
    world_dma(WORLD_RID, 0x9000, false);
    machine_interrupt(VECTOR_IOMMU_FAULT);
    OK_CALL(OP_NOTIFICATION_WAIT, WORLD_EVENTS, DEADLINE_POLL);
    machine_call(OP_DEVICE_FAULT, WORLD_DEVICE, ARGS(0));
    assert_int_equal(r->rax, OK);
    assert_int_equal(r->rsi, 0x7000);
    assert_int_equal(r->r10 & DEVICE_FAULT_WRITE, DEVICE_FAULT_WRITE);
    machine_call(OP_DEVICE_FAULT, WORLD_DEVICE, ARGS(0));
    assert_int_equal(r->rsi, 0x9000);
    assert_int_equal(r->r10 & DEVICE_FAULT_WRITE, 0);
}

void test_dma_faults(void **state)
{
    (void)state;
    on_all(dma_faults);
}

/* Two requesters of one hash (0x20, and 0x25 ^ 5): the older goes first. */
static void device_table(void)
{
    OK_CALL(OP_DEVICE_MINT, WORLD_DEVICE_CONTROL, WORLD_MEMORY, 0x525, 0,
            WORLD_EMPTY);
    OK_CALL(OP_CAPTABLE_DELETE, WORLD_TABLE, WORLD_DEVICE);
    assert_int_equal(call(OP_DEVICE_MINT, WORLD_DEVICE_CONTROL,
                          ARGS(WORLD_MEMORY, 0x525, 0, WORLD_EMPTY + 1)),
                     ERR_BUSY | 2 << 8);
    OK_CALL(OP_DEVICE_MINT, WORLD_DEVICE_CONTROL, WORLD_MEMORY, WORLD_RID, 0,
            WORLD_DEVICE);
}

void test_device_table(void **state)
{
    (void)state;
    on_all(device_table);
}

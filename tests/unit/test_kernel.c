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
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <cordon/operations.h>
#include "kernel/arch/x86_64/vectors.h"
#include "kernel/notification.h"
#include "tests/host/world.h"

#define ARGS(...)   ((const uint64_t[7]){__VA_ARGS__})
#define FREE_FRAME  (WORLD_FRAMES + 2)
#define FREE_FRAMES 6
#define AT          0x400000ul
#define RW          (MAP_READ | MAP_WRITE)

static uint64_t call(uint64_t operation, cap_t slot, const uint64_t args[7])
{
    uint64_t status = machine_call(operation, slot, args);

    world_check();
    world_check_reach();
    return status;
}

#define OK_CALL(operation, slot, ...)                                          \
    assert_int_equal(call(operation, slot, ARGS(__VA_ARGS__)), OK)

static const unsigned kinds[] = {MODEL_COHERENT, 0, MODEL_CACHING_MODE,
                                 MODEL_COHERENT | MODEL_NO_PAGE_SELECT};
#define KINDS (2 * sizeof(kinds) / sizeof(kinds[0]))

/* Runs a test on each kind of machine. */
static void on_all(void (*test)(void))
{
    for (unsigned i = 0; i < KINDS; i++) {
        machine_start(kinds[i / 2], i % 2);
        world_make();
        world_furnish();
        test();
        world_end();
    }
}

/* What the first thread maps is seen by its space on both CPUs. */
static void map_and_unmap(cap_t space)
{
    OK_CALL(OP_SPACE_MAP, space, FREE_FRAME, 4, AT, RW);
    OK_CALL(OP_SPACE_PROTECT, space, FREE_FRAME + 1, 2, MAP_READ);
    OK_CALL(OP_SPACE_UNMAP, space, FREE_FRAME + 3, 1);
    OK_CALL(OP_SPACE_MAP, space, FREE_FRAME + 4, 1, AT + 3 * PAGE_SIZE, RW);
    OK_CALL(OP_SPACE_UNMAP, space, FREE_FRAME, FREE_FRAMES);
    /* One page by the short way, each a time of its own. */
    for (unsigned i = 0; i < FREE_FRAMES; i++) {
        OK_CALL(OP_SPACE_MAP, space, FREE_FRAME + i, 1, AT, RW);
        OK_CALL(OP_SPACE_UNMAP, space, FREE_FRAME + i, 1);
    }
}

static void spaces(void)
{
    map_and_unmap(WORLD_SPACE);
    map_and_unmap(WORLD_DOMAIN);
    map_and_unmap(WORLD_SPACE_2); /* loaded nowhere */
}

static void test_spaces(void **state)
{
    (void)state;
    on_all(spaces);
}

/* A Frame that is deleted, and memory that is revoked, are reached no more. */
static void deletion(void)
{
    OK_CALL(OP_SPACE_MAP, WORLD_SPACE, FREE_FRAME, 2, AT, RW);
    OK_CALL(OP_SPACE_MAP, WORLD_DOMAIN, FREE_FRAME + 2, 2, AT, RW);
    OK_CALL(OP_CAPTABLE_COPY, WORLD_TABLE, WORLD_EMPTY, 0, FREE_FRAME + 4,
            RIGHT_READ);
    OK_CALL(OP_SPACE_MAP, WORLD_DOMAIN, WORLD_EMPTY, 1, 2 * AT, MAP_READ);
    OK_CALL(OP_CAPTABLE_DELETE, WORLD_TABLE, FREE_FRAME);
    OK_CALL(OP_CAPTABLE_DELETE, WORLD_TABLE, FREE_FRAME + 2);
    OK_CALL(OP_CAPTABLE_REVOKE, WORLD_TABLE, FREE_FRAME + 4);
    OK_CALL(OP_CAPTABLE_MOVE, WORLD_TABLE, WORLD_EMPTY, 0, FREE_FRAME + 3);
    OK_CALL(OP_CAPTABLE_DELETE, WORLD_TABLE, WORLD_DOMAIN);
}

static void test_deletion(void **state)
{
    (void)state;
    on_all(deletion);
}

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

static void test_devices(void **state)
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

static void test_interrupts(void **state)
{
    (void)state;
    on_all(interrupts);
}

static enum cap_type type_at(uint64_t slot)
{
    return cap_type_of(&world_table()->slots[slot]);
}

/* The first thread calls the one that waits, which answers. */
static void messages(void)
{
    struct thread *caller = cpus[0].current, *server;

    machine_call(OP_ENDPOINT_CALL, WORLD_ENDPOINTS,
                 ARGS(TAG(7, 4, 0), 1, 2, 3, 4, 0, DEADLINE_NEVER));
    world_check();
    server = cpus[0].current;
    assert_ptr_not_equal(server, caller);
    assert_int_equal(server->regs.rsi, TAG(7, 4, 0));
    assert_int_equal(server->regs.r9, 4);
    machine_call(OP_REPLY_RECEIVE, WORLD_ENDPOINTS,
                 ARGS(TAG(8, 1, 0), 9, 0, 0, 0, WORLD_REPLIES, DEADLINE_NEVER));
    world_check();
    assert_ptr_equal(cpus[0].current, caller);
    assert_int_equal(caller->regs.rax, OK);
    assert_int_equal(caller->regs.rdx, 9);
    /* The server waits again. Four capabilities: two are derived, an Untyped
     * and a Reply have one holder and move. */
    machine_call(OP_ENDPOINT_CALL, WORLD_ENDPOINTS,
                 ARGS(TAG(7, 0, 4), 0, 0, 0, 0, 0, DEADLINE_NEVER));
    world_check();
    assert_ptr_equal(cpus[0].current, server);
    assert_int_equal(server->regs.rsi, TAG(7, 0, 4));
    assert_int_equal(type_at(WORLD_RECEIVED), CAP_NOTIFICATION);
    assert_int_equal(type_at(WORLD_RECEIVED + 1), CAP_FRAME);
    assert_int_equal(type_at(WORLD_RECEIVED + 2), CAP_UNTYPED);
    assert_int_equal(type_at(WORLD_RECEIVED + 3), CAP_REPLY);
    assert_int_equal(type_at(WORLD_EVENTS), CAP_NOTIFICATION);
    assert_int_equal(type_at(WORLD_MEMORY), CAP_NULL);
    assert_int_equal(type_at(WORLD_REPLIES + 1), CAP_NULL);
    machine_call(
        OP_REPLY_RECEIVE, WORLD_ENDPOINTS,
        ARGS(TAG(8, 60, 0), 9, 0, 0, 0, WORLD_REPLIES, DEADLINE_NEVER));
    assert_ptr_equal(cpus[0].current, caller);
    /* A slot beyond all tables is refused, whatever it is times 64. */
    assert_int_equal(
        call(OP_ENDPOINT_CALL, ~0ul, ARGS(0, 0, 0, 0, 0, 0, DEADLINE_NEVER)),
        ERR_CAPABILITY);
}

static void test_messages(void **state)
{
    (void)state;
    on_all(messages);
}

/* A mapping allows no more than its capability, and not to write and execute.
 */
static void rights(void)
{
    OK_CALL(OP_CAPTABLE_COPY, WORLD_TABLE, WORLD_EMPTY, 0, FREE_FRAME,
            RIGHT_READ);
    assert_int_equal(
        call(OP_SPACE_MAP, WORLD_SPACE, ARGS(WORLD_EMPTY, 1, AT, RW)),
        ERR_RIGHTS | 1 << 8);
    assert_int_equal(STATUS_CODE(call(OP_SPACE_MAP, WORLD_SPACE,
                                      ARGS(FREE_FRAME, 1, AT, RW | MAP_EXEC))),
                     ERR_ARGUMENT);
    OK_CALL(OP_SPACE_MAP, WORLD_SPACE, WORLD_EMPTY, 1, AT, MAP_READ);
    assert_int_equal(STATUS_CODE(call(OP_SPACE_PROTECT, WORLD_SPACE,
                                      ARGS(WORLD_EMPTY, 1, RW))),
                     ERR_RIGHTS);
}

static void test_rights(void **state)
{
    (void)state;
    on_all(rights);
}

/* R11: memory that was somebody's is zero when it is made into something. */
static void zeroing(void)
{
    uint8_t *memory;

    for (unsigned round = 0; round < 3; round++) {
        OK_CALL(OP_UNTYPED_RETYPE, WORLD_RAM, CAP_UNTYPED, 4 * PAGE_SIZE, 1, 0,
                WORLD_EMPTY);
        for (unsigned again = 0; again < 2; again++) {
            OK_CALL(OP_UNTYPED_RETYPE, WORLD_EMPTY, CAP_FRAME, PAGE_BITS, 3, 0,
                    WORLD_EMPTY + 1);
            memory = cap_object(&world_table()->slots[WORLD_EMPTY + 1]);
            for (unsigned i = 0; i < 3 * PAGE_SIZE; i++)
                assert_int_equal(memory[i], 0);
            __builtin_memset(memory, 0xa5, 3 * PAGE_SIZE);
            OK_CALL(OP_CAPTABLE_REVOKE, WORLD_TABLE, WORLD_EMPTY);
        }
        OK_CALL(OP_CAPTABLE_DELETE, WORLD_TABLE, WORLD_EMPTY);
    }
}

static void test_zeroing(void **state)
{
    (void)state;
    on_all(zeroing);
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

static void test_dma_faults(void **state)
{
    (void)state;
    on_all(dma_faults);
}

/* R6: a page fault on one CPU is a message to a handler on the other. */
static void page_faults(void)
{
    struct thread *handler = cpus[0].current, *faulting = cpus[1].current;

    machine_call(OP_ENDPOINT_RECEIVE, WORLD_ENDPOINTS + 1,
                 ARGS(0, 0, 0, 0, 0, WORLD_REPLIES + 1, DEADLINE_NEVER));
    world_check();
    machine_cpu(1);
    machine_exception(14, 6, 0xdead000);
    assert_null(cpus[1].current);
    machine_cpu(0);
    machine_take_ipi();
    world_check();
    assert_ptr_equal(cpus[0].current, handler);
    assert_int_equal(handler->regs.rsi, TAG(LABEL_FAULT, FAULT_WORDS, 0));
    assert_int_equal(handler->regs.rdx, FAULT_PAGE);
    assert_int_equal(handler->regs.r10, 0xdead000);
    machine_call(OP_REPLY_SEND, WORLD_REPLIES + 1,
                 ARGS(TAG(FAULT_RESUME, 0, 0)));
    machine_cpu(1);
    machine_take_ipi();
    assert_ptr_equal(cpus[1].current, faulting);
    machine_cpu(0);
    world_check();
}

/* The same within one CPU, where the handler waits: the short way. */
static void page_faults_here(void)
{
    struct thread *handler = cpus[0].current, *faulting;

    /* The other thread gets a message and runs; then it sleeps for a while. */
    machine_call(OP_ENDPOINT_SEND, WORLD_ENDPOINTS,
                 ARGS(TAG(1, 0, 0), 0, 0, 0, 0, 0, DEADLINE_NEVER));
    faulting = cpus[0].current;
    assert_ptr_not_equal(faulting, handler);
    machine_call(OP_NOTIFICATION_WAIT, WORLD_EVENTS,
                 ARGS(clock_tsc() + 1000000));
    assert_ptr_equal(cpus[0].current, handler);
    machine_call(OP_ENDPOINT_RECEIVE, WORLD_ENDPOINTS,
                 ARGS(0, 0, 0, 0, 0, WORLD_REPLIES + 1, DEADLINE_NEVER));
    machine_wait(2000000);
    assert_ptr_equal(cpus[0].current, faulting);
    for (unsigned round = 1; round < 3; round++) {
        machine_exception(14, 6, round * PAGE_SIZE);
        world_check();
        assert_ptr_equal(cpus[0].current, handler);
        assert_int_equal(handler->regs.r10, round * PAGE_SIZE);
        machine_call(OP_REPLY_RECEIVE, WORLD_ENDPOINTS,
                     ARGS(TAG(FAULT_RESUME, 0, 0), 0, 0, 0, 0,
                          WORLD_REPLIES + 1, DEADLINE_NEVER));
        world_check();
        assert_ptr_equal(cpus[0].current, faulting);
    }
}

static void test_page_faults(void **state)
{
    (void)state;
    on_all(page_faults);
    on_all(page_faults_here);
}

/* R7: interrupts over their limit are masked until their window has ended,
 * whatever the driver acknowledges. */
static void limits(void)
{
    struct registers *r = &cpus[0].current->regs;
    uint64_t address;

    OK_CALL(OP_DEVICE_INTERRUPT, WORLD_DEVICE, WORLD_MEMORY, 0, WORLD_EMPTY, 0,
            2);
    address = r->rsi;
    for (unsigned i = 0; i < 4; i++)
        world_msi(WORLD_RID, address, 0);
    machine_call(OP_INTERRUPT_INFO, WORLD_EMPTY, ARGS(0));
    assert_int_equal(r->rsi, 3); /* the third was over the limit */
    assert_int_equal(r->rdx, 1); /* and masked it */
    assert_int_equal(STATUS_CODE(call(OP_INTERRUPT_ACK, WORLD_EMPTY, ARGS(0))),
                     ERR_BUSY);
    machine_wait(1000000000);
    OK_CALL(OP_INTERRUPT_ACK, WORLD_EMPTY, 0);
    world_msi(WORLD_RID, address, 0);
    machine_call(OP_INTERRUPT_INFO, WORLD_EMPTY, ARGS(0));
    assert_int_equal(r->rsi, 4);
}

static void test_limits(void **state)
{
    (void)state;
    on_all(limits);
}

/* R7: half of each period is its budget; for the rest the CPU idles. */
static void budgets(void)
{
    struct thread *self = cpus[1].current;

    machine_cpu(1);
    machine_wait(6000000);
    assert_null(cpus[1].current);
    world_check();
    machine_wait(5000000);
    assert_ptr_equal(cpus[1].current, self);
    machine_cpu(0);
    world_check();
}

static void test_budgets(void **state)
{
    (void)state;
    on_all(budgets);
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

static void test_device_table(void **state)
{
    (void)state;
    on_all(device_table);
}

/* Memory that takes more than one step to zero goes to a space at once. */
static void donation(void)
{
    const struct registers *r = &cpus[0].current->regs;

    OK_CALL(OP_UNTYPED_RETYPE, WORLD_RAM, CAP_UNTYPED, 48 * PAGE_SIZE, 1, 0,
            WORLD_EMPTY);
    OK_CALL(OP_SPACE_DONATE, WORLD_SPACE_2, WORLD_EMPTY);
    assert_true(r->rsi >= 48);           /* free tables */
    assert_true(machine_restarts() > 1); /* R9: in steps */
    OK_CALL(OP_CAPTABLE_REVOKE, WORLD_TABLE, WORLD_RAM);
}

static void test_donation(void **state)
{
    (void)state;
    on_all(donation);
}

/* Equals wait in turn; the last of them stops, the others still run. */
static void turns(void)
{
    const cap_t threads = WORLD_EMPTY, contexts = WORLD_EMPTY + 3;
    struct thread *first = cpus[0].current;

    OK_CALL(OP_UNTYPED_RETYPE, WORLD_RAM, CAP_THREAD, 0, 3, 0, threads);
    OK_CALL(OP_UNTYPED_RETYPE, WORLD_RAM, CAP_SCHED_CONTEXT, 0, 3, 0, contexts);
    for (unsigned i = 0; i < 3; i++) {
        OK_CALL(OP_THREAD_CONFIGURE, threads + i, WORLD_TABLE, WORLD_SPACE,
                FREE_FRAME + i, 0, 0);
        OK_CALL(OP_SCHED_CONFIGURE, WORLD_SCHED_CONTROL, contexts + i, 90,
                10000000, 10000000, 0);
        OK_CALL(OP_SCHED_BIND, contexts + i, threads + i);
        OK_CALL(OP_THREAD_WRITE, threads + i, 1);
    }
    OK_CALL(OP_THREAD_SUSPEND, threads + 2, 0);
    machine_call(OP_NOTIFICATION_WAIT, WORLD_EVENTS,
                 ARGS(clock_tsc() + 100000000));
    for (unsigned i = 0; i < 20; i++) {
        assert_ptr_not_equal(cpus[0].current, first);
        assert_ptr_not_equal(cpus[0].current,
                             cap_object(&world_table()->slots[threads + 2]));
        machine_wait(4000000);
        world_check();
    }
    machine_wait(100000000);
    assert_ptr_equal(cpus[0].current, first);
}

static void test_turns(void **state)
{
    (void)state;
    on_all(turns);
}

/* R10: what is refused has changed nothing. */
static void refusals(void)
{
    const cap_t thread = WORLD_EMPTY + 2, memory = WORLD_EMPTY + 1;
    struct thread_registers *wanted = (void *)cpus[0].current->message->words;
    const struct thread *made;

    OK_CALL(OP_CAPTABLE_COPY, WORLD_TABLE, WORLD_EMPTY, 0, WORLD_EVENTS,
            RIGHT_READ);
    assert_int_equal(call(OP_NOTIFICATION_SIGNAL, WORLD_EMPTY, ARGS(0)),
                     ERR_RIGHTS);
    OK_CALL(OP_UNTYPED_RETYPE, WORLD_RAM, CAP_UNTYPED, 2 * PAGE_SIZE, 1, 0,
            memory);
    assert_int_equal(
        STATUS_CODE(call(OP_UNTYPED_RETYPE, memory,
                         ARGS(CAP_FRAME, PAGE_BITS, 3, 0, thread))),
        ERR_NO_MEMORY);
    OK_CALL(OP_UNTYPED_RETYPE, WORLD_RAM, CAP_THREAD, 0, 1, 0, thread);
    made = cap_object(&world_table()->slots[thread]);
    *wanted = (struct thread_registers){.rip = 0x777000};
    assert_int_equal(STATUS_CODE(call(OP_THREAD_WRITE, thread, ARGS(2))),
                     ERR_ARGUMENT);
    assert_int_equal(made->regs.rip, 0);
}

static void test_refusals(void **state)
{
    (void)state;
    on_all(refusals);
}

/* R7: a periodic timer whose events nobody takes fires once. */
static void timers(void)
{
    const struct notification *events =
        cap_object(&world_table()->slots[WORLD_EVENTS]);

    OK_CALL(OP_NOTIFICATION_TIMER, WORLD_EVENTS, clock_tsc() + 10000, 20000, 1);
    machine_wait(50000);
    assert_false(timer_is_set(&events->timer));
    OK_CALL(OP_NOTIFICATION_WAIT, WORLD_EVENTS, DEADLINE_POLL);
    assert_true(timer_is_set(&events->timer));
    OK_CALL(OP_NOTIFICATION_TIMER, WORLD_EVENTS, 0, 0, 0);
}

static void test_timers(void **state)
{
    (void)state;
    on_all(timers);
}

/* R9: what takes long is done in steps. */
static void steps(void)
{
    OK_CALL(OP_UNTYPED_RETYPE, WORLD_RAM, CAP_UNTYPED, 4 * PAGE_SIZE, 1, 0,
            WORLD_EMPTY);
    OK_CALL(OP_UNTYPED_RETYPE, WORLD_EMPTY, CAP_ENDPOINT, 0, 80, 0,
            WORLD_EMPTY + 1);
    OK_CALL(OP_CAPTABLE_REVOKE, WORLD_TABLE, WORLD_EMPTY);
    assert_true(machine_restarts() > 0);
}

static void test_steps(void **state)
{
    (void)state;
    on_all(steps);
}

/* R4: what hardware did not confirm is never used again. */
static void test_quarantine(void **state)
{
    (void)state;
    machine_start(MODEL_COHERENT, false);
    world_make();
    world_furnish();
    OK_CALL(OP_SPACE_MAP, WORLD_DOMAIN, FREE_FRAME, 1, AT, RW);
    model_fail(MODEL_DEAD, 0);
    assert_int_equal(STATUS_CODE(machine_call(OP_SPACE_UNMAP, WORLD_DOMAIN,
                                              ARGS(FREE_FRAME, 1))),
                     ERR_UNCONFIRMED);
    assert_true(memory_quarantined);
    model_fail(MODEL_FINE, 0); /* a unit that failed is not believed again */
    assert_int_equal(
        STATUS_CODE(call(OP_CAPTABLE_REVOKE, WORLD_TABLE, ARGS(WORLD_MEMORY))),
        ERR_UNCONFIRMED);
    assert_int_equal(
        STATUS_CODE(call(OP_UNTYPED_RETYPE, WORLD_MEMORY,
                         ARGS(CAP_NOTIFICATION, 0, 1, 0, WORLD_EMPTY))),
        ERR_UNCONFIRMED);
    world_end();
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

/*
 * Memory: what was unmapped or deleted is out of every cache when the call
 * returns (R4), and comes back clean (R11); what hardware does not confirm is
 * lost, not unsafe.
 */
#include "tests/unit/kernel/on_all.h"

#include "kernel/arch/x86_64/vectors.h"
#include "kernel/notification.h"

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

void test_spaces(void **state)
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

void test_deletion(void **state)
{
    (void)state;
    on_all(deletion);
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

void test_rights(void **state)
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

void test_zeroing(void **state)
{
    (void)state;
    on_all(zeroing);
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

void test_limits(void **state)
{
    (void)state;
    on_all(limits);
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

void test_refusals(void **state)
{
    (void)state;
    on_all(refusals);
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

void test_steps(void **state)
{
    (void)state;
    on_all(steps);
}

/* R4: what hardware did not confirm is never used again. */
void test_quarantine(void **state)
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

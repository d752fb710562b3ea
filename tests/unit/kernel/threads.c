/*
 * Threads: messages, faults of theirs (R6), and time that is charged to whoever
 * causes it (R7).
 */
#include "tests/unit/kernel/on_all.h"

#include "kernel/arch/x86_64/vectors.h"
#include "kernel/notification.h"

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

void test_messages(void **state)
{
    (void)state;
    on_all(messages);
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

void test_page_faults(void **state)
{
    (void)state;
    on_all(page_faults);
    on_all(page_faults_here);
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

void test_budgets(void **state)
{
    (void)state;
    on_all(budgets);
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

void test_donation(void **state)
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

void test_turns(void **state)
{
    (void)state;
    on_all(turns);
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

void test_timers(void **state)
{
    (void)state;
    on_all(timers);
}

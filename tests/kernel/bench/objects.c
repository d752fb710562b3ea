/* Making a thread, from the first object to its first instruction. */
#include "bench.h"

#define PEER 1

static void newborn(void)
{
    SHARED->end = cycles();
    for (;;)
        notification_wait(EVENTS, DEADLINE_NEVER);
}

/* Without its message page and stack, which may be had before. */
static void bench_thread(void)
{
    cap_t thread = worker_thread(PEER), context = thread + 1, page = thread + 2;
    struct thread_registers *r = (struct thread_registers *)message;
    struct figure figure;

    check("page", untyped_retype(ram, CAP_FRAME, 12, 1, 0, page, 0).status, OK);
    figure_start(&figure, "thread-creation");
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t bad = 0, start;

        r->rip = (uint64_t)newborn;
        r->rsp = (uint64_t)SHARED + PAGE_SIZE - 8;
        start = cycles();
        bad |= untyped_retype(ram, CAP_THREAD, 0, 1, 0, thread, 0).status;
        bad |=
            untyped_retype(ram, CAP_SCHED_CONTEXT, 0, 1, 0, context, 0).status;
        bad |= thread_configure(thread, SLOT_CAPTABLE, PEER_SPACE, page, 0, 0)
                   .status;
        bad |= sched_configure(SLOT_SCHED_CONTROL, context, 251, 10000000,
                               10000000, 0)
                   .status;
        bad |= sched_bind(context, thread).status;
        bad |= thread_write(thread, 1).status;
        check("made", bad, OK);
        check("it ran", SHARED->end > start, 1);
        figure_add(&figure, start, SHARED->end);
        check("end", captable_delete(SLOT_CAPTABLE, thread).status, OK);
        check("end", captable_delete(SLOT_CAPTABLE, context).status, OK);
    }
    figure_end(&figure, 1);
    check("delete", captable_delete(SLOT_CAPTABLE, page).status, OK);
}

static void bench_capability(void)
{
    struct figure copy, delete;

    figure_start(&copy, "capability-copy");
    figure_start(&delete, "capability-delete");
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start = cycles(), stop;

        captable_copy(SLOT_CAPTABLE, SPARE, 0, EVENTS, RIGHTS_ALL, 0);
        stop = cycles();
        figure_add(&copy, start, stop);
        start = cycles();
        captable_delete(SLOT_CAPTABLE, SPARE);
        stop = cycles();
        figure_add(&delete, start, stop);
    }
    figure_end(&copy, 1);
    figure_end(&delete, 1);
}

/* Memory is used again once every CPU has left the kernel; the other one is
 * idle here. */
static void bench_reuse(void)
{
    struct figure figure;

    check("store", untyped_retype(ram, CAP_UNTYPED, 12, 1, 0, STORE, 0).status,
          OK);
    figure_start(&figure, "memory-again");
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start = cycles(), stop;

        check("make",
              untyped_retype(STORE, CAP_NOTIFICATION, 0, 1, 0, SPARE, 0).status,
              OK);
        stop = cycles();
        figure_add(&figure, start, stop);
        check("delete", captable_delete(SLOT_CAPTABLE, SPARE).status, OK);
    }
    figure_end(&figure, 1);
    check("delete", captable_delete(SLOT_CAPTABLE, STORE).status, OK);
}

void bench_objects(void)
{
    check("events",
          untyped_retype(ram, CAP_NOTIFICATION, 0, 1, 0, EVENTS, 0).status, OK);
    bench_thread();
    bench_capability();
    bench_reuse();
    check("delete", captable_delete(SLOT_CAPTABLE, EVENTS).status, OK);
}

/*
 * Budgets and turns (R7): who may spin for 2 ms in 10 gets no more, equals
 * take turns, more important threads come first, and a call is served on the
 * caller's budget. Run under -icount only, where time is what the guest did.
 */
#include "../check.h"

#define MS 1000000ul

static volatile uint64_t spins[2];

static void spinner(void)
{
    for (;;)
        spins[0]++;
}

static void second_spinner(void)
{
    for (;;)
        spins[1]++;
}

/* Serves a call by spinning for w0 nanoseconds of wall time. */
static void burner(void)
{
    struct result r = send_message(OP_ENDPOINT_RECEIVE, ENDPOINT, 0, 0, 0,
                                   REPLY, DEADLINE_NEVER);

    for (;;) {
        for (uint64_t end = now() + r.r[1]; now() < end;)
            ;
        r = send_message(OP_REPLY_RECEIVE, ENDPOINT, TAG(0, 0, 0), 0, 0, REPLY,
                         DEADLINE_NEVER);
    }
}

/* Lets others run for so many nanoseconds. */
static void sleep(uint64_t ns)
{
    notification_wait(EVENTS, now() + ns);
}

static uint64_t consumed(cap_t context)
{
    return sched_info(context).r[0];
}

static cap_t context_of(unsigned n)
{
    return worker_thread(n) + 1;
}

/* 100 ms are worth at most 11 budgets of 2 ms, and a little for the moment in
 * which the end of each is noticed. */
static void test_limit(void)
{
    uint64_t before, used;

    worker_start(1, spinner, 100, 0);
    sched_unbind(context_of(1));
    check("lower its budget",
          sched_configure(SLOT_SCHED_CONTROL, context_of(1), 100, 2 * MS,
                          10 * MS, 0)
              .status,
          OK);
    check("bind", sched_bind(context_of(1), worker_thread(1)).status, OK);
    before = consumed(context_of(1));
    check("resume", thread_resume(worker_thread(1)).status, OK);
    sleep(100 * MS);
    used = consumed(context_of(1)) - before;
    check("no more than its budget", used <= 22 * MS + MS / 10, 1);
    check("its budget runs out", sched_info(context_of(1)).r[4] >= 1, 1);
    check("and comes back", used >= 18 * MS, 1);
    worker_end(1);
}

static void test_turns(void)
{
    spins[0] = spins[1] = 0;
    worker_start(1, spinner, 100, 0);
    worker_start(2, second_spinner, 100, 0);
    sleep(60 * MS);
    check("the first of two equals runs", spins[0] > 0, 1);
    check("the second too", spins[1] > 0, 1);
    worker_end(2);
    spins[1] = 0;
    worker_start(2, second_spinner, 99, 0);
    sleep(30 * MS);
    check("the less important does not", spins[1], 0);
    worker_end(1);
    sleep(10 * MS);
    check("until the other is gone", spins[1] > 0, 1);
    worker_end(2);
}

static void test_donation(void)
{
    uint64_t mine, theirs;

    check("endpoint",
          untyped_retype(ram, CAP_ENDPOINT, 0, 1, 0, ENDPOINT, 0).status, OK);
    check("reply", untyped_retype(ram, CAP_REPLY, 0, 1, 0, REPLY, 0).status,
          OK);
    worker_start(1, burner, 251, 0);
    mine = consumed(SLOT_SCHED_CONTEXT);
    theirs = consumed(context_of(1));
    check("call",
          send_message(OP_ENDPOINT_CALL, ENDPOINT, TAG(0, 1, 0), 5 * MS, 0, 0,
                       DEADLINE_NEVER)
              .status,
          OK);
    check("the caller pays", consumed(SLOT_SCHED_CONTEXT) - mine >= 4 * MS, 1);
    check("the server does not", consumed(context_of(1)) - theirs <= MS, 1);
    theirs = consumed(context_of(1));
    check("a caller that does not wait",
          send_message(OP_ENDPOINT_CALL, ENDPOINT, TAG(0, 1, 0), 20 * MS, 0, 0,
                       now() + 2 * MS)
              .status,
          ERR_TIMEOUT);
    sleep(30 * MS);
    check("leaves the rest to the server",
          consumed(context_of(1)) - theirs >= 5 * MS, 1);
    worker_end(1);
    check("delete", captable_delete(SLOT_CAPTABLE, ENDPOINT).status, OK);
    check("delete", captable_delete(SLOT_CAPTABLE, REPLY).status, OK);
}

/* Asks for far more service than its budget pays for, again and again. */
static void beggar(void)
{
    for (;;)
        send_message(OP_ENDPOINT_CALL, ENDPOINT, TAG(0, 1, 0), 2 * MS, 0, 0,
                     DEADLINE_NEVER);
}

/* A budget of 100 us in 200 ms, and calls that take 2 ms: the server goes on
 * by itself, so others do not wait for the beggar's next period. */
static void test_beggar(unsigned cpu)
{
    uint64_t start, waited, used;

    check("endpoint",
          untyped_retype(ram, CAP_ENDPOINT, 0, 1, 0, ENDPOINT, 0).status, OK);
    check("reply", untyped_retype(ram, CAP_REPLY, 0, 1, 0, REPLY, 0).status,
          OK);
    worker_start(1, burner, 251, 0);
    worker_start(2, beggar, 240, cpu);
    sched_unbind(context_of(2));
    check("hardly a budget",
          sched_configure(SLOT_SCHED_CONTROL, context_of(2), 240, MS / 10,
                          200 * MS, cpu)
              .status,
          OK);
    check("bind", sched_bind(context_of(2), worker_thread(2)).status, OK);
    check("resume", thread_resume(worker_thread(2)).status, OK);
    used = consumed(context_of(2));
    for (unsigned i = 0; i < 3; i++) {
        sleep(3 * MS);
        start = now();
        check("call",
              send_message(OP_ENDPOINT_CALL, ENDPOINT, TAG(0, 1, 0), MS, 0, 0,
                           DEADLINE_NEVER)
                  .status,
              OK);
        waited = now() - start;
        check("not held up", waited < 8 * MS, 1);
    }
    sleep(400 * MS);
    used = consumed(context_of(2)) - used;
    check("the beggar gets its budget", used <= 4 * MS / 10, 1);
    worker_end(2);
    worker_end(1);
    check("delete", captable_delete(SLOT_CAPTABLE, ENDPOINT).status, OK);
    check("delete", captable_delete(SLOT_CAPTABLE, REPLY).status, OK);
}

void run_tests(void)
{
    check("notification",
          untyped_retype(ram, CAP_NOTIFICATION, 0, 1, 0, EVENTS, 0).status, OK);
    test_limit();
    test_turns();
    test_donation();
    test_beggar(0);
    if (boot->cpus > 1)
        test_beggar(1);
}

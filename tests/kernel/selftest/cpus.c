/* Threads on other CPUs: waking, calling, stopping, unmapping under them. */
#include "selftest.h"

#define AT 0x70000000ul
#define MS 1000000ul

static volatile uint64_t woken, touched;

static void waiter(void)
{
    for (;;) {
        notification_wait(EVENTS, DEADLINE_NEVER);
        woken++;
    }
}

/* Reads a page again and again until it is unmapped, and faults. */
static void toucher(void)
{
    for (;;)
        touched += 1 + *(volatile char *)AT;
}

static void answerer(void)
{
    struct result r = send_message(OP_ENDPOINT_RECEIVE, ENDPOINT, 0, 0, 0,
                                   REPLY, DEADLINE_NEVER);

    for (;;)
        r = send_message(OP_REPLY_RECEIVE, ENDPOINT, TAG(0, 1, 0), r.r[1] * 2,
                         0, REPLY, DEADLINE_NEVER);
}

/* Spins until the other CPU has moved on; 10 s is for ever here. */
static bool moves(volatile uint64_t *counter, uint64_t from)
{
    uint64_t end = now() + 10000 * MS;

    while (*counter == from && now() < end)
        __asm__ volatile("pause");
    return *counter != from;
}

static void test_wake(void)
{
    worker_start(1, waiter, 200, 1);
    for (int i = 0; i < 20; i++) {
        uint64_t before = woken;

        check("signal", notification_signal(EVENTS).status, OK);
        check("wakes on the other CPU", moves(&woken, before), 1);
    }
    check("suspend", thread_suspend(worker_thread(1)).status, OK);
    check("resume", thread_resume(worker_thread(1)).status, OK);
    worker_end(1);
}

static void test_call(void)
{
    check("endpoint",
          untyped_retype(ram, CAP_ENDPOINT, 0, 1, 0, ENDPOINT, 0).status, OK);
    check("reply", untyped_retype(ram, CAP_REPLY, 0, 1, 0, REPLY, 0).status,
          OK);
    worker_start(1, answerer, 200, 1);
    for (uint64_t i = 0; i < 50; i++)
        check("call across CPUs",
              send_message(OP_ENDPOINT_CALL, ENDPOINT, TAG(0, 1, 0), i, 0, 0,
                           now() + 10000 * MS)
                  .r[1],
              2 * i);
    worker_end(1);
    check("delete", captable_delete(SLOT_CAPTABLE, ENDPOINT).status, OK);
    check("delete", captable_delete(SLOT_CAPTABLE, REPLY).status, OK);
}

static void test_shootdown(void)
{
    uint64_t before;

    check("frame", untyped_retype(ram, CAP_FRAME, 12, 1, 0, SPARE, 0).status,
          OK);
    check("map", space_map(SLOT_SPACE, SPARE, 1, AT, MAP_READ).status, OK);
    worker_start(1, toucher, 200, 1);
    check("it reads", moves(&touched, 0), 1);
    check("unmap", space_unmap(SLOT_SPACE, SPARE, 1).status, OK);
    /* R4: from here on not one more read succeeds. */
    before = touched;
    for (uint64_t end = now() + 5 * MS; now() < end;)
        ;
    check("it reads no more", touched - before <= 1, 1);
    worker_end(1);
    check("delete", captable_delete(SLOT_CAPTABLE, SPARE).status, OK);
}

/* Sleeps, and looks a capability up that comes and goes. */
static void visitor(void)
{
    for (;;) {
        notification_wait(EVENTS, now() + MS / 50);
        notification_signal(SPARE2);
        notification_wait(SPARE2, DEADLINE_POLL);
        woken++;
    }
}

/* R4: memory is used again when nobody can still look at what was there: not
 * before a CPU that looks has left the kernel, and without waiting for one that
 * sleeps. */
static void test_reuse(void)
{
    uint64_t end = now() + 10000 * MS, rounds = 0, bad = 0;

    check("sub", untyped_retype(ram, CAP_UNTYPED, 12, 1, 0, MANY, 0).status,
          OK);
    worker_start(1, visitor, 200, 1);
    for (woken = 0; woken < 500 && now() < end; rounds++) {
        bad |=
            untyped_retype(MANY, CAP_NOTIFICATION, 0, 1, 0, SPARE2, 0).status;
        bad |= notification_wait(SPARE2, DEADLINE_POLL).status &
               ~(uint64_t)ERR_TIMEOUT;
        bad |= captable_delete(SLOT_CAPTABLE, SPARE2).status;
        bad |= untyped_retype(MANY, CAP_FRAME, 12, 1, 0, SPARE, 0).status;
        bad |= space_map(SLOT_SPACE, SPARE, 1, AT, MAP_READ).status;
        for (unsigned i = 0; i < PAGE_SIZE / 8; i++)
            bad |= ((volatile uint64_t *)AT)[i]; /* R11 */
        bad |= captable_delete(SLOT_CAPTABLE, SPARE).status;
    }
    check("all went well", bad, OK);
    check("it visited", woken >= 500 && rounds > 0, 1);
    worker_end(1);
    check("delete", captable_delete(SLOT_CAPTABLE, MANY).status, OK);
}

/* Puts one notification and then the other into the same slot, with badges 1
 * and 2. */
static void swapper(void)
{
    for (;; woken++) {
        captable_copy(SLOT_CAPTABLE, BADGED, 0, SPARE, RIGHTS_ALL, 1);
        captable_delete(SLOT_CAPTABLE, BADGED);
        captable_copy(SLOT_CAPTABLE, BADGED, 0, SPARE2, RIGHTS_ALL, 2);
        captable_delete(SLOT_CAPTABLE, BADGED);
    }
}

/* R2: a look-up without a lock never finds one capability's object with the
 * badge of another that was in the slot before or after it. */
static void test_badges(void)
{
    uint64_t end = now() + 10000 * MS, bits[2] = {0, 0};

    check("two",
          untyped_retype(ram, CAP_NOTIFICATION, 0, 1, 0, SPARE, 0).status, OK);
    check("two",
          untyped_retype(ram, CAP_NOTIFICATION, 0, 1, 0, SPARE2, 0).status, OK);
    worker_start(1, swapper, 200, 1);
    woken = 0;
    while ((woken < 2000 || !bits[0] || !bits[1]) && now() < end) {
        struct result first, second;

        for (int i = 0; i < 16; i++)
            notification_signal(BADGED);
        first = notification_wait(SPARE, DEADLINE_POLL);
        second = notification_wait(SPARE2, DEADLINE_POLL);
        bits[0] |= first.status == OK ? first.r[0] : 0;
        bits[1] |= second.status == OK ? second.r[0] : 0;
    }
    worker_end(1);
    captable_delete(SLOT_CAPTABLE, BADGED);
    check("each got its own badge", bits[0] << 8 | bits[1], 0x102);
    check("delete", captable_delete(SLOT_CAPTABLE, SPARE).status, OK);
    check("delete", captable_delete(SLOT_CAPTABLE, SPARE2).status, OK);
}

void test_cpus(void)
{
    if (boot->cpus < 2)
        return;
    test_wake();
    test_call();
    test_shootdown();
    test_reuse();
    test_badges();
}

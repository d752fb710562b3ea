/* Notifications and their timers. */
#include "selftest.h"

#define MS 1000000ul

/* SPARE may signal bits 1 and 2 of EVENTS, and nothing else. */
static void test_signal_and_wait(void)
{
    struct result r = notification_signal_wait(SPARE, EVENTS, DEADLINE_POLL);

    check("signal and wait", r.status, OK);
    check("what was signalled before", r.r[0], 6);
    check("wait without the right",
          notification_signal_wait(EVENTS, SPARE, DEADLINE_POLL).status,
          FAILS(ERR_RIGHTS, 1));
    check("wait at nothing",
          notification_signal_wait(SPARE, SPARE2, DEADLINE_POLL).status,
          FAILS(ERR_CAPABILITY, 1));
    check("then nothing is signalled",
          notification_wait(EVENTS, DEADLINE_POLL).status, ERR_TIMEOUT);
}

void test_notifications(void)
{
    struct result r;
    uint64_t start;

    check("notification",
          untyped_retype(ram, CAP_NOTIFICATION, 0, 1, 0, EVENTS, 0).status, OK);
    check("poll", notification_wait(EVENTS, DEADLINE_POLL).status, ERR_TIMEOUT);
    check("badge",
          captable_copy(SLOT_CAPTABLE, SPARE, 0, EVENTS, RIGHT_WRITE, 6).status,
          OK);
    check("second badge",
          captable_copy(SLOT_CAPTABLE, SPARE2, 0, SPARE, RIGHT_WRITE, 7).status,
          FAILS(ERR_ARGUMENT, 5));
    check("signal", notification_signal(SPARE).status, OK);
    check("signal without badge", notification_signal(EVENTS).status, OK);
    check("wait without the right",
          notification_wait(SPARE, DEADLINE_POLL).status, ERR_RIGHTS);
    check("bits", notification_wait(EVENTS, DEADLINE_POLL).r[0], 7);
    test_signal_and_wait();
    start = now();
    check("deadline", notification_wait(EVENTS, start + MS).status,
          ERR_TIMEOUT);
    check("not before it", now() >= start + MS, 1);
    start = now();
    check("timer", notification_timer(EVENTS, start + 2 * MS, MS, 4).status,
          OK);
    for (int i = 0; i < 3; i++) {
        r = notification_wait(EVENTS, DEADLINE_NEVER);
        check("its bits", r.r[0], 4);
    }
    check("three periods later", now() >= start + 4 * MS, 1);
    check("stop", notification_timer(EVENTS, 0, 0, 0).status, OK);
    notification_wait(EVENTS, DEADLINE_POLL);
    check("delete badge", captable_delete(SLOT_CAPTABLE, SPARE).status, OK);
}

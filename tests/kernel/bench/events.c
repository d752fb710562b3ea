/* A signal until the waiting, more important thread of another process runs. */
#include "bench.h"

#define PEER 0

static void waiter(void)
{
    for (;;) {
        notification_wait(EVENTS, DEADLINE_NEVER);
        SHARED->end = cycles();
    }
}

static void bench_signal(const char *name)
{
    struct figure figure;

    figure_start(&figure, name);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start;

        SHARED->end = 0;
        start = cycles();
        notification_signal(EVENTS);
        check("it ran", SHARED->end > start, 1);
        figure_add(&figure, start, SHARED->end);
    }
    figure_end(&figure, 1);
}

/* A signal that nobody waits for. */
static void bench_signal_only(void)
{
    struct figure figure;

    figure_start(&figure, "signal-nobody-waits");
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start = cycles(), stop;

        notification_signal(EVENTS);
        stop = cycles();
        figure_add(&figure, start, stop);
        check("poll", notification_wait(EVENTS, DEADLINE_POLL).status, OK);
    }
    figure_end(&figure, 1);
}

void bench_events(void)
{
    check("events",
          untyped_retype(ram, CAP_NOTIFICATION, 0, 1, 0, EVENTS, 0).status, OK);
    bench_signal_only();
    peer_start(PEER, waiter, 251, 0, 0);
    bench_signal("signal-to-thread");
    worker_end(PEER);
    check("delete", captable_delete(SLOT_CAPTABLE, EVENTS).status, OK);
}
